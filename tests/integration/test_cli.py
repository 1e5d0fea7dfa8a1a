# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line itself: help, version, lists, exit codes."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import time

import pytest
from conftest import BIN

LINE = "1488326400.000    100 10.0.0.1 TCP_MISS/200 5000 GET http://example.org/a - DIRECT/192.0.2.1 text/html\n"


def test_version(run):
    assert run("--version").stdout.startswith("netlytics ")


@pytest.mark.parametrize("command", ["query", "job", "connectors", "algos", "schema", "functions"])
def test_help(run, command):
    assert f"netlytics {command}" in run(command, "--help").stdout


def test_query_of_standard_input(run):
    sql = "SELECT name, SUM(s_bytes) AS traffic FROM netlytics GROUP BY name"
    done = run("query", "-c", "squid:flows", "-i", "-", "-q", sql, "--format", "csv", stdin=LINE.encode())
    assert done.stdout == "name,traffic\nexample.org,5000\n"


def test_unknown_command(run):
    assert 'unknown command "nonsense"' in run("nonsense", code=2).stderr


@pytest.mark.parametrize("flag", ["-o", "--output_file_local", "-q", "--end_day", "--format"])
def test_a_value_that_is_empty(run, flag):
    done = run("query", flag, "", code=2)
    assert "needs a value" in done.stderr


@pytest.mark.parametrize(
    ("command", "flags", "other"),
    [
        ("query", ["--master", "local[2]"], "--engine spark"),
        ("query", ["--master", "local[2]", "--engine", "duckdb"], "--engine spark"),
        ("query", ["--every", "2"], "--follow"),
        ("job", ["--format", "json"], "--explain"),
    ],
)
def test_a_flag_that_says_nothing_alone(run, command, flags, other):
    done = run(command, "-c", "squid:flows", "-i", "-", *flags, code=2)
    assert done.stderr.startswith(f"netlytics: error: {flags[0]} is of {other}")


def test_progress_fits_the_terminal():
    """Else each redrawing would leave the lines before it."""
    main, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 20, 0, 0))
    args = [str(BIN), "query", "-c", "squid:flows", "-i", "-", "-q", "SELECT COUNT(*) AS n FROM netlytics"]
    with subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=other) as process:
        os.close(other)
        process.stdin.write(LINE.encode() * 300_000)
        process.stdin.flush()
        drawn = b""
        while b"reading" not in drawn and process.poll() is None:
            drawn += os.read(main, 4096)
        time.sleep(0.5)
        process.stdin.close()
    drawn += os.read(main, 4096)
    os.close(main)
    lines = re.findall(rb"reading [^\x1b\r]*", drawn)
    assert lines and max(map(len, lines)) <= 19
