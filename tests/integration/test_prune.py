# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions that the scan knows: the same answer and the same report as without them."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

START = 1488326400
HOSTS = ["a.com", "b.com", "it's.com", "a-name-of-more-than-twelve-bytes.example", "caf\\xe9.com", ""]


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    """Several splits, with lines that are no rows; a host with bytes that are no UTF-8."""
    rng = random.Random(7)
    folder = tmp_path_factory.mktemp("logs")
    lines = []
    for i in range(30000):
        host = rng.choice([b"a.com", b"b.com", b"it's.com", b"a-name-of-more-than-twelve-bytes.example", b"caf\xe9.com"])
        if rng.random() < 0.01:
            lines.append(b"no line of a proxy at all, with many words in it")
            continue
        lines.append(b"%d.%03d 0 10.0.0.%d TCP_MISS/200 %d GET http://%s/%d - HIER_DIRECT/192.0.2.%d text/html" % (
            START + i, rng.randrange(1000), rng.randrange(5), rng.randrange(10**6), host, i, rng.randrange(3)))  # fmt: skip
    (folder / "access.log-20170301").write_bytes(b"\n".join(lines) + b"\n")
    (folder / "access.log-20170302").symlink_to("nowhere")  # would be damaged if it were opened
    return folder


@pytest.fixture
def both(run, log):
    """The query as it is, and with its table behind a subquery, where nothing is handed down."""

    def call(connector: str, select: str, where: str, *rest: str) -> str:
        answers, reports = [], []
        for table in ("netlytics", "(SELECT * FROM netlytics) AS netlytics"):
            sql = f"SELECT {select} FROM {table} WHERE {where} {' '.join(rest)}"
            done = run("query", "--format", "csv", "-c", connector, "-i", log, "-e", "2017_03_01", "-q", sql, "--report_json", "r.json")
            assert "nowhere" not in done.stderr and "damaged" not in done.stderr
            answers.append(done.stdout)
            reports.append(json.loads((run.folder / "r.json").read_text()))
        assert answers[0] == answers[1], where
        assert reports[0] == reports[1], where
        # a condition that never holds reads nothing
        assert reports[0]["rows"] + reports[0]["skipped"] in (30000, 0) and reports[0]["damaged_files"] == []
        return answers[0]

    return call


def count(answer: str) -> int:
    return int(answer.split("\n")[1].split(",")[0])


@pytest.mark.parametrize(("where", "some"), [
    ("host = 'a.com'", True), ("'a.com' = host", True), ("host IN ('a.com', 'it''s.com')", True), ("host = 'nothing.com'", False),
    ("host = 'a-name-of-more-than-twelve-bytes.example'", True), ("host = 'A.com'", False), ("host IS NULL", False),
    ("host = NULL", False), ("host IN ('a.com', NULL)", True), ("host = ''", False),
    (f"req_time >= {START + 29000}", True), (f"req_time > {START + 29000}.5 AND req_time < {START + 29500}.25", True),
    (f"req_time BETWEEN {START + 10} AND {START + 20}", True), (f"{START + 100} > req_time", True), ("req_time < 5", False),
    (f"req_time = {START}", False), (f"req_time >= {START + 100}e0", True), ("req_time > 1e300", False), ("req_time < -5", False),
    (f"req_time >= {START + 100} AND req_time <= {START + 50}", False), ("req_time <> 5", True),
    (f"host = 'b.com' AND req_time < {START + 3000} AND c_ip IN ('10.0.0.1', '10.0.0.2')", True),
    ("host = 'a.com' OR host = 'b.com'", True), ("NOT host = 'a.com'", True), ("NOT (host = 'a.com' AND s_port = 80)", True),
    ("(host = 'a.com' AND (s_ip = '192.0.2.1' AND (c_ip = '10.0.0.1')))", True), ("host = path", False),
    ("host = 'a.com' AND host = 'b.com'", False), ("lower(host) = 'a.com'", True), ("host || '' = 'a.com'", True),
    ("host LIKE 'a.com'", True), ("netlytics.host = 'a.com'", True), ("method = 'GET' AND content_type = 'text/html'", True),
    ("s_port = '80'", True), ("status_code = 200 AND host = 'b.com'", True), ("host > 'b'", True), ("true", True),
    ("host IN (SELECT 'a.com')", True), ("CASE WHEN host = 'a.com' THEN true ELSE s_port = 80 END", True),
    ("host IN (" + ", ".join(f"'h{i}'" for i in range(100)) + ", 'a.com')", True),
    ("host = 'a.com' AND c_ip = '10.0.0.1' AND s_ip = '192.0.2.1' AND method = 'GET' AND content_type = 'text/html' AND path > '/'",
     True),
])  # fmt: skip
@pytest.mark.parametrize("what", ["count(*) AS n", "count(*) AS n, sum(response_body_len) AS s, min(path) AS p"])
def test_same_answer(both, where, some, what):
    assert (count(both("squid:HTTP", what, where)) > 0) == some


def test_bytes_that_are_no_text(both):
    """Values are compared as tables show them."""
    where = r"host = 'caf\xe9.com'"
    for text in (where, where.replace("\\", "\\\\")):  # whichever of both the dialect takes for one backslash
        both("squid:HTTP", "count(*) AS n", text)


@pytest.mark.parametrize("seed", range(6))
def test_rows_and_columns(both, seed):
    """Any columns, with or without those of the conditions."""
    rng = random.Random(seed)
    columns = rng.sample(["host", "path", "req_time", "c_ip", "s_ip", "status_code", "method"], rng.randrange(1, 5))
    where = rng.choice([f"req_time >= {START + rng.randrange(30000)}", f"c_ip = '10.0.0.{rng.randrange(5)}'", "host = 'b.com'"])
    limit = f"req_time < {START + rng.randrange(30000)}"
    both("squid:HTTP", ", ".join(columns), f"{where} AND {limit}", "ORDER BY ALL", "LIMIT 50")
    both("squid:flows", "name, time_start, c_ip", f"time_start >= {START + 500} AND name = 'a.com'", "ORDER BY ALL", "LIMIT 20")


@pytest.mark.parametrize("sql", [
    "WITH t AS (SELECT count(*) AS n FROM netlytics) SELECT max((SELECT n FROM t)) AS n FROM netlytics WHERE host = 'a.com'",
    "SELECT max((SELECT count(*) FROM netlytics)) AS n FROM netlytics WHERE host = 'a.com'",
    "SELECT count(*) AS n FROM netlytics UNION ALL SELECT max(5) AS n FROM netlytics WHERE host = 'a.com'",
    "SELECT count(*) AS n FROM netlytics a JOIN netlytics b USING (req_time, path) WHERE a.host = 'a.com' OR true",
    "SELECT max(n) AS n FROM (SELECT count(*) AS n FROM netlytics HAVING count(*) > 0)",
])  # fmt: skip
def test_the_table_twice(run, log, sql):
    """Where the table is used otherwise, too, all of its rows are there."""
    done = run("query", "--format", "csv", "-c", "squid:HTTP", "-i", log, "-e", "2017_03_01", "-q", sql, "--report_json", "r.json")
    rows = json.loads((run.folder / "r.json").read_text())["rows"]
    assert 29000 < rows < 30000 and str(rows) in done.stdout.split("\n")[1:3]


def test_day_folders_outside_are_not_opened(run, log):
    done = run("query", "--format", "csv", "-c", "squid:HTTP", "-i", log, "-q", "SELECT count(*) AS n FROM netlytics WHERE host = 'b.com'",
               "--report_json", "r.json")  # fmt: skip
    assert "access.log-20170302" in done.stderr  # it is opened where its day is asked for
    done = run("query", "--format", "csv", "-c", "squid:HTTP", "-i", log, "-e", "2017_03_01", "-q", "SELECT 1 AS n FROM netlytics LIMIT 1")
    assert "access.log-20170302" not in done.stderr


def test_filter_rows_beside(run, log):
    """Rows outside the days are filtered and counted, as ever."""
    args = ("query", "--format", "csv", "-c", "squid:HTTP", "-i", log, "-s", "2017_03_01", "-e", "2017_03_01", "--filter_rows",
            "--report_json", "r.json", "-q")  # fmt: skip
    reports = []
    for table in ("netlytics", "(SELECT * FROM netlytics)"):
        run(*args, f"SELECT count(*) AS n FROM {table} WHERE host = 'a.com' AND req_time > {START + 100}")
        reports.append(json.loads((run.folder / "r.json").read_text()))
    assert reports[0] == reports[1] and reports[0]["rows"] > 29000


@pytest.mark.parametrize("where", ["query = 'a.com'", "req_time >= 3000.5 AND req_time < 3100", "query IN ('b.com', 'c.com')",
                                   "c_ip = '10.0.0.1' AND req_time > 100"])  # fmt: skip
def test_other_connectors(run, tmp_path, where):
    """Lists of texts, headers that change inside a file, lines that are rejected."""
    rng = random.Random(3)
    lines = []
    for i in range(6000):
        if i % 2000 == 0:
            order = ["ts", "id.orig_h", "query", "answers", "TTLs"]
            rng.shuffle(order)
            lines.append("#fields\t" + "\t".join(order))
        record = {"ts": f"{i}.25" if i % 50 else "never", "id.orig_h": f"10.0.0.{i % 9}", "query": rng.choice(["A.com", "b.com", "c.com"]),
                  "answers": f"192.0.2.{i % 250},alias-{i}.example.com", "TTLs": "1.0,2.0"}  # fmt: skip
        lines.append("\t".join(record[name] for name in order))
    (tmp_path / "dns.log").write_text("\n".join(lines) + "\n")
    seen = []
    for table in ("netlytics", "(SELECT * FROM netlytics) AS netlytics"):
        done = run("query", "--format", "csv", "-c", "zeek:DNS", "-i", "dns.log", "-q", f"SELECT * FROM {table} WHERE {where} ORDER BY ALL",
                   "--report_json", "r.json")  # fmt: skip
        seen.append((done.stdout, json.loads((tmp_path / "r.json").read_text())))
    assert seen[0] == seen[1] and seen[0][0].count("\n") > 20
    assert (seen[0][1]["rows"], seen[0][1]["skipped"]) == (5880, 120)


def test_pairing_connectors(run, tmp_path):
    (tmp_path / "log_dns_complete").write_text("#c_ip:1 c_port:2 s_ip:3 s_port:4 time:5\n")
    done = run("query", "--format", "csv", "-c", "tstat:DNS", "-i", "log_dns_complete", "-q",
               "SELECT count(*) AS n FROM netlytics WHERE query = 'a.com' AND req_time > 5")  # fmt: skip
    assert done.stdout == "n\n0\n"
