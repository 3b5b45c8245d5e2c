"""`postroom learn` and `postroom models`: what verdicts teach, and which model judges."""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postroom.cli.console import (
    AsJson,
    Config,
    examples,
    note,
    open_house,
    open_store_house,
    print_json,
    print_table,
    say,
    when,
    with_config,
)
from postroom.cli.review import By, login_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from postroom.flow.learning import Tell

models = typer.Typer(no_args_is_help=True, help="Models that were learned: list them, look at one, choose, go back.")

_LEAST_PAUSE, _LINE_PAUSE = 0.5, 30.0
"""Seconds between two looks at a step, on a terminal and elsewhere."""
_WHY = {
    "review": "asked in review",
    "audit": "drawn for the audit",
    "correction": "corrected unasked",
    "import": "imported",
}
_OUTCOMES = {
    "too-few": "The model stays",
    "stays": "The model stays",
    "replaced": "The new model is in force",
    "renewed": "The model stays, trained again without what was erased",
    "gone-back": "What was erased is in no model any more; back to the model",
    "would-replace": "The new model would come into force (--dry-run: nothing was changed)",
}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        short_help="Learn from verdicts; a better model comes into force.",
        epilog=examples("postroom learn", "postroom learn --dry-run", "postroom learn --json"),
    )(learn)
    app.add_typer(models, name="models", short_help="Models that were learned: list, choose, go back.")


def learn(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Train and compare; put nothing into force and keep nothing.")
    ] = False,
    corpus: Annotated[
        list[Path] | None,
        typer.Option(
            "--corpus",
            help="Labelled mail to learn from beside verdicts, instead of the shipped corpus; as for `train`.",
            metavar="DATA",
            show_default=False,
        ),
    ] = None,
    background: Annotated[bool, typer.Option("--background", help="With the least priority: for schedules.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Learn from verdicts; the new model judges only if it is better on later verdicts that it has not seen. Needs the extra `train`."""
    from postroom.bootstrap import teaching

    if background:
        with suppress(OSError):
            os.nice(19)
    house = open_store_house(config)
    wanted = teaching.Wanted(corpus=tuple(corpus or ()), dry_run=dry_run)
    facts = teaching.learn(house, wanted, now=time.time(), tell=_progress(quiet=background))
    house.close()
    if as_json:
        print_json(facts)
    else:
        _report(facts, config)


@models.command("list", epilog=examples("postroom models list", "postroom models list --json"))
def list_(config: Config = None, as_json: AsJson = False) -> None:
    """The models that are kept, the newest first; the one in force is marked."""
    from postroom.bootstrap import teaching

    rows = teaching.listed(open_house(config).models)
    if as_json:
        for row in rows:
            print_json(row)
        return
    columns = ("", "version", "trained", "texts of the team", "right", "before")
    print_table("", columns, [_row(row) for row in rows])


@models.command(epilog=examples("postroom models show 3f2a…", "postroom models show 3f2a… --json"))
def show(
    version: Annotated[str, typer.Argument(help="Version of a model, or its beginning.", metavar="VERSION")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """What a model was trained on, when, and how it did beside the one before."""
    from postroom.bootstrap import teaching

    registry = open_house(config).models
    name = registry.named(version)
    (found,) = (row for row in teaching.listed(registry) if row["version"] == name)
    if as_json:
        print_json(found)
        return
    card = found["card"]
    made = f", trained {when(found['made_at'])} UTC" if found["made_at"] else ""
    say(f"Model {name}{made}{' (in force)' if found['current'] else ''}")
    if found["version"] == "shipped":
        known = ", ".join(teaching.shipped_routes())
        say(f"It is part of postroom and knows {known}: docs/explanation/first-day-accuracy.md says how well.")
    if card:
        say(f"It learned from what was said before {when(card['until'])} UTC; it took the place of {card['champion']}.")
        _show_team(card["team"])
        _show_contest(card["contest"])


@models.command(epilog=examples("postroom models use 3f2a…", "postroom models use shipped"))
def use(
    version: Annotated[
        str,
        typer.Argument(help="Version of a model, or its beginning; `shipped` for postroom's own.", metavar="VERSION"),
    ],
    by: By = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Put a model into force: the workers judge by it from their next batch on."""
    from postroom.bootstrap import teaching

    house = open_house(config)
    _in_force(teaching.choose(house, version, by=by or login_name(), now=time.time()), as_json=as_json)


@models.command(epilog=examples("postroom models rollback"))
def rollback(by: By = "", config: Config = None, as_json: AsJson = False) -> None:
    """Go back to the model that was in force before; again, to the one before that."""
    from postroom.bootstrap import teaching

    house = open_house(config)
    _in_force(teaching.roll_back(house, by=by or login_name(), now=time.time()), as_json=as_json)


def _in_force(version: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"model": version})
    else:
        say(f"Model {version} is in force.")


def _progress(*, quiet: bool) -> "Tell":
    """Where it is: on a terminal in one line that changes, elsewhere a line for each step, unless that is to be quiet."""
    import sys

    last_at, last_stage = 0.0, ""

    def tell(stage: str, done: int) -> None:
        nonlocal last_at, last_stage
        now, terminal = time.monotonic(), sys.stderr.isatty()
        if stage == last_stage and now - last_at <= (_LEAST_PAUSE if terminal else _LINE_PAUSE):
            return
        last_at, last_stage = now, stage
        if terminal:
            sys.stderr.write(f"\r\x1b[K{stage}: {done:,} texts")
            sys.stderr.flush()
        elif not quiet:
            note(f"{stage}: {done:,} texts")

    return tell


def _report(facts: "Mapping[str, Any]", config: Path | None) -> None:
    said = _OUTCOMES[facts["outcome"]]
    say(f"{said}: {facts['model'] or facts['champion']}." if facts["outcome"] != "would-replace" else f"{said}.")
    for why in facts["why"]:
        say(f"  {why}")
    _show_team(facts["team"])
    _show_contest(facts["contest"])
    if facts["removed"]:
        say(f"Models removed: {', '.join(facts['removed'])}.")
    if facts["outcome"] == "replaced":
        note(f"Undo: postroom models rollback{with_config(config)}")
    if not facts["in_force"]:
        note('It judges once postroom.toml says so: [judging] model = "learned"')


def _show_team(team: "Mapping[str, Any]") -> None:
    said = ", ".join(f"{count} {_WHY[why]}" for why, count in team["why"].items())
    say(f"Texts of the team: {said or 'none'}; {team['trained']} trained on, {team['held']} held back to compare by.")
    if team["left_out"]:
        say(f"Too few to learn: {', '.join(team['left_out'])}.")


def _show_contest(contest: "Mapping[str, Any] | None") -> None:
    if contest is None:
        return
    shares = [("all mails: right", contest["accuracy"]), ("all mails: wrong, unseen", contest["wrong_unseen"])]
    shares += [(f"{route}: found", share) for route, share in contest["recall"].items()]
    rows = [
        (
            what,
            one["n"],
            f"{one['champion']:.1%}",
            f"{one['challenger']:.1%}",
            f"{one['low']:+.1%} to {one['high']:+.1%}",
        )
        for what, one in shares
    ]
    print_table("", ("held back", "mails", "in force", "new", "difference (95 %)"), rows)


def _row(row: "Mapping[str, Any]") -> tuple[object, ...]:
    card, contest = row["card"], row["card"].get("contest")
    return (
        "*" if row["current"] else "",
        row["version"],
        when(row["made_at"]) if row["made_at"] else "",
        card["team"]["trained"] if card else "",
        f"{contest['accuracy']['challenger']:.1%}" if contest else "",
        f"{contest['accuracy']['champion']:.1%}" if contest else "",
    )
