# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests with real daemons on loopback: HDFS. They start once for all tests of a run."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hdfs import Hdfs, classpath, java_is_there

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("NETLYTICS_BUILD", ROOT / "build/release"))
BIN = Path(os.environ.get("NETLYTICS_BIN", BUILD / "netlytics"))

SQL = "SELECT name, count(*) AS n, sum(s_bytes) AS bytes FROM netlytics GROUP BY name ORDER BY name"
LINES = 60_000


def line(i: int) -> str:
    return (
        f"{1488326400 + i // 100}.{i % 1000:03d}    200 10.0.{i % 7}.{i % 250} TCP_MISS/200 {i % 5000} "
        f"GET http://host{i % 40}.test/page/{i} - HIER_DIRECT/1.2.3.4 text/html\n"
    )


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

    call.folder = tmp_path
    return call


@pytest.fixture(scope="session")
def text() -> bytes:
    return "".join(map(line, range(LINES))).encode()


@pytest.fixture(scope="session")
def logs(hdfs, text, tmp_path_factory) -> Path:
    """The same two days in a local folder and in /logs of HDFS: several blocks, and one gzip file."""
    folder = tmp_path_factory.mktemp("logs")
    (folder / "access.log-20170301").write_bytes(text)
    (folder / "access.log-20170302.gz").write_bytes(gzip.compress(text[: len(text) // 2]))
    for path in folder.iterdir():
        hdfs.put(f"/logs/{path.name}", path.read_bytes())
    return folder


def query(run, path, *more, **kwargs):
    return run("query", "-c", "squid:flows", "-i", path, "-q", SQL, "--format", "csv", *more, **kwargs)
