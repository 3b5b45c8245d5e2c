"""What people are asked, say and do by hand."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal, Protocol

from postroom.decide.remember import Keys
from postroom.model.judgement import Decision, Verdict
from postroom.model.listing import Spoken, Waiting
from postroom.model.mail import BounceOf, DestinationName, MailId
from postroom.model.memory import Memory, Remember
from postroom.model.people import Deed
from postroom.model.work import InboxEntry, JobId, JobInfo, JobKind, JobState, NewJob, Parcel


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Everything one verdict changes, or that it is taken back; recorded whole or not at all."""

    #: new; or one that is kept, marked as taken back
    verdict: Verdict
    #: of the next generation
    decision: Decision
    #: deliveries to make and to take back; and the review clock, where it runs again
    jobs: tuple[NewJob, ...]
    #: deliveries that need not be made any more, where they were not yet
    drop: tuple[JobId, ...]
    #: all of the mail's deliveries, as they were when this was worked out
    made: tuple[JobInfo, ...]
    #: built-in inboxes in which nobody needs to open it any more
    leaves: tuple[DestinationName, ...]
    #: what its thread, sender and text are remembered by
    keys: Keys
    #: what to remember, given what is: pure
    remember: Callable[[Memory], Remember]
    #: a second reviewer is to be shown what this answers
    second_look: bool = False
    #: it decides what two reviewers disagree on
    settles: bool = False
    #: for the audit log
    deed: Deed


class Verdicts(Protocol):
    """What people are asked, and what they said."""

    def rule(self, ruling: Ruling) -> Verdict:
        """Keep a verdict and all that follows from it, in one durable transaction; the verdict with its number.

        The decision of the next generation and its deliveries, memory, the end of the question and of its review
        clock, or a new question, and the deed. Raises `Refused` when the decision before is not the newest of its mail any more, and
        `TryLater`, also while another mail of the same thread or sender is being judged, and when a delivery was begun
        or ended since the ruling was worked out: then nothing has changed.
        """
        ...

    def waiting(self, limit: int = 100, asked: Literal["", "review", "audit"] = "") -> tuple[Waiting, ...]:
        """Decisions that a person is asked about: those in review, then those of the audit, each oldest first. Raises `TryLater`."""
        ...

    def verdicts(self, since: float = 0.0, *, after: int = 0, limit: int = 1000) -> tuple[Verdict, ...]:
        """Verdicts given since then (seconds since the epoch) and not taken back, in the order they were kept.

        ``after`` is the number of the last one seen: for the next page. Raises `TryLater`.
        """
        ...

    def newest_verdicts(self, limit: int) -> tuple[Verdict, ...]:
        """So many verdicts at most that were not taken back, the one kept last first. Raises `TryLater`."""
        ...

    def spoken(self, ids: Collection[MailId]) -> Mapping[MailId, Spoken]:
        """What those of these mails say that were judged: as they are searched by. Raises `TryLater`."""
        ...

    def verdicts_on(self, mail_id: MailId) -> tuple[Verdict, ...]:
        """All verdicts on decisions about a mail, oldest first; the last one that was not taken back counts. Raises `TryLater`."""
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
    #: of higher numbers than this one: for the next page
    after: int = 0
    limit: int = 1000


class Desk(Protocol):
    """What people do to jobs by hand. Every call is durable on return and raises `TryLater`.

    The ``deed`` is written as done to each mail of a job that was changed.
    """

    def jobs(self, wanted: JobFilter) -> tuple[JobInfo, ...]:
        """Jobs, oldest first."""
        ...

    def retry(self, wanted: JobFilter, *, deed: Deed | None = None) -> int:
        """Make ready or held jobs due now. How many."""
        ...

    def unpark(self, wanted: JobFilter, *, deed: Deed | None = None) -> int:
        """Make parked or dropped jobs ready again, with a fresh age and no strikes. How many."""
        ...

    def drop(self, wanted: JobFilter, reason: str, *, deed: Deed | None = None) -> int:
        """Never do parked, held or ready jobs; the mail itself and the reason are kept. How many."""
        ...

    def redirect(self, wanted: JobFilter, to: DestinationName, reason: str, *, deed: Deed | None = None) -> int:
        """Make parked, held or ready deliveries elsewhere instead, in the same generation. How many.

        Each is dropped with the reason, and one to the other destination is put, or tried again where it was given up on.
        What is no delivery of a mail, and what goes there already, stays as it is.
        """
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

    def withdraw(self, mail_id: MailId, destination: DestinationName, generation: int) -> None:
        """It leaves an inbox, if it was put there in this generation or an earlier one. Durable, idempotent. Raises `TryLater`."""
        ...

    def entries(self, destination: str, *, unread_only: bool = False, limit: int = 100) -> tuple[InboxEntry, ...]:
        """Newest first; all inboxes when destination is ``""``. Raises `TryLater`."""
        ...

    def mark_read(self, mail_id: MailId, destination: str = "") -> None:
        """A person opened it. Idempotent."""
        ...
