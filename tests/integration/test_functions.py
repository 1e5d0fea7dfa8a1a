# SPDX-License-Identifier: GPL-3.0-or-later
"""netlytics functions, and the document that is made from it."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def listed(run) -> list[dict]:
    return json.loads(run("functions", "--format", "json").stdout)


def test_document_is_up_to_date(run):
    spec = importlib.util.spec_from_file_location("list_functions", ROOT / "docs" / "list_functions.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    document = (ROOT / "docs" / "sql.md").read_text()
    assert module.with_functions(document, listed(run)) == document, "run ./dev docs"


def test_each_function_is_listed_once_and_described(run):
    functions = listed(run)
    names = [function["name"] for function in functions]
    assert len(names) == len(set(names))
    for function in functions:
        assert function["help"] and not function["help"].endswith(".")
        assert (function["arguments"] is None) == (function["kind"] == "refused")
        assert function["dialect"] == ("both" if function["group"] == "addresses and names" else "spark")


def test_every_row_of_the_table_is_listed(run):
    rows = (ROOT / "src" / "sql" / "functions.def").read_text()
    named = set(re.findall(r'^(?!ABOUT|GROUP)[A-Z_]+\("(\w+)"', rows, re.M))
    by_syntax = {"ltrim_chars", "rtrim_chars"}  # TRIM(LEADING ...)
    assert named - {function["name"] for function in listed(run)} == by_syntax


def test_part_of_a_name(run):
    lines = run("functions", "lpad").stdout.splitlines()
    assert lines[0] == "texts" and lines[1].startswith("  lpad(text, n[, fill]) ") and len(lines) == 2
    assert "refused: " in run("functions", "uuid").stdout
    done = run("functions", "nothing_like_it", code=2)
    assert 'holds "nothing_like_it"' in done.stderr


def test_refused_functions_say_why(run):
    for function in listed(run):
        if function["kind"] == "refused":
            done = run("query", "-q", f"SELECT {function['name']}()", code=5)
            assert function["help"] in done.stderr
