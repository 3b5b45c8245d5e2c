"""How frequent each route is in mail that nobody has labelled.

By expectation maximisation (Saerens, Latinne & Decaestecker 2002): what is probable for each mail, given the shares
assumed so far, says what the shares are; and again, until they stay. Probabilities that are too modest or too bold
mislead it, and so does a desk whose mail has no words of its own: that a mail says nothing speaks for that desk, which
only labelled mail shows. So evidence is calibrated on labelled mail first, by a power and a bias for each route
(Alexandari, Kundaje & Shrikumar 2020). It is right as far as mail of one route reads alike in both sets.

Few labelled mails leave it open how evidence is to be read, and that is mostly more than the chance of the unlabelled ones.
So intervals draw both anew, the labelled mails route by route as they were collected, and calibrate in each draw.
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
_CLOSE = 1e-6
"""A step of Newton's method that changes nothing any more."""
_LEAST_POWER = 0.1
_RESAMPLES = 200
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


Known = tuple[Mapping[RouteName, float], RouteName]
"""What was probable for a labelled mail, and its route."""


def calibrate(labelled: Sequence[Known], assumed: Mapping[RouteName, float]) -> Calibration:
    """The reading under which mails whose routes are known are likeliest, near to the evidence as it is where they are few.

    ``assumed`` as for `estimate`; mails of routes that are not in it count for nothing. By Newton's method: the problem
    is convex.
    """
    found = _reading(*_known(labelled, assumed))
    return Calibration(power=float(found[0]), bias=dict(zip(sorted(assumed), found[1:].tolist(), strict=True)))


def _known(labelled: Sequence[Known], assumed: Mapping[RouteName, float]) -> tuple[Floats, Floats]:
    """(m, K) evidence as logs of likelihoods, and (m, K) which route is meant."""
    routes = sorted(assumed)
    pairs = [(one, route) for one, route in labelled if route in assumed]
    evidence = np.log(np.maximum(_likelihoods([one for one, _ in pairs], assumed), _LEAST))
    meant = np.array([routes.index(route) for _, route in pairs], np.intp)
    return evidence, np.eye(len(routes))[meant]


def _reading(evidence: Floats, truth: Floats) -> Floats:
    """(1 + K,) power and biases."""
    start = np.zeros(evidence.shape[1] + 1)
    start[0] = 1.0
    if not len(evidence):
        return start
    offset = np.log(np.maximum(truth.mean(0), _LEAST))
    found = start
    for _ in range(_STEPS):
        before, found = found, found - _newton(found, start, evidence, truth, offset)
        found[0] = max(found[0], _LEAST_POWER)
        if np.abs(found - before).max() < _CLOSE:
            break
    return found


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
    labelled: Sequence[Known] = (),
) -> dict[RouteName, Prior]:
    """The share of each route in the mails that these probabilities are of; evidence is read as the labelled mails show.

    ``assumed`` are the shares that the probabilities were given under: what is probable for a mail of which nothing is
    known. Routes that are not in it count for nothing. Deterministic; nothing for no mail.
    """
    if not probabilities:
        return {}
    routes = sorted(assumed)
    likelihoods, (evidence, truth) = _likelihoods(probabilities, assumed), _known(labelled, assumed)
    before = np.array([assumed[route] for route in routes])
    shares = _maximise(_read(likelihoods, _reading(evidence, truth)), before / before.sum(), _STAYS)
    generator = np.random.default_rng(_SEED)
    found = []
    for _ in range(_RESAMPLES):
        drawn = generator.integers(len(likelihoods), size=len(likelihoods))
        again = _within_routes(truth, generator)
        reading = _reading(evidence[again], truth[again])
        found.append(_maximise(_read(likelihoods[drawn], reading), shares, _NEARLY))
    low, high = np.percentile(found, (2.5, 97.5), axis=0)
    return {
        route: Prior(share=float(share), interval=(float(min(a, share)), float(max(b, share))))
        for route, share, a, b in zip(routes, shares, low, high, strict=True)
    }


def _read(likelihoods: Floats, reading: Floats) -> Floats:
    return np.asarray(likelihoods ** reading[0] * np.exp(reading[1:]))


def _within_routes(truth: Floats, generator: np.random.Generator) -> list[int]:
    """Places drawn with replacement, of each route as many as there are."""
    return [int(place) for mine in truth.T for place in generator.choice(np.flatnonzero(mine), int(mine.sum()))]


def _likelihoods(probabilities: Sequence[Mapping[RouteName, float]], assumed: Mapping[RouteName, float]) -> Floats:
    """(n, K) how likely each mail is for each route, up to a factor for each mail; the routes in order of their names."""
    routes = sorted(assumed)
    given = np.array([[one.get(route, 0.0) for route in routes] for one in probabilities]).reshape(-1, len(routes))
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
