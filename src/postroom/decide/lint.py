"""What is allowed in rules and phrases but hardly meant: unreachable, shadowed, twice, always or never."""

import datetime
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from postroom.decide.phrases import Phrase, PhraseList
from postroom.decide.prefilter import never
from postroom.decide.problems import Problem, Severity, Source
from postroom.decide.rules import Rule
from postroom.decide.tree import Node

_COMMON = 4
"""A phrase of one word with fewer letters is likely found in any mail."""
_LANGUAGE = re.compile("([a-z]{2,3})?")

Trees = Mapping[str, Node]
"""Conditions of rules (`Rule.when`) as trees."""


def rule_problems(
    rules: Sequence[Rule], trees: Trees, possible: Mapping[str, Collection[str]], now: float | None
) -> Iterator[Problem]:
    """Lint of rules in the order they are read; ``possible`` names all values of the fields of which they are known."""
    yield from _name_twice(rules)
    yield from _condition_twice(rules, trees)
    yield from _unread(rules, trees, now or 0.0)
    for rule in rules:
        yield from _alone(rule, trees[rule.when], now)
        yield from _impossible(rule, trees[rule.when], possible)


def phrase_problems(files: Mapping[str, str], lists: Sequence[PhraseList]) -> Iterator[Problem]:
    """Lint of phrase lists."""
    yield from _for_two_routes(files, lists)
    for one in lists:
        for phrase in one.phrases:
            if phrase.weight > 0 and one.kind != "concept" and _is_short(phrase):
                said = f"«{phrase.text}» is so short that it may be found in any mail"
                yield _in(files, phrase.text, "warning", said, "write more of it")
        if one.kind == "signal" and not any(phrase.weight > 0 for phrase in one.phrases):
            said = f"the signal «{one.name}» has no phrase that raises it"
            yield _in(files, one.name, "warning", said, "add one with a positive weight")


# -- rules -------------------------------------------------------------------------------------------------------


def _name_twice(rules: Sequence[Rule]) -> Iterator[Problem]:
    names: dict[str, Rule] = {}
    for rule in rules:
        first = names.setdefault(rule.name, rule)
        if first is not rule:
            said = f"there is already a rule «{rule.name}» ({_place(first)})"
            yield _at(rule, "error", said, "give each rule its own name")


def _condition_twice(rules: Sequence[Rule], trees: Trees) -> Iterator[Problem]:
    conditions: dict[tuple[Node, str], Rule] = {}
    for rule in rules:
        same = conditions.setdefault((trees[rule.when], rule.route), rule)
        if same is not rule:
            said = f"«{rule.name}» has the condition and route of «{same.name}» ({_place(same)})"
            yield _at(rule, "warning", said, "keep one of them")


def _unread(rules: Sequence[Rule], trees: Trees, now: float) -> Iterator[Problem]:
    """Rules before which others always stop.

    A condition holds in one way for each part of its ``||``; what a way asks is joined by ``&&``. A rule stops before
    another when one of its ways asks nothing but what a way of the other asks, too.
    """
    stops: dict[Node | None, list[tuple[int, frozenset[Node], Rule]]] = {}
    for number, rule in enumerate(rules):
        ways = _ways(trees[rule.when])
        before = [_stop_before(way, rule, stops) for way in ways]
        stopping = [stop for stop in before if stop is not None]
        if len(stopping) == len(ways):
            yield _never_read(rule, list(dict.fromkeys(stopping)), trees)
        if rule.stop and rule.enabled_from <= now:
            for way in (*ways, _asked(trees[rule.when])):
                stops.setdefault(next(iter(way), None), []).append((number, way, rule))


def _stop_before(
    way: frozenset[Node], rule: Rule, stops: Mapping[Node | None, Sequence[tuple[int, frozenset[Node], Rule]]]
) -> Rule | None:
    """The first stop rule that matches whenever this way holds. Each is found by one of the things that it asks."""
    found = [
        (number, stop)
        for one in (None, *way)
        for number, asked, stop in stops.get(one, ())
        # A rule that does not read the kind is not asked about automatic mail.
        if asked <= way and ("kind" in stop.reads or "kind" not in rule.reads)
    ]
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _never_read(rule: Rule, stopping: Sequence[Rule], trees: Trees) -> Problem:
    always = next((stop for stop in stopping if _always(trees[stop.when])), None)
    if always is not None:
        said = f"«{rule.name}» is never read: «{always.name}» ({_place(always)}) always matches and stops"
        return _at(rule, "warning", said, "move it before that rule")
    named = " or ".join(f"«{stop.name}» ({_place(stop)})" for stop in stopping)
    said = f"«{rule.name}» is shadowed: {named} matches whenever it does, and stops"
    return _at(rule, "warning", said, "give it another condition or order")


def _alone(rule: Rule, tree: Node, now: float | None) -> Iterator[Problem]:
    """What one rule shows by itself."""
    if never(rule.need):
        yield _at(rule, "warning", f"«{rule.name}» never matches", "its condition is always false")
    if now is not None and rule.enabled_from > now:
        day = datetime.datetime.fromtimestamp(rule.enabled_from, datetime.UTC).date()
        yield _at(rule, "note", f"«{rule.name}» does not count before {day}", "")
    if _always(tree):
        said = f"«{rule.name}» matches every mail"
        yield _at(rule, "note", said, "a prior in the settings may be what you want")


def _impossible(rule: Rule, tree: Node, possible: Mapping[str, Collection[str]]) -> Iterator[Problem]:
    """Values that a field never has."""
    for name, value in dict.fromkeys(_compared(tree)):
        said = f"«{rule.name}» asks whether {name} is «{value}», which it never is"
        if name == "language" and not _LANGUAGE.fullmatch(value):
            yield _at(rule, "warning", said, 'write a code of two or three small letters, such as "de"')
        elif value not in possible.get(name, (value,)):
            known = ", ".join(f'"{one}"' for one in possible[name])
            yield _at(rule, "warning", said, f"it can be {known}" if known else "there are none")


def _compared(tree: Node) -> Iterator[tuple[str, str]]:
    """Field and literal wherever one is asked for the other; not where a field's name may be a variable's."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if node.kind == "other":
            continue
        waiting.extend(node.args)
        match node:
            case (
                Node(kind="call", name="_==_" | "_!=_" | "@in", args=(Node(kind="name", name=name), other))
                | Node(kind="call", name="_==_" | "_!=_" | "@in", args=(other, Node(kind="name", name=name)))
            ):
                for text in other.args if other.kind == "list" else (other,):
                    if isinstance(text.value, str):
                        yield name, text.value
            case _:
                pass


def _ways(tree: Node) -> list[frozenset[Node]]:
    return [_asked(way) for way in tree.operands("_||_")]


def _asked(tree: Node) -> frozenset[Node]:
    return frozenset(part for part in tree.operands("_&&_") if not _is_true(part))


def _is_true(node: Node) -> bool:
    match node:
        case Node(kind="constant", value=True) | Node(kind="call", name="!_", args=(Node(value=False),)):
            return True
    return False


def _always(tree: Node) -> bool:
    return frozenset() in _ways(tree)


# -- phrases -----------------------------------------------------------------------------------------------------


def _for_two_routes(files: Mapping[str, str], lists: Sequence[PhraseList]) -> Iterator[Problem]:
    routes: dict[tuple[object, ...], str] = {}
    for one in lists:
        for phrase in one.phrases:
            if one.kind == "route" and phrase.weight > 0:
                other = routes.setdefault((phrase.fragments, phrase.where), one.name)
                if other != one.name:
                    said = f"«{phrase.text}» speaks for both {other} and {one.name}"
                    yield _in(files, phrase.text, "warning", said, "keep it where it says more")


def _is_short(phrase: Phrase) -> bool:
    if len(phrase.fragments) != 1:
        return False
    (fragment,) = phrase.fragments
    return fragment.text.isascii() and len(fragment.text) < _COMMON


# -- places ------------------------------------------------------------------------------------------------------


def _in(files: Mapping[str, str], text: str, severity: Severity, message: str, remedy: str) -> Problem:
    """A problem at the last file that mentions a text: the later of two is the likelier mistake."""
    for name in reversed([*files]):
        at = max(files[name].find(f'"{text}"'), files[name].find(f"'{text}'"))
        if at >= 0:
            return Source(name=name, text=files[name]).problem(at + 1, severity, message, remedy)
    return Problem(
        file=next(reversed([*files]), ""), line=1, column=1, severity=severity, message=message, remedy=remedy
    )


def _at(rule: Rule, severity: Severity, message: str, remedy: str) -> Problem:
    return Problem(file=rule.file, line=rule.line, column=1, severity=severity, message=message, remedy=remedy)


def _place(rule: Rule) -> str:
    return f"{rule.file}:{rule.line}"
