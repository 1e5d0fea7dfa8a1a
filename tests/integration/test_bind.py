# SPDX-License-Identifier: GPL-3.0-or-later
"""BIND query logs against a second reading of them; the same queries logged in several ways; local clocks."""

from __future__ import annotations

import gzip
import ipaddress
import json
import random
import re
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from conftest import read_ndjson

QUERY = re.compile(r"(?:^|.* )client (?P<client>.*?): query: (?P<rest>.*)")
CLASSIC = re.compile(r"(\d\d-\w{3}-\d{4} \d\d:\d\d:\d\d(?:\.\d{3})?)(?: |$)")
ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?)(Z|[+-]\d\d:\d\d)?(?: |$)")


class Rejected(Exception):
    pass


def key(row: dict) -> str:
    return json.dumps(row, sort_keys=True)


# ---- a second implementation ----


def time_of(head: str) -> datetime | None:
    """Of logs of one zone, UTC."""
    found = ISO.match(head)
    try:
        if found:
            zone = (found[2] or "Z").replace("Z", "+00:00")
            return datetime.fromisoformat(found[1] + zone)
        found = CLASSIC.match(head)
        if found:
            form = "%d-%b-%Y %H:%M:%S" + (".%f" if "." in found[1] else "")
            return datetime.strptime(found[1], form).replace(tzinfo=timezone.utc)
    except ValueError:
        raise Rejected("bad_time") from None
    if head[:1].isdigit():
        raise Rejected("bad_time")
    return None


def bind_row(line: str) -> dict[str, object] | None:
    """None: no query."""
    found = QUERY.fullmatch(line)
    if not found:
        return None
    words = found["rest"].split()
    if len(words) < 3:
        raise Rejected("too_few_fields")
    row: dict[str, object] = {"answers": [], "answer_types": [], "answer_ttls": []}
    time = time_of(line[: found.start("client") - len("client ")])
    if time is not None:
        row["req_time"] = float((time - datetime(1970, 1, 1, tzinfo=timezone.utc)) / timedelta(milliseconds=1)) / 1000
    client = found["client"].split()
    word = client[1] if client[0].startswith("@") else client[0]
    address, _, port = word.partition("/")[0].removesuffix(":").rpartition("#")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise Rejected("bad_address") from None
    name = "".join(c.lower() if c.isascii() else c for c in words[0])
    row |= {"c_ip": address, "c_port": int(port), "query": name[:-1] if len(name) > 1 and name.endswith(".") else name,
            "req_class": words[1], "req_type": words[2]}  # fmt: skip
    if words[3:] and words[3][0] in "+-":
        row["flags_req"] = 8 * (words[3][0] == "+") + ("C" in words[3])
    if words[4:] and re.fullmatch(r"\([0-9a-fA-F.:]+\)", words[4]):
        row["s_ip"] = words[4][1:-1]
    return row


def text_of(path: Path) -> str:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return raw.decode("utf-8", "backslashreplace")


def second_reading(text: str) -> tuple[list[str], Counter, int]:
    rows, reasons, ignored = [], Counter(), 0
    for line in text.split("\n")[: -1 if text.endswith("\n") else None]:
        try:
            row = bind_row(line.removesuffix("\r"))
        except Rejected as why:
            reasons[str(why)] += 1
            continue
        ignored += row is None
        rows += [] if row is None else [key(row)]
    return sorted(rows), reasons, ignored


def first_reading(run, path: Path, *more: object) -> tuple[list[dict], dict]:
    run("query", "-c", "bind:DNS", "-i", path, "-q", "SELECT * FROM netlytics", "--format", "ndjson", "-o", "o", "--report_json",
        "r.json", "--max_bad_fraction", "1", *more)  # fmt: skip
    report = json.loads((run.folder / "r.json").read_text())
    assert report["lines"] == report["used"] + report["ignored"] + report["skipped"]
    return read_ndjson(run.folder / "o"), report


def check(run, path: Path, text: str, *more: object) -> tuple[list[dict], dict]:
    rows, report = first_reading(run, path, *more)
    expected, reasons, ignored = second_reading(text)
    found = sorted(map(key, rows))
    different = set(found) ^ set(expected)
    assert not different, (path, sorted(different)[:4])
    assert found == expected
    assert (report["by_reason"], report["ignored"]) == (dict(reasons), ignored)
    return rows, report


# ---- real logs ----


@pytest.mark.parametrize(
    ("name", "newlines", "rows"),
    [
        ("bind/cs-project_2015_queries.log", 1539, 1538),  # the first line is empty
        ("bind/dns-activity-monitor_2014_queries1.log", 18, 19),  # the last line has none
        ("bind/named-9.18/bind.log-20261123.cat_sev_local.gz", 2373, 2373),
        ("bind/named-9.18/time_only.log.gz", 2373, 2373),
        ("bind/named-9.18/views_cat_sev_local.log", 84, 84),
        ("bind/named-9.18/views_iso8601_cat_sev.log", 84, 84),
        ("servers/bind/bind.log-20261123", 5593, 5593),
        ("servers/bind/bind-iso8601.log-20261123", 5593, 5593),
    ],
)
def test_real_logs(run, shared, name, newlines, rows):
    path = shared / name
    text = text_of(path)
    found, report = check(run, path, text)
    assert text.count("\n") == newlines
    assert report["lines"] == newlines + (not text.endswith("\n"))
    assert len(found) == report["rows"] == report["used"] == rows


def test_real_logs_of_the_same_queries_agree(run, shared):
    """Channels of one server: with and without category, severity, zone."""
    pairs = (
        ("bind/named-9.18/bind.log-20261123.cat_sev_local.gz", "bind/named-9.18/time_only.log.gz"),
        ("bind/named-9.18/views_cat_sev_local.log", "bind/named-9.18/views_iso8601_cat_sev.log"),
        ("servers/bind/bind.log-20261123", "servers/bind/bind-iso8601.log-20261123"),
    )
    for one, other in pairs:
        assert first_reading(run, shared / one)[0] == first_reading(run, shared / other)[0], one


def test_real_folder(run, shared):
    """The day is that of the file's name; other files of the folder are not read."""
    _, report = first_reading(run, shared / "servers" / "bind", "-s", "2026_11_23", "-e", "2026_11_23")
    assert (report["files"], report["rows"]) == (1, 5593)


# ---- made logs ----


def made_lines(n: int, seed: int) -> list[str]:
    """Queries as servers of all ages log them, and what else is in their logs."""
    rng = random.Random(seed)
    lines = []
    for i in range(n):
        time = datetime(2026, 11, 23, tzinfo=timezone.utc) + timedelta(milliseconds=37 * i)
        stamp = rng.choice((
            f"{time:%d-%b-%Y %H:%M:%S}.{i % 1000:03} ", f"{time:%d-%b-%Y %H:%M:%S} ", f"{time:%Y-%m-%dT%H:%M:%S}.{i % 1000:03} ",
            f"{time:%Y-%m-%dT%H:%M:%S}.{i % 1000:03}Z ", f"{time:%Y-%m-%dT%H:%M:%S}.{i % 1000:03}+05:30 ", "",
        ))  # fmt: skip
        stamp += rng.choice(("", "queries: ", "info: ", "queries: info: "))
        address = rng.choice((f"10.0.{i % 256}.1", f"2001:db8::{i % 65536:x}"))
        name = rng.choice((f"Host{i % 99}.Example.org", ".", "a\\032b.org", "é.example", "x" * rng.randrange(1, 60) + ".net"))
        client = f"client {rng.choice(('', f'@0x{i:x} '))}{address}#{rng.randrange(65536)}{rng.choice(('', '/key k.1'))}"
        view = rng.choice(("", "", "view int: ", "view ext v6: "))
        flags = rng.choice(("+", "-", "-EDC", "+E(0)K", "-E(0)TDCK", "+SE(0)TK"))
        server = rng.choice(("", " (192.0.2.53)", " (2001:db8::53)", " (192.0.2.53) [ECS 10.0.0.0/8/0]"))
        kind = rng.choice(("IN A", "IN AAAA", "CH TXT", "CLASS300 TYPE65400"))
        lines.append(f"{stamp}{client}{rng.choice(('', f' ({name})'))}: {view}query: {name} {kind} {flags}{server}")
        if rng.random() < 0.1:
            lines.append(rng.choice(("", f"{stamp}general: info: running", f"{stamp}{client}: query (cache) 'x/A/IN' denied",
                                     f"{stamp}{client}: query: short IN", f"{stamp}client nobody#1: query: x IN A +",
                                     f"99{stamp}client 10.0.0.1#1: query: x IN A +")))  # fmt: skip
    return lines


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_made_logs(run, tmp_path, threads):
    text = "".join(line + ("\r\n" if i % 50 == 0 else "\n") for i, line in enumerate(made_lines(20000, 3)))
    (tmp_path / "bind.log-20261124").write_text(text, newline="")
    assert len(text) > 2 << 20
    rows, report = check(run, tmp_path / "bind.log-20261124", text, "--threads", threads)
    assert len(rows) > 15000 and report["skipped"] > 100


@pytest.mark.parametrize("threads", [1, 8])
def test_local_clock_over_the_autumn_hour(run, tmp_path, threads):
    """Local times of every second of the night, in order, packed or not: the second pass is told by the step back."""
    rome = ZoneInfo("Europe/Rome")
    begin = datetime(2017, 10, 28, 22, tzinfo=timezone.utc)
    times = [begin + timedelta(seconds=i / 4) for i in range(4 * 6 * 3600)]
    stamps = [f"{time.astimezone(rome):%d-%b-%Y %H:%M:%S}.{time.microsecond // 1000:03}" for time in times]
    text = "".join(f"{stamp} client 10.0.0.1#1 (x): query: x IN A +\n" for stamp in stamps)
    (tmp_path / "plain").write_text(text)
    (tmp_path / "packed").write_bytes(gzip.compress(text.encode(), 1))
    for name in ("plain", "packed"):
        done = run("query", "-c", "bind:DNS", "-i", tmp_path / name, "--timezone", "Europe/Rome", "--threads", threads, "-q",
                   "SELECT count(DISTINCT req_time) AS n, min(req_time) AS a, max(req_time) AS b FROM netlytics", "--format",
                   "csv")  # fmt: skip
        assert done.stdout == f"n,a,b\n{len(times)},{times[0].timestamp()},{times[-1].timestamp()}\n"


def test_syslog_takes_the_year_of_the_file(run, tmp_path):
    line = "{} ns1 named[123]: queries: info: client @0x1 10.0.0.1#1 (x): query: x IN A + (10.0.0.2)\n"
    (tmp_path / "bind.log-20170101").write_text(line.format("Dec 31 23:59:59") + line.format("Jan  1 00:00:00"))
    rows, _ = first_reading(run, tmp_path, "-s", "2017_01_01", "-e", "2017_01_01")
    assert sorted(row["req_time"] for row in rows) == [1483228799.0, 1483228800.0]
