"""How far each source of evidence is to be believed, fitted to verdicts: start at `fit`.

For every mail with a verdict, the judgement that it was given of holds its evidence. With the log-odds ``x(s, r)`` that
source ``s`` gave route ``r`` after its cap, and the prior ``p``, the blend is ``softmax((log p + sum s of m(s) x(s)) / T)``: all
multipliers ``m`` are 1 by default, and ``T`` is the policy's temperature. They are fitted by penalised maximum likelihood. In ``b = 1/T`` and
``t(s) = m(s) / T`` the logits are linear, and so minus the likelihood, with the penalty

    STRENGTH / 2 * (sum over s of (t(s) - b) ** 2 + (b - b0) ** 2)

(``b0`` by default) is convex: it has one minimum, found by Newton's method. The penalty shrinks everything towards the default, as if each multiplier
were believed beforehand to lie within 1 ± 0.2 (one standard deviation, 1 / sqrt(`STRENGTH`)). What comes out beyond `LEAST` or `MOST` is put there,
and the rest fitted again. What is learned multiplies the cap too: a history that is believed half as much again adds 1.5 at most, and
still decides nothing alone (`decide.judge`).

A verdict counts one over the probability with which it was asked for, at most `MOST_LIKE`; a correction counts as one. Where it is
learned from, no reviewer counts more than `SHARE` of all, or an equal part where there are fewer, and in any case `FLOOR`: a few words of
a second one must neither count as much as all of the first, nor make them worth nothing. All are then scaled to as many as they are
worth (Kish 1965). Little data, or the word of one against that of others, changes little.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from postroom.decide.balance import evidence, running
from postroom.decide.blend import Family, parts
from postroom.decide.policy import Policy
from postroom.model.judgement import JUNK, Decision, Verdict
from postroom.model.mail import RouteName

LEARNED: Final[tuple[Family, ...]] = ("words", "rule", "thread", "history", "account", "second-opinion", "verdict")
"""What is learned. That of a trusted spam filter is not: hardly anybody looks at junk."""

ENOUGH: Final = 300
"""Verdicts; with fewer, nothing is learned."""

STRENGTH: Final = 25.0
LEAST, MOST = 0.5, 1.5
"""Bounds of multipliers."""
HOTTEST: Final = 2.0
"""So many times hotter than by default, or colder, the temperature may become."""

MOST_LIKE: Final = 5.0
"""The most that one verdict counts: the rare draw of a small audit must not outweigh everything else."""
SHARE: Final = 1 / 3
FLOOR: Final = SHARE * ENOUGH
"""What a reviewer may count in any case, in verdicts."""

_STEPS: Final = 50
_CLOSE: Final = 1e-9
_ROUNDS: Final = 50

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A mail as it was judged, and what a person said of it."""

    decision: Decision
    verdict: Verdict


def numbers(policy: Policy) -> Floats:
    """b, then t of each source, as a policy has them."""
    scales = [1.0, *(policy.scales.get(family, 1.0) for family in LEARNED)]
    return np.array(scales) / policy.temperature


class Evidence:
    """Mails as arrays: n mails, R routes, 1 + S columns: of what is not learned (prior, spam), and of each source that is.

    What is fitted are 1 + S numbers: b, then t of each source.
    """

    def __init__(self, rows: Sequence[Judged], routes: Sequence[RouteName], policy: Policy) -> None:
        self.rows = rows
        #: (n, R, 1 + S)
        self.values = np.zeros((len(rows), len(routes), 1 + len(LEARNED)))
        #: (n, R) which routes a mail could have gone to
        self.open = np.zeros((len(rows), len(routes)), np.bool_)
        #: (n,) which route was said
        self.said = np.array([routes.index(one.verdict.said) for one in rows], np.intp)
        for number, one in enumerate(rows):
            self._read(number, one.decision, routes, policy)
        verdicts = [one.verdict for one in rows]
        #: (n,) what each verdict counts, and what it weighs where it is learned from
        self.counts, self.weights = _counts(verdicts), _weights(verdicts)

    def _read(self, number: int, decision: Decision, routes: Sequence[RouteName], policy: Policy) -> None:
        alive = running(decision)
        vetoed = {finding.route for finding in decision.findings if finding.veto}
        priors = policy.prior(tuple(dict.fromkeys((*alive, policy.fallback, JUNK))))
        said = parts(evidence(decision), policy)
        for place, route in enumerate(routes):
            if route in alive and route not in vetoed:
                self.open[number, place] = True
                self.values[number, place, 0] = np.log(priors[route])
                for family, by_route in said.items():
                    counts = by_route[route].counts if route in by_route else 0.0
                    self.values[number, place, 1 + LEARNED.index(family) if family in LEARNED else 0] += counts

    def spoke(self) -> dict[str, int]:
        """Of how many mails each source said something."""
        spoken = (self.values[:, :, 1:] != 0.0).any(1).sum(0)
        return {family: int(count) for family, count in zip(LEARNED, spoken, strict=True)}

    def logs(self, at: Floats) -> Floats:
        """(n, R) logs of the probabilities with these b and t."""
        logits = np.where(self.open, self.values @ at, -np.inf)
        logits -= logits.max(1, keepdims=True)
        return np.asarray(logits - np.log(np.exp(logits).sum(1, keepdims=True)))

    def losses(self, at: Floats) -> Floats:
        """(n,) minus log of the probability of what was said."""
        return np.asarray(-self.logs(at)[np.arange(len(self.rows)), self.said])


def _counts(verdicts: Sequence[Verdict]) -> Floats:
    """For how many each verdict stands."""
    return np.array([min(one.weight, MOST_LIKE) if one.probability else 1.0 for one in verdicts])


def _weights(verdicts: Sequence[Verdict]) -> Floats:
    """The same with no reviewer too loud; their sum is as many as they are worth."""
    raw = _counts(verdicts)
    names = [voice(one) for one in verdicts]
    voices = sorted(set(names))
    by = np.array([voices.index(name) for name in names], np.intp)
    share = max(SHARE, 1.0 / max(len(voices), 1))
    most = np.inf
    # What is taken from the loudest makes the others' parts larger, and its own: until that changes nothing more.
    for _ in range(_ROUNDS):
        said = np.minimum(np.bincount(by, raw, len(voices)), most)
        most = min(most, max(share * said.sum(), FLOOR))
    total = np.bincount(by, raw, len(voices))
    weights = raw * np.minimum(1.0, most / total)[by] if len(raw) else raw
    squares = float((weights**2).sum())
    return np.asarray(weights * (weights.sum() / squares)) if squares else weights


def fit(rows: Evidence, default: Floats) -> Floats:
    """b and t of the least penalised loss within the bounds."""
    ties: dict[int, float] = {}
    b: float | None = None
    while True:
        at = _newton(rows, default[0], ties, b)
        beyond = {
            column: LEAST if at[column] < at[0] else MOST
            for column in range(1, len(at))
            if column not in ties and not LEAST - _CLOSE <= at[column] / at[0] <= MOST + _CLOSE
        }
        if b is None and not default[0] / HOTTEST <= at[0] <= default[0] * HOTTEST:
            b = float(np.clip(at[0], default[0] / HOTTEST, default[0] * HOTTEST))
        elif not beyond:
            return at
        else:
            ties |= beyond


def _newton(rows: Evidence, b0: float, ties: Mapping[int, float], b: float | None) -> Floats:
    """The minimum where the t of some columns are tied to b, by a factor, and b may be given."""
    columns = 1 + len(LEARNED)
    units = [np.eye(columns)[column] for column in range(1, columns) if column not in ties]
    tied = np.array([1.0, *(ties.get(column, 0.0) for column in range(1, columns))])
    basis = np.array(units if b is not None else [tied, *units]).reshape(-1, columns).T
    at = np.asarray((b0 if b is None else b) * (tied + sum(units, np.zeros(columns))))
    loss = _loss(rows, at, b0)
    for _ in range(_STEPS):
        slope, curve = _derivatives(rows, at, b0)
        step = basis @ np.linalg.solve(basis.T @ curve @ basis, -(basis.T @ slope))
        while (lower := _loss(rows, at + step, b0)) > loss + _CLOSE:
            step = step / 2.0
        at, gained, loss = at + step, loss - lower, lower
        if gained < _CLOSE:
            break
    return at


def _loss(rows: Evidence, at: Floats, b0: float) -> float:
    away = at[1:] - at[0]
    penalty = STRENGTH / 2.0 * (float(away @ away) + float(at[0] - b0) ** 2)
    return float(rows.weights @ rows.losses(at)) + penalty


def _derivatives(rows: Evidence, at: Floats, b0: float) -> tuple[Floats, Floats]:
    """Gradient and Hessian of `_loss`."""
    shares = np.exp(rows.logs(at))
    mean = np.einsum("nr,nrc->nc", shares, rows.values)
    right = rows.values[np.arange(len(rows.rows)), rows.said]
    slope = rows.weights @ (mean - right)
    by_route = rows.values * np.sqrt(shares * rows.weights[:, None])[:, :, None]
    curve = np.einsum("nrc,nrd->cd", by_route, by_route) - (mean * rows.weights[:, None]).T @ mean
    away = at[1:] - at[0]
    slope[1:] += STRENGTH * away
    slope[0] += STRENGTH * (at[0] - b0 - away.sum())
    curve[1:, 1:] += STRENGTH * np.eye(len(LEARNED))
    curve[0, 1:] -= STRENGTH
    curve[1:, 0] -= STRENGTH
    curve[0, 0] += STRENGTH * (1 + len(LEARNED))
    return slope, curve


def voice(verdict: Verdict) -> str:
    """Whose word it is."""
    return verdict.by.casefold()
