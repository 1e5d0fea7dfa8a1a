# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds and loads the shared libraries and calls their functions.

There are two: libnetlytics.so parses logs and knows what there is; libnetlytics-engine.so is the
embedded engine. The first is loaded with the package, the second when the first session is opened,
so that executors of a Spark job need not carry it.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _abi

if TYPE_CHECKING:
    from . import errors

CORE_NAME = "libnetlytics.so"
ENGINE_NAME = "libnetlytics-engine.so"


def _folders() -> Iterator[Path]:
    """Where the libraries may lie, the most telling place first."""
    given = os.environ.get("NL_LIB")  # libnetlytics.so itself, or its folder
    if given:
        path = Path(given)
        yield path if path.is_dir() else path.parent
    here = Path(__file__).parent
    yield here / "lib"
    yield here
    yield Path.cwd()
    if "pyspark" in sys.modules:  # what a job has sent with --files
        from pyspark import SparkFiles

        try:
            yield Path(SparkFiles.getRootDirectory())
        except Exception:  # no context, no files
            return


def find(name: str) -> Path:
    """Path of a library; ImportError tells where it was looked for."""
    looked_at = []
    for folder in _folders():
        for file in (folder / f"{name}.0", folder / name):
            if file.is_file():
                return file
        looked_at.append(str(folder))
    raise ImportError(f"{name} is in none of {', '.join(looked_at)}; NL_LIB may name it")


def needed_beside(library: Path) -> list[Path]:
    """What a library of the wheel needs: files that must lie beside it wherever it is sent."""
    return sorted((library.resolve().parent.parent.parent / "netlytics.libs").glob("*.so*"))


def _load(name: str) -> ctypes.CDLL:
    path = find(name)
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise ImportError(f"{path} cannot be loaded: {error}") from error


def _bind(library: ctypes.CDLL, functions: dict[str, tuple[Any, tuple[Any, ...]]]) -> dict[str, Any]:
    bound = {}
    for name, (result, arguments) in functions.items():
        function = getattr(library, name)
        function.argtypes = arguments
        function.restype = ctypes.c_int if result is _abi.Status else result
        bound[name] = _checked(function) if result is _abi.Status else function
    return bound


def _checked(function: Any) -> Callable[..., None]:
    """The function without its last argument: what went wrong is raised."""

    def call(*arguments: Any) -> None:
        error = _abi.Error(offset=-1)
        status = function(*arguments, ctypes.byref(error))
        if status != 0:
            raise failure(status, error)

    return call


def failure(status: int, error: _abi.Error) -> errors.Error:
    """The exception for a failed call."""
    from . import errors

    message = error.message.decode("utf-8", "replace") or text(core("nlt_status_name")(status))
    kind = errors.by_status(status)
    return kind(message, error.hint.decode("utf-8", "replace"), error.offset)


_core: dict[str, Any] | None = None
_engine: dict[str, Any] | None = None


def _load_core() -> dict[str, Any]:
    library = _load(CORE_NAME)
    try:
        found = library.nlt_abi_version()
    except AttributeError:
        found = 0
    if found != _abi.ABI_VERSION:
        raise ImportError(
            f"{find(CORE_NAME)} has interface {found}, this package needs {_abi.ABI_VERSION}: "
            "package and library must be of one version"
        )
    return _bind(library, _abi.CORE)


def core(name: str) -> Any:
    """A function of libnetlytics.so."""
    global _core
    if _core is None:
        _core = _load_core()
    return _core[name]


def engine(name: str) -> Any:
    """A function of libnetlytics-engine.so."""
    global _engine
    if _engine is None:
        core("nlt_version")  # the engine must find this one, not another
        _engine = _bind(_load(ENGINE_NAME), _abi.ENGINE)
    return _engine[name]


def text(raw: bytes | None) -> str:
    """Static text of the library; "" for NULL."""
    return raw.decode("utf-8") if raw is not None else ""


def take_text(pointer: ctypes.c_void_p) -> str:
    """Text that the library handed out, which is freed."""
    try:
        return ctypes.string_at(pointer.value).decode("utf-8", "replace") if pointer.value else ""
    finally:
        core("nlt_text_free")(pointer)


def encoded(value: str | os.PathLike[str] | None) -> bytes | None:
    """A text or path for a function."""
    return None if value is None else os.fsencode(value)


def hdfs_path(path: str | os.PathLike[str]) -> str:
    """A path on HDFS with its scheme; one without is absolute on fs.defaultFS. ArgumentError."""
    out = ctypes.create_string_buffer(4096)  # NLT_PATH_BYTES
    core("nlt_path_to_hdfs")(encoded(path), out, len(out))
    return os.fsdecode(out.value)
