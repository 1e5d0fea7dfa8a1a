# SPDX-License-Identifier: GPL-3.0-or-later
"""One exception class for each status of the library, made from its table of statuses.

All are an `Error`; some are also what Python itself would raise (`ArgumentError` is a ValueError,
`NotFoundError` a FileNotFoundError, `OutOfMemoryError` a MemoryError). `errors.pyi` names them for
type checkers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from . import _library

_ALSO: dict[str, type[Exception]] = {
    "ArgumentError": ValueError,
    "NotFoundError": FileNotFoundError,
    "OutputError": OSError,
    "ReadError": OSError,
    "OutOfMemoryError": MemoryError,
}


class Error(Exception):
    """A call failed.

    Attributes: `message` (what, where, the value), `hint` (what to do; may be empty), `offset` (byte
    or row that the message speaks of; -1: none), `status` (nlt_status), `exit_code` (with which
    the program `netlytics` ends).
    """

    status = -1
    exit_code = 1

    def __init__(self, message: str, hint: str = "", offset: int = -1) -> None:
        super().__init__(message, hint, offset)
        self.message = message
        self.hint = hint
        self.offset = offset

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


def _name(status: int) -> str:
    return _library.text(_library.core("nlt_status_name")(status))


def _make(status: int) -> type[Error]:
    name = _library.text(_library.core("nlt_status_exception")(status))
    members = {
        "__doc__": f'The library ended with "{_name(status)}".',
        "__module__": __name__,
        "status": status,
        "exit_code": _library.core("nlt_status_exit_code")(status),
    }
    return type(name, (Error, _ALSO[name]) if name in _ALSO else (Error,), members)


def _make_all() -> Iterator[type[Error]]:
    for status in itertools.count(1):
        if _name(status) == _name(-1):  # what is no status
            return
        yield _make(status)


_KINDS = {kind.status: kind for kind in _make_all()}
globals().update({kind.__name__: kind for kind in _KINDS.values()})
__all__ = ["Error", *(kind.__name__ for kind in _KINDS.values())]


def by_status(status: int) -> type[Error]:
    """The class for a status."""
    return _KINDS.get(status, Error)
