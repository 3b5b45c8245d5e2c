"""Processes that we start on loopback, what they cost, and their end.

Whoever starts one stops it: a `Child` is a context manager. Each runs in a session of its own, so that what it forks can
be found, counted and ended with it, and nothing else is.
"""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

_LOWEST, _CLIENTS = 10_000, 32_768
TICK = os.sysconf("SC_CLK_TCK")


class NotStarted(Exception):
    """A process did not come up in time or ended; the text holds the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a process and all it forked, ended ones included, have cost so far."""

    #: seconds of processor time
    cpu: float
    #: resident bytes of the living processes, largest first
    rss: tuple[int, ...]
    #: living processes
    processes: int

    def since(self, earlier: "Usage") -> float:
        """Seconds of processor time spent since then."""
        return self.cpu - earlier.cpu


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody had a moment ago.

    By chance, below those that Linux gives to clients (``ip_local_port_range``): whoever connects, or asks for any port, until it
    is bound does not get it.
    """
    while True:
        port = _LOWEST + secrets.randbelow(_CLIENTS - _LOWEST)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def free_ports(count: int) -> list[int]:
    """Different ones."""
    found: set[int] = set()
    while len(found) < count:
        found.add(free_port())
    return list(found)


def wait_until(what: Callable[[], bool], seconds: float, *, every: float = 0.02) -> bool:
    """Whether it became true within this time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(every)
    return what()


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody listens there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class _Stat:
    pid: int
    parent: int
    session: int
    #: seconds of its own, and of children that it waited for
    own: float
    waited: float
    rss: int
    state: str


def _stats() -> Iterator[_Stat]:
    page = os.sysconf("SC_PAGE_SIZE")
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        # it may end while we look
        with contextlib.suppress(OSError):
            text = Path("/proc", name, "stat").read_text()
            rest = text.rpartition(")")[2].split()
            # utime and stime, then those of the children it waited for: proc(5) fields 14 to 17
            own, waited = (sum(map(int, rest[a:b])) / TICK for a, b in ((11, 13), (13, 15)))
            yield _Stat(int(name), int(rest[1]), int(rest[3]), own, waited, int(rest[21]) * page, rest[0])


def _exactly(stat: _Stat) -> float:
    """Seconds that a process has cost. Its clock ticks round down, 10 ms at a time: too coarse where many do little.

    The scheduler's own count is in nanoseconds, for each living thread; that of threads that ended is in the ticks alone.
    """
    nanoseconds = 0
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{stat.pid}/task"):
            with contextlib.suppress(OSError):
                nanoseconds += int(Path("/proc", str(stat.pid), "task", task, "schedstat").read_text().split()[0])
    return max(stat.own, nanoseconds / 1e9) + stat.waited


class Child:
    """One started process with everything it forks. Its output goes to a file."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stop_with: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.log = log
        self._stop_with = stop_with
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=None if env is None else dict(env),
                cwd=cwd,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Of the process that we started."""
        return self.process.pid

    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None

    def family(self) -> list[int]:
        """Living processes: itself, its descendants, and any others of its session."""
        return [stat.pid for stat in self._family()]

    def usage(self) -> Usage:
        """What all of them have cost so far."""
        stats = self._family()
        return Usage(
            cpu=sum(map(_exactly, stats)),
            rss=tuple(sorted((stat.rss for stat in stats), reverse=True)),
            processes=len(stats),
        )

    def wait_ready(self, ready: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait until it is ready. Raises `NotStarted` when it ends before, or takes longer."""
        if wait_until(lambda: ready() or not self.alive(), seconds) and self.alive():
            return
        state = "runs but is not ready" if self.alive() else f"ended with {self.process.returncode}"
        raise NotStarted(f"{what} {state}; its log ends:\n{self.tail()}")

    def tail(self, lines: int = 25) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def kill(self) -> None:
        """SIGKILL to this process alone, then wait for it."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds: float = 10) -> None:
        """End it politely, then everything of its family for certain. Idempotent."""
        family = self.family()
        if self.alive():
            self.process.send_signal(self._stop_with)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        for pid in {*family, *self.family()} & {
            stat.pid for stat in _stats() if stat.session == self.pid or stat.pid in family
        }:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def _family(self) -> list[_Stat]:
        stats = [stat for stat in _stats() if stat.state != "Z"]
        ours = {self.pid}
        # parents come before children only mostly: repeat until nothing is added
        while more := {s.pid for s in stats if s.parent in ours or s.session == self.pid} - ours:
            ours |= more
        return [stat for stat in stats if stat.pid in ours]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
