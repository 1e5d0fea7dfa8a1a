# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the tables of functions into docs/sql.md, between its two marks.

    netlytics functions --format json | python docs/list_functions.py docs/sql.md

which is what ./dev docs does.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

BEGIN = "<!-- functions: made by ./dev docs -->\n"
END = "<!-- end of functions -->\n"


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def tables(functions: list[dict]) -> str:
    """One table for each group, in the order of the list."""
    lines = []
    for group, members in itertools.groupby(functions, key=lambda function: function["group"]):
        members = list(members)
        is_refused = members[0]["kind"] == "refused"
        lines += [f"### {group.capitalize()}", "", f"| function | {'why not' if is_refused else 'gives'} |", "|---|---|"]
        for function in members:
            lines.append(f"| `{function['name']}{function['arguments'] or ''}` | {cell(function['help'])} |")
        lines.append("")
    return "\n".join(lines)


def with_functions(document: str, functions: list[dict]) -> str:
    head, rest = document.split(BEGIN)
    _, tail = rest.split(END)
    return f"{head}{BEGIN}\n{tables(functions)}\n{END}{tail}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(with_functions(path.read_text(), json.load(sys.stdin)))
