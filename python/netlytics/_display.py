# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables for people: aligned text, and HTML for notebooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import pyarrow as pa

from ._catalog import Column
from .errors import Error

SHOWN_ROWS = 10
WIDTH = 32  # of a value

_Preview = Callable[[], "tuple[pa.Table, bool]"]


def _cell(value: Any) -> str:
    """A value on one line, cut; a NULL is empty."""
    if value is None:
        return ""
    text = repr(value) if isinstance(value, float) else str(value)
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


def _cells(rows: pa.Table) -> list[list[str]]:
    columns = [[_cell(value) for value in column.to_pylist()] for column in rows.slice(0, SHOWN_ROWS).columns]
    return [list(row) for row in zip(*columns)]


def _count(rows: pa.Table, is_whole: bool) -> str:
    n = rows.num_rows
    if not is_whole:
        return f"the first {SHOWN_ROWS} of more than {n - 1} rows"
    return f"{n} row{'' if n == 1 else 's'}" + (f", {SHOWN_ROWS} of them shown" if n > SHOWN_ROWS else "")


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def as_text(label: str, preview: _Preview) -> str:
    """Aligned columns; numbers to the right. What fails is said instead of raised."""
    try:
        rows, is_whole = preview()
    except Error as error:
        return f"<netlytics.Table {label}: {error}>"
    lines = [rows.column_names, *_cells(rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    to_right = [_is_number(field.type) for field in rows.schema]
    shown = [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, to_right)
        ).rstrip()
        for line in lines
    ]
    return "\n".join([*shown, f"({label}: {_count(rows, is_whole)})"])


def as_html(label: str, preview: _Preview, columns: Sequence[Column]) -> str:
    """A table with the columns' types; their meaning shows when the pointer rests on them."""
    try:
        rows, is_whole = preview()
    except Error as error:
        return f"<pre>netlytics.Table {escape(label)}: {escape(str(error))}</pre>"
    head = "".join(
        f'<th title="{escape(_meaning(column))}">{escape(column.name)}<br><small>{escape(column.type)}</small></th>'
        for column in columns
    )
    right = [' style="text-align: right"' if _is_number(field.type) else "" for field in rows.schema]
    body = "".join(
        "<tr>" + "".join(f"<td{style}>{escape(cell)}</td>" for cell, style in zip(row, right)) + "</tr>"
        for row in _cells(rows)
    )
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"<p>{escape(label)}: {escape(_count(rows, is_whole))}</p>"
    )


def _meaning(column: Column) -> str:
    return f"{column.help} ({column.unit})" if column.unit else column.help
