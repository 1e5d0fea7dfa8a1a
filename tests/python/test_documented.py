# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented modules, functions and classes, without Spark."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import netlytics
import polars
import pytest

CONNECTOR = "connectors.squid_to_named_flows.Squid_To_Named_Flows"


@pytest.fixture
def dataframe(logs: Path) -> netlytics.Table:
    import core.utils

    return core.utils.get_dataset(
        None, None, "/opt/netlytics", CONNECTOR, str(logs), "2017_03_01", "2017_03_03"
    )


def test_every_class_is_where_it_is_named() -> None:
    for row in (*netlytics.algorithms(), *netlytics.connectors()):
        module, _, name = row.class_name.rpartition(".")
        kind = getattr(importlib.import_module(module), name)
        assert (kind.__name__, kind.__module__) == (name, module)
        assert kind.__doc__.startswith(row.summary)


def test_modules_without_the_package_first() -> None:
    code = "from algos.domain_traffic import DomainTraffic; import connectors.bro_to_DNS, core.utils; print(DomainTraffic.input_type)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "NamedFlows\n"


def test_modules_that_are_not_there() -> None:
    for name in ("algos.nothing", "algos.domain_traffic.more", "connectors.squid"):
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(name)


def test_get_dataset_and_transform(dataframe: netlytics.Table) -> None:
    import core.utils

    manipulated = core.utils.transform(
        dataframe, None, sql_query="SELECT name, s_bytes FROM netlytics WHERE s_bytes > 100"
    )
    assert sorted(manipulated.to_arrow().to_pylist(), key=str) == [
        {"name": "b.com", "s_bytes": 300},
        {"name": "c.com", "s_bytes": 1000},
    ]
    assert core.utils.transform(dataframe, None) is dataframe


def test_transform_of_rows_of_ones_own() -> None:
    from core.utils import transform

    frame = polars.DataFrame({"a": [1, 2]})
    assert transform(frame, sql_query="SELECT SUM(a) AS s FROM netlytics").to_arrow().to_pylist() == [
        {"s": 3}
    ]


def test_features_are_not_there_yet(dataframe: netlytics.Table) -> None:
    from core.utils import transform

    with pytest.raises(NotImplementedError):
        transform(dataframe, None, numerical_features=["s_bytes"])


def test_an_algorithm_writes_its_folder(dataframe: netlytics.Table, tmp_path: Path) -> None:
    from algos.domain_traffic import DomainTraffic
    from core.algo import Algo

    folder = tmp_path / "output"
    algo = DomainTraffic(
        dataframe, str(folder), str(tmp_path), "/data/tmp", str(tmp_path / "kept"), "/data/kept"
    )
    assert isinstance(algo, Algo) and (algo.name, algo.input_type) == ("domain_traffic", "NamedFlows")
    answer = algo.run()
    assert (folder / "report.csv").read_text() == "domain,bytes\nc.com,1000\nb.com,300\na.com,157\n"
    report = json.loads((folder / "report.json").read_text())
    assert (report["rows"], report["skipped"]) == (5, 1)
    assert sorted(path.name for path in folder.iterdir()) == ["report.csv", "report.json"]
    assert answer.to_arrow().num_rows == 3


def test_parameters_as_keywords_and_in_the_dictionary(dataframe: netlytics.Table) -> None:
    from algos.domain_traffic import DomainTraffic

    assert DomainTraffic(dataframe, N=2).run().to_arrow().num_rows == 2
    algo = DomainTraffic(dataframe)
    algo.parameters["N"] = 1
    assert algo.run().to_arrow().num_rows == 1
    assert DomainTraffic(dataframe).parameters == {}  # not shared


def test_results_are_replaced_only_if_told(dataframe: netlytics.Table, tmp_path: Path) -> None:
    from algos.domain_traffic import DomainTraffic

    DomainTraffic(dataframe, tmp_path).run()
    with pytest.raises(netlytics.OutputError):
        DomainTraffic(dataframe, tmp_path).run()
    DomainTraffic(dataframe, tmp_path, overwrite=True, N=1).run()
    assert (tmp_path / "report.csv").read_text() == "domain,bytes\nc.com,1000\n"


@pytest.mark.filterwarnings("ignore:WHAT")
def test_what_is_learned_is_kept(dataframe: netlytics.Table, tmp_path: Path) -> None:
    from algos.WHAT import WHAT

    kept = tmp_path / "kept"
    first = WHAT(dataframe, tmp_path / "first", persistent_dir_local=kept, CORES=["a.com"])
    first.run()
    assert [path.name for path in kept.iterdir()] == ["bags.json"]
    again = WHAT(dataframe, tmp_path / "again", persistent_dir_local=kept, CORES=["a.com"], USE_SAVED=True)
    again.run()
    reports = [(tmp_path / name / "report.csv").read_bytes() for name in ("first", "again")]
    assert reports[0] == reports[1] and b"a.com" in reports[0]
    with pytest.raises(netlytics.Error):
        WHAT(dataframe, CORES=["a.com"], USE_SAVED=True).run()


def test_a_connector_class(logs: Path) -> None:
    from connectors.squid_to_HTTP import Squid_To_HTTP

    connector = Squid_To_HTTP(str(logs), "2017_03_01", "2017_03_01")
    assert connector.output_type == "HTTP"
    assert connector.get_DF().to_arrow().num_rows == 3


def test_docstrings_name_all_parameters() -> None:
    for algorithm in netlytics.algorithms():
        module, _, name = algorithm.class_name.rpartition(".")
        text = inspect.getdoc(getattr(importlib.import_module(module), name)) or ""
        for parameter in algorithm.parameters:
            assert re.search(rf"\b{parameter.name}\b", text) and parameter.help in text


def test_every_public_thing_has_a_docstring() -> None:
    for name in netlytics.__all__:
        thing = getattr(netlytics, name)
        assert thing.__doc__, name
        for member, value in vars(thing).items() if isinstance(thing, type) else ():
            if callable(value) and not member.startswith("_"):
                assert value.__doc__, f"{name}.{member}"
