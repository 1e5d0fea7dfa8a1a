# SPDX-License-Identifier: GPL-3.0-or-later
"""Tstat logs against a second reading of them; made logs of several files, days and threads."""

from __future__ import annotations

import gzip
import ipaddress
import json
import random
import re
from collections import defaultdict
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest

from conftest import read_ndjson

NAMES = {"CNAME", "NS", "PTR", "DNAME"}
KEY = ("c_ip", "c_port", "s_ip", "s_port")


class Rejected(Exception):
    pass


def key(row: dict) -> str:
    return json.dumps(row, sort_keys=True)


# ---- a second implementation ----


def read_lines(path: Path):
    """(tag of the header, record) of each row; None: it has too few fields. Header lines are left out."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    names: dict[str, list[str]] = {}
    is_http = "http" in path.name
    for line in raw.decode("utf-8", "backslashreplace").split("\n"):
        if not line:
            continue
        if line.startswith("#"):
            tag, rest = re.fullmatch(r"#(?:(\w+)#)?(c_ip.*)", line).groups()
            names[tag if is_http else ""] = [name.partition(":")[0] for name in re.split("[ \t]", rest)]
            continue
        values = line.split("\t" if is_http else " ")
        tag = ("S" if values[5:6] in (["HTTP"], ["RES2"]) else "C") if is_http else ""
        yield tag, dict(zip(names[tag], values)) if len(values) >= len(names[tag]) else None


def number(text: str, most: int = 2**63 - 1) -> int:
    if not re.fullmatch(r"\d+", text) or int(text) > most:
        raise Rejected("bad_number")
    return int(text)


def time_of(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Rejected("bad_time") from None


def ids(record: dict) -> dict:
    for name in ("c_ip", "s_ip"):
        try:
            ipaddress.ip_address(record[name])
        except ValueError:
            raise Rejected("bad_address") from None
    return {name: number(record[name], 65535) if name.endswith("port") else record[name] for name in KEY}


def lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


def domain(text: str) -> str:
    return lower(text[:-1] if len(text) > 1 and text.endswith(".") else text)


def server_name(text: str) -> str:
    inside = re.match(r"\[([^\]]*)\]", text)
    text = inside[1] if inside else re.sub(r"^([^:]*):\d+$", r"\1", text)
    return lower(text.removesuffix("."))


def flow_rows(paths: list[Path], bad: list[str]) -> list[dict]:
    rows = []
    for path in paths:
        for _, record in read_lines(path):
            try:
                if record is None:
                    raise Rejected("too_few_fields")
                first, last = time_of(record["first"]) / 1000, time_of(record["last"]) / 1000
                row = ids(record) | {"time_start": float(first), "time_end": float(last)}
                for side in "cs":
                    row[f"{side}_pkt"] = number(record[f"{side}_pkts_all"])
                    row[f"{side}_bytes"] = number(record[f"{side}_bytes_all"])
                names = [record.get(name, "-") for name in ("http_hostname", "c_tls_SNI", "fqdn")]
                names = [server_name(name) for name in names if name.strip("-") or len(name) > 3]
                row["name"] = next(filter(None, names), server_name(record["s_ip"]))
                rows.append(row)
            except Rejected as e:
                bad.append(str(e))
    return rows


def dns_rows(paths: list[Path], bad: list[str]) -> list[dict]:
    lines = defaultdict(list)
    for path in paths:
        for _, record in read_lines(path):
            try:
                if record is None:
                    raise Rejected("too_few_fields")
                record["ms"] = time_of(record["time"])
                lines[(*ids(record).values(), record["trans_id"])].append(record)
            except Rejected as e:
                bad.append(str(e))
    rows = []
    for same_key in lines.values():
        same_key.sort(key=lambda record: record["ms"])
        group: list[dict] = []
        for record in same_key:
            is_answered = any(other["entry"] != "REQ" for other in group)
            if group and (record["ms"] - group[-1]["ms"] > 60000 or record["entry"] == "REQ" and is_answered
                          and domain(record["query"]) != domain(group[0]["query"])):  # fmt: skip
                rows.append(dns_row(group))
                group = []
            group.append(record)
        rows.append(dns_row(group))
    return rows


def dns_row(group: list[dict]) -> dict:
    row = ids(group[0]) | {"trans_id": group[0]["trans_id"], "query": domain(group[0]["query"]),
                           "req_class": group[0]["class"], "req_type": group[0]["type"]}  # fmt: skip
    requests = [record for record in group if record["entry"] == "REQ"]
    responses = [record for record in group if record["entry"] != "REQ"]
    row["req_time"] = float((requests or responses)[0]["ms"] / 1000)
    if requests:
        row["flags_req"] = int(requests[0]["flags"], 16)
    if responses:
        row["resp_time"] = float(responses[0]["ms"] / 1000)
        row["flags_resp"] = int(responses[0]["flags"], 16)
        row["resp_code"] = "NOERROR" if responses[0]["entry"] == "RESP" else responses[0]["answer"]
    answers = [record for record in responses if record["entry"] == "RESP"]
    row["answers"] = [domain(r["answer"]) if r["type"] in NAMES else r["answer"].replace("\t", " ") for r in answers]
    row["answer_types"] = [record["type"] for record in answers]
    row["answer_ttls"] = [int(record["ttl"]) for record in answers]
    return row


def http_time(text: str) -> float:
    time = time_of(text)
    return float(time / 1000 if time > 10**11 else time)


def http_rows(paths: list[Path], bad: list[str]) -> list[dict]:
    rows = []
    for path in paths:
        waiting = defaultdict(list)
        for tag, record in read_lines(path):
            try:
                if record is None:
                    raise Rejected("too_few_fields")
                time, flow = http_time(record["time_abs"]), ids(record)
                if tag == "S":
                    status, length = (record[name].strip() for name in ("response", "content_len"))
                    found = {"resp_time": time, "status_code": number(status) if status.strip("-") else 0,
                             "response_body_len": number(length) if length.strip("-") else None}  # fmt: skip
                    found["status_code"] = found["status_code"] or None
                    names = {"content_type": "content_type", "server": "server", "content_range": "range",
                             "set_cookie": "set_cookie"}  # fmt: skip
                else:
                    found = flow | {"req_time": time}
                    names = {"method": "method", "host": "hostname", "path": "path", "referrer": "referer",
                             "user_agent": "user_agent", "req_cookie": "cookie"}  # fmt: skip
                found |= {column: record.get(name, "-") for column, name in names.items()}
            except Rejected as e:
                bad.append(str(e))
                continue
            found = {column: value for column, value in found.items() if value not in ("-", None)}
            same_flow = waiting[tuple(flow.values())]
            if tag == "S" and record["HTTP"] == "HTTP" and same_flow:
                same_flow.pop(0).update(found)
            elif tag == "C" and record["method"] != "REQ2":
                rows.append(found)
                same_flow.append(found)
    return rows


READERS = {"DNS": ("log_dns_complete", dns_rows), "HTTP": ("log_http_complete", http_rows),
           "NamedFlows": ("log_tcp_complete", flow_rows)}  # fmt: skip


def first_reading(run, table: str, path: Path, *more: object) -> tuple[list[str], dict]:
    run("query", "-c", f"tstat:{table}", "-i", path, "-q", "SELECT * FROM netlytics", "--format", "ndjson", "-o", "o",
        "--report_json", "r.json", "--max_bad_fraction", "1", *more)  # fmt: skip
    return sorted(map(key, read_ndjson(run.folder / "o"))), json.loads((run.folder / "r.json").read_text())


def check(run, table: str, path: Path, files: list[Path], *more: object) -> int:
    rows, report = first_reading(run, table, path, *more)
    bad: list[str] = []
    expected = sorted(map(key, READERS[table][1](files, bad)))
    different = set(rows) ^ set(expected)
    assert not different, (path, sorted(different)[:4])
    assert len(rows) == len(expected) == report["rows"], path
    assert report["by_reason"] == {reason: bad.count(reason) for reason in set(bad)}
    assert report["lines"] == report["used"] + report["ignored"] + report["skipped"]
    n_lines = sum((gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()).count(b"\n")
                  for file in files)  # fmt: skip
    assert report["lines"] == n_lines
    return len(rows)


# ---- real logs ----


@pytest.mark.parametrize(("table", "least"), [("DNS", 300), ("HTTP", 250), ("NamedFlows", 250)])
def test_real_logs(run, shared, table, least):
    name = READERS[table][0]
    n = 0
    for version in sorted((shared / "tstat").iterdir()):
        files = sorted(version.glob(f"*/*/*/{name}"), key=lambda path: (path.parent.name, str(path)))
        if files:
            n += check(run, table, version, files)
        for path in files:
            check(run, table, path, [path])
    assert n >= least


def test_real_layouts_agree(run, shared):
    """The 13 columns are some of the 22 of the same traffic."""
    old, new = shared / "tstat" / "legacy13-dns", shared / "tstat" / "v3.3"
    runs = sorted(path.relative_to(old) for path in old.glob("*/*/*/log_dns_complete"))
    assert runs
    for path in runs:
        assert first_reading(run, "DNS", old / path)[0] == first_reading(run, "DNS", new / path)[0]


def test_real_versions_agree(run, shared):
    """The same captures through 3.1 and 3.3, of which 3.3 counts packets twice that the capture of one day has twice."""
    old, new = shared / "tstat" / "v3.1", shared / "tstat" / "v3.3"
    compared = {"NamedFlows": 0, "HTTP": 0}
    for table in compared:
        name = READERS[table][0]
        for path in sorted(path.relative_to(old) for path in old.glob(f"*/*/*/{name}")):
            if path.parent.name == "2009_11_18_20_58.out" or not (new / path).exists():
                continue
            one, other = (first_reading(run, table, version / path)[0] for version in (old, new))
            if path.parent.name == "2016_08_02_02_19.out":
                if table == "NamedFlows":
                    ends = [sorted((row["c_port"], row["s_ip"], row["name"], row["time_start"]) for row in map(json.loads, rows))
                            for rows in (one, other)]  # fmt: skip
                    assert ends[0] == ends[1]
                continue
            assert one == other, path
            compared[table] += len(one)
    assert compared == {"NamedFlows": 65, "HTTP": 85}


# ---- made logs ----

DNS_HEAD = ("#c_ip:1 c_port:2 c_isint:3 c_iscrypto:4 s_ip:5 s_port:6 s_isint:7 s_iscrypto:8 time:9 entry:10 trans_id:11 "
            "query:12 ttl:13 class:14 type:15 answer:16 flags:17 qdcount:18 ancount:19 nscount:20 arcount:21 pkt_size:22")  # fmt: skip
C_HEAD = ("#C#c_ip:1\tc_port:2\ts_ip:3\ts_port:4\ttime_abs:5\tmethod:6\thostname:7\tfqdn:8\tpath:9\treferer:10\tuser_agent:11\t"
          "cookie:12\tdnt:13")  # fmt: skip
S_HEAD = ("#S#c_ip:1\tc_port:2\ts_ip:3\ts_port:4\ttime_abs:5\tHTTP:6\tresponse:7\tcontent_len:8\tcontent_type:9\tserver:10\t"
          "range:11\tlocation:12\tset_cookie:13")  # fmt: skip
START_MS = 1488326400000


def made_dns(n: int, seed: int) -> list[tuple[int, str]]:
    """(ms, line) of questions that are asked again, answered twice, in error, late, or never."""
    rng = random.Random(seed)
    lines = []
    for i in range(n):
        ms = START_MS + i * 37
        head = f"10.0.0.{rng.randrange(4)} {1024 + rng.randrange(8)} 1 0 192.0.2.53 53 1 0"
        ident, query = f"0x{rng.randrange(64):04x}", f"Host{rng.randrange(50)}.example."

        def line(at, entry, ttl, kind, answer, flags):
            fraction = rng.choice(("", ".5", ".250061"))
            lines.append((at, f"{head} {at}{fraction} {entry} {ident} {query} {ttl} IN {kind} {answer} {flags} 1 0 0 0 40"))

        for _ in range(rng.choice((0, 1, 1, 1, 2))):
            line(ms, "REQ", "-", "A", "-", "0x08")
        late = ms + rng.choice((1, 5, 40, 900, 59000))
        outcome = rng.randrange(5)
        if outcome == 0:
            line(late, "RESP_ERR", "-", "A", rng.choice(("NXDOMAIN", "SERVFAIL")), "0x0c")
        elif outcome < 4:
            line(late, "RESP", "60", "CNAME", "Edge.Example.net.", "0x0c")
            for j in range(rng.randrange(3)):
                line(late, "RESP", str(rng.randrange(600)), "MX", f"10\tMail{j}.example.", "0x2c")
    lines.sort(key=lambda one: one[0])
    return lines


def made_http(n: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    lines = []
    for i in range(n):
        flow = f"10.0.0.{rng.randrange(16)}\t{1024 + rng.randrange(64)}\t192.0.2.80\t80\t{1488326400 + i // 50}.{i % 1000000:06}"
        kind = rng.choice(("GET", "POST", "-", "HTTP", "HTTP", "HTTP", "REQ2", "RES2"))
        if kind in ("HTTP", "RES2"):
            length = rng.choice(("-", "0", "       946", str(rng.randrange(10**6))))
            lines.append(f"{flow}\t{kind}\t{rng.choice(('200', '404', '0', '---'))}\t{length}\ttext/html\tnginx\t-\t-\ta={i}")
        else:
            lines.append(f"{flow}\t{kind}\tHost{i % 9}.example\t-\t/path/{i}\t-\tMozilla/5.0 (X11; {i})\t-\t-")
    return lines


def run_folder(base: Path, name: str) -> Path:
    folder = base / "2017" / "03-Mar" / name
    folder.mkdir(parents=True)
    return folder


def write_log(folder: Path, name: str, head: str, lines: list[str], is_packed: bool = False) -> Path:
    text = "".join(line + "\n" for line in [head, *lines]).encode()
    path = folder / (name + ".gz" * is_packed)
    path.write_bytes(gzip.compress(text) if is_packed else text)
    return path


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_transactions_over_files_and_midnight(run, tmp_path, threads):
    """A run ends every so often; a transaction may go on in the next file."""
    lines = made_dns(20000, 5)
    logs = tmp_path / "logs"
    files = []
    for i, name in enumerate(("2017_03_01_00_00.out", "2017_03_01_00_05.out", "2017_03_02_00_00.out")):
        part = [line for ms, line in lines if min((ms - START_MS) // 300000, 2) == i]
        files.append(write_log(run_folder(logs, name), "log_dns_complete", DNS_HEAD, part, i == 1))
    n = check(run, "DNS", logs, files, "--start_day", "2017_03_01", "--end_day", "2017_03_02", "--threads", threads)
    assert n > 10000


def dataframe(run, table: str, path: Path, threads: int) -> bytes:
    run("job", "-c", f"tstat:{table}", "-i", path, "--algo", "SaveDataFrame", "--output_path", "df", "--overwrite", "--threads",
        threads)  # fmt: skip
    return (run.folder / "df" / "dataframe.csv").read_bytes()


def test_any_number_of_threads(run, tmp_path):
    """Files of several splits; rows in the order of their first lines."""
    lines = made_dns(20000, 6)
    dns = write_log(tmp_path, "log_dns_complete", DNS_HEAD, [line for _, line in lines])
    http = write_log(tmp_path, "log_http_complete", C_HEAD + "\n" + S_HEAD, made_http(40000, 7))
    for table, path in (("DNS", dns), ("HTTP", http)):
        assert path.stat().st_size > 2 << 20
        check(run, table, path, [path])
        expected = dataframe(run, table, path, 1)
        for threads in (2, 8):
            assert dataframe(run, table, path, threads) == expected, (table, threads)


def test_lines_out_of_order(run, tmp_path):
    """Times step back by minutes: rows are the same as if they did not."""
    lines = [line for _, line in made_dns(20000, 8)]
    blocks = [lines[i : i + 5000] for i in range(0, len(lines), 5000)]
    random.Random(9).shuffle(blocks)
    path = write_log(tmp_path, "log_dns_complete", DNS_HEAD, [line for block in blocks for line in block])
    check(run, "DNS", path, [path])


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("way", ["file", "pipe", "packed"])
def test_rows_that_are_given_while_lines_are_read(run, tmp_path, threads, way):
    """Lines in order for a long time, then earlier ones: no row is given that they would change."""
    lines = [line for _, line in made_dns(30000, 11)]
    late = lines[2000:] + lines[:2000]
    path = write_log(tmp_path, "log_dns_complete", DNS_HEAD, late, way == "packed")
    assert way == "packed" or path.stat().st_size > 5 << 20
    done = run("query", "-c", "tstat:DNS", "-i", "-" if way == "pipe" else path, "-q", "SELECT * FROM netlytics", "--format",
               "ndjson", "--threads", threads, "--report_json", "r.json", stdin=path.read_bytes() if way == "pipe" else None)  # fmt: skip
    (tmp_path / "o").write_text(done.stdout)
    (tmp_path / "plain").write_text("\n".join([DNS_HEAD, *late]) + "\n")
    expected = dns_rows([tmp_path / "plain"], [])
    assert sorted(map(key, read_ndjson(tmp_path / "o"))) == sorted(map(key, expected))
    report = json.loads((tmp_path / "r.json").read_text())
    assert (report["lines"], report["used"], report["rows"]) == (len(lines) + 1, len(lines), len(expected))


def test_responses_of_another_file(run, tmp_path):
    """Files are read on their own, though the connections have the same addresses and ports."""
    logs = tmp_path / "logs"
    files = [write_log(run_folder(logs, f"2017_03_0{i}_00_00.out"), "log_http_complete", C_HEAD + "\n" + S_HEAD,
                       made_http(5000, 10 + i), i == 2) for i in (1, 2, 3)]  # fmt: skip
    rows, report = first_reading(run, "HTTP", logs)
    assert check(run, "HTTP", logs, files) == len(rows) == report["rows"]
    single = [first_reading(run, "HTTP", path)[1] for path in files]
    for name in ("rows", "used", "ignored", "lines"):
        assert report[name] == sum(one[name] for one in single)


def test_what_is_left_out(run, tmp_path):
    """Bad lines by reason, a line that was cut, comments, lines of other kinds."""
    path = write_log(tmp_path, "log_http_complete", C_HEAD, [
        "10.0.0.1\t1\t192.0.2.1\t80\t1.5\tHTTP\t200\t-\t-\t-\t-\t-\t-",
        S_HEAD,
        "10.0.0.1\t1\t192.0.2.1\t80\t1.5\tHTTP\t200\t-\t-\t-\t-\t-\t-",
        "10.0.0.1\t1\t192.0.2.1\t80\t2.5\tGET\ta.com\t-\t-\t-\t-\t-\t-",
        "",
        "10.0.0.1\t1\t192.0.2.1\t80\tx\tGET\ta.com\t-\t-\t-\t-\t-\t-",
        "10.0.0.1\t1\t192.0.2\t80\t2.5\tGET\ta.com\t-\t-\t-\t-\t-\t-",
        "10.0.0.1\t-\t192.0.2.1\t80\t2.5\tGET\ta.com\t-\t-\t-\t-\t-\t-",
        "10.0.0.1\t1\t192.0.2.1\t80\t3.5\tRES2\t200",
        "10.0.0.1\t1\t192.0.2.1\t80\t3.5\tHTTP\t20",
    ])  # fmt: skip
    rows, report = first_reading(run, "HTTP", path)
    assert rows == [key({"c_ip": "10.0.0.1", "c_port": 1, "s_ip": "192.0.2.1", "s_port": 80, "req_time": 2.5, "method": "GET",
                         "host": "a.com"})]  # fmt: skip
    assert report["by_reason"] == {"too_few_fields": 2, "bad_time": 1, "bad_address": 1, "bad_number": 1}
    # two headers, a blank line, a response before its request, and RES2
    assert (report["lines"], report["used"], report["ignored"], report["skipped"]) == (11, 1, 5, 5)


def test_folder_layout(run, tmp_path):
    """Two free levels, then a folder that begins with the day; other logs of the run are not read."""
    head = ("#0#c_ip:1 c_port:2 c_pkts_all:3 c_bytes_all:4 s_ip:5 s_port:6 s_pkts_all:7 s_bytes_all:8 first:9 last:10")
    line = "10.0.0.{} 1 2 3 192.0.2.1 80 4 5 1000 2000"
    logs = tmp_path / "logs"
    for i, name in enumerate(("2017_03_01_00_00.out", "2017_03_01_12_00.out", "2017_03_03_00_00.out", "2017_03_04_00_00.out")):
        folder = run_folder(logs, name)
        write_log(folder, "log_tcp_complete", head, [line.format(i)], i % 2 == 1)
        write_log(folder, "log_tcp_nocomplete", head, [line.format(9)])
        write_log(folder, "log_udp_complete", "#c_ip:1", ["no flow"])
    done = run("query", "-c", "connectors.tstat_to_named_flows.Tstat_To_Named_Flows", "-i", logs, "-s", "2017_03_01", "-e",
               "2017_03_03", "-q", "SELECT c_ip FROM netlytics ORDER BY c_ip", "--format", "csv")  # fmt: skip
    assert done.stdout.split() == ["c_ip", "10.0.0.0", "10.0.0.1", "10.0.0.2"]
    assert "2017-03-02" in done.stderr
