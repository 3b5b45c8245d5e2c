"""Legal boilerplate below a mail and gateways' warnings above it.

Only whole paragraphs at the edges go, and only where a phrase stands that people don't write themselves.
"""

from collections.abc import Sequence
from typing import Final

from postroom.understand.patterns import pattern
from postroom.understand.quotes import is_rule
from postroom.understand.signature_tables import BANNER_PHRASES, DISCLAIMER_PHRASES

_LEGAL: Final = pattern(r"(?ims)" + "|".join(f"(?:{p})" for p in DISCLAIMER_PHRASES))
_BANNER: Final = pattern(r"(?im)" + "|".join(f"(?:{p})" for p in BANNER_PHRASES))
_HINT: Final = pattern(
    r"(?i)confiden|privileged|intended|vertraulich|rechtlich|geschäftsführ|amtsgericht|environment|umwelt|environnement|destin|exclusiv|esclusiv|riservat|vertrouwelijk|uitsluitend|poufn|wyłącznie|"
    r"конфиден|конфіден|исключит|gizli|yalnızca|konfiden|fortrolig|luottamuk|tarkoitettu|důvěrn|dôvern|určen|bizalmas|kizárólag|εμπιστευτ|αποκλειστ|سري|خصوصية|חסוי|סודי|保密|机密|機密|仅供|僅供|秘密|受信者|기밀|비밀|수신인|지정된|bảo mật|bí mật|rahasia|ditujukan|ความลับ|เฉพาะ|गोपनीय|"
    r"disclaimer|registered|outside|external|extern|often get|nicht oft|pas souvent|no suele|geschützte|sadece|endast|udelukkende|kun beregnet|legal notice|registergericht|handelsregister"
)
_MAX_PARAGRAPH: Final = 3000


def mentions(text: str) -> bool:
    """Whether any word of boilerplate occurs: one cheap look before paragraphs are looked at."""
    return _HINT.search(text) is not None


def above(lines: Sequence[str], start: int, end: int) -> int:
    """Index of the first line below a gateway's warning that begins the lines; ``start`` when there is none."""
    first = start
    while first < end and not lines[first].strip():
        first += 1
    stop = first
    while stop < end and lines[stop].strip():
        stop += 1
    text = " ".join(lines[first:stop])
    if stop - first <= 6 and len(text) <= 600 and _BANNER.search(text) is not None and stop < end:
        return stop
    return start


def below(lines: Sequence[str], start: int, end: int) -> int:
    """Where the boilerplate begins that ends the lines; ``end`` when there is none."""
    begin = stop = end
    while stop > start:
        while stop > start and (not lines[stop - 1].strip() or is_rule(lines[stop - 1])):
            stop -= 1
        first = stop
        while first > start and lines[first - 1].strip() and not is_rule(lines[first - 1]):
            first -= 1
        if first == stop or not _is_legal(lines, first, stop):
            break
        begin = stop = first
    while begin > start and begin < end and is_rule(lines[begin - 1]):
        begin -= 1
    return begin


def _is_legal(lines: Sequence[str], first: int, stop: int) -> bool:
    text = " ".join(line.strip() for line in lines[first:stop])
    return len(text) <= _MAX_PARAGRAPH and _LEGAL.search(text) is not None
