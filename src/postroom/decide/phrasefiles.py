"""Phrase files: TOML lists of words for a route, an urgent signal or a concept, read and checked, every mistake at its place.

::

    route = "appeals"             # or signal = "self-harm", or concept = "account"

    [[group]]
    language = "en"               # for people; phrases are searched whatever the mail's language
    weight = 1.5                  # log-odds of each different phrase found; negative speaks against
    where = "any"                 # or "subject", "text"
    phrases = ["unban my account", "suspend* … appeal", "reinstat*"]

    [[group]]
    near = ["account", "blocked"] # instead of phrases: words of two concepts, in any order …
    within = 6                    # … with at most so many words between them, in one sentence
    weight = 2.5

Several files may speak of one list. The syntax of phrases is that of `decide.phrases`.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, cast

from postroom.decide.folding import unspaced
from postroom.decide.keys import GROUP, MAX_WEIGHT, MAX_WITHIN, PHRASE_FILE
from postroom.decide.pairs import Pair
from postroom.decide.phrases import ListKind, Phrase, PhraseList, Where, parse_phrase
from postroom.decide.problems import Problem, Section, Source, sections_for, toml_problem
from postroom.model import toml
from postroom.model.judgement import JUNK
from postroom.model.mail import RouteName

_KINDS: tuple[ListKind, ...] = ("route", "signal", "concept")
_PLACES = ("any", "subject", "text")
_MAX_PHRASE = 200


@dataclass(slots=True, kw_only=True)
class PhraseReader:
    """Reads phrase files one after another, collecting lists and problems."""

    routes: Collection[RouteName]
    lists: dict[str, tuple[ListKind, list[Phrase]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    #: list -> its pairs, each with the problem to report when a concept of it is missing
    pairs: dict[str, list[tuple[Pair, Phrase, Problem]]] = field(default_factory=dict)
    #: (list, folded phrase) -> where it was mentioned first, by what is needed to find the line
    seen: dict[tuple[str, str], tuple[Source, Section | None, str]] = field(default_factory=dict)

    def read(self, source: Source) -> None:
        """Read one file; never raises."""
        try:
            data = toml.loads(source.text)
        except ValueError as error:
            self.problems.append(toml_problem(source, error))
            return
        for key in data.keys() - PHRASE_FILE.keys():
            self._say(
                source,
                source.find(key, None),
                f"a phrase file has no «{key}»",
                f"use one of: {', '.join(PHRASE_FILE)}",
            )
        named = [(kind, data[kind]) for kind in _KINDS if kind in data]
        if len(named) != 1 or not isinstance(named[0][1], str) or not named[0][1].strip():
            self._say(
                source,
                0,
                "a phrase file names one route, signal or concept",
                'begin with route = "appeals", for example',
            )
            return
        kind, name = named[0]
        if kind == "route" and name not in {*self.routes, JUNK}:
            self._say(
                source,
                source.find(f'"{name}"', None),
                f"there is no route «{name}»",
                f"use one of: {', '.join(sorted(self.routes))}",
            )
            return
        if self.lists.setdefault(name, (kind, []))[0] != kind:
            self._say(
                source,
                source.find(f'"{name}"', None),
                f"«{name}» is a {self.lists[name][0]} in another file",
                "give one of them another name",
            )
            return
        self._groups(source, name, data.get("group", []))

    def done(self) -> tuple[PhraseList, ...]:
        """All lists, in an order that does not depend on that of the files; pairs of unknown concepts are problems."""
        concepts = {name for name, (kind, _) in self.lists.items() if kind == "concept"}
        for name, pairs in self.pairs.items():
            self.problems.extend(problem for pair, _, problem in pairs if not {pair.first, pair.second} <= concepts)
            self.pairs[name] = [one for one in pairs if {one[0].first, one[0].second} <= concepts]
        return tuple(
            PhraseList(
                name=name,
                kind=kind,
                phrases=tuple(sorted(phrases, key=_order)),
                pairs=tuple(sorted(((pair, phrase) for pair, phrase, _ in self.pairs.get(name, ())), key=_pair_order)),
            )
            for name, (kind, phrases) in sorted(self.lists.items())
        )

    def _groups(self, source: Source, name: str, groups: Any) -> None:
        if not isinstance(groups, list) or not groups or not all(isinstance(group, dict) for group in groups):
            self._say(source, 0, "a phrase file holds groups", "begin each with [[group]], with two brackets")
            return
        for group, section in zip(groups, sections_for(source, "group", groups), strict=True):
            checked = self._group(source, section, group)
            if checked is not None and "near" in group:
                self._pair(source, section, name, group, checked)
            elif checked is not None:
                self._phrases(source, section, name, group["phrases"], checked)

    def _group(self, source: Source, section: Section | None, group: dict[str, Any]) -> tuple[float, Where, str] | None:
        def say(key: str, message: str, remedy: str) -> None:
            start = section.keys.get(key, section.start) if section else 0
            problems.append(source.problem(start, "error", message, remedy))

        problems: list[Problem] = []
        for key in group.keys() - GROUP.keys():
            say(key, f"a group has no «{key}»", f"use one of: {', '.join(GROUP)}")
        weight, where = group.get("weight", 1.0), group.get("where", "any")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not -MAX_WEIGHT <= weight <= MAX_WEIGHT:
            say(
                "weight",
                f"«weight» must be a number from -{MAX_WEIGHT:g} to {MAX_WEIGHT:g} (log-odds)",
                "1.5 is a good sign, 3 a strong one",
            )
        if where not in _PLACES:
            say("where", f"«where» must be one of {', '.join(_PLACES)}", "leave it out for any")
        if not isinstance(group.get("language", ""), str):
            say("language", "«language» must be a string", 'such as "en"')
        if "near" in group:
            for key, message, remedy in _wrong_pair(group):
                say(key, message, remedy)
        phrases = group.get("phrases", [] if "near" in group else None)
        if not isinstance(phrases, list) or not all(isinstance(phrase, str) for phrase in phrases):
            say("phrases", "a group needs «phrases», a list of strings", 'add phrases = ["…"]')
        self.problems.extend(problems)
        return None if problems else (float(weight), cast("Where", where), group.get("language", ""))

    def _phrases(
        self, source: Source, section: Section | None, name: str, phrases: list[str], group: tuple[float, Where, str]
    ) -> None:
        weight, where, language = group
        for text in phrases:
            fragments = parse_phrase(text)
            if len(text) > _MAX_PHRASE or not fragments:
                self._say(
                    source,
                    source.find(text, section),
                    f"«{text[:60]}» can't be searched",
                    f"a phrase has letters and at most {_MAX_PHRASE} characters",
                )
                continue
            if all(_tiny(fragment.text) for fragment in fragments):
                at = source.find(text, section)
                self._say(source, at, f"«{text}» is too short: it would be found everywhere", "write more of it")
                continue
            folded = (
                " … ".join(fragment.text + ("*" if fragment.stem else "") for fragment in fragments) + f" ({where})"
            )
            before = self.seen.get((name, folded))
            if before is not None:
                first = f"{before[0].name}:{before[0].place(before[0].find(before[2], before[1]))[0]}"
                said = f"«{text}» is already in «{name}» ({first})"
                self.problems.append(source.problem(source.find(text, section), "warning", said, "keep one of them"))
                continue
            self.seen[name, folded] = (source, section, text)
            phrase = Phrase(text=text, fragments=fragments, weight=weight, where=where, language=language)
            self.lists[name][1].append(phrase)

    def _pair(
        self,
        source: Source,
        section: Section | None,
        name: str,
        group: dict[str, Any],
        checked: tuple[float, Where, str],
    ) -> None:
        pair = Pair(first=group["near"][0], second=group["near"][1], within=group.get("within", 6))
        weight, where, language = checked
        phrase = Phrase(text=pair.text, fragments=(), weight=weight, where=where, language=language)
        at = section.keys.get("near", section.start) if section else 0
        kind = self.lists[name][0]
        if kind == "concept":
            self._say(
                source, at, "a concept can't be made of two others", "put «near» into the list of a route or a signal"
            )
            return
        missing = source.problem(
            at,
            "error",
            f"«{pair.first}» and «{pair.second}» must both be concepts",
            'write a file with concept = "…" for each',
        )
        self.pairs.setdefault(name, []).append((pair, phrase, missing))

    def _say(self, source: Source, offset: int, message: str, remedy: str) -> None:
        self.problems.append(source.problem(offset, "error", message, remedy))


def _wrong_pair(group: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What is wrong with a group of two concepts: (key, message, remedy)."""
    wrong = []
    near, within = group["near"], group.get("within", 6)
    if not isinstance(near, list) or len(near) != 2 or not all(isinstance(one, str) for one in near):
        wrong.append(("near", "«near» names two concepts", 'such as near = ["account", "blocked"]'))
    if isinstance(within, bool) or not isinstance(within, int) or not 0 <= within <= MAX_WITHIN:
        wrong.append(("within", f"«within» is a number of words from 0 to {MAX_WITHIN}", "6 is about one clause"))
    if "phrases" in group or group.get("where", "any") != "any":
        wrong.append(("near", "a group with «near» has no «phrases» and no «where»", "make two groups of it"))
    return wrong


def _pair_order(one: tuple[Pair, Phrase]) -> tuple[str, str, int, float]:
    return one[0].first, one[0].second, one[0].within, one[1].weight


def _tiny(text: str) -> bool:
    """One letter of an alphabet; a single ideograph is a word."""
    letters = [char for char in text if char.isalnum()]
    return len(letters) < 2 and not any(unspaced(char) for char in letters)


def _order(phrase: Phrase) -> tuple[str, str, float, str]:
    return phrase.text, phrase.where, phrase.weight, phrase.language
