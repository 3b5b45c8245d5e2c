"""Account status from a CSV file that another system exports, again and again (docs/how-to/account-status.md)."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from typing import Final

from postroom.adapters.status.background import Start, in_background
from postroom.adapters.status.csvtable import Table, Unreadable, read_table
from postroom.adapters.status.words import StateWords
from postroom.model.errors import TryLater
from postroom.model.judgement import AccountStatus
from postroom.ports import Observer

#: seconds between two looks at the file
_LOOK_EVERY: Final = 1.0
#: a file that was written to less than so many seconds ago may not be finished
_QUIET: Final = 2.0


@dataclass(frozen=True, slots=True)
class _Version:
    """What tells one content of the file from the next."""

    device: int
    inode: int
    size: int
    changed: int

    @classmethod
    def of(cls, found: os.stat_result) -> "_Version":
        return cls(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


class CsvStatus:
    """Answers from the file as it was last read whole; reads it again in the background when it has changed.

    A file that is just being written, was changed while it was read, is gone or is no table changes nothing: what was
    read before stays. May be used from several threads.
    """

    def __init__(
        self,
        path: Path,
        *,
        words: StateWords,
        observer: Observer,
        start: Start = in_background,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._words = words
        self._observer = observer
        self._start = start
        self._clock = clock
        self._now = now
        self._turn = threading.Lock()
        self._table: Table | None = None
        self._tried: _Version | None = None
        self._looked = -_LOOK_EVERY
        self._missing = False

    def statuses(self, addresses: Sequence[str], deadline: float) -> Sequence[AccountStatus]:
        """The state of each address's account. Waits, up to ``deadline`` seconds, for the first reading alone."""
        if self._turn.acquire(blocking=False):  # released when the file was looked at, or read
            self._look(deadline)
        table = self._table
        if table is None:
            return [AccountStatus()] * len(addresses)
        return [table.look_up(address) for address in addresses]

    def check(self) -> str:
        """Read the file now: how many addresses it has, as of when, and which lines say nothing.

        Raises `TryLater`, also where more lines say nothing than something.
        """
        try:
            table, version = self._read()
        except (OSError, Unreadable) as error:
            raise TryLater(self._words_for(error)) from error
        written = datetime.fromtimestamp(version.changed / 1e9, UTC)
        said = f"{table.lines:,} lines of {self._path}, written {written:%Y-%m-%d %H:%M} UTC"
        if (undated := table.first_undated) is not None:
            said = f"{said}; {table.undated:,} of them without their date: line {undated.number} {undated.why}"
        if not table.bad:
            return said
        shown = "; ".join(f"line {bad.number} {bad.why}" for bad in table.first_bad)
        more = "; …" if table.bad > len(table.first_bad) else ""
        said = f"{said}; {table.bad:,} more count as unknown: {shown}{more}"
        if table.bad > table.lines:
            raise TryLater(said)
        return said

    def _look(self, deadline: float) -> None:
        """Start reading if there is something new. Has the turn, and gives it back."""
        if not self._is_new():
            self._turn.release()
            return
        reading = self._start(self._take)
        reading.add_done_callback(lambda _: self._turn.release())
        if self._table is None:
            wait([reading], timeout=deadline)

    def _is_new(self) -> bool:
        if self._clock() - self._looked < _LOOK_EVERY:
            return False
        self._looked = self._clock()
        try:
            found = self._path.stat()
        except (OSError, ValueError) as error:
            if not self._missing:
                self._trouble(error)
            self._missing = True
            return False
        self._missing = False
        settled = self._table is None or abs(self._now() - found.st_mtime) >= _QUIET
        return settled and _Version.of(found) != self._tried

    def _take(self) -> None:
        """Read the file and answer from it from now on; unless it can't be, or changed meanwhile."""
        try:
            table, self._tried = self._read()
        except (OSError, Unreadable) as error:
            self._trouble(error)
            return
        self._table = table
        self._observer.note("status-loaded", lines=table.lines, bad=table.bad)

    def _read(self) -> tuple[Table, _Version]:
        descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a path that is a pipe must not make us wait
            found = os.fstat(descriptor)
            if not S_ISREG(found.st_mode):
                raise Unreadable("it is no regular file")
            self._tried = version = _Version.of(found)
            table = read_table(file, self._words)
            if _Version.of(os.fstat(descriptor)) != version:
                self._tried = None
                raise Unreadable("it was written to while it was read: write another file and rename it")
        return table, version

    def _trouble(self, error: Exception) -> None:
        self._observer.note("status-failed", provider="csv", error=self._words_for(error))

    def _words_for(self, error: Exception) -> str:
        said = (isinstance(error, OSError) and error.strerror) or str(error)
        return f"can't read {self._path}: {said}"
