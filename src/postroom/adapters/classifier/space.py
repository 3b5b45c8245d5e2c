"""Texts as rows of a matrix, and a fitted matrix as the weights of words: what training sees, additive by words.

A word is a vector of its own, of its pieces and, where there is a table of word vectors, of that; pairs of neighbours
have one of their own. A text is the sum of its distinct words and pairs over its length, the square root of the sum of
their squared lengths. So whatever is fitted on texts gives each word and each pair one row of weights, and the word
vectors are needed no more.

Each kind of feature is damped by its own power of the inverse document frequency, and all kinds are brought to one
scale: the mean squared length that a kind has over the words of all texts is the square of what it counts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, hstack

from postroom.adapters.classifier.features import paired, pieces, whole

Floats = NDArray[np.floating[Any]]

WORD, PAIR, VECTOR = 1.0, 0.8, 1.5
"""What a word itself, a pair and a word's vector count beside one another."""

DAMPED_VECTOR = 0.75
"""The power of the inverse document frequency by which word vectors count."""

DIMENSIONS = 192
"""Of word vectors, the directions in which the words of the texts differ most."""

_UNITS = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class Emphasis:
    """What matters in texts of a kind."""

    #: the power of inverse document frequency by which words, pairs and pieces count
    rarity: float
    #: what a word's pieces count
    pieces: float
    #: in how many texts a feature is at least
    rarest: int = 1


SHORT = Emphasis(rarity=0.25, pieces=1.5)
"""Of a sentence every word tells."""

LONG = Emphasis(rarity=1.5, pieces=3.0, rarest=2)
"""Of whole mails in many languages rare words tell most, and inflection and spelling differ."""


class Text(Protocol):
    """What is read of an example."""

    @property
    def words(self) -> Sequence[str]:
        """`features.words`."""
        ...

    @property
    def remarks(self) -> Sequence[str]:
        """`features.remarks`."""
        ...


class WordVectors(Protocol):
    """A table of static word vectors."""

    name: str

    def vectors(self, words: Sequence[str]) -> NDArray[np.float32]:
        """(words, D); zeros for a word without one."""
        ...

    def vocabulary(self) -> Sequence[str]:
        """Words worth knowing though no text has them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Weights by feature, as a model keeps them."""

    #: (F,) hashes, ascending
    keys: NDArray[np.uint32]
    #: (F, K)
    weights: NDArray[np.int8]
    #: (F,) size of one unit
    scales: NDArray[np.float32]
    #: (F,) squared length
    lengths: NDArray[np.float32]


class Space:
    """The features of a set of texts: which there are, and how much each counts."""

    def __init__(
        self, texts: Sequence[Text], vectors: WordVectors | None = None, *, emphasis: Emphasis = SHORT
    ) -> None:
        rarity, rarest = emphasis.rarity, emphasis.rarest
        self._n = len(texts)
        said = _Said(texts)
        self._words = said.words
        frequency = _per_column(said.of_words)
        self._share_of = frequency / frequency.sum()
        self._hashes, cut = _pieces(self._words)
        in_texts = _per_column((said.of_words @ cut > 0).astype(np.float64))
        pairs = _per_column(said.of_pairs)
        self._pairs = {pair: place for place, pair in enumerate(said.pairs)}
        self._word_weights = self._rarity(frequency, rarity) * (frequency >= rarest)
        self._pair_weights = self._rarity(pairs, rarity) * (pairs >= rarest)
        self._piece_weights = self._rarity(in_texts, rarity) * (in_texts >= rarest)
        self._word_weights *= WORD / self._mean(self._word_weights**2)
        self._pair_weights *= PAIR / _root(float(pairs @ self._pair_weights**2 / max(pairs.sum(), 1)))
        squares = np.asarray(cut @ (self._piece_weights**2))
        self._piece_weights *= emphasis.pieces / self._mean(squares)
        self._pieces = {piece: place for place, piece in enumerate(self._hashes.tolist())}
        self._known = {word: place for place, word in enumerate(self._words)}
        self._vectors = vectors
        self._fit_vectors(frequency)

    def rows(self, texts: Sequence[Text]) -> csr_matrix:
        """(texts, features) each text over its length."""
        said = _Said(texts, self._pairs)
        vectors, lengths = self._of_words(said.words)
        squared = said.of_words @ lengths + said.of_pairs @ self._pair_weights**2
        joined = hstack([said.of_words @ vectors, said.of_pairs @ diags(self._pair_weights)])
        return csr_matrix(diags(1.0 / np.sqrt(np.maximum(squared, 1e-6))) @ joined)

    def familiar(self, texts: Sequence[Text]) -> Floats:
        """(texts,) the share of each text's neighbours that are a known pair."""
        pairs = [_neighbours([whole(word) for word in text.words]) for text in texts]
        return np.array([sum(pair in self._pairs for pair in found) / max(len(found), 1) for found in pairs])

    def weights(self, coefficients: Floats, most: int) -> Rows:
        """The weights that fitted (features, K) coefficients give to words, pairs and pieces: at most so many of the last two.

        Those of the least weight are left out, and words that are no more than their pieces.
        """
        also = self._vectors.vocabulary() if self._vectors else ()
        words = [*self._words, *(word for word in also if word not in self._known)]
        vectors, lengths = self._of_words(words)
        of_words = vectors @ coefficients[: vectors.shape[1]]
        whole_words = np.flatnonzero((self._padded(self._word_weights, len(words)) > 0) | (self._vectors is not None))
        begin, end = len(self._words), len(self._words) + len(self._hashes)
        of_pieces = coefficients[begin:end] * self._piece_weights[:, None]
        of_pairs = coefficients[vectors.shape[1] :] * self._pair_weights[:, None]
        pair_keys = np.array(list(self._pairs), np.uint32)
        keys = np.concatenate((pair_keys, self._hashes))
        rows = np.concatenate((of_pairs, of_pieces))
        squares = np.concatenate((self._pair_weights**2, self._piece_weights**2))
        heaviest = _heaviest(rows, most - len(whole_words))
        own = np.array([whole(words[place]) for place in whole_words], np.uint32)
        return _small(
            np.concatenate((own, keys[heaviest])),
            np.concatenate((of_words[whole_words], rows[heaviest])),
            np.concatenate((lengths[whole_words], squares[heaviest])),
        )

    def _rarity(self, counts: Floats, power: float) -> Floats:
        return np.asarray((np.log((1 + self._n) / (1 + counts)) + 1) ** power)

    def _mean(self, squares: Floats) -> float:
        """The root of what the words of the texts have on average."""
        return _root(float(self._share_of @ squares))

    def _fit_vectors(self, frequency: Floats) -> None:
        if self._vectors is None:
            return
        found = self._vectors.vectors(self._words).astype(np.float64)
        has = (found != 0).any(axis=1)
        weighed = self._share_of * has
        self._middle = weighed @ found / max(weighed.sum(), 1e-9)
        found = (found - self._middle) * has[:, None]
        self._vector_weights = self._rarity(frequency, DAMPED_VECTOR)
        _, directions = np.linalg.eigh((found * (weighed * self._vector_weights**2)[:, None]).T @ found)
        self._directions = directions[:, ::-1][:, :DIMENSIONS]
        squares = ((found @ self._directions) ** 2).sum(1) * self._vector_weights**2
        scale = VECTOR / self._mean(squares)
        self._vector_weights *= scale
        self._new_weight = float(self._rarity(np.zeros(1), DAMPED_VECTOR)[0]) * scale

    def _of_words(self, words: Sequence[str]) -> tuple[csr_matrix, Floats]:
        """(words, features without pairs) and their squared lengths."""
        at = np.array([self._known.get(word, -1) for word in words], np.intp)
        known = np.flatnonzero(at >= 0)
        own = csr_matrix((self._word_weights[at[known]], (known, at[known])), (len(words), len(self._words)))
        parts = [own, _cut(words, self._pieces) @ diags(self._piece_weights)]
        if self._vectors is not None:
            found = self._vectors.vectors(words)
            weight = np.full(len(words), self._new_weight)
            weight[known] = self._vector_weights[at[known]]
            weight *= (found != 0).any(axis=1)
            parts.append(csr_matrix((found - self._middle) @ self._directions * weight[:, None]))
        joined = csr_matrix(hstack(parts))
        return joined, np.asarray(joined.multiply(joined).sum(1)).ravel()

    @staticmethod
    def _padded(values: Floats, length: int) -> Floats:
        return np.concatenate((values, np.zeros(length - len(values))))


class _Said:
    """Which words, and which pairs of neighbours, each text has."""

    def __init__(self, texts: Sequence[Text], pairs: dict[int, int] | None = None) -> None:
        words: dict[str, int] = {}
        at: list[NDArray[np.intp]] = []
        for text in texts:
            distinct = dict.fromkeys((*text.words, *text.remarks))
            at.append(np.array([words.setdefault(word, len(words)) for word in distinct], np.intp))
        #: distinct words of all texts, in order
        self.words = list(words)
        self.of_words = _incidence(at, len(words))
        hashes = {word: whole(word) for word in words}
        found = [dict.fromkeys(_neighbours([hashes[word] for word in text.words])) for text in texts]
        if pairs is None:
            #: distinct pairs of all texts, in order
            self.pairs = list(dict.fromkeys(pair for text in found for pair in text))
            pairs = {pair: place for place, pair in enumerate(self.pairs)}
        known = [np.array([pairs[pair] for pair in text if pair in pairs], np.intp) for text in found]
        self.of_pairs = _incidence(known, len(pairs))


def _neighbours(hashes: list[int]) -> list[int]:
    """The hashes of the pairs of neighbours."""
    ends = np.array(hashes, np.uint32)
    found: list[int] = paired(ends[:-1], ends[1:]).tolist()
    return found


def _incidence(at: Sequence[NDArray[np.intp]], columns: int) -> csr_matrix:
    """(texts, columns) ones."""
    ends = np.cumsum([0, *map(len, at)])
    places = np.concatenate(at) if at else np.zeros(0, np.intp)
    return csr_matrix((np.ones(len(places)), places, ends), (len(at), columns))


def _pieces(words: Sequence[str]) -> tuple[NDArray[np.uint32], csr_matrix]:
    """The pieces there are, and (words, pieces) ones."""
    known: dict[int, int] = {}
    at = [np.array([known.setdefault(one, len(known)) for one in sorted(pieces(word))], np.intp) for word in words]
    return np.array(list(known), np.uint32), _incidence(at, len(known))


def _cut(words: Sequence[str], known: dict[int, int]) -> csr_matrix:
    """(words, pieces) ones, of the pieces that are known."""
    at = [np.array([known[one] for one in sorted(pieces(word)) if one in known], np.intp) for word in words]
    return _incidence(at, len(known))


def _per_column(matrix: csr_matrix) -> Floats:
    return np.asarray(matrix.sum(0)).ravel()


def _root(square: float) -> float:
    return math.sqrt(max(square, 1e-12))


def _heaviest(rows: Floats, most: int) -> NDArray[np.intp]:
    """The places of so many rows of the largest norm, without those of none, in order."""
    norms = np.linalg.norm(rows, axis=1)
    order = np.argsort(-norms, kind="stable")[: max(most, 0)]
    return np.sort(order[norms[order] > 0])


def _small(keys: NDArray[np.uint32], rows: Floats, lengths: Floats) -> Rows:
    """Rows in small integers, by ascending key; of two with one hash the first."""
    keys, first = np.unique(keys, return_index=True)
    rows = rows[first]
    scales = np.abs(rows).max(1, initial=0.0) / _UNITS
    return Rows(
        keys=keys,
        weights=np.rint(rows / np.where(scales > 0, scales, 1.0)[:, None]).astype(np.int8),
        scales=scales.astype(np.float32),
        lengths=lengths[first].astype(np.float32),
    )
