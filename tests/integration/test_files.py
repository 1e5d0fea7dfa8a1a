# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables in csv, ndjson and Parquet files; and that a query reaches no other file."""

from __future__ import annotations

import bz2
import csv
import gzip
import json
import lzma
import os
import random
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

TEXT = "name,n,x\nfoo,1,0.5\nbar,2,\nfoo,3,1e3\n"
ROWS = [("foo", 1, 0.5), ("bar", 2, None), ("foo", 3, 1000.0)]


@pytest.fixture
def ask(run):
    """query; the answer as csv on standard output."""

    def call(sql: str, *args: object, code: int | None = 0, stdin: bytes | None = None):
        return run("query", "--format", "csv", "-q", sql, *args, code=code, stdin=stdin)

    return call


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(TEXT)
    return path


SUMS = "SELECT name, sum(n) AS n, sum(x) AS x FROM netlytics GROUP BY name ORDER BY name"
SUMS_ANSWER = "name,n,x\nbar,2,\nfoo,4,1000.5\n"


# ---- csv ----


def test_csv(ask, table):
    assert ask(SUMS, "-c", "csv", "-i", table).stdout == SUMS_ANSWER
    done = ask("SELECT * FROM netlytics", "-c", "CSV", "-i", "t.csv")
    assert done.stdout == "name,n,x\nfoo,1,0.5\nbar,2,\nfoo,3,1000.0\n"  # rows in the order of the file
    assert "1 file, " in done.stderr and "0 rejected" in done.stderr


@pytest.mark.parametrize("pack", [None, "gz", "zst", "bz2", "xz"])
@pytest.mark.parametrize("is_named", [True, False])
def test_packed(ask, tmp_path, pack, is_named):
    """Told by the content, whatever the name says."""
    raw = TEXT.encode()
    packed = {None: lambda: raw, "gz": lambda: gzip.compress(raw[:20]) + gzip.compress(raw[20:]),
              "bz2": lambda: bz2.compress(raw), "xz": lambda: lzma.compress(raw),
              "zst": lambda: subprocess.run(["zstd", "-qc"], input=raw, capture_output=True, check=True).stdout}  # fmt: skip
    path = tmp_path / ("t.csv" + (f".{pack}" if is_named and pack else "" if is_named else ".gz" if pack != "gz" else ""))
    path.write_bytes(packed[pack]())
    assert ask(SUMS, "-c", "csv", "-i", path).stdout == SUMS_ANSWER


def test_standard_input(ask, tmp_path):
    for raw in (TEXT.encode(), gzip.compress(TEXT.encode())):
        assert ask(SUMS, "-c", "csv", "-i", "-", stdin=raw).stdout == SUMS_ANSWER
    lines = b'{"name":"foo","n":1,"x":0.5}\n{"name":"bar","n":2}\n{"n":3,"name":"foo","x":1000}\n'
    assert ask(SUMS, "-c", "ndjson", "-i", "-", stdin=lines).stdout == SUMS_ANSWER
    assert "standard input is empty" in ask(SUMS, "-c", "csv", "-i", "-", stdin=b"", code=6).stderr
    assert "files only" in ask(SUMS, "-c", "parquet", "-i", "-", stdin=b"PAR1", code=2).stderr
    assert not list(tmp_path.glob("netlytics-*"))


def test_a_pipe(run, tmp_path, table):
    os.mkfifo(tmp_path / "pipe")
    writer = subprocess.Popen(["cp", str(table), str(tmp_path / "pipe")])
    done = run("query", "--format", "csv", "-q", SUMS, "-c", "csv", "-i", "pipe")
    assert writer.wait() == 0 and done.stdout == SUMS_ANSWER


def test_several_files(ask, tmp_path):
    """A glob, a folder, days in the names of folders."""
    for day in (1, 2, 3):
        folder = tmp_path / "days" / f"day=2017-03-0{day}"
        folder.mkdir(parents=True)
        (folder / "part.csv").write_text(f"d,n\nx,{day}\n")
    sql = "SELECT sum(n) AS n, count(*) AS rows FROM netlytics"
    assert ask(sql, "-c", "csv", "-i", "days/*/part.csv").stdout == "n,rows\n6,3\n"
    assert ask(sql, "-c", "csv", "-i", "days").stdout == "n,rows\n6,3\n"
    assert ask(sql, "-c", "csv", "-i", "days", "-s", "2017_03_02").stdout == "n,rows\n5,2\n"
    done = ask(sql, "-c", "csv", "-i", "days", "-s", "2017_03_02", "-e", "2017_03_04")
    assert done.stdout == "n,rows\n5,2\n" and "no file for 2017-03-04" in done.stderr
    ask(sql, "-c", "csv", "-i", "days", "-s", "2017_03_02", "-e", "2017_03_04", "--strict_days", code=3)
    assert "looked for" in ask(sql, "-c", "csv", "-i", "days", "-s", "2018_01_01", code=3).stderr
    assert ask("SELECT * FROM netlytics", "-c", "csv", "-i", "days").stdout == "d,n\nx,1\nx,2\nx,3\n"  # no column "day"


def test_files_of_other_columns(ask, tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "b.csv").write_text("b,a\n5,6\n")
    (tmp_path / "c.csv").write_text("a,c\n1,2\n")
    assert ask("SELECT sum(a) AS a, sum(b) AS b FROM netlytics", "-c", "csv", "-i", "[ab].csv").stdout == "a,b\n7,7\n"
    done = ask("SELECT 1 FROM netlytics", "-c", "csv", "-i", "[ac].csv", code=6)
    assert "c.csv" in done.stderr and '"b"' in done.stderr and "union_by_name" not in done.stderr


def test_columns_of_csv(ask, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,when,note,my col\n007,2017-03-01,3,1.5\n008,2017-03-02,x,2.5\n")
    show = "SELECT typeof(id) AS a, typeof(\"when\") AS b, typeof(note) AS c, typeof(\"my col\") AS d FROM netlytics LIMIT 1"
    args = ("-c", "csv", "-i", path, "--dialect", "duckdb")
    assert ask(show, *args).stdout == "a,b,c,d\nVARCHAR,DATE,VARCHAR,DOUBLE\n"
    given = "id INT, \"my col\" DECIMAL(10, 2), WHEN varchar"
    assert ask(show, *args, "--columns", given).stdout == 'a,b,c,d\nINTEGER,VARCHAR,VARCHAR,"DECIMAL(10,2)"\n'
    assert ask("SELECT id FROM netlytics", *args, "--columns", "id INT").stdout == "id\n7\n8\n"
    for text, said in (("idd INT", 'did you mean "id"'), ("id NOTYPE", '"NOTYPE" is no type'), ("id", "a type is missing"),
                       ("id INT; b INT", "no type goes on like this"), ("id 'x'", "a type is missing"),
                       ("id INT, ID INT", "given twice"), ("id INT) FROM (SELECT 1", "no type goes on like this"),
                       ("id DECIMAL(99, 1)", "is no type")):  # fmt: skip
        done = ask("SELECT 1 AS x", *args, "--columns", text, code=2)
        assert said in done.stderr and "--columns: " in done.stderr
    done = ask("SELECT 1", "-c", "squid:http", "-i", path, "--columns", "a INT", code=2)
    assert "--columns" in done.stderr


def test_texts_of_csv(ask, tmp_path):
    """Quotes, newlines, empty and missing texts, CR, BOM; what we write is read back."""
    path = tmp_path / "t.csv"
    path.write_bytes(b'\xef\xbb\xbfa,b\r\n1,"x\ny"\r\n2,"say ""hi"", ok"\r\n3,\r\n4,""\r\n')
    done = ask("SELECT a, b, b IS NULL AS n FROM netlytics ORDER BY a", "-c", "csv", "-i", path)
    assert done.stdout == 'a,b,n\n1,"x\ny",false\n2,"say ""hi"", ok",false\n3,,true\n4,"",false\n'
    (tmp_path / "u.csv").write_text(done.stdout)
    again = ask("SELECT a, b, b IS NULL AS n FROM netlytics ORDER BY a", "-c", "csv", "-i", "u.csv")
    assert again.stdout == done.stdout


@pytest.mark.parametrize("threads", [1, 4])
def test_lines_that_are_no_rows(ask, tmp_path, threads):
    """Counted by reason, whatever columns are asked for and however often the table is read."""
    lines = ["a,b,c"] + [f"{i},{i % 7},x{i}" for i in range(60000)]
    lines[30001] = "30000,oops,x"
    lines[45001] = "45000,5"
    lines[50001] = "50000,5,x,y"
    raw = "\n".join(lines).encode() + b"\n60000,1,caf\xe9\n"
    (tmp_path / "t.csv").write_bytes(raw)
    for sql in ("SELECT count(*) AS n FROM netlytics", "SELECT count(c) AS n FROM netlytics",
                "SELECT count(*) AS n FROM netlytics x JOIN netlytics y ON x.a = y.a"):  # fmt: skip
        done = ask(sql, "-c", "csv", "-i", "t.csv", "--report_json", "r.json", "--threads", threads)
        assert done.stdout == "n\n59997\n" and "59997 rows, 4 rejected" in done.stderr
        report = json.loads((tmp_path / "r.json").read_text())
        assert (report["rows"], report["used"], report["skipped"], report["lines"]) == (59997, 59997, 4, 60001)
        assert report["by_reason"] == {"bad_number": 1, "too_few_fields": 1, "other": 2}
        assert [e["line"] for e in report["examples"]] == [30002, 45002, 50002, 60002]
        assert report["examples"][0]["text"] == "30000,oops,x" and report["examples"][0]["file"] == "t.csv"
        assert report["examples"][0]["offset"] == raw.index(b"30000,oops")


def test_mostly_no_rows(ask, tmp_path):
    (tmp_path / "good.csv").write_text("a,b\n" + "1,2\n" * 100000)
    (tmp_path / "hopeless.csv").write_text("a,b\n" + "1,2\n" * 30000 + "x,y,z\n" * 60000)
    sql = "SELECT count(*) AS n FROM netlytics"
    done = ask(sql, "-c", "csv", "-i", "*.csv", "-o", "o.csv", code=6)
    assert "hopeless.csv: 60000 of 90000 lines rejected" in done.stderr and not (tmp_path / "o.csv").exists()
    assert ask(sql, "-c", "csv", "-i", "*.csv", "--max_bad_fraction", "0.7").stdout == "n\n130000\n"
    # fewer than 100 lines tell nothing
    (tmp_path / "few.csv").write_text("a,b\n" + "1,2\n" * 10 + "x\n" * 50)
    assert ask(sql, "-c", "csv", "-i", "few.csv").stdout == "n\n10\n"


@pytest.mark.parametrize(("raw", "code"), [(b"", 6), (bytes(range(256)) * 40, 6), (b"a,b\n", 0), (b"\0" * 1000, 6),
                                           (gzip.compress(TEXT.encode())[:-12], 6)])  # fmt: skip
def test_no_csv(ask, tmp_path, raw, code):
    name = "t.csv.gz" if raw[:2] == b"\x1f\x8b" else "t.csv"
    (tmp_path / name).write_bytes(raw)
    done = ask("SELECT count(*) AS n FROM netlytics", "-c", "csv", "-i", name, code=code)
    assert done.stdout == ("n\n0\n" if code == 0 else "")
    assert code == 0 or name in done.stderr
    for word in ("sample_size", "ignore_errors", "LINE 1", "read_csv", str(tmp_path), "null_padding"):
        assert word not in done.stderr


# ---- ndjson ----


def test_ndjson(ask, tmp_path):
    (tmp_path / "t.ndjson").write_text('{"a":1,"b":"x"}\n{"a":2.5,"c":[1,2]}\n{"b":null}\n')
    assert ask("SELECT * FROM netlytics", "-c", "ndjson", "-i", "t.ndjson").stdout == 'a,b,c\n1.0,x,\n2.5,,"[1,2]"\n,,\n'
    done = ask("SELECT b, d FROM netlytics", "-c", "ndjson", "-i", "t.ndjson", "--columns", "d BIGINT")
    assert done.stdout == "b,d\nx,\n,\n,\n" and '"d" is in none of the lines' in done.stderr
    (tmp_path / "u.jsonl.gz").write_bytes(gzip.compress(b'{"a":1}\n' * 5))
    done = ask("SELECT sum(a) AS a FROM netlytics", "-c", "ndjson", "-i", "u.jsonl.gz", "--report_json", "r.json")
    assert done.stdout == "a\n5\n"
    assert json.loads((tmp_path / "r.json").read_text())["rows"] == 5


def test_integers_of_both_signs_in_ndjson(ask, tmp_path):
    """DuckDB infers HUGEINT of them; the table has BIGINT as long as the first lines fit."""
    (tmp_path / "t.ndjson").write_text(
        '{"a":1,"l":[1,-1],"s":{"HUGEINT":-1,"HUGEINT[]":2},"big":-1}\n'
        '{"a":-9007199254740993,"l":[],"s":{"HUGEINT":1,"HUGEINT[]":-2},"big":9223372036854775808}\n')  # fmt: skip
    args = ("-c", "ndjson", "-i", "t.ndjson")
    done = ask("SELECT sum(a) AS a, typeof(first(a)) AS b, typeof(first(l)) AS c, typeof(first(s)) AS d FROM netlytics", *args)
    assert done.stdout == 'a,b,c,d\n-9007199254740992,bigint,array<bigint>,"struct<HUGEINT:bigint,HUGEINT[]:bigint>"\n'
    assert ask("SELECT big FROM netlytics", *args).stdout == "big\n-1.0\n9.223372036854776e+18\n"
    lines = '{"a":1}\n{"a":-1}\n' * 15000 + '{"a":9223372036854775808}\n'  # behind the lines that are looked at
    (tmp_path / "t.ndjson").write_text(lines)
    assert "--columns" in ask("SELECT sum(a) FROM netlytics", *args, code=6).stderr


@pytest.mark.parametrize(("raw", "sql"), [
    (b"", "SELECT 1"), (b"hello\n", "SELECT * FROM netlytics"), (b'{"a":1}\n{"a":2\n', "SELECT count(*) FROM netlytics"),
    (b'1\n"x"\n[1]\n', "SELECT 1"), (b'{"a":1}\n' * 30000 + b'{"a":"x"}\n', "SELECT sum(a) FROM netlytics"),
    (b'{"a":"caf\xe9"}\n', "SELECT * FROM netlytics"), (b"[" * 100000, "SELECT 1 FROM netlytics"),
], ids=["empty", "text", "cut", "values", "late", "bytes", "deep"])  # fmt: skip
def test_no_ndjson(ask, tmp_path, raw, sql):
    (tmp_path / "t.ndjson").write_bytes(raw)
    done = ask(sql, "-c", "ndjson", "-i", "t.ndjson", code=6)
    assert "t.ndjson" in done.stderr
    for word in ("sample_size", "ignore_errors", "LINE 1", "read_ndjson", str(tmp_path)):
        assert word not in done.stderr


# ---- parquet ----


def test_parquet(ask, tmp_path):
    table = pa.table({"name": ["foo", "bar", "foo"], "n": pa.array([1, 2, 3], pa.int32()), "x": [0.5, None, 1000.0],
                      "at": pa.array([0, 1, 2], pa.timestamp("us")), "l": [["a"], [], None]})  # fmt: skip
    pq.write_table(table, tmp_path / "t.parquet")
    done = ask(SUMS, "-c", "parquet", "-i", "t.parquet", "--report_json", "r.json")
    assert done.stdout == SUMS_ANSWER and "3 rows" in done.stderr
    report = json.loads((tmp_path / "r.json").read_text())
    assert (report["rows"], report["lines"], report["skipped"], report["files"]) == (3, 3, 0, 1)
    assert ask("SELECT * FROM netlytics", "-c", "parquet", "-i", "t.parquet").stdout == (
        'name,n,x,at,l\nfoo,1,0.5,1970-01-01 00:00:00,"[""a""]"\nbar,2,,1970-01-01 00:00:00.000001,[]\n'
        "foo,3,1000.0,1970-01-01 00:00:00.000002,\n")  # fmt: skip
    assert "--columns" in ask("SELECT 1", "-c", "parquet", "-i", "t.parquet", "--columns", "n INT", code=2).stderr


def test_types_that_spark_lacks_in_parquet(ask, tmp_path):
    """No column gets lost: they are what Spark makes of them, or text."""
    when = [1488326400_000_000, None]
    columns = {
        "u8": pa.array([255, None], pa.uint8()),
        "u32": pa.array([4_294_967_295, None], pa.uint32()),
        "u64": pa.array([18_446_744_073_709_551_615, None], pa.uint64()),
        "utc": pa.array(when, pa.timestamp("us", "UTC")),
        "rome": pa.array(when, pa.timestamp("us", "Europe/Rome")),  # an instant, too
        "nano": pa.array([t and t * 1000 for t in when], pa.timestamp("ns")),
        "clock": pa.array([3_723_000_000, None], pa.time64("us")),
        'a "word"': pa.array(["x", None]).dictionary_encode(),
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet", version="2.6")
    day = "2017-03-01 00:00:00"
    expected = f"255,4294967295,18446744073709551615,{day},{day},{day},01:02:03,x"
    args = ("-c", "parquet", "-i", "t.parquet")
    assert ask("SELECT * FROM netlytics", *args).stdout.splitlines()[1:] == [expected, "," * 7]
    done = ask("SELECT u8 + 1 AS a, u64 - 1 AS b, year(utc) AS c FROM netlytics LIMIT 1", *args)
    assert done.stdout == "a,b,c\n256,18446744073709551614,2017\n"


def test_types_that_spark_lacks_within_others(ask, tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    item = pa.struct([("TIME", pa.uint8()), ('a, "b" UBIGINT[]', pa.list_(pa.time64("us")))])
    columns = {
        "l": pa.array([[255, None], None], pa.list_(pa.uint8())),
        "at": pa.array([[1488326400_000_000], []], pa.list_(pa.timestamp("us", "UTC"))),
        "s": pa.array([{"TIME": 200, 'a, "b" UBIGINT[]': [3_723_000_000]}, None], item),
        "m": pa.array([[("k", 7)], None], pa.map_(pa.string(), pa.uint32())),
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet", version="2.6")
    sql = "SELECT l, at, s, typeof(l) AS a, typeof(at) AS b, m['k'] + 1 AS c FROM netlytics LIMIT 1"
    row = next(csv.DictReader(ask(sql, "-c", "parquet", "-i", "t.parquet").stdout.splitlines()))
    assert (row["l"], row["at"], row["c"]) == ("[255,null]", '["2017-03-01 00:00:00"]', "8")
    assert (row["a"], row["b"]) == ("array<smallint>", "array<timestamp>")
    assert json.loads(row["s"]) == {"TIME": 200, 'a, "b" UBIGINT[]': ["01:02:03"]}


def test_types_that_spark_lacks_in_text(ask, tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")  # an instant does not depend on it
    (tmp_path / "t.csv").write_text("a,clock,at\n1,12:00:01,2024-01-01 00:00:00+01\n")
    (tmp_path / "t.ndjson").write_text('{"a": 1, "clock": "12:00:01", "big": 9223372036854775808}\n')
    for kind, names, values in (
        ("csv", "a,clock,at", "1,12:00:01,2023-12-31 23:00:00"),
        ("ndjson", "a,clock,big", "1,12:00:01,9.223372036854776e+18"),
    ):
        done = ask("SELECT * FROM netlytics", "-c", kind, "-i", f"t.{kind}")
        assert done.stdout == f"{names}\n{values}\n"


def test_no_parquet(ask, tmp_path):
    pq.write_table(pa.table({"a": list(range(10000)), "b": ["x" * 50] * 10000}), tmp_path / "good.parquet")
    good = (tmp_path / "good.parquet").read_bytes()
    for raw in (b"", b"PAR1", b"no parquet at all, but text", good[: len(good) // 2], good[:-8],
                good[:-40] + b"\xff" * 32 + good[-8:], bytes(1000)):  # fmt: skip
        (tmp_path / "t.parquet").write_bytes(raw)
        done = ask("SELECT count(b), sum(a) FROM netlytics", "-c", "parquet", "-i", "t.parquet", code=6)
        assert "t.parquet" in done.stderr and "LINE 1" not in done.stderr
    assert ask("SELECT 1", "-c", "parquet", "-i", "none.parquet", code=3).stdout == ""
    # files of other columns
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    done = ask("SELECT * FROM netlytics", "-c", "parquet", "-i", "*[rd].parquet", code=6)
    assert "other.parquet" in done.stderr and '"b"' in done.stderr


FLOWS = ["c_bytes", "c_ip", "c_pkt", "c_port", "name", "s_bytes", "s_ip", "s_pkt", "s_port", "time_end", "time_start"]


def flows(n: int, day: int) -> dict:
    start = 1488326400 + day * 86400
    columns = {name: pa.array([i for i in range(n)], pa.int64()) for name in FLOWS}
    columns |= {name: pa.array([f"{name}-{i % 3}" for i in range(n)]) for name in ("c_ip", "s_ip", "name")}
    columns |= {name: pa.array([float(start + i) for i in range(n)]) for name in ("time_end", "time_start")}
    return columns


def test_converted_flows(ask, run, tmp_path):
    """A folder with days, as of a conversion: a Data Table again."""
    for day in (0, 1, 2):
        folder = tmp_path / "flows" / f"day=2017-03-0{day + 1}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table(flows(10, day)), folder / "part-0.parquet")
    (tmp_path / "flows" / "day=2017-03-03" / "part-0.parquet").write_bytes(b"never opened")
    args = ("-c", "parquet:NamedFlows", "-i", "flows", "-s", "2017_03_01", "-e", "2017_03_02")
    assert ask("SELECT count(*) AS n FROM netlytics", *args).stdout == "n\n20\n"
    head = ask("SELECT * FROM netlytics LIMIT 1", "-c", "parquet:flows", "-i", "flows", "-e", "2017_03_01").stdout
    assert head.split("\n")[0] == ",".join(FLOWS)
    done = run("job", *args, "--algo", "domain_traffic", "-o", "out")
    assert "20 rows" in done.stderr
    # each of three names has the numbers of its rows, twice for each day
    total = {k: sum(2 * i * 2 for i in range(10) if i % 3 == k) for k in range(3)}
    expected = sorted(total.items(), key=lambda item: (-item[1], item[0]))
    assert (tmp_path / "out" / "report.csv").read_text() == "domain,bytes\n" + "".join(f"name-{k},{v}\n" for k, v in expected)
    assert json.loads((tmp_path / "out" / "report.json").read_text())["table"] == "NamedFlows"
    # rows of these days only
    done = ask("SELECT count(*) AS n, min(time_start) AS t FROM netlytics", "-c", "parquet:flows", "-i",
               "flows/day=2017-03-0[12]/part-0.parquet", "-s", "2017_03_02", "-e", "2017_03_02", "--filter_rows")  # fmt: skip
    assert done.stdout == "n,t\n10,1488412800.0\n"
    # and the whole beside another table
    done = ask("SELECT count(*) AS n FROM f, netlytics", *args, "--table", "f=parquet:flows:flows/day=2017-03-01")
    assert done.stdout == "n\n200\n"


def test_convert_once(run, ask, tmp_path):
    """What --partition_by wrote, read back: all rows, also one without a time."""
    (tmp_path / "bind.log").write_text(
        "01-Mar-2017 10:00:00.000 client 10.0.0.1#5 (a.com): query: a.com IN A + (192.0.2.53)\n"
        "02-Mar-2017 10:00:00.000 client 10.0.0.1#5 (b.com): query: b.com IN A + (192.0.2.53)\n"
        "client 10.0.0.1#5 (c.com): query: c.com IN A + (192.0.2.53)\n")  # fmt: skip
    args = ("-c", "bind:DNS", "-i", "bind.log")
    expected = ask("SELECT * FROM netlytics ORDER BY query", *args).stdout
    run("query", *args, "-q", "SELECT * FROM netlytics", "--partition_by", "day", "--format", "parquet", "-o", "dns")
    assert ask("SELECT * FROM netlytics ORDER BY query", "-c", "parquet:DNS", "-i", "dns").stdout == expected
    done = ask("SELECT query FROM netlytics ORDER BY query", "-c", "parquet:DNS", "-i", "dns", "-s", "2017_03_02")
    assert done.stdout == "query\nb.com\nc.com\n"


@pytest.mark.parametrize(("change", "said"), [
    ({"name": None}, '"name" is missing'), ({"s_bytes": pa.array(["x"] * 10)}, '"s_bytes" has the type VARCHAR, not BIGINT'),
    ({"extra": pa.array([1] * 10)}, '"extra" is none of the table'),
    ({"c_pkt": pa.array([1] * 10, pa.int32())}, '"c_pkt" has the type INTEGER, not BIGINT'),
])  # fmt: skip
def test_other_columns_than_the_table(ask, tmp_path, change, said):
    """Also in one file of several."""
    columns = {k: v for k, v in (flows(10, 0) | change).items() if v is not None}
    pq.write_table(pa.table(flows(10, 0)), tmp_path / "a.parquet")
    pq.write_table(pa.table(columns), tmp_path / "b.parquet")
    done = ask("SELECT 1 FROM netlytics", "-c", "parquet:NamedFlows", "-i", tmp_path, code=6)
    assert said in done.stderr and "b.parquet" in done.stderr


def test_unknown_kinds(ask, table):
    for name in ("parquet:", "parquet:DNX", "csv:DNS", "ndjson:HTTP", "cvs", "parket"):
        assert "unknown connector" in ask("SELECT 1", "-c", name, "-i", table, code=2).stderr
    assert "did you mean csv" in ask("SELECT 1", "-c", "cvs", "-i", table, code=2).stderr


# ---- beside other tables, as input of algorithms ----


def test_beside_logs(ask, tmp_path, table):
    (tmp_path / "access.log").write_text("1.5 1 10.0.0.1 TCP_MISS/200 15 GET http://foo/x - HIER_DIRECT/192.0.2.1 -\n")
    done = ask("SELECT h.host, sum(t.n) AS n FROM h JOIN t ON h.host = t.name GROUP BY h.host", "--table", "h=squid:http:access.log",
               "--table", "t=csv:t.csv", "--report_json", "r.json")  # fmt: skip
    assert done.stdout == "host,n\nfoo,4\n"
    reports = {d["name"]: d for d in json.loads((tmp_path / "r.json").read_text())["datasets"]}
    assert (reports["h"]["rows"], reports["t"]["rows"], reports["t"]["connector"]) == (1, 3, "csv")
    # types of --columns are those of the main table
    done = ask("SELECT netlytics.n, t.n AS m FROM netlytics JOIN t USING (name) WHERE t.n = 2", "-c", "csv", "-i", "t.csv",
               "--columns", "n VARCHAR", "--table", "t=csv:t.csv", "--format", "ndjson" if False else "csv", code=2)  # fmt: skip
    assert "more than once" in done.stderr


def test_save_dataframe(run, tmp_path):
    """The rows of the files in their order, with any number of threads."""
    rng = random.Random(1)
    parts = []
    for i in range(3):
        rows = [f"{rng.randrange(10**9)},t{rng.randrange(10**6)},{rng.random()!r}" for _ in range(40000)]
        (tmp_path / f"p{i}.csv").write_text("k,t,x\n" + "\n".join(rows) + "\n")
        parts += rows
    for threads in (1, 2, 4):
        run("job", "-c", "csv", "-i", "p*.csv", "--algo", "save_dataframe", "-o", "df", "--overwrite", "--threads", threads)
        assert (tmp_path / "df" / "dataframe.csv").read_text() == "k,t,x\n" + "\n".join(parts) + "\n"
    run("job", "-c", "csv", "-i", "p*.csv", "--algo", "save_dataframe", "-o", "df", "--overwrite", "-p", "N=5")
    assert (tmp_path / "df" / "dataframe.csv").read_text() == "k,t,x\n" + "\n".join(parts[:5]) + "\n"


def test_algorithm_over_a_csv(run, tmp_path):
    (tmp_path / "t.csv").write_text("s_bytes,name,c_bytes\n10,a.com,1\n5,b.com,\n7,a.com,0\n")
    run("job", "-c", "csv", "-i", "t.csv", "--algo", "domain_traffic", "-o", "out")
    assert (tmp_path / "out" / "report.csv").read_text() == "domain,bytes\na.com,18\nb.com,5\n"
    assert json.loads((tmp_path / "out" / "report.json").read_text())["rows"] == 3
    for text, said in (("name,c_bytes\na,1\n", '"s_bytes"'), ("name,c_bytes,s_bytes\na,1,x\n", '"s_bytes"')):
        (tmp_path / "t.csv").write_text(text)
        done = run("job", "-c", "csv", "-i", "t.csv", "--algo", "domain_traffic", "-o", "no", code=2)
        assert said in done.stderr and "DomainTraffic" in done.stderr and not (tmp_path / "no").exists()
    (tmp_path / "t.csv").write_text("name,c_bytes,s_bytes\na,,1\n")  # the hint helps
    hint = run("job", "-c", "csv", "-i", "t.csv", "--algo", "domain_traffic", "-o", "no", code=2).stderr.split("'")
    run("job", "-c", "csv", "-i", "t.csv", "--algo", "domain_traffic", "-o", "yes", "--columns", hint[1])
    assert (tmp_path / "yes" / "report.csv").read_text() == "domain,bytes\na,1\n"


# ---- the box ----


@pytest.fixture
def box(tmp_path, table):
    """A file that was given, and others that a query must not reach."""
    (tmp_path / "secret.csv").write_text("password\nhunter2\n")
    (tmp_path / "secret.ndjson").write_text('{"password":"hunter2"}\n')
    pq.write_table(pa.table({"password": ["hunter2"]}), tmp_path / "secret.parquet")
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.csv").symlink_to("secret.csv")
    return tmp_path


ESCAPES = [
    "SELECT * FROM 'secret.csv'", 'SELECT * FROM "secret.csv"', "SELECT * FROM `secret.csv`", "SELECT * FROM secret.csv",
    "SELECT * FROM '{dir}/secret.csv'", 'SELECT * FROM "{dir}/secret.csv"', 'SELECT * FROM "sub/../secret.csv"',
    'SELECT * FROM "t.csv/../secret.csv"', 'SELECT * FROM "link.csv"', 'SELECT * FROM "*.csv"', 'SELECT * FROM "{dir}/*.csv"',
    'SELECT * FROM "file:{dir}/secret.csv"', 'SELECT * FROM "file://{dir}/secret.csv"', 'SELECT * FROM "secret.parquet"',
    'SELECT * FROM "secret.ndjson"', 'SELECT * FROM "/etc/passwd"', "SELECT * FROM read_csv('secret.csv')",
    "SELECT * FROM read_csv(['secret.csv'])", "SELECT * FROM READ_CSV_AUTO('secret.csv')", "SELECT * FROM read_text('secret.csv')",
    "SELECT * FROM read_blob('secret.csv')", "SELECT * FROM read_json('secret.ndjson')", "SELECT * FROM \"read_csv\"('secret.csv')",
    "SELECT * FROM parquet_scan('secret.parquet')", "SELECT * FROM parquet_metadata('secret.parquet')",
    "SELECT * FROM parquet_kv_metadata('secret.parquet')", "SELECT * FROM sniff_csv('secret.csv')", "SELECT * FROM glob('*')",
    "SELECT * FROM netlytics, 'secret.csv'", 'SELECT * FROM netlytics JOIN "secret.csv" ON true',
    'SELECT (SELECT password FROM "secret.csv") AS x', 'SELECT * FROM netlytics WHERE EXISTS (SELECT 1 FROM "secret.csv")',
    'WITH x AS (SELECT * FROM "secret.csv") SELECT * FROM x', 'WITH x AS MATERIALIZED (SELECT * FROM "secret.csv") SELECT * FROM x',
    'SELECT 1 UNION ALL SELECT * FROM "secret.csv"', "SELECT * FROM (FROM 'secret.csv')", 'SELECT * FROM (FROM "secret.csv")',
    "SELECT * FROM (TABLE \"secret.csv\")", "SELECT * FROM (DESCRIBE 'secret.csv')", 'SELECT * FROM (SUMMARIZE "secret.csv")',
    "SELECT * FROM (SHOW TABLES)", 'SELECT * FROM (PIVOT "secret.csv" ON password)', "FROM 'secret.csv'",
    "SELECT * FROM query('SELECT * FROM ''secret.csv''')", "SELECT * FROM query_table('secret.csv')",
    "SELECT * FROM query_table(['secret.csv'])", "COPY netlytics TO 'out.csv'", "COPY (SELECT 1) TO 'out.csv'",
    "CREATE MACRO m() AS TABLE SELECT * FROM 'secret.csv'", "CREATE VIEW v AS SELECT * FROM 'secret.csv'",
    "SELECT 1; SELECT * FROM 'secret.csv'", "ATTACH 'x.db'", "INSTALL httpfs", "LOAD json", "SET allowed_paths = []",
    "EXPORT DATABASE 'out'", "SELECT * FROM duckdb_settings()", "SELECT current_setting('allowed_paths')",
    "SELECT * FROM netlytics_scan(0)", "SELECT * FROM netlytics_1", "SELECT * FROM temp.main.netlytics_1",
    "SELECT * FROM netlytics_rejects_0", "SELECT * FROM information_schema.tables", "SELECT * FROM sqlite_master",
    "SELECT * FROM pg_catalog.pg_tables", "SELECT * FROM json_execute_serialized_sql('x')", "SELECT getenv('HOME')",
    "SELECT * FROM which_secret('x', 'y')", 'SELECT * FROM temp."secret.csv"', 'SELECT * FROM main."secret.csv"',
    'SELECT * FROM "secret.csv" AS t(a)', 'SELECT * FROM "secret.csv" TABLESAMPLE 5 ROWS', "SELECT * FROM secret . csv",
    'SELECT * FROM netlytics POSITIONAL JOIN "secret.csv"', 'SELECT * FROM netlytics ASOF JOIN "secret.csv" ON n >= password',
    'SELECT * FROM netlytics SEMI JOIN "secret.csv" ON true', 'SELECT list(SELECT password FROM "secret.csv")',
    'SELECT ARRAY(SELECT password FROM "secret.csv")', 'SELECT * FROM LATERAL (SELECT * FROM "secret.csv")',
]  # fmt: skip


@pytest.mark.parametrize("sql", ESCAPES)
@pytest.mark.parametrize("dialect", ["spark", "duckdb"])
@pytest.mark.parametrize("kind", ["csv", "none"])
def test_a_query_reaches_no_other_file(ask, box, sql, kind, dialect):
    before = sorted(p.name for p in box.iterdir())
    args = ("--dialect", dialect, *(("-c", "csv", "-i", "t.csv") if kind == "csv" else ()))
    done = ask(sql.replace("{dir}", str(box)), *args, code=None)
    assert done.returncode in ((5,) if kind == "csv" else (2, 5)) or "SHOW" in sql, done.stderr
    assert "hunter2" not in done.stdout + done.stderr and "root:" not in done.stdout
    assert sorted(p.name for p in box.iterdir()) == before


def test_links_and_odd_names(ask, box):
    """A link that the user gave is followed; names with the bytes of patterns are names."""
    assert ask("SELECT * FROM netlytics", "-c", "csv", "-i", "link.csv").stdout == "password\nhunter2\n"
    for name in ("a[1].csv", "b*.csv", "c?.csv", "it's.csv", 'q".csv', "sp ace.csv", "ü.csv", "-x.csv", "d{1,2}.csv", "e;.csv"):
        (box / "odd").mkdir(exist_ok=True)
        (box / "odd" / name).write_text("n\n5\n")
        assert ask("SELECT n FROM netlytics", "-c", "csv", "-i", f"odd/{name}").stdout == "n\n5\n"
        (box / "odd" / name).unlink()


def test_a_file_that_goes_away(ask, box):
    """Named, then gone before a query of it: said, not answered."""
    assert "gone.csv" in ask("SELECT 1", "-c", "csv", "-i", "gone.csv", code=3).stderr
    (box / "dangling.csv").symlink_to("nowhere.csv")
    assert "dangling.csv" in ask("SELECT 1", "-c", "csv", "-i", "dangling.csv", code=3).stderr
    assert "no csv file" in ask("SELECT 1", "-c", "csv", "-i", "sub", code=3).stderr


def test_temporary_files_go(run, box):
    """What had to be unpacked is removed, whatever happens."""
    temp = box / "tmp"
    temp.mkdir()
    (box / "p.csv.bz2").write_bytes(bz2.compress(TEXT.encode()))
    for sql, code in ((SUMS, 0), ("SELECT nothing FROM netlytics", 5), ("SELECT * FROM 'x.csv'", 5)):
        run("query", "-c", "csv", "-i", "p.csv.bz2", "-q", sql, "--temp_dir_local", temp, code=code)
        assert list(temp.iterdir()) == []


def test_no_room_to_unpack(run, box):
    """A full temporary folder is said with exit 7."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    done = run("query", "-c", "csv", "-i", "t.csv", "-q", SUMS, "--temp_dir_local", box / "none", code=7)
    assert "none" in done.stderr
