"""Business hours and working days of a team, in its own time zone.

Moments are seconds since the epoch; days and hours are those of the calendar's zone, whatever its clocks do: a day on which
they are set has 23 or 25 hours, hours that are left out were never open, and hours that come twice are open twice. Adding
business hours counts only time that is open; of days, a working day is one that has open hours and is no holiday.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_HOUR = 3600.0
#: seconds by which sums of moments may be out: no reason to go on to the next day
_EXACT = 0.001
DAY_MINUTES = 24 * 60

Opening = tuple[int, int]
"""From and to, in minutes of the day: 540 is 09:00, 1440 its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When a team works."""

    #: IANA time zone, e.g. ``Europe/Berlin``
    zone: str = "UTC"
    #: openings of Monday to Sunday, in order and apart
    week: tuple[tuple[Opening, ...], ...] = ((((9 * 60), (17 * 60)),),) * 5 + ((), ())
    #: days off
    holidays: frozenset[date] = frozenset()

    @property
    def is_ever_open(self) -> bool:
        """Whether any day of the week has open hours."""
        return any(self.week)

    def is_working_day(self, day: date) -> bool:
        """Whether a day has open hours and is no holiday."""
        return bool(self.week[day.weekday()]) and day not in self.holidays


def local_day(calendar: Calendar, at: float) -> date:
    """The day of a moment."""
    return datetime.fromtimestamp(at, ZoneInfo(calendar.zone)).date()


def start_of_day(calendar: Calendar, day: date) -> float:
    """When a day begins."""
    return _moment(calendar.zone, day, 0)


def end_of_day(calendar: Calendar, day: date) -> float:
    """When a day is over: the next one begins."""
    return start_of_day(calendar, day + _DAY)


def openings(calendar: Calendar, day: date) -> tuple[tuple[float, float], ...]:
    """The moments from and to which it is open on a day."""
    if not calendar.is_working_day(day):
        return ()
    spans = [
        (_moment(calendar.zone, day, opens), _moment(calendar.zone, day, closes, last=True))
        for opens, closes in calendar.week[day.weekday()]
    ]
    return tuple((opens, closes) for opens, closes in spans if opens < closes)


def add_hours(calendar: Calendar, at: float, hours: float) -> float:
    """When so many business hours have passed since a moment: of several such moments (it closes just then) the first.

    Raises ValueError for a calendar that is never open.
    """
    left = hours * _HOUR
    if left <= 0:
        return at
    following = (one for day in _days_from(calendar, local_day(calendar, at)) for one in openings(calendar, day))
    while True:
        opens, closes = next(following)
        opened = max(closes - max(opens, at), 0.0)
        if opened >= left - _EXACT:
            return closes - opened + min(left, opened)
        left -= opened


def subtract_hours(calendar: Calendar, at: float, hours: float) -> float:
    """When so many business hours are left until a moment: of several such moments the last. Raises as `add_hours` does."""
    left = hours * _HOUR
    if left <= 0:
        return at
    days = _days_from(calendar, local_day(calendar, at), step=-1)
    before = (one for day in days for one in reversed(openings(calendar, day)))
    while True:
        opens, closes = next(before)
        opened = max(min(closes, at) - opens, 0.0)
        if opened >= left - _EXACT:
            return opens + opened - min(left, opened)
        left -= opened


def open_until(calendar: Calendar, at: float) -> float | None:
    """When it closes next, of the next eight days; None where it is closed at that moment."""
    until, today = None, local_day(calendar, at)
    for opens, closes in (one for number in range(8) for one in openings(calendar, today + number * _DAY)):
        if opens <= (until or at) < closes:
            until = closes
    return until


def next_opening(calendar: Calendar, at: float) -> float:
    """When it opens next, later than a moment. Raises as `add_hours` does."""
    following = (one for day in _days_from(calendar, local_day(calendar, at)) for one in openings(calendar, day))
    return next(opens for opens, _ in following if opens > at)


def open_seconds(calendar: Calendar, since: float, until: float) -> float:
    """How long it is open between two moments; 0 when the second is not later."""
    if until <= since:
        return 0.0
    total, day, last = 0.0, local_day(calendar, since), local_day(calendar, until)
    while day <= last:
        total += sum(max(min(closes, until) - max(opens, since), 0.0) for opens, closes in openings(calendar, day))
        day += _DAY
    return total


def add_working_days(calendar: Calendar, day: date, days: int) -> date:
    """The so many-th working day after a day, which is itself not counted. Raises ValueError for a calendar that is never open."""
    if days <= 0:
        return day
    following = (one for one in _days_from(calendar, day + _DAY) if calendar.is_working_day(one))
    return next(one for number, one in enumerate(following, 1) if number == days)


def subtract_working_days(calendar: Calendar, day: date, days: int) -> date:
    """The first of so many working days that end with a day, itself counted. Raises ValueError as `add_working_days` does."""
    before = (one for one in _days_from(calendar, day, step=-1) if calendar.is_working_day(one))
    return next(one for number, one in enumerate(before, 1) if number >= days)


def working_day_from(calendar: Calendar, day: date) -> date:
    """This day if it is a working day, else the next that is. Raises ValueError for a calendar that is never open."""
    return next(one for one in _days_from(calendar, day) if calendar.is_working_day(one))


def add_months(day: date, months: int) -> date:
    """The same date so many months later, or the last day of that month where it has no such date (Regulation 1182/71 art. 3 §2 c)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - _DAY).day
    return date(year, month + 1, min(day.day, last))


def _days_from(calendar: Calendar, day: date, step: int = 1) -> Iterator[date]:
    if not calendar.is_ever_open:
        raise ValueError("a calendar without open hours")
    return (day + number * _DAY for number in count(0, step))


def _moment(zone: str, day: date, minute: int, *, last: bool = False) -> float:
    """When clocks show a time of a day: of two such moments the first, or the ``last``; of none, when they are set past it."""
    if minute == DAY_MINUTES:
        return _moment(zone, day + _DAY, 0)
    shown = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZoneInfo(zone))
    first, second = shown.timestamp(), shown.replace(fold=1).timestamp()
    if first <= second:
        return second if last else first
    # Clocks are set past it: with fold=1 it is reckoned by the offset after that, which is earlier, and with fold=0 by the
    # one before (PEP 495). The setting itself is in between, and offsets are of whole seconds.
    low, high = int(second), int(first)
    before = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return float(high)


def _offset(zone: str, at: float) -> timedelta | None:
    return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone)).utcoffset()
