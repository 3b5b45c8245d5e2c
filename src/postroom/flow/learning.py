"""Learning from what people said: gather, part by time, weigh, train a challenger, try it on what it has not seen. Start at `Learning.run`.

The model that was tried is the model that comes into force: it is not trained again on what was held back. So the newest
words wait for the next time, and nothing judges that was not compared. What it is tried by is the whole judgement, with
thread, history and account as they were recorded; only the classifier differs.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Protocol

from postroom.decide.case import Case
from postroom.decide.judge import judge
from postroom.decide.policy import Policy
from postroom.decide.rulebook import Rulebook
from postroom.flow.contest import Contest, Pair, contest
from postroom.flow.holdout import TooFew, families, part
from postroom.flow.replay import recorded
from postroom.flow.taught import Reading, Taught, Teachers
from postroom.flow.weights import weights
from postroom.model.judgement import Decision
from postroom.model.mail import BrandName, Envelope, Mail, MailId, Peer, RouteName
from postroom.ports import Classifier, Trainer, TrainingText

LEAST_OF_ROUTE: Final = 10
"""A route that the corpus does not know is learned from so many texts on."""

HALF_LIVES: Final = 8.0
"""What was said so many half-lives ago is not read any more: it would weigh 1/256."""

_DAY: Final = 86_400.0
_BATCH: Final = 64


class Corpus(Protocol):
    """The texts that every model is trained on beside a team's own."""

    def weighs(self) -> Mapping[RouteName, float]:
        """What each route of it weighs in all."""
        ...

    def texts(self) -> Iterator[TrainingText]:
        """All of it, always in the same order."""
        ...


class Tell(Protocol):
    """Is told how far it is."""

    def __call__(self, stage: str, done: int) -> None:
        """``done`` texts of this stage so far."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What there was to learn from."""

    #: texts of the team by why they were given a route
    why: Mapping[str, int]
    #: texts of the team by route
    routes: Mapping[RouteName, int]
    #: trained on, of the team's
    trained: int = 0
    #: held back to compare by
    held: int = 0
    #: routes of which there was too little to learn them
    left_out: tuple[RouteName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What came of it."""

    counts: Counts
    #: why there is no model; None when there is one
    too_few: TooFew | None = None
    #: the challenger's file
    model: bytes = b""
    #: ids of the mails and examples that it was trained on
    sources: tuple[str, ...] = ()
    #: it was trained on what was said before then, seconds since the epoch
    until: float = 0.0
    contest: Contest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """All that learning needs."""

    teachers: Teachers
    #: decisions on a mail, oldest first (`ports.Judgements.decisions`)
    decisions: Callable[[MailId], tuple[Decision, ...]]
    corpus: Corpus
    trainer: Trainer
    #: the classifier in force
    champion: Classifier
    book: Rulebook
    policy: Policy
    #: days in which a word loses half its weight
    half_life: float
    tell: Tell = lambda stage, done: None

    def run(self, now: float) -> Learnt:
        """Train a challenger and try it, if there is enough to try it by. Changes nothing. Raises `Refused`, `TryLater`."""
        taught = self._taught(now)
        family = families(taught)
        protected = set(self.policy.protected) & set(self.teachers.routes)
        parts = part(taught, family, protected)
        if isinstance(parts, TooFew):
            return Learnt(counts=_counts(taught), too_few=parts)
        learnt = self._train(taught, family, parts.trained, now)
        challenger = self.trainer.classifier(learnt.model)
        pairs = list(self._pairs([taught[n] for n in parts.held], [family[n] for n in parts.held], challenger))
        return replace(
            learnt,
            counts=replace(learnt.counts, held=len(pairs)),
            until=parts.since,
            contest=contest(pairs, protected),
        )

    def renew(self, sources: Collection[str], until: float, now: float) -> Learnt:
        """The model that was trained at ``now`` on these mails and examples by what was said before ``until``, less what was erased since.

        With the half-life and the corpus of then it is the same model, where nothing was erased. It is not tried: that would be
        to weigh a person's erasure against figures. Raises `Refused`, `TryLater`.
        """
        taught = self._taught(now, until=until, among=frozenset(sources))
        return replace(self._train(taught, families(taught), range(len(taught)), now), until=until)

    def _taught(self, now: float, *, until: float = math.inf, among: Collection[str] | None = None) -> list[Taught]:
        since = now - HALF_LIVES * self.half_life * _DAY
        return self.teachers.taught(since, lambda done: self.tell("reading", done), until=until, among=among)

    def _train(self, taught: Sequence[Taught], family: Sequence[int], places: Sequence[int], now: float) -> Learnt:
        others = self.corpus.weighs()
        few = _few([taught[n].route for n in places], others)
        places = [n for n in places if taught[n].route not in few]
        some = [taught[n] for n in places]
        groups = [family[n] for n in places]
        found = weights(some, groups, now=now, half_life=self.half_life, others=others)
        model = self.trainer.train(self._texts(some, groups, found))
        counts = replace(_counts(taught), trained=len(some), left_out=tuple(sorted(few)))
        return Learnt(counts=counts, model=model, sources=tuple(one.id for one in some))

    def _texts(self, some: Sequence[Taught], groups: Sequence[int], found: Sequence[float]) -> Iterator[TrainingText]:
        """The corpus, then the team's texts."""
        done = 0
        for text in self.corpus.texts():
            yield text
            done += 1
            self.tell("training", done)
        known = {one.id: (group, weight) for one, group, weight in zip(some, groups, found, strict=True)}
        for reading in self.teachers.read(some):
            group, weight = known[reading.taught.id]
            yield TrainingText(
                message=reading.message,
                folded=reading.folded,
                route=reading.taught.route,
                weight=weight,
                group=f"family {group}",
            )
            done += 1
            self.tell("training", done)

    def _pairs(self, held: Sequence[Taught], groups: Sequence[int], challenger: Classifier) -> Iterator[Pair]:
        family = {one.id: group for one, group in zip(held, groups, strict=True)}
        readings = self.teachers.read(held)
        done = 0
        while batch := list(islice(readings, _BATCH)):
            cases = [self._case(one) for one in batch]
            old, new = (self._decided(cases, mind) for mind in (self.champion, challenger))
            for reading, champion, challenged in zip(batch, old, new, strict=True):
                one = reading.taught
                yield Pair(
                    route=one.route,
                    champion=champion,
                    challenger=challenged,
                    weight=1.0 / (one.probability or 1.0),
                    family=family[one.id],
                    by=one.by,
                )
            done += len(batch)
            self.tell("comparing", done)

    def _case(self, reading: Reading) -> Case:
        """What is known of a mail, as of the decision that people were asked about."""
        one, mail = reading.taught, reading.mail
        if mail is None:
            return Case(mail=_of_the_past(one), message=reading.message, folded=reading.folded, now=one.at)
        asked = next((d for d in self.decisions(mail.id) if d.generation == one.generation), None)
        if asked is None:
            return Case(mail=mail, message=reading.message, folded=reading.folded, now=mail.received_at)
        case = recorded(mail, reading.message, asked)
        return replace(case, classified=(), folded=reading.folded)

    def _decided(self, cases: Sequence[Case], mind: Classifier) -> list[Decision]:
        opinions = mind.classify([(case.message, case.folded) for case in cases if case.folded is not None])
        return [
            judge(replace(case, classifier=tuple(opinion), model=mind.version), self.book, self.policy)
            for case, opinion in zip(cases, opinions, strict=True)
        ]


def _few(routes: Sequence[RouteName], others: Collection[RouteName]) -> set[RouteName]:
    return {route for route, count in Counter(routes).items() if count < LEAST_OF_ROUTE and route not in others}


def _counts(taught: Sequence[Taught]) -> Counts:
    return Counts(
        why=dict(sorted(Counter(one.why for one in taught).items())),
        routes=dict(sorted(Counter(one.route for one in taught).items())),
    )


def _of_the_past(one: Taught) -> Mail:
    """A mail that stands for an example: of no brand, from nobody who is known."""
    return Mail(
        id=MailId(one.id),
        received_at=one.at,
        brand=BrandName(""),
        envelope=Envelope(mail_from="", rcpt_to=()),
        peer=Peer(door="files", trusted=True),
        raw=b"",
    )
