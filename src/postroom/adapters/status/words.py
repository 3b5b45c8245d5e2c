"""What other systems say of an account, in our words.

Invariant: any text gives a state or None, and a key; never an exception.
"""

import re
from collections.abc import Mapping
from typing import Final, get_args

from postroom.model.judgement import AccountState
from postroom.understand.addresses import normal

_KNOWN: Final[Mapping[str, AccountState]] = {state: state for state in get_args(AccountState)}
#: its normal form is itself
_PLAIN_ADDRESS: Final = re.compile(r"[a-z0-9._+-]{1,64}@(?!.*xn--)[a-z0-9.-]{1,253}[a-z0-9]")


class StateWords:
    """The names that a team's system has for states, beside our own; case and blanks at the ends don't matter."""

    def __init__(self, more: Mapping[str, AccountState] | None = None) -> None:
        self._words = {**_KNOWN, **{_plain(word): state for word, state in (more or {}).items()}}

    def read(self, word: str) -> AccountState | None:
        """The state that a word stands for, None when it is not known."""
        return self._words.get(word) or self._words.get(_plain(word))


def address_key(address: str) -> str:
    """An address as accounts are looked up by: case of the local part does not matter either, as with nearly every platform."""
    lower = address.lower()
    return lower if _PLAIN_ADDRESS.fullmatch(lower) else normal(address).lower()


def _plain(word: str) -> str:
    return " ".join(word.split()).casefold()
