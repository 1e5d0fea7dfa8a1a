# SPDX-License-Identifier: GPL-3.0-or-later
"""WHAT: kernels by key, side inputs, states and further outputs give the same bytes on both engines."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from conftest import BUILD

GENERATE = Path(os.environ.get("NETLYTICS_GENERATE", BUILD / "netlytics-generate"))


def simulated(log: str) -> bytes:
    command = [str(GENERATE), log, "--items", "150", "--seed", "7", "--overlap", "0.4", "--embed", "0.2"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def crowded(log: bytes) -> bytes:
    """Sessions of 25 clients instead of one each, so that they meet."""
    return re.sub(rb"\b10\.0\.0\.(\d+)\b", lambda found: b"10.0.0.%d" % (int(found[1]) % 25), log)


def run(session, logs: Path, params: dict[str, object], folder: Path, kept: Path) -> None:
    from netlytics import spark as engine

    with engine.Job(session) as job:
        job.dataset(1 << 14, connector="squid:flows", input_path=logs)
        job.algorithm("algos.WHAT.WHAT", json.dumps(params))
        job.persistent_dir = str(kept)
        job.write_results(str(folder))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def test_what(session, embedded, tmp_path):
    logs = tmp_path / "access.log"
    logs.write_bytes(crowded(simulated("visits-squid")))
    cores = simulated("visits-cores").decode().split()
    steps = [
        ("first", {"CORES": cores, "SAVE_FLOWS": True}),
        ("second", {"CORES": cores, "USE_SAVED": True}),
    ]
    for name, params in steps:
        run(session, logs, params, tmp_path / f"{name}_spark", tmp_path / "kept_spark")
        embedded(
            "job", "-c", "squid:flows", "-i", logs, "--algo", "algos.WHAT.WHAT", "--params", json.dumps(params),
            "-o", f"{name}_alone", "--persistent_dir_local", "kept_alone",
        )  # fmt: skip
        assert files(tmp_path / f"{name}_spark") == files(tmp_path / f"{name}_alone")
        assert files(tmp_path / "kept_spark") == files(tmp_path / "kept_alone")
    assert "bags.json" in files(tmp_path / "kept_spark")
