# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented functions and base classes: core.utils, core.algo, core.connector."""
