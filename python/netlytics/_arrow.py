# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of somebody else's, as the library takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from . import errors


def _is_binary(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _is_list(kind: pa.DataType) -> bool:
    kinds = pa.types
    return any(
        is_it(kind)
        for is_it in (kinds.is_list, kinds.is_large_list, kinds.is_list_view, kinds.is_large_list_view)
    ) or kinds.is_fixed_size_list(kind)


def taken_as(kind: pa.DataType) -> pa.DataType:
    """The type in which the library takes a column; it refuses what it cannot take itself."""
    if pa.types.is_dictionary(kind):
        return taken_as(kind.value_type)
    if pa.types.is_unsigned_integer(kind):
        return pa.int64()
    if kind == pa.float16():
        return pa.float64()
    if kind == pa.large_string() or kind == pa.string():
        return kind
    if pa.types.is_null(kind) or pa.types.is_string_view(kind) or _is_binary(kind):
        return pa.string()  # binary: if it is UTF-8
    if pa.types.is_date(kind):
        return pa.date32()
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz and "UTC")
    if pa.types.is_decimal(kind):
        return pa.decimal128(38, kind.scale)
    return pa.list_(taken_as(kind.value_type)) if _is_list(kind) else kind


def _cast(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Parts of a microsecond are cut off; any other loss is an error."""
    to = taken_as(column.type)
    try:
        return column if to == column.type else column.cast(to, safe=not pa.types.is_timestamp(to))
    except pa.ArrowException as failure:
        raise errors.ArgumentError(f'column "{name}" cannot be taken as {to}: {failure}') from None


def rows_of(rows: Any) -> pa.Table:
    """Rows as a pyarrow.Table of types that the library takes; not copied where they are such.

    Raises:
        ArgumentError: they are none, or a value cannot be taken.
    """
    if hasattr(rows, "__arrow_c_stream__"):
        table = pa.table(rows)
    elif type(rows).__module__.startswith("pandas."):  # before 2.2
        table = pa.Table.from_pandas(rows)
    elif isinstance(rows, Mapping):
        table = pa.table(dict(rows))
    else:
        raise errors.ArgumentError(
            f"{type(rows).__name__} is no table",
            "tables of netlytics, pyarrow, pandas, polars and duckdb are, and all with __arrow_c_stream__",
        )
    columns = [_cast(column, name) for name, column in zip(table.column_names, table.columns)]
    return pa.table(columns, names=table.column_names)
