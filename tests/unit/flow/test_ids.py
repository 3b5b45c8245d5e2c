"""Ids sort by time and hold all their entropy."""

from hypothesis import given
from hypothesis import strategies as st

from postroom.flow.ids import new_id


@given(st.floats(0, 2**37), st.floats(0, 2**37), st.binary(min_size=10, max_size=10))
def test_ids_sort_by_time(one: float, other: float, entropy: bytes) -> None:
    first, second = sorted((one, other))
    a, b = new_id(first, lambda _: entropy), new_id(second, lambda _: entropy)
    assert len(a) == 26
    assert (a <= b) if int(first * 1000) <= int(second * 1000) else (a > b)


@given(st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_different_entropy_gives_different_ids(one: bytes, other: bytes) -> None:
    assert (new_id(1.0, lambda _: one) == new_id(1.0, lambda _: other)) == (one == other)
