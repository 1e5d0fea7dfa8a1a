# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is: connectors, algorithms with their parameters, Data Tables with their columns."""

from __future__ import annotations

import ctypes
import json
from dataclasses import dataclass
from functools import cache

from . import _abi, errors
from ._library import core, encoded, failure, text


@dataclass(frozen=True)
class Connector:
    """A reader of one tool's logs. `layout`: how its files are named below the input path."""

    class_name: str
    alias: str
    table: str
    layout: str
    summary: str
    note: str


@dataclass(frozen=True)
class Parameter:
    """A parameter of an algorithm. `type`: "integer", "number", ...; `default`: of that type, None: required."""

    name: str
    alias: str
    type: str
    default: object
    unit: str
    range: str
    help: str

    def describe(self) -> str:
        """One line for a docstring."""
        name = f"{self.name} (or {self.alias})" if self.alias else self.name
        limits = f", {self.range}" if self.range else ""
        unit = f", in {self.unit}" if self.unit else ""
        default = "required" if self.default is None else f"default {json.dumps(self.default)}"
        return f"{name}: {self.type}{limits}{unit}, {default}. {self.help}"


@dataclass(frozen=True)
class Algorithm:
    """An algorithm. `table`: the Data Table it needs, or "any"; `output`: its file below the output folder."""

    class_name: str
    alias: str
    table: str
    summary: str
    output: str
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True)
class Column:
    """A column. `type` as in SQL; `required`: never NULL."""

    name: str
    type: str
    required: bool
    unit: str
    help: str


@dataclass(frozen=True)
class Schema:
    """A Data Table: its columns in the order in which they come."""

    name: str
    help: str
    columns: tuple[Column, ...]


def _get(function: str, out: ctypes.Structure, *index: int) -> ctypes.Structure:
    status = core(function)(*index, ctypes.byref(out))
    if status != 0:
        raise failure(status, _abi.Error(message=b"outside of the list", offset=-1))
    return out


def _texts(raw: ctypes.Structure, *names: str) -> list[str]:
    return [text(getattr(raw, name)) for name in names]


@cache
def connectors() -> tuple[Connector, ...]:
    """All connectors, as `netlytics connectors` lists them."""
    names = ("class_name", "alias", "table", "layout", "summary", "note")
    return tuple(
        Connector(*_texts(_get("nlt_connector_get", _abi.ConnectorInfo(), i), *names))
        for i in range(core("nlt_connector_count")())
    )


def _value(raw: bytes | None) -> object:
    """A default as the table writes it: JSON, or a bare word."""
    try:
        return json.loads(text(raw)) if raw is not None else None
    except ValueError:
        return text(raw)


def _parameter(algorithm: int, index: int) -> Parameter:
    raw = _get("nlt_algorithm_parameter", _abi.ParameterInfo(), algorithm, index)
    name, alias, kind, unit, limits, meaning = _texts(raw, "name", "alias", "type", "unit", "range", "help")
    return Parameter(name, alias, kind, _value(raw.fallback), unit, limits, meaning)


def _algorithm(index: int) -> Algorithm:
    raw = _get("nlt_algorithm_get", _abi.AlgorithmInfo(), index)
    class_name, alias, table, summary, output = _texts(
        raw, "class_name", "alias", "table", "summary", "output"
    )
    parameters = tuple(_parameter(index, i) for i in range(raw.n_parameters))
    return Algorithm(class_name, alias, table, summary, output, parameters)


@cache
def algorithms() -> tuple[Algorithm, ...]:
    """All algorithms, as `netlytics algos` lists them."""
    return tuple(_algorithm(i) for i in range(core("nlt_algorithm_count")()))


def find_algorithm(name: str) -> Algorithm:
    """An algorithm by class name or alias in any case; ArgumentError, with what was perhaps meant."""
    index = ctypes.c_int(-1)
    core("nlt_algorithm_find")(encoded(name), ctypes.byref(index))
    return algorithms()[index.value]


def column(raw: _abi.ColumnDesc) -> Column:
    """A column of the library's."""
    kind = text(core("nlt_dtype_name")(raw.dtype))
    return Column(text(raw.name), kind, raw.is_required, text(raw.unit), text(raw.help))


def tables() -> tuple[str, ...]:
    """Names of the Data Tables."""
    return tuple(
        text(core("nlt_table_desc_at")(i).contents.name) for i in range(core("nlt_table_desc_count")())
    )


def schema(table: str) -> Schema:
    """Columns of a Data Table: "DNS", "HTTP" or "NamedFlows" ("flows"), in any case.

    Raises:
        ArgumentError: there is no such table.
    """
    pointer = core("nlt_table_desc_find")(encoded(table))
    if not pointer:
        raise errors.ArgumentError(f'no table is called "{table}"', f"there are {', '.join(tables())}")
    raw = pointer.contents
    columns = tuple(column(raw.columns[i]) for i in range(raw.n_columns))
    return Schema(text(raw.name), text(raw.help), columns)
