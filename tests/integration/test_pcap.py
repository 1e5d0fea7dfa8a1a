# SPDX-License-Identifier: GPL-3.0-or-later
"""Captures: real ones against tshark's decodes, made ones against the messages that went into them."""

from __future__ import annotations

import csv
import gzip
import itertools
import json
import random
import struct
from collections import Counter
from pathlib import Path

import pytest

from captures import CLIENT, SERVER, START, ask, dns, ipv4, pcap, pcapng, tcp, tell, udp
from conftest import read_ndjson

TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 29: "LOC", 33: "SRV", 35: "NAPTR",
         41: "OPT", 43: "DS", 44: "SSHFP", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 50: "NSEC3", 65: "HTTPS", 99: "SPF", 255: "*", 257: "CAA"}  # fmt: skip
CLASSES = {1: "IN", 3: "CH", 255: "ANY", 254: "NONE"}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


def query(run, path: Path, *more: object, warnings: bool = False):
    done = run("query", "-c", "pcap:DNS", "-i", path, "-q", "SELECT * FROM netlytics", "--format", "ndjson", "-o", "o",
               "--report_json", "r.json", *more)  # fmt: skip
    report = json.loads((run.folder / "r.json").read_text())
    assert report["lines"] == report["used"] + report["ignored"] + report["skipped"]
    assert report["skipped"] == sum(report["by_reason"].values())
    rows = read_ndjson(run.folder / "o")
    assert report["rows"] == len(rows)
    return (rows, report, done.stderr) if warnings else (rows, report)


# ---- pairing, a second time ----


def paired(messages: list[dict]) -> list[dict]:
    """Messages in order: dicts with client, server, id, name, type, time, is_response and what rows tell."""
    rows: list[dict] = []
    waiting: dict[tuple, dict] = {}
    for message in sorted(messages, key=lambda m: m["time"]):
        key = (*message["client"], *message["server"], message["id"], message["name"], message["type"])
        row = waiting.get(key)
        if row is not None and message["time"] - row["req_time"] > 10:
            row = None
        if not message["is_response"]:
            if row is None:
                waiting[key] = {"key": key, "req_time": message["time"], "class": message["class"], "flags_req": message["flags"]}
                rows.append(waiting[key])
            continue
        if row is None:
            row = {"key": key, "req_time": message["time"], "class": message["class"], "is_alone": True}
            rows.append(row)
        waiting.pop(key, None)
        row |= {"resp_time": message["time"], "code": message["code"], "answers": message["answers"], "flags_resp": message["flags"]}
    return rows


# ---- real captures ----


def split(text: str) -> list[str]:
    return text.split("|") if text else []


def tshark_messages(path: Path):
    """One per frame with one message; None: a frame with several, or in which tshark finds something malformed."""
    with gzip.open(path, "rt", encoding="utf-8", errors="replace", newline="") as file:
        for frame in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            is_broken = frame["_ws.malformed"] or "<" in frame["dns.qry.name"].replace("<Root>", "")
            is_one = len(split(frame["dns.id"])) == 1 and len(split(frame["dns.qry.name"])) == 1
            if is_broken or not is_one or not frame["dns.count.answers"]:
                yield None
                continue
            port = "tcp" if frame["tcp.srcport"] else "udp"
            src = (frame["ip.src"] or frame["ipv6.src"], int(frame[f"{port}.srcport"]))
            dst = (frame["ip.dst"] or frame["ipv6.dst"], int(frame[f"{port}.dstport"]))
            is_response = frame["dns.flags.response"] == "1"
            count = int(frame["dns.count.answers"])
            types = [int(text) for text in split(frame["dns.resp.type"])[:count]]
            flags = int(frame["dns.flags"], 16)
            yield {
                "client": dst if is_response else src, "server": src if is_response else dst,
                "id": int(frame["dns.id"], 16), "name": frame["dns.qry.name"].lower().replace("<root>", "."),
                "type": TYPES.get(int(frame["dns.qry.type"]), f"TYPE{frame['dns.qry.type']}"),
                "class": CLASSES[int(frame["dns.qry.class"], 16) & (0x7FFF if 5353 in (src[1], dst[1]) else 0xFFFF)],
                "time": float(frame["frame.time_epoch"]), "is_response": is_response,
                "flags": sum(mine for mine, theirs in ((32, 0x400), (16, 0x200), (8, 0x100), (4, 0x80), (2, 0x20), (1, 0x10))
                             if flags & theirs),
                "code": RCODES.get(flags & 15),
                "answers": {
                    "types": [TYPES.get(number, f"TYPE{number}") for number in types],
                    "ttls": [int(text) for text in split(frame["dns.resp.ttl"])[:count]],
                    "data": {"A": split(frame["dns.a"])[: types.count(1)], "AAAA": split(frame["dns.aaaa"])[: types.count(28)],
                             "CNAME": [name.lower() for name in split(frame["dns.cname"])[: types.count(5)]]},
                },
            }  # fmt: skip


def as_expected(row: dict) -> dict:
    key = (row["c_ip"], row["c_port"], row["s_ip"], row["s_port"], int(row["trans_id"]),
           row.get("query", "").replace("\\.", "."), row.get("req_type"))  # tshark does not tell dots apart
    out = {"key": key, "req_time": row["req_time"], "class": row.get("req_class")}
    if "flags_req" in row:
        out["flags_req"] = row["flags_req"]
    else:
        out["is_alone"] = True
    if "resp_time" in row:
        pairs = list(zip(row["answer_types"], row["answers"]))
        data = {kind: [text for one, text in pairs if one == kind] for kind in ("A", "AAAA", "CNAME")}
        answers = {"types": row["answer_types"], "ttls": row["answer_ttls"], "data": data}
        out |= {"resp_time": row["resp_time"], "code": row["resp_code"], "answers": answers, "flags_resp": row["flags_resp"]}
    return out


def text(rows: list[dict]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def tshark_decodes(shared: Path):
    for path in sorted((shared / "pcap" / "tshark_dns").glob("*.tsv.gz")):
        folder, _, name = path.name.removesuffix(".tsv.gz").partition("__")
        yield shared / "pcap" / folder / name, path


def test_real_captures_equal_tshark(run, shared):
    compared = Counter()
    for capture, decode in tshark_decodes(shared):
        rows, _ = query(run, capture, "--max_bad_fraction", "1")
        messages = list(tshark_messages(decode))
        ports = [m and {53, 5353} & {m["client"][1], m["server"][1]} for m in messages]
        messages = [m for m, is_seen in zip(messages, ports) if m is None or is_seen]
        found, expected = text([as_expected(row) for row in rows]), text(paired([m for m in messages if m is not None]))
        if None in messages:
            assert not Counter(expected) - Counter(found), capture
            continue
        assert found == expected, capture
        compared["captures"] += 1
        compared["rows"] += len(rows)
    assert compared["captures"] >= 40
    assert compared["rows"] >= 600


def test_every_real_capture_accounts_for_its_packets(run, shared):
    n = 0
    for path in sorted((shared / "pcap").glob("*/*")):
        if path.parent.name == "tshark_dns" or not path.is_file():
            continue
        query(run, path, "--max_bad_fraction", "1") if path.stat().st_size > 24 else None
        n += 1
    assert n > 50


# ---- made captures ----


@pytest.mark.parametrize("made", [pcap, lambda p: pcap(p, ">"), lambda p: pcap(p, is_nano=True), lambda p: pcap(p, ">", True),
                                  pcapng, lambda p: pcapng(p, ">")])  # fmt: skip
def test_containers(run, tmp_path, made):
    path = tmp_path / "a.pcap"
    path.write_bytes(made([ask(START + 0.25, 7, "WWW.Example.org"), tell(START + 0.5, 7, "www.example.ORG")]))
    rows, report = query(run, path)
    assert rows == [{"answer_ttls": [300], "answer_types": ["A"], "answers": ["192.0.2.1"], "c_ip": CLIENT, "c_port": 4000,
                     "flags_req": 8, "flags_resp": 12, "query": "www.example.org", "req_class": "IN", "req_time": START + 0.25,
                     "req_type": "A", "resp_code": "NOERROR", "resp_time": START + 0.5, "s_ip": SERVER, "s_port": 53,
                     "trans_id": "7"}]  # fmt: skip
    assert (report["lines"], report["used"]) == (2, 2)


def brief(rows: list[dict]) -> list[tuple]:
    found = [(row["query"], row["req_time"] - START, row["resp_time"] - START if "resp_time" in row else None, "flags_req" in row)
             for row in rows]  # fmt: skip
    return sorted(found, key=str)


def test_pairing_rules(run, tmp_path):
    packets = [
        ask(START, 1, "again.org"), ask(START + 10, 1, "again.org"), tell(START + 10, 1, "again.org"),  # same row: 10 s old
        ask(START + 20, 2, "late.org"), tell(START + 30.5, 2, "late.org"),  # the query is 10.5 s old: two rows
        ask(START + 40, 3, "twice.org"), tell(START + 41, 3, "twice.org"), tell(START + 41.5, 3, "twice.org"),
        ask(START + 50, 4, "port.org", 4001), tell(START + 50.5, 4, "port.org", 4002),
        ask(START + 60, 5, "old.org"), ask(START + 70.5, 5, "old.org"), tell(START + 71, 5, "old.org"),
    ]  # fmt: skip
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(packets))
    rows, report = query(run, path)
    assert brief(rows) == sorted([
        ("again.org", 0, 10, True), ("late.org", 20, None, True), ("late.org", 30.5, 30.5, False), ("twice.org", 40, 41, True),
        ("twice.org", 41.5, 41.5, False), ("port.org", 50, None, True), ("port.org", 50.5, 50.5, False),
        ("old.org", 60, None, True), ("old.org", 70.5, 71, True)], key=str)  # fmt: skip
    assert report["used"] == len(packets)
    unanswered = [row for row in rows if "resp_time" not in row]
    assert all(row["answers"] == row["answer_types"] == row["answer_ttls"] == [] for row in unanswered)


def test_pairs_over_files_of_a_day(run, tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "ns1.example.20231114.221320.000000").write_bytes(pcap([ask(START, 1, "a.org")]))
    (logs / "ns1.example.20231114.221820.000000.gz").write_bytes(gzip.compress(pcap([tell(START + 1, 1, "a.org")])))
    (logs / "ns1.example.20231116.000000.000000").write_bytes(pcap([ask(START, 1, "b.org")]))
    rows, report = query(run, logs, "--start_day", "2023_11_14", "--end_day", "2023_11_14")
    assert brief(rows) == [("a.org", 0, 1, True)]
    assert report["files"] == 2


def test_fragments_and_streams(run, tmp_path):
    answer = udp(53, 4000, dns(9, "frag.org", True))
    segment = b"".join(struct.pack(">H", len(one)) + one for one in (dns(1, "one.org", False), dns(2, "two.org", False)))
    packets = [
        ask(START, 9, "frag.org"),
        (START + 1, ipv4(SERVER, CLIENT, 17, answer[24:], 77, 3)),  # the last piece first
        (START + 2, ipv4(SERVER, CLIENT, 17, answer[:24], 77, 0x2000)),
        (START + 3, ipv4(CLIENT, SERVER, 6, tcp(5000, 53, 99, b"", 0x02))),
        (START + 4, ipv4(CLIENT, SERVER, 6, tcp(5000, 53, 110, segment[10:]))),
        (START + 5, ipv4(CLIENT, SERVER, 6, tcp(5000, 53, 100, segment[:10]))),
        (START + 6, ipv4(SERVER, CLIENT, 17, answer[:24], 78, 0x2000)),  # never whole
    ]
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(packets))
    rows, report = query(run, path)
    assert brief(rows) == [("frag.org", 0, 2, True), ("one.org", 5, None, True), ("two.org", 4, None, True)]
    assert (report["lines"], report["used"], report["ignored"]) == (7, 5, 2)


def test_what_is_no_dns(run, tmp_path):
    cut = ask(START, 1, "cut.org")[1][:-6]
    packets = [
        (START, ipv4(CLIENT, SERVER, 17, udp(4000, 80, dns(1, "no.org", False)))),
        (START, cut), (START, ipv4(CLIENT, SERVER, 17, udp(4000, 53, b"eleven byte"))),
        (START, ipv4(CLIENT, SERVER, 17, udp(4000, 53, dns(1, "no.org", False)[:-4]))),
        ask(START, 1, "yes.org"),
    ]  # fmt: skip
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(packets))
    rows, report = query(run, path, "--max_bad_fraction", "1")
    assert brief(rows) == [("yes.org", 0, None, True)]
    assert report["by_reason"] == {"truncated_packet": 1, "not_dns": 2}
    assert (report["used"], report["ignored"]) == (1, 1)
    assert [example["line"] for example in report["examples"]] == [2, 3, 4]


def test_files_that_break_off(run, tmp_path):
    whole = pcap([ask(START, 1, "one.org"), ask(START, 2, "two.org")])
    path = tmp_path / "a.pcap"
    for cut, names in ((len(whole) - 1, ["one.org"]), (len(whole) - len(ask(0, 1, "two.org")[1]) - 3, ["one.org"])):
        path.write_bytes(whole[:cut])
        rows, report, stderr = query(run, path, "--max_bad_fraction", "1", warnings=True)
        assert [row["query"] for row in rows] == names
        assert report["damaged_files"] == [str(path)]
        assert report["lines"] == 2
        assert "ends inside a packet" in stderr and "its 1 packets" in stderr
    path.write_bytes(b"1456740000.123 1 10.0.0.1 TCP_MISS/200 100 GET http://a/ - DIRECT/- -\n" * 10)
    done = run("query", "-c", "pcap:DNS", "-i", path, "-q", "SELECT * FROM netlytics", code=6)
    assert "no row could be read" in done.stderr and "offset 0" in done.stderr


def test_some_rows_of_a_file_that_breaks_off(run, tmp_path):
    (tmp_path / "x.pcap").write_bytes(pcap(many(3000, 1))[:-5])
    done = run("query", "-c", "pcap:DNS", "-i", tmp_path / "x.pcap", "-q", "SELECT query FROM netlytics LIMIT 3",
               "--format", "csv")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 4
    assert "ends inside a packet" in done.stderr


def test_link_type_that_is_not_known(run, tmp_path):
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([ask(START, 1, "a.org")] * 3, link=147))
    rows, report, stderr = query(run, path, warnings=True)
    assert rows == []
    assert report["ignored"] == 3
    assert stderr.count("link type 147") == 1 and "3 packets" in stderr


def many(n: int, seed: int) -> list[tuple[float, bytes]]:
    """UDP, fragments and TCP of 200 clients, responses within seconds."""
    rng = random.Random(seed)
    packets: list[tuple[float, bytes]] = []
    sequences: Counter = Counter()
    for i in range(n):
        time, id_, port = START + i / 64, rng.randrange(50), 3000 + rng.randrange(200)
        name = f"host{rng.randrange(1000)}.example{'x' * rng.randrange(40)}.org"
        way = rng.random()
        for delay, is_response in ((0, False), (rng.choice([0.125, 0.5, 3, 12]), True)):
            if rng.random() < 0.05:
                continue
            message = dns(id_, name, is_response, f"192.0.2.{rng.randrange(256)}")
            ends = (SERVER, CLIENT) if is_response else (CLIENT, SERVER)
            ports = (53, port) if is_response else (port, 53)
            if way < 0.8:
                packets.append((time + delay, ipv4(*ends, 17, udp(*ports, message))))
            elif way < 0.9:
                whole = udp(*ports, message)
                packets.append((time + delay, ipv4(*ends, 17, whole[:16], i & 0xFFFF, 0x2000)))
                packets.append((time + delay, ipv4(*ends, 17, whole[16:], i & 0xFFFF, 2)))
            else:
                data = struct.pack(">H", len(message)) + message
                packets.append((time + delay, ("tcp", ends, ports, data)))
    packets.sort(key=lambda packet: packet[0])
    out = []
    for time, frame in packets:
        if isinstance(frame, tuple):
            _, ends, ports, data = frame
            key = (*ends, *ports)
            for part in (data[:9], data[9:]):
                out.append((time, ipv4(*ends, 6, tcp(*ports, 1 + sequences[key], part))))
                sequences[key] += len(part)
        else:
            out.append((time, frame))
    return out


def dataframe(run, path: Path, *more: object) -> bytes:
    run("job", "-c", "pcap:DNS", "-i", path, "--algo", "SaveDataFrame", "--output_path", "df", "--overwrite", *more)
    return (run.folder / "df" / "dataframe.csv").read_bytes()


def test_any_number_of_threads(run, tmp_path):
    """Splits, one split (packed), any number of threads: the same rows in the same order."""
    packets = many(22000, 3)
    path = tmp_path / "a.pcap"
    for made in (pcap, pcapng):
        path.write_bytes(made(packets))
        assert path.stat().st_size > 4 << 20
        packed = tmp_path / "b.pcap.gz"
        packed.write_bytes(gzip.compress(path.read_bytes(), 1))
        expected = dataframe(run, packed, "--threads", 1)
        assert expected.count(b"\n") > 20000
        for threads in (1, 2, 8):
            assert dataframe(run, path, "--threads", threads) == expected, threads


def test_packets_that_look_like_records(run, tmp_path):
    """Where a part of the file is read on its own, records that lie in a packet are none."""
    fake = [ask(START, i, f"fake{i}.example") for i in range(900)]
    for made in (pcap, pcapng):
        head = len(made([]))
        packets = many(6000, 6)
        ends = itertools.accumulate(len(made([packet])) - head for packet in packets)
        before = [packet for packet, end in zip(packets, ends) if head + end < (1 << 20) - 10_000]
        inner = made(fake)[head:]
        holder = (START + 1, b"\0" * 12 + b"\x08\x06" + b"\0" * 2 + inner)  # ARP; as long as all in it
        path = tmp_path / "a.pcap"
        path.write_bytes(made(before + [holder] + many(9000, 7)))
        assert path.stat().st_size > 2 << 20
        packed = tmp_path / "b.pcap.gz"
        packed.write_bytes(gzip.compress(path.read_bytes(), 1))
        expected, report = query(run, packed, "--threads", 1)
        assert expected and not any(row.get("query", "").startswith("fake") for row in expected)
        for threads in (1, 2, 4):
            rows, found = query(run, path, "--threads", threads)
            assert (text(rows), found) == (text(expected), report)


def test_captures_that_change(run, tmp_path):
    """A section with other interfaces in the middle; damage in the middle."""
    first, second = (pcapng(many(8000, seed), order) for seed, order in ((8, "<"), (9, ">")))
    whole = pcap(many(16000, 10))
    middle = len(whole) // 2
    bad = whole[:middle] + b"\xff" * 5000 + whole[middle + 5000 :]
    for content in (first + second, bad):
        path, packed = tmp_path / "a.pcap", tmp_path / "b.pcap.gz"
        path.write_bytes(content)
        packed.write_bytes(gzip.compress(content, 1))
        expected, report = query(run, packed, "--threads", 1)
        assert len(expected) > 7000
        for threads in (1, 2, 4):
            rows, found = query(run, path, "--threads", threads)
            assert text(rows) == text(expected)
            for name in ("lines", "used", "ignored", "by_reason", "rows"):
                assert found[name] == report[name]
            assert [one["line"] for one in found["examples"]] == [one["line"] for one in report["examples"]]
            assert len(found["damaged_files"]) == len(report["damaged_files"]) == (content == bad)


def test_times_that_step_back(run, tmp_path):
    """Files one after the other whose times are not: as if they were."""
    packets = many(3000, 4)
    middle = len(packets) // 2
    logs = tmp_path / "logs"
    logs.mkdir()
    for i, part in enumerate((packets[middle:], packets[:middle])):
        kept = [p for p in part if p[1][23] == 17 and p[1][20:22] == b"\0\0"]  # whole datagrams
        (logs / f"a.20231114.22132{i}.000000").write_bytes(pcap(kept))
    whole = tmp_path / "whole.pcap"
    whole.write_bytes(pcap([p for p in packets if p[1][23] == 17 and p[1][20:22] == b"\0\0"]))
    rows, _ = query(run, logs, "--start_day", "2023_11_14", "--end_day", "2023_11_14")
    expected, _ = query(run, whole)
    assert sorted(map(str, rows)) == sorted(map(str, expected))


def test_rows_that_are_given_while_packets_are_read(run, tmp_path):
    """Files in order, and the same files the other way round: with fragments and streams, to a pipe."""
    packets = many(16000, 5)
    thirds = [packets[i : i + len(packets) // 3 + 1] for i in range(0, len(packets), len(packets) // 3 + 1)]
    answers, reports = [], []
    for folder, order in (("forth", thirds), ("back", thirds[::-1])):
        (tmp_path / folder).mkdir()
        for i, part in enumerate(order):
            (tmp_path / folder / f"a.20231114.22132{i}.000000").write_bytes(pcap(part))
        done = run("query", "-c", "pcap:DNS", "-i", tmp_path / folder, "-s", "2023_11_14", "-e", "2023_11_14", "-q",
                   "SELECT * FROM netlytics", "--format", "csv", "--report_json", "r.json")  # fmt: skip
        answers.append(sorted(done.stdout.splitlines()))
        report = json.loads((tmp_path / "r.json").read_text())
        reports.append([report[name] for name in ("lines", "used", "ignored", "skipped", "rows", "by_reason")])
        assert report["lines"] == report["used"] + report["ignored"] + report["skipped"] == len(packets)
    assert len(answers[0]) > 16000
    assert answers[0] == answers[1]
    assert reports[0] == reports[1]
