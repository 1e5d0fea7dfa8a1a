# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented functions: Data Tables from raw logs, and what is made of them.

With a Spark session they give Spark's DataFrames; with None in its place, tables that pandas, polars,
duckdb and pyarrow read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netlytics import errors
from netlytics._functions import as_table
from netlytics.algos import dataset, is_spark

__all__ = ["get_dataset", "transform"]


def get_dataset(
    sc: Any, spark: Any, base_path: Any, connector: str, input_path: str, start_day: Any, end_day: Any
) -> Any:
    """Logs of some days as a Data Table.

    Args:
        sc: the SparkContext, or None; the session knows it.
        spark: the SparkSession; None: the embedded engine.
        base_path: where the program lies; not needed any more.
        connector: class name or alias of the connector.
        input_path: base folder of the logs.
        start_day: first day, "YYYY_MM_DD".
        end_day: last day, included.

    Returns:
        A pyspark DataFrame, or a netlytics.Table.

    Raises:
        NotFoundError, ArgumentError, ReadError: as netlytics.get_dataset.
    """
    return dataset(spark, connector, input_path, start_day, end_day)


def transform(
    df: Any,
    spark: Any = None,
    sql_query: str | None = None,
    numerical_features: Sequence[str] = (),
    categorical_features: Sequence[str] = (),
    normalize: bool = True,
    normalize_p: float = 2,
) -> Any:
    """A Data Table after an SQL query, which calls it `netlytics`.

    Args:
        df: a netlytics.Table, anything with `__arrow_c_stream__`, or a pyspark DataFrame.
        spark: the SparkSession, of a pyspark DataFrame.
        sql_query: one SELECT; None: the table as it is.
        numerical_features, categorical_features: columns to make features of, for clustering; not in
            this version.
        normalize, normalize_p: of features.

    Returns:
        What `df` is: a Table or a pyspark DataFrame.

    Raises:
        SQLError: the query was refused or is wrong. NotImplementedError: features are asked for.
    """
    if numerical_features or categorical_features:
        raise NotImplementedError("features come with the clustering algorithms, which are not there yet")
    if is_spark(df):
        from netlytics.spark_library import transform as transform_spark

        return df if sql_query is None else transform_spark(spark, df, sql_query)
    if not isinstance(normalize_p, (int, float)) or normalize_p < 1:
        raise errors.ArgumentError(f"normalize_p is {normalize_p!r}, not a number >= 1")
    table = as_table(df)
    return table if sql_query is None else table.transform(sql_query)
