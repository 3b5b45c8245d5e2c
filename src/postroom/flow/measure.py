"""How well decisions agree with what people said: the figures of ``postroom evaluate``.

Pure: labelled decisions in, figures out. A mail counts as right when its decided route is its true route or one of the
routes listed as acceptable; it then counts for the route decided. Precision, recall and F1 of a route are the usual
ones; where a route was never decided its precision is 0, where it never occurs its recall is 0. Intervals are of 95 %.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from postroom.flow.calibration import Bin, calibration_error, calibration_interval, reliability
from postroom.flow.intervals import Interval, divided, wilson
from postroom.model.mail import RouteName

COVERAGE_ERROR = 0.01
"""At which share of errors coverage is given."""

BASE_RATES = (0.01, 0.03, 0.1)
"""Shares of all mail that a route may have, for `Rarity`."""

_POINTS = 200
"""A coverage curve has at most so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One decision beside what a person said of the mail."""

    #: what it is
    route: RouteName
    #: best guess
    decided: RouteName
    #: probability given for the best guess, 0..1
    confidence: float
    #: it waits for a person
    review: bool = False
    #: routes that are not wrong either
    acceptable: tuple[RouteName, ...] = ()
    #: the data says that it is hard to tell
    hard: bool = False

    @property
    def right(self) -> bool:
        """Whether the best guess is right."""
        return self.decided == self.route or self.decided in self.acceptable

    @property
    def counted(self) -> RouteName:
        """The route it is counted as: the one decided where that is right, else the true one."""
        return self.decided if self.right else self.route


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteScore:
    """One route's figures, each in 0..1."""

    precision: float
    recall: float
    f1: float
    #: mails that belong there
    support: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Macro:
    """The means over the routes that occur in the data, each route counted once."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What went to a desk without a person."""

    #: share of all mails
    share: float
    #: share of these that went wrong
    error: float
    share_interval: Interval
    error_interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class AtBaseRate:
    """How precise a route is where it has this share of all mail."""

    base_rate: float
    precision: float
    #: with recall at the low end of its interval, and false positives at the high end
    at_least: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rarity:
    """What does not depend on how frequent a route is in the data, and what follows where it is rare."""

    recall: float
    recall_interval: Interval
    #: share of other mail that is taken for it
    false_positive_rate: float
    false_positive_interval: Interval
    precision: tuple[AtBaseRate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Accuracy on a part of the mails."""

    n: int
    accuracy: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What one threshold on confidence would do."""

    threshold: float
    #: share of all mails that is decided
    share: float
    #: share of these that is wrong
    error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All figures of one evaluation; shares are in 0..1."""

    n: int
    accuracy: float
    accuracy_interval: Interval
    routes: Mapping[RouteName, RouteScore]
    macro: Macro
    #: true route -> decided route -> mails
    confusion: Mapping[RouteName, Mapping[RouteName, int]]
    #: share that waits for a person
    review_rate: float
    #: largest share that could be decided, the surest first, with at most 1 % of it wrong
    coverage_at_1pct_error: float
    #: at the thresholds in force
    decided: Decided
    #: expected calibration error, over 15 bins of equal mass
    ece: float
    ece_interval: Interval
    reliability: tuple[Bin, ...]
    coverage_curve: tuple[Covered, ...]
    #: for each route
    base_rates: Mapping[RouteName, Rarity]
    #: of the mails that the data calls hard; None when it calls none so
    hard: Part | None

    def facts(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A mail that was decided wrongly."""

    path: str
    language: str
    #: what it is
    route: str
    decided: str
    confidence: float
    #: it went to a person, so nothing bad came of it
    review: bool
    subject: str
    #: the beginning of its new text
    text: str

    @property
    def untold(self) -> "Mistake":
        """The same without its words."""
        return replace(self, subject="", text="")


def measure(labelled: Sequence[Labelled]) -> Figures:
    """The figures for these decisions; all zero for none."""
    total = len(labelled)
    right = sum(one.right for one in labelled)
    alone = [one for one in labelled if not one.review]
    wrong_alone = sum(not one.right for one in alone)
    judged = [(one.confidence, one.right) for one in labelled]
    routes = _routes(labelled)
    hard = [one for one in labelled if one.hard]
    return Figures(
        n=total,
        accuracy=divided(right, total),
        accuracy_interval=wilson(right, total),
        routes=routes,
        macro=_macro(routes),
        confusion=_confusion(labelled),
        review_rate=divided(total - len(alone), total),
        coverage_at_1pct_error=coverage(labelled, COVERAGE_ERROR),
        decided=Decided(
            share=divided(len(alone), total),
            error=divided(wrong_alone, len(alone)),
            share_interval=wilson(len(alone), total),
            error_interval=wilson(wrong_alone, len(alone)),
        ),
        ece=calibration_error(judged),
        ece_interval=calibration_interval(judged),
        reliability=reliability(judged),
        coverage_curve=_thinned(_curve(labelled)),
        base_rates=_rarities(labelled),
        hard=part(hard) if hard else None,
    )


def part(labelled: Sequence[Labelled]) -> Part:
    """Accuracy on these."""
    right = sum(one.right for one in labelled)
    return Part(n=len(labelled), accuracy=divided(right, len(labelled)), interval=wilson(right, len(labelled)))


def coverage(labelled: Sequence[Labelled], error: float) -> float:
    """The largest share that a threshold on confidence decides with at most ``error`` of it wrong.

    Mails of equal confidence are decided together: no threshold parts them.
    """
    return max((one.share for one in _curve(labelled) if one.error <= error), default=0.0)


def precision_at(base_rate: float, recall: float, false_positive_rate: float) -> float:
    """How much of what is taken for a route belongs to it, where it has this share of all mail (Bayes' rule)."""
    hit = base_rate * recall
    return divided(hit, hit + (1.0 - base_rate) * false_positive_rate)


def _curve(labelled: Sequence[Labelled]) -> list[Covered]:
    """What each threshold that matters does, the highest first."""
    ordered = sorted(labelled, key=lambda one: -one.confidence)
    found, wrong = [], 0
    for number, one in enumerate(ordered, 1):
        wrong += not one.right
        last_of_equals = number == len(ordered) or ordered[number].confidence < one.confidence
        if last_of_equals:
            found.append(Covered(threshold=one.confidence, share=number / len(ordered), error=wrong / number))
    return found


def _thinned(curve: Sequence[Covered]) -> tuple[Covered, ...]:
    """At most so many points as a plot shows, first and last among them."""
    if len(curve) <= _POINTS:
        return tuple(curve)
    return tuple(curve[round(number * (len(curve) - 1) / (_POINTS - 1))] for number in range(_POINTS))


def _routes(labelled: Sequence[Labelled]) -> dict[RouteName, RouteScore]:
    meant = Counter(one.counted for one in labelled)
    guessed = Counter(one.decided for one in labelled)
    hit = Counter(one.decided for one in labelled if one.right)
    scores = {}
    for route in sorted(meant.keys() | guessed.keys()):
        precision, recall = divided(hit[route], guessed[route]), divided(hit[route], meant[route])
        f1 = 2 * precision * recall / (precision + recall) if hit[route] else 0.0
        scores[route] = RouteScore(precision=precision, recall=recall, f1=f1, support=meant[route])
    return scores


def _macro(routes: Mapping[RouteName, RouteScore]) -> Macro:
    there = [score for score in routes.values() if score.support]
    return Macro(
        precision=divided(sum(score.precision for score in there), len(there)),
        recall=divided(sum(score.recall for score in there), len(there)),
        f1=divided(sum(score.f1 for score in there), len(there)),
    )


def _rarities(labelled: Sequence[Labelled]) -> dict[RouteName, Rarity]:
    meant = Counter(one.counted for one in labelled)
    guessed = Counter(one.decided for one in labelled)
    hit = Counter(one.decided for one in labelled if one.right)
    return {
        route: _rarity(hit[route], meant[route], guessed[route] - hit[route], len(labelled) - meant[route])
        for route in sorted(meant.keys() | guessed.keys())
    }


def _rarity(hit: int, meant: int, false: int, others: int) -> Rarity:
    recall, rate = divided(hit, meant), divided(false, others)
    recall_interval, rate_interval = wilson(hit, meant), wilson(false, others)
    return Rarity(
        recall=recall,
        recall_interval=recall_interval,
        false_positive_rate=rate,
        false_positive_interval=rate_interval,
        precision=tuple(
            AtBaseRate(
                base_rate=base,
                precision=precision_at(base, recall, rate),
                at_least=precision_at(base, recall_interval[0], rate_interval[1]),
            )
            for base in BASE_RATES
        ),
    )


def _confusion(labelled: Sequence[Labelled]) -> dict[RouteName, dict[RouteName, int]]:
    pairs = Counter((one.counted, one.decided) for one in labelled)
    table: dict[RouteName, dict[RouteName, int]] = {}
    for (route, decided), count in sorted(pairs.items()):
        table.setdefault(route, {})[decided] = count
    return table
