# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs on HDFS: the same answers as from local files, whatever happens to a DataNode."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from conftest import BIN, LINES, SQL, line, query
from hdfs import write_site

def test_same_answer_as_from_local_files(run, hdfs, logs):
    expected = query(run, logs).stdout
    assert expected.count("\n") == 41
    assert query(run, f"{hdfs.web}/logs").stdout == expected
    conf = {"HADOOP_CONF_DIR": str(hdfs.conf)}
    assert query(run, f"{hdfs.uri}/logs", env=conf).stdout == expected
    assert query(run, "hdfs:///logs", env=conf).stdout == expected
    assert query(run, f"{hdfs.web}/logs/acc*.log-2017*").stdout == expected
    assert query(run, f"{hdfs.web}/*/access.log-20170301*").stdout == query(run, logs / "access.log-20170301").stdout


def test_days_and_report(run, hdfs, logs):
    done = query(run, f"{hdfs.web}/logs", "-s", "2017_03_01", "-e", "2017_03_03", "--report_json", "r.json")
    assert "2017-03-03" in done.stderr
    days = ("-s", "2017_03_02", "-e", "2017_03_02")
    assert query(run, f"{hdfs.web}/logs", *days).stdout == query(run, logs, *days).stdout


def test_names_that_need_escapes(run, hdfs):
    name = "/odd names/a b%25+ü.log"
    hdfs.put("/odd%20names/a%20b%2525%2B%C3%BC.log", line(1).encode())
    assert query(run, f"{hdfs.web}{name}").stdout.splitlines()[1:] == ["host1.test,1,1"]


@pytest.mark.parametrize("split", [0, 1, 63, 64, 65])
def test_small_files(run, hdfs, split):
    """Lengths around that of the head, which is read before the rest."""
    data = line(7).encode()
    hdfs.put(f"/small/{split}", data[:split] + b"\n" + data)
    done = query(run, f"{hdfs.web}/small/{split}", "--report_json", "r.json")
    assert done.stdout.splitlines()[1:] == ["host7.test,1,7"]


def test_a_file_of_many_requests(run, hdfs, tmp_path):
    """Packed by gzip, but not smaller: read in order by one reader, which asks for it in pieces of 16 MiB and more."""
    text = b"".join(line(i).encode() for i in range(400_000))
    local = tmp_path / "access.log-20170301.gz"
    local.write_bytes(gzip.compress(text, 0))
    assert local.stat().st_size > 32 << 20
    hdfs.put("/long/access.log-20170301.gz", local.read_bytes())
    done = query(run, f"{hdfs.web}/long")
    assert done.stdout == query(run, local).stdout
    assert "400000 rows, 0 rejected" in done.stderr


def test_what_is_not_there(run, hdfs, logs):
    assert "does not exist" in query(run, f"{hdfs.web}/nowhere", code=3).stderr
    assert "2018" in query(run, f"{hdfs.web}/logs", "-s", "2018_01_01", code=3).stderr
    done = query(run, "webhdfs:///logs", code=2)
    assert "no host" in done.stderr
    done = query(run, "hdfs:///logs", env={"HADOOP_CONF_DIR": "/nonexistent"}, code=2)
    assert "fs.defaultFS" in done.stderr and "HADOOP_CONF_DIR" in done.stderr


def test_permission_denied(run, hdfs, text):
    hdfs.put("/private/access.log-20170301", text[:1000])
    hdfs.chmod("/private/access.log-20170301", "600")
    done = query(run, f"{hdfs.web}/private", env={"HADOOP_USER_NAME": "nobody"}, code=6)
    assert "Permission denied" in done.stderr and "nobody" in done.stderr


def test_configuration_that_cannot_be_used(run, tmp_path):
    env = {"HADOOP_CONF_DIR": str(tmp_path)}
    (tmp_path / "core-site.xml").write_text("<configuration><property>")
    assert "core-site.xml: line 1" in query(run, "hdfs:///logs", env=env, code=2).stderr
    write_site(tmp_path / "core-site.xml", {"dfs.http.client.retry.max.attempts": "often"})
    assert '"often"' in query(run, "webhdfs://127.0.0.1:1/logs", env=env, code=2).stderr
    values = {"fs.defaultFS": "hdfs://h:1", "dfs.namenode.http-address": "${host}:1"}
    write_site(tmp_path / "core-site.xml", values)
    assert "${host}" in query(run, "hdfs:///logs", env=env, code=2).stderr


def test_name_service_finds_the_active_namenode(run, hdfs, logs, tmp_path):
    """Of two NameNodes the first does not answer."""
    conf = tmp_path / "conf"
    conf.mkdir()
    values = {
        "fs.defaultFS": "hdfs://prod",
        "dfs.nameservices": "prod",
        "dfs.ha.namenodes.prod": "nn1, nn2",
        "dfs.namenode.http-address.prod.nn1": "127.0.0.1:1",
        "dfs.namenode.http-address.prod.nn2": f"127.0.0.1:{hdfs.web_port}",
    }
    write_site(conf / "hdfs-site.xml", values)
    env = {"HADOOP_CONF_DIR": str(conf)}
    assert query(run, "hdfs://prod/logs", env=env).stdout == query(run, logs).stdout
    assert query(run, "hdfs:///logs", env=env).stdout == query(run, logs).stdout


# ---- faults ----


def test_datanode_killed_in_the_middle_of_a_read(hdfs, logs, run):
    """The program is stopped while it reads, a DataNode dies, the program goes on."""
    expected = query(run, logs).stdout
    big = b"".join(line(i).encode() for i in range(LINES * 5))
    hdfs.put("/big/access.log-20170301", big)
    local = logs.parent / "big"
    local.mkdir()
    (local / "access.log-20170301").write_bytes(big)
    expected = query(run, local).stdout
    command = [BIN, "query", "-c", "squid:flows", "-i", f"{hdfs.web}/big", "-q", SQL, "--format", "csv"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "HADOOP_USER_NAME": "root"}
    )
    time.sleep(0.05)
    process.send_signal(19)  # SIGSTOP
    hdfs.kill("datanode1")
    process.send_signal(18)  # SIGCONT
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, err.decode()
    assert out.decode() == expected
    assert query(run, f"{hdfs.web}/big").stdout == expected  # the NameNode still sends readers there
    hdfs.start_datanode(1)
    hdfs.wait(lambda: hdfs.bean("FSNamesystem")["NumLiveDataNodes"] == 2)


def test_namenode_restarted_while_it_is_asked(hdfs, logs, run):
    expected = query(run, logs).stdout
    hdfs.kill("namenode")
    back = threading.Timer(2, hdfs.start_namenode)
    back.start()
    try:
        assert query(run, f"{hdfs.web}/logs").stdout == expected
    finally:
        back.join()
        hdfs.wait(lambda: hdfs.bean("FSNamesystem")["NumLiveDataNodes"] == 2)
        hdfs.wait_writable()


def test_one_damaged_file_among_many(run, hdfs, text):
    packed = gzip.compress(text[:20000])
    for i in range(100):
        hdfs.put(f"/many/access.log-2017{1 + i // 28:02d}{1 + i % 28:02d}.gz", packed[: 200 if i == 50 else None])
    done = query(run, f"{hdfs.web}/many", "--report_json", "r.json")
    assert "damaged" in done.stderr or "is cut" in done.stderr or "stream" in done.stderr
    rows = sum(int(row.split(",")[1]) for row in done.stdout.splitlines()[1:])
    whole = text[:20000].count(b"\n") + 1
    assert 99 * (whole - 1) <= rows <= 100 * whole


# ---- a server that does not keep its promises ----


class Hostile(BaseHTTPRequestHandler):
    """WebHDFS as an enemy would speak it; `mode` says how."""

    mode = ""
    size = 5000
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def reply(self, code: int, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.send_header("Connection", "close")
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def do_GET(self):
        mode = type(self).mode
        if "op=GETFILESTATUS" in self.path:
            if mode == "not json":
                return self.reply(200, b"<html>login</html>")
            if mode == "list":
                return self.reply(200, b"[" * 100_000)
            if mode == "no such key":
                return self.reply(200, b'{"FileStatus": {"type": "FILE", "length": "many"}}')
            body = {"FileStatus": {"type": "FILE", "length": self.size, "pathSuffix": ""}}
            return self.reply(200, json.dumps(body).encode())
        if "op=GET_BLOCK" in self.path:
            return self.reply(400, b"{}")
        if mode == "no host":
            return self.reply(307, b"", Location="http://127.0.0.1:1/webhdfs/v1/x?op=OPEN")
        if mode == "file url":
            return self.reply(307, b"", Location="file:///etc/passwd")
        if mode == "loop":
            return self.reply(307, b"", Location=f"http://127.0.0.1:{self.server.server_port}/again?op=OPEN")
        if mode == "short":
            return self.reply(200, b"x" * 10)
        if mode == "passes":  # as a DataNode that could not ask its NameNode
            type(self).mode = "text"
            return self.reply(403, b'{"RemoteException": {"exception": "EOFException", "message": "End of File"}}')
        if mode == "text":
            return self.reply(200, line(7).encode())
        if mode == "cut":
            return self.reply(200, b"x" * 10, length=5000)
        return self.reply(403, b'{"RemoteException": {"exception": 7, "message": ["no"]}}')


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
        ("not json", "JSON"),
        ("list", "JSON"),
        ("no such key", "does not tell"),
        ("no host", "127.0.0.1 port 1"),
        ("file url", "redirects"),
        ("loop", "307"),
        ("cut", "webhdfs"),
        ("refused", "403"),
    ],
)
def test_replies_that_are_malformed(hostile, tmp_path, mode, word):
    Hostile.mode = mode
    write_site(tmp_path / "hdfs-site.xml", {"dfs.http.client.retry.max.attempts": 3})
    done = subprocess.run(
        [BIN, "query", "-c", "squid:flows", "-i", f"webhdfs://127.0.0.1:{hostile.server_port}/f", "-q", SQL],
        capture_output=True, timeout=120, text=True, env={**os.environ, "HADOOP_CONF_DIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode in (1, 6), done.stderr
    assert word in done.stderr
    assert "root:" not in done.stdout


def test_replies_that_are_cut_go_on_where_they_ended(run, hostile):
    """Ten bytes at a time, each time from a new connection: the file is read whole all the same."""
    Hostile.mode = "short"
    Hostile.size = 50
    done = run(
        "query", "-c", "squid:flows", "-i", f"webhdfs://127.0.0.1:{hostile.server_port}/f", "-q", SQL,
        "--report_json", "r.json", "--max_bad_fraction", "1",
    )  # fmt: skip
    assert "1 rejected" in done.stderr


def test_a_datanode_that_has_lost_its_namenode(run, hostile):
    """It says so with 403 and the exception that it caught; a little later all is well."""
    Hostile.mode = "passes"
    Hostile.size = len(line(7))
    done = query(run, f"webhdfs://127.0.0.1:{hostile.server_port}/f")
    assert done.stdout.splitlines()[1:] == ["host7.test,1,7"]
