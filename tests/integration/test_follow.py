# SPDX-License-Identifier: GPL-3.0-or-later
"""query --follow: logs that grow and rotate while they are read."""

from __future__ import annotations

import gzip
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import BIN

COUNT = "SELECT COUNT(*) AS n, SUM(response_body_len) AS b FROM netlytics"


def line(i: int) -> str:
    """Line i, whose body has 2^i bytes: a sum tells which lines were counted, and how often."""
    return f"{1488326400 + i}.500 200 10.0.0.1 TCP_MISS/200 {2**i} GET http://h{i}.org/x - HIER_DIRECT/1.2.3.4 text/html\n"


def lines(first: int, end: int) -> str:
    return "".join(map(line, range(first, end)))


class Follower:
    """The program in the background; answers are NDJSON rows."""

    def __init__(self, folder: Path, path: object, *args: object, sql: str = COUNT, connector: str = "squid:http") -> None:
        self.temp = folder / "temp"
        self.temp.mkdir()
        command = [BIN, "query", "-c", connector, "-i", path, "-q", sql, "--follow", "--every", "1", "--temp_dir_local", self.temp]
        if "--format" not in args:
            command += ["--format", "ndjson"]
        self.process = subprocess.Popen(list(map(str, [*command, *args])), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.text = b""

    def read(self, is_enough, seconds: float = 30) -> str:
        """What was printed, once it is enough."""
        end = time.monotonic() + seconds
        while not is_enough(self.text.decode()):
            assert time.monotonic() < end, self.text.decode() + str(self.process.poll())
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                more = self.process.stdout.read()
                assert more, self.text.decode() + self.process.stderr.read().decode()
                self.text += more
        return self.text.decode()

    def wait_for(self, n: int) -> None:
        """Until lines 0..n-1 are counted, each once."""
        row = {"n": n, "b": 2**n - 1}
        self.read(lambda text: text.endswith("\n") and json.loads(text.splitlines()[-1]) == row)

    def stop(self) -> str:
        self.process.send_signal(signal.SIGINT)
        _, err = self.process.communicate(timeout=30)
        assert self.process.returncode == 130
        assert list(self.temp.iterdir()) == []
        return err.decode()


@pytest.fixture
def follow(tmp_path):
    started = []

    def start(*args, **kwargs) -> Follower:
        started.append(Follower(tmp_path, *args, **kwargs))
        return started[-1]

    yield start
    for follower in started:
        follower.process.kill()
        follower.process.communicate()


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_a_log_that_grows(follow, tmp_path):
    log = tmp_path / "access.log"
    log.write_text(lines(0, 5))
    follower = follow(log)
    follower.wait_for(5)
    append(log, lines(5, 7) + line(7)[:30])
    follower.wait_for(7)  # a line counts once it is whole
    append(log, line(7)[30:])
    follower.wait_for(8)
    append(log, "not a line of Squid\n" + line(8))
    follower.wait_for(9)
    assert "followed 9 rows, 1 rejected" in follower.stop()
    counts = [json.loads(text)["n"] for text in follower.text.decode().splitlines()]
    assert counts == sorted(set(counts))  # an answer is printed when there is something new


def test_an_empty_log_at_first(follow, tmp_path):
    log = tmp_path / "access.log"
    log.write_text("")
    follower = follow(log)
    follower.read(lambda text: text == '{"n":0,"b":null}\n')
    append(log, lines(0, 3))
    follower.wait_for(3)
    follower.stop()


def test_rotation_by_rename(follow, tmp_path):
    log = tmp_path / "access.log"
    log.write_text(lines(0, 3))
    follower = follow(log)
    follower.wait_for(3)
    append(log, lines(3, 5))
    log.rename(tmp_path / "access.log.1")
    append(tmp_path / "access.log.1", line(5))  # the tool has not yet noticed
    log.write_text(lines(6, 8))
    follower.wait_for(8)
    append(tmp_path / "access.log.1", line(8))
    append(log, line(9))
    follower.wait_for(10)
    log.unlink()
    time.sleep(1.5)
    log.write_text(lines(10, 12))
    follower.wait_for(12)
    follower.stop()


@pytest.mark.parametrize("is_listed", [False, True])
def test_rotation_by_copy_and_truncation(follow, tmp_path, is_listed):
    """The copy may be one of the files that are followed, too."""
    folder = tmp_path / "logs"
    folder.mkdir()
    log = folder / "access.log-20170301"
    log.write_text(lines(0, 3))
    follower = follow(folder if is_listed else log)
    follower.wait_for(3)
    shutil.copy(log, folder / "access.log-20170228")
    os.truncate(log, 0)
    append(log, lines(3, 4))
    follower.wait_for(4)
    append(log, lines(4, 9))
    follower.wait_for(9)
    os.truncate(log, 0)
    append(log, lines(9, 20))  # at once longer than before
    follower.wait_for(20)
    follower.stop()


def test_a_folder_of_days(follow, tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "access.log-20170301.gz").write_bytes(gzip.compress(lines(0, 2).encode()))
    (folder / "access.log-20170302").write_text(lines(2, 4))
    follower = follow(folder, "-s", "2017_03_01")
    follower.wait_for(4)
    (folder / "access.log-20170303").write_text(lines(4, 6))
    (folder / "access.log-20170228").write_text(lines(6, 9))  # before the first day
    follower.wait_for(6)
    (folder / "access.log-20170302.gz").write_bytes(gzip.compress(lines(2, 4).encode()))  # packed after it was read
    (folder / "access.log-20170302").unlink()
    append(folder / "access.log-20170303", line(6))
    follower.wait_for(7)
    follower.stop()


def test_headers_of_zeek(follow, tmp_path):
    """Lines are read as the header above them says, however long ago that was."""
    log = tmp_path / "http.log"
    head = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\thttp\n"
    log.write_text(head + "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tmethod\thost\turi\n")
    follower = follow(log, connector="zeek:http", sql="SELECT host, method FROM netlytics ORDER BY req_time")
    rows = lambda text: [tuple(json.loads(row).values()) for row in text.splitlines()]  # noqa: E731
    append(log, "1488326400.5\tC1\t10.0.0.1\t4000\t1.2.3.4\t80\tGET\ta.org\t/\n")
    follower.read(lambda text: ("a.org", "GET") in rows(text))
    append(log, "1488326401.5\tC1\t10.0.0.1\t4000\t1.2.3.4\t80\tPUT\tb.org\t/\n"
                + head + "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\thost\tmethod\turi\n")  # fmt: skip
    append(log, "1488326402.5\tC1\t10.0.0.1\t4000\t1.2.3.4\t80\tc.org\tPOST\t/\n")
    follower.read(lambda text: rows(text)[-3:] == [("a.org", "GET"), ("b.org", "PUT"), ("c.org", "POST")])
    append(log, "1488326403.5\tC1\t10.0.0.1\t4000\t1.2.3.4\t80\td.org\tHEAD\t/\n")
    follower.read(lambda text: rows(text)[-1] == ("d.org", "HEAD"))
    follower.stop()


def test_formats_and_queries(follow, tmp_path):
    log = tmp_path / "access.log"
    log.write_text(lines(0, 2))
    sql = "SELECT a.host, b.n FROM netlytics a JOIN (SELECT host, COUNT(*) AS n FROM netlytics GROUP BY host) b ON a.host = b.host ORDER BY 1"
    follower = follow(log, "--format", "csv", sql=sql)
    follower.read(lambda text: text == "host,n\nh0.org,1\nh1.org,1\n")
    append(log, line(2))
    follower.read(lambda text: text.endswith("\n\nhost,n\nh0.org,1\nh1.org,1\nh2.org,1\n"))
    follower.stop()


def test_all_columns(follow, run, tmp_path):
    log = tmp_path / "access.log"
    log.write_text(lines(0, 9))
    follower = follow(log, sql="SELECT * FROM netlytics ORDER BY req_time")
    expected = run("query", "-c", "squid:http", "-i", log, "-q", "SELECT * FROM netlytics ORDER BY req_time", "--format", "ndjson")
    follower.read(lambda text: text == expected.stdout)
    follower.stop()


def test_a_file_as_output(follow, tmp_path):
    log = tmp_path / "access.log"
    log.write_text(lines(0, 2))
    follower = follow(log, "--format", "csv", "-o", "o.csv")
    for n in range(2, 5):
        while not (tmp_path / "o.csv").exists() or (tmp_path / "o.csv").read_text() != f"n,b\n{n},{2**n - 1}\n":
            assert follower.process.poll() is None
            time.sleep(0.05)
        append(log, line(n))
    follower.stop()


def test_a_terminal_is_drawn_anew(tmp_path):
    log = tmp_path / "access.log"
    log.write_text(lines(0, 2))
    main, other = pty.openpty()
    args = [str(BIN), "query", "-c", "squid:http", "-i", str(log), "-q", COUNT, "--follow", "--every", "1"]
    process = subprocess.Popen(args, stdout=other, stderr=subprocess.PIPE)
    text = b""
    for n in 2, 3:
        while text.count(b"\033[H\033[2J") < n - 1 or not text.endswith(b"%d\r\n" % (2**n - 1)):
            assert select.select([main], [], [], 30)[0]
            text += os.read(main, 4096)
        append(log, line(n))
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 130
    process.stderr.close(), os.close(main), os.close(other)


def test_nobody_reads_any_more(follow, tmp_path):
    log = tmp_path / "access.log"
    log.write_text(lines(0, 2))
    follower = follow(log)
    follower.wait_for(2)
    follower.process.stdout.close()
    assert follower.process.wait(30) == 0
    assert "error" not in follower.process.stderr.read().decode()


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["-c", "squid:http", "-i", "-"], 2, "standard input"),
        (["-c", "pcap:dns", "-i", "log"], 2, "captures"),
        (["-c", "zeek:flows", "-i", "log"], 2, "several lines"),
        (["-c", "csv", "-i", "log"], 2, "no log of a tool"),
        (["-c", "tstat:dns", "-i", "log"], 2, "several lines"),
        (["-c", "bind:dns", "-i", "log", "--timezone", "Europe/Rome"], 2, "--timezone"),
        (["-c", "squid:http", "-i", "none"], 3, "none"),
        (["-c", "squid:http", "-i", "log", "--format", "parquet", "-o", "x"], 2, "parquet"),
        (["-c", "squid:http", "-i", "log", "--cache", "c"], 2, "--cache"),
        (["-c", "squid:http", "-i", "log", "--report_json", "r"], 2, "--report_json"),
        (["-c", "squid:http", "-i", "log", "--partition_by", "day", "-o", "d"], 2, "--partition_by"),
        (["-c", "squid:http", "-i", "log", "--table", "a=squid:http:log"], 2, "--table"),
        (["-c", "squid:http", "-i", "log", "--every", "0"], 2, "--every"),
        (["-c", "squid:http", "-i", "log", "-q", "SELECT nothing FROM netlytics"], 5, "nothing"),
    ],
)  # fmt: skip
def test_bad_requests(run, args, code, words):
    (run.folder / "log").write_text(lines(0, 2))
    query = [] if "-q" in args else ["-q", COUNT]
    assert words in run("query", "--follow", *query, *args, code=code).stderr
    assert os.listdir(run.folder) == ["log"]


def test_every_needs_follow(run):
    (run.folder / "log").write_text(lines(0, 2))
    run("query", "-c", "squid:http", "-i", "log", "-q", COUNT, "--every", "2", code=2)
