# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented classes of algorithms and connectors, made from the tables of the library.

`netlytics.algos.DomainTraffic` is also `algos.domain_traffic.DomainTraffic`.
"""

from __future__ import annotations

import os
from typing import Any, ClassVar

from . import _catalog
from ._functions import as_table, get_dataset
from ._library import hdfs_path
from ._session import PathLike
from ._table import Table


def is_spark(rows: Any) -> bool:
    """Rows or a session of Spark's, told without importing it."""
    return type(rows).__module__.startswith("pyspark.")


class Algo:
    """An algorithm over a table, into a folder.

    Args:
        input_DF: a Table, anything with `__arrow_c_stream__` (pyarrow, pandas, polars, duckdb), or a
            DataFrame of Spark's.
        output_dir: where the result and report.json are written; made if it is not there. None:
            nothing is written.
        temp_dir_local: temporary files lie below it; a Table has its own (`temp_dir`).
        temp_dir_HDFS: as temp_dir_local, on a cluster.
        persistent_dir_local: what is kept from run to run.
        persistent_dir_HDFS: likewise, on a cluster.
        overwrite: replace the files of an earlier run.
        **parameters: of the algorithm; they may also be set in `parameters` later.

    Raises:
        ArgumentError: input_DF is no table, or not one that the algorithm can take.
    """

    algorithm: ClassVar[_catalog.Algorithm]
    input_type: ClassVar[str]

    def __init__(
        self,
        input_DF: Any,
        output_dir: PathLike | None = None,
        temp_dir_local: PathLike | None = None,
        temp_dir_HDFS: PathLike | None = None,
        persistent_dir_local: PathLike | None = None,
        persistent_dir_HDFS: PathLike | None = None,
        *,
        overwrite: bool = False,
        **parameters: Any,
    ) -> None:
        self.input_DF = input_DF
        self.output_dir = output_dir
        self.temp_dir_local = temp_dir_local
        self.temp_dir_HDFS = temp_dir_HDFS
        self.persistent_dir_local = persistent_dir_local
        self.persistent_dir_HDFS = persistent_dir_HDFS
        self.overwrite = overwrite
        self.parameters: dict[str, Any] = dict(parameters)

    @property
    def name(self) -> str:
        """Its alias."""
        return self.algorithm.alias

    def run(self) -> Table | Any:
        """Runs the algorithm, writes the result, and returns it as a Table (of Spark: a DataFrame).

        Raises:
            ArgumentError: parameters, or columns that are missing. OutputError: output_dir cannot be
            written, or holds a result already. DamagedError, SQLError, OutOfMemoryError.
        """
        if is_spark(self.input_DF):
            from .spark_library import run_algorithm

            return run_algorithm(self)
        table = as_table(self.input_DF)
        limits = self.limits()
        if limits:
            table = table.with_limits(**limits)
        answer = table.run(self.algorithm.class_name, **self.parameters)
        if self.output_dir is not None:
            os.makedirs(self.output_dir, exist_ok=True)
            answer.write_job(self.output_dir, state_dir=self.temp_dir_local, overwrite=self.overwrite)
        return answer

    def limits(self) -> dict[str, str]:
        """Where temporary files and what is kept lie, if that was said."""
        limits = {}
        if self.temp_dir_local:
            limits["temp_dir"] = os.path.expanduser(self.temp_dir_local)
        if self.persistent_dir_local:
            limits["persistent_dir"] = os.path.expanduser(self.persistent_dir_local)
        elif self.persistent_dir_HDFS:
            limits["persistent_dir"] = hdfs_path(self.persistent_dir_HDFS)
        return limits


class Connector:
    """A reader of one tool's logs over some days.

    Args:
        input_path: base folder, file or glob.
        start_date: first day, a date or "2017_03_01"; None: the first there is.
        end_date: last day, included; None: the last there is.
    """

    connector: ClassVar[_catalog.Connector]
    output_type: ClassVar[str]

    def __init__(self, input_path: PathLike, start_date: Any = None, end_date: Any = None) -> None:
        self.input_path = input_path
        self.start_date = start_date
        self.end_date = end_date

    def get_DF(self, sc: Any = None, spark: Any = None) -> Table | Any:
        """The logs as a Table; as a DataFrame of Spark's, if `spark` is its session."""
        return dataset(spark, self.connector.class_name, self.input_path, self.start_date, self.end_date)


def dataset(spark: Any, connector: str, path: PathLike, start: Any, end: Any) -> Table | Any:
    """A dataset here or, if `spark` is a session, there."""
    if spark is None:
        return get_dataset(connector, path, start, end)
    from .spark_library import get_dataset as get_spark_dataset

    return get_spark_dataset(spark, connector, path, start, end)


def _algorithm_class(algorithm: _catalog.Algorithm) -> type[Algo]:
    module, _, name = algorithm.class_name.rpartition(".")
    parameters = "\n".join(f"    {parameter.describe()}" for parameter in algorithm.parameters)
    doc = (
        f"{algorithm.summary}.\n\nInput: {algorithm.table}. Output: {algorithm.output}.\n\n"
        f"Parameters:\n{parameters}\n\n{Algo.__doc__}"
    )
    members = {"__doc__": doc, "__module__": module, "algorithm": algorithm, "input_type": algorithm.table}
    return type(name, (Algo,), members)


def _connector_class(connector: _catalog.Connector) -> type[Connector]:
    module, _, name = connector.class_name.rpartition(".")
    doc = f"{connector.summary}.\n\nTable: {connector.table}. Files: {connector.layout}. {connector.note}\n\n{Connector.__doc__}"
    members = {"__doc__": doc, "__module__": module, "connector": connector, "output_type": connector.table}
    return type(name, (Connector,), members)


CLASSES: dict[str, type] = {
    **{a.class_name: _algorithm_class(a) for a in _catalog.algorithms()},
    **{c.class_name: _connector_class(c) for c in _catalog.connectors()},
}
globals().update({kind.__name__: kind for kind in CLASSES.values() if issubclass(kind, Algo)})
__all__ = ["Algo", "Connector", *(kind.__name__ for kind in CLASSES.values() if issubclass(kind, Algo))]
