"""A person's word on a decision: kept, and followed at once.

One transaction keeps the verdict, the decision of the next generation and its deliveries, and ends the review clock;
the thread is there for certain, the mail counts there for its sender, and its text is known (`decide.texts`). To undo a
verdict is to give another.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from postroom.decide import remember, rollout, texts
from postroom.decide.blend import certain
from postroom.decide.folding import fold
from postroom.decide.policy import Policy
from postroom.flow.desks import Desks
from postroom.model.errors import Refused, TryLater, unknown
from postroom.model.judgement import Asked, Decision, Finding, Verdict
from postroom.model.mail import DestinationName, Mail, RouteName
from postroom.model.trust import Trust
from postroom.model.work import JobInfo, JobState
from postroom.ports import JobFilter, Ruling, Store
from postroom.understand.reader import read

_TRIES = 150
_PAUSE = 0.1
"""Seconds between them, while another mail of the same thread or sender is being judged."""

_THERE: frozenset[JobState] = frozenset({"ready", "claimed", "held", "done"})
"""A delivery in one of these states brings the mail to its destination, or has done so."""

_MAX_NAME = 100
_MAX_NOTE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What came of a verdict."""

    verdict: Verdict
    #: now in force
    decision: Decision
    #: where the mail is delivered because of it; empty when it lies there already
    deliveries: tuple[DestinationName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewing:
    """Takes verdicts."""

    store: Store
    trust: Trust
    policy: Policy
    desks: Desks
    #: the routes that a person may name
    routes: Collection[RouteName]
    clock: Callable[[], float]
    #: waits for so many seconds
    pause: Callable[[float], None]

    def give(self, mail: Mail, said: RouteName | None, by: str, *, generation: int = 0, note: str = "") -> Given:
        """A person says where a mail belongs; None confirms the best guess.

        ``generation`` is the decision that was looked at; 0 for the newest. Raises `Refused` when there is none, when it is
        not the newest any more, or when the route is none of the brand's; and `TryLater`.
        """
        name = _one_line(by, _MAX_NAME)
        if not name:
            raise Refused("say who says so: a verdict has a name")
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
        route = self._checked(mail, latest.decided if said is None else said)
        verdict = self._verdict(latest, route, name, _one_line(note, _MAX_NOTE))
        return self._follow(mail, verdict, self._decision(mail, latest, verdict), decisions)

    def _checked(self, mail: Mail, route: RouteName) -> RouteName:
        if route not in self.routes:
            raise Refused(unknown("route", route, self.routes))
        if not self.policy.allows(mail.brand, route):
            raise Refused(f"the brand {mail.brand} has no desk {route}; its desks are in `brand.{mail.brand}.routes`")
        return route

    def _decision(self, mail: Mail, latest: Decision, verdict: Verdict) -> Decision:
        because = f"{verdict.by} says so" + (f" ({verdict.note})" if verdict.note else "")
        word = Finding(source="verdict", route=verdict.said, score=1.0, reason=because, name=verdict.by)
        return replace(
            latest,
            generation=latest.generation + 1,
            route=verdict.said,
            decided=verdict.said,
            confidence=1.0,
            probabilities=certain(verdict.said, 1.0, latest.probabilities),
            findings=(*latest.findings, word),
            stage=rollout.stage(verdict.said, mail.thread_key or mail.id, self.policy),
            because=because,
            unconfirmed=False,
            by=verdict.by,
            asked="",
            asked_with=0.0,
            decided_at=verdict.at,
        )

    def _follow(self, mail: Mail, verdict: Verdict, decision: Decision, decisions: tuple[Decision, ...]) -> Given:
        message = read(mail, self.trust)
        latest = decisions[-1]
        made = self.store.jobs(JobFilter(mail_id=mail.id, kinds=("deliver",)))
        places = self.desks.places(decision)
        # Alerts, and what leads are told of, are no matter of the desk.
        wanted = {
            *places,
            *(self.desks.urgent if latest.urgent else ()),
            *(self.desks.tell if latest.unconfirmed else ()),
        }
        newest = {job.destination: job.state for job in made}
        there = {place for place in self.desks.places(latest) if newest.get(place) in _THERE}
        jobs = tuple(job for job in self.desks.jobs(decision, verdict.at) if job.destination not in there)
        anew = {job.destination for job in jobs}
        ruling = Ruling(
            verdict=verdict,
            decision=decision,
            jobs=jobs,
            drop=tuple(job.id for job in made if _needless(job, wanted, anew)),
            leaves=tuple(sorted({job.destination for job in made} - wanted)),
            keys=replace(
                remember.keys(message, mail), texts=texts.keys(texts.words(fold(message.subject, message.new_text)))
            ),
            remember=lambda memory: remember.word_given(message, mail, verdict, decisions, memory),
        )
        return Given(verdict=self._kept(ruling), decision=decision, deliveries=tuple(job.destination for job in jobs))

    def _kept(self, ruling: Ruling) -> Verdict:
        tries = _TRIES
        while True:
            try:
                return self.store.rule(ruling)
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


def _needless(job: JobInfo, wanted: Collection[DestinationName], anew: Collection[DestinationName]) -> bool:
    """Whether a delivery need not be made any more: it leads elsewhere, or was parked and is now made anew."""
    return job.destination not in wanted or (job.state == "parked" and job.destination in anew)


def _one_line(text: str, limit: int) -> str:
    return " ".join(text.split())[:limit]
