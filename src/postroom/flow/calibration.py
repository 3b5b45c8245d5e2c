"""Whether confidence means what it says: of mails decided at 80 %, are 80 % right?

Bins are of equal mass: each holds the same number of mails, so that none says more than it knows. Mails of equal
confidence that a border parts are parted in the same proportion of right and wrong, so the order of the data changes
nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postroom.flow.intervals import Interval, wilson

Floats = NDArray[np.float64]

BINS = 15

_RESAMPLES = 500
_SEED = 20_020_101


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Mails of neighbouring confidence."""

    n: int
    #: mean confidence
    confidence: float
    #: share of them that is right
    accuracy: float
    #: 95 % interval of the accuracy
    interval: Interval


def reliability(judged: Sequence[tuple[float, bool]], bins: int = BINS) -> tuple[Bin, ...]:
    """(confidence, right) of each mail as bins, the least sure first; empty bins are left out."""
    if not judged:
        return ()
    sizes, sure, right = _masses(*_levels(judged), bins)
    return tuple(
        Bin(n=n, confidence=float(sum_sure / n), accuracy=float(sum_right / n), interval=wilson(float(sum_right), n))
        for n, sum_sure, sum_right in zip(sizes.tolist(), sure, right, strict=True)
        if n
    )


def calibration_error(judged: Sequence[tuple[float, bool]], bins: int = BINS) -> float:
    """Expected calibration error: the mean distance of confidence and accuracy over bins of equal mass, in 0..1."""
    return _error(*_levels(judged), bins) if judged else 0.0


def calibration_interval(judged: Sequence[tuple[float, bool]], bins: int = BINS) -> Interval:
    """The 95 % interval of `calibration_error`, by bootstrap with a fixed seed.

    Resampling adds noise of its own to a mean of distances (Kumar, Liang & Ma 2019): the spread of the resamples is
    taken about the error itself, not about their larger mean.
    """
    if not judged:
        return 0.0, 1.0
    error = calibration_error(judged, bins)
    levels, counts, rights = _levels(judged)
    shares = np.concatenate((rights, counts - rights)) / len(judged)
    generator = np.random.default_rng(_SEED)
    found = []
    for _ in range(_RESAMPLES):
        drawn = generator.multinomial(len(judged), shares)
        right, wrong = drawn[: len(levels)], drawn[len(levels) :]
        found.append(_error(levels, right + wrong, right, bins))
    low, high = np.percentile(found, (2.5, 97.5)) - np.mean(found)
    return max(error + min(float(low), 0.0), 0.0), min(error + max(float(high), 0.0), 1.0)


def _levels(judged: Sequence[tuple[float, bool]]) -> tuple[Floats, Floats, Floats]:
    """Each confidence that occurs, ascending; how many mails have it; how many of them are right."""
    confidence, right = np.array(judged, np.float64).T
    levels, where = np.unique(confidence, return_inverse=True)
    return levels, np.bincount(where).astype(np.float64), np.bincount(where, right).astype(np.float64)


def _error(levels: Floats, counts: Any, rights: Any, bins: int) -> float:
    sizes, sure, right = _masses(levels, counts, rights, bins)
    return float(np.abs(sure - right).sum() / sizes.sum())


def _masses(levels: Floats, counts: Any, rights: Any, bins: int) -> tuple[NDArray[np.intp], Floats, Floats]:
    """(bins,) mails of each bin, the sum of their confidence, and how many are right."""
    ends = np.concatenate(([0.0], np.cumsum(counts)))
    each, more = divmod(round(float(ends[-1])), bins)
    sizes = np.array([each + 1] * more + [each] * (bins - more))
    borders = np.concatenate(([0], np.cumsum(sizes)))
    sure, right = (
        np.diff(np.interp(borders, ends, np.concatenate(([0.0], np.cumsum(sums)))))
        for sums in (levels * counts, rights)
    )
    return sizes, sure, right
