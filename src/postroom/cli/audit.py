"""`postroom audit`: the log of what people did, line by line."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from postroom.cli.console import (
    AsJson,
    Config,
    examples,
    fail,
    open_store_house,
    print_all,
    print_json,
    say,
    when,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postroom.model.people import Deed
    from postroom.ports.accounts import Journal

_PAGE = 1000
_LAST = 2**53

app = typer.Typer(no_args_is_help=True, help="The audit log, which is only ever added to: list, verify, export.")


@app.command(
    "list",
    epilog=examples(
        "postroom audit list",
        "postroom audit list --what sign-in-failed --limit 20",
        "postroom audit list --by ada --json",
        "postroom audit list --since 2026-03-01 --until 2026-03-31",
    ),
)
def list_(
    by: Annotated[str, typer.Option("--by", help="Of one person alone.")] = "",
    what: Annotated[str, typer.Option("--what", help="Of one kind alone, e.g. sign-in-failed.")] = "",
    to: Annotated[str, typer.Option("--to", help="What was done to this alone: an id or a name.")] = "",
    since: Annotated[str, typer.Option("--since", help="From this day on (UTC).", metavar="DAY")] = "",
    until: Annotated[str, typer.Option("--until", help="Until this day and with it (UTC).", metavar="DAY")] = "",
    before: Annotated[
        int,
        typer.Option("--before", min=0, max=_LAST, help="Older than this line.", metavar="NUMBER", show_default=False),
    ] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")] = 50,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """What was done, newest first."""
    from postroom.flow.facts import deed_facts
    from postroom.flow.savedviews import day, day_end
    from postroom.model.errors import Refused

    try:
        span = (day(since) if since else None, day_end(until) if until else None)
    except Refused as error:
        fail(str(error), 2)
    house = open_store_house(config)
    found = house.people.journal.deeds(
        before=before, limit=limit, by=by, what=what, to=to, since=span[0], until=span[1]
    )
    house.close()
    columns = ("line", "at (UTC)", "by", "what", "to", "detail")
    nothing = "Nothing of the kind was done."
    print_all(found, as_json=as_json, facts=deed_facts, columns=columns, row=_row, empty=nothing)


@app.command(epilog=examples("postroom audit verify", "postroom audit verify --line 1042:5d41402a…"))
def verify(
    line: Annotated[
        str,
        typer.Option(
            "--line",
            help="A line as an earlier `verify` named it, which must still be there: shows that the end was not cut off.",
            metavar="NUMBER:CHAIN",
        ),
    ] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Whether every line is as it was written and none is missing between the first and the last. Exit code 1 when not."""
    noted = re.fullmatch(r"(\d{1,15}):([0-9a-f]{64})", line)
    if line and noted is None:
        fail("--line is no NUMBER:CHAIN as `postroom audit verify` prints it", 2)
    house = open_store_house(config)
    # In this order: lines that come meanwhile are not taken for broken ones.
    newest = house.people.journal.deeds(limit=1)
    sound = house.people.journal.verify()
    kept = noted is None or _is_there(house.people.journal, int(noted[1]), noted[2])
    house.close()
    last = newest[0].number if newest else 0
    whole = sound >= last
    if as_json:
        print_json(
            {"lines": last, "unbroken": min(sound, last), "last": _named(newest), "line_found": kept if line else None}
        )
        raise typer.Exit(0 if whole and kept else 1)
    if not whole:
        fail(f"line {sound + 1} is not as it was written, or missing: what follows it can't be believed either")
    if not kept:
        fail(f"line {line.partition(':')[0]} is not the one that was noted down: the log was cut off or written anew")
    say(f"{last} lines, all as they were written.")
    if newest:
        say(f"Note down the last, elsewhere, to find out later if the end was cut off: {_named(newest)}")


@app.command(epilog=examples("postroom audit export > audit.jsonl", "postroom audit export --from 1001 >> audit.jsonl"))
def export(
    start: Annotated[int, typer.Option("--from", min=1, max=_LAST, help="From this line on.", metavar="NUMBER")] = 1,
    config: Config = None,
) -> None:
    """All lines, oldest first, as JSON Lines, with the hashes that let anybody check them."""
    from postroom.flow.facts import deed_facts

    house = open_store_house(config)
    for deed in _from(house.people.journal, start):
        print_json(deed_facts(deed))
    house.close()


def _row(deed: "Deed") -> tuple[object, ...]:
    return (deed.number, when(deed.at), deed.by or "(postroom)", deed.what, deed.to, deed.detail)


def _from(journal: "Journal", start: int) -> "Iterator[Deed]":
    """Lines from a number on, to the one that is the newest now."""
    newest = journal.deeds(limit=1)
    last = newest[0].number if newest else 0
    for first in range(start, last + 1, _PAGE):
        page = journal.deeds(before=min(first + _PAGE, last + 1), limit=_PAGE)
        yield from (deed for deed in reversed(page) if deed.number >= first)


def _is_there(journal: "Journal", number: int, chain: str) -> bool:
    found = journal.deeds(before=number + 1, limit=1)
    return bool(found) and (found[0].number, found[0].chain) == (number, chain)


def _named(newest: "tuple[Deed, ...]") -> str | None:
    return f"{newest[0].number}:{newest[0].chain}" if newest else None
