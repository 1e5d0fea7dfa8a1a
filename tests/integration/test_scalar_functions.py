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


def rows_of(run, path, sql, *more, code=0):
    done = run("query", "-c", "squid:flows", "-i", path, "--format", "csv", "--quiet", "-q", sql, *more, code=code)
    return list(csv.reader(io.StringIO(done.stdout)))[1:] if code == 0 else done.stderr


def test_names_and_networks(run, one_row):
    sql = (
        "SELECT registered_domain(name), idn('xn--bcher-kva.de'), ip_in(c_ip, '10.0.0.0/8'), ip_prefix(c_ip, 16), "
        "ip_prefix('2001:db8::1', 24, 32), registered_domain(NULL), ip_in(c_ip, 'x') FROM netlytics"
    )
    assert rows_of(run, one_row, sql) == [["example.co.uk", "bücher.de", "true", "10.1.0.0/16", "2001:db8::/32", "", ""]]


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
