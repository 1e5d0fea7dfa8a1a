# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests with real daemons on loopback: HDFS. They start once for all tests of a run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hdfs import Hdfs, classpath, java_is_there

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("NETLYTICS_BUILD", ROOT / "build/release"))
BIN = Path(os.environ.get("NETLYTICS_BIN", BUILD / "netlytics"))


def skip_or_fail(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    print(f"\nNOT TESTED: {reason}", file=sys.stderr)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def hdfs(tmp_path_factory):
    if not java_is_there():
        skip_or_fail("Java is absent: nothing of HDFS was tested")
    jars = classpath()
    if jars is None:
        skip_or_fail("Hadoop's jars are absent (./dev test fetches them): nothing of HDFS was tested")
    cluster = Hdfs(tmp_path_factory.mktemp("hdfs"), jars)
    try:
        yield cluster.start()
    finally:
        cluster.stop()


@pytest.fixture
def run(tmp_path):
    """run("query", ..., code=0, env={...}) in a folder of its own."""

    def call(*args: object, code: int = 0, env: dict[str, str] | None = None):
        command = [str(BIN), *map(str, args)]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, timeout=180, text=True,
            env={**os.environ, "HADOOP_USER_NAME": "root", **(env or {})},
        )  # fmt: skip
        assert done.returncode == code, f"exit {done.returncode}, not {code}\n{done.stdout}\n{done.stderr}"
        return done

    return call
