"""Calendars, clocks and the cases of desks: what the settings say of them, and what is wrong with it."""

import re
from collections.abc import Collection, Iterator
from datetime import date
from zoneinfo import ZoneInfo

from postroom.config.mistakes import Mistake, near
from postroom.config.settings import SHIPPED_CLOCKS, Calendar, Clock, Route, Settings
from postroom.decide import calendars, clocks
from postroom.decide.calendars import DAY_MINUTES, Opening

DEFAULT_CALENDAR = "default"

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_OPENING = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_LENGTHS = "Write it like 14 days, 6 months, 48 hours, 10 business days or 8 business hours"


def all_calendars(settings: Settings) -> dict[str, Calendar]:
    """Every calendar that may be named."""
    return {DEFAULT_CALENDAR: Calendar()} | settings.calendar


def all_clocks(settings: Settings) -> dict[str, Clock]:
    """Every clock that may be named."""
    return SHIPPED_CLOCKS | settings.clock


def calendar_of(wanted: Calendar) -> calendars.Calendar:
    """A calendar without mistakes."""
    return calendars.Calendar(
        zone=wanted.zone,
        week=tuple(tuple(map(opening, getattr(wanted, day))) for day in _DAYS),
        holidays=frozenset(map(date.fromisoformat, wanted.holidays)),
    )


def clock_of(name: str, wanted: Clock, calendar: calendars.Calendar) -> clocks.ClockRule:
    """A clock without mistakes, by a calendar."""
    return clocks.ClockRule(
        name=name,
        label=wanted.label or name,
        whose=wanted.whose,
        starts=wanted.starts,
        stops=wanted.stops,
        within=clocks.span(wanted.within),
        not_before=clocks.span(wanted.not_before) if wanted.not_before else None,
        warn=clocks.warning(wanted.warn) if wanted.warn else None,
        calendar=calendar,
    )


def first_answer_of(route: Route, calendar: calendars.Calendar) -> clocks.ClockRule | None:
    """The clock of a first answer at a desk without mistakes; None where there is no target."""
    if not route.first_answer:
        return None
    return clocks.ClockRule(
        name="first-answer",
        label="First answer",
        stops="first answer",
        within=clocks.span(route.first_answer),
        warn=clocks.Share(percent=75),
        calendar=calendar,
    )


def opening(text: str) -> Opening:
    """What ``09:00-17:00`` says. Raises ValueError for anything else, and where it ends before it begins."""
    found = _OPENING.fullmatch(text)
    hours = [int(part) for part in found.groups()] if found else [0, 0, 0, 0]
    opens, closes = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if not opens < closes <= DAY_MINUTES:
        raise ValueError(text)
    return opens, closes


def check_cases(settings: Settings) -> Iterator[Mistake]:
    """Every mistake of calendars, clocks and cases."""
    for name, calendar in settings.calendar.items():
        yield from _check_calendar(f"calendar.{name}", calendar)
    if settings.review.calendar:
        yield from _check_calendar_name("review.calendar", settings.review.calendar, settings)
    for name, clock in settings.clock.items():
        yield from _check_clock(f"clock.{name}", clock, settings)
    for name, route in settings.route.items():
        yield from _check_route(f"route.{name}", route, settings)
    if not settings.pages.listen:
        yield from _left_undone(settings.route.values())


def _left_undone(routes: Collection[Route]) -> Iterator[Mistake]:
    """What the process of the pages does by itself, where there is none."""
    for wanted, what in (
        (any(one.cases for one in routes), "cases open"),
        (any(one.first_answer for one in routes), "first answers are reckoned"),
        (any(one.acknowledge or one.outcomes for one in routes), "what acknowledge and outcomes name is told"),
    ):
        if wanted:
            yield Mistake(
                path="pages.listen",
                message=f"{what} in the process of the pages, and there is none",
                remedy='Write listen = "127.0.0.1:8026"',
                fatal=False,
            )


def _check_calendar(path: str, calendar: Calendar) -> Iterator[Mistake]:
    try:
        ZoneInfo(calendar.zone)
    except (ValueError, OSError, LookupError):
        yield Mistake(
            path=f"{path}.zone",
            message=f"no time zone is called {calendar.zone!r} on this machine",
            remedy="Write it like Europe/Berlin; where no zone at all is known, install the package tzdata",
        )
    week = {day: getattr(calendar, day) for day in _DAYS}
    for day, openings in week.items():
        yield from _check_openings(f"{path}.{day}", openings)
    if not any(week.values()):
        yield Mistake(path=path, message="is never open", remedy='Add hours, e.g. monday = ["09:00-17:00"]')
    for day in calendar.holidays:
        try:
            date.fromisoformat(day)
        except ValueError:
            yield Mistake(
                path=f"{path}.holidays", message=f"{day!r} is no day", remedy='Write it like "2026-12-25", in quotes'
            )


def _check_openings(path: str, openings: tuple[str, ...]) -> Iterator[Mistake]:
    before = 0
    for one in openings:
        try:
            opens, closes = opening(one)
        except ValueError:
            yield Mistake(
                path=path, message=f"{one!r} are no open hours", remedy='Write ["09:00-17:00"], up to 24:00 at most'
            )
            continue
        if opens < before:
            yield Mistake(path=path, message=f"{one} begins before the hours before it end", remedy="Put them in order")
        before = closes


def _check_clock(path: str, clock: Clock, settings: Settings) -> Iterator[Mistake]:
    found = {}
    for key, text in {"within": clock.within, "not_before": clock.not_before}.items():
        try:
            found[key] = clocks.span(text) if text or key == "within" else None
        except ValueError:
            yield Mistake(path=f"{path}.{key}", message=f"{text!r} is no length of time", remedy=_LENGTHS)
    try:
        clocks.warning(clock.warn or "1 days")
    except ValueError:
        yield Mistake(
            path=f"{path}.warn",
            message=f"{clock.warn!r} is neither a length of time nor a part of it",
            remedy=f"{_LENGTHS}, or 75 %",
        )
    within, not_before = found.get("within"), found.get("not_before")
    if within and not_before and within.unit == not_before.unit and within.count < not_before.count:
        yield Mistake(
            path=f"{path}.not_before", message=f"comes after {within}, when it is over", remedy="Make it shorter"
        )
    yield from _check_calendar_name(f"{path}.calendar", clock.calendar or DEFAULT_CALENDAR, settings)
    if clock.whose == "person" and clock.starts == "received":
        yield Mistake(
            path=f"{path}.starts",
            message="a person's own window begins before they write",
            remedy='Write starts = "informed", "notice" or "counter-notice"',
        )


def _check_route(path: str, route: Route, settings: Settings) -> Iterator[Mistake]:
    for name in route.clocks:
        if name not in all_clocks(settings):
            yield Mistake(
                path=f"{path}.clocks", message=f"no clock is called {name!r}", remedy=near(name, all_clocks(settings))
            )
    yield from _check_calendar_name(f"{path}.calendar", route.calendar, settings)
    if route.first_answer:
        try:
            clocks.span(route.first_answer)
        except ValueError:
            yield Mistake(
                path=f"{path}.first_answer", message=f"{route.first_answer!r} is no length of time", remedy=_LENGTHS
            )
    wanted = {
        "clocks": bool(route.clocks),
        "second_person": route.second_person != "never",
    }
    for key, named in wanted.items():
        if named and not route.cases:
            yield Mistake(
                path=f"{path}.{key}",
                message="counts for nothing while this desk has no cases",
                remedy="Write cases = true",
                fatal=False,
            )


def _check_calendar_name(path: str, name: str, settings: Settings) -> Iterator[Mistake]:
    if name not in all_calendars(settings):
        yield Mistake(path=path, message=f"no calendar is called {name!r}", remedy=near(name, all_calendars(settings)))
