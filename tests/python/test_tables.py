# SPDX-License-Identifier: GPL-3.0-or-later
"""Datasets, statements and algorithms; what they tell beside their rows."""

from __future__ import annotations

import datetime
import gc
import os
import warnings
from pathlib import Path

import netlytics
import pyarrow as pa
import pytest

BY_NAME = "SELECT name, SUM(s_bytes) AS bytes, COUNT(*) AS n FROM netlytics GROUP BY name ORDER BY name"
ANSWER = {"name": ["a.com", "b.com", "c.com"], "bytes": [157, 300, 1000], "n": [3, 1, 1]}


def test_a_dataset_has_the_columns_of_its_table(flows: netlytics.Table) -> None:
    assert flows.schema.names == [column.name for column in netlytics.schema("NamedFlows").columns]
    assert flows.schema.field("time_start").type == pa.float64()
    assert flows.schema.field("s_bytes").type == pa.int64()
    assert {column.name: column.unit for column in flows.columns}["s_bytes"] == "bytes"
    assert flows.to_arrow().num_rows == 5


@pytest.mark.parametrize(
    ("start", "end", "rows"),
    [
        ("2017_03_01", "2017_03_02", 4),
        ("2017-03-02", "2017-03-02", 1),
        (datetime.date(2017, 3, 3), None, 1),
        (None, datetime.datetime(2017, 3, 1, 12), 3),
        (None, None, 5),
    ],
)
def test_days_in_several_forms(logs: Path, start: object, end: object, rows: int) -> None:
    assert netlytics.get_dataset("squid:http", logs, start, end).to_arrow().num_rows == rows


def test_the_connector_is_told_by_the_files(logs: Path) -> None:
    assert netlytics.get_dataset("auto", logs).schema.names == [
        c.name for c in netlytics.schema("HTTP").columns
    ]


def test_a_statement_over_a_table(flows: netlytics.Table) -> None:
    assert flows.transform(BY_NAME).to_arrow().to_pydict() == ANSWER
    assert netlytics.transform(flows, BY_NAME).to_arrow().to_pydict() == ANSWER


def test_a_statement_over_an_answer(flows: netlytics.Table) -> None:
    answer = flows.transform(BY_NAME).transform("SELECT MAX(bytes) AS most FROM netlytics")
    assert answer.to_arrow().to_pydict() == {"most": [1000]}


def test_a_query_over_tables_of_several_sessions(logs: Path, flows: netlytics.Table) -> None:
    http = netlytics.get_dataset("squid:http", logs, threads=1)
    assert http.session is not flows.session
    sql = "SELECT COUNT(*) AS n FROM f JOIN h ON f.c_ip = h.c_ip WHERE h.host = 'b.com'"
    assert netlytics.query(sql, f=flows, h=http).to_arrow().to_pydict() == {"n": [1]}
    assert netlytics.query(sql, {"f": flows, "h": http}).to_arrow().to_pydict() == {"n": [1]}


def test_one_table_under_two_names(flows: netlytics.Table) -> None:
    sql = "SELECT COUNT(*) AS n FROM a JOIN b ON a.name = b.name"
    assert netlytics.query(sql, a=flows, b=flows).to_arrow().to_pydict() == {"n": [3 * 3 + 1 + 1]}


def test_a_query_needs_no_table() -> None:
    assert netlytics.query("SELECT 1 + 1 AS two").to_arrow().to_pydict() == {"two": [2]}


def test_an_algorithm(flows: netlytics.Table) -> None:
    answer = flows.run("domain_traffic", N=2).to_arrow()
    assert answer.to_pydict() == {"domain": ["c.com", "b.com"], "bytes": [1000, 300]}
    assert netlytics.run("algos.domain_traffic.DomainTraffic", flows, N=2).to_arrow() == answer


def test_an_answer_may_be_taken_again(flows: netlytics.Table) -> None:
    answer = flows.transform(BY_NAME)
    assert [answer.to_arrow().to_pydict() for _ in range(3)] == [ANSWER] * 3


def test_the_report_tells_of_lines_that_are_no_rows(flows: netlytics.Table) -> None:
    flows.to_arrow()
    report = flows.report()
    assert (report["files"], report["lines"], report["rows"], report["skipped"]) == (3, 6, 5, 1)
    assert report["by_reason"]["too_few_fields"] == 1
    assert [example["line"] for example in report["examples"]] == [2]


def test_warnings_are_told_once(logs: Path) -> None:
    with pytest.warns(netlytics.DataWarning, match="2017-03-04") as told:
        table = netlytics.get_dataset("squid:flows", logs, "2017-03-01", "2017-03-04")
    assert told[0].filename == __file__
    assert any("2017-03-04" in text for text in table.warnings)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        next(table.batches())
        table.with_limits(threads=1).to_arrow()


def test_batches_come_one_by_one(many: Path) -> None:
    table = netlytics.get_dataset("squid:http", many)
    assert sum(batch.num_rows for batch in table.batches()) == 100_000
    for batch in table.batches():
        assert 0 < batch.num_rows < 100_000
        break
    assert table.head(3).num_rows == 3
    assert table.head(100_001).num_rows == 100_000


def test_two_answers_at_a_time(many: Path) -> None:
    table = netlytics.get_dataset("squid:http", many)
    reader = table.to_reader()
    first = reader.read_next_batch()
    assert table.transform("SELECT COUNT(*) AS n FROM netlytics").to_arrow().to_pydict() == {"n": [100_000]}
    assert first.num_rows + sum(batch.num_rows for batch in reader) == 100_000


def test_a_stream_outlives_its_table(many: Path) -> None:
    reader = netlytics.get_dataset("squid:http", many).to_reader()
    assert reader.read_all().num_rows == 100_000


def test_a_fork_leaves_the_parents_session_alone(flows: netlytics.Table, tmp_path: Path) -> None:
    table = flows.with_limits(temp_dir=str(tmp_path))
    table.to_arrow()
    folders = list(tmp_path.iterdir())
    child = os.fork()
    if child == 0:
        try:
            del table, flows
            gc.collect()
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert len(folders) == 1 and list(tmp_path.iterdir()) == folders
    assert table.to_arrow().num_rows == 5


def test_limits(logs: Path, tmp_path: Path) -> None:
    session = netlytics.Session(threads=1, memory="256M", temp_dir=str(tmp_path), dialect="duckdb")
    assert len(list(tmp_path.iterdir())) == 1
    table = netlytics.get_dataset("squid:http", logs, session=session)
    sql = "SELECT list_sort(list(DISTINCT host)) AS hosts FROM netlytics"  # DuckDB's, not Spark's
    assert table.transform(sql).to_arrow().to_pydict() == {"hosts": [["a.com", "b.com", "c.com"]]}
    del session, table
    assert list(tmp_path.iterdir()) == []


def test_autonomous_systems(logs: Path, tmp_path: Path) -> None:
    view = tmp_path / "asn.dat"
    view.write_text("10.0.0.0/8\t64500\n192.0.2.0/24\t64501\n")
    table = netlytics.get_dataset("squid:http", logs, asn=str(view))
    answer = table.transform("SELECT DISTINCT asn(c_ip) AS c, asn(s_ip) AS s FROM netlytics")
    assert answer.to_arrow().to_pydict() == {"c": [64500], "s": [64501]}


def test_csv_and_parquet(tmp_path: Path, flows: netlytics.Table) -> None:
    answer = flows.transform(BY_NAME)
    assert answer.write(tmp_path / "a.csv") == 3
    assert (tmp_path / "a.csv").read_text() == "name,bytes,n\na.com,157,3\nb.com,300,1\nc.com,1000,1\n"
    assert answer.write(tmp_path / "a.parquet") == 3
    for connector in ("csv", "parquet"):
        again = netlytics.get_dataset(connector, tmp_path / f"a.{connector}")
        assert again.transform("SELECT * FROM netlytics ORDER BY name").to_arrow().to_pydict() == ANSWER
    assert answer.write(tmp_path / "b", "ndjson") == 3
    assert (tmp_path / "b").read_text().splitlines()[0] == '{"name":"a.com","bytes":157,"n":3}'


def test_a_folder_by_day(tmp_path: Path, flows: netlytics.Table) -> None:
    assert flows.transform("SELECT * FROM netlytics").write(tmp_path / "days", partition_by="day") == 5
    assert sorted(path.name for path in (tmp_path / "days").glob("day=*")) == [
        "day=2017-03-01",
        "day=2017-03-02",
        "day=2017-03-03",
    ]
    with pytest.raises(netlytics.OutputError):
        flows.transform("SELECT * FROM netlytics").write(tmp_path / "days", partition_by="day")


def test_text_of_a_table(flows: netlytics.Table) -> None:
    assert repr(flows.transform(BY_NAME)) == (
        "name   bytes  n\na.com    157  3\nb.com    300  1\nc.com   1000  1\n(query: 3 rows)"
    )


def test_html_of_a_table(tmp_path: Path) -> None:
    rows = netlytics.from_arrow({"<b>": ["a & b", None, "x" * 100], "n": list(range(3))})
    html = rows._repr_html_()
    assert "&lt;b&gt;<br><small>string</small>" in html
    assert "<td>a &amp; b</td>" in html
    assert "x" * 31 + "…" in html and "x" * 32 not in html
    assert "<p>rows: 3 rows</p>" in html


def test_a_table_that_fails_is_shown_with_its_error(flows: netlytics.Table) -> None:
    table = flows.transform("SELECT SUM(s_bytes + 9223372036854774000) AS n FROM netlytics")
    assert repr(table).startswith("<netlytics.Table query: integer overflow")
    assert table._repr_html_().startswith("<pre>netlytics.Table query: integer overflow")


def test_a_plan(flows: netlytics.Table) -> None:
    text = flows.transform(BY_NAME).explain()
    assert "connectors.squid_to_named_flows.Squid_To_Named_Flows" in text and "GROUP BY" in text
