# SPDX-License-Identifier: GPL-3.0-or-later
"""The base class of analytics."""

from netlytics.algos import Algo

__all__ = ["Algo"]
