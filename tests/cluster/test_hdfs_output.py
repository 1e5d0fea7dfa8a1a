# SPDX-License-Identifier: GPL-3.0-or-later
"""Results on HDFS: whole or not there at all, and the bytes that a local run writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import BIN, SQL, line, query
from hdfs import BLOCK_BYTES

TOP = ("job", "-c", "squid:flows", "--algo", "domain_traffic")


def tree(hdfs, path: str) -> list[str]:
    """Every name below a folder of HDFS."""
    out = []
    for entry in hdfs.list(path):
        name = entry["pathSuffix"]
        out.append(name)
        if entry["type"] == "DIRECTORY":
            out += [f"{name}/{below}" for below in tree(hdfs, f"{path.rstrip('/')}/{name}")]
    return sorted(out)


# ---- one file ----


@pytest.mark.parametrize("suffix", ["csv", "ndjson", "parquet", "arrow"])
def test_results_on_hdfs_are_the_local_bytes(run, hdfs, logs, tmp_path, suffix):
    order = "SELECT name, count(*) AS n FROM netlytics GROUP BY name ORDER BY name"
    local = ("query", "-c", "squid:flows", "-i", logs, "-q", order, "--threads", "1", "-o")
    run(*local, f"r.{suffix}")
    for _ in range(2):  # the second time it replaces the first
        run(*local, f"{hdfs.web}/results/r.{suffix}", "--report_json", f"{hdfs.web}/results/report.json")
    assert hdfs.get(f"/results/r.{suffix}") == (tmp_path / f"r.{suffix}").read_bytes()
    assert json.loads(hdfs.get("/results/report.json"))["files"] == 2
    assert [name for name in hdfs.names("/results") if "tmp" in name] == []


def test_a_report_that_cannot_be_written_takes_the_result_with_it(run, hdfs, logs):
    hdfs.call("PUT", "/no_report/r.json", "MKDIRS")
    done = query(run, logs, "-o", f"{hdfs.web}/no_report/r.csv", "--report_json", f"{hdfs.web}/no_report/r.json", code=7)
    assert "r.json" in done.stderr
    assert tree(hdfs, "/no_report") == ["r.json"]


# ---- the folder of a job ----


def test_job_into_a_folder(run, hdfs, logs, tmp_path):
    run(*TOP, "-i", logs, "-o", "local")
    expected = (tmp_path / "local/report.csv").read_bytes()
    done = run(*TOP, "-i", f"{hdfs.web}/logs", "-o", f"{hdfs.web}/jobs/new/deep")
    assert f"{hdfs.web}/jobs/new/deep/report.csv: 40 rows" in done.stderr
    assert hdfs.get("/jobs/new/deep/report.csv") == expected
    assert json.loads(hdfs.get("/jobs/new/deep/report.json"))["files"] == 2
    assert tree(hdfs, "/jobs/new") == ["deep", "deep/report.csv", "deep/report.json"]

    done = run(*TOP, "-i", logs, "-o", f"{hdfs.web}/jobs/new/deep", code=7)
    assert "deep/report." in done.stderr and "exists already" in done.stderr and "--overwrite" in done.stderr
    hdfs.put("/jobs/new/deep/report.csv", b"old\n")
    hdfs.put("/jobs/new/deep/notes.txt", b"mine\n")
    run(*TOP, "-i", logs, "-o", f"{hdfs.web}/jobs/new/deep/", "--overwrite")
    assert hdfs.get("/jobs/new/deep/report.csv") == expected
    assert hdfs.get("/jobs/new/deep/notes.txt") == b"mine\n"
    assert hdfs.names("/jobs/new/deep") == ["notes.txt", "report.csv", "report.json"]


def test_job_into_a_file(run, hdfs, logs):
    hdfs.put("/jobs/file", b"x")
    assert "is a file, not a folder" in run(*TOP, "-i", logs, "-o", f"{hdfs.web}/jobs/file", code=7).stderr
    assert hdfs.get("/jobs/file") == b"x"


def test_job_that_fails_leaves_nothing(run, hdfs, logs, tmp_path):
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "access.log-20170301").write_bytes(b"\x1f\x8b\x08broken")
    before = tree(hdfs, "/")
    run(*TOP, "-i", bad, "--strict_files", "-o", f"{hdfs.web}/failed/a/b", code=6)
    assert tree(hdfs, "/") == before


def test_directories_of_the_flags(run, hdfs, logs):
    job = (*TOP, "-i", logs, "-o", "out", "--overwrite")
    run(*job, "--temp_dir_HDFS", "/tmp/x", "--persistent_dir_HDFS", f"{hdfs.uri}/models", "--persistent_dir_local", "models")
    for flag in ("--temp_dir_HDFS", "--persistent_dir_HDFS"):
        done = run(*job, flag, "models", code=2)
        assert flag in done.stderr and "models" in done.stderr
    for flag in ("--temp_dir_local", "--persistent_dir_local"):
        assert "a local path" in run(*job, flag, f"{hdfs.uri}/models", code=2).stderr


# ---- --output_file_HDFS ----


def test_parts(run, hdfs, logs, tmp_path):
    query(run, logs, "--output_file_local", "r.csv")
    conf = {"HADOOP_CONF_DIR": str(hdfs.conf)}
    for i, path in enumerate(["/parts/a", f"{hdfs.uri}/parts/b", f"{hdfs.web}/parts/c"]):
        run("query", "-c", "squid:flows", "-i", logs, "-q", SQL, "--output_file_HDFS", path, env=conf)
        folder = f"/parts/{'abc'[i]}"
        assert tree(hdfs, folder) == ["_SUCCESS", "_report.json", "part-00000.csv"]
        assert hdfs.get(f"{folder}/part-00000.csv") == (tmp_path / "r.csv").read_bytes()
        assert hdfs.get(f"{folder}/_SUCCESS") == b""
        assert json.loads(hdfs.get(f"{folder}/_report.json"))["files"] == 2
    assert hdfs.names("/parts") == ["a", "b", "c"]


@pytest.mark.parametrize(("form", "suffix"), [("ndjson", "ndjson"), ("parquet", "parquet"), ("table", "txt")])
def test_parts_in_other_formats(run, hdfs, logs, form, suffix):
    flags = ("-q", SQL, "--threads", "1", "--format", form)
    run("query", "-c", "squid:flows", "-i", logs, *flags, "--output_file_HDFS", f"{hdfs.web}/parts_as/{form}")
    run("query", "-c", "squid:flows", "-i", logs, *flags, "--output_file_local", f"r.{suffix}")
    local = Path(run.folder, f"r.{suffix}").read_bytes()
    assert hdfs.get(f"/parts_as/{form}/part-00000.{suffix}") == local


def test_parts_that_exist(run, hdfs, logs):
    to = ("--output_file_HDFS", f"{hdfs.web}/again/r")
    hdfs.put("/again/r/part-00000.csv", b"old\n")
    hdfs.put("/again/r/part-00001.csv", b"old\n")
    done = query(run, logs, *to, code=7)
    assert "--output_file_HDFS" in done.stderr and "/again/r exists already" in done.stderr
    assert "--overwrite" in done.stderr
    assert hdfs.get("/again/r/part-00000.csv") == b"old\n"
    query(run, logs, *to, "--overwrite")  # as a whole: no part of the older result stays
    assert tree(hdfs, "/again") == ["r", "r/_SUCCESS", "r/_report.json", "r/part-00000.csv"]
    hdfs.put("/again/r/thesis.pdf", b"dear\n")
    done = query(run, logs, *to, "--overwrite", code=7)
    assert "thesis.pdf" in done.stderr
    assert hdfs.get("/again/r/thesis.pdf") == b"dear\n"


def test_parts_and_other_flags(run, hdfs, logs):
    to = ("--output_file_HDFS", f"{hdfs.web}/wrong")
    assert "more than one output" in query(run, logs, *to, "-o", "r.csv", code=2).stderr
    assert "--follow" in query(run, logs, *to, "--follow", code=2).stderr
    done = query(run, logs, "--output_file_HDFS", "wrong", code=2)
    assert "--output_file_HDFS" in done.stderr and '"wrong"' in done.stderr
    done = run("query", "-c", "squid:flows", "-i", logs, "-q", "SELECT nothing FROM netlytics", *to, code=5)
    assert "wrong" not in tree(hdfs, "/")


# ---- HDFS that says no ----


def outputs(hdfs, folder: str, logs):
    """Every way to write below a folder of HDFS."""
    select = ("query", "-c", "squid:flows", "-i", logs, "-q", "SELECT * FROM netlytics")
    place = f"{hdfs.web}{folder}"
    return [
        (*select, "-o", f"{place}/r.csv"),
        (*select, "-o", f"{place}/r.parquet"),
        (*select, "--output_file_HDFS", f"{place}/parts"),
        ("job", "-c", "squid:flows", "--algo", "SaveDataFrame", "-i", logs, "-o", f"{place}/new/job"),
    ]


def test_permission_denied(run, hdfs, logs):
    hdfs.call("PUT", "/closed", "MKDIRS&permission=700")
    for args in outputs(hdfs, "/closed", logs):
        done = run(*args, env={"HADOOP_USER_NAME": "nobody"}, code=7)
        assert "Permission denied" in done.stderr and "nobody" in done.stderr and "/closed" in done.stderr
        assert ".tmp-" not in done.stderr
    assert tree(hdfs, "/closed") == []


def test_safe_mode(run, hdfs, logs):
    hdfs.call("PUT", "/safe", "MKDIRS&permission=777")
    hdfs.admin("-safemode", "enter")
    try:
        for args in outputs(hdfs, "/safe", logs):
            done = run(*args, code=7)
            assert "safe mode" in done.stderr and f"{hdfs.web}/safe" in done.stderr and ".tmp-" not in done.stderr
        assert query(run, f"{hdfs.web}/logs").stdout == query(run, logs).stdout  # reading goes on
    finally:
        hdfs.admin("-safemode", "leave")
    assert tree(hdfs, "/safe") == []


@pytest.mark.parametrize("blocks", [0, 2])
def test_full(run, hdfs, logs, blocks):
    """A quota of no block at all, or of so many that the result needs more than them."""
    hdfs.call("PUT", "/full", "MKDIRS&permission=777")
    hdfs.admin("-setSpaceQuota", str(1 + blocks * hdfs.datanodes * BLOCK_BYTES), "/full")
    for args in outputs(hdfs, "/full", logs):
        if blocks > 0 and args[-1].endswith(".parquet"):
            continue  # which is small
        done = run(*args, code=7)
        assert "quota" in done.stderr and f"{hdfs.web}/full" in done.stderr and ".tmp-" not in done.stderr
        assert tree(hdfs, "/full") == []


def test_interrupted(hdfs, tmp_path):
    """Ctrl-C while the result is on its way."""
    logs = tmp_path / "access.log-20170301"
    logs.write_bytes(b"".join(line(i).encode() for i in range(300_000)))
    hdfs.call("PUT", "/stopped", "MKDIRS&permission=777")
    for args in outputs(hdfs, "/stopped", logs):
        process = subprocess.Popen(
            [BIN, *map(str, args), "--threads", "1"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "HADOOP_USER_NAME": "root"},
        )  # fmt: skip
        while process.poll() is None and ".tmp-" not in str(tree(hdfs, "/stopped")):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=60)[1].decode()
        assert process.returncode == 130, err
        assert tree(hdfs, "/stopped") == []
