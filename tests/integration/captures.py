# SPDX-License-Identifier: GPL-3.0-or-later
"""Captures made byte by byte: DNS messages in UDP and TCP over IPv4 in Ethernet frames, as pcap and pcapng."""

from __future__ import annotations

import socket
import struct

START = 1_700_000_000


def name_wire(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def dns(id_: int, name: str, is_response: bool, address: str = "192.0.2.1") -> bytes:
    head = struct.pack(">HHHHHH", id_, 0x8180 if is_response else 0x0100, 1, int(is_response), 0, 0)
    message = head + name_wire(name) + struct.pack(">HH", 1, 1)
    if is_response:
        message += struct.pack(">HHHIH", 0xC00C, 1, 1, 300, 4) + socket.inet_aton(address)
    return message


def ipv4(src: str, dst: str, protocol: int, payload: bytes, ident: int = 0, fragment: int = 0) -> bytes:
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, fragment, 64, protocol, 0, socket.inet_aton(src),
                       socket.inet_aton(dst))  # fmt: skip
    return b"\0" * 12 + b"\x08\x00" + head + payload


def udp(src_port: int, dst_port: int, payload: bytes) -> bytes:
    return struct.pack(">HHHH", src_port, dst_port, 8 + len(payload), 0) + payload


def tcp(src_port: int, dst_port: int, seq: int, payload: bytes, flags: int = 0x18) -> bytes:
    return struct.pack(">HHIIBBHHH", src_port, dst_port, seq, 0, 0x50, flags, 1000, 0, 0) + payload


def pcap(packets: list[tuple[float, bytes]], order: str = "<", is_nano: bool = False, link: int = 1) -> bytes:
    out = [struct.pack(order + "IHHiIII", 0xA1B23C4D if is_nano else 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)]
    for time, frame in packets:
        units = round((time - int(time)) * (10**9 if is_nano else 10**6))
        out.append(struct.pack(order + "IIII", int(time), units, len(frame), len(frame)) + frame)
    return b"".join(out)


def block(kind: int, body: bytes, order: str) -> bytes:
    body += b"\0" * (-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def pcapng(packets: list[tuple[float, bytes]], order: str = "<") -> bytes:
    """Two interfaces, in turn: microseconds, and 2^-10 s with an offset of 1000 s."""
    out = [block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order),
           block(1, struct.pack(order + "HHI", 1, 0, 0), order),
           block(1, struct.pack(order + "HHI", 1, 0, 0) + struct.pack(order + "HHBxxx", 9, 1, 0x8A)
                 + struct.pack(order + "HHqHH", 14, 8, 1000, 0, 0), order)]  # fmt: skip
    for i, (time, frame) in enumerate(packets):
        stamp = round((time - 1000) * 1024) if i % 2 else round(time * 10**6)
        head = struct.pack(order + "IIIII", i % 2, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), len(frame))
        out.append(block(6, head + frame, order))
    return b"".join(out)


CLIENT, SERVER = "10.0.0.1", "10.0.0.53"


def ask(time: float, id_: int, name: str, port: int = 4000) -> tuple[float, bytes]:
    return time, ipv4(CLIENT, SERVER, 17, udp(port, 53, dns(id_, name, False)))


def tell(time: float, id_: int, name: str, port: int = 4000, address: str = "192.0.2.1") -> tuple[float, bytes]:
    return time, ipv4(SERVER, CLIENT, 17, udp(53, port, dns(id_, name, True, address)))
