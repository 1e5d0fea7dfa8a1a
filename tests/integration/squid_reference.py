# SPDX-License-Identifier: GPL-3.0-or-later
"""Squid lines to rows, a second time: slow, plain, written from the description of the formats only."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from decimal import Decimal

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
INTEGER = re.compile(r"-?\d+\Z", re.A)
HIERARCHY = re.compile(r"[A-Z][A-Z0-9_:]*/", re.A)
REQUEST_END = re.compile(r' [A-Z]+/\d+\.\d+" (-?\d+|-) (-?\d+|-)(?= |$)', re.A)
DATE_LEN = len("[dd/Mon/yyyy:HH:MM:SS +hhmm]")
DATE = re.compile(r"\[(\d\d)/([A-Z][a-z][a-z])/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\]\Z", re.A)
PORTS = {"http": 80, "https": 443, "ftp": 21}


class Rejected(Exception):
    """The reason is its text."""


@dataclass
class Request:
    start: Decimal
    end: Decimal
    client: str
    status: int
    size: int
    method: str
    url: str
    peer: str = "-"
    content_type: str = "-"
    referrer: str = "-"
    agent: str = "-"


def integer(text: str) -> int:
    if not INTEGER.match(text) or not -(2**63) <= int(text) < 2**63:
        raise Rejected("bad_number")
    return int(text)


def size_of(text: str) -> int:
    """Negative: unknown."""
    return -1 if text == "-" else integer(text)


def native(fields: list[str]) -> Request:
    at = next((i for i in range(8, len(fields)) if HIERARCHY.match(fields[i])), None)
    if at is None:
        raise Rejected("too_few_fields")
    if not re.match(r"\d+(\.\d+)?\Z", fields[0], re.A) or Decimal(fields[0]) * 10**9 >= 2**63:
        raise Rejected("bad_time")
    elapsed = 0 if fields[1] == "-" else integer(fields[1])
    size = size_of(fields[4])
    _, slash, code = fields[3].rpartition("/")
    if not slash:
        raise Rejected("bad_number")
    status = 0 if code == "-" else integer(code)
    end = Decimal(fields[0])
    peer = fields[at].partition("/")[2]
    kind = fields[at + 1] if at + 1 < len(fields) else "-"
    return Request(
        end - Decimal(elapsed) / 1000, end, fields[2], status, size, fields[5], " ".join(fields[6 : at - 1]), peer, kind
    )


def date(text: str) -> Decimal:
    match = DATE.match(text)
    if not match:
        raise Rejected("bad_time")
    day, month, year, hour, minute, second, sign, hours, minutes = match.groups()
    if month not in MONTHS or int(hour) > 23 or int(minute) > 59 or int(second) > 60:
        raise Rejected("bad_time")
    number = MONTHS.index(month) + 1
    if not 1 <= int(day) <= calendar.monthrange(int(year), number)[1]:
        raise Rejected("bad_time")
    seconds = calendar.timegm((int(year), number, int(day), int(hour), int(minute), int(second)))
    offset = (int(hours) * 60 + int(minutes)) * 60
    return Decimal(seconds - (offset if sign == "+" else -offset))


def combined(line: str, client: str) -> Request:
    begin = re.match(r"\s*\S+\s+\S+\s+\S+\s+", line).end()
    time = date(line[begin : begin + DATE_LEN])
    rest = line[begin + DATE_LEN :].lstrip(" ")
    match = REQUEST_END.search(rest[1:]) if rest.startswith('"') else None
    if not match:
        raise Rejected("too_few_fields")
    rest = rest[1:]
    method, _, url = rest[: match.start()].partition(" ")
    status, size = 0 if match[1] == "-" else integer(match[1]), size_of(match[2])
    request = Request(time, time, client, status, size, method, url)
    tail = rest[match.end() :].strip(" ")
    if tail.startswith('"') and tail.rfind('"') > 0:
        last = tail.rindex('"')
        middle = tail.find('" "', 1)
        request.referrer = tail[1 : middle if middle >= 0 else last]
        request.agent = tail[middle + 3 : last] if 0 <= middle < last - 2 else "-"
    return request


def url_parts(url: str) -> tuple[str | None, int | None, str | None]:
    """Host, port, path."""
    if url in ("-", ""):
        return None, None, None
    match = re.match(r"([A-Za-z][A-Za-z0-9+\-._]*)://", url)
    if match:
        authority = re.split(r"[/?#]", url[match.end() :], maxsplit=1)[0]
        path = url[match.end() + len(authority) :] or None
        host = authority.rpartition("@")[2]
        port: str | None = None
        if host.startswith("["):
            if "]" not in host:
                raise Rejected("bad_url")
            host, _, rest = host[1:].partition("]")
            port = rest[1:] if rest.startswith(":") else None
        elif host.count(":") == 1:
            host, _, port = host.partition(":")
        if not port:
            return host or None, PORTS.get(match[1].lower()) if host else None, path
        number = int(port) if re.match(r"\d+\Z", port, re.A) and int(port) <= 65535 else None
        return host or None, number, path
    if url.startswith("/"):
        return None, None, url
    if url.startswith("[") and "]" not in url:
        raise Rejected("bad_url")
    match = re.match(r"\[([^\]]*)\]:(\d{1,5})\Z", url, re.A) or re.match(r"([^:/]+):(\d{1,5})\Z", url, re.A)
    if match:
        return match[1] or None, int(match[2]) if int(match[2]) <= 65535 else None, None
    return None, None, url


def absent(text: str) -> str | None:
    return None if text == "-" else text


def http_row(line: str) -> dict[str, object] | None:
    """The row without its NULLs; None: ignored."""
    fields = line.split()
    if not fields or fields[0].startswith("#"):
        return None
    is_combined = len(fields) > 3 and fields[3].startswith("[")
    request = combined(line, fields[0]) if is_combined else native(fields)
    host, port, path = url_parts(request.url)
    row = {
        "c_ip": absent(request.client),
        "content_type": absent(request.content_type),
        "host": host,
        "method": absent(request.method),
        "path": path,
        "referrer": absent(request.referrer),
        "req_time": float(request.start),
        "resp_time": float(request.end),
        "response_body_len": request.size if request.size >= 0 else None,
        "s_ip": absent(request.peer) or None,
        "s_port": port,
        "status_code": request.status or None,
        "user_agent": absent(request.agent),
    }
    return {key: value for key, value in row.items() if value is not None}
