# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways in: datasets, queries, algorithms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import _catalog, errors
from ._arrow import rows_of
from ._session import Handle, PathLike, Session, choose_connector
from ._table import Table


def _session(given: Session | None, limits: Mapping[str, Any]) -> Session:
    if given is None:
        return Session(**limits)
    if limits:
        raise errors.ArgumentError(f"{', '.join(limits)}: a session that is given has its own limits")
    return given


def get_dataset(
    connector: str,
    path: PathLike,
    start: Any = None,
    end: Any = None,
    *,
    name: str | None = None,
    filter_rows: bool = False,
    strict_days: bool = False,
    strict_files: bool = False,
    max_bad_fraction: float = 0.5,
    timezone: str | None = None,
    columns: str | None = None,
    cache: PathLike | None = None,
    session: Session | None = None,
    **limits: Any,
) -> Table:
    """Logs of some days as a table. Files are listed now and read when rows are asked for.

    Args:
        connector: class name or alias (`netlytics.connectors()`); "auto": told by the files; "csv",
            "ndjson", "parquet": any table in files with named columns, "parquet:DNS": with those of
            a Data Table.
        path: base folder, file or glob; may be on HDFS.
        start: first day, a date, "2017-03-01" or "2017_03_01"; None: the first there is.
        end: last day, included; None: the last there is.
        name: what it is called in reports; None: "netlytics".
        filter_rows: only rows whose own time lies in the days (UTC).
        strict_days: a day without a file is NotFoundError, not a warning.
        strict_files: a damaged file is DamagedError, not a warning.
        max_bad_fraction: share of rejected lines of a file, 0..1, above which the run ends.
        timezone: of times without one (BIND), IANA name or "+HH:MM"; None: UTC.
        columns: types of a csv or ndjson, "a INT, b DOUBLE"; None: inferred.
        cache: folder in which parsed rows are kept, so that a log is parsed once.
        session: to share limits and report with other tables.
        **limits: `threads`, `memory`, `temp_dir`, `temp_limit`, `dialect`, `asn`, `asn_names`,
            `progress`, as `netlytics.Limits` tells.

    Raises:
        NotFoundError: there is no file. ArgumentError: connector, days, columns. ReadError.
    """
    options = {
        "name": name,
        "filter_rows": filter_rows,
        "strict_days": strict_days,
        "strict_files": strict_files,
        "max_bad_fraction": max_bad_fraction,
        "timezone": timezone,
        "columns": columns,
        "cache": cache,
    }
    known = choose_connector(path, start, end) if connector.lower() == "auto" else connector

    def make(where: Session) -> Handle:
        return where.make_dataset(known, path, start, end, options)

    return Table(_session(session, limits), make, known)


def from_arrow(rows: Any, *, session: Session | None = None, **limits: Any) -> Table:
    """Rows of your own as a table, for statements and algorithms.

    Args:
        rows: anything with `__arrow_c_stream__` (tables of pyarrow, pandas, polars, duckdb), or a
            mapping of names to columns. They are not copied where their types are those of the
            library: bool, integers, floats, text, dates, timestamps, decimals, and lists of these.
            A reader is read to its end now.
        session, **limits: as of get_dataset().

    Raises:
        ArgumentError: no table, or a column of another type.
    """
    table = rows_of(rows)
    return Table(_session(session, limits), lambda where: where.make_arrow(table, None), "rows")


def as_table(rows: Any) -> Table:
    """A Table as it is; other rows made one."""
    return rows if isinstance(rows, Table) else from_arrow(rows)


def transform(table: Any, sql: str) -> Table:
    """One SELECT over a table, which it calls `netlytics`.

    Raises:
        SQLError: refused, or wrong, with its place.
    """
    return as_table(table).transform(sql)


def query(
    sql: str,
    tables: Mapping[str, Any] | None = None,
    *,
    session: Session | None = None,
    **more_tables: Any,
) -> Table:
    """One SELECT over any number of tables, each called by its key.

    >>> netlytics.query("SELECT d.query, f.s_bytes FROM dns d JOIN flows f USING (c_ip)",
    ...                 dns=dns, flows=flows)

    Tables of several sessions are made again in the first one's, or in `session`.

    Raises:
        SQLError: refused, or wrong, with its place. ArgumentError: a name that cannot be one.
    """
    named = {name: as_table(rows) for name, rows in {**(tables or {}), **more_tables}.items()}
    where = session or next((table.session for table in named.values()), None) or Session()

    def make(there: Session) -> Handle:
        handles: dict[int, Handle] = {}
        pairs = []
        for name, table in named.items():
            handle = table.in_session(there)
            if id(handle) in handles:  # a table under two names
                handle = there.make_transform(handle, "SELECT * FROM netlytics")
            handles[id(handle)] = handle
            pairs.append((name, handle))
        return there.make_query(pairs, sql)

    return Table(where, make, "query")


def run(algorithm: str, table: Any, **parameters: Any) -> Table:
    """An algorithm over a table, by class name or alias; `netlytics.algorithms()` lists them.

    Raises:
        ArgumentError: unknown algorithm or parameter, a value out of range, a column missing.
    """
    _catalog.find_algorithm(algorithm)  # before anything is read
    return as_table(table).run(algorithm, **parameters)
