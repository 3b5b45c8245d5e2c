"""Phrase lists: words that speak for a route, raise a signal, or name a concept, found in one pass over the folded text.

A phrase matches at word boundaries, whatever its case, accents, quotes and line ends (`decide.folding`). A word that
ends in ``*`` matches every word that begins so; `` … `` (or ``...``) stands for up to six words within a sentence.
Scripts written without spaces need no boundary; Korean words need one before, not after. A match that lies inside a
longer match of the same list does not count: so a phrase with a negative weight (*suspended sentence*) takes back the
shorter one it holds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ahocorasick_rs import AhoCorasick

from postroom.decide.folding import BREAK, Folded, fold_words, unspaced
from postroom.decide.pairs import Pair, meeting
from postroom.model.mail import RouteName

ListKind = Literal["route", "signal", "concept"]
Where = Literal["any", "subject", "text"]

GAP_WORDS = 6
"""How many words `` … `` may stand for."""

_MAX_HITS = 4000
_PLACES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """A piece of a phrase that is searched as it stands."""

    text: str
    #: it may be the beginning of a longer word
    stem: bool
    #: how many words may stand between it and the piece before
    gap: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One line of a phrase list."""

    #: as the team wrote it
    text: str
    fragments: tuple[Fragment, ...]
    #: log-odds; negative speaks against
    weight: float
    where: Where
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseList:
    """All phrases for one route, signal or concept, of all files that name it."""

    name: str
    kind: ListKind
    phrases: tuple[Phrase, ...]
    #: pairs of concepts, each with the phrase that stands for it in findings
    pairs: tuple[tuple[Pair, Phrase], ...] = ()

    @property
    def route(self) -> RouteName:
        """The route it speaks for, ``""`` for signals and concepts."""
        return RouteName(self.name if self.kind == "route" else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A phrase that was found, and where in the folded text; only places that count."""

    phrase: Phrase
    places: tuple[tuple[int, int], ...]


Hits = Mapping[str, tuple[Hit, ...]]
"""Name of a list -> the distinct phrases of it that were found."""


class _Pattern(NamedTuple):
    """One text to search for, and what it is part of."""

    #: its first and last characters need a boundary
    left: bool
    right: bool
    #: numbers of the phrases that it is the whole of
    whole: tuple[int, ...]
    #: (number of the phrase, which of its pieces)
    pieces: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseBook:
    """All phrase lists, compiled for one pass."""

    lists: tuple[PhraseList, ...]
    _automaton: AhoCorasick | None
    _patterns: tuple[_Pattern, ...]
    #: every phrase with the number of its list
    _phrases: tuple[tuple[int, Phrase], ...]

    def find(self, folded: Folded) -> Hits:
        """All lists that have a match. Linear in the text and its matches; pure and total."""
        if self._automaton is None:
            return {}
        whole: dict[int, list[tuple[int, int]]] = {}
        pieces: dict[int, list[tuple[int, int, int]]] = {}
        text = folded.text
        for start, end, pattern in self._bounded(text):
            if start < folded.fresh_from:
                continue
            for number in pattern.whole:
                places = whole.setdefault(number, [])
                if len(places) < _PLACES:
                    places.append((start, end))
            for number, index in pattern.pieces:
                pieces.setdefault(number, []).append((index, start, end))
        for number, parts in pieces.items():
            phrase = self._phrases[number][1]
            if len(parts) < len(phrase.fragments):
                continue
            found = _chains(phrase, parts, text)
            if found:
                whole[number] = found
        return self._with_pairs(self._by_list(whole, folded), folded)

    def _bounded(self, text: str) -> Iterator[tuple[int, int, _Pattern]]:
        """Matches that begin and end at boundaries, at most `_MAX_HITS`."""
        assert self._automaton is not None
        length = len(text)
        patterns = self._patterns
        count = 0
        for index, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            pattern = patterns[index]
            if pattern.left and start and text[start - 1].isalnum() and not unspaced(text[start - 1]):
                continue
            if end < length:
                after = text[end]
                if pattern.right:
                    if after.isalnum() and not unspaced(after):
                        continue
                elif _continues(after):
                    continue
            yield start, end, pattern
            count += 1
            if count == _MAX_HITS:
                return

    def _by_list(self, whole: Mapping[int, Sequence[tuple[int, int]]], folded: Folded) -> Hits:
        found: dict[int, list[tuple[int, int, int]]] = {}
        for number, places in whole.items():
            listed, phrase = self._phrases[number]
            where = phrase.where
            here = found.setdefault(listed, [])
            for place in places:
                if where == "any" or (place[0] < folded.subject_end) == (where == "subject"):
                    here.append((place[0], -place[1], number))
        hits: dict[str, tuple[Hit, ...]] = {}
        for listed in sorted(found):
            counted = _uncovered(found[listed])
            if not counted:
                continue
            hits[self.lists[listed].name] = tuple(
                Hit(phrase=self._phrases[number][1], places=tuple(places)) for number, places in sorted(counted.items())
            )
        return hits

    def _with_pairs(self, hits: Hits, folded: Folded) -> Hits:
        """Hits, and those of each pair whose two concepts were found near each other."""
        places = {
            name: [place for hit in found if hit.phrase.weight > 0 for place in hit.places]
            for name, found in hits.items()
        }
        joined: dict[str, tuple[Hit, ...]] = {}
        for one in self.lists:
            for pair, phrase in one.pairs:
                first, second = places.get(pair.first, ()), places.get(pair.second, ())
                met = meeting(first, second, folded.text, folded.subject_end, pair.within)
                if met:
                    joined[one.name] = (*joined.get(one.name, hits.get(one.name, ())), Hit(phrase=phrase, places=met))
        return {**hits, **joined}


def compile_lists(lists: Sequence[PhraseList]) -> PhraseBook:
    """Compile lists for searching; order of lists and phrases changes nothing but the order of hits."""
    uses: dict[tuple[str, bool], tuple[list[int], list[tuple[int, int]]]] = {}
    phrases: list[tuple[int, Phrase]] = []
    for listed, one in enumerate(lists):
        for phrase in one.phrases:
            for index, fragment in enumerate(phrase.fragments):
                whole, pieces = uses.setdefault((fragment.text, fragment.stem), ([], []))
                if len(phrase.fragments) == 1:
                    whole.append(len(phrases))
                else:
                    pieces.append((len(phrases), index))
            phrases.append((listed, phrase))
    patterns = tuple(
        _Pattern(
            _spaced(text[0]), _spaced(text[-1]) and not stem and not _korean(text[-1]), tuple(whole), tuple(pieces)
        )
        for (text, stem), (whole, pieces) in uses.items()
    )
    automaton = AhoCorasick([text for text, _ in uses]) if uses else None
    return PhraseBook(lists=tuple(lists), _automaton=automaton, _patterns=patterns, _phrases=tuple(phrases))


def parse_phrase(text: str) -> tuple[Fragment, ...]:
    """The pieces of a phrase as written; empty when nothing of it can be searched."""
    fragments: list[Fragment] = []
    gap = 0
    for part in text.replace("...", "…").split("…"):
        words = fold_words(part).split()
        piece: list[str] = []
        for number, word in enumerate(words):
            piece.append(word.rstrip("*"))
            if word.endswith("*") or number == len(words) - 1:
                joined = " ".join(piece)
                if joined.strip():
                    fragments.append(Fragment(text=joined, stem=word.endswith("*"), gap=gap if fragments else 0))
                piece, gap = [], 0
        gap = GAP_WORDS
    return tuple(fragments)


def _chains(phrase: Phrase, parts: Sequence[tuple[int, int, int]], text: str) -> list[tuple[int, int]]:
    """Places where the pieces of a phrase follow one another as they should; each piece is tried at its nearest follower."""
    by_index: list[list[tuple[int, int]]] = [[] for _ in phrase.fragments]
    for index, start, end in parts:
        by_index[index].append((start, end))
    chains = by_index[0][: _PLACES * 8]
    for fragment, before, options in zip(phrase.fragments[1:], phrase.fragments, by_index[1:], strict=False):
        longer: list[tuple[int, int]] = []
        for first, end in chains:
            reach = _word_end(text, end) if before.stem else end
            for start, stop in options:
                if start >= reach and start - reach <= 200 and _linked(text[reach:start], fragment.gap):
                    longer.append((first, stop))
                    break
        chains = longer
    return chains[:_PLACES]


def _linked(between: str, gap: int) -> bool:
    """Whether two pieces may be this far apart: so many words, no end of a sentence."""
    if not between.strip():
        return len(between) <= 1
    if gap == 0 or len(between.split()) > gap or BREAK in between:
        return False
    return not any(end in between for end in (". ", "! ", "? ", "。", "!。", "؟ "))


def _word_end(text: str, start: int) -> int:
    while start < len(text) and (text[start].isalnum() or text[start] in "'-"):
        start += 1
    return start


def _uncovered(found: list[tuple[int, int, int]]) -> dict[int, list[tuple[int, int]]]:
    """The places of each phrase that lie in no longer place of the same list; given (start, -end, phrase)."""
    found.sort()
    counted: dict[int, list[tuple[int, int]]] = {}
    covered = (-1, -1)
    for start, minus_end, number in found:
        place = (start, -minus_end)
        if place[1] <= covered[1] and place != covered:
            continue
        if place[1] > covered[1]:
            covered = place
        counted.setdefault(number, []).append(place)
    return counted


def _spaced(char: str) -> bool:
    return char.isalnum() and not unspaced(char)


def _korean(char: str) -> bool:
    return "\u1100" <= char <= "\u11ff"


def _continues(char: str) -> bool:
    """Whether a character belongs to the syllable before it: a Korean final, a kana voicing mark."""
    return "\u11a8" <= char <= "\u11ff" or char in "\u3099\u309a"
