"""A store's queue against a model of it, in any order of events (Hypothesis).

Invariants: no job is lost, none is settled twice, a key is in one pair of hands and in order, a strike is only ever for
the job that a worker held alone, and the census agrees with what is there.

Subclass with a ``make_house`` and take its ``TestCase``.
"""

from collections import Counter
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from postroom.model.mail import MailId
from postroom.model.work import Again, Done, Job, JobId, Park
from postroom.ports import JobFilter, Store
from postroom.testing.store_contract import House
from postroom.testing.values import a_mail

_WORKERS = st.sampled_from(["a", "b", "c"])
_KEYS = st.sampled_from(["", "k", "l"])


@dataclass
class Expected:
    """What the model knows of one job."""

    mail_id: MailId
    thread: str
    sender: str
    state: str = "ready"
    attempt: int = 0
    strikes: int = 0
    solo: bool = False
    due_at: float = 0.0
    worker: str = ""
    lease_until: float = 0.0


class QueueMachine(RuleBasedStateMachine):
    """Judge jobs, for they have all the rules."""

    def __init__(self) -> None:
        super().__init__()
        self.house = self.make_house()
        self.stores: list[Store] = [self.house.open(), self.house.open()]
        self.model: dict[JobId, Expected] = {}
        self.claims: list[Job] = []
        self.settled: Counter[JobId] = Counter()
        self.count = 0

    def make_house(self) -> House:
        """A new, empty store."""
        raise NotImplementedError

    def store(self) -> Store:
        """One process after the other."""
        self.count += 1
        return self.stores[self.count % 2]

    @rule(keys=st.lists(st.tuples(_KEYS, _KEYS), min_size=1, max_size=4))
    def accept(self, keys: list[tuple[str, str]]) -> None:
        """Mails arrive."""
        first = len(self.model)
        mails = [
            a_mail(number, thread_key=thread, sender_key=sender) for number, (thread, sender) in enumerate(keys, first)
        ]
        self.store().accept(mails).result(timeout=30)
        known = {info.mail_id: info.id for info in self.store().jobs(JobFilter())}
        for mail in mails:
            self.model[known[mail.id]] = Expected(mail.id, mail.thread_key, mail.sender_key)

    @rule(worker=_WORKERS, limit=st.integers(1, 4))
    def claim(self, worker: str, limit: int) -> None:
        """A worker asks for work."""
        self._lapse()
        before = self._held(worker)
        jobs = self.store().claim("judge", limit, worker)
        assert [job.id for job in jobs] == sorted({job.id for job in jobs})
        assert len(jobs) <= limit
        batch = {job.id for job in jobs}
        for job in jobs:
            expected = self.model[job.id]
            assert expected.state == "ready"
            assert expected.due_at <= self.house.clock.now()
            assert (job.attempt, job.strikes, job.mail_id) == (expected.attempt + 1, expected.strikes, expected.mail_id)
            assert self._before(job.id) <= batch, "another job of its key is elsewhere"
            assert not expected.solo or (len(jobs) == 1 and not before), "a suspect was not alone"
        assert not (jobs and any(self.model[number].solo for number in before)), "a suspect got company"
        if not jobs and not before:
            assert not any(self._free(number) for number in self.model), "there was work and it was not handed out"
        for job in jobs:
            expected = self.model[job.id]
            expected.state, expected.worker, expected.attempt = "claimed", worker, job.attempt
            expected.lease_until = self.house.clock.monotonic() + self.house.lease_seconds
            self.claims.append(job)

    @rule(data=st.data(), how=st.sampled_from(["done", "again", "later", "park"]))
    def settle(self, data: st.DataObject, how: str) -> None:
        """Some claim of now or long ago is settled."""
        if not self.claims:
            return
        job = data.draw(st.sampled_from(self.claims))
        expected = self.model[job.id]
        now = self.house.clock.now()
        standing = expected.attempt == job.attempt and expected.state == "claimed"
        given_back = expected.attempt == job.attempt and expected.state == "ready" and expected.solo
        match how:
            case "done":
                self.store().settle([Done(job=job)])
                if standing or given_back:
                    expected.state, expected.solo = "done", False
                    self.settled[job.id] += 1
            case "park":
                self.store().settle([Park(job=job, error="x", why="bug")])
                if standing:
                    expected.state, expected.solo = "parked", False
            case _:
                due_at = now + (60.0 if how == "later" else 0.0)
                self.store().settle([Again(job=job, due_at=due_at, error="x")])
                if standing:
                    expected.state, expected.solo, expected.due_at = "ready", False, due_at

    @rule(worker=_WORKERS)
    def die(self, worker: str) -> None:
        """A worker dies and is seen to."""
        held = self._held(worker)
        assert self.store().release(worker) == len(held)
        self._give_back(held, guilty=len(held) == 1)

    @rule(seconds=st.sampled_from([1.0, 61.0, 301.0]))
    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.house.clock.advance(seconds)

    @rule(data=st.data())
    def unpark(self, data: st.DataObject) -> None:
        """A person gives a job that was parked or dropped another chance."""
        aside = [number for number, expected in self.model.items() if expected.state in {"parked", "dropped"}]
        if aside:
            number = data.draw(st.sampled_from(aside))
            assert self.store().unpark(JobFilter(ids=(number,))) == 1
            expected = self.model[number]
            expected.state, expected.strikes, expected.due_at = "ready", 0, 0.0

    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        """A person drops a job."""
        if self.model:
            number = data.draw(st.sampled_from(sorted(self.model)))
            expected = self.model[number]
            may = expected.state in {"ready", "parked"}
            assert self.store().drop(JobFilter(ids=(number,)), "test") == int(may)
            if may:
                expected.state, expected.solo = "dropped", False

    @invariant()
    def nothing_is_lost_and_nothing_settled_twice(self) -> None:
        """Every job is there, in the state that the model has it in."""
        there = {info.id: (info.state, info.attempt, info.strikes) for info in self.stores[0].jobs(JobFilter())}
        assert there == {n: (e.state, e.attempt, e.strikes) for n, e in self.model.items()}
        assert all(times == 1 for times in self.settled.values())

    @invariant()
    def the_census_agrees(self) -> None:
        """Counts kept along the way are those that counting gives."""
        counted = Counter(expected.state for expected in self.model.values())
        judge = self.stores[1].census()["jobs"]["judge"]
        assert {state: count for state, count in judge.items() if count} == dict(counted)

    def teardown(self) -> None:
        """Let go."""
        for store in self.stores:
            store.close()

    def _held(self, worker: str) -> list[JobId]:
        return [n for n, e in self.model.items() if e.state == "claimed" and e.worker == worker]

    def _before(self, number: JobId) -> set[JobId]:
        """Jobs of the same thread or sender that wait and came earlier, or that are in somebody's hands."""
        this = self.model[number]
        return {
            n
            for n, e in self.model.items()
            if (e.state == "claimed" or (e.state == "ready" and n < number))
            and n != number
            and ((this.thread and e.thread == this.thread) or (this.sender and e.sender == this.sender))
        }

    def _free(self, number: JobId) -> bool:
        expected = self.model[number]
        return expected.state == "ready" and expected.due_at <= self.house.clock.now() and not self._before(number)

    def _lapse(self) -> None:
        """Leases end when somebody claims; a worker's blame is for what it held in all."""
        now = self.house.clock.monotonic()
        for worker in ("a", "b", "c"):
            held = self._held(worker)
            self._give_back([n for n in held if self.model[n].lease_until <= now], guilty=len(held) == 1)

    def _give_back(self, jobs: list[JobId], *, guilty: bool) -> None:
        for number in jobs:
            expected = self.model[number]
            expected.state, expected.solo, expected.due_at = "ready", True, 0.0
            expected.strikes += int(guilty)
            if guilty and expected.strikes >= 3:
                expected.state, expected.solo = "parked", False
