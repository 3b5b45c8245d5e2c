"""Reads postroom.toml and finds every mistake in it (200 at most), each with its line and a remedy; raises on none of them."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec.structs import fields as struct_fields

from postroom.config.cross import cross_check
from postroom.config.locate import line_of, lines
from postroom.config.mistakes import Mistake
from postroom.config.settings import DESTINATION_KINDS, Destination, Inbox, Settings
from postroom.config.table import Table
from postroom.model import toml

_Table = TypeVar("_Table", bound=Table)
_SHAPES: Mapping[Any, str] = {
    bool: "Write true or false",
    int: "Write a whole number, without quotes",
    float: "Write a number, without quotes",
    str: 'Write text in quotes: "…"',
}
#: mistakes told at once
_MOST_PROBLEMS = 200
#: tables that have a setting; where more have it, none of them is meant
_PLACES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem(Mistake):
    """One mistake in the settings, and where it stands."""

    #: line in the file, from 1
    line: int

    def __str__(self) -> str:
        """The line, the setting, what is wrong and what to do."""
        return f"line {self.line}: {self.path}: {self.message}. {self.remedy}"


def load(text: str) -> tuple[Settings | None, tuple[Problem, ...]]:
    """The settings in a TOML text, None when a fatal problem is among those returned. Never raises."""
    settings, problems = read(text)
    return (None if any(problem.fatal for problem in problems) else settings), problems


def read(text: str) -> tuple[Settings | None, tuple[Problem, ...]]:
    """What is right in a TOML text, to look for more mistakes in; None when it is no TOML. Never raises."""
    try:
        data = toml.loads(text)
    except ValueError as error:
        where = re.search(r"line (\d+)", str(error))
        line = int(where.group(1)) if where else max(1, text.count("\n"))
        return None, (
            Problem(line=line, path="(file)", message=f"not TOML: {error}", remedy="Mend the syntax of this line"),
        )
    shape = _Shape()
    settings = shape.table(Settings, data, "")
    told = {mistake.path for mistake in shape.mistakes}
    found = [*shape.mistakes, *(mistake for mistake in cross_check(settings) if mistake.path not in told)]
    found = sorted(found, key=lambda mistake: not mistake.fatal)[:_MOST_PROBLEMS]
    return settings, located(text, found)


def located(text: str, mistakes: Iterable[Mistake]) -> tuple[Problem, ...]:
    """Mistakes with their lines in a TOML text, in the order of the lines."""
    known = lines(text)
    found = [
        Problem(line=line_of(m.path, known), path=m.path, message=m.message, remedy=m.remedy, fatal=m.fatal)
        for m in mistakes
    ]
    return tuple(sorted(found, key=lambda p: (p.line, p.path)))


@dataclass(slots=True)
class _Shape:
    """Reads every table against its type, and goes on after a mistake.

    What is wrong is noted and left out: a default takes its place, or for a setting that must be there nothing at all.
    The settings that come of it serve to find what else is wrong, and may be used when there are no mistakes.
    """

    mistakes: list[Mistake] = field(default_factory=list)

    def table(self, kind: type[_Table], data: object, path: str) -> _Table:
        """A table, of what is right in it."""
        if not isinstance(data, dict):
            self._say(path, "must be a table", f"Write [{path}] and its settings below it")
            return kind(**_nothing(kind))
        known = {f.encode_name: f for f in struct_fields(kind)}
        for key in data:
            if key not in known and key != kind.__struct_config__.tag_field:
                self._say(_join(path, key), "unknown setting", _elsewhere(key) or _alike(key, known))
        right = _nothing(kind)
        for name, info in known.items():
            if name not in data:
                if info.required:
                    self._say(_join(path, name), "is missing", f"Add {name} = … to [{path}]")
            elif (value := self._value(info.type, data[name], _join(path, name))) is not None:
                right[name] = value
        return kind(**right)

    def _value(self, kind: Any, value: object, path: str) -> Any:
        """A setting's value; None, which TOML has not, for a wrong one."""
        plain = get_args(kind)[0] if hasattr(kind, "__metadata__") else kind
        if isinstance(plain, type) and issubclass(plain, Table):
            return self.table(plain, value, path)
        if get_origin(plain) is dict and _holds_tables(get_args(plain)[1]):
            return self._named_tables(plain, value, path)
        try:
            read = msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            self._say(path, _readable(error), _remedy(kind, value))
            return None
        if any(ord(char) < 32 or ord(char) == 127 for text in _texts(value) for char in text):
            self._say(path, "has a control character", "Take it out; no name, address or path has one")
            return None
        return read

    def _named_tables(self, plain: Any, value: object, path: str) -> dict[str, Table] | None:
        name_type, table = get_args(plain)
        if not isinstance(value, dict):
            self._say(path, "must be tables with names", f"Write [{path}.some-name]")
            return None
        found: dict[str, Table] = {}
        for name, inner in value.items():
            here = _join(path, name)
            try:
                msgspec.convert(name, name_type)
            except msgspec.ValidationError:
                self._say(here, "not a name", "Use lower-case letters, digits and hyphens, at most 40")
            found[name] = self._destination(inner, here) if table is Destination else self.table(table, inner, here)
        return found

    def _destination(self, data: object, path: str) -> Table:
        """A destination; for one of no known kind an inbox, so that its name is known all the same."""
        kinds = ", ".join(DESTINATION_KINDS)
        kind = data.get("kind") if isinstance(data, dict) else None
        if isinstance(kind, str) and kind in DESTINATION_KINDS:
            return self.table(DESTINATION_KINDS[kind], data, path)
        if kind is None:
            self._say(f"{path}.kind", "is missing", f"Add kind = one of {kinds}")
        else:
            self._say(f"{path}.kind", f"unknown kind {kind!r}", f"Use one of {kinds}")
        return Inbox()

    def _say(self, path: str, message: str, remedy: str) -> None:
        if len(self.mistakes) < _MOST_PROBLEMS:
            self.mistakes.append(Mistake(path=path, message=message, remedy=remedy))


def _elsewhere(key: str) -> str:
    """A remedy for a setting that stands in the wrong table; ``""`` where no table, or too many, have it."""
    tables = [
        f"[{table.encode_name}]"
        for table in struct_fields(Settings)
        if isinstance(table.type, type)
        and issubclass(table.type, Table)
        and key in {one.encode_name for one in struct_fields(table.type)}
    ]
    return f"It belongs in {' or '.join(tables)}" if 0 < len(tables) <= _PLACES else ""


def _alike(key: str, known: Iterable[str]) -> str:
    """A remedy for a setting that there is not."""
    near = difflib.get_close_matches(key, known, 1)
    return f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(sorted(known))}"


def _nothing(kind: type[Table]) -> dict[str, Any]:
    """Empty values of the settings that must be there: texts and lists."""
    return {f.name: "" if get_args(f.type)[0] is str else () for f in struct_fields(kind) if f.required}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _holds_tables(kind: Any) -> bool:
    return any(isinstance(k, type) and issubclass(k, Table) for k in (get_args(kind) or (kind,)))


def _readable(error: msgspec.ValidationError) -> str:
    return str(error).partition(" - at ")[0].replace("`", "")


def _remedy(kind: Any, value: object) -> str:
    """What to write instead of a value that is not of this type, or out of its bounds."""
    plain = get_args(kind)[0] if hasattr(kind, "__metadata__") else kind
    if get_origin(plain) in {Union, UnionType}:  # it may be left out
        return _remedy(get_args(plain)[0], value)
    if get_origin(plain) is Literal:
        return f"Write one of: {', '.join(repr(choice) for choice in get_args(plain))}"
    if get_origin(plain) in {list, tuple}:
        inner = get_args(plain)[0]
        if isinstance(value, list) and get_origin(inner) is Literal:
            return _remedy(inner, value)
        return 'Write a list: ["…", "…"]'
    bounds = _bounds(kind)
    if bounds and isinstance(value, int | float) and not isinstance(value, bool):
        example = f", such as {value / 100:g} for {value:g} %" if bounds == "from 0 to 1" and 1 < value <= 100 else ""
        return f"Write a number {bounds}{example}"
    return _SHAPES.get(plain, "Correct the value")


def _bounds(kind: Any) -> str:
    """Between what a number may lie: ``from 0 to 1``; ``""`` where there are no bounds."""
    found = [one for one in getattr(kind, "__metadata__", ()) if isinstance(one, msgspec.Meta)]
    words = (("above", "gt"), ("from", "ge"), ("below", "lt"), ("to", "le"))
    told = [(word, value) for word, name in words for one in found if (value := getattr(one, name)) is not None]
    if [word for word, _ in told] == ["from"]:
        return f"of at least {told[0][1]:g}"
    return " ".join(f"{word} {value:g}" for word, value in told)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
