"""Learning by itself: when it is due, once at a time, told of; a warning when nobody learns."""

import json
import os
import sys
from pathlib import Path

import pytest

from postroom.bootstrap.schedule import TRIED, Schedule, Tidying
from tests.unit.flow.house import Told

DAY = 86_400.0


class Clock:
    def __init__(self) -> None:
        self.now = 2_000_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def a_schedule(folder: Path, command: str, every: float = 7.0, counts: bool = True) -> tuple[Schedule, Clock, Told]:
    clock, told = Clock(), Told()
    schedule = Schedule(
        command=[sys.executable, "-c", command],
        every_days=every,
        folder=folder,
        counts=counts,
        observer=told,
        clock=clock,
    )
    return schedule, clock, told


def finish(schedule: Schedule) -> None:
    assert schedule._run is not None
    schedule._run.process.wait(30)
    schedule.tick()


def tried(folder: Path, at: float) -> None:
    (folder / TRIED).touch()
    os.utime(folder / TRIED, (at, at))


def test_it_learns_when_that_is_due_and_tells_what_came_of_it(folder: Path) -> None:
    schedule, clock, told = a_schedule(folder, f"print({json.dumps(json.dumps({'outcome': 'stays', 'model': None}))})")
    schedule.tick()
    run = schedule._run
    schedule.tick()
    assert schedule._run in (run, None)
    if schedule._run is not None:
        finish(schedule)
    assert told.of("learned") == [{"outcome": "stays", "model": ""}]
    tried(folder, clock.now)
    clock.now += 6.9 * DAY
    schedule.tick()
    assert schedule._run is None
    clock.now += 0.2 * DAY
    schedule.tick()
    finish(schedule)
    assert len(told.of("learned")) == 2
    schedule.stop()


def test_what_failed_is_tried_again_after_an_hour(folder: Path) -> None:
    schedule, clock, told = a_schedule(folder, "raise SystemExit(3)")
    schedule.tick()
    finish(schedule)
    assert told.of("learn-failed") == [{"code": 3}]
    schedule.tick()
    assert schedule._run is None
    clock.now += 3601.0
    schedule.tick()
    finish(schedule)
    assert len(told.of("learn-failed")) == 2


@pytest.mark.parametrize("said", ["no JSON", "[]", '{"outcome": "stays"}', "null"])
def test_a_run_that_says_what_nobody_understands_has_failed(folder: Path, said: str) -> None:
    schedule, clock, told = a_schedule(folder, f"print({said!r})")
    schedule.tick()
    finish(schedule)
    assert told.events == [("learn-failed", "", {"error": "what it said can't be read"})]
    schedule.tick()
    assert schedule._run is None
    clock.now += 3601.0
    schedule.tick()
    assert schedule._run is not None
    schedule.stop()


def test_a_run_that_cant_be_started_has_failed(folder: Path) -> None:
    """As when there is no room for a process, or an upgrade has taken the interpreter away."""
    schedule, clock, told = a_schedule(folder, "")
    schedule.command = [str(folder / "nosuch")]
    schedule.tick()
    schedule.tick()
    assert told.of("learn-failed") == [{"error": "No such file or directory"}]
    clock.now += 3601.0
    schedule.tick()
    assert len(told.of("learn-failed")) == 2
    assert schedule._run is None


def test_a_run_that_says_much_is_not_kept_waiting(folder: Path) -> None:
    facts = "{'outcome': 'stays', 'model': 'm', 'rest': 'x' * 300_000}"
    schedule, _, told = a_schedule(folder, f"import json; print(json.dumps({facts}))")
    schedule.tick()
    finish(schedule)
    assert told.of("learned") == [{"outcome": "stays", "model": "m"}]


def test_never_means_never(folder: Path) -> None:
    schedule, _, _ = a_schedule(folder, "", every=0.0)
    schedule.tick()
    assert schedule._run is None
    schedule.stop()


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_run_under_way_ends_with_the_server(folder: Path, stubborn: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postroom.bootstrap.runs._PATIENCE", 0.2)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " if stubborn else ""
    up = folder / "up"
    os.mkfifo(up)
    schedule, _, told = a_schedule(folder, f"{deaf}open({str(up)!r}, 'w').close(); import time; time.sleep(600)")
    schedule.tick()
    run = schedule._run
    assert run is not None
    assert up.read_bytes() == b"", "it is under way"
    schedule.stop()
    assert run.process.poll() == (-9 if stubborn else -15)
    assert run.said.closed
    assert told.events == []


@pytest.mark.parametrize(
    ("current", "days", "counts", "warns"),
    [
        ([{"version": "abc"}], 31.0, True, True),
        ([{"version": "abc"}], 29.0, True, False),
        ([{"version": "abc"}], 31.0, False, False),
        ([{"version": "abc"}, {"version": "shipped"}], 31.0, True, False),
        ([], 31.0, True, False),
        ("rubbish", 31.0, True, False),
        ({}, 31.0, True, False),
        ([1], 31.0, True, False),
        (None, 31.0, True, False),
    ],
)
def test_it_warns_when_nobody_has_learned_for_long(
    folder: Path, current, days: float, counts: bool, warns: bool
) -> None:
    schedule, clock, _ = a_schedule(folder, "", counts=counts)
    if current is not None:
        (folder / "current").write_text(json.dumps(current))
    tried(folder, clock.now - days * DAY)
    assert bool(schedule.warnings()) == warns
    if warns:
        assert "31 days ago" in schedule.warnings()["learning"]


def test_it_warns_in_time_when_something_was_erased(folder: Path) -> None:
    schedule, clock, _ = a_schedule(folder, "pass", every=0.0)
    erased: list[float] = []
    schedule.erased = lambda since: min((at for at in erased if at >= since), default=None)
    (folder / "current").write_text(json.dumps([{"version": "m1", "by": "learn", "at": 1.0}]))
    tried(folder, clock.now)
    erased.append(clock.now + 2 * DAY)
    clock.now += 24 * DAY
    assert schedule.warnings() == {}
    clock.now += 2 * DAY
    assert "must be out of it in 6 days" in schedule.warnings()["learning"]
    tried(folder, clock.now)
    assert schedule.warnings() == {}


# Erasing what is over its time


def a_tidying(
    folder: Path, command: str, *, wanted: bool = True, begun: float | None = None
) -> tuple[Tidying, Clock, Told]:
    clock, told = Clock(), Told()
    tidying = Tidying(
        command=[sys.executable, "-c", command],
        wanted=wanted,
        mark=folder / "retained",
        unfinished=lambda: begun,
        observer=told,
        clock=clock,
    )
    return tidying, clock, told


def tidied(tidying: Tidying) -> None:
    assert tidying._run is not None
    tidying._run.process.wait(30)
    tidying.tick()


def test_what_is_over_its_time_is_looked_for_once_a_day(folder: Path) -> None:
    tidying, clock, told = a_tidying(folder, "print('{\"mails\": 3}')")
    tidying.tick()
    tidied(tidying)
    assert told.of("erased") == [{"mails": 3}]
    (folder / "retained").touch()
    os.utime(folder / "retained", (clock.now, clock.now))
    for hours, due in ((0.0, False), (23.0, False), (1.1, True)):
        clock.now += hours * 3600
        tidying.tick()
        assert (tidying._run is not None) == due
    tidied(tidying)
    tidying.stop()


def test_an_erasure_that_broke_off_is_ended_after_an_hour(folder: Path) -> None:
    tidying, clock, told = a_tidying(folder, "print('{\"mails\": 0}')", wanted=False, begun=Clock().now)
    tidying.tick()
    assert tidying._run is None, "whoever asked for it may be at it"
    clock.now += 3600.0
    tidying.tick()
    tidied(tidying)
    assert told.of("erased") == [{"mails": 0}]
    tidying.tick()
    assert tidying._run is None


def test_nothing_is_started_where_mail_is_kept_for_ever(folder: Path) -> None:
    tidying, _, _ = a_tidying(folder, "", wanted=False)
    tidying.tick()
    assert tidying._run is None
    tidying.stop()


@pytest.mark.parametrize(
    ("command", "error"),
    [("raise SystemExit(3)", "code 3"), ("print(7)", "what it said can't be read"), ("print('[]')", "what it said")],
)
def test_erasing_that_failed_is_told_of_and_tried_again_after_an_hour(folder: Path, command: str, error: str) -> None:
    tidying, clock, told = a_tidying(folder, command)
    tidying.tick()
    tidied(tidying)
    assert told.of("erase-failed")[0]["error"].startswith(error)
    tidying.tick()
    assert tidying._run is None
    clock.now += 3601.0
    tidying.tick()
    tidied(tidying)
    assert len(told.of("erase-failed")) == 2


def test_erasing_that_cannot_be_started_is_told_of(folder: Path) -> None:
    tidying, _, told = a_tidying(folder, "")
    tidying.command = ["/nowhere/postroom"]
    tidying.tick()
    assert told.of("erase-failed") == [{"error": "No such file or directory"}]


def test_erasing_that_is_under_way_is_ended_with_the_server(folder: Path) -> None:
    tidying, _, _ = a_tidying(folder, "import time; time.sleep(60)")
    tidying.tick()
    assert tidying._run is not None
    process = tidying._run.process
    tidying.tick()
    tidying.stop()
    assert process.poll() is not None
