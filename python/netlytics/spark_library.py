# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented functions and classes on Spark: a Data Table is a DataFrame there.

Everything runs through spark.Job, whose plans come from the library. A DataFrame of get_dataset() keeps
its request, so an algorithm over it reads the logs as a job does: only the columns it needs, with a report
of every line. Over any other DataFrame the plan of the algorithm is the same, and the DataFrame stands
where the plan reads a dataset.
"""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from . import _catalog, errors
from ._library import core
from ._session import DataWarning, day
from .spark import ROW_KEY, Job, check_statement, failure_of, quoted

if TYPE_CHECKING:
    from .algos import Algo

_REQUEST = "_netlytics_request"
_JOB = "_netlytics_job"  # whose reports the tasks of a DataFrame fill


def _say(kind: str, **values: Any) -> None:
    if kind == "warning":
        warnings.warn(values["message"], DataWarning, stacklevel=2)


def get_dataset(
    spark: SparkSession, connector: str, path: Any, start: Any = None, end: Any = None
) -> DataFrame:
    """Logs of some days as a DataFrame, read by the library in Spark's tasks when rows are asked for.

    Raises:
        NotFoundError, ArgumentError, ReadError: as netlytics.get_dataset.
    """
    days = [None if value is None else (day(value) or b"").decode() for value in (start, end)]
    request = {
        "connector": connector,
        "input_path": os.fspath(path),
        "start_day": days[0],
        "end_day": days[1],
    }
    job = Job(spark, _say)
    job.dataset(**request)
    job.query("SELECT * FROM netlytics")
    frame = job.answer()
    setattr(frame, _REQUEST, request)
    setattr(frame, _JOB, job)
    return frame


def transform(spark: SparkSession | None, frame: DataFrame, sql: str) -> DataFrame:
    """One SELECT of Spark SQL over a DataFrame, which it calls `netlytics`; with the functions of the library.

    Raises:
        SQLError: the statement is wrong, or refused as the embedded engine refuses it.
    """
    check_statement(frame, sql)
    session = spark if spark is not None else frame.sparkSession
    Job(session, _say).functions()
    frame.createOrReplaceTempView("netlytics")
    try:
        return session.sql(sql)
    except Exception as failure:
        raise failure_of(failure) from None
    finally:
        session.catalog.dropTempView("netlytics")


class _FrameJob(Job):
    """An algorithm over any DataFrame: the plan is that of an empty dataset, whose place it takes."""

    def __init__(self, frame: DataFrame, algorithm: _catalog.Algorithm) -> None:
        super().__init__(frame.sparkSession, _say)
        self._given = frame
        core("nlt_job_keep_rows")(self._job)
        tables = {connector.table: connector.alias for connector in reversed(_catalog.connectors())}
        with tempfile.NamedTemporaryFile(prefix="netlytics-") as nothing:
            self.dataset(connector=tables.get(algorithm.table, "squid:HTTP"), input_path=nothing.name)

    def _scan(self, node: dict[str, Any], needed: set[str]) -> DataFrame:
        columns = [column for column in node["dataset"]["columns"] if column["name"] in needed]
        given = {name.lower() for name in self._given.columns}
        for column in columns:
            if column["name"].lower() not in given:
                raise errors.ArgumentError(
                    f'a column "{column["name"]}" ({column["type"]}) is needed, which the table lacks'
                )
        chosen = [
            F.col(quoted(column["name"])).cast(column["type"]).alias(column["name"]) for column in columns
        ]
        if ROW_KEY in needed:  # their place in the order of all columns
            order = Window.orderBy(*[F.col(quoted(name)) for name in self._given.columns])
            chosen.append((F.row_number().over(order).cast("bigint") - 1).alias(ROW_KEY))
        elif not columns:  # rows that are only counted
            chosen.append(F.lit(0).cast("bigint").alias(ROW_KEY))
        return self._given.select(chosen)

    def _dataset_in_order(self) -> Any:
        limit = self.plan["nodes"][-1]["limit"]
        return self._table(self._given if limit < 0 else self._given.limit(limit))


def run_algorithm(algo: Algo) -> DataFrame:
    """Runs a documented class over its DataFrame; its result is written, if it has an output_dir.

    Raises:
        As Algo.run().
    """
    frame = algo.input_DF
    request = getattr(frame, _REQUEST, None)
    job = _FrameJob(frame, algo.algorithm) if request is None else Job(frame.sparkSession, _say)
    if request is not None:
        job.dataset(**request)
    job.algorithm(algo.algorithm.class_name, json.dumps(algo.parameters))
    job.persistent_dir = algo.limits().get("persistent_dir")
    if algo.output_dir is not None:
        os.makedirs(algo.output_dir, exist_ok=True)
        state = None if algo.temp_dir_local is None else os.fspath(algo.temp_dir_local)
        job.write_results(os.fspath(algo.output_dir), state, algo.overwrite)
    answer = frame if job.is_ordered_scan() else job.answer()
    setattr(answer, _JOB, job)
    return answer
