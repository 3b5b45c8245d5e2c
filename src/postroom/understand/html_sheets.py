"""The style sheets of a mail: what their rules say of an element.

Invariant: any text is read in linear time, and asked in bounded time. Rules inside conditions count as in the window of
a mail program on a desk, `_WIDTH` pixels wide. What needs more than an element's name, class, id and what it stands in
(attributes, pseudo-classes, what stands beside it) is not read.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final, NamedTuple

from postroom.understand.html_styles import NOTHING, Said, declarations, unescaped

_WIDTH: Final = 1280
_HEIGHT: Final = 800
#: what may hold braces that are none: addresses without quotes, comments, strings; what is escaped begins none of them
_OPAQUE: Final = re.compile(
    r"""(\\[\s\S])|(url\()(?:[^()"'\\]++|\\[\s\S])*+|/\*[\s\S]*?(?:\*/|\Z)|"(?:[^"\\\n]++|\\[\s\S])*+"?|'(?:[^'\\\n]++|\\[\s\S])*+'?""",
    re.IGNORECASE,
)
_BRACES: Final = re.compile(r"([{};])")
_NAME: Final = r"(?:[\w-]|[^\x00-\x7f]|\\(?:[0-9a-f]{1,6}\s?|[^0-9a-f\n]))++"
_PART: Final = re.compile(r"(?:[^\s>+~\\]|\\(?:[0-9a-f]{1,6}\s?|.))++|[>+~]", re.IGNORECASE)
_COMPOUND: Final = re.compile(rf"(\*|[a-z][a-z0-9]*+)?((?:[.#]{_NAME})*+)", re.IGNORECASE)
_KEY: Final = re.compile(rf"[.#]{_NAME}", re.IGNORECASE)
_AT: Final = re.compile(r"@([a-z-]+)([\s\S]*)")
_AND: Final = re.compile(r"\b(?:and|or)\b")
#: conditions, without blanks, that hold on a desk
_HOLDING: Final = frozenset(
    ["", "all", "screen", "onlyall", "onlyscreen", "notprint", "notspeech", "(color)", "(hover)", "(hover:hover)", "(pointer:fine)", "(orientation:landscape)", "(prefers-color-scheme:light)"]
)  # fmt: skip
_MEASURE: Final = re.compile(
    r"\((?:(min|max)-(?:device-)?(width|height):|(width|height)([<>])=?)(\d{1,9}(?:\.\d{1,9})?)(px|em|rem)?\)"
)
#: properties of no maker's own, which every program knows
_KNOWN: Final = re.compile(r"\([a-z][a-z-]*:(?!-)[^()]*\)")
_EVERYWHERE: Final = frozenset(["", "html", "body"])
_MAX_RULES: Final = 3000
_MAX_SELECTORS: Final = 6000
_MAX_CHECKS: Final = 100_000
_AROUND_COST: Final = 20
_MAX_KEYS: Final = 20
_MAX_PARTS: Final = 6
#: nested rules with more selectors, or longer ones, are not read
_MAX_NESTED: Final = 20
_MAX_NESTED_CHARS: Final = 500

_HIDDEN: Final = Said({}, {"display": "none"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of a style sheet that matters here."""

    #: element name; ``""`` for any
    name: str
    #: ``.class`` and ``#id`` that the element must have
    keys: frozenset[str]
    #: names, ``.class`` and ``#id`` that stand somewhere around it
    around: frozenset[str]
    #: numbers of ids, classes and names, and its place: what the last one says counts (CSS Cascade §6)
    weight: tuple[int, int, int, int]
    said: Said


class Sheet:
    """The rules of a mail's style sheets, found by the last of their keys; names, classes and ids in lower case.

    Where there are more rules than can be looked at, what they may hide counts as hidden, and `exhausted` says so.
    """

    __slots__ = ("_blind", "_left", "_mentioned", "_rules", "_seen", "_selectors", "asked", "exhausted", "nested")

    def __init__(self, sheets: Iterable[tuple[str, str]]) -> None:
        """Read style sheets, each with the condition under which it counts."""
        self._rules: dict[str, list[Rule]] = {}
        self._mentioned: set[str] = set()
        self._left = _MAX_CHECKS
        self._blind = False
        self._seen: set[tuple[str, str]] = set()
        self._selectors = 0
        #: whether more was there than could be looked at
        self.exhausted = False
        #: whether any rule depends on what stands around an element
        self.nested = False
        #: whether such a rule was asked since this was last set to False
        self.asked = False
        for condition, css in sheets:
            if not self._blind and "{" in css and _holds(f"@media {condition}"):
                self._learn(css)

    def __bool__(self) -> bool:
        return bool(self._rules) or self._blind

    def _learn(self, css: str) -> None:
        for rule in _rules(_OPAQUE.sub(r"\1\2", css).replace("<!--", " ").replace("-->", " ")):
            if rule in self._seen:
                continue
            self._seen.add(rule)
            said = declarations(rule[1])
            selectors = dict.fromkeys(rule[0].split(",")) if said.plain or said.firm else {}
            self._selectors += len(selectors)
            if len(self._seen) > _MAX_RULES or self._selectors > _MAX_SELECTORS:
                self._blind = True
                break
            for selector in selectors:
                self._add(selector, said)

    def _add(self, selector: str, said: Said) -> None:
        parts = [part for part in _PART.findall(selector) if part != ">"]
        if not parts or len(parts) > _MAX_PARTS or not all(_COMPOUND.fullmatch(part) for part in parts):
            return
        names, keys = [_element(part) for part in parts], [_keys(part) for part in parts]
        outer = zip(names[:-1], keys[:-1], strict=True)
        around = frozenset(key for name, found in outer for key in found or [name]) - _EVERYWHERE
        every = [key for found in keys for key in found]
        ids = sum(key.startswith("#") for key in every)
        self.nested = self.nested or bool(around)
        self._mentioned.update(every)
        rule = Rule(
            name=names[-1],
            keys=frozenset(keys[-1]),
            around=around,
            weight=(ids, len(every) - ids, sum(map(bool, names)), len(self._seen)),
            said=said,
        )
        self._rules.setdefault(keys[-1][-1] if keys[-1] else names[-1], []).append(rule)

    def keys(self, attributes: dict[str, str]) -> frozenset[str]:
        """The ``.class`` and ``#id`` of an element that any rule may mention."""
        found = {f".{one}" for one in attributes.get("class", "").lower().split()}
        if "id" in attributes:
            found.add(f"#{attributes['id'].lower()}")
        return frozenset(found if self._blind else found & self._mentioned)

    def said_of(self, name: str, keys: frozenset[str], around: Callable[[], frozenset[str]]) -> Said:
        """What the rules say of an element; ``around`` gives the keys and names of the elements it stands in."""
        found: list[Rule] = []
        outer: frozenset[str] | None = None
        if len(keys) > _MAX_KEYS or (self._blind and keys):
            return self._exhausted()
        for key in ("", name, *keys):
            rules = self._rules.get(key, ())
            self._left -= len(rules)
            if rules and self._left < 0:
                return self._exhausted()
            for rule in rules:
                if (rule.name and rule.name != name) or not rule.keys <= keys:
                    continue
                if rule.around and outer is None:
                    outer = around()
                    self.asked = True
                    self._left -= _AROUND_COST + len(outer) // 4
                if outer is None or rule.around <= outer:
                    found.append(rule)
        return _together(found) if found else NOTHING

    def _exhausted(self) -> Said:
        self.exhausted = True
        return _HIDDEN


def _together(rules: list[Rule]) -> Said:
    """What rules say of one element, the weightiest last."""
    if len(rules) == 1:
        return rules[0].said
    plain: dict[str, str] = {}
    firm: dict[str, str] = {}
    for rule in sorted(rules, key=lambda rule: rule.weight):
        plain |= rule.said.plain
        firm |= rule.said.firm
    return Said(plain, firm)


class _Block(NamedTuple):
    """What stands between two braces."""

    #: of the rule, or the rule around a condition; ``""`` outside of any
    selectors: str
    #: whether its rules apply
    counts: bool
    #: declarations
    style: list[str]


def _rules(css: str) -> Iterator[tuple[str, str]]:
    """Selectors and declarations of each rule that counts. Braces are matched, those open at the end closed there."""
    blocks = [_Block("", counts=True, style=[])]
    pieces = _BRACES.split(css)
    for text, mark in zip_longest(pieces[::2], pieces[1::2], fillvalue=""):
        block = blocks[-1]
        if mark == "{":
            blocks.append(_inside(block, text.strip()))
        else:
            if block.counts and ":" in text:
                block.style.append(text)
            if mark == "}" and len(blocks) > 1:
                blocks.pop()
                if block.style and block.selectors:
                    yield block.selectors, ";".join(block.style)
    for block in reversed(blocks):
        if block.style and block.selectors:
            yield block.selectors, ";".join(block.style)


def _inside(outer: _Block, prelude: str) -> _Block:
    """The block that begins after these words, inside another."""
    if not outer.counts:
        return outer
    if prelude.startswith("@"):
        return _Block(outer.selectors, _holds(prelude), [])
    if not outer.selectors:
        return _Block(prelude, counts=True, style=[])
    if len(outer.selectors) + len(prelude) > _MAX_NESTED_CHARS:
        return _Block("", counts=False, style=[])
    nested = [
        f"{around}{one.strip()[1:]}" if one.strip().startswith("&") else f"{around} {one}"
        for around in outer.selectors.split(",")
        for one in prelude.split(",")
    ]
    return _Block(",".join(nested), len(nested) <= _MAX_NESTED, [])


def _holds(prelude: str) -> bool:
    """Whether the rules inside a block of this kind apply on a desk."""
    found = _AT.match(prelude[:1000].lower())
    if found is None:
        return False
    kind, condition = found[1], found[2]
    if kind == "media":
        return any(all(map(_is_met, _AND.split(query))) for query in condition.split(","))
    if kind == "supports":
        return all(_KNOWN.fullmatch("".join(one.split())) for one in _AND.split(condition))
    return kind == "layer"


def _is_met(condition: str) -> bool:
    """Whether one condition of a media query holds on a desk."""
    bare = "".join(condition.split())
    if bare in _HOLDING:
        return True
    found = _MEASURE.fullmatch(bare)
    if found is None:
        return False
    size = _WIDTH if "width" in (found[2], found[3]) else _HEIGHT
    limit = float(found[5]) * (1 if found[6] in (None, "px") else 16)
    return size >= limit if found[1] == "min" or found[4] == ">" else size <= limit


def _keys(compound: str) -> list[str]:
    return [unescaped(key).lower() for key in _KEY.findall(compound)]


def _element(compound: str) -> str:
    found = _COMPOUND.fullmatch(compound)
    name = found[1] if found is not None else None
    return "" if name in (None, "*") else name.lower()
