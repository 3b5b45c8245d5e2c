"""Which rules can match at all: what their conditions need, answered for all rules in one pass over each text.

From a condition's tree we take a set of atoms of which at least one must hold if the condition does: a literal that a
text contains, a regular expression that it matches, a phrase list with a hit. Literals are found by one Aho-Corasick
pass, regular expressions by one `re2.Set` a text; only rules with an atom that holds are evaluated. The answer may be
"possible" too often, never too seldom.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import re2
from ahocorasick_rs import AhoCorasick

from postroom.decide.tree import Node

_SET_SIZE = 32
_SET_MEMORY = 16 << 20


class Atom(NamedTuple):
    """Something that can be seen without evaluating."""

    kind: Literal["contains", "matches", "phrases"]
    #: the searchable field; ``""`` for phrases
    field: str
    #: literal, expression or list name
    value: str


Need = frozenset[Atom] | None
"""At least one of these holds if the condition does; None: nothing can be said; empty: it never holds."""


def need(node: Node, fields: Collection[str]) -> Need:
    """What a condition needs."""
    match node:
        case Node(kind="constant", value=False):
            return frozenset()
        case Node(kind="call", name="_&&_", args=(left, right)):
            sides = [side for side in (need(left, fields), need(right, fields)) if side is not None]
            return min(sides, key=len) if sides else None
        case Node(kind="call", name="_||_", args=(left, right)):
            one, other = need(left, fields), need(right, fields)
            return None if one is None or other is None else one | other
        case Node(
            kind="call",
            name="contains" | "startsWith" | "endsWith",
            args=(Node(kind="name") as target, Node(kind="constant", value=str(text))),
        ):
            return frozenset({Atom("contains", target.name, text)}) if target.name in fields and _plain(text) else None
        case Node(
            kind="call", name="matches", args=(Node(kind="name") as target, Node(kind="constant", value=str(text)))
        ):
            return frozenset({Atom("matches", target.name, text)}) if target.name in fields and _plain(text) else None
        case Node(kind="call", name=sign, args=(Node() as counted, Node(kind="constant", value=int(least)))):
            name = list_named(counted)
            wanted = {"_>_": 0, "_>=_": 1}.get(sign)
            positive = (wanted is not None and least >= wanted) or (sign == "_!=_" and least == 0)
            return frozenset({Atom("phrases", "", name)}) if name is not None and positive else None
    return None


def list_named(node: Node) -> str | None:
    """The list that ``phrases["name"]`` or ``phrases.name`` reads."""
    return indexed(node, "phrases")


def indexed(node: Node, mapping: str) -> str | None:
    """The key that ``mapping["key"]`` or ``mapping.key`` reads."""
    match node:
        case Node(
            kind="call", name="_[_]", args=(Node(kind="name", name=name), Node(kind="constant", value=str(key)))
        ) if name == mapping:
            return key
        case Node(kind="name", name=name) if name.startswith(f"{mapping}."):
            return name.removeprefix(f"{mapping}.")
    return None


def _plain(text: str) -> bool:
    return bool(text) and "\0" not in text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Literals:
    automaton: AhoCorasick
    atoms: tuple[Atom, ...]

    def holding(self, text: str) -> set[Atom]:
        return {self.atoms[index] for index, _, _ in self.automaton.find_matches_as_indexes(text, overlapping=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expressions:
    """Up to `_SET_SIZE` expressions, and last one that always matches: when it is not reported, the set gave up."""

    patterns: "re2.Set"
    atoms: tuple[Atom, ...]

    def holding(self, text: str) -> Collection[Atom]:
        found = self.patterns.Match(text)
        if len(self.atoms) not in found:
            return self.atoms
        return [self.atoms[index] for index in found if index < len(self.atoms)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefilter:
    """All atoms of a rulebook, ready to be looked for."""

    #: field -> its searches
    _searches: Mapping[str, tuple[_Literals | _Expressions, ...]]

    @property
    def fields(self) -> Collection[str]:
        """The texts it needs."""
        return self._searches.keys()

    def holding(self, texts: Mapping[str, str], phrases: Mapping[str, int]) -> set[Atom]:
        """Atoms that hold, and perhaps some that do not."""
        found = {Atom("phrases", "", name) for name, count in phrases.items() if count}
        for field, searches in self._searches.items():
            for search in searches:
                found.update(search.holding(texts[field]))
        return found


def build(atoms: Collection[Atom]) -> Prefilter:
    """A prefilter for these atoms; every expression among them must be valid RE2."""
    searches: dict[str, list[_Literals | _Expressions]] = {}
    for field in sorted({atom.field for atom in atoms if atom.kind != "phrases"}):
        here = sorted(atom for atom in atoms if atom.field == field)
        literals = tuple(atom for atom in here if atom.kind == "contains")
        expressions = [atom for atom in here if atom.kind == "matches"]
        parts = searches.setdefault(field, [])
        if literals:
            parts.append(_Literals(automaton=AhoCorasick([atom.value for atom in literals]), atoms=literals))
        for start in range(0, len(expressions), _SET_SIZE):
            parts.append(_expressions(expressions[start : start + _SET_SIZE]))
    return Prefilter(_searches={field: tuple(parts) for field, parts in searches.items()})


def _expressions(atoms: Sequence[Atom]) -> _Expressions:
    patterns = re2.Set.SearchSet(re2_options())
    for atom in atoms:
        patterns.Add(atom.value)
    patterns.Add("")
    patterns.Compile()
    return _Expressions(patterns=patterns, atoms=tuple(atoms))


def re2_options() -> "re2.Options":
    """Quiet, and with memory for a set."""
    options = re2.Options()
    options.max_mem = _SET_MEMORY
    options.log_errors = False
    return options
