# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs and queries from end to end: the documented command lines, their answers, the report."""

from __future__ import annotations

import csv
import functools
import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from conftest import BUILD, GENERATE, ROOT, read_ndjson
from squid_reference import Rejected, http_row

FLOWS = "connectors.squid_to_named_flows.Squid_To_Named_Flows"
DAYS = ["--start_day", "2017_03_01", "--end_day", "2017_03_31"]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """logs/squid with four days of March 2017, some packed."""
    folder = tmp_path_factory.mktemp("month") / "logs" / "squid"
    folder.mkdir(parents=True)
    subprocess.run([GENERATE, "squid", "--days", "2017_03_01", "2017_03_04", "--bytes-per-day", "400000", "--gzip-every",
                    "2", "--seed", "3", "--odd", "0.02", folder], check=True, capture_output=True)  # fmt: skip
    return folder


def lines(folder: Path) -> list[str]:
    out = []
    for path in sorted(folder.iterdir()):
        raw = subprocess.run(["zcat", "-f", path], capture_output=True, check=True).stdout
        out += raw.decode("latin-1").split("\n")[:-1]
    return out


def traffic(folder: Path) -> Counter[str]:
    """Bytes by name, as the second implementation reads the lines."""
    sums: Counter[str] = Counter()
    for line in lines(folder):
        try:
            row = http_row(line.removesuffix("\r"))
        except Rejected:
            continue
        if row is not None and "c_ip" in row:
            sums[str(row.get("host") or row.get("s_ip") or "-").lower()] += int(row.get("response_body_len", 0))
    return sums


def test_documented_job(run, month):
    run("job", "--connector", FLOWS, "--input_path", month, *DAYS, "--algo", "algos.domain_traffic.DomainTraffic",
        "--params", '{"N":40}', "--output_path", "results_DOMAIN_TRAFFIC")  # fmt: skip
    folder = run.folder / "results_DOMAIN_TRAFFIC"
    rows = list(csv.reader((folder / "report.csv").open()))
    expected = sorted(traffic(month).items(), key=lambda item: (-item[1], item[0]))[:40]
    assert rows[0] == ["domain", "bytes"]
    assert [(name, int(value)) for name, value in rows[1:]] == expected
    report = json.loads((folder / "report.json").read_text())
    assert report["files"] == 4 and len(report["missing_days"]) == 27
    assert report["lines"] == len(lines(month)) == report["used"] + report["ignored"] + report["skipped"]
    assert report["skipped"] == sum(report["by_reason"].values()) > 0
    assert len(report["examples"]) == 5


def test_examples_in_the_report_are_where_it_says(run, month):
    run("job", "-c", FLOWS, "-i", month, "--algo", "SaveDataFrame", "--output_path", "o", "--threads", "2")
    report = json.loads((run.folder / "o" / "report.json").read_text())
    for example in report["examples"]:
        raw = subprocess.run(["zcat", "-f", example["file"]], capture_output=True, check=True).stdout
        line = raw.split(b"\n")[example["line"] - 1]
        assert raw[example["offset"] :].startswith(line[:40])
        assert line.decode("latin-1")[:20].strip("\r") in example["text"] or not line.isascii()


def test_documented_query(run, month):
    sql = "SELECT name, SUM(s_bytes) AS traffic FROM netlytics GROUP BY name ORDER BY SUM(s_bytes)"
    run("query", "--connector", FLOWS, "--input_path", month, *DAYS, "--query", sql, "--output_file_local",
        "traffic_name.csv")  # fmt: skip
    rows = list(csv.reader((run.folder / "traffic_name.csv").open()))
    assert rows[0] == ["name", "traffic"]
    sums = [int(value) for _, value in rows[1:] if value]
    assert sums == sorted(sums)
    expected = traffic(month)
    assert {name: int(value) for name, value in rows[1:] if value and name} == {k: expected[k] for k, v in
            ((name, value) for name, value in rows[1:] if value and name)}  # fmt: skip
    assert len(rows) - 1 == len(expected)


@pytest.mark.parametrize("n", [0, 1, 1000, 5000])
def test_first_rows_are_the_first(run, month, n):
    args = ["job", "-c", FLOWS, "-i", month, "--algo", "SaveDataFrame", "--overwrite"]
    run(*args, "--output_path", "all")
    run(*args, "--output_path", "some", "--params", json.dumps({"N": n}))
    whole = (run.folder / "all" / "dataframe.csv").read_text().splitlines(keepends=True)
    assert (run.folder / "some" / "dataframe.csv").read_text() == "".join(whole[: n + 1])


def test_formats_agree(run, month):
    sql = "SELECT name, count(*) AS n, sum(s_bytes) AS bytes FROM netlytics GROUP BY name ORDER BY bytes DESC, name LIMIT 20"
    args = ["query", "-c", FLOWS, "-i", month, "-q", sql, "--quiet", "--format"]
    rows = list(csv.DictReader(run(*args, "csv").stdout.splitlines()))
    ndjson = [json.loads(line) for line in run(*args, "ndjson").stdout.splitlines()]
    assert json.loads(run(*args, "json").stdout) == ndjson
    assert [{key: str(value) for key, value in row.items()} for row in ndjson] == rows
    table = run(*args, "table").stdout
    assert all(row["name"] in table for row in rows)


def test_c_example(run, month):
    examples = [path for path in (BUILD / "examples").iterdir() if path.is_file() and path.stat().st_mode & 0o100]
    assert examples
    for example in examples:
        done = subprocess.run([example, month, "2017_03_01", "2017_03_04"], capture_output=True, cwd=run.folder)
        assert done.returncode == 0, done.stderr
        assert traffic(month).most_common(1)[0][0] in done.stdout.decode()


def test_every_flag_is_in_the_manual(run):
    manual = (ROOT / "docs" / "man" / "netlytics.1").read_text().replace("\\-", "-")
    for command in ("query", "job"):
        for word in run(command, "--help").stdout.replace(",", " ").split():
            if word.startswith("--") and word.strip("-").replace("_", "").isalnum():
                assert word[1:] in manual, word  # mdoc: `Fl -connector`


# ---- real logs ----


REAL = {
    "ja4_squid6_access.log": 222,
    "linuc_squid3_access.log": 122,
    "squid-5.7/access.log-20261123": 1417,
    "squid-5.7/combined.log": 455,
    "squid-5.7/common.log": 155,
}


@pytest.mark.parametrize("name", REAL)
def test_real_logs(run, shared, name):
    """As many lines as are said to be there, each a row or told; the same rows as the second reading."""
    path = shared / "squid" / name
    run("query", "-c", "squid:HTTP", "-i", path, "-q", "SELECT * FROM netlytics", "--format", "ndjson", "-o", "o",
        "--report_json", "r.json")  # fmt: skip
    report = json.loads((run.folder / "r.json").read_text())
    assert report["lines"] == REAL[name] == report["used"] + report["ignored"] + report["skipped"]
    expected = []
    for line in path.read_bytes().decode("utf-8", "backslashreplace").split("\n")[:-1]:
        try:
            expected.append(http_row(line))
        except Rejected:
            continue
    key = functools.partial(json.dumps, sort_keys=True)
    assert sorted(map(key, read_ndjson(run.folder / "o"))) == sorted(key(row) for row in expected if row is not None)


def test_real_domains(run, shared):
    run("job", "-c", FLOWS, "-i", f"{shared}/squid/*_access.log", "--algo", "DomainTraffic", "--output_path", "o")
    rows = (run.folder / "o" / "report.csv").read_text().splitlines()
    sums: Counter[str] = Counter()
    for path in sorted((shared / "squid").glob("*_access.log")):
        for line in path.read_text(errors="surrogateescape").splitlines():
            row = http_row(line)
            if row is not None:
                sums[str(row.get("host") or row.get("s_ip") or "-").lower()] += int(row.get("response_body_len", 0))
    best = sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:50]
    assert rows[1:] == [f"{name},{value}" for name, value in best]
