"""What comes in, and what was decided and remembered of it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from postroom.model.judgement import Decision
from postroom.model.mail import BounceOf, BrandName, Mail, MailId
from postroom.model.memory import Memory, Remember
from postroom.model.work import Decided, Job, JobId, NewJob, Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """What an address at RCPT means to us."""

    #: set when it is one of a brand's addresses
    brand: BrandName = BrandName("")
    #: set when it is a return address that we signed
    bounce_of: BounceOf | None = None


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
    #: name of who asks, to search for
    name: str = ""
    #: what they wrote now, cut, to search in; only looked at in a mail's first judgement, as are name, subject and from_addr
    text: str = ""


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

    def in_force(self, ids: Collection[MailId]) -> Mapping[MailId, Decision]:
        """The newest decision on each of these mails that was judged, one read for all of them. Raises `TryLater`."""
        ...

    def decided(self, jobs: Sequence[Job]) -> Mapping[JobId, Decided]:
        """Why these deliveries are made, one read for a whole batch; without those whose decision is missing. Raises `TryLater`."""
        ...

    def summaries(self, ids: Sequence[MailId]) -> Mapping[MailId, Summary]:
        """What lists show of those of these mails that were judged. Raises `TryLater`."""
        ...
