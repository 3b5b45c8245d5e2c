"""From evidence to a probability for every route.

Every finding for a route carries log-odds ``w``, kept as its score: ``score = 1 / (1 + exp(-w))``, so .5 says nothing,
.95 speaks for the route with ``w`` = 3, .05 as strongly against it. Then, for routes ``r`` with priors ``p(r)``::

    words(r)  = classifier(r) + phrases(r)      without a classifier a quarter more than phrases(r)
    logit(r)  = log p(r) + sum over sources s of scale(s) * clip(sum of w of s for r, -cap(s), cap(s))
    P(r)      = exp(logit(r) / T) / sum over routes of exp(logit / T)

Phrases and classifier read the same words, so they are one family, capped together. Each source is capped, so none can outshout all others; a sender's history is capped so low (1.0 by
default) that it tips scales and, by `decide.judge`, never decides alone. Within one phrase list the n-th strongest
phrase counts 0.6 to the power n: ten synonyms are not ten reasons. A classifier's probability ``q`` of ``k`` classes
gives ``w = log(q k)``. A vetoed route gets probability 0, unless all are vetoed.

All steps are monotone: evidence for a route never lowers its probability, evidence against never raises it. The
probabilities sum to 1 over the routes that are in the running. They are as calibrated as weights and priors are;
``scale`` and ``T`` (the policy's scales and temperature) are 1 until verdicts have shown that others are better (`flow.weighing`).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, assert_never, get_args

from postroom.decide.policy import Caps, Policy
from postroom.model.judgement import JUNK, Finding, Source
from postroom.model.mail import RouteName

DIMINISH = 0.6
_LEAST = 1e-9

Family = Literal["words", "rule", "thread", "history", "account", "spam", "second-opinion", "verdict"]
"""Sources that are capped together: phrases and classifier as one, the others each alone."""

FAMILIES: tuple[Family, ...] = get_args(Family)

_FAMILY: dict[str, Family] = {"phrases": "words", "classifier": "words", **{one: one for one in FAMILIES[1:]}}

Probabilities = tuple[tuple[RouteName, float], ...]
"""(route, probability), most probable first; sums to 1."""


def score(weight: float) -> float:
    """Log-odds as a score in 0..1."""
    return 1.0 / (1.0 + math.exp(-min(max(weight, -20.0), 20.0)))


def weight(finding: Finding) -> float:
    """A finding's score as log-odds again."""
    at = min(max(finding.score, _LEAST), 1.0 - _LEAST)
    return math.log(at / (1.0 - at))


def pool(weights: Iterable[float]) -> float:
    """The joint log-odds of phrases of one list: the n-th strongest for, and against, counts ``DIMINISH ** n``."""
    ordered = sorted(weights, reverse=True)
    for_it = [one for one in ordered if one > 0]
    against = [one for one in reversed(ordered) if one < 0]
    return sum(one * DIMINISH**n for n, one in enumerate(for_it)) + sum(
        one * DIMINISH**n for n, one in enumerate(against)
    )


class Part(NamedTuple):
    """What one family says of one route."""

    #: log-odds of its findings together
    said: float
    #: what of it counts
    counts: float


def family(finding: Finding) -> Family | None:
    """The family of a finding that counts for its route; None for one that counts for nothing, and for a veto."""
    return None if finding.veto or not finding.route else _FAMILY.get(finding.source)


def parts(findings: Sequence[Finding], policy: Policy) -> dict[Family, dict[RouteName, Part]]:
    """What each family says of each route that it speaks of; what counts of it is what `blend` adds up."""
    return {
        one: {
            route: Part(said, policy.scales.get(one, 1.0) * _clip(said, cap(policy.caps, one)))
            for route, said in by_route.items()
        }
        for one, by_route in _sums(findings, policy).items()
    }


def blend(findings: Sequence[Finding], routes: Sequence[RouteName], policy: Policy) -> Probabilities:
    """The probability of each route, given all evidence. Findings for other routes than these count for nothing."""
    running = tuple(dict.fromkeys((*routes, policy.fallback, JUNK)))
    priors = policy.prior(running)
    vetoed = {finding.route for finding in findings if finding.veto}
    if not vetoed.issuperset(running):
        running = tuple(route for route in running if route not in vetoed)
    evidence = _evidence(findings, policy)
    logits = {
        route: (math.log(priors[route]) + evidence.get(route, 0.0)) / max(policy.temperature, 0.05) for route in running
    }
    most = max(logits.values())
    parts = {route: math.exp(logit - most) for route, logit in logits.items()}
    total = sum(parts.values())
    return tuple(sorted(((route, part / total) for route, part in parts.items()), key=lambda pair: (-pair[1], pair[0])))


def _evidence(findings: Sequence[Finding], policy: Policy) -> dict[RouteName, float]:
    total: dict[RouteName, float] = {}
    for one, by_route in _sums(findings, policy).items():
        most, scale = cap(policy.caps, one), policy.scales.get(one, 1.0)
        for route, said in by_route.items():
            total[route] = total.get(route, 0.0) + scale * _clip(said, most)
    return total


def _sums(findings: Sequence[Finding], policy: Policy) -> dict[Family, dict[RouteName, float]]:
    """What the findings of each family add up to for each route; families in the order of `FAMILIES`."""
    sums: dict[Source, dict[RouteName, float]] = {}
    for finding in findings:
        if finding.route and not finding.veto:
            by_route = sums.setdefault(finding.source, {})
            by_route[finding.route] = by_route.get(finding.route, 0.0) + weight(finding)
    found: dict[Family, dict[RouteName, float]] = {"words": _words(sums, policy.phrases_alone)}
    for one in FAMILIES[1:]:
        if one in sums:
            found[one] = sums[one]
    return found


def _words(sums: Mapping[Source, Mapping[RouteName, float]], alone: float) -> dict[RouteName, float]:
    phrases, classifier = sums.get("phrases", {}), sums.get("classifier", {})
    if not classifier:
        return {route: alone * one for route, one in phrases.items()}
    return {route: classifier.get(route, 0.0) + phrases.get(route, 0.0) for route in phrases.keys() | classifier.keys()}


def cap(caps: Caps, one: Family) -> float:
    """The most log-odds that a family may add or take away."""
    match one:
        case "words":
            return caps.words
        case "rule":
            return caps.rule
        case "thread":
            return caps.thread
        case "history":
            return caps.history
        case "account":
            return caps.account
        case "spam":
            return caps.spam
        case "second-opinion":
            return caps.second_opinion
        case "verdict":
            return caps.verdict
        case _:  # pragma: no cover - mypy sees that there is no other
            assert_never(one)


def _clip(value: float, cap: float) -> float:
    return min(max(value, -cap), cap)


def certain(route: RouteName, confidence: float, others: Probabilities) -> Probabilities:
    """One route at ``confidence``, the rest shared among the others as they were."""
    rest = [(other, share) for other, share in others if other != route]
    total = sum(share for _, share in rest)
    if total <= 0.0:
        return ((route, 1.0),)
    return ((route, confidence), *((other, share / total * (1.0 - confidence)) for other, share in rest))
