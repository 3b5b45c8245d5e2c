"""Two models, one after the other: a light one judges all mail, a heavier one is asked about what the first is unsure of.

The heavier one knows English alone: text in a language that is known to be another is never passed on. What both say is
joined: log-probabilities of the light model and scores of the heavier, weighed as was found best on examples that neither
had seen. If the heavier one fails, the light one's word stands.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from postroom.adapters.classifier.kernel import Head, Kernel
from postroom.adapters.classifier.linear import LinearClassifier
from postroom.adapters.classifier.model import Model
from postroom.decide.folding import Folded
from postroom.model.errors import ConfigError
from postroom.model.judgement import Opinion
from postroom.model.message import Message

Floats = NDArray[np.float32]

ASK_BELOW = 0.8
"""The light model is unsure of a text whose likeliest route it gives less than this."""

ASKED = "a heavier model was asked too"
FAILED = "a heavier model could not be asked"

_LEAST = 1e-9


class EmbeddingFailed(Exception):
    """An encoder could not embed a text. Holds nothing of it."""


class Embedder(Protocol):
    """Makes vectors of texts."""

    @property
    def digest(self) -> str:
        """Names it by its content."""
        ...

    def embed(self, texts: Sequence[str]) -> Floats:
        """(texts, S) a vector a text, the same whatever stands beside it. Any text. Raises `EmbeddingFailed`."""
        ...


class Cascade:
    """A light model with a heavier one behind it. Not for several threads at once."""

    def __init__(
        self, light: LinearClassifier, head: Head, embedder: Embedder, failed: Callable[[str], None] = lambda _: None
    ) -> None:
        """``failed`` is told when the heavier model could not be asked. Raises `ConfigError` where the parts don't fit."""
        if head.light != light.version or head.classes != light.model.classes:
            raise ConfigError("it was made for another model: train both again with --heavy, or remove it")
        if head.encoder != embedder.digest:
            raise ConfigError("it was made with other weights of the encoder: train again with --heavy")
        self._light = light
        self._embedder = embedder
        self._kernel = Kernel(head)
        self._failed = failed
        self._at = {route: number for number, route in enumerate(head.classes)}

    @property
    def version(self) -> str:
        """The light model's, and the heavier one's."""
        return f"{self._light.version}+{self._kernel.head.version}"

    @property
    def model(self) -> Model:
        """The light one."""
        return self._light.model

    def classify(self, read: Sequence[tuple[Message, Folded]]) -> list[tuple[Opinion, ...]]:
        """An opinion on each route, likeliest first, with the words that moved the light model, and whether both were asked."""
        found = self._light.classify(read)
        asked = [number for number, (message, _) in enumerate(read) if english(message) and _unsure(found[number])]
        if asked:
            texts = [text_of(*read[number]) for number in asked]
            for number, opinions in zip(asked, self._asked(texts, [found[number] for number in asked]), strict=True):
                found[number] = opinions
        return found

    def _asked(self, texts: Sequence[str], found: Sequence[tuple[Opinion, ...]]) -> list[tuple[Opinion, ...]]:
        try:
            vectors = self._embedder.embed(texts)
        except EmbeddingFailed as error:
            self._failed(str(error))
            return [tuple(replace(one, remark=FAILED) for one in opinions) for opinions in found]
        light = np.array([self._shares(opinions) for opinions in found])
        joint = join(self._kernel.scores(vectors), light, self._kernel.head.weighs)
        return [self._opinions(opinions, shares) for opinions, shares in zip(found, joint, strict=True)]

    def _shares(self, opinions: Sequence[Opinion]) -> list[float]:
        """In the order of the classes."""
        shares = {one.route: one.share for one in opinions}
        return [shares[route] for route in self._at]  # type: ignore[index]

    def _opinions(self, opinions: Sequence[Opinion], shares: NDArray[Any]) -> tuple[Opinion, ...]:
        both = [replace(one, share=float(shares[self._at[one.route]]), remark=ASKED) for one in opinions]
        return tuple(sorted(both, key=lambda one: -one.share))


def join(scores: NDArray[Any], shares: NDArray[Any], weighs: tuple[float, float]) -> NDArray[np.float64]:
    """(texts, K) probabilities by the heavier model's (texts, K) scores and the light one's probabilities."""
    heavy, light = weighs
    logits = heavy * scores.astype(np.float64) + light * np.log(np.maximum(shares, _LEAST))
    found = np.exp(logits - logits.max(1, keepdims=True))
    joint: NDArray[np.float64] = found / found.sum(1, keepdims=True)
    return joint


def english(message: Message) -> bool:
    """Whether the heavier model may be asked about a mail: not where its language is known to be another."""
    return message.language in ("", "en")


def text_of(message: Message, folded: Folded) -> str:
    """What the heavier model reads of a mail: its subject, unless that is of an earlier one, and its new text."""
    return message.new_text if folded.fresh_from else folded.original


def _unsure(opinions: Sequence[Opinion]) -> bool:
    return opinions[0].share < ASK_BELOW
