# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs and results on a real HDFS: executors read it themselves, and know of it from the driver alone."""

from __future__ import annotations

import gzip
import os
import subprocess
from pathlib import Path

import pytest

from conftest import BUILD
from test_faults import run, squid_lines, submit

QUERY = "SELECT name, COUNT(*) AS n, SUM(s_bytes) AS b FROM netlytics GROUP BY name ORDER BY 3 DESC, 1"


@pytest.fixture(scope="module")
def logs(hdfs, tmp_path_factory) -> Path:
    """Two days in a local folder and in /logs of HDFS: several blocks, a packed file, a bad line."""
    folder = tmp_path_factory.mktemp("logs")
    text = squid_lines(25000) + "no line of Squid's\n"
    (folder / "access.log-20170301").write_text(text)
    (folder / "access.log-20170302.gz").write_bytes(gzip.compress(text[: 1 << 20].encode()))
    for path in folder.iterdir():
        hdfs.put(f"/logs/{path.name}", path.read_bytes())
    return folder


@pytest.fixture(scope="module")
def expected(logs, tmp_path_factory) -> Path:
    """What the embedded engine makes of the local files."""
    from conftest import Embedded

    embedded = Embedded(tmp_path_factory.mktemp("alone"))
    embedded("job", "-c", "squid:flows", "-i", logs, "--algo", "domain_traffic", "-o", "job")
    embedded("query", "-c", "squid:flows", "-i", logs, "-q", QUERY, "-o", "answer.csv", "--report_json", "report.json")
    embedded("job", "-c", "squid:http", "-i", logs, "--algo", "save_dataframe", "-o", "frame")
    return embedded.folder


def test_a_job_reads_and_writes_hdfs(session, hdfs, logs, expected):
    from netlytics import spark as engine

    with engine.Job(session) as job:
        job.dataset(1 << 18, connector="squid:flows", input_path=f"{hdfs.uri}/logs")
        job.algorithm("domain_traffic")
        assert len(job.plan["nodes"][0]["dataset"]["splits"]) > 8
        job.write_results(f"{hdfs.web}/results/job")
    assert hdfs.names("/results/job") == ["report.csv", "report.json"]
    assert hdfs.get("/results/job/report.csv") == (expected / "job/report.csv").read_bytes()


def test_a_datanode_is_dead(session, hdfs, logs, expected, tmp_path):
    """The NameNode goes on to name it for minutes; a replica is on the other one."""
    hdfs.kill("datanode0")
    try:
        assert run(session, tmp_path / "out", f"{hdfs.web}/logs")[0] == (expected / "job/report.csv").read_bytes()
    finally:
        hdfs.start_datanode(0)
        hdfs.wait(lambda: hdfs.fetch(f"http://127.0.0.1:{hdfs.ports[0][1]}/jmx") != b"")


def test_a_file_may_not_be_read(session, hdfs, logs, tmp_path):
    from netlytics import errors

    hdfs.put("/closed/access.log-20170301", squid_lines(10).encode())
    hdfs.chmod("/closed/access.log-20170301", "000")
    os.environ["HADOOP_USER_NAME"] = "nobody"
    try:
        with pytest.raises(errors.Error) as raised:
            run(session, tmp_path / "out", f"{hdfs.web}/closed")
    finally:
        os.environ["HADOOP_USER_NAME"] = "root"
    assert "/closed/access.log-20170301" in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_the_program_on_hdfs(cluster, hdfs, logs, expected, tmp_path):
    asked = ["-c", "squid:flows", "-i", f"{hdfs.uri}/logs", "-q", QUERY]
    submit(cluster, tmp_path, "query", *asked, "--output_file_HDFS", "/results/query")
    assert hdfs.names("/results/query") == ["_SUCCESS", "_report.json", "part-00000.csv"]
    assert hdfs.get("/results/query/part-00000.csv") == (expected / "answer.csv").read_bytes()
    again = submit(cluster, tmp_path, "query", *asked, "--output_file_HDFS", "/results/query", code=7)
    assert "/results/query" in again.stderr
    job = ["job", "-c", "squid:http", "-i", f"{hdfs.web}/logs", "--algo", "save_dataframe", "-o"]
    submit(cluster, tmp_path, *job, f"{hdfs.uri}/results/frame")
    assert hdfs.get("/results/frame/dataframe.csv") == (expected / "frame/dataframe.csv").read_bytes()


def test_the_documented_script_on_hdfs(cluster, hdfs, logs, expected, tmp_path):
    root = Path(__file__).resolve().parents[2]
    script = root / "python/netlytics/scripts/run_query.py"
    done = subprocess.run(
        [
            f"{os.environ['SPARK_HOME']}/bin/spark-submit", "--master", cluster.master, str(script),
            "--connector", "connectors.squid_to_named_flows.Squid_To_Named_Flows", "--input_path", f"{hdfs.uri}/logs",
            "--start_day", "2017_03_01", "--end_day", "2017_03_02", "--query", QUERY, "--output_file_HDFS", "/results/script",
        ],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(root / "python"), "NL_LIB": str(BUILD / "libnetlytics.so")},
        timeout=300, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert hdfs.names("/results/script") == ["_SUCCESS", "_report.json", "part-00000.csv"]
    assert hdfs.get("/results/script/part-00000.csv") == (expected / "answer.csv").read_bytes()


def test_tokens_go_with_the_job(session, hdfs, logs, expected, tmp_path, monkeypatch):
    """The file of delegation tokens that the driver has; it is empty, so that reading goes on as the user."""
    from netlytics import spark as engine

    tokens = b"HDTS\0\0\0"
    (tmp_path / "tokens").write_bytes(tokens)
    monkeypatch.setenv("HADOOP_TOKEN_FILE_LOCATION", str(tmp_path / "tokens"))
    session.conf.unset(engine._SHIPPED_HADOOP)
    assert run(session, tmp_path / "out", f"{hdfs.web}/logs")[0] == (expected / "job/report.csv").read_bytes()

    def told(batches):
        import pyarrow as pa
        from netlytics.spark_tasks import use_hadoop

        use_hadoop("root")
        for _ in batches:
            yield pa.RecordBatch.from_pydict({"tokens": [Path(os.environ["HADOOP_TOKEN_FILE_LOCATION"]).read_bytes()]})

    assert [row.tokens for row in session.range(1).mapInArrow(told, "tokens binary").collect()] == [tokens]
