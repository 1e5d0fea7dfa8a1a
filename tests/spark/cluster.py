# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Spark on loopback: one master and some workers of two cores, each a Java process of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

HOST = "127.0.0.1"
START_SECONDS = 120
DEFAULTS = "spark.ui.port 0\n"  # any that is free: others may run a Spark, too

LOGGING = """rootLogger.level = warn
rootLogger.appenderRef.stdout.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %p %c{1}: %m%n%ex
"""


def free_port() -> int:
    with socket.socket() as s:
        s.bind((HOST, 0))
        return s.getsockname()[1]


class Spark:
    """Start it with start(); stop() ends its processes, and only those."""

    def __init__(self, folder: Path, home: Path, workers: int = 2) -> None:
        self.folder = folder
        self.home = home
        self.port = free_port()
        self.web_port = free_port()
        self.workers = workers
        self.processes: list[subprocess.Popen[bytes]] = []
        self.conf = folder / "conf"

    @property
    def master(self) -> str:
        return f"spark://{HOST}:{self.port}"

    def environment(self) -> dict[str, str]:
        """Nothing of the tests' own environment: workers start as bare as on another machine."""
        kept = {name: os.environ[name] for name in ("PATH", "JAVA_HOME", "LANG") if name in os.environ}
        return {
            **kept, "SPARK_HOME": str(self.home), "SPARK_LOCAL_IP": HOST, "HOME": str(self.folder),
            "SPARK_CONF_DIR": str(self.conf), "SPARK_DAEMON_MEMORY": "256m",
        }  # fmt: skip

    def spawn(self, name: str, *args: str) -> None:
        folder = self.folder / name
        folder.mkdir()
        with open(self.folder / f"{name}.log", "wb") as log:
            self.processes.append(
                subprocess.Popen(
                    [str(self.home / "bin/spark-class"), *args], cwd=folder, env=self.environment(),
                    stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
                )  # fmt: skip
            )

    def start(self) -> Spark:
        self.conf.mkdir(parents=True)
        (self.conf / "log4j2.properties").write_text(LOGGING)
        (self.conf / "spark-defaults.conf").write_text(DEFAULTS)
        self.spawn(
            "master", "org.apache.spark.deploy.master.Master",
            "--host", HOST, "--port", str(self.port), "--webui-port", str(self.web_port),
        )  # fmt: skip
        for i in range(self.workers):
            self.spawn(
                f"worker{i}", "org.apache.spark.deploy.worker.Worker", "--host", HOST,
                "--port", str(free_port()), "--webui-port", str(free_port()), "--cores", "2",
                "--memory", "3g", "--work-dir", str(self.folder / f"worker{i}"), self.master,
            )  # fmt: skip
        end = time.monotonic() + START_SECONDS
        while self.state().get("aliveworkers") != self.workers:
            assert time.monotonic() < end, f"Spark does not come up, see {self.folder}/*.log"
            time.sleep(0.2)
        return self

    def state(self) -> dict[str, object]:
        """What the master says; {} if it does not, or if it is another Spark's."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.web_port}/json/", timeout=10) as reply:
                told = json.load(reply)
        except (OSError, ValueError):
            return {}
        return told if told.get("url") == self.master else {}

    def executors(self, application: str) -> list[int]:
        """Process ids of the executors of an application."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue
                if any(b"ExecutorBackend" in word for word in words) and application.encode() in words:
                    found.append(int(entry.name))
        return found

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(30)
        self.processes.clear()
