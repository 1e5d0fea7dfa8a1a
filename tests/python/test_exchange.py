# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows to and from pandas, polars, duckdb and pyarrow."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import netlytics
import pandas
import polars
import pyarrow as pa
import pytest

BY_NAME = "SELECT name, SUM(s_bytes) AS bytes FROM netlytics GROUP BY name ORDER BY name"
ROWS = {"name": ["a.com", "b.com", "c.com"], "bytes": [157, 300, 1000]}


def test_to_pandas(flows: netlytics.Table) -> None:
    frame = flows.transform(BY_NAME).to_pandas()
    assert isinstance(frame, pandas.DataFrame) and frame.to_dict("list") == ROWS


def test_to_polars(flows: netlytics.Table) -> None:
    answer = flows.transform(BY_NAME)
    assert answer.to_polars().to_dict(as_series=False) == ROWS
    assert polars.DataFrame(answer).to_dict(as_series=False) == ROWS


def test_to_duckdb(flows: netlytics.Table) -> None:
    answer = flows.transform(BY_NAME)  # noqa: F841  found by its name
    assert duckdb.sql("SELECT max(bytes), count(*) FROM answer").fetchall() == [(1000, 3)]


def test_to_pyarrow(flows: netlytics.Table) -> None:
    answer = flows.transform(BY_NAME)
    assert pa.table(answer).to_pydict() == ROWS
    assert pa.RecordBatchReader.from_stream(answer).read_all().to_pydict() == ROWS
    assert pa.schema(answer) == answer.schema == answer.to_arrow().schema


def test_an_algorithms_answer_streams_too(flows: netlytics.Table) -> None:
    answer = flows.run("domain_traffic")
    assert polars.DataFrame(answer).to_dict(as_series=False) == {
        "domain": ["c.com", "b.com", "a.com"],
        "bytes": [1000, 300, 157],
    }


def test_consumers_may_stop_early(many: Path) -> None:
    requests = netlytics.get_dataset("squid:http", many)
    assert len(duckdb.sql("SELECT host FROM requests LIMIT 5").fetchall()) == 5
    assert requests.to_arrow().num_rows == 100_000


def own(rows: Any) -> dict[str, list[Any]]:
    answer = netlytics.transform(rows, "SELECT * FROM netlytics ORDER BY n")
    return answer.to_arrow().to_pydict()


@pytest.mark.parametrize(
    "make",
    [pandas.DataFrame, polars.DataFrame, pa.table, dict, lambda rows: pa.table(rows).to_reader()],
    ids=["pandas", "polars", "pyarrow", "dict", "reader"],
)
def test_rows_of_ones_own(make: Any) -> None:
    rows = {"n": [1, 2, 3], "text": ["a", "ein längerer Text, ähnlich", ""]}
    assert own(make(rows)) == rows


def test_rows_of_duckdb() -> None:
    assert own(duckdb.sql("SELECT range AS n, range % 2 = 0 AS even FROM range(3)")) == {
        "n": [0, 1, 2],
        "even": [True, False, True],
    }


UTC = datetime.timezone.utc


@pytest.mark.parametrize(
    ("column", "taken"),
    [
        (pa.array([1, None], pa.int8()), [1, None]),
        (pa.array([255, None], pa.uint8()), [255, None]),
        (pa.array([2**63 - 1, 0], pa.uint64()), [2**63 - 1, 0]),
        (pa.array([-(2**63), None], pa.int64()), [-(2**63), None]),
        (pa.array([1.5, None], pa.float32()), [1.5, None]),
        (pa.array([True, None]), [True, None]),
        (pa.array(["x" * 40, None], pa.large_string()), ["x" * 40, None]),
        (pa.array(["x" * 40, ""], pa.string_view()), ["x" * 40, ""]),
        (pa.array(["u", "v"]).dictionary_encode(), ["u", "v"]),
        (pa.array([b"\xc3\xa4", None]), ["ä", None]),
        (pa.nulls(2), [None, None]),
        (pa.array([Decimal("1.25"), None], pa.decimal128(10, 2)), [Decimal("1.25"), None]),
        (pa.array([datetime.date(1969, 12, 31), None]), [datetime.date(1969, 12, 31), None]),
        (
            pa.array([datetime.datetime(2017, 3, 1, 1), None], pa.timestamp("s")),
            [datetime.datetime(2017, 3, 1, 1, tzinfo=UTC), None],
        ),
        (
            pa.array([1500, None], pa.timestamp("ns", "Europe/Berlin")),
            [datetime.datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC), None],
        ),
        (pa.array([[1, None], None], pa.list_(pa.int32())), [[1, None], None]),
        (pa.array([["a"], []], pa.large_list(pa.string())), [["a"], []]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_types(column: pa.Array, taken: list[Any]) -> None:
    assert own(pa.table({"n": [1, 2], "c": column}))["c"] == taken


@pytest.mark.parametrize(
    "column",
    [
        pa.array([2**63], pa.uint64()),
        pa.array([{"a": 1}]),
        pa.array([b"\xff"]),
        pa.array([datetime.time(1)]),
        pa.array([[[1]]]),
    ],
    ids=lambda column: str(column.type),
)
def test_types_that_have_no_place(column: pa.Array) -> None:
    with pytest.raises(netlytics.ArgumentError, match='"c"'):
        netlytics.from_arrow(pa.table({"c": column})).to_arrow()


@pytest.mark.parametrize("thing", [5, "a text", [1, 2], None, object()])
def test_what_is_no_table(thing: object) -> None:
    with pytest.raises(netlytics.ArgumentError, match=type(thing).__name__):
        netlytics.transform(thing, "SELECT 1")


def test_rows_in_slices_and_chunks() -> None:
    numbers = pa.chunked_array([pa.array(range(5000))[1000:], pa.array([], pa.int64()), pa.array([None, 7])])
    texts = pa.chunked_array([pa.array([str(i) for i in range(4000)]), pa.array(["x", None])])
    table = pa.table({"n": numbers, "t": texts}).slice(10)
    answer = netlytics.transform(table, "SELECT SUM(n) AS s, COUNT(n) AS n, COUNT(t) AS t FROM netlytics")
    expected = sum(range(1010, 5000)) + 7
    assert answer.to_arrow().to_pydict() == {"s": [expected], "n": [3991], "t": [3991]}


def test_many_rows_by_all_threads() -> None:
    n = 300_000
    rows = netlytics.from_arrow(pa.table({"n": range(n), "m": [i % 10 for i in range(n)]}))
    answer = rows.transform(
        "SELECT m, COUNT(*) AS c, SUM(n) AS s FROM netlytics GROUP BY m ORDER BY m"
    ).to_arrow()
    assert answer.column("c").to_pylist() == [n // 10] * 10
    assert answer.column("s").to_pylist() == [sum(range(m, n, 10)) for m in range(10)]


def test_an_algorithm_over_rows_of_ones_own() -> None:
    frame = pandas.DataFrame({"name": ["b", "a", None], "c_bytes": [1, 2, 3], "s_bytes": [10, None, 5]})
    frame = frame.astype({"s_bytes": "Int64"})
    answer = netlytics.run("domain_traffic", frame).to_arrow()
    assert answer.to_pydict() == {"domain": ["b", "-", "a"], "bytes": [11, 8, 2]}


def test_rows_of_ones_own_beside_logs(flows: netlytics.Table) -> None:
    people = {"c_ip": ["10.0.0.1", "10.0.0.2"], "who": ["Ann", "Bob"]}
    sql = "SELECT who, SUM(s_bytes) AS bytes FROM f JOIN p ON f.c_ip = p.c_ip GROUP BY who ORDER BY who"
    assert netlytics.query(sql, f=flows, p=people).to_arrow().to_pydict() == {
        "who": ["Ann", "Bob"],
        "bytes": [157, 300],
    }
