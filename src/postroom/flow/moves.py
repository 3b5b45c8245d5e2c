"""What a person's word on a mail means for its deliveries: which are made, which are not any more, which are taken back.

What can be undone is done at once. What can't be (a forwarded mail, a filed case, a word to whoever has it that it belongs
elsewhere) waits for the undo window, unless the mail is urgent: within it, another word or its taking back drops the job.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from postroom.flow.desks import Desks
from postroom.model.judgement import Decision
from postroom.model.mail import DestinationName
from postroom.model.work import JobId, JobInfo, JobState, NewJob

_THERE: frozenset[JobState] = frozenset({"ready", "claimed", "held", "done"})
"""A delivery in one of these states brings the mail to its destination, or has done so."""

_BEGUN: frozenset[JobState] = frozenset({"claimed", "done"})
"""In one of these it may be there by now."""

_NOT_BEGUN: frozenset[JobState] = frozenset({"ready", "held", "parked"})
"""In one of these it can be dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What becomes of a delivery to a destination where the mail does not belong any more."""

    destination: DestinationName
    #: ``waiting`` has not gone and does not go; ``withdrawn`` is taken back, unless somebody there has touched it by then
    what: Literal["waiting", "withdrawn", "too late"]
    #: where it is too late: it is told that the mail belongs elsewhere
    told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """All that a decision of a person changes about a mail's deliveries."""

    #: to put: deliveries, those that take back, and the review clock
    jobs: tuple[NewJob, ...]
    drop: tuple[JobId, ...]
    #: built-in inboxes in which nobody needs to open it any more
    leaves: tuple[DestinationName, ...]
    #: for the places that it leaves, by name
    consequences: tuple[Consequence, ...]

    @property
    def deliveries(self) -> tuple[NewJob, ...]:
        """Those that bring the mail somewhere."""
        return tuple(job for job in self.jobs if job.kind == "deliver" and job.task == "deliver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """Works out moves."""

    desks: Desks
    #: every destination there is, and whether a delivery to it can be taken back
    can_withdraw: Mapping[DestinationName, bool] = field(default_factory=dict)
    #: seconds that wait what can't be undone
    undo_seconds: float = 0.0

    def moves(self, made: Sequence[JobInfo], decisions: Sequence[Decision], decision: Decision, now: float) -> Moves:
        """From where a mail is to where a new decision wants it. Pure.

        ``made`` are all its deliveries, oldest first, and ``decisions`` all before. Alerts, and what leads are told of, are
        no matter of the desk: they stay. ``now`` is in seconds since the epoch.
        """
        wanted, before = self.desks.places(decision), self.desks.places(decisions[-1])
        aside = {
            *(self.desks.urgent if any(one.urgent for one in decisions) else ()),
            *(self.desks.tell if any(one.unconfirmed for one in decisions) else ()),
        }
        left = tuple(sorted({job.destination for job in made} - {*wanted, *aside}))
        jobs: list[NewJob] = []
        drop: list[JobId] = []
        consequences: list[Consequence] = []
        for job in self.desks.jobs(decision, now):
            if job.kind == "clock":
                jobs.append(job)
            elif job.destination in wanted:
                new, needless = self._bring(job, _to(made, job.destination), belonged=job.destination in before)
                jobs += (replace(one, due_at=self._due(one, decision, now)) for one in new)
                drop += needless
        for place in left:
            new, needless, what = self._take_back(place, _to(made, place), decisions, decision)
            jobs += (replace(one, due_at=self._due(one, decision, now)) for one in new)
            drop += needless
            consequences += what
        return Moves(jobs=tuple(jobs), drop=tuple(drop), leaves=left, consequences=tuple(consequences))

    def unneeded(self, moves: Moves, there: Collection[DestinationName]) -> Moves:
        """What is left to do where people have moved the mail themselves, so that it lies ``there`` already.

        What can be withdrawn still is, if it lies there untouched; nobody is told what they did.
        """
        left = []
        for job in moves.jobs:
            if job.kind != "deliver" or (job.task == "deliver" and job.destination not in there):
                left.append(job)
            elif job.task != "deliver" and self.can_withdraw.get(job.destination):
                left.append(replace(job, task="withdraw"))
        return replace(moves, jobs=tuple(left), consequences=())

    def _bring(
        self, job: NewJob, here: Sequence[JobInfo], *, belonged: bool
    ) -> tuple[Sequence[NewJob], Sequence[JobId]]:
        """The delivery, unless the mail is there; and what needs not be done at this destination any more.

        Where it can't be withdrawn, nobody is told any more that it belongs elsewhere. A withdrawal that waits may go on: it
        concerns what was brought before, not what is brought now.
        """
        can = self.can_withdraw.get(job.destination)
        revoked = [one for one in here if _takes_back(one) and one.state in _NOT_BEGUN and not can]
        newest = next((one for one in reversed(here) if one not in revoked and not _dropped_word(one)), None)
        if newest and newest.task == "deliver" and newest.state in _THERE and (belonged or revoked):
            return (), [one.id for one in revoked]
        return (job,), [one.id for one in here if one in revoked or one.state == "parked"]

    def _take_back(
        self, place: DestinationName, here: Sequence[JobInfo], decisions: Sequence[Decision], decision: Decision
    ) -> tuple[Sequence[NewJob], Sequence[JobId], Sequence[Consequence]]:
        """What is to do where the mail does not belong any more, what needs not be done, and what comes of it."""
        waiting = [one.id for one in here if one.task == "deliver" and one.state in _NOT_BEGUN]
        seen_to = max((one.generation for one in here if _takes_back(one)), default=0)
        has = [one for one in here if one.task == "deliver" and one.state in _BEGUN and one.generation > seen_to]
        if not has:
            never = Consequence(destination=place, what="waiting")
            return (), waiting, (never,) if waiting else ()
        why = next((one for one in decisions if one.generation == has[-1].generation), None)
        filed, can = why is not None and self.desks.files(why), self.can_withdraw.get(place)
        job = NewJob(
            kind="deliver",
            mail_id=decision.mail_id,
            generation=decision.generation,
            destination=place,
            task="correct" if filed else "withdraw",
        )
        told = filed and can is False
        what = Consequence(destination=place, what="withdrawn" if can else "too late", told=told)
        return (job,) if can or told else (), waiting, (what,)

    def _due(self, job: NewJob, decision: Decision, now: float) -> float:
        """At once, where it can be undone; nothing delays urgent mail."""
        if decision.urgent or self.undo_seconds <= 0.0 or self.can_withdraw.get(job.destination, True):
            return 0.0
        return now + self.undo_seconds


def _to(made: Sequence[JobInfo], destination: DestinationName) -> list[JobInfo]:
    return [one for one in made if one.destination == destination]


def _dropped_word(job: JobInfo) -> bool:
    return job.task != "deliver" and job.state == "dropped"


def _takes_back(job: JobInfo) -> bool:
    """Whether it takes back, or is still to."""
    return job.task != "deliver" and job.state != "dropped"
