"""Learned models: which one judges, and how one is made. Imported only where mail is judged or learned from: numpy is."""

import importlib.util
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postroom import __version__
from postroom.adapters.classifier.cascade import Cascade
from postroom.adapters.classifier.extras import install
from postroom.adapters.classifier.features import remarks, words
from postroom.adapters.classifier.learned import LearnedClassifier
from postroom.adapters.classifier.linear import LinearClassifier
from postroom.adapters.classifier.model import Model, dump, load
from postroom.adapters.classifier.none import NoClassifier
from postroom.adapters.classifier.registry import SHIPPED, Registry
from postroom.adapters.intake.labelled import Labelled, read_labelled
from postroom.adapters.wholefile import write_whole
from postroom.bootstrap.cascades import with_heavier
from postroom.bootstrap.files import Offline
from postroom.decide.substance import fold_mail
from postroom.model.errors import ConfigError, Refused
from postroom.model.mail import RouteName
from postroom.ports import Classifier, Observer

if TYPE_CHECKING:
    from postroom.adapters.classifier.training import Example
    from postroom.adapters.classifier.vectors import TokenVectors
    from postroom.bootstrap.house import House

LEARNED = "learned"
NONE = "none"
NO_FILES = (LEARNED, SHIPPED, NONE)
"""What `judging.model` may say beside the name of a file."""

APART = 10
"""From so many data sets on, each is taken as written apart from the others."""

HARD = 0.6
"""What an example counts that is marked as hard: they are collected far more often than they arrive."""


def shipped() -> Path:
    """The model that is part of postroom."""
    return Path(str(resources.files("postroom.starter").joinpath("words.model")))


def classifier(wanted: str, base: Path, observer: Observer | None = None) -> Classifier:
    """What `judging.model` names: the shipped model, none, or a file, with the heavier model beside it if there is one.

    Raises `ConfigError` for one that can't be used; a heavier model that can't is only told of.
    """
    if wanted == NONE:
        return NoClassifier()
    path = shipped() if wanted == SHIPPED else base / wanted
    return with_heavier(LinearClassifier(load(path)), path, observer)


def in_force(wanted: str, base: Path, registry: Registry) -> Model | None:
    """The model that `judging.model` means, the heavier one left out; None for none. Raises `ConfigError` for one that can't be used."""
    if wanted == NONE:
        return None
    if wanted == LEARNED and (version := registry.current) != SHIPPED:
        try:
            return registry.load(version)
        except ConfigError as error:
            raise ConfigError(
                f"the learned model is not used, a judge that starts takes the shipped one: {error}"
            ) from error
    return load(shipped() if wanted in (LEARNED, SHIPPED) else base / wanted)


def routes_known(judge: Classifier) -> frozenset[RouteName]:
    """The routes that a model has learned; none of a classifier that has no opinion."""
    mind = judge.mind if isinstance(judge, LearnedClassifier) else judge
    known = mind.model.classes if isinstance(mind, LinearClassifier | Cascade) else ()
    return frozenset(map(RouteName, known))


def learned(registry: Registry, observer: Callable[[], Observer]) -> Classifier:
    """What follows the model that `postroom learn` put into force. Raises `ConfigError` where the shipped one can't be read."""
    return LearnedClassifier(registry, lambda: LinearClassifier(load(shipped())), observer)


def train(house: "House", data: Sequence[Path], *, word_vectors: bool | None = None) -> Model:
    """A model of labelled mail; with word vectors if that is wanted or, when nothing is said, if they are here and help.

    Raises `Refused` for data that can't be learned from, `ConfigError` without scikit-learn or the vectors asked for.
    """
    check_can_train()
    from postroom.adapters.classifier import training  # noqa: PLC0415 - takes seconds to import

    labelled = [one for path in data for one in read_labelled(path, house.settings.intake.max_size)]
    table = vectors_for(labelled, wanted=word_vectors)
    found = list(examples(house, labelled, apart=len(data) >= APART))
    try:
        return training.train(found, card(labelled), table)
    except ValueError as error:
        raise Refused(f"can't learn from {', '.join(map(str, data))}: {error}") from error


def vectors_for(labelled: Sequence[Labelled], *, wanted: bool | None) -> "TokenVectors | None":
    """The word vectors to learn with, as for `train`; None for none. Raises `ConfigError` where there are not those asked for."""
    from postroom.adapters.classifier import training, vectors  # noqa: PLC0415 - takes seconds to import

    if wanted is None:
        wanted = len({one.route for one in labelled}) > training.FEW and vectors.installed()
    return vectors.load() if wanted else None


def check_can_train() -> None:
    """Raises `ConfigError` without scikit-learn."""
    if importlib.util.find_spec("sklearn") is None:
        raise ConfigError(f"training needs scikit-learn; run: {install('train')}")


def card(labelled: Sequence[Labelled]) -> dict[str, Any]:
    """What people should know of a model: what it has learned from, and what it can't."""
    return {
        "made_by": f"postroom {__version__}",
        "examples": dict(Counter(one.route for one in labelled)),
        "hard": sum(one.hard for one in labelled),
        "languages": dict(Counter(one.language or "unknown" for one in labelled).most_common()),
        "limits": "Knows words, parts of words and pairs of words, not what sentences mean; weak in languages of few examples.",
    }


def examples(house: "House", labelled: Sequence[Labelled], *, apart: bool = False) -> Iterator["Example"]:
    """What there is to learn of labelled mail: the text that judging would see.

    Where data sets were written ``apart`` from one another, confidence is fitted on sets that a model has not seen.
    """
    from postroom.adapters.classifier.training import Example  # noqa: PLC0415 - takes seconds to import

    offline = Offline(house, text_only=True)
    for one in labelled:
        _, message = offline.understood(one.mail)
        folded = fold_mail(message)
        yield Example(
            words=words(folded),
            remarks=remarks(message, folded),
            route=one.route,
            weight=HARD if one.hard else 1.0,
            group=one.mail.path.rpartition("#")[0] if apart else "",
        )


def write(model: Model, path: Path) -> None:
    """Put a model into a file, whole or not at all, for whoever may read what we write. Raises `OSError`."""
    write_whole(path, dump(model), mode=0o666)
