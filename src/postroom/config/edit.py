"""Changing values in a postroom.toml that people wrote: comments, order and everything else stay."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from postroom.config.load import load
from postroom.model.errors import ConfigError


def with_values(text: str, values: Mapping[tuple[str, ...], float]) -> str:
    """The text with these settings set. Raises `ConfigError` where that would change anything else, or be a mistake."""
    changed = _edited(text, values)
    settings, problems = load(changed)
    if settings is None:
        mistakes = "\n".join(f"  {problem}" for problem in problems if problem.fatal)
        raise ConfigError(f"the settings would have mistakes:\n{mistakes}")
    return changed


def as_lines(values: Mapping[tuple[str, ...], float]) -> str:
    """These settings as they stand in a file."""
    return _edited("", values).strip() + "\n" if values else ""


def _edited(text: str, values: Mapping[tuple[str, ...], float]) -> str:
    try:
        document = tomlkit.parse(text)
        for path, value in values.items():
            _set(document, path, value)
        changed = tomlkit.dumps(document)
        right = tomllib.loads(changed) == _expected(text, values)
    except (TOMLKitError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise ConfigError(f"can't change the settings, set them by hand: {error}") from error
    if not right:
        raise ConfigError("can't change the settings without changing others, set them by hand")
    return changed


def _set(table: Any, path: Sequence[str], value: float) -> None:
    for number, name in enumerate(path[:-1], start=1):
        if name not in table:
            table[name] = tomlkit.table(is_super_table=number < len(path) - 1)
        table = table[name]
    table[path[-1]] = value


def _expected(text: str, values: Mapping[tuple[str, ...], float]) -> dict[str, Any]:
    data = tomllib.loads(text)
    for path, value in values.items():
        table = data
        for name in path[:-1]:
            table = table.setdefault(name, {})
        table[path[-1]] = value
    return data
