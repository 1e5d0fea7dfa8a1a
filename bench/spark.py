# SPDX-License-Identifier: GPL-3.0-or-later
"""The Spark engine beside Spark's own readers and Python for each line: Squid logs on a real HDFS (a NameNode,
two DataNodes), local[2] and a master with two workers of one core, all on this machine. Prints a table for
docs/scale.md.

    ./dev bench spark [--gigabytes 1 5] [--rounds 2] [--masters local cluster]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build/release"
DAY_BYTES = 250_000_000
sys.path += [str(ROOT / "tests/cluster"), str(ROOT / "tests/spark")]


def generate(folder: Path, gigabytes: int) -> None:
    """Logs whose lines all readers understand alike."""
    folder.mkdir()
    days = gigabytes * 1_000_000_000 // DAY_BYTES
    subprocess.run(
        [BUILD / "netlytics-generate", "squid", "--days", "2017_03_01", f"2017_03_{days:02}", "--bytes-per-day",
         str(DAY_BYTES), "--seed", "1", "--odd", "0", folder],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def submit(home: Path, conf: Path, master: str, logs: str, size: int, rounds: int, workers: list[int]) -> list[dict]:
    """What the ways need, by bench/spark_ways.py."""
    environment = {
        **os.environ, "SPARK_HOME": str(home), "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1",
        "PYTHONPATH": str(ROOT / "python"), "NL_LIB": str(BUILD / "libnetlytics.so"), "HADOOP_CONF_DIR": str(conf),
        "HADOOP_USER_NAME": "root",
    }  # fmt: skip
    done = subprocess.run(
        [home / "bin/spark-submit", "--master", master, "--driver-memory", "2g", "--conf", "spark.ui.port=0",
         "--conf", "spark.executor.memory=2g", "--conf", "spark.executor.cores=1", "--conf", "spark.cores.max=2",
         ROOT / "bench/spark_ways.py", logs, str(size), str(rounds), *map(str, workers)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def table(master: str, gigabytes: int, ways: list[dict]) -> None:
    ours = ways[0]
    print(f"\n{gigabytes} GB, {master}:\n\n| way | s | MB/s | CPU s | times the library's s | times its CPU s |\n|---|---|---|---|---|---|")
    for way in ways:
        print(
            f"| {way['way']} | {way['seconds']:.1f} | {way['megabytes'] / way['seconds']:.0f} | {way['cpu']:.1f} |"
            f" {way['seconds'] / ours['seconds']:.1f} | {way['cpu'] / ours['cpu']:.1f} |",
            flush=True,
        )


def main() -> None:
    from cluster import Spark
    from hdfs import Hdfs, classpath

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=int, nargs="+", default=[1, 5])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--masters", nargs="+", choices=["local", "cluster"], default=["local", "cluster"])
    args = parser.parse_args()
    spec = importlib.util.find_spec("pyspark")
    jars = classpath()
    if spec is None or spec.origin is None or jars is None:
        sys.exit("pyspark or Hadoop's jars are absent: ./dev bench spark fetches them")
    home = Path(spec.origin).parent
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as name:
        folder = Path(name)
        files = Hdfs(folder / "hdfs", jars)
        files.site.update({"dfs.blocksize": 128 << 20, "dfs.replication": 1})
        files.java_flags = ["-XX:TieredStopAtLevel=4", "-Xmx512m"]  # as daemons run, not as tests want them
        spark = Spark(folder / "spark", home)
        try:
            files.start()
            if "cluster" in args.masters:
                spark.start()
            masters = {"local": ("local[2]", []), "cluster": (spark.master, [p.pid for p in spark.processes])}
            for gigabytes in args.gigabytes:
                logs = folder / f"logs{gigabytes}"
                generate(logs, gigabytes)
                for path in sorted(logs.iterdir()):
                    files.upload(f"/logs{gigabytes}/{path.name}", path)
                size = sum(path.stat().st_size for path in logs.iterdir())
                for kind in args.masters:
                    master, workers = masters[kind]
                    ways = submit(home, files.conf, master, f"{files.uri}/logs{gigabytes}", size, args.rounds, workers)
                    table("local[2]" if kind == "local" else "two workers of one core", gigabytes, ways)
        finally:
            spark.stop()
            files.stop()


if __name__ == "__main__":
    main()
