# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on a cluster: an executor that dies, files that are lost or damaged, a user who interrupts."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from conftest import BIN

LINE = "{time}.000 5 10.0.0.{client} TCP_MISS/200 {bytes} GET http://{host}.example.com/ - DIRECT/192.0.2.1 text/html\n"


def squid_lines(n: int, first: int = 0) -> str:
    return "".join(
        LINE.format(time=1488326400 + i // 100, client=i % 250, bytes=i % 5000, host=f"h{i % 97}")
        for i in range(first, first + n)
    )


def write_days(folder: Path, n_files: int, lines: int) -> None:
    """Files of days 2017-03-01 and later; each seventh has a bad line."""
    folder.mkdir()
    for day in range(n_files):
        text = squid_lines(lines, day * lines) + ("no line of Squid's\n" if day % 7 == 0 else "")
        date = time.strftime("%Y%m%d", time.gmtime(1488412800 + day * 86400))
        (folder / f"access.log-{date}").write_text(text)


def run(session, folder: Path, logs: Path, **more: object) -> tuple[bytes, str, list[str]]:
    from netlytics import spark as engine

    told: list[str] = []

    def say(kind: str, **values: object) -> None:
        if kind == "warning":
            told.append(str(values["message"]))

    with engine.Job(session, say) as job:
        job.dataset(1 << 18, connector="squid:flows", input_path=logs, **more)
        job.algorithm("domain_traffic")
        job.write_results(str(folder))
        return (folder / "report.csv").read_bytes(), (folder / "report.json").read_text(), told


def alone(embedded, logs: Path, *more: str) -> tuple[bytes, str, list[str]]:
    done = embedded("job", "-c", "squid:flows", "-i", logs, "--algo", "domain_traffic", "-o", "alone", *more)
    mark = "netlytics: warning: "
    told = [line.removeprefix(mark) for line in done.stderr.splitlines() if line.startswith(mark)]
    folder = embedded.folder / "alone"
    return (folder / "report.csv").read_bytes(), (folder / "report.json").read_text(), told


def test_an_executor_dies(session, cluster, embedded, tmp_path):
    write_days(tmp_path / "logs", 20, 10000)
    application = session.sparkContext.applicationId
    killed: list[int] = []

    def kill() -> None:
        end = time.monotonic() + 60
        tracker = session.sparkContext.statusTracker()
        while time.monotonic() < end and not killed:
            for stage in tracker.getActiveStageIds():
                info = tracker.getStageInfo(stage)
                if info and info.numTasks > 20 and info.numCompletedTasks >= 1:
                    pid = cluster.executors(application)[0]
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                    break
            time.sleep(0.02)

    killer = threading.Thread(target=kill)
    killer.start()
    result = run(session, tmp_path / "spark", tmp_path / "logs")
    killer.join()
    assert killed, "the job was over before an executor could be killed"
    assert result == alone(embedded, tmp_path / "logs")


def test_one_damaged_file_of_many(session, embedded, tmp_path):
    logs = tmp_path / "logs"
    write_days(logs, 40, 20)
    plain = logs / "access.log-20170310"
    packed = gzip.compress(plain.read_bytes() * 20)
    plain.unlink()
    (logs / "access.log-20170310.gz").write_bytes(packed[: len(packed) // 2])
    result = run(session, tmp_path / "spark", logs)
    assert result == alone(embedded, logs)
    assert any("access.log-20170310.gz" in message for message in result[2])

    from netlytics import errors

    with pytest.raises(errors.DamagedError) as raised:
        run(session, tmp_path / "strict", logs, strict_files=True)
    done = embedded(
        "job", "-c", "squid:flows", "-i", logs, "--algo", "domain_traffic", "-o", "strict2", "--strict_files", code=6
    )
    assert f"netlytics: error: {raised.value}" in done.stderr
    assert "near byte" in raised.value.message
    assert not (tmp_path / "strict").exists()


def test_a_file_is_lost(session, tmp_path):
    """What fails in a task is told as the library says it, not as a stack of Python's."""
    from netlytics import errors
    from netlytics import spark as engine

    write_days(tmp_path / "logs", 3, 20)
    lost = tmp_path / "logs/access.log-20170303"
    with engine.Job(session) as job, pytest.raises(errors.NotFoundError) as raised:
        job.dataset(connector="squid:flows", input_path=tmp_path / "logs")
        job.algorithm("domain_traffic")
        lost.unlink()
        job.write_results(str(tmp_path / "out"))
    assert str(lost) in raised.value.message
    assert "Traceback" not in str(raised.value)
    assert "every worker" in raised.value.hint
    assert not (tmp_path / "out").exists()


def test_too_many_bad_lines(session, embedded, tmp_path):
    from netlytics import errors

    logs = tmp_path / "logs"
    write_days(logs, 2, 50)
    (logs / "access.log-20170302").write_text("bad\n" * 200)
    with pytest.raises(errors.DamagedError) as raised:
        run(session, tmp_path / "spark", logs)
    done = embedded("job", "-c", "squid:flows", "-i", logs, "--algo", "domain_traffic", "-o", "alone", code=6)
    assert raised.value.message in done.stderr
    assert not (tmp_path / "spark").exists()


def test_an_interrupt_while_rows_are_written(session, tmp_path):
    """It passes through the library, which knows failures only, and stays what it is."""
    import ctypes

    import pyarrow

    from netlytics import _library
    from netlytics import spark as engine

    batch = pyarrow.record_batch({"n": pyarrow.array([1, 2])})

    def make():
        yield batch
        raise KeyboardInterrupt

    def put(stream) -> None:
        _library.core("nlt_rows_write")(stream, b"csv", os.fsencode(tmp_path / "out.csv"), ctypes.c_int64())

    with engine.Job(session) as job, pytest.raises(KeyboardInterrupt):
        job._put(engine._Rows(make, batch.schema), put)
    assert list(tmp_path.iterdir()) == []


def test_results_that_exist(session, tmp_path):
    from netlytics import errors

    write_days(tmp_path / "logs", 1, 5)
    run(session, tmp_path / "out", tmp_path / "logs")
    (tmp_path / "out/report.csv").write_text("mine")
    with pytest.raises(errors.OutputError):
        run(session, tmp_path / "out", tmp_path / "logs")
    assert (tmp_path / "out/report.csv").read_text() == "mine"


# ---- the program: each of these starts spark-submit ----


def submit(cluster, folder: Path, *args: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [str(BIN), *map(str, args), "--engine", "spark", "--master", cluster.master]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, f"exit {done.returncode}, not {code}\n{done.stdout}\n{done.stderr}"
    return done


def test_the_program(cluster, embedded, tmp_path):
    write_days(tmp_path / "logs", 3, 200)
    query = "SELECT name, SUM(s_bytes) AS b FROM netlytics GROUP BY name ORDER BY 2 DESC, 1"
    asked = ["query", "-c", "squid:flows", "-i", "logs", "-q", query]
    done = submit(cluster, tmp_path, *asked)
    expected = embedded(*asked)
    assert done.stdout == expected.stdout
    assert "3 files, 600 rows, 1 rejected" in done.stderr
    job = ["job", "-c", "squid:flows", "-i", "logs", "--algo", "domain_traffic", "-p", "N=5", "-o"]
    submit(cluster, tmp_path, *job, "spark")
    embedded(*job, "alone")
    for name in ("report.csv", "report.json"):
        assert (tmp_path / "spark" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()
    verified = submit(cluster, tmp_path, *job, "unwritten", "--verify")
    assert "both engines give the same 5 rows for " in verified.stderr
    assert not (tmp_path / "unwritten").exists()
    again = submit(cluster, tmp_path, *job, "spark", code=7)
    assert "exists already" in again.stderr
    refused = submit(cluster, tmp_path, "query", "-c", "squid:flows", "-i", "logs", "-q", "SELECT nam FROM netlytics", code=5)
    assert "there is no column nam" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_interrupted(cluster, tmp_path):
    write_days(tmp_path / "logs", 10, 60000)
    command = [
        str(BIN), "job", "-c", "squid:http", "-i", "logs", "--algo", "save_dataframe", "-o", "out",
        "--engine", "spark", "--master", cluster.master, "--progress", "always",
    ]  # fmt: skip
    known = {app["id"] for app in cluster.state()["activeapps"]}
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 120
        while not {app["id"] for app in cluster.state()["activeapps"]} - known:
            assert time.monotonic() < end and process.poll() is None, process.stderr.read()
            time.sleep(0.1)
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    end = time.monotonic() + 30
    while {app["id"] for app in cluster.state()["activeapps"]} - known:
        assert time.monotonic() < end, "the job is still there"
        time.sleep(0.2)
    assert not (tmp_path / "out").exists()


def bare_python(folder: Path) -> Path:
    """A Python that has pyarrow and nothing else, as a worker may have it."""
    import pyarrow

    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = folder / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    (packages / "pyarrow").symlink_to(Path(pyarrow.__file__).parent)
    python = folder / "bin/python"
    known = subprocess.run([python, "-c", "import pyarrow, pandas"], capture_output=True, text=True)
    assert "No module named 'pandas'" in known.stderr
    return python


def test_the_documented_script(cluster, embedded, tmp_path):
    """spark-submit with the script alone, from what is in the wheel; workers have pyarrow, and the rest comes
    with the job."""
    write_days(tmp_path / "logs", 2, 100)
    job = [
        "--connector", "connectors.squid_to_named_flows.Squid_To_Named_Flows", "--input_path", "logs",
        "--start_day", "2017_03_01", "--end_day", "2017_03_02",
        "--algo", "algos.domain_traffic.DomainTraffic", "--params", '{"N":40}', "--output_path",
    ]  # fmt: skip
    with zipfile.ZipFile(os.environ["NETLYTICS_WHEEL"]) as wheel:
        wheel.extractall(tmp_path / "installed")
    script = tmp_path / "installed/netlytics/scripts/run_job.py"
    environment = {name: value for name, value in os.environ.items() if name != "NL_LIB"}
    environment["PYTHONPATH"] = str(tmp_path / "installed")
    subprocess.run(
        [f"{os.environ['SPARK_HOME']}/bin/spark-submit", "--master", cluster.master,
         "--conf", f"spark.pyspark.python={bare_python(tmp_path / 'bare')}",
         "--conf", f"spark.pyspark.driver.python={sys.executable}", str(script), *job, "spark"],
        cwd=tmp_path, env=environment, check=True, timeout=300, capture_output=True,
    )  # fmt: skip
    embedded("job", *job, "alone")
    for name in ("report.csv", "report.json"):
        assert (tmp_path / "spark" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()
