# SPDX-License-Identifier: GPL-3.0-or-later
"""Long calls: done by a thread of their own, while this one shows progress and hears Ctrl-C.

A call into the library cannot be left by an exception: Ctrl-C is only seen by Python between two
calls. So the waiting is done here, in Python, and an exception cancels the session, whose call then
ends soon.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from ._session import Session

Result = TypeVar("Result")

SHOWN_AFTER_S = 0.5
EVERY_S = 0.1


class _Bar(Protocol):
    def update(self) -> None: ...
    def close(self) -> None: ...


class _NoBar:
    def update(self) -> None:
        pass

    def close(self) -> None:
        pass


class _TqdmBar:
    """Bytes of the input that were read, as tqdm shows them; nothing for short calls."""

    def __init__(self, session: Session, tqdm: Any) -> None:
        self._session = session
        self._bar = tqdm(unit="B", unit_scale=True, desc="netlytics", delay=SHOWN_AFTER_S, leave=False)

    def update(self) -> None:
        progress = self._session.progress()
        self._bar.total = progress.bytes_total if progress.bytes_total > 0 else None
        self._bar.set_postfix(rows=progress.rows, refresh=False)
        self._bar.update(progress.bytes_done - self._bar.n)

    def close(self) -> None:
        self._bar.close()


def _is_looked_at() -> bool:
    """A notebook or a terminal."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return getattr(shell, "kernel", None) is not None or sys.stderr.isatty()


def _bar(session: Session) -> _Bar:
    """A bar if one is wanted; where nobody said, if somebody looks and tqdm is there."""
    wanted = session.limits.progress
    if wanted is False or (wanted is None and not _is_looked_at()):
        return _NoBar()
    try:
        from tqdm.auto import tqdm
    except ImportError:
        if wanted:
            raise
        return _NoBar()
    return _TqdmBar(session, tqdm)


def run(session: Session, work: Callable[[], Result]) -> Result:
    """What work() returns. An exception here, such as KeyboardInterrupt, cancels the session."""
    done = threading.Event()
    results: list[Result] = []
    failures: list[BaseException] = []

    def call() -> None:
        try:
            results.append(work())
        except BaseException as failure:  # raised again below
            failures.append(failure)
        finally:
            done.set()

    bar = _bar(session)
    thread = threading.Thread(target=call, name="netlytics", daemon=True)
    thread.start()
    try:
        while not done.wait(EVERY_S):
            bar.update()
        bar.update()
    except BaseException:
        session.cancel()
        done.wait()
        raise
    finally:
        bar.close()
    if failures:
        raise failures[0]
    return results[0]
