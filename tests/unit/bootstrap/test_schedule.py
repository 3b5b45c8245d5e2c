"""Learning by itself: when it is due, once at a time, told of; a warning when nobody learns."""

import json
import os
import sys
from pathlib import Path

import pytest

from postroom.bootstrap.schedule import TRIED, Schedule
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
    monkeypatch.setattr("postroom.bootstrap.schedule._PATIENCE", 0.2)
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
