"""The Date field (RFC 5322 §3.3) as seconds since the epoch.

Invariant: any string gives a number or None, in bounded time, never an exception.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_tz
from typing import Final

_CHARS: Final = 200
_NESTED: Final = 5
#: 1900 to 9999: what claims to be from elsewhere can't be shown, nor believed
_EARLIEST: Final = -2_208_988_800
_LATEST: Final = 253_402_300_799
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
#: as nearly every program writes it; anything else goes the long way
_USUAL = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-3]?[0-9]) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ([12][0-9]{3})"
    r" ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})(?: \([A-Z]{1,5}\))?"
)
#: more than this many seconds after 1970 is the year 5138: such numbers count milliseconds
_MILLISECONDS: Final = 1e11
#: but for the eight digits of 20260102, which are a date
_EPOCH: Final = re.compile(r"(?!\d{8}$)\d{1,20}(?:\.\d{0,20})?")
_COMMENT = re.compile(r"\([^()]{0,200}\)")


def parse(raw: str) -> float | None:
    """Read a date; None when it is missing or unreadable. Two-digit years and odd zones as RFC 5322 §4.3 says."""
    usual = _USUAL.fullmatch(raw)
    if usual is not None:
        return _usual(usual)
    try:
        text = raw[:_CHARS]
        for _ in range(_NESTED):
            if "(" not in text:
                break
            text = _COMMENT.sub(" ", text)
        parts = parsedate_tz(text)
        if parts is None:
            return None
        year, month, day, hour, minute, second, *_, zone = parts
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC).timestamp()
        moment += max(0, second - 59) - (zone or 0)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if _EARLIEST <= moment <= _LATEST else None


def moment(text: str | float | None) -> float | None:
    """A time as other systems export it: ISO 8601 (UTC unless it says another zone), or seconds or milliseconds since 1970.

    None for anything else, and for a time before 1970.
    """
    if text is None:
        return None
    if isinstance(text, str):
        text = text[:_CHARS].strip()
    try:
        found = _of_iso(text) if isinstance(text, str) and not _EPOCH.fullmatch(text) else float(text)
    except (ValueError, OverflowError):
        return None
    if found > _MILLISECONDS:
        found /= 1000.0
    return found if 0.0 <= found <= _LATEST else None


def _of_iso(text: str) -> float:
    read = datetime.fromisoformat(text)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def _usual(found: re.Match[str]) -> float | None:
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    try:
        moment = datetime(
            int(year), _MONTHS[month], int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC
        ).timestamp()
    except ValueError:
        return None
    zone = int(hours) * 3600 + int(minutes) * 60
    moment += max(0, int(second) - 59) - (zone if sign == "+" else -zone)
    return moment if _EARLIEST <= moment <= _LATEST else None
