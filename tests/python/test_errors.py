# SPDX-License-Identifier: GPL-3.0-or-later
"""One class for each status, with message and hint."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path

import netlytics
import pytest
from conftest import squid_line
from netlytics import errors

PACKAGE = Path(netlytics.__file__).parent

# Of the documentation of exit codes.
EXIT_CODES = {
    "ArgumentError": 2,
    "NotFoundError": 3,
    "NoRowsError": 4,
    "SQLError": 5,
    "DamagedError": 6,
    "OutputError": 7,
    "FormatError": 1,
    "LimitError": 1,
    "ReadError": 1,
    "OutOfMemoryError": 1,
    "InternalError": 1,
    "CancelledError": 130,
}


def test_classes_and_exit_codes() -> None:
    assert set(errors.__all__) == {"Error", *EXIT_CODES}
    for name, code in EXIT_CODES.items():
        kind = getattr(netlytics, name)
        assert issubclass(kind, netlytics.Error) and kind.exit_code == code


def test_the_stub_names_the_same_classes() -> None:
    stub = ast.parse((PACKAGE / "errors.pyi").read_text())
    bases = {
        node.name: {ast.unparse(base) for base in node.bases}
        for node in stub.body
        if isinstance(node, ast.ClassDef)
    }
    assert set(bases) == {"Error", *EXIT_CODES}
    for name in EXIT_CODES:
        assert {base.__name__ for base in getattr(errors, name).__bases__} == bases[name]


def test_what_python_would_raise() -> None:
    assert issubclass(netlytics.ArgumentError, ValueError)
    assert issubclass(netlytics.NotFoundError, FileNotFoundError)
    assert issubclass(netlytics.OutputError, OSError)
    assert issubclass(netlytics.OutOfMemoryError, MemoryError)


def test_errors_can_be_sent_to_another_process() -> None:
    error = netlytics.ReadError("what", "do", 7)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.message, again.hint, again.offset) == (netlytics.ReadError, "what", "do", 7)
    assert str(error) == "what\nhint: do" and str(netlytics.ReadError("what")) == "what"


def test_unknown_algorithm_has_a_hint(flows: netlytics.Table) -> None:
    with pytest.raises(netlytics.ArgumentError) as caught:
        flows.run("domain_trafic")
    assert "domain_trafic" in caught.value.message and '"domain_traffic"' in caught.value.hint


@pytest.mark.parametrize("parameters", [{"M": 1}, {"N": 0}, {"N": "many"}, {"N": 1, "N_TOP": 2}])
def test_bad_parameters(flows: netlytics.Table, parameters: dict[str, object]) -> None:
    with pytest.raises(netlytics.ArgumentError):
        flows.run("domain_traffic", **parameters)


def test_a_table_that_an_algorithm_cannot_take(logs: Path) -> None:
    with pytest.raises(netlytics.ArgumentError, match="NamedFlows"):
        netlytics.get_dataset("squid:http", logs).run("domain_traffic")
    with pytest.raises(netlytics.ArgumentError, match="c_bytes"):
        netlytics.run("domain_traffic", {"name": ["a"], "s_bytes": [1]})


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT nothing FROM netlytics",
        "SELECT FROM",
        "DROP TABLE netlytics",
        "SELECT 1; SELECT 2",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM netlytics_arrow(0)",
    ],
)
def test_statements_that_are_refused(flows: netlytics.Table, sql: str) -> None:
    with pytest.raises(netlytics.SQLError):
        flows.transform(sql)
    with pytest.raises(netlytics.SQLError):
        netlytics.query(sql, netlytics={"a": [1]})


def test_names_that_no_table_can_have(flows: netlytics.Table) -> None:
    with pytest.raises(netlytics.ArgumentError):
        netlytics.query("SELECT 1", {"two words": flows})


def test_no_input(tmp_path: Path) -> None:
    with pytest.raises(netlytics.NotFoundError, match="nowhere"):
        netlytics.get_dataset("squid:http", tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError):
        netlytics.get_dataset("squid:http", tmp_path)  # empty


def test_unknown_connector(logs: Path) -> None:
    with pytest.raises(netlytics.ArgumentError) as caught:
        netlytics.get_dataset("squid:htp", logs)
    assert "squid:HTTP" in caught.value.hint


@pytest.mark.parametrize("days", [("2017-03-32", None), ("2017_03_02", "2017_03_01"), ("yesterday", None)])
def test_impossible_days(logs: Path, days: tuple[str, str | None]) -> None:
    with pytest.raises(netlytics.ArgumentError):
        netlytics.get_dataset("squid:http", logs, *days)


def test_strict_days(logs: Path) -> None:
    with pytest.raises(netlytics.NotFoundError, match="2017-03-04"):
        netlytics.get_dataset("squid:http", logs, "2017-03-01", "2017-03-04", strict_days=True)


def test_damaged_beyond_the_limit(tmp_path: Path) -> None:
    (tmp_path / "access.log-20170302").write_text(
        squid_line(1, "10.0.0.1", 1, "http://a.com/") * 600 + "what\n" * 400
    )
    assert netlytics.get_dataset("squid:http", tmp_path).to_arrow().num_rows == 600
    table = netlytics.get_dataset("squid:http", tmp_path, max_bad_fraction=0.3)
    for take in (table.to_arrow, lambda: list(table.batches()), lambda: table.write("/dev/null", "csv")):
        with pytest.raises(netlytics.DamagedError, match="access.log-20170302"):
            take()


def test_a_failure_while_rows_are_computed(flows: netlytics.Table) -> None:
    table = flows.transform("SELECT SUM(s_bytes + 9223372036854774000) AS n FROM netlytics")
    for take in (table.to_arrow, table.to_reader, lambda: table.write("/dev/null", "csv")):
        with pytest.raises(netlytics.SQLError, match="overflow"):
            take()


def test_outputs_that_cannot_be_written(flows: netlytics.Table, tmp_path: Path) -> None:
    with pytest.raises(netlytics.OutputError):
        flows.write(tmp_path / "no" / "folder.csv")
    with pytest.raises(netlytics.ArgumentError):
        flows.write(tmp_path / "a", "docx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "limits",
    [{"memory": "1K"}, {"memory": "much"}, {"memory": "2X"}, {"dialect": "mysql"}, {"temp_limit": "-1"}],
)
def test_impossible_limits(limits: dict[str, str]) -> None:
    with pytest.raises(netlytics.ArgumentError):
        netlytics.Session(**limits)


def test_unknown_limits(logs: Path) -> None:
    with pytest.raises(TypeError, match="thread"):
        netlytics.get_dataset("squid:http", logs, thread=1)
    with pytest.raises(netlytics.ArgumentError, match="threads"):
        netlytics.get_dataset("squid:http", logs, session=netlytics.Session(), threads=1)


def test_temporary_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(netlytics.OutputError, match="nowhere"):
        netlytics.Session(temp_dir=str(tmp_path / "nowhere"))
