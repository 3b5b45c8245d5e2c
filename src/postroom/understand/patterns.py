"""Compiled RE2 patterns: linear in the text, whatever the text is."""

from collections.abc import Iterable
from typing import Any

import re2

_MEMORY = 64 << 20


def pattern(source: str) -> Any:
    """Compile a pattern with room enough for its automaton, and silent about running out of it."""
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    return re2.compile(source, options)


def any_of(words: Iterable[str]) -> str:
    """The source of a pattern that matches any of these words as they stand, the longest first."""
    return "(?:" + "|".join(re2.escape(word) for word in sorted(words, key=len, reverse=True)) + ")"


def readable(text: str) -> str:
    """The text with lone surrogates, which RE2 can't read, replaced by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
