"""What speaks for and against each route, as log-odds that add up to the probability shown."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from postroom.decide.blend import Family, blend, cap, family, parts
from postroom.decide.policy import Policy
from postroom.model.judgement import AUTOMATIC, JUNK, Decision, Finding
from postroom.model.mail import RouteName

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one family of sources says of a route."""

    family: Family
    #: log-odds of its findings together; phrases without a classifier count a quarter more (`Policy.phrases_alone`)
    said: float
    #: what of it counts
    counts: float
    #: the most that this family may add or take away
    cap: float
    #: what then multiplies it (`Policy.scales`)
    scale: float
    findings: tuple[Finding, ...]

    @property
    def capped(self) -> bool:
        """Whether it says more than it may."""
        return abs(self.said) > self.cap + _ROUNDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One route: ``logit = (prior + sum of what counts) / temperature``; the probabilities are the softmax of the logits."""

    route: RouteName
    probability: float
    #: log of the share of all mail that is expected there
    prior: float
    entries: tuple[Entry, ...]
    temperature: float
    #: what takes it out of the running
    vetoes: tuple[Finding, ...] = ()

    @property
    def logit(self) -> float:
        """What its probability comes from."""
        return (self.prior + sum(entry.counts for entry in self.entries)) / self.temperature


def evidence(decision: Decision) -> tuple[Finding, ...]:
    """The findings that a judgement blended: all but a person's word on this very mail, which is no evidence but the end of it."""
    return tuple(one for one in decision.findings if not (one.source == "verdict" and one.score >= 1.0))


def running(decision: Decision) -> tuple[RouteName, ...]:
    """The routes that were weighed against one another, those that a veto took out with them."""
    vetoed = (finding.route for finding in decision.findings if finding.veto)
    known = dict.fromkeys((*(route for route, _ in decision.probabilities), *vetoed))
    return tuple(route for route in known if route and route != AUTOMATIC)


def balances(decision: Decision, policy: Policy) -> tuple[Balance, ...]:
    """Each route of a decision, most probable first, by this policy.

    With the policy that it was decided by, these are the probabilities that it was decided with, unless a stop rule, the
    kind of the mail or a person decided: then they are what the evidence alone says.
    """
    findings, routes = evidence(decision), running(decision)
    priors = policy.prior(tuple(dict.fromkeys((*routes, policy.fallback, JUNK))))
    probable = blend(findings, routes, policy)
    said = parts(findings, policy)
    out = [(route, 0.0) for route in routes if route not in dict(probable)]
    return tuple(
        Balance(
            route=route,
            probability=probability,
            prior=math.log(priors[route]),
            entries=tuple(
                Entry(
                    family=one,
                    said=by_route[route].said,
                    counts=by_route[route].counts,
                    cap=cap(policy.caps, one),
                    scale=policy.scales.get(one, 1.0),
                    findings=_of(findings, route, one),
                )
                for one, by_route in said.items()
                if route in by_route
            ),
            temperature=max(policy.temperature, 0.05),
            vetoes=tuple(one for one in findings if one.veto and one.route == route),
        )
        for route, probability in (*probable, *out)
    )


def _of(findings: Sequence[Finding], route: RouteName, wanted: Family) -> tuple[Finding, ...]:
    return tuple(one for one in findings if one.route == route and family(one) == wanted)
