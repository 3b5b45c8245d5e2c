"""PROXY protocol, versions 1 and 2 (haproxy.org, "The PROXY protocol", 2020): who is behind our own load balancer.

Invariant: any bytes give `Proxied`, None (more bytes are needed, at most 107 for version 1 and 16 + 1024 for version 2)
or `BadProxy`; never another error. Only ever read from peers that the settings list.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

_SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
_V1_LONGEST: Final = 107
_V2_LONGEST: Final = 1024
_V1 = re.compile(rb"PROXY (TCP4|TCP6) ([0-9A-Fa-f:.]{2,45}) ([0-9A-Fa-f:.]{2,45}) ([0-9]{1,5}) ([0-9]{1,5})")


class BadProxy(Exception):
    """This is no PROXY header; hang up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxied:
    """A whole header."""

    #: address of the client; ``""`` when the header names none and the connection's own counts (LOCAL, UNKNOWN)
    ip: str
    #: bytes of the header; what follows is SMTP
    size: int


def read_proxy(data: bytes) -> Proxied | None:
    """The header at the start of ``data``; None while it is incomplete. Raises `BadProxy`."""
    if data[:12] == _SIGNATURE[: len(data)] and data:
        return _version_2(data)
    if data[:6] == b"PROXY "[: len(data)]:
        return _version_1(data)
    raise BadProxy("no PROXY header")


def _version_1(data: bytes) -> Proxied | None:
    end = data.find(b"\r\n", 0, _V1_LONGEST)
    if end < 0:
        if len(data) >= _V1_LONGEST:
            raise BadProxy("PROXY line too long")
        return None
    line = data[:end]
    if line == b"PROXY UNKNOWN" or line.startswith(b"PROXY UNKNOWN "):
        return Proxied(ip="", size=end + 2)
    match = _V1.fullmatch(line)
    if match is None or any(int(port) > 65535 for port in match.group(4, 5)):
        raise BadProxy("malformed PROXY line")
    kind = ipaddress.IPv4Address if match[1] == b"TCP4" else ipaddress.IPv6Address
    try:
        kind(match[3].decode())
        return Proxied(ip=str(kind(match[2].decode())), size=end + 2)
    except ValueError as error:
        raise BadProxy("malformed address in PROXY line") from error


def _version_2(data: bytes) -> Proxied | None:
    if len(data) < 16:
        return None
    command, family, length = data[12], data[13], int.from_bytes(data[14:16], "big")
    if command >> 4 != 2 or command & 15 > 1 or length > _V2_LONGEST:
        raise BadProxy("unknown PROXY version or command, or header too long")
    if len(data) < 16 + length:
        return None
    block = data[16 : 16 + length]
    ip = ""
    if command & 15 == 1:
        match family >> 4:
            case 1 if length >= 12:
                ip = str(ipaddress.IPv4Address(block[:4]))
            case 2 if length >= 36:
                ip = str(ipaddress.IPv6Address(block[:16]))
            case 0 | 3:
                pass
            case _:
                raise BadProxy("unknown PROXY family, or addresses missing")
    return Proxied(ip=ip, size=16 + length)
