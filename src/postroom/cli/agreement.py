"""`postroom review agreement`: how well reviewers agree who looked at the same mails without knowing of each other."""

from typing import TYPE_CHECKING, Annotated

import typer

from postroom.cli.console import AsJson, Config, examples, open_store_house, print_json, print_table, printable, say

if TYPE_CHECKING:
    from postroom.flow.reliability import Reliability

_DAY = 86_400.0


def agreement(
    days: Annotated[float, typer.Option("--days", min=0.0, help="Of second looks in so many days.")] = 90.0,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """How often two reviewers say the same of a mail, without knowing of each other; by reviewer, and by pair of desks."""
    from postroom.bootstrap.reviewers import second_looking
    from postroom.flow.facts import reliability_facts
    from postroom.flow.reliability import reliabilities
    from postroom.model.people import ALL
    from postroom.model.secondlooks import shown

    house = open_store_house(config)
    looking = second_looking(house)
    found = reliabilities(looking.figures_of(ALL, days))
    to_settle = len(looking.looks.open(ALL))
    house.close()
    if as_json:
        reviewers = {name: reliability_facts(one) for name, one in found.reviewers}
        answers = [{"one": list(one), "other": list(other), "mails": n} for (one, other), n in found.counts]
        print_json({"all": reliability_facts(found.all), "answers": answers, "reviewers": reviewers, "open": to_settle})
        return
    columns = ("of", "mails", "the same (95 %)", "alpha (95 %)")
    rows = (
        [_row("all", found.all), *(_row(printable(name), one) for name, one in found.reviewers)]
        if found.all.mails
        else []
    )
    print_table("", columns, rows, empty=f"No mail had a second look in the last {days:g} days.")
    for one in found.apart[:10]:
        say(f"{one.mails} that one gave to {shown(one.one)} and another to {shown(one.other)}.")
    say(f"To settle: {to_settle}.")


EXAMPLES = examples("postroom review agreement", "postroom review agreement --days 30 --json")


def _row(name: str, one: "Reliability") -> tuple[object, ...]:
    low, high = one.interval
    alpha = "not enough"
    if one.alpha is not None:
        between = f" ({one.alpha_interval[0]:.2f} to {one.alpha_interval[1]:.2f})" if one.alpha_interval else ""
        alpha = f"{one.alpha:.2f}{between}"
    return name, one.mails, f"{one.share:.1%} ({low:.1%} to {high:.1%})", alpha
