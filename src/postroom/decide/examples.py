"""Example mails kept beside the rules, with what should become of each: the pure part of ``postroom rules test``.

A file holds ``[[mail]]`` tables::

    [[mail]]
    name = "a plain appeal"
    subject = "Suspended"
    text = '''Please restore my account.'''    # or raw = "whole message, headers and all", or file = "appeal.eml"
    from = "ada@example.com"
    authenticated = true        # history, account and thread count only then
    brand = "shop"
    account = "suspended"
    [mail.expect]
    route = "appeals"           # where it goes
    decided = "appeals"         # or only the best guess
    urgent = ["self-harm"]      # exactly these signals
    rules = ["reinstatement"]   # at least these rules matched
    tags = ["reinstate"]        # at least these tags

Whoever reads the files gives each example its message (`Example.raw`, `Example.file`), since reading mail is not done here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from postroom.decide.case import Case
from postroom.decide.judge import judge
from postroom.decide.policy import Policy
from postroom.decide.problems import Problem, Section, Source, sections_for, toml_problem
from postroom.decide.rulebook import Rulebook
from postroom.model import toml
from postroom.model.judgement import AccountState, AccountStatus, Decision
from postroom.model.mail import BrandName, RouteName

_STRINGS = ("name", "subject", "text", "from", "brand", "raw", "file", "account", "comment")
_EXPECT_LISTS = ("urgent", "rules", "tags")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What should become of an example; None where nothing is said."""

    route: RouteName | None = None
    decided: RouteName | None = None
    urgent: tuple[str, ...] | None = None
    rules: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One mail that somebody wrote down."""

    name: str
    expect: Expectation
    subject: str = ""
    text: str = ""
    sender: str = "someone@example.com"
    #: a whole message instead of subject and text, or the name of a file with one
    raw: str = ""
    file: str = ""
    authenticated: bool = False
    brand: BrandName = BrandName("")
    account: AccountStatus = AccountStatus()
    #: where it is written
    source: str = ""
    line: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of an example."""

    example: Example
    decision: Decision
    #: in words, what differs from what was expected; empty when all is well
    differences: tuple[str, ...]


def read(files: Mapping[str, str]) -> tuple[tuple[Example, ...], tuple[Problem, ...]]:
    """The examples of these texts by file name, and what is wrong with them. Never raises."""
    examples: list[Example] = []
    problems: list[Problem] = []
    for name in sorted(files):
        source = Source(name=name, text=files[name])
        try:
            data = toml.loads(source.text)
        except ValueError as error:
            problems.append(toml_problem(source, error))
            continue
        items = data.get("mail")
        if data.keys() - {"mail"} or not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            problems.append(
                source.problem(0, "error", "a file of examples holds only [[mail]] tables", "begin each with [[mail]]")
            )
            continue
        for item, section in zip(items, sections_for(source, "mail", items), strict=True):
            made = _example(source, section, item)
            if isinstance(made, Example):
                examples.append(made)
            else:
                problems.extend(made)
    return tuple(examples), tuple(problems)


def run(cases: Sequence[tuple[Example, Case]], book: Rulebook, policy: Policy) -> tuple[Result, ...]:
    """Judge each example's case and compare."""
    results = []
    for example, case in cases:
        decision = judge(case, book, policy)
        results.append(Result(example=example, decision=decision, differences=compare(example.expect, decision)))
    return tuple(results)


def compare(expect: Expectation, decision: Decision) -> tuple[str, ...]:
    """What differs, a sentence each."""
    said = []
    if expect.route is not None and expect.route != decision.route:
        said.append(f"it goes to {decision.route}, not to {expect.route}: {decision.because}")
    if expect.decided is not None and expect.decided != decision.decided:
        said.append(f"the best guess is {decision.decided}, not {expect.decided}: {decision.because}")
    if expect.urgent is not None and set(expect.urgent) != set(decision.urgent):
        said.append(f"its urgent signals are {_names(decision.urgent)}, not {_names(expect.urgent)}")
    matched = {
        finding.name
        for finding in decision.findings
        if finding.source == "rule" and (finding.score > 0.0 or finding.veto)
    }
    said.extend(f"the rule «{rule}» did not match" for rule in expect.rules if rule not in matched)
    said.extend(f"it has no tag «{tag}»" for tag in expect.tags if tag not in decision.tags)
    return tuple(said)


def _names(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _example(source: Source, section: Section | None, item: dict[str, Any]) -> Example | list[Problem]:
    wrong = _wrong_keys(item)
    expect = item.get("expect")
    if not isinstance(expect, dict) or not expect:
        wrong.append(("expect", "an example says what it expects", 'add [mail.expect] with route = "…"'))
    else:
        wrong.extend(_wrong_expectation(expect))
    if wrong:
        start = section.start if section else 0
        keys = section.keys if section else {}
        return [source.problem(keys.get(key, start), "error", message, remedy) for key, message, remedy in wrong]
    assert isinstance(expect, dict)
    route, decided = (RouteName(expect[key]) if key in expect else None for key in ("route", "decided"))
    return Example(
        name=item["name"],
        expect=Expectation(
            route=route,
            decided=decided,
            urgent=tuple(expect["urgent"]) if "urgent" in expect else None,
            rules=tuple(expect.get("rules", ())),
            tags=tuple(expect.get("tags", ())),
        ),
        subject=item.get("subject", ""),
        text=item.get("text", ""),
        sender=item.get("from", "someone@example.com"),
        raw=item.get("raw", ""),
        file=item.get("file", ""),
        authenticated=item.get("authenticated", False),
        brand=BrandName(item.get("brand", "")),
        account=AccountStatus(state=item.get("account", "unknown")),
        source=source.name,
        line=source.place(section.start)[0] if section else 1,
    )


def _wrong_keys(item: dict[str, Any]) -> list[tuple[str, str, str]]:
    wrong = []
    for key, value in item.items():
        if key in _STRINGS:
            if not isinstance(value, str):
                wrong.append((key, f"«{key}» must be a string", "put it in quotes"))
        elif key == "authenticated":
            if not isinstance(value, bool):
                wrong.append((key, "«authenticated» must be true or false", ""))
        elif key != "expect":
            wrong.append(
                (key, f"an example has no «{key}»", f"use one of: {', '.join((*_STRINGS, 'authenticated', 'expect'))}")
            )
    if not item.get("name"):
        wrong.append(("name", "an example needs a name", 'add name = "…"'))
    if sum(bool(item.get(key)) for key in ("raw", "file")) + bool(item.get("text") or item.get("subject")) != 1:
        wrong.append(("text", "an example is either subject and text, or raw, or file", "keep one of them"))
    if item.get("account", "unknown") not in get_args(AccountState):
        wrong.append(("account", f"an account is one of: {', '.join(get_args(AccountState))}", ""))
    return wrong


def _wrong_expectation(expect: dict[str, Any]) -> list[tuple[str, str, str]]:
    wrong = []
    for key, value in expect.items():
        if key in {"route", "decided"}:
            if not isinstance(value, str):
                wrong.append(("expect", f"«expect.{key}» must be the name of a route", ""))
        elif key not in _EXPECT_LISTS:
            wrong.append(("expect", f"nothing can be expected of «{key}»", "use route, decided, urgent, rules or tags"))
        elif not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            wrong.append(("expect", f"«expect.{key}» must be a list of strings", ""))
    return wrong
