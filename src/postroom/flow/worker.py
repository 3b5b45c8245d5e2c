"""Keeps the way of a mail moving: claims work in batches, hands it to the router, settles it, until told to stop.

A worker never loses work: what it has claimed when it dies is given back by whoever watches it, or by its lease.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Protocol

from postroom.flow.recall import WITHDRAWN
from postroom.flow.retry import Patience, may_go, next_probe
from postroom.flow.router import Dispatch, Judging
from postroom.model.errors import TryLater
from postroom.model.mail import Mail
from postroom.model.work import Again, Decided, Done, Job, JobId, Lane, Outcome, Park
from postroom.ports import Destination, Observer, Store

#: seconds between two tries at a store that is unwell
_STORE_PAUSE = 0.5
#: seconds between renewals of leases, far below the length of one
_RENEW = 30.0
#: seconds that an outcome waits for others to be settled with; what a crash in between repeats
_COMPANY = 0.01
#: due time of a delivery that was not tried and so was never put off
_AT_ONCE = 0.0
#: seconds that a delivery takes for each thread more than one to be worthwhile: below, they fight for the interpreter
_WORTH_ANOTHER = 0.004


class Bell(Protocol):
    """Rings when there may be work; also says when to stop."""

    def wait(self, seconds: float) -> None:
        """Return when it rings, or after so many seconds."""
        ...

    @property
    def stopping(self) -> bool:
        """True once the worker is to finish what it has in hand and end."""
        ...


class LaneBell(Bell, Protocol):
    """A bell that deliveries ring when they have ended."""

    def ring(self) -> None:
        """There is something to do. Called from any thread."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeWorker:
    """Judges what was accepted, and sends on what waited too long in review."""

    name: str
    store: Store
    judging: Judging
    observer: Observer
    bell: Bell
    #: mails claimed at once
    batch: int = 64
    #: seconds to wait for work
    idle: float = 0.5
    #: called after each batch: there are deliveries now
    ring_delivery: Callable[[], None] = lambda: None

    def run(self) -> None:
        """Work until the bell says stop."""
        while not self.bell.stopping:
            try:
                worked = self.once()
            except TryLater as error:
                self.observer.note("store-trouble", error=str(error)[:200])
                self.bell.wait(_STORE_PAUSE)
                continue
            if not worked:
                self.bell.wait(self.idle)

    def once(self) -> int:
        """Judge one batch and expire what is due. How many jobs. Raises `TryLater`."""
        jobs = self.store.claim("judge", self.batch, self.name)
        if jobs:
            self._until_done(lambda: self.judging.judge(jobs, self.ring_delivery))
            self.ring_delivery()
        clocks = self.store.claim("clock", self.batch, self.name)
        for job in clocks:
            self._until_done(lambda job=job: self.judging.expire(job))  # type: ignore[misc]
        if clocks:
            self.ring_delivery()
        return len(jobs) + len(clocks)

    def _until_done(self, work: Callable[[], None]) -> None:
        """Judging changes nothing until it is recorded, so a store that is unwell is simply asked again."""
        while True:
            try:
                return work()
            except TryLater as error:
                self.observer.note("store-trouble", error=str(error)[:200])
                if self.bell.stopping:
                    raise
                self.bell.wait(_STORE_PAUSE)


@dataclass(frozen=True, slots=True)
class _Errand:
    """A delivery to make."""

    job: Job
    mail: Mail | None
    why: Decided | None
    #: the single mail that finds out whether a destination is well again
    probe: bool


@dataclass(slots=True, kw_only=True)
class LaneWorker:
    """Delivers to one destination, several mails at once; rests and probes while the destination is down.

    One thread (`run`) claims and settles; the executor's carry. As many carry as waiting for the destination makes
    worthwhile: where it answers at once one does, and more would only wait for each other.
    """

    name: str
    store: Store
    dispatch: Dispatch
    destination: Destination
    #: runs as many deliveries at once as the destination takes
    executor: Executor
    observer: Observer
    bell: LaneBell
    clock: Callable[[], float]
    random: Callable[[], float]
    patience: Patience
    #: mails claimed at once
    batch: int = 64
    #: seconds to wait for work
    idle: float = 0.5
    #: seconds that never jump
    monotonic: Callable[[], float] = time.monotonic
    _lane: Lane | None = field(default=None, init=False)
    #: the lane as the store knows it
    _known: Lane | None = field(default=None, init=False)
    #: claimed, and the store would not say yet what mails they are
    _claimed: tuple[Job, ...] = field(default=(), init=False)
    #: claimed, and not begun; carriers take from the left
    _waiting: "deque[_Errand]" = field(default_factory=deque, init=False)
    #: outcomes, put by the carriers
    _ended: "SimpleQueue[tuple[Outcome, bool]]" = field(default_factory=SimpleQueue, init=False)
    #: outcomes taken from there that the store has not taken yet
    _unsettled: list[Outcome] = field(default_factory=list, init=False)
    #: when the first of them was taken
    _since: float = field(default=0.0, init=False)
    #: deliveries that wait or are under way
    _open: int = field(default=0, init=False)
    #: threads that carry, counted under the lock
    _carriers: int = field(default=0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    #: the delivery whose failure took the lane down, while no other one has failed since
    _culprit: JobId | None = field(default=None, init=False)
    #: deliveries that took the lane down though the next one found it well: it is the mail that fails
    _accused: set[JobId] = field(default_factory=set, init=False)
    #: seconds that a delivery takes, smoothed
    _pace: float = field(default=0.0, init=False)
    #: when a delivery last began after a rest, or ended
    _moved: float = field(default=0.0, init=False)
    #: there may be something to claim
    _look: bool = field(default=True, init=False)
    #: when the leases of what is in hand were last renewed
    _renewed: float = field(default=0.0, init=False)

    def run(self) -> None:
        """Work until the bell says stop, then finish what is under way and give back the rest."""
        while not (self.bell.stopping and self._empty_handed):
            try:
                moved = self.once()
            except TryLater as error:
                self.observer.note("store-trouble", error=str(error)[:200])
                self.bell.wait(_STORE_PAUSE)
                continue
            if not moved and not (self.bell.stopping and self._empty_handed):
                self.bell.wait(self._rest())
                self._look = True

    def once(self) -> int:
        """Settle what has ended, claim and start what the lane may carry. How many jobs moved. Raises `TryLater`."""
        if self._lane is None:
            self._lane = self._known = self._remembered()
        self._collect()
        allowed = may_go(self._lane, self.clock(), one_failed=self._culprit is not None)
        if self.bell.stopping or allowed is not None:
            self._give_back()
        if self._lane is not self._known:
            self.store.set_lane(self._lane)
            self._known = self._lane
        moved = self._exchange(self.batch if allowed is None else allowed)
        self._unpack(probe=allowed is not None)
        self._hand_out()
        self._renew()
        return moved

    @property
    def _empty_handed(self) -> bool:
        return not (self._open or self._claimed or self._unsettled)

    def _exchange(self, limit: int) -> int:
        """Settle and claim, in one transaction where both are due. How many jobs moved."""
        free = not (self._claimed or self._waiting or self.bell.stopping) and self._open < self.destination.concurrency
        claims = free and self._look and limit > 0 and (limit == self.batch or not self._open)
        if not (claims or self._ripe()):
            return 0
        ended = self._unsettled
        if claims:
            self._claimed = self.store.claim(
                "deliver", limit, self.name, destination=self.destination.name, ended=ended
            )
            self._look = len(self._claimed) == limit
        else:
            self.store.settle(ended)
        self._unsettled = []
        for outcome in ended:
            self._tell(outcome)
        return len(ended) + len(self._claimed)

    def _ripe(self) -> bool:
        """Whether to settle now: not while others are about to end that can be settled in the same transaction."""
        return bool(self._unsettled) and (
            not self._open
            or self.bell.stopping
            or len(self._unsettled) >= self.batch // 4
            or not 0.0 <= self.monotonic() - self._since < _COMPANY
        )

    def _unpack(self, *, probe: bool) -> None:
        """Read all that the claimed deliveries need."""
        if not self._claimed:
            return
        mails = {mail.id: mail for mail in self.store.read([job.mail_id for job in self._claimed])}
        why = self.store.decided(self._claimed)
        jobs, self._claimed = self._claimed, ()
        self._open += len(jobs)
        self._waiting.extend(_Errand(job, mails.get(job.mail_id), why.get(job.id), probe) for job in jobs)

    def _give_back(self) -> None:
        """What was claimed and not begun is anybody's again; a probe goes on, unless it is time to stop."""
        with self._lock:
            kept = [] if self.bell.stopping else [errand for errand in self._waiting if errand.probe]
            given = [errand.job for errand in self._waiting if errand not in kept]
            self._waiting = deque(kept)
        self._open -= len(given)
        given += self._claimed
        self._claimed = ()
        error = self._lane.error if self._lane else ""
        self._unsettled += [Again(job=job, due_at=_AT_ONCE, error=error, counts=False) for job in given]

    def _renew(self) -> None:
        """Slow deliveries outlive a lease; whoever took them for dead would deliver twice."""
        now = self.clock()
        if self._open and not 0.0 <= now - self._renewed < _RENEW:
            self.store.renew(self.name)
            self._renewed = now

    def _width(self) -> int:
        """How many may carry: the longer a delivery takes, the more."""
        silent = self.monotonic() - self._moved if self._carriers else 0.0
        return min(self.destination.concurrency, 1 + int(max(self._pace, silent) / _WORTH_ANOTHER))

    def _hand_out(self) -> None:
        with self._lock:
            more = min(len(self._waiting), self._width() - self._carriers)
            if more > 0 and not self._carriers:
                self._moved = self.monotonic()
            self._carriers += max(more, 0)
        for _ in range(more):
            self.executor.submit(self._carry)

    def _carry(self) -> None:
        """In a thread of the executor: deliver one after the other. Always puts exactly one outcome for each."""
        while True:
            with self._lock:
                if not self._waiting or self._carriers > self._width():
                    self._carriers -= 1
                    break
                errand = self._waiting.popleft()
            begun = self.monotonic()
            outcome = self._outcome(errand)
            self._moved = self.monotonic()
            self._pace += (self._moved - begun - self._pace) * 0.2
            first = self._ended.empty()
            self._ended.put((outcome, errand.probe))
            if first:
                self.bell.ring()
        self.bell.ring()

    def _outcome(self, errand: _Errand) -> Outcome:
        job, lane = errand.job, self._lane
        if errand.mail is None:
            return Park(job=job, error="the store has no such mail", why="unreadable")
        if errand.why is None:
            return Park(job=job, error="there is no decision of this generation", why="bug")
        if self.bell.stopping or (lane is not None and lane.down and not errand.probe):
            return Again(job=job, due_at=_AT_ONCE, error=lane.error if lane else "", counts=False)
        try:
            return self.dispatch.deliver(
                job, errand.mail, errand.why, self.destination, accused=job.id in self._accused
            )
        except TryLater as error:
            return Again(job=job, due_at=self.clock(), error=f"store: {error}"[:200], counts=False)
        except Exception as error:  # noqa: BLE001 -- a thread that ends without an outcome would leave the job in the air
            return Park(job=job, error=f"{type(error).__name__}: {error}"[:500], why="bug")

    def _collect(self) -> None:
        """Take what the carriers have put."""
        with suppress(Empty):
            while True:
                outcome, probe = self._ended.get_nowait()
                if not self._unsettled:
                    self._since = self.monotonic()
                self._open -= 1
                self._watch_lane(outcome, probe=probe)
                if isinstance(outcome, Again) and outcome.lane_down and not outcome.counts and self._lane is not None:
                    # until then others are asked, each in its turn
                    outcome = replace(outcome, due_at=self._lane.probe_at)
                self._unsettled.append(outcome)

    def _watch_lane(self, outcome: Outcome, *, probe: bool) -> None:
        """A failure of the destination itself takes the lane down; any answer about a mail brings it up.

        While one mail alone has failed, any other is asked at once. If that one finds it well, the first takes it down no
        more: from then on its failures are its own.
        """
        assert self._lane is not None
        job = outcome.job
        if isinstance(outcome, Done | Park):
            self._accused.discard(job.id)
        match outcome:
            case Again(lane_down=True, error=error, after=after) if probe or not (
                self._lane.down or job.id in self._accused
            ):
                if not self._lane.down or job.id != self._culprit:
                    self._culprit = None if self._lane.down else job.id
                failures = self._lane.failures + 1
                probe_at = next_probe(failures, self.clock(), self.patience, self.random, asked=after)
                if not self._lane.down:
                    self.observer.note("lane-down", destination=self.destination.name, error=error[:200])
                self._lane = replace(self._lane, down=True, probe_at=probe_at, failures=failures, error=error)
            case Done() | Park(why="gave-up" | "too-old") | Again(counts=True, lane_down=False) if self._lane.down:
                if self._culprit is not None and self._culprit != job.id:
                    self._accused.add(self._culprit)
                self._culprit = None
                self._lane = replace(self._lane, down=False, failures=0, error="")
                self.observer.note("lane-up", destination=self.destination.name)
            case _:
                pass

    def _remembered(self) -> Lane:
        found = next((lane for lane in self.store.lanes() if lane.destination == self.destination.name), None)
        return found or Lane(destination=self.destination.name, down=False, probe_at=0.0, failures=0, error="")

    def _rest(self) -> float:
        """Seconds to wait for the bell."""
        if self._unsettled or (self._waiting and self._width() < self.destination.concurrency):
            return _COMPANY
        if self._lane is not None and self._lane.down:
            return max(0.05, min(self.idle * 4, self._lane.probe_at - self.clock()))
        return self.idle

    def _tell(self, outcome: Outcome) -> None:
        match outcome:
            case Done(job=job, receipt=receipt) if job.task != "deliver":
                self.observer.note(
                    "recalled",
                    job.mail_id,
                    destination=self.destination.name,
                    generation=job.generation,
                    withdrawn=receipt == WITHDRAWN,
                )
            case Done(job=job):
                self.observer.note(
                    "delivered",
                    job.mail_id,
                    destination=self.destination.name,
                    generation=job.generation,
                    seconds=round(self.clock() - job.created_at, 3),
                )
            case Again(job=job, counts=True):
                self.observer.note("deferred", job.mail_id, destination=self.destination.name, tries=job.tries + 1)
            case Park(job=job, why=why):
                self.observer.note("parked", job.mail_id, destination=self.destination.name, why=why)
            case _:
                pass
