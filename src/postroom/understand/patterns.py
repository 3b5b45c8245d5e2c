"""Compiled RE2 patterns: linear in the text, whatever the text is."""

from collections.abc import Iterable, Mapping
from typing import Any

import re2

_MEMORY = 64 << 20


class _Pattern:
    """A pattern that is compiled when it is first used: most processes read no mail, and the larger ones take long."""

    def __init__(self, source: str) -> None:
        self._source = source

    def __getattr__(self, name: str) -> Any:
        """A method of the compiled pattern; from then on it is found without coming here."""
        if name == "_compiled":
            self._compiled = re2.compile(self._source, _options())
            return self._compiled
        found = getattr(self._compiled, name)
        setattr(self, name, found)
        return found


def pattern(source: str) -> Any:
    """A pattern with room enough for its automaton, and silent about running out of it."""
    return _Pattern(source)


def _options() -> "re2.Options":
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    return options


class Signs:
    """Several patterns, looked for together: one pass over a text says which of them occur in it."""

    __slots__ = ("_alone", "_names", "_together")

    def __init__(self, sources: Mapping[str, str]) -> None:
        """Compile patterns by their names."""
        self._names = tuple(sources)
        self._alone = {name: pattern(source) for name, source in sources.items()}
        self._together = re2.Set.SearchSet(_options())
        for source in sources.values():
            self._together.Add(source)
        # the empty pattern is found in every text, unless the automaton ran out of memory
        self._together.Add("")
        self._together.Compile()

    def of(self, text: str) -> frozenset[str]:
        """Names of the patterns that occur in a text. Linear, total for text without lone surrogates."""
        found = self._together.Match(text)
        if len(self._names) not in found:
            return frozenset(name for name, alone in self._alone.items() if alone.search(text) is not None)
        return frozenset([self._names[number] for number in found if number < len(self._names)])


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
