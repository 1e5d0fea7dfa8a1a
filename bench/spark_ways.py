# SPDX-License-Identifier: GPL-3.0-or-later
"""DomainTraffic over Squid logs on Spark: the library's scans beside Spark's own text readers and the
original's way, Python for each line. All give the same domains; the first pass of each warms up.

    spark-submit bench/spark_ways.py LOGS BYTES ROUNDS [PID...]

The last lines are one JSON object for each way. PIDs: of workers, whose executors' CPU seconds count, too.
bench/spark.py starts all that this needs.
"""

from __future__ import annotations

import json
import os
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
    host = url if method == "CONNECT" else url.split("//", 1)[1].split("/", 1)[0]
    return host[1 : host.index("]")] if host.startswith("[") else host.split(":")[0]


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
    host = F.regexp_extract(F.col("f")[6], r"^(?:[a-z]+://)?(\[[^\]]+|[^/:]+)", 1)
    return top(frame.select(F.ltrim(F.lower(host), F.lit("[")).alias("name"), F.col("f")[4].cast("bigint").alias("bytes")))


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


class Cpu:
    """Seconds of processes and all that they have started, so far; what has ended keeps what it had when last seen."""

    def __init__(self, roots: set[int]) -> None:
        self.family = set(roots)
        self.used: dict[int, int] = {}

    def seconds(self) -> float:
        parents: dict[int, int] = {}
        used: dict[int, int] = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            pid = int(path.parent.name)
            parents[pid] = int(fields[1])
            used[pid] = int(fields[11]) + int(fields[12])
        while more := {pid for pid, parent in parents.items() if parent in self.family} - self.family:
            self.family |= more
        self.used.update({pid: used[pid] for pid in self.family & used.keys()})
        return sum(self.used.values()) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    logs, size, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    used = Cpu({os.getpid(), os.getppid(), *map(int, sys.argv[4:])})  # spark-submit's JVM has started this
    spark = engine.session("netlytics bench")
    spark.sparkContext.setLogLevel("ERROR")
    best: dict[str, tuple[float, float]] = {}
    answers: dict[str, list[tuple[str, int]]] = {}
    for number in range(rounds + 1):
        for name, way in WAYS.items():
            start, cpu = time.monotonic(), used.seconds()
            answers[name] = way(spark, logs)
            seconds, cpu = time.monotonic() - start, used.seconds() - cpu
            if number > 0:
                least = best.get(name, (seconds, cpu))
                best[name] = (min(seconds, least[0]), min(cpu, least[1]))
            print(f"{number} {name:14} {seconds:7.2f} s, CPU {cpu:7.2f} s", flush=True)
            other = set(answers[name]) ^ set(answers["library"])
            assert answers[name] == answers["library"], f"{name} gives another answer: {sorted(other)}"
    spark.stop()
    for name, (seconds, cpu) in best.items():
        print(json.dumps({"way": name, "seconds": seconds, "cpu": cpu, "megabytes": size / 1e6}))


if __name__ == "__main__":
    main()
