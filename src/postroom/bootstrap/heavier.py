"""Training a model of two parts: a light one that judges all mail, and a heavier one that is asked where that is unsure."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from postroom.adapters.classifier.cascade import ASK_BELOW, Embedder, EmbeddingFailed, english, join, text_of
from postroom.adapters.classifier.kernel import MAX_LANDMARKS, Head, Kernel, dump
from postroom.adapters.classifier.linear import LinearClassifier
from postroom.adapters.classifier.model import Model
from postroom.adapters.intake.labelled import Labelled, read_labelled
from postroom.adapters.wholefile import write_whole
from postroom.bootstrap import cascades, models
from postroom.bootstrap.files import Offline
from postroom.decide.folding import Folded
from postroom.decide.substance import fold_mail
from postroom.model.errors import ConfigError, Refused
from postroom.model.message import Message

if TYPE_CHECKING:
    from postroom.adapters.classifier.training import Example
    from postroom.adapters.classifier.vectors import TokenVectors
    from postroom.bootstrap.house import House

_FOLDS = 5
_FEWER = 4000
"""Landmarks of a head that is only tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """Both parts."""

    light: Model
    head: Head


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lessons:
    """Labelled mail, as either part learns from it: one place a mail in each."""

    classes: tuple[str, ...]
    examples: Sequence["Example"]
    read: Sequence[tuple[Message, Folded]]
    #: (n,) number of the class
    labels: NDArray[np.intp]
    #: (n,)
    weights: NDArray[np.float64]
    #: (n,) whether the heavier part may be asked about it
    english: NDArray[np.bool_]
    #: (n, S); of those in other languages nothing
    vectors: NDArray[np.float32]


def train(house: "House", data: Sequence[Path], *, word_vectors: bool | None = None) -> Trained:
    """Both parts, of labelled mail; the light one as `models.train` makes it.

    Raises `Refused` for data that can't be learned from, `ConfigError` without the extras or the word vectors asked for.
    """
    models.check_can_train()
    encoder = cascades.embedder()
    labelled = [one for path in data for one in read_labelled(path, house.settings.intake.max_size)]
    words = models.vectors_for(labelled, wanted=word_vectors)
    try:
        lessons = _lessons(house, labelled, encoder, apart=len(data) >= models.APART)
        return _train(lessons, models.card(labelled), encoder.digest, words)
    except EmbeddingFailed as error:
        raise ConfigError(f"the encoder failed ({error}): it may need more memory") from error
    except ValueError as error:
        raise Refused(f"can't learn from {', '.join(map(str, data))}: {error}") from error


def write(head: Head, path: Path) -> None:
    """Put the heavier part into a file, as `models.write` does."""
    write_whole(path, dump(head), mode=0o666)


def _lessons(house: "House", labelled: Sequence[Labelled], encoder: Embedder, *, apart: bool) -> _Lessons:
    offline = Offline(house, text_only=True)
    messages = [offline.understood(one.mail)[1] for one in labelled]
    read = [(message, fold_mail(message)) for message in messages]
    examples = list(models.examples(house, labelled, apart=apart))
    classes = tuple(sorted({one.route for one in examples}))
    if len(classes) < 2:
        raise ValueError("a model needs examples of at least two routes")
    can_ask = np.array([english(message) for message in messages])
    labels = np.array([classes.index(one.route) for one in examples])
    if foreign := set(range(len(classes))) - set(labels[can_ask].tolist()):
        names = ", ".join(sorted(classes[number] for number in foreign))
        raise ValueError(f"a heavier model knows English only, and there is none of {names}: leave out --heavy")
    found = encoder.embed([text_of(*read[place]) for place in np.flatnonzero(can_ask).tolist()])
    vectors = np.zeros((len(read), found.shape[1]), np.float32)
    vectors[can_ask] = found
    weights = np.array([one.weight for one in examples])
    return _Lessons(
        classes=classes,
        examples=examples,
        read=read,
        labels=labels,
        weights=weights,
        english=can_ask,
        vectors=vectors,
    )


def _train(lessons: _Lessons, card: dict[str, Any], encoder: str, words: "TokenVectors | None") -> Trained:
    from postroom.adapters.classifier import kernel_training, training  # noqa: PLC0415 - takes seconds to import

    rest, tried = _split(lessons)
    part = training.train([lessons.examples[place] for place in np.flatnonzero(rest).tolist()], {}, words)
    shares = _shares(LinearClassifier(part), [lessons.read[place] for place in np.flatnonzero(tried).tolist()])
    scores = Kernel(_fit(lessons, rest, most=_FEWER)).scores(lessons.vectors[tried])
    labels, weights = lessons.labels[tried], lessons.weights[tried]
    weighs = kernel_training.weigh(scores, shares, labels, weights)

    light = training.train(lessons.examples, card, words)
    everything = np.ones(len(lessons.labels), np.bool_)
    figures = {
        "made_by": card["made_by"],
        "examples": int(lessons.english.sum()),
        "unseen": _figures(labels, shares, join(scores, shares, weighs)),
        "limits": "Knows English alone, and of a long text only the beginning; can't say by which words it decides.",
    }
    head = _fit(lessons, everything, weighs=weighs, light=light.version, encoder=encoder, card=figures)
    return Trained(light=light, head=head)


def _split(lessons: _Lessons) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What to learn from, and what to try it on: a fifth of the English texts, by group, such that all classes are learned."""
    named = (one.group or text_of(*read) for one, read in zip(lessons.examples, lessons.read, strict=True))
    folds = np.array([crc32(name.encode("utf-8", "replace")) % _FOLDS for name in named])
    for fold in range(_FOLDS):
        rest, tried = folds != fold, (folds == fold) & lessons.english
        if tried.any() and len(set(lessons.labels[rest & lessons.english].tolist())) == len(lessons.classes):
            return rest, tried
    raise ValueError("a heavier model needs more examples of each route: 10 at the least, 50 are better")


def _fit(lessons: _Lessons, chosen: NDArray[np.bool_], *, most: int = MAX_LANDMARKS, **named: Any) -> Head:
    from postroom.adapters.classifier import kernel_training  # noqa: PLC0415 - takes seconds to import

    here = chosen & lessons.english
    fitted = kernel_training.fit(lessons.vectors[here], lessons.labels[here], lessons.weights[here], most=most)
    return fitted.head(lessons.classes, **named)


def _shares(light: LinearClassifier, read: Sequence[tuple[Message, Folded]]) -> NDArray[np.float64]:
    """(texts, K) probabilities, classes in the order of their names."""
    found = [sorted((one.route, one.share) for one in opinions) for opinions in light.classify(read)]
    return np.array([[share for _, share in text] for text in found])


def _figures(labels: NDArray[np.intp], shares: NDArray[np.float64], joint: NDArray[np.float64]) -> dict[str, Any]:
    """How both parts did on texts that neither had seen."""
    asked = shares.max(1) < ASK_BELOW
    chosen = np.where(asked, joint.argmax(1), shares.argmax(1))
    return {
        "texts": len(labels),
        "asked": round(float(asked.mean()), 4),
        "light_accuracy": round(float((shares.argmax(1) == labels).mean()), 4),
        "accuracy": round(float((chosen == labels).mean()), 4),
    }
