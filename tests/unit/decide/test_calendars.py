"""Business hours and working days, across nights, holidays and set clocks."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.decide.calendars import (
    Calendar,
    add_hours,
    add_months,
    add_working_days,
    end_of_day,
    local_day,
    next_opening,
    open_seconds,
    open_until,
    openings,
    start_of_day,
    subtract_hours,
    subtract_working_days,
    working_day_from,
)

HOUR = 3600.0
WEEK = (((9 * 60, 12 * 60), (13 * 60, 17 * 60)),) * 5 + ((), ())
BERLIN = Calendar(
    zone="Europe/Berlin", week=WEEK, holidays=frozenset({date(2026, 12, 25), date(2026, 12, 26), date(2027, 1, 1)})
)
ALWAYS = Calendar(zone="Europe/Berlin", week=(((0, 1440),),) * 7)
NEVER = Calendar(week=((),) * 7)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Pacific/Apia",
]


def at(text: str, zone: str = "Europe/Berlin") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def shown(moment: float, zone: str = "Europe/Berlin") -> str:
    return datetime.fromtimestamp(moment, ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "hours", "then"),
    [
        ("2026-11-23T10:00", 1, "Mon 2026-11-23 11:00"),
        ("2026-11-23T11:00", 2, "Mon 2026-11-23 14:00"),  # over noon
        ("2026-11-23T16:00", 2, "Tue 2026-11-24 10:00"),  # over night
        ("2026-11-23T03:00", 1, "Mon 2026-11-23 10:00"),  # from before it opens
        ("2026-11-27T16:30", 1, "Mon 2026-11-30 09:30"),  # over the weekend
        ("2026-12-24T16:00", 2, "Mon 2026-12-28 10:00"),  # over Christmas, of which the 26th is a Saturday
        ("2026-11-23T09:00", 3, "Mon 2026-11-23 12:00"),  # until it closes, not until it opens again
        ("2026-11-23T09:00", 0, "Mon 2026-11-23 09:00"),
        ("2026-11-23T09:00", 35, "Fri 2026-11-27 17:00"),
    ],
)
def test_business_hours_pass_while_it_is_open(start: str, hours: float, then: str) -> None:
    assert shown(add_hours(BERLIN, at(start), hours)) == then


@pytest.mark.parametrize(
    ("end", "hours", "then"),
    [
        ("2026-11-24T10:00", 2, "Mon 2026-11-23 16:00"),
        ("2026-11-23T14:00", 2, "Mon 2026-11-23 11:00"),
        ("2026-11-28T12:00", 7, "Fri 2026-11-27 09:00"),
        ("2026-11-23T14:00", 0, "Mon 2026-11-23 14:00"),
    ],
)
def test_business_hours_are_left_while_it_is_open(end: str, hours: float, then: str) -> None:
    assert shown(subtract_hours(BERLIN, at(end), hours)) == then


def test_a_day_on_which_clocks_are_set_has_its_own_length() -> None:
    def hours(day: date, week: tuple[tuple[int, int], ...] = ((0, 1440),)) -> float:
        calendar = Calendar(zone="Europe/Berlin", week=(week,) * 7)
        return sum(closes - opens for opens, closes in openings(calendar, day)) / HOUR

    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    assert (hours(spring), hours(date(2026, 3, 30)), hours(autumn)) == (23, 24, 25)
    # 02:00 to 03:00 is left out in spring and comes twice in autumn
    assert hours(spring, ((60, 150),)) == 1
    assert hours(spring, ((120, 240),)) == 1
    assert hours(spring, ((130, 170),)) == 0
    assert hours(autumn, ((60, 150),)) == 2.5
    assert hours(autumn, ((150, 180),)) == 1.5
    assert shown(add_hours(ALWAYS, at("2026-03-28T12:00"), 24)) == "Sun 2026-03-29 13:00"


def test_a_day_without_midnight_begins_where_its_clocks_are_set_to() -> None:
    beirut = Calendar(zone="Asia/Beirut")
    begins = start_of_day(beirut, date(2021, 3, 28))
    assert shown(begins, "Asia/Beirut") == "Sun 2021-03-28 01:00"
    assert end_of_day(beirut, date(2021, 3, 27)) == begins


@pytest.mark.parametrize(
    ("day", "days", "then"),
    [
        (date(2026, 11, 23), 1, date(2026, 11, 24)),
        (date(2026, 11, 27), 1, date(2026, 11, 30)),
        (date(2026, 11, 28), 1, date(2026, 11, 30)),
        (date(2026, 12, 24), 1, date(2026, 12, 28)),
        (date(2026, 12, 18), 10, date(2027, 1, 5)),
        (date(2026, 11, 28), 0, date(2026, 11, 28)),
    ],
)
def test_working_days_after_a_day(day: date, days: int, then: date) -> None:
    assert add_working_days(BERLIN, day, days) == then


def test_working_days_before_and_from_a_day() -> None:
    assert subtract_working_days(BERLIN, date(2026, 11, 27), 2) == date(2026, 11, 26)
    assert subtract_working_days(BERLIN, date(2026, 11, 29), 1) == date(2026, 11, 27)
    assert working_day_from(BERLIN, date(2026, 12, 25)) == date(2026, 12, 28)
    assert working_day_from(BERLIN, date(2026, 12, 24)) == date(2026, 12, 24)


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 11, 15), 1, date(2026, 12, 15)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2026, 1, 15), -2, date(2025, 11, 15)),
    ],
)
def test_months_lead_to_the_same_date_or_the_last(day: date, months: int, then: date) -> None:
    assert add_months(day, months) == then


@pytest.mark.parametrize(
    "use", [lambda: add_hours(NEVER, 0.0, 1), lambda: add_working_days(NEVER, date(2026, 1, 1), 1)]
)
def test_what_is_never_open_is_refused_and_not_waited_for(use: object) -> None:
    with pytest.raises(ValueError, match="open hours"):
        use()  # type: ignore[operator]


moments = st.floats(1_600_000_000.0, 1_900_000_000.0).map(lambda value: float(int(value)))
minutes = st.integers(0, 96).map(lambda quarter: quarter * 15)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    def spans() -> tuple[tuple[int, int], ...]:
        marks = sorted(draw(st.sets(minutes, max_size=4)))
        return tuple(zip(marks[::2], marks[1::2], strict=False))

    week = tuple(spans() for _ in range(7))
    if not any(week):
        week = (((540, 1020),), *week[1:])
    holidays = draw(st.sets(st.dates(date(2020, 9, 1), date(2030, 4, 1)), max_size=20))
    return Calendar(zone=draw(st.sampled_from(ZONES)), week=week, holidays=frozenset(holidays))


@given(calendars(), moments, st.integers(1, 60 * 60).map(lambda minute: minute / 60))
def test_so_many_hours_have_been_open_when_they_have_passed(calendar: Calendar, start: float, hours: float) -> None:
    end = add_hours(calendar, start, hours)
    assert end > start
    assert open_seconds(calendar, start, end) == pytest.approx(hours * HOUR)
    # and not a second earlier
    assert open_seconds(calendar, start, end - 1) == pytest.approx(hours * HOUR - 1)
    back = subtract_hours(calendar, end, hours)
    assert start <= back + 0.01
    assert open_seconds(calendar, start, back) == pytest.approx(0.0, abs=1e-3)


@given(calendars(), moments, st.floats(0.1, 40), st.floats(0.1, 40))
def test_hours_add_up(calendar: Calendar, start: float, first: float, second: float) -> None:
    both = add_hours(calendar, start, first + second)
    assert add_hours(calendar, add_hours(calendar, start, first), second) == pytest.approx(both, abs=0.01)


@given(calendars(), st.dates(date(2021, 1, 1), date(2029, 1, 1)))
def test_openings_lie_in_their_day_apart_and_in_order(calendar: Calendar, day: date) -> None:
    edges = [edge for opening in openings(calendar, day) for edge in opening]
    assert edges == sorted(edges)
    begins, ends = start_of_day(calendar, day), end_of_day(calendar, day)
    assert all(begins <= edge <= ends for edge in edges)
    assert local_day(calendar, begins) == day
    assert open_seconds(calendar, begins, ends) == sum(b - a for a, b in openings(calendar, day))
    assert open_seconds(calendar, ends, begins) == 0.0


@given(calendars(), st.dates(date(2021, 1, 1), date(2029, 1, 1)), st.integers(1, 40))
def test_so_many_working_days_lie_between(calendar: Calendar, day: date, days: int) -> None:
    then = add_working_days(calendar, day, days)
    between = [day + timedelta(days=n) for n in range(1, (then - day).days + 1)]
    assert sum(map(calendar.is_working_day, between)) == days
    assert calendar.is_working_day(then)
    first = subtract_working_days(calendar, then, days)
    assert first > day
    assert sum(calendar.is_working_day(one) for one in between if one >= first) == days


@pytest.mark.parametrize(
    ("shown", "until", "opens"),
    [
        ("2026-11-27 10:00", "2026-11-27 12:00", "2026-11-27 13:00"),
        ("2026-11-27 12:00", None, "2026-11-27 13:00"),
        ("2026-11-27 13:00", "2026-11-27 17:00", "2026-11-30 09:00"),
        ("2026-12-24 18:00", None, "2026-12-28 09:00"),
    ],
)
def test_when_it_closes_and_opens_next(shown: str, until: str | None, opens: str) -> None:
    def moment(text: str) -> float:
        return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()

    assert open_until(BERLIN, moment(shown)) == (None if until is None else moment(until))
    assert next_opening(BERLIN, moment(shown)) == moment(opens)


@given(moments)
def test_what_never_closes_is_open_for_the_next_week(at: float) -> None:
    until = open_until(ALWAYS, at)
    assert until is not None
    assert 7 * 86_400 - HOUR <= until - at <= 8 * 86_400 + HOUR


@given(calendars(), moments)
def test_it_is_open_until_it_closes_and_closed_until_it_opens(calendar: Calendar, at: float) -> None:
    until, opens = open_until(calendar, at), next_opening(calendar, at)
    assert opens > at
    if until is None:
        assert open_seconds(calendar, at, opens) == pytest.approx(0.0, abs=1e-3)
    else:
        assert open_seconds(calendar, at, until) == pytest.approx(until - at, abs=1e-3)
