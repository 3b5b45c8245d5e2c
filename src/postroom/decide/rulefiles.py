"""Rule files: TOML with CEL inside, read into checked rules, every mistake listed at its place.

A file holds ``[[rule]]`` tables::

    [[rule]]
    name = "reinstatement"
    comment = "asks for an account back, and the account is suspended"
    when = 'phrases["appeals"] > 0 && account.state == "suspended"'
    route = "appeals"
    weight = 3.0            # log-odds; negative speaks against
    stop = false            # if it matches, its route is decided and no later rule is read
    veto = false            # takes the route out of the running instead
    tags = ["reinstate"]
    urgent = ""             # raises this urgent signal
    priority = 0            # lower is read earlier; at the same, shipped files before the team's, files by name
    enabled_from = 2026-12-01

Instead of ``when``, or beside it, ``any``, ``all`` and ``not`` take lists of conditions, each a CEL string or again a
table of these three; everything given must hold (``not``: none of them).
"""

import datetime
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import re2
from cel_expr_python import cel

from postroom.decide.context import BY_NAME, TYPES, HeadersRead
from postroom.decide.keys import MAX_WEIGHT, RULE
from postroom.decide.prefilter import indexed, list_named, need, re2_options
from postroom.decide.problems import Problem, Section, Source, sections_for, toml_problem
from postroom.decide.rules import Rule
from postroom.decide.tree import Node, read_tree
from postroom.model import toml
from postroom.model.judgement import AUTOMATIC, JUNK, REVIEW
from postroom.model.mail import RouteName

_CONDITIONS = ("when", "all", "any", "not")
_MAX_CONDITION = 10_000
_MAX_NESTING = 20


@dataclass(slots=True, kw_only=True)
class RuleReader:
    """Reads rule files one after another, collecting rules and problems."""

    environment: cel.Env
    routes: Collection[RouteName]
    lists: Collection[str]
    rules: list[Rule] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    #: header names read by index, and those asked for with ``in``
    headers: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    #: a rule reads headers in another way
    all_headers: bool = False
    #: conditions of whole rules, compiled
    programs: dict[str, cel.Expression] = field(default_factory=dict)
    #: their trees
    trees: dict[str, Node] = field(default_factory=dict)

    @property
    def headers_read(self) -> HeadersRead:
        """Which headers all rules read."""
        named = None if self.all_headers else frozenset(self.headers | self.asked)
        return HeadersRead(optional=frozenset(self.headers - self.asked), named=named)

    def read(self, source: Source) -> None:
        """Read one file; never raises."""
        try:
            data = toml.loads(source.text)
        except ValueError as error:
            self.problems.append(toml_problem(source, error))
            return
        for key in data.keys() - {"rule"}:
            self._say(source, source.find(key, None), f"a rule file has no «{key}»", "begin each rule with [[rule]]")
        items = data.get("rule", [])
        if not isinstance(items, list):
            self._say(
                source,
                source.find("[rule]", None),
                "«rule» must be a list of tables",
                "write [[rule]], with two brackets",
            )
            return
        for item, section in zip(items, sections_for(source, "rule", items), strict=True):
            if isinstance(item, dict):
                _OneRule(reader=self, source=source, section=section, item=item).read()
            else:
                self._say(source, 0, "«rule» must be a list of tables", "write [[rule]], with two brackets")

    def _say(self, source: Source, offset: int, message: str, remedy: str) -> None:
        self.problems.append(source.problem(offset, "error", message, remedy))


@dataclass(slots=True, kw_only=True)
class _OneRule:
    reader: RuleReader
    source: Source
    section: Section | None
    item: dict[str, Any]
    failed: bool = False
    tree: list[Node] = field(default_factory=list)
    #: of the last condition read
    program: cel.Expression | None = None

    def read(self) -> None:
        self._check_keys()
        conditions = (
            self._group({key: self.item[key] for key in _CONDITIONS if key in self.item}, 0) if not self.failed else ""
        )
        self._check_route()
        if self.failed:
            return
        nodes = [node for tree in self.tree for node in tree.walk()]
        whole = self.reader.trees[conditions] = self._whole(conditions)
        self.reader.rules.append(
            Rule(
                name=self.item["name"],
                comment=self.item.get("comment", ""),
                when=conditions,
                route=RouteName(self.item.get("route", "")),
                weight=float(self.item.get("weight", 3.0)),
                stop=self.item.get("stop", False),
                veto=self.item.get("veto", False),
                tags=tuple(self.item.get("tags", ())),
                urgent=self.item.get("urgent", ""),
                priority=self.item.get("priority", 0),
                enabled_from=_moment(self.item.get("enabled_from")),
                file=self.source.name,
                line=self.source.place(self.section.start if self.section else 0)[0],
                reads=frozenset(name for name in map(_field_of, nodes) if name),
                need=need(whole, TYPES),
                regex=any(node.name == "matches" for node in nodes),
            )
        )

    def _whole(self, conditions: str) -> Node:
        """The tree of all conditions together, whose program is kept; most rules have but ``when``."""
        if self.program is not None and self.item.keys() & set(_CONDITIONS) == {"when"}:
            self.reader.programs[conditions] = self.program
            return self.tree[0]
        program = self.reader.environment.compile(conditions)
        self.reader.programs[conditions] = program
        return read_tree(program.serialize())

    def _say(self, message: str, remedy: str, *, key: str = "", text: str = "", at: int = 0) -> None:
        self.failed = True
        start = self.section.start if self.section else 0
        if key and self.section:
            start = self.section.keys.get(key, start)
        if text:
            found = self.source.find(text, self.section)
            start = found + at if found != (self.section.start if self.section else 0) else start
        self.reader.problems.append(self.source.problem(start, "error", message, remedy))

    def _check_keys(self) -> None:
        for key, value in self.item.items():
            wanted = RULE.get(key)
            if wanted is None:
                self._say(f"a rule has no «{key}»", f"use one of: {', '.join(RULE)}", key=key)
            elif not isinstance(value, wanted.types) or (isinstance(value, bool) and bool not in wanted.types):
                self._say(f"«{key}» must be {wanted.words}", f"it is {value!r}"[:120], key=key)
        if not self.item.get("name"):
            self._say("a rule needs a name", 'add name = "…"; decisions refer to it')
        if not any(key in self.item for key in _CONDITIONS):
            self._say("a rule needs a condition", "add when = '…'; for one that always holds: when = 'true'")
        tags = self.item.get("tags", [])
        if isinstance(tags, list) and not all(isinstance(tag, str) for tag in tags):
            self._say("«tags» must be a list of strings", "put each tag in quotes", key="tags")
        weight = self.item.get("weight", 0)
        if isinstance(weight, int | float) and not -MAX_WEIGHT <= weight <= MAX_WEIGHT:
            self._say(
                f"a weight lies between -{MAX_WEIGHT:g} and {MAX_WEIGHT:g} (log-odds)",
                "3 is strong, 6 all but certain",
                key="weight",
            )

    def _check_route(self) -> None:
        route = self.item.get("route", "")
        stop, veto = self.item.get("stop", False), self.item.get("veto", False)
        known = sorted({*self.reader.routes, JUNK, AUTOMATIC, REVIEW})
        if route and route not in known:
            self._say(f"there is no route «{route}»", f"use one of: {', '.join(known)}", key="route")
        if route in {AUTOMATIC, REVIEW} and route not in self.reader.routes and not stop:
            self._say(f"a rule can send mail to «{route}» only surely", "add stop = true", key="route")
        if not route and (stop or veto):
            self._say("a rule with stop or veto needs a route", 'add route = "…"', key="stop" if stop else "veto")
        if stop and veto:
            self._say("a rule can't both stop and veto", "keep one of them", key="veto")
        if not (route or stop or veto or self.item.get("tags") or self.item.get("urgent")):
            self._say("the rule does nothing", "give it a route, tags or an urgent signal")

    def _group(self, group: Mapping[str, Any], depth: int) -> str:
        """One CEL expression for a table of conditions; problems are noted and leave it incomplete."""
        parts: list[str] = []
        for key, value in group.items():
            if key not in _CONDITIONS or depth > _MAX_NESTING:
                self._say(
                    f"«{key}» is no condition here", "use when, all, any or not, in tables of few levels", key=key
                )
                continue
            if key == "when":
                parts.append(self._condition(value, key, depth))
                continue
            if not isinstance(value, list) or not value:
                self._say(f"«{key}» must be a list of conditions, and not empty", "put CEL strings into it", key=key)
                continue
            inner = [self._condition(one, key, depth) for one in value]
            if key == "all":
                parts.extend(inner)
            else:
                joined = "(" + " || ".join(inner) + ")"
                parts.append(f"!{joined}" if key == "not" else joined)
        return " && ".join(parts)

    def _condition(self, value: Any, key: str, depth: int) -> str:
        if isinstance(value, dict) and value:
            return f"({self._group(value, depth + 1)})"
        if not isinstance(value, str) or not value.strip():
            self._say(f"«{key}» holds something that is no condition", "write CEL in quotes", key=key)
            return "false"
        if len(value) > _MAX_CONDITION:
            self._say(
                f"the condition is longer than {_MAX_CONDITION} characters",
                "split it, or make a phrase list of it",
                key=key,
            )
            return "false"
        try:
            program = self.reader.environment.compile(value)
        except (RuntimeError, ValueError) as error:
            self._say_cel(str(error), value, key)
            return "false"
        if program.return_type() != cel.Type.BOOL:
            self._say(
                f"a condition must be true or false, but this is {program.return_type().name()}",
                "compare it with something",
                key=key,
                text=value,
            )
            return "false"
        tree = read_tree(program.serialize())
        self.tree.append(tree)
        self.program = program
        self._check_tree(tree, value, key)
        return f"({value}\n)"

    def _say_cel(self, said: str, value: str, key: str) -> None:
        """A compiler's message; its position is in the expression, ours in the file."""
        first = re.search(r"ERROR: <input>:(\d+):(\d+): (.*)", said)
        if first is None:
            self._say(f"this CEL does not compile: {said[:200]}", "simplify it", key=key, text=value)
            return
        line, column, message = int(first.group(1)), int(first.group(2)), first.group(3).partition(" (in container")[0]
        at = sum(len(one) + 1 for one in value.split("\n")[: line - 1]) + column - 1
        if value[at : at + 1] == ".":
            # The compiler points at the dot of a dotted name; people look for its beginning.
            at -= len(value[:at]) - len(
                value[:at].rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.")
            )
        self._say(message[:300], _remedy(message), key=key, text=value, at=at)

    def _check_tree(self, tree: Node, value: str, key: str) -> None:
        nodes = list(tree.walk())
        read = sum(node.kind == "name" and node.name == "headers" for node in nodes)
        if read > sum(_names_header(node) for node in nodes):
            self.reader.all_headers = True
        for node in nodes:
            name = list_named(node)
            if name is not None and name not in self.reader.lists:
                self._say(
                    f"there is no phrase list «{name}»",
                    f"use one of: {', '.join(sorted(self.reader.lists)) or 'none yet'}",
                    key=key,
                    text=value,
                    at=max(node.at, 0),
                )
            header = indexed(node, "headers")
            if header is not None:
                if header != header.lower():
                    self._say(
                        f"header names are in lower case here: «{header.lower()}»",
                        "write it so",
                        key=key,
                        text=value,
                        at=max(node.at, 0),
                    )
                self.reader.headers.add(header)
            match node:
                case Node(kind="call", name="matches", args=(_, Node(kind="constant", value=str(pattern)) as literal)):
                    self._check_regex(pattern, value, key, max(literal.at, 0))
                case Node(
                    kind="call",
                    name="@in",
                    args=(Node(kind="constant", value=str(asked)), Node(kind="name", name="headers")),
                ):
                    self.reader.asked.add(asked)
                case _:
                    pass

    def _check_regex(self, pattern: str, value: str, key: str, at: int) -> None:
        try:
            re2.compile(pattern, re2_options())
        except (re2.error, UnicodeError) as error:
            said = error.args[0] if error.args else ""
            words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
            self._say(
                f"bad regular expression: {words}",
                "RE2 has no look-around and no back-references",
                key=key,
                text=value,
                at=at,
            )


def _remedy(message: str) -> str:
    unknown = re.search(r"undeclared reference to '([\w.]+)'", message)
    if unknown is None:
        return "see the reference of rules"
    name = unknown.group(1)
    near = [field for field in BY_NAME if field.split(".")[0] == name.split(".")[0]] or sorted(
        {field.split(".")[0] for field in BY_NAME}
    )
    return f"known here: {', '.join(near)}"


def _field_of(node: Node) -> str:
    """The context field that a name reads; a dotted name may go on into a map."""
    if node.kind != "name":
        return ""
    name = node.name
    while name and name not in BY_NAME:
        name = name.rpartition(".")[0]
    return name


def _names_header(node: Node) -> bool:
    """Whether this is ``headers["name"]`` or ``"name" in headers``."""
    match node:
        case Node(
            kind="call", name="_[_]", args=(Node(kind="name", name="headers"), Node(kind="constant", value=str()))
        ):
            return True
        case Node(
            kind="call", name="@in", args=(Node(kind="constant", value=str()), Node(kind="name", name="headers"))
        ):
            return True
    return False


def _moment(date: datetime.date | None) -> float:
    if date is None:
        return 0.0
    if not isinstance(date, datetime.datetime):
        date = datetime.datetime(date.year, date.month, date.day)  # noqa: DTZ001 - the zone is set below
    return (date if date.tzinfo else date.replace(tzinfo=datetime.UTC)).timestamp()
