# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions in C through `netlytics query`: both dialects' own ones."""

from __future__ import annotations

import csv
import io
import ipaddress
from pathlib import Path

import pytest

LINE = "1488326400.500    200 {client} TCP_MISS/200 1500 GET http://{host}/x - HIER_DIRECT/1.2.3.4 text/html\n"


@pytest.fixture
def one_row(tmp_path: Path) -> Path:
    path = tmp_path / "one.log"
    path.write_text(LINE.format(client="10.1.2.3", host="www.example.co.uk"))
    return path


@pytest.fixture
def many_rows(tmp_path: Path) -> Path:
    """More rows than a batch holds, IPv4 and IPv6."""
    path = tmp_path / "many.log"
    with path.open("w") as out:
        for i in range(20000):
            client = f"10.{i % 7}.{i // 256 % 256}.{i % 256}" if i % 3 else f"2001:db8:{i % 5:x}::{i:x}"
            out.write(LINE.format(client=client, host=f"h{i}.a{i % 11}.co.uk"))
    return path


@pytest.fixture
def dialects(run) -> list[list[str]]:
    help_text = run("query", "--help").stdout
    return [["--dialect", "spark"], ["--dialect", "duckdb"]] if "--dialect" in help_text else [[]]


@pytest.fixture
def duckdb(run) -> list[str]:
    """Flags that pass a statement through, so that the functions go by their own names."""
    return ["--dialect", "duckdb"] if "--dialect" in run("query", "--help").stdout else []


def rows_of(run, path, sql, *more, code=0):
    done = run("query", "-c", "squid:flows", "-i", path, "--format", "csv", "--quiet", "-q", sql, *more, code=code)
    return list(csv.reader(io.StringIO(done.stdout)))[1:] if code == 0 else done.stderr


def test_names_and_networks(run, one_row, dialects):
    sql = (
        "SELECT registered_domain(name), idn('xn--bcher-kva.de'), ip_in(c_ip, '10.0.0.0/8'), ip_prefix(c_ip, 16), "
        "ip_prefix('2001:db8::1', 24, 32), registered_domain(NULL), ip_in(c_ip, 'x') FROM netlytics"
    )
    wanted = ["example.co.uk", "bücher.de", "true", "10.1.0.0/16", "2001:db8::/32", "", ""]
    for dialect in dialects:
        assert rows_of(run, one_row, sql, *dialect) == [wanted]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_many_rows(run, many_rows, threads):
    sql = "SELECT ip_prefix(c_ip, 16, 48) AS net, COUNT(*) AS n FROM netlytics GROUP BY ip_prefix(c_ip, 16, 48) ORDER BY net"
    wanted: dict[str, int] = {}
    for line in many_rows.read_text().splitlines():
        address = ipaddress.ip_address(line.split()[2])
        bits = 16 if address.version == 4 else 48
        net = str(ipaddress.ip_network((address, bits), strict=False))
        wanted[net] = wanted.get(net, 0) + 1
    assert rows_of(run, many_rows, sql, "--threads", threads) == [[k, str(wanted[k])] for k in sorted(wanted)]


def test_argument_that_changes_from_row_to_row(run, many_rows):
    sql = (
        "SELECT SUM(CASE WHEN ip_in(c_ip, ip_prefix(c_ip, 17, 33)) THEN 1 ELSE 0 END) AS a, "
        "COUNT(DISTINCT registered_domain(name)) AS b, MIN(registered_domain(name)) AS c, COUNT(*) AS n FROM netlytics"
    )
    assert rows_of(run, many_rows, sql) == [["20000", "11", "a0.co.uk", "20000"]]


def test_wrong_arguments(run, one_row):
    assert "ip_in" in rows_of(run, one_row, "SELECT ip_in(c_ip) FROM netlytics", code=5)
    assert "ip_in" in rows_of(run, one_row, "SELECT ip_in(c_ip, '10.0.0.0/8', 1) FROM netlytics", code=5)


def test_times_by_patterns(run, many_rows, duckdb):
    """20,000 rows from 5 threads: the pattern is compiled by each, results meet in one group."""
    sql = (
        "SELECT nlt_from_unixtime(CAST(time_start AS BIGINT), 'yyyy-MM-dd''T''HH:mm') AS t, COUNT(*) AS n, "
        "MIN(nlt_unix_timestamp(nlt_from_unixtime(CAST(time_start AS BIGINT)))) AS s FROM netlytics GROUP BY t"
    )
    assert rows_of(run, many_rows, sql, "--threads", 5, *duckdb) == [["2017-03-01T00:00", "20000", "1488326400"]]


def test_a_pattern_that_changes_from_row_to_row(run, many_rows, duckdb):
    sql = (
        "WITH t AS (SELECT CASE WHEN c_ip LIKE '2%' THEN 'yyyy' ELSE 'MM' END AS p FROM netlytics) "
        "SELECT p, nlt_date_format(TIMESTAMP '2017-03-01 00:00:00', p) AS x, COUNT(*) AS n FROM t GROUP BY p, x ORDER BY p"
    )
    assert rows_of(run, many_rows, sql, *duckdb) == [["MM", "03", "13333"], ["yyyy", "2017", "6667"]]


def test_errors_of_functions(run, one_row, duckdb):
    # a name is no time: there is nothing to write
    assert rows_of(run, one_row, "SELECT nlt_date_format(name, 'YYYY') FROM netlytics", *duckdb) == [[]]
    sql = "SELECT nlt_from_unixtime(CAST(time_start AS BIGINT), 'YYYY') FROM netlytics"
    err = rows_of(run, one_row, sql, *duckdb, code=5)
    assert 'time pattern "YYYY": letter Y belongs to week years' in err and "hint: patterns are those of Spark" in err
    assert "Invalid Input" not in err


def test_values_of_all_types(run, one_row, duckdb):
    sql = (
        "SELECT nlt_cast_int('7.9'), nlt_cast_bigint(1e300), nlt_cast_double(' 1e3 '), nlt_cast_boolean('yes'), nlt_cast_string(1e7), "
        "nlt_to_date('2017-03-01x'), nlt_to_timestamp('2017-03-01 10:00:00.5+01:00'), nlt_parse_url('http://a.com/x?k=v', 'QUERY', 'k'), "
        "nlt_hash('abc'), nlt_conv('ff', 16, 10), nlt_cast_int(NULL) FROM netlytics"
    )
    wanted = ["7", "9223372036854775807", "1000.0", "true", "1.0E7", "", "2017-03-01 09:00:00.5", "v", "1322437556", "255", ""]
    assert rows_of(run, one_row, sql, *duckdb) == [wanted]


def test_by_their_names_in_sparks_dialect(run, one_row):
    """Values as Spark's documentation has them, or Spark 4 itself."""
    values = {
        "conv('ff', 16, 10)": "255",
        "conv('-10', 16, -10)": "-16",
        "crc32('Spark')": "1557323817",
        "soundex('Miller')": "M460",
        "format_number(12332.123456D, 4)": "12,332.1235",
        "format_number(1234567, 0)": "1,234,567",
        "parse_url('http://spark.apache.org/path?query=1', 'HOST')": "spark.apache.org",
        "parse_url('http://spark.apache.org/path?query=1', 'QUERY', 'query')": "1",
        "parse_url(concat('http://', name, '/a b'), 'HOST')": "",
        "from_utc_timestamp('2016-08-31', 'Asia/Seoul')": "2016-08-31 09:00:00",
        "to_utc_timestamp('2016-08-31', 'Asia/Seoul')": "2016-08-30 15:00:00",
        "date_format('2016-04-08', 'y')": "2016",
        "from_unixtime(0, 'yyyy-MM-dd HH:mm:ss')": "1970-01-01 00:00:00",
        "from_unixtime(time_start, 'EEE d MMM')": "Wed 1 Mar",
        "to_timestamp('01/Mar/2017:10:20:30 +0100', 'dd/MMM/yyyy:HH:mm:ss Z')": "2017-03-01 09:20:30",
        "unix_timestamp('2016-04-08', 'yyyy-MM-dd')": "1460073600",
        "CAST('7.9' AS INT)": "7",
        "CAST(1e7D AS STRING)": "1.0E7",
    }
    got = rows_of(run, one_row, f"SELECT {', '.join(values)} FROM netlytics", "--dialect", "spark")
    assert got == [list(values.values())]
    for sql, said in {
        "date_format('2017-03-05', 'YYYY')": "week years",
        "to_timestamp('5', 'E')": "cannot be parsed",
        "parse_url('http://a.com/?a=1', 'QUERY', '.')": "would be a pattern",
        "to_utc_timestamp('2016-08-31', 'Nowhere')": 'no time zone "Nowhere"',
        "format_number(12332.1, '#,##0')": "not supported",
    }.items():
        assert said in rows_of(run, one_row, f"SELECT {sql} FROM netlytics", "--dialect", "spark", code=5)
