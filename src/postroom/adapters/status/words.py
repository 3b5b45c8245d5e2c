"""What other systems say of an account, in our words.

Invariant: any text gives a state and a moment, or None; never an exception.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, get_args

from postroom.model.judgement import AccountState
from postroom.understand.addresses import normal

_KNOWN: Final[Mapping[str, AccountState]] = {state: state for state in get_args(AccountState)}
_LATEST: Final = 253_402_300_799.0
#: more than this many seconds after 1970 is the year 5138: such numbers count milliseconds
_MILLISECONDS: Final = 1e11
#: but for the eight digits of 20260102, which are a date
_EPOCH: Final = re.compile(r"\s*(?!\d{8}\s*$)\d+(?:\.\d*)?\s*")
#: its normal form is itself
_PLAIN_ADDRESS: Final = re.compile(r"[a-z0-9._+-]{1,64}@(?!.*xn--)[a-z0-9.-]{1,253}[a-z0-9]")


class StateWords:
    """The names that a team's system has for states, beside our own; case and blanks at the ends don't matter."""

    def __init__(self, more: Mapping[str, AccountState] | None = None) -> None:
        self._words = {**_KNOWN, **{_plain(word): state for word, state in (more or {}).items()}}

    def read(self, word: str) -> AccountState | None:
        """The state that a word stands for, None when it is not known."""
        return self._words.get(word) or self._words.get(_plain(word))


def since(text: str | float | None) -> float | None:
    """Seconds since the epoch of an ISO 8601 date or time (UTC unless it says another zone), or of an epoch in seconds or milliseconds."""
    if text is None:
        return None
    try:
        moment = _of_date(text) if isinstance(text, str) and not _EPOCH.fullmatch(text) else float(text)
    except (ValueError, OverflowError):
        return None
    if moment > _MILLISECONDS:
        moment /= 1000.0
    return moment if 0.0 <= moment <= _LATEST else None


def address_key(address: str) -> str:
    """An address as accounts are looked up by: case of the local part does not matter either, as with nearly every platform."""
    lower = address.lower()
    return lower if _PLAIN_ADDRESS.fullmatch(lower) else normal(address).lower()


def _of_date(text: str) -> float:
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _plain(word: str) -> str:
    return " ".join(word.split()).casefold()
