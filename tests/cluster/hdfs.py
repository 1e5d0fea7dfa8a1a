# SPDX-License-Identifier: GPL-3.0-or-later
"""A real HDFS on loopback: one NameNode and some DataNodes, each a Java process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

HOST = "127.0.0.1"
BLOCK_BYTES = 1 << 20
START_SECONDS = 120
LOG4J = """log4j.rootLogger=WARN,console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n
"""


def free_port() -> int:
    with socket.socket() as s:
        s.bind((HOST, 0))
        return s.getsockname()[1]


def write_site(path: Path, values: dict[str, object]) -> None:
    rows = "".join(f"<property><name>{k}</name><value>{v}</value></property>\n" for k, v in values.items())
    path.write_text(f"<configuration>\n{rows}</configuration>\n")


class KeepRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args, **kwargs):
        return None


class Hdfs:
    """Start it with start(); stop() ends its processes, and only those."""

    def __init__(self, folder: Path, classpath: str, datanodes: int = 2, host: str = HOST) -> None:
        self.host = host
        self.site: dict[str, object] = {}  # added to hdfs-site.xml
        self.core: dict[str, object] = {}  # added to core-site.xml
        self.java_flags: list[str] = []
        self.who = "user.name=root"  # of the requests of call()
        self.folder = folder
        self.classpath = classpath
        self.datanodes = datanodes
        self.rpc_port = free_port()
        self.web_port = free_port()
        self.ports = [[free_port() for _ in range(3)] for _ in range(datanodes)]
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    # ---- processes ----

    @property
    def conf(self) -> Path:
        return self.folder / "conf"

    @property
    def web(self) -> str:
        return f"webhdfs://{self.host}:{self.web_port}"

    @property
    def uri(self) -> str:
        return f"hdfs://{self.host}:{self.rpc_port}"

    def java(self, *args: str) -> list[str]:
        return [
            "java", "-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            f"-Dhadoop.log.dir={self.folder / 'log'}", f"-Djava.io.tmpdir={self.folder / 'log'}", *self.java_flags, "-cp", f"{self.conf}:{self.classpath}", *args,
        ]  # fmt: skip

    def spawn(self, name: str, *args: str) -> None:
        with open(self.folder / "log" / name, "ab") as log:
            self.processes[name] = subprocess.Popen(
                self.java(*args), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def start_namenode(self) -> None:
        self.spawn("namenode", "org.apache.hadoop.hdfs.server.namenode.NameNode")

    def start_datanode(self, i: int) -> None:
        data, web, ipc = self.ports[i]
        self.spawn(
            f"datanode{i}", "org.apache.hadoop.hdfs.server.datanode.DataNode",
            "-D", f"dfs.datanode.data.dir=file://{self.folder}/data{i}",
            "-D", f"dfs.datanode.address={HOST}:{data}",
            "-D", f"dfs.datanode.http.address={HOST}:{web}",
            "-D", f"dfs.datanode.ipc.address={HOST}:{ipc}",
        )  # fmt: skip

    def start(self) -> Hdfs:
        for sub in ("log", "conf/webapps/hdfs", "conf/webapps/datanode"):
            (self.folder / sub).mkdir(parents=True, exist_ok=True)
        (self.conf / "log4j.properties").write_text(LOG4J)
        write_site(self.conf / "core-site.xml", {"fs.defaultFS": self.uri, **self.core})
        write_site(
            self.conf / "hdfs-site.xml",
            {
                "dfs.namenode.name.dir": f"file://{self.folder}/name",
                "dfs.namenode.http-address": f"{self.host}:{self.web_port}",
                "dfs.replication": self.datanodes,
                "dfs.blocksize": BLOCK_BYTES,
                "dfs.namenode.fs-limits.min-block-size": 4096,
                "dfs.namenode.safemode.extension": 0,
                "dfs.heartbeat.interval": 1,
                "dfs.datanode.du.reserved": 0,
                **self.site,
            },
        )
        with open(self.folder / "log" / "format", "wb") as log:
            subprocess.run(
                self.java("org.apache.hadoop.hdfs.server.namenode.NameNode", "-format", "-nonInteractive"),
                check=True, stdout=log, stderr=log,
            )  # fmt: skip
        self.start_namenode()
        for i in range(self.datanodes):
            self.start_datanode(i)
        self.wait(lambda: self.bean("FSNamesystem")["NumLiveDataNodes"] == self.datanodes)
        self.wait_writable()
        return self

    def kill(self, name: str, how: int = signal.SIGKILL) -> None:
        process = self.processes.pop(name)
        process.send_signal(how)
        process.wait(30)

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait(30)
        self.processes.clear()

    # ---- its state ----

    def cpu_seconds(self) -> float:
        """Of all its processes so far."""
        ticks = 0
        for process in self.processes.values():
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def bean(self, name: str) -> dict[str, object]:
        url = f"http://{self.host}:{self.web_port}/jmx?qry=Hadoop:service=NameNode,name={name}"
        return json.loads(self.fetch(url))["beans"][0]

    def fetch(self, url: str) -> bytes:
        with urllib.request.urlopen(url, timeout=10) as reply:
            return reply.read()

    def wait_writable(self) -> None:
        self.wait(lambda: self.bean("NameNodeInfo")["Safemode"] == "")

    def wait(self, is_reached, seconds: float = START_SECONDS) -> None:
        end = time.monotonic() + seconds
        while True:
            try:
                if is_reached():
                    return
            except (OSError, KeyError, IndexError, ValueError):
                pass
            assert time.monotonic() < end, f"HDFS does not come up, see {self.folder}/log"
            time.sleep(0.2)

    def admin(self, *args: str) -> None:
        subprocess.run(
            self.java("org.apache.hadoop.hdfs.tools.DFSAdmin", *args),
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    # ---- files ----

    def url(self, path: str, op: str) -> str:
        return f"http://{self.host}:{self.web_port}/webhdfs/v1{path}?op={op}&{self.who}"

    def call(self, method: str, path: str, op: str, data: bytes | None = None) -> bytes:
        url = self.url(path, op)
        opener = urllib.request.build_opener(KeepRedirect)
        try:
            with opener.open(urllib.request.Request(url, method=method), timeout=60) as reply:
                return reply.read()
        except urllib.error.HTTPError as error:
            if error.code != 307:
                raise
            request = urllib.request.Request(error.headers["Location"], data=data, method=method)
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.read()

    def put(self, path: str, data: bytes) -> None:
        self.call("PUT", path, f"CREATE&overwrite=true&blocksize={BLOCK_BYTES}", data)

    def upload(self, path: str, local: Path) -> None:
        """A file too large for memory; in blocks of the configured size."""
        subprocess.run(
            ["curl", "-sfL", "-o", "/dev/null", "-T", str(local), self.url(path, "CREATE&overwrite=true")], check=True
        )

    def get(self, path: str) -> bytes:
        return self.call("GET", path, "OPEN")

    def list(self, path: str) -> list[dict[str, object]]:
        return json.loads(self.call("GET", quote(path), "LISTSTATUS"))["FileStatuses"]["FileStatus"]

    def names(self, path: str) -> list[str]:
        return sorted(str(entry["pathSuffix"]) for entry in self.list(path))

    def chmod(self, path: str, mode: str) -> None:
        self.call("PUT", path, f"SETPERMISSION&permission={mode}")


def java_is_there() -> bool:
    try:
        return subprocess.run(["java", "-version"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def classpath() -> str | None:
    """Written by ./dev test; None: the jars are not there."""
    path = os.environ.get("NETLYTICS_HADOOP_CLASSPATH")
    return Path(path).read_text().strip() if path and Path(path).is_file() else None
