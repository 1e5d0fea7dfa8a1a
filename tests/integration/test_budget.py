# SPDX-License-Identifier: GPL-3.0-or-later
"""--memory, --temp_limit and the temporary folder: statements whose state is several times what they may use."""

from __future__ import annotations

import gzip
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import BIN, GENERATE

MEMORY_MIB = 256
TEN = "(VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) t(i)"
# ten times the rows, each of some 150 bytes: about 300 MB where the engine has 128 MiB
WIDE = f"SELECT concat(path, i) AS path, req_time, host, c_ip, user_agent, i FROM netlytics, {TEN}"
ORDER_BY = f"SELECT count(*) AS n, max(r) AS r FROM (SELECT *, row_number() OVER (ORDER BY path, req_time) AS r FROM ({WIDE}))"
GROUP_BY = f"SELECT sum(c) AS n FROM (SELECT path, c_ip, host, user_agent, i, count(*) AS c FROM ({WIDE}) GROUP BY ALL)"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("budget") / "access.log-20170301"
    with path.open("wb") as out:
        subprocess.run([GENERATE, "squid", "--bytes", "25000000"], stdout=out, stderr=subprocess.DEVNULL, check=True)
    return path


def args(log: Path, sql: str, *more: object) -> list[object]:
    base = ["query", "-c", "squid:HTTP", "-i", log, "-q", sql, "--format", "csv"]
    return [*base, "--memory", f"{MEMORY_MIB}M", "--threads", "2", *more]


def left(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*"))


@pytest.mark.parametrize("sql", [ORDER_BY, GROUP_BY])
def test_large_state_keeps_to_the_memory(run, log, tmp_path, sql):
    rows = int(run(*args(log, "SELECT count(*) AS n FROM netlytics")).stdout.split()[1])
    (tmp_path / "t").mkdir()
    done = run(*args(log, sql, "--temp_dir_local", "t"))
    assert done.stdout.split()[1].split(",")[0] == str(rows * 10)
    peak = int(re.search(r"peak memory (\d+) MB", done.stderr)[1]) * 1_000_000
    assert peak < 1.1 * MEMORY_MIB * (1 << 20)
    assert left(tmp_path / "t") == []


@pytest.mark.parametrize("value", [
    "array_repeat(s_port, 1000000000)", "size(sequence(1L, 3000000000L))", "length(repeat('x', 2000000000))",
    "sum(length(repeat('x', s_port * 10000)))", "length(concat_ws(',', array_repeat('abcdefghijkl', 100000000)))",
])  # fmt: skip
def test_values_that_are_too_large_end_the_query_and_not_the_machine(run, log, tmp_path, value):
    done = run(*args(log, f"SELECT {value} AS x FROM netlytics", "-o", tmp_path / "out"), code=1)
    assert "--memory" in done.stderr and left(tmp_path) == []


@pytest.mark.parametrize("out", ["out.csv", "folder"])
def test_an_interrupt_ends_a_function_that_does_not_notice(log, tmp_path, out):
    """One value takes it a second or more, a vector of them minutes."""
    (tmp_path / "t").mkdir()
    (tmp_path / "folder").mkdir()
    sql = "SELECT c_ip, levenshtein(repeat(path, 3000), repeat(c_ip, 3000)) AS x FROM netlytics"
    more = ["--partition_by", "c_ip", "--format", "parquet"] if out == "folder" else ["--format", "csv"]
    command = [BIN, "query", "-c", "squid:HTTP", "-i", log, "-q", sql, "-o", tmp_path / out, "--temp_dir_local", tmp_path / "t",
               "--memory", "1G", "--threads", "2", *more]  # fmt: skip
    child = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE)
    time.sleep(1.5)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)  # of minutes
    assert (child.returncode, b"interrupted" in err) == (130, True)
    assert left(tmp_path) == ["folder", "t"]


def test_a_text_too_long_is_refused(run, log):
    assert "100 MB" in run(*args(log, "SELECT lpad(host, 2000000000, 'y') FROM netlytics"), code=5).stderr


def peak_of_reading(path: Path, threads: int) -> int:
    """Bytes, when nobody takes the rows."""
    query = ["query", "-c", "squid:HTTP", "-i", path, "-q", "SELECT path FROM netlytics", "--format", "csv"]
    child = subprocess.Popen(list(map(str, [BIN, *query, "--memory", f"{MEMORY_MIB}M", "--threads", threads])),
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # fmt: skip
    peaks = [0, 1]
    while peaks[-1] != peaks[-2]:
        time.sleep(1)
        peaks.append(int(re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{child.pid}/status").read_text())[1]))
    child.kill()
    child.communicate()
    return peaks[-1] * 1024


def test_long_lines_are_not_read_far_ahead(tmp_path):
    """Rows of one stream are read for several threads, with the buffers in which they lie: of these, 24 MiB."""
    row = "1488326400.1 5 10.0.0.1 TCP_MISS/200 7 GET http://a.com/{} - HIER_DIRECT/1.2.3.4 -\n"
    path = tmp_path / "access.log.gz"
    long = gzip.compress(row.format("x" * (12 << 20)).encode(), 1)
    path.write_bytes(30 * long + gzip.compress(os.urandom(5_000_000).hex().encode(), 1))
    assert peak_of_reading(path, 4) < peak_of_reading(path, 1) + (64 << 20)


def test_one_thread_spills_many_groups(run, log):
    """The engine's table of groups needs more than it may have, too: 16 bytes for each of 5 million."""
    groups = f"SELECT req_time, c_ip, i, j, count(*) AS c FROM netlytics, {TEN}, (VALUES (0),(1),(2)) u(j) GROUP BY ALL"
    rows = int(run(*args(log, "SELECT count(*) AS n FROM netlytics")).stdout.split()[1])
    base = ["query", "-c", "squid:HTTP", "-i", log, "--format", "csv", "--memory", f"{MEMORY_MIB}M", "--threads", "1"]
    assert run(*base, "-q", f"SELECT sum(c) AS n FROM ({groups})").stdout == f"n\n{rows * 30}\n"


@pytest.mark.parametrize("sql", [ORDER_BY, GROUP_BY])
def test_temp_limit(run, log, tmp_path, sql):
    """The same statements need far more than this on disk."""
    (tmp_path / "t").mkdir()
    done = run(*args(log, sql, "--temp_dir_local", "t", "--temp_limit", "20MB", "-o", "o.csv"), code=7)
    assert "--temp_limit, 20 MB" in done.stderr and "hint:" in done.stderr and done.stdout == ""
    assert left(tmp_path) == ["t"]


def test_temp_limit_that_is_not_reached(run, log):
    run(*args(log, "SELECT host, count(*) AS n FROM netlytics GROUP BY host", "--temp_limit", "1M"))


def test_temp_limit_is_a_size(run, log):
    assert "--temp_limit" in run(*args(log, "SELECT 1", "--temp_limit", "much"), code=2).stderr


def test_temp_folder_that_is_missing(run, log, tmp_path):
    done = run(*args(log, ORDER_BY, "--temp_dir_local", tmp_path / "no"), code=7)
    assert str(tmp_path / "no") in done.stderr and "--temp_dir_local" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_temp_folder_that_is_full(run, log, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        done = run(*args(log, ORDER_BY, "--temp_dir_local", disk, "-o", "o.csv"), code=7)
        assert str(disk) in done.stderr and "room" in done.stderr
        assert left(tmp_path) == ["disk"]
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_spills_leaves_nothing(log, tmp_path, number):
    folder = tmp_path / "t"
    folder.mkdir()
    command = list(map(str, [BIN, *args(log, ORDER_BY, "--temp_dir_local", folder, "-o", tmp_path / "o.csv")]))
    child = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while child.poll() is None and not list(folder.glob("*/duckdb_temp_*")):
        time.sleep(0.01)
    assert child.poll() is None, "it ended before it spilled"
    child.send_signal(number)
    assert child.wait(20) == 130
    assert left(tmp_path) == ["t"]


def test_what_a_killed_run_left_goes_with_the_next(run, log, tmp_path):
    """Not before it is a minute old, and not while its process lives."""
    folder = tmp_path / "t"
    folder.mkdir()
    (folder / "netlytics-run-mine").symlink_to(tmp_path)
    command = list(map(str, [BIN, *args(log, ORDER_BY, "--temp_dir_local", folder)]))

    def age(path: Path) -> None:
        os.utime(path, (time.time() - 120, time.time() - 120))

    children = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
    while len({path.parent for path in folder.glob("*/duckdb_temp_*")}) < 2:
        time.sleep(0.01)
    children[0].kill()
    children[0].wait()
    children[1].send_signal(signal.SIGSTOP)
    runs = [path for path in folder.iterdir() if not path.is_symlink()]
    assert len(runs) == 2
    run(*args(log, "SELECT 1 AS a", "--temp_dir_local", folder))
    assert all(path.exists() for path in runs)
    for path in runs:
        age(path)
    run(*args(log, "SELECT 1 AS a", "--temp_dir_local", folder))
    assert sum(path.exists() for path in runs) == 1
    children[1].send_signal(signal.SIGCONT)
    assert children[1].wait(60) == 0
    assert left(folder) == ["netlytics-run-mine"]
    assert log.exists()


# ---- lines that are paired, out of order: sorted in temporary files first ----

DNS_NAMES = "c_ip c_port s_ip s_port time entry trans_id query ttl class type answer flags".split()
DNS_LINES = 100_000  # of one key, so of one share: some 13 MB of records in runs of 4


@pytest.fixture(scope="module")
def dns_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Questions under one id, two minutes apart, the last one first: a row each."""
    path = tmp_path_factory.mktemp("budget") / "log_dns_complete"
    head = "#" + " ".join(f"{name}:{i}" for i, name in enumerate(DNS_NAMES, 1))
    times = range(1_488_326_400_000 + 120_000 * DNS_LINES, 1_488_326_400_000, -120_000)
    lines = (f"10.0.0.1 1025 192.0.2.53 53 {ms} REQ 0x0001 www{ms // 120_000}.example.com. - IN A - 0x08" for ms in times)
    path.write_text("\n".join([head, *lines]) + "\n")
    return path


def dns_args(source: Path | str, *more: object) -> list[object]:
    sql = "SELECT count(*) AS n, count(DISTINCT query) AS names FROM netlytics"
    return ["query", "-c", "tstat:DNS", "-i", source, "-q", sql, "--format", "csv", "--threads", "2", *more]


def test_records_are_sorted_below_the_temporary_folder(run, dns_log, tmp_path, monkeypatch):
    (tmp_path / "t").mkdir()
    monkeypatch.setenv("TMPDIR", "/nowhere")
    done = run(*dns_args(dns_log, "--temp_dir_local", "t", "--temp_limit", "20MB"))
    assert done.stdout.split() == ["n,names", f"{DNS_LINES},{DNS_LINES}"]
    assert left(tmp_path) == ["t"]


def test_records_count_in_the_limit(run, dns_log, tmp_path):
    (tmp_path / "t").mkdir()
    done = run(*dns_args(dns_log, "--temp_dir_local", "t", "--temp_limit", "10MB", "-o", "o.csv"), code=7)
    assert "--temp_limit, 10 MB" in done.stderr and "hint:" in done.stderr and done.stdout == ""
    assert left(tmp_path) == ["t"]


def test_a_signal_while_records_are_sorted_leaves_nothing(dns_log, tmp_path):
    """A pipe is sorted whatever its order, since it cannot be read again."""
    folder = tmp_path / "t"
    folder.mkdir()
    command = list(map(str, [BIN, *dns_args("-", "--temp_dir_local", folder, "-o", tmp_path / "o.csv")]))
    child = subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdin.write(dns_log.read_bytes())
    child.stdin.flush()

    def has_spilled() -> bool:
        files = [os.readlink(link) for link in Path(f"/proc/{child.pid}/fd").iterdir() if link.is_symlink()]
        return any(name.startswith(f"{folder}/") for name in files)

    while child.poll() is None and not has_spilled():
        time.sleep(0.01)
    assert child.poll() is None, "it ended before it spilled"
    child.send_signal(signal.SIGINT)
    assert child.wait(20) == 130
    assert left(tmp_path) == ["t"]
