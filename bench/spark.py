# SPDX-License-Identifier: GPL-3.0-or-later
"""DomainTraffic over Squid logs on Spark: the library's scans beside Spark's own text readers and the
original's way, Python for each line. All give the same domains; the first pass of each warms up.

    spark-submit bench/spark.py LOGS [ROUNDS]
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from netlytics import spark as engine
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

TOP = 50


def domain(url: str, method: str) -> str:
    if method == "CONNECT":
        return url.split(":")[0]
    return url.split("//", 1)[1].split("/", 1)[0].split(":")[0]


def parse(line: str) -> tuple[str, int] | None:
    """As the original: a line is split at blanks, in Python."""
    fields = line.split()
    try:
        return domain(fields[6], fields[5]).lower(), int(fields[4])
    except (IndexError, ValueError):
        return None


def top(frame: DataFrame) -> list[tuple[str, int]]:
    sums = frame.groupBy("name").agg(F.sum("bytes").alias("bytes"))
    return [tuple(row) for row in sums.orderBy(F.desc("bytes"), "name").limit(TOP).collect()]


def python_lines(spark: SparkSession, logs: str) -> list[tuple[str, int]]:
    rows = spark.sparkContext.textFile(logs).map(parse).filter(lambda row: row is not None)
    return top(rows.toDF("name string, bytes bigint"))


def text_split(spark: SparkSession, logs: str) -> list[tuple[str, int]]:
    return _of_fields(spark.read.text(logs).select(F.split(F.trim("value"), " +").alias("f")))


def text_csv(spark: SparkSession, logs: str) -> list[tuple[str, int]]:
    names = [f"f{i}" for i in range(16)]  # elapsed is padded with blanks: fields move
    frame = spark.read.option("sep", " ").csv(logs, schema=", ".join(f"{name} string" for name in names))
    return _of_fields(frame.select(F.filter(F.array(*names), lambda x: x.isNotNull()).alias("f")))


def _of_fields(frame: DataFrame) -> list[tuple[str, int]]:
    host = F.regexp_extract(F.col("f")[6], r"^(?:[a-z]+://)?([^/:]+)", 1)
    return top(frame.select(F.lower(host).alias("name"), F.col("f")[4].cast("bigint").alias("bytes")))


def library(spark: SparkSession, logs: str) -> list[tuple[str, int]]:
    with tempfile.TemporaryDirectory() as folder, engine.Job(spark) as job:
        job.dataset(connector="squid:flows", input_path=logs)
        job.algorithm("domain_traffic")
        job.write(f"{folder}/report.csv")
        lines = Path(folder, "report.csv").read_text().splitlines()[1 : TOP + 1]
    return [(name, int(count)) for name, _, count in (line.rpartition(",") for line in lines)]


WAYS: dict[str, Callable[[SparkSession, str], list[tuple[str, int]]]] = {
    "library": library,
    "text, split": text_split,
    "csv": text_csv,
    "Python lines": python_lines,
}


def cpu_seconds() -> float:
    """Of Spark's JVM, this driver and Python's workers so far, those that have ended too."""
    parents: dict[int, int] = {}
    used: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        pid = int(path.parent.name)
        parents[pid] = int(fields[1])
        used[pid] = sum(map(int, fields[11:15]))
    ours = {os.getpid(), os.getppid()}  # spark-submit's JVM has started this
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(used.get(pid, 0) for pid in ours) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    logs = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    spark = engine.session("netlytics bench")
    spark.sparkContext.setLogLevel("ERROR")
    size = sum(path.stat().st_size for path in Path(logs).iterdir()) if Path(logs).is_dir() else Path(logs).stat().st_size
    best: dict[str, float] = {}
    cheapest: dict[str, float] = {}
    for number in range(rounds):
        for name, way in WAYS.items():
            start, cpu = time.monotonic(), cpu_seconds()
            answer = way(spark, logs)
            seconds, cpu = time.monotonic() - start, cpu_seconds() - cpu
            if number > 0:
                best[name] = min(seconds, best.get(name, seconds))
                cheapest[name] = min(cpu, cheapest.get(name, cpu))
            print(f"{number} {name:14} {seconds:7.2f} s, CPU {cpu:7.2f} s  first: {answer[:1]}", flush=True)
    for name, seconds in best.items():
        print(
            f"best {name:14} {seconds:7.2f} s {size / 1e6 / seconds:5.0f} MB/s {seconds / best['library']:5.1f} x the library's;"
            f" CPU {cheapest[name]:7.2f} s {cheapest[name] / cheapest['library']:5.1f} x"
        )
    print(f"peak memory of the driver {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    spark.stop()


if __name__ == "__main__":
    main()
