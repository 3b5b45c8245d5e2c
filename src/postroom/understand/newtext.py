"""What was written now: a mail's text cut into new words, quotes, signature and disclaimer.

Invariant: any text is read, in linear time, and each of its words lands in exactly one part: nothing is invented,
nothing lost (a lone surrogate becomes U+FFFD). Lines stay whole, but for one whose end is an attribution. Where it is not sure, words stay new:
keeping too much beats cutting what a customer wrote.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from postroom.understand import disclaimers, quotes, signatures
from postroom.understand.patterns import any_of, pattern, readable
from postroom.understand.quote_tables import FORWARD_SUBJECTS, NUDGES

Place = Literal["new", "quoted", "signature", "disclaimer"]

MAX_LINES: Final = 4000
"""Lines that are looked at; the rest is new, unless all of it is marked as quoted."""

MAX_CHARS: Final = 400_000
"""Characters that are looked at, likewise."""

#: so far indented, words are shown to the reader by the writer: `html` renders a writer's own blockquotes so
_SHOWN: Final = "    "
_MAX_ROUNDS: Final = 12
_MAX_OPENINGS: Final = 200
_LOOK_AHEAD: Final = 12
_MAX_DELIMITERS: Final = 4
_MAX_LINE: Final = 2000
_SHORT_WORD: Final = 12
_SPACELESS: Final = "\u0e00"
_STROKES: Final = frozenset("-_=*#–—─━~")
_ENDS: Final = frozenset(":：>道") | _STROKES | frozenset("\u200e\u200f\u202a\u202b\u202c\u2069")
_UNMARKED: Final = pattern(r"(?m)^[ \t]*[^\s>]")
_FORWARDING: Final = pattern(r"(?i)^\s*" + any_of(FORWARD_SUBJECTS) + r"\s*[:：]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The words of a text, each in exactly one part, in their order."""

    #: what the writer wrote now, between quotes too; ``""`` when all is quoted
    new: str = ""
    #: earlier mail: its lines as they stood, with the lines that introduce them
    quoted: str = ""
    #: the writer's signature, with its separator
    signature: str = ""
    #: legal boilerplate, and gateways' warnings
    disclaimer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opening:
    """Lines that announce a quote."""

    start: int
    end: int
    kind: Literal["quote", "forward", "marker"]


def split(text: str, *, subject: str = "") -> Parts:
    """Cut a text into its parts. Pure, total, linear; cutting ``new`` again changes nothing.

    The subject tells a forward (``Fwd:``) from an answer, for a writer who adds nothing but "FYI" to it.
    """
    lines, tail = _lines(readable(text))
    forwarding = bool(subject) and is_forwarding(subject)
    places, alive = _places(lines, forwarding=forwarding)
    if "signature" in places and _says_next_to_nothing([lines[n] for n in alive if n >= 0]):
        whole: list[Place] = ["new" if place == "signature" else place for place in places]
        kept = _still_new(range(len(lines)), whole, lines)
        if _stays_whole([lines[n] if n >= 0 else "" for n in kept], forwarding=forwarding):
            places, alive = whole, kept
    new = [lines[n] if n >= 0 else "" for n in alive]
    quoted = _of(lines, places, "quoted")
    if tail:
        (quoted if _UNMARKED.search(tail) is None else new).append(tail)
    return Parts(
        new=_joined(new),
        quoted=_joined(quoted),
        signature=_joined(_of(lines, places, "signature")),
        disclaimer=_joined(_of(lines, places, "disclaimer")),
    )


def _says_next_to_nothing(lines: Sequence[str]) -> bool:
    """Whether nothing but one short word is left: too little to be sure that what looks like a signature is none of it."""
    words = " ".join(lines).split()
    # scripts without spaces say a whole sentence in one word
    return len(words) == 1 and len(words[0]) <= _SHORT_WORD and max(words[0]) < _SPACELESS


def _stays_whole(lines: list[str], *, forwarding: bool) -> bool:
    """Whether a word and its signature would be kept together if they were cut again."""
    places, alive = _places(lines, forwarding=forwarding)
    if set(places) <= {"new", "signature"}:
        return "signature" not in places or _says_next_to_nothing([lines[n] for n in alive if n >= 0])
    return False


def _places(lines: list[str], *, forwarding: bool) -> tuple[list[Place], list[int]]:
    """The place of each line, and the indexes of those that are new; -1 stands for a blank line where something was cut out."""
    places: list[Place] = ["new"] * len(lines)
    alive = list(range(len(lines)))
    for _ in range(_MAX_ROUNDS):
        found = _Sorter([lines[n] if n >= 0 else "" for n in alive], forwarding=forwarding).sort()
        if found is None:
            break
        for n, place in zip(alive, found, strict=True):
            if n >= 0:
                places[n] = place
        alive = _still_new(alive, found, lines)
    return places, alive


def is_forwarding(subject: str) -> bool:
    """Whether a subject begins with "Fwd:" in any language."""
    return _FORWARDING.search(readable(subject)) is not None


def _lines(text: str) -> tuple[list[str], str]:
    """The lines to look at, and the rest."""
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    tail = ""
    if len(text) > MAX_CHARS:
        text, tail = text[:MAX_CHARS], text[MAX_CHARS:]
        whole, newline, piece = text.rpartition("\n")
        if newline:
            text, tail = whole, piece + tail
    lines = text.split("\n", MAX_LINES)
    if len(lines) > MAX_LINES:
        rest = lines.pop()
        tail = f"{rest}\n{tail}" if tail else rest
    return _parted(lines) if ":\n>" in text or ":\n\n>" in text else lines, tail


def _parted(lines: list[str]) -> list[str]:
    """Lines whose end is an attribution of the quote below it become two."""
    parted: list[str] = []
    tries = 0
    for n, line in enumerate(lines):
        if line.endswith((":", ": ")) and tries < _MAX_OPENINGS and not line.startswith(">"):
            following = next((later for later in lines[n + 1 : n + 3] if later.strip()), "")
            if following.startswith(">"):
                tries += 1
                cut = quotes.middle(line)
                if cut is not None and quotes.attribution([line], 0, quote_follows=True) is not None:
                    parted += [line[:cut], line[cut:]]
                    continue
        parted.append(line)
    return parted


def _still_new(alive: Sequence[int], found: Sequence[Place], lines: Sequence[str]) -> list[int]:
    """The lines that stay new; one blank line where something was cut out between them."""
    kept: list[int] = []
    blank = True
    for n, place in zip(alive, found, strict=True):
        written = place == "new" and n >= 0 and bool(lines[n].strip())
        if written or (place == "new" and not blank):
            kept.append(n)
            blank = not written
        elif place != "new" and not blank:
            kept.append(-1)
            blank = True
    return kept


def _of(lines: Sequence[str], places: Sequence[Place], wanted: Place) -> list[str]:
    if wanted not in places:
        return []
    return [line for line, place in zip(lines, places, strict=True) if place == wanted]


def _joined(lines: Sequence[str]) -> str:
    first, last = 0, len(lines)
    while first < last and not lines[first].strip():
        first += 1
    while last > first and not lines[last - 1].strip():
        last -= 1
    return "\n".join(lines[first:last]).rstrip()


class _Sorter:
    """One pass over lines: finds quotes, then looks at the edges of what lies between them."""

    __slots__ = ("_changed", "_delimiters", "_first_new", "_forwarding", "_lines", "_openings", "_places")

    def __init__(self, lines: list[str], *, forwarding: bool) -> None:
        self._lines = lines
        self._places: list[Place] = ["new"] * len(lines)
        self._forwarding = forwarding
        self._openings = 0
        self._delimiters: list[int] = []
        self._first_new = 0
        self._changed = False

    def sort(self) -> list[Place] | None:
        """The place of each line; None when all of them are new."""
        self._find_quotes()
        written = self._segments()
        self._first_new = next((n for a, b in written for n in range(a, b) if self._lines[n].strip()), len(self._lines))
        text = "\n".join("\n".join(self._lines[a:b]) for a, b in written)
        mobile = signatures.mentions_mobile(text)
        legal = disclaimers.mentions(text)
        for start, end in written:
            self._trim(start, end, mobile=mobile, legal=legal)
        return self._places if self._changed else None

    def _put(self, start: int, end: int, place: Place) -> None:
        self._places[start:end] = [place] * (end - start)
        self._changed = self._changed or end > start

    def _find_quotes(self) -> None:
        lines, at, count = self._lines, 0, len(self._lines)
        while at < count:
            shown = lines[at].strip()
            if not shown:
                at += 1
                continue
            first, last = shown[0], shown[-1]
            if first == ">":
                at = self._quoted_line(at, shown)
                continue
            if first == "-" and shown == "--":
                self._delimiters.append(at)
            elif lines[at].startswith(_SHOWN):
                pass
            elif last in _ENDS or first in _STROKES or ":" in shown[:32] or "：" in shown[:16]:
                opening = self._opening(at, first, last) if self._openings < _MAX_OPENINGS else None
                if opening is not None:
                    at = self._open(opening)
                    continue
            at += 1

    def _quoted_line(self, at: int, shown: str) -> int:
        """Places a line that begins with ``>``; returns the index to go on from."""
        lines = self._lines
        if shown.endswith("<") or (
            shown.startswith(">From ") and not self._marked(at - 1) and not self._marked(at + 1)
        ):
            return at + 1
        if len(shown) < 40 and shown.endswith(":") and not self._marked(at - 1) and self._openings < _MAX_OPENINGS:
            self._openings += 1
            begin = quotes.attribution(
                [*lines[max(0, at - 6) : at], lines[at].strip("> \t")], min(at, 6), quote_follows=False
            )
            if begin is not None and begin < min(at, 6):
                return self._open(_Opening(start=max(0, at - 6) + begin, end=at + 1, kind="quote"))
        self._put(at, at + 1, "quoted")
        if (
            at + 2 < len(lines)
            and not self._marked(at + 1)
            and self._marked(at + 2)
            and _is_broken_link(shown, lines[at + 1])
        ):
            self._put(at + 1, at + 2, "quoted")
            return at + 2
        return at + 1

    def _marked(self, at: int) -> bool:
        return 0 <= at < len(self._lines) and self._lines[at].lstrip().startswith(">")

    def _opening(self, at: int, first: str, last: str) -> _Opening | None:
        lines = self._lines
        self._openings += 1
        if first in _STROKES or last in _STROKES or last in ":：":
            opening = self._titled(at)
            if opening is not None:
                return opening
        if quotes.label(lines[at]) is not None:
            rule = self._rule_above(at)
            block = quotes.header_block(lines, at, announced=rule != at)
            if block is not None:
                return _Opening(start=rule, end=block.end, kind="forward" if self._forwarding else "quote")
        if last in _ENDS and len(lines[at]) <= _MAX_LINE:
            start = quotes.attribution(lines, at, quote_follows=self._quote_follows(at + 1))
            if start is not None and "new" in self._places[start : at + 1]:
                return _Opening(start=start, end=at + 1, kind="quote")
        return None

    def _titled(self, at: int) -> _Opening | None:
        titled = quotes.title(self._lines[at])
        if titled is None:
            return None
        if titled == "reply-above":
            return _Opening(start=at, end=at + 1, kind="marker")
        block = quotes.header_block(self._lines, self._next_written(at + 1), announced=True)
        end = at + 1 if block is None else block.end
        return _Opening(start=at, end=end, kind="forward" if titled == "forwarded" or self._forwarding else "quote")

    def _rule_above(self, at: int) -> int:
        """Index of the drawn line above, blanks between allowed; ``at`` when there is none."""
        above = at - 1
        while above >= max(0, at - 4) and not self._lines[above].strip():
            above -= 1
        return above if above >= 0 and quotes.is_rule(self._lines[above]) else at

    def _next_written(self, at: int) -> int:
        stop = min(len(self._lines), at + _LOOK_AHEAD)
        while at < stop and not self._lines[at].strip():
            at += 1
        return at

    def _quote_follows(self, at: int) -> bool:
        return self._marked(self._next_written(at))

    def _open(self, opening: _Opening) -> int:
        """Places what an opening announces; returns the index to go on from."""
        count = len(self._lines)
        said = [
            line for n, line in enumerate(self._lines[: opening.start]) if line.strip() and self._places[n] == "new"
        ]
        if opening.kind == "marker" and not said:
            self._put(opening.start, opening.end, "quoted")
            return opening.end
        if opening.kind == "forward" and len(said) == 1 and quotes.bare(said[0]).casefold().rstrip("!:,") in NUDGES:
            return count
        if opening.kind != "marker" and self._quote_follows(opening.end):
            self._put(opening.start, opening.end, "quoted")
            return opening.end
        self._put(opening.start, count, "quoted")
        return count

    def _segments(self) -> list[tuple[int, int]]:
        """Runs of new lines between quotes."""
        runs: list[tuple[int, int]] = []
        start: int | None = None
        for n, place in enumerate(self._places):
            if place == "new" and start is None:
                start = n
            elif place != "new" and start is not None:
                runs.append((start, n))
                start = None
        if start is not None:
            runs.append((start, len(self._places)))
        return runs

    def _trim(self, start: int, end: int, *, mobile: bool, legal: bool) -> None:
        """Places what stands at the edges of a run of new lines, from the outside in, until only words are left."""
        lines = self._lines
        if legal and start == 0:
            first = disclaimers.above(lines, start, end)
            self._put(start, first, "disclaimer")
            start = first
        if mobile:
            for at in range(start, end):
                if len(lines[at]) <= 100 and signatures.is_mobile(lines[at]):
                    self._put(at, at + 1, "signature")
        before = -1
        while end != before:
            while end > start and (self._places[end - 1] != "new" or not lines[end - 1].strip()):
                end -= 1
            before = end
            if legal:
                end = self._cut(disclaimers.below(lines, start, end), end, "disclaimer")
            end = self._cut(self._delimiter(start, end), end, "signature")
            end = self._cut(signatures.closing(lines, start, end), end, "signature")

    def _cut(self, begin: int, end: int, place: Place) -> int:
        """Places the new lines from ``begin`` to ``end``, and returns ``begin``."""
        for at in range(begin, end):
            if self._places[at] == "new":
                self._put(at, at + 1, place)
        return begin

    def _delimiter(self, start: int, end: int) -> int:
        """Where the ``-- `` stands that a signature follows up to ``end``; ``end`` when there is none."""
        known = self._delimiters
        for at in known[bisect_left(known, start) : bisect_left(known, end)][-_MAX_DELIMITERS:]:
            after_words = self._first_new < at or self._lines[at].endswith("-- ")
            if after_words and signatures.below_delimiter(self._lines, at, end):
                return at
        return end


def _is_broken_link(above: str, line: str) -> bool:
    """The end of a link that was wrapped out of its quoted line."""
    shown = line.strip()
    if not shown or len(shown) > 300 or not shown.endswith((")", ">")):
        return False
    return (shown.startswith(("(http", "<http")) and len(shown.split()) <= 2) or (" " not in shown and "http" in above)
