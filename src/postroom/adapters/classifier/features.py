"""What a linear model sees of a text: its words, the pieces of its words, its pairs of words. All hashed to 32 bits.

A word is weighed once however often it occurs, so that repeating it moves nothing. Its pieces are its character
n-grams (Cavnar & Trenkle 1994; with the word's edges as in fastText, Bojanowski et al. 2017): they find inflections,
compounds, misspellings and, in scripts without spaces, the words themselves. Everything of a word depends on that word
alone: what its pieces say is put into the weights of every word that training knew, and only of other words the pieces
are looked up.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import compress, islice
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from postroom.decide.folding import BREAK, Folded, unspaced
from postroom.model.message import Message

SHORTEST, LONGEST = 2, 5
"""Characters of a piece."""

MAX_WORDS = 3000
_READ = 60_000
"""Of a longer text only the beginning is read."""

MAX_REMARKS = 60
"""Of a longer subject only the beginning counts as one."""

MAX_LETTERS = 40
"""Of a longer word only the beginning is cut into pieces."""

MAX_DIGITS = 9
"""Longer numbers are all alike."""

_WORD = re.compile(rf"\w+(?:'(?:[dmst]|ll|re|ve)\b)?|[^\w\s{BREAK}]")
_UNSPACED_PIECES = 3
_MIX = np.uint32(0x9E3779B1)

#: begins a word that stands for something else than a word of the text
_MARK = "\x02"


def words(folded: Folded) -> list[str]:
    """The words and punctuation marks of a folded text in their order; numbers by their length alone."""
    found = _WORD.findall(folded.text, folded.fresh_from, folded.fresh_from + _READ)[:MAX_WORDS]
    for place in compress(range(len(found)), map(str.isdigit, found)):
        found[place] = "0" * min(len(found[place]), MAX_DIGITS)
    return found


def remarks(message: Message, folded: Folded) -> list[str]:
    """What else is worth knowing of a mail, as words of a kind of their own: the words of its subject, if that is new."""
    subject = dict.fromkeys(_WORD.findall(folded.text, folded.fresh_from, folded.subject_end))
    return [f"{_MARK}s{word}" for word in islice(subject, MAX_REMARKS)]


def pieces(word: str) -> set[int]:
    """Hashes of a word's character n-grams; a mark and a remark have none."""
    if word[0] == _MARK or len(word) == 1:
        return set()
    if unspaced(word[0]):
        return _hashed(_grams(word[:MAX_LETTERS], 1, _UNSPACED_PIECES))
    return _hashed(_grams(f"<{word[:MAX_LETTERS]}>", SHORTEST, LONGEST))


def whole(word: str) -> int:
    """The hash of a word as it stands."""
    return crc32(b"w" + word.encode())


def paired(first: NDArray[np.uint32], second: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The hashes of pairs of neighbours, by the hashes of the words."""
    return first * _MIX + second


def _grams(text: str, shortest: int, longest: int) -> Iterator[str]:
    for size in range(shortest, longest + 1):
        for start in range(len(text) - size + 1):
            yield text[start : start + size]


def _hashed(grams: Iterable[str]) -> set[int]:
    return {crc32(b"c" + gram.encode()) for gram in grams}
