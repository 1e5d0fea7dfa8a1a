# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a real Spark for the answers to statements.sql: writes answers.json beside it.

    pip install 'pyspark==4.*'  (and Java 17)
    python make.py          (all statements)
    python make.py --new    (only those that answers.json does not have)

The tables are http.ndjson and dns.ndjson, self-made. Spark's settings are those of the specification.
"""

from __future__ import annotations

import datetime
import json
import os
import sys
import time
from decimal import Decimal
from pathlib import Path

from pyspark.sql import Row, SparkSession

HERE = Path(__file__).parent
TABLES = {
    "http": "req_time DOUBLE, resp_time DOUBLE, c_ip STRING, s_port BIGINT, method STRING, host STRING, path STRING, "
            "user_agent STRING, content_type STRING, status_code BIGINT, request_body_len BIGINT, response_body_len BIGINT",
    "dns": "req_time DOUBLE, resp_time DOUBLE, c_ip STRING, query STRING, req_type STRING, resp_code STRING, "
           "answers ARRAY<STRING>, answer_types ARRAY<STRING>, answer_ttls ARRAY<BIGINT>",
}  # fmt: skip


def shown(value):
    """A value as JSON can hold it: numbers that are no integers as texts with a mark."""
    if isinstance(value, float):
        return {"double": repr(value)}
    if isinstance(value, Decimal):
        return {"decimal": format(value, "f")}
    if isinstance(value, datetime.datetime):
        text = value.strftime("%Y-%m-%d %H:%M:%S.%f")
        return text.rstrip("0").rstrip(".")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Row):
        return {"fields": {name: shown(item) for name, item in value.asDict().items()}}
    if isinstance(value, dict):
        return {"fields": {str(key): shown(item) for key, item in value.items()}}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return value


def main() -> None:
    os.environ["TZ"] = "UTC"
    time.tzset()
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    settings = {"spark.sql.ansi.enabled": "false", "spark.sql.session.timeZone": "UTC", "spark.ui.enabled": "false",
                "spark.sql.shuffle.partitions": "1", "spark.driver.bindAddress": "127.0.0.1"}  # fmt: skip
    builder = SparkSession.builder.master("local[1]")
    for key, value in settings.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    for name, schema in TABLES.items():
        spark.read.schema(schema).json(str(HERE / f"{name}.ndjson")).createOrReplaceTempView(name)
    known = {}
    if "--new" in sys.argv:
        known = {answer["sql"]: answer for answer in json.loads((HERE / "answers.json").read_text())}
    answers = []
    for line in (HERE / "statements.sql").read_text().splitlines():
        if not line or line.startswith("--"):
            continue
        if line in known:
            answers.append(known[line])
            continue
        answer = {"sql": line}
        try:
            frame = spark.sql(line.rstrip(";"))
            answer["columns"] = frame.columns
            answer["rows"] = [[shown(value) for value in row] for row in frame.collect()]
        except Exception as error:  # noqa: BLE001
            answer["error"] = str(error).split("\n")[0][:200]
        answers.append(answer)
    text = ",\n".join(json.dumps(answer, ensure_ascii=False) for answer in answers)
    (HERE / "answers.json").write_text(f"[\n{text}\n]\n")
    print(spark.version, len(answers), "statements,", sum("error" in a for a in answers), "with an error")
    for answer in answers:
        if "error" in answer:
            print(answer["sql"][:100], answer["error"], sep="\n  ")


main()
