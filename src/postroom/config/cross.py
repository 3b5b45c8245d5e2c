"""Settings that must make sense by themselves and fit each other: what can be said without looking at the machine."""

import ipaddress
import re
from collections.abc import Iterable, Iterator

from postroom.config.answers import check_answers
from postroom.config.cases import check_cases
from postroom.config.listening import check_listening, own_listener, whereabouts
from postroom.config.mistakes import Mistake, near
from postroom.config.oidc import check_oidc
from postroom.config.settings import Relay, Settings, Status, Webhook

#: routes that exist without being named in the settings, each with a built-in inbox of its name
BUILT_IN_ROUTES = ("review", "junk", "automatic")

#: what can follow EHLO: a name of letters, digits and hyphens, or an address in brackets (RFC 5321 §4.1.1.1)
_HOSTNAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Za-z:.]+\]")
#: a domain of mail addresses, which may be international
_DOMAIN = re.compile(r"[^\s@.,;:/<>]+(\.[^\s@.,;:/<>]+)*")


def cross_check(settings: Settings) -> Iterator[Mistake]:
    """Every mistake of settings that are each of the right type."""
    yield from _check_names(settings)
    yield from _check_routes(settings)
    yield from check_cases(settings)
    yield from _check_brands(settings)
    yield from check_answers(settings)
    yield from _check_domains(settings)
    yield from _check_trust(settings)
    yield from check_listening(settings)
    yield from check_oidc(settings)
    yield from _check_hooks(settings)
    yield from _check_tls(settings)
    yield from _check_destinations(settings)
    yield from _check_second_opinion(settings)
    yield from _check_sizes(settings)
    yield from _check_status(settings.status)


# -- names -------------------------------------------------------------------------------------------------------


def _check_names(settings: Settings) -> Iterator[Mistake]:
    if not settings.brand:
        yield Mistake(
            path="brand",
            message="no brand: no address to take mail for",
            remedy='Add [brand.main] with addresses = ["support@example.com"]',
        )
    fallback = settings.judging.fallback
    if not settings.route:
        yield Mistake(
            path="route", message="no route: nowhere to send mail", remedy="Add [route.general] with destinations"
        )
    elif fallback not in settings.route:
        yield Mistake(
            path="judging.fallback",
            message=f"no route is called {fallback!r}",
            remedy=near(fallback, settings.route),
        )
    for name in settings.retention.routes:
        if name not in settings.route and name not in BUILT_IN_ROUTES:
            yield Mistake(
                path=f"retention.routes.{name}",
                message=f"no route is called {name!r}",
                remedy=near(name, (*settings.route, *BUILT_IN_ROUTES)),
            )
    for path, name in _destinations_named(settings):
        if name not in settings.destination and name not in BUILT_IN_ROUTES:
            yield Mistake(
                path=path, message=f"no destination is called {name!r}", remedy=near(name, settings.destination)
            )
    if not settings.urgent.destinations:
        yield Mistake(
            path="urgent.destinations",
            message="nobody is told of urgent mail",
            remedy="Name a mailbox or webhook of people who can act",
            fatal=False,
        )


def _destinations_named(settings: Settings) -> Iterator[tuple[str, str]]:
    for name, route in settings.route.items():
        yield from ((f"route.{name}.destinations", d) for d in route.destinations)
        yield from ((f"route.{name}.before", d) for d in route.before)
    yield from (("review.destinations", d) for d in settings.review.destinations)
    yield from (("review.tell", d) for d in settings.review.tell)
    yield from (("urgent.destinations", d) for d in settings.urgent.destinations)


def _check_routes(settings: Settings) -> Iterator[Mistake]:
    for name, route in settings.route.items():
        if name == "review":
            yield Mistake(
                path=f"route.{name}",
                message="this name is taken: mail that a person must look at goes to [review]",
                remedy="Set destinations in [review], or give the route another name",
            )
        if route.stage != "live" and not route.before:
            yield Mistake(
                path=f"route.{name}.before",
                message=f"stage {route.stage} needs to know where its mail went before",
                remedy="Add before = [a destination]",
            )


def _check_brands(settings: Settings) -> Iterator[Mistake]:
    taken: dict[str, str] = {}
    known = {*settings.route, *BUILT_IN_ROUTES}
    for name, brand in settings.brand.items():
        path = f"brand.{name}"
        for address in brand.addresses:
            if not _is_address(address, whole_domain=True):
                yield Mistake(
                    path=f"{path}.addresses",
                    message=f"{address!r} is not an address",
                    remedy="Write local@domain, or @domain for a whole domain",
                )
            elif (other := taken.setdefault(address.lower(), name)) != name:
                yield Mistake(
                    path=f"{path}.addresses",
                    message=f"{address} already belongs to brand {other}",
                    remedy="Give it to one brand",
                )
        named = [(f"{path}.routes", route) for route in brand.routes]
        named += [(f"{path}.thresholds.{route}", route) for route in brand.thresholds]
        for where, route in named:
            if route not in known:
                yield Mistake(path=where, message=f"no route is called {route!r}", remedy=near(route, settings.route))


# -- domains, addresses, networks --------------------------------------------------------------------------------


def _check_domains(settings: Settings) -> Iterator[Mistake]:
    for path, name in (("hostname", settings.hostname), ("return_domain", settings.return_domain)):
        if name and not _HOSTNAME.fullmatch(name):
            yield Mistake(path=path, message=f"{name!r} is not a host name", remedy="Write it like mail.example.com")
    for key in ("team_domains", "protected_domains", "known_domains"):
        for domain in getattr(settings.trust, key):
            if not _DOMAIN.fullmatch(domain):
                yield Mistake(
                    path=f"trust.{key}", message=f"{domain!r} is not a domain", remedy="Write it like example.com"
                )
    yield from _check_addresses("trust.form_senders", settings.trust.form_senders)
    for name, destination in settings.destination.items():
        if isinstance(destination, Relay):
            yield from _check_addresses(f"destination.{name}.recipients", destination.recipients)


def _check_addresses(path: str, addresses: Iterable[str]) -> Iterator[Mistake]:
    for address in addresses:
        if not _is_address(address):
            yield Mistake(path=path, message=f"{address!r} is not an address", remedy="Write local@domain")


def _is_address(text: str, *, whole_domain: bool = False) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(at and domain and (local or whole_domain)) and not any(c.isspace() for c in text)


def _check_trust(settings: Settings) -> Iterator[Mistake]:
    for key in ("trusted_networks", "proxy_from"):
        for network in getattr(settings.intake, key):
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                yield Mistake(path=f"intake.{key}", message=str(error), remedy="Write 192.0.2.0/24 or 2001:db8::/32")
    if settings.trust.authserv_ids and not settings.intake.trusted_networks:
        yield Mistake(
            path="trust.authserv_ids",
            message="no hop is trusted, so no Authentication-Results is believed",
            remedy="Add the address of your mail server to intake.trusted_networks",
            fatal=False,
        )


# -- hooks and certificates --------------------------------------------------------------------------------------


def _check_hooks(settings: Settings) -> Iterator[Mistake]:
    if settings.hook and not settings.pages.listen:
        yield Mistake(
            path="pages.listen",
            message="the process of the pages makes the calls of [hook], and there is none",
            remedy='Set pages.listen = "127.0.0.1:8026"',
        )
    for name, hook in settings.hook.items():
        yield from _check_named(settings, f"hook.{name}.", hook.brands, hook.routes)
    pages = settings.pages
    yield from _check_named(settings, "pages.customer_info_", pages.customer_info_brands, pages.customer_info_routes)


def _check_named(settings: Settings, of: str, brands: Iterable[str], routes: Iterable[str]) -> Iterator[Mistake]:
    """Brands and desks that are named somewhere, the settings ``of`` + ``brands`` and ``routes``, have to be there."""
    known = {*settings.route, *BUILT_IN_ROUTES}
    for brand in brands:
        if brand not in settings.brand:
            yield Mistake(
                path=f"{of}brands", message=f"no brand is called {brand!r}", remedy=near(brand, settings.brand)
            )
    for route in routes:
        if route not in known:
            yield Mistake(path=f"{of}routes", message=f"no route is called {route!r}", remedy=near(route, known))


def _check_tls(settings: Settings) -> Iterator[Mistake]:
    intake = settings.intake
    if bool(intake.tls_certificate) != bool(intake.tls_key):
        yield Mistake(
            path="intake.tls_certificate" if intake.tls_certificate else "intake.tls_key",
            message="certificate and key come together",
            remedy="Set both tls_certificate and tls_key",
        )
    if intake.require_tls and not intake.tls_certificate:
        yield Mistake(
            path="intake.require_tls", message="needs a certificate", remedy="Set tls_certificate and tls_key"
        )


# -- destinations ------------------------------------------------------------------------------------------------


def _check_destinations(settings: Settings) -> Iterator[Mistake]:
    for name, destination in settings.destination.items():
        path = f"destination.{name}"
        if isinstance(destination, Webhook) and not destination.url.startswith(("https://", "http://")):
            yield Mistake(path=f"{path}.url", message="not an http(s) address", remedy="Write https://…")
        if isinstance(destination, Relay) and destination.user and destination.tls == "none":
            yield Mistake(
                path=f"{path}.tls",
                message=f"the password is sent in the clear to {whereabouts(destination)}",
                remedy='Write tls = "required", or "implicit" for port 465',
                fatal=False,
            )
        if (listen := own_listener(settings, destination)) is not None:
            yield Mistake(
                path=f"{path}.host",
                message=f"this is postroom itself, which listens on {listen!r}: mail would come back",
                remedy="Name the server behind postroom, with its port",
            )


def _check_second_opinion(settings: Settings) -> Iterator[Mistake]:
    wanted = settings.second_opinion
    if not wanted.url:
        return
    if not wanted.url.startswith(("https://", "http://")):
        yield Mistake(path="second_opinion.url", message="not an http(s) address", remedy="Write https://…/v1")
    if not wanted.model:
        yield Mistake(path="second_opinion.model", message="is missing", remedy="Name a model of this API")
    if "unsure" in settings.route:
        yield Mistake(
            path="route.unsure",
            message="this name is taken: a second opinion says so when it is not sure",
            remedy="Give the route another name",
        )
    for name in wanted.brands:
        if name not in settings.brand:
            yield Mistake(
                path="second_opinion.brands",
                message=f"no brand is called {name!r}",
                remedy=near(name, settings.brand),
            )
    for path, route in [("routes", name) for name in wanted.routes] + [
        (f"about.{name}", name) for name in wanted.about
    ]:
        if route not in settings.route and route not in BUILT_IN_ROUTES:
            yield Mistake(
                path=f"second_opinion.{path}",
                message=f"no route is called {route!r}",
                remedy=near(route, settings.route),
            )


def _check_sizes(settings: Settings) -> Iterator[Mistake]:
    if settings.intake.max_size > settings.intake.max_memory:
        yield Mistake(
            path="intake.max_size",
            message="larger than intake.max_memory: a mail of that size would always be put off",
            remedy="Raise intake.max_memory, to eight times max_size if you can",
            fatal=False,
        )


# -- account status ----------------------------------------------------------------------------------------------


def _check_status(status: Status) -> Iterator[Mistake]:
    if status.kind == "csv" and not status.file:
        yield Mistake(path="status.file", message="is missing", remedy="Name the file that your system exports")
    if status.kind == "http" and not status.url.startswith(("https://", "http://")):
        yield Mistake(path="status.url", message="not an http(s) address", remedy="Write https://…")
    for key, kind in (("file", "csv"), ("url", "http")):
        if getattr(status, key) and status.kind != kind:
            yield Mistake(
                path=f"status.{key}",
                message=f'counts for nothing while kind is "{status.kind}"',
                remedy=f'Write kind = "{kind}"',
                fatal=False,
            )
