"""PROXY headers: read whole, waited for, or refused; any bytes."""

import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.adapters.intake.proxy import BadProxy, Proxied, read_proxy

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v2(command: int, family: int, block: bytes) -> bytes:
    return SIGNATURE + bytes([command, family]) + len(block).to_bytes(2, "big") + block


V4 = socket.inet_aton("192.0.2.7") + socket.inet_aton("198.51.100.1") + b"\x10\x00\x00\x19"
V6 = (
    socket.inet_pton(socket.AF_INET6, "2001:db8::7")
    + socket.inet_pton(socket.AF_INET6, "2001:db8::1")
    + b"\x10\x00\x00\x19"
)

GOOD = [
    (b"PROXY TCP4 192.0.2.7 198.51.100.1 4096 25\r\n", "192.0.2.7"),
    (b"PROXY TCP6 2001:DB8::7 2001:db8::1 4096 25\r\n", "2001:db8::7"),
    (b"PROXY UNKNOWN\r\n", ""),
    (b"PROXY UNKNOWN anything at all\r\n", ""),
    (v2(0x21, 0x11, V4), "192.0.2.7"),
    (v2(0x21, 0x11, V4 + b"\x04\x00\x01x"), "192.0.2.7"),
    (v2(0x21, 0x21, V6), "2001:db8::7"),
    (v2(0x20, 0x00, b""), ""),
    (v2(0x21, 0x31, b"/run/x".ljust(216, b"\0")), ""),
    (v2(0x21, 0x00, b""), ""),
]


@pytest.mark.parametrize(("header", "ip"), GOOD)
def test_a_header_is_read_and_what_follows_left(header: bytes, ip: str) -> None:
    assert read_proxy(header + b"EHLO x\r\n") == Proxied(ip=ip, size=len(header))
    for end in range(len(header)):
        assert read_proxy(header[:end]) is None


@pytest.mark.parametrize(
    "data",
    [
        b"EHLO client.example.org\r\n", b"PROXY\r\n", b"PROXY TCP4 192.0.2.7\r\n", b"PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n",
        b"PROXY TCP4 192.0.2.777 198.51.100.1 1 2\r\n", b"PROXY TCP4 192.0.2.7 198.51.100.1 1 99999\r\n", b"PROXY TCP4  192.0.2.7 198.51.100.1 1 2\r\n",
        b"PROXY " + b"x" * 120, b"PROXY TCP4 192.0.2.7 198.51.100.1 1 2\nEHLO x\r\n", b"proxy TCP4 192.0.2.7 198.51.100.1 1 2\r\n",
        v2(0x31, 0x11, V4), v2(0x22, 0x11, V4), v2(0x21, 0x11, V4[:11]), v2(0x21, 0x21, V6[:35]), v2(0x21, 0x41, V4), v2(0x21, 0x11, b"x" * 1025),
    ],
)  # fmt: skip
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(BadProxy):
        read_proxy(data)


@settings(deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.binary(max_size=200).map(lambda rest: SIGNATURE + rest),
        st.binary(max_size=120).map(lambda rest: b"PROXY " + rest),
    )
)
def test_any_bytes_are_read_waited_for_or_refused(data: bytes) -> None:
    try:
        header = read_proxy(data)
    except BadProxy:
        return
    assert header is None or 0 < header.size <= len(data)
    assert header is not None or len(data) < 16 + 1024
