"""What the flow needs from the world, in its own words.

Every port says what holds when a call returns, what it raises, and whether it may be called twice. Adapters translate
their technology's errors into `TryLater` and `GiveUp` at their edge: any other exception is a bug. Behavioural contract
suites for each port ship in `postroom.testing`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from postroom.decide.folding import Folded
from postroom.decide.remember import Keys
from postroom.model.example import Example, ExampleId
from postroom.model.judgement import AccountStatus, Advice, Decision, Opinion, Verdict
from postroom.model.listing import Waiting
from postroom.model.mail import BounceOf, BrandName, DestinationName, Mail, MailId, RouteName
from postroom.model.memory import Memory, Remember
from postroom.model.message import Message
from postroom.model.work import (
    Decided,
    InboxEntry,
    Job,
    JobId,
    JobInfo,
    JobKind,
    JobState,
    Lane,
    NewJob,
    Outcome,
    Parcel,
    Receipt,
    Summary,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Everything one judgement changes; recorded whole or not at all."""

    #: the job it settles, by its attempt
    job: Job
    decision: Decision
    #: deliveries to make, and the review clock
    jobs: tuple[NewJob, ...]
    remember: Remember
    #: for lists and search
    subject: str
    from_addr: str
    language: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Everything one verdict changes; recorded whole or not at all."""

    verdict: Verdict
    #: of the next generation
    decision: Decision
    #: deliveries to make
    jobs: tuple[NewJob, ...]
    #: deliveries that need not be made any more, where they were not yet
    drop: tuple[JobId, ...]
    #: built-in inboxes in which nobody needs to open it any more
    leaves: tuple[DestinationName, ...]
    #: what its thread, sender and text are remembered by
    keys: Keys
    #: what to remember, given what is: pure
    remember: Callable[[Memory], Remember]


class Arrivals(Protocol):
    """Mails that were accepted. The truth of what we promised to keep."""

    def accept(self, mails: Sequence[Mail]) -> "Future[tuple[Mail, ...]]":
        """Keep the mails of one acceptance, and a judge job for each, in one transaction.

        The future completes only after the transaction is durable (fdatasync has returned), with the mails as kept:
        ``duplicate_of`` is set where an arrival with equal Message-ID, digest, reverse-path and recipients is younger
        than five days; such a mail gets no job. It fails with `TryLater` when nothing was kept (disk full, locked,
        closed). Concurrent calls are committed in groups. Not idempotent: each call is an acceptance.
        """
        ...

    def read(self, ids: Sequence[MailId]) -> tuple[Mail, ...]:
        """The mails with these ids that exist, in the order asked. Raises `TryLater`."""
        ...

    def newest(self, limit: int) -> tuple[MailId, ...]:
        """Ids of the newest arrivals, newest first. Raises `TryLater`."""
        ...


class Judgements(Protocol):
    """Decisions, and what is remembered of threads, senders and texts."""

    def recall(
        self,
        message_ids: Collection[str],
        subject_keys: Collection[str],
        senders: Collection[str],
        texts: Callable[[], Collection[int]] = tuple,
    ) -> Memory:
        """What is remembered under these keys, one read for a whole batch. Raises `TryLater`.

        ``texts`` is asked for its keys only when any text is remembered at all: to work them out takes time.
        """
        ...

    def record(self, judged: Sequence[Judged]) -> tuple[JobId, ...]:
        """Keep decisions, put their jobs, settle the judge jobs, extend memory: one durable transaction.

        A judgement whose job was claimed by another meanwhile (attempt differs) is left out whole; the ids of the
        jobs that were settled are returned. May be called again after `TryLater`.
        """
        ...

    def decisions(self, mail_id: MailId) -> tuple[Decision, ...]:
        """All decisions on a mail, oldest first. Raises `TryLater`."""
        ...

    def decided(self, jobs: Sequence[Job]) -> Mapping[JobId, Decided]:
        """Why these deliveries are made, one read for a whole batch; without those whose decision is missing. Raises `TryLater`."""
        ...

    def summaries(self, ids: Sequence[MailId]) -> Mapping[MailId, Summary]:
        """What lists show of those of these mails that were judged. Raises `TryLater`."""
        ...


class Verdicts(Protocol):
    """What people are asked, and what they said."""

    def rule(self, ruling: Ruling) -> Verdict:
        """Keep a verdict and all that follows from it, in one durable transaction; the verdict with its number.

        The decision of the next generation and its deliveries, memory, the end of the question and of its review
        clock. Raises `Refused` when the decision that it judges is not the newest of its mail any more, and `TryLater`,
        also while another mail of the same thread or sender is being judged: then nothing has changed.
        """
        ...

    def waiting(self, limit: int = 100, asked: Literal["", "review", "audit"] = "") -> tuple[Waiting, ...]:
        """Decisions that a person is asked about: those in review, then those of the audit, each oldest first. Raises `TryLater`."""
        ...

    def verdicts(self, since: float = 0.0, *, after: int = 0, limit: int = 1000) -> tuple[Verdict, ...]:
        """Verdicts given since then (seconds since the epoch), in the order they were kept.

        ``after`` is the number of the last one seen: for the next page. Raises `TryLater`.
        """
        ...

    def newest_verdicts(self, limit: int) -> tuple[Verdict, ...]:
        """So many verdicts at most, the one kept last first. Raises `TryLater`."""
        ...

    def verdicts_on(self, mail_id: MailId) -> tuple[Verdict, ...]:
        """All verdicts on decisions about a mail, oldest first; the last one counts. Raises `TryLater`."""
        ...


class Queue(Protocol):
    """Work to do. Jobs are owned by the store; claims have leases, settling carries the attempt number."""

    def claim(
        self,
        kind: JobKind,
        limit: int,
        worker: str,
        *,
        destination: DestinationName = DestinationName(""),
        ended: Sequence[Outcome] = (),
    ) -> tuple[Job, ...]:
        """Claim up to ``limit`` due jobs of a kind (for ``deliver``: of one destination) for a worker, in order.

        For ``judge``, never a job whose thread or sender key has another job in anybody's hands, or an earlier one that
        waits and is not of the batch. A job whose worker died with several in hand is claimed alone. What has ``ended``
        is settled first, in the same transaction. Raises `TryLater`; then neither has happened.
        """
        ...

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Write down what became of claimed jobs, durably, in one transaction. Stale attempts change nothing. Raises `TryLater`."""
        ...

    def renew(self, worker: str) -> None:
        """The worker still works on its claims: their leases begin again. Raises `TryLater`."""
        ...

    def claimants(self) -> tuple[str, ...]:
        """Workers that hold claims now. Raises `TryLater`."""
        ...

    def release(self, worker: str) -> int:
        """A worker is dead: give back its claims, each to be claimed alone; one that it held alone gets a strike. How many."""
        ...

    def destinations_due(self) -> tuple[DestinationName, ...]:
        """Destinations that have a delivery due now, whatever the state of their lane. Raises `TryLater`."""
        ...

    def lanes(self) -> tuple[Lane, ...]:
        """The lanes that have failed lately. Raises `TryLater`."""
        ...

    def set_lane(self, lane: Lane) -> None:
        """Write down the state of a lane (``down=False`` brings it up). Raises `TryLater`."""
        ...

    def parked_since(self, when: float) -> int:
        """How many jobs were parked as ``bug`` or ``poison`` since then: for the ceiling. Raises `TryLater`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs a person means. Empty fields mean any."""

    states: tuple[JobState, ...] = ()
    kinds: tuple[JobKind, ...] = ()
    destination: str = ""
    mail_id: str = ""
    ids: tuple[JobId, ...] = ()
    why: str = ""
    #: created before, seconds since the epoch
    before: float | None = None
    limit: int = 1000


class Desk(Protocol):
    """What people do to jobs by hand. Every call is durable on return and raises `TryLater`."""

    def jobs(self, wanted: JobFilter) -> tuple[JobInfo, ...]:
        """Jobs, oldest first."""
        ...

    def retry(self, wanted: JobFilter) -> int:
        """Make ready or held jobs due now. How many."""
        ...

    def unpark(self, wanted: JobFilter) -> int:
        """Make parked or dropped jobs ready again, with a fresh age and no strikes. How many."""
        ...

    def drop(self, wanted: JobFilter, reason: str) -> int:
        """Never do parked, held or ready jobs; the mail itself and the reason are kept. How many."""
        ...

    def reopen(self, bounce: BounceOf, reason: str) -> bool:
        """A forwarded mail came back: its delivery is parked as ``bounced``, at once or as soon as it is finished.

        False when there is none, or again.
        """
        ...


class Inboxes(Protocol):
    """The built-in inbox: mail delivered into the store itself."""

    def file(self, parcel: Parcel) -> "Future[None]":
        """Put a mail into an inbox; the future completes when that is durable. Idempotent by the parcel's key."""
        ...

    def entries(self, destination: str, *, unread_only: bool = False, limit: int = 100) -> tuple[InboxEntry, ...]:
        """Newest first; all inboxes when destination is ``""``. Raises `TryLater`."""
        ...

    def mark_read(self, mail_id: MailId, destination: str = "") -> None:
        """A person opened it. Idempotent."""
        ...


class Examples(Protocol):
    """Labelled mail to learn from. Every call raises `TryLater`."""

    def keep_examples(self, examples: Sequence[Example], remember: Sequence[Remember] = ()) -> int:
        """Keep examples, and what they add to the memory of threads and senders, in one durable transaction.

        How many are new. One with the id of an earlier one takes its place, so it may be called again; memory is written
        as it is given: leave out what `known_examples` already knows. Meant for before going live: what a worker
        remembers of the same sender at the same moment may be lost, or overwrite this.
        """
        ...

    def known_examples(self, ids: Collection[ExampleId]) -> frozenset[ExampleId]:
        """Which of these there are."""
        ...

    def examples(self, after: Example | None = None, limit: int = 1000) -> tuple[Example, ...]:
        """Oldest first by time and id, those that come after one in that order: for reading them all, a page at a time."""
        ...

    def count_examples(self) -> Mapping[RouteName, int]:
        """How many there are of each route."""
        ...

    def erase_examples(self, address: str) -> int:
        """Remove for good all of the customer with this address, in whatever case, in one durable transaction. How many."""
        ...


class Store(Arrivals, Judgements, Verdicts, Queue, Desk, Inboxes, Examples, Protocol):
    """All of the above over one unit of work. The store is the truth; a queue elsewhere may only say "look at this id"."""

    def census(self) -> dict[str, Any]:
        """Counts for health pages and reports: arrivals, jobs by kind and state, oldest ready job, lanes down, bytes on disk."""
        ...

    def changed(self) -> bool:
        """Whether anybody else changed the store since this was last asked; cheap enough to ask ten times a second."""
        ...

    def close(self) -> None:
        """Finish what is under way and let go. Later calls raise `TryLater`."""
        ...


class Classifier(Protocol):
    """Judges by the words. Several classes, in batches; learned models plug in here."""

    @property
    def version(self) -> str:
        """Names the model, for the decision's record; ``""`` for none."""
        ...

    def classify(self, read: Sequence[tuple[Message, Folded]]) -> Sequence[Sequence[Opinion]]:
        """For each message, with its subject and new text folded, an opinion on each route that the model knows.

        Nothing where it has no opinion. Pure and total.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingText:
    """One text to learn from."""

    message: Message
    #: its subject and new text
    folded: Folded
    route: RouteName
    #: what it counts beside others; more than 0
    weight: float = 1.0
    #: texts of one group are never both learned from and tried on: a thread, a sender, near-duplicates; ``""`` for none
    group: str = ""


class Trainer(Protocol):
    """Makes models that a `Classifier` judges by."""

    def train(self, texts: Iterable[TrainingText]) -> bytes:
        """A model's file. The same texts in the same order give the same bytes; they are gone through once.

        Raises `Refused` for texts that nothing can be learned from.
        """
        ...

    def classifier(self, model: bytes) -> Classifier:
        """A classifier of what `train` returned."""
        ...


class Destination(Protocol):
    """A place where mail is delivered."""

    @property
    def name(self) -> DestinationName:
        """As in the settings."""
        ...

    @property
    def concurrency(self) -> int:
        """How many deliveries may be under way at once."""
        ...

    @property
    def can_withdraw(self) -> bool:
        """Whether a delivery can be taken back."""
        ...

    def deliver(self, parcel: Parcel) -> Receipt:
        """Deliver one mail; on return the destination has it for certain. Called from several threads, blocks.

        Raises `TryLater` (with ``lane_down`` when the destination itself is unwell) or `GiveUp`. May be called again
        with the same ``parcel.key``; what an adapter can't make idempotent, its docstring says.
        """
        ...

    def check(self) -> str:
        """Try the connection without delivering anything: a sentence for people. Raises `TryLater` or `GiveUp`."""
        ...

    def close(self) -> None:
        """Let go of connections. Idempotent."""
        ...


class StatusProvider(Protocol):
    """What is this sender's account status? Asked before judging, with a deadline; ``unknown`` when nobody can say."""

    def statuses(self, addresses: Sequence[str], deadline: float) -> Sequence[AccountStatus]:
        """The state of each address's account, in their order, within ``deadline`` seconds. Never raises. From any thread.

        Case does not matter. What can't be said in time, or at all, is ``unknown``.
        """
        ...

    def check(self) -> str:
        """Try whoever is asked: a sentence for people. Raises `TryLater`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which of these routes a mail is meant for. Holds nothing that names a person, as far as that can be recognised."""

    #: subject and new words of a mail, redacted (`understand.redact`)
    text: str
    #: the closed set of answers, beside "unsure"; by name
    routes: tuple[RouteName, ...]


class SecondOpinion(Protocol):
    """Somebody outside who reads an uncertain mail too. Believed as far as `decide.judge` allows, and not waited for."""

    def ask(self, questions: Sequence[Question], deadline: float) -> Sequence[Advice | None]:
        """An answer to each question, in order, within ``deadline`` seconds in all; None where there is none in time.

        An answer is one of the question's routes or ``UNSURE``, whatever was said. Never raises. The same question may
        be asked again, and is then not always passed on.
        """
        ...


EventName = Literal[
    "accepted", "refused", "duplicate", "judged", "delivered", "deferred", "parked", "alerted", "lane-down", "lane-up",
    "worker-started", "worker-died", "worker-failed", "rules-loaded", "rules-refused", "certificate-loaded", "draining",
    "started", "stopped", "review-expired", "loop-stopped", "bounce-received", "connection-refused", "parking-halted", "store-trouble",
    "status-asked", "status-loaded", "status-failed",
    "opinion-asked", "opinion-heard", "opinion-paused", "opinion-resumed",
    "model-loaded", "model-refused", "learned", "learn-failed",
    "heavier-model-off", "heavier-model-failed",
]  # fmt: skip


class Observer(Protocol):
    """Is told what happened; logs and metrics come of it. Never raises, never blocks for long."""

    def note(self, event: EventName, mail_id: str = "", **facts: str | int | float | bool) -> None:
        """One event. Facts never hold bodies, subjects or secrets, and addresses only where the settings ask for them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """What an address at RCPT means to us."""

    #: set when it is one of a brand's addresses
    brand: BrandName = BrandName("")
    #: set when it is a return address that we signed
    bounce_of: BounceOf | None = None
