# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented module paths, `algos.domain_traffic` and the like, without a file for each.

The packages `algos` and `connectors` call `serve()`; what is below them is found here and filled with
the classes that the library's tables name.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from .algos import CLASSES

_PACKAGES = ("algos", "connectors")


class _Finder(MetaPathFinder, Loader):
    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] not in _PACKAGES:
            return None
        below = [class_name for class_name in CLASSES if class_name.startswith(f"{name}.")]
        if not below:
            return None
        is_package = any(class_name.rpartition(".")[0] != name for class_name in below)
        return ModuleSpec(name, self, origin="netlytics", is_package=is_package)

    def exec_module(self, module: ModuleType) -> None:
        for class_name, kind in CLASSES.items():
            where, _, name = class_name.rpartition(".")
            if where == module.__name__:
                setattr(module, name, kind)


def serve() -> None:
    """Modules below `algos` and `connectors` are found from now on; files on the path go first."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
