"""`postroom thresholds`: what thresholds would do to labelled mail, which cost least, and how frequent each route is."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from postroom.adapters.classifier.cascade import Cascade
from postroom.adapters.classifier.linear import LinearClassifier
from postroom.adapters.intake.labelled import Labelled as LabelledMail
from postroom.adapters.wholefile import write_whole
from postroom.bootstrap.files import FoundMail, Offline, mails_in
from postroom.bootstrap.house import House
from postroom.bootstrap.measuring import labelled_mail
from postroom.bootstrap.models import classifier
from postroom.bootstrap.progress import Watch, unwatched
from postroom.config.edit import as_lines, with_values
from postroom.decide.blend import blend
from postroom.decide.policy import ANY_BRAND, Policy
from postroom.flow import priors
from postroom.flow.intervals import divided
from postroom.flow.measure import Labelled
from postroom.flow.thresholds import ENOUGH, Costs, Curve, Point, Tried, choose, curve, effect, importance
from postroom.model.errors import ConfigError, Refused
from postroom.model.judgement import AUTOMATIC, JUNK, REVIEW, Decision
from postroom.model.mail import BrandName, RouteName
from postroom.ports import Classifier

Values = Mapping[tuple[str, ...], float]
"""Path of a setting -> value."""

_ALWAYS, _NEVER = 2.0, 0.0
"""Thresholds that nothing, and everything, reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to choose by."""

    costs: Costs = Costs()
    #: share of all mail that may go to review
    budget: float = 1.0
    #: share of a route's mail that may
    budgets: Mapping[RouteName, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What `postroom thresholds` finds."""

    facts: dict[str, Any]
    #: to be set
    values: Values


def thresholds(
    house: House,
    path: Path,
    wish: Wish,
    *,
    brand: str = "",
    model: str = "",
    unlabelled: Sequence[Path] = (),
    watch: Watch = unwatched,
) -> Choice:
    """Choose the thresholds of a brand, or of all, by labelled mail, judged by what it says itself.

    With ``unlabelled`` mail, as if routes were as frequent as there. Raises `Refused` for data that can't be read, holds
    too little, or names what there is not.
    """
    for name in (*wish.costs.missed, *wish.budgets):
        if name not in house.settings.route:
            raise Refused(f"there is no route {name!r} in the settings; known: {', '.join(house.settings.route)}")
    judge = _judge(house, model)
    labelled = labelled_mail(house, path, house.routes)
    found = _priors(house, brand, judge, labelled, unlabelled, watch) if unlabelled else None
    shares = {r: _settable(found[r].share) for r in map(RouteName, house.settings.route) if r in found} if found else {}
    policy = replace(house.policy, priors=shares) if found else house.policy
    scored, settled = _tried(house, brand, judge, policy, labelled, watch)
    weights = importance([one.counted for one in scored], _plain(found or {}))
    tried = [
        Tried(
            route=one.counted,
            decided=one.decided,
            confidence=one.confidence,
            right=one.right,
            settled=how,
            weight=weight,
        )
        for one, how, weight in zip(scored, settled, weights, strict=True)
    ]
    in_force = {route: _in_force(house, brand, route) for route in (*map(RouteName, house.settings.route), JUNK)}
    curves = [curve(tried, route, wish.costs, in_force[route]) for route in map(RouteName, house.settings.route)]
    chosen = _chosen(tried, curves, in_force, wish)
    after = in_force | {route: point.threshold for route, point in chosen.items()}
    values = _values(brand, {route: one for route, one in chosen.items() if one.threshold != in_force[route]}, shares)
    facts = {
        "n": len(tried),
        "brand": brand,
        "other_brands": _overriding(house, brand),
        "costs": asdict(wish.costs),
        "budget": wish.budget,
        "budgets": dict(wish.budgets),
        "priors": _prior_facts(house, found),
        "routes": {one.route: _curve_facts(tried, one, chosen.get(one.route), in_force) for one in curves},
        "total": {
            "in_force": asdict(effect(tried, in_force, wish.costs)),
            "chosen": asdict(effect(tried, after, wish.costs)),
        },
        "over_budget": effect(tried, after, wish.costs).review > wish.budget,
        "enough": ENOUGH,
        "not_labelled": sorted(set(shares) - {one.route for one in tried}),
        "settings": as_lines(values),
    }
    return Choice(facts=facts, values=values)


def write(path: Path, values: Values) -> None:
    """Set values in a settings file, whole or not at all. Raises `ConfigError` where the file would not be right."""
    target = path.resolve()
    before = target.read_bytes()
    mark = b"\xef\xbb\xbf" if before.startswith(b"\xef\xbb\xbf") else b""
    try:
        text = before.removeprefix(mark).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not in UTF-8: set the lines by hand") from error
    after = mark + with_values(text, values).encode("utf-8")
    status = target.stat()
    write_whole(target, after, own=lambda file: _same_owner(file, status))


def _same_owner(file: int, status: os.stat_result) -> None:
    """Give a new file to whom the old one belonged; who may not is its owner already, or replaces another's file."""
    os.fchmod(file, status.st_mode & 0o7777)
    with suppress(PermissionError):
        os.fchown(file, status.st_uid, status.st_gid)


def _judge(house: House, model: str) -> Classifier:
    if not model:
        return house.classifier
    judge = classifier(model, Path(), house.observer)
    if isinstance(judge, LinearClassifier | Cascade) and (strange := set(judge.model.classes) - set(house.routes)):
        raise Refused(f"the model {model} knows routes that this house has not: {', '.join(sorted(strange))}")
    return judge


def _tried(
    house: House, brand: str, judge: Classifier, policy: Policy, labelled: Sequence[LabelledMail], watch: Watch
) -> tuple[list[Labelled], list[Literal["", "review", "desk"]]]:
    """Each mail as decided, and where it goes whatever the thresholds."""
    free, asked = (
        _decided(house, brand, judge, policy, least, (one.mail for one in watch(labelled, len(labelled), what)))
        for least, what in ((_NEVER, "judging"), (_ALWAYS, "judging what no threshold moves"))
    )
    scored: list[Labelled] = []
    settled: list[Literal["", "review", "desk"]] = []
    for one, decision, doubted in zip(labelled, free, asked, strict=True):
        scored.append(
            Labelled(
                route=RouteName(one.route),
                decided=decision.decided,
                confidence=decision.confidence,
                acceptable=tuple(map(RouteName, one.acceptable)),
            )
        )
        settled.append("review" if decision.route == REVIEW else "desk" if doubted.route != REVIEW else "")
    return scored, settled


def _decided(
    house: House, brand: str, judge: Classifier, policy: Policy, least: float, mails: Iterable[FoundMail]
) -> list[Decision]:
    """What is decided of each mail where all thresholds are this one."""
    alike = replace(policy, thresholds={}, default_threshold=least, fallback_threshold=least, junk_threshold=least)
    offline = Offline(house, brand=brand, text_only=True, classifier=judge, policy=alike)
    return [decision for _, _, decision in offline.decisions(mails)]


def _priors(
    house: House,
    brand: str,
    judge: Classifier,
    labelled: Sequence[LabelledMail],
    unlabelled: Sequence[Path],
    watch: Watch,
) -> dict[RouteName, priors.Prior]:
    """The share of each route in unlabelled mail, of that which no program wrote; calibrated on the labelled mail."""
    paths = [str(path) for path in unlabelled]
    offline = Offline(house, brand=brand, text_only=True, classifier=judge)
    assumed = _assumed(house, offline)
    mails = watch(mails_in(house, paths), 0, "reading unlabelled mail")
    found = _weighed(offline, mails)
    if len(found) < priors.ENOUGH:
        raise Refused(
            f"{len(found)} mails by people in {', '.join(paths)} are not enough to say how frequent each route is:"
            f" {priors.ENOUGH} at least, a month of mail is better"
        )
    known = {one.mail.path: RouteName(one.route) for one in labelled}
    said = _weighed(offline, (one.mail for one in watch(labelled, len(labelled), "calibrating")))
    if len(said) < priors.ENOUGH:
        raise Refused(
            f"{len(said)} labelled mails are not enough to say how evidence is to be read: {priors.ENOUGH} at least"
        )
    pairs = [(shares, known[path]) for path, shares in said]
    return priors.estimate([shares for _, shares in found], assumed, pairs)


def _weighed(offline: Offline, mails: Iterable[FoundMail]) -> list[tuple[str, dict[RouteName, float]]]:
    """The path and the probabilities of each mail that evidence decides on."""
    decisions = offline.decisions(mails)
    return [
        (mail.path, dict(decision.probabilities)) for mail, _, decision in decisions if decision.decided != AUTOMATIC
    ]


def _assumed(house: House, offline: Offline) -> dict[RouteName, float]:
    """What is probable for a mail of which nothing is known."""
    routes = tuple(route for route in house.rules.book.routes if house.policy.allows(offline.brand, route))
    return dict(blend((), routes, house.policy))


def _settable(share: float) -> float:
    """As a setting takes it: above 0, below 1, and not longer than it knows."""
    return min(max(round(share, 4), 0.0005), 0.999)


def _in_force(house: House, brand: str, route: RouteName) -> float:
    return house.policy.threshold(BrandName(brand) if brand else ANY_BRAND, route)


def _chosen(
    tried: Sequence[Tried], curves: Sequence[Curve], in_force: Mapping[RouteName, float], wish: Wish
) -> dict[RouteName, Point]:
    """The choice for routes with mail enough; what the others send to review is taken off the budget."""
    enough = [one for one in curves if one.enough]
    others = [one for one in tried if one.decided not in {curve.route for curve in enough}]
    share = divided(sum(one.weight for one in others), sum(one.weight for one in tried))
    room = wish.budget - effect(others, in_force, wish.costs).review * share
    return choose(enough, room=room, rooms=wish.budgets)


def _values(brand: str, chosen: Mapping[RouteName, Point], shares: Mapping[RouteName, float]) -> dict[Any, float]:
    values: dict[tuple[str, ...], float] = {}
    for route, point in chosen.items():
        path = ("brand", brand, "thresholds", route) if brand else ("route", route, "threshold")
        values[path] = point.threshold
    for route, share in shares.items():
        values["route", route, "prior"] = share
    return values


def _overriding(house: House, brand: str) -> list[str]:
    """Brands with thresholds of their own, which a choice for all leaves as they are."""
    return [] if brand else [name for name, one in house.settings.brand.items() if one.thresholds]


def _prior_facts(house: House, found: Mapping[RouteName, priors.Prior] | None) -> dict[str, Any] | None:
    if found is None:
        return None
    before = house.policy.prior(tuple(found))
    return {
        route: {
            "in_force": before[route],
            "set": route in house.policy.priors,
            "estimated": one.share,
            "interval": one.interval,
        }
        for route, one in found.items()
    }


def _curve_facts(
    tried: Sequence[Tried], one: Curve, chosen: Point | None, in_force: Mapping[RouteName, float]
) -> dict[str, Any]:
    threshold = chosen.threshold if chosen is not None else 0.0
    caught = (t for t in tried if t.decided == one.route and not (t.settled or t.right) and t.confidence < threshold)
    return {
        "guessed": one.guessed,
        "labelled": one.labelled,
        "enough": one.enough,
        "in_force": in_force[one.route],
        "chosen": chosen.threshold if chosen is not None else None,
        "caught": sum(1 for _ in caught),
        "curve": [
            {
                "threshold": point.threshold,
                "review": point.review,
                "cost": point.cost,
                "of_route": asdict(point.effect),
            }
            for point in one.points
        ],
    }


def _plain(found: Mapping[RouteName, priors.Prior]) -> dict[RouteName, float]:
    return {route: one.share for route, one in found.items()}
