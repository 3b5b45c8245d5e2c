"""What all commands share: finding the settings, printing facts, failing with a sentence."""

import json
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from postroom.model.errors import ConfigError, Refused

if TYPE_CHECKING:
    from rich.text import Text

    from postroom.bootstrap import House
    from postroom.config import Settings
    from postroom.model.mail import Mail

#: where settings are looked for, in this order
CONFIG_PATHS = ("postroom.toml", "/etc/postroom/postroom.toml")

_One = TypeVar("_One")

_WIDE = 130
"""Columns of a terminal that lists of mails need in full."""
_FLOWING = frozenset({"from", "subject", "why", "error"})
"""What people wrote, of any length."""
_IDS = frozenset({"id", "mail"})
_TAIL = 6
"""Letters that an id is told by: thirty random bits."""

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="POSTROOM_CONFIG",
        help="Settings file; else that which POSTROOM_CONFIG in the environment names, ./postroom.toml, /etc/postroom/postroom.toml.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]


def examples(*lines: str) -> str:
    """What stands at the end of a command's help, one line each; ``\\b`` keeps the help from filling them up."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def look_for_config(given: Path | None) -> Path | None:
    """The settings file to use, None when none is named and none is there. Raises `ConfigError` for a named one that is missing."""
    if given is not None:
        if not given.is_file():
            raise ConfigError(f"there is no settings file {given}; write one with: postroom init")
        return given
    return next((path for path in map(Path, CONFIG_PATHS) if path.is_file()), None)


def find_config(given: Path | None) -> Path:
    """The settings file to use. Raises `ConfigError` when there is none."""
    path = look_for_config(given)
    if path is None:
        raise ConfigError(f"no settings file ({' or '.join(CONFIG_PATHS)}); write one with: postroom init")
    return path


def read_settings(path: Path) -> "Settings":
    """The settings in a file. Raises `ConfigError` with every mistake in it."""
    from postroom.config import load

    settings, problems = load(path.read_text(encoding="utf-8-sig", errors="replace"))
    if settings is None:
        mistakes = "\n".join(f"  {p}" for p in problems if p.fatal)
        raise ConfigError(f"{path} has mistakes:\n{mistakes}")
    return settings


def open_house(given: Path | None, *, process: str = "") -> "House":
    """The installation of a settings file. Raises `ConfigError` with every mistake in it."""
    from postroom.bootstrap import House

    path = find_config(given)
    return House(read_settings(path), path.resolve().parent, process=process)


def open_store_house(given: Path | None) -> "House":
    """The same, for looking at what is there: a look makes no store. Raises `ConfigError` when there is none yet."""
    house = open_house(given)
    if not house.has_store:
        raise ConfigError(
            f"there is no store at {house.store_path}; `postroom serve` makes one, `postroom restore` brings one back"
        )
    return house


def require_folder(file: Path) -> None:
    """End the command where there is no folder to write this file into: before the work, not after it."""
    if not file.absolute().parent.is_dir():
        fail(f"there is no folder {file.parent} to write {file.name} into", 2)


def with_config(given: Path | None) -> str:
    """What a hint at another command must end with to be about the same installation."""
    return f" -c {shlex.quote(str(given))}" if given is not None else ""


def destinations_of(house: "House") -> dict[str, str]:
    """Every destination with its kind; none is built."""
    from postroom.bootstrap.meaning import BUILT_IN

    named = {name: str(type(one).__struct_config__.tag) for name, one in house.settings.destination.items()}
    return dict.fromkeys(BUILT_IN, "inbox") | named


def find_mail(house: "House", given: str, *, missing: str = "no mail with the id {}") -> "Mail":
    """The mail whose id begins or ends so; ends the command when there is none, or several, which are named."""
    prefix = given.strip("…")
    if not prefix:
        fail("say which mail: its id, or the first or last letters of it")
    try:
        mail = house.mail(prefix)
    except Refused as error:
        ids = house.store.find(prefix.lower(), 10)
        known = house.store.summaries(ids)
        lines = [
            f"  {one}  {known[one].from_addr}  {known[one].subject}" if one in known else f"  {one}" for one in ids
        ]
        fail("\n".join([str(error), *lines]))
    if mail is None:
        fail(missing.format(given))
    if not mail.raw and (gone := house.eraser.erased(mail.id)) is not None:
        fail(f"{mail.id} was erased on {when(gone.at)[:10]}: nothing is left of it but that it came, and where it went")
    return mail


#: what JSON leaves as it is and a terminal may obey, or no encoding can carry
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def print_json(facts: object) -> None:
    """One JSON value on one line of standard output; controls and what is no text are escaped."""
    line = json.dumps(facts, ensure_ascii=False, default=str)
    sys.stdout.write(_UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", line) + "\n")


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str = "nothing"
) -> None:
    """A table for people. Cells are printed as they are: no markup of a stranger's subject is obeyed."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        say(empty)
        return
    table = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == "id")
    for row in rows:
        table.add_row(*(Text(printable(str(cell))) for cell in row))
    # Into a file or a pipe no line is folded: what reads it reads lines.
    Console(width=None if sys.stdout.isatty() else 1000).print(table)


def print_all(
    found: Sequence[_One],
    *,
    as_json: bool,
    facts: Callable[[_One], object],
    columns: Sequence[str],
    row: Callable[[_One], Sequence[object]],
    empty: str,
) -> None:
    """All that was found: as facts, a line of JSON each, or as a table, a row each."""
    if as_json:
        for one in found:
            print_json(facts(one))
        return
    print_table("", columns, [row(one) for one in found], empty=empty)


def print_list(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str, spare: Sequence[str] = ()
) -> None:
    """A list, a line each wherever that is possible: on a narrow terminal without the columns that can be spared.

    There, ids are told by their last letters, times without year and seconds, and what strangers wrote is cut.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        say(empty)
        return
    # Into a file or a pipe no line is folded: what reads it reads lines.
    console = Console(width=None if sys.stdout.isatty() else 1000)
    narrow = console.width < _WIDE
    shown = [(number, name) for number, name in enumerate(columns) if not (narrow and name in spare)]
    table = Table(header_style="bold", box=None, pad_edge=False)
    for _, name in shown:
        table.add_column(name.removesuffix(" (UTC)") if narrow else name, no_wrap=name not in _FLOWING, overflow="fold")
    for row in rows:
        cells = [printable(str(row[number])) for number, _ in shown]
        table.add_row(
            *(_cut(cell, name) if narrow else Text(cell) for cell, (_, name) in zip(cells, shown, strict=True))
        )
    console.print(table)


def _cut(cell: str, column: str) -> "Text":
    from rich.text import Text

    if column in _IDS and len(cell) > _TAIL:
        cell = f"…{cell[-_TAIL:]}"
    elif column.endswith("(UTC)"):
        cell = cell[5:16]
    return Text(cell, no_wrap=True, overflow="ellipsis")


def shortened(text: str, most: int) -> str:
    """At most so many characters of a text, the last of them … where there were more."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def printable(text: str) -> str:
    """Text without control and direction characters: a mail must not command a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def say(text: str, *, mark: str = "", colour: str = "green") -> None:
    """A line for people on standard output, after a coloured mark if one is given."""
    typer.echo((typer.style(mark, fg=colour) + " " if mark else "") + printable(text))


def note(text: str) -> None:
    """A line for people on standard error."""
    typer.echo(printable(text), err=True)


def fail(text: str, code: int = 1) -> NoReturn:
    """End the command with a sentence on standard error."""
    typer.secho(f"postroom: {printable(text)}", fg="red", err=True)
    sys.exit(code)


def when(seconds: float) -> str:
    """A time for people, in UTC."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def counted(number: int, what: str) -> str:
    """``1 mail``, ``2 mails``."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping with keys that are not text turned into text, for JSON."""
    return {
        k if isinstance(k, str) else " ".join(map(str, k)): plain(v) if isinstance(v, Mapping) else v
        for k, v in facts.items()
    }
