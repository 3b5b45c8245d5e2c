"""Legal clocks and first-answer targets of a case: when each began, until when, and whether that is kept.

A clock starts at the event that the law names. Where nobody has said when that was, the clock is `unknown`: it is never
guessed. Days and months are counted as in Regulation (EEC, Euratom) 1182/71 art. 3: the day of the event does not count, and
the period is over when its last day is, in the calendar's zone. Nothing here refuses anybody: a complaint that comes after
the person's own window is told to be late, and that is all.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from postroom.decide import calendars
from postroom.decide.calendars import Calendar
from postroom.model.cases import Case, Start

Unit = Literal["hours", "days", "months", "business hours", "business days"]

SPAN: Final = r"^[1-9][0-9]{0,3} (hours|days|months|business hours|business days)$"
"""How a length of time is written in the settings."""

SHARE: Final = r"^([1-9][0-9]?) ?%$"
"""How a part of it is."""

Whose = Literal["team", "person"]
Stop = Literal["decided", "first answer"]

ClockState = Literal["unknown", "early", "running", "near", "late", "met", "missed"]
"""Nobody said when it began; too early to act; time is left; little is; it has run out; kept; not kept."""

_HOUR: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A length of time, as laws name it."""

    count: int
    unit: Unit

    def __str__(self) -> str:
        """As it is written in the settings."""
        return f"{self.count} {self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of the time that a clock runs."""

    #: 1 to 99
    percent: int

    def __str__(self) -> str:
        """As it is written in the settings."""
        return f"{self.percent} %"


def warning(text: str) -> Span | Share:
    """From when a clock is near its end: what is left then, or what has passed. Raises ValueError for anything else."""
    if (found := re.fullmatch(SHARE, text)) is not None:
        return Share(percent=int(found[1]))
    return span(text)


def span(text: str) -> Span:
    """What a text of the form `SPAN` says. Raises ValueError for any other."""
    if re.fullmatch(SPAN, text) is None:
        raise ValueError(f"no length of time: {text!r}")
    number, _, unit = text.partition(" ")
    return Span(count=int(number), unit=unit)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRule:
    """One clock of a desk."""

    #: as the settings call it
    name: str
    #: what a person should read
    label: str
    #: who must keep it: the team, until it answers or decides; or the person, whose complaint should come in within it
    whose: Whose = "team"
    starts: Start = "received"
    #: what stops it, if it is the team's
    stops: Stop = "decided"
    within: Span
    #: nor before so much has passed
    not_before: Span | None = None
    #: it is near its end when no more than this is left, or this part of it has passed
    warn: Span | Share | None = None
    calendar: Calendar = Calendar()


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A clock of a case at a moment. Times are seconds since the epoch."""

    rule: ClockRule
    state: ClockState
    #: when it began; None where nobody knows, as all that follows
    start: float | None = None
    #: not to act before; None where that does not matter
    early_until: float | None = None
    due: float | None = None
    #: when it is near its end
    near_from: float | None = None
    #: when it was stopped
    stopped: float | None = None

    @property
    def runs(self) -> bool:
        """Whether the team still has to keep it."""
        return self.rule.whose == "team" and self.state in ("early", "running", "near", "late")


def read(rule: ClockRule, case: Case, now: float) -> Running:
    """One clock of a case."""
    start = case.when(rule.starts)
    if start is None:
        return Running(rule=rule, state="unknown")
    due = later(rule.calendar, start, rule.within)
    if rule.whose == "person":
        # A window that would end on a day off ends with the next working day (Regulation 1182/71 art. 3 §4).
        due = _on_working_day(rule, due)
        state: ClockState = "met" if case.received_at <= due else "missed"
        return Running(rule=rule, state=state, start=start, due=due, stopped=case.received_at)
    early = None if rule.not_before is None else later(rule.calendar, start, rule.not_before)
    near = near_end(rule, start, due)
    stopped = case.decided_at if rule.stops == "decided" else case.answered_at
    return Running(
        rule=rule,
        state=_state(now, early, near, due, stopped),
        start=start,
        early_until=early,
        due=due,
        near_from=near,
        stopped=stopped,
    )


def near_end(rule: ClockRule, start: float, due: float) -> float:
    """From when on a clock is near its end. A part of business hours counts open time alone."""
    match rule.warn:
        case None:
            return due
        case Share(percent=percent):
            if rule.within.unit == "business hours":
                return calendars.add_hours(rule.calendar, start, rule.within.count * percent / 100)
            return start + (due - start) * percent / 100
        case _:
            return earlier(rule.calendar, due, rule.warn)


def _state(now: float, early: float | None, near: float, due: float, stopped: float | None) -> ClockState:
    if stopped is not None:
        return "met" if stopped <= due else "missed"
    if now > due:
        return "late"
    if early is not None and now < early:
        return "early"
    return "near" if now >= near else "running"


def read_all(rules: Iterable[ClockRule], case: Case, now: float) -> tuple[Running, ...]:
    """All clocks of a case: those that run first, by what runs out first; then the unknown; then what is over."""
    found = [read(rule, case, now) for rule in rules]
    return tuple(sorted(found, key=lambda one: (_order(one), one.due or math.inf, one.rule.name)))


def _order(running: Running) -> int:
    if running.runs:
        return 0
    return 1 if running.state == "unknown" else 2


def later(calendar: Calendar, start: float, length: Span) -> float:
    """When so much has passed since a moment."""
    if length.unit == "hours":
        return start + length.count * _HOUR
    if length.unit == "business hours":
        return calendars.add_hours(calendar, start, length.count)
    day = calendars.local_day(calendar, start)
    if length.unit == "days":
        last = day + timedelta(days=length.count)
    elif length.unit == "months":
        last = calendars.add_months(day, length.count)
    else:
        last = calendars.add_working_days(calendar, day, length.count)
    return calendars.end_of_day(calendar, last)


def earlier(calendar: Calendar, due: float, length: Span) -> float:
    """The moment from which no more than so much is left until another; of days, the last one counts."""
    if length.unit == "hours":
        return due - length.count * _HOUR
    if length.unit == "business hours":
        return calendars.subtract_hours(calendar, due, length.count)
    # What is over when its day is, is due as the next begins.
    day = calendars.local_day(calendar, due - 1)
    if length.unit == "days":
        first = day - timedelta(days=length.count - 1)
    elif length.unit == "months":
        first = calendars.add_months(day, -length.count)
    else:
        first = calendars.subtract_working_days(calendar, day, length.count)
    return calendars.start_of_day(calendar, first)


def _on_working_day(rule: ClockRule, due: float) -> float:
    if rule.within.unit not in ("days", "months"):
        return due
    last = calendars.local_day(rule.calendar, due - 1)
    return calendars.end_of_day(rule.calendar, calendars.working_day_from(rule.calendar, last))
