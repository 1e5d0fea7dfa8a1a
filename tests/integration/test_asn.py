# SPDX-License-Identifier: GPL-3.0-or-later
"""asn() and as_name(): views as text and as MaxMind DB, against a search of all prefixes."""

from __future__ import annotations

import csv
import gzip
import io
import ipaddress
import json
import random
import struct
from pathlib import Path

import pytest

LINE = "1488326400.500    200 {} TCP_MISS/200 1500 GET http://a.com/x - HIER_DIRECT/1.2.3.4 text/html\n"


def query(run, log, sql, *more, code=0):
    done = run("query", "-c", "squid:flows", "-i", log, "--format", "csv", "-q", sql, *more, code=code)
    return list(csv.reader(io.StringIO(done.stdout)))[1:] if code == 0 else done.stderr


def log_of(folder: Path, addresses) -> Path:
    path = folder / "clients.log"
    path.write_text("".join(LINE.format(a) for a in addresses))
    return path


def longest(prefixes: dict[tuple[int, int, int], int], address) -> int | None:
    """`prefixes`: (version, bits, first address >> rest) -> number."""
    width = address.max_prefixlen
    for bits in range(width, -1, -1):
        found = prefixes.get((address.version, bits, int(address) >> (width - bits)))
        if found is not None:
            return found
    return None


def table_of(lines) -> dict[tuple[int, int, int], int]:
    prefixes = {}
    for line in lines:
        text, number = line.split()[:2]
        net = ipaddress.ip_network(text)
        prefixes[net.version, net.prefixlen, int(net.network_address) >> (net.max_prefixlen - net.prefixlen)] = int(number)
    return prefixes


# ---- a writer of the MaxMind DB format 2.0, as its specification has it ----


U16, U32, U64 = 5, 6, 9


def control(kind: int, size: int) -> bytes:
    assert size < 29
    return bytes([kind << 5 | size]) if kind < 8 else bytes([size, kind - 7])


def encode(value) -> bytes:
    if isinstance(value, str):
        raw = value.encode()
        head = bytes([2 << 5 | 29, len(raw) - 29]) if len(raw) >= 29 else control(2, len(raw))
        return head + raw
    if isinstance(value, dict):
        return control(7, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(map(encode, value))
    kind, number = value if isinstance(value, tuple) else (U32, value)
    raw = number.to_bytes(8, "big").lstrip(b"\0")
    return control(kind, len(raw)) + raw


def mmdb(records: dict[str, dict], version: int, aliases=()) -> bytes:
    """Networks that do not nest -> records; `aliases`: networks that lead to the IPv4 subtree."""
    width = 128 if version == 6 else 32
    nodes: list[list] = [[None, None]]
    data = b""

    def walk(bits: int, length: int) -> tuple[int, int]:
        node = 0
        for i in range(length - 1):
            side = bits >> (width - 1 - i) & 1
            if nodes[node][side] is None:
                nodes.append([None, None])
                nodes[node][side] = ("node", len(nodes) - 1)
            node = nodes[node][side][1]
        return node, bits >> (width - length) & 1

    for text, record in records.items():
        net = ipaddress.ip_network(text)
        first, length = int(net.network_address), net.prefixlen
        length += 96 if version == 6 and net.version == 4 else 0
        node, side = walk(first, length)
        nodes[node][side] = ("data", len(data))
        data += encode(record)
    for text in aliases:
        net = ipaddress.ip_network(text)
        node, side = walk(int(net.network_address), net.prefixlen)
        start = 0
        for _ in range(96):
            start = nodes[start][0][1]
        nodes[node][side] = ("node", start)
    tree = b""
    for pair in nodes:
        for side in pair:
            value = len(nodes) if side is None else side[1] if side[0] == "node" else len(nodes) + 16 + side[1]
            tree += struct.pack(">I", value)
    about = {
        "binary_format_major_version": (U16, 2), "binary_format_minor_version": (U16, 0),
        "build_epoch": (U64, 1500000000), "database_type": "Test-ASN", "description": {"en": "test"},
        "ip_version": (U16, version), "languages": ["en"], "node_count": len(nodes), "record_size": (U16, 32),
    }  # fmt: skip
    return tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + encode(about)


# ---- tests ----


def test_text_view(run, tmp_path):
    rng = random.Random(5)
    lines = []
    for _ in range(3000):
        bits = rng.randint(4, 30)
        first = rng.getrandbits(32) >> (32 - bits) << (32 - bits)
        lines.append(f"{ipaddress.IPv4Address(first)}/{bits}\t{rng.randint(1, 400)}")
        bits = rng.randint(12, 128)
        first = (0x20 << 120 | rng.getrandbits(8) << 112 | rng.getrandbits(100)) >> (128 - bits) << (128 - bits)
        lines.append(f"{ipaddress.IPv6Address(first)}/{bits}\t{rng.randint(1, 1 << 32) - 1}")
    view = tmp_path / "view.gz"
    view.write_bytes(gzip.compress(("; a comment\n" + "\n".join(lines) + "\n").encode()))
    prefixes = table_of(lines)
    clients = [ipaddress.IPv4Address(rng.getrandbits(32)) for _ in range(4000)]
    clients += [ipaddress.IPv6Address(0x20 << 120 | rng.getrandbits(120)) for _ in range(4000)]
    wanted = sorted([str(c), "" if (n := longest(prefixes, c)) is None else str(n)] for c in clients)
    got = query(run, log_of(tmp_path, clients), "SELECT c_ip, asn(c_ip) AS n FROM netlytics", "--asn", view)
    assert sorted(got) == wanted


def test_real_view(run, tmp_path, shared):
    path = shared / "asn" / "ipasn_20140513.dat.gz"
    if not path.exists():
        pytest.skip("no real view: ../shared/data/asn is absent")
    prefixes = table_of(line for line in gzip.open(path, "rt") if not line.startswith(";"))
    rng = random.Random(6)
    clients = [ipaddress.IPv4Address(rng.getrandbits(32)) for _ in range(20000)]
    wanted = sorted([str(c), "" if (n := longest(prefixes, c)) is None else str(n)] for c in clients)
    got = query(run, log_of(tmp_path, clients), "SELECT c_ip, asn(c_ip) AS n FROM netlytics", "--asn", path)
    assert sorted(got) == wanted


V4 = {"10.0.0.0/8": (64512, "Ten"), "192.0.2.0/25": (64513, "Doc"), "192.0.2.128/32": (64514, "")}
V6 = {"2001:db8::/32": (4200000000, "Zwölf"), "2a00::/12": (64512, "Ten")}


def record(number, name):
    about = {"autonomous_system_number": number}
    return about | {"autonomous_system_organization": name} if name else about


@pytest.mark.parametrize("version", [4, 6])
def test_mmdb(run, tmp_path, version):
    records = {net: record(*about) for net, about in (V4 if version == 4 else V4 | V6).items()}
    view = tmp_path / "asn.mmdb"
    view.write_bytes(mmdb(records, version, ["::ffff:0:0/96", "2002::/16"] if version == 6 else []))
    clients = ["10.9.8.7", "192.0.2.1", "192.0.2.128", "192.0.2.129", "8.8.8.8", "::ffff:10.0.0.1", "2001:db8::1",
               "2a00:1::1", "2002:a00:1::1"]  # fmt: skip
    got = query(run, log_of(tmp_path, clients), "SELECT c_ip, asn(c_ip), as_name(c_ip) FROM netlytics", "--asn", view)
    has_v6 = version == 6
    assert {row[0]: row[1:] for row in got} == {
        "10.9.8.7": ["64512", "Ten"],
        "192.0.2.1": ["64513", "Doc"],
        "192.0.2.128": ["64514", ""],
        "192.0.2.129": ["", ""],
        "8.8.8.8": ["", ""],
        "::ffff:10.0.0.1": ["64512", "Ten"],
        "2001:db8::1": ["4200000000", "Zwölf"] if has_v6 else ["", ""],
        "2a00:1::1": ["64512", "Ten"] if has_v6 else ["", ""],
        "2002:a00:1::1": ["", ""],
    }


def test_mmdb_of_another_vendor(run, tmp_path):
    view = tmp_path / "view"
    view.write_bytes(mmdb({"10.0.0.0/8": {"asn": "AS64512", "name": "Ten", "domain": "ten.example"}}, 4))
    log = log_of(tmp_path, ["10.0.0.1"])
    assert query(run, log, "SELECT asn(c_ip), as_name(c_ip) FROM netlytics", "--asn", view) == [["64512", "Ten"]]


def test_damaged_mmdb(run, tmp_path):
    whole = mmdb({net: record(*about) for net, about in (V4 | V6).items()}, 6)
    log = log_of(tmp_path, ["10.0.0.1"])
    view = tmp_path / "asn.mmdb"
    rng = random.Random(3)
    for _ in range(60):
        raw = bytearray(whole)
        for _ in range(rng.randint(1, 8)):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        view.write_bytes(raw[: rng.randrange(len(raw)) if rng.random() < 0.3 else len(raw)])
        done = run("query", "-c", "squid:flows", "-i", log, "-q", "SELECT asn(c_ip) FROM netlytics", "--asn", view, code=None)
        assert done.returncode in (0, 1, 6), done.stderr


def test_mmdb_of_countries(run, tmp_path):
    view = tmp_path / "country.mmdb"
    view.write_bytes(mmdb({"10.0.0.0/8": {"country": {"iso_code": "IT"}}}, 4))
    err = query(run, log_of(tmp_path, ["10.0.0.1"]), "SELECT asn(c_ip) FROM netlytics", "--asn", view, code=1)
    assert "holds no numbers of autonomous systems" in err and "ASN database" in err


def test_names_of_their_own(run, tmp_path):
    view, names = tmp_path / "view", tmp_path / "names.json"
    view.write_text("10.0.0.0/8\t64512\n11.0.0.0/8\t64513\n")
    names.write_text(json.dumps({"64512": "TEN-AS, IT", "1": "other"}))
    log = log_of(tmp_path, ["10.0.0.1", "11.0.0.1"])
    sql = "SELECT c_ip, as_name(c_ip) FROM netlytics ORDER BY c_ip"
    assert query(run, log, sql, "--asn", view, "--asn_names", names) == [["10.0.0.1", "TEN-AS, IT"], ["11.0.0.1", ""]]
    assert "--asn_names FILE" in query(run, log, sql, "--asn", view, code=5)
    names.write_text("{")
    assert "names.json: line 1" in query(run, log, sql, "--asn", view, "--asn_names", names, code=1)
    assert "--asn" in query(run, log, sql, "--asn_names", names, code=2)


def test_bad_views(run, tmp_path):
    log = log_of(tmp_path, ["10.0.0.1"])
    sql = "SELECT asn(c_ip) AS n FROM netlytics"
    assert "--asn FILE" in query(run, log, sql, code=5)
    assert "absent: no such file" in query(run, log, sql, "--asn", tmp_path / "absent", code=3)
    view = tmp_path / "view"
    view.write_text("prefix,asn\n10.0.0.0/8,1\n")
    assert "line 1 is: prefix,asn" in query(run, log, sql, "--asn", view, code=1)
    view.write_bytes(gzip.compress(b"10.0.0.0/8\t64512\n" * 50)[:-9])
    assert "damaged gzip" in query(run, log, sql, "--asn", view, code=6)
    view.write_text("10.0.0.0/8\t64512\nbad line\n")
    done = run("query", "-c", "squid:flows", "-i", log, "-q", sql, "--format", "csv", "--asn", view)
    assert done.stdout == "n\n64512\n" and "warning" in done.stderr and "line 2: bad line" in done.stderr
