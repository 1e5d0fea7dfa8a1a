# SPDX-License-Identifier: GPL-3.0-or-later
"""query --partition_by: a folder of Parquet files per value, read back by DuckDB."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import duckdb
import pytest

from conftest import BIN

HTTP = "squid:http"
ALL = "SELECT * FROM netlytics"


def line(seconds: str, host: str, method: str = "GET") -> str:
    return f"{seconds} 0 10.0.0.1 TCP_MISS/200 1500 {method} http://{host}/x - HIER_DIRECT/1.2.3.4 text/html\n"


@pytest.fixture
def log(tmp_path_factory) -> Path:
    """The last and first milliseconds of days in UTC; 1488326400 is 2017-03-01 00:00."""
    path = tmp_path_factory.mktemp("log") / "access.log-20170302"
    path.write_text(line("1488326399.999", "a.com") + line("1488326400.000", "b.com") + line("1488412799.999", "c.com", "POST")
                    + line("1488412800.000", "d.com") + line("0.000", "e.com"))  # fmt: skip
    return path


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def rows(folder: Path, columns: str) -> list[tuple]:
    return duckdb.sql(f"SELECT {columns} FROM read_parquet('{folder}/*/*.parquet', hive_partitioning = true, "
                      "hive_types_autocast = false) ORDER BY ALL").fetchall()  # fmt: skip


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_days_are_of_utc(run, log, zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    run("query", "-c", HTTP, "-i", log, "-q", ALL, "--format", "parquet", "-o", "o/", "--partition_by", "day")
    assert rows(run.folder / "o", "day, host") == [("1970-01-01", "e.com"), ("2017-02-28", "a.com"), ("2017-03-01", "b.com"),
                                                   ("2017-03-01", "c.com"), ("2017-03-02", "d.com")]  # fmt: skip
    assert "day=2017-02-28/data_0.parquet" in files(run.folder / "o")
    report = json.loads((run.folder / "o" / "_report.json").read_text())
    assert report["rows"] == 5 and report["is_complete"]


def test_the_folder_is_an_input(run, log):
    """The same Data Table from the folder as from the log, and the days in the names select files."""
    run("query", "-c", HTTP, "-i", log, "-q", ALL, "-o", "o", "--partition_by", "day")
    sql = "SELECT host, req_time, status_code, c_port FROM netlytics ORDER BY req_time"
    both = [run("query", "-c", name, "-i", path, "-q", sql).stdout for name, path in ((HTTP, log), ("parquet:HTTP", "o"))]
    assert both[0] == both[1] and len(both[0].splitlines()) == 6
    done = run("query", "-c", "parquet:HTTP", "-i", "o", "-s", "2017_03_01", "-e", "2017_03_01", "-q", sql)
    assert [row.split(",")[0] for row in done.stdout.splitlines()[1:]] == ["b.com", "c.com"]


def test_columns(run, log):
    run("query", "-c", HTTP, "-i", log, "-q", "SELECT method, host FROM netlytics", "-o", "m", "--partition_by", "Method")
    assert rows(run.folder / "m", "method, host")[-1] == ("POST", "c.com")
    sql = "SELECT host AS h, 1488326399 AS t, CAST(NULL AS DOUBLE) AS n FROM netlytics"
    run("query", "-c", HTTP, "-i", log, "-q", sql, "-o", "t", "--partition_by", "day(t)")
    assert rows(run.folder / "t", "DISTINCT day") == [("2017-02-28",)]
    run("query", "-c", HTTP, "-i", log, "-q", sql, "-o", "n", "--partition_by", "day(n)")
    assert files(run.folder / "n") == ["_report.json", "day=__HIVE_DEFAULT_PARTITION__/data_0.parquet"]
    sql = "SELECT host, CAST('2017-03-01 23:59:59' AS TIMESTAMP) AS ts, CAST('2017-03-04' AS DATE) AS d FROM netlytics"
    for column, day in ("ts", "2017-03-01"), ("d", "2017-03-04"):
        run("query", "-c", HTTP, "-i", log, "-q", sql, "-o", column, "--partition_by", f"day({column})")
        assert rows(run.folder / column, "DISTINCT day") == [(day,)]
    run("query", "-c", HTTP, "-i", log, "-q", "SELECT 'a/b=../c' AS v, host FROM netlytics", "-o", "v", "--partition_by", "v")
    assert rows(run.folder / "v", "DISTINCT v") == [("a/b=../c",)]


def test_an_empty_result(run, log):
    run("query", "-c", HTTP, "-i", log, "-q", ALL + " WHERE host = 'x'", "-o", "o", "--partition_by", "day")
    assert files(run.folder / "o") == ["_report.json"]


def test_what_is_there_stays(run, log):
    args = ["query", "-c", HTTP, "-i", log, "-q", ALL, "-o", "o", "--partition_by", "day"]
    folder = run.folder / "o"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    run(*args)
    before = files(folder)
    assert "notes.txt" in before and len(before) == 6
    done = run(*args, code=7)
    assert "already" in done.stderr and "--overwrite" in done.stderr
    run("query", "-c", HTTP, "-i", log, "-q", ALL + " WHERE host = 'a.com'", "-o", "o", "--partition_by", "day", "--overwrite")
    assert files(folder) == before and len(rows(folder, "host")) == 5
    (folder / "day=2017-02-28" / "data_0.parquet").write_bytes(b"old")
    (folder / "day=2017-02-28" / "data_7.parquet").write_bytes(b"old")
    run(*args, "--overwrite")
    assert files(folder) == before and len(rows(folder, "host")) == 5


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["-o", "o", "--partition_by", "dya"], 2, "dya"),
        (["-o", "o", "--partition_by", "hosts"], 2, "did you mean host"),
        (["-o", "o", "--partition_by", "day(host)"], 2, "not times"),
        (["-o", "o", "--partition_by", "day(x)"], 2, "day(x)"),
        (["-o", "o", "--partition_by", ""], 2, "needs a value"),
        (["-o", "o", "--partition_by", "day", "--format", "csv"], 2, "parquet"),
        (["--partition_by", "day"], 2, "--output"),
        (["-o", "-", "--partition_by", "day"], 2, "--output"),
        (["-o", "file", "--partition_by", "day"], 7, "not a folder"),
        (["-o", "none/o", "--partition_by", "day"], 7, "none"),
        (["--output_file_local", "o", "--partition_by", "day"], 2, "--output"),
    ],
)  # fmt: skip
def test_bad_requests(run, log, args, code, words):
    (run.folder / "file").write_text("x")
    done = run("query", "-c", HTTP, "-i", log, "-q", ALL, *args, code=code)
    assert words in done.stderr
    assert os.listdir(run.folder) == ["file"]


def test_a_result_without_time(run, log):
    sql = "SELECT host, method FROM netlytics"
    done = run("query", "-c", HTTP, "-i", log, "-q", sql, "-o", "o", "--partition_by", "day", code=2)
    assert "no time column" in done.stderr
    done = run("query", "-c", HTTP, "-i", log, "-q", "SELECT host FROM netlytics", "-o", "o", "--partition_by", "host", code=2)
    assert "no column but" in done.stderr
    assert os.listdir(run.folder) == []


@pytest.mark.parametrize("threads", [1, 2])
def test_more_values_than_are_gathered_in_memory(run, log, threads):
    """Forty rows of each, far from each other."""
    n = 2000
    total = 40 * n
    log.write_text("".join(line(f"{i}.000", f"host{i % n}.com") for i in range(total)))
    args = ["--partition_by", "host", "-o", "o", "--memory", "256M", "--threads", threads]
    run("query", "-c", "squid:http", "-i", log, "-q", "SELECT * FROM netlytics", *args)
    folder = run.folder / "o"
    assert len([path for path in folder.iterdir() if path.is_dir()]) == n
    assert rows(folder, "count(*), count(DISTINCT host), sum(CAST(req_time AS BIGINT))") == [(total, n, total * (total - 1) // 2)]
    assert json.loads((folder / "_report.json").read_text())["lines"] == total


def test_a_pipe_cannot_be_read_again(run, log):
    """What the engine advises, its settings, is not passed on: nobody can follow it."""
    text = "".join(line(f"{i}.000", f"host{i}.com") for i in range(20000)).encode()
    args = ["--partition_by", "host", "-o", "o", "--memory", "256M", "--threads", "1"]
    done = run("query", "-c", "squid:http", "-i", "-", "-q", "SELECT * FROM netlytics", *args, code=1, stdin=text)
    assert "--memory" in done.stderr and "SET" not in done.stderr
    assert list(run.folder.iterdir()) == []


def test_an_interrupt_leaves_nothing(run, log):
    log.write_text("".join(line(f"{1488326400 + i}.5", f"h{i % 50}.org") for i in range(30000)))
    sql = "SELECT a.req_time, b.host FROM netlytics a, netlytics b"
    args = [str(BIN), "query", "-c", HTTP, "-i", str(log), "-q", sql, "-o", "o", "--partition_by", "day"]
    with subprocess.Popen(args, cwd=run.folder, stderr=subprocess.PIPE) as process:
        while not any(run.folder.rglob("*.parquet")):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert os.listdir(run.folder) == []
