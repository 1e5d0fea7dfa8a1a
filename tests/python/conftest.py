# SPDX-License-Identifier: GPL-3.0-or-later
"""Small logs of three days, whose answers can be worked out by hand."""

from __future__ import annotations

from pathlib import Path

import netlytics
import pytest

DAY = 1488326400  # 2017-03-01 00:00:00 UTC

# Second of the day, client, bytes, URL; one line each, of three days.
REQUESTS = {
    "20170301": [
        (10, "10.0.0.1", 100, "http://a.com/x"),
        (20, "10.0.0.2", 300, "http://b.com/"),
        (30, "10.0.0.1", 50, "http://a.com/y"),
    ],
    "20170302": [(86400 + 5, "10.0.0.3", 1000, "http://c.com/")],
    "20170303": [(172800 + 1, "10.0.0.1", 7, "http://a.com/z")],
}


def squid_line(second: int, client: str, size: int, url: str) -> str:
    return (
        f"{DAY + second}.500   250 {client} TCP_MISS/200 {size} GET {url} - HIER_DIRECT/192.0.2.1 text/html\n"
    )


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of Squid logs; one line of the second day is no request."""
    folder = tmp_path_factory.mktemp("squid")
    for day, requests in REQUESTS.items():
        text = "".join(squid_line(*request) for request in requests)
        (folder / f"access.log-{day}").write_text(text + ("what is this\n" if day == "20170302" else ""))
    return folder


@pytest.fixture
def flows(logs: Path) -> netlytics.Table:
    """NamedFlows of the three days: bytes of a.com 157, b.com 300, c.com 1000."""
    return netlytics.get_dataset("squid:flows", logs, "2017-03-01", "2017-03-03")


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A log of 100,000 requests of 1,000 clients."""
    file = tmp_path / "access.log-20170301"
    file.write_text(
        "".join(
            squid_line(i // 10, f"10.0.{i % 1000 // 250}.{i % 250}", i % 7, "http://a.com/")
            for i in range(100_000)
        )
    )
    return file
