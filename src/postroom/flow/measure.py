"""How well decisions agree with what people said: the figures of ``postroom evaluate``.

Pure: labelled decisions in, figures out. A mail counts as right when its decided route is its true route or one of the
routes listed as acceptable; it then counts for the route decided. Precision, recall and F1 of a route are the usual
ones; where a route was never decided its precision is 0, where it never occurs its recall is 0.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from postroom.model.mail import RouteName

COVERAGE_ERROR = 0.01
"""At which share of errors coverage is given."""

BINS = 10
"""Bins of equal width for the calibration error."""


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
class Decided:
    """What went to a desk without a person."""

    #: share of all mails
    share: float
    #: share of these that went wrong
    error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All figures of one evaluation; shares are in 0..1."""

    n: int
    accuracy: float
    routes: Mapping[RouteName, RouteScore]
    #: true route -> decided route -> mails
    confusion: Mapping[RouteName, Mapping[RouteName, int]]
    #: share that waits for a person
    review_rate: float
    #: largest share that could be decided, the surest first, with at most 1 % of it wrong
    coverage_at_1pct_error: float
    #: at the thresholds in force
    decided: Decided
    #: expected calibration error: mean distance of confidence and accuracy over ten bins, by size
    ece: float

    def facts(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)


def measure(labelled: Sequence[Labelled]) -> Figures:
    """The figures for these decisions; all zero for none."""
    total = len(labelled)
    alone = [one for one in labelled if not one.review]
    wrong_alone = sum(not one.right for one in alone)
    return Figures(
        n=total,
        accuracy=_share(sum(one.right for one in labelled), total),
        routes=_routes(labelled),
        confusion=_confusion(labelled),
        review_rate=_share(total - len(alone), total),
        coverage_at_1pct_error=coverage(labelled, COVERAGE_ERROR),
        decided=Decided(share=_share(len(alone), total), error=_share(wrong_alone, len(alone))),
        ece=calibration_error(labelled),
    )


def coverage(labelled: Sequence[Labelled], error: float) -> float:
    """The largest share that a threshold on confidence decides with at most ``error`` of it wrong.

    Mails of equal confidence are decided together: no threshold parts them.
    """
    ordered = sorted(labelled, key=lambda one: -one.confidence)
    best = wrong = 0
    for number, one in enumerate(ordered, 1):
        wrong += not one.right
        last_of_equals = number == len(ordered) or ordered[number].confidence < one.confidence
        if last_of_equals and wrong <= error * number:
            best = number
    return _share(best, len(labelled))


def calibration_error(labelled: Sequence[Labelled], bins: int = BINS) -> float:
    """Expected calibration error of the best guesses, in 0..1."""
    members: list[list[Labelled]] = [[] for _ in range(bins)]
    for one in labelled:
        members[min(int(max(one.confidence, 0.0) * bins), bins - 1)].append(one)
    gaps = (abs(sum(one.confidence for one in here) - sum(one.right for one in here)) for here in members)
    return sum(gaps) / len(labelled) if labelled else 0.0


def _routes(labelled: Sequence[Labelled]) -> dict[RouteName, RouteScore]:
    meant = Counter(one.counted for one in labelled)
    guessed = Counter(one.decided for one in labelled)
    hit = Counter(one.decided for one in labelled if one.right)
    scores = {}
    for route in sorted(meant.keys() | guessed.keys()):
        precision, recall = _share(hit[route], guessed[route]), _share(hit[route], meant[route])
        f1 = 2 * precision * recall / (precision + recall) if hit[route] else 0.0
        scores[route] = RouteScore(precision=precision, recall=recall, f1=f1, support=meant[route])
    return scores


def _confusion(labelled: Sequence[Labelled]) -> dict[RouteName, dict[RouteName, int]]:
    pairs = Counter((one.counted, one.decided) for one in labelled)
    table: dict[RouteName, dict[RouteName, int]] = {}
    for (route, decided), count in sorted(pairs.items()):
        table.setdefault(route, {})[decided] = count
    return table


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
