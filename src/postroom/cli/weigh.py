"""`weigh`: how far each source of evidence is believed, learned from verdicts."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from postroom.cli.console import (
    AsJson,
    Config,
    examples,
    fail,
    open_house,
    open_store_house,
    print_json,
    print_table,
    say,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(
        short_help="Learn from verdicts how much each evidence counts.",
        epilog=examples("postroom weigh --dry-run", "postroom weigh", "postroom weigh --forget"),
    )(weigh)


def weigh(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Learn and try; keep nothing.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Believe every source as by default again.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Learn from verdicts how far each source of evidence is to be believed; kept only if it is better on later verdicts."""
    from postroom.bootstrap import weights

    if forget and dry_run:
        fail("--forget and --dry-run don't go together", 2)
    if forget:
        there = weights.forget_weights(open_house(config))
        if as_json:
            print_json({"forgotten": there})
        else:
            say(f"Every source is believed as by default. {_SOON}" if there else "Nothing had been learned.")
        return
    house = open_store_house(config)
    facts = weights.learn_weights(house, dry_run=dry_run)
    house.close()
    if as_json:
        print_json(facts)
    else:
        _report(facts)


_SOON = "A running `postroom serve` does so from its next batch on."


def _report(facts: dict[str, Any]) -> None:
    if facts["scales"]:
        in_force = facts["in_force"]["scales"]
        rows = [
            (name, f"{scale:.2f}", f"{in_force.get(name, 1.0):.2f}", facts["spoke"][name])
            for name, scale in facts["scales"].items()
        ]
        rows.append(("(temperature)", f"{facts['temperature']:.2f}", f"{facts['in_force']['temperature']:.2f}", ""))
        print_table("", ("source", "learned", "in force", "spoke of mails"), rows)
        tried = facts["tried"]
        say(
            f"Learned from {facts['learned']} verdicts, worth {facts['worth']:.0f}; tried on the {tried['n']} newest that were asked for:"
            f" log-loss {tried['after']:.3f}, by default {tried['before']:.3f}, as in force {tried['in_force']:.3f}"
            f" (95 % intervals of the differences {_interval(tried['interval'])}, {_interval(tried['over_in_force'])})."
        )
    for route, count in facts["left_out"].items():
        say(f"{route} is left out: {count} verdicts are too few.")
    for reason in facts["against"]:
        say(f"Not used: {reason}.")
    if facts["kept"]:
        say(f"Kept. {_SOON}")
    elif facts["used"]:
        say("It would be used (--dry-run: nothing was changed).")
    else:
        say("What is in force stays.")
        if facts["in_force"]["worse"]:
            interval = _interval(facts["tried"]["in_force_interval"])
            say(
                "It is worse than the default for certain by now (95 % interval of the difference in log-loss"
                f" {interval}): `postroom weigh --forget` goes back to that."
            )


def _interval(bounds: "Sequence[float]") -> str:
    return f"{bounds[0]:+.3f} to {bounds[1]:+.3f}"
