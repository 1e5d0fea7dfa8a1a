# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented scripts under spark-submit: run_query.py and run_job.py.

For the program `netlytics`, which starts them with NETLYTICS_EVENTS=1, each thing that happens is a line
`NLX <kind> <json>` on standard output; else warnings and errors are told on standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import byref, c_char_p, c_void_p, sizeof
from typing import Any

from . import _abi, errors
from ._library import core, encoded, hdfs_path

_EVENTS = os.environ.get("NETLYTICS_EVENTS") == "1"
_SUFFIXES = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json", ".txt": "table", ".arrow": "arrow"}


def say(kind: str, **values: Any) -> None:
    if kind == "report" and not _EVENTS:
        return
    if _EVENTS:
        print("NLX", kind, json.dumps(values), flush=True)
    elif kind in ("warning", "error"):
        hint = f"\nhint: {values['hint']}" if values.get("hint") else ""
        print(f"netlytics: {kind}: {values['message']}{hint}", file=sys.stderr)
    elif kind == "result":
        print(f"netlytics: {values['path']}: {values['rows']} rows", file=sys.stderr)


def _flag(parser: argparse.ArgumentParser, name: str, **more: Any) -> None:
    names = {f"--{name}", f"--{name.replace('_', '-')}"}
    parser.add_argument(*sorted(names, reverse=True), dest=name, **more)


def _parser(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"run_{command}.py", description=f"netlytics {command} on Apache Spark", allow_abbrev=False)
    _flag(parser, "connector", help="class name or alias of what reads the logs")
    _flag(parser, "input_path", help="base folder of the logs, a file or a glob; hdfs://... too")
    _flag(parser, "start_day", help="first day, YYYY_MM_DD")
    _flag(parser, "end_day", help="last day, YYYY_MM_DD")
    _flag(parser, "timezone", help="of logs without one")
    _flag(parser, "max_bad_fraction", type=float, help="share of rejected lines of a file that stops the run")
    for name in ("filter_rows", "strict_days", "strict_files"):
        _flag(parser, name, action="store_true")
    for name in ("temp_dir_local", "temp_dir_HDFS", "persistent_dir_local", "persistent_dir_HDFS"):
        _flag(parser, name, help="as documented")
    _flag(parser, "split_bytes", type=int, default=0, help="about how much of a file one task reads")
    if command == "query":
        _flag(parser, "query", required=True, help="one SELECT of Spark SQL over the table netlytics")
        _flag(parser, "table", action="append", default=[], help="NAME=CONNECTOR:PATH: a further table")
        _flag(parser, "asn", help="autonomous systems for asn() and as_name()")
        _flag(parser, "asn_names", help="their names")
        _flag(parser, "output", help="where the answer goes; its suffix says how it is written")
        _flag(parser, "output_file_local", help="a CSV file")
        _flag(parser, "output_file_HDFS", help="a folder of part-*.csv on HDFS")
        _flag(parser, "format", choices=["csv", "ndjson", "json", "table", "arrow"])
        _flag(parser, "report_json", help="what became of every line")
        _flag(parser, "overwrite", action="store_true", help="replace a folder of results that is there")
    else:
        _flag(parser, "algo", required=True, help="class name or alias of the algorithm")
        _flag(parser, "params", help="its parameters, a JSON object")
        _flag(parser, "output_path", required=True, help="the folder of the results")
        _flag(parser, "overwrite", action="store_true", help="replace results that are there")
    return parser


def _request(options: argparse.Namespace) -> dict[str, Any]:
    names = ("start_day", "end_day", "timezone", "max_bad_fraction", "filter_rows", "strict_days", "strict_files")
    return {name: getattr(options, name) for name in names}


def _take_dataset(job: Any, options: argparse.Namespace, connector: str, path: str, name: str | None) -> None:
    choice = _abi.ProbeChoice()
    if connector == "auto":
        core("nlt_probe_choose")(os.fsencode(path), None, b"netlytics", choice)
        connector = choice.class_name.decode()
    job.dataset(options.split_bytes, connector=connector, input_path=path, name=name, **_request(options))


@contextmanager
def _whole_folder(path: str, names: tuple[bytes, ...], overwrite: bool) -> Iterator[str]:
    """Where to write the files of a folder that appears when all are written; the last name last."""
    folder = c_void_p()
    patterns = (c_char_p * len(names))(*names)
    asked = _abi.FolderOptions(sizeof(_abi.FolderOptions), patterns, len(names), overwrite, True, False)
    core("nlt_folder_open")(encoded(path), byref(asked), byref(folder))
    try:
        yield os.fsdecode(core("nlt_folder_place")(folder))
    except BaseException:
        core("nlt_folder_discard")(folder, None)
        raise
    core("nlt_folder_commit")(folder)


def _write_parts(job: Any, path: str, format: str, overwrite: bool) -> int:
    """As the program's --output_file_HDFS."""
    suffix = next(suffix for suffix, name in _SUFFIXES.items() if name == format)
    with _whole_folder(path, (b"part-*", b"_report.json", b"_SUCCESS"), overwrite) as place:
        rows: int = job.write(f"{place}/part-00000{suffix}", format)
        core("nlt_file_write")(encoded(f"{place}/_report.json"), job.report().encode())
        core("nlt_file_write")(encoded(f"{place}/_SUCCESS"), b"")
    return rows


def _query(options: argparse.Namespace, job: Any) -> None:
    targets = [t for t in (options.output, options.output_file_local, options.output_file_HDFS) if t]
    if len(targets) > 1:
        raise errors.ArgumentError("more than one output flag")
    path = targets[0] if targets else "-"
    suffix = os.path.splitext(options.output or "")[1]
    format = options.format or _SUFFIXES.get(suffix, "csv")
    if options.connector:
        _take_dataset(job, options, options.connector, options.input_path, None)
    for text in options.table:
        name, _, rest = text.partition("=")
        at = rest.find(":", rest.find(":") + 1)
        at = at if at >= 0 else rest.find(":")
        _take_dataset(job, options, rest[:at], rest[at + 1 :], name)
    job.functions(options.asn, options.asn_names)
    job.query(options.query)
    if options.output_file_HDFS:
        path = hdfs_path(path)
        rows = _write_parts(job, path, format, options.overwrite)
    else:
        rows = job.write(path, format)
    if options.report_json:
        core("nlt_file_write")(os.fsencode(options.report_json), job.report().encode())
    say("result", path=path, rows=rows)


def _job(options: argparse.Namespace, job: Any) -> None:
    for name in ("connector", "input_path"):
        if not getattr(options, name):
            raise errors.ArgumentError(f"--{name} is missing")
    _take_dataset(job, options, options.connector, options.input_path, None)
    job.algorithm(options.algo, options.params)
    job.persistent_dir = options.persistent_dir_local or options.persistent_dir_HDFS
    rows = job.write_results(options.output_path, options.temp_dir_local, options.overwrite)
    say("result", path=f"{options.output_path}/{job.plan['output']}", rows=rows)


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _run(command: str, options: argparse.Namespace) -> None:
    from . import spark as engine

    spark = engine.session(f"netlytics {command}")
    spark.sparkContext.setLogLevel("WARN")
    say("info", ui=spark.sparkContext.uiWebUrl, application=spark.sparkContext.applicationId)
    try:
        with engine.Job(spark, say) as job:
            {"query": _query, "job": _job}[command](options, job)
            say("report", text=job.report())
            say("totals", **job.totals())
    except KeyboardInterrupt:
        spark.sparkContext.cancelAllJobs()
        raise
    finally:
        spark.stop()


def main(command: str, arguments: list[str] | None = None) -> int:
    """Runs a script; returns its exit code, as the program's."""
    options = _parser(command).parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        _run(command, options)
    except errors.Error as error:
        say("error", status=error.status, message=error.message, hint=error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        say("error", status=errors.CancelledError.status, message="interrupted", hint="")
        return errors.CancelledError.exit_code
    except Exception as error:
        if os.environ.get("NETLYTICS_DEBUG"):
            raise
        say("error", status=errors.InternalError.status, message=f"Spark: {str(error).strip()[:900]}", hint="")
        return 1
    return 0
