"""How frequent each route is in mail that nobody has labelled.

By expectation maximisation (Saerens, Latinne & Decaestecker 2002): what is probable for each mail, given the shares
assumed so far, says what the shares are; and again, until they stay. Right as far as the probabilities are calibrated,
and as far as mail of one route reads alike in both sets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postroom.flow.intervals import Interval
from postroom.model.mail import RouteName

Floats = NDArray[np.float64]

ENOUGH = 30
"""Mails without which nothing is estimated."""

_ROUNDS = 1000
_STAYS = 1e-6
_LEAST = 1e-9
_RESAMPLES = 200
_SEED = 20_020_101


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """A route's share of unlabelled mail."""

    share: float
    #: 95 %, by bootstrap with a fixed seed
    interval: Interval


def estimate(
    probabilities: Sequence[Mapping[RouteName, float]], assumed: Mapping[RouteName, float]
) -> dict[RouteName, Prior]:
    """The share of each route in the mails that these probabilities are of.

    ``assumed`` are the shares that the probabilities were given under: what is probable for a mail of which nothing is
    known. Routes that are not in it count for nothing. Deterministic; nothing for no mail.
    """
    if not probabilities:
        return {}
    routes = sorted(assumed)
    given = np.array([[one.get(route, 0.0) for route in routes] for one in probabilities])
    before = np.maximum([assumed[route] for route in routes], _LEAST)
    likelihoods = given / before
    likelihoods[likelihoods.sum(1) <= 0.0] = 1.0  # probable for no route that counts: it says nothing
    shares = _maximise(likelihoods, before / before.sum())
    generator = np.random.default_rng(_SEED)
    draws = generator.integers(len(given), size=(_RESAMPLES, len(given)))
    low, high = np.percentile([_maximise(likelihoods[drawn], shares) for drawn in draws], (2.5, 97.5), axis=0)
    return {
        route: Prior(share=float(share), interval=(float(min(a, share)), float(max(b, share))))
        for route, share, a, b in zip(routes, shares, low, high, strict=True)
    }


def _maximise(likelihoods: Floats, start: Floats) -> Floats:
    """(K,) shares under which (n, K) likelihoods are likeliest."""
    shares, change, rounds = start, 1.0, 0
    while change > _STAYS and rounds < _ROUNDS:
        probable = likelihoods * np.maximum(shares, _LEAST)
        found: Floats = (probable / probable.sum(1, keepdims=True)).mean(0)
        change, rounds = float(np.abs(found - shares).max()), rounds + 1
        shares = found
    return shares
