"""How often a key may call."""

from postroom.web.api.pace import Pace


def test_a_bucket_empties_and_fills_again() -> None:
    now = [100.0]
    pace = Pace(60, lambda: now[0])
    assert [pace.take("a").remaining for _ in range(60)] == list(range(59, -1, -1))
    left = pace.take("a")
    assert (left.allowed, left.remaining) == (False, 0)
    assert 0.99 < left.reset <= 1.0
    assert pace.take("b").allowed
    now[0] += 1.0
    assert pace.take("a").allowed
    assert not pace.take("a").allowed
    now[0] += 3600.0
    assert pace.take("a").remaining == 59


def test_a_clock_that_is_set_back_gives_nothing_away() -> None:
    now = [100.0]
    pace = Pace(1, lambda: now[0])
    assert pace.take("a").allowed
    now[0] = 0.0
    assert not pace.take("a").allowed


def test_only_so_many_are_remembered() -> None:
    pace = Pace(1, lambda: 0.0)
    assert pace.take("first").allowed
    for number in range(10_000):
        pace.take(number)
    assert pace.take("first").allowed
