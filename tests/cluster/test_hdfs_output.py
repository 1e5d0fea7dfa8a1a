# SPDX-License-Identifier: GPL-3.0-or-later
"""Results on HDFS: whole or not there at all, and the bytes that a local run writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from conftest import BIN, SQL, line, query
from hdfs import BLOCK_BYTES, write_site

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


# ---- a folder for each value of a column ----


def test_folders_of_values(run, hdfs, logs, tmp_path):
    args = ("query", "-c", "squid:http", "-i", logs, "-q", "SELECT * FROM netlytics", "--partition_by", "day", "--threads", "1")
    run(*args, "-o", "local")
    names = sorted(str(path.relative_to(tmp_path / "local")) for path in (tmp_path / "local").rglob("*"))
    assert len(names) >= 5
    run(*args, "-o", f"{hdfs.web}/values/http")
    assert tree(hdfs, "/values") == ["http", *(f"http/{name}" for name in names)]
    for name in names:
        if name.endswith(".parquet"):
            assert hdfs.get(f"/values/http/{name}") == (tmp_path / "local" / name).read_bytes()
    done = run(*args, "-o", f"{hdfs.web}/values/http", code=7)
    assert "already" in done.stderr and "--overwrite" in done.stderr
    hdfs.put("/values/http/notes.txt", b"mine\n")
    run(*args, "-o", f"{hdfs.web}/values/http", "--overwrite")
    assert tree(hdfs, "/values/http") == sorted([*names, "notes.txt"])


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


WHAT = ("job", "-c", "squid:flows", "--algo", "WHAT", "--params")


def test_what_is_learned_stays_on_hdfs(run, hdfs, logs, tmp_path):
    cores = {"CORES": ["host1.test", "host2.test"]}
    run(*WHAT, json.dumps(cores), "-i", logs, "-o", "local", "--persistent_dir_local", "models")
    learned = (tmp_path / "models/bags.json").read_bytes()
    place = ("--persistent_dir_HDFS", f"{hdfs.web}/models/what")
    run(*WHAT, json.dumps(cores), "-i", f"{hdfs.web}/logs", "-o", f"{hdfs.web}/what/trained", *place)
    assert tree(hdfs, "/models") == ["what", "what/bags.json"]
    assert hdfs.get("/models/what/bags.json") == learned
    assert hdfs.names("/what/trained") == ["bags.json", "report.csv", "report.json"]
    assert hdfs.get("/what/trained/report.csv") == (tmp_path / "local/report.csv").read_bytes()

    saved = json.dumps({**cores, "USE_SAVED": True, "SAVE_FLOWS": True})
    run(*WHAT, saved, "-i", logs, "-o", f"{hdfs.web}/what/used", *place)
    run(*WHAT, saved, "-i", logs, "-o", "used", "--persistent_dir_local", "models")
    for name in ("report.csv", "flows.csv"):
        assert hdfs.get(f"/what/used/{name}") == (tmp_path / "used" / name).read_bytes()

    # Another run holds the lock; the state and the folder stay as they were.
    hdfs.put("/models/what/.bags.json.lock", b"process 1 on elsewhere")
    done = run(*WHAT, json.dumps(cores), "-i", logs, "-o", f"{hdfs.web}/what/locked", *place, code=1)
    assert "process 1 on elsewhere" in done.stderr
    hdfs.call("DELETE", "/models/what/.bags.json.lock", "DELETE")
    assert hdfs.get("/models/what/bags.json") == learned
    assert hdfs.names("/what") == ["trained", "used"]


def test_state_that_cannot_be_written_takes_the_results_with_it(run, hdfs, logs):
    hdfs.call("PUT", "/mine", "MKDIRS&permission=777")
    hdfs.call("PUT", "/closed_models", "MKDIRS&permission=755")
    for place, word in ((f"{hdfs.web}/closed_models", "Permission denied"), (f"{hdfs.web}/logs/access.log-20170301", "")):
        done = run(
            *WHAT, '{"CORES": ["host1.test"]}', "-i", logs, "-o", f"{hdfs.web}/mine/job", "--persistent_dir_HDFS", place,
            env={"HADOOP_USER_NAME": "nobody"}, code=7,
        )  # fmt: skip
        assert word in done.stderr
        assert tree(hdfs, "/mine") == [] and tree(hdfs, "/closed_models") == []


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
        (*select, "--partition_by", "day", "-o", f"{place}/days.parquet"),
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


# ---- faults while it is written ----


@pytest.mark.parametrize("name", ["datanode0", "datanode1", "namenode"])
def test_killed_in_the_middle_of_a_write(hdfs, tmp_path, name):
    """Each is one of two ends: the whole result, or an error that says so and nothing left."""
    logs = tmp_path / "access.log-20170301"
    logs.write_bytes(b"".join(line(i).encode() for i in range(300_000)))
    hdfs.call("PUT", f"/killed_{name}", "MKDIRS")
    command = [BIN, "query", "-c", "squid:flows", "-i", logs, "-q", "SELECT * FROM netlytics", "--threads", "1"]
    subprocess.run([*command, "-o", "r.csv"], cwd=tmp_path, check=True, capture_output=True)
    process = subprocess.Popen(
        [*command, "-o", f"{hdfs.web}/killed_{name}/r.csv"], cwd=tmp_path, stderr=subprocess.PIPE,
        env={**os.environ, "HADOOP_USER_NAME": "root"},
    )  # fmt: skip
    while process.poll() is None and ".tmp-" not in str(tree(hdfs, f"/killed_{name}")):
        time.sleep(0.01)
    process.send_signal(signal.SIGSTOP)
    hdfs.kill(name)
    process.send_signal(signal.SIGCONT)
    if name == "namenode":
        time.sleep(1)
        hdfs.start_namenode()
    err = process.communicate(timeout=180)[1].decode()
    if name != "namenode":
        hdfs.start_datanode(int(name[-1]))
    hdfs.wait(lambda: hdfs.bean("FSNamesystem")["NumLiveDataNodes"] == 2)
    hdfs.wait_writable()
    if process.returncode == 0:
        assert hdfs.get(f"/killed_{name}/r.csv") == (tmp_path / "r.csv").read_bytes()
        assert tree(hdfs, f"/killed_{name}") == ["r.csv"]
    else:
        assert process.returncode == 7 and f"/killed_{name}/r.csv" in err, err
        assert tree(hdfs, f"/killed_{name}") == []


class Hostile(BaseHTTPRequestHandler):
    """WebHDFS that takes results as an enemy would; `mode` says how."""

    mode = ""
    deleted: list[str] = []
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def reply(self, code: int, body: bytes, **headers: str) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def refuse(self, code: int, exception: str, message: str) -> None:
        self.reply(code, json.dumps({"RemoteException": {"exception": exception, "message": message}}).encode())

    def read_chunks(self) -> None:
        while size := int(self.rfile.readline(), 16):
            self.rfile.read(size + 2)
        self.rfile.readline()

    def do_GET(self):
        self.refuse(404, "FileNotFoundException", "nothing there")

    def do_DELETE(self):
        type(self).deleted.append(self.path.partition("?")[0])
        self.reply(200, b'{"boolean": true}')

    def do_PUT(self):
        mode = type(self).mode
        here = f"http://127.0.0.1:{self.server.server_port}/datanode"
        if "op=RENAME" in self.path:
            return self.reply(200, {"no rename": b'{"boolean": false}', "html": b"<html>"}.get(mode, b"{}"))
        if not self.path.startswith("/datanode"):
            places = {"no host": "http://127.0.0.1:1/x", "file url": "file:///etc/passwd", "no place": ""}
            return self.reply(307, b"", Location=places.get(mode, here))
        if mode == "cut":
            self.rfile.read(100)
            self.close_connection = True
        elif mode == "early":
            self.refuse(403, "DSQuotaExceededException", "The DiskSpace quota is exceeded")
        elif mode == "too early":
            self.reply(201, b"")
        else:
            self.read_chunks()
            self.reply(500 if mode == "500" else 201, b"<html>oh</html>")


@pytest.fixture(scope="module")
def hostile():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()


@pytest.mark.parametrize(
    ("mode", "word"),
    [
        ("no host", "127.0.0.1 port 1"),
        ("file url", "redirects"),
        ("no place", "redirects"),
        ("cut", "r.csv"),
        ("early", "quota"),
        ("too early", "too early"),
        ("500", "code 500"),
        ("no rename", "refuses"),
        ("html", "JSON"),
    ],
)
def test_replies_that_are_malformed(run, hostile, tmp_path, mode, word):
    Hostile.mode = mode
    Hostile.deleted = []
    write_site(tmp_path / "hdfs-site.xml", {"dfs.http.client.retry.max.attempts": 2})
    (tmp_path / "in.csv").write_text("a\n" + "".join(f"{i}\n" for i in range(200_000)))
    web = f"webhdfs://127.0.0.1:{hostile.server_port}"
    done = run(
        "query", "-c", "csv", "-i", "in.csv", "-q", "SELECT * FROM netlytics", "-o", f"{web}/r.csv",
        env={"HADOOP_CONF_DIR": str(tmp_path)}, code=7,
    )  # fmt: skip
    assert word in done.stderr and f"{web}/r.csv" in done.stderr and ".tmp-" not in done.stderr
    if mode not in ("file url", "no place"):  # of which nothing was begun
        assert [path.rpartition("/")[2][:11] for path in Hostile.deleted] == [".r.csv.tmp-"]
