"""What is wrong with a setting, before its line is looked for."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake in the settings."""

    #: dotted path of the setting
    path: str
    #: what is wrong
    message: str
    #: what to do
    remedy: str
    #: False for a warning: postroom starts all the same
    fatal: bool = True


def near(name: str, known: Iterable[str]) -> str:
    """A remedy for a name that is not known: the known one that looks like it, or all there are."""
    names = sorted(known)
    alike = difflib.get_close_matches(name, names, 1)
    return f"Did you mean {alike[0]!r}?" if alike else f"Known: {', '.join(names) or 'none yet'}"
