"""What thresholds would do to labelled mail, and which cost least.

A mail goes to review when its confidence is below the threshold of its best guess. So each route's threshold moves its
own mails alone, and costs add up: the least cost is found route by route, and within a budget of review by dynamic
programming over what is left of it. Some mail no threshold moves: what a rule settles, and what is in doubt anyway.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from postroom.flow.intervals import Interval, divided, wilson
from postroom.model.mail import RouteName

GRID = (*(number / 100 for number in range(100)), 0.995, 0.999)
"""The thresholds that are tried: such as people write."""

ENOUGH = 30
"""Mails of a best guess without which no threshold is chosen for it."""

_EQUAL = 1e-9
"""Costs and shares that differ by no more are sums of the same mails in another order."""

_CELLS = 2000
"""A budget is spent in so many parts; what a route needs is rounded up, so that the budget is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One labelled mail, as far as thresholds matter."""

    #: what it is
    route: RouteName
    #: best guess
    decided: RouteName
    confidence: float
    right: bool
    #: where it goes whatever the threshold; ``""`` where that is what the threshold says
    settled: Literal["", "review", "desk"] = ""
    #: how many mails it stands for
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What it costs, in any unit."""

    #: that a person looks
    review: float = 1.0
    #: that a mail goes to a wrong desk unseen
    wrong: float = 5.0
    #: that a mail of this route does; where it is not ``wrong``
    missed: Mapping[RouteName, float] = field(default_factory=dict)

    def mistake(self, route: RouteName) -> float:
        """What it costs that a mail of this route goes to a wrong desk unseen."""
        return self.missed.get(route, self.wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What becomes of mails under thresholds. Shares count each mail by its weight."""

    #: share that waits for a person
    review: float
    #: share that goes to a wrong desk, of what goes to a desk unseen
    error: float
    error_interval: Interval
    #: for each route with a cost of its own: share of its mail that goes to a wrong desk unseen
    missed: Mapping[RouteName, float]
    #: expected cost of a mail
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What one threshold of one route does."""

    threshold: float
    #: to the mails whose best guess is this route; ``missed`` is of all mail of those routes, ``cost`` of these mails
    effect: Effect
    #: mails that wait for a person because of it, as a share of all mails
    review: float
    #: its part of the expected cost of any mail
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The thresholds of one route and what they do."""

    route: RouteName
    #: mails of which it is the best guess
    guessed: int
    #: mails that belong there
    labelled: int
    points: tuple[Point, ...]
    #: that of the threshold in force; None where there is none to keep
    in_force: Point | None = None

    @property
    def enough(self) -> bool:
        """Whether there are mails enough to choose by."""
        return self.guessed >= ENOUGH


def curve(tried: Sequence[Tried], route: RouteName, costs: Costs, in_force: float | None = None) -> Curve:
    """What each threshold of the grid does, and that in force, for the mails whose best guess is this route."""
    here = [one for one in tried if one.decided == route]
    total = sum(one.weight for one in tried)
    meant = _meant(tried, costs)
    points = []
    for threshold in GRID if in_force is None else sorted({*GRID, in_force}):
        effect = _effect(here, {route: threshold}, costs, meant)
        share = divided(sum(one.weight for one in here), total)
        points.append(Point(threshold=threshold, effect=effect, review=effect.review * share, cost=effect.cost * share))
    return Curve(
        route=route,
        guessed=len(here),
        labelled=sum(one.route == route for one in tried),
        points=tuple(points),
        in_force=next((point for point in points if point.threshold == in_force), None),
    )


def effect(tried: Sequence[Tried], thresholds: Mapping[RouteName, float], costs: Costs) -> Effect:
    """What becomes of all mails under these thresholds; where a route has none, its mail goes to its desk."""
    return _effect(tried, thresholds, costs, _meant(tried, costs))


def importance(routes: Sequence[RouteName], shares: Mapping[RouteName, float]) -> list[float]:
    """For mails of these routes, how many each stands for if routes had these shares of all mail; 1 for other routes."""
    counts = Counter(route for route in routes if route in shares)
    known = counts.total()
    return [shares[route] * known / counts[route] if route in shares else 1.0 for route in routes]


def choose(
    curves: Sequence[Curve],
    *,
    room: float = 1.0,
    rooms: Mapping[RouteName, float] | None = None,
) -> dict[RouteName, Point]:
    """The thresholds of least expected cost, one for each curve; that in force where none costs less.

    ``room`` is the share of all mails that they may send to review together, ``rooms`` the share of a route's own mails
    that its threshold may. Where nothing fits, the thresholds that ask least.
    """
    fitting = [
        [
            at
            for at, point in enumerate(one.points)
            if not at or point.effect.review <= (rooms or {}).get(one.route, 1.0)
        ]
        for one in curves
    ]
    chosen = _within(curves, fitting, room)
    return {one.route: _kept(one, at) or _middle(one.points, at) for one, at in zip(curves, chosen, strict=True)}


def _within(curves: Sequence[Curve], fitting: Sequence[Sequence[int]], room: float) -> list[int]:
    """For each curve the place of a point: of those that fit the room together, the ones of least cost."""
    least = np.zeros(_CELLS + 1)  # of the curves so far, by the cells that they may use
    steps = []
    for one, places in zip(curves, fitting, strict=True):
        needs = [_cells(one.points[at].review, room) for at in places]
        table = np.full((len(places), _CELLS + 1), np.inf)
        for row, (at, need) in enumerate(zip(places, needs, strict=True)):
            table[row, need:] = least[: _CELLS + 1 - need] + one.points[at].cost
        best = table.argmin(0)
        steps.append((best, places, needs))
        least = table.min(0)
    chosen, left = [], _CELLS
    for best, places, needs in reversed(steps):
        row = int(best[left])
        chosen.append(places[row])
        left = max(left - needs[row], 0)
    return chosen[::-1]


def _cells(review: float, room: float) -> int:
    """How many cells of the room a share needs; one too many for what never fits."""
    if review <= 0.0:
        return 0
    return min(int(np.ceil(review / room * _CELLS - 1e-9)), _CELLS + 1) if room > 0.0 else _CELLS + 1


def _kept(one: Curve, at: int) -> Point | None:
    """The threshold in force, where it costs and asks no more than the chosen one: the data is no reason to change it."""
    kept, chosen = one.in_force, one.points[at]
    if kept is None or kept.cost > chosen.cost + _EQUAL or kept.review > chosen.review + _EQUAL:
        return None
    return kept


def _middle(points: Sequence[Point], at: int) -> Point:
    """Of neighbouring thresholds that do the same, the middle one: it is the farthest from those that do not.

    The highest of those below all mail that was seen: nothing is known of mail that is less sure.
    """
    end = at
    while end + 1 < len(points) and points[end + 1].effect == points[at].effect:
        end += 1
    return points[(at + end) // 2 if at else end]


def _meant(tried: Sequence[Tried], costs: Costs) -> dict[RouteName, float]:
    """How much mail there is of each route with a cost of its own."""
    return {route: sum(one.weight for one in tried if one.route == route) for route in costs.missed}


def _effect(
    tried: Sequence[Tried], thresholds: Mapping[RouteName, float], costs: Costs, meant: Mapping[RouteName, float]
) -> Effect:
    looked_at = decided = wrong = squares = spent = 0.0
    missed = dict.fromkeys(meant, 0.0)
    for one in tried:
        if one.settled == "review" or (not one.settled and one.confidence < thresholds.get(one.decided, 0.0)):
            looked_at += one.weight
            continue
        decided += one.weight
        squares += one.weight**2
        if not one.right:
            wrong += one.weight
            spent += one.weight * costs.mistake(one.route)
            if one.route in missed:
                missed[one.route] += one.weight
    total = looked_at + decided
    standing_for = divided(decided**2, squares)  # as many mails of equal weight say as much (Kish 1965)
    return Effect(
        review=divided(looked_at, total),
        error=divided(wrong, decided),
        error_interval=wilson(divided(wrong, decided) * standing_for, standing_for),
        missed={route: divided(weight, meant[route]) for route, weight in missed.items()},
        cost=divided(looked_at * costs.review + spent, total),
    )
