"""What a rule asked of a mail, part by part, and which parts held: for people who wonder why it matched, or why not.

A condition is taken apart where ``||`` and ``&&`` join it, from its text: people know again what they wrote. Whatever else
binds its parts (``!``, ``? :``) is asked as a whole.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from postroom.decide.case import Case
from postroom.decide.context import Facts
from postroom.decide.judge import alarms_of, facts
from postroom.decide.rulebook import Rulebook
from postroom.decide.rules import Rule
from postroom.decide.substance import fold_mail

Joined = Literal["", "all", "any"]

# Strings, raw ones too, are one token: brackets and operators in them join nothing.
_TOKENS: Final = re.compile(
    r"//[^\n]*"
    r"|[bB]?[rR][bB]?(?:'''.*?'''|\"\"\".*?\"\"\"|'[^'\n]*'|\"[^\"\n]*\")"
    r"|'''(?:\\.|.)*?'''|\"\"\"(?:\\.|.)*?\"\"\"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\""
    r"|\w+|&&|\|\||.",
    re.DOTALL,
)
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")
_DEEPEST: Final = 5
_MOST_PARTS: Final = 100
"""Parts of one rule that are asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A condition, or a part of one."""

    #: as it is written
    text: str
    holds: bool
    #: why it could not be asked; it does not hold then
    error: str = ""
    #: how its own parts are joined; ``""`` when it has none
    joined: Joined = ""
    parts: tuple["Part", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One rule and what it asked of a mail."""

    rule: str
    #: where it is written
    file: str
    line: int
    condition: Part
    #: why it does not count although its condition may hold: it is not enabled yet, or not asked about automatic mail
    silent: str = ""


def ask(case: Case, book: Rulebook, *, file: str, limit: int = 50) -> tuple[Asked, ...]:
    """What the first rules of a file, in the order they are read, ask of a mail. Total."""
    folded = case.folded or fold_mail(case.message)
    hits = book.phrases.find(folded)
    known = facts(case, book, folded, hits, alarms_of(case, book, folded, hits))
    rules = [rule for rule in book.rules.rules if rule.file == file][:limit]
    return tuple(_asked(rule, known, book) for rule in rules)


def _asked(rule: Rule, known: Facts, book: Rulebook) -> Asked:
    left = iter(range(_MOST_PARTS))
    return Asked(
        rule=rule.name,
        file=rule.file,
        line=rule.line,
        condition=_part(_bare(rule.when), known, book, left, 0),
        silent=_silent(rule, known),
    )


def _silent(rule: Rule, known: Facts) -> str:
    if rule.enabled_from > known.case.now:
        return "it does not count yet"
    if known.case.message.kind not in {"person", "none"} and "kind" not in rule.reads:
        return "it is not asked about automatic mail, as it does not read the kind"
    return ""


def _part(text: str, known: Facts, book: Rulebook, left: Iterator[int], depth: int) -> Part:
    answer = book.rules.answer(text, known)
    joined, inner = _apart(text) if depth < _DEEPEST else ("", [])
    parts = tuple(_part(one, known, book, left, depth + 1) for one in inner if next(left, None) is not None)
    return Part(
        text=" ".join(text.split()),
        holds=answer is True,
        error="" if isinstance(answer, bool) else answer,
        joined=joined if parts else "",
        parts=parts,
    )


def _apart(text: str) -> tuple[Joined, list[str]]:
    """The parts of a condition and how they are joined; none where nothing, or something else, joins them."""
    tokens = [(match.group(), match.start()) for match in _TOKENS.finditer(text)]
    top = list(_outside(tokens))
    if any(sign == "?" for sign, _ in top):
        return "", []
    joins: tuple[tuple[str, Joined], ...] = (("||", "any"), ("&&", "all"))
    for sign, joined in joins:
        places = [at for found, at in top if found == sign]
        if places:
            starts, ends = [0, *(at + len(sign) for at in places)], [*places, len(text)]
            return joined, [_bare(text[start:end]) for start, end in zip(starts, ends, strict=True)]
    return "", []


def _outside(tokens: list[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Tokens that are in no brackets."""
    depth = 0
    for token, at in tokens:
        if token in _CLOSE:
            depth -= 1
        elif token in _OPEN:
            depth += 1
        elif depth == 0:
            yield token, at


def _bare(text: str) -> str:
    """A condition without brackets around all of it."""
    text = text.strip()
    while text.startswith("(") and text.endswith(")"):
        tokens = [(match.group(), match.start()) for match in _TOKENS.finditer(text)]
        depth = 0
        for token, at in tokens:
            depth += (token in _OPEN) - (token in _CLOSE)
            if depth == 0 and at < len(text) - 1:
                return text
        if depth:
            return text
        text = text[1:-1].strip()
    return text
