# SPDX-License-Identifier: GPL-3.0-or-later
"""Squid logs of all kinds, whole and damaged, against a second implementation."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from pathlib import Path

import pytest

from conftest import GENERATE, read_ndjson
from squid_reference import Rejected, http_row

HTTP = "connectors.squid_to_HTTP.Squid_To_HTTP"


def reference(text: str) -> tuple[list[dict[str, object]], Counter[str], int]:
    """Rows, reasons, ignored lines."""
    rows, reasons, ignored = [], Counter(), 0
    for line in text.split("\n")[: -1 if text.endswith("\n") else None]:
        try:
            row = http_row(line.removesuffix("\r"))
        except Rejected as why:
            reasons[str(why)] += 1
            continue
        if row is None:
            ignored += 1
        else:
            rows.append(row)
    return rows, reasons, ignored


def mutated(rng: random.Random, lines: list[str]) -> str:
    """Lines with bytes changed, fields dropped, doubled and swapped, halves glued together."""
    out = []
    for line in lines:
        for _ in range(rng.choice((0, 0, 1, 1, 2))):
            at = rng.randrange(len(line) + 1)
            fields = line.split(" ")
            kind = rng.randrange(7)
            if kind == 0:
                line = line[:at] + rng.choice(' -"[]/:.#@0x') + line[at:]
            elif kind == 1:
                line = line[:at] + line[at + 1 :]
            elif kind == 2:
                del fields[rng.randrange(len(fields))]
                line = " ".join(fields)
            elif kind == 3:
                fields[rng.randrange(len(fields))] = rng.choice(("-", "0", "-1", "http://[x", "99999999999999999999"))
                line = " ".join(fields)
            elif kind == 4:
                line = line[:at] + rng.choice(lines)[at:]
            elif kind == 5:
                line = line.replace(rng.choice(("GET", "HIER", "http", "text")), rng.choice(("get", "", "HTTP", "-")))
            else:
                line = "  " + line + "  " + rng.choice(("\r", "x", "[Host: a\\r\\n]"))
        out.append(line)
    return "\n".join(out) + "\n"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Native lines of the generator, a tenth of them odd, and combined ones made from them."""
    import subprocess

    args = [GENERATE, "squid", "--bytes", "1500000", "--seed", "7", "--odd", "0.1"]
    text = subprocess.run(args, capture_output=True, check=True).stdout.decode("utf-8", "surrogateescape")
    lines = [line for line in text.split("\n") if line.isascii() and "\0" not in line]
    rng = random.Random(1)
    for line in rng.sample(lines, 2000):
        fields = line.split()
        if len(fields) >= 9:
            agent = rng.choice(('"-" "curl/8"', '"http://r/" "a "b" c"', "", "TCP_MISS:HIER_DIRECT"))
            day = f"{rng.randrange(1, 32):02}/{rng.choice(('Jan', 'Feb', 'Mar'))}/2017:{rng.randrange(24):02}:00:01"
            lines.append(f'{fields[2]} - - [{day} +0{rng.randrange(10)}30] "{fields[5]} {fields[6]} HTTP/1.1" 200 {fields[4]} {agent}')
    return [line for line in lines if line]


def save(run, path: Path, *more: object) -> tuple[list[dict[str, object]], dict]:
    sql = "SELECT * FROM netlytics"
    run("query", "-c", HTTP, "-i", path, "-q", sql, "--format", "ndjson", "-o", "o", "--report_json", "r",
        "--max_bad_fraction", "1", *more)  # fmt: skip
    folder = Path(run.folder)
    return read_ndjson(folder / "o"), json.loads((folder / "r").read_text())


def key(row: dict[str, object]) -> str:
    return json.dumps(row, sort_keys=True)


@pytest.mark.parametrize("seed", range(6))
def test_mutated_lines_equal_the_reference(run, generated, tmp_path, seed):
    rng = random.Random(seed)
    text = mutated(rng, rng.sample(generated, 4000))
    (tmp_path / "log").write_text(text, newline="")
    rows, report = save(run, tmp_path / "log", "--threads", seed % 3 + 1)
    expected, reasons, ignored = reference(text)
    assert sorted(map(key, rows)) == sorted(map(key, expected))
    assert report["by_reason"] == dict(reasons)
    assert (report["rows"], report["ignored"]) == (len(expected), ignored)
    assert report["lines"] == report["used"] + report["ignored"] + report["skipped"]


def dataframe(run, path: Path, threads: int) -> bytes:
    run("job", "-c", HTTP, "-i", path, "--algo", "SaveDataFrame", "--output_path", "df", "--overwrite", "--threads",
        threads, "--max_bad_fraction", "1")  # fmt: skip
    return (Path(run.folder) / "df" / "dataframe.csv").read_bytes()


def test_same_bytes_however_it_is_cut_and_packed(run, generated, tmp_path):
    text = ("\n".join(generated * 4) + "\n").encode()
    assert len(text) > 5 << 20  # several splits
    middle = len(text) // 3
    (tmp_path / "plain").write_bytes(text)
    (tmp_path / "packed").write_bytes(gzip.compress(text, 1))
    (tmp_path / "members").write_bytes(gzip.compress(text[:middle], 1) + gzip.compress(text[middle:], 1))
    expected = dataframe(run, tmp_path / "plain", 1)
    assert expected.count(b"\n") > 10000
    for name, threads in (("plain", 2), ("plain", 8), ("packed", 2), ("members", 1)):
        assert dataframe(run, tmp_path / name, threads) == expected, (name, threads)


def test_folder_glob_file_and_pipe(run, generated, tmp_path):
    parts = [generated[i::3] for i in range(3)]
    folder = tmp_path / "logs"
    folder.mkdir()
    for day, part in enumerate(parts, 1):
        (folder / f"access.log-2017030{day}").write_text("\n".join(part) + "\n")
    (folder / "other.log").write_text("no log at all\n" * 500)
    whole = dataframe(run, folder, 2)
    assert dataframe(run, Path(f"{folder}/access.log-*"), 2) == whole
    first = dataframe(run, folder / "access.log-20170301", 2)
    assert whole.startswith(first)
    text = "\n".join(line for part in parts for line in part) + "\n"
    done = run("query", "-c", HTTP, "-i", "-", "-q", "SELECT count(*) AS n FROM netlytics", "--format", "csv",
               "--max_bad_fraction", "1", stdin=text.encode())  # fmt: skip
    assert int(done.stdout.split()[1]) == whole.count(b"\n") - 1


def test_days_choose_files(run, tmp_path):
    line = "{}.000 0 c A/200 1 GET http://h/ - H/- -\n"
    for day in range(1, 6):
        (tmp_path / f"access.log-2017030{day}").write_text(line.format(1488326400 + 86400 * (day - 1)) * day)
    args = ["query", "-c", HTTP, "-i", tmp_path, "-q", "SELECT count(*) AS n FROM netlytics", "--format", "csv"]
    days = ["-s", "2017_03_02", "-e", "2017_03_04"]
    assert run(*args, *days).stdout == "n\n9\n"
    assert run(*args, "-s", "2017_03_05").stdout == "n\n5\n"
    (tmp_path / "access.log-20170301").write_text(line.format(1488326399) + line.format(1488412800) + line.format(1488326400))
    assert run(*args, "-s", "2017_03_01", "-e", "2017_03_01", "--filter_rows").stdout == "n\n1\n"
