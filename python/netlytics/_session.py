# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions of the embedded engine: limits, datasets, warnings."""

from __future__ import annotations

import ctypes
import itertools
import json
import os
import re
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar, Union

import pyarrow as pa

from . import _abi, _library, _wait, errors
from ._library import core, encoded, engine, text

Result = TypeVar("Result")
PathLike = Union[str, "os.PathLike[str]"]

DIALECTS = ("spark", "duckdb")  # nlt_dialect


class DataWarning(UserWarning):
    """What the library warns of: days without a file, damaged files, rejected lines."""


@dataclass(frozen=True)
class Limits:
    """What a session may use and how it reads statements.

    Attributes:
        threads: threads; None: all cores.
        memory: bytes, or text such as "2G"; None: 60 % of the memory. At least 256 MiB.
        temp_dir: spill files lie in a private folder below it; None: $TMPDIR or /tmp.
        temp_limit: bytes of all temporary files; None: as much as there is room.
        dialect: "spark" (Spark SQL's answer, or refused) or "duckdb" (passed through).
        asn: file of autonomous systems for asn() and as_name(): as pyasn writes it, or .mmdb.
        asn_names: their names, where asn has none.
        persistent_dir: folder, local or on HDFS, in which algorithms keep what they have learned.
        progress: show a bar with tqdm; None: in a notebook or on a terminal, if tqdm is there.
    """

    threads: int | None = None
    memory: int | str | None = None
    temp_dir: str | None = None
    temp_limit: int | str | None = None
    dialect: str = "spark"
    asn: str | None = None
    asn_names: str | None = None
    persistent_dir: str | None = None
    progress: bool | None = None


def size(value: int | str | None) -> int:
    """Bytes of "2G", "512M", "4GB" or a number; 0: none was given."""
    if value is None:
        return 0
    found = re.fullmatch(r"(\d+)([KMGT]?)B?", str(value))
    if not found:
        raise errors.ArgumentError(f"{value!r} is no size", "a size is such as 512M, 2G or 4GB")
    return int(found[1]) << (10 * " KMGT".index(found[2] or " "))


@dataclass(frozen=True)
class Progress:
    """What was read so far. `bytes_total` of the input files, -1: unknown; `rows` of datasets."""

    bytes_total: int
    bytes_done: int
    files: int
    rows: int


_warned: dict[int, list[str]] = {}  # texts by session; the library only knows the key
_keys = itertools.count(1)


@_abi.WARNING
def _on_warning(key: int | None, message: bytes) -> None:
    texts = _warned.get(key or 0)
    if texts is not None:
        texts.append(message.decode("utf-8", "replace"))


def _close(pointer: ctypes.c_void_p, key: int, lock: threading.RLock, process: int) -> None:
    if os.getpid() != process:
        return  # a copy by fork(): threads and temporary folder are the parent's
    if not lock.acquire(blocking=False):  # interpreter shutdown while a call runs
        engine("nlt_session_cancel")(pointer)
        lock.acquire()
    try:
        engine("nlt_session_close")(pointer)
    finally:
        lock.release()
    _warned.pop(key, None)


def _level_of_caller() -> int:
    """Of who called this package, for the place that a warning names."""
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("netlytics"):
        frame = frame.f_back
        level += 1
    return level


class Handle:
    """A table of the library's, freed with this object."""

    def __init__(self, pointer: ctypes.c_void_p) -> None:
        self.pointer = pointer
        weakref.finalize(self, engine("nlt_table_free"), pointer).atexit = False

    def columns(self) -> list[_abi.ColumnDesc]:
        """Borrowed."""
        n = engine("nlt_table_column_count")(self.pointer)
        return [engine("nlt_table_column")(self.pointer, i).contents for i in range(n)]


def day(value: Any) -> bytes | None:
    """A day as the library writes it, of a date, "2017-03-01" or "2017_03_01"."""
    if value is None:
        return None
    written = value.strftime("%Y_%m_%d") if hasattr(value, "strftime") else str(value)
    return written.replace("-", "_").encode()


class Session:
    """The embedded engine with its limits; see `Limits` for the keywords.

    Tables made without a session have one of their own. Give several the same one to have the
    same limits, and one report of a run for all datasets of a query.

    Raises:
        ArgumentError: memory below 256 MiB, or no such dialect.
        OutputError: temp_dir cannot be used.
        NotFoundError, ReadError, FormatError, DamagedError: asn, asn_names.
    """

    def __init__(self, **limits: Any) -> None:
        self.limits = Limits(**limits)
        if self.limits.dialect not in DIALECTS:
            raise errors.ArgumentError(
                f"there is no dialect {self.limits.dialect!r}", f"there are {', '.join(DIALECTS)}"
            )
        self._key = next(_keys)
        self._n_seen = 0
        self._told: set[str] = set()  # shared by sessions that are made in place of this one
        self._lock = threading.RLock()
        self.is_cancelled = False
        _warned[self._key] = []
        options = _abi.SessionOptions(
            struct_size=ctypes.sizeof(_abi.SessionOptions),
            threads=self.limits.threads or 0,
            memory_bytes=size(self.limits.memory),
            temp_dir=encoded(self.limits.temp_dir),
            hooks=_abi.Hooks(_on_warning, self._key),
            asn_view=encoded(self.limits.asn),
            asn_names=encoded(self.limits.asn_names),
            temp_bytes_max=size(self.limits.temp_limit),
            dialect=DIALECTS.index(self.limits.dialect),
            persistent_dir=encoded(self.limits.persistent_dir),
        )
        pointer = ctypes.c_void_p()
        engine("nlt_session_open")(ctypes.byref(options), ctypes.byref(pointer))
        self._pointer = pointer
        weakref.finalize(self, _close, pointer, self._key, self._lock, os.getpid())
        self.tell_warnings()

    def again(self, **limits: Any) -> Session:
        """Another session with the same limits, but for those that are given."""
        session = Session(**{**asdict(self.limits), **limits})
        session._told = self._told
        return session

    def cancel(self) -> None:
        """Stops what runs; it raises CancelledError, and the session is of no more use."""
        self.is_cancelled = True
        engine("nlt_session_cancel")(self._pointer)

    def progress(self) -> Progress:
        """What the scans have read so far; any thread, any time."""
        raw = _abi.Progress()
        engine("nlt_session_progress")(self._pointer, ctypes.byref(raw))
        return Progress(raw.bytes_total, raw.bytes_done, raw.files, raw.rows)

    @property
    def warnings(self) -> tuple[str, ...]:
        """All warnings so far."""
        return tuple(_warned[self._key])

    def report(self) -> dict[str, Any]:
        """What became of the lines of all datasets in the last run: report.json of a job."""
        pointer = ctypes.c_void_p()
        with self._lock:
            engine("nlt_session_report")(self._pointer, ctypes.byref(pointer))
        return json.loads(_library.take_text(pointer))

    # ---- for tables ----

    def free(self) -> Session:
        """This session or, if it was cancelled or its answer is being read, another one like it.

        The engine gives one answer at a time: even to look at a statement ends what is being read.
        """
        is_streaming = engine("nlt_session_stream_count")(self._pointer) > 0
        return self.again() if is_streaming or self.is_cancelled else self

    def tell_warnings(self) -> None:
        """Hands what is new to Python's warnings, each text once."""
        texts = _warned[self._key]
        new, self._n_seen = texts[self._n_seen :], len(texts)
        for message in new:
            if message not in self._told:
                self._told.add(message)
                warnings.warn(message, DataWarning, stacklevel=_level_of_caller())

    def failure(self) -> Exception | None:
        """Why the stream that was opened last has ended early; None: it has not."""
        error = _abi.Error()
        engine("nlt_session_failure")(self._pointer, ctypes.byref(error))
        return _library.failure(error.code, error) if error.code else None

    def run(self, work: Callable[[], Result]) -> Result:
        """A long call: interruptible, with progress."""

        def locked() -> Result:
            with self._lock:
                return work()

        try:
            return _wait.run(self, locked)
        finally:
            self.tell_warnings()

    def _make(self, function: str, *arguments: Any) -> Handle:
        pointer = ctypes.c_void_p()
        with self._lock:
            engine(function)(*arguments, ctypes.byref(pointer))
        return Handle(pointer)

    def make_dataset(
        self, connector: str, path: PathLike, start: Any, end: Any, options: dict[str, Any]
    ) -> Handle:
        """nlt_dataset()"""
        request = _abi.DatasetRequest(
            struct_size=ctypes.sizeof(_abi.DatasetRequest),
            connector=encoded(connector),
            input_path=encoded(path),
            start_day=day(start),
            end_day=day(end),
            max_bad_fraction=options.get("max_bad_fraction", 0.5),
            timezone=encoded(options.get("timezone")),
            filter_rows=options.get("filter_rows", False),
            strict_days=options.get("strict_days", False),
            strict_files=options.get("strict_files", False),
            columns=encoded(options.get("columns")),
            cache_dir=encoded(options.get("cache")),
            name=encoded(options.get("name")),
        )
        # A cache is filled here, and listing may take its time.
        return self.run(lambda: self._make("nlt_dataset", self._pointer, ctypes.byref(request)))

    def make_arrow(self, rows: pa.Table, name: str | None) -> Handle:
        """nlt_arrow_table()"""
        stream = _abi.ArrowArrayStream()
        rows.to_reader()._export_to_c(ctypes.addressof(stream))
        return self._make("nlt_arrow_table", self._pointer, encoded(name), ctypes.byref(stream))

    def make_transform(self, table: Handle, sql: str) -> Handle:
        """nlt_transform()"""
        return self._make("nlt_transform", table.pointer, sql.encode())

    def make_query(self, tables: Iterable[tuple[str, Handle]], sql: str) -> Handle:
        """nlt_query()"""
        named = list(tables)
        for name, table in named:
            engine("nlt_table_set_name")(table.pointer, name.encode())
        pointers = (ctypes.c_void_p * len(named))(*(table.pointer for _, table in named))
        return self._make("nlt_query", self._pointer, pointers, len(named), sql.encode())

    def make_run(self, table: Handle, algorithm: str, parameters: dict[str, Any]) -> Handle:
        """nlt_run()"""
        params = json.dumps(parameters).encode()
        return self._make("nlt_run", table.pointer, algorithm.encode(), params)


def choose_connector(path: PathLike, start: Any, end: Any) -> str:
    """Class name of the connector that reads the files, as `-c auto` chooses it."""
    options = _abi.ProbeOptions(
        struct_size=ctypes.sizeof(_abi.ProbeOptions), start_day=day(start), end_day=day(end)
    )
    choice = _abi.ProbeChoice()
    core("nlt_probe_choose")(encoded(path), ctypes.byref(options), None, ctypes.byref(choice))
    name = text(choice.class_name)
    core("nlt_probe_choice_clear")(ctypes.byref(choice))
    return name
