"""`postroom rules try`: what other rules would have done to the mail of the last days."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from postroom.cli.console import AsJson, Config, examples, open_store_house, print_json, print_table, say, when
from postroom.model.backtest import MOST_DAYS, Asked
from postroom.model.errors import Refused, unknown
from postroom.model.mail import BrandName

if TYPE_CHECKING:
    from postroom.bootstrap.backtesting import Tell
    from postroom.model.backtest import Report

_SHOWN = 15
_AGAINST_PEOPLE = 3


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(
        "try",
        short_help="Say what other rules would have done to the last days' mail.",
        epilog=examples(
            "postroom rules try  # the files on the disk against what is in force",
            "postroom rules try --days 30 --rules ../draft/rules --phrases ../draft/phrases",
        ),
    )(try_)


def try_(
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="Of the mail of so many days.")] = 14,
    rules: Annotated[
        Path | None, typer.Option(help="Folder of rules to try, instead of those on the disk.", metavar="FOLDER")
    ] = None,
    phrases: Annotated[
        Path | None, typer.Option(help="Folder of phrases to try, instead of those on the disk.", metavar="FOLDER")
    ] = None,
    brand: Annotated[str, typer.Option(help="Only mail of this brand.")] = "",
    background: Annotated[
        bool,
        typer.Option("--background", help="Do what pages asked for, with the least priority; `postroom serve` does."),
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Judge the mail of the last days by the rules in force and by others, and say what differs. Nothing is kept or moved.

    Exit 3 when mail would leave the place where people said that it belongs.
    """
    from postroom.bootstrap.backtesting import in_folders, try_rules, work_off
    from postroom.flow.backtest import change_facts, report_facts

    if background:
        with suppress(OSError):
            os.nice(19)
    house = open_store_house(config)
    if background:
        work_off(house)
        house.close()
        return
    if brand and brand not in house.settings.brand:
        raise Refused(unknown("brand", brand, tuple(house.settings.brand)))
    asked = Asked(days=days, brand=BrandName(brand), at=time.time())
    with _bar() as tell:
        found = try_rules(house, in_folders(house, rules, phrases), asked, tell)
    house.close()
    assert found is not None, "nobody tells it to stop"
    report, changes = found
    if as_json:
        print_json({**report_facts(report), "changes": [change_facts(one) for one in changes]})
    else:
        _show(report)
    raise typer.Exit(_AGAINST_PEOPLE if report.broken else 0)


@contextmanager
def _bar() -> "Iterator[Tell]":
    """A bar on standard error when a person looks."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: True
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), redirect_stdout=False) as progress:
        task = progress.add_task("judging", total=None)

        def tell(done: int, total: int) -> bool:
            progress.update(task, completed=done, total=total or None)
            return True

        yield tell


def _show(report: "Report") -> None:
    from postroom.flow.backtest import in_words, remarks

    say(in_words(report))
    for remark in remarks(report):
        say(remark)
    if report.same or not report.mails:
        return
    say(f"From {when(report.since)} to {when(report.until)} (UTC).")
    flows = [(one.source, one.target, one.mails, one.fixed, one.broken) for one in report.flows[:_SHOWN]]
    if flows:
        print_table("\nWhat would move", ("from", "to", "mails", "as people said", "against it"), flows)
    loads = [
        (one.route, _a_day(one.before, report), _a_day(one.after, report), one.peak_before, one.peak_after)
        for one in report.loads
    ]
    print_table("\nMails a day", ("desk", "in force", "tried", "fullest hour", "tried"), loads)
    fired = [(one.source, one.name, one.before, one.after) for one in report.firings[:_SHOWN]]
    if fired:
        print_table("\nFound in more or fewer mails", ("what", "name", "in force", "tried"), fired)


def _a_day(mails: int, report: "Report") -> str:
    return f"{mails / report.days:,.1f}"
