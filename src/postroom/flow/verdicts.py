"""A person's word on a decision: kept, and followed at once; and taken back.

One transaction keeps the verdict, the decision of the next generation and its deliveries (`flow.moves`), and ends the review
clock; the thread is there for certain, the mail counts there for its sender, and its text is known (`decide.texts`).
Another makes all of it undone, as far as it can be (`flow.undo`).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from postroom.decide import remember, rollout, texts
from postroom.decide.blend import certain
from postroom.decide.folding import fold
from postroom.decide.policy import Policy
from postroom.flow.audit import Audit
from postroom.flow.desks import Desks
from postroom.flow.moves import Consequence, Mover, Moves
from postroom.flow.undo import Undo, own, restored, undo
from postroom.model.errors import Refused, TryLater, unknown
from postroom.model.judgement import AUTOMATIC, JUNK, REVIEW, Asked, Decision, Finding, Stage, TakenBack, Verdict
from postroom.model.mail import DestinationName, Mail, MailId, RouteName
from postroom.model.memory import Memory, Remember
from postroom.model.message import Message
from postroom.model.people import Deed
from postroom.model.trust import Trust
from postroom.model.work import JobInfo
from postroom.ports import JobFilter, Ruling, Store
from postroom.understand.reader import read

LEAST_CLOCK = 900.0
"""Seconds in review that a mail has at least when a verdict on it is taken back."""

_TRIES = 150
_PAUSE = 0.1
"""Seconds between them, while another mail of the same thread or sender is being judged, or this one delivered."""

_NO_DESK = RouteName("")

_MAX_NAME = 100
_MAX_NOTE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What came of a verdict, or of taking it back."""

    verdict: Verdict
    #: now in force
    decision: Decision
    #: where the mail is delivered because of it; empty when it lies there already
    deliveries: tuple[DestinationName, ...]
    #: those of them that can't be undone, and wait for that
    waiting: tuple[DestinationName, ...] = ()
    #: where it does not belong any more
    consequences: tuple[Consequence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewing:
    """Takes verdicts."""

    store: Store
    trust: Trust
    policy: Policy
    mover: Mover
    #: the routes that a person may name
    routes: Collection[RouteName]
    clock: Callable[[], float]
    #: waits for so many seconds
    pause: Callable[[float], None]
    #: what a second reviewer is shown, of what people are asked about
    second_look: Audit = Audit()

    @property
    def desks(self) -> Desks:
        """Where each route's mail goes."""
        return self.mover.desks

    def give(
        self,
        mail: Mail,
        said: RouteName | None,
        by: str,
        *,
        also: RouteName = _NO_DESK,
        generation: int = 0,
        note: str = "",
        settles: bool = False,
        there: Collection[DestinationName] | None = None,
    ) -> Given:
        """A person says where a mail belongs; None confirms the best guess.

        A mail about two things is ``also`` given to a second desk: each of the two knows of the other. Who names one desk
        alone ends that. It ``settles`` what two reviewers disagree on. ``there`` are destinations at which the mail lies
        already, as people moved it elsewhere, not by postroom: it is not delivered there again, and who had it is not told.

        ``generation`` is the decision that was looked at; 0 for the newest. Raises `Refused` when there is no decision, when
        it is not the newest any more, or when the route is none of the brand's; and `TryLater`.
        """
        name = _named(by)
        decisions = self._looked_at(mail, generation)
        latest = decisions[-1]
        route = self.checked(mail, latest.decided if said is None else said, also)
        both = also or (latest.second if said is None and latest.copied and latest.second != route else _NO_DESK)
        verdict = replace(self._verdict(latest, route, name, _one_line(note, _MAX_NOTE)), also=both)
        return self._follow(
            mail,
            verdict,
            self._decision(mail, latest, verdict),
            decisions,
            lambda message, memory: remember.word_given(message, mail, verdict, decisions, memory),
            settles=settles,
            there=there,
        )

    def moved_elsewhere(
        self, mail: Mail, to: RouteName, by: str, *, there: Collection[DestinationName] = (), note: str = ""
    ) -> Given | None:
        """People have moved a mail to another desk by themselves: that is their word, as if it was given here.

        ``there`` are the destinations of that desk at which it lies now; empty for all of them. None when it is known to
        belong there: asked again, nothing changes. Raises as `give` does.
        """
        decisions = self._looked_at(mail, 0)
        if to in (decisions[-1].route, decisions[-1].copy):
            return None
        lies = there or self.desks.lies_at(to)
        return self.give(mail, to, by, generation=decisions[-1].generation, note=note, there=frozenset(lies))

    def take_back(self, mail: Mail, by: str, *, generation: int = 0, note: str = "") -> Given:
        """The newest verdict on a mail counts no more: what stood before stands again, in the next generation.

        Where that was review, the question is asked again, with what is left of its clock, or a quarter of an hour. What
        the verdict added to memory goes, as far as nobody has built on it; the verdict stays in the record and teaches
        nothing. Raises as `give` does, and `Refused` when no verdict is in force.
        """
        name = _named(by)
        decisions = self._looked_at(mail, generation)
        found, now = undo(mail.id, decisions, self.store.verdicts_on(mail.id)), self.clock()
        verdict = replace(found.verdict, taken_back=TakenBack(by=name, at=now, note=_one_line(note, _MAX_NOTE)))
        return self._follow(
            mail,
            verdict,
            self._again(found, decisions[-1], name, now),
            decisions,
            lambda message, memory: remember.word_taken_back(
                message, mail, verdict, found.before, found.standing, memory
            ),
            clock=self._clock_left(found, now),
        )

    def consequences(self, mail: Mail) -> tuple[Consequence, ...]:
        """What `take_back` would come to where the verdict brought the mail. Raises `Refused` and `TryLater`."""
        decisions = self._looked_at(mail, 0)
        found, now = undo(mail.id, decisions, self.store.verdicts_on(mail.id)), self.clock()
        decision = self._again(found, decisions[-1], "nobody", now)
        return self.mover.moves(self._made(mail), decisions, decision, now).consequences

    def checked(self, mail: Mail, route: RouteName, also: RouteName = _NO_DESK) -> RouteName:
        """The desk that a mail may be given to, and a second one where it is named. Raises `Refused`."""
        if also:
            if self._checked(mail, also) == route:
                raise Refused(f"both desks are {route}: name another as the second")
            for one in (route, also):
                if one in (JUNK, AUTOMATIC):
                    raise Refused(f"{one} is no desk where somebody works: a mail goes there or to a desk, not to both")
                if self._stage(mail, one) == "shadow":
                    raise Refused(f"{one} is in shadow for this mail: nothing is delivered there yet")
        return self._checked(mail, route)

    def own_move(self, mail_id: MailId, by: str) -> Decision | None:
        """The decision in force, where it is this person's word of less than an undo window ago; else None.

        Whoever said it may take it back then, though it has brought the mail to where they see it no more. Raises `TryLater`.
        """
        decisions, since = self.store.decisions(mail_id), self.clock() - self.mover.undo_seconds
        mine = own(mail_id, decisions, self.store.verdicts_on(mail_id), by, since)
        return decisions[-1] if mine else None

    def _looked_at(self, mail: Mail, generation: int) -> tuple[Decision, ...]:
        """All decisions on the mail, if the newest is the one that was looked at."""
        decisions = self.store.decisions(mail.id)
        if not decisions:
            again = f"; it came before, as {mail.duplicate_of}: judge that" if mail.duplicate_of else ""
            raise Refused(f"{mail.id} has not been judged, so there is nothing to confirm or correct yet{again}")
        latest = decisions[-1]
        if generation not in (0, latest.generation):
            whose = f"by {latest.by}" if latest.by else "anew"
            raise Refused(
                f"{mail.id} was decided {whose} meanwhile: it is in {latest.route}, generation {latest.generation}. Look again"
            )
        return decisions

    def _again(self, found: Undo, latest: Decision, by: str, now: float) -> Decision:
        """What stood before; earlier versions did not say that what is in review was asked about."""
        decision = restored(found, latest, by, now)
        return replace(decision, asked="review", asked_with=1.0) if self.desks.asks(decision) else decision

    def _clock_left(self, found: Undo, now: float) -> float:
        """When its time in review is up, seconds since the epoch."""
        clocks = self.store.jobs(JobFilter(mail_id=found.verdict.mail_id, kinds=("clock",)))
        due = next((job.due_at for job in clocks if job.generation == found.verdict.generation), 0.0)
        return max(due, self.desks.time_is_up(now, min(LEAST_CLOCK, self.desks.review_clock)))

    def _made(self, mail: Mail) -> tuple[JobInfo, ...]:
        return self.store.jobs(JobFilter(mail_id=mail.id, kinds=("deliver",)))

    def _checked(self, mail: Mail, route: RouteName) -> RouteName:
        if route == REVIEW:
            raise Refused("review is no desk: say to which desk the mail belongs")
        if route not in self.routes:
            raise Refused(unknown("route", route, self.routes))
        if not self.policy.allows(mail.brand, route):
            raise Refused(f"the brand {mail.brand} has no desk {route}; its desks are in `brand.{mail.brand}.routes`")
        return route

    def _stage(self, mail: Mail, route: RouteName) -> Stage:
        return rollout.stage(route, mail.thread_key or mail.id, self.policy)

    def _decision(self, mail: Mail, latest: Decision, verdict: Verdict) -> Decision:
        says = f"says that it belongs to {verdict.where}" if verdict.also else "says so"
        because = f"{verdict.by} {says}" + (f" ({verdict.note})" if verdict.note else "")
        named = [route for route in (verdict.said, verdict.also) if route]
        words = [Finding(source="verdict", route=one, score=1.0, reason=because, name=verdict.by) for one in named]
        return replace(
            latest,
            generation=latest.generation + 1,
            route=verdict.said,
            decided=verdict.said,
            confidence=1.0,
            probabilities=certain(verdict.said, 1.0, latest.probabilities),
            findings=(*latest.findings, *words),
            stage=self._stage(mail, verdict.said),
            second=verdict.also or (_NO_DESK if latest.copied else latest.second),
            copied=bool(verdict.also),
            because=because,
            unconfirmed=False,
            by=verdict.by,
            again=0,
            asked="",
            asked_with=0.0,
            decided_at=verdict.at,
        )

    def _follow(
        self,
        mail: Mail,
        verdict: Verdict,
        decision: Decision,
        decisions: tuple[Decision, ...],
        remembering: Callable[[Message, Memory], Remember],
        *,
        clock: float | None = None,
        settles: bool = False,
        there: Collection[DestinationName] | None = None,
    ) -> Given:
        """Keep it, as soon as neither a judge nor a delivery is in between. ``clock`` is when time in review is up."""
        message = read(mail, self.trust)
        now = verdict.taken_back.at if verdict.taken_back else verdict.at
        ruling = Ruling(
            verdict=verdict,
            decision=decision,
            jobs=(),
            drop=(),
            made=(),
            leaves=(),
            keys=replace(
                remember.keys(message, mail), texts=texts.keys(texts.words(fold(message.subject, message.new_text)))
            ),
            remember=lambda memory: remembering(message, memory),
            second_look=self._is_looked_at_again(verdict),
            settles=settles,
            deed=_deed(verdict, decisions[-1]),
        )

        def attempt() -> Given:
            made = self._made(mail)
            moves = self.mover.moves(made, decisions, decision, now)
            if there is not None:
                moves = self.mover.unneeded(moves, there)
            jobs = tuple(replace(job, due_at=clock) if clock and job.kind == "clock" else job for job in moves.jobs)
            kept = self.store.rule(replace(ruling, jobs=jobs, drop=moves.drop, made=made, leaves=moves.leaves))
            return _given(kept, decision, moves)

        return self._until_quiet(attempt)

    def _is_looked_at_again(self, verdict: Verdict) -> bool:
        """Whether a second reviewer is shown what a person was asked about, as he was."""
        first = verdict.taken_back is None and verdict.asked in ("review", "audit") and not verdict.over
        return first and self.second_look.draws(verdict.mail_id)

    def _until_quiet(self, attempt: Callable[[], Given]) -> Given:
        tries = _TRIES
        while True:
            try:
                return attempt()
            except TryLater:
                tries -= 1
                if not tries:
                    raise
                self.pause(_PAUSE)

    def _verdict(self, latest: Decision, said: RouteName, by: str, note: str) -> Verdict:
        """Why it was asked for stands in the decision; earlier versions kept no more than that it is in review."""
        asked: Asked = latest.asked or ("review" if self.desks.asks(latest) else "correction")
        probability = latest.asked_with if latest.asked else 1.0 if asked == "review" else None
        return Verdict(
            mail_id=latest.mail_id,
            generation=latest.generation,
            said=said,
            decided=latest.decided,
            confidence=latest.confidence,
            by=by,
            at=self.clock(),
            asked=asked,
            probability=probability,
            over=latest.by,
            note=note,
        )


def _deed(verdict: Verdict, latest: Decision) -> Deed:
    """The line of the audit log; the note is told with the verdict alone, as it may be anybody's words."""
    back = verdict.taken_back
    if back is not None:
        told = f"{verdict.said}, as {verdict.by} said"
        return Deed(at=back.at, by=back.by, what="verdict-taken-back", to=verdict.mail_id, detail=told)
    told = verdict.said if verdict.said == latest.route else f"{latest.route} to {verdict.said}"
    return Deed(at=verdict.at, by=verdict.by, what="verdict", to=verdict.mail_id, detail=told)


def _given(verdict: Verdict, decision: Decision, moves: Moves) -> Given:
    return Given(
        verdict=verdict,
        decision=decision,
        deliveries=tuple(job.destination for job in moves.deliveries),
        waiting=tuple(job.destination for job in moves.deliveries if job.due_at),
        consequences=moves.consequences,
    )


def _named(by: str) -> str:
    name = _one_line(by, _MAX_NAME)
    if not name:
        raise Refused("say who says so: a verdict has a name")
    return name


def _one_line(text: str, limit: int) -> str:
    return " ".join(text.split())[:limit]
