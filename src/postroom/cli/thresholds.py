"""`thresholds`: what asking less or more would cost, and the thresholds that cost least."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from postroom.cli.console import (
    AsJson,
    Config,
    counted,
    examples,
    fail,
    find_config,
    note,
    print_json,
    print_table,
    require_folder,
    say,
    when,
    with_config,
)
from postroom.cli.evaluate import Labelled
from postroom.cli.files import any_house
from postroom.cli.plot import arrow, stacked
from postroom.cli.progress import watched

_MISSED_APPEAL = 20.0
_SHOWN = (*(number / 10 for number in range(10)), 0.95, 0.99)
_COLUMNS = tuple(number / 50 for number in range(50))
_HEIGHT = 8
_FEW = 5


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(
        short_help="What thresholds cost in looks and mistakes; choose them.",
        epilog=examples(
            "postroom thresholds labelled.jsonl",
            "postroom thresholds labelled.jsonl --cost appeals=50 --cost refunds=8 --report trade.html",
            "postroom thresholds labelled.jsonl --budget 5% --budget appeals=20% --write",
            "postroom thresholds labelled.jsonl --brand shop --priors last-month.mbox --write",
        ),
    )(thresholds)


def thresholds(
    data: Labelled,
    config: Config = None,
    brand: Annotated[
        str, typer.Option("--brand", help="Choose for this brand alone; else for all that have none of their own.")
    ] = "",
    model: Annotated[
        str, typer.Option("--model", metavar="M", help="A model's file, `shipped` or `none`, instead of the settings'.")
    ] = "",
    cost: Annotated[
        list[str] | None,
        typer.Option(
            "--cost",
            metavar="NAME=N",
            help="What it costs: `review` (a look, 1), `wrong` (a wrong desk, 5), or a route: that its mail is missed (appeals, 20).",
        ),
    ] = None,
    budget: Annotated[
        list[str] | None,
        typer.Option(
            "--budget", metavar="[ROUTE=]SHARE", help="At most so much to review, of all mail or of a route's: 5%."
        ),
    ] = None,
    priors: Annotated[
        list[Path] | None,
        typer.Option(
            "--priors",
            metavar="MAIL",
            help="Unlabelled mail (.eml, mbox, Maildir, folder): how frequent is each route? Choose as if it were so.",
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write a page (HTML) with plots.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Put the choice into the settings file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what each route's threshold costs in looks and mistakes on labelled mail; choose, and write the choice."""
    from postroom.bootstrap import thresholds as choosing

    if report is not None:
        require_folder(report)
    target = find_config(config) if write else None
    house = any_house(config)
    wish = _wish(house.settings.route, cost or (), budget or ())
    found = choosing.thresholds(house, data, wish, brand=brand, model=model, unlabelled=priors or (), watch=watched)
    house.close()
    if report is not None:
        from postroom.web.tradeoff import tradeoff_page

        page = tradeoff_page(found.facts, data=data.name, made=f"Made {when(time.time())} UTC")
        report.write_text(page, encoding="utf-8")
    if target is not None and found.values:
        choosing.write(target, found.values)
    if as_json:
        print_json(found.facts | {"written": str(target) if target is not None and found.values else None})
        return
    _show(found.facts)
    if report is not None:
        note(f"Wrote {report}.")
    if target is not None and found.values:
        note(f"Wrote {target}. Try it: postroom check{with_config(config)}; restart postroom to put it into force.")


def _wish(routes: Mapping[str, object], costs: Sequence[str], budgets: Sequence[str]) -> Any:
    from postroom.bootstrap.thresholds import Wish
    from postroom.flow.thresholds import Costs
    from postroom.model.mail import RouteName

    missed = {RouteName("appeals"): _MISSED_APPEAL} if "appeals" in routes else {}
    said = dict(_named(costs, "--cost", "appeals=20"))
    usual = Costs()
    review, wrong = said.pop("review", usual.review), said.pop("wrong", usual.wrong)
    missed |= {RouteName(name): one for name, one in said.items()}
    rooms = dict(_named([one if "=" in one else f"={one}" for one in budgets], "--budget", "5% or appeals=20%"))
    for name, share in rooms.items():
        if share > 1.0:
            fail(
                f"--budget {f'{name}={share:.0%}' if name else f'{share:.0%}'} is more than all: write a share like 5% or 0.05",
                2,
            )
    return Wish(
        costs=Costs(review=review, wrong=wrong, missed=missed),
        budget=rooms.pop("", 1.0),
        budgets={RouteName(name): share for name, share in rooms.items()},
    )


def _named(given: Sequence[str], option: str, example: str) -> Iterator[tuple[str, float]]:
    """Names and numbers of NAME=N; ``5%`` is 0.05."""
    for one in given:
        name, _, number = one.rpartition("=")
        percent = number.strip().endswith("%")
        try:
            value = float(number.strip().removesuffix("%")) / (100 if percent else 1)
        except ValueError:
            value = -1.0
        if not 0.0 <= value < float("inf"):
            fail(f"{option} {one.lstrip('=')}: write it like {example}", 2)
        yield name.strip(), value


def _show(facts: Mapping[str, Any]) -> None:
    costs = facts["costs"]
    missed = "".join(f", a missed mail of {route} {one:g}" for route, one in costs["missed"].items())
    say(
        f"{counted(facts['n'], 'labelled mail')}. A look costs {costs['review']:g}, a wrong desk {costs['wrong']:g}{missed}."
    )
    for route, one in facts["routes"].items():
        _show_route(route, one, facts)
    if facts["priors"] is not None:
        rows = [
            (route, f"{one['in_force']:.1%}", f"{one['estimated']:.1%}", "{:.1%} to {:.1%}".format(*one["interval"]))
            for route, one in facts["priors"].items()
        ]
        print_table(
            "\nHow frequent each route is", ("route", "as judged now", "in unlabelled mail", "95 % interval"), rows
        )
        if facts["not_labelled"]:
            say(
                f"No labelled mail of {', '.join(facts['not_labelled'])}: its share of the mail counts for nothing here."
            )
    total = facts["total"]
    effects = [(name, *_effect(total[key])) for name, key in (("in force", "in_force"), ("chosen", "chosen"))]
    columns = ("thresholds", "to review", "wrong, of the rest", "95 % interval", "missed", "cost")
    print_table("\nAll mail", columns, effects)
    if facts["over_budget"]:
        say("No thresholds keep the budget: some mail is in doubt whatever they are. These ask least.")
    if facts["other_brands"]:
        say(f"Brands with thresholds of their own keep them: {', '.join(facts['other_brands'])}; see --brand.")
    say(f"\n{facts['settings']}" if facts["settings"] else "\nNothing to set.")


def _show_route(route: str, one: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    say(f"\n{route}: best guess of {counted(one['guessed'], 'mail')}; {one['labelled']} belong there.")
    if not one["enough"]:
        say(f"Not enough to choose by: label until {facts['enough']} are guessed. It stays at {one['in_force']:g}.")
        if not one["guessed"]:
            return
    by_threshold = {point["threshold"]: point for point in one["curve"]}
    points = [by_threshold[threshold] for threshold in _COLUMNS]
    looks = [point["review"] * facts["costs"]["review"] for point in points]
    wrong = [max(point["cost"] - look, 0.0) for point, look in zip(points, looks, strict=True)]
    highest = max(low + high for low, high in zip(wrong, looks, strict=True))
    if highest:
        say("\n".join(f"  {line}" for line in stacked(wrong, looks, _HEIGHT)))
        say(f"  0{'threshold':^{len(points) - 2}}1   cost of mistakes █ and looks ░, {highest:.3f} at the top")
    if one["chosen"] is not None:
        if highest:
            say("  " + arrow(one["chosen"], len(points), f"chosen, {one['chosen']:g}"))
        _say_what_it_rests_on(one)
    marks = {one["in_force"]: "in force"}
    if one["chosen"] is not None:
        marks[one["chosen"]] = "chosen" if one["chosen"] not in marks else "chosen, as it is"
    rows: list[tuple[str, ...]] = []
    for threshold, point in by_threshold.items():
        row = (f"{point['review']:.1%}", *_effect(point["of_route"]))
        if threshold in marks or (threshold in _SHOWN and (not rows or rows[-1][1:-1] != row)):
            rows.append((f"{threshold:g}", *row, marks.get(threshold, "")))
    columns = ("threshold", "of all mail", "to review", "wrong, of the rest", "95 % interval", "missed", "cost", "")
    print_table("", columns, rows)


def _say_what_it_rests_on(one: Mapping[str, Any]) -> None:
    stays = one["chosen"] == one["in_force"]
    if not one["caught"]:
        said = f"it stays at {one['in_force']:g}" if stays else "the choice only saves looks"
        say(f"No mistake to choose by, as no threshold that is worth its looks catches any: {said}.")
    elif one["caught"] < _FEW:
        say(f"Of mistakes it catches {one['caught']}: few to rest on. Label more mail before you trust it.")
    elif stays:
        say(f"No other costs less than {one['in_force']:g}, which is in force: it stays.")


def _effect(one: Mapping[str, Any]) -> tuple[str, ...]:
    missed = ", ".join(f"{route} {share:.1%}" for route, share in one["missed"].items())
    interval = "{:.1%} to {:.1%}".format(*one["error_interval"])
    return f"{one['review']:.1%}", f"{one['error']:.1%}", interval, missed, f"{one['cost']:.3f}"
