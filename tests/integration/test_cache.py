# SPDX-License-Identifier: GPL-3.0-or-later
"""--cache: the same answers and reports as without it, whatever happens to logs and entries."""

from __future__ import annotations

import gzip
import json
import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import BIN, GENERATE

HTTP = "squid:http"
SQL = "SELECT host, COUNT(*) AS n, SUM(response_body_len) AS b, MIN(req_time) AS t FROM netlytics GROUP BY host ORDER BY host"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Four days of Squid, two packed, some lines odd."""
    folder = tmp_path / "logs"
    folder.mkdir()
    subprocess.run([GENERATE, "squid", "--days", "2017_03_01", "2017_03_04", "--bytes-per-day", "300000", "--seed", "7",
                    "--gzip-every", "2", "--odd", "0.02", folder], check=True, capture_output=True)  # fmt: skip
    return folder


class Cached:
    """Asks with and without the cache; the answers and reports must be equal. Returns (from it, added)."""

    def __init__(self, run, logs: Path, connector: str = HTTP, sql: str = SQL, args: tuple = ()) -> None:
        self.run, self.logs, self.connector, self.sql, self.args = run, logs, connector, sql, args

    def __call__(self) -> tuple[int, int]:
        got = []
        for name, flags in ("plain", []), ("cached", ["--cache", "cache"]):
            done = self.run("query", "-c", self.connector, "-i", self.logs, "-q", self.sql, "-o", f"{name}.csv", *self.args,
                            "--report_json", f"{name}.json", *flags)  # fmt: skip
            got.append(((self.run.folder / f"{name}.csv").read_text(), json.loads((self.run.folder / f"{name}.json").read_text()),
                        [line for line in done.stderr.splitlines() if "warning" in line and "--cache" not in line]))  # fmt: skip
        assert got[0] == got[1]
        words = next((line.split() for line in done.stderr.splitlines() if "cache:" in line), None)
        return (int(words[2]), int(words[8])) if words else (0, 0)

    def entries(self, suffix: str) -> list[Path]:
        return sorted((self.run.folder / "cache").glob(f"*{suffix}"))


@pytest.fixture
def cached(run, logs) -> Cached:
    return Cached(run, logs)


def log_of(logs: Path, day: int) -> Path:
    return next(logs.glob(f"*2017030{day}*"))


def test_the_second_time(cached):
    assert cached() == (0, 4)
    assert (cached.run.folder / "cache").stat().st_mode & 0o777 == 0o700
    assert cached() == (4, 0)
    assert len(cached.entries(".rows")) == 4 == len(cached.entries(".json"))
    cached.args = ("--threads", "1")
    assert cached() == (4, 0)


def test_dataset_order(run, logs):
    """Rows are numbered as in the files: the first of many, and evidence, are the same."""
    for connector in HTTP, "squid:flows":
        sql = "SELECT * FROM netlytics WHERE s_port IS NOT NULL ORDER BY ALL LIMIT 1000" if connector == HTTP else "SELECT MIN(time_start) AS t FROM netlytics"  # fmt: skip
        cached = Cached(run, logs, connector, sql)
        assert cached() == (0, 4) and cached() == (4, 0)
    for name, flags in ("a", []), ("b", ["--cache", "cache"]):
        run("job", "-c", HTTP, "-i", logs, "--algo", "SaveDataFrame", "-o", name, *flags)
    assert (run.folder / "a/dataframe.csv").read_text() == (run.folder / "b/dataframe.csv").read_text()
    assert (run.folder / "a/report.json").read_text() == (run.folder / "b/report.json").read_text()


def test_options_have_entries_of_their_own(run, logs):
    assert Cached(run, logs)() == (0, 4)
    days = Cached(run, logs, args=("--filter_rows", "-s", "2017_03_02", "-e", "2017_03_03"))
    assert days() == (0, 2) and days() == (2, 0)
    assert Cached(run, logs, args=("-s", "2017_03_02"))() == (3, 0)
    assert Cached(run, logs, args=("--timezone", "+01:00"))() == (0, 4)


def test_a_grown_log(cached, logs):
    log = log_of(logs, 1) if log_of(logs, 1).suffix != ".gz" else log_of(logs, 2)
    cached()
    with log.open("a") as file:
        file.write("1488326400.500 200 10.0.0.1 TCP_MISS/200 1500 GET http://new.example/x - HIER_DIRECT/1.2.3.4 text/html\n")
    assert cached() == (3, 1)
    assert "new.example" in (cached.run.folder / "cached.csv").read_text()
    assert len(cached.entries(".rows")) == 4  # the rows of the shorter log are gone
    assert cached() == (4, 0)


def test_a_rotated_a_replaced_and_a_deleted_log(cached, logs):
    cached()
    packed, plain = (log_of(logs, 2), log_of(logs, 1)) if log_of(logs, 2).suffix == ".gz" else (log_of(logs, 1), log_of(logs, 2))
    plain.rename(logs / "access.log-20170305")
    assert cached() == (3, 1)  # rows may depend on the day in the name
    assert cached() == (4, 0)
    info = packed.stat()
    data = packed.read_bytes()
    packed.unlink()
    other = logs / "access.log-20170306"
    other.write_bytes(gzip.decompress(data)[:-1000])
    assert cached() == (3, 1)
    text = bytearray(other.read_bytes())
    text[10:14] = b"9999"
    info = other.stat()
    other.write_bytes(text)  # same size, same time: the hash of its head tells
    os.utime(other, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert cached() == (3, 1)
    other.unlink()
    assert cached() == (3, 0)
    with (logs / "access.log-20170305").open("a") as file:
        file.write("x\n")
    assert cached() == (2, 1)
    assert len(cached.entries(".json")) == 3 == len(cached.entries(".rows"))


def spoil(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    info = path.stat()
    middle = len(data) // 2
    if how == "cut":
        data = data[:middle]
    elif how == "empty":
        data = bytearray()
    elif how == "gone":
        path.unlink()
        return
    elif how == "flipped":
        data[middle] ^= 1
    elif how == "other":
        data = bytearray(b"{}" if path.suffix == ".json" else b"PAR1" * 100)
    elif how == "link":
        copy = path.with_name("copy")
        path.rename(copy)
        path.symlink_to(copy)
        return
    path.write_bytes(data)
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))


@pytest.mark.parametrize("how", ["cut", "empty", "gone", "flipped", "other", "link"])
@pytest.mark.parametrize("suffix", [".rows", ".json"])
def test_a_damaged_entry_is_made_again(cached, suffix, how):
    cached()
    spoil(cached.entries(suffix)[1], how)
    assert cached() == (3, 1)
    assert cached() == (4, 0)


def test_rows_that_were_only_touched_are_believed(cached):
    cached()
    for path in cached.entries(".rows"):
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data)
    assert cached() == (4, 0)


@pytest.mark.parametrize("text", ['{"identity": 1}', "[]", "null", "[[[[", '"x"', "\xff"])
def test_strange_entries(cached, text):
    cached()
    path = cached.entries(".json")[0]
    whole = path.read_text()
    path.write_text(text, "latin-1")
    assert cached() == (3, 1)
    path = cached.entries(".json")[0]
    path.write_text(path.read_text().replace('"used":', '"used":1', 1))
    assert cached() == (3, 1)
    cached.entries(".json")[0].write_text(whole)  # of rows that are gone
    assert cached() == (3, 1) and cached() == (4, 0)


def test_damaged_logs_and_limits(run, logs):
    """What stops a run stops it from the cache, too; what is warned of is warned of."""
    packed = next(logs.glob("*.gz"))
    packed.write_bytes(packed.read_bytes()[:-2000])
    cached = Cached(run, logs)
    assert cached() == (0, 4) and cached() == (4, 0)
    done = run("query", "-c", HTTP, "-i", logs, "-q", SQL, "--cache", "cache", "--strict_files", code=6)
    assert packed.name in done.stderr
    done = run("query", "-c", HTTP, "-i", logs, "-q", SQL, "--cache", "cache", "--max_bad_fraction", "0.001", code=6)
    assert "max_bad_fraction" in done.stderr


def test_paired_and_joined_tables(run, tmp_path):
    """Rows of several files: one entry for the whole request."""
    folder = tmp_path / "zeek"
    folder.mkdir()
    head = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"
    ends = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p"
    conn = [f"{1488326400 + i}.5\tC{i}\t10.0.0.{i % 9}\t4000\t1.2.3.4\t80\ttcp\thttp\t1.0\t10\t{i}\tSF" for i in range(300)]
    http = [f"{1488326401 + i}.5\tC{i}\t10.0.0.{i % 9}\t4000\t1.2.3.4\t80\tGET\th{i % 7}.org\t/\t-" for i in range(0, 400, 2)]
    (folder / "conn.log").write_text(head + "#path\tconn\n#fields\t" + "\t".join(
        (ends + " proto service duration orig_bytes resp_bytes conn_state").split()) + "\n" + "\n".join(conn) + "\n")  # fmt: skip
    (folder / "http.log").write_text(head + "#path\thttp\n#fields\t" + "\t".join((ends + " method host uri referrer").split())
                                     + "\n" + "\n".join(http) + "\n")  # fmt: skip
    sql = "SELECT name, COUNT(*) AS n, SUM(s_bytes) AS b FROM netlytics GROUP BY name ORDER BY name"
    cached = Cached(run, folder / "conn.log", "zeek:flows", sql)
    assert cached() == (0, 2) and cached() == (2, 0)
    assert json.loads((run.folder / "cached.json").read_text())["orphan_names"] == 50
    with (folder / "http.log").open("a") as file:
        file.write("1488326999.5\tC1\t10.0.0.1\t4000\t1.2.3.4\t80\tGET\tlate.org\t/\t-\n")
    assert cached() == (0, 2)
    assert "late.org" in (run.folder / "cached.csv").read_text()
    tstat = tmp_path / "log_dns_complete"
    tstat.write_text("".join(f"10.0.0.1 {4000 + i % 50} 9.9.9.9 53 1 {i % 50} {kind} {1488326400000 + i}.5 IN A n{i % 50}.org {rest}\n"
                             for i in range(500) for kind, rest in [("REQ", "-")]))  # fmt: skip
    for name, flags in ("p", []), ("q", ["--cache", "cache"]), ("r", ["--cache", "cache"]):
        run("job", "-c", "tstat:dns", "-i", tstat, "--algo", "SaveDataFrame", "-o", name, "--max_bad_fraction", "1", *flags)
        for file in "dataframe.csv", "report.json":
            assert (run.folder / name / file).read_text() == (run.folder / "p" / file).read_text()


def test_two_at_a_time(cached, logs):
    cached.run("query", "-c", HTTP, "-i", logs, "-q", SQL, "-o", "plain.csv")
    args = [str(BIN), "query", "-c", HTTP, "-i", str(logs), "-q", SQL, "--cache", "cache", "--quiet"]
    runs = [subprocess.Popen(args, cwd=cached.run.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    for process in runs:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, b"")
        assert out.decode() == (cached.run.folder / "plain.csv").read_text()
    assert cached() == (4, 0) and len(cached.entries(".rows")) == 4


def test_what_cannot_be_cached(run, logs):
    text = next(path for path in logs.iterdir() if path.suffix != ".gz").read_bytes()
    done = run("query", "-c", HTTP, "-i", "-", "-q", SQL, "--cache", "cache", stdin=text)
    assert "nothing is cached" in done.stderr and len(done.stdout) > 1000
    assert not list((run.folder / "cache").glob("*.rows"))


def test_tables_in_files_are_read_as_they_lie(run):
    (run.folder / "t.csv").write_text("a,b\n1,2\n")
    done = run("query", "-c", "csv", "-i", "t.csv", "-q", "SELECT * FROM netlytics", "--cache", "cache")
    assert "only logs are kept" in done.stderr and done.stdout == "a,b\n1,2\n"


def test_folders_that_are_not_taken(run, logs):
    args = ["query", "-c", HTTP, "-i", logs, "-q", SQL, "--cache"]
    (run.folder / "file").write_text("")
    (run.folder / "open").mkdir(mode=0o777)
    (run.folder / "open").chmod(0o777)
    for name, words in ("file", "File exists"), ("file/x", "Not a directory"), ("open", "chmod 700"), ("no/where", "No such"):
        done = run(*args, name, code=7)
        assert words in done.stderr or "not a folder" in done.stderr
    assert os.listdir(run.folder / "open") == []
    run(*args, "hdfs://x/y", code=2)


def test_a_full_disk(run, logs):
    """Rows that cannot be kept are no reason to fail."""
    run("query", "-c", HTTP, "-i", logs, "-q", SQL, "-o", "plain.csv")
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # noqa: E731
    args = [str(BIN), "query", "-c", HTTP, "-i", str(logs), "-q", SQL, "--cache", "cache", "--report_json", "r.json"]
    done = subprocess.run(args, cwd=run.folder, capture_output=True, preexec_fn=limit, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "the logs are read instead" in done.stderr.decode()
    assert done.stdout.decode() == (run.folder / "plain.csv").read_text()
    assert not list((run.folder / "cache").glob("*.rows")) and not list((run.folder / "cache").glob("*tmp*"))


def test_an_interrupt(run, logs, tmp_path):
    for path in list(logs.glob("*.gz")):
        path.unlink()
    log = next(logs.iterdir())
    log.write_bytes(log.read_bytes() * 300)
    args = [str(BIN), "query", "-c", HTTP, "-i", str(log), "-q", SQL, "--cache", "cache"]
    with subprocess.Popen(args, cwd=run.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not list((run.folder / "cache").glob("*.rows")):
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert not list((run.folder / "cache").glob("*.rows"))
    shutil.rmtree(run.folder / "cache")
