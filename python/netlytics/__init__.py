# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs of network tools as tables, SQL and algorithms over them.

>>> import netlytics
>>> flows = netlytics.get_dataset("squid:flows", "logs/squid", "2017-03-01", "2017-03-31")
>>> flows.transform("SELECT name, SUM(s_bytes) AS bytes FROM netlytics GROUP BY name").to_pandas()
>>> flows.run("domain_traffic", N=40).to_polars()

All parsing and all algorithms are in the library that comes with this package; tables come and go
as Arrow.
"""

from ._catalog import Algorithm, Column, Connector, Parameter, Schema, algorithms, connectors, schema
from ._functions import from_arrow, get_dataset, query, run, transform
from ._library import core, text
from ._session import DataWarning, Limits, Progress, Session
from ._table import Table
from .errors import *  # noqa: F403  one class for each status
from .errors import __all__ as _errors

__version__ = text(core("nlt_version")())
__all__ = [
    "Algorithm",
    "Column",
    "Connector",
    "DataWarning",
    "Limits",
    "Parameter",
    "Progress",
    "Schema",
    "Session",
    "Table",
    "algorithms",
    "connectors",
    "from_arrow",
    "get_dataset",
    "query",
    "run",
    "schema",
    "transform",
    *_errors,
]
