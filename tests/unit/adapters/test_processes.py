"""Worker processes: real ones, of a few lines each, watched without waiting for time to pass."""

import mmap
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from postroom.adapters import processes
from postroom.adapters.processes import (
    PipeBell,
    Pulse,
    Ringable,
    Supervisor,
    alone,
    belongs_to,
    claimant,
    inside,
    is_alive,
)
from postroom.model.errors import ConfigError
from tests.unit.flow.house import Told

#: a worker that says "!" to its standard error's place by ringing --ring, and ends when its bell closes
WORKER = """
import argparse, os, sys, time
from postroom.adapters.processes import PipeBell, Pulse, Ringable
p = argparse.ArgumentParser()
for name in ("--role", "--bell", "--pulse", "--ring"): p.add_argument(name)
a = p.parse_args()
bell, pulse = PipeBell(int(a.bell)), Pulse(int(a.pulse))
{body}
"""


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, f"still not: {what}"
        time.sleep(0.01)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def supervised(told: Told) -> Iterator[Callable[..., Supervisor]]:
    started: list[Supervisor] = []

    def start(body: str, *roles: str, released: list[str] | None = None, hang_seconds: float = 3600.0) -> Supervisor:
        one = Supervisor(
            command=[sys.executable, "-c", WORKER.format(body=body)],
            roles=roles or ("judge",),
            hang_seconds=hang_seconds,
            release=(released if released is not None else []).append,
            observer=told,
        )
        started.append(one)
        one.start()
        return one

    yield start
    for one in started:
        one.stop(0.0)


class TestBell:
    @pytest.fixture
    def pipe(self) -> Iterator[tuple[PipeBell, int]]:
        read, write = os.pipe()
        yield PipeBell(read), write
        os.close(read)

    def test_it_rings_however_often_it_was_rung(self, pipe: tuple[PipeBell, int]) -> None:
        bell, write = pipe
        for _ in range(10_000):
            Ringable(write).ring()
        while not _empty(bell._fd):
            bell.wait(60.0)
        bell.wait(0.0)
        assert not bell.stopping
        os.close(write)

    def test_a_full_pipe_blocks_nobody(self, pipe: tuple[PipeBell, int]) -> None:
        bell, write = pipe
        ring = Ringable(write)
        for _ in range(70_000):
            ring.ring()
        while not _empty(bell._fd):
            bell.wait(60.0)
        assert not bell.stopping
        os.close(write)

    def test_a_closed_pipe_says_stop(self, pipe: tuple[PipeBell, int]) -> None:
        bell, write = pipe
        assert not bell.stopping
        Ringable(write).ring()
        os.close(write)
        assert bell.stopping or bell.stopping, "what was rung before is read first"
        bell.wait(60.0)

    def test_it_can_be_told_from_this_side(self, pipe: tuple[PipeBell, int]) -> None:
        bell, write = pipe
        bell.stop()
        assert bell.stopping
        os.close(write)

    def test_nobody_reads_any_more(self) -> None:
        read, write = os.pipe()
        os.close(read)
        Ringable(write).ring()
        os.close(write)


def _empty(fd: int) -> bool:
    import select

    return not select.select([fd], [], [], 0)[0]


def test_a_pulse_is_seen_by_the_parent() -> None:
    fd = os.memfd_create("test")
    os.ftruncate(fd, mmap.PAGESIZE)
    page = mmap.mmap(fd, mmap.PAGESIZE)
    pulse = Pulse(fd)
    before = time.monotonic()
    pulse.beat()
    (since,) = processes._PAGE.unpack_from(page, 0)
    assert before <= since <= time.monotonic()
    pulse.rest()
    assert processes._PAGE.unpack_from(page, 0) == (0.0,)
    os.close(fd)


def test_what_a_child_says_is_known_to_the_parent_while_it_lives(supervised: Any) -> None:
    one = supervised(
        "pulse.beat()\npulse.warn('the rules: größer ' + 'x' * 9000)\npulse.ready()\nbell.wait(60)\n"
        "pulse.warn('')\nbell.wait(60)"
    )
    assert one.at_work().keys() == {"judge-1"}
    until(lambda: one.at_work()["judge-1"], "at work")
    assert one.warnings()["judge-1"].startswith("the rules: größer xxx")
    one.ring("judge")
    until(lambda: not one.warnings(), "no warning any more")
    assert one.at_work() == {"judge-1": True}
    one._children[0].process.kill()
    one._children[0].process.wait()
    assert one.at_work() == {"judge-1": False}


class TestAlone:
    def test_a_second_one_is_told_of_the_first_and_comes_in_once_it_has_left(self, tmp_path: Path) -> None:
        file = tmp_path / "server.lock"
        with alone(file):
            with pytest.raises(ConfigError, match=f"another server has this store, pid {os.getpid()};"), alone(file):
                pass
            assert file.stat().st_mode & 0o777 == 0o600
            assert inside(file) == str(os.getpid())
        assert inside(file) == inside(tmp_path / "missing") == ""
        with alone(file):
            pass

    def test_the_dead_are_inside_no_longer(self, tmp_path: Path) -> None:
        file = tmp_path / "server.lock"
        inside = (
            "import sys, pathlib\nfrom postroom.adapters.processes import alone\n"
            "with alone(pathlib.Path(sys.argv[1])): print('inside', flush=True); input()"
        )
        child = subprocess.Popen(
            [sys.executable, "-c", inside, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"inside\n"
        with pytest.raises(ConfigError, match=f"pid {child.pid};"), alone(file):
            pass
        child.kill()
        child.communicate()
        with alone(file):
            pass


class TestSupervisor:
    def test_who_delivers_ends_at_once_though_a_judge_holds_its_bell(self, supervised: Any) -> None:
        """A judge with a long batch in hand: it hears of no signal, and its end of the deliverer's bell stays open."""
        ended: list[str] = []
        one = supervised(
            "import signal\n"
            "if a.role == 'deliver': signal.signal(signal.SIGTERM, lambda *_: bell.stop())\n"
            "else: signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "pulse.ready()\n"
            "while a.role == 'judge' or not bell.stopping: bell.wait(0.25) if a.role == 'deliver' else signal.pause()",
            "judge",
            "deliver",
            released=ended,
        )
        until(lambda: all(one.at_work().values()), "at work")
        deliverer, judge = one._children
        stopping = threading.Thread(target=one.stop, args=(60.0,))
        stopping.start()
        until(lambda: deliverer.process.poll() is not None, "ended by itself")
        assert deliverer.process.returncode == 0
        assert judge.process.poll() is None
        judge.process.kill()
        stopping.join()
        assert [name.partition(".")[0] for name in ended] == ["deliver", "judge"]

    def test_a_worker_that_is_told_to_stop_ends_and_gives_back(self, supervised: Any) -> None:
        released: list[str] = []
        one = supervised("while not bell.stopping: bell.wait(60)", "judge", "deliver", released=released)
        assert one.alive() == {"deliver-1": True, "judge-2": True}
        one.stop(60.0)
        assert one.alive() == {"deliver-1": False, "judge-2": False}
        assert [name.partition(".")[0] for name in released] == ["deliver", "judge"]

    def test_one_that_does_not_listen_is_killed(self, supervised: Any) -> None:
        one = supervised("import signal\nwhile True: signal.pause()")
        one.stop(0.0)
        assert not any(one.alive().values())

    def test_a_ring_reaches_the_children_of_a_role_and_judges_ring_deliverers(
        self, supervised: Any, told: Told
    ) -> None:
        """Rung, the judge rings the deliverer, which ends with 7."""
        body = (
            "bell.wait(60)\n"
            "if a.role == 'judge' and not bell.stopping: Ringable(int(a.ring)).ring(); bell.wait(60)\n"
            "if a.role == 'deliver' and not bell.stopping: sys.exit(7)"
        )
        one = supervised(body, "judge", "deliver")
        one.ring("judge")
        until(lambda: one.tick() or told.of("worker-died"), "the deliverer was rung")
        assert told.of("worker-died")[0] == {"role": "deliver", "reason": "exit 7"}

    def test_the_dead_are_started_again_after_a_growing_pause(
        self, supervised: Any, told: Told, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        released: list[str] = []
        now = [time.monotonic()]
        monkeypatch.setattr(processes.time, "monotonic", lambda: now[0])
        one = supervised("sys.exit(3)", released=released)
        pauses = []
        for _ in range(9):
            one._children[0].process.wait()
            one.tick()
            assert one._children[0].process is None
            pauses.append(round(one._children[0].again_at - now[0], 3))
            one.tick()
            assert one._children[0].process is None, "not before its pause is over"
            now[0] = one._children[0].again_at
            one.tick()
        assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0, 10.0]
        assert len(set(released)) == 9
        assert [died["reason"] for died in told.of("worker-died")] == ["exit 3"] * 9
        now[0] += 61
        one._children[0].process.wait()
        one.tick()
        assert one._children[0].pause == 0.1, "it had lived for a minute"

    def test_one_that_hangs_with_a_mail_in_hand_is_stopped_and_told_once(self, supervised: Any, told: Told) -> None:
        one = supervised("import signal\npulse.beat()\nwhile True: signal.pause()", hang_seconds=0.001)
        until(lambda: one.tick() or told.of("worker-died"), "stopped")
        (died,) = told.of("worker-died")
        assert "hung" in died["reason"]

    def test_one_that_rests_does_not_hang(self, supervised: Any, told: Told) -> None:
        one = supervised("pulse.beat()\npulse.rest()\nwhile not bell.stopping: bell.wait(60)", hang_seconds=30.0)
        for _ in range(50):
            one.tick()
        assert not told.of("worker-died")

    def test_a_signal_reaches_the_living(self, supervised: Any, told: Told) -> None:
        one = supervised("while not bell.stopping: bell.wait(60)")
        one.signal(signal.SIGKILL)
        until(lambda: one.tick() or told.of("worker-died"), "dead")
        assert told.of("worker-died") == [{"role": "judge", "reason": "SIGKILL"}]
        one.signal(signal.SIGKILL)
        one.ring("judge")

    def test_when_no_process_can_be_made_it_is_tried_again(
        self, supervised: Any, told: Told, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: Any, **__: Any) -> None:
            raise BlockingIOError(11, "Resource temporarily unavailable")

        with monkeypatch.context() as patched:
            patched.setattr(processes.subprocess, "Popen", refuse)
            before = len(os.listdir("/proc/self/fd"))
            one = supervised("while not bell.stopping: bell.wait(60)")
            assert len(os.listdir("/proc/self/fd")) == before, "nothing is left open"
        assert not any(one.alive().values())
        assert "Resource temporarily unavailable" in told.of("worker-died")[0]["reason"]
        until(lambda: one.tick() or any(one.alive().values()), "started at last")


class TestNames:
    def test_a_process_is_known_by_more_than_its_number(self) -> None:
        name = claimant("judge", os.getpid())
        assert is_alive(name)
        assert is_alive(f"{name}:a-lane")
        assert not is_alive(f"judge.{os.getpid()}.1"), "the number was used again"

    def test_the_dead_and_zombies_are_not_alive(self) -> None:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        name = claimant("judge", child.pid)
        assert is_alive(name)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and nobody has taken its status
        assert not is_alive(name)
        child.communicate()
        assert not is_alive(name)

    @pytest.mark.parametrize("name", ["", "judge", "judge.", "judge.x.1", "judge.999999999.5", "judge.1", "..."])
    def test_what_is_no_name_of_ours_is_not_alive(self, name: str) -> None:
        assert not is_alive(name)

    def test_a_lane_belongs_to_its_process_alone(self) -> None:
        assert belongs_to("deliver.7.9", "deliver.7.9")
        assert belongs_to("deliver.7.9:desk", "deliver.7.9")
        assert not belongs_to("deliver.7.99", "deliver.7.9")
