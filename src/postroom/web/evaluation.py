"""What `postroom evaluate` found, as a page: made of its facts (`flow.measure`) and its worst mistakes."""

from collections.abc import Iterator, Mapping, Sequence
from math import floor
from typing import Any

from postroom.flow.measure import Mistake
from postroom.web.markup import Html, joined, tag
from postroom.web.page import between, numbers, page, section, table, tiles
from postroom.web.plots import Axis, Dots, Series, dots, lines, percent, rounded

_MOST_IN_A_MATRIX = 16
_MOST_PAIRS = 20
_MOST_ROWS = 30

Facts = Mapping[str, Any]


def evaluation_page(facts: Facts, mistakes: Sequence[Mistake], *, data: str, made: str) -> str:
    """The page. ``data`` names what was judged, ``made`` says when."""
    by = "the model alone, by the words" if facts["model_alone"] else "the house's rules, phrases and settings"
    model = f" Model {facts['model']}." if facts["model"] else ""
    lead = f"{facts['n']:,} labelled mails of {data}, judged by {by}.{model} {made}. Intervals are of 95 %."
    parts = [
        _confusion(facts["confusion"]),
        _reliability(facts),
        _coverage(facts),
        _routes(facts),
    ]
    if set(facts["languages"]) != {""}:
        parts.append(_languages(facts["languages"]))
    if "learning_curve" in facts:
        parts.append(_learning(facts["learning_curve"]))
    if "out_of_scope" in facts:
        parts.append(_out_of_scope(facts["out_of_scope"]))
    parts += [_rare(facts["base_rates"]), _mistakes(mistakes)]
    return page("How well postroom decides", lead, tiles(list(_tiles(facts))), tag("div", parts, class_="sheet"))


def _tiles(facts: Facts) -> Iterator[tuple[str, str, str]]:
    decided = facts["decided"]
    yield "right by best guess", percent(facts["accuracy"]), between(facts["accuracy_interval"])
    yield "decided without a person", percent(decided["share"]), between(decided["share_interval"])
    yield "wrong among these", percent(decided["error"]), between(decided["error_interval"])
    yield "to review", percent(facts["review_rate"]), "at the thresholds in force"
    yield "could be decided at 1 % error", percent(facts["coverage_at_1pct_error"]), "by one threshold for all routes"
    yield "calibration error", percent(facts["ece"]), between(facts["ece_interval"])
    yield "macro F1", f"{facts['macro']['f1']:.3f}", "each route counts once"
    if facts["hard"] is not None:
        yield "right where it is hard", percent(facts["hard"]["accuracy"]), f"{facts['hard']['n']:,} mails marked hard"
    if "right_or_review" in facts:
        yield "right route or review", percent(facts["right_or_review"]), "in order of date"


def _confusion(confusion: Mapping[str, Mapping[str, int]]) -> Html:
    routes = sorted(confusion.keys() | {decided for row in confusion.values() for decided in row})
    if len(routes) > _MOST_IN_A_MATRIX:
        pairs = sorted(
            ((count, route, decided) for route, row in confusion.items() for decided, count in row.items()),
            key=lambda pair: (-pair[0], pair[1:]),
        )
        rows = [(route, decided, f"{count:,}") for count, route, decided in pairs if route != decided][:_MOST_PAIRS]
        words = f"{len(routes)} routes: the pairs that are confused most."
        return section("Confusion", words, table(("it is", "decided", "mails"), rows))
    words = "Rows are what mails are, columns what was decided. Shades are shares of a row; mistakes are in orange."
    head = tag("tr", tag("td", ""), [tag("th", route, scope="col") for route in routes])
    body = [
        tag(
            "tr", tag("th", route, scope="row"), [_cell(route, decided, confusion.get(route, {})) for decided in routes]
        )
        for route in routes
    ]
    grid = tag("table", tag("thead", head), tag("tbody", body), class_="heat")
    return section("Confusion", words, tag("div", grid, class_="scroll"))


def _cell(route: str, decided: str, row: Mapping[str, int]) -> Html:
    count = row.get(decided, 0)
    if not count:
        return tag("td", "·", class_="soft")
    share = count / sum(row.values())
    colour = "heat" if route == decided else "wrong"
    strength = 0.12 + 0.5 * share if route == decided else min(0.15 + 1.2 * share, 0.8)
    return tag("td", f"{count:,}", style=f"background:rgb(var(--{colour})/{strength:.2f})", title=percent(share))


def _reliability(facts: Facts) -> Html:
    bins = facts["reliability"]
    words = (
        "Of mails decided at 80 %, are 80 % right? On the line, confidence means what it says; below it, it is too"
        " sure. Each point holds as many mails as any other."
    )
    low = _below([one["confidence"] for one in bins] + [one["interval"][0] for one in bins])
    drawing = lines(
        "Reliability: accuracy by confidence",
        Axis(label="confidence", low=low),
        Axis(label="accuracy", low=low),
        [
            Series(
                name="mails",
                points=[(one["confidence"], one["accuracy"]) for one in bins],
                intervals=[one["interval"] for one in bins],
                line=False,
                marks=True,
            )
        ],
        diagonal=True,
    )
    rows = [
        (percent(one["confidence"]), percent(one["accuracy"]), between(one["interval"]), f"{one['n']:,}")
        for one in bins
    ]
    return section("Reliability", words, drawing, numbers(("confidence", "accuracy", "interval", "mails"), rows))


def _coverage(facts: Facts) -> Html:
    curve, decided = facts["coverage_curve"], facts["decided"]
    words = (
        "The surest mails first: how much could be decided without a person, and how much of that would be wrong. The"
        " mark is where the thresholds in force stand."
    )
    highest = max([one["error"] for one in curve if one["share"] > 0.05] + [decided["error_interval"][1], 0.02])
    drawing = lines(
        "Error against coverage",
        Axis(label="share decided without a person"),
        Axis(label="wrong among these", high=min(highest * 1.1, 1.0)),
        [
            Series(name="one threshold for all routes", points=[(one["share"], one["error"]) for one in curve]),
            Series(
                name="thresholds in force",
                points=[(decided["share"], decided["error"])],
                intervals=[decided["error_interval"]],
                line=False,
                marks=True,
            ),
        ],
    )
    some = curve[:: max(len(curve) // 25, 1)]
    rows = [(percent(one["threshold"]), percent(one["share"]), percent(one["error"])) for one in some]
    return section("Coverage against error", words, drawing, numbers(("threshold", "decided", "wrong"), rows))


def _routes(facts: Facts) -> Html:
    rarity = facts["base_rates"]
    worst = sorted(facts["routes"].items(), key=lambda item: (item[1]["f1"], item[0]))
    words = "How much of a route's mail is found (recall), with its interval, and how much of what it gets is its own."
    rows = [
        Dots(
            name=name,
            values=(
                (score["recall"], rarity[name]["recall_interval"]),
                (score["precision"], (score["precision"], score["precision"])),
            ),
        )
        for name, score in worst[:_MOST_ROWS]
    ]
    low = _below([value for row in rows for _, interval in row.values for value in interval])
    drawing = dots("Recall and precision by route", Axis(label="share", low=low), ("recall", "precision"), rows)
    cells = [
        (name, f"{one['precision']:.3f}", f"{one['recall']:.3f}", f"{one['f1']:.3f}", f"{one['support']:,}")
        for name, one in worst
    ]
    return section(
        "Routes, worst first", words, drawing, numbers(("route", "precision", "recall", "F1", "mails"), cells)
    )


def _languages(languages: Mapping[str, Any]) -> Html:
    worst = sorted(languages.items(), key=lambda item: (item[1]["accuracy"], item[0]))
    words = "Accuracy by the language that the data names. A long bar says that there are few mails to say it by."
    rows = [
        Dots(name=name or "(not said)", values=((one["accuracy"], one["interval"]),))
        for name, one in worst[:_MOST_ROWS]
    ]
    low = _below([value for row in rows for _, interval in row.values for value in interval])
    drawing = dots("Accuracy by language", Axis(label="accuracy", low=low), ("accuracy",), rows)
    cells = [
        (name or "(not said)", percent(one["accuracy"]), between(one["interval"]), f"{one['n']:,}")
        for name, one in worst
    ]
    return section(
        "Languages, worst first", words, drawing, numbers(("language", "accuracy", "interval", "mails"), cells)
    )


def _learning(points: Sequence[Facts]) -> Html:
    words = (
        "Models of a part of the examples, of more, of all, each tried on this data by the words alone. While the line"
        " still climbs, more labelled mail helps."
    )
    most = max(one["examples"] for one in points)
    drawing = lines(
        "Learning curve: accuracy by number of examples",
        Axis(label="examples", high=most * 1.04, percent=False),
        Axis(label="accuracy", low=_below([one["interval"][0] for one in points])),
        [
            Series(
                name="accuracy",
                points=[(one["examples"], one["accuracy"]) for one in points],
                intervals=[one["interval"] for one in points],
                marks=True,
            )
        ],
    )
    rows = [(f"{one['examples']:,}", percent(one["accuracy"]), between(one["interval"])) for one in points]
    return section("Learning curve", words, drawing, numbers(("examples", "accuracy", "interval"), rows))


def _below(shares: Sequence[float]) -> float:
    """Where an axis begins that shows all of these: a tenth below, half at most."""
    return min(max(floor(min(shares, default=0.0) * 10) / 10, 0.0), 0.5)


def _out_of_scope(facts: Facts) -> Html:
    words = "Mail that belongs to no route should be less sure than mail that does."
    rows = [
        ("mails out of scope", f"{facts['n']:,}"),
        ("chance that mail in scope is surer (AUROC)", f"{facts['auroc']:.3f}"),
        ("found where 5 % of mail in scope is rejected", percent(facts["recall_at_5pct_rejects"])),
        ("the threshold that does so", percent(facts["threshold"])),
    ]
    return section("Out of scope", words, table(("", ""), rows))


def _rare(rates: Mapping[str, Any]) -> Html:
    words = (
        "In this data a route may be frequent; in the mail it may be rare, and then few false alarms outnumber it. What"
        " precision would be where a route has 1, 3 or 10 % of all mail, and, by the intervals, at least."
    )
    shares = [rounded(one["base_rate"]) for one in next(iter(rates.values()), {"precision": ()})["precision"]]
    rows = [
        (
            name,
            percent(one["recall"]),
            percent(one["false_positive_rate"]),
            *(f"{percent(at['precision'])} (≥ {percent(at['at_least'])})" for at in one["precision"]),
        )
        for name, one in sorted(rates.items())
    ]
    columns = ("route", "recall", "false alarms", *(f"precision at {share}" for share in shares))
    shown = table if len(rows) <= _MOST_ROWS else numbers
    return section("Where a route is rare", words, shown(columns, rows), wide=True)


def _mistakes(mistakes: Sequence[Mistake]) -> Html:
    if not mistakes:
        return section("Mistakes", "There are none.", wide=True)
    words = "The surest first: a wrong label, a missing rule, or something to learn."
    head = [tag("th", name, scope="col") for name in ("sure", "it is", "decided", "mail")]
    body = [
        tag(
            "tr",
            tag("th", percent(one.confidence), scope="row", class_="n"),
            tag("td", one.route),
            tag("td", one.decided + (" (to review)" if one.review else "")),
            tag("td", joined(_mail(one))),
        )
        for one in mistakes
    ]
    grid = tag("table", tag("thead", tag("tr", head)), tag("tbody", body), class_="text")
    return section("Worst mistakes", words, tag("div", grid, class_="scroll"), wide=True)


def _mail(one: Mistake) -> Iterator[Html]:
    yield tag("div", one.path, class_="soft")
    if one.subject:
        yield tag("div", tag("b", one.subject), dir="auto")
    if one.text:
        yield tag("div", one.text, class_="mail", dir="auto")
