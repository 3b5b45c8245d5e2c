"""One thread a process that writes, and group commit: what was asked for while one commit ran goes into the next.

A future completes only after COMMIT has returned, which with ``synchronous=FULL`` is after fdatasync of the write-ahead
log. A lone request is committed at once; where several ask at the same time, a group waits a moment for the others.

A group is tried as one transaction. When that fails, none of it has happened, and each member is tried in a transaction
of its own, so that one that can't be written doesn't take others with it.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar, cast

from postroom.adapters.store.connect import OpenedFile, translate
from postroom.model.errors import PostroomError, TryLater

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

#: Does the same thing for several requests at once: a result for each item, in order; inside a transaction.
Bulk = Callable[[sqlite3.Connection, Sequence[_Item]], Sequence[_Result]]

_GROUP_ITEMS = 512
_GROUP_BYTES = 32 * 1024 * 1024
#: how long, and how often, a group waits for as many as were in the last one
_COMPANY_SECONDS = 0.001
_COMPANY_TURNS = 3


class _Work(Generic[_Item, _Result]):
    """One request: what to do, with what, and who waits."""

    __slots__ = ("do", "future", "item", "weight")

    def __init__(self, do: "Bulk[_Item, _Result]", item: _Item, weight: int) -> None:
        self.do = do
        self.item = item
        self.weight = weight
        self.future: Future[_Result] = Future()


class Writer:
    """Owns the only connection of this process that writes."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        file: OpenedFile,
        *,
        busy_seconds: float,
        after_commit: Callable[[sqlite3.Connection, int, int], None],
    ) -> None:
        self._connection = connection
        self._file = file
        self._busy_seconds = busy_seconds
        self._after_commit = after_commit
        self._process = os.getpid()
        self._waiting: SimpleQueue[_Work[Any, Any] | None] = SimpleQueue()
        self._door = threading.Lock()
        self._usual = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, do: "Bulk[_Item, _Result]", item: _Item, *, weight: int = 0) -> "Future[_Result]":
        """Have something written; ``weight`` is about how many bytes. The future fails with `TryLater` when closed."""
        work = _Work(do, item, weight)
        if self._process != os.getpid():
            raise PostroomError("a store was used after fork; open one in each process")
        with self._door:
            if not self._closed:
                self._waiting.put(cast("_Work[Any, Any]", work))
                return work.future
        work.future.set_exception(TryLater("the store is closed"))
        return work.future

    def close(self) -> None:
        """Commit what was asked for, then let go of the connection. Idempotent."""
        with self._door:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        more = True
        while more:
            group, more = self._gather()
            if group:
                self._commit(group)
        self._connection.close()

    def _gather(self) -> "tuple[list[_Work[Any, Any]], bool]":
        """Wait for one request, then take what else is there. False when it was the last.

        After a group of several, their askers are just now coming back with more: a few milliseconds for them are well
        spent, as every commit costs as much as several mails. A lone asker never waits.
        """
        group: list[_Work[Any, Any]] = []
        more = self._take_all(group, wait=True)
        for _ in range(_COMPANY_TURNS):
            if not more or len(group) >= self._usual:
                break
            time.sleep(_COMPANY_SECONDS)
            more = self._take_all(group)
        self._usual = len(group)
        return group, more

    def _take_all(self, group: "list[_Work[Any, Any]]", *, wait: bool = False) -> bool:
        """Put what waits into the group, as far as there is room; ``wait`` for the first. False after the last of all."""
        weight = sum(work.weight for work in group)
        while len(group) < _GROUP_ITEMS and weight < _GROUP_BYTES:
            try:
                work = self._waiting.get(block=wait)
            except Empty:
                return True
            wait = False
            if work is None:
                return False
            # A request that its asker has cancelled is not begun; from here on it can't be cancelled.
            if work.future.set_running_or_notify_cancel():
                group.append(work)
                weight += work.weight
        return True

    def _commit(self, group: "Sequence[_Work[Any, Any]]") -> None:
        try:
            self._begin()
        except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it was
            # Nobody could be written now: trying each would make the last wait for all.
            _fail(group, error)
            return
        try:
            results = self._transact(group)
        except BaseException as error:  # noqa: BLE001 - whoever waits is told, whatever it was
            if len(group) == 1:
                _fail(group, error)
            else:
                for work in group:
                    self._commit([work])
            return
        for work, result in zip(group, results, strict=True):
            work.future.set_result(result)
        self._after_commit(self._connection, len(group), sum(work.weight for work in group))

    def _begin(self) -> None:
        """Take the write lock, asking again every millisecond or so: SQLite's own waits grow to a tenth of a second."""
        self._file.check()
        deadline = time.monotonic() + self._busy_seconds
        wait = 0.0005
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                    raise
            else:
                return
            time.sleep(wait)
            wait = min(wait * 1.5, 0.005)

    def _transact(self, group: "Sequence[_Work[Any, Any]]") -> list[Any]:
        """Do everything in the open transaction; on return it is durable, after an exception undone."""
        try:
            results: dict[int, Any] = {}
            for do, works in _by_what(group).items():
                answers = do(self._connection, [work.item for work in works])
                results.update(zip(map(id, works), answers, strict=True))
            self._connection.execute("COMMIT")
        except BaseException:  # whatever it was: undone here, and raised on
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return [results[id(work)] for work in group]


def _by_what(group: "Sequence[_Work[Any, Any]]") -> "dict[Bulk[Any, Any], list[_Work[Any, Any]]]":
    sorted_out: dict[Bulk[Any, Any], list[_Work[Any, Any]]] = {}
    for work in group:
        sorted_out.setdefault(work.do, []).append(work)
    return sorted_out


def _fail(group: "Sequence[_Work[Any, Any]]", error: BaseException) -> None:
    told = translate(error) if isinstance(error, Exception) else PostroomError(f"the store's writer failed: {error!r}")
    for work in group:
        work.future.set_exception(told)
