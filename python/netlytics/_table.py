# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables: what was asked for, computed when rows are asked for.

A table knows how it was made, so that it can be made again in another session: when its own has
been cancelled, when an answer is still being read there, when tables of several sessions meet in a
query.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from . import _abi, _catalog, _display, _library
from ._library import engine
from ._session import Handle, PathLike, Session

if TYPE_CHECKING:
    import pandas
    import polars

KEPT_ROWS = 1000  # an answer of so many rows is kept when it was looked at

_FORMATS = {
    ".csv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".txt": "table",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
}


def _open_reader(handle: Handle) -> pa.RecordBatchReader:
    stream = _abi.ArrowArrayStream()
    engine("nlt_table_arrow_stream")(handle.pointer, ctypes.byref(stream))
    return pa.RecordBatchReader._import_from_c(ctypes.addressof(stream))


def _next_batch(session: Session, reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
    """None: the end. Raises what the library says, where Arrow knows a number only."""
    try:
        return reader.read_next_batch()
    except StopIteration:
        return None
    except (OSError, pa.ArrowException) as failure:
        raise session.failure() or failure from None


class Table:
    """Rows that are computed when they are asked for, by this object or by whoever reads it.

    pandas, polars, duckdb and pyarrow take it as it is, by `__arrow_c_stream__`:
    `polars.DataFrame(table)`, `duckdb.sql("SELECT * FROM table")`, `pyarrow.table(table)`,
    `table.to_pandas()`. Rows stream through: only what the consumer keeps is in memory.

    Columns of Data Tables have the units that `netlytics.schema()` tells; times are seconds since
    1970 UTC (double). Any column may be NULL unless the schema says that it is required.
    """

    def __init__(self, session: Session, make: Callable[[Session], Handle], label: str) -> None:
        self._session = session.free()
        self._make = make
        self._label = label
        self._handle = make(self._session)
        self._kept: pa.Table | None = None

    # ---- where it is computed ----

    def in_session(self, session: Session) -> Handle:
        """The library's table in a session, made anew unless it is this table's own."""
        return self._handle if session is self._session else self._make(session)

    @property
    def session(self) -> Session:
        """The session it is computed in."""
        return self._session

    def with_limits(self, **limits: Any) -> Table:
        """The same rows, computed within other limits; those that are not given stay."""
        return Table(self._session.again(**limits), self._make, self._label)

    def _ready(self) -> tuple[Session, Handle]:
        """A session that is free, and the table in it."""
        session = self._session.free()
        self._handle = self.in_session(session)
        self._session = session
        return session, self._handle

    # ---- what it is ----

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        raw = _abi.ArrowSchema()
        engine("nlt_table_arrow_schema")(self._handle.pointer, ctypes.byref(raw))
        return pa.schema(pa.DataType._import_from_c(ctypes.addressof(raw)))

    @property
    def columns(self) -> tuple[_catalog.Column, ...]:
        """The columns with units and meaning, where these are known."""
        return tuple(_catalog.column(raw) for raw in self._handle.columns())

    def explain(self) -> str:
        """The plan behind it, as text: datasets, statements, kernels."""
        pointer = ctypes.c_void_p()
        engine("nlt_table_explain")(self._handle.pointer, 0, ctypes.byref(pointer))
        return _library.take_text(pointer)

    # ---- what it was made of ----

    def report(self) -> dict[str, Any]:
        """What became of every line that was read for the answer that was taken last.

        Lines that are no rows are counted by file and reason, with examples. Of a query over
        several datasets: {"datasets": [...]}.
        """
        return self._session.report()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was warned of so far; each was also told by Python's warnings."""
        return self._session.warnings

    # ---- more of it ----

    def transform(self, sql: str) -> Table:
        """One SELECT over this table, which it calls `netlytics`.

        Raises:
            SQLError: refused, or wrong, with its place.
        """
        return Table(
            self._session, lambda session: session.make_transform(self.in_session(session), sql), "query"
        )

    def run(self, algorithm: str, **parameters: Any) -> Table:
        """An algorithm over this table, by class name or alias; `netlytics.algorithms()` lists them.

        Raises:
            ArgumentError: unknown algorithm or parameter, a value out of range, a column missing.
        """
        name = _catalog.find_algorithm(algorithm).class_name

        def make(session: Session) -> Handle:
            return session.make_run(self.in_session(session), name, parameters)

        return Table(self._session, make, name)

    # ---- its rows ----

    def to_reader(self) -> pa.RecordBatchReader:
        """A reader of record batches. Ctrl-C is heard up to the first rows, errors are Arrow's behind them."""
        if self._kept is not None:
            return self._kept.to_reader()
        session, handle = self._ready()
        return session.run(lambda: _open_reader(handle))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Record batches as they come; the loop over them may end early.

        Raises:
            Error: any of its classes, also between batches.
        """
        session, handle = self._ready()
        with session.run(lambda: _open_reader(handle)) as reader:
            while (batch := session.run(lambda: _next_batch(session, reader))) is not None:
                yield batch

    def to_arrow(self) -> pa.Table:
        """All rows as a pyarrow.Table, in memory.

        Raises:
            Error: DamagedError, SQLError, OutOfMemoryError, ...
        """
        if self._kept is not None:
            return self._kept
        session, handle = self._ready()

        def read() -> pa.Table:
            with _open_reader(handle) as reader:
                schema = reader.schema
                return pa.Table.from_batches(iter(lambda: _next_batch(session, reader), None), schema)

        return session.run(read)

    def to_pandas(self, **options: Any) -> pandas.DataFrame:
        """All rows as a pandas.DataFrame; options as of pyarrow.Table.to_pandas()."""
        return self.to_arrow().to_pandas(**options)

    def to_polars(self) -> polars.DataFrame:
        """All rows as a polars.DataFrame."""
        import polars

        return polars.DataFrame(self.to_arrow())

    def head(self, n: int = 10) -> pa.Table:
        """The first n rows that come, as a pyarrow.Table; reading stops there."""
        rows: list[pa.RecordBatch] = []
        found = 0
        for batch in self.batches() if self._kept is None else self._kept.to_batches():
            rows.append(batch)
            found += batch.num_rows
            if found >= n:
                break
        return pa.Table.from_batches(rows, self.schema).slice(0, n)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_reader().__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self.schema.__arrow_c_schema__()

    # ---- into files ----

    def write(
        self,
        path: PathLike,
        format: str | None = None,
        *,
        partition_by: str | None = None,
        overwrite: bool = False,
    ) -> int:
        """Writes the rows to a file, or with `partition_by` as Parquet into a folder per value.

        Args:
            path: a file, which is replaced at the end, whole or not at all; or a folder.
            format: "csv", "ndjson", "json", "table", "arrow" or "parquet"; None: by the file's suffix.
            partition_by: a column, or "day".
            overwrite: replace what a folder has under the same names.

        Returns:
            Rows written.

        Raises:
            OutputError, ArgumentError, SQLError, DamagedError.
        """
        session, handle = self._ready()
        n_rows = ctypes.c_int64()
        to = _library.encoded(path)
        n = ctypes.byref(n_rows)
        if partition_by is not None:
            column = partition_by.encode()
            session.run(lambda: engine("nlt_table_write_folder")(handle.pointer, to, column, overwrite, n))
        else:
            name = (format or _FORMATS.get(Path(path).suffix.lower(), "csv")).encode()
            session.run(lambda: engine("nlt_table_write")(handle.pointer, name, to, n))
        return n_rows.value

    def write_job(
        self, folder: PathLike, *, state_dir: PathLike | None = None, overwrite: bool = False
    ) -> int:
        """Writes the answer of an algorithm with all that belongs to it: report.json, further files, state.

        Args:
            folder: must exist; may be on HDFS.
            state_dir: where a copy of what was learned goes; None: the folder.
            overwrite: replace names that exist.

        Returns:
            Rows of the answer.

        Raises:
            OutputError: a name exists, or cannot be written. As to_arrow().
        """
        session, handle = self._ready()
        n_rows = ctypes.c_int64()
        to, state = _library.encoded(folder), _library.encoded(state_dir)
        n = ctypes.byref(n_rows)
        session.run(lambda: engine("nlt_job_write")(handle.pointer, to, state, overwrite, n))
        return n_rows.value

    # ---- shown ----

    def _preview(self) -> tuple[pa.Table, bool]:
        """The first rows, and whether they are all. A short answer is kept."""
        rows = self.head(KEPT_ROWS + 1)
        is_whole = rows.num_rows <= KEPT_ROWS
        if is_whole:
            self._kept = rows
        return rows, is_whole

    def __repr__(self) -> str:
        return _display.as_text(self._label, self._preview)

    def _repr_html_(self) -> str:
        return _display.as_html(self._label, self._preview, self.columns)
