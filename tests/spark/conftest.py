# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests on a real Spark: a master and two workers on loopback, and one session for all tests."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster import Spark

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("NETLYTICS_BUILD", ROOT / "build/release"))
BIN = Path(os.environ.get("NETLYTICS_BIN", BUILD / "netlytics"))
SAMPLES = ROOT / "tests/samples"
sys.path.insert(0, str(ROOT / "python"))
sys.path.append(str(ROOT / "tests/cluster"))
os.environ.setdefault("NL_LIB", str(BUILD / "libnetlytics.so"))


def skip_or_fail(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    print(f"\nNOT TESTED: {reason}", file=sys.stderr)
    pytest.skip(reason)


def java_is_there() -> bool:
    try:
        return subprocess.run(["java", "-version"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    if not java_is_there():
        skip_or_fail("Java is absent: nothing of Spark was tested")
    home = Path(importlib.util.find_spec("pyspark").origin).parent
    spark = Spark(tmp_path_factory.mktemp("spark"), home)
    os.environ.update(
        SPARK_HOME=str(home), SPARK_LOCAL_IP="127.0.0.1", SPARK_CONF_DIR=str(spark.conf),
        PYSPARK_PYTHON=sys.executable,
    )  # fmt: skip
    try:
        yield spark.start()
    finally:
        spark.stop()


@pytest.fixture(scope="session")
def session(cluster):
    """A session on the cluster, as the scripts make it."""
    from netlytics import spark as engine

    settings = {
        "spark.master": cluster.master, "spark.driver.host": "127.0.0.1", "spark.executor.memory": "512m",
        "spark.sql.shuffle.partitions": "4", "spark.default.parallelism": "2",
        "spark.cores.max": "2", "spark.dynamicAllocation.enabled": "false",
    }  # fmt: skip
    spark = engine.session("netlytics tests", settings)
    assert spark.sparkContext.master == cluster.master
    spark.sparkContext.setLogLevel("OFF")
    yield spark
    spark.stop()


@pytest.fixture(scope="session")
def hdfs(cluster, tmp_path_factory):
    """A real HDFS whose configuration the driver alone knows, as the user root."""
    from hdfs import Hdfs, classpath

    jars = classpath()
    if jars is None:
        skip_or_fail("Hadoop's jars are absent (./dev test fetches them): nothing of HDFS was tested")
    files = Hdfs(tmp_path_factory.mktemp("hdfs"), jars)
    try:
        files.start()
        os.environ.update(HADOOP_CONF_DIR=str(files.conf), HADOOP_USER_NAME="root")
        yield files
    finally:
        for name in ("HADOOP_CONF_DIR", "HADOOP_USER_NAME"):
            os.environ.pop(name, None)
        files.stop()


class Embedded:
    """The program on this machine alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *args: object, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([str(BIN), *map(str, args)], cwd=self.folder, capture_output=True, text=True, timeout=120)
        assert code is None or done.returncode == code, f"exit {done.returncode}, not {code}\n{done.stdout}\n{done.stderr}"
        return done


@pytest.fixture
def embedded(tmp_path: Path) -> Embedded:
    return Embedded(tmp_path)
