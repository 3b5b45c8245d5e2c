"""Scans over whole content agree with looking at it line by line."""

from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.adapters.intake.content import has_line_beyond, inspect

BYTES = st.lists(
    st.sampled_from([b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\0", b"a", b"aaaa", b"a" * 9]), max_size=40
).map(b"".join)


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), max_size=30), st.integers(1, 25), st.booleans())
def test_long_lines_are_found(lengths: list[int], limit: int, ended: bool) -> None:
    raw = b"\r\n".join(b"x" * length for length in lengths) + (b"\r\n" if ended and lengths else b"")
    assert has_line_beyond(raw, limit) == any(length > limit for length in lengths)


@settings(deadline=None)
@given(BYTES)
def test_forbidden_octets_are_found(raw: bytes) -> None:
    rest = raw.replace(b"\r\n", b"")
    assert inspect(raw, max_line=10**6, max_header=10**6).forbidden_octets == any(octet in rest for octet in b"\r\n\0")


@settings(deadline=None)
@given(BYTES, st.integers(1, 40))
def test_a_header_section_over_the_cap_is_found(raw: bytes, limit: int) -> None:
    ends = [raw.find(mark) + len(mark) for mark in (b"\r\n\r\n", b"\n\n") if mark in raw]
    header = 0 if raw.startswith((b"\r\n", b"\n")) else min(ends, default=len(raw))
    assert inspect(raw, max_line=10**6, max_header=limit).overlong_header == (header > limit)
