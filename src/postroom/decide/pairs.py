"""Words of two concepts that stand near each other: "my account" close by "has been suspended", in any order and language.

A list of phrases can't hold all ways of saying that; two concepts and a distance can. The words between are counted
in the folded text; a sentence or paragraph end between them parts them, except that a subject goes with the first
sentence below it. In scripts without spaces two characters count as one word.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from postroom.decide.folding import BREAK, unspaced

_ENDS = (". ", "! ", "? ", "。", "؟ ")

#: characters that so many words can hold; spares counting words of far places
_LONGEST_WORD = 30

Place = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two concepts that say something together."""

    first: str
    second: str
    #: how many words may stand between them
    within: int

    @property
    def text(self) -> str:
        """As a reason names it."""
        return f"{self.first} near {self.second}"


def meeting(
    first: Sequence[Place], second: Sequence[Place], text: str, subject_end: int, within: int
) -> tuple[Place, ...]:
    """The first two places of the two concepts that are near each other, in order of the text; empty when none are."""
    for one in first:
        for other in second:
            before, after = (one, other) if one[0] <= other[0] else (other, one)
            if after[0] >= before[1] and _near(text, before[1], after[0], subject_end, within):
                return (before, after)
    return ()


def _near(text: str, start: int, end: int, subject_end: int, within: int) -> bool:
    if end - start > (within + 1) * _LONGEST_WORD:
        return False
    between = text[start:end]
    if start <= subject_end < end:
        between = between.replace(BREAK, "", 1)
    if BREAK in between or any(mark in between for mark in _ENDS):
        return False
    wide = sum(unspaced(char) for char in between)
    return len(between.split()) + wide // 2 <= within
