"""What the settings mean, in the words of the flow: whom we believe, where mail goes, how sure is sure. Pure functions."""

from hashlib import sha256
from pathlib import Path

import msgspec

from postroom.adapters.intake.options import TlsOptions
from postroom.bootstrap.reviewers import staffed
from postroom.config import Settings
from postroom.config.settings import Destination, Inbox
from postroom.decide.policy import Policy, RouteStage
from postroom.flow.desks import Desk, Desks
from postroom.flow.retry import Patience
from postroom.model.judgement import AUTOMATIC, JUNK, REVIEW
from postroom.model.mail import BrandName, DestinationName, RouteName
from postroom.model.trust import Trust
from postroom.understand.addresses import normal

#: routes that have an inbox of their name without being configured
BUILT_IN = (REVIEW, JUNK, AUTOMATIC)
#: desks that the shipped rules and phrases speak for; what speaks for one that a team has not does not count
_SHIPPED = ("appeals", "refunds", "copyright", "general")


# -- addresses and whom we believe ---------------------------------------------------------------------------------


def addresses(settings: Settings) -> dict[str, BrandName]:
    """The addresses that are ours, with the brand of each; ``@example.com`` is a whole domain."""
    brands = settings.brand.items()
    return {normal(a.lower()): BrandName(name) for name, brand in brands for a in brand.addresses}


def return_domain(settings: Settings) -> str:
    """The domain of signed return addresses."""
    return (settings.return_domain or settings.hostname).lower()


def trust(settings: Settings) -> Trust:
    """Whom we believe."""
    wanted = settings.trust
    return Trust(
        authserv_ids=_lower(wanted.authserv_ids),
        team_domains=_lower(wanted.team_domains),
        form_senders=_lower(wanted.form_senders),
        own_addresses=frozenset(addresses(settings)),
    )


def tls(settings: Settings, base: Path) -> TlsOptions | None:
    """The certificate of the doors, in files relative to `base`; None when there is none."""
    intake = settings.intake
    if not intake.tls_certificate:
        return None
    return TlsOptions(cert=base / intake.tls_certificate, key=base / intake.tls_key)


# -- desks ---------------------------------------------------------------------------------------------------------


def routes(settings: Settings) -> tuple[RouteName, ...]:
    """All routes that rules may name."""
    shipped = _SHIPPED if settings.judging.starter else ()
    return tuple(map(RouteName, dict.fromkeys((*settings.route, *shipped, *BUILT_IN))))


def taught_routes(settings: Settings) -> tuple[RouteName, ...]:
    """Routes that a person may name."""
    return tuple(map(RouteName, dict.fromkeys((*settings.route, JUNK, AUTOMATIC))))


def desks(settings: Settings) -> Desks:
    """Where each route's mail goes."""
    return Desks(
        routes={
            RouteName(name): Desk(destinations=_places(route.destinations), before=_places(route.before))
            for name, route in settings.route.items()
        },
        review=_places(settings.review.destinations),
        review_clock=settings.review.hours * 3600.0,
        staffed=staffed(settings),
        tell=_places(settings.review.tell),
        urgent=_places(settings.urgent.destinations),
        inboxes=frozenset(name for name, one in destinations(settings).items() if isinstance(one, Inbox)),
        fallback=RouteName(settings.judging.fallback),
    )


def destinations(settings: Settings) -> dict[DestinationName, Destination]:
    """What each destination is, the built-in inboxes with them."""
    built_in: dict[str, Destination] = dict.fromkeys(BUILT_IN, Inbox())
    return {DestinationName(name): d for name, d in (built_in | settings.destination).items()}


def patience(settings: Settings) -> Patience:
    """How long deliveries are tried."""
    delivery = settings.delivery
    return Patience(
        first=delivery.first_retry,
        longest=delivery.max_retry,
        max_age=delivery.max_age_days * 86400.0,
        min_tries=delivery.min_tries,
        probe=delivery.probe_seconds,
        ceiling=delivery.parking_ceiling,
    )


# -- judging -------------------------------------------------------------------------------------------------------


def policy(settings: Settings) -> Policy:
    """Thresholds, priors and stages, as the settings alone say."""
    return Policy(
        version=_policy_version(settings),
        fallback=RouteName(settings.judging.fallback),
        thresholds=_thresholds(settings),
        brand_routes=_brand_routes(settings),
        priors={RouteName(name): route.prior for name, route in settings.route.items() if route.prior is not None},
        stages={
            RouteName(name): RouteStage(stage=route.stage, percent=route.canary_percent)
            for name, route in settings.route.items()
        },
        protected_domains=tuple(sorted({*_lower(settings.trust.protected_domains), *_own_domains(settings)})),
        known_domains=tuple(sorted(_lower(settings.trust.known_domains))),
        max_received=settings.intake.max_received,
        two_matters=settings.judging.two_matters,
        second_opinion_floor=settings.second_opinion.floor,
    )


def _policy_version(settings: Settings) -> str:
    content = msgspec.json.encode(
        [
            settings.route,
            settings.brand,
            settings.review,
            settings.judging,
            settings.trust,
            settings.second_opinion.floor,
        ]
    )
    return sha256(content).hexdigest()[:12]


def _thresholds(settings: Settings) -> dict[tuple[BrandName, RouteName], float]:
    thresholds = {
        (BrandName(""), RouteName(name)): route.threshold
        for name, route in settings.route.items()
        if route.threshold is not None
    }
    for brand_name, brand in settings.brand.items():
        thresholds |= {(BrandName(brand_name), RouteName(r)): t for r, t in brand.thresholds.items()}
    return thresholds


def _brand_routes(settings: Settings) -> dict[BrandName, frozenset[RouteName]]:
    named = {
        BrandName(name): frozenset(map(RouteName, brand.routes or settings.route))
        for name, brand in settings.brand.items()
    }
    return {BrandName(""): frozenset(map(RouteName, settings.route))} | named


def _own_domains(settings: Settings) -> frozenset[str]:
    return frozenset(address.rpartition("@")[2] for address in addresses(settings)) | trust(settings).team_domains


def _lower(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word.lower() for word in words)


def _places(names: tuple[str, ...]) -> tuple[DestinationName, ...]:
    return tuple(map(DestinationName, names))
