# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented functions and classes on Spark's DataFrames give what they give without Spark."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import SAMPLES

LOGS = SAMPLES / "squid_named_flows/logs"
CONNECTOR = "connectors.squid_to_named_flows.Squid_To_Named_Flows"


def get_dataset(spark):
    import core.utils

    sc = spark.sparkContext if spark is not None else None
    return core.utils.get_dataset(sc, spark, "", CONNECTOR, str(LOGS), None, None)


@pytest.fixture(scope="module")
def frame(session):
    return get_dataset(session)


@pytest.fixture
def table():
    return get_dataset(None)


def rows(answer) -> list[tuple]:
    """Of either engine, in an order of their own."""
    found = answer.toArrow() if hasattr(answer, "toArrow") else answer.to_arrow()
    return sorted((tuple(row.values()) for row in found.to_pylist()), key=str)


def test_a_data_table(frame, table):
    assert frame.columns == table.schema.names
    assert rows(frame) == rows(table) != []


def test_a_statement(session, frame, table):
    from core.utils import transform

    sql = "SELECT name, registered_domain(name) AS d, SUM(s_bytes) AS n FROM netlytics GROUP BY name"
    assert rows(transform(frame, session, sql_query=sql)) == rows(transform(table, None, sql_query=sql))
    assert transform(frame, session) is frame


def test_a_wrong_statement(session, frame):
    import netlytics
    from core.utils import transform

    with pytest.raises(netlytics.SQLError, match="nme"):
        transform(frame, session, sql_query="SELECT nme FROM netlytics")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM csv.`/etc/passwd`",
        "SELECT java_method('java.lang.System', 'getenv') FROM netlytics",
        "SELECT * FROM elsewhere",
        "SELECT 1; SELECT 2",
        "DROP TABLE netlytics",
    ],
)
def test_statements_are_refused(session, frame, table, sql):
    """By both engines in the same words, though Spark could run some of them."""
    import netlytics
    from core.utils import transform

    session.range(1).createOrReplaceTempView("elsewhere")
    told = []
    for given, spark in ((frame, session), (table, None)):
        with pytest.raises(netlytics.SQLError) as raised:
            transform(given, spark, sql_query=sql)
        told.append(str(raised.value))
    session.catalog.dropTempView("elsewhere")
    assert told[0] == told[1]


def test_columns_that_have_no_place_in_a_table(session):
    from core.utils import transform

    frame = session.sql("SELECT 7 AS n, map('a', 1) AS m, struct(1 AS x) AS s, array(array(1)) AS a")
    answer = transform(frame, session, sql_query="SELECT n + 1 AS n, m, s, a FROM netlytics")
    assert [tuple(row) for row in answer.collect()] == [(8, {"a": 1}, (1,), [[1]])]


def test_an_algorithm_over_logs(frame, table, tmp_path: Path):
    from algos.domain_traffic import DomainTraffic

    for name, given in (("spark", frame), ("embedded", table)):
        DomainTraffic(given, tmp_path / name, N=3).run()
    for name in ("report.csv", "report.json"):
        assert (tmp_path / "spark" / name).read_bytes() == (tmp_path / "embedded" / name).read_bytes()


def test_an_algorithm_over_any_dataframe(session, frame, table, tmp_path: Path):
    from algos.domain_traffic import DomainTraffic
    from core.utils import transform

    sql = "SELECT name, c_bytes, CAST(s_bytes AS INT) * 2 AS s_bytes FROM netlytics WHERE s_bytes > 100"
    answers = [
        DomainTraffic(transform(given, spark, sql_query=sql), tmp_path / name).run()
        for name, given, spark in (("spark", frame, session), ("embedded", table, None))
    ]
    assert rows(answers[0]) == rows(answers[1]) != []
    assert (tmp_path / "spark/report.csv").read_bytes() == (tmp_path / "embedded/report.csv").read_bytes()


def test_the_table_itself(session, tmp_path: Path):
    from algos.save_Dataframe import SaveDataFrame

    frame = session.createDataFrame([("x", 1, 2.5), (None, 2, None)], "name string, n int, r double").coalesce(1)
    SaveDataFrame(frame, tmp_path).run()
    assert (tmp_path / "dataframe.csv").read_text() == "name,n,r\nx,1,2.5\n,2,\n"


def test_a_dataframe_that_an_algorithm_cannot_take(session):
    import netlytics
    from algos.domain_traffic import DomainTraffic

    with pytest.raises(netlytics.ArgumentError, match="c_bytes|s_bytes"):
        DomainTraffic(session.createDataFrame([("x",)], "name string")).run()


def test_a_connector_class(session, table):
    from connectors.squid_to_named_flows import Squid_To_Named_Flows

    frame = Squid_To_Named_Flows(str(LOGS)).get_DF(session.sparkContext, session)
    assert frame.count() == table.to_arrow().num_rows
