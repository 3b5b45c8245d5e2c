"""Rules, phrase lists and urgent signals, compiled together from the texts of their files."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from postroom.decide import lint
from postroom.decide.context import CLOSED, environment
from postroom.decide.phrasefiles import PhraseReader
from postroom.decide.phrases import PhraseBook, PhraseList, compile_lists
from postroom.decide.problems import Problem, Source
from postroom.decide.rulefiles import RuleReader
from postroom.decide.rules import Rule, RuleSet, compile_rules
from postroom.model.judgement import AUTOMATIC, JUNK, REVIEW
from postroom.model.mail import BrandName, RouteName

_REMEMBERED = 4
"""Phrases of so many sets of files: what is shipped, what is in force, what is being written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """All that a team has written down about its mail. Made once, used for every mail."""

    rules: RuleSet
    phrases: PhraseBook
    #: desks that there are, without ``review``, ``junk`` and ``automatic``; by name
    routes: tuple[RouteName, ...]
    #: short content hashes
    rules_version: str
    phrases_version: str

    @property
    def signals(self) -> tuple[str, ...]:
        """Names of the urgent signals that phrases or rules can raise."""
        listed = {one.name for one in self.phrases.lists if one.kind == "signal"}
        return tuple(sorted(listed | {rule.urgent for rule in self.rules.rules if rule.urgent}))

    def list_named(self, name: str) -> PhraseList | None:
        """The phrase list of this name."""
        return next((one for one in self.phrases.lists if one.name == name), None)


def compile(  # noqa: A001 - the word for it
    rule_files: Mapping[str, str],
    phrase_files: Mapping[str, str],
    routes: Collection[RouteName],
    *,
    brands: Collection[BrandName] = (),
    now: float | None = None,
) -> tuple[Rulebook, tuple[Problem, ...]]:
    """A rulebook of everything that is in order, and all problems, by file and line.

    Takes texts by file name; files are read in the order given, and their names mean nothing. Never raises on bad files: what
    has an error is left out, so whoever reloads keeps the former rulebook when any problem is an ``error``. ``brands``,
    where they are known, and ``now`` (seconds since the epoch) let it tell of rules that wait for another brand, or are
    not enabled yet.
    """
    routes = sorted(set(routes) - {AUTOMATIC, JUNK, REVIEW})  # no desks: they take no share of what is expected
    phrases, wrong = _searched(tuple(phrase_files.items()), tuple(routes))
    types = environment()
    known = {one.name for one in phrases.lists} | {str(route) for route in routes}
    rules = RuleReader(environment=types, routes=routes, lists=known)
    for name in rule_files:
        rules.read(Source(name=name, text=rule_files[name]))
    compiled = compile_rules(rules.rules, types, rules.headers_read, rules.programs)
    book = Rulebook(
        rules=compiled,
        phrases=phrases,
        routes=tuple(routes),
        rules_version=version(rule_files),
        phrases_version=version(phrase_files),
    )
    found = [
        *wrong,
        *rules.problems,
        *lint.rule_problems(compiled.rules, rules.trees, _possible(compiled.rules, phrases.lists, routes, brands), now),
    ]
    return book, tuple(sorted(set(found), key=lambda one: (one.file, one.line, one.column, one.severity, one.message)))


@lru_cache(maxsize=_REMEMBERED)
def _searched(
    files: tuple[tuple[str, str], ...], routes: tuple[RouteName, ...]
) -> tuple[PhraseBook, tuple[Problem, ...]]:
    """Phrase lists ready for searching, and what is wrong with their files: kept, as it takes long and rules change oftener."""
    reader = PhraseReader(routes=routes)
    for name, text in files:
        reader.read(Source(name=name, text=text))
    lists = reader.done()
    return compile_lists(lists), (*reader.problems, *lint.phrase_problems(dict(files), lists))


def _possible(
    rules: Collection[Rule], lists: Collection[PhraseList], routes: Collection[RouteName], brands: Collection[BrandName]
) -> Mapping[str, Collection[str]]:
    """Field -> all values that it can have here, of the fields of which that is known."""
    places = sorted({*routes, AUTOMATIC, JUNK, REVIEW})
    signals = {one.name for one in lists if one.kind == "signal"} | {rule.urgent for rule in rules if rule.urgent}
    return {
        **CLOSED,
        **dict.fromkeys(("thread.route", "history.last_route", "history.open_thread"), ("", *places)),
        "history.counts": places,
        "urgent": sorted(signals),
        **({"brand": sorted(brands)} if brands else {}),
    }


def version(files: Mapping[str, str]) -> str:
    """Twelve characters that change when a file's name or text does; ``""`` for no files."""
    if not files:
        return ""
    digest = hashlib.blake2b(digest_size=6)
    for name in sorted(files):
        for part in (name, files[name]):
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()
