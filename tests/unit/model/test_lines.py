"""Canonical line ends: no byte sequence is left that two servers could read differently."""

import re

from hypothesis import given
from hypothesis import strategies as st

from postroom.model.lines import canonical

line_ends = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b".", b"\x00", b"\xff"])).map(b"".join)


@given(line_ends | st.binary())
def test_every_line_end_becomes_crlf_and_nothing_else_changes(raw: bytes) -> None:
    assert canonical(raw) == re.sub(rb"\r\n|\r|\n", b"\r\n", raw)


@given(line_ends)
def test_canonical_is_idempotent_and_keeps_the_object_when_there_is_nothing_to_do(raw: bytes) -> None:
    once = canonical(raw)
    assert canonical(once) is once


def test_a_mail_with_every_sort_of_line_end() -> None:
    assert canonical(b"a\nb\rc\r\n\r\r\n") == b"a\r\nb\r\nc\r\n\r\n\r\n"
    assert canonical(b"no line end") == b"no line end"
