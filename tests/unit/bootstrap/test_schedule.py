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
    assert schedule._process is not None
    schedule._process.wait(30)
    schedule.tick()


def tried(folder: Path, at: float) -> None:
    (folder / TRIED).touch()
    os.utime(folder / TRIED, (at, at))


def test_it_learns_when_that_is_due_and_tells_what_came_of_it(folder: Path) -> None:
    schedule, clock, told = a_schedule(folder, f"print({json.dumps(json.dumps({'outcome': 'stays', 'model': None}))})")
    schedule.tick()
    process = schedule._process
    schedule.tick()
    assert process is schedule._process or schedule._process is None
    if schedule._process is not None:
        finish(schedule)
    assert told.of("learned") == [{"outcome": "stays", "model": ""}]
    tried(folder, clock.now)
    clock.now += 6.9 * DAY
    schedule.tick()
    assert schedule._process is None
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
    assert schedule._process is None
    clock.now += 3601.0
    schedule.tick()
    finish(schedule)
    assert len(told.of("learn-failed")) == 2


def test_never_means_never(folder: Path) -> None:
    schedule, _, _ = a_schedule(folder, "", every=0.0)
    schedule.tick()
    assert schedule._process is None
    schedule.stop()


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_run_under_way_ends_with_the_server(folder: Path, stubborn: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postroom.bootstrap.schedule._PATIENCE", 0.2)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " if stubborn else ""
    schedule, _, told = a_schedule(folder, f"{deaf}print('up', flush=True); import time; time.sleep(600)")
    schedule.tick()
    process = schedule._process
    assert process is not None
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    schedule.stop()
    assert process.poll() == (-9 if stubborn else -15)
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
