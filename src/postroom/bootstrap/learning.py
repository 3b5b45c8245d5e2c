"""A learning curve: how well a model does that has learned from a part of the examples, from more, from all."""

from collections import defaultdict
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from postroom.adapters.classifier.linear import LinearClassifier
from postroom.adapters.intake.labelled import Labelled as LabelledMail
from postroom.adapters.intake.labelled import read_labelled
from postroom.bootstrap.files import Offline
from postroom.bootstrap.models import check_can_train, examples
from postroom.bootstrap.progress import Watch
from postroom.decide.folding import fold
from postroom.flow.measure import Labelled, part
from postroom.model.errors import Refused
from postroom.model.mail import RouteName

if TYPE_CHECKING:
    from postroom.adapters.classifier.training import Example
    from postroom.bootstrap.house import House

PARTS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
"""Of the examples of each route; each part holds the smaller ones."""


def learning_curve(
    house: "House", tried_on: Sequence[LabelledMail], learn_from: Sequence[Path], watch: Watch
) -> list[dict[str, Any]]:
    """For each part of the examples how many they are, and the accuracy of a model of them, by the words alone.

    Examples of the very words of a mail that it is tried on are left out. Raises `Refused` for data that can't be
    learned from, `ConfigError` without scikit-learn.
    """
    check_can_train()
    from postroom.adapters.classifier import training  # noqa: PLC0415 - takes seconds to import

    labelled = [one for path in learn_from for one in read_labelled(path, house.settings.intake.max_size)]
    asked = {tuple(one.words) for one in examples(house, tried_on)}
    usable = [one for one in examples(house, labelled) if tuple(one.words) not in asked]
    points = []
    for share in watch(PARTS, len(PARTS), "learning"):
        chosen = _part(usable, share)
        try:
            model = training.train(chosen, {})
        except ValueError as error:
            raise Refused(
                f"can't learn from {', '.join(map(str, learn_from))}: {len(chosen)} of {len(labelled)} examples,"
                f" those left out that are in the data to measure on: {error}"
            ) from error
        found = part(_tried(house, LinearClassifier(model), tried_on))
        points.append({"examples": len(chosen), "accuracy": found.accuracy, "interval": found.interval})
    return points


def _part(usable: Sequence["Example"], share: float) -> list["Example"]:
    """This share of each route's examples, by a hash of their words."""
    routes: dict[str, list[Example]] = defaultdict(list)
    for one in sorted(usable, key=lambda one: crc32(" ".join(one.words).encode())):
        routes[one.route].append(one)
    return [one for found in routes.values() for one in found[: ceil(share * len(found))]]


def _tried(house: "House", judge: LinearClassifier, tried_on: Sequence[LabelledMail]) -> list[Labelled]:
    offline = Offline(house, text_only=True)
    found = []
    for one in tried_on:
        _, message = offline.understood(one.mail)
        (best, *_), *_ = judge.classify([(message, fold(message.subject, message.new_text))])
        found.append(
            Labelled(
                route=RouteName(one.route),
                decided=best.route,
                confidence=best.share,
                acceptable=tuple(map(RouteName, one.acceptable)),
            )
        )
    return found
