"""Keeps the way of a mail moving: claims work in batches, hands it to the router, settles it, until told to stop.

A worker never loses work: what it has claimed when it dies is given back by whoever watches it, or by its lease.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Protocol

from postroom.flow.retry import Patience, may_go, next_probe
from postroom.flow.router import Dispatch, Judging
from postroom.model.errors import TryLater
from postroom.model.mail import Mail
from postroom.model.work import Again, Done, Job, Lane, Outcome, Park
from postroom.ports import Destination, Observer, Store

#: seconds between two tries at a store that is unwell
_STORE_PAUSE = 0.5
#: seconds between renewals of leases, far below the length of one
_RENEW = 30.0


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
            self._until_done(lambda: self.judging.judge(jobs))
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


@dataclass(slots=True, kw_only=True)
class LaneWorker:
    """Delivers to one destination, several mails at once; rests and probes while the destination is down."""

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
    _lane: Lane | None = field(default=None, init=False)
    #: the lane as the store knows it
    _known: Lane | None = field(default=None, init=False)
    #: claimed, and not under way yet: the store would not say what mails they are
    _claimed: tuple[Job, ...] = field(default=(), init=False)
    #: outcomes that wait to be settled, put by the deliveries
    _ended: "SimpleQueue[tuple[Outcome, bool]]" = field(default_factory=SimpleQueue, init=False)
    #: outcomes taken from there that the store has not taken yet
    _unsettled: list[Outcome] = field(default_factory=list, init=False)
    _under_way: int = field(default=0, init=False)
    #: when the leases of what is under way were last renewed
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
            if not moved and not self.bell.stopping:
                self.bell.wait(self._rest())

    def once(self) -> int:
        """Start what the lane may carry, settle what has ended. How many jobs moved. Raises `TryLater`."""
        if self._lane is None:
            self._lane = self._known = self._remembered()
        started = self._give_back() if self.bell.stopping else self._start()
        self._renew()
        return started + self._settle()

    @property
    def _empty_handed(self) -> bool:
        return not (self._under_way or self._claimed or self._unsettled)

    def _start(self) -> int:
        assert self._lane is not None
        allowed = may_go(self._lane, self.clock())
        free = self._under_way < self.destination.concurrency if allowed is None else self._under_way == 0
        limit = self.batch if allowed is None else allowed
        if not free or not limit:
            return 0
        if not self._claimed:
            self._claimed = self.store.claim("deliver", limit, self.name, destination=self.destination.name)
        if not self._claimed:
            return 0
        mails = {mail.id: mail for mail in self.store.read([job.mail_id for job in self._claimed])}
        jobs, self._claimed = self._claimed, ()
        for job in jobs:
            self._under_way += 1
            self.executor.submit(self._deliver, job, mails.get(job.mail_id), probe=allowed is not None)
        return len(jobs)

    def _give_back(self) -> int:
        """What was claimed and not begun is anybody's again."""
        given, self._claimed = self._claimed, ()
        self._unsettled += [Again(job=job, due_at=self.clock(), error="", counts=False) for job in given]
        return len(given)

    def _renew(self) -> None:
        """Slow deliveries outlive a lease; whoever took them for dead would deliver twice."""
        now = self.clock()
        if self._under_way and not 0.0 <= now - self._renewed < _RENEW:
            self.store.renew(self.name)
            self._renewed = now

    def _deliver(self, job: Job, mail: Mail | None, *, probe: bool) -> None:
        """In a thread of the executor. Always puts exactly one outcome."""
        self._ended.put((self._outcome(job, mail, probe=probe), probe))
        self.bell.ring()

    def _outcome(self, job: Job, mail: Mail | None, *, probe: bool) -> Outcome:
        if mail is None:
            return Park(job=job, error="the store has no such mail", why="unreadable")
        lane_is_down = self._lane is not None and self._lane.down and not probe
        if lane_is_down or self.bell.stopping:
            return Again(job=job, due_at=self.clock(), error=self._lane.error if self._lane else "", counts=False)
        try:
            return self.dispatch.deliver(job, mail, self.destination)
        except TryLater as error:
            return Again(job=job, due_at=self.clock(), error=f"store: {error}"[:200], counts=False)
        except Exception as error:  # noqa: BLE001 -- a thread that ends without an outcome would leave the job in the air
            return Park(job=job, error=f"{type(error).__name__}: {error}"[:500], why="bug")

    def _settle(self) -> int:
        """Take all deliveries that have ended and settle them in one transaction; wait for one when no other can start."""
        full = self._under_way >= self.destination.concurrency or (self.bell.stopping and self._under_way > 0)
        try:
            while len(self._unsettled) < self.batch:
                outcome, probe = self._ended.get(block=full and not self._unsettled, timeout=_RENEW)
                self._under_way -= 1
                self._unsettled.append(outcome)
                self._watch_lane(outcome, probe=probe)
        except Empty:
            pass
        if self._lane is not None and self._lane is not self._known:
            self.store.set_lane(self._lane)
            self._known = self._lane
        if not self._unsettled:
            return 0
        self.store.settle(self._unsettled)
        settled, self._unsettled = self._unsettled, []
        for outcome in settled:
            self._tell(outcome)
        return len(settled)

    def _watch_lane(self, outcome: Outcome, *, probe: bool) -> None:
        """A failure of the destination itself takes the lane down; any answer about a mail brings it up."""
        assert self._lane is not None
        match outcome:
            case Again(lane_down=True, error=error, after=after) if probe or not self._lane.down:
                failures = self._lane.failures + 1
                probe_at = next_probe(failures, self.clock(), self.patience, self.random, asked=after)
                if not self._lane.down:
                    self.observer.note("lane-down", destination=self.destination.name, error=error[:200])
                self._lane = replace(self._lane, down=True, probe_at=probe_at, failures=failures, error=error)
            case Done() | Park(why="gave-up" | "too-old") | Again(counts=True, lane_down=False) if self._lane.down:
                self._lane = replace(self._lane, down=False, failures=0, error="")
                self.observer.note("lane-up", destination=self.destination.name)
            case _:
                pass

    def _remembered(self) -> Lane:
        found = next((lane for lane in self.store.lanes() if lane.destination == self.destination.name), None)
        return found or Lane(destination=self.destination.name, down=False, probe_at=0.0, failures=0, error="")

    def _rest(self) -> float:
        if self._lane is not None and self._lane.down:
            return max(0.05, min(self.idle * 4, self._lane.probe_at - self.clock()))
        return self.idle

    def _tell(self, outcome: Outcome) -> None:
        match outcome:
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
