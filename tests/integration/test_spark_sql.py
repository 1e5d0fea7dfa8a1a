# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialect of Spark against the answers of a real Spark 4 (tests/golden/spark_sql)."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[1] / "golden" / "spark_sql"
TABLES = [word for name in ("http", "dns") for word in ("--table", f"{name}=ndjson:{GOLDEN / name}.ndjson")]
ANSWERS = json.loads((GOLDEN / "answers.json").read_text())
REFUSED = [line.split("\t") for line in (GOLDEN / "refused.tsv").read_text().splitlines() if line and line[0] != "#"]
# what the specification says of unnamed columns
FIXED_NAME = re.compile(r"(\w+|(sum|avg|min|max|count)\((DISTINCT )?\w+\))$")


def equal(ours, theirs) -> bool:
    if isinstance(theirs, dict) and "double" in theirs:
        if ours is None or isinstance(ours, (bool, list)):
            return False
        a, b = float(ours), float(theirs["double"])
        return (math.isnan(a) and math.isnan(b)) or a == b or math.isclose(a, b, rel_tol=1e-12)
    if isinstance(ours, str) and not isinstance(theirs, str) and ours[:1] in ("{", "["):
        ours = json.loads(ours, parse_float=Decimal)  # structs and maps are texts of JSON
    if isinstance(theirs, dict) and "fields" in theirs:
        theirs = theirs["fields"]
        return isinstance(ours, dict) and list(ours) == list(theirs) and all(map(equal, ours.values(), theirs.values()))
    if isinstance(theirs, dict):
        shown = format(ours, "f") if isinstance(ours, Decimal) else str(ours)
        return not isinstance(ours, str) and shown == theirs["decimal"]
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(equal, ours, theirs))
    return type(ours) is type(theirs) and ours == theirs


def pairs(items):
    return items


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer["sql"][:60])
def test_answer_of_spark(run, answer):
    if "error" in answer:
        run("query", "-q", answer["sql"], *TABLES, code=5)
        return
    done = run("query", "-q", answer["sql"], *TABLES, "--format", "ndjson", "--quiet")
    rows = [json.loads(line, object_pairs_hook=pairs, parse_float=Decimal) for line in done.stdout.splitlines()]
    ours = [[value for _, value in row] for row in rows]
    theirs = answer["rows"]
    assert len(ours) == len(theirs), f"{ours}\n{theirs}"
    for a, b in zip(ours, theirs):
        wrong = [(name, x, y) for name, x, y in zip(answer["columns"], a, b, strict=True) if not equal(x, y)]
        assert not wrong, f"column, ours, Spark's: {wrong}"
    for (name, _), expected in zip(rows[0] if rows else [], answer["columns"]):
        if FIXED_NAME.match(expected) and not expected.isdigit():
            assert name.lower() == expected.lower()


@pytest.mark.parametrize(("sql", "message"), REFUSED, ids=lambda text: text[:60])
def test_refused(run, sql, message):
    done = run("query", "-q", sql.replace("\\n", "\n"), *TABLES, code=5)
    assert message in done.stderr and done.stdout == ""


def test_every_function_has_an_answer_of_spark():
    rows = (Path(__file__).parents[2] / "src" / "sql" / "functions.def").read_text()
    admitted = set(re.findall(r'^(?!REFUSED|ABOUT|GROUP)[A-Z_]+\("(\w+)"', rows, re.M))
    used = set(re.findall(r"(\w+) ?\(", "\n".join(answer["sql"] for answer in ANSWERS).lower())) | {"current_date"}
    ours = {"as_name", "asn", "idn", "ip_in", "ip_prefix", "registered_domain"}
    by_syntax = {"ltrim_chars", "rtrim_chars"}  # TRIM(LEADING ...)
    assert admitted - used == ours | by_syntax
