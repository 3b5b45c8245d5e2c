"""The day in review: who is there until when, what waits, how much was done and how fast."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from postroom.decide import calendars
from postroom.decide.calendars import Calendar
from postroom.model.people import Sight
from postroom.ports.reviewing import ReviewDay

_PAUSE = 300.0
"""Seconds between two answers of one person from which on the time between was no work."""
_LEAST = 5
"""With fewer times between answers nobody knows the pace."""
_MANY, _READING = 30, 20.0
"""With fewer than so many, an answer is not taken to need less than so many seconds: a handful of easy ones tells little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """How review stands. Times are seconds since the epoch."""

    #: questions that wait, with those of the audit
    waiting: int
    #: seconds that the clock of the oldest question has run; None where none runs
    oldest: float | None
    #: seconds that it runs in all
    clock: float
    #: answers since midnight: one's own, and everybody's
    own: int
    all: int
    #: seconds that an answer takes today; None where nobody knows yet
    pace: float | None
    #: whether it is staffed by hours
    by_hours: bool
    #: until then it is staffed; None where it is not, or always is
    until: float | None
    #: from then on it is, where it is not now
    opens: float | None
    #: IANA time zone of the hours
    zone: str

    @property
    def work(self) -> float | None:
        """Seconds that what waits would take one person at today's pace."""
        return None if self.pace is None else self.pace * self.waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffing:
    """What is known of the day in review."""

    day: ReviewDay
    #: when reviewers are there; None for always
    staffed: Calendar | None
    #: seconds after which unseen mail goes to the best guess
    review_clock: float
    clock: Callable[[], float]

    def now(self, by: str, sight: Sight) -> Day:
        """How review stands for somebody. Raises `TryLater`."""
        now, hours = self.clock(), self.staffed
        calendar = hours or Calendar()
        midnight = calendars.start_of_day(calendar, calendars.local_day(calendar, now))
        answered, backlog = self.day.answered(sight, midnight), self.day.backlog(sight)
        until = calendars.open_until(hours, now) if hours is not None else None
        return Day(
            waiting=backlog.waiting,
            oldest=None if backlog.oldest is None else self._run(backlog.oldest, now),
            clock=self.review_clock,
            own=sum(who.casefold() == by.casefold() for who, _ in answered),
            all=len(answered),
            pace=pace(answered),
            by_hours=hours is not None,
            until=until,
            opens=calendars.next_opening(hours, now) if hours is not None and until is None else None,
            zone=calendar.zone,
        )

    def _run(self, since: float, now: float) -> float:
        return max(now - since, 0.0) if self.staffed is None else calendars.open_seconds(self.staffed, since, now)


def pace(answered: Sequence[tuple[str, float]]) -> float | None:
    """Seconds that an answer takes: the median between two answers of one person in a row, of a few no less than reading takes. Oldest first."""
    last: dict[str, float] = {}
    between: list[float] = []
    for who, at in answered:
        if who in last and 0.0 < at - last[who] <= _PAUSE:
            between.append(at - last[who])
        last[who] = at
    if len(between) < _LEAST:
        return None
    return median(between) if len(between) >= _MANY else max(median(between), _READING)
