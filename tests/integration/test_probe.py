# SPDX-License-Identifier: GPL-3.0-or-later
"""probe and -c auto: files of every tool and packing, folders, files that are none of them, wrong connectors."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import shlex
import struct
import subprocess
from pathlib import Path

import pytest

from conftest import BIN

COUNT = "SELECT COUNT(*) AS n FROM netlytics"

SQUID = "1488326400.500    200 10.0.0.1 TCP_MISS/200 1500 GET http://a.com/x - HIER_DIRECT/192.0.2.1 text/html\n"
COMBINED = '10.0.0.1 - - [01/Mar/2017:01:00:00 +0100] "GET http://a.com/x HTTP/1.1" 200 15 "-" "curl" TCP_MISS:HIER_DIRECT\n'
BIND = "23-Nov-2026 03:30:34.246 queries: info: client @0x7f05 127.0.0.1#46308 (a.com): query: a.com IN A + (127.0.0.1)\n"
IDS = "uid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p"
ID_VALUES = "C1\t10.0.0.1\t4000\t192.0.2.1\t53"
ZEEK_DNS = (
    f"#separator \\x09\n#path\tdns\n#fields\tts\t{IDS}\tproto\ttrans_id\trtt\tquery\tqclass_name\tqtype_name\trcode_name\tAA\tTC\tRD\tRA"
    f"\tanswers\tTTLs\n1488326400.5\t{ID_VALUES}\tudp\t7\t0.25\ta.com\tC_INTERNET\tA\tNOERROR\tF\tF\tT\tT\t192.0.2.9\t300.0\n"
)
ZEEK_HTTP = (
    f"#separator \\x09\n#path\thttp\n#fields\tts\t{IDS}\tmethod\thost\turi\treferrer\tversion\tuser_agent\torigin\trequest_body_len"
    f"\tresponse_body_len\tstatus_code\n1488326400.5\t{ID_VALUES}\tGET\ta.com\t/\t-\t1.1\tcurl\t-\t0\t5\t200\n"
)
ZEEK_CONN = (
    f"#separator \\x09\n#path\tconn\n#fields\tts\t{IDS}\tproto\tduration\torig_bytes\tresp_bytes\tlocal_resp\torig_pkts\tresp_pkts\n"
    f"1488326400.5\t{ID_VALUES}\ttcp\t1.5\t10\t20\t-\t1\t2\n"
)
ZEEK_SSL = f"#separator \\x09\n#path\tssl\n#fields\tts\t{IDS}\tcipher\tserver_name\testablished\n1488326400.5\t{ID_VALUES}\tx\ta.com\tT\n"
ZEEK_JSON = (
    '{"ts":1488326400.5,"uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":4000,"id.resp_h":"192.0.2.1","id.resp_p":53,"trans_id":7,'
    '"query":"a.com","qtype_name":"A","rcode_name":"NOERROR","AA":false,"TC":false,"RD":true,"RA":true}\n'
)
TSTAT_DNS = (
    "#c_ip:1 c_port:2 s_ip:3 s_port:4 time:5 entry:6 trans_id:7 query:8 ttl:9 class:10 type:11 answer:12 flags:13\n"
    "10.0.0.1 4000 192.0.2.1 53 1488326400000.5 REQ 0x0007 a.com. - IN A - 0x08\n"
)
TSTAT_FLOWS = (
    "#3#c_ip:1 c_port:2 c_pkts_all:3 c_bytes_all:4 s_ip:5 s_port:6 s_pkts_all:7 s_bytes_all:8 first:9 last:10 fqdn:11\n"
    "10.0.0.1 4000 1 10 192.0.2.1 80 2 20 1488326400000.5 1488326401000.5 a.com\n"
)
TSTAT_HTTP = (
    "#C#c_ip:1\tc_port:2\ts_ip:3\ts_port:4\ttime_abs:5\tmethod:6\thostname:7\tfqdn:8\tpath:9\treferer:10\tuser_agent:11\tcookie:12\tdnt:13\n"
    "#S#c_ip:1\tc_port:2\ts_ip:3\ts_port:4\ttime_abs:5\tHTTP:6\tresponse:7\tcontent_len:8\tcontent_type:9\tserver:10\trange:11\tlocation:12"
    "\tset_cookie:13\n10.0.0.1\t4000\t192.0.2.1\t80\t1488326400.5\tGET\ta.com\t-\t/a\t-\tcurl\t-\t-\n"
)


def pcap() -> bytes:
    """One query for a.com in Ethernet, IPv4 and UDP."""
    dns = struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + b"\1a\3com\0" + struct.pack(">2H", 1, 1)
    udp = struct.pack(">4H", 4000, 53, 8 + len(dns), 0) + dns
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes([10, 0, 0, 1]), bytes([192, 0, 2, 1])) + udp
    frame = bytes(12) + b"\x08\x00" + ip
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    return head + struct.pack("<4I", 1488326400, 0, len(frame), len(frame)) + frame


# Name of a file, its bytes, the best match, what it is
SAMPLES = {
    "squid": (SQUID, "squid:HTTP", "Squid access.log, native"),
    "combined": (COMBINED, "squid:HTTP", "Squid access.log, combined"),
    "bind": (BIND, "bind:DNS", "BIND query log of 9.11 or later, local times, category, severity"),
    "zeek_dns": (ZEEK_DNS, "zeek:DNS", "Zeek TSV, dns.log of 2.5 - 8.0"),
    "zeek_http": (ZEEK_HTTP, "zeek:HTTP", "Zeek TSV, http.log of 3.0 or later"),
    "zeek_conn": (ZEEK_CONN, "zeek:NamedFlows", "Zeek TSV, conn.log of 2.4 - 7.0"),
    "zeek_json": (ZEEK_JSON, "zeek:DNS", "Zeek JSON, dns.log"),
    "tstat_dns": (TSTAT_DNS, "tstat:DNS", "Tstat log_dns_complete older than 3.2, 13 columns"),
    "tstat_flows": (TSTAT_FLOWS, "tstat:NamedFlows", "Tstat log_tcp_complete, 11 columns, end-to-end, layer 7"),
    "tstat_http": (TSTAT_HTTP, "tstat:HTTP", "Tstat log_http_complete, 13 columns of requests, 13 of responses"),
    "pcap": (pcap(), "pcap:DNS", "pcap, microseconds, little-endian, Ethernet"),
}


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def probe(run, *paths: object, code: int = 0, stdin: bytes | None = None) -> list[dict]:
    return json.loads(run("probe", *paths, "--format", "json", code=code, stdin=stdin).stdout)


def rows(text: str) -> list[dict]:
    return list(csv.DictReader(io.StringIO(text)))


# ---- what a file is ----


@pytest.mark.parametrize("name", SAMPLES)
def test_sample(run, tmp_path, name):
    content, alias, what = SAMPLES[name]
    (tmp_path / name).write_bytes(as_bytes(content))
    (found,) = probe(run, name)
    best = found["matches"][0]
    assert (best["alias"], best["what"], found["what"]) == (alias, what, what)
    assert best["used"] == 1 and best["rejected"] == 0 and best["rejects"] == []
    assert best["lines"] == best["used"] + best["ignored"] + best["rejected"]
    assert found["size"] == len(as_bytes(content)) and found["packing"] == "plain" and found["damage"] is None


@pytest.mark.parametrize("name", SAMPLES)
def test_the_command_runs(run, tmp_path, name):
    """What probe says is to be run gives a row; so does the connector it names by -c auto."""
    content, alias, _ = SAMPLES[name]
    folder = tmp_path / "a folder; with 'quotes'"
    folder.mkdir()
    (folder / name).write_bytes(as_bytes(content))
    text = run("probe", folder / name).stdout
    command = next(line.split(None, 1)[1] for line in text.splitlines() if line.startswith("  run "))
    words = shlex.split(command)
    assert words[0] == "netlytics"
    done = subprocess.run([BIN, *words[1:]], capture_output=True, text=True, check=True)
    assert len(rows(done.stdout)) == 1
    auto = run("query", "-c", "auto", "-i", folder / name, "-q", COUNT)
    assert rows(auto.stdout) == [{"n": "1"}]
    assert f"-c {alias}" in auto.stderr
    assert f"-c {alias}" not in run("query", "-c", "auto", "-i", folder / name, "-q", COUNT, "--quiet").stderr


@pytest.mark.parametrize("name", SAMPLES)
def test_every_value_comes_from_somewhere(run, tmp_path, name):
    """A column that has a value in some row has a source, and every connector that is named gives rows."""
    (tmp_path / name).write_bytes(as_bytes(SAMPLES[name][0]))
    for match in probe(run, name)[0]["matches"]:
        done = run("query", "-c", match["alias"], "-i", name, "-q", "SELECT * FROM netlytics", "--format", "ndjson")
        (row,) = map(json.loads, done.stdout.splitlines())
        told = {column for column, value in row.items() if value not in (None, [])}
        assert told <= {column for column, source in match["columns"].items() if source}


def zstd(content: bytes) -> bytes:
    """One frame with its size, of one raw block (RFC 8878)."""
    head = b"\x28\xb5\x2f\xfd\x60" + (len(content) - 256).to_bytes(2, "little")
    return head + (1 | len(content) << 3).to_bytes(3, "little") + content


def packed(content: bytes) -> dict[str, bytes]:
    return {"gzip": gzip.compress(content), "bzip2": bz2.compress(content), "xz": lzma.compress(content), "zstd": zstd(content)}


def test_every_packing(run, tmp_path):
    for packing, content in packed(SQUID.encode() * 100).items():
        (tmp_path / "log").write_bytes(content)
        (found,) = probe(run, "log")
        assert found["packing"] == packing
        assert found["matches"][0]["alias"] == "squid:HTTP" and found["matches"][0]["used"] == 100
        assert f"packed      {packing}" in run("probe", "log").stdout


def test_standard_input(run):
    (found,) = probe(run, "-", stdin=gzip.compress(ZEEK_DNS.encode()))
    assert found["matches"][0]["alias"] == "zeek:DNS" and found["packing"] == "gzip" and found["size"] is None
    assert "-i -" in found["matches"][0]["command"]


def test_only_the_first_bytes_count(run, tmp_path):
    """A sample ends at a whole line, whatever comes later."""
    (tmp_path / "log").write_bytes(SQUID.encode() * 10000 + b"\0" * 1000)
    best = probe(run, "log")[0]["matches"][0]
    assert best["used"] == best["lines"] == (256 << 10) // len(SQUID)


def test_rejected_lines_are_shown(run, tmp_path):
    (tmp_path / "log").write_bytes((SQUID * 8 + "x 1 10.0.0.1 TCP_MISS/200 1 GET http://a/ - H/p t\n").encode() + b"\x1b[31m\xff\n" + SQUID.encode())
    best = probe(run, "log")[0]["matches"][0]
    assert [(r["line"], r["reason"]) for r in best["rejects"]] == [(9, "bad_time"), (10, "too_few_fields")]
    assert best["rejects"][1]["text"] == "\x1b[31m\\xff"
    text = run("probe", "log").stdout
    assert "9: bad_time: x 1 10.0.0.1" in text and "10: too_few_fields: ?[31m\\xff" in text and "\x1b" not in text


def test_mapping_follows_the_file(run, tmp_path):
    """Columns are found by their names: in another order, with others between, and some missing."""
    (tmp_path / "dns.log").write_text(f"#separator \\x09\n#fields\tquery\textra\t{IDS}\tts\tqtype_name\trcode_name\tAA\n")
    columns = probe(run, "dns.log")[0]["matches"][0]["columns"]
    assert columns["query"] == "query:1" and columns["req_time"] == "ts:8" and columns["c_ip"] == "id.orig_h:4"
    assert columns["resp_time"] == "ts:8 + rtt (not there)" and columns["answers"] is None
    assert "answers            (this file does not tell)" in run("probe", "dns.log").stdout


def test_ssl_log_is_read_beside_conn_log(run, tmp_path):
    (tmp_path / "ssl.log").write_text(ZEEK_SSL)
    match = probe(run, "ssl.log")[0]["matches"][0]
    assert match["alias"] == "zeek:NamedFlows" and match["is_side"] and match["command"] is None
    assert "gives no table by itself" in run("query", "-c", "auto", "-i", "ssl.log", "-q", COUNT, code=4).stderr


# ---- what is none ----


UNKNOWN = {
    "csv": (b"time,value\n1,2\n3,4\n", "CSV, separated by commas", "-c csv"),
    "tsv": (b"time\tvalue\n1\t2\n", "CSV, separated by TABs", "-c csv"),
    "ndjson": (b'{"a": 1}\n{"a": 2}\n', "NDJSON", "-c ndjson"),
    "json": (b'[{"a": 1},\n {"a": 2}]\n', "JSON", "jq"),
    "parquet": (b"PAR1" + bytes(20) + b"PAR1", "Parquet", "-c parquet"),
    "lz4": (b"\x04\x22\x4d\x18" + bytes(20), "lz4", "unpack"),
    "zip": (b"PK\x03\x04" + bytes(20), "zip archive", "unpack"),
    "tar": (bytes(257) + b"ustar\x0000" + bytes(300), "tar archive", "unpack"),
    "utf16": (("\ufeff" + SQUID).encode("utf-16-le"), "UTF-16 text", "iconv"),
    "binary": (bytes(range(256)) * 40, "binary data", ""),
    "text": (b"The quick brown fox\njumps\n", "text of an unknown form", ""),
    "empty": (b"", "empty", ""),
    "blank": (b"\n\n\n\n", "text of an unknown form", ""),
    "weird": (b"#separator \\x09\n#path\tweird\n#fields\tts\tuid\tname\n1.0\tC1\tx\n", "Zeek TSV of another log", "dns.log"),
    "udp": (b"#c_ip:1 c_port:2 c_first_abs:3\n10.0.0.1 1 1.0\n", "Tstat log with other columns", "log_tcp_complete"),
    "huge": (b"x" * (1 << 20), "a line that is longer than the sample", ""),
    "bomb": (b"[" * 100000, "JSON", ""),
    "columns": (b"a" + b",a" * 9999 + b"\n1" + b",1" * 9999 + b"\n", "CSV, separated by commas", "-c csv"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown_file(run, tmp_path, name):
    content, what, hint = UNKNOWN[name]
    (tmp_path / "file").write_bytes(content)
    (found,) = probe(run, "file", code=4)
    assert (found["what"], found["matches"]) == (what, [])
    done = run("probe", "file", code=4)
    assert what in done.stdout and "looked for" in done.stdout and "zeek:DNS" in done.stdout
    assert "no connector reads it" in done.stderr and hint in done.stderr
    auto = run("query", "-c", "auto", "-i", "file", "-q", COUNT, code=4)
    assert hint in auto.stderr and ("empty" in auto.stderr or "no connector reads it" in auto.stderr)


def test_lines_that_do_not_fit_their_header(run, tmp_path):
    """The format is known, the lines are bad: both are said."""
    (tmp_path / "dns.log").write_text(ZEEK_DNS + "XXXXXXXXXX.5" + ZEEK_DNS.splitlines()[-1][12:] + "\n" + "short\n" * 5)
    done = run("probe", "dns.log", code=4)
    assert "Zeek TSV, dns.log of 2.5 - 8.0, but 6 of 10 lines of the sample are rejected, the first as bad_time in line 5" in done.stderr


def test_damaged_files(run, tmp_path):
    whole = gzip.compress((SQUID * 1000).encode(), mtime=0)
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    (found,) = probe(run, "cut.gz")
    assert found["matches"][0]["alias"] == "squid:HTTP" and "damaged gzip stream" in found["damage"]
    (tmp_path / "junk.gz").write_bytes(b"\x1f\x8b\x08\x00" + b"\xff" * 100)
    (found,) = probe(run, "junk.gz", code=4)
    assert found["matches"] == [] and "damaged gzip stream" in found["damage"]
    assert "damaged gzip stream" in run("query", "-c", "auto", "-i", "junk.gz", "-q", COUNT, code=6).stderr


def test_files_that_are_not_there(run, tmp_path):
    assert "nowhere" in run("probe", "nowhere", code=3).stderr
    assert "FILE" in run("probe", code=2).stderr
    (tmp_path / "dangling").symlink_to("nowhere")
    run("probe", "dangling", code=3)
    assert probe(run, "nowhere", code=3)[0]["matches"] == []
    run("query", "-c", "auto", "-i", "nowhere", "-q", COUNT, code=3)
    run("query", "-c", "auto", "-i", "nowhere*", "-q", COUNT, code=3)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_forbidden_file(run, tmp_path):
    (tmp_path / "log").write_text(SQUID)
    (tmp_path / "log").chmod(0)
    assert "ermission denied" in run("probe", "log", code=1).stderr


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file whose reading fails")
def test_file_whose_reading_fails(run):
    assert "/proc/self/mem: cannot read it" in run("probe", "/proc/self/mem", code=1).stderr


def test_several_files(run, tmp_path):
    """All are told; the code is that of the first that failed."""
    (tmp_path / "a").write_text(SQUID)
    (tmp_path / "b").write_text("no log\n")
    done = run("probe", "a", "b", "c", "a", code=4)
    assert done.stdout.count("Squid access.log, native") == 2 and "b: text" in done.stdout
    assert "2 of 4 inputs are not recognised" in done.stderr and "c" in done.stderr
    found = probe(run, "a", "b", "c", "a", code=4)
    assert [len(one["matches"]) for one in found] == [2, 0, 0, 2]
    assert len(probe(run, *["a"] * 200)) == 200


# ---- folders ----


@pytest.fixture
def zeek(tmp_path):
    for day in ("2017-03-01", "2017-03-02"):
        folder = tmp_path / "logs" / day
        folder.mkdir(parents=True)
        for log, content in (("dns", ZEEK_DNS), ("http", ZEEK_HTTP), ("conn", ZEEK_CONN), ("ssl", ZEEK_SSL)):
            (folder / f"{log}.00:00:00-01:00:00.log.gz").write_bytes(gzip.compress(content.encode()))
    return "logs"


def test_folder(run, zeek):
    (found,) = probe(run, zeek)
    assert found["is_folder"] and [m["alias"] for m in found["matches"]] == ["zeek:DNS", "zeek:HTTP", "zeek:NamedFlows"]
    for match in found["matches"]:
        assert (match["files"], match["first_day"], match["last_day"]) == (2, "2017-03-01", "2017-03-02")
        done = subprocess.run([BIN, *shlex.split(match["command"])[1:]], cwd=run.folder, capture_output=True, text=True, check=True)
        assert len(rows(done.stdout)) == 1
    text = run("probe", zeek).stdout
    assert "zeek:HTTP, as the table HTTP: 2 files %Y-%m-%d/http.*.log, 2017-03-01 to 2017-03-02" in text


def test_auto_takes_the_table_of_the_algorithm(run, zeek):
    for algo, alias in (("top_dns_servers", "zeek:DNS"), ("domain_traffic", "zeek:NamedFlows")):
        done = run("job", "-c", "auto", "-i", zeek, "--algo", algo, "-o", algo)
        assert f"-c {alias}" in done.stderr
    report = json.loads((run.folder / "top_dns_servers" / "report.json").read_text())
    assert report["connector"] == "connectors.bro_to_DNS.Bro_To_DNS" and report["files"] == 2


def test_auto_asks_where_several_are_meant(run, zeek):
    done = run("query", "-c", "auto", "-i", zeek, "-q", COUNT, code=2)
    assert "several connectors could be meant" in done.stderr
    assert "-c zeek:DNS (2 files), -c zeek:HTTP (2 files), -c zeek:NamedFlows (2 files)" in done.stderr
    run("job", "-c", "auto", "-i", zeek, "--algo", "save_dataframe", "-o", "o", code=2)
    assert not (run.folder / "o").exists()


def test_auto_keeps_to_the_days(run, zeek):
    done = run("job", "-c", "auto", "-i", zeek, "-s", "2017_03_02", "--algo", "top_dns_servers", "-o", "o")
    assert json.loads((run.folder / "o" / "report.json").read_text())["files"] == 1
    assert "2017-03-03" not in done.stderr
    run("job", "-c", "auto", "-i", zeek, "-s", "2018_01_01", "--algo", "top_dns_servers", "-o", "p", code=3)
    run("job", "-c", "auto", "-i", zeek, "-s", "2017_02_30", "--algo", "top_dns_servers", "-o", "p", code=2)
    run("job", "-c", "auto", "-i", zeek, "-s", "2017_03_02", "-e", "2017_03_01", "--algo", "top_dns_servers", "-o", "p", code=2)


def test_auto_of_squid_is_http_unless_flows_are_wanted(run, tmp_path):
    (tmp_path / "logs").mkdir()
    for day in range(1, 4):
        (tmp_path / "logs" / f"access.log-2017030{day}").write_text(SQUID * 2)
    assert "-c squid:HTTP" in run("query", "-c", "AUTO", "-i", "logs", "-q", COUNT).stderr
    done = run("job", "-c", "auto", "-i", "logs", "--algo", "domain_traffic", "-o", "o")
    assert "-c squid:NamedFlows" in done.stderr and (tmp_path / "o/report.csv").read_text() == "domain,bytes\na.com,9000\n"
    done = run("job", "-c", "auto", "-i", "logs", "--algo", "top_dns_servers", "-o", "p", code=2)
    assert "Squid access.log, native does not give the table DNS" in done.stderr


def test_auto_of_a_further_table(run, tmp_path):
    (tmp_path / "a").write_text(SQUID)
    (tmp_path / "b").write_text(BIND * 3)
    sql = "SELECT (SELECT COUNT(*) FROM one) AS a, (SELECT COUNT(*) FROM other) AS b"
    done = run("query", "--table", "one=auto:a", "--table", "other=auto:b", "-q", sql)
    assert rows(done.stdout) == [{"a": "1", "b": "3"}]
    assert "-c squid:HTTP" in done.stderr and "-c bind:DNS" in done.stderr


def test_folder_without_logs(run, tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "mylog").write_text(SQUID)
    done = run("probe", "logs", code=3)
    assert "no layout has files" in done.stderr and "access.log-%Y%m%d" in done.stderr
    assert "no layout has files" in run("query", "-c", "auto", "-i", "logs", "-q", COUNT, code=3).stderr
    assert rows(run("query", "-c", "auto", "-i", "logs/*", "-q", COUNT).stdout) == [{"n": "1"}]


def test_folder_whose_names_lie(run, tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "access.log-20170301").write_text(BIND)
    done = run("probe", "logs", code=3)
    assert "1 file is named as access.log-%Y%m%d, but written otherwise" in done.stderr


# ---- globs ----


def test_auto_of_a_mixture(run, tmp_path):
    (tmp_path / "1.log").write_text(SQUID)
    (tmp_path / "2.log").write_text("")
    (tmp_path / "3.log").write_text(COMBINED)
    assert "-c squid:HTTP" in run("query", "-c", "auto", "-i", "*.log", "-q", COUNT).stderr
    (tmp_path / "4.log").write_text(BIND)
    done = run("query", "-c", "auto", "-i", "*.log", "-q", COUNT, code=2)
    assert "files of several kinds: 4.log is BIND query log" in done.stderr and "Squid access.log, native" in done.stderr
    (tmp_path / "4.log").write_text("nonsense\n")
    assert "4.log: no connector reads it" in run("query", "-c", "auto", "-i", "*.log", "-q", COUNT, code=4).stderr
    (tmp_path / "4.log").write_bytes(b"\x1f\x8b\x08\x00" + b"\xff" * 100)
    assert "damaged" in run("query", "-c", "auto", "-i", "*.log", "-q", COUNT).stderr  # a warning of the run


def test_auto_of_all_logs_of_a_day(run, zeek):
    done = run("query", "-c", "auto", "-i", f"{zeek}/2017-03-01/*", "-q", COUNT, code=2)
    assert "files of several kinds" in done.stderr
    assert "-c zeek:HTTP" in run("query", "-c", "auto", "-i", f"{zeek}/*/http*", "-q", COUNT).stderr


@pytest.mark.parametrize("packing", ["plain", "gzip", "bzip2", "xz"])
@pytest.mark.parametrize("n", [1, 1000, 50000])
def test_auto_of_standard_input(run, packing, n):
    """The bytes looked at are not lost, whether they are all or the rest follows."""
    content = "".join(SQUID.replace("1500", str(i)) for i in range(n)).encode()
    pack = {"plain": bytes, "gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}[packing]
    sql = "SELECT COUNT(*) AS n, SUM(response_body_len) AS s, COUNT(DISTINCT response_body_len) AS d FROM netlytics"
    done = run("query", "-c", "auto", "-i", "-", "-q", sql, stdin=pack(content))
    assert rows(done.stdout) == [{"n": str(n), "s": str(n * (n - 1) // 2), "d": str(n)}]
    assert "-c squid:HTTP" in done.stderr and "warning" not in done.stderr


def test_auto_of_standard_input_of_every_tool(run):
    for content, alias, _ in SAMPLES.values():
        done = run("query", "-c", "auto", "-i", "-", "-q", COUNT, stdin=as_bytes(content))
        assert rows(done.stdout) == [{"n": "1"}] and f"-c {alias}" in done.stderr
    assert "empty" in run("query", "-c", "auto", "-i", "-", "-q", COUNT, code=4, stdin=b"").stderr
    assert "-c csv" in run("query", "-c", "auto", "-i", "-", "-q", COUNT, code=4, stdin=b"a,b\n1,2\n").stderr


def test_auto_does_not_eat_what_can_be_read_once(run, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    run("query", "-c", "auto", "-i", "pipe", "-q", COUNT, code=2)


# ---- the wrong connector ----


def test_wrong_connector_is_told_the_right_one(run, tmp_path):
    (tmp_path / "log").write_text(SQUID * 200)
    done = run("query", "-c", "zeek:DNS", "-i", "log", "-q", COUNT, code=6)
    assert "200 of 200 lines rejected" in done.stderr and "it looks like Squid access.log, native: -c squid:HTTP" in done.stderr
    done = run("query", "-c", "pcap:DNS", "-i", "log", "-q", COUNT, code=6)
    assert "not a capture file" in done.stderr and "-c squid:HTTP" in done.stderr
    (tmp_path / "text").write_text("a,b\n" * 200)
    assert "it looks like CSV" in run("query", "-c", "zeek:DNS", "-i", "text", "-q", COUNT, code=6).stderr
    (tmp_path / "bad").write_text(SQUID + "bad\n" * 200)
    assert "native, but 200 of 201 lines of the sample are rejected, the first as too_few_fields in line 2" in run("query", "-c", "squid:http", "-i", "bad", "-q", COUNT, code=6).stderr


def test_short_file_of_another_tool_is_warned_of(run, tmp_path):
    """Too few lines to stop at, or lines that the connector ignores."""
    (tmp_path / "log").write_text(SQUID * 5)
    for connector in ("zeek:DNS", "bind:DNS", "tstat:HTTP"):
        done = run("query", "-c", connector, "-i", "log", "-q", COUNT)
        assert rows(done.stdout) == [{"n": "0"}]
        assert "no line of the input could be used: it looks like Squid access.log, native: -c squid:HTTP" in done.stderr
    (tmp_path / "empty.log").write_text(ZEEK_DNS.rsplit("\n", 2)[0] + "\n")
    assert "warning" not in run("query", "-c", "zeek:DNS", "-i", "empty.log", "-q", COUNT).stderr


def test_log_of_the_same_tool_is_warned_of(run, tmp_path):
    """Times and addresses are where the right log has them: rows come, but without what matters."""
    (tmp_path / "http.log").write_text(ZEEK_HTTP)
    done = run("query", "-c", "zeek:DNS", "-i", "http.log", "-q", COUNT)
    assert "http.log looks like Zeek TSV, http.log of 3.0 or later: -c zeek:HTTP" in done.stderr
    for name, (content, _, _) in SAMPLES.items():
        (tmp_path / name).write_bytes(as_bytes(content))
        for match in probe(run, name)[0]["matches"]:
            assert "looks like" not in run("query", "-c", match["alias"], "-i", name, "-q", COUNT).stderr
    (tmp_path / "own.log").write_text("#fields\tts\tid.orig_h\tquery\n1.0\t10.0.0.1\ta.com\n")  # few columns, but none of another
    assert "warning" not in run("query", "-c", "zeek:DNS", "-i", "own.log", "-q", COUNT).stderr


def test_help_and_completion(run):
    assert "netlytics probe FILE" in run("probe", "--help").stdout
    for shell in ("bash", "zsh", "fish"):
        script = run("completion", shell).stdout
        assert "probe" in script and "auto" in script


# ---- real files ----

ZEEK_TABLES = {"dns": "zeek:DNS", "http": "zeek:HTTP", "conn": "zeek:NamedFlows", "ssl": "zeek:NamedFlows"}
TSTAT_TABLES = {
    "log_dns_complete": "tstat:DNS", "log_http_complete": "tstat:HTTP",
    "log_tcp_complete": "tstat:NamedFlows", "log_tcp_nocomplete": "tstat:NamedFlows", "log_udp_complete": None,
}  # fmt: skip


def zeek_table(path: Path) -> str | None:
    """By the name; baselines without header or with masked times are not for reading."""
    if "v4.0.0" in path.parts or path.name == "analyzers.conn-size__conn.log":
        return None
    return next(alias for log, alias in ZEEK_TABLES.items() if path.name.rsplit("__", 1)[-1].startswith(log))


def real_files(shared: Path) -> dict[str, str | None]:
    expected: dict[str, str | None] = {}
    for folder, alias_of in (
        ("zeek", zeek_table),
        ("tstat", lambda path: TSTAT_TABLES[path.name]),
        ("bind", lambda path: "bind:DNS"),
        ("squid", lambda path: "squid:HTTP"),
        ("pcap", lambda path: "pcap:DNS"),
        ("servers", lambda path: {"squid": "squid:HTTP", "bind": "bind:DNS", "dnscap": "pcap:DNS"}[path.parts[-2]]),
    ):
        for path in sorted((shared / folder).rglob("*")):
            if path.is_file() and "tshark_dns" not in path.parts:
                expected[str(path)] = alias_of(path)
    return expected


def test_real_files(run, shared):
    expected = real_files(shared)
    assert len(expected) > 200
    found = {one["path"]: one for one in probe(run, *expected, code=4)}
    wrong = {path: found[path]["what"] for path, alias in expected.items()
             if alias != (found[path]["matches"][0]["alias"] if found[path]["matches"] else None)}  # fmt: skip
    assert wrong == {}


def test_real_versions(run, shared):
    """The ages that the folders' names tell."""
    for name, what in {
        "zeek/btest-baselines/v2.0/core.vlan-mpls__conn.log": "conn.log of 2.0",
        "zeek/btest-baselines/v2.3/core.ipv6-frag__dns.log": "dns.log of 2.2 - 2.4",
        "zeek/btest-baselines/v2.3/core.tunnels.teredo__conn.log": "conn.log of 2.1 - 2.3",
        "zeek/btest-baselines/v2.3/core.tunnels.teredo__http.log": "http.log of 2.2 - 2.4",
        "zeek/btest-baselines/v2.5/core.ipv6-frag__dns.log": "dns.log of 2.5 - 8.0",
        "zeek/btest-baselines/v2.5/core.tunnels.teredo__http.log": "http.log of 2.5 - 2.6",
        "tstat/legacy13-dns/2017/01-Jan/2017_01_13_14_50.out/log_dns_complete": "older than 3.2, 13 columns",
        "tstat/v3.3/2017/01-Jan/2017_01_13_14_50.out/log_dns_complete": "of 3.2 or later, 22 columns",
        "bind/dns-activity-monitor_2014_queries1.log": "of 9.9 - 9.10",
        "bind/named-9.18/time_only.log.gz": "of 9.11 or later",
        "pcap/packetq/sample-bigendian.pcap.gz": "big-endian",
        "pcap/tcpdump/tcp-handshake-nano.pcap": "nanoseconds",
        "pcap/dnscap/sll2.pcap": "Linux cooked v2",
        "squid/squid-5.7/combined.log": "combined",
    }.items():
        assert what in probe(run, shared / name)[0]["what"], name


def test_real_folders(run, shared):
    tstat = {m["alias"] for m in probe(run, shared / "tstat/v3.3")[0]["matches"]}
    assert tstat == {"tstat:DNS", "tstat:HTTP", "tstat:NamedFlows"}
    assert {m["alias"] for m in probe(run, shared / "servers/dnscap")[0]["matches"]} == {"pcap:DNS"}
    assert {m["alias"] for m in probe(run, shared / "servers/squid")[0]["matches"]} == {"squid:HTTP", "squid:NamedFlows"}
