# SPDX-License-Identifier: GPL-3.0-or-later
"""Zeek logs against a second reading of them; the same traffic in both forms; names of flows."""

from __future__ import annotations

import functools
import gzip
import ipaddress
import json
import random
import re
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest

from conftest import read_ndjson

IDS = [("id.orig_h", "id_orig_h", "src"), ("id.orig_p", "id_orig_p", "src_port"), ("id.resp_h", "id_resp_h", "dst"),
       ("id.resp_p", "id_resp_p", "dst_port")]  # fmt: skip
NAMES = {"CNAME", "NS", "PTR", "DNAME"}
key = functools.partial(json.dumps, sort_keys=True)


class Rejected(Exception):
    pass


# ---- a second implementation ----


def unescape(text: str) -> str:
    """Latin-1 text with \\xNN as the bytes they stand for."""
    return re.sub(r"\\\\|\\x([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)) if m[1] else "\\", text)


def shown(text: str) -> str:
    """Bytes as text: what is no UTF-8, and NUL, as \\xNN."""
    raw = text.encode("latin-1")
    return raw.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def read_tsv(path: Path):
    """Records: name -> None (unset), text, or the parts of it where it is a list."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    separator, fields, types = "\t", None, []
    for line in raw.decode("latin-1").split("\n"):
        if line.startswith("#"):
            if line.startswith("#fields"):
                fields = line.split(separator)[1:]
            elif line.startswith("#types"):
                types = line.split(separator)[1:]
            continue
        if not line:
            continue
        values = line.split(separator)
        record = {}
        for name, kind, value in zip(fields, types, values):
            is_list = kind.startswith(("vector", "set"))
            if value == "-":
                record[name] = None
            elif is_list:
                record[name] = [] if value == "(empty)" else [shown(unescape(v)) for v in value.split(",")]
            else:
                record[name] = "" if value == "(empty)" else shown(unescape(value))
        yield record


def read_json(path: Path):
    for line in path.read_text().splitlines():
        record = json.loads(line, parse_float=Decimal)
        for name, value in record.pop("id", {}).items() if isinstance(record.get("id"), dict) else ():
            record["id." + name] = value
        yield {name: ([str(v) for v in value] if isinstance(value, list) else "T" if value is True else
                      "F" if value is False else str(value)) for name, value in record.items() if value is not None}  # fmt: skip


def records(path: Path):
    head = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())[:1]
    return read_json(path) if head == b"{" else read_tsv(path)


def pick(record, *names):
    return next((record[name] for name in names if record.get(name) is not None), None)


def seconds(text, reason="bad_number") -> Decimal:
    try:
        return Decimal(text)
    except (InvalidOperation, TypeError):
        raise Rejected(reason) from None


def ids(record, columns) -> dict[str, object]:
    row = {}
    for column, names in zip(columns, IDS):
        value = pick(record, *names)
        if value is not None:
            row[column] = int(value) if column.endswith("port") else value
    for column in (columns[0], columns[2]):
        try:
            ipaddress.ip_address(row.get(column, "::"))
        except ValueError:
            raise Rejected("bad_address") from None
    return row


def is_ip(text: str) -> int:
    try:
        return ipaddress.ip_address(text).version
    except ValueError:
        return 0


def domain(text: str) -> str:
    text = "".join(c.lower() if c.isascii() else c for c in text)
    return text[:-1] if len(text) > 1 and text.endswith(".") else text


def dns_row(record) -> dict[str, object]:
    ts = seconds(record.get("ts"), "bad_time")
    row = ids(record, ("c_ip", "c_port", "s_ip", "s_port"))
    rtt = seconds(record["rtt"]) if record.get("rtt") is not None else Decimal(0)
    qtype = record.get("qtype_name")
    answers, ttls, types = record.get("answers") or [], record.get("TTLs") or [], []
    out = []
    for answer in answers:
        kind = qtype
        if qtype in ("A", "AAAA", "*"):
            kind = {4: "A", 6: "AAAA", 0: "*" if qtype == "*" else "CNAME"}[is_ip(answer)]
        if kind is not None:
            types.append(kind)
        out.append(domain(answer) if kind in NAMES else answer)
    flags = sum(bit for name, bit in (("AA", 32), ("TC", 16), ("RD", 8), ("RA", 4)) if record.get(name) == "T")
    row |= {"req_time": float(ts), "flags_req": flags & 8, "answers": out, "answer_types": types,
            "answer_ttls": [int(Decimal(ttl)) for ttl in ttls] if len(ttls) == len(answers) else []}  # fmt: skip
    if any(record.get(name) is not None for name in ("rcode", "rcode_name", "rtt")):
        row |= {"resp_time": float(ts + rtt), "flags_resp": flags, "resp_code": record.get("rcode_name")}
    row |= {"query": None if record.get("query") is None else domain(record["query"]), "req_type": qtype,
            "req_class": record.get("qclass_name"), "trans_id": record.get("trans_id")}  # fmt: skip
    return {name: value for name, value in row.items() if value is not None}


def http_row(record) -> dict[str, object]:
    ts = seconds(record.get("ts"), "bad_time")
    row = ids(record, ("c_ip", "c_port", "s_ip", "s_port")) | {"req_time": float(ts), "resp_time": float(ts)}
    for column, name in (("request_body_len", "request_body_len"), ("response_body_len", "response_body_len"),
                         ("status_code", "status_code")):  # fmt: skip
        row[column] = int(record[name]) if record.get(name) is not None else None
    for column, name in (("method", "method"), ("host", "host"), ("path", "uri"), ("referrer", "referrer"),
                         ("user_agent", "user_agent")):  # fmt: skip
        row[column] = record.get(name)
    types = pick(record, "resp_mime_types", "mime_type")
    row["content_type"] = (",".join(types) if isinstance(types, list) else types) if types else None
    return {name: value for name, value in row.items() if value is not None}


def second_reading(path: Path, make) -> tuple[list[str], int]:
    rows, bad = [], 0
    for record in records(path):
        try:
            rows.append(key(make(record)))
        except Rejected:
            bad += 1
    return sorted(rows), bad


def first_reading(run, connector: str, path: Path, *more: object) -> tuple[list[str], dict]:
    run("query", "-c", connector, "-i", path, "-q", "SELECT * FROM netlytics", "--format", "ndjson", "-o", "o",
        "--report_json", "r.json", "--max_bad_fraction", "1", *more)  # fmt: skip
    return sorted(map(key, read_ndjson(run.folder / "o"))), json.loads((run.folder / "r.json").read_text())


# ---- real logs ----


def test_real_dns_and_http(run, shared):
    n = 0
    for path in sorted((shared / "zeek").rglob("*")):
        table = re.search(r"(?:^|__)(dns|http)[._]", path.name)
        if not path.is_file() or table is None:
            continue
        rows, report = first_reading(run, f"zeek:{table[1]}", path)
        expected, bad = second_reading(path, dns_row if table[1] == "dns" else http_row)
        different = set(rows) ^ set(expected)
        assert not different, (path, sorted(different)[:4])
        assert (len(rows), report["skipped"]) == (len(expected), bad), path
        assert report["lines"] == report["used"] + report["ignored"] + report["skipped"]
        n += len(rows)
    assert n > 50000


def test_real_flows(run, shared):
    """Every TCP flow once; names by precedence."""
    folder = shared / "zeek" / "zat-tsv"
    names: dict[str, str] = {}
    for log, field in (("ssl", "server_name"), ("http", "host")):
        found: dict[str, tuple] = {}
        for i, record in enumerate(records(folder / f"{log}.log")):
            if record.get(field):
                name = re.sub(r"^([^:]*):\d+$", r"\1", record[field].lower()).removesuffix(".")
                found[record["uid"]] = min(found.get(record["uid"], (Decimal("inf"),)), (Decimal(record["ts"]), i, name))
        names |= {uid: best[2] for uid, best in found.items()}
    expected = []
    for record in records(folder / "conn.log"):
        if record["proto"] == "tcp":
            expected.append([record["id.orig_h"], names.get(record["uid"], record["id.resp_h"])])
    run("query", "-c", "zeek:flows", "-i", folder / "conn.log", "-q", "SELECT c_ip, name FROM netlytics", "--format",
        "ndjson", "-o", "o")  # fmt: skip
    assert sorted(map(list, (row.values() for row in read_ndjson(run.folder / "o")))) == sorted(expected)


# ---- made logs ----

HEAD = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n"
FIELDS = ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "trans_id", "rtt", "query", "qtype_name",
          "rcode_name", "RD", "RA", "answers", "TTLs"]  # fmt: skip


def made_records(n: int, seed: int) -> list[dict[str, object]]:
    rng = random.Random(seed)
    out = []
    for i in range(n):
        name = f"Host{rng.randrange(500)}.example.{rng.choice(('com', 'net', 'é.org'))}"
        answers = [f"10.{rng.randrange(256)}.0.{j}" for j in range(rng.randrange(3))]
        out.append({
            "ts": Decimal(1488326400000000 + i * 1000 + rng.randrange(999)) / 1000000, "uid": f"C{i}",
            "id.orig_h": f"10.0.{i % 256}.{i % 251}", "id.orig_p": 1024 + i % 60000, "id.resp_h": "2001:db8::53",
            "id.resp_p": 53, "trans_id": i % 65536, "rtt": Decimal(rng.randrange(1, 10**6)) / 1000000, "query": name,
            "qtype_name": "A", "rcode_name": "NOERROR", "RD": True, "RA": rng.random() < 0.5,
            "answers": ["alias.example"] + answers, "TTLs": [Decimal(60)] + [Decimal(5)] * len(answers),
        })  # fmt: skip
    return out


def tsv_value(value: object) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, list):
        return ",".join(map(tsv_value, value)) or "(empty)"
    return "-" if value is None else str(value)


def to_tsv(rows: list[dict[str, object]], fields: list[str]) -> str:
    return "#fields\t" + "\t".join(fields) + "\n" + "".join(
        "\t".join(tsv_value(row.get(field)) for field in fields) + "\n" for row in rows)  # fmt: skip


def to_json(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps({k: float(v) if isinstance(v, Decimal) else [float(x) if isinstance(x, Decimal) else x
                   for x in v] if isinstance(v, list) else v for k, v in row.items()}) + "\n" for row in rows)  # fmt: skip


def dataframe(run, path: Path, threads: int) -> bytes:
    run("job", "-c", "zeek:DNS", "-i", path, "--algo", "SaveDataFrame", "--output_path", "df", "--overwrite", "--threads",
        threads)  # fmt: skip
    return (run.folder / "df" / "dataframe.csv").read_bytes()


def test_columns_in_any_order_changing_inside_a_file(run, tmp_path):
    """Several splits; a header every few thousand lines, the last ones far from their lines."""
    rows = made_records(24000, 1)
    rng = random.Random(2)
    whole, parts = HEAD + to_tsv(rows, FIELDS), HEAD
    for begin in (0, 100, 7000, 7001):
        end = {0: 100, 100: 7000, 7000: 7001, 7001: None}[begin]
        fields = FIELDS + [f"extra{i}" for i in range(rng.randrange(5))]
        rng.shuffle(fields)
        parts += to_tsv(rows[begin:end], fields) + "#close\t2017\n"
    (tmp_path / "one.log").write_text(whole)
    (tmp_path / "parts.log").write_text(parts)
    (tmp_path / "json.log").write_text(to_json(rows))
    assert len(parts) > 2 << 20
    expected = dataframe(run, tmp_path / "one.log", 1)
    assert expected.count(b"\n") == 24001
    for name in ("parts.log", "json.log"):
        for threads in (1, 2, 8):
            assert dataframe(run, tmp_path / name, threads) == expected, (name, threads)


def test_flows_over_files_and_midnight(run, tmp_path):
    """Names lie in other files, of other days; a name without its flow is counted."""
    fields = "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\torig_bytes\tresp_bytes\n"
    for day, rows in (("2017-03-01", "C1 C2"), ("2017-03-02", "C3 C4 C5")):
        (tmp_path / day).mkdir()
        lines = "".join(f"1.5\t{uid}\t10.0.0.1\t1\t192.0.2.{uid[1]}\t443\t{'udp' if uid > 'C3' else 'tcp'}\t1.0\t1\t2\n"
                        for uid in rows.split())  # fmt: skip
        (tmp_path / day / "conn.00:00:00-01:00:00.log.gz").write_bytes(gzip.compress((fields + lines).encode()))
        (tmp_path / day / "conn-summary.00:00:00-01:00:00.log").write_text("no conn log\n" * 200)
    (tmp_path / "2017-03-02" / "http.log").write_text("#fields\tts\tuid\thost\n9\tC1\tlate.com\n8\tC1\tB.com:8080\n7\tC1\t-\n")
    (tmp_path / "2017-03-01" / "ssl.log").write_text("#fields\tuid\tts\tserver_name\nC1\t1\ttls.com\nC4\t1\tQuic.com\nC8\t1\tx\n")
    done = run("query", "-c", "zeek:flows", "-i", tmp_path, "-s", "2017_03_01", "-e", "2017_03_02", "--format", "csv", "-q",
               "SELECT s_ip, name FROM netlytics ORDER BY s_ip", "--report_json", "r.json")  # fmt: skip
    assert done.stdout == "s_ip,name\n192.0.2.1,b.com\n192.0.2.2,192.0.2.2\n192.0.2.3,192.0.2.3\n192.0.2.4,quic.com\n"
    assert "no http file for 2017-03-01" in done.stderr and "no ssl file for 2017-03-02" in done.stderr
    report = json.loads((tmp_path / "r.json").read_text())
    assert (report["rows"], report["orphan_names"], report["files"]) == (4, 1, 4)
    # 5 conn, 3 http and 3 ssl lines and 4 headers; one flow has no name and is no TCP
    assert (report["lines"], report["used"], report["ignored"]) == (15, 10, 5)


@pytest.mark.parametrize("columns", [100_000])
def test_very_many_columns(run, tmp_path, columns):
    head = "#fields\t" + "\t".join(f"x{i}" for i in range(columns)) + "\tts\tquery\n"
    row = "\t".join("-" for _ in range(columns)) + "\t1.5\ta.com\n"
    (tmp_path / "dns.log").write_text(head + row * 30)
    done = run("query", "-c", "zeek:DNS", "-i", tmp_path / "dns.log", "-q", "SELECT DISTINCT query, req_time FROM netlytics",
               "--format", "csv")  # fmt: skip
    assert done.stdout == "query,req_time\na.com,1.5\n"


@pytest.mark.parametrize("bomb", ["[" * 100000, '{"a":' * 100000, '{"ts":1,"x":' + "[" * 60000 + "]" * 60000 + "}"],
                         ids=["arrays", "objects", "closed"])  # fmt: skip
def test_nesting_bombs(run, tmp_path, bomb):
    (tmp_path / "dns.log").write_text('{"ts":1}\n{"x":' + bomb + "\n" + '{"ts":2}\n')
    rows, report = first_reading(run, "zeek:DNS", tmp_path / "dns.log")
    assert (len(rows), report["by_reason"]) == (2, {"other": 1})
