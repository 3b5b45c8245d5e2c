"""`route` and `understand`: mail from files, one JSON object a line, with a progress bar."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postroom.cli.console import AsJson, Config, examples, open_house, print_json, print_table, printable

if TYPE_CHECKING:
    from postroom.adapters.intake.files import FoundMail
    from postroom.bootstrap import House

Paths = Annotated[
    list[str], typer.Argument(help="Files (.eml, mbox), Maildirs or folders; - is standard input.", metavar="PATH…")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        epilog=examples(
            "postroom route mails/ --json", "postroom route old.mbox --deliver", "postroom route - < mail.eml"
        )
    )(route)
    app.command(epilog=examples("postroom understand mail.eml --json"))(understand)


def route(
    paths: Paths,
    config: Config = None,
    as_json: AsJson = False,
    deliver: Annotated[
        bool,
        typer.Option(
            "--deliver",
            help="Accept the mails for delivery by the workers; started again, it goes on where it stopped.",
        ),
    ] = False,
    brand: Annotated[str, typer.Option("--brand", help="Brand whose mail it is; else the first.")] = "",
    text_only: Annotated[
        bool, typer.Option("--text-only", help="Judge by subject and body alone: no threads, no history.")
    ] = False,
) -> None:
    """Say where mails would go and why; deliver them only with --deliver."""
    from postroom.bootstrap.files import accept, preview

    house = open_house(config) if deliver else any_house(config)
    found = _with_progress(house, paths)
    rows = accept(house, found, brand=brand) if deliver else preview(house, found, brand=brand, text_only=text_only)
    if as_json:
        for facts in rows:
            print_json(facts)
    else:
        _print_rows(rows)
    house.close()


def understand(paths: Paths, config: Config = None, as_json: AsJson = False) -> None:
    """Show what the reader makes of mails: headers, new text, kind, language, authentication, defects."""
    from postroom.bootstrap.files import Offline
    from postroom.flow.facts import message_facts
    from postroom.understand.reader import read

    house = any_house(config)
    offline = Offline(house)
    for found in _with_progress(house, paths):
        facts = message_facts(found.path, read(offline.mail(found), house.trust))
        if as_json:
            print_json(facts)
        else:
            rows = [
                (k, "\n".join(map(str, v)) if isinstance(v, list) else v)
                for k, v in facts.items()
                if v not in ("", None, [])
            ]
            print_table(printable(found.path), ("field", "value"), rows)
    house.close()


def any_house(config: Path | None) -> "House":
    """The installation of this folder if there is one, else the shipped settings: files can be judged without any set-up."""
    from postroom.bootstrap import House
    from postroom.model.errors import ConfigError

    try:
        return open_house(config)
    except ConfigError as error:
        if config is not None or "no settings file" not in str(error):
            raise
        return House.without_settings()


def _with_progress(house: "House", paths: list[str]) -> "Iterator[FoundMail]":
    """The mails behind some paths, with a bar on standard error when a person looks."""
    import sys

    from postroom.adapters.intake.files import count_bytes, find_mails

    mails = find_mails(paths, house.settings.intake.max_size)
    total = count_bytes(paths)
    if not sys.stderr.isatty():
        yield from mails
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[mails]} mails"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("reading", total=total or None, mails=0)
        for number, mail in enumerate(mails, start=1):
            yield mail
            progress.update(task, advance=len(mail.raw), mails=number)


def _print_rows(rows: "Iterator[dict[str, Any]]") -> None:
    table = [
        (
            Path(r["path"]).name,
            r["route"],
            r.get("decided", ""),
            f"{r['confidence']:.2f}" if "confidence" in r else "",
            r.get("because", ""),
        )
        for r in rows
    ]
    print_table("", ("mail", "goes to", "best guess", "sure", "why"), table, empty="No mail there.")
