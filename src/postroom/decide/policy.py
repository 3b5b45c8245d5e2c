"""What a team has settled about its routes: thresholds, priors, stages and how far each source of evidence is believed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from postroom.model.judgement import AUTOMATIC, GENERAL, JUNK, REVIEW, AccountState, Decision, Stage
from postroom.model.mail import BrandName, RouteName

TwoMatters = Literal["first", "copies", "review"]

ANY_BRAND = BrandName("")
"""In a table of thresholds: for every brand that has none of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStage:
    """How far a route is rolled out."""

    stage: Stage = "live"
    #: for ``canary``: how many of 100 buckets are live
    percent: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The most log-odds that one source may add or take away (see `decide.blend`)."""

    #: phrases and classifier together
    words: float = 5.0
    rule: float = 8.0
    thread: float = 4.5
    history: float = 1.0
    account: float = 1.5
    spam: float = 7.5
    second_opinion: float = 1.0
    #: what people said of nearly the same text
    verdict: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything about a decision that is a team's choice and no rule or phrase."""

    #: short content hash, given by whoever read the settings
    version: str = ""
    #: takes what belongs nowhere else
    fallback: RouteName = GENERAL
    #: (brand or ``""``, route) -> least confidence that goes to the desk unseen
    thresholds: Mapping[tuple[BrandName, RouteName], float] = field(default_factory=dict)
    default_threshold: float = 0.6
    fallback_threshold: float = 0.54
    junk_threshold: float = 0.85
    #: route -> share of the mail expected there; those not named share the rest evenly
    priors: Mapping[RouteName, float] = field(default_factory=dict)
    fallback_prior: float = 0.55
    junk_prior: float = 0.01
    #: route -> how far it is rolled out; ``live`` when not named
    stages: Mapping[RouteName, RouteStage] = field(default_factory=dict)
    #: brand -> the desks that it has, beside the fallback; brands not named have all
    brand_routes: Mapping[BrandName, frozenset[RouteName]] = field(default_factory=dict)
    #: routes whose mail must never end in junk unseen
    protected: tuple[RouteName, ...] = (RouteName("appeals"),)
    #: account state -> (route, log-odds it speaks for that route with)
    account_evidence: Mapping[AccountState, tuple[RouteName, float]] = field(
        default_factory=lambda: {
            "suspended": (RouteName("appeals"), 1.2),
            "banned": (RouteName("appeals"), 1.2),
            "limited": (RouteName("appeals"), 0.8),
            "active": (RouteName("appeals"), -0.8),
        }
    )
    #: mail about two things goes to the first desk, which is told of the second; to both; or to a person
    two_matters: TwoMatters = "first"
    #: log-odds that a trusted spam verdict speaks for junk with
    spam_evidence: float = 7.0
    caps: Caps = Caps()
    #: least confidence of a best guess that a second opinion may confirm
    second_opinion_floor: float = 0.3
    #: what phrases count where there is no classifier: as people write their weights, they prove too modest by a quarter
    phrases_alone: float = 1.25
    #: family of sources (`decide.blend.Family`) -> what multiplies all that it may say, its cap with it; 1 when not named
    scales: Mapping[str, float] = field(default_factory=dict)
    #: divides all log-odds before the softmax; below 1 is bolder
    temperature: float = 1.0
    #: our own domains and those worth imitating, lower case
    protected_domains: tuple[str, ...] = ()
    #: domains that look like those and imitate nobody, lower case
    known_domains: tuple[str, ...] = ()
    #: more Received lines than this is a loop (RFC 5321 §6.3 asks for at least 100 by default)
    max_received: int = 100

    def threshold(self, brand: BrandName, route: RouteName) -> float:
        """The least confidence with which a mail of this brand goes to this route without a person."""
        for key in ((brand, route), (ANY_BRAND, route)):
            if key in self.thresholds:
                return self.thresholds[key]
        if route == JUNK:
            return self.junk_threshold
        return self.fallback_threshold if route == self.fallback else self.default_threshold

    def allows(self, brand: BrandName, route: RouteName) -> bool:
        """Whether mail of this brand may go to this route. The fallback, review, junk and automatic are everybody's."""
        allowed = self.brand_routes.get(brand)
        return not allowed or route in allowed or route in {self.fallback, REVIEW, JUNK, AUTOMATIC}

    def unasked(self, decision: Decision) -> RouteName:
        """Where a mail goes that nobody decided on in review: to the best guess.

        But what may be meant for a protected route not into junk, where nobody would see it.
        """
        if decision.decided != JUNK:
            return decision.decided
        meant = {one.route for one in decision.findings if one.score > 0.5} & set(self.protected)
        return next((route for route, _ in decision.probabilities if route in meant), JUNK)

    def prior(self, routes: tuple[RouteName, ...]) -> dict[RouteName, float]:
        """The share of each of these routes before anything was read; positive, sums to 1."""
        named = {route: max(self.priors[route], 1e-6) for route in routes if route in self.priors}
        if JUNK in routes:
            named.setdefault(JUNK, self.junk_prior)
        rest = [route for route in routes if route not in named]
        left = max(1.0 - sum(named.values()), 0.05)
        if self.fallback in rest:
            rest.remove(self.fallback)
            named[self.fallback] = left if not rest else left * self.fallback_prior
            left -= named[self.fallback] if rest else 0.0
        named.update(dict.fromkeys(rest, left / max(len(rest), 1)))
        total = sum(named.values())
        return {route: named[route] / total for route in routes}
