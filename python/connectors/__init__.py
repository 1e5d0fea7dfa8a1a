# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented modules of connectors; each is made from the tables of the library when it is imported."""

from netlytics._documented import serve

serve()
