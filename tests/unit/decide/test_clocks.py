"""Clocks of a case: where they begin, when they run out, and what is known of them."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.decide.calendars import Calendar
from postroom.decide.clocks import ClockRule, Share, Span, earlier, later, near_end, read, read_all, span, warning
from postroom.model.cases import Case
from postroom.model.mail import BrandName, RouteName

BERLIN = Calendar(zone="Europe/Berlin", holidays=frozenset({date(2026, 12, 25), date(2027, 5, 24)}))
DAY = 86_400.0


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()


def shown(moment: float | None) -> str:
    assert moment is not None
    return datetime.fromtimestamp(moment, ZoneInfo("Europe/Berlin")).strftime("%Y-%m-%d %H:%M")


def a_case(received: str = "2026-11-23T10:00", **changes: Any) -> Case:
    case = Case(
        brand=BrandName("shop"),
        route=RouteName("appeals"),
        person="ada@example.com",
        identity="authenticated",
        received_at=at(received),
    )
    return replace(case, **changes)


def rule(within: str, **changes: Any) -> ClockRule:
    return replace(ClockRule(name="x", label="x", within=span(within), calendar=BERLIN), **changes)


DSA = rule("6 months", name="dsa", whose="person", starts="informed")
DMCA = rule(
    "14 business days",
    name="dmca",
    starts="counter-notice",
    not_before=span("10 business days"),
    warn=span("2 business days"),
)


@pytest.mark.parametrize(
    ("within", "due"),
    [
        ("36 hours", "2026-11-24 22:00"),
        ("10 business hours", "2026-11-24 12:00"),
        ("7 days", "2026-12-01 00:00"),
        ("2 business days", "2026-11-26 00:00"),
        ("1 months", "2026-12-24 00:00"),
    ],
)
def test_each_unit_is_counted_as_it_is_meant(within: str, due: str) -> None:
    assert shown(later(BERLIN, at("2026-11-23T10:00"), span(within))) == due


@pytest.mark.parametrize(
    ("length", "begins"),
    [
        ("36 hours", "2026-12-09 12:00"),
        ("10 business hours", "2026-12-09 15:00"),
        ("2 days", "2026-12-09 00:00"),
        ("2 business days", "2026-12-09 00:00"),
        ("1 months", "2026-11-10 00:00"),
    ],
)
def test_so_much_is_left(length: str, begins: str) -> None:
    assert shown(earlier(BERLIN, at("2026-12-11T00:00"), span(length))) == begins


@pytest.mark.parametrize("text", ["", "6", "six months", "0 days", "6  months", "6 months ", "6 weeks", "99999 days"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no length"):
        span(text)


def test_a_length_reads_as_it_is_written() -> None:
    assert str(span("10 business days")) == "10 business days"
    assert span("6 months") == Span(count=6, unit="months")


def test_where_nobody_knows_when_it_began_nothing_is_guessed() -> None:
    for one in (DSA, DMCA, rule("7 days", starts="notice")):
        found = read(one, a_case(), at("2030-01-01T00:00"))
        assert (found.state, found.start, found.due, found.runs) == ("unknown", None, None, False)


def test_a_complaint_after_the_persons_own_window_is_told_to_be_late() -> None:
    informed = (("informed", at("2026-05-22T15:00")),)
    # 22 November is a Sunday: the window ends with the Monday
    in_time = read(DSA, a_case("2026-11-23T23:59", starts=informed), at("2026-12-01T00:00"))
    late = read(DSA, a_case("2026-11-24T00:01", starts=informed), at("2026-12-01T00:00"))
    assert (in_time.state, late.state) == ("met", "missed")
    assert shown(in_time.due) == "2026-11-24 00:00"
    assert not in_time.runs
    assert not late.runs


def test_a_persons_window_of_hours_is_not_stretched() -> None:
    window = rule("24 hours", whose="person", starts="informed")
    found = read(
        window, a_case("2026-11-29T12:00", starts=(("informed", at("2026-11-27T12:00")),)), at("2026-12-01T00:00")
    )
    assert found.state == "missed"


@pytest.mark.parametrize(
    ("now", "state"),
    [
        ("2026-11-24T10:00", "early"),
        ("2026-12-05T00:01", "running"),  # ten working days after Friday the 20th end with Friday 4 December
        ("2026-12-08T23:59", "running"),
        ("2026-12-09T00:00", "near"),
        ("2026-12-10T23:59", "near"),
        ("2026-12-11T00:01", "late"),
    ],
)
def test_a_counter_notice_is_answered_within_a_window_of_business_days(now: str, state: str) -> None:
    case = a_case(starts=(("counter-notice", at("2026-11-20T18:00")),))
    found = read(DMCA, case, at(now))
    assert found.state == state
    assert found.runs
    assert (shown(found.early_until), shown(found.due)) == ("2026-12-05 00:00", "2026-12-11 00:00")


def test_what_the_team_did_stops_its_clocks() -> None:
    decide, answer = rule("7 days"), rule("8 business hours", stops="first answer")
    case = a_case(decided_at=at("2026-12-02T09:00"), answered_at=at("2026-11-24T09:00"))
    now = at("2026-12-03T00:00")
    assert (read(decide, case, now).state, read(answer, case, now).state) == ("missed", "met")
    assert read(decide, replace(case, decided_at=at("2026-11-30T23:00")), now).state == "met"


def test_what_runs_out_first_comes_first_then_the_unknown_then_what_is_over() -> None:
    rules = [
        DSA,
        rule("7 days", name="week"),
        rule("2 days", name="soon"),
        rule("1 hours", name="answer", stops="first answer"),
        rule("3 hours", name="late"),
    ]
    case = a_case(answered_at=at("2026-11-23T10:30"))
    found = read_all(rules, case, at("2026-11-24T10:00"))
    assert [one.rule.name for one in found] == ["late", "soon", "week", "dsa", "answer"]


@given(
    st.floats(1_600_000_000.0, 1_900_000_000.0),
    st.integers(1, 400),
    st.sampled_from(["hours", "days", "months", "business hours", "business days"]),
)
def test_a_clock_never_runs_out_before_it_began_nor_warns_after_it_ran_out(start: float, count: int, unit: str) -> None:
    length = Span(count=count, unit=unit)  # type: ignore[arg-type]
    due = later(BERLIN, start, length)
    assert due > start
    assert earlier(BERLIN, due, length) < due


@pytest.mark.parametrize(
    ("within", "percent", "begins"),
    [
        ("8 business hours", 75, "2026-11-23 16:00"),
        ("8 business hours", 99, "2026-11-24 09:55"),
        ("10 hours", 50, "2026-11-23 15:00"),
        ("2 days", 50, "2026-11-24 17:00"),
    ],
)
def test_a_part_of_the_time_that_has_passed_brings_a_clock_near_its_end(within: str, percent: int, begins: str) -> None:
    start = at("2026-11-23T10:00")
    parted = rule(within, warn=Share(percent=percent))
    assert shown(near_end(parted, start, later(BERLIN, start, parted.within))) == begins


def test_how_warnings_are_written() -> None:
    assert warning("75 %") == warning("75%") == Share(percent=75)
    assert str(Share(percent=75)) == "75 %"
    assert warning("2 days") == span("2 days")
    for text in ("0 %", "100 %", "-1 %", "7.5 %", "%", "soon", "75 % of it"):
        with pytest.raises(ValueError):
            warning(text)
