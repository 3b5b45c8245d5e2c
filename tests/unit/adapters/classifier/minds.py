"""Minds for tests: a tiny embedder, and a light model that knows a few words."""

from collections.abc import Sequence
from types import SimpleNamespace
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from postroom.adapters.classifier.cascade import EmbeddingFailed
from postroom.decide.folding import Folded
from postroom.model.judgement import Clue, Opinion
from postroom.model.mail import RouteName
from postroom.model.message import Message

SIZE = 48


class WordEmbedder:
    """A text is the sum of its words' random vectors: it knows no sentences, but keeps the contract. Counts what it was asked, and fails when told to."""

    digest = "words"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.broken = False

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.broken:
            raise EmbeddingFailed("Broken")
        self.asked += texts
        return np.array([self._vector(text) for text in texts], np.float32).reshape(-1, SIZE)

    def _vector(self, text: str) -> NDArray[np.float64]:
        words = text.casefold().encode("utf-8", "replace").split()
        return sum((np.random.default_rng(crc32(word)).normal(size=SIZE) for word in words), np.zeros(SIZE))


WORDS = {"general": "hello", "appeals": "banned", "refunds": "money"}


class WordModel:
    """A light model: sure of a text with a route's word in it, unsure of any other."""

    version = "light"
    model = SimpleNamespace(classes=tuple(sorted(WORDS)))

    def classify(self, read: Sequence[tuple[Message, Folded]]) -> list[tuple[Opinion, ...]]:
        return [self._opinions(message.new_text) for message, _ in read]

    def _opinions(self, text: str) -> tuple[Opinion, ...]:
        order = sorted(WORDS, key=lambda route: WORDS[route] not in text)
        shares = (0.9, 0.06, 0.04) if WORDS[order[0]] in text else (0.5, 0.3, 0.2)
        clue = Clue(word=text[:5], weight=1.0, span=(1, 6))
        return tuple(
            Opinion(route=RouteName(route), share=share, clues=(clue,) if share > 0.2 else ())
            for route, share in zip(order, shares, strict=True)
        )
