"""Signs that a text was made to steer: then a desk gets it only from a person's hands."""

import re
from collections.abc import Iterable, Mapping, Sequence

from postroom.decide.folding import Folded
from postroom.decide.phrases import Hit, Hits
from postroom.model.judgement import Finding
from postroom.model.mail import RouteName
from postroom.model.message import Message

STUFFING, DISGUISE, LOOKALIKE = "stuffing", "disguise", "lookalike"
NAMES = frozenset({STUFFING, DISGUISE, LOOKALIKE})
"""Names of the remarks, that of `decide.senders` on domains that imitate ours with them."""

_MANY = 4
_DENSE = 0.25
_SHORT = 24
_APART = 10
"""So many short phrases of one list, with so much of what lies between the first and the last covered by them and no end of
a sentence among it, are a heap: beside so many words that have none of it, it was put to them."""

_END = re.compile(r"[.!?;。！？]")

_DISGUISED_WORDS = 2
_LOOKED_AT = 20_000
# Latin beside Cyrillic or Greek letters, or characters that show nothing between Latin letters
_DISGUISE = re.compile(
    "[A-Za-z][\u0370-\u03ff\u0400-\u052f]|[\u0370-\u03ff\u0400-\u052f][A-Za-z]|[A-Za-z][\u200b-\u200f\u2060-\u2064\ufeff]+[A-Za-z]"
)


def findings(message: Message, hits: Hits, folded: Folded) -> tuple[Finding, ...]:
    """A remark for each trick that was seen."""
    found = []
    if _is_stuffed({name: _places(here) for name, here in hits.items()}, folded.text):
        found.append(_remark(STUFFING, "words that desks look for stand in a heap, apart from what it says elsewhere"))
    if _is_disguised(f"{message.subject}\n{message.new_text}"[:_LOOKED_AT]):
        found.append(
            _remark(DISGUISE, "words are disguised by letters of another script, or by characters that show nothing")
        )
    return tuple(found)


def _places(hits: Iterable[Hit]) -> list[tuple[int, int]]:
    spoken = (place for hit in hits if hit.phrase.weight > 0 for place in hit.places)
    return [(start, end) for start, end in spoken if end - start <= _SHORT]


def _is_stuffed(places: Mapping[str, Sequence[tuple[int, int]]], text: str) -> bool:
    """Whether a heap of phrases stands beside text that has nothing to do with it."""
    heaps = [heap for heap in map(_heap, places.values()) if heap]
    if not heaps:
        return False
    start, end = min(first for first, _ in heaps), max(last for _, last in heaps)
    said = ([start <= place[0] and place[1] <= end for place in here] for here in places.values())
    alone = not any(any(inside) and not all(inside) for inside in said)
    beside = len(f"{text[:start]} {text[end:]}".split())
    return alone and beside >= _APART and not _END.search(text, start, end)


def _heap(found: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Where the phrases of one list stand, if they are many and close."""
    places: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if not places or start >= places[-1][1]:
            places.append((start, end))
    if len(places) < _MANY:
        return None
    first, last = places[0][0], places[-1][1]
    return (first, last) if sum(end - start for start, end in places) >= _DENSE * (last - first) else None


def _is_disguised(text: str) -> bool:
    if text.isascii():
        return False
    return sum(_DISGUISE.search(word) is not None for word in text.split()) >= _DISGUISED_WORDS


def _remark(name: str, reason: str) -> Finding:
    return Finding(source="guard", route=RouteName(""), score=0.5, reason=reason, name=name)
