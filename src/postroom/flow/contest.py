"""Champion and challenger, judged by words that neither has learned from: is the challenger better, and is nothing lost by it?

Each word weighs one over the probability with which it was asked for; words that nobody asked for are in no figure, as people
correct what the champion does wrong and pass over what it does right. Intervals are of the paired bootstrap (Efron, Tibshirani 1993),
drawn by families, as mails of one sender are no independent witnesses. The challenger wins when, on the same mails,

* more of its best guesses are right, and the interval at 95 % of the difference lies above -`MARGIN`;
* the interval of the difference in what goes to a wrong desk without a person lies neither above 0 nor reaches `MARGIN`:
  what a person would have seen is not won by what nobody sees;
* for every protected route, the interval of the difference in recall lies not below 0: losing an appeal is not made up for;
* without the words of any one reviewer, where there are several, it is still right more often, finds no fewer of a protected
  route, and sends less than `MARGIN` more to wrong desks: nobody puts a model into force alone.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Final

from postroom.model.judgement import REVIEW, Decision
from postroom.model.mail import RouteName

MARGIN: Final = 0.02
"""So much worse, as a share of all mails, an interval may not reach."""

OBJECTION: Final = 10
"""With fewer words, those of others than one reviewer need not show that it is better, only not that it is worse."""

SEED: Final = 20_251
DRAWS: Final = 2000
_LOW, _HIGH = 0.025, 0.975


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One mail that was held back, as both would have decided it."""

    #: what a person said
    route: RouteName
    champion: Decision
    challenger: Decision
    #: for how many of its like it stands
    weight: float
    #: mails that are no independent witnesses share it
    family: int
    #: who said it; ``""`` for labels of the past
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The same share under both, in 0..1, and the interval of the difference, challenger less champion."""

    n: int
    champion: float
    challenger: float
    low: float
    high: float

    @property
    def gained(self) -> float:
        """The difference."""
        return self.challenger - self.champion


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """What came of it."""

    #: best guesses that are right
    accuracy: Share
    #: mails that go to a wrong desk without a person
    unseen: Share
    #: of the mails of each route, those found; the worst of the challenger first
    recall: tuple[tuple[RouteName, Share], ...]
    #: why the challenger does not win; empty when it does
    against: tuple[str, ...]

    @property
    def won(self) -> bool:
        """Whether the challenger takes the champion's place."""
        return not self.against

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "won": self.won,
            "against": list(self.against),
            "accuracy": asdict(self.accuracy),
            "wrong_unseen": asdict(self.unseen),
            "recall": {route: asdict(share) for route, share in self.recall},
        }


Test = Callable[[Pair, Decision], bool]


def contest(pairs: Sequence[Pair], protected: Collection[RouteName]) -> Contest:
    """Compare. The same pairs give the same result."""
    accuracy, unseen = compare(pairs, _right), compare(pairs, _wrong_unseen)
    by_route: dict[RouteName, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_route[pair.route].append(pair)
    recall = {route: compare(some, _right) for route, some in sorted(by_route.items())}
    against = [*_accuracy(accuracy), *_unseen(unseen), *_recall(recall, protected), *_alone(pairs, protected)]
    return Contest(
        accuracy=accuracy,
        unseen=unseen,
        recall=tuple(sorted(recall.items(), key=lambda item: (item[1].challenger, item[0]))),
        against=tuple(against),
    )


def compare(pairs: Sequence[Pair], passes: Test) -> Share:
    """The share of mails that pass under each, by weight."""
    sums: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for pair in pairs:
        of_family = sums[pair.family]
        of_family[0] += pair.weight
        of_family[1] += pair.weight * passes(pair, pair.champion)
        of_family[2] += pair.weight * passes(pair, pair.challenger)
    rows = [(total, new - old) for total, old, new in sums.values()]
    total, old, new = (sum(one[place] for one in sums.values()) for place in range(3))
    random = Random(SEED)  # noqa: S311 - a fixed seed: the same words give the same interval
    draws = sorted(_mean(random.choices(rows, k=len(rows))) for _ in range(DRAWS))
    return Share(
        n=len(pairs),
        champion=old / total,
        challenger=new / total,
        low=draws[round(_LOW * (DRAWS - 1))],
        high=draws[round(_HIGH * (DRAWS - 1))],
    )


def _mean(rows: Sequence[tuple[float, float]]) -> float:
    return sum(difference for _, difference in rows) / sum(total for total, _ in rows)


def _accuracy(share: Share) -> list[str]:
    if share.gained <= 0.0:
        return [
            f"it is right no more often: {share.challenger:.1%} of the mails, the model in force {share.champion:.1%}"
        ]
    if share.low <= -MARGIN:
        return [
            f"{share.n} mails are too few to tell: it may be worse by up to {-share.low:.1%}, and {MARGIN:.0%} is allowed"
        ]
    return []


def _unseen(share: Share) -> list[str]:
    """More that goes wrong unseen: for certain, or perhaps too much of it."""
    if share.low <= 0.0 and share.high < MARGIN:
        return []
    said = f"{share.challenger:.1%} of the mails, the model in force {share.champion:.1%}"
    difference = f"difference {share.low:+.1%} to {share.high:+.1%}; less than {MARGIN:+.0%} is allowed"
    return [f"more may go to a wrong desk unseen: {said} ({difference})"]


def _recall(recall: dict[RouteName, Share], protected: Collection[RouteName]) -> list[str]:
    lost = [(route, recall[route]) for route in sorted(protected) if route in recall and recall[route].low < 0.0]
    return [
        f"it may find fewer of {route}: {share.challenger:.1%}, the model in force {share.champion:.1%}"
        f" (difference {share.low:+.1%} to {share.high:+.1%})"
        for route, share in lost
    ]


def _alone(pairs: Sequence[Pair], protected: Collection[RouteName]) -> list[str]:
    """Whoever it is better by the word of alone."""
    reviewers = sorted({pair.by for pair in pairs if pair.by})
    against: list[str] = []
    for name in reviewers if len(reviewers) > 1 else ():
        others = [pair for pair in pairs if pair.by != name]
        by_route = {route: [one for one in others if one.route == route] for route in sorted(protected)}
        gained = _grown(others, _right)
        if gained < 0.0:
            against.append(f"without the word of {name} it is worse")
        elif gained == 0.0 and len(others) >= OBJECTION:
            against.append(f"without the word of {name} it is right no more often")
        if _grown(others, _wrong_unseen) >= MARGIN * math.fsum(pair.weight for pair in others):
            against.append(f"without the word of {name} more goes to a wrong desk unseen")
        lost = [route for route, some in by_route.items() if _grown(some, _right) < 0.0]
        against += [f"without the word of {name} it finds fewer of {route}" for route in lost]
    return against


def _grown(pairs: Sequence[Pair], passes: Test) -> float:
    """How much more weight passes; exactly 0 where as much is lost as is gained."""
    return math.fsum(pair.weight * (passes(pair, pair.challenger) - passes(pair, pair.champion)) for pair in pairs)


def _right(pair: Pair, decision: Decision) -> bool:
    return decision.decided == pair.route


def _wrong_unseen(pair: Pair, decision: Decision) -> bool:
    return decision.route not in (REVIEW, pair.route)
