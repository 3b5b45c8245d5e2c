"""The texts of rules and phrases: compiled together, and kept once they were accepted.

What is on disk may come to have mistakes while a server works; a judge that has to start then starts from what was
accepted last, and all the others go on with that too.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from postroom.adapters.wholefile import write_whole
from postroom.decide.problems import Problem
from postroom.decide.rulebook import Rulebook, compile  # noqa: A004 - the word for it
from postroom.model.errors import ConfigError
from postroom.model.mail import BrandName, RouteName


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTexts:
    """Everything that a rulebook is made of."""

    #: file name -> text
    rules: Mapping[str, str]
    #: file name -> text
    phrases: Mapping[str, str]
    #: routes that they may name
    routes: tuple[RouteName, ...]
    #: brands that they may name
    brands: tuple[BrandName, ...] = ()

    def compile(self) -> tuple[Rulebook, tuple[Problem, ...]]:
        """The rulebook of what is in order, and what is wrong with the rest."""
        return compile(self.rules, self.phrases, self.routes, brands=self.brands, now=time.time())

    def accept(self) -> Rulebook:
        """The rulebook of all of it. Raises `ConfigError` naming every error."""
        book, problems = self.compile()
        if errors := [str(p) for p in problems if p.severity == "error"]:
            raise ConfigError("the rules have mistakes:\n" + "\n".join(f"  {e}" for e in errors))
        return book

    def keep(self, path: Path) -> None:
        """Write them to a file, whole or not at all, for its owner alone. Raises `OSError`."""
        content = msgspec.json.encode(self)
        if path.exists() and path.read_bytes() == content:
            return
        write_whole(path, content)


def last_accepted(path: Path) -> RuleTexts | None:
    """The texts that were kept in a file; None when there are none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=RuleTexts)
    except (OSError, msgspec.MsgspecError, UnicodeError):
        return None
