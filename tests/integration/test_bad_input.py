# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad requests, bad files, bad statements, bad outputs: what is said, and what is left behind."""

from __future__ import annotations

import gzip
import json
import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import BIN

FLOWS = "connectors.squid_to_named_flows.Squid_To_Named_Flows"
LINE = "1488326400.500    200 10.0.0.1 TCP_MISS/200 1500 GET http://a.com/x - HIER_DIRECT/1.2.3.4 text/html\n"
COUNT = "SELECT count(*) AS n FROM netlytics"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "access.log-20170301").write_text(LINE * 3)
    return folder


def query(run, logs, *more, sql=COUNT, code=0, connector="squid:flows"):
    return run("query", "-c", connector, "-i", logs, "-q", sql, "--format", "csv", *more, code=code)


# ---- requests ----


def test_unknown_connector_names_the_nearest(run, logs):
    done = query(run, logs, connector="squid:flow", code=2)
    assert 'unknown connector "squid:flow"' in done.stderr and "did you mean squid:flows?" in done.stderr


def test_a_file_system_that_is_not_known(run):
    done = query(run, "s3://bucket/logs", code=3)
    assert "s3://bucket/logs" in done.stderr and "webhdfs://" in done.stderr


def test_unknown_algorithm(run, logs):
    done = run("job", "-c", FLOWS, "-i", logs, "--algo", "DomainTrafic", "--output_path", "o", code=2)
    assert "DomainTrafic" in done.stderr and "DomainTraffic" in done.stderr


def test_unknown_parameter(run, logs):
    args = ["job", "-c", FLOWS, "-i", logs, "--algo", "DomainTraffic", "--output_path", "o"]
    done = run(*args, "--params", '{"M":1}', code=2)
    assert '"M"' in done.stderr and "N" in done.stderr


@pytest.mark.parametrize("params", ['{"N":"x"}', '{"N":-2}', '{"N":0}', '{"N":1.5}', '{"N":', "[]", '{"N":1,"N":2}'])
def test_impossible_parameter(run, logs, params, tmp_path):
    args = ["job", "-c", FLOWS, "-i", logs, "--algo", "DomainTraffic", "--output_path", "o"]
    run(*args, "--params", params, code=2)
    assert not (tmp_path / "o").exists()


def test_unknown_column_is_shown_with_its_place(run, logs):
    done = query(run, logs, sql="SELECT nam FROM netlytics", code=5)
    assert "nam" in done.stderr and "^" in done.stderr and "name" in done.stderr


@pytest.mark.parametrize("day", ["2017_02_30", "2017-03-01", "2017_3_1", "20170301", "yesterday"])
def test_impossible_day(run, logs, day):
    done = query(run, logs, "--start_day", day, code=2)
    assert day in done.stderr and "YYYY_MM_DD" in done.stderr


def test_start_after_end(run, logs):
    done = query(run, logs, "--start_day", "2017_03_02", "--end_day", "2017_03_01", code=2)
    assert "after" in done.stderr


def test_no_file_for_any_day_shows_a_pattern(run, logs):
    done = query(run, logs, "--start_day", "2018_01_01", "--end_day", "2018_01_03", code=3)
    assert "access.log-20180101" in done.stderr


def test_some_days_without_a_file_are_named(run, logs):
    days = ("--start_day", "2017_02_28", "--end_day", "2017_03_02")
    done = query(run, logs, *days)
    assert "2017-02-28, 2017-03-02" in done.stderr and done.stdout == "n\n3\n"
    query(run, logs, *days, "--strict_days", code=3)


def test_no_such_folder(run, tmp_path):
    assert "nowhere" in query(run, tmp_path / "nowhere", code=3).stderr


# ---- files ----


def test_file_that_cannot_be_opened_is_damage(run, logs):
    (logs / "access.log-20170302").symlink_to("access.log-20170302")  # a loop: also root cannot
    done = query(run, logs)
    assert done.stdout == "n\n3\n" and "access.log-20170302" in done.stderr
    assert "nothing of it is used" in done.stderr
    query(run, logs, "--strict_files", code=6)


def test_only_damaged_files(run, tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "access.log-20170301.gz").write_bytes(gzip.compress(LINE.encode())[:12])
    assert "access.log-20170301.gz" in query(run, folder, code=6).stderr


def test_truncated_gzip_keeps_what_is_before(run, logs, tmp_path):
    noise = "".join(LINE.replace("10.0.0.1", f"10.0.{i % 256}.{i * 7919 % 256}") for i in range(20000))
    packed = gzip.compress(noise.encode())
    (logs / "access.log-20170302.gz").write_bytes(packed[: len(packed) // 2])
    done = query(run, logs, "--report_json", tmp_path / "r.json")
    report = json.loads((tmp_path / "r.json").read_text())
    assert int(done.stdout.split()[1]) == report["rows"] > 1000
    assert [Path(p).name for p in report["damaged_files"]] == ["access.log-20170302.gz"]
    assert report["lines"] == report["used"] + report["ignored"] + report["skipped"]


def test_binary_junk_stops_above_the_limit(run, tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "access.log-20170301").write_bytes(bytes(range(256)) * 400)
    done = query(run, folder, code=6)
    assert "max_bad_fraction" in done.stderr
    assert query(run, folder, "--max_bad_fraction", "1").stdout == "n\n0\n"


def test_nul_bytes_and_invalid_utf8_stay_readable(run, logs):
    line = LINE.encode().replace(b"/x", b"/\xff\x00\xc3\xa9")
    (logs / "access.log-20170301").write_bytes(line)
    done = query(run, logs, connector="squid:HTTP", sql="SELECT path, length(path) AS n FROM netlytics")
    assert done.stdout == "path,n\n/\\xff\\x00é,10\n"


def test_line_of_a_gigabyte_is_skipped_in_little_memory(tmp_path):
    """The line never ends; the row behind it does not exist, the one before it does."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))

    args = [BIN, "query", "-c", "squid:flows", "-i", "-", "-q", COUNT, "--format", "csv"]
    args += ["--report_json", tmp_path / "r.json", "--threads", "2"]
    with subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=limit) as p:
        p.stdin.write(LINE.encode())
        chunk = b"x" * (1 << 20)
        for _ in range(1024):
            p.stdin.write(chunk)
        p.stdin.close()
        assert p.stdout.read() == b"n\n1\n"
    assert p.returncode == 0
    report = json.loads((tmp_path / "r.json").read_text())
    assert (report["lines"], report["used"], report["by_reason"]) == (2, 1, {"other": 1})
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 400 * 1024


# ---- statements ----


@pytest.mark.parametrize(
    "sql",
    [
        "COPY netlytics TO 'x.csv'",
        "ATTACH 'x.db'",
        "CREATE TABLE t AS SELECT 1",
        "DROP VIEW netlytics",
        "PRAGMA version",
        "SET threads = 1",
        "INSTALL httpfs",
        "SELECT 1; SELECT 2",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "WITH x AS (SELECT * FROM read_csv('/etc/passwd')) SELECT * FROM x",
        "SELECT getenv('HOME')",
        ";",
    ],
)
def test_refused_statements(run, logs, sql, tmp_path):
    done = query(run, logs, sql=sql, code=5)
    assert done.stdout == "" and "root:" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["logs"]


def test_syntax_error_has_line_and_caret(run, logs):
    done = query(run, logs, sql="SELECT name\nFRM netlytics", code=5)
    assert "^" in done.stderr and "FRM" in done.stderr


# ---- outputs ----


def test_output_folder_that_does_not_exist(run, logs, tmp_path):
    done = query(run, logs, "--output_file_local", tmp_path / "no" / "o.csv", code=7)
    assert "/no: " in done.stderr and "create the folder" in done.stderr


def test_output_that_is_a_folder(run, logs, tmp_path):
    query(run, logs, "--output_file_local", tmp_path, code=7)


def test_output_folder_in_use(run, logs, tmp_path):
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "report.csv").write_text("precious")
    args = ["job", "-c", FLOWS, "-i", logs, "--algo", "DomainTraffic", "--output_path", "o"]
    assert "--overwrite" in run(*args, code=7).stderr
    assert [p.read_text() for p in (tmp_path / "o").iterdir()] == ["precious"]
    run(*args, "--overwrite")
    assert (tmp_path / "o" / "report.csv").read_text() == "domain,bytes\na.com,4500\n"


def test_full_device(run, logs):
    query(run, logs, "--output_file_local", "/dev/full", code=7)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_full_disk_leaves_nothing(run, tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "access.log-20170301").write_text(LINE * 40000)
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        done = query(run, folder, "-o", disk / "o.csv", sql="SELECT * FROM netlytics", code=7)
        assert "o.csv" in done.stderr and not list(disk.iterdir())
        run("job", "-c", FLOWS, "-i", folder, "--algo", "SaveDataFrame", "--output_path", disk / "o", code=7)
        assert not list(disk.rglob("*.csv"))
    finally:
        subprocess.run(["umount", disk], check=True)


# ---- signals ----


def start_endless(tmp_path: Path, *more: object) -> subprocess.Popen[bytes]:
    """A query over a pipe that stays open: it ends only because of what is sent to it."""
    args = [BIN, "query", "-c", "squid:flows", "-i", "-", "-q", COUNT, *more]
    child = subprocess.Popen(
        list(map(str, args)), cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    child.stdin.write(LINE.encode() * 1000)
    child.stdin.flush()
    time.sleep(0.5)
    return child


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_leave_nothing(tmp_path, number):
    child = start_endless(tmp_path, "-o", "o.csv")
    child.send_signal(number)
    assert child.wait(10) == 130  # though nothing more came through the pipe
    assert not list(tmp_path.iterdir())


def test_closed_pipe_ends_quietly(logs, tmp_path):
    (logs / "access.log-20170301").write_text(LINE * 200000)
    command = f"{BIN} query -c squid:flows -i {logs} -q 'SELECT * FROM netlytics' --format csv | head -n 1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, timeout=60)
    assert b"error" not in done.stderr and done.stdout.count(b"\n") == 1
