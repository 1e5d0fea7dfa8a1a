# SPDX-License-Identifier: GPL-3.0-or-later
"""Files made to do harm: messages and packets whose lengths lie, damaged and swollen packed files, endless lines and headers.

What is good beside them is read, everything is accounted for, memory stays small."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import resource
import signal
import struct
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from captures import CLIENT, SERVER, START, ask, dns, ipv4, name_wire, pcap, tcp, udp
from conftest import BIN, read_ndjson

MEMORY_MAX = 400 * 1024  # KiB; far less than what the input asks for


def query(run, connector: str, path: Path, *more: object) -> tuple[list[dict], dict, str]:
    done = run("query", "-c", connector, "-i", path, "-q", "SELECT * FROM netlytics", "--format", "ndjson", "-o", "o",
               "--report_json", "r.json", "--max_bad_fraction", "1", *more)  # fmt: skip
    report = json.loads((run.folder / "r.json").read_text())
    assert report["lines"] == report["used"] + report["ignored"] + report["skipped"]
    assert report["skipped"] == sum(report["by_reason"].values())
    rows = read_ndjson(run.folder / "o")
    assert len(rows) == report["rows"]
    return rows, report, done.stderr


# ---- messages ----

HEAD = struct.pack(">HHHHHH", 7, 0x8180, 1, 1, 0, 0)
QUESTION = name_wire("x.org") + struct.pack(">HH", 1, 1)


def answer(name: bytes, kind: int, length: int, data: bytes) -> bytes:
    return HEAD + QUESTION + name + struct.pack(">HHIH", kind, 1, 60, length) + data


def counts(questions: int, answers: int) -> bytes:
    return struct.pack(">HHHHHH", 7, 0x8180, questions, answers, 0, 0)


HOSTILE = {
    "pointer to itself": HEAD + b"\xc0\x0c" + b"\0\1\0\1",
    "pointers in a circle": HEAD + b"\xc0\x0e\xc0\x0c" + b"\0\1\0\1",
    "pointer forwards": HEAD + b"\xc0\x20" + b"\0\1\0\1" + b"\0" * 40,
    "pointer behind the end": HEAD + b"\xff\xff" + b"\0\1\0\1",
    "half a pointer": HEAD + b"\xc0",
    "label behind the end": HEAD + b"\x3fabc",
    "label type 01": HEAD + b"\x41a\0" + b"\0\1\0\1",
    "label type 10": HEAD + b"\x81a\0" + b"\0\1\0\1",
    "name of 256 bytes": HEAD + (b"\x3f" + b"a" * 63) * 4 + b"\0" + b"\0\1\0\1",
    "long by pointers": HEAD + b"\x3f" + b"a" * 63 + b"\xc0\x0c" + b"\0\1\0\1",
    "no type": HEAD + name_wire("x.org"),
    "half a class": HEAD + name_wire("x.org") + b"\0\1\0",
    "more questions than there are": counts(2, 0) + QUESTION,
    "65535 questions": counts(65535, 0) + QUESTION * 20,
    "more answers than there are": counts(1, 2) + QUESTION + name_wire("x.org") + struct.pack(">HHIH", 1, 1, 60, 4) + b"\1\2\3\4",
    "65535 answers": counts(1, 65535) + QUESTION,
    "data behind the end": answer(b"\xc0\x0c", 1, 5, b"\1\2\3\4"),
    "65535 bytes of data": answer(b"\xc0\x0c", 16, 65535, b"\1a"),
    "half a record": HEAD + QUESTION + b"\xc0\x0c\0\1\0\1\0",
    "eleven bytes": HEAD[:11],
    "nothing": b"",
}  # fmt: skip


def test_hostile_messages(run, tmp_path):
    """Each between two good ones, over UDP and over TCP."""
    for way in ("udp", "tcp"):
        packets = [ask(START, 1, "first.org")]
        sequence = 100
        for i, message in enumerate(HOSTILE.values(), 1):
            if way == "udp":
                packets.append((START + i, ipv4(SERVER, CLIENT, 17, udp(53, 5000 + i, message))))
            else:
                whole = struct.pack(">H", len(message)) + message
                packets.append((START + i, ipv4(SERVER, CLIENT, 6, tcp(53, 5000 + i, sequence, whole))))
        packets.append(ask(START + 100, 2, "last.org"))
        path = tmp_path / f"{way}.pcap"
        path.write_bytes(pcap(packets))
        rows, report, _ = query(run, "pcap:DNS", path)
        assert sorted(row["query"] for row in rows) == ["first.org", "last.org"], way
        assert (report["used"], report["by_reason"]) == (2, {"not_dns": len(HOSTILE)}), way


# Records that are whole, though their data do not fit their types.
ODD_DATA = {
    (1, b"\1\2\3"): "\\# 3 010203",
    (1, b""): "\\# 0",
    (28, b"\1\2\3\4"): "\\# 4 01020304",
    (5, b"\xc0\xff"): "\\# 2 c0ff",
    (5, name_wire("a.b") + b"x"): "\\# 6 016101620078",
    (15, b"\0"): "\\# 1 00",
    (16, b"\x05ab"): "\\# 3 056162",
    (33, b"\0\1\0\2\0"): "\\# 5 0001000200",
    (6, name_wire("a") + name_wire("b")): "\\# 6 016100016200",
}


def test_data_that_do_not_fit(run, tmp_path):
    packets = [(START + i, ipv4(SERVER, CLIENT, 17, udp(53, 5000 + i, answer(b"\xc0\x0c", kind, len(data), data))))
               for i, (kind, data) in enumerate(ODD_DATA)]  # fmt: skip
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(packets))
    rows, report, _ = query(run, "pcap:DNS", path)
    assert {row["c_port"]: row["answers"] for row in rows} == {5000 + i: [text] for i, text in enumerate(ODD_DATA.values())}
    assert report["used"] == len(ODD_DATA)


def test_names_that_grow_by_pointers(run, tmp_path):
    """64 KiB of records that all point to the end of a long chain of pointers: time must not grow with its length times theirs."""
    chain = name_wire("x.org") + struct.pack(">HH", 16, 1) + b"\xc0\x0c" + struct.pack(">HHIH", 16, 1, 60, 20002) + b"\xff" * 2
    at = 12 + len(chain) - 2
    links = b"".join(struct.pack(">H", 0xC000 | (at + 2 * i - 2 if i else 12)) for i in range(10000))
    body = chain[:-2] + links + b"\0\0"
    record = struct.pack(">H", 0xC000 | min(at + 2 * 8100, 0x3FFF)) + struct.pack(">HHIH", 5, 1, 60, 2) + b"\xc0\x0c"
    n = (65000 - len(body)) // len(record)
    message = struct.pack(">HHHHHH", 7, 0x8180, 1, n + 1, 0, 0) + body + record * n
    stream = struct.pack(">H", len(message)) + message
    packets = []
    for i in range(40):
        packets += [(START + i, ipv4(SERVER, CLIENT, 6, tcp(53, 6000 + i, 100 + j, stream[j : j + 1400])))
                    for j in range(0, len(stream), 1400)]  # fmt: skip
    packets.append(ask(START + 100, 2, "last.org"))
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(packets))
    rows, report, _ = query(run, "pcap:DNS", path)
    assert "last.org" in [row["query"] for row in rows]
    assert report["lines"] == len(packets)


# ---- packets ----


def test_lengths_that_lie(run, tmp_path):
    good = ask(START, 1, "good.org")[1]

    def patched(at: int, value: bytes) -> bytes:
        return good[:at] + value + good[at + len(value) :]

    n_ip = len(good) - 14
    lying = {
        "ignored": [patched(16, b"\0\x13"), patched(14, b"\x44"), patched(14, b"\x4f"), patched(14, b"\x05"), good[:14], good[:20],
                    good[:33], patched(12, b"\x12\x34"), b"", b"\0" * 13],
        "truncated_packet": [patched(16, struct.pack(">H", n_ip + 1)), patched(16, b"\xff\xff"), good[:-1], patched(38, b"\xff\xff")],
        "not_dns": [patched(38, b"\0\x07"), patched(38, b"\0\x00"), patched(38, b"\0\x08"), patched(38, b"\0\x13")],
    }  # fmt: skip
    for kind, frames in lying.items():
        for i, frame in enumerate(frames):
            path = tmp_path / "a.pcap"
            path.write_bytes(pcap([(START, frame), (START + 1, good)]))
            rows, report, _ = query(run, "pcap:DNS", path)
            assert [row["query"] for row in rows] == ["good.org"], (kind, i)
            counted = {"ignored": 1} if report["ignored"] else report["by_reason"]
            assert counted == {kind: 1}, (kind, i)


@pytest.mark.parametrize("length", [262145, 1 << 20, 0x7FFFFFFF, 0xFFFFFFFF])
def test_captured_lengths_that_lie(run, tmp_path, length):
    """The file is damaged there; what was read before is used."""
    good = ask(START, 1, "good.org")[1]
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([(START, good)]) + struct.pack("<IIII", START, 0, length, length) + good * 3)
    rows, report, stderr = query(run, "pcap:DNS", path)
    assert [row["query"] for row in rows] == ["good.org"]
    assert report["damaged_files"] == [str(path)] and str(path) in stderr


# ---- packed files ----

LINE = "1488326400.500    200 10.{}.{}.1 TCP_MISS/200 1500 GET http://a.com/{} - HIER_DIRECT/1.2.3.4 text/html\n"
PACKERS = {"gz": lambda b: gzip.compress(b, 6), "bz2": lambda b: bz2.compress(b, 1), "xz": lzma.compress}


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("harm", ["cut", "changed"])
def test_rows_before_the_damage_are_kept(run, tmp_path, packer, harm):
    lines = [LINE.format(i % 256, i * 7919 % 256, i * 104729 % 1000003) for i in range(60000)]
    whole = PACKERS[packer]("".join(lines).encode())
    middle = len(whole) // 2
    broken = whole[:middle] if harm == "cut" else whole[:middle] + bytes(b ^ 0x55 for b in whole[middle : middle + 64]) + whole[middle + 64 :]
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / f"access.log-20170301.{packer}").write_bytes(broken)
    (folder / "access.log-20170302").write_text(lines[0])
    rows, report, stderr = query(run, "squid:HTTP", folder)
    assert [Path(path).name for path in report["damaged_files"]] == [f"access.log-20170301.{packer}"]
    assert "20170301" in stderr
    paths = Counter(row.get("path") for row in rows) - Counter([lines[0].split()[6].removeprefix("http://a.com")])
    expected = [line.split()[6].removeprefix("http://a.com") for line in lines]
    assert not Counter(expected[:20000]) - paths
    if harm == "cut":  # else what follows may be anything up to where it shows
        assert paths == Counter(expected[: paths.total()])
    run("query", "-c", "squid:HTTP", "-i", folder, "-q", "SELECT 1 FROM netlytics", "--strict_files", code=6)


def spent(args: list[object], stdin=None) -> tuple[bytes, int]:
    """Output and peak KiB of a run with little memory to take."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))

    with subprocess.Popen(list(map(str, args)), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limit) as p:
        out, err = p.stdout.read(), p.stderr.read()
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
    assert p.returncode == 0, err.decode()
    return out, usage.ru_maxrss


COUNT = ["-q", "SELECT count(*) AS n FROM netlytics", "--format", "csv", "--threads", "2", "--report_json"]


@pytest.mark.parametrize("packer", ["gz", "bz2", "xz"])
def test_packed_files_that_swell(tmp_path, packer):
    """A thousand times their size, as one line."""
    bomb = LINE.format(1, 1, 1).encode() + b"\0" * (300 << 20) + b"\n" + LINE.format(2, 2, 2).encode()
    path = tmp_path / f"log.{packer}"
    path.write_bytes({"gz": lambda b: gzip.compress(b, 1), "bz2": lambda b: bz2.compress(b, 9), "xz": lambda b: lzma.compress(b, preset=0)}[packer](bomb))
    del bomb
    out, peak = spent([BIN, "query", "-c", "squid:HTTP", "-i", path, *COUNT, tmp_path / "r.json"])
    assert out == b"n\n2\n"
    report = json.loads((tmp_path / "r.json").read_text())
    assert (report["lines"], report["by_reason"]) == (3, {"other": 1})
    assert peak < MEMORY_MAX


# ---- lines ----


@pytest.mark.parametrize(("connector", "mark"), [("zeek:DNS", b"#"), ("zeek:DNS", b"{"), ("tstat:DNS", b"#"), ("tstat:HTTP", b"#C#"),
                                                  ("tstat:NamedFlows", b"x"), ("bind:DNS", b"client "), ("squid:HTTP", b"#")])  # fmt: skip
def test_line_of_a_gigabyte(tmp_path, connector, mark):
    """In a file that can be cut: a hole of 1 GiB between a line's begin and its end."""
    path = tmp_path / "log"
    with path.open("wb") as file:
        file.write(mark)
        file.seek(1 << 30)
        file.write(b"\n\n")
    out, peak = spent([BIN, "query", "-c", connector, "-i", path, *COUNT, tmp_path / "r.json"])
    assert out == b"n\n0\n"
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["lines"] == 2 and report["ignored"] + report["skipped"] == 2
    assert peak < MEMORY_MAX


def test_header_of_very_many_columns(run, tmp_path):
    ids = "c_ip:1 c_port:2 c_pkts_all:3 c_bytes_all:4 s_ip:5 s_port:6 s_pkts_all:7 s_bytes_all:8 first:9 last:10".split()
    path = tmp_path / "log_tcp_complete"
    head = "#15#" + " ".join([*(f"x{i}:{i}" for i in range(100_000)), *ids])
    row = " ".join(["-"] * 100_000 + "10.0.0.1 1 2 3 192.0.2.1 4 5 6 1000 2000".split())
    path.write_text(head + "\n" + (row + "\n") * 5 + "10.0.0.1 1 2 3\n")
    rows, report, _ = query(run, "tstat:NamedFlows", path)
    assert [(row["c_ip"], row["time_end"]) for row in rows] == [("10.0.0.1", 2.0)] * 5
    assert report["by_reason"] == {"too_few_fields": 1}


# ---- outputs ----


def test_output_that_may_not_grow(tmp_path):
    """Also what is kept on disk while it is sorted."""
    (tmp_path / "log").write_text(LINE.format(1, 1, 1) * 40000)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    args = [BIN, "query", "-c", "squid:HTTP", "-i", tmp_path / "log", "-q", "SELECT * FROM netlytics", "-o", tmp_path / "o.csv"]
    done = subprocess.run(list(map(str, args)), capture_output=True, preexec_fn=limit, timeout=60)
    assert done.returncode == 7 and b"o.csv" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_signal_while_records_are_kept(tmp_path):
    """A pipe of packets that does not end."""
    args = [BIN, "query", "-c", "pcap:DNS", "-i", "-", "-q", "SELECT * FROM netlytics", "-o", "o.csv"]
    with subprocess.Popen(list(map(str, args)), cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        child.stdin.write(pcap([ask(START + i, i % 65536, "a.org") for i in range(2000)]))
        child.stdin.flush()
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        assert child.wait(20) == 130
    assert not list(tmp_path.iterdir())
