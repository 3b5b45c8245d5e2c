"""What `postroom thresholds` found, as a page: made of its facts (`bootstrap.thresholds`)."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from postroom.web.markup import Html, tag
from postroom.web.page import between, numbers, page, section, table, tiles
from postroom.web.plots import Axis, Series, lines, percent

Facts = Mapping[str, Any]


def tradeoff_page(facts: Facts, *, data: str, made: str) -> str:
    """The page. ``data`` names what was judged, ``made`` says when."""
    costs = facts["costs"]
    missed = "".join(f", a missed mail of {route} {one:g}" for route, one in costs["missed"].items())
    brand = f" as mail of {facts['brand']}" if facts["brand"] else ""
    lead = (
        f"{facts['n']:,} labelled mails of {data}, judged{brand}. A look costs {costs['review']:g}, a wrong desk"
        f" {costs['wrong']:g}{missed}. {made}. Intervals are of 95 %."
    )
    parts = [_route(route, one, facts) for route, one in facts["routes"].items() if one["guessed"]]
    if facts["priors"] is not None:
        parts.append(_priors(facts["priors"]))
    parts.append(section("Settings", "The choice, as it stands in postroom.toml.", tag("pre", facts["settings"])))
    return page("What thresholds cost", lead, tiles(list(_tiles(facts))), tag("div", parts, class_="sheet"))


def _tiles(facts: Facts) -> Iterator[tuple[str, str, str]]:
    before, after = facts["total"]["in_force"], facts["total"]["chosen"]
    yield "expected cost of a mail", f"{after['cost']:.3f}", f"in force: {before['cost']:.3f}"
    yield "to review", percent(after["review"]), f"in force: {percent(before['review'])}"
    yield "wrong, of what is decided", percent(after["error"]), f"{between(after['error_interval'])}"
    for route, share in after["missed"].items():
        yield f"{route} missed", percent(share), f"in force: {percent(before['missed'][route])}"


def _route(route: str, one: Facts, facts: Facts) -> Html:
    look = facts["costs"]["review"]
    curve = one["curve"]
    marks = [(one["in_force"], f"in force: {one['in_force']:g}")]
    words = f"Best guess of {one['guessed']:,} mails; {one['labelled']:,} belong there. "
    if one["chosen"] is None:
        words += "Not enough to choose by: the threshold in force stays."
    else:
        stays = one["chosen"] == one["in_force"]
        if not stays:
            marks.append((one["chosen"], f"chosen: {one['chosen']:g}"))
        words += (
            f"The threshold in force stays: none costs less, and it catches {one['caught']} mistakes."
            if stays
            else (f"The choice rests on {one['caught']} mistakes that it catches.")
        )
        words += " Costs are this route's part of the cost of any mail."
    highest = max(point["cost"] for point in curve) or 1.0
    costs = lines(
        f"Expected cost by threshold of {route}",
        Axis(label="threshold", percent=False),
        Axis(label="expected cost", high=highest * 1.1, percent=False),
        [
            Series(name="all", points=[(point["threshold"], point["cost"]) for point in curve]),
            Series(
                name="mistakes",
                points=[(point["threshold"], max(point["cost"] - point["review"] * look, 0.0)) for point in curve],
            ),
            Series(name="looks", points=[(point["threshold"], point["review"] * look) for point in curve]),
        ],
        uprights=marks,
    )
    shares = lines(
        f"To review and wrong by threshold of {route}",
        Axis(label="threshold", percent=False),
        Axis(label="share of its mails"),
        [
            Series(name="to review", points=[(point["threshold"], point["of_route"]["review"]) for point in curve]),
            Series(
                name="wrong, of the rest",
                points=[(point["threshold"], point["of_route"]["error"]) for point in curve],
            ),
        ],
        uprights=marks,
    )
    rows = [
        (
            f"{first:g}" if first == last else f"{first:g} – {last:g}",
            percent(point["of_route"]["review"]),
            percent(point["of_route"]["error"]),
            between(point["of_route"]["error_interval"]),
            *(percent(share) for share in point["of_route"]["missed"].values()),
            f"{point['cost']:.4f}",
        )
        for first, last, point in _stretches(curve)
    ]
    missed = [f"{name} missed" for name in facts["costs"]["missed"]]
    columns = ("threshold", "to review", "wrong, of the rest", "interval", *missed, "cost")
    pair = tag("div", tag("div", costs), tag("div", shares), class_="pair")
    return section(route, words, pair, numbers(columns, rows), wide=True)


def _stretches(curve: Sequence[Facts]) -> Iterator[tuple[float, float, Facts]]:
    """First and last of neighbouring thresholds that do the same, and what they do."""
    for _, alike in groupby(curve, key=lambda point: {**point, "threshold": 0.0}):
        points = list(alike)
        yield points[0]["threshold"], points[-1]["threshold"], points[0]


def _priors(priors: Mapping[str, Any]) -> Html:
    words = (
        "How frequent each route is in the unlabelled mail, beside what was assumed when this data was judged first."
    )
    rows = [
        (route, percent(one["in_force"]), percent(one["estimated"]), between(one["interval"]))
        for route, one in priors.items()
    ]
    return section("How frequent routes are", words, table(("route", "assumed", "estimated", "interval"), rows))
