# SPDX-License-Identifier: GPL-3.0-or-later
"""--explain: the plan as text and as JSON, before and after a run."""

from __future__ import annotations

import json

import pytest

LINE = "1488326400.500    200 10.0.0.1 TCP_MISS/200 {} GET http://{}.com/x - HIER_DIRECT/1.2.3.4 text/html\n"
SQL = "SELECT name, sum(s_bytes) AS bytes FROM netlytics GROUP BY name"


@pytest.fixture
def logs(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    text = LINE.format(90, "a") + LINE.format(300, "b") + LINE.format(50, "a")
    (folder / "access.log-20170301").write_text(text)
    return folder


def explain(run, logs, *more, **kwargs):
    return run("query", "-c", "squid:flows", "-i", logs, "-q", SQL, *more, **kwargs)


def job(run, logs, *more, **kwargs):
    return run("job", "-c", "squid:flows", "-i", logs, "--algo", "domain_traffic", *more, **kwargs)


def test_text_of_a_query_reads_no_row(run, logs):
    done = explain(run, logs, "--explain")
    kinds = [line.split(": ")[1] for line in done.stdout.splitlines() if ": " in line and line[0] != " "]
    assert kinds[:2] == ["scan", "sql"]
    assert "connectors.squid_to_named_flows.Squid_To_Named_Flows" in done.stdout
    assert "answer: " in done.stdout and "ran" not in done.stdout
    assert done.stderr == ""


def test_json_of_a_query(run, logs):
    plan = json.loads(explain(run, logs, "--explain", "--format", "json", "-s", "2017_03_01").stdout)
    scan, sql = plan["nodes"]
    assert (scan["kind"], sql["kind"]) == ("scan", "sql")
    assert scan["dataset"]["path"] == str(logs) and scan["dataset"]["from"] == "2017_03_01"
    assert scan["dataset"]["files"] == 1
    assert sql["inputs"] == [scan["name"]] and plan["answer"] == sql["name"]
    assert [column["name"] for column in plan["columns"]] == ["name", "bytes"]
    assert "ran" not in scan


def test_json_of_a_job_has_its_kernel(run, logs, tmp_path):
    done = job(run, logs, "--params", '{"N": 7}', "--explain", "--format", "json")
    plan = json.loads(done.stdout)
    assert [node["kind"] for node in plan["nodes"]] == ["scan", "sql", "kernel"]
    kernel = plan["nodes"][-1]
    assert kernel["params"] == {"N_TOP": 7} and kernel["instances"] == "one"
    assert [column["name"] for column in kernel["emits"]] == ["domain", "bytes"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs"]


def test_analyze_tells_what_each_step_did(run, logs, tmp_path):
    done = job(run, logs, "--explain", "analyze", "--format", "json")
    scan, _, kernel = json.loads(done.stdout)["nodes"]
    assert scan["ran"]["rows"] == 3
    assert scan["ran"]["bytes"] == (logs / "access.log-20170301").stat().st_size
    assert kernel["ran"]["rows_in"] == 2 and kernel["ran"]["rows"] == 2
    assert kernel["ran"]["spilled_bytes"] == 0 and kernel["ran"]["seconds"] >= 0
    assert "3 rows" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs"]


@pytest.mark.parametrize("algo", ["save_dataframe", "domain_traffic"])
def test_analyze_as_text(run, logs, algo):
    done = run("job", "-c", "squid:flows", "-i", logs, "--algo", algo, "--explain=analyze")
    assert "3 rows" in done.stdout


def test_a_plan_of_several_tables(run, logs):
    done = run(
        "query", "--table", f"a=squid:flows:{logs}", "--table", f"b=squid:http:{logs}",
        "-q", "SELECT a.name FROM a JOIN b ON a.name = b.host", "--explain", "--format", "json",
    )  # fmt: skip
    kinds = [node["kind"] for node in json.loads(done.stdout)["nodes"]]
    assert kinds.count("scan") == 2 and kinds[-1] == "sql"


def test_bad_words_and_bad_statements(run, logs):
    assert "analyse" in explain(run, logs, "--explain=analyse", code=2).stderr
    assert "analyse" in explain(run, logs, "--explain", "analyse", code=2).stderr
    run("query", "-c", "squid:flows", "-i", logs, "-q", "SELECT nix FROM netlytics", "--explain", code=5)
    assert "more than once" in explain(run, logs, "--explain", "--explain", "analyze", code=2).stderr
