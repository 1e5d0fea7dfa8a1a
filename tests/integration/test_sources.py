# SPDX-License-Identifier: GPL-3.0-or-later
"""Every real log and capture has as many lines or packets as the list of their sources says; all are accounted for."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

ROW = re.compile(r"\| (.*?) \| ([\d,]+) (lines|pkts|packets)(?: each)? \|")
# Names of files to connectors, the first that fits; None: read only beside others, or by nothing.
CONNECTORS = [
    (r"asn/|timeseries/|tshark_dns/|log_(udp|tcp_nocomplete)", None),
    (r"^pcap/|dnscap/", "pcap:DNS"), (r"^squid/|/squid/access.log-", "squid:HTTP"), (r"/squid/.*(combined|common|custom)", "squid:HTTP"), (r"bind", "bind:DNS"),
    (r"log_tcp_complete", "tstat:NamedFlows"), (r"log_http_complete", "tstat:HTTP"), (r"log_dns_complete", "tstat:DNS"),
    (r"^zeek/.*(^|[_/])dns[._]", "zeek:DNS"), (r"^zeek/.*(^|[_/])http(_empty)?[._]", "zeek:HTTP"), (r"^zeek/.*(^|[_/])conn1?[._]", "zeek:NamedFlows"),
    (r"^zeek/.*ssl", None),
]  # fmt: skip


def listed(shared: Path) -> list[tuple[list[Path], int]]:
    """(files, number of their lines or packets)."""
    found = []
    for line in (shared / "SOURCES.md").read_text().splitlines():
        row = ROW.match(line)
        names = re.findall(r"`([^`]+)`", row[1]) if row else []
        for name in names:  # the first names the folder of all
            name = name if "/" in name else f"{names[0].rpartition('/')[0]}/{name}"
            files = sorted(shared.glob(name.replace("…", "*"))) if re.search("[…*]", name) else [shared / name]
            found.append((files, int(row[2].replace(",", ""))))
    return found


def connector_of(name: str) -> str | None:
    return next((connector for pattern, connector in CONNECTORS if re.search(pattern, name)), None)


def own_lines(run, connector: str, path: Path) -> int:
    """What the list counts: packets, or newlines of the file."""
    run("query", "-c", connector, "-i", path, "-q", "SELECT 1 FROM netlytics", "-o", "o.csv", "--report_json", "r.json",
        "--max_bad_fraction", "1")  # fmt: skip
    report = json.loads((run.folder / "r.json").read_text())
    own = report["lines"]
    assert own == report["used"] + report["ignored"] + report["skipped"], path
    if connector == "zeek:NamedFlows" and path.name.startswith("conn"):  # logs beside it are told with it
        own -= sum(len(text_lines(path.with_name(path.name.replace("conn", other)))) for other in ("http", "ssl"))
    return own if connector == "pcap:DNS" else own - (not is_ended(path))


def is_ended(path: Path) -> bool:
    """False: the last line has no newline, which the list does not count."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return raw.endswith(b"\n")


@pytest.mark.parametrize("tool", ["squid", "zeek", "tstat", "bind", "pcap"])
def test_counts_of_the_list(run, shared, tool):
    n = 0
    for files, count in listed(shared):
        connector = connector_of(str(files[0].relative_to(shared)))
        if connector is not None and connector.partition(":")[0] == tool:
            assert sum(own_lines(run, connector, path) for path in files) == count, files
            n += len(files)
    assert n >= {"squid": 9, "zeek": 46, "tstat": 39, "bind": 8, "pcap": 61}[tool]


def text_lines(path: Path) -> list[str]:
    if not path.is_file():
        return []
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return raw.decode("latin-1").split("\n")[:-1]
