# SPDX-License-Identifier: GPL-3.0-or-later
"""Ctrl-C, cancelling, progress."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import netlytics
import pytest

ENDLESS = (
    "SELECT COUNT(*) AS n FROM a, a AS b, a AS c, a AS d"
    " WHERE a.resp_time + b.resp_time < c.resp_time * d.resp_time - 5"
)


@pytest.fixture
def requests(many: Path) -> netlytics.Table:
    return netlytics.get_dataset("squid:http", many)


@pytest.fixture
def endless(requests: netlytics.Table) -> netlytics.Table:
    """10^20 pairs to look at."""
    return netlytics.query(ENDLESS, a=requests)


def when_it_runs(call: Callable[[], None]) -> threading.Timer:
    timer = threading.Timer(0.3, call)
    timer.start()
    return timer


@pytest.mark.parametrize("take", ["to_arrow", "to_reader", "write", "batches", "repr"])
def test_ctrl_c_ends_a_run(endless: netlytics.Table, tmp_path: Path, take: str) -> None:
    calls: dict[str, Callable[[], object]] = {
        "to_arrow": endless.to_arrow,
        "to_reader": endless.to_reader,
        "write": lambda: endless.write(tmp_path / "out.csv"),
        "batches": lambda: list(endless.batches()),
        "repr": lambda: repr(endless),
    }
    timer = when_it_runs(lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        calls[take]()
    timer.join()
    assert not (tmp_path / "out.csv").exists()


def test_a_table_lives_on_after_ctrl_c(requests: netlytics.Table, endless: netlytics.Table) -> None:
    when_it_runs(lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        endless.to_arrow()
    assert requests.to_arrow().num_rows == 100_000


def test_cancel_from_another_thread(endless: netlytics.Table) -> None:
    when_it_runs(endless.session.cancel)
    with pytest.raises(netlytics.CancelledError):
        endless.to_arrow()


def test_progress_while_it_runs(requests: netlytics.Table) -> None:
    assert requests.session.progress().bytes_done == 0
    size = requests.session.progress().bytes_total
    requests.to_arrow()
    done = requests.session.progress()
    assert (done.bytes_done, done.files, done.rows) == (size, 1, 100_000)


def test_a_bar_that_was_asked_for(
    many: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from netlytics import _wait

    monkeypatch.setattr(_wait, "SHOWN_AFTER_S", 0)
    for progress, is_shown in ((True, True), (False, False), (None, False)):  # nobody looks
        netlytics.get_dataset("squid:http", many, progress=progress).to_arrow()
        assert ("netlytics" in capfd.readouterr().err) is is_shown


def test_other_threads_go_on(endless: netlytics.Table) -> None:
    counted = 0
    when_it_runs(endless.session.cancel)
    thread = threading.Thread(target=lambda: pytest.raises(netlytics.CancelledError, endless.to_arrow))
    thread.start()
    while thread.is_alive():
        counted += 1
        time.sleep(0.01)
    assert counted > 1
