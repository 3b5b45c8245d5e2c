"""The writer's signature: what a phone adds, what stands below ``-- ``, a name after a sign-off with contact data.

A sign-off with nothing but a name stays among the new words: cutting too little beats cutting a customer's words.
"""

from collections.abc import Sequence
from typing import Final

from postroom.understand.patterns import any_of, pattern
from postroom.understand.quotes import bare, is_rule
from postroom.understand.signature_tables import DEVICES, MOBILE_AFTER, MOBILE_BEFORE, SIGN_OFFS

_MAX_MOBILE: Final = 90
_MAX_SIGNATURE: Final = 12
_MAX_SIGN_OFF: Final = 60
_MOBILE: Final = pattern(
    r"(?im)^[ \t\xa0*_>-]*" + any_of(MOBILE_BEFORE) + r".*$"
    r"|^[^\n]+" + any_of(MOBILE_AFTER) + r"[.。]?[ \t]*$"
)
_SENTENCE: Final = pattern(r"[.!?;。！？]\s+\S|,\s|[?!]$|\b(?:is|was|are|and then|because|but|weil|aber)\b")
_NAMING_DASHES: Final = ("-", "–", "—", "~")
_DASH_NAME: Final = pattern(r"^[-–—~]\p{Lu}[\pL.'’-]*(?: \p{Lu}[\pL.'’-]*){0,2}$")
_NAME: Final = pattern(r"^[\p{Lu}\p{Lo}][\pL.'’-]*(?:[ ,]{1,2}[\pL(][\pL.'’()-]*){0,4}[,.]?$")
_CONTACT: Final = pattern(
    r"(?i)(?:^|[\s|])(?:tel|phone|mobile|mob|cell|fax|telefon|téléphone|tél|teléfono|telefono|тел|电话|電話|전화|handy|mobil|web|www)\b?[.:  ]"
    r"|\+\d[\d ()./-]{6,}|\(\d{3}\) ?\d{3}|\b\d{3}[-. ]\d{3}[-. ]\d{4}\b|https?://|\bwww\.|\s\|\s"
)
_LIST_FOOTER: Final = pattern(r"(?i)mailing list|unsubscribe|listinfo|google groups|list-id|@lists?\.|mailman")


def mentions_mobile(text: str) -> bool:
    """Whether any line may be what a phone or an app adds: one cheap look before each line is looked at."""
    return _MOBILE.search(text) is not None


def is_mobile(line: str) -> bool:
    """Whether a line is what a phone or an app adds ("Sent from my iPhone"), not a sentence that begins so."""
    shown = bare(line).strip("*_<> ")
    if not shown or len(shown) > _MAX_MOBILE or _MOBILE.search(shown) is None:
        return False
    words = shown.casefold()
    link = words.find("http")
    named = words if link < 0 else words[:link]
    if _SENTENCE.search(named.rstrip(". (<[")) is not None:
        return False
    if any(device in words for device in DEVICES):
        return len(named.split()) <= 12
    return words.startswith("sent from my ") and len(words.split()) <= 5


def below_delimiter(lines: Sequence[str], start: int, end: int) -> bool:
    """Whether ``-- `` at ``start`` opens a signature that lasts until ``end``: short enough to be one (RFC 3676 §4.3)."""
    body = [line for line in lines[start + 1 : end] if line.strip()]
    if lines[start].rstrip("\r") == "-- ":
        return len(body) <= 2 * _MAX_SIGNATURE
    return len(body) <= _MAX_SIGNATURE and all(len(line) <= 120 and not line.rstrip().endswith("?") for line in body)


def closing(lines: Sequence[str], start: int, end: int) -> int:
    """Where the signature begins that closes the lines from ``start`` to ``end``; ``end`` when there is none."""
    last = _last_written(lines, start, end)
    if last < start:
        return end
    for at in range(last, max(start - 1, last - _MAX_SIGNATURE), -1):
        line = lines[at].strip()
        if not line:
            continue
        if line[0] == "_" and is_rule(line) and _LIST_FOOTER.search("\n".join(lines[at + 1 : end])):
            return at
        # a card has at least two lines
        if start < at < last - 1 and _is_sign_off(line) and _is_card(lines, at + 1, last + 1):
            return at
    if last > start and not lines[last - 1].strip() and _is_dash_name(bare(lines[last])):
        return last
    return end


def _last_written(lines: Sequence[str], start: int, end: int) -> int:
    last = end - 1
    while last >= start and not lines[last].strip():
        last -= 1
    return last


def _is_dash_name(shown: str) -> bool:
    return shown[:1] in _NAMING_DASHES and _DASH_NAME.search(shown) is not None


def _is_sign_off(line: str) -> bool:
    # marks that nobody sees don't make a line twice as long
    if len(line) > 2 * _MAX_SIGN_OFF:
        return False
    shown = bare(line)
    return len(shown) <= _MAX_SIGN_OFF and shown.rstrip(",.!:;-–— ،、，。").strip("*_ ").casefold() in SIGN_OFFS


def _is_card(lines: Sequence[str], start: int, end: int) -> bool:
    """A name, then contact data, and no sentence among them."""
    body = [shown for line in lines[start:end] if (shown := bare(line).strip("*_ "))]
    if len(body) < 2 or len(body) > _MAX_SIGNATURE or _NAME.search(body[0]) is None:
        return False
    if any(len(line) > 90 or line.endswith(("?", "!")) or len(line.split()) > 10 for line in body):
        return False
    return any(_CONTACT.search(line) is not None for line in body[1:])
