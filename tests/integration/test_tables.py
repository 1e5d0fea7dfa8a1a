# SPDX-License-Identifier: GPL-3.0-or-later
"""Several tables in one query: logs of different tools joined, their days, names, reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

# Clients ask Zeek's resolver for a name, then Tstat sees their flows to its address.
ZEEK_HEAD = "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\ttrans_id\tquery\tqtype_name\trcode_name\tanswers\tTTLs\n"
TSTAT_HEAD = "#0#c_ip:1 c_port:2 c_pkts_all:3 c_bytes_all:4 s_ip:5 s_port:6 s_pkts_all:7 s_bytes_all:8 first:9 last:10\n"
DAY_S = 1488326400  # 2017-03-01

DNS = [  # day, second of it, client, name, address
    (1, 10, "10.0.0.1", "a.com", "192.0.2.1"),
    (1, 20, "10.0.0.2", "b.com", "192.0.2.2"),
    (2, 5, "10.0.0.1", "c.com", "192.0.2.3"),
]
FLOWS = [  # day, second, client, address, bytes of the server
    (1, 11, "10.0.0.1", "192.0.2.1", 100),
    (1, 12, "10.0.0.1", "192.0.2.1", 20),
    (1, 21, "10.0.0.2", "192.0.2.2", 7),
    (1, 30, "10.0.0.3", "192.0.2.9", 1000),
    (2, 6, "10.0.0.1", "192.0.2.3", 50),
]
JOIN = ("SELECT d.query AS name, SUM(f.s_bytes) AS bytes FROM dns d JOIN flows f ON d.c_ip = f.c_ip "
        "AND array_contains(d.answers, f.s_ip) GROUP BY d.query ORDER BY d.query")  # fmt: skip


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    for day in (1, 2):
        zeek = tmp_path / "zeek" / f"2017-03-0{day}" / "dns.log"
        zeek.parent.mkdir(parents=True)
        zeek.write_text(ZEEK_HEAD + "".join(
            f"{DAY_S + (day - 1) * 86400 + s}.5\tC{s}\t{client}\t1\t192.0.2.53\t53\t7\t{name}\tA\tNOERROR\t{address}\t60.0\n"
            for d, s, client, name, address in DNS if d == day))  # fmt: skip
        tstat = tmp_path / "tstat" / "2017" / "03-Mar" / f"2017_03_0{day}_00_00.out" / "log_tcp_complete"
        tstat.parent.mkdir(parents=True)
        tstat.write_text(TSTAT_HEAD + "".join(
            f"{client} 5 1 2 {address} 443 3 {n} {(DAY_S + (day - 1) * 86400 + s) * 1000} 0\n"
            for d, s, client, address, n in FLOWS if d == day))  # fmt: skip
    squid = tmp_path / "squid"
    squid.mkdir()
    (squid / "access.log-20170301").write_text(
        f"{DAY_S}.500 200 10.0.0.1 TCP_MISS/200 1500 GET http://a.com/x - HIER_DIRECT/192.0.2.1 text/html\nno line\n")  # fmt: skip
    return tmp_path


def expected(days: tuple[int, ...]) -> str:
    """The join by hand."""
    total: dict[str, int] = {}
    for d, _, client, name, address in DNS:
        for e, _, other, server, n in FLOWS:
            if d in days and e in days and client == other and server == address:
                total[name] = total.get(name, 0) + n
    return "name,bytes\n" + "".join(f"{name},{total[name]}\n" for name in sorted(total))


@pytest.fixture
def ask(run, logs):
    """query with tables; csv on standard output."""

    def call(sql: str, *args: object, code: int = 0):
        return run("query", "--format", "csv", "-q", sql, *args, code=code)

    return call


TABLES = ("--table", "dns=zeek:DNS:zeek", "--table", "flows=tstat:flows:tstat")


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_join_of_two_tools(ask, threads):
    assert ask(JOIN, *TABLES, "--threads", threads).stdout == expected((1, 2))


def test_days_hold_for_all(ask):
    done = ask(JOIN, *TABLES, "-s", "2017_03_01", "-e", "2017_03_01")
    assert done.stdout == expected((1,))
    done = ask("SELECT (SELECT count(*) FROM dns) AS d, (SELECT count(*) FROM flows) AS f", *TABLES, "-s", "2017_03_02")
    assert done.stdout == "d,f\n1,1\n"


def test_beside_netlytics(ask):
    """Three tools at once; names in any case; a class name instead of an alias."""
    done = ask("SELECT n.host, count(DISTINCT f.s_bytes) AS n, max(d.query) AS q FROM netlytics n "
               "JOIN Flows f ON f.c_ip = n.c_ip JOIN DNS d ON d.c_ip = n.c_ip GROUP BY n.host",
               "-c", "squid:http", "-i", "squid", "--table", "dns=connectors.bro_to_DNS.Bro_To_DNS:zeek",
               "--table=flows=tstat:NamedFlows:tstat")  # fmt: skip
    assert done.stdout == "host,n,q\na.com,3,c.com\n"


def test_no_table_at_all(ask):
    assert ask("SELECT 1 AS one, 'x' AS x").stdout == "one,x\n1,x\n"
    assert ask("WITH t AS (SELECT 2 AS n) SELECT n FROM t").stdout == "n\n2\n"


def test_netlytics_by_table(ask):
    done = ask("SELECT count(*) AS n FROM netlytics", "--table", "netlytics=zeek:DNS:zeek")
    assert done.stdout == "n\n3\n"


def test_a_name_of_the_query_hides_a_table(ask):
    assert ask("WITH dns AS (SELECT query AS q FROM dns WHERE c_ip = '10.0.0.2') SELECT q FROM dns", *TABLES).stdout == "q\nb.com\n"
    assert ask("WITH flows AS (SELECT 5 AS n) SELECT n FROM flows", *TABLES).stdout == "n\n5\n"


def test_same_files_twice(ask):
    """Each table has its own report: lines count for both."""
    done = ask("SELECT count(*) AS n FROM a JOIN b ON a.query = b.query", "--table", "a=zeek:dns:zeek", "--table",
               "b=zeek:dns:zeek", "-v")  # fmt: skip
    assert done.stdout == "n\n3\n"
    assert "4 files, 6 rows" in done.stderr


def test_report_of_all(ask, logs):
    ask("SELECT count(*) FROM netlytics, dns, flows", "-c", "squid:http", "-i", "squid", *TABLES, "--report_json", "r.json")
    report = json.loads((logs / "r.json").read_text())
    assert [(d["name"], d["table"], d["rows"], d["skipped"], d["files"]) for d in report["datasets"]] == [
        ("netlytics", "HTTP", 1, 1, 1), ("dns", "DNS", 3, 0, 2), ("flows", "NamedFlows", 5, 0, 2)]  # fmt: skip
    assert report["datasets"][0]["examples"][0]["text"] == "no line"


def test_pairing_connector_beside_another(ask, tmp_path):
    """Rows of a connector that pairs records."""
    log = tmp_path / "log_dns_complete"
    log.write_text("#c_ip:1 c_port:2 s_ip:3 s_port:4 time:5\n")
    done = ask("SELECT (SELECT count(*) FROM t) AS t, (SELECT count(*) FROM dns) AS d", "--table", f"t=tstat:DNS:{log}",
               "--table", "dns=zeek:DNS:zeek")  # fmt: skip
    assert done.stdout == "t,d\n0,3\n"


@pytest.mark.parametrize(("text", "said"), [
    ("zeek:DNS:zeek", "has no name"),
    ("dns", "has no name"),
    ("=zeek:DNS:zeek", '"" is no name'),
    ("a b=zeek:DNS:zeek", "is no name"),
    ("1a=zeek:DNS:zeek", "is no name"),
    ("dns;drop=zeek:DNS:zeek", "is no name"),
    ('"dns"=zeek:DNS:zeek', "is no name"),
    ("é=zeek:DNS:zeek", "is no name"),
    ("x" * 64 + "=zeek:DNS:zeek", "too long"),
    ("select=zeek:DNS:zeek", "reserved"),
    ("Order=zeek:DNS:zeek", "reserved"),
    ("netlytics_2=zeek:DNS:zeek", "reserved"),
    ("NETLYTICS_SCAN=zeek:DNS:zeek", "reserved"),
    ("read_csv=zeek:DNS:zeek", "reserved"),
    ("duckdb_tables=zeek:DNS:zeek", "reserved"),
    ("dns=zeek:DNS", "has no path"),
    ("dns=zeek:DNS:", "has no path"),
    ("dns=zeek", "has no path"),
    ("dns=", "has no path"),
    ("dns=zeek:DNX:zeek", "did you mean"),
    ("dns=zek:DNS:zeek", "did you mean zeek:DNS"),
    ("dns=connectors.bro_to_DNS.Bro_To_DN:zeek", "did you mean connectors.bro_to_DNS.Bro_To_DNS"),
    ("dns=nothing:zeek", "unknown connector"),
])  # fmt: skip
def test_bad_tables(ask, text, said):
    done = ask("SELECT 1", "--table", text, code=2)
    assert "--table: " in done.stderr and said in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("second", ["dns", "DNS"])
def test_one_name_twice(ask, second):
    done = ask("SELECT 1", "--table", "dns=zeek:DNS:zeek", "--table", f"{second}=zeek:DNS:zeek", code=2)
    assert "two tables are called" in done.stderr
    done = ask("SELECT 1", "-c", "zeek:DNS", "-i", "zeek", "--table", "Netlytics=zeek:DNS:zeek", code=2)
    assert "two tables are called" in done.stderr


def test_names_of_any_length(ask):
    name = "x" * 63
    assert ask(f"SELECT count(*) AS n FROM {name}", "--table", f"{name}=zeek:DNS:zeek").stdout == "n\n3\n"


def test_what_is_not_there(ask):
    assert "zeek_x" in ask("SELECT 1", "--table", "dns=zeek:DNS:zeek_x", code=3).stderr
    assert "no Zeek file" in ask("SELECT 1", *TABLES, "-s", "2019_01_01", code=3).stderr
    done = ask("SELECT * FROM dnss", *TABLES, code=5)
    assert "dnss" in done.stderr and "dns" in done.stderr.replace("dnss", "")
    done = ask("SELECT queri FROM dns", *TABLES, code=5)
    assert "query" in done.stderr and "LINE 1: SELECT queri FROM dns" in done.stderr
    done = ask("SELECT c_ip FROM dns, flows", *TABLES, code=5)
    assert "mbiguous" in done.stderr
    # netlytics needs its two flags
    assert "--connector is missing" in ask("SELECT * FROM netlytics", code=2).stderr
    assert "--connector is missing" in ask("SELECT * FROM netlytics", *TABLES, code=2).stderr
    assert "--input_path is missing" in ask("SELECT 1", "-c", "zeek:DNS", code=2).stderr
    assert "--connector is missing" in ask("SELECT 1", "-i", "zeek", code=2).stderr


def test_only_queries_take_tables(run, logs):
    done = run("job", "-c", "zeek:DNS", "-i", "zeek", "--algo", "save_dataframe", "-o", "out", "--table", "d=zeek:DNS:zeek", code=2)
    assert "--table belongs to" in done.stderr


def test_damage_in_any_table(ask, logs):
    """A file of one table that is another tool's log stops the query."""
    bad = logs / "bad.log"
    bad.write_text("nothing of a proxy\n" * 200)
    done = ask("SELECT (SELECT count(*) FROM dns), (SELECT count(*) FROM p)", "--table", "p=squid:http:bad.log", *TABLES, code=6)
    assert "bad.log" in done.stderr
