"""Mail that belongs nowhere: how well confidence tells it from mail that belongs to a route."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from postroom.flow.intervals import divided

REJECTS = 0.05
"""The share of mail in scope that may be taken for mail out of scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeFigures:
    """How well a confidence below a threshold finds what is out of scope."""

    n: int
    #: that a mail in scope is surer than one out of scope, an equal pair counted half (Fawcett 2006); 0.5 is a coin
    auroc: float
    #: share found by the threshold that rejects at most 5 % of the mail in scope
    recall_at_5pct_rejects: float
    #: this threshold
    threshold: float


def scope_figures(inside: Sequence[float], outside: Sequence[float]) -> ScopeFigures:
    """The figures of the confidences of mail in scope and of mail out of scope."""
    ordered = sorted(inside)
    threshold = ordered[int(REJECTS * len(ordered))] if ordered else 0.0
    # For each one outside: those inside that are surer, and half of those as sure
    surer = sum(len(ordered) - (bisect_left(ordered, one) + bisect_right(ordered, one)) / 2 for one in outside)
    return ScopeFigures(
        n=len(outside),
        auroc=divided(surer, len(ordered) * len(outside)),
        recall_at_5pct_rejects=divided(sum(one < threshold for one in outside), len(outside)),
        threshold=threshold,
    )
