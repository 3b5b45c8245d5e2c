"""The way of a mail: accept, judge, deliver. Read this first.

* `Reception.accept`: one transaction keeps the arrival and puts a job to judge it; 250 is said when its future completes.
* `Judging.judge`: understand, recall, decide, for a batch of mails; one transaction keeps decisions and memory and puts
  the jobs to deliver.
* `Dispatch.deliver`: one mail to one destination: done, tried again later, or parked for a person.

The store is the truth: a crash between any two lines here repeats work and loses none.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from types import MappingProxyType

from postroom.decide import rollout
from postroom.decide.policy import Policy
from postroom.decide.rulebook import Rulebook
from postroom.flow import within
from postroom.flow.addressbook import AddressBook
from postroom.flow.audit import Audit
from postroom.flow.desks import Desks
from postroom.flow.ids import new_id
from postroom.flow.notice import notice
from postroom.flow.outbox import Returns
from postroom.flow.recall import recall
from postroom.flow.retry import Patience, next_attempt, too_old
from postroom.flow.seconding import NOTHING, Asked, Seconding, heard
from postroom.flow.sitting import Judges, Sitting
from postroom.flow.stamp import stamp
from postroom.model.errors import GiveUp, Refused, TryLater
from postroom.model.judgement import REVIEW, Advice, Decision
from postroom.model.mail import BounceOf, BrandName, Envelope, Mail, Peer
from postroom.model.marks import is_our_mark
from postroom.model.memory import Remember
from postroom.model.message import Message
from postroom.model.trust import Trust
from postroom.model.work import Again, Decided, Done, Job, Outcome, Parcel, Park, Receipt, Summary, delivery_key
from postroom.ports import Classifier, Destination, Judged, Observer, StatusProvider, Store
from postroom.understand.envelope import peek
from postroom.understand.reader import read

#: pause in seconds before a job is tried again that a bug would have parked, once parking is halted
_HALTED = 600.0

#: characters of the new text that a mail is found by
SEARCHED = 4000

_Read = tuple[Job, Mail, Message]
"""A mail to judge, as it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """The first step. Nothing is judged here, everything is kept."""

    store: Store
    book: AddressBook
    observer: Observer
    clock: Callable[[], float]
    entropy: Callable[[int], bytes]
    #: Received lines at which a mail goes in circles (RFC 5321 §6.3)
    max_received: int = 50

    def accept(self, envelope: Envelope, raw: bytes, peer: Peer) -> "Future[tuple[Mail, ...]]":
        """Keep a mail: one arrival for each brand among its recipients, all or none.

        Say 250 only when the future has completed: by then the mails are durable. Raises `Refused` for a loop or when
        no recipient is ours; the future fails with `TryLater` when the store can't take it.
        """
        seen = peek(raw)
        if seen.received_count > self.max_received:
            self.observer.note("loop-stopped", hops=seen.received_count)
            raise Refused(f"5.4.6 Too many hops: {seen.received_count} Received lines, this mail goes in circles")
        now = self.clock()
        mails = [
            Mail(
                id=new_id(now, self.entropy),
                received_at=now,
                brand=brand,
                envelope=envelope if recipients == envelope.rcpt_to else replace(envelope, rcpt_to=recipients),
                peer=peer,
                raw=raw,
                digest=seen.digest,
                message_id=seen.message_id,
                bounce_of=bounce,
                thread_key=seen.thread_key,
                sender_key=seen.sender_key,
            )
            for (brand, bounce), recipients in self._by_brand(envelope).items()
        ]
        return self.store.accept(mails)

    def _by_brand(self, envelope: Envelope) -> dict[tuple[BrandName, BounceOf | None], tuple[str, ...]]:
        groups: dict[tuple[BrandName, BounceOf | None], tuple[str, ...]] = {}
        for address in envelope.rcpt_to:
            if (found := self.book.resolve(address)) is not None:
                key = (found.brand, found.bounce_of)
                groups[key] = (*groups.get(key, ()), address)
        if not groups:
            raise Refused("5.1.1 No such recipient here")
        return groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """The second step: from bytes to a decision with its reasons."""

    store: Store
    trust: Trust
    rulebook: Callable[[], Rulebook]
    #: as it is in force now; a batch is judged by one
    policy: Callable[[], Policy]
    classifier: Classifier
    statuses: StatusProvider
    desks: Desks
    observer: Observer
    clock: Callable[[], float]
    key: bytes
    patience: Patience
    #: which sure decisions are put before a person all the same
    audit: Audit = Audit()
    #: seconds to wait for account status
    status_deadline: float = 2.0
    #: somebody else to ask about what is uncertain; None for nobody
    seconding: Seconding | None = None
    #: knows answers of ours that come back; None where there are none
    returns: Returns | None = None
    #: is told which job is in hand, None for none, so that a worker that hangs on a mail can be found and stopped
    in_hand: Callable[[Job | None], None] = lambda _job: None

    def judge(self, jobs: Sequence[Job], kept: Callable[[], None] = lambda: None) -> None:
        """Judge a batch in order; what one mail decides is known to the next. Raises `TryLater`; may be called again.

        Where a second opinion is asked for on some, the others are kept before; ``kept`` is called then.
        """
        mails = {mail.id: mail for mail in self.store.read([job.mail_id for job in jobs])}
        read_as = [(job, self._understand(job, mails.get(job.mail_id))) for job in jobs]
        batch = [(job, mails[job.mail_id], what) for job, what in read_as if isinstance(what, Message)]
        aside = [what for _, what in read_as if not isinstance(what, Message)]
        if not batch:
            self.in_hand(None)
            self._set_aside(aside)
            return
        sitting = self._judges().sit(self.store, [(mail, message) for _, mail, message in batch])
        answers = self._decide(batch, sitting)
        asked = self._asked(batch, sitting, answers)
        self._settle([answer for number, answer in enumerate(answers) if number not in asked.waiting], aside)
        if asked.waiting:
            kept()
            self._settle(self._seconded(batch, sitting, asked))

    def expire(self, job: Job) -> None:
        """A mail's time in review ran out: it goes to the best guess, marked unconfirmed. Raises `TryLater`."""
        decisions = self.store.decisions(job.mail_id)
        last = decisions[-1] if decisions else None
        if last is None or last.generation != job.generation or last.route != REVIEW:
            self.store.settle([Done(job=job, receipt="a person was faster")])
            return
        sent_on = self._sent_on(last)
        summary = self.store.summaries([job.mail_id]).get(job.mail_id, Summary())
        self.store.record([self._judged(job, sent_on, Remember(), summary)])
        self.observer.note("review-expired", job.mail_id, route=sent_on.route)

    def _sent_on(self, last: Decision) -> Decision:
        """To the best guess, which may be another than the decision's own, and in a stage of its own."""
        policy = self.policy()
        best = policy.unasked(last)
        thread = next((mail.thread_key for mail in self.store.read([last.mail_id])), "")
        return replace(
            last,
            generation=last.generation + 1,
            route=best,
            decided=best,
            confidence=dict(last.probabilities).get(best, 0.0),
            stage=rollout.stage(best, thread or last.mail_id, policy),
            unconfirmed=True,
            asked="",
            asked_with=0.0,
            because=f"nobody decided on it in review in time; sent to the best guess, {best}, unconfirmed",
            decided_at=self.clock(),
        )

    def _understand(self, job: Job, mail: Mail | None) -> Message | Outcome:
        """The mail as read, with the guards against loops and for bounces of our own forwards."""
        self.in_hand(job)
        if mail is None:
            return Park(job=job, error="the store has no such mail", why="unreadable")
        try:
            message = read(mail, self.trust)
        except Exception as error:  # noqa: BLE001 -- the reader promises never to raise; if it does, this mail waits for a person and the others go on
            return self._bug(job, error)
        if any(name == "x-postroom-mark" and is_our_mark(value, self.key) for name, value in message.headers):
            self.observer.note("loop-stopped", mail.id)
            return Park(job=job, error="it has been through here before: a destination sends it back to us", why="loop")
        if self.returns is not None and self.returns.is_ours(mail):
            self.observer.note("loop-stopped", mail.id)
            return Park(
                job=job, error="it is an answer of ours that came back: the person's mail is sent on to us", why="loop"
            )
        if message.kind == "bounce":
            self._came_back(mail, message)
        return message

    def _came_back(self, mail: Mail, message: Message) -> None:
        """A destination accepted a mail and later could not deliver it: that delivery is a person's matter now.

        Of an answer of ours it is noted alone.
        """
        if self.returns is not None:
            self.returns.bounced(mail, message)
        bounce = mail.bounce_of
        if bounce is None:
            return
        reason = f"bounced: {message.failed_recipient or 'recipient unknown'}; see the bounce, mail {mail.id}"
        reopened = self.store.reopen(bounce, reason)
        self.observer.note("bounce-received", bounce.mail_id, reopened=reopened)

    def _judges(self) -> Judges:
        return Judges(
            book=self.rulebook(),
            policy=self.policy(),
            classifier=self.classifier,
            statuses=self.statuses,
            status_deadline=self.status_deadline,
        )

    def _decide(
        self, batch: Sequence[_Read], sitting: Sitting, advice: Mapping[int, Advice] = MappingProxyType({})
    ) -> list[Judged | Outcome]:
        answers: list[Judged | Outcome] = []
        for number, (job, _, message) in enumerate(batch):
            self.in_hand(job)
            try:
                decision, remember = sitting.decide(number, self.clock(), job.generation, advice.get(number))
            except Exception as error:  # noqa: BLE001 -- a bug that one mail brings out must not stop the others
                answers.append(self._bug(job, error))
            else:
                answers.append(self._judged_now(job, decision, remember, message))
        self.in_hand(None)
        return answers

    def _asked(self, batch: Sequence[_Read], sitting: Sitting, answers: Sequence[Judged | Outcome]) -> Asked:
        """What somebody else is asked about."""
        if self.seconding is None:
            return NOTHING
        decisions = {number: one.decision for number, one in enumerate(answers) if isinstance(one, Judged)}
        return self.seconding.asked(sitting, [message for _, _, message in batch], decisions)

    def _seconded(self, batch: Sequence[_Read], sitting: Sitting, asked: Asked) -> list[Judged | Outcome]:
        """What waits for a second opinion, judged with it, and with what was kept meanwhile."""
        assert self.seconding is not None
        answers = self.seconding.answers(asked)
        advice = {place: answers[number] for place, number in enumerate(asked.waiting) if number in answers}
        return self._decide([batch[number] for number in asked.waiting], sitting.again(asked.waiting), advice)

    def _settle(self, answers: Sequence[Judged | Outcome], aside: Sequence[Outcome] = ()) -> None:
        self._keep([answer for answer in answers if isinstance(answer, Judged)])
        self._set_aside([*aside, *(answer for answer in answers if not isinstance(answer, Judged))])

    def _put_to_people(self, decision: Decision) -> Decision:
        """The decision, with whether a person is asked about it."""
        if self.desks.asks(decision):
            return replace(decision, asked="review", asked_with=1.0)
        drawn = self.audit.draws(decision.mail_id)
        return replace(decision, asked="audit" if drawn else "", asked_with=self.audit.share)

    def _keep(self, judged: Sequence[Judged]) -> None:
        """Decisions, memory, jobs to deliver and settled jobs to judge: one transaction. Then they are told."""
        settled = set(self.store.record(judged)) if judged else set()
        for one in judged:
            if one.job.id in settled:
                self._tell(one.decision)

    def _set_aside(self, outcomes: Sequence[Outcome]) -> None:
        if outcomes:
            self.store.settle(outcomes)
        for outcome in outcomes:
            if isinstance(outcome, Park):
                self.observer.note("parked", outcome.job.mail_id, why=outcome.why)

    def _judged(self, job: Job, decision: Decision, remember: Remember, summary: Summary) -> Judged:
        return Judged(
            job=job,
            decision=decision,
            jobs=self.desks.jobs(decision, self.clock()),
            remember=remember,
            subject=summary.subject,
            from_addr=summary.from_addr,
            language=summary.language,
            kind=summary.kind,
        )

    def _judged_now(self, job: Job, decision: Decision, remember: Remember, message: Message) -> Judged:
        """A judgement of a mail that was just read, with what it is searched by."""
        judged = self._judged(job, self._put_to_people(decision), remember, _summary(message))
        name = message.customer.name if message.customer else ""
        return replace(judged, name=name[:320], text=message.new_text[:SEARCHED])

    def _bug(self, job: Job, error: Exception) -> Outcome:
        return parked_or_halted(job, error, self.store, self.observer, self.clock(), self.patience)

    def _tell(self, decision: Decision) -> None:
        self.observer.note(
            "judged",
            decision.mail_id,
            route=decision.route,
            decided=decision.decided,
            confidence=round(decision.confidence, 3),
            stage=decision.stage,
            generation=decision.generation,
        )
        if decision.urgent:
            self.observer.note("alerted", decision.mail_id, signals=",".join(decision.urgent))
        if decision.versions.second_opinion:
            self.observer.note("opinion-heard", decision.mail_id, said=heard(decision))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """The third step: one mail to one destination."""

    store: Store
    desks: Desks
    observer: Observer
    clock: Callable[[], float]
    random: Callable[[], float]
    hostname: str
    key: bytes
    patience: Patience

    def deliver(
        self, job: Job, mail: Mail, why: Decided, destination: Destination, *, accused: bool = False
    ) -> Outcome:
        """Try one delivery, or to take one back, and say what became of it; the caller settles. Raises `TryLater` when the store is unwell.

        Where the mail is ``accused``, what looks like the destination's own failure counts against the mail.
        """
        parcel = Parcel(
            mail=mail,
            decision=why.decision,
            destination=destination.name,
            generation=job.generation,
            key=delivery_key(mail.id, destination.name, job.generation),
            stamped=b"" if job.task != "deliver" else stamp(mail, why.decision, hostname=self.hostname, key=self.key),
            subject=why.summary.subject,
            from_addr=why.summary.from_addr,
            beside=destination.name not in self.desks.places(why.decision),
        )
        try:
            receipt = (
                destination.deliver(parcel) if job.task == "deliver" else self._recall(job, parcel, why, destination)
            )
        except TryLater as error:
            return self._later(job, error, accused=accused)
        except GiveUp as error:
            return Park(job=job, error=str(error), why="gave-up")
        except Exception as error:  # noqa: BLE001 -- an adapter's bug parks this delivery and stops no other
            return parked_or_halted(job, error, self.store, self.observer, self.clock(), self.patience)
        return Done(job=job, receipt=receipt.reference)

    def _recall(self, job: Job, parcel: Parcel, why: Decided, destination: Destination) -> Receipt:
        told = within.of_decision(why.decision, self.desks.reads_for(destination.name))
        return recall(
            job,
            replace(parcel, decision=told),
            destination,
            self.store,
            lambda: notice(parcel.mail, told, why.summary, destination.name, hostname=self.hostname, key=self.key),
        )

    def _later(self, job: Job, error: TryLater, *, accused: bool) -> Outcome:
        now = self.clock()
        if error.lane_down and not accused:
            return Again(job=job, due_at=now, error=str(error), counts=False, lane_down=True, after=error.after)
        if too_old(job, now, self.patience):
            return Park(job=job, error=f"too old to try again; last: {error}", why="too-old")
        due_at = next_attempt(job.tries + 1, now, self.patience, self.random, asked=error.after)
        return Again(job=job, due_at=due_at, error=str(error), lane_down=error.lane_down, after=error.after)


def _summary(message: Message) -> Summary:
    return Summary(
        subject=message.subject[:500],
        from_addr=message.customer.addr[:320] if message.customer else "",
        language=message.language,
        kind=message.kind,
    )


def parked_or_halted(
    job: Job, error: Exception, store: Store, observer: Observer, now: float, patience: Patience
) -> Outcome:
    """A bug parks the job, unless so many were parked in the last hour that it must be the deployment: then all wait."""
    what = f"{type(error).__name__}: {error}"[:500]
    if store.parked_since(now - 3600.0) >= patience.ceiling:
        observer.note("parking-halted", job.mail_id, error=type(error).__name__)
        return Again(job=job, due_at=now + _HALTED, error=what, counts=False)
    return Park(job=job, error=what, why="bug")
