"""Signs that a text was made to steer: then a desk gets it only from a person's hands."""

import re
from collections.abc import Iterable
from itertools import chain

from postroom.decide.folding import Folded
from postroom.decide.phrases import Hit, Hits
from postroom.model.judgement import Finding
from postroom.model.mail import RouteName
from postroom.model.message import Message

STUFFING, DISGUISE, LOOKALIKE = "stuffing", "disguise", "lookalike"
NAMES = frozenset({STUFFING, DISGUISE, LOOKALIKE})
"""Names of the remarks, that of `decide.senders` on domains that imitate ours with them."""

_MANY, _MANY_OF_ONE = 5, 4
_DENSE = 0.7
_SHORT = 24
"""So many short phrases in a row, or so many of one list, with so much of what lies between their ends covered by them, are
no sentence."""

_DISGUISED_WORDS = 2
_LOOKED_AT = 20_000
# Latin beside Cyrillic or Greek letters, or characters that show nothing between Latin letters
_DISGUISE = re.compile(
    "[A-Za-z][\u0370-\u03ff\u0400-\u052f]|[\u0370-\u03ff\u0400-\u052f][A-Za-z]|[A-Za-z][\u200b-\u200f\u2060-\u2064\ufeff]+[A-Za-z]"
)


def findings(message: Message, hits: Hits, folded: Folded) -> tuple[Finding, ...]:
    """A remark for each trick that was seen."""
    found = []
    places = [_places(here) for here in hits.values()]
    if any(_is_heap(here, _MANY_OF_ONE) for here in places) or _is_heap(chain.from_iterable(places), _MANY):
        found.append(_remark(STUFFING, "words that desks look for stand in a heap, as no sentence has them"))
    if _is_disguised(f"{message.subject}\n{message.new_text}"[:_LOOKED_AT]):
        found.append(
            _remark(DISGUISE, "words are disguised by letters of another script, or by characters that show nothing")
        )
    return tuple(found)


def _places(hits: Iterable[Hit]) -> list[tuple[int, int]]:
    spoken = (place for hit in hits if hit.phrase.weight > 0 for place in hit.places)
    return [(start, end) for start, end in spoken if end - start <= _SHORT]


def _is_heap(found: Iterable[tuple[int, int]], many: int) -> bool:
    places: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if not places or start >= places[-1][1]:
            places.append((start, end))
    for first in range(len(places) - many + 1):
        heap = places[first : first + many]
        if sum(end - start for start, end in heap) >= _DENSE * (heap[-1][1] - heap[0][0]):
            return True
    return False


def _is_disguised(text: str) -> bool:
    if text.isascii():
        return False
    return sum(_DISGUISE.search(word) is not None for word in text.split()) >= _DISGUISED_WORDS


def _remark(name: str, reason: str) -> Finding:
    return Finding(source="guard", route=RouteName(""), score=0.5, reason=reason, name=name)
