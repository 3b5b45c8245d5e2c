"""The Date field (RFC 5322 §3.3) as seconds since the epoch.

Invariant: any string gives a number or None, in bounded time, never an exception.
"""

from datetime import UTC, datetime
from email.utils import parsedate_tz
from typing import Final

_CHARS: Final = 200
#: mail is not older than 1970; what claims to be from after 9999 can't be shown
_LATEST: Final = 253_402_300_799


def parse(raw: str) -> float | None:
    """Read a date; None when it is missing or unreadable. Two-digit years and odd zones as RFC 5322 §4.3 says."""
    try:
        parts = parsedate_tz(raw[:_CHARS])
        if parts is None:
            return None
        year, month, day, hour, minute, second, *_, zone = parts
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC).timestamp()
        moment += max(0, second - 59) - (zone or 0)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if 0 <= moment <= _LATEST else None
