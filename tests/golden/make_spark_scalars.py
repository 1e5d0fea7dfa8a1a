# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of Spark for the calls in spark_scalars.txt, as rows of a C table: spark_scalars.inc.

Needs pyspark 4 and Java 17 or later: python make_spark_scalars.py

A line of spark_scalars.txt is a call of a function in C, as tests/support/scalar_rows.h reads it, without
its prefix nlt_; cast_TYPE(x) stands for CAST(x AS TYPE). A failure of Spark is `error`, whatever it says.
"""

from __future__ import annotations

import re
from pathlib import Path

from pyspark.sql import SparkSession

HERE = Path(__file__).parent
TOKEN = re.compile(r"(?:DATE |TIMESTAMP )?'(?:[^']|'')*'|[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?|[A-Za-z_0-9]+|.", re.S)


def token(text: str) -> str:
    """A literal as Spark writes it: its own escapes in texts, D behind doubles, L behind integers."""
    if text[-1] == "'" and len(text) > 1:
        head, body = text[:-1].split("'", 1)
        return head + "'" + body.replace("''", "'").replace("\\", "\\\\").replace("'", "\\'") + "'"
    if re.fullmatch(r"[-+]?[0-9.]+([eE][-+]?[0-9]+)?", text):
        return text + ("D" if re.search(r"[.eE]", text) else "L" if abs(int(text)) >= 1 << 31 else "")
    return {"NaN": "double('NaN')", "inf": "double('inf')"}.get(text, text)


def spark_sql(call: str) -> str:
    text = "".join(map(token, TOKEN.findall(call)))
    if match := re.match(r"cast_(\w+)\((.*)\)$", text, re.S):
        text = f"cast({match[2]} as {match[1]})"
    return text


def result(spark: SparkSession, call: str) -> str:
    sql = spark_sql(call)
    try:
        kind = spark.sql(f"SELECT {sql} AS x").schema[0].dataType.simpleString()
        shown = f"concat('[', concat_ws(',', {sql}), ']')" if kind.startswith("array") else f"cast({sql} as string)"
        value = spark.sql(f"SELECT if(({sql}) IS NULL, 'NULL', {shown}) AS x").collect()[0][0]
    except Exception:  # whatever Spark throws
        return "error"
    return value


def c_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    escaped = escaped.replace("\r", "\\r").replace("?", "\\?")
    return '"' + "".join(c if ord(c) >= 32 else f"\\{ord(c):03o}" for c in escaped) + '"'


def main() -> None:
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.sql.ansi.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    lines = (HERE / "spark_scalars.txt").read_text(encoding="utf-8").splitlines()
    with (HERE / "spark_scalars.inc").open("w", encoding="utf-8") as out:
        out.write(f"/* Made by make_spark_scalars.py with Spark {spark.version}. */\n")
        for line in lines:
            if line and not line.startswith("#"):
                out.write(f"{{{c_text('nlt_' + line)}, {c_text(result(spark, line))}}},\n")


if __name__ == "__main__":
    main()
