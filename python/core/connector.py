# SPDX-License-Identifier: GPL-3.0-or-later
"""The base class of connectors."""

from netlytics.algos import Connector

__all__ = ["Connector"]
