"""Signs that a text was made to steer, or to hide what it says: then it goes on only from a person's hands."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from postroom.decide.folding import MAX_CHARACTERS, Folded
from postroom.decide.phrases import Hit, Hits
from postroom.decide.senders import LOOKALIKE
from postroom.decide.substance import is_reply
from postroom.model.judgement import Finding
from postroom.model.mail import RouteName
from postroom.model.message import Message

STUFFING, DISGUISE = "stuffing", "disguise"
STEERING = frozenset({STUFFING, DISGUISE, LOOKALIKE})
"""Names of the remarks that keep a mail from a desk, that of `decide.senders` on domains that imitate ours and that of
`decide.evidence` on a classifier's words in heaps with them."""

MASK, BURIAL, FORMS = "mask", "burial", "forms"
HIDING = frozenset({MASK, BURIAL, FORMS})
"""Names of the remarks that keep a mail from the fallback too: what it says may not have been read."""
_REMARKED_BY = frozenset({"guard", "sender", "classifier"})

_MANY = 4
_DENSE = 0.25
_SHORT = 24
_APART = 10
"""So many short phrases of one list, with so much of what lies between the first and the last covered by them and no end of
a sentence among it, are a heap: beside so many words that have none of it, it was put to them."""

_MORE = 6
_DENSER = 0.5
_FAR = 15
"""So many in a row, covering so much, are a heap wherever sentences end and whatever else it says in so many words beside."""

_END = re.compile(r"[.!?;。！？]")

_DISGUISED_WORDS = 2
_LOOKED_AT = 20_000
# Latin beside Cyrillic or Greek letters, or characters that show nothing between Latin letters
_DISGUISE = re.compile(
    "[A-Za-z][\u0370-\u03ff\u0400-\u052f]|[\u0370-\u03ff\u0400-\u052f][A-Za-z]|[A-Za-z][\u200b-\u200f\u2060-\u2064\ufeff]+[A-Za-z]"
)

_MASKS = (
    # letters of alphabets with spaces between words, each set apart from the next
    re.compile(r"(?<![^\W\d_])(?:[A-Za-z\u00c0-\u052f][ .*|/_\n-]{1,3}){12}"),
    # Latin letters shown from right to left
    re.compile("\u202e[^\u202c\n]{0,200}[A-Za-z]"),
    # flags of half a country
    re.compile("(?<![\U0001f1e6-\U0001f1ff])[\U0001f1e6-\U0001f1ff](?:[\U0001f1e6-\U0001f1ff]{2})*+(?![\U0001f1e6-\U0001f1ff])"),
    # letters upside down
    re.compile("[ɐǝɟɥɯɹʇʌʍʎ][a-zɔnp]{0,3}[ɐǝɟɥɯɹʇʌʍʎ]"),
)  # fmt: skip
_MASKED = (1, 1, 3, 3)
"""From how many places on each is a mask."""

_LINKED = 3
_REACH = 2000
_BLANKS = re.compile(r"\s+")
_LINK = re.compile(r"://|^www\.|\S@\S|#\w|[^\W_]_[^\W_]+_")
"""What a run of characters without blanks has in it that is a link, an address, a tag or a name joined of three words."""

_GAP = 40
"""Empty lines in a row, from which on people do not look for more below."""

_UNREAD = frozenset({"text-truncated", "html-truncated"})


def findings(message: Message, hits: Hits, folded: Folded) -> tuple[Finding, ...]:
    """A remark for each trick that was seen."""
    found = []
    places = {name: _places(here) for name, here in hits.items()}
    if _is_stuffed(places, folded.text) or any(_is_listed(here, folded.text) for here in places.values()):
        found.append(_remark(STUFFING, "words that desks look for stand in a heap, apart from what it says elsewhere"))
    beginning = f"{message.subject}\n{message.new_text}"[:_LOOKED_AT]
    if _is_disguised(beginning):
        found.append(
            _remark(DISGUISE, "words are disguised by letters of another script, or by characters that show nothing")
        )
    if _is_masked(beginning):
        found.append(_remark(MASK, "its letters are set so that only people can read them"))
    if any(defect.code == "forms-differ" for defect in message.defects):
        found.append(_remark(FORMS, "its plain text and its HTML say different things"))
    if reason := _burial(message):
        found.append(_remark(BURIAL, reason))
    return tuple(found)


def remarked(findings: Iterable[Finding], names: Collection[str]) -> Finding | None:
    """The first remark of these names; rules, models and reviewers may be called the same and are none."""
    return next((one for one in findings if one.name in names and one.source in _REMARKED_BY and not one.route), None)


def are_linked(spans: Iterable[tuple[int, int]], text: str) -> bool:
    """Whether so many of these words stand in links, addresses or tags: those tell of a page, and not of what is asked for."""
    return sum(_LINK.search(_around(text, start, end)) is not None for start, end in spans) >= _LINKED


def _around(text: str, start: int, end: int) -> str:
    """The run of characters without blanks that a word stands in."""
    before, after = f" {text[max(start - _REACH, 0) : start]}", f"{text[end : end + _REACH]} "
    head, tail = _BLANKS.split(before)[-1], _BLANKS.split(after, maxsplit=1)[0]
    return f"{head}{text[start:end]}{tail}"


def _places(hits: Iterable[Hit]) -> list[tuple[int, int]]:
    """Where short phrases of a list stand, in order; of those that overlap, the first."""
    spoken = (place for hit in hits if hit.phrase.weight > 0 for place in hit.places)
    places: list[tuple[int, int]] = []
    for start, end in sorted(place for place in spoken if place[1] - place[0] <= _SHORT):
        if not places or start >= places[-1][1]:
            places.append((start, end))
    return places


def _is_stuffed(places: Mapping[str, Sequence[tuple[int, int]]], text: str) -> bool:
    """Whether a heap of phrases stands beside text that has nothing to do with it."""
    heaps = [(here[0][0], here[-1][1]) for here in places.values() if _is_heap(here, _MANY, _DENSE)]
    if not heaps:
        return False
    start, end = min(first for first, _ in heaps), max(last for _, last in heaps)
    said = ([start <= place[0] and place[1] <= end for place in here] for here in places.values())
    alone = not any(any(inside) and not all(inside) for inside in said)
    beside = len(f"{text[:start]} {text[end:]}".split())
    return alone and beside >= _APART and not _END.search(text, start, end)


def _is_listed(places: Sequence[tuple[int, int]], text: str) -> bool:
    """Whether many phrases of one list follow one another, and much else stands apart from them."""
    rows: list[tuple[int, int]] = []
    for first in range(len(places) - _MORE + 1):
        row = places[first : first + _MORE]
        if _is_heap(row, _MORE, _DENSER):
            start = rows.pop()[0] if rows and row[0][0] <= rows[-1][1] else row[0][0]
            rows.append((start, row[-1][1]))
    return bool(rows) and _beside(rows, text) >= _FAR


def _is_heap(places: Sequence[tuple[int, int]], many: int, dense: float) -> bool:
    return len(places) >= many and sum(end - start for start, end in places) >= dense * (places[-1][1] - places[0][0])


def _beside(places: Sequence[tuple[int, int]], text: str) -> int:
    """How many words stand outside these places."""
    starts, ends = [0, *(end for _, end in places)], [*(start for start, _ in places), len(text)]
    return sum(len(text[start:end].split()) for start, end in zip(starts, ends, strict=True))


def _is_disguised(text: str) -> bool:
    if text.isascii():
        return False
    return sum(_DISGUISE.search(word) is not None for word in text.split()) >= _DISGUISED_WORDS


def _is_masked(text: str) -> bool:
    masks = _MASKS[:1] if text.isascii() else _MASKS
    return any(len(mask.findall(text)) >= enough for mask, enough in zip(masks, _MASKED[: len(masks)], strict=True))


def _burial(message: Message) -> str:
    """Why some of what it says may have been passed over; ``""`` for no reason."""
    cut = not message.quoted_text and any(defect.code in _UNREAD for defect in message.defects)
    if cut or len(message.new_text) > MAX_CHARACTERS:
        return "it is longer than what is read of it"
    if message.quoted_text and not message.new_text.strip() and not is_reply(message):
        return "all that it says is marked as a quote, and it answers nothing"
    empty = 0
    for line in message.text.split("\n"):
        empty = 0 if line.strip() else empty + 1
        if empty == _GAP:
            return "it goes on below many empty lines"
    return ""


def _remark(name: str, reason: str) -> Finding:
    return Finding(source="guard", route=RouteName(""), score=0.5, reason=reason, name=name)
