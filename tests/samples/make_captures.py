#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the captures among the samples. What they hold is told beside each packet; the rows are in `rows`."""

import struct
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

from captures import CLIENT, SERVER, block, dns, ipv4, name_wire, pcap, tcp, udp  # noqa: E402

DAY = 1488326400  # 2017-03-01


def ask(at: float, id_: int, name: str, port: int) -> tuple[float, bytes]:
    return DAY + at, ipv4(CLIENT, SERVER, 17, udp(port, 53, dns(id_, name, False)))


def tell(at: float, id_: int, name: str, port: int, address: str = "192.0.2.1") -> tuple[float, bytes]:
    return DAY + at, ipv4(SERVER, CLIENT, 17, udp(53, port, dns(id_, name, True, address)))


def record(name: bytes, kind: int, ttl: int, data: bytes, cls: int = 1) -> bytes:
    return name + struct.pack(">HHIH", kind, cls, ttl, len(data)) + data


def ipv6(src: int, dst: int, payload: bytes) -> bytes:
    head = struct.pack(">IHBB", 6 << 28, len(payload), 17, 64) + b"\x20\x01\x0d\xb8" + b"\0" * 11 + bytes([src])
    return b"\0" * 12 + b"\x86\xdd" + head + b"\x20\x01\x0d\xb8" + b"\0" * 11 + bytes([dst]) + payload


def rich() -> bytes:
    """A response with a chain and records of several kinds, BADVERS by its OPT record."""
    head = struct.pack(">HHHHHH", 9, 0x85B0, 1, 5, 0, 1)
    mail = b"\xc0\x0c"
    return (head + name_wire("MAIL.Example") + struct.pack(">HH", 255, 1)
            + record(mail, 5, 60, name_wire("Edge.Example")) + record(mail, 15, 0x80000000, b"\0\x0a" + mail)
            + record(mail, 16, 1, b"\x03a\"b\x02\x01\\") + record(mail, 28, 2, bytes(15) + b"\1") + record(mail, 65280, 3, b"\xab\xcd")
            + record(b"\0", 41, 0x01000000, b"", 1232))  # fmt: skip


def first_file() -> bytes:
    fragmented = udp(53, 4003, dns(4, "frag.org", True, "192.0.2.4"))
    stream = b"".join(struct.pack(">H", len(one)) + one for one in (dns(5, "one.org", False), dns(6, "two.org", False)))
    return pcap([
        ask(0.25, 1, "WWW.Again.org", 4000), ask(10.25, 1, "www.again.ORG", 4000),  # asked again after 10 s: the same row
        tell(10.25, 1, "www.again.org", 4000),
        ask(20, 2, "late.org", 4001), tell(30.5, 2, "late.org", 4001),  # after 10.5 s: a row of its own
        tell(31, 3, "alone.org", 4002, "192.0.2.3"),
        ask(32, 4, "frag.org", 4003),
        (DAY + 33, ipv4(SERVER, CLIENT, 17, fragmented[24:], 77, 3)), (DAY + 34, ipv4(SERVER, CLIENT, 17, fragmented[:24], 77, 0x2000)),
        (DAY + 35, ipv4(CLIENT, SERVER, 6, tcp(5000, 53, 99, b"", 0x02))),  # ignored
        (DAY + 36, ipv4(CLIENT, SERVER, 6, tcp(5000, 53, 110, stream[10:]))), (DAY + 37, ipv4(CLIENT, SERVER, 6, tcp(5000, 53, 100, stream[:10]))),
        (DAY + 38, ipv4(CLIENT, SERVER, 17, udp(4004, 80, dns(7, "no.org", False)))),  # ignored: no port of DNS
        (DAY + 39, ipv4(CLIENT, SERVER, 17, udp(4004, 53, b"eleven byte"))),  # not_dns
        (DAY + 40, ask(0, 8, "cut.org", 4005)[1][:-6]),  # truncated_packet
        (DAY + 41, ipv6(1, 2, udp(4006, 53, dns(9, "six.org", False)))),
        ask(299, 10, "next.org", 4007),
    ])  # fmt: skip


def second_file() -> bytes:
    """pcapng, big-endian, nanoseconds."""
    out = [block(0x0A0D0D0A, struct.pack(">IHHq", 0x1A2B3C4D, 1, 0, -1), ">"),
           block(1, struct.pack(">HHI", 1, 0, 0) + struct.pack(">HHBxxxHH", 9, 1, 9, 0, 0), ">")]  # fmt: skip
    packets = [tell(300.000000001, 10, "next.org", 4007, "192.0.2.10"),
               (DAY + 301, ipv4(SERVER, CLIENT, 17, udp(53, 4008, rich())))]  # fmt: skip
    for i, (_, frame) in enumerate(packets):
        stamp = (DAY + 300 + i) * 10**9 + 1
        out.append(block(6, struct.pack(">IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), len(frame)) + frame, ">"))
    return b"".join(out)


def write(path: str, data: bytes) -> None:
    (HERE / path).parent.mkdir(parents=True, exist_ok=True)
    (HERE / path).write_bytes(data)


write("pcap_dns/logs/ns1.example.20170301.000000.000000", first_file())
write("pcap_dns/logs/ns1.example.20170301.000500.000000", second_file())
write("tstat_pcap_dns/logs/2017/03-Mar/2017_03_01_00_00.out/traces00/udp_dns.pcap", first_file())
write("tstat_pcap_dns/logs/2017/03-Mar/2017_03_01_00_05.out/traces00/udp_dns.pcap", second_file())
