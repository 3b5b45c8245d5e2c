"""Who is measured: the house with its rules, or a model alone that knows other routes than the house's desks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from postroom.adapters.classifier.cascade import Cascade
from postroom.adapters.classifier.linear import LinearClassifier
from postroom.bootstrap.files import FoundMail, Offline
from postroom.bootstrap.house import House
from postroom.bootstrap.models import classifier
from postroom.decide.folding import fold
from postroom.model.judgement import REVIEW
from postroom.model.mail import RouteName
from postroom.model.message import Message

_BATCH = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was decided of one mail."""

    message: Message
    #: best guess
    decided: RouteName
    #: of the best guess, 0..1
    confidence: float
    #: where it goes
    route: RouteName
    #: (route, probability), most probable first
    probabilities: tuple[tuple[RouteName, float], ...]


class Bench(Protocol):
    """Somebody to measure."""

    @property
    def routes(self) -> tuple[str, ...]:
        """The routes that it may decide for."""
        ...

    @property
    def model(self) -> str:
        """The version of its model; ``""`` for none."""
        ...

    @property
    def alone(self) -> bool:
        """Whether a model judges without the house's rules, phrases and priors."""
        ...

    def answers(self, mails: Iterable[FoundMail]) -> Iterator[Answer]:
        """An answer for each mail, in order."""
        ...


def bench(house: House, model: str = "", *, text_only: bool = True) -> Bench:
    """The house; with another model in it, if one is named and all its routes are the house's; else that model alone.

    ``model`` is `shipped`, `none` or a file. Raises `ConfigError` for a model that can't be used.
    """
    if not model:
        return ByHouse(house, Offline(house, text_only=text_only), house.classifier.version)
    judge = classifier(model, Path(), house.observer)
    if isinstance(judge, LinearClassifier | Cascade) and not set(judge.model.classes) <= set(house.routes):
        return ByWords(house, judge)
    return ByHouse(house, Offline(house, text_only=text_only, classifier=judge), judge.version)


class ByHouse:
    """The house decides, as it would of files."""

    alone = False

    def __init__(self, house: House, offline: Offline, model: str) -> None:
        self.routes: tuple[str, ...] = house.routes
        self.model = model
        self._offline = offline

    def answers(self, mails: Iterable[FoundMail]) -> Iterator[Answer]:
        """By all evidence there is."""
        for _, message, decision in self._offline.decisions(mails):
            yield Answer(
                message=message,
                decided=decision.decided,
                confidence=decision.confidence,
                route=decision.route,
                probabilities=decision.probabilities,
            )


class ByWords:
    """A model decides by the words alone, all routes as frequent; what is less sure than the usual threshold waits."""

    alone = True

    def __init__(self, house: House, judge: LinearClassifier | Cascade) -> None:
        self.routes = judge.model.classes
        self.model = judge.version
        self._judge = judge
        self._offline = Offline(house, text_only=True)
        self._threshold = house.policy.default_threshold

    def answers(self, mails: Iterable[FoundMail]) -> Iterator[Answer]:
        """By subject and new text."""
        waiting = iter(mails)
        while found := list(islice(waiting, _BATCH)):
            messages = [self._offline.understood(one)[1] for one in found]
            read = [(message, fold(message.subject, message.new_text)) for message in messages]
            for message, opinions in zip(messages, self._judge.classify(read), strict=True):
                best = opinions[0]
                yield Answer(
                    message=message,
                    decided=best.route,
                    confidence=best.share,
                    route=best.route if best.share >= self._threshold else REVIEW,
                    probabilities=tuple((one.route, one.share) for one in opinions),
                )
