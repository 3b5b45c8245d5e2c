"""Intervals of shares, against published figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.flow.intervals import divided, wilson


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_newcombe_1998_has_it(part, whole, low, high):
    assert wilson(part, whole) == pytest.approx((low, high), abs=1e-4)


def test_of_nothing_nothing_is_known():
    assert wilson(0, 0) == (0.0, 1.0)
    assert divided(3, 0) == 0.0


@given(st.integers(1, 2000), st.floats(0, 1))
def test_the_share_lies_in_its_interval_and_more_mail_makes_it_narrower(whole, share):
    part = round(share * whole)
    low, high = wilson(part, whole)
    assert 0.0 <= low <= part / whole <= high <= 1.0
    fewer = wilson(part, whole)
    more = wilson(part * 4, whole * 4)
    assert more[1] - more[0] < fewer[1] - fewer[0]
