"""The day in review: who is there until when, how long the oldest has waited of staffed time, and how fast it goes."""

from dataclasses import dataclass

import pytest

from postroom.decide.calendars import Calendar
from postroom.flow.staffing import Day, Staffing, pace
from postroom.model.people import ALL, Sight
from postroom.ports.reviewing import Backlog

HOUR = 3600.0
#: Thursday 2026-01-01 00:00 UTC
NEW_YEAR = 1_767_225_600.0


@dataclass
class Reviewed:
    """What a store would tell."""

    answers: tuple[tuple[str, float], ...] = ()
    waiting: Backlog = Backlog(waiting=0, oldest=None)

    def answered(self, _sight: Sight, since: float, limit: int = 5_000) -> tuple[tuple[str, float], ...]:
        return tuple(one for one in self.answers if one[1] >= since)[:limit]

    def backlog(self, _sight: Sight) -> Backlog:
        return self.waiting


def at(hours: float, reviewed: Reviewed, staffed: Calendar | None) -> Day:
    staffing = Staffing(day=reviewed, staffed=staffed, review_clock=4 * HOUR, clock=lambda: NEW_YEAR + hours * HOUR)
    return staffing.now("Ada", ALL)


def test_in_staffed_hours_it_says_until_when_and_counts_only_them() -> None:
    # asked at 16:00 on New Year's Day, which is a Thursday; now it is Friday 10:30
    day = at(34.5, Reviewed(waiting=Backlog(waiting=34, oldest=NEW_YEAR + 16 * HOUR)), Calendar())
    assert (day.by_hours, day.until, day.opens, day.zone) == (True, NEW_YEAR + 41 * HOUR, None, "UTC")
    assert (day.waiting, day.oldest, day.clock) == (34, 2.5 * HOUR, 4 * HOUR)


def test_out_of_hours_it_says_when_somebody_comes() -> None:
    day = at(42, Reviewed(), Calendar())
    assert (day.until, day.opens) == (None, NEW_YEAR + (4 * 24 + 9) * HOUR)  # Monday 09:00
    assert (day.oldest, day.work) == (None, None)


def test_without_hours_the_clock_always_runs() -> None:
    day = at(42, Reviewed(waiting=Backlog(waiting=1, oldest=NEW_YEAR)), None)
    assert (day.by_hours, day.until, day.opens, day.oldest) == (False, None, None, 42 * HOUR)


def test_a_day_begins_at_midnight_of_the_calendar() -> None:
    berlin = Calendar(zone="Europe/Berlin")
    answers = (("ada", NEW_YEAR - 1.5 * HOUR), ("ada", NEW_YEAR - 0.5 * HOUR), ("bea", NEW_YEAR + HOUR))
    assert (at(2, Reviewed(answers), berlin).own, at(2, Reviewed(answers), berlin).all) == (1, 2)
    assert (at(2, Reviewed(answers), None).own, at(2, Reviewed(answers), None).all) == (0, 1)


def test_the_pace_is_the_median_between_answers_in_a_row() -> None:
    answers = tuple(("ada", float(second)) for second in (0, 30, 60, 100, 900, 930, 1000))
    others = (("bea", 10.0), ("bea", 20.0))
    assert pace(sorted((*answers, *others), key=lambda one: one[1])) == 30.0, "a break is no work"
    assert pace(answers[:5]) is None
    fast = tuple(("ada", 2.0 * number) for number in range(40))
    assert (pace(fast[:30]), pace(fast)) == (20.0, 2.0), "a few fast answers say little of what waits"
    day = at(
        1, Reviewed(tuple((who, NEW_YEAR + second) for who, second in answers), Backlog(waiting=10, oldest=None)), None
    )
    assert day.pace is not None
    assert day.work == pytest.approx(10 * day.pace)
