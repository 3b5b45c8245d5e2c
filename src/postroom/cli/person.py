"""`postroom person`: what is held of somebody; and `postroom retain`, which erases what is over its time."""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postroom.cli.console import (
    AsJson,
    Config,
    counted,
    examples,
    fail,
    find_mail,
    note,
    open_store_house,
    print_all,
    print_json,
    print_table,
    require_folder,
    say,
    when,
    with_config,
)
from postroom.cli.review import By, login_name

if TYPE_CHECKING:
    from postroom.bootstrap import House

app = typer.Typer(no_args_is_help=True, help="What is held of somebody: show, export, hold, release, erase it.")

Address = Annotated[str, typer.Argument(help="Their address, in whatever case.", metavar="ADDRESS")]
What = Annotated[
    str, typer.Argument(help="Their address; or the id of one mail, or its beginning.", metavar="ADDRESS|ID")
]


def register(top: typer.Typer) -> None:
    """Add the command of this module that is no part of the group."""
    top.command(
        short_help="Erase the mail that is over its time (retention).",
        epilog=examples("postroom retain --dry-run", "postroom retain"),
    )(retain)


@app.command(epilog=examples("postroom person show ada@example.com", "postroom person show ada@example.com --json"))
def show(address: Address, config: Config = None, as_json: AsJson = False) -> None:
    """How much is held of somebody, and whether it may be erased."""
    from postroom.bootstrap.privacy import held

    house = open_store_house(config)
    facts = held(house, address)
    house.close()
    if as_json:
        print_json(facts)
    else:
        _show(facts)


@app.command(epilog=examples("postroom person export ada@example.com --out ada.zip"))
def export(
    address: Address,
    out: Annotated[Path, typer.Option("--out", help="File to write; must not be there.", metavar="FILE.zip")],
    by: By = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write all that is held of somebody to a file: their mails as .eml, and the rest as JSON. Whoever of the team had to do with it is not named."""
    from postroom.bootstrap.privacy import export as write

    require_folder(out)
    house = open_store_house(config)
    facts = write(house, address, out, by or login_name())
    house.close()
    if as_json:
        print_json({"file": str(out), **facts})
    else:
        _show(facts)
        say(f"Wrote {out}. It holds a person's mail: send it to nobody else.")


@app.command(
    epilog=examples(
        "postroom person erase ada@example.com --dry-run",
        "postroom person erase ada@example.com",
        "postroom person erase 01kb3v7q --yes",
    )
)
def erase(
    what: What,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how much it would be, and erase nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask to type it again.")] = False,
    by: By = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Erase somebody, or one mail, for good: mail, words, addresses, labelled mail, history. Counts and a keyed hash stay. There is no way back."""
    from postroom.bootstrap.privacy import held
    from postroom.bootstrap.teaching import knows
    from postroom.flow.facts import erasure_facts

    house = open_store_house(config)
    found = _what(house, what)
    facts: dict[str, Any] = held(house, found) if "@" in found else {"mail": found, "in_model": knows(house, [found])}
    if dry_run:
        house.close()
        if as_json:
            print_json({**facts, "dry_run": True})
        elif "@" in found:
            _show(facts)
            say("Nothing was erased.")
        else:
            say(f"It would erase the mail {found}. Nothing was erased.")
        return
    if not yes:
        _type_again(found)
    done = house.eraser.erase(found, by or login_name())
    house.close()
    if as_json:
        print_json({**erasure_facts(done), "in_model": facts["in_model"]})
        return
    if "@" in found and not any(count for _, count in _rows(facts)):
        say(
            "Nothing was held of them, so nothing was erased: is the address written as they write it? It is noted as erased, so that"
            " no backup brings anything of it back."
        )
        return
    say(
        f"Erased: {counted(done.mails, 'mail')}, {counted(done.examples, 'labelled mail')}, and all that was known of them."
    )
    if facts["in_model"]:
        note(
            f"The model in force was trained on {counted(facts['in_model'], 'text')} of theirs: within 30 days run"
            f" postroom learn{with_config(config)}"
        )
    note("Mail that was sent on, earlier backups and exports are not in postroom's hands; a restore erases it again.")


@app.command(epilog=examples("postroom person hold ada@example.com --reason 'court order 7 C 12/26'"))
def hold(
    what: What,
    reason: Annotated[str, typer.Option("--reason", help="Why: the matter, or its number.")],
    by: By = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Keep somebody, or one mail, from being erased by anybody, until it is released (a legal hold)."""
    from postroom.flow.facts import hold_facts

    house = open_store_house(config)
    made = house.eraser.hold(_what(house, what), reason, by or login_name())
    house.close()
    if as_json:
        print_json(hold_facts(made))
    else:
        say(f"{made.what} is held: neither a person nor its age erases it.")


@app.command(epilog=examples("postroom person release ada@example.com"))
def release(what: What, by: By = "", config: Config = None, as_json: AsJson = False) -> None:
    """What was held may be erased again."""
    house = open_store_house(config)
    found = _what(house, what)
    house.eraser.release(found, by or login_name())
    house.close()
    if as_json:
        print_json({"released": found})
    else:
        say(f"{found} may be erased again.")


@app.command(epilog=examples("postroom person holds", "postroom person holds --json"))
def holds(config: Config = None, as_json: AsJson = False) -> None:
    """All that is held."""
    from postroom.flow.facts import hold_facts

    house = open_store_house(config)
    found = house.eraser.keeping.holds()
    house.close()
    print_all(
        found,
        as_json=as_json,
        facts=hold_facts,
        columns=("held", "why", "by", "since (UTC)"),
        row=lambda one: (one.what, one.reason, one.by, when(one.at)),
        empty="Nothing is held.",
    )


def retain(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how much it would be, and erase nothing.")] = False,
    background: Annotated[bool, typer.Option("--background", help="With the least priority: for schedules.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Erase mail that is older than the settings let it become ([retention]), forget senders and cases of long ago, and end erasures that broke off. `postroom serve` does it once a day."""
    from postroom.bootstrap.privacy import retain as sweep

    if background:
        with suppress(OSError):
            os.nice(19)
    house = open_store_house(config)
    facts = sweep(house, time.time(), dry_run=dry_run)
    house.close()
    if as_json:
        print_json({**facts, "dry_run": dry_run})
    else:
        would = "would be" if dry_run else "were"
        say(f"{counted(facts['mails'], 'mail')} over their time {would} erased.")
        if facts["senders"] or facts["cases"]:
            what = f"{counted(facts['senders'], 'sender')} and {counted(facts['cases'], 'decided case')}"
            say(f"What was known of {what} over their time {would} forgotten.")


def _what(house: "House", given: str) -> str:
    """An address, or the id of the mail that is meant."""
    return house.eraser.person(given) if "@" in given else find_mail(house, given).id


def _type_again(found: str) -> None:
    if not sys.stdin.isatty():
        fail("nobody is there to be asked: say --yes if it is to be erased for good", 2)
    if typer.prompt(f"This can't be undone. Type {found} again to erase it").strip().lower() != found.lower():
        fail("that was something else: nothing was erased")


def _show(facts: dict[str, Any]) -> None:
    say(facts["address"])
    rows = _rows(facts)
    if any(count for _, count in rows):
        print_table("", ("what", "how much"), rows)
    else:
        say("Nothing is held of them.")
    for one in facts["held"]:
        say(f"Held: {one['what']}, by {one['by']} since {when(one['at'])[:10]}: {one['reason']}")


def _rows(facts: dict[str, Any]) -> list[tuple[str, int | str]]:
    """How much of what, in words; nothing is 0 or ""."""
    jobs = ", ".join(f"{count} {state}" for state, count in facts["jobs"].items())
    return [
        ("mails", facts["mails"]),
        ("decisions on them", facts["decisions"]),
        ("verdicts on them", facts["verdicts"]),
        ("jobs of them", jobs or 0),
        ("answers to them", facts["answers"]),
        ("conversations", facts["threads"]),
        ("cases", facts["cases"]),
        ("records of what they wrote when", facts["histories"]),
        ("labelled mails", facts["examples"]),
        ("versions and drafts of rules that name them", facts["rules"]),
        ("texts that the model in force learned from", facts["in_model"]),
    ]
