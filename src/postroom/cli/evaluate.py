"""`evaluate`: how well decisions agree with labelled mail."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postroom.cli.console import (
    AsJson,
    Config,
    counted,
    examples,
    fail,
    note,
    print_json,
    print_table,
    require_folder,
    say,
    when,
)
from postroom.cli.files import any_house
from postroom.cli.progress import watched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from postroom.bootstrap.measuring import Evaluation

Labelled = Annotated[
    Path,
    typer.Argument(
        help="JSON Lines with `route` and `subject` + `body` or `file`; or a folder for each route.", metavar="DATA"
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(
        short_help="How well decisions agree with labelled mail.",
        epilog=examples(
            "postroom evaluate labelled.jsonl --text-only --json",
            "postroom evaluate labelled.jsonl --report report.html",
            "postroom evaluate folder-a-route/ --stream",
            "postroom evaluate test.jsonl --model ours.model --out-of-scope other.jsonl --predictions said.jsonl",
        ),
    )(evaluate)


def evaluate(
    data: Labelled,
    config: Config = None,
    text_only: Annotated[
        bool, typer.Option("--text-only", help="Judge by subject and body alone: no headers, threads, history.")
    ] = False,
    stream: Annotated[
        bool, typer.Option("--stream", help="In date order, through threads and history; adds right_or_review.")
    ] = False,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            metavar="M",
            help="A model's file, `shipped` or `none`, instead of the one in the settings. One that knows other routes than this house's desks is judged alone.",
        ),
    ] = "",
    out_of_scope: Annotated[
        Path | None,
        typer.Option("--out-of-scope", metavar="DATA", help="Mail that belongs to no route, under any label."),
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option("--predictions", metavar="FILE", help="Write what was decided of each mail, as JSON Lines."),
    ] = None,
    learning_curve: Annotated[
        list[Path] | None,
        typer.Option(
            "--learning-curve",
            metavar="MORE",
            help="Also train on growing parts of this labelled mail, and measure each on DATA. Needs the extra `train`.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="FILE", help="Write a page (HTML) with plots and the worst mistakes: it holds mail."
        ),
    ] = None,
    no_text: Annotated[bool, typer.Option("--no-text", help="Leave subjects and texts out of the report.")] = False,
    as_json: AsJson = False,
) -> None:
    """Accuracy, precision and recall a route, review rate, coverage and calibration on labelled mail."""
    if no_text and report is None:
        fail("--no-text is about the report: name one with --report FILE", 2)
    from postroom.bootstrap.measuring import evaluate as measure_data

    _require_writable(predictions, report)
    if learning_curve:
        from postroom.bootstrap.models import check_can_train

        check_can_train()
    house = any_house(config)
    found = measure_data(
        house,
        data,
        text_only=text_only,
        stream=stream,
        model=model,
        out_of_scope=out_of_scope,
        predictions=predictions,
        learn_from=learning_curve or (),
        watch=watched,
    )
    house.close()
    if report is not None:
        _write(report, found, data, text=not no_text)
    if as_json:
        print_json(found.facts)
    else:
        _show(found.facts)
        for written in filter(None, (predictions, report)):
            note(f"Wrote {written}.")


def _require_writable(*files: Path | None) -> None:
    """Before hours of judging, not after."""
    for file in filter(None, files):
        require_folder(file)


def _write(report: Path, found: "Evaluation", data: Path, *, text: bool) -> None:
    from postroom.web.evaluation import evaluation_page

    mistakes = found.mistakes if text else [one.untold for one in found.mistakes]
    page = evaluation_page(found.facts, mistakes, data=data.name, made=f"Made {when(time.time())} UTC")
    report.write_text(page, encoding="utf-8")


def _show(facts: "Mapping[str, Any]") -> None:
    say(
        f"{counted(facts['n'], 'mail')}, {facts['accuracy']:.1%} right by best guess, {facts['review_rate']:.1%} to review."
    )
    if facts["model_alone"]:
        say("Judged by the model alone: it knows other routes than this house's desks.")
    decided = facts["decided"]
    low, high = decided["error_interval"]
    say(
        f"Without a person: {decided['share']:.1%} at {decided['error']:.1%} error ({low:.1%} to {high:.1%});"
        f" at 1 % error {facts['coverage_at_1pct_error']:.1%} could be."
    )
    low, high = facts["ece_interval"]
    say(f"Calibration error {facts['ece']:.3f} ({low:.3f} to {high:.3f}); {facts['mails_per_second']} mails a second.")
    if facts["hard"] is not None:
        say(f"Of {facts['hard']['n']} mails marked hard, {facts['hard']['accuracy']:.1%} right.")
    if facts["truncated"]:
        say(f"{facts['truncated']} are larger than intake.max_size: judged by their beginning.")
    if "right_or_review" in facts:
        say(f"Right route or review: {facts['right_or_review']:.1%}.")
    if "out_of_scope" in facts:
        scope = facts["out_of_scope"]
        say(
            f"Out of scope: AUROC {scope['auroc']:.3f}; {scope['recall_at_5pct_rejects']:.1%} of {scope['n']} found"
            " where 5 % in scope are rejected."
        )
    rows = [
        (name, f"{s['precision']:.3f}", f"{s['recall']:.3f}", f"{s['f1']:.3f}", s["support"])
        for name, s in sorted(facts["routes"].items(), key=lambda item: item[1]["f1"])
    ]
    print_table("\nWorst route first", ("route", "precision", "recall", "F1", "mails"), rows)
    languages = sorted(facts["languages"].items(), key=lambda item: item[1]["accuracy"])
    spoken = [(name or "(unknown)", f"{s['accuracy']:.3f}", s["n"]) for name, s in languages]
    print_table("\nWorst language first", ("language", "accuracy", "mails"), spoken)
    if "learning_curve" in facts:
        learned = [(f"{one['examples']:,}", f"{one['accuracy']:.3f}") for one in facts["learning_curve"]]
        print_table("\nLearning curve", ("examples", "accuracy"), learned)
