"""Worker processes: started, rung, watched, stopped when they hang, started again when they die.

Parent and child share a pipe and a page of memory. The parent writes a byte into the pipe when there may be work, and
closes it (or dies) to say stop. The child writes into the page since when it has had a mail in hand, so that the parent
can stop a child that hangs on hostile bytes; that it is at work; and what a person should know of it.
"""

import contextlib
import fcntl
import mmap
import os
import select
import signal
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from postroom.model.errors import ConfigError
from postroom.ports import Observer

#: since when a mail is in hand, 0 for none
_PAGE = struct.Struct("<d")
#: whether it is at work, and how many bytes its warning has, which follows
_SAID = struct.Struct("<?H")
_SAID_AT, _WARNING_AT = 8, 16
#: seconds before a worker that died at once is started again; doubles up to the longest
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0
#: seconds of life after which a death counts as the first again
_HEALTHY = 60.0


class PipeBell:
    """The child's end: rings when the parent writes, says stop when the parent has closed the pipe or died."""

    def __init__(self, fd: int, others: Sequence["Ringable"] = ()) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)
        self._others = others
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """True once the parent said stop, or is gone."""
        if not self._stopping:
            self.wait(0.0)
        return self._stopping

    def stop(self) -> None:
        """Say stop from this side, e.g. on SIGTERM."""
        self._stopping = True

    def wait(self, seconds: float) -> None:
        """Return when there may be work, when told to stop, or after so many seconds."""
        if self._stopping or not self._poll.poll(seconds * 1000):
            return
        try:
            while chunk := os.read(self._fd, 4096):
                if len(chunk) < 4096:
                    return
            self._stopping = True
        except BlockingIOError:
            return


class Ringable:
    """A pipe's writing end that is rung without ever blocking: a full pipe has rung already."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._fd = fd

    def ring(self) -> None:
        """There may be work."""
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(self._fd, b"!")


class Pulse:
    """The child's side of the shared page."""

    def __init__(self, fd: int) -> None:
        self._page = mmap.mmap(fd, mmap.PAGESIZE)

    def beat(self) -> None:
        """A mail is in hand from now on."""
        _PAGE.pack_into(self._page, 0, time.monotonic())

    def rest(self) -> None:
        """Nothing is in hand."""
        _PAGE.pack_into(self._page, 0, 0.0)

    def ready(self) -> None:
        """All that the work needs is there: it begins."""
        self._say(at_work=True, warning=self._said()[1])

    def warn(self, text: str) -> None:
        """A person should know this of the child from now on; ``""`` for nothing any more."""
        self._say(at_work=self._said()[0], warning=text)

    def _said(self) -> tuple[bool, str]:
        return _said(self._page)

    def _say(self, *, at_work: bool, warning: str) -> None:
        content = warning.encode("utf-8", "replace")[: mmap.PAGESIZE - _WARNING_AT]
        self._page[_WARNING_AT : _WARNING_AT + len(content)] = content
        _SAID.pack_into(self._page, _SAID_AT, at_work, len(content))


def _said(page: mmap.mmap) -> tuple[bool, str]:
    """Whether a child is at work, and its warning. One that is being written may be read as half of each."""
    at_work, length = _SAID.unpack_from(page, _SAID_AT)
    return at_work, page[_WARNING_AT : _WARNING_AT + length].decode("utf-8", "replace")


@dataclass(slots=True, kw_only=True)
class _Child:
    role: str
    process: "subprocess.Popen[bytes] | None" = None
    bell: int = -1
    page: mmap.mmap | None = None
    started: float = 0.0
    again_at: float = 0.0
    pause: float = _FIRST_PAUSE
    claimant: str = ""
    #: why it was stopped, ``""`` when it was not
    stopped: str = ""

    @property
    def lives(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def said(self) -> tuple[bool, str]:
        """Whether it is at work, and what it warns of."""
        return (False, "") if self.page is None else _said(self.page)


@dataclass(slots=True, kw_only=True)
class Supervisor:
    """Keeps the worker processes of one installation alive. Call `tick` a few times a second."""

    #: the command of a worker, to which --role, --bell, --pulse and --ring are added
    command: Sequence[str]
    #: one role a child: ``judge``, ``deliver`` or ``pages``
    roles: Sequence[str]
    #: seconds with one mail in hand after which a worker is stopped
    hang_seconds: float
    #: given a dead worker's name, gives its claims back
    release: Callable[[str], object]
    observer: Observer
    #: listening sockets that the children of a role are given, with --listen
    sockets: Mapping[str, Sequence[int]] = field(default_factory=dict)
    _children: list[_Child] = field(default_factory=list, init=False)

    def start(self) -> None:
        """Start all children; those that deliver first, so that the others can ring them."""
        for role in sorted(self.roles):
            child = _Child(role=role)
            self._children.append(child)
            self._spawn(child)

    def tick(self) -> None:
        """Notice deaths, stop what hangs, start again what is due."""
        now = time.monotonic()
        for child in self._children:
            if child.process is None:
                if now >= child.again_at:
                    self._spawn(child)
            elif (code := child.process.poll()) is not None:
                self._died(child, code)
            elif not child.stopped and self._hangs(child, now):
                child.stopped = "hung with a mail in hand; stopped"
                child.process.kill()

    def ring(self, role: str) -> None:
        """There may be work for the children of a role."""
        for child in self._children:
            if child.role == role and child.bell >= 0:
                with contextlib.suppress(BlockingIOError, BrokenPipeError):
                    os.write(child.bell, b"!")

    def signal(self, number: int) -> None:
        """Pass a signal on to all children, e.g. SIGHUP to read the rules again."""
        for child in self._children:
            if child.process is not None and child.lives:
                child.process.send_signal(number)

    def alive(self) -> dict[str, bool]:
        """Each child's name and whether it lives."""
        return {name: child.lives for name, child in self._named()}

    def at_work(self) -> dict[str, bool]:
        """Each child's name and whether it lives and has said that it is at work."""
        return {name: child.lives and child.said[0] for name, child in self._named()}

    def warnings(self) -> dict[str, str]:
        """What the living warn of, by their names."""
        return {name: child.said[1] for name, child in self._named() if child.lives and child.said[1]}

    def _named(self) -> "list[tuple[str, _Child]]":
        return [(f"{child.role}-{number}", child) for number, child in enumerate(self._children, start=1)]

    def stop(self, timeout: float) -> None:
        """Ask all children to finish what they have in hand; kill those that take longer than ``timeout`` seconds."""
        for child in self._children:
            if child.bell >= 0:
                os.close(child.bell)
                child.bell = -1
        # The bell of those that deliver is held open by who judges: a judge with a long batch in hand would keep them going.
        self.signal(signal.SIGTERM)
        until = time.monotonic() + timeout
        for child in self._children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
            self.release(child.claimant)

    def _spawn(self, child: _Child) -> None:
        bell_read, bell_write = os.pipe()
        pulse = os.memfd_create("postroom-pulse")
        os.ftruncate(pulse, mmap.PAGESIZE)
        passed = [bell_read, pulse]
        command = [*self.command, "--role", child.role, "--bell", str(bell_read), "--pulse", str(pulse)]
        delivery = next((c.bell for c in self._children if c.role == "deliver" and c.bell >= 0), None)
        if child.role == "judge" and delivery is not None:
            passed.append(delivery)
            command += ["--ring", str(delivery)]
        for number in self.sockets.get(child.role, ()):
            passed.append(number)
            command += ["--listen", str(number)]
        os.set_blocking(bell_write, False)
        child.started, child.stopped = time.monotonic(), ""
        # A child that is told to read the rules again before it can listen must not die of it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
        try:
            child.process = subprocess.Popen(  # noqa: S603 -- our own command, no shell
                command, pass_fds=passed, stdin=subprocess.DEVNULL, start_new_session=True
            )
        except OSError as error:  # no room for one more process now
            os.close(bell_write)
            self._again_later(child, error.strerror or str(error))
            return
        else:
            child.bell, child.page = bell_write, mmap.mmap(pulse, mmap.PAGESIZE)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            os.close(bell_read)
            os.close(pulse)
        child.claimant = claimant(child.role, child.process.pid)
        self.observer.note("worker-started", role=child.role, pid=child.process.pid)

    def _died(self, child: _Child, code: int) -> None:
        self.release(child.claimant)
        os.close(child.bell)
        child.process, child.bell = None, -1
        self._again_later(child, child.stopped or (_signal_name(-code) if code < 0 else f"exit {code}"))

    def _again_later(self, child: _Child, reason: str) -> None:
        self.observer.note("worker-died", role=child.role, reason=reason)
        now = time.monotonic()
        child.pause = _FIRST_PAUSE if now - child.started > _HEALTHY else min(child.pause * 2, _LONGEST_PAUSE)
        child.again_at = now + child.pause

    def _hangs(self, child: _Child, now: float) -> bool:
        if child.page is None:
            return False
        (since,) = _PAGE.unpack_from(child.page, 0)
        return bool(since) and now - since > self.hang_seconds


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"


def claimant(role: str, pid: int) -> str:
    """Name under which a process claims: its role, pid and start time, so that a later process can't be taken for it."""
    return f"{role}.{pid}.{_start_time(pid)}"


def listen_to_hangup(handler: "Callable[[], None] | None") -> None:
    """In a child: from now on SIGHUP calls ``handler``, or nothing; one that came before is heard now."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN if handler is None else lambda *_: handler())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})


def another(pid: str) -> str:
    """What to tell whoever starts a second server."""
    return f"another server has this store, pid {pid}; end it first"


def inside(path: Path) -> str:
    """Pid of the process that is `alone` with this file, by proc_locks(5); ``""`` for none. Nothing is made or locked."""
    try:
        inode = str(path.stat().st_ino)
        locks = [line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines()]
        if any("FLOCK" in lock and "WRITE" in lock and lock[-3].rpartition(":")[2] == inode for lock in locks):
            return path.read_text(encoding="ascii", errors="replace")[:32].strip()
    except OSError:
        pass
    return ""


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Be the only process that is inside with this file, which is made when missing and names its pid.

    Raises `ConfigError` when another is inside; who dies there is inside no longer.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(descriptor, 32).decode("ascii", "replace").strip()
            raise ConfigError(another(pid)) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def belongs_to(name: str, process: str) -> bool:
    """Whether a claimant is a process of this name, or one of its lanes (``process:lane``)."""
    return name == process or name.startswith(f"{process}:")


def is_alive(name: str) -> bool:
    """Whether the process behind a claimant's name still lives on this machine."""
    _, _, rest = name.partition(":")[0].partition(".")
    pid, _, started = rest.partition(".")
    return pid.isdigit() and _start_time(int(pid)) == started != ""


def _start_time(pid: int) -> str:
    """Start time in clock ticks since boot, from /proc; ``""`` when there is no such process, or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
