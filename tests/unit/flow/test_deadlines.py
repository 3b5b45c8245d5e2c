"""Clocks of cases are warned of before they run out, once a stage."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from postroom.adapters.store.deadlines import SqliteDeadlines
from postroom.adapters.store.hooks import SqliteHooks
from postroom.decide.clocks import ClockRule, Running, Share, span
from postroom.flow.casedesks import near_at, next_warning
from postroom.flow.deadlines import Warner, stage_of
from postroom.model.cases import NEVER, CaseNumber, Pressing
from postroom.model.hooks import HookName
from postroom.model.people import ALL
from tests.unit.flow.test_cases import DAY, DSA, OURS, Bench

QUICK = ClockRule(name="quick", label="Quick", within=span("10 days"), warn=Share(percent=50))


class Watch(Bench):
    """A bench with what warns."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, clocks=(DSA, OURS, QUICK))
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.deadlines = SqliteDeadlines(self.house.store.units)
        self.hooks = SqliteHooks(self.house.store.units)
        self.hooks.set_up([HookName("pager")])
        self.warner = Warner(
            deadlines=self.deadlines,
            desks=self.desks,
            observer=self,
            clock=self.house.clock.now,  # type: ignore[arg-type]
        )

    def note(self, event: str, mail_id: str = "", **facts: Any) -> None:
        self.notes.append((event, facts))

    def warned(self, number: int = 1) -> list[str]:
        events = self.cases.events(CaseNumber(number), ALL)
        return [one.detail for one in events if one.what == "warned"]

    def after(self, days: float) -> None:
        self.house.clock.advance(days * DAY)
        self.warner.turn()


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    made = Watch(tmp_path)
    yield made
    made.house.store.close()


def test_each_clock_is_warned_of_once_a_stage(watch: Watch) -> None:
    case = watch.appeal()
    assert not watch.warner.turn()
    assert watch.warned() == []
    watch.after(6)
    watch.after(0)
    assert watch.warned() == ["Quick: near its end"]
    assert watch.notes == [("deadline-near", {"case": case.number, "warnings": 1})]
    watch.after(5)
    assert watch.warned() == ["Quick: near its end", "Quick: has run out"]
    watch.after(9)
    assert watch.warned()[2:] == ["Ours: has run out"]  # nobody looked while it was near its end
    assert [one.what for one in watch.hooks.happened(10)].count("deadline-near") == 3
    assert watch.deadlines.pressing(watch.house.clock.now(), ALL) == Pressing(near=0, late=1)


def test_what_people_do_meanwhile_tells_nothing_twice(watch: Watch) -> None:
    case = watch.appeal()
    watch.after(6)
    case = watch.work.note(watch.hand(case), "called them")
    watch.after(0)
    assert watch.warned() == ["Quick: near its end"]
    watch.work.decide(watch.hand(case), "granted", "a mistake of ours")
    watch.after(30)
    assert watch.warned() == ["Quick: near its end"]


def test_many_are_warned_of_in_several_turns(watch: Watch) -> None:
    for _ in range(50):
        watch.arrive(passed=False, From="")
    watch.work.catch_up()
    watch.house.clock.advance(6 * DAY)
    assert watch.warner.turn()
    assert not watch.warner.turn()
    assert len(watch.notes) == 50


RUNNING = Running(rule=QUICK, state="running", start=0.0, near_from=50.0, due=100.0)


@pytest.mark.parametrize(
    ("now", "change", "stage"),
    [
        (49.0, {}, None),
        (50.0, {}, "near"),
        (99.0, {}, "near"),
        (100.0, {}, "late"),
        (100.0, {"near_from": 100.0}, "late"),
        (100.0, {"state": "met"}, None),
        (100.0, {"state": "unknown", "due": None, "near_from": None}, None),
        (100.0, {"due": None}, None),
        (100.0, {"near_from": None}, None),
    ],
)
def test_stages(now: float, change: dict[str, Any], stage: str | None) -> None:
    assert stage_of(replace(RUNNING, **change), now) == stage


def test_when_something_is_to_be_warned_of_next() -> None:
    done = replace(RUNNING, state="met", near_from=1.0, due=2.0)
    assert near_at((done, RUNNING, replace(RUNNING, near_from=None))) == 50.0
    assert near_at((done,)) == NEVER
    assert next_warning((done, RUNNING)) == 50.0
    assert next_warning((RUNNING,), 50.0) == 100.0
    assert next_warning((RUNNING,), 100.0) == NEVER
