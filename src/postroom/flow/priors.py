"""How frequent each route is in mail that nobody has labelled.

By expectation maximisation (Saerens, Latinne & Decaestecker 2002): what is probable for each mail, given the shares
assumed so far, says what the shares are; and again, until they stay. Probabilities that are too modest or too bold
mislead it, so they are calibrated on labelled mail first (Alexandari, Kundaje & Shrikumar 2020). It is right as far as
mail of one route reads alike in both sets.
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
_POWERS = tuple(2.0 ** (step / 8) for step in range(-16, 17))
_RESAMPLES = 200
_SEED = 20_020_101


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """A route's share of unlabelled mail."""

    share: float
    #: 95 %, by bootstrap with a fixed seed
    interval: Interval


def boldness(
    probabilities: Sequence[Mapping[RouteName, float]], meant: Sequence[RouteName], assumed: Mapping[RouteName, float]
) -> float:
    """The power to which evidence is raised so that probabilities are calibrated: above 1 where they are too modest.

    Found on mails whose routes are known, each probable by its evidence and by the share of its route among them; mails
    of routes that are not in ``assumed`` count for nothing. 1 for fewer than `ENOUGH`.
    """
    pairs = [(one, route) for one, route in zip(probabilities, meant, strict=True) if route in assumed]
    if len(pairs) < ENOUGH:
        return 1.0
    routes = sorted(assumed)
    evidence = np.log(np.maximum(_likelihoods([one for one, _ in pairs], assumed), _LEAST))
    where = np.array([routes.index(route) for _, route in pairs])
    shares = np.log(np.maximum(np.bincount(where, minlength=len(routes)) / len(pairs), _LEAST))

    def surprise(power: float) -> float:
        logits = evidence * power + shares
        most = logits.max(1)
        total = most + np.log(np.exp(logits - most[:, None]).sum(1))
        return float((total - logits[np.arange(len(where)), where]).sum())

    return float(min(_POWERS, key=surprise))


def estimate(
    probabilities: Sequence[Mapping[RouteName, float]], assumed: Mapping[RouteName, float], power: float = 1.0
) -> dict[RouteName, Prior]:
    """The share of each route in the mails that these probabilities are of.

    ``assumed`` are the shares that the probabilities were given under: what is probable for a mail of which nothing is
    known. Routes that are not in it count for nothing. Evidence is raised to ``power``, see `boldness`. Deterministic;
    nothing for no mail.
    """
    if not probabilities:
        return {}
    routes = sorted(assumed)
    likelihoods = _likelihoods(probabilities, assumed) ** power
    before = np.array([assumed[route] for route in routes])
    shares = _maximise(likelihoods, before / before.sum())
    generator = np.random.default_rng(_SEED)
    draws = generator.integers(len(likelihoods), size=(_RESAMPLES, len(likelihoods)))
    low, high = np.percentile([_maximise(likelihoods[drawn], shares) for drawn in draws], (2.5, 97.5), axis=0)
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


def _maximise(likelihoods: Floats, start: Floats) -> Floats:
    """(K,) shares under which (n, K) likelihoods are likeliest."""
    shares, change, rounds = start, 1.0, 0
    while change > _STAYS and rounds < _ROUNDS:
        probable = likelihoods * np.maximum(shares, _LEAST)
        found: Floats = (probable / probable.sum(1, keepdims=True)).mean(0)
        change, rounds = float(np.abs(found - shares).max()), rounds + 1
        shares = found
    return shares
