"""An mbox file in the mboxrd dialect: every mail appended whole or not at all, under both customary locks."""

import fcntl
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from postroom.adapters.destination.disk import disk_errors, sync_folder, write_all
from postroom.adapters.destination.final import filed
from postroom.model.errors import TryLater
from postroom.model.mail import DestinationName, Mail
from postroom.model.work import Parcel, Receipt

_FROM_LINE = re.compile(rb"^(>*From )", re.MULTILINE)
_NOT_IN_SENDER = re.compile(rb"[^!-~]")
_STALE = 300.0
_PAUSE = 0.1
_LOOK_BACK = 1 << 20


class MboxDestination:
    """Appends mail to an mbox file, quoting ``>*From `` lines (mboxrd), with lines ending in LF.

    Readers are kept out by ``<file>.lock`` and by fcntl. A write that fails is taken back by truncating to the old
    size. A repeat is recognised while the very same bytes stand in the last mebibyte of the file. Not idempotent: once
    a reader has removed or rewritten the mail (a ``Status`` line is enough), or much was added behind it, a repeat
    appends it again; ``X-Postroom-Id`` tells such copies.
    """

    can_withdraw = False
    concurrency = 1

    def __init__(
        self,
        name: str,
        path: Path,
        *,
        timeout: float = 30.0,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = DestinationName(name)
        self._path = path
        self._timeout = timeout
        self._clock = clock
        self._pause = pause
        # fcntl locks belong to the process: threads need one of their own
        self._lock = threading.Lock()

    def deliver(self, parcel: Parcel) -> Receipt:
        """Returns once the mail is durable. Raises `TryLater` with ``lane_down`` for a lock that stays held or trouble of the disk."""
        entry = _entry(parcel)
        with self._lock, disk_errors(self._path), self._opened() as descriptor:
            size = os.fstat(descriptor).st_size
            if _already(descriptor, size, entry):
                os.fsync(descriptor)  # the first try may have died before it came to this
            else:
                self._append(descriptor, size, entry)
        return Receipt(reference=f"mbox {self._path.name} at {size}")

    def withdraw(self, mail: Mail, generation: int) -> bool:
        """It is too late: the file is another program's."""
        return False

    def check(self) -> str:
        """A sentence for people, once the file could be locked and opened. Raises `TryLater`."""
        with self._lock, disk_errors(self._path), self._opened():
            return f"mbox {self._path} can be locked and written to"

    def close(self) -> None:
        """There is nothing to let go of."""

    @contextmanager
    def _opened(self) -> Iterator[int]:
        give_up = self._clock() + self._timeout
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._dot_lock(give_up):
            fresh = not self._path.exists()
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                self._fcntl_lock(descriptor, give_up)
                if fresh:
                    sync_folder(self._path.parent)
                yield descriptor
            finally:
                os.close(descriptor)

    @contextmanager
    def _dot_lock(self, give_up: float) -> Iterator[None]:
        lock = self._path.with_name(f"{self._path.name}.lock")
        while True:
            try:
                descriptor = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
                break
            except FileExistsError:
                self._wait_for_dot_lock(lock, give_up)
        try:
            mine = os.fstat(descriptor).st_ino
            with suppress(OSError):  # the number is for people; a full disk must not keep the lock
                os.write(descriptor, f"{os.getpid()}\n".encode())
            os.close(descriptor)
            yield
        finally:
            # Not one that another made, taking ours for stale
            with suppress(FileNotFoundError):
                if lock.stat().st_ino == mine:
                    lock.unlink()

    def _wait_for_dot_lock(self, lock: Path, give_up: float) -> None:
        with suppress(FileNotFoundError):
            if self._clock() - lock.stat().st_mtime > _STALE:
                lock.unlink()
                return
        self._wait(give_up, lock)

    def _fcntl_lock(self, descriptor: int, give_up: float) -> None:
        while True:
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):
                self._wait(give_up, self._path)
            else:
                return

    def _wait(self, give_up: float, what: Path) -> None:
        if self._clock() >= give_up:
            raise TryLater(f"{what} is locked by another program", lane_down=True)
        self._pause(_PAUSE)

    def _append(self, descriptor: int, size: int, entry: bytes) -> None:
        gap = _gap(descriptor, size)
        os.lseek(descriptor, size, os.SEEK_SET)
        try:
            write_all(descriptor, gap + entry)
            os.fsync(descriptor)
        except BaseException:  # whatever it was: undone here, and raised on
            os.ftruncate(descriptor, size)
            os.fsync(descriptor)
            raise


def _entry(parcel: Parcel) -> bytes:
    """The mail as it stands in the file. The same for every try."""
    sender = _NOT_IN_SENDER.sub(b"-", parcel.mail.envelope.mail_from.encode("utf-8", "replace"))[:200]
    when = time.asctime(time.gmtime(parcel.mail.received_at))
    body = _FROM_LINE.sub(rb">\1", filed(parcel))
    return b"From %s %s\n%s%s" % (
        sender or b"MAILER-DAEMON",
        when.encode("ascii"),
        body,
        b"\n" if body.endswith(b"\n") else b"\n\n",
    )


def _already(descriptor: int, size: int, entry: bytes) -> bool:
    start = max(0, size - _LOOK_BACK - len(entry))
    return entry in os.pread(descriptor, size - start, start)


def _gap(descriptor: int, size: int) -> bytes:
    # A mail that was cut off, by a crash or another program, must not swallow ours.
    tail = os.pread(descriptor, 2, max(0, size - 2))
    if size == 0 or tail == b"\n\n" or (size == 1 and tail == b"\n"):
        return b""
    return b"\n" if tail.endswith(b"\n") else b"\n\n"
