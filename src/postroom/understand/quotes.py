"""Where a quote begins: attributions ("On … wrote:"), header blocks, titles between dashes.

Evidence decides, not one pattern a client: a date, a time, an address, a verb of citing. What is followed by ``>`` lines
needs little of it; what would take the whole rest of a mail along needs a lot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from unicodedata import normalize

from postroom.model.runs import with_short_runs
from postroom.understand.patterns import any_of, pattern
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
_INVISIBLE: Final = dict.fromkeys((*range(8203, 8208), *range(8234, 8239), *range(8294, 8298), 65279))
_BULLETS: Final = " \t\r\xa0\u3000*_"
_DASHES: Final = " \t\r\xa0*_-=–—─━~#"
_COLONS: Final = (":", "：")
_RULE: Final = frozenset("-_=–—─━*")

MAX_WRAP: Final = 5
"""Lines that one attribution may be wrapped over."""

_MAX_ATTRIBUTION: Final = 500
_MAX_BLOCK: Final = 24

_TIME: Final = pattern(r"(?i)\p{Nd}{1,2}\s?[:.h時时点點시]\s?\p{Nd}{2}|\p{Nd}{1,2}\s?[ap]\.?m\b|\p{Nd}{1,2}[h時시]")
_DATE: Final = pattern(r"(?:19|20|25)\d\d|\p{Nd}{1,2}[./-]\p{Nd}{1,2}[./-]\p{Nd}{2,4}|\p{Nd}{4}")
_ADDRESS: Final = pattern(r"[<(\[][^<>()\[\]]*@[^<>()\[\]]+[>)\]]")
_BEGINS: Final = pattern(
    r"(?i)^[\s*_\"'(\-–—~]*(?:" + any_of(STARTERS) + r"[\s.,]+[^:]{0,40}?\p{Nd}"
    r"|在\s?\p{Nd}|ב-?\s?\p{Nd}|\p{Nd}{1,4}\s?[./年년-]|\p{Nd}{1,2}\.?\s\pL)"
)
_STARTERS: Final = frozenset(STARTERS)
_YEAR_FIRST: Final = pattern(r"^\s*(?:\p{Nd}{4}[ ,.]|\p{Nd}{1,2}[:.]\p{Nd}{2})")
_INSIDE: Final = pattern(r"(?i)(?:^|[^\pL])" + any_of(VERBS_INSIDE) + r"(?:[^\pL]|$)")
_TELLING: Final = pattern(r"(?:^|[\s(])" + any_of(TELLING) + r"(?:[\s,:：)]|$)")
_MIDDLE: Final = pattern(
    r"^(.*?\S)(?:\s+|\s*-{2,}\s*)((?:On|Am|Le|El|Il giorno|Op|Em|W dniu|Den) (?:\pL{2,12}[.,]{0,2} )?.{0,12}\p{Nd}.*)$"
)
_INNER_LABEL: Final = pattern(r"(?i)\s[*_]*(?:date|sent|to|subject|datum|gesendet|an|betreff|envoyé|objet)[*_]*\s?:")
_DATED: Final = pattern(r"\p{Nd}{1,2}[:.h時时시]\p{Nd}{2}|\p{Nd}{4}")

_ORIGINAL: Final = frozenset(word.casefold() for word in ORIGINAL)
_FORWARDED: Final = frozenset(word.casefold() for word in FORWARDED)
_ABOVE: Final = pattern(any_of(phrase.casefold() for phrase in REPLY_ABOVE))
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
    return (line if line.isascii() else normalize("NFC", with_short_runs(line.translate(_INVISIBLE)))).strip()


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
    if found is None or found[0] != "date" or _TIME.search(found[1]) is None:
        return False
    return bare(line.replace("：", ":").partition(":")[0]).strip(_BULLETS).casefold() not in PLAIN_DATES


def _begins_whole(text: str) -> bool:
    """Whether an attribution names its sender first, and needs no line from above."""
    return _ADDRESS.search(text) is not None and _DATE.search(text) is not None and not text.startswith(("<", "(", "["))


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
        if complete is not None and _BEGINS.search(line) is not None:
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
        begins = _BEGINS.search(line) is not None
        in_date = not begins or _YEAR_FIRST.search(line) is not None
        whole_name = begins and _closes_with_verb(known)
        if not (
            (_DATE.search(known) is None and _DATE.search(above) is not None)
            or (_ADDRESS.search(known) is None and not whole_name and _ADDRESS.search(above) is not None)
            or (in_date and len(above) <= 60 and _BEGINS.search(above) is not None)
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
    for verb in VERBS_LAST:
        if said.endswith(verb):
            before = said[: -len(verb)]
            # scripts without spaces need no boundary
            if not before or not before[-1].isalpha() or ord(verb[0]) > 0x0E00 or before.endswith(">"):
                return True
    return False


def _cites(text: str, *, quote_follows: bool) -> bool:
    """Whether a text has a date or time and enough else for an attribution."""
    dated = _DATE.search(text) is not None
    timed = _TIME.search(text) is not None
    if not (dated or timed) or len(text) > _MAX_ATTRIBUTION:
        return False
    verb = _closes_with_verb(text)
    addressed = _ADDRESS.search(text) is not None
    closed = text.endswith(_COLONS)
    if addressed and dated and (verb or (closed and (timed or text.rstrip(": ：").endswith((">", ")", "]"))))):
        return True
    inside = verb or (closed and _INSIDE.search(text) is not None)
    if quote_follows:
        return inside or ("@" in text and (closed or text.endswith(">"))) or (closed and dated and timed)
    if not inside or _TELLING.search(text) is not None:
        return False
    return (dated and timed) or "@" in text


def _weakly_cites(line: str, *, quote_follows: bool) -> bool:
    """One line without a date: "Ada wrote:", "Ada <ada@example.com> wrote:"."""
    if len(line) > 200 or not _closes_with_verb(line) or _TELLING.search(line) is not None:
        return False
    if quote_follows:
        return True
    return _ADDRESS.search(line) is not None
