# SPDX-License-Identifier: GPL-3.0-or-later
"""What every integration test shares: the program and how to call it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("NETLYTICS_BUILD", ROOT / "build/release"))
# What malloc gives is full of this byte, what is freed too: text without an end then shows.
os.environ.setdefault("MALLOC_PERTURB_", "165")
BIN = Path(os.environ.get("NETLYTICS_BIN", BUILD / "netlytics"))
GENERATE = Path(os.environ.get("NETLYTICS_GENERATE", BUILD / "netlytics-generate"))
SHARED = ROOT.parent / "shared" / "data"


class Run:
    """Calls the program in a folder of its own: run("query", "-c", ..., code=0); code=None: any exit code."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *args: object, code: int | None = 0, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
        command = [str(BIN), *map(str, args)]
        done = subprocess.run(command, cwd=self.folder, input=stdin, capture_output=True, timeout=120)
        out, err = done.stdout.decode(), done.stderr.decode()
        assert code is None or done.returncode == code, f"exit {done.returncode}, not {code}\n{out}\n{err}"
        return subprocess.CompletedProcess(command, done.returncode, out, err)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def read_ndjson(path: Path) -> list[dict[str, object]]:
    """Rows without their NULLs."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [{key: value for key, value in row.items() if value is not None} for row in rows]


@pytest.fixture
def shared() -> Path:
    """Folder of real logs, where there is one."""
    if not SHARED.is_dir():
        pytest.skip("no real logs: ../shared/data is absent")
    return SHARED
