"""The default classifier: a linear model over hashed words, pieces of words and pairs of words. Needs numpy alone.

A text's scores are the sum of its words' vectors over its length, the square root of the sum of its words' squared
lengths. What a word adds is looked up once and kept: a text costs about one look into a table and one addition a word.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from postroom.adapters.classifier.features import MAX_REMARKS, MAX_WORDS, paired, pieces, remarks, words
from postroom.adapters.classifier.model import Model
from postroom.decide.folding import Folded, unspaced
from postroom.model.judgement import Clue, Opinion
from postroom.model.mail import RouteName
from postroom.model.message import Message

Floats = NDArray[np.float32]

_KEPT_WORDS = 1 << 16
_KEPT_NUMBERS = 1 << 23
"""How many words are kept at most, and how many numbers for them."""

_TEXT = MAX_WORDS + MAX_REMARKS
_SHORTEST = 1e-6
_TAIL = np.uint32(11)

_EXPLAINED = 2
"""Of how many routes the words are told at most, the likeliest first, if they are likely at all."""
_LIKELY = 0.2
_FOR, _AGAINST = 4, 2
_LEAST_CLUE = 0.05
_LOOKS = 20

_STRONG = 0.4
_HEAPS = ((5, 6), (6, 9), (10, 20), (12, 50))
_BESIDE = 15
"""Words that move a text by `_STRONG` log-odds or more: so many different ones, within so many words, are a heap, if so many
others stand beside it. People who write of their matter need more words that join them."""


_MANY_WORDS, _FEW_KNOWN = 100, 0.05
"""Of so many different words, in scripts with spaces between them, fewer than this share is known: it is in no language that
the model has seen, or in none at all."""


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
        return [self._opinions(message, folded) for message, folded in read]

    def shares(self, tokens: Sequence[Sequence[str]]) -> Floats:
        """(texts, K) probabilities of texts given as words (`features.words`, `features.remarks`)."""
        found = np.empty((len(tokens), len(self._routes)), np.float32)
        for row, text in enumerate(tokens):
            found[row] = self._words.score(list(text), []).shares
        return found

    def _opinions(self, message: Message, folded: Folded) -> tuple[Opinion, ...]:
        scored = self._words.score(words(folded), remarks(message, folded))
        likeliest = np.argsort(-scored.shares, kind="stable").tolist()
        explained = [number for number in likeliest[:_EXPLAINED] if scored.shares[number] >= _LIKELY]
        heaped = scored.is_heaped(likeliest[0])
        return tuple(
            Opinion(
                route=self._routes[number],
                share=float(scored.shares[number]),
                clues=tuple(_clues(scored, number, folded)) if number in explained else (),
                heaped=heaped and number == likeliest[0],
                strange=scored.strange and number == likeliest[0],
            )
            for number in likeliest
        )


class _Scored:
    """One text, scored."""

    __slots__ = ("_names", "_places", "_terms", "_total", "added", "shares", "strange")

    def __init__(
        self,
        shares: Floats,
        terms: list[tuple[int, ...]],
        added: Floats,
        names: list[str],
        places: NDArray[np.intp],
        total: int,
        *,
        strange: bool,
    ) -> None:
        #: (K,) probabilities
        self.shares = shares
        self._terms = terms
        self._names = names
        #: for each distinct word how many words stand before its first place; below 0 for what is none
        self._places = places
        #: words in all
        self._total = total
        #: next to none of many words is known
        self.strange = strange
        #: (terms, K) log-odds that each adds: its distinct words, then those pairs of words that the model knows
        self.added = added

    def term(self, number: int) -> tuple[str, ...]:
        """The word, or the two."""
        return tuple(self._names[one] for one in self._terms[number])

    def moved(self, number: int) -> Floats:
        """(terms,) how far each moved a route, against the mean of all routes."""
        found: Floats = self.added[:, number] - self.added.mean(1)
        return found

    def is_heaped(self, number: int) -> bool:
        """Whether words that speak strongly for a route stand in a heap, beside many others."""
        strong = self._places[(self.moved(number)[: len(self._places)] >= _STRONG) & (self._places >= 0)]
        strong.sort()
        return any(
            len(strong) >= many
            and self._total - within >= _BESIDE
            and bool((strong[many - 1 :] - strong[: len(strong) - many + 1] < within).any())
            for many, within in _HEAPS
        )


class _Words:
    """What the model says of words, kept between texts."""

    def __init__(self, model: Model) -> None:
        classes = len(model.classes)
        self._model = model
        self._most = max(min(_KEPT_WORDS, _KEPT_NUMBERS // classes), 2 * _TEXT)
        self._at: dict[str, int] = {}
        self._names: list[str] = []
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

    def score(self, said: list[str], marked: list[str]) -> _Scored:
        """The probabilities of a text of these words, with these remarks on it."""
        model = self._model
        numbers = self._numbers(said + marked)
        rows = list(dict.fromkeys(numbers))
        at = np.array(numbers[: len(said)], np.intp)
        pairs, known = self._pairs(at)
        added = np.concatenate((self._vectors[rows], model.weights[known] * model.scales))
        length = float(self._lengths[rows].sum() + model.lengths[known].sum())
        added *= model.slope / max(length, _SHORTEST) ** 0.5
        logits = added.sum(0) + model.bias * model.slope
        shares = np.exp(logits - logits.max())
        spoken = self._spoken[at]
        return _Scored(
            shares / shares.sum(),
            [(row,) for row in rows] + pairs,
            added,
            self._names,
            self._places(at, rows, spoken),
            int(spoken.sum()),
            strange=self._is_strange(rows),
        )

    def _is_strange(self, rows: list[int]) -> bool:
        spaced = np.array(rows, np.intp)[self._spaced[rows]]
        return len(spaced) >= _MANY_WORDS and float(self._known[spaced].mean()) < _FEW_KNOWN

    def _places(self, at: NDArray[np.intp], rows: list[int], spoken: NDArray[np.bool_]) -> NDArray[np.intp]:
        """For each distinct word how many words stand before its first place; -1 for marks, remarks and what is not said."""
        before = np.where(spoken, np.cumsum(spoken) - 1, -1).tolist()
        first = dict(zip(reversed(at.tolist()), reversed(before), strict=True))
        return np.array([first.get(row, -1) for row in rows], np.intp)

    def _pairs(self, numbers: NDArray[np.intp]) -> tuple[list[tuple[int, ...]], NDArray[np.intp]]:
        """The distinct pairs of neighbours that the model knows, and where it has them."""
        hashes = self._hashes[numbers]
        wanted = paired(hashes[:-1], hashes[1:])
        maybe = np.flatnonzero(self._begun[wanted >> _TAIL])
        at, known = self._found(wanted[maybe])
        places = dict(zip(at[known].tolist(), maybe[known].tolist(), strict=True))
        return [(int(numbers[n]), int(numbers[n + 1])) for n in places.values()], np.array(list(places), np.intp)

    def _numbers(self, said: list[str]) -> list[int]:
        """Where each word's vector lies; new words are looked up, all at once."""
        table = self._at
        new = [word for word in dict.fromkeys(said) if word not in table]
        if new:
            if len(table) + len(new) > self._most:
                table.clear()
                self._names.clear()
                new = list(dict.fromkeys(said))
            self._learn(new)
        return [table[word] for word in said]

    def _learn(self, new: list[str]) -> None:
        model, begin = self._model, len(self._at)
        cut = [pieces(word) for word in new]
        starts = np.cumsum([0, *map(len, cut[:-1])])
        at, known = self._found(np.fromiter((one for word in cut for one in word), np.uint32))
        weights = model.weights[at] * model.scales
        weights[~known] = 0.0
        place = slice(begin, begin + len(new))
        self._vectors[place] = np.add.reduceat(weights, starts)
        self._lengths[place] = np.add.reduceat(np.where(known, model.lengths[at], 0.0), starts)
        self._hashes[place] = [word[0] for word in cut]
        self._known[place] = known[starts]
        self._spaced[place] = [word[0].isalpha() and not unspaced(word[0]) for word in new]
        self._spoken[place] = [word[0].isalnum() or word[0] == "_" for word in new]
        self._at.update(zip(new, range(begin, begin + len(new)), strict=True))
        self._names += new

    def _found(self, hashes: NDArray[np.uint32]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """For each hash a place among the model's features, and whether it is really there."""
        keys = self._model.keys
        at = np.minimum(np.searchsorted(keys, hashes), len(keys) - 1)
        return at, keys[at] == hashes


def _clues(scored: _Scored, number: int, folded: Folded) -> Iterator[Clue]:
    """The terms that moved one route most, against the mean of all routes: those for it, then those against it."""
    moved = scored.moved(number)
    order = np.argsort(moved, kind="stable").tolist()
    for wanted, most in ((reversed(order), _FOR), (iter(order), _AGAINST)):
        told = 0
        for at in wanted:
            if told == most or (moved[at] < _LEAST_CLUE if most == _FOR else moved[at] > -_LEAST_CLUE):
                break
            if span := _span(scored.term(at), folded):
                told += 1
                yield Clue(word=" ".join(scored.term(at)), weight=float(moved[at]), span=span)


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
