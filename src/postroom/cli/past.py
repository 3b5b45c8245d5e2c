"""`import`: a team's history to learn from, previewed before anything is kept."""

import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postroom.cli.console import AsJson, Config, counted, examples, open_house, print_json, print_table, say
from postroom.cli.files import any_house
from postroom.model.shares import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from postroom.bootstrap.past import Progress

#: labels that are shown; --json has all
_LABELS = 40
#: labels that the hint at mapping them names
_HINTED = 3


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(
        "import",
        short_help="Learn from a team's old mail; look first, then --keep.",
        epilog=examples(
            "postroom import ~/Maildir --map 'Appeals/*=appeals' --map 'Refunds=refunds'",
            "postroom import tickets.json --map 'label:refund=refunds' --map-file map.toml --keep",
        ),
    )(import_)


def import_(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Maildirs, mbox files, folders of .eml; CSV, JSON and JSON Lines exports.", metavar="PATH…"
        ),
    ],
    config: Config = None,
    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="LABEL=ROUTE, again and again; the first that fits counts. A label is a folder (Appeals/*), label:TAG or group:NAME.",
        ),
    ] = None,
    map_file: Annotated[
        Path | None, typer.Option("--map-file", help="TOML with [map] and [columns], for many of them.")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--column", help="Of CSV files: body=NAME names the column of the text, and so on."),
    ] = None,
    brand: Annotated[str, typer.Option("--brand", help="Brand whose mail it is; else the first.")] = "",
    believe: Annotated[
        bool,
        typer.Option(
            "--believe-senders", help="The system that exported CSV or JSON made sure of who its senders are."
        ),
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep it in the store; else it is only looked at.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read a team's mail of the past: what can be learnt from it, and what would have been right; keep it with --keep."""
    from postroom.bootstrap.past import Wanted, import_past

    house = open_house(config) if keep else any_house(config)
    wanted = Wanted(
        paths=paths,
        maps=maps or (),
        map_file=map_file,
        columns=columns or (),
        brand=brand,
        believe=believe,
        keep=keep,
    )
    with _bar() as tell:
        facts = import_past(house, wanted, now=time.time(), tell=tell)
    house.close()
    if as_json:
        print_json(facts)
    else:
        _show(facts)


@contextmanager
def _bar() -> "Iterator[Progress]":
    """A bar on standard error when a person looks."""
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=False) as progress:
        task = progress.add_task("reading", total=None)
        yield lambda stage, done, total: progress.update(task, description=stage, completed=done, total=total or None)


def _show(facts: "Mapping[str, Any]") -> None:
    labels = [(one["label"], one["mails"], one["route"] or "-") for one in facts["labels"][:_LABELS]]
    print_table("Labels", ("label", "mails", "route"), labels, empty="No labels found.")
    more = len(facts["labels"]) - _LABELS
    if more > 0 or facts["other_labels"]:
        say(f"and {max(more, 0)} more labels (--json has them), {facts['other_labels']} uses of others")
    for pattern in facts["idle"]:
        say(f"No label fits {pattern!r}: it maps nothing.")
    _show_left_out(facts)
    routes = [(route, one["examples"], "\n".join(one["subjects"])) for route, one in facts["routes"].items()]
    print_table("\nTo learn from", ("route", "mails", "first subjects"), routes, empty="\nNothing to learn from.")
    if facts["examples"]:
        spoken = ", ".join(f"{name or 'unknown'} {count}" for name, count in list(facts["languages"].items())[:10])
        say(
            f"{counted(facts['examples'], 'mail')} from {facts['first'] or '?'} to {facts['last'] or '?'}; languages: {spoken}."
        )
        say(f"{facts['authenticated']} of authenticated senders; {facts['undated']} without a date.")
    if facts["rehearsal"] is not None:
        _show_rehearsal(facts["rehearsal"])
    kept = facts["kept"]
    if kept is not None:
        say(
            f"\nKept: {kept['new']} new, {kept['known']} were there before; {kept['remembered']} added to threads and senders."
        )
    elif facts["examples"]:
        say("\nNothing was kept. If it is right so, run it again with --keep.")
    else:
        say(f"Map labels to routes: {_example(facts['labels'])}")


def _example(labels: "Sequence[Mapping[str, Any]]") -> str:
    """Options that map the labels that were found."""
    found = [one["label"] for one in labels[:_HINTED]] or ["Appeals/*"]
    return " ".join(f"--map {shlex.quote(f'{label}=ROUTE')}" for label in found)


def _show_left_out(facts: "Mapping[str, Any]") -> None:
    from postroom.flow.past import WORDS

    rows = [(WORDS[why], count) for why, count in facts["left_out"].items()]
    if rows:
        print_table("\nLeft out", ("why", "mails"), rows)
    for trouble in facts["troubles"]:
        say(f"  {trouble['source']}: {trouble['why']}")


def _show_rehearsal(facts: "Mapping[str, Any]") -> None:
    by = f"the model {facts['model']} and the rules" if facts["model"] else "the rules and phrases"
    say(f"\nHad {by} of today judged the last {counted(facts['n'], 'mail')}, knowing the {facts['taught']} before:")
    say(
        f"{facts['accuracy']:.1%} right by best guess, {facts['review_rate']:.1%} to review, "
        f"{facts['right_or_review']:.1%} right or in review."
    )
    decided = facts["decided"]
    say(
        f"Without a person: {decided['share']:.1%}, of them {decided['error']:.1%} wrong"
        f" ({decided['error_interval'][0]:.1%} to {decided['error_interval'][1]:.1%})."
    )
    firsts, answers = ("that begin a conversation", "first_mails"), ("that answer within one", "follow_ups")
    for name, key in (firsts, answers):
        if (one := facts[key])["mails"]:
            say(f"Of {counted(one['mails'], 'mail')} {name}: {one['right']:.1%} right, {one['review']:.1%} to review.")
    if facts["unknown_to_model"]:
        say(
            f"The model doesn't know {', '.join(facts['unknown_to_model'])}: only phrases, rules, threads and history lead"
            " there, until `postroom learn` has learned from what --keep keeps."
        )
    rows = [
        (
            one["route"],
            one["mails"],
            f"{one['right']:.1%}",
            f"{one['review']:.1%}",
            f"{one['wrong_without_a_person']:.1%}",
        )
        for one in facts["routes"]
    ]
    print_table("Worst route first", ("route", "mails", "right", "to review", "wrong unseen"), rows)
    wrong = [
        (one["subject"] or "(no subject)", one["label"], _went(one), percent(one["confidence"]), one["source"])
        for one in facts["mistakes"]
    ]
    if wrong:
        columns = ("subject", "label", "would have gone to", "sure", "mail")
        print_table("\nWorst mistakes, the surest first", columns, wrong)


def _went(one: "Mapping[str, Any]") -> str:
    return one["decided"] if one["route"] == one["decided"] else f"review (best guess {one['decided']})"
