# SPDX-License-Identifier: GPL-3.0-or-later
"""What every integration test shares: the program and how to call it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("NETLYTICS_BIN", ROOT / "build/release/netlytics"))

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Calls the program in a folder of its own: run("query", "-c", ..., code=0)."""

    def call(*args: object, code: int = 0, stdin: bytes | None = None) -> object:
        done = subprocess.run(
            [str(BIN), *map(str, args)], cwd=tmp_path, input=stdin, capture_output=True, timeout=120
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        assert done.returncode == code, f"exit {done.returncode}, not {code}\n{out}\n{err}"
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    return call
