"""`evaluate`: how well decisions agree with labelled mail."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postroom.cli.console import AsJson, Config, examples, print_json, print_table, say
from postroom.cli.files import any_house

if TYPE_CHECKING:
    from collections.abc import Mapping


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(
        epilog=examples(
            "postroom evaluate labelled.jsonl --text-only --json", "postroom evaluate folder-a-route/ --stream"
        )
    )(evaluate)


def evaluate(
    data: Annotated[
        Path,
        typer.Argument(
            help="JSON Lines with `route` and `subject` + `body` or `file`; or a folder for each route.", metavar="DATA"
        ),
    ],
    config: Config = None,
    text_only: Annotated[
        bool, typer.Option("--text-only", help="Judge by subject and body alone: no headers, threads, history.")
    ] = False,
    stream: Annotated[
        bool, typer.Option("--stream", help="In date order, through threads and history; adds right_or_review.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Accuracy, precision and recall a route, review rate, coverage and calibration on labelled mail."""
    from postroom.bootstrap.measuring import evaluate as measure_data

    house = any_house(config)
    began = time.perf_counter()
    facts = measure_data(house, data, text_only=text_only, stream=stream)
    spent = time.perf_counter() - began
    facts["mails_per_second"] = round(facts["n"] / spent, 1) if spent else 0.0
    house.close()
    if as_json:
        print_json(facts)
    else:
        _show(facts)


def _show(facts: "Mapping[str, Any]") -> None:
    say(f"{facts['n']} mails, {facts['accuracy']:.1%} right by best guess, {facts['review_rate']:.1%} to review.")
    decided = facts["decided"]
    say(
        f"Without a person: {decided['share']:.1%} at {decided['error']:.1%} error; at 1 % error {facts['coverage_at_1pct_error']:.1%} could be."
    )
    say(f"Calibration error {facts['ece']:.3f}; {facts['mails_per_second']} mails a second.")
    if facts["truncated"]:
        say(f"{facts['truncated']} are larger than intake.max_size: judged by their beginning.")
    if "right_or_review" in facts:
        say(f"Right route or review: {facts['right_or_review']:.1%}.")
    rows = [
        (name, f"{s['precision']:.3f}", f"{s['recall']:.3f}", f"{s['f1']:.3f}", s["support"])
        for name, s in sorted(facts["routes"].items(), key=lambda item: item[1]["f1"])
    ]
    print_table("\nWorst route first", ("route", "precision", "recall", "F1", "mails"), rows)
    languages = sorted(facts["languages"].items(), key=lambda item: item[1]["accuracy"])
    spoken = [(name or "(unknown)", f"{s['accuracy']:.3f}", s["n"]) for name, s in languages]
    print_table("\nWorst language first", ("language", "accuracy", "mails"), spoken)
