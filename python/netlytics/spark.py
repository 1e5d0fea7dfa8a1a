# SPDX-License-Identifier: GPL-3.0-or-later
"""The Spark engine: the plans of the library as DataFrames.

A plan comes from the library as JSON. Scans are lists of splits, each read by the library inside one
Spark task; statements are Spark's own SQL; kernels run over partitions in mapInArrow. Nothing of a log
format or an algorithm is known here.
"""

from __future__ import annotations

import atexit
import ctypes
import getpass
import json
import os
import re
import shutil
import tempfile
import threading
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, StringType, StructField, StructType

from . import _abi, _library, errors
from ._library import core, encoded, take_text
from .spark_tasks import (
    FAILURE_MARK,
    HADOOP_FILES,
    HADOOP_TOKENS,
    OwnFunction,
    PackRows,
    PairRecords,
    ReadSplits,
    Reports,
    RunKernel,
    export,
    unpacked,
)

ROW_KEY = "netlytics row key"
KEYED = " with row key"
CONFIGURATION = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "32768",
    "spark.sql.execution.pyspark.udf.faulthandler.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}
AT_START = {
    "spark.python.worker.faulthandler.enabled": "true",
    "spark.driver.maxResultSize": "0",
    "spark.ui.showConsoleProgress": "false",
}
RECORDS = "file bigint, hash bigint, time bigint, row_key bigint, ordinal bigint, kind bigint, body binary"
PAIRED_BYTES = 64 << 20  # of a dataset for each part of its records
ROWS_AT_ONCE = 100_000  # an answer that cannot have more comes to the driver as a whole
_SHIPPED = "spark.netlytics.shipped"
_SHIPPED_HADOOP = "spark.netlytics.shipped.hadoop"


def session(name: str = "netlytics", settings: dict[str, str] | None = None) -> SparkSession:
    """A session with the settings that results depend on."""
    builder = SparkSession.builder.appName(name)
    for key, value in {**(settings or {}), **AT_START, **CONFIGURATION}.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def _package_zip(folder: Path) -> Path:
    """The package without its libraries, for executors."""
    path = folder / "netlytics_package.zip"
    here = Path(__file__).parent
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(here.rglob("*.py")):
            archive.write(file, Path("netlytics") / file.relative_to(here))
    return path


def ship(spark: SparkSession) -> None:
    """Sends the package and the library along with the job: workers need nothing but pyarrow."""
    if spark.conf.get(_SHIPPED, "") == spark.sparkContext.applicationId:
        return
    folder = _temporary_folder()
    spark.sparkContext.addPyFile(str(_package_zip(folder)))
    library = _library.find(_library.CORE_NAME)
    shutil.copyfile(library, folder / _library.CORE_NAME)
    spark.sparkContext.addFile(str(folder / _library.CORE_NAME))
    for other in _library.needed_beside(library):
        spark.sparkContext.addFile(str(other))
    spark.conf.set(_SHIPPED, spark.sparkContext.applicationId)


def _hadoop_files() -> list[str]:
    """Hadoop's configuration as the library finds it."""
    home = os.environ.get("HADOOP_HOME")
    folder = os.environ.get("HADOOP_CONF_DIR") or (home and os.path.join(home, "etc/hadoop"))
    paths = [os.path.join(folder, name) for name in HADOOP_FILES] if folder else []
    return [path for path in paths if os.path.isfile(path)]


def _temporary_folder() -> Path:
    """Removed at the end: executors may ask for what is in it until then."""
    folder = Path(tempfile.mkdtemp(prefix="netlytics-spark-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def ship_hadoop(spark: SparkSession) -> None:
    """Sends Hadoop's configuration and delegation tokens: workers may have none. What the user sends with
    --files stands."""
    key = spark.sparkContext.applicationId
    files = _hadoop_files()
    tokens = os.environ.get("HADOOP_TOKEN_FILE_LOCATION")
    if spark.conf.get(_SHIPPED_HADOOP, "") == key:
        return
    if tokens and os.path.isfile(tokens):
        files.append(str(_temporary_folder() / HADOOP_TOKENS))
        shutil.copyfile(tokens, files[-1])
    sent = {os.path.basename(file) for file in spark.sparkContext.listFiles}
    for file in files:
        if os.path.basename(file) not in sent:
            spark.sparkContext.addFile(file)
    if files:
        spark.conf.set(_SHIPPED_HADOOP, key)


def hdfs_user() -> str | None:
    """Who reads an HDFS without Kerberos: the same in all tasks, whoever workers run as."""
    try:
        return os.environ.get("HADOOP_USER_NAME") or getpass.getuser()
    except (KeyError, OSError):  # no name: that of the worker
        return None


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def ddl(columns: list[dict[str, str]]) -> str:
    return ", ".join(f"{quoted(c['name'])} {c['type']}" for c in columns)


def _typed(columns: list[dict[str, str]]) -> list[Any]:
    return [F.col(quoted(c["name"])).cast(c["type"]).alias(c["name"]) for c in columns]


def failure_of(error: Exception) -> Exception:
    """What the library said in a task, or what Spark says of a statement."""
    from pyspark.errors import PySparkException

    text = str(error)
    found = re.search(re.escape(FAILURE_MARK) + r"(\{.*?\})\s*$", text, re.MULTILINE)
    if found:
        told = json.loads(found.group(1))
        return errors.by_status(told["status"])(told["message"], told["hint"])
    if isinstance(error, PySparkException) and type(error).__name__ in ("AnalysisException", "ParseException"):
        return errors.SQLError(text.split(";\n")[0].split("\n\nJVM stacktrace")[0])
    return error


class Job:
    """Datasets, one query or algorithm over them, and what became of every line.

    `say(kind, **values)` is told of progress and warnings.
    """

    def __init__(self, spark: SparkSession, say: Callable[..., None] | None = None) -> None:
        self.spark = spark
        self.say = say or (lambda kind, **values: None)
        self.reports = spark.sparkContext.accumulator({}, Reports())
        self._job = ctypes.c_void_p()
        self._plan: dict[str, Any] = {}
        self._taken: set[Any] = set()
        self._shared: list[Any] = []  # broadcast
        self._frames: dict[str, DataFrame] = {}
        self.persistent_dir: str | None = None  # where algorithms keep what they have learned
        self._kept: list[DataFrame] = []
        core("nlt_job_open")(ctypes.byref(self._job))
        for key, value in CONFIGURATION.items():
            spark.conf.set(key, value)
        ship(spark)
        ship_hadoop(spark)

    def close(self) -> None:
        for frame in self._kept:
            frame.unpersist()
        for shared in self._shared:
            shared.destroy()
        self._kept, self._shared, self._frames = [], [], {}
        core("nlt_job_close")(self._job)
        self._job = ctypes.c_void_p()

    def __enter__(self) -> Job:
        return self

    def __exit__(self, *ignored: object) -> None:
        self.close()

    # ---- what is asked ----

    def dataset(self, split_bytes: int = 0, **request: Any) -> None:
        """Names a dataset; keywords as the fields of nlt_dataset_request."""
        raw = _abi.DatasetRequest(struct_size=ctypes.sizeof(_abi.DatasetRequest), max_bad_fraction=0.5)
        for key, value in request.items():
            if value is not None:
                setattr(raw, key, encoded(value) if isinstance(value, (str, os.PathLike)) else value)
        core("nlt_job_dataset")(self._job, ctypes.byref(raw), split_bytes)
        self._warn()

    def query(self, statement: str) -> None:
        core("nlt_job_query")(self._job, statement.encode())

    def algorithm(self, name: str, params: str | None = None) -> None:
        core("nlt_job_algorithm")(self._job, name.encode(), encoded(params))

    def functions(self, asn: str | None = None, names: str | None = None) -> None:
        """Makes the project's own functions known to Spark. `asn`, `names`: files on the driver."""
        from pyspark.sql.pandas.functions import ArrowUDFType, arrow_udf

        for path in (asn, names):
            if path:
                self.spark.sparkContext.addFile(path)
        files = [os.path.basename(path) if path else None for path in (asn, names)]
        info = _abi.OwnFunction()
        for i in range(core("nlt_own_function_count")()):
            core("nlt_own_function_get")(i, ctypes.byref(info))
            name = info.name.decode()
            with warnings.catch_warnings():  # type hints are preferred, but cannot say "any number"
                warnings.simplefilter("ignore", UserWarning)
                function = arrow_udf(OwnFunction(name, *files), info.result.decode(), ArrowUDFType.SCALAR)
            self.spark.udf.register(name, function)

    # ---- the plan as DataFrames ----

    @property
    def plan(self) -> dict[str, Any]:
        if not self._plan:
            text = ctypes.c_void_p()
            core("nlt_job_plan")(self._job, ctypes.byref(text))
            self._plan = json.loads(take_text(text))
        return self._plan

    def _nodes(self) -> list[dict[str, Any]]:
        return self.plan["nodes"]

    def answer(self) -> DataFrame:
        """The rows of the plan's last node. Nothing is read before they are asked for."""
        return self.relation(self.plan["answer"])

    def relation(self, name: str) -> DataFrame:
        """The rows of a node of the plan."""
        if not self._frames:
            self._build()
        return self._frames[name]

    def _build(self) -> None:
        needed = _Needs(self).find()
        frames = self._frames
        for node in self._nodes():
            name = node["name"]
            if node["kind"] == "scan":
                self._add_scan(node, needed, frames)
                continue
            frame = self._statement(node, frames) if node["kind"] == "sql" else self._kernel(node, frames)
            if node["readers"] > 1:
                frame = frame.persist()
                self._kept.append(frame)
            frames[name] = frame

    def _add_scan(self, node: dict[str, Any], needed: dict[str, set[str]], frames: dict[str, DataFrame]) -> None:
        """The scan; and with its row key, if a node reads that."""
        name = node["name"]
        for full in (name, name + KEYED):
            if full in needed:
                frames[full] = self._scan(node, needed[full])

    def _scan(self, node: dict[str, Any], needed: set[str]) -> DataFrame:
        dataset = node["dataset"]
        columns = [c for c in dataset["columns"] if c["name"] in needed]
        if dataset["combines"] and dataset["columns"][-1] not in columns:
            columns.append(dataset["columns"][-1])  # which makes it combined rows
        if ROW_KEY in needed or not columns:  # rows that are only counted have a narrow column
            columns.append({"name": ROW_KEY, "type": "bigint"})
        numbers, read = self._reading(dataset, [c["name"] for c in columns])
        if not dataset["pairs"]:
            return numbers.mapInArrow(read, ddl(columns))
        return self._pair(dataset, numbers.mapInArrow(read, RECORDS), columns)

    def _reading(self, dataset: dict[str, Any], names: list[str]) -> tuple[DataFrame, ReadSplits]:
        """Numbers of the splits, each a partition, and what makes rows of them."""
        splits = [split["split"] for split in dataset["splits"]]
        read = ReadSplits(dataset["dataset"], splits, names, hdfs_user(), self.reports)
        return self.spark.range(0, len(splits), 1, max(len(splits), 1)), read

    def _pair(self, dataset: dict[str, Any], records: DataFrame, columns: list[dict[str, str]]) -> DataFrame:
        """Rows of records. The number of parts is fixed, so that each part reports the same each time."""
        parts = max(self.spark.sparkContext.defaultParallelism, dataset["bytes"] // PAIRED_BYTES + 1)
        by_file = dataset["pairs"] == "by file"
        keys = ["file", "hash"] if by_file else ["hash"]
        order = ["row_key", "ordinal"] if by_file else ["time", "row_key", "hash", "ordinal"]
        records = records.repartition(parts, *keys).sortWithinPartitions(*order)
        pair = PairRecords(
            dataset["dataset"], dataset["splits"][0]["split"], [c["name"] for c in columns],
            arrow_schema(records.schema), self.reports,
        )  # fmt: skip
        return records.mapInArrow(pair, ddl(columns))

    def _statement(self, node: dict[str, Any], frames: dict[str, DataFrame]) -> DataFrame:
        """Spark's SQL over the relations, by the names that the statement has for them."""
        names = {name: name for name in node["inputs"]} | node["bindings"]
        names = {alias: name for alias, name in names.items() if name in frames}
        for alias, name in names.items():
            self.spark.catalog.dropTempView(alias)
            frames[name].createTempView(quoted(alias))
        try:
            return self.spark.sql(node["sql"])
        except Exception as error:
            raise failure_of(error) from error
        finally:
            for alias in names:
                self.spark.catalog.dropTempView(alias)

    def kernel_input(self, node: dict[str, Any], frames: dict[str, DataFrame]) -> DataFrame:
        """What a kernel reads, by its types; and what breaks ties."""
        frame = frames[node["input"] + KEYED if node["input"] + KEYED in frames else node["input"]]
        columns = _typed(node["reads"])
        names = [c["name"] for c in node["reads"]]
        if ROW_KEY in frame.columns and ROW_KEY not in names:
            columns.append(F.col(quoted(ROW_KEY)))
        return frame.select(columns)

    def _kernel(self, node: dict[str, Any], frames: dict[str, DataFrame]) -> DataFrame:
        rows = self.kernel_input(node, frames)
        keys = [F.col(quoted(name)) for name in node["keys"]]
        order = [F.col(quoted(name)) for name in node["order"]]
        ties = [ROW_KEY] if ROW_KEY in rows.columns else [c["name"] for c in node["reads"]]
        if node["instances"] == "by key":
            order += [F.col(quoted(name)) for name in ties]
            rows = rows.repartition(*keys).sortWithinPartitions(*keys, *order)
        elif node["instances"] == "one":
            rows = rows.repartition(1)
            if order:
                rows = rows.sortWithinPartitions(*order, *[F.col(quoted(name)) for name in ties])
        rows = rows.select([F.col(quoted(c["name"])) for c in node["reads"]])
        sides = [self._side(name, frames, reads) for name, reads in zip(node["sides"], node["side_reads"])]
        resources = [self._resource(node, i) for i in range(len(node["resources"]))]
        run = RunKernel(node, arrow_schema(rows.schema), sides, resources, self.reports)
        return rows.mapInArrow(run, ddl(node["emits"]))

    def _broadcast(self, value: bytes) -> Any:
        self._shared.append(self.spark.sparkContext.broadcast(value))
        return self._shared[-1]

    def _side(self, name: str, frames: dict[str, DataFrame], reads: list[dict[str, str]]) -> Any:
        frame = frames[name].select(_typed(reads))
        table = frame.orderBy(*[F.col(quoted(c)) for c in frame.columns]).toArrow()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return self._broadcast(sink.getvalue().to_pybytes())

    def _resource(self, node: dict[str, Any], index: int) -> Any:
        text, size = ctypes.c_void_p(), ctypes.c_size_t()
        core("nlt_job_resource")(
            self._job, node["name"].encode(), index, encoded(self.persistent_dir), ctypes.byref(text), ctypes.byref(size)
        )
        try:
            return self._broadcast(ctypes.string_at(text, size.value))
        finally:
            core("nlt_text_free")(text)

    # ---- results ----

    def is_ordered_scan(self) -> bool:
        """The answer is a dataset in its order, to be written while it is read."""
        return self._nodes()[-1]["kind"] == "scan"

    def write(self, path: str, format: str = "csv") -> int:
        """Runs the plan into a file; returns the number of rows."""
        n_rows = ctypes.c_int64()

        def put(stream: Any) -> None:
            core("nlt_rows_write")(stream, format.encode(), encoded(path), ctypes.byref(n_rows))

        with _Watch(self):
            self._put(self._rows(), put)
        self.finish()
        return n_rows.value

    def write_results(self, folder: str, state_dir: str | None = None, overwrite: bool = False) -> int:
        """Runs an algorithm and writes all that it leaves, together; returns the rows of its answer."""
        n_rows = ctypes.c_int64()
        results = ctypes.c_void_p()
        core("nlt_results_open")(
            self._job, encoded(folder), encoded(state_dir), encoded(self.persistent_dir), overwrite, ctypes.byref(results)
        )

        def put(name: str | None, out: Any) -> Callable[[Any], None]:
            return lambda stream: core("nlt_results_add")(results, encoded(name), stream, out)

        try:
            with _Watch(self):
                self._put(self._rows(), put(None, ctypes.byref(n_rows)))
                for output in self.plan["outputs"]:
                    self._put(self._output(output), put(output["name"], None))
            self.finish()
        except BaseException:
            core("nlt_results_discard")(results)
            raise
        core("nlt_results_commit")(results)
        return n_rows.value

    def _put(self, rows: _Rows, put: Callable[[Any], None]) -> None:
        """Gives rows to the library, which knows no exception of Spark's."""
        try:
            stream = export(rows.batches, rows.schema)
            put(ctypes.byref(stream))
        except errors.Error as error:
            if isinstance(rows.error, Exception):
                raise failure_of(rows.error) from error
            raise (error if rows.error is None else rows.error) from error
        except Exception as error:
            raise failure_of(error) from error

    def _rows(self) -> _Rows:
        try:
            return self._dataset_in_order() if self.is_ordered_scan() else self._table(self.answer())
        except errors.Error:
            raise
        except Exception as error:
            raise failure_of(error) from error

    def _output(self, output: dict[str, Any]) -> _Rows:
        order = quoted(output["order"])
        return self._table(self.relation(output["relation"]).orderBy(F.col(order)).drop(output["order"]))

    def _table(self, frame: DataFrame) -> _Rows:
        frame = frame.select([_writable(frame, i) for i in range(len(frame.columns))])
        return _Rows(lambda: _batches(frame), arrow_schema(frame.schema))

    def _dataset_in_order(self) -> _Rows:
        node = self._nodes()[-1]
        names = [c["name"] for c in node["dataset"]["columns"]]
        is_limited = node["limit"] >= 0  # Spark takes the rows of any partitions, unless an order is asked for
        if node["dataset"]["pairs"] or is_limited:
            frame = self._scan(node, {*names, ROW_KEY}).orderBy(F.col(quoted(ROW_KEY)))
            frame = frame.limit(node["limit"]) if is_limited else frame
            frame = frame.select(names)
            return _Rows(lambda: _batches(frame), arrow_schema(frame.schema))
        numbers, read = self._reading(node["dataset"], names)
        packed = numbers.mapInArrow(PackRows(read), PackRows.SCHEMA)
        schema = self._scan(node, set(names)).schema
        return _Rows(lambda: unpacked(packed), arrow_schema(schema))

    def finish(self) -> None:
        """Takes the reports of all tasks; raises what they add up to."""
        for key, text in sorted(self.reports.value.items(), key=lambda item: str(item[0])):
            if key[0] == "warning":
                self.say("warning", message=key[2])
            elif key not in self._taken:
                self._taken.add(key)
                if key[0] == "pairs":
                    core("nlt_job_take_pairs")(self._job, key[1], text.encode())
                else:
                    core("nlt_job_take")(self._job, key[1], key[2], text.encode())
        core("nlt_job_finish")(self._job)
        self._warn()

    def report(self) -> str:
        """report.json"""
        return self._text("nlt_job_report")

    def totals(self) -> dict[str, int]:
        return json.loads(self._text("nlt_job_totals"))

    def _text(self, function: str) -> str:
        text = ctypes.c_void_p()
        core(function)(self._job, ctypes.byref(text))
        return take_text(text)

    def _warn(self) -> None:
        for message in json.loads(self._text("nlt_job_warnings")):
            self.say("warning", message=message)

    def bytes_done(self) -> tuple[int, int]:
        """Bytes of the splits that were read, and of all."""
        done = total = 0
        read = {key[1:] for key in list(self.reports.value) if key[0] == "split"}
        for node in self._nodes():
            if node["kind"] == "scan":
                dataset = node["dataset"]
                for number, split in enumerate(dataset["splits"]):
                    total += split["bytes"]
                    done += split["bytes"] if (dataset["dataset"], number) in read else 0
        return done, total


class _Rows:
    """Rows for a writer; an exception on the way is kept, since C hands on its text only."""

    def __init__(self, make: Callable[[], Iterator[pa.RecordBatch]], schema: pa.Schema) -> None:
        self.make = make
        self.schema = schema
        self.error: BaseException | None = None

    @property
    def batches(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self.make()
        except GeneratorExit:  # nobody wants more
            raise
        except BaseException as error:  # of a user, too, who interrupts
            self.error = error
            raise


def _batches(frame: DataFrame) -> Iterator[pa.RecordBatch]:
    """The rows in order. The driver never holds all of an answer that may be large."""
    most = frame._jdf.queryExecution().optimizedPlan().maxRows()
    if most.isDefined() and most.get() <= ROWS_AT_ONCE:
        return iter(frame.toArrow().to_batches())
    return unpacked(frame.mapInArrow(PackRows(), PackRows.SCHEMA))


def arrow_schema(schema: StructType) -> pa.Schema:
    from pyspark.sql.pandas.types import to_arrow_schema

    return to_arrow_schema(schema, timezone="UTC")


def _has_place(dtype: DataType, in_list: bool = False) -> bool:
    if isinstance(dtype, ArrayType):
        return not in_list and _has_place(dtype.elementType, True)
    return dtype.typeName() in {
        "boolean", "byte", "short", "integer", "long", "float", "double", "string", "date", "timestamp", "decimal",
    }  # fmt: skip


def _text_type(dtype: DataType) -> DataType:
    return dtype if _has_place(dtype) else StringType()


def check_statement(frame: DataFrame, statement: str) -> None:
    """One SELECT over the DataFrame, which it calls `netlytics`, as the embedded engine checks it. Columns
    that have no place in a table are texts there. SQLError."""
    types = StructType([StructField(f.name, _text_type(f.dataType)) for f in frame.schema.fields])
    columns = _abi.ArrowSchema()
    arrow_schema(types)._export_to_c(ctypes.addressof(columns))
    try:
        core("nlt_query_check")(statement.encode(), b"netlytics", ctypes.byref(columns))
    finally:
        pa.Schema._import_from_c(ctypes.addressof(columns))  # gives it back


def _writable(frame: DataFrame, index: int) -> Any:
    """A column of the answer as a table has it: what has no place there is text."""
    field = frame.schema.fields[index]
    column = frame[index]
    return column if _has_place(field.dataType) else column.cast("string").alias(field.name)


class _Needs:
    """Which columns the nodes of a plan need of each scan.

    The plan is built over empty Parquet files in place of scans and kernels: Spark's optimiser says what
    it reads of them. That the analysed statements read nothing else is checked on the way.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.spark = job.spark
        self.folder = tempfile.mkdtemp(prefix="netlytics-needs-")
        self.names: dict[str, str] = {}  # folder: relation
        self.found: dict[str, set[str]] = {}

    def find(self) -> dict[str, set[str]]:
        adaptive = self.spark.conf.get("spark.sql.adaptive.enabled") or "true"
        self.spark.conf.set("spark.sql.adaptive.enabled", "false")  # for a plan that is whole at once
        try:
            self._walk()
        finally:
            self.spark.conf.set("spark.sql.adaptive.enabled", adaptive)
            shutil.rmtree(self.folder, ignore_errors=True)
        return self.found

    def _walk(self) -> None:
        frames: dict[str, DataFrame] = {}
        answer = self.job.plan["answer"]
        for node in self.job.plan["nodes"]:
            name = node["name"]
            if node["kind"] == "scan":
                columns = node["dataset"]["columns"]
                frames[name] = self._stub(name, columns)
                frames[name + KEYED] = self._stub(name + KEYED, [*columns, {"name": ROW_KEY, "type": "bigint"}])
            elif node["kind"] == "sql":
                frames[name] = self.job._statement(node, frames)
                self._check(frames[name])
            else:
                self._take(self.job.kernel_input(node, frames))
                for side in node["sides"]:
                    self._take(frames[side])
                frames[name] = self._stub(name, node["emits"])
            if name == answer and node["kind"] == "sql":
                self._take(frames[name])

    def _stub(self, name: str, columns: list[dict[str, str]]) -> DataFrame:
        path = os.path.join(self.folder, str(len(self.names)))
        os.mkdir(path)
        self.names[path] = name
        return self.spark.read.schema(ddl(columns)).parquet("file://" + path)

    def _leaves(self, plan: Any) -> Iterator[Any]:
        leaves = plan.collectLeaves()
        for i in range(leaves.size()):
            yield leaves.apply(i)
        inner = plan.subqueriesAll()
        for i in range(inner.size()):
            yield from self._leaves(inner.apply(i))

    def _relation(self, leaf: Any) -> str | None:
        path = re.sub("^file:/*", "/", leaf.relation().location().rootPaths().head().toString())
        return self.names.get(path)

    def _check(self, frame: DataFrame) -> None:
        for leaf in self._leaves(frame._jdf.queryExecution().analyzed()):
            kind = leaf.getClass().getSimpleName()
            if kind in ("OneRowRelation", "LocalRelation", "Range", "OneRowRelation$", "CTERelationRef"):
                continue
            relation = leaf.relation() if kind == "LogicalRelation" else None
            if relation is None or not hasattr(relation, "location") or self._relation(leaf) is None:
                raise errors.SQLError(f"the statement reads what is no table of this query ({kind})")

    def _take(self, frame: DataFrame) -> None:
        for leaf in self._leaves(frame._jdf.queryExecution().executedPlan()):
            if leaf.getClass().getSimpleName() == "FileSourceScanExec":
                name = self._relation(leaf)
                if name is not None:
                    self.found.setdefault(name, set()).update(leaf.requiredSchema().fieldNames())


class _Watch:
    """Tells how far the job is, twice a second."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> _Watch:
        _ = self.job.plan  # made by the thread that the library knows
        self.thread.start()
        return self

    def __exit__(self, *ignored: object) -> None:
        self.stop.set()
        self.thread.join(5)

    def _run(self) -> None:
        while not self.stop.wait(0.5):
            try:
                done, total = self.job.bytes_done()
                tracker = self.job.spark.sparkContext.statusTracker()
                stages = [tracker.getStageInfo(i) for i in tracker.getActiveStageIds()]
                tasks = [(s.numCompletedTasks, s.numTasks) for s in stages if s]
            except Exception:  # the context goes
                return
            self.job.say(
                "progress", bytes_done=done, bytes_total=total,
                tasks_done=sum(t[0] for t in tasks), tasks=sum(t[1] for t in tasks),
            )  # fmt: skip
