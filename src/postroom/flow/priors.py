"""How frequent each route is in mail that nobody has labelled.

By expectation maximisation (Saerens, Latinne & Decaestecker 2002): what is probable for each mail, given the shares
assumed so far, says what the shares are; and again, until they stay. Probabilities that are too modest or too bold
mislead it, and so does a desk whose mail has no words of its own: that a mail says nothing speaks for that desk, which
only labelled mail shows. So evidence is calibrated on labelled mail first, by a power and a bias for each route
(Alexandari, Kundaje & Shrikumar 2020). It is right as far as mail of one route reads alike in both sets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postroom.flow.intervals import Interval
from postroom.model.mail import RouteName

Floats = NDArray[np.floating[Any]]

ENOUGH = 30
"""Mails without which nothing is estimated."""

_ROUNDS = 500
_STAYS, _NEARLY = 1e-6, 1e-4
"""Shares that move less in a round are found, those of a resample well enough."""
_LEAST = 1e-9
_STEPS = 50
_LEAST_POWER = 0.1
_RESAMPLES = 100
_SEED = 20_020_101


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """A route's share of unlabelled mail."""

    share: float
    #: 95 %, by bootstrap with a fixed seed
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How evidence is to be read: log-likelihoods times ``power``, plus the route's ``bias``."""

    power: float = 1.0
    #: 0 for routes that are not in it
    bias: Mapping[RouteName, float] = field(default_factory=dict)


def calibrate(
    probabilities: Sequence[Mapping[RouteName, float]], meant: Sequence[RouteName], assumed: Mapping[RouteName, float]
) -> Calibration:
    """The reading under which mails whose routes are known are likeliest, near to the evidence as it is where they are few.

    ``assumed`` as for `estimate`; mails of routes that are not in it count for nothing. By Newton's method: the problem
    is convex.
    """
    pairs = [(one, route) for one, route in zip(probabilities, meant, strict=True) if route in assumed]
    if not pairs:
        return Calibration()
    routes = sorted(assumed)
    evidence = np.log(np.maximum(_likelihoods([one for one, _ in pairs], assumed), _LEAST))
    truth = np.eye(len(routes))[[routes.index(route) for _, route in pairs]]
    offset = np.log(np.maximum(truth.mean(0), _LEAST))
    start = np.zeros(len(routes) + 1)
    start[0] = 1.0
    found = start
    for _ in range(_STEPS):
        step = _newton(found, start, evidence, truth, offset)
        found = found - step
        found[0] = max(found[0], _LEAST_POWER)
    return Calibration(power=float(found[0]), bias=dict(zip(routes, found[1:].tolist(), strict=True)))


def _newton(at: Floats, start: Floats, evidence: Floats, truth: Floats, offset: Floats) -> Floats:
    """A step of Newton's method from (power, biases) ``at``, no part of it longer than 1, with a ridge around ``start``."""
    probable = _softmax(evidence * at[0] + at[1:] + offset)
    excess = probable - truth
    mean = (probable * evidence).sum(1, keepdims=True)
    gradient = np.concatenate(([(excess * evidence).sum()], excess.sum(0))) + at - start
    curvature = np.eye(len(at))
    curvature[0, 0] += (probable * (evidence - mean) ** 2).sum()
    curvature[0, 1:] += (probable * (evidence - mean)).sum(0)
    curvature[1:, 0] = curvature[0, 1:]
    curvature[1:, 1:] += np.diag(probable.sum(0)) - probable.T @ probable
    step: Floats = np.linalg.solve(curvature, gradient)
    longest = max(1.0, float(np.abs(step).max()))
    return np.asarray(step / longest)


def _softmax(logits: Floats) -> Floats:
    parts: Floats = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(parts / parts.sum(1, keepdims=True))


def estimate(
    probabilities: Sequence[Mapping[RouteName, float]],
    assumed: Mapping[RouteName, float],
    calibration: Calibration | None = None,
) -> dict[RouteName, Prior]:
    """The share of each route in the mails that these probabilities are of.

    ``assumed`` are the shares that the probabilities were given under: what is probable for a mail of which nothing is
    known. Routes that are not in it count for nothing. Deterministic; nothing for no mail.
    """
    if not probabilities:
        return {}
    routes = sorted(assumed)
    read = calibration or Calibration()
    bias = np.exp([read.bias.get(route, 0.0) for route in routes])
    likelihoods = _likelihoods(probabilities, assumed) ** read.power * bias
    before = np.array([assumed[route] for route in routes])
    shares = _maximise(likelihoods, before / before.sum(), _STAYS)
    generator = np.random.default_rng(_SEED)
    draws = generator.integers(len(likelihoods), size=(_RESAMPLES, len(likelihoods)))
    low, high = np.percentile([_maximise(likelihoods[drawn], shares, _NEARLY) for drawn in draws], (2.5, 97.5), axis=0)
    return {
        route: Prior(share=float(share), interval=(float(min(a, share)), float(max(b, share))))
        for route, share, a, b in zip(routes, shares, low, high, strict=True)
    }


def _likelihoods(probabilities: Sequence[Mapping[RouteName, float]], assumed: Mapping[RouteName, float]) -> Floats:
    """(n, K) how likely each mail is for each route, up to a factor for each mail; the routes in order of their names."""
    routes = sorted(assumed)
    given = np.array([[one.get(route, 0.0) for route in routes] for one in probabilities])
    found: Floats = given / np.maximum([assumed[route] for route in routes], _LEAST)
    found[found.sum(1) <= 0.0] = 1.0  # probable for no route that counts: it says nothing
    found /= found.max(1, keepdims=True)
    return found


def _maximise(likelihoods: Floats, start: Floats, stays: float) -> Floats:
    """(K,) shares under which (n, K) likelihoods are likeliest."""
    shares, change, rounds = start, 1.0, 0
    while change > stays and rounds < _ROUNDS:
        probable = likelihoods * np.maximum(shares, _LEAST)
        found: Floats = (probable / probable.sum(1, keepdims=True)).mean(0)
        change, rounds = float(np.abs(found - shares).max()), rounds + 1
        shares = found
    return shares
