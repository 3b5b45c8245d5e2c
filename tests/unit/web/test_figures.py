"""Pictures of what moves and what desks get: as thick and long as it is much, and nothing of a name is obeyed."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from postroom.model.backtest import Flow, Load
from postroom.model.mail import RouteName
from postroom.web.figures import flows, loads


def a_flow(source: str, target: str, mails: int, **people: int) -> Flow:
    return Flow(source=RouteName(source), target=RouteName(target), mails=mails, **people)


def a_load(route: str, before: int, after: int) -> Load:
    return Load(route=RouteName(route), before=before, after=after, peak_before=0, peak_after=0)


def test_a_band_is_as_thick_as_it_is_much() -> None:
    drawn = flows([a_flow("appeals", "general", 30), a_flow("refunds", "general", 10)])
    first, second = (float(one) for one in re.findall(r"v([\d.]+)C", drawn))
    assert first == pytest.approx(3 * second)
    assert "appeals to general: 30" in drawn
    assert ">general 40<" in drawn


def test_what_people_said_colours_a_band() -> None:
    rows = [a_flow("a", "b", 3, fixed=2, broken=1), a_flow("a", "c", 3, broken=1, fixed=1), a_flow("a", "d", 3)]
    assert re.findall(r'class="(band[^"]*)"', flows(rows)) == ["band good", "band bad", "band"]


def test_places_stand_below_one_another_however_small() -> None:
    drawn = ElementTree.fromstring(flows([a_flow("a", "b", 10_000), a_flow("c", "d", 1), a_flow("e", "f", 1)]))
    nodes = [one for one in drawn.iter("rect") if one.get("x") == next(iter(drawn.iter("rect"))).get("x")]
    tops = [(float(one.get("y", 0)), float(one.get("height", 0))) for one in nodes]
    assert len(tops) == 3
    for (top, height), (below, _) in pairwise(tops):
        assert below > top + height


def test_bars_are_as_long_as_it_is_much_and_say_how_much_a_day() -> None:
    drawn = ElementTree.fromstring(loads([a_load("appeals", 28, 14), a_load("general", 0, 7)], 14.0))
    widths = [float(one.get("width", 0)) for one in drawn.iter("rect")]
    assert widths[0] == pytest.approx(2 * widths[1]) == pytest.approx(4 * widths[3])
    assert widths[2] == 1.0
    said = [one.text for one in drawn.iter("text")]
    assert said == ["appeals", "2.0 → 1.0", "general", "0.0 → 0.5"]


def test_no_mail_is_no_mistake_and_names_are_cut_and_escaped() -> None:
    assert loads([], 14.0).startswith("<svg")
    drawn = flows([a_flow("<script>" + "x" * 40, "&", 1)])
    assert "<script>" not in drawn
    assert "&lt;script&gt;xxxx… 1" in drawn
