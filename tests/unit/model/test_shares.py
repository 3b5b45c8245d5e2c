"""Shares for people."""

from postroom.model.shares import percent


def test_nothing_but_all_of_it_is_a_hundred_per_cent() -> None:
    shares = (0.0, 0.004, 0.126, 0.994, 0.995, 0.99999, 1.0)
    assert [percent(one) for one in shares] == ["0%", "0%", "13%", "99%", "99%", "99%", "100%"]
