"""`route` and `understand`: mail from files, one JSON object a line, with a progress bar."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postroom.cli.console import (
    AsJson,
    Config,
    counted,
    examples,
    fail,
    look_for_config,
    open_house,
    print_json,
    print_table,
    printable,
    say,
    when,
)
from postroom.model.errors import PostroomError
from postroom.model.shares import percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from postroom.bootstrap import House
    from postroom.bootstrap.files import FoundMail

#: rows of one table, about a screenful
_PAGE = 50

Paths = Annotated[
    list[str], typer.Argument(help="Files (.eml, mbox), Maildirs or folders; - is standard input.", metavar="PATH…")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        short_help="Say where mails would go, and why; --deliver takes them.",
        epilog=examples(
            "postroom route mails/ --json", "postroom route old.mbox --deliver", "postroom route - < mail.eml"
        ),
    )(route)
    app.command(
        short_help="Show what the reader makes of mails.", epilog=examples("postroom understand mail.eml --json")
    )(understand)


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
    """Say where mails would go and why; deliver them only with --deliver, then exit 1 when one was refused."""
    from postroom.bootstrap.files import accept, preview

    house = open_house(config) if deliver else any_house(config)
    found = _with_progress(house, paths)
    rows = accept(house, found, brand=brand) if deliver else preview(house, found, brand=brand, text_only=text_only)
    shown = refused = 0
    for page in _pages(rows, 1 if as_json else _PAGE):
        shown += len(page)
        refused += sum(1 for facts in page if facts.get("error"))
        if as_json:
            for facts in page:
                print_json(facts)
        elif deliver:
            print_table("", ("mail", "id", "what became of it"), [_arrival(facts) for facts in page])
        else:
            print_table("", ("mail", "goes to", "best guess", "sure", "why"), [_decision(facts) for facts in page])
    house.close()
    if not shown and not as_json:
        say("No mail there.")
    if refused:
        fail(f"refused: {refused} of {counted(shown, 'mail')}")


def understand(paths: Paths, config: Config = None, as_json: AsJson = False) -> None:
    """Show what the reader makes of mails: headers, new text, kind, language, authentication, defects."""
    from postroom.bootstrap.files import understand as understood

    house = any_house(config)
    for facts in understood(house, _with_progress(house, paths)):
        if as_json:
            print_json(facts)
        else:
            rows = [(name, shown) for name, value in facts.items() if (shown := _readable(name, value))]
            print_table(printable(facts["path"]), ("field", "value"), rows)
    house.close()


def _readable(name: str, value: Any) -> str:
    """A fact about a mail for people; ``""`` for one that says nothing."""
    if value is None:
        return ""
    if name == "date":
        return f"{when(value)} UTC"
    if isinstance(value, list):
        return "\n".join(_readable("", one) for one in value)
    if not isinstance(value, dict):
        return str(value)
    if value.keys() == {"name", "address"}:
        return f"{value['name']} <{value['address']}>" if value["name"] else value["address"]
    said = {what: _readable("", one) for what, one in value.items()}
    return ", ".join(f"{what} {one}" for what, one in said.items() if one)


def any_house(config: Path | None) -> "House":
    """The installation of this folder if there is one, else the shipped settings: files can be judged without any set-up."""
    from postroom.bootstrap import House

    path = look_for_config(config)
    return House.without_settings() if path is None else open_house(path)


def _with_progress(house: "House", paths: list[str]) -> "Iterator[FoundMail]":
    """The mails behind some paths, with a bar on standard error when a person looks."""
    import sys

    from postroom.bootstrap.files import bytes_in, mails_in

    mails = mails_in(house, paths)
    total = bytes_in(paths)
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
    # On a terminal, what is printed goes above the bar. Into a file or a pipe it must go by itself, not to the bar's side.
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty()) as progress:
        task = progress.add_task("reading", total=total or None, mails=0)
        for number, mail in enumerate(mails, start=1):
            yield mail
            progress.update(task, advance=len(mail.raw), mails=number)


def _pages(rows: "Iterator[dict[str, Any]]", size: int) -> "Iterator[list[dict[str, Any]]]":
    """So many rows at a time as are shown together; when something ends the work, what came before it is still shown."""
    page: list[dict[str, Any]] = []
    try:
        for row in rows:
            page.append(row)
            if len(page) == size:
                yield page
                page = []
    except PostroomError:
        if page:
            yield page
        raise
    if page:
        yield page


def _decision(facts: "Mapping[str, Any]") -> tuple[str, ...]:
    beginning = "(Its beginning alone; it is larger than intake.max_size.) " if facts["truncated"] else ""
    return (
        Path(facts["path"]).name,
        facts["route"],
        facts["decided"],
        percent(facts["confidence"]),
        beginning + facts["because"],
    )


def _arrival(facts: "Mapping[str, Any]") -> tuple[str, ...]:
    if facts["error"]:
        became = f"refused: {facts['error']}"
    elif facts["accepted_before"]:
        became = "accepted before"
    else:
        became = f"accepted; the same as {facts['duplicate_of']}" if facts["duplicate_of"] else "accepted"
    return Path(facts["path"]).name, facts["id"] or "", became
