"""Writes docs/reference/ from the code: settings, commands, metrics, rule fields. Run by `make docs`; tested to be up to date."""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

os.environ["TERM"] = "dumb"
os.environ["NO_COLOR"] = "1"

import typer.main
from msgspec import NODEFAULT, Meta
from msgspec.structs import fields

from postroom.adapters.observer.metrics import METRICS
from postroom.cli.main import app
from postroom.config.settings import DESTINATION_KINDS, Settings
from postroom.config.table import Table
from postroom.decide.context import FIELDS
from postroom.decide.keys import GROUP, PHRASE_FILE, RULE, Key
from postroom.web.api.document import tag_of, words
from postroom.web.api.operation import PREFIX, shape
from postroom.web.api.table import OPERATIONS
from postroom.web.api.taking import fields as fields_of

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
_HEAD = "<!-- Written by tools/reference.py from the code: change it there. -->\n\n"


def pages() -> dict[str, str]:
    """File name -> text of every page."""
    return {
        "settings.md": _settings(),
        "commands.md": _commands(),
        "metrics.md": _metrics(),
        "rules.md": _rules(),
        "api.md": _api(),
    }


def _settings() -> str:
    parts = [
        _HEAD,
        "# Settings\n\n`postroom init` writes a commented file to start from; `postroom check` finds mistakes in yours. Relative paths start at the folder of the file.\n",
    ]
    parts.extend(_table(Settings, "(top of the file)"))
    return "\n".join(parts)


def _table(table: type[Table], title: str) -> Iterator[str]:
    yield f"\n## `{title}`\n\n{table.__doc__}\n"
    rows, inner = [], []
    for info in fields(table):
        plain, description = _plain(info.type)
        if isinstance(plain, type) and issubclass(plain, Table):
            inner.append((plain, f"[{info.name}]"))
        elif info.name == "destination":
            inner.extend((kind, f'[destination.NAME] kind = "{name}"') for name, kind in DESTINATION_KINDS.items())
        elif (
            get_origin(plain) is dict and isinstance(get_args(plain)[1], type) and issubclass(get_args(plain)[1], Table)
        ):
            inner.append((get_args(plain)[1], f"[{info.name}.NAME]"))
        else:
            rows.append(f"| `{info.name}` | {_words(plain)} | {_default(info)} | {description} |")
    if rows:
        yield "| setting | type | default | meaning |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
    for kind, name in inner:
        yield from _table(kind, name)


def _plain(kind: Any) -> tuple[Any, str]:
    description = next(
        (m.description for m in getattr(kind, "__metadata__", ()) if isinstance(m, Meta) and m.description), ""
    )
    return (get_args(kind)[0] if hasattr(kind, "__metadata__") else kind), description or ""


def _words(kind: Any) -> str:
    kind = _plain(kind)[0]
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple:
        return f"list of {_words(inner[0])}"
    if origin is dict:
        return f"{_words(inner[1])} by name"
    if inner and type(None) in inner:
        return _words(next(i for i in inner if i is not type(None)))
    if inner:
        return " or ".join(f"`{i!r}`" for i in inner)
    return {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}[kind.__name__]


def _default(info: Any) -> str:
    if info.default is NODEFAULT and info.default_factory is NODEFAULT:
        return "required"
    value = info.default if info.default is not NODEFAULT else info.default_factory()
    shown = list(value) if isinstance(value, tuple) else value
    return "unset" if shown is None else f"`{str(shown).lower() if isinstance(shown, bool) else shown!r}`"


def _commands() -> str:
    parts = [
        _HEAD,
        "# Commands\n\nEvery command has `--help`. With `--json`, facts are printed as one JSON object a line.\n",
    ]
    command = typer.main.get_command(app)
    parts.extend(_command("postroom", command))
    return "\n".join(parts)


def _command(path: str, command: Any) -> Iterator[str]:
    if getattr(command, "commands", None):
        for name, inner in sorted(command.commands.items()):
            if not inner.hidden:
                yield from _command(f"{path} {name}", inner)
        return
    yield f"\n## `{path}`\n\n{(command.help or '').strip()}\n"
    rows = []
    for parameter in command.params:
        if parameter.name == "help":
            continue
        is_option = parameter.param_type_name == "option"
        names = (
            ", ".join(f"`{o}`" for o in parameter.opts)
            if is_option
            else f"`{(parameter.metavar or parameter.name).upper()}`".replace("|", "\\|")
        )
        rows.append(f"| {names} | {getattr(parameter, 'help', '') or ''} |")
    if rows:
        yield "| argument or option | meaning |\n|---|---|\n" + "\n".join(rows) + "\n"
    if command.epilog:
        examples = command.epilog.partition("Examples:")[2]
        lines = (line.strip() for line in re.split(r"\n|   ", examples))
        yield "```console\n" + "\n".join(f"$ {line}" for line in lines if line) + "\n```\n"


def _metrics() -> str:
    rows = [
        f"| `{m.name}{'_total' if m.kind == 'counter' else ''}` | {m.kind} | {', '.join(m.labels)} | {m.help} |"
        for m in METRICS
    ]
    return (
        _HEAD
        + "# Metrics\n\nAt `/metrics`, in the text format of Prometheus.\n\n| name | kind | labels | meaning |\n|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


def _rules() -> str:
    fields = [(f"`{f.name}`", f.type, f.meaning, f"`{f.example}`") for f in FIELDS]
    return (
        _HEAD
        + "# Rules and phrases\n\nHow to write them is told in [a guide](../how-to/rules.md); here is all that they may say.\n"
        + "\n## What a rule says: `[[rule]]`\n\nIn `rules/*.toml`, any number in a file.\n\n"
        + _keys(RULE)
        + "\n## What a phrase file says\n\nIn `phrases/*.toml`; several files may speak of one list.\n\n"
        + _keys(PHRASE_FILE)
        + "\n### Its groups: `[[group]]`\n\n"
        + _keys(GROUP)
        + "\n## What rules may ask\n\nFields of the context that CEL rules are evaluated over. Types are checked when rules are loaded.\n\n"
        + _rows(("field", "type", "meaning", "example"), fields)
    )


def _keys(keys: Mapping[str, Key]) -> str:
    rows = [
        (
            f"`{name}`",
            key.words,
            key.meaning,
            f"`{key.default}`" if key.default not in ("", "required") else key.default,
        )
        for name, key in keys.items()
    ]
    return _rows(("key", "value", "meaning", "when left out"), rows)


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _api() -> str:
    parts = [
        _HEAD,
        f"# API\n\nAll paths are below `{PREFIX}`. `{PREFIX}/openapi.json` has the types; [how to use it](../how-to/api.md).\n",
    ]
    for room in dict.fromkeys(map(tag_of, OPERATIONS)):
        parts.append(f"\n## {room.capitalize()}\n\n| call | takes | scope | what it does |\n|---|---|---|---|")
        for one in OPERATIONS:
            if tag_of(one) == room:
                form = shape(one)
                taken = [f"`{field.encode_name}`" for kind in (form.asked, form.body) for field in fields_of(kind)]
                parts.append(f"| `{one.method} {one.path}` | {', '.join(taken)} | {one.scope} | {words(one)[0]} |")
    return "\n".join(parts) + "\n"


def main() -> int:
    """Write all pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
