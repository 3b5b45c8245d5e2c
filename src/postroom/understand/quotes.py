"""Where a quote begins: attributions ("On … wrote:"), header blocks, titles between dashes.

Evidence decides, not one pattern a client: a date, a time, an address, a verb of citing. What is followed by ``>`` lines
needs little of it; what would take the whole rest of a mail along needs a lot.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from unicodedata import normalize

from postroom.model.runs import with_short_runs
from postroom.understand.patterns import Signs, any_of, pattern
from postroom.understand.quote_tables import (
    FORWARDED,
    LABELS,
    ORIGINAL,
    PLAIN_DATES,
    REPLY_ABOVE,
    STARTERS,
    TELLING,
    VERBS_INSIDE,
    VERBS_LAST,
    Field,
)

#: marks of direction and width that mail programs put around names; nobody sees them
_INVISIBLE: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
#: characters that are one with others, or could be: below them every text is in NFC as it stands
_COMPOSING: Final = re.compile("[\u0300-\U0010ffff]")
_BULLETS: Final = " \t\r\xa0\u3000*_"
_DASHES: Final = " \t\r\xa0*_-=–—─━~#"
_COLONS: Final = (":", "：")
_RULE: Final = frozenset("-_=–—─━*")

MAX_WRAP: Final = 5
"""Lines that one attribution may be wrapped over."""

_MAX_ATTRIBUTION: Final = 500
_MAX_BLOCK: Final = 24

_TIME: Final = r"(?i)\p{Nd}{1,2}\s?[:.h時时点點시]\s?\p{Nd}{2}|\p{Nd}{1,2}\s?[ap]\.?m\b|\p{Nd}{1,2}[h時시]"
_TIMED: Final = pattern(_TIME)
#: what an attribution may have
_EVIDENCE: Final = Signs(
    {
        "time": _TIME,
        "date": r"(?:19|20|25)\d\d|\p{Nd}{1,2}[./-]\p{Nd}{1,2}[./-]\p{Nd}{2,4}|\p{Nd}{4}",
        "address": r"[<(\[][^<>()\[\]]*@[^<>()\[\]]+[>)\]]",
        "begins": r"(?i)^[\s*_\"'(\-–—~]*(?:" + any_of(STARTERS) + r"[\s.,]+[^:]{0,40}?\p{Nd}"
        r"|在\s?\p{Nd}|ב-?\s?\p{Nd}|\p{Nd}{1,4}\s?[./年년-]|\p{Nd}{1,2}\.?\s\pL)",
        "year-first": r"^\s*(?:\p{Nd}{4}[ ,.]|\p{Nd}{1,2}[:.]\p{Nd}{2})",
        "inside": r"(?i)(?:^|[^\pL])" + any_of(VERBS_INSIDE) + r"(?:[^\pL]|$)",
        "telling": r"(?:^|[\s(])" + any_of(TELLING) + r"(?:[\s,:：)]|$)",
    }
)
_STARTERS: Final = frozenset(STARTERS)
_MIDDLE: Final = pattern(
    r"^(.*?\S)(?:\s+|\s*-{2,}\s*)((?:On|Am|Le|El|Il giorno|Op|Em|W dniu|Den) (?:\pL{2,12}[.,]{0,2} )?.{0,12}\p{Nd}.*)$"
)
_INNER_LABEL: Final = pattern(r"(?i)\s[*_]*(?:date|sent|to|subject|datum|gesendet|an|betreff|envoyé|objet)[*_]*\s?:")
_DATED: Final = pattern(r"\p{Nd}{1,2}[:.h時时시]\p{Nd}{2}|\p{Nd}{4}")

_ORIGINAL: Final = frozenset(word.casefold() for word in ORIGINAL)
_FORWARDED: Final = frozenset(word.casefold() for word in FORWARDED)
_ABOVE: Final = pattern(any_of(phrase.casefold() for phrase in REPLY_ABOVE))
_VERBS_BY_END: Final = {
    end: tuple(verb for verb in VERBS_LAST if verb[-1] == end) for end in {v[-1] for v in VERBS_LAST}
}
_TITLE_ENDS: Final = ("forwarded by ", "weitergeleitet von ")

Title = Literal["original", "forwarded", "reply-above"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A header block above a quoted or forwarded mail."""

    #: index of the line after it
    end: int
    #: first value of each field
    fields: dict[Field, str]


def bare(line: str) -> str:
    """A line without marks that nobody sees and without outer blanks."""
    if not line.isascii() and _COMPOSING.search(line) is not None:
        line = normalize("NFC", with_short_runs(_INVISIBLE.sub("", line)))
    return line.strip()


def is_rule(line: str) -> bool:
    """Whether a line is nothing but a drawn line of at least five strokes."""
    drawn = line.strip()
    return len(drawn) >= 5 and drawn[0] in _RULE and set(drawn) <= _RULE


def title(line: str) -> Title | None:
    """What a line between dashes announces: the original mail, a forwarded one, or where to write the answer."""
    shown = bare(line)
    if not shown or len(shown) > 160:
        return None
    inner = shown.strip(_DASHES).casefold()
    dashed = len(shown) - len(inner) >= 4 and shown[0] in _DASHES
    words = inner.rstrip(": ：.").lstrip("> ")
    if words in _FORWARDED or (dashed and words.startswith(_TITLE_ENDS)):
        return "forwarded" if dashed or shown.endswith(_COLONS) else None
    if words in _ORIGINAL:
        return "original" if dashed else None
    if _ABOVE.search(inner) is not None:
        return "reply-above"
    return None


def label(line: str) -> tuple[Field, str] | None:
    """The field and value of a header-like line in any language, bold or not."""
    head, colon, _ = line[:48].partition(":")
    if not colon or "：" in head:
        head, colon, _ = line[:48].partition("：")
    if not colon:
        return None
    field = LABELS.get(bare(head).strip(_BULLETS).casefold())
    return None if field is None else (field, bare(line[len(head) + 1 :]).strip(_BULLETS))


def header_block(lines: Sequence[str], start: int, *, announced: bool = False) -> Block | None:
    """The header block that begins at a line, or None. ``announced``: a title or rule stands above, less proof is needed."""
    fields: dict[Field, str] = {}
    last: Field | None = None
    wrapped = 0
    at = end = start
    stop = min(len(lines), start + _MAX_BLOCK)
    while at < stop:
        line = lines[at]
        found = label(line)
        if found is not None:
            last, value = found
            fields.setdefault(last, value[:1000])
            wrapped, end = 0, at + 1
        elif not line.strip():
            if at + 1 >= stop or label(lines[at + 1]) is None:
                break
        elif last is None or line.lstrip().startswith(">") or wrapped >= 3:
            break
        else:
            wrapped += 1
            fields[last] = f"{fields[last]} {bare(line)}"[:1000]
            if "@" in line or _wraps_on(lines, at, stop):
                end = at + 1
        at += 1
    sent = any(_is_sent(line) for line in lines[start:end])
    return Block(end=end, fields=fields) if _convincing(fields, announced=announced or sent) else None


def _is_sent(line: str) -> bool:
    """Whether a line is labelled "Sent:", which a program writes, and not "Date:", which a person may."""
    found = label(line)
    if found is None or found[0] != "date" or _TIMED.search(found[1]) is None:
        return False
    return bare(line.replace("：", ":").partition(":")[0]).strip(_BULLETS).casefold() not in PLAIN_DATES


def _begins_whole(text: str) -> bool:
    """Whether an attribution names its sender first, and needs no line from above."""
    return not text.startswith(("<", "(", "[")) and {"address", "date"} <= _EVIDENCE.of(text)


def _wraps_on(lines: Sequence[str], at: int, stop: int) -> bool:
    return any(label(lines[n]) is not None for n in range(at + 1, min(at + 4, stop)))


def _convincing(fields: dict[Field, str], *, announced: bool) -> bool:
    sender = fields.get("from")
    if sender is not None and "@" in sender:
        return len(fields) >= 2 or _INNER_LABEL.search(sender) is not None
    if "date" in fields and "@" in fields.get("to", "") and _DATED.search(fields["date"]) is not None:
        return True
    if announced and len(fields) >= 2 and sender is not None:
        return True
    return sender is not None and "subject" in fields and len(fields) >= 3


def attribution(lines: Sequence[str], at: int, *, quote_follows: bool) -> int | None:
    """Index of the line where the attribution begins that ends at a line, or None."""
    joined = ""
    complete: int | None = None
    for start in range(at, max(-1, at - MAX_WRAP - 1), -1):
        line = bare(lines[start])
        if not line:
            if not joined.startswith("<"):
                break
            continue
        if start != at and (line.startswith(">") or len(joined) + len(line) > _MAX_ATTRIBUTION):
            break
        if complete is not None and (line.endswith((".", "!", "?", ":", "。")) or _begins_whole(joined)):
            break
        joined = f"{line} {joined}" if joined else line
        if complete is None and _cites(joined, quote_follows=quote_follows):
            complete = start
        if complete is not None and "begins" in _EVIDENCE.of(line):
            complete = start
            break
    if complete is not None:
        return _wrapped_above(lines, complete, at)
    first = bare(lines[at])
    return at if _weakly_cites(first, quote_follows=quote_follows) else None


def _wrapped_above(lines: Sequence[str], start: int, at: int) -> int:
    """The first line of an attribution whose later lines are found, when its beginning stands right above."""
    for _ in range(2):
        above = bare(lines[start - 1]) if start > 0 else ""
        if not above or len(above) > 120 or above.startswith(">"):
            break
        line = bare(lines[start])
        known = " ".join(lines[start : at + 1])
        said, said_above, said_first = _EVIDENCE.of(known), _EVIDENCE.of(above), _EVIDENCE.of(line)
        begins = "begins" in said_first
        in_date = not begins or "year-first" in said_first
        whole_name = begins and _closes_with_verb(known)
        if not (
            ("date" not in said and "date" in said_above)
            or ("address" not in said and not whole_name and "address" in said_above)
            or (in_date and len(above) <= 60 and "begins" in said_above)
            or above.rstrip(".,").casefold() in _STARTERS
            or (above.endswith(("於", "于")) and "@" in above)
            or (line.startswith("<") and len(above.split()) <= 4 and above[-1].isalnum())
        ):
            break
        start -= 1
    return start


def middle(line: str) -> int | None:
    """Where in a line an attribution begins that follows words of the writer on the same line, or None."""
    found = _MIDDLE.search(line) if len(line) <= _MAX_ATTRIBUTION else None
    if found is None or not _cites(found.group(2), quote_follows=True):
        return None
    return int(found.end(1))


def _closes_with_verb(text: str) -> bool:
    said = text.rstrip(" \t:：*_-–—>.").casefold()
    for verb in _VERBS_BY_END.get(said[-1:], ()):
        if said.endswith(verb):
            before = said[: -len(verb)]
            # scripts without spaces need no boundary
            if not before or not before[-1].isalpha() or ord(verb[0]) > 0x0E00 or before.endswith(">"):
                return True
    return False


def _cites(text: str, *, quote_follows: bool) -> bool:
    """Whether a text has a date or time and enough else for an attribution."""
    if len(text) > _MAX_ATTRIBUTION:
        return False
    said = _EVIDENCE.of(text)
    dated, timed = "date" in said, "time" in said
    if not (dated or timed):
        return False
    verb = _closes_with_verb(text)
    closed = text.endswith(_COLONS)
    if "address" in said and dated and (verb or (closed and (timed or text.rstrip(": ：").endswith((">", ")", "]"))))):
        return True
    inside = verb or (closed and "inside" in said)
    if quote_follows:
        return inside or ("@" in text and (closed or text.endswith(">"))) or (closed and dated and timed)
    if not inside or "telling" in said:
        return False
    return (dated and timed) or "@" in text


def _weakly_cites(line: str, *, quote_follows: bool) -> bool:
    """One line without a date: "Ada wrote:", "Ada <ada@example.com> wrote:"."""
    if len(line) > 200 or not _closes_with_verb(line):
        return False
    said = _EVIDENCE.of(line)
    return "telling" not in said and (quote_follows or "address" in said)
