"""The default classifier: a linear model over hashed words, pairs of words and pieces of words. Needs numpy alone.

A text's scores are the sum of its words' and its known pairs' vectors over its length, the square root of the sum of
their squared lengths. A word that training knew has a row of its own; what another adds is made of its pieces once and
kept. Texts are scored many at a time: a text costs about one look into a table and one addition a word.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postroom.adapters.classifier.features import MAX_REMARKS, MAX_WORDS, paired, pieces, remarks, whole, words
from postroom.adapters.classifier.model import Model
from postroom.decide.folding import Folded, unspaced
from postroom.model.judgement import Clue, Opinion
from postroom.model.mail import RouteName
from postroom.model.message import Message

Floats = NDArray[np.float32]
Places = NDArray[np.intp]

_KEPT_WORDS = 1 << 16
_KEPT_NUMBERS = 1 << 23
"""How many words are kept at most, and how many numbers for them."""

_AT_ONCE = 1 << 20
"""How many numbers are added up at a time, more or less."""

_TEXT = MAX_WORDS + MAX_REMARKS
_SHORTEST = 1e-6
_TAIL = np.uint32(11)

_EXPLAINED = 2
"""Of how many routes the words are told at most, the likeliest first, if they are likely at all."""
_LIKELY = 0.2
_FOR, _AGAINST = 4, 2
_LEAST_CLUE = 0.05
_SOUGHT = 16
"""How many of the heaviest terms are looked for in the text; remarks and numbers aren't found."""
_LOOKS = 20


_STRONG = 0.4
_HEAPS = ((5, 6), (6, 9), (10, 20), (12, 50))
_BESIDE = 15
"""Words that move a text by `_STRONG` log-odds or more: so many different ones, within so many words, are a heap, if so many
others stand beside it. People who write of their matter need more words that join them."""

_MANY_WORDS, _FEW_KNOWN = 100, 0.05
"""Of so many different words, in scripts with spaces between them, fewer than this share is known: it is in no language that
the model has seen, or in none at all."""

_Text = tuple[Sequence[str], Sequence[str]]
"""Words and remarks."""


class LinearClassifier:
    """Scores texts by a model. Not for several threads at once."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._version = model.version
        self._routes = tuple(map(RouteName, model.classes))
        self._words = _Words(model)

    @property
    def version(self) -> str:
        """The model's."""
        return self._version

    def classify(self, read: Sequence[tuple[Message, Folded]]) -> list[tuple[Opinion, ...]]:
        """An opinion on each route, likeliest first, with the words that moved the likeliest ones."""
        texts = [(words(folded), remarks(message, folded)) for message, folded in read]
        opinions: list[tuple[Opinion, ...]] = []
        for scored in self._words.score(texts):
            for row in range(len(scored.shares)):
                opinions.append(self._opinions(scored, row, read[len(opinions)][1]))
        return opinions

    def shares(self, tokens: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """(texts, K) probabilities of texts given as words (`features.words`, `features.remarks`)."""
        scored = [batch.shares for batch in self._words.score([(text, ()) for text in tokens])]
        return np.concatenate(scored) if scored else np.zeros((0, len(self._routes)))

    def _opinions(self, scored: "_Scored", row: int, folded: Folded) -> tuple[Opinion, ...]:
        shares = scored.shares[row]
        likeliest = np.argsort(-shares, kind="stable").tolist()
        told = shares.tolist()
        best = likeliest[0]
        moved = scored.moved(row)
        clues = scored.clues(row, moved, [one for one in likeliest[:_EXPLAINED] if told[one] >= _LIKELY], folded)
        first = Opinion(
            route=self._routes[best],
            share=told[best],
            clues=clues.get(best, ()),
            heaped=scored.is_heaped(row, moved[:, best]),
            strange=bool(scored.strange[row]),
        )
        others = (Opinion(route=self._routes[one], share=told[one], clues=clues.get(one, ())) for one in likeliest[1:])
        return (first, *others)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scored:
    """Some texts, scored."""

    #: their words and remarks, one after another
    flat: Sequence[str]
    words: "_Terms"
    pairs: "_Terms"
    #: (texts, K) probabilities
    shares: NDArray[np.float64]
    #: (texts,) log-odds by one unit of a vector
    per_unit: NDArray[np.floating[Any]]
    #: for each distinct word how many words of its text stand before its first place; below 0 for what is none
    before: Places
    #: (texts,) words in all
    spoken: Places
    #: (texts,) next to none of many words is known
    strange: NDArray[np.bool_]

    def added(self, row: int) -> Floats:
        """(terms, K) log-odds that each term of a text adds: its distinct words, then those pairs that the model knows."""
        terms = np.concatenate((self.words.of(row), self.pairs.of(row)))
        return terms * np.float32(self.per_unit[row])

    def moved(self, row: int) -> Floats:
        """(terms, K) how far each moved each route, against the mean of all routes."""
        added = self.added(row)
        added -= added.mean(1, keepdims=True)
        return added

    def is_heaped(self, row: int, moved: Floats) -> bool:
        """Whether words that speak strongly for a route stand in a heap, beside many others."""
        before = self.before[self.words.rows(row)]
        strong = before[(moved[: len(before)] >= _STRONG) & (before >= 0)]
        strong.sort()
        return any(
            len(strong) >= many
            and self.spoken[row] - within >= _BESIDE
            and bool((strong[many - 1 :] - strong[: len(strong) - many + 1] < within).any())
            for many, within in _HEAPS
        )

    def clues(self, row: int, moved: Floats, routes: Sequence[int], folded: Folded) -> dict[int, tuple[Clue, ...]]:
        """For each of these routes the terms that moved it most: for it, then against it."""
        looked: dict[int, tuple[str, tuple[int, int] | None]] = {}

        def found(at: int) -> tuple[str, tuple[int, int] | None]:
            """A term, and where it stands: what speaks for one route often speaks against another."""
            if at not in looked:
                term = self._term(row, at)
                looked[at] = " ".join(term), _span(term, folded)
            return looked[at]

        return {route: tuple(_told(moved[:, route], found)) for route in routes}

    def _term(self, row: int, number: int) -> tuple[str, ...]:
        """The word, or the two."""
        words = self.words.count(row)
        if number < words:
            return (self.flat[self.words.place(row, number)],)
        place = self.pairs.place(row, number - words)
        return self.flat[place], self.flat[place + 1]


class _Terms:
    """The distinct words, or the distinct known pairs, of some texts, text by text."""

    __slots__ = ("_ends", "_places", "vectors")

    def __init__(self, places: Places, owners: Places, texts: int, vectors: Floats) -> None:
        self._places = places
        self._ends = np.searchsorted(owners, np.arange(texts + 1))
        #: (terms, K)
        self.vectors = vectors

    def summed(self, values: Floats) -> Floats:
        """For each text the sum of what its terms have."""
        starts, ends = self._ends[:-1], self._ends[1:]
        found = np.zeros((len(starts), *values.shape[1:]), np.float32)
        some = ends > starts
        if some.any():
            found[some] = np.add.reduceat(values, starts[some])
        return found

    def of(self, row: int) -> Floats:
        """The vectors of one text's."""
        return self.vectors[self.rows(row)]

    def rows(self, row: int) -> slice:
        """Where one text's terms are, among those of all."""
        return slice(self._ends[row], self._ends[row + 1])

    def count(self, row: int) -> int:
        """How many one text has."""
        return int(self._ends[row + 1] - self._ends[row])

    def place(self, row: int, number: int) -> int:
        """Where the term stands first, among the words of all."""
        return int(self._places[self._ends[row] + number])


class _Words:
    """What the model says of words, kept between texts."""

    def __init__(self, model: Model) -> None:
        classes = len(model.classes)
        self._model = model
        self._most = max(min(_KEPT_WORDS, _KEPT_NUMBERS // classes), 2 * _TEXT)
        self._at_once = min(max(_AT_ONCE // classes, _TEXT), self._most)
        self._at: dict[str, int] = {}
        self._hashes = np.zeros(self._most, np.uint32)
        #: which are words, and neither marks nor remarks
        self._spoken = np.zeros(self._most, np.bool_)
        #: which begin with a letter of a script with spaces between words, and which the model knows as a whole
        self._spaced = np.zeros(self._most, np.bool_)
        self._known = np.zeros(self._most, np.bool_)
        self._vectors = np.zeros((self._most, classes), np.float32)
        self._lengths = np.zeros(self._most, np.float32)
        #: which beginnings of hashes the model knows: most pairs of words it doesn't, and that is soon said
        self._begun = np.zeros(1 << (32 - _TAIL), np.bool_)
        self._begun[model.keys >> _TAIL] = True

    def score(self, texts: Sequence[_Text]) -> Iterator[_Scored]:
        """The probabilities of texts of these words, with these remarks on them; some texts at a time, in order."""
        some: list[_Text] = []
        size = 0
        for said, marked in texts:
            if size + len(said) + len(marked) > self._at_once and some:
                yield self._scored(some)
                some, size = [], 0
            some.append((said, marked))
            size += len(said) + len(marked)
        if some:
            yield self._scored(some)

    def _scored(self, texts: Sequence[_Text]) -> _Scored:
        model = self._model
        flat = [word for said, marked in texts for word in (*said, *marked)]
        numbers = self._numbers(flat)
        owners = np.repeat(np.arange(len(texts)), [len(said) + len(marked) for said, marked in texts])
        first = _distinct(owners, numbers, self._most)
        chosen = numbers[first]
        spoken = _Terms(first, owners[first], len(texts), self._vectors[chosen])
        lengths = spoken.summed(self._lengths[chosen])

        starts = _neighbours(texts)
        places, at = self._pairs(numbers, starts)
        familiar = np.bincount(owners[places], minlength=len(texts)) / _at_least_one(owners[starts], len(texts))
        distinct = _distinct(owners[places], at, len(model.keys))
        places, at = places[distinct], at[distinct]
        pairs = _Terms(places, owners[places], len(texts), model.weights[at] * model.scales[at, None])
        lengths += pairs.summed(model.lengths[at])

        by_length = 1.0 / np.sqrt(np.maximum(lengths, _SHORTEST))
        scores = (spoken.summed(spoken.vectors) + pairs.summed(pairs.vectors)) * by_length[:, None] + model.bias
        slopes = model.slope * np.exp(model.familiar * familiar)
        logits = scores.astype(np.float64) * slopes[:, None]
        shares = np.exp(logits - logits.max(1, keepdims=True))
        before, total = self._places(numbers, owners, first, len(texts))
        return _Scored(
            flat=flat,
            words=spoken,
            pairs=pairs,
            shares=shares / shares.sum(1, keepdims=True),
            per_unit=by_length * slopes,
            before=before,
            spoken=total,
            strange=self._strange(chosen, owners[first], len(texts)),
        )

    def _strange(self, numbers: Places, owners: Places, texts: int) -> NDArray[np.bool_]:
        """Of which texts next to none of many distinct words is known."""
        spaced = self._spaced[numbers]
        many = np.bincount(owners[spaced], minlength=texts)
        known = np.bincount(owners[spaced & self._known[numbers]], minlength=texts)
        return (many >= _MANY_WORDS) & (known < _FEW_KNOWN * many)

    def _places(self, numbers: Places, owners: Places, first: Places, texts: int) -> tuple[Places, Places]:
        """For each first place how many words of its text stand before it, -1 for marks and remarks; the words of each text."""
        spoken = self._spoken[numbers]
        totals = np.bincount(owners[spoken], minlength=texts)
        before = np.cumsum(spoken) - 1 - (np.cumsum(totals) - totals)[owners]
        return np.where(spoken, before, -1)[first], totals

    def _pairs(self, numbers: Places, starts: Places) -> tuple[Places, Places]:
        """Which neighbours are a pair that the model knows, and where it has it."""
        wanted = paired(self._hashes[numbers[starts]], self._hashes[numbers[starts + 1]])
        maybe = np.flatnonzero(self._begun[wanted >> _TAIL])
        at, known = self._found(wanted[maybe])
        return starts[maybe[known]], at[known]

    def _numbers(self, said: list[str]) -> Places:
        """Where each word's vector lies; new words are looked up, all at once."""
        table = self._at
        try:
            return np.fromiter(map(table.__getitem__, said), np.intp, len(said))
        except KeyError:
            new = [word for word in dict.fromkeys(said) if word not in table]
        if len(table) + len(new) > self._most:
            table.clear()
            new = list(dict.fromkeys(said))
        self._learn(new)
        return np.fromiter(map(table.__getitem__, said), np.intp, len(said))

    def _learn(self, new: list[str]) -> None:
        """Whole words as the model has them; others by those of their pieces that it has."""
        model, begin = self._model, len(self._at)
        hashes = np.array([whole(word) for word in new], np.uint32)
        place = slice(begin, begin + len(new))
        self._hashes[place] = hashes
        at, known = self._found(hashes)
        self._vectors[place] = model.weights[at] * (model.scales[at] * known)[:, None]
        self._lengths[place] = model.lengths[at] * known
        self._known[place] = known
        self._spaced[place] = [word[0].isalpha() and not unspaced(word[0]) for word in new]
        self._spoken[place] = [word[0].isalnum() or word[0] == "_" for word in new]
        for number in np.flatnonzero(~known).tolist():
            at, there = self._found(np.fromiter(pieces(new[number]), np.uint32))
            at = np.sort(at[there])
            self._vectors[begin + number] = model.scales[at] @ model.weights[at]
            self._lengths[begin + number] = model.lengths[at].sum()
        self._at.update(zip(new, range(begin, begin + len(new)), strict=True))

    def _found(self, hashes: NDArray[np.uint32]) -> tuple[Places, NDArray[np.bool_]]:
        """For each hash a place among the model's features, and whether it is really there."""
        keys = self._model.keys
        at = np.minimum(np.searchsorted(keys, hashes), len(keys) - 1)
        return at, keys[at] == hashes


def _told(moved: Floats, found: Callable[[int], tuple[str, tuple[int, int] | None]]) -> Iterator[Clue]:
    """The terms that moved a route most and that are found in the text: those for it, then those against it."""
    order = np.argsort(moved, kind="stable")
    for wanted, sign, most in ((order[: -_SOUGHT - 1 : -1], 1, _FOR), (order[:_SOUGHT], -1, _AGAINST)):
        told = 0
        for at, weight in zip(wanted.tolist(), moved[wanted].tolist(), strict=True):
            if told == most or weight * sign < _LEAST_CLUE:
                break
            word, span = found(at)
            if span:
                told += 1
                yield Clue(word=word, weight=weight, span=span)


def _distinct(owners: Places, numbers: Places, most: int) -> Places:
    """Where each number stands first in the text that owns it, in order."""
    return np.sort(np.unique(owners * most + numbers, return_index=True)[1])


def _neighbours(texts: Sequence[_Text]) -> Places:
    """Where words stand that another of the same text follows, remarks left out."""
    follows = np.ones(sum(len(said) + len(marked) for said, marked in texts), np.bool_)
    begin = 0
    for said, marked in texts:
        end = begin + len(said) + len(marked)
        follows[begin + max(len(said) - 1, 0) : end] = False
        begin = end
    return np.flatnonzero(follows)


def _at_least_one(owners: Places, texts: int) -> NDArray[np.intp]:
    return np.maximum(np.bincount(owners, minlength=texts), 1)


def _span(term: tuple[str, ...], folded: Folded) -> tuple[int, int] | None:
    """Where a term first stands in the original; None for a remark, and for a number, which stands for many."""
    text, first = folded.text, term[0]
    start = text.find(first)
    for _ in range(_LOOKS):
        if start < 0:
            return None
        end = start + len(first)
        if len(term) > 1:
            at = end + (text[end : end + 1] == " ")
            end = at + len(term[1]) if text.startswith(term[1], at) else start
        if end > start and not (_joined(text, start - 1, start) or _joined(text, end - 1, end)):
            return folded.span(start, end)
        start = text.find(first, start + 1)
    return None


def _joined(text: str, left: int, right: int) -> bool:
    """Whether two characters next to one another belong to one word."""
    return left >= 0 and right < len(text) and _is_word(text[left]) and _is_word(text[right])


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"
