"""What a text counts: why it was asked for, its age, and no voice louder than its part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.flow.taught import Taught
from postroom.flow.weights import FLOOR, MOST_LIKE, REVIEWER, SENDER, capped, decay, weights, worth
from postroom.model.mail import RouteName

DAY = 86_400.0
ONE = {"id": "m", "route": RouteName("appeals"), "at": 1000.0 * DAY, "why": "review", "probability": 1.0}


def a_text(**changes) -> Taught:
    return Taught(**(ONE | changes))


def test_worth_is_why_it_was_asked_for() -> None:
    assert worth(a_text()) == 1.0
    assert worth(a_text(why="audit", probability=0.5)) == 2.0
    assert worth(a_text(why="audit", probability=0.01)) == MOST_LIKE
    assert worth(a_text(why="correction", probability=None)) == 1.0
    assert worth(a_text(why="import", probability=1.0, worth=0.5)) == 0.5


def test_half_is_lost_in_a_half_life() -> None:
    assert decay(1000.0 * DAY, 1180.0 * DAY, 180.0) == pytest.approx(0.5)
    assert decay(1000.0 * DAY, 1360.0 * DAY, 180.0) == pytest.approx(0.25)
    assert decay(1000.0 * DAY, 900.0 * DAY, 180.0) == 1.0
    assert decay(0.0, 1000.0 * DAY, 180.0) == 0.5


def shares(found, voices, free):
    total = sum(found) + free
    return {voice: sum(w for w, v in zip(found, voices, strict=True) if v == voice) / total for voice in set(voices)}


def test_a_flood_is_no_louder_than_its_part() -> None:
    voices = ["mallory"] * 500 + ["ada"] * 100
    route = RouteName("appeals")
    found = capped([1.0] * 600, [route] * 600, voices, REVIEWER, {route: 1000.0})
    assert shares(found, voices, 1000.0)["mallory"] == pytest.approx(500 / 1600)
    found = capped([1.0] * 600, [route] * 600, voices, REVIEWER, {route: 50.0})
    assert shares(found, voices, 50.0)["mallory"] == pytest.approx(1 / 3)
    assert found[-1] == pytest.approx(min(1.0, shares(found, voices, 50.0)["ada"] * (sum(found) + 50.0) / 100))


def test_where_few_have_a_say_they_have_equal_parts() -> None:
    route = RouteName("shipping")
    found = capped([1.0] * 510, [route] * 510, ["mallory"] * 500 + ["ada"] * 10, REVIEWER, {})
    assert sum(found[:500]) == pytest.approx(10.0, rel=1e-3)
    found = capped([1.0] * 530, [route] * 530, ["mallory"] * 500 + ["ada"] * 30, REVIEWER, {})
    assert sum(found[:500]) == pytest.approx(30.0, rel=1e-3)
    assert sum(capped([1.0] * 100, [route] * 100, ["ada"] * 100, REVIEWER, {route: 0.5})) == pytest.approx(10.0)
    assert capped([1.0] * 3, [route] * 3, ["ada"] * 3, REVIEWER, {}) == [1.0] * 3


def test_routes_are_apart_and_nobodys_word_is_free() -> None:
    appeals, general = RouteName("appeals"), RouteName("general")
    found = capped([90.0, 10.0, 1.0, 40.0], [appeals, appeals, general, appeals], ["a", "b", "a", None], REVIEWER, {})
    assert found[1:] == [10.0, 1.0, 40.0]
    assert found[0] / (found[0] + 50.0) == pytest.approx(1 / 3, rel=1e-3)


@given(
    st.lists(
        st.tuples(st.floats(0.001, 100.0), st.sampled_from(["a", "b", "c", "d", None]), st.sampled_from(["x", "y"])),
        min_size=1,
        max_size=40,
    ),
    st.floats(0.0, 50.0),
)
def test_no_voice_weighs_more_than_its_share_and_none_gains(rows, free: float) -> None:
    given_, voices, routes = zip(*rows, strict=True)
    found = capped(given_, [RouteName(r) for r in routes], voices, REVIEWER, {RouteName("x"): free})
    assert all(0.0 < new <= old for new, old in zip(found, given_, strict=True))
    for route, besides in (("x", free), ("y", 0.0)):
        here = [(w, v) for w, v, r in zip(found, voices, routes, strict=True) if r == route]
        total = sum(w for w, _ in here) + besides
        said = {v for _, v in here if v is not None}
        others = bool(besides) or any(v is None for _, v in here)
        part = max(REVIEWER, 1 / max(len(said) + others, 1))
        for voice in said:
            assert sum(w for w, v in here if v == voice) <= max(part * total * 1.01, FLOOR[REVIEWER] + 1e-9)


def test_all_of_it_together() -> None:
    now = 1180.0 * DAY
    flood = [a_text(id=str(n), by="mallory", sender=f"s{n}", why="correction", probability=None) for n in range(400)]
    honest = [a_text(id=f"h{n}", by="ada", sender=f"h{n}") for n in range(40)]
    found = weights([*flood, *honest], list(range(440)), now=now, half_life=180.0, others={RouteName("appeals"): 60.0})
    assert sum(found[:400]) / (sum(found) + 60.0) == pytest.approx(1 / 3, rel=1e-3)
    assert found[400] == pytest.approx(0.5)
    same_sender = [a_text(id=str(n), by=f"r{n}", sender="d.test") for n in range(400)]
    found = weights(same_sender, list(range(400)), now=ONE["at"], half_life=180.0, others={RouteName("appeals"): 190.0})
    assert sum(found) == pytest.approx(190.0, rel=1e-3)
    same_text = [a_text(id=str(n), by=f"r{n}", sender=f"s{n}") for n in range(400)]
    found = weights(same_text, [0] * 400, now=ONE["at"], half_life=180.0, others={RouteName("appeals"): 190.0})
    assert sum(found) == pytest.approx(190.0, rel=1e-3)
    assert SENDER < REVIEWER
