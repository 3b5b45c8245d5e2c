"""The store on SQLite: one file in WAL mode with ``synchronous=FULL``, used by any number of threads and processes.

Writing goes through one thread a process (`writer`), which commits for all who ask at the same time; reading has its own
connections. Open it after forking, once a process. Compressing and encoding happen in the thread that asks.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Literal, TypeVar

from postroom.adapters.store import arrivals, desk, inbox, judgements, queue, search, verdicts, views
from postroom.adapters.store import examples as store_examples
from postroom.adapters.store.arrivals import Arriving, Packer
from postroom.adapters.store.backup import Progress, backup
from postroom.adapters.store.checkpoint import Checkpoints
from postroom.adapters.store.connect import OpenedFile, Readers, connect, create, translated
from postroom.adapters.store.line import Clocks, Want
from postroom.adapters.store.mounts import refuse_network
from postroom.adapters.store.schema import migrate
from postroom.adapters.store.units import Units
from postroom.adapters.store.writer import Writer
from postroom.model.errors import TryLater
from postroom.model.example import Example, ExampleId
from postroom.model.judgement import Decision, Verdict
from postroom.model.listing import Event, MailRow, Spoken, Waiting
from postroom.model.mail import BounceOf, DestinationName, Mail, MailId, RouteName
from postroom.model.memory import Memory, Remember
from postroom.model.people import Deed
from postroom.model.work import Decided, InboxEntry, Job, JobId, JobInfo, JobKind, Lane, Outcome, Parcel, Summary
from postroom.ports import JobFilter, Judged, Ruling

_Result = TypeVar("_Result")


class SqliteStore:
    """Everything of `postroom.ports.Store`. Make one with `open`."""

    def __init__(self, path: Path, writing: sqlite3.Connection, *, clocks: Clocks, busy_seconds: float) -> None:
        self._path = path
        self._clocks = clocks
        self._packer = Packer()
        self._opened = OpenedFile(path)
        self._readers = Readers(self._opened, busy_seconds=busy_seconds)
        self._writer = Writer(writing, self._opened, busy_seconds=busy_seconds, after_commit=Checkpoints().after_commit)
        #: for other rooms of the store, which keep what pages need in the same file
        self.units = Units(readers=self._readers, writer=self._writer, clocks=clocks)
        self._watch: sqlite3.Connection | None = None
        self._watching = threading.Lock()
        self._seen = -1
        #: fingerprints of older times are forgotten already
        self._era = 0
        self._closed = False

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        boot_id: str | None = None,
        lease_seconds: float = 300.0,
        busy_seconds: float = 5.0,
        horizon_seconds: float = 7200.0,
        max_bytes: int | None = None,
        mounts: str | None = None,
    ) -> "SqliteStore":
        """Open the store, making or upgrading its file where needed.

        ``monotonic`` must be one clock for all processes of a machine, and ``boot_id`` names its boot (default: the
        kernel's). ``busy_seconds`` is how long to wait for other processes; ``max_bytes`` how large the file may grow;
        ``horizon_seconds`` how far ahead a judge or deliver job may be due before it counts as due. Raises
        `ConfigError` for a file that isn't ours, is newer than we are or is on a network filesystem, and `TryLater`.
        """
        path = path.absolute()
        create(path)
        refuse_network(path.parent, mounts)
        clocks = Clocks(
            now=clock,
            monotonic=monotonic,
            boot=_boot_id() if boot_id is None else boot_id,
            lease_seconds=lease_seconds,
            horizon_seconds=horizon_seconds,
        )
        with translated(path):
            writing = connect(path, busy_seconds=busy_seconds, cache_kib=32768)
            try:
                migrate(writing)
                if max_bytes is not None:
                    (page,) = writing.execute("PRAGMA page_size").fetchone()
                    writing.execute(f"PRAGMA max_page_count = {max(max_bytes // page, 1)}").fetchone()
                # The writer waits in its own, finer steps.
                writing.execute("PRAGMA busy_timeout = 0").fetchone()
            except BaseException:  # whatever it was: undone here, and raised on
                writing.close()
                raise
        return cls(path, writing, clocks=clocks, busy_seconds=busy_seconds)

    # Arrivals

    def accept(self, mails: Sequence[Mail]) -> "Future[tuple[Mail, ...]]":
        """See `postroom.ports.Arrivals.accept`.

        The five days of a duplicate count from the arrival that was delivered, not from its repeats. An id that
        exists already is a `PostroomError`.
        """
        ready = arrivals.prepare(self._packer, mails)
        return self._writer.submit(self._accept, ready, weight=sum(len(one.body) + len(one.head) for one in ready))

    def _accept(self, tx: sqlite3.Connection, groups: Sequence[Sequence[Arriving]]) -> list[tuple[Mail, ...]]:
        era = arrivals.era_of(self._clocks.now())
        if era != self._era and not arrivals.forget_prints(tx, self._clocks.now()):
            self._era = era
        return arrivals.accept(tx, groups)

    def read(self, ids: Sequence[MailId]) -> tuple[Mail, ...]:
        """See `postroom.ports.Arrivals.read`."""
        with self._readers.lend() as tx:
            return arrivals.read(tx, self._packer, ids)

    def newest(self, limit: int) -> tuple[MailId, ...]:
        """See `postroom.ports.Arrivals.newest`."""
        with self._readers.lend() as tx:
            return arrivals.newest(tx, limit)

    # Judgements

    def recall(
        self,
        message_ids: Collection[str],
        subject_keys: Collection[str],
        senders: Collection[str],
        texts: Callable[[], Collection[int]] = tuple,
    ) -> Memory:
        """See `postroom.ports.Judgements.recall`."""
        with self._readers.lend() as tx:
            return judgements.recall(tx, message_ids, subject_keys, senders, texts)

    def record(self, judged: Sequence[Judged]) -> tuple[JobId, ...]:
        """See `postroom.ports.Judgements.record`.

        Where the mail has a decision of the same or a later generation, that one stands: the job is done as
        superseded, nothing else changes, and its id is not returned.
        """
        return self._write(lambda tx: judgements.record(tx, self._clocks, judged), weight=8192 * len(judged))

    def decisions(self, mail_id: MailId) -> tuple[Decision, ...]:
        """See `postroom.ports.Judgements.decisions`."""
        with self._readers.lend() as tx:
            return judgements.decisions(tx, mail_id)

    def in_force(self, ids: Collection[MailId]) -> Mapping[MailId, Decision]:
        """See `postroom.ports.Judgements.in_force`."""
        with self._readers.lend() as tx:
            return judgements.in_force(tx, ids)

    def decided(self, jobs: Sequence[Job]) -> Mapping[JobId, Decided]:
        """See `postroom.ports.Judgements.decided`."""
        with self._readers.lend() as tx:
            return judgements.decided(tx, jobs)

    def summaries(self, ids: Sequence[MailId]) -> Mapping[MailId, Summary]:
        """See `postroom.ports.Judgements.summaries`."""
        with self._readers.lend() as tx:
            return judgements.summaries(tx, ids)

    # Verdicts

    def rule(self, ruling: Ruling) -> Verdict:
        """See `postroom.ports.Verdicts.rule`."""
        return self._write(lambda tx: verdicts.rule(tx, self._clocks, ruling), weight=8192)

    def waiting(self, limit: int = 100, asked: Literal["", "review", "audit"] = "") -> tuple[Waiting, ...]:
        """See `postroom.ports.Verdicts.waiting`."""
        with self._readers.lend() as tx:
            return verdicts.waiting(tx, asked, limit)

    def verdicts(self, since: float = 0.0, *, after: int = 0, limit: int = 1000) -> tuple[Verdict, ...]:
        """See `postroom.ports.Verdicts.verdicts`."""
        with self._readers.lend() as tx:
            return verdicts.verdicts(tx, since, after, limit)

    def newest_verdicts(self, limit: int) -> tuple[Verdict, ...]:
        """See `postroom.ports.Verdicts.newest_verdicts`."""
        with self._readers.lend() as tx:
            return verdicts.newest(tx, limit)

    def spoken(self, ids: Collection[MailId]) -> dict[MailId, Spoken]:
        """See `postroom.ports.Verdicts.spoken`."""
        with self._readers.lend() as tx:
            return search.spoken(tx, ids)

    def verdicts_on(self, mail_id: MailId) -> tuple[Verdict, ...]:
        """See `postroom.ports.Verdicts.verdicts_on`."""
        with self._readers.lend() as tx:
            return verdicts.verdicts_on(tx, mail_id)

    # Queue

    def claim(
        self,
        kind: JobKind,
        limit: int,
        worker: str,
        *,
        destination: DestinationName = DestinationName(""),
        ended: Sequence[Outcome] = (),
    ) -> tuple[Job, ...]:
        """See `postroom.ports.Queue.claim`, and `line` for jobs that must be alone in a worker's hands."""
        want = Want(kind=kind, limit=limit, worker=worker, destination=destination)

        def unit(tx: sqlite3.Connection) -> tuple[Job, ...]:
            queue.settle(tx, self._clocks, ended)
            return queue.claim(tx, self._clocks, want)

        return self._write(unit, weight=256 * (limit + len(ended)))

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """See `postroom.ports.Queue.settle`."""
        if outcomes:
            self._write(lambda tx: queue.settle(tx, self._clocks, outcomes), weight=256 * len(outcomes))

    def renew(self, worker: str) -> None:
        """A worker's leases begin anew. Raises `TryLater`."""
        self._write(lambda tx: queue.renew(tx, self._clocks, worker))

    def claimants(self) -> tuple[str, ...]:
        """See `postroom.ports.Queue.claimants`."""
        with self._readers.lend() as tx:
            return queue.claimants(tx)

    def release(self, worker: str) -> int:
        """See `postroom.ports.Queue.release`."""
        return self._write(lambda tx: queue.release(tx, self._clocks, worker))

    def destinations_due(self) -> tuple[DestinationName, ...]:
        """See `postroom.ports.Queue.destinations_due`."""
        with self._readers.lend() as tx:
            return queue.destinations_due(tx, self._clocks)

    def lanes(self) -> tuple[Lane, ...]:
        """See `postroom.ports.Queue.lanes`."""
        with self._readers.lend() as tx:
            return queue.lanes(tx)

    def set_lane(self, lane: Lane) -> None:
        """See `postroom.ports.Queue.set_lane`."""
        self._write(lambda tx: queue.set_lane(tx, lane))

    def parked_since(self, when: float) -> int:
        """See `postroom.ports.Queue.parked_since`."""
        with self._readers.lend() as tx:
            return queue.parked_since(tx, when)

    # Desk

    def jobs(self, wanted: JobFilter) -> tuple[JobInfo, ...]:
        """See `postroom.ports.Desk.jobs`."""
        with self._readers.lend() as tx:
            return desk.jobs(tx, wanted)

    def retry(self, wanted: JobFilter, *, deed: Deed | None = None) -> int:
        """See `postroom.ports.Desk.retry`. With ``states=("held",)`` it lets go what a restore holds back."""
        return self._hand(desk.Hand(verb="retry", wanted=wanted, deed=deed))

    def unpark(self, wanted: JobFilter, *, deed: Deed | None = None) -> int:
        """See `postroom.ports.Desk.unpark`."""
        return self._hand(desk.Hand(verb="unpark", wanted=wanted, deed=deed))

    def drop(self, wanted: JobFilter, reason: str, *, deed: Deed | None = None) -> int:
        """See `postroom.ports.Desk.drop`."""
        return self._hand(desk.Hand(verb="drop", wanted=wanted, reason=reason, deed=deed))

    def redirect(self, wanted: JobFilter, to: DestinationName, reason: str, *, deed: Deed | None = None) -> int:
        """See `postroom.ports.Desk.redirect`."""
        return self._hand(desk.Hand(verb="redirect", wanted=wanted, to=to, reason=reason, deed=deed))

    def _hand(self, hand: desk.Hand) -> int:
        return self._write(lambda tx: desk.change(tx, self._clocks, hand))

    def reopen(self, bounce: BounceOf, reason: str) -> bool:
        """See `postroom.ports.Desk.reopen`."""
        return self._write(lambda tx: desk.reopen(tx, self._clocks, bounce, reason))

    # Inboxes

    def file(self, parcel: Parcel) -> "Future[None]":
        """See `postroom.ports.Inboxes.file`. A later generation takes the place of an earlier one of the same mail, unread."""
        wrapped = inbox.wrap(self._packer, parcel)
        return self._writer.submit(self._file, wrapped, weight=len(wrapped[1]))

    def _file(self, tx: sqlite3.Connection, wrapped: Sequence[tuple[Parcel, bytes, bool]]) -> list[None]:
        return inbox.file(tx, self._clocks, wrapped)

    def withdraw(self, mail_id: MailId, destination: DestinationName, generation: int) -> None:
        """See `postroom.ports.Inboxes.withdraw`."""
        self._write(lambda tx: inbox.withdraw(tx, mail_id, destination, generation))

    def entries(self, destination: str, *, unread_only: bool = False, limit: int = 100) -> tuple[InboxEntry, ...]:
        """See `postroom.ports.Inboxes.entries`."""
        with self._readers.lend() as tx:
            return inbox.entries(tx, destination, unread_only=unread_only, limit=limit)

    def mark_read(self, mail_id: MailId, destination: str = "") -> None:
        """See `postroom.ports.Inboxes.mark_read`; in all inboxes when destination is ``""``. Raises `TryLater`."""
        self._write(lambda tx: inbox.mark_read(tx, self._clocks, mail_id, destination))

    def content(self, mail_id: MailId, destination: str = "") -> bytes | None:
        """A mail as it was put into an inbox, our lines above; None when it isn't there. Raises `TryLater`."""
        with self._readers.lend() as tx:
            return inbox.content(tx, self._packer, mail_id, destination)

    # Examples

    def keep_examples(self, examples: Sequence[Example], remember: Sequence[Remember] = ()) -> int:
        """See `postroom.ports.Examples.keep_examples`."""
        weight = 4096 * (len(examples) + len(remember))
        return self._write(lambda tx: store_examples.keep(tx, examples, remember), weight=weight)

    def known_examples(self, ids: Collection[ExampleId]) -> frozenset[ExampleId]:
        """See `postroom.ports.Examples.known_examples`."""
        with self._readers.lend() as tx:
            return store_examples.known(tx, ids)

    def examples(self, after: Example | None = None, limit: int = 1000) -> tuple[Example, ...]:
        """See `postroom.ports.Examples.examples`."""
        with self._readers.lend() as tx:
            return store_examples.page(tx, after, limit)

    def count_examples(self) -> Mapping[RouteName, int]:
        """See `postroom.ports.Examples.count_examples`."""
        with self._readers.lend() as tx:
            return store_examples.count(tx)

    def erase_examples(self, address: str) -> int:
        """See `postroom.ports.Examples.erase_examples`."""
        return self._write(lambda tx: store_examples.erase(tx, address))

    # For lists and health pages

    def find(self, some: str, limit: int = 20) -> tuple[MailId, ...]:
        """Ids that start so, oldest first; where none does, those that end so. Raises `TryLater`."""
        with self._readers.lend() as tx:
            return views.find(tx, some, limit)

    def mails(self, limit: int = 100, *, route: str = "", before: str = "") -> tuple[MailRow, ...]:
        """Newest first, of one route if it is named, older than the mail ``before`` if that is. Raises `TryLater`."""
        with self._readers.lend() as tx:
            return views.mails(tx, limit=limit, route=route, before=before)

    def events(self, mail_id: MailId) -> tuple[Event, ...]:
        """The way of one mail, in order of time; empty when there is no such mail. Raises `TryLater`."""
        with self._readers.lend() as tx:
            return views.events(tx, mail_id)

    def census(self) -> dict[str, Any]:
        """See `postroom.ports.Store.census`. Raises `TryLater`, also when the file could be read but takes no mail any more."""
        self._opened.check()
        with self._readers.lend() as tx:
            return views.census(tx, self._path)

    @property
    def replaced(self) -> bool:
        """Whether another file has taken the place of the store's: only opening it anew helps."""
        return self._opened.replaced

    def set_log_aside(self) -> tuple[Path, ...]:
        """When it was replaced: keep its log from the file that has taken its place. Where it is then."""
        return self._opened.set_log_aside()

    def backup(self, target: Path, progress: Progress | None = None) -> None:
        """See `backup.backup`."""
        backup(self._path, target, progress)

    def changed(self) -> bool:
        """See `postroom.ports.Store.changed`; what this process wrote counts too, and the first answer is True."""
        with self._watching, translated():
            if self._closed:
                raise TryLater("the store is closed")
            if self._watch is None:
                self._opened.check()
                self._watch = connect(self._path, busy_seconds=0.0, cache_kib=64, read_only=True)
            (version,) = self._watch.execute("PRAGMA data_version").fetchone()
            before, self._seen = self._seen, version
            return bool(before != version)

    def close(self) -> None:
        """See `postroom.ports.Store.close`. Idempotent."""
        self._writer.close()
        self._readers.close()
        with self._watching:
            self._closed = True
            if self._watch is not None:
                self._watch.close()
                self._watch = None

    def _write(self, unit: "Callable[[sqlite3.Connection], _Result]", *, weight: int = 0) -> _Result:
        """Do something in a transaction of the next group, and wait until it is durable; ``weight`` is about how many bytes."""
        return self.units.write(unit, weight=weight)


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        # Without it every start counts as a reboot: claims come back at once, which is safe, and costs no strikes.
        return f"{time.time_ns()}"
