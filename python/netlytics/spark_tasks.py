# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs inside Spark's executors: the library's tasks as functions for mapInArrow.

Rows go from C to Spark and back as Arrow streams; nothing here looks at a row.
"""

from __future__ import annotations

import ctypes
import itertools
import json
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark import SparkFiles, TaskContext
from pyspark.accumulators import AccumulatorParam

from . import _abi
from ._library import core, failure, take_text

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

FAILURE_MARK = "NETLYTICS-TASK-FAILURE "
HADOOP_FILES = ("core-site.xml", "hdfs-site.xml")
HADOOP_TOKENS = "netlytics_hadoop_tokens"  # the file of HADOOP_TOKEN_FILE_LOCATION, as it is sent


class TaskError(RuntimeError):
    """A task of the library failed. Spark hands on its text alone, so all is in there."""

    def __init__(self, status: int, message: str, hint: str) -> None:
        super().__init__(FAILURE_MARK + json.dumps({"status": status, "message": message, "hint": hint}))


class Reports(AccumulatorParam):
    """Reports by what they are of: a task that runs twice, or fails and runs again, counts once."""

    def zero(self, value: dict) -> dict:
        return {}

    def addInPlace(self, one: dict, other: dict) -> dict:
        one.update(other)
        return one


def export(batches: Iterable[pa.RecordBatch], schema: pa.Schema | None = None) -> _abi.ArrowArrayStream:
    """Batches as a C stream. `schema` counts if there is no batch."""
    iterator = iter(batches)
    first = next(iterator, None)
    if first is not None:
        schema = first.schema
        iterator = itertools.chain([first], iterator)
    stream = _abi.ArrowArrayStream()
    reader = pa.RecordBatchReader.from_batches(schema, iterator)
    reader._export_to_c(ctypes.addressof(stream))
    return stream


class Task:
    """A task of the library: its rows, then its report."""

    def __init__(self, function: str, *arguments: Any) -> None:
        self._task = ctypes.c_void_p()
        core(function)(*arguments, ctypes.byref(self._task))

    def rows(self) -> Iterator[pa.RecordBatch]:
        stream = _abi.ArrowArrayStream()
        core("nlt_task_stream")(self._task, ctypes.byref(stream))
        reader = pa.RecordBatchReader._import_from_c(ctypes.addressof(stream))
        try:
            yield from reader
        except (pa.ArrowException, OSError) as error:
            known = core("nlt_task_error")(self._task).contents
            if known.code == 0:
                raise
            raise TaskError(known.code, failure(known.code, known).message, known.hint.decode("utf-8", "replace")) from error
        finally:
            reader.close()

    def report(self) -> str:
        text = ctypes.c_void_p()
        core("nlt_task_report")(self._task, ctypes.byref(text))
        return take_text(text)

    def close(self) -> None:
        core("nlt_task_close")(self._task)
        self._task = ctypes.c_void_p()


def run(task: Task) -> Generator[pa.RecordBatch, None, str]:
    """The rows of a task, which is closed whatever happens; its report is the generator's value."""
    try:
        yield from task.rows()
        return task.report()
    finally:
        task.close()


def open_task(function: str, *arguments: Any) -> Task:
    """A task; what it cannot be opened for is told as what fails later."""
    from . import errors

    try:
        return Task(function, *arguments)
    except errors.Error as error:
        raise TaskError(error.status, error.message, error.hint) from error


def use_hadoop(user: str | None) -> None:
    """HDFS as the driver knows it: the configuration and the tokens that it has sent, if any, and its user."""
    sent = SparkFiles.getRootDirectory()
    found = {"HADOOP_USER_NAME": user}
    if any(os.path.isfile(os.path.join(sent, name)) for name in HADOOP_FILES):
        found["HADOOP_CONF_DIR"] = sent
    tokens = os.path.join(sent, HADOOP_TOKENS)
    if os.path.isfile(tokens):
        found["HADOOP_TOKEN_FILE_LOCATION"] = tokens
    for name, value in found.items():
        if value is not None and os.environ.get(name) != value:
            os.environ[name] = value


class ReadSplits:
    """Reads the splits whose numbers come in: one to a Spark task. `user`: on an HDFS without Kerberos."""

    def __init__(self, dataset: int, splits: list[str], columns: list[str], user: str | None, reports: Any) -> None:
        self.dataset = dataset
        self.user = user
        self.splits = splits
        self.columns = "".join(f"{name}\n" for name in columns).encode()
        self.reports = reports

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        use_hadoop(self.user)
        for batch in batches:
            for number in batch.column(0).to_pylist():
                report = yield from run(open_task("nlt_task_scan", self.splits[number].encode(), self.columns))
                self.reports.add({("split", self.dataset, number): report})


class PairRecords:
    """Makes rows of the records of a partition. `split`: any of the dataset's."""

    def __init__(self, dataset: int, split: str, columns: list[str], schema: pa.Schema, reports: Any) -> None:
        self.dataset = dataset
        self.split = split.encode()
        self.columns = "".join(f"{name}\n" for name in columns).encode()
        self.schema = schema
        self.reports = reports

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = export(batches, self.schema)
        report = yield from run(open_task("nlt_task_pair", self.split, self.columns, ctypes.byref(rows)))
        context = TaskContext.get()
        assert context is not None  # this runs in a task
        self.reports.add({("pairs", self.dataset, context.partitionId()): report})


class RunKernel:
    """Runs an instance of a kernel over a partition. `sides`: broadcast Arrow streams as bytes;
    `resources`: broadcast bytes."""

    def __init__(
        self, node: dict[str, Any], schema: pa.Schema, sides: list[Any], resources: list[Any], reports: Any
    ) -> None:
        self.name = node["name"]
        self.text = node["task"].encode()
        self.schema = schema
        self.sides = sides
        self.resources = resources
        self.reports = reports

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = export(batches, self.schema)
        readers = [pa.ipc.open_stream(side.value) for side in self.sides]
        sides = (_abi.ArrowArrayStream * len(readers))(*(export(reader, reader.schema) for reader in readers))
        held = [ctypes.create_string_buffer(resource.value, len(resource.value)) for resource in self.resources]
        resources = (_abi.Bytes * len(held))(*(_abi.Bytes(ctypes.addressof(item), len(item)) for item in held))
        inputs = _abi.KernelInputs(ctypes.pointer(rows), sides, len(sides), resources, len(resources))
        report = yield from run(open_task("nlt_task_kernel", self.text, ctypes.byref(inputs)))
        warnings = json.loads(report)["warnings"]
        if warnings:
            self.reports.add({("warning", self.name, text): "" for text in warnings})


class PackRows:
    """Rows as packed Arrow streams, one to a batch, of which Spark sees bytes only. `make`: what makes
    the rows of the partition; None: they are what comes in."""

    SCHEMA = "packed binary"

    def __init__(self, make: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]] | None = None) -> None:
        self.make = make

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        for batch in self.make(batches) if self.make is not None else batches:
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, batch.schema, options=options) as writer:
                writer.write_batch(batch)
            yield pa.RecordBatch.from_arrays([pa.array([sink.getvalue().to_pybytes()], pa.binary())], ["packed"])


def unpacked(packed: DataFrame) -> Iterator[pa.RecordBatch]:
    """At the driver, in order: it holds a partition, and Spark the next one."""
    for row in packed.toLocalIterator(prefetchPartitions=True):
        with pa.ipc.open_stream(row[0]) as reader:
            yield from reader


class OwnFunction:
    """A function of SQL that is written in C, over whole columns."""

    _opened: dict[tuple[str | None, str | None], ctypes.c_void_p] = {}  # once for a process

    def __init__(self, name: str, asn: str | None, names: str | None) -> None:
        self.name = name
        self.files = (asn, names)

    def _functions(self) -> ctypes.c_void_p:
        if self.files not in self._opened:
            paths = [SparkFiles.get(file).encode() if file else None for file in self.files]
            opened = ctypes.c_void_p()
            core("nlt_own_functions_open")(*paths, ctypes.byref(opened))
            self._opened[self.files] = opened
        return self._opened[self.files]

    def __call__(self, *columns: pa.Array) -> pa.Array:
        names = [str(i) for i in range(len(columns))]
        batch = pa.RecordBatch.from_arrays(list(columns), names=names)
        schemas = [_abi.ArrowSchema(), _abi.ArrowSchema()]
        arrays = [_abi.ArrowArray(), _abi.ArrowArray()]
        batch._export_to_c(ctypes.addressof(arrays[0]), ctypes.addressof(schemas[0]))
        from . import errors

        try:
            core("nlt_own_function_call")(
                self._functions(), self.name.encode(), ctypes.byref(schemas[0]), ctypes.byref(arrays[0]),
                ctypes.byref(schemas[1]), ctypes.byref(arrays[1]),
            )  # fmt: skip
        except errors.Error as error:
            raise TaskError(error.status, error.message, error.hint) from error
        finally:
            # what was exported is ours to give back: importing it again does
            pa.RecordBatch._import_from_c(ctypes.addressof(arrays[0]), ctypes.addressof(schemas[0]))
        return pa.RecordBatch._import_from_c(ctypes.addressof(arrays[1]), ctypes.addressof(schemas[1])).column(0)
