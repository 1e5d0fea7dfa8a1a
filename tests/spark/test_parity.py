# SPDX-License-Identifier: GPL-3.0-or-later
"""Both engines over the same logs give the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import SAMPLES

SPLIT_BYTES = 150  # several splits even of small samples

CONNECTORS = {
    "squid:http": "squid_http",
    "squid:flows": "squid_named_flows",
    "zeek:dns": "zeek_dns",
    "zeek:http": "zeek_http",
    "bind:dns": "bind_dns",
    "tstat:flows": "tstat_named_flows",
    "zeek:flows": "zeek_named_flows",
    "tstat:dns": "tstat_dns",
    "tstat:http": "tstat_http",
    "pcap:dns": "pcap_dns",
    "tstat_pcap:dns": "tstat_pcap_dns",
}


def logs(connector: str) -> Path:
    return SAMPLES / CONNECTORS[connector] / "logs"


def run_job(session, folder: Path, connector: str, algo: str, params: str | None = None) -> tuple[bytes, str, list[str]]:
    """Result, report.json and warnings of an algorithm on Spark."""
    from netlytics import spark as engine

    told: list[str] = []

    def say(kind: str, **values: object) -> None:
        if kind == "warning":
            told.append(str(values["message"]))

    with engine.Job(session, say) as job:
        job.dataset(SPLIT_BYTES, connector=connector, input_path=logs(connector), max_bad_fraction=1.0)
        job.algorithm(algo, params)
        job.write(str(folder / "result.csv"))
        report = job.report()
    return (folder / "result.csv").read_bytes(), report, told


def run_embedded(embedded, connector: str, algo: str, params: str | None = None) -> tuple[bytes, str, list[str]]:
    more = ["--params", params] if params else []
    done = embedded(
        "job", "-c", connector, "-i", logs(connector), "--algo", algo, "-o", "out", "--max_bad_fraction", "1", *more
    )
    result = next(p for p in (embedded.folder / "out").iterdir() if p.name != "report.json")
    mark = "netlytics: warning: "
    warnings = [line.removeprefix(mark) for line in done.stderr.splitlines() if line.startswith(mark)]
    return result.read_bytes(), (embedded.folder / "out/report.json").read_text(), warnings


@pytest.mark.parametrize("connector", CONNECTORS)
def test_tables_of_connectors(session, embedded, tmp_path, connector):
    assert run_job(session, tmp_path, connector, "save_dataframe") == run_embedded(
        embedded, connector, "save_dataframe"
    )


@pytest.mark.parametrize(
    ("connector", "algo", "params"),
    [
        ("squid:flows", "domain_traffic", None),
        ("squid:flows", "domain_traffic", '{"N": 2}'),
        ("tstat:flows", "domain_traffic", None),
        ("zeek:dns", "top_dns_servers", None),
        ("bind:dns", "top_dns_servers", '{"N_TOP": 1}'),
        ("tstat:dns", "top_dns_servers", None),
        ("squid:http", "save_dataframe", '{"N": 3}'),
    ],
)
def test_algorithms(session, embedded, tmp_path, connector, algo, params):
    spark = run_job(session, tmp_path, connector, algo, params)
    alone = run_embedded(embedded, connector, algo, params)
    assert spark[0] == alone[0]
    assert spark[2] == alone[2]
    if algo != "save_dataframe":  # which reads only as far as it must
        assert spark[1] == alone[1]


QUERIES = [
    "SELECT host, SUM(response_body_len) AS b, COUNT(*) AS n FROM netlytics GROUP BY host ORDER BY 2 DESC, 1",
    "SELECT * FROM netlytics WHERE status_code = 200 ORDER BY req_time",
    "SELECT COUNT(*) FROM netlytics",
    "SELECT 1 AS x, 'a,\"b\"' AS y",
    "SELECT registered_domain(host) AS d, COUNT(*) AS n FROM netlytics GROUP BY 1 ORDER BY 2 DESC, 1",
    "SELECT ip_in(c_ip, '10.0.0.0/8') AS x, ip_prefix(c_ip, 8) AS p, idn(host) AS i FROM netlytics ORDER BY req_time, host",
    "SELECT (SELECT MAX(response_body_len) FROM netlytics) AS m, COUNT(*) AS n FROM netlytics"
    " WHERE host IN (SELECT host FROM netlytics WHERE method = 'GET')",
    "WITH a AS (SELECT host, method FROM netlytics) SELECT method, COUNT(DISTINCT host) AS n FROM a GROUP BY method ORDER BY method",
    "SELECT a.host, b.method FROM netlytics a JOIN netlytics b ON a.host = b.host ORDER BY 1, 2",
    "SELECT CAST(req_time AS TIMESTAMP) AS t, CAST(status_code AS DECIMAL(10,2)) AS d, status_code / 7 AS r,"
    " array(method, host) AS a FROM netlytics ORDER BY req_time, host",
    # whose rows tasks combine
    "SELECT method, SUM(response_body_len + status_code), AVG(response_body_len), COUNT(status_code), MIN(req_time), MAX(host)"
    " FROM netlytics GROUP BY method ORDER BY SUM(response_body_len + status_code) DESC, method",
    "SELECT upper(host) AS h, method, COUNT(*) AS n FROM netlytics WHERE status_code < 500 AND host LIKE '%.%'"
    " GROUP BY ROLLUP(upper(host), method) HAVING n > 1 ORDER BY h, method, n",
    "SELECT method, count(1) n, sum(count(*)) OVER (ORDER BY method) AS running, COUNT(DISTINCT host) AS hosts,"
    " SUM(coalesce(response_body_len, 0) >> 2) AS s FROM netlytics n GROUP BY n.method ORDER BY n.method",
    "SELECT COUNT(*), SUM(response_body_len), MAX(status_code), AVG(status_code) FROM netlytics WHERE host = 'nowhere'",
    "SELECT COUNT(DISTINCT host), COUNT(DISTINCT method, host) FROM netlytics WHERE status_code >= 200",
    "SELECT DISTINCT method, c_ip FROM netlytics ORDER BY method, c_ip",
    "SELECT CASE WHEN status_code IS DISTINCT FROM 200 THEN 'other' ELSE 'ok' END AS k, SUM(response_body_len) AS response_body_len"
    " FROM netlytics GROUP BY 1 ORDER BY response_body_len DESC",
]


@pytest.mark.parametrize("query", QUERIES)
def test_queries(session, embedded, tmp_path, query):
    from netlytics import spark as engine

    with engine.Job(session) as job:
        job.dataset(SPLIT_BYTES, connector="squid:http", input_path=logs("squid:http"), max_bad_fraction=1.0)
        job.functions()
        job.query(query)
        job.write(str(tmp_path / "spark.csv"))
    done = embedded("query", "-c", "squid:http", "-i", logs("squid:http"), "-q", query, "--max_bad_fraction", "1")
    assert (tmp_path / "spark.csv").read_text() == done.stdout


def test_several_tables(session, embedded, tmp_path):
    from netlytics import spark as engine

    query = (
        "SELECT f.name, COUNT(*) AS n, MAX(h.status_code) AS s FROM flows f LEFT JOIN netlytics h ON f.name = h.host"
        " GROUP BY f.name ORDER BY 1"
    )
    with engine.Job(session) as job:
        job.dataset(SPLIT_BYTES, connector="squid:http", input_path=logs("squid:http"), max_bad_fraction=1.0)
        job.dataset(
            SPLIT_BYTES, connector="squid:flows", input_path=logs("squid:flows"), name="flows", max_bad_fraction=1.0
        )
        job.query(query)
        job.write(str(tmp_path / "spark.csv"))
        report = job.report()
    done = embedded(
        "query", "-c", "squid:http", "-i", logs("squid:http"), "--table", f"flows=squid:flows:{logs('squid:flows')}",
        "-q", query, "--max_bad_fraction", "1", "--report_json", "report.json",
    )  # fmt: skip
    assert (tmp_path / "spark.csv").read_text() == done.stdout
    assert report == (tmp_path / "report.json").read_text()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT nosuch FROM netlytics",
        "SELECT * FROM elsewhere",
        "SELECT * FROM csv.`/etc/passwd`",
        "SELECT java_method('java.lang.System', 'getenv') FROM netlytics",
        "SELECT 1; SELECT 2",
        "SELECT asn(c_ip) FROM netlytics",
    ],
)
def test_statements_are_refused_alike(session, embedded, tmp_path, query):
    from netlytics import errors
    from netlytics import spark as engine

    with engine.Job(session) as job, pytest.raises(errors.SQLError) as raised:
        job.dataset(SPLIT_BYTES, connector="squid:http", input_path=logs("squid:http"), max_bad_fraction=1.0)
        job.functions()
        job.query(query)
        job.write(str(tmp_path / "spark.csv"))
    done = embedded(
        "query", "-c", "squid:http", "-i", logs("squid:http"), "-q", query, "--max_bad_fraction", "1", code=5
    )
    assert f"netlytics: error: {raised.value}".strip() == done.stderr.strip()
    assert not (tmp_path / "spark.csv").exists()


def test_columns_that_are_read(session):
    """Scans make what the optimised statement needs, and no more."""
    from netlytics import spark as engine

    def needed(query: str) -> dict[str, set[str]]:
        with engine.Job(session) as job:
            job.dataset(connector="squid:http", input_path=logs("squid:http"))
            job.query(query)
            return engine._Needs(job).find()

    scan = "netlytics_1"
    assert needed("SELECT host FROM netlytics WHERE method = 'GET'") == {scan: {"host", "method"}}
    assert needed("SELECT COUNT(*) FROM netlytics") == {scan: {"count *"}}
    assert needed("SELECT COUNT(*) FROM netlytics CROSS JOIN (SELECT 1)") == {scan: set()}
    assert needed("SELECT (SELECT MAX(req_time) FROM netlytics) FROM netlytics WHERE c_ip > ''") == {
        scan: {"req_time", "c_ip"}
    }


@pytest.mark.parametrize("query", [None, "SELECT * FROM netlytics WHERE s_bytes >= 0"])
def test_large_answers_are_streamed(session, tmp_path, query):
    """The driver has rows while most splits are not yet read, and gets all in order."""
    from netlytics import spark as engine

    from test_faults import squid_lines

    (tmp_path / "access.log-20170301").write_text(squid_lines(3000))
    with engine.Job(session) as job:
        job.dataset(1 << 13, connector="squid:flows", input_path=tmp_path)
        if query is None:
            job.algorithm("save_dataframe")
        else:
            job.query(query)
        n_splits = len(job.plan["nodes"][0]["dataset"]["splits"])
        assert n_splits > 30
        batches = job._rows().batches
        sizes = [next(batches).column("s_bytes").to_pylist()]
        assert len(job.reports.value) < n_splits / 2
        sizes += [batch.column("s_bytes").to_pylist() for batch in batches]
        assert sum(sizes, []) == [i % 5000 for i in range(3000)]
        assert len(job.reports.value) == n_splits
