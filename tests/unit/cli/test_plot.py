"""Columns of characters."""

from postroom.cli.plot import arrow, stacked


def test_columns_by_hand() -> None:
    assert stacked([2, 0, 1], [0, 1, 1], 2) == ["█ ░", "█░█"]
    assert stacked([0, 0], [0, 0], 2) == ["  ", "  "]
    assert stacked([], [], 1) == [""]


def test_an_arrow_stands_under_its_column() -> None:
    assert arrow(0.0, 11, "x") == "▲ x"
    assert arrow(0.5, 11, "x") == " " * 5 + "▲ x"
    assert arrow(1.5, 11, "x") == " " * 10 + "▲ x"
