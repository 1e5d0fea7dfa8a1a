# SPDX-License-Identifier: GPL-3.0-or-later
"""Parquet and Arrow outputs, read by pyarrow and DuckDB; what is left when writing fails or is stopped."""

from __future__ import annotations

import datetime
import decimal
import json
import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import BIN, GENERATE

HTTP = "connectors.squid_to_HTTP.Squid_To_HTTP"
UTC = datetime.timezone.utc


def read_arrow(source) -> pa.Table:
    table = pa.ipc.open_stream(source).read_all()
    table.validate(full=True)
    return table


def read(path: Path) -> pa.Table:
    return pq.ParquetFile(path).read() if path.suffix == ".parquet" else read_arrow(path)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day of Squid, some lines odd."""
    folder = tmp_path_factory.mktemp("squid")
    subprocess.run([GENERATE, "squid", "--days", "2017_03_01", "2017_03_01", "--bytes-per-day", "3000000", "--seed", "5",
                    "--odd", "0.02", folder], check=True, capture_output=True)  # fmt: skip
    return next(folder.iterdir())


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Zeek dns.log with answers of every length, some unset."""
    path = tmp_path_factory.mktemp("zeek") / "dns.log"
    names = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto trans_id query qclass_name qtype_name rcode_name answers TTLs"
    rows = [
        "\t".join([f"{1488326400 + i}.25", f"C{i}", "10.0.0.1", "40000", "9.9.9.9", "53", "udp", str(i), f"n{i}.org", "C_INTERNET",
                   "A", "NOERROR", *(("-", "-") if i % 5 == 4 else (",".join(f"1.2.3.{k}" for k in range(i % 5)) or "(empty)",
                   ",".join(f"{k}.000000" for k in range(i % 5)) or "(empty)"))])
        for i in range(5000)
    ]  # fmt: skip
    path.write_text("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n"
                    "#fields\t" + "\t".join(names.split()) + "\n" + "\n".join(rows) + "\n")  # fmt: skip
    return path


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "arrows"])
def test_the_whole_table(run, log, suffix):
    run("query", "-c", HTTP, "-i", log, "-q", "SELECT * FROM netlytics", "-o", f"o.{suffix}", "--threads", "2")
    run("query", "-c", HTTP, "-i", log, "-q", "SELECT * FROM netlytics", "-o", "o.ndjson")
    rows = [json.loads(line) for line in (run.folder / "o.ndjson").read_text().splitlines()]
    table = read(run.folder / f"o.{suffix}")
    kinds = {"string": pa.string(), "bigint": pa.int64(), "double": pa.float64()}
    (schema,) = [t for t in json.loads(run("schema", "--format", "json").stdout) if t["name"] == "HTTP"]
    assert table.schema.names == [column["name"] for column in schema["columns"]]
    assert table.schema.types == [kinds[column["type"]] for column in schema["columns"]]
    key = lambda row: json.dumps(row, sort_keys=True)  # noqa: E731
    assert len(rows) > 10000 and sorted(map(key, table.to_pylist())) == sorted(map(key, rows))


@pytest.mark.parametrize("name", ["o.parquet", "o.arrow"])
def test_lists(run, answers, name):
    run("query", "-c", "zeek:dns", "-i", answers, "-q", "SELECT * FROM netlytics ORDER BY req_time", "-o", name)
    rows = read(run.folder / name).to_pylist()
    assert len(rows) == 5000
    for i, row in enumerate(rows):
        n = 0 if i % 5 == 4 else i % 5
        assert row["answers"] == [f"1.2.3.{k}" for k in range(n)], i
        assert row["answer_ttls"] == list(range(n)) and row["answer_types"] == ["A"] * n
        assert row["req_time"] == 1488326400.25 + i


TYPES = {
    "TRUE": (pa.bool_(), True),
    "CAST(NULL AS BOOLEAN)": (pa.bool_(), None),
    "CAST(-7 AS SMALLINT)": (pa.int64(), -7),
    "9223372036854775807": (pa.int64(), 2**63 - 1),
    "CAST(9 AS DECIMAL(38, 0))": (pa.decimal128(38, 0), decimal.Decimal(9)),
    "CAST(-1.25 AS DECIMAL(10, 2))": (pa.decimal128(38, 2), decimal.Decimal("-1.25")),
    "CAST(0.1 AS DOUBLE)": (pa.float64(), 0.1),
    "CAST('1969-12-31' AS DATE)": (pa.date32(), datetime.date(1969, 12, 31)),
    "CAST('2017-03-01 01:02:03.000004' AS TIMESTAMP)": (
        pa.timestamp("us", "UTC"), datetime.datetime(2017, 3, 1, 1, 2, 3, 4, UTC)),  # fmt: skip
    "'a''b'": (pa.string(), "a'b"),
    "CAST(NULL AS VARCHAR)": (pa.string(), None),
    "''": (pa.string(), ""),
    "'ünï'": (pa.string(), "ünï"),
}


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_types(run, log, zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    sql = "SELECT " + ", ".join(f"{text} AS c{i}" for i, text in enumerate(TYPES)) + " FROM netlytics LIMIT 1"
    for name in "o.parquet", "o.arrow":
        run("query", "-c", HTTP, "-i", log, "--dialect", "duckdb", "-q", sql, "-o", name)
        table = read(run.folder / name)
        for i, (text, (kind, value)) in enumerate(TYPES.items()):
            assert table.schema.field(i).type == kind and table.column(i).to_pylist() == [value], text


@pytest.mark.parametrize("name", ["o.parquet", "o.arrow", "o.csv"])
def test_an_integer_that_is_too_large(run, log, name):
    sql = "SELECT SUM(CAST(9223372036854775807 AS BIGINT)) AS n FROM netlytics"
    done = run("query", "-c", HTTP, "-i", log, "-q", sql, "-o", name, code=5)
    assert "needs more than 64 bits" in done.stderr
    assert list(run.folder.iterdir()) == []


@pytest.mark.parametrize("name", ["o.parquet", "o.arrow"])
def test_order_and_no_rows(run, log, name):
    sql = "SELECT resp_time, path FROM netlytics ORDER BY resp_time DESC, path"
    run("query", "-c", HTTP, "-i", log, "-q", sql, "-o", name, "--threads", "2")
    rows = [tuple(row.values()) for row in read(run.folder / name).to_pylist()]
    assert rows == sorted(rows, key=lambda row: (-row[0], row[1] is not None, (row[1] or "").encode()))
    run("query", "-c", HTTP, "-i", log, "-q", "SELECT path, status_code FROM netlytics WHERE path = '?'", "-o", name)
    table = read(run.folder / name)
    assert table.num_rows == 0 and table.schema.types == [pa.string(), pa.int64()]


def test_standard_output(run, log):
    args = [str(BIN), "query", "-c", HTTP, "-i", str(log), "-q", "SELECT host, status_code FROM netlytics ORDER BY 1, 2"]
    arrow = subprocess.run([*args, "--format", "arrow"], capture_output=True, check=True).stdout
    parquet = subprocess.run([*args, "--format", "parquet"], capture_output=True, check=True).stdout
    assert read_arrow(arrow).equals(pq.ParquetFile(pa.BufferReader(parquet)).read())


def test_duckdb_reads_it(run, log):
    run("query", "-c", HTTP, "-i", log, "-q", "SELECT * FROM netlytics", "-o", "o.parquet")
    n, total, codec = duckdb.sql(
        f"SELECT (SELECT count(*) FROM '{run.folder}/o.parquet'), (SELECT sum(response_body_len) FROM '{run.folder}/o.parquet'), "
        f"(SELECT string_agg(DISTINCT compression) FROM parquet_metadata('{run.folder}/o.parquet'))").fetchone()  # fmt: skip
    sql = "SELECT COUNT(*) AS n, SUM(response_body_len) AS total FROM netlytics"
    (row,) = json.loads(run("query", "-c", HTTP, "-i", log, "-q", sql, "--format", "json").stdout)
    assert (n, total) == (row["n"], row["total"]) and codec == "ZSTD"


def test_a_query_does_not_reach_the_output(run, log):
    """Neither the file that is being written nor any other, whatever it is called."""
    (run.folder / "other.parquet").write_bytes(b"")
    for place in "o.parquet", "other.parquet":
        for source in f"read_parquet('{run.folder}/{place}')", f"'{run.folder}/{place}'", f'"{run.folder}/{place}"', "glob('*')":
            sql = f"SELECT * FROM netlytics, {source}"
            run("query", "-c", HTTP, "-i", log, "-q", sql, "-o", "o.parquet", code=5)
    sql = f"COPY (SELECT * FROM netlytics) TO '{run.folder}/x.parquet'"
    run("query", "-c", HTTP, "-i", log, "-q", sql, "-o", "o.parquet", code=5)
    assert [path.name for path in run.folder.iterdir()] == ["other.parquet"]


# ---- what is there already ----

ONE = "SELECT 1 AS x FROM netlytics LIMIT 1"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_link_stays_and_its_file_is_written(run, log, suffix):
    (run.folder / "far").mkdir()
    (run.folder / "far" / "real").write_text("old")
    link = run.folder / f"link{suffix}"
    link.symlink_to("far/real")
    run("query", "-c", HTTP, "-i", log, "-q", ONE, "-o", link.name)
    assert link.is_symlink() and b"old" not in (run.folder / "far" / "real").read_bytes()
    assert sorted(os.listdir(run.folder)) == ["far", link.name] and os.listdir(run.folder / "far") == ["real"]


@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_a_file_that_is_standard_output(run, log, path):
    """It is written where the caller has come to in it, and /dev/stdout itself is not replaced."""
    with (run.folder / "out").open("w") as out:
        out.write("before\n")
        out.flush()
        args = [str(BIN), "query", "-c", HTTP, "-i", str(log), "-q", ONE, "--format", "csv", "-o", path]
        subprocess.run(args, stdout=out, check=True, timeout=60)
        out.write("after\n")
    assert (run.folder / "out").read_text() == "before\nx\n1\nafter\n"
    assert Path("/dev/stdout").is_symlink()


@pytest.mark.parametrize("report", ["o.csv", "./o.csv"])
def test_one_file_for_two_things(run, log, report):
    (run.folder / "o.csv").write_text("old")
    done = run("query", "-c", HTTP, "-i", log, "-q", ONE, "-o", "o.csv", "--report_json", report, code=2)
    assert "--report_json" in done.stderr and (run.folder / "o.csv").read_text() == "old"


def test_closed_streams_get_nothing(run, log):
    """What the run opens does not take their place."""
    command = f"{BIN} query -c {HTTP} -i {log} -q '{ONE}' -o o.csv <&- >&- 2>&-"
    assert subprocess.run(["bash", "-c", command], cwd=run.folder, timeout=60).returncode == 0
    assert (run.folder / "o.csv").read_text() == "x\n1\n"
    command = f"{BIN} query -c {HTTP} -i {log} -q '{ONE}' >&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=60)
    assert done.returncode == 7 and b"standard output" in done.stderr


# ---- failure and interruption ----

MANY = "SELECT a.host, b.path FROM netlytics a, netlytics b"  # 10^8 rows and more


@pytest.mark.parametrize("form", ["parquet", "arrow", "csv"])
def test_a_full_disk_leaves_nothing(run, log, form, tmp_path):
    """A limit on the size of files stands for the disk."""
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # noqa: E731
    args = [str(BIN), "query", "-c", HTTP, "-i", str(log), "-q", "SELECT * FROM netlytics", "-o", f"o.{form}"]
    done = subprocess.run(args, cwd=run.folder, capture_output=True, preexec_fn=limit, timeout=60)
    assert done.returncode == 7, done.stderr
    assert f"o.{form}: cannot be written" in done.stderr.decode()
    assert list(run.folder.iterdir()) == []
    done = run("query", "-c", HTTP, "-i", log, "-q", "SELECT * FROM netlytics", "--format", form, "-o", "/dev/full", code=7)
    assert "/dev/full" in done.stderr


@pytest.mark.parametrize("form", ["csv", "ndjson", "table", "arrow"])
def test_a_long_answer_streams(run, log, form, tmp_path):
    """The first rows of many come at once; who stops reading ends the run quietly."""
    args = [str(BIN), "query", "-c", HTTP, "-i", str(log), "-q", MANY, "--format", form, "--quiet"]
    with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert len(process.stdout.read(100_000)) == 100_000
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0


@pytest.mark.parametrize("form", ["parquet", "arrow", "csv"])
def test_an_interrupt_leaves_nothing(run, log, form, tmp_path):
    temp = tmp_path / "temp"
    temp.mkdir()
    args = [str(BIN), "query", "-c", HTTP, "-i", str(log), "-q", MANY, "-o", f"o.{form}", "--temp_dir_local", str(temp)]
    with subprocess.Popen(args, cwd=run.folder, stderr=subprocess.PIPE) as process:
        while not any(path.stat().st_size > 0 for path in run.folder.glob(".o.*")):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert os.listdir(run.folder) == ["temp"] and list(temp.iterdir()) == []


def test_binary_is_not_for_a_terminal(run, log):
    import pty

    for form in "parquet", "arrow":
        main, other = pty.openpty()
        args = [str(BIN), "query", "-c", HTTP, "-i", str(log), "-q", "SELECT 1 AS x FROM netlytics", "--format", form]
        done = subprocess.run(args, stdout=other, stderr=subprocess.PIPE, timeout=60)
        os.close(main), os.close(other)
        assert done.returncode == 2 and b"not for a terminal" in done.stderr
