"""Which rules can match at all: what their conditions need, answered for all rules in one pass over each text.

From a condition's tree we take sets of atoms, of each of which at least one must hold if the condition does: a literal
that a text contains or equals, a regular expression that it matches, a phrase list with so many hits or with none, an
address in a list, a header that is there, a number that is reached. Literals are found by one Aho-Corasick pass, regular
expressions by one `re2.Set` a text, the rest by looking it up; only rules whose every set has an atom that holds are
evaluated. The answer may be "possible" too often, never too seldom; a condition whose evaluation would fail is never
thought impossible, for it must say so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import re2
from ahocorasick_rs import AhoCorasick

from postroom.decide.tree import Node

_SET_SIZE = 32
_SET_MEMORY = 16 << 20


class Atom(NamedTuple):
    """Something that can be seen without evaluating."""

    #: ``in``: a list or map holds the literal; ``some``: the list is not empty; ``flag``: it is true; ``least``: the number is reached
    kind: Literal["contains", "matches", "phrases", "none", "equals", "in", "some", "flag", "least"]
    #: the field; ``""`` for phrases
    field: str
    #: literal, expression, or name of a list
    value: str
    #: of the field ``headers``: which of them; one that is absent counts as empty
    header: str = ""
    #: of ``phrases`` and ``least``: how many there are at least
    least: int = 1


Need = tuple[frozenset[Atom], ...]
"""Of each of these sets at least one atom holds if the condition does; ``()``: nothing can be said. With an empty set in it, the condition never holds."""


_TELLING: Mapping[str, int] = {
    "contains": 0, "in": 0, "matches": 1, "some": 2, "least": 2, "phrases": 3, "equals": 3, "flag": 4, "none": 5,
}  # fmt: skip
"""Which needs of a condition are asked first: those that hold more seldom in ordinary mail, the lower here."""

_MOST_SETS = 6
"""Sets that an ``||`` may need; where there would be more, the most telling one stands for all."""


def need(node: Node, types: Mapping[str, str]) -> Need:
    """What a condition needs, the most telling first; ``types`` are those of the fields, as people write them."""
    return tuple(sorted(set(_need(node, types)), key=_breadth))


def never(needed: Need) -> bool:
    """Whether a condition with this need never holds."""
    return frozenset() in needed


def _need(node: Node, types: Mapping[str, str]) -> Need:
    match node:
        case Node(kind="constant", value=False):
            return (frozenset(),)
        case Node(kind="call", name="_&&_", args=(left, right)):
            return (*_need(left, types), *_need(right, types))
        case Node(kind="call", name="_||_", args=(left, right)):
            one, other = need(left, types), need(right, types)
            if len(one) * len(other) > _MOST_SETS:
                one, other = one[:1], other[:1]
            return tuple(first | second for first in one for second in other)
        case Node(kind="call", args=(Node() as target, Node(kind="constant", value=str(text)))) if _plain(text):
            return _one(_of_text(node.name, target, text, types))
        case Node(kind="call", name="@in", args=(Node(kind="constant", value=str(text)), Node(kind="name") as target)):
            return _one(Atom("in", target.name, text)) if target.name in types and _plain(text) else ()
        case Node(kind="call", name="@in", args=(Node(kind="name") as target, Node(kind="list", args=listed))):
            equal = [_equal(target, one, types) for one in listed]
            return () if None in equal else (frozenset([atom for atom in equal if atom is not None]),)
        case Node(kind="call", name=sign, args=(Node() as counted, Node(kind="constant", value=int(number)))):
            return _one(_of_number(sign, counted, number, types))
        case Node(kind="name") if types.get(node.name) == "bool":
            return _one(Atom("flag", node.name, ""))
        case Node(kind="other", args=(Node(kind="name") as walked, Node(kind="constant", value=False), *_)):
            # the macro exists(), as the compiler writes it: of an empty list or map, false
            return _one(Atom("some", walked.name, "")) if _empties(walked.name, types) else ()
    return ()


def _of_text(said: str, target: Node, text: str, types: Mapping[str, str]) -> Atom | None:
    """What ``target.said("text")`` or ``target == "text"`` needs; the text is not empty."""
    if said not in {"contains", "startsWith", "endsWith", "matches", "_==_"}:
        return None
    header = indexed(target, "headers")
    if header is None and (target.kind != "name" or types.get(target.name) != "string"):
        return None
    field = target.name if header is None else "headers"
    if said == "matches":
        return Atom("matches", field, text, header or "")
    return Atom("equals" if said == "_==_" else "contains", field, text, header or "")


def _equal(target: Node, other: Node, types: Mapping[str, str]) -> Atom | None:
    """What a field needs to be equal to a literal."""
    text = other.value if other.kind == "constant" else None
    return _of_text("_==_", target, text, types) if isinstance(text, str) and _plain(text) else None


def _of_number(sign: str, counted: Node, number: int, types: Mapping[str, str]) -> Atom | None:
    """What comparing a count with a number needs; no count is below zero."""
    name = list_named(counted)
    if sign == "_==_" and number == 0:
        return None if name is None else Atom("none", "", name)
    least = {"_>_": number + 1, "_>=_": number, "_!=_": 1 if number == 0 else 0}.get(sign, 0)
    if least < 1:
        return None
    if name is not None:
        return Atom("phrases", "", name, least=least)
    if counted.kind == "name" and types.get(counted.name) == "int":
        return Atom("least", counted.name, "", least=least)
    return None


def is_common(needed: Need) -> bool:
    """Whether ordinary mail often has what is asked first."""
    return not needed or any(_TELLING[atom.kind] >= _TELLING["some"] for atom in needed[0])


def _empties(name: str, types: Mapping[str, str]) -> bool:
    return types.get(name, "").startswith(("list(", "map("))


def _one(atom: Atom | None) -> Need:
    return () if atom is None else (frozenset({atom}),)


def _breadth(side: frozenset[Atom]) -> tuple[int, int, list[Atom]]:
    """The lower, the fewer mails a set lets through; atoms as they are sorted make the order certain."""
    return max((_TELLING[atom.kind] for atom in side), default=-1), len(side), sorted(side)


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

    #: fields that are looked at
    fields: frozenset[str]
    #: field and header -> its searches
    _searches: Mapping[tuple[str, str], tuple[_Literals | _Expressions, ...]]
    #: those that are answered by a count
    _counted: tuple[Atom, ...]
    #: kind, field and header -> its literals
    _looked_up: Mapping[tuple[str, str, str], Mapping[str, Atom]]

    def holding(self, known: Mapping[str, Any], phrases: Mapping[str, int]) -> set[Atom]:
        """Atoms that hold, and perhaps some that do not; ``known`` has the values of all `fields`."""
        found: set[Atom] = set()
        for (field, header), searches in self._searches.items():
            text = known[field].get(header, "") if header else known[field]
            for search in searches:
                found.update(search.holding(text))
        for atom in self._counted:
            count = phrases.get(atom.value, 0) if atom.kind != "least" else known[atom.field]
            if count >= atom.least if atom.kind != "none" else not count:
                found.add(atom)
        for (kind, field, header), atoms in self._looked_up.items():
            value = known[field].get(header, "") if header else known[field]
            if kind == "equals":
                found.update([atoms[value]] if value in atoms else ())
            elif kind == "in":
                found.update([atoms[one] for one in value if one in atoms])
            elif value:
                found.update(atoms.values())
        return found


def build(atoms: Collection[Atom]) -> Prefilter:
    """A prefilter for these atoms; every expression among them must be valid RE2."""
    searches: dict[tuple[str, str], list[_Literals | _Expressions]] = {}
    looked_up: dict[tuple[str, str, str], dict[str, Atom]] = {}
    counted = tuple(sorted(atom for atom in atoms if atom.kind in {"phrases", "none", "least"}))
    for atom in sorted(atoms):
        if atom.kind not in {"contains", "matches", "phrases", "none", "least"}:
            looked_up.setdefault((atom.kind, atom.field, atom.header), {})[atom.value] = atom
    for field in sorted({(atom.field, atom.header) for atom in atoms if atom.kind in {"contains", "matches"}}):
        here = sorted(atom for atom in atoms if (atom.field, atom.header) == field)
        literals = tuple(atom for atom in here if atom.kind == "contains")
        expressions = [atom for atom in here if atom.kind == "matches"]
        parts = searches.setdefault(field, [])
        if literals:
            parts.append(_Literals(automaton=AhoCorasick([atom.value for atom in literals]), atoms=literals))
        for start in range(0, len(expressions), _SET_SIZE):
            parts.append(_expressions(expressions[start : start + _SET_SIZE]))
    return Prefilter(
        fields=frozenset(atom.field for atom in atoms if atom.field),
        _searches={field: tuple(parts) for field, parts in searches.items()},
        _counted=counted,
        _looked_up=looked_up,
    )


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
