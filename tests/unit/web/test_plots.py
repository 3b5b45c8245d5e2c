"""Plots: numbers stand where they belong, and the drawing is well-formed and tells what it is."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.web.plots import Axis, Dots, Series, dots, lines, percent, rounded

shares = st.floats(0, 1)


def drawn(plot: str) -> ET.Element:
    return ET.fromstring(f"<all>{plot}</all>")


def every(plot: str, name: str, class_: str) -> list[ET.Element]:
    return [one for one in drawn(plot).iter(name) if one.get("class") == class_]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.5, 1.0, [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]),
        (0.0, 18_000, [0, 5000, 10_000, 15_000]),
        (0.0, 0.022, [0, 0.005, 0.01, 0.015, 0.02]),
        (0.0, 0.0, [0.0]),
    ],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert Axis(label="x", low=low, high=high).ticks()[: len(ticks)] == pytest.approx(ticks)


def test_numbers_for_people() -> None:
    assert [percent(0.981), percent(0.0), percent(1.0)] == ["98.1 %", "0.0 %", "100.0 %"]
    assert [rounded(0.1), rounded(0.025), rounded(0.3)] == ["10 %", "2.5 %", "30 %"]
    count = Axis(label="n", percent=False)
    assert [count.text(18_000), count.text(0.1 + 0.2)] == ["18,000", "0.3"]


def test_a_line_goes_from_corner_to_corner() -> None:
    plot = lines("Up", Axis(label="a"), Axis(label="b"), [Series(name="s", points=[(0, 0), (1, 1)])], diagonal=True)
    (line,) = every(plot, "polyline", "line")
    (begin, end) = (tuple(map(float, point.split(","))) for point in line.get("points", "").split())
    (diagonal,) = every(plot, "line", "diagonal")
    assert begin == (float(diagonal.get("x1", 0)), float(diagonal.get("y1", 0)))
    assert end == (float(diagonal.get("x2", 0)), float(diagonal.get("y2", 0)))
    assert begin[0] < end[0]
    assert begin[1] > end[1]
    (drawing,) = drawn(plot)
    assert (drawing.get("role"), drawing.get("aria-label")) == ("img", "Up")


def test_series_differ_by_more_than_colour_and_have_a_key() -> None:
    series = [Series(name=f"s{n}", points=[(0.5, 0.5)], marks=True) for n in range(3)]
    plot = lines("t", Axis(label="a"), Axis(label="b"), series)
    assert [one.tag for one in drawn(plot).iter() if one.get("class") == "mark"][:3] == ["circle", "path", "rect"]
    assert [one.text or one[0].tail for one in drawn(plot).iter("li")] == ["s0", "s1", "s2"]


def test_names_of_uprights_stay_inside() -> None:
    plot = lines("t", Axis(label="a"), Axis(label="b"), [], uprights=[(0.1, "here"), (0.95, "there")])
    here, there = every(plot, "text", "note")
    assert (here.get("text-anchor"), there.get("text-anchor")) == (None, "end")


def test_dots_have_their_intervals() -> None:
    plot = dots("t", Axis(label="a"), ("one",), [Dots(name="x" * 80, values=((0.5, (0.25, 0.75)),))])
    (whisker,) = every(plot, "line", "whisker")
    (mark,) = every(plot, "circle", "mark")
    low, middle, high = (float(value) for value in (whisker.get("x1", 0), mark.get("cx", 0), whisker.get("x2", 0)))
    assert middle - low == pytest.approx(high - middle, abs=0.02)
    (name,) = every(plot, "text", "name")
    assert name.text == "x" * 25 + "…"
    assert list(drawn(plot).iter("li")) == []


def test_names_are_text() -> None:
    plot = dots(
        "<script>", Axis(label="a"), ("a", "<b>"), [Dots(name="<img src=x>", values=((0.5, (0, 1)), (1.0, (1, 1))))]
    )
    assert "<script>" not in plot
    assert "<img" not in plot


@given(st.lists(st.tuples(shares, shares), max_size=20), st.floats(0, 0.9))
def test_everything_is_drawn_within_the_axes(points: list[tuple[float, float]], low: float) -> None:
    axis = Axis(label="a", low=low)
    plot = lines("t", axis, axis, [Series(name="s", points=points, intervals=[(0.0, 1.0)] * len(points), marks=True)])
    for mark in every(plot, "circle", "mark"):
        assert 66 <= float(mark.get("cx", 0)) <= 560
        assert 14 <= float(mark.get("cy", 0)) <= 340
