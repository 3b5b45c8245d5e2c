"""What is allowed in rules and phrases but hardly meant: unreachable, shadowed, twice, always or never."""

import datetime
from collections.abc import Mapping, Sequence

from postroom.decide.phrases import PhraseList
from postroom.decide.prefilter import never
from postroom.decide.problems import Problem, Severity, Source
from postroom.decide.rules import Rule

_COMMON = 4
"""A phrase of one word with fewer letters is likely found in any mail."""


def rule_problems(rules: Sequence[Rule], now: float | None) -> list[Problem]:
    """Lint of rules in the order they are read."""
    found: list[Problem] = []
    names: dict[str, Rule] = {}
    conditions: dict[tuple[str, str], Rule] = {}
    stops: dict[str, Rule] = {}
    always: Rule | None = None
    for rule in rules:
        if always is not None:
            found.append(
                _at(
                    rule,
                    "warning",
                    f"«{rule.name}» is never read: «{always.name}» ({_place(always)}) always matches and stops",
                    "move it before that rule",
                )
            )
        first = names.setdefault(rule.name, rule)
        if first is not rule:
            found.append(
                _at(
                    rule,
                    "error",
                    f"there is already a rule «{rule.name}» ({_place(first)})",
                    "give each rule its own name",
                )
            )
        same = conditions.setdefault((_bare(rule.when), rule.route), rule)
        if same is not rule:
            found.append(
                _at(
                    rule,
                    "warning",
                    f"«{rule.name}» has the condition and route of «{same.name}» ({_place(same)})",
                    "keep one of them",
                )
            )
        stopped = stops.get(_bare(rule.when))
        if stopped is not None and stopped.route != rule.route:
            said = f"«{rule.name}» is shadowed: «{stopped.name}» ({_place(stopped)}) has its condition and stops"
            found.append(_at(rule, "warning", said, "give it another condition or order"))
        if rule.stop:
            stops.setdefault(_bare(rule.when), rule)
        found.extend(_alone(rule, now))
        if _always(rule):
            if rule.stop and always is None and rule.enabled_from <= (now or 0.0):
                always = rule
            found.append(
                _at(rule, "note", f"«{rule.name}» matches every mail", "a prior in the settings may be what you want")
            )
    return found


def _alone(rule: Rule, now: float | None) -> list[Problem]:
    """What one rule shows by itself."""
    found: list[Problem] = []
    if never(rule.need):
        found.append(_at(rule, "warning", f"«{rule.name}» never matches", "its condition is always false"))
    if now is not None and rule.enabled_from > now:
        day = datetime.datetime.fromtimestamp(rule.enabled_from, datetime.UTC).date()
        found.append(_at(rule, "note", f"«{rule.name}» does not count before {day}", ""))
    return found


def phrase_problems(files: Mapping[str, str], lists: Sequence[PhraseList]) -> list[Problem]:
    """Lint of phrase lists."""
    found: list[Problem] = []
    routes: dict[tuple[object, ...], str] = {}
    for one in lists:
        for phrase in one.phrases:
            if one.kind == "route" and phrase.weight > 0:
                other = routes.setdefault((phrase.fragments, phrase.where), one.name)
                if other != one.name:
                    found.append(
                        _in(
                            files,
                            phrase.text,
                            "warning",
                            f"«{phrase.text}» speaks for both {other} and {one.name}",
                            "keep it where it says more",
                        )
                    )
            short = (
                len(phrase.fragments) == 1
                and phrase.fragments[0].text.isascii()
                and len(phrase.fragments[0].text) < _COMMON
            )
            if short and phrase.weight > 0 and one.kind != "concept":
                found.append(
                    _in(
                        files,
                        phrase.text,
                        "warning",
                        f"«{phrase.text}» is so short that it may be found in any mail",
                        "write more of it",
                    )
                )
        if one.kind == "signal" and not any(phrase.weight > 0 for phrase in one.phrases):
            found.append(
                _in(
                    files,
                    one.name,
                    "warning",
                    f"the signal «{one.name}» has no phrase that raises it",
                    "add one with a positive weight",
                )
            )
    return found


def _in(files: Mapping[str, str], text: str, severity: Severity, message: str, remedy: str) -> Problem:
    """A problem at the last file that mentions a text: the later of two is the likelier mistake."""
    for name in reversed(files):
        at = max(files[name].find(f'"{text}"'), files[name].find(f"'{text}'"))
        if at >= 0:
            return Source(name=name, text=files[name]).problem(at + 1, severity, message, remedy)
    return Problem(file=next(reversed(files), ""), line=1, column=1, severity=severity, message=message, remedy=remedy)


def _at(rule: Rule, severity: Severity, message: str, remedy: str) -> Problem:
    return Problem(file=rule.file, line=rule.line, column=1, severity=severity, message=message, remedy=remedy)


def _place(rule: Rule) -> str:
    return f"{rule.file}:{rule.line}"


def _bare(when: str) -> str:
    return "".join(when.split())


def _always(rule: Rule) -> bool:
    return _bare(rule.when) in {"(true)", "(!false)"}
