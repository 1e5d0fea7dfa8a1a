# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs of network tools as tables, SQL and algorithms over them.

All parsing and all algorithms are in the library that comes with this package; tables come and go
as Arrow.
"""

from ._catalog import Algorithm, Column, Connector, Parameter, Schema, algorithms, connectors, schema
from ._library import core, text
from .errors import *  # noqa: F403  one class for each status
from .errors import __all__ as _errors

__version__ = text(core("nlt_version")())
__all__ = [
    "Algorithm",
    "Column",
    "Connector",
    "Parameter",
    "Schema",
    "algorithms",
    "connectors",
    "schema",
    *_errors,
]
