"""Reads postroom.toml and finds every mistake in it (200 at most), each with its line and a remedy; raises on none of them."""

import difflib
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast, get_args, get_origin

import msgspec
from msgspec.structs import fields as struct_fields

from postroom.config.locate import line_of, lines
from postroom.config.settings import DESTINATION_KINDS, Destination, Settings, Table, Webhook
from postroom.model import toml

#: routes that exist without being named in the settings, each with a built-in inbox of its name
BUILT_IN_ROUTES = ("review", "junk", "automatic")


#: mistakes told at once
_MOST_PROBLEMS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in the settings."""

    #: line in the file, from 1
    line: int
    #: dotted path of the setting
    path: str
    #: what is wrong
    message: str
    #: what to do
    remedy: str
    #: False for a warning: postroom starts all the same
    fatal: bool = True

    def __str__(self) -> str:
        """The line, the setting, what is wrong and what to do."""
        return f"line {self.line}: {self.path}: {self.message}. {self.remedy}"


def load(text: str) -> tuple[Settings | None, tuple[Problem, ...]]:
    """The settings in a TOML text, None when a fatal problem is among those returned. Never raises."""
    try:
        data = toml.loads(text)
    except ValueError as error:
        where = re.search(r"line (\d+)", str(error))
        line = int(where.group(1)) if where else max(1, text.count("\n"))
        return None, (
            Problem(line=line, path="(file)", message=f"not TOML: {error}", remedy="Mend the syntax of this line"),
        )
    known = lines(text)
    found = [
        Problem(line=line_of(path, known), path=path, message=message, remedy=remedy)
        for path, message, remedy in islice(_walk(Settings, data, ""), _MOST_PROBLEMS)
    ]
    if found:
        return None, _sorted(found)
    settings = msgspec.convert(data, Settings)
    found = [
        Problem(line=line_of(path, known), path=path, message=message, remedy=remedy, fatal=fatal)
        for path, message, remedy, fatal in _cross_check(settings)
    ]
    return (None if any(p.fatal for p in found) else settings), _sorted(found)


def locate(text: str, path: str) -> int:
    """Line of a setting in a TOML text, from 1."""
    return line_of(path, lines(text))


def _sorted(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda p: (p.line, p.path)))


# -- shape: every table against its type -------------------------------------------------------------------------


def _walk(table: type[Table], data: object, path: str) -> Iterator[tuple[str, str, str]]:
    """(path, message, remedy) of every mistake of shape in a table."""
    if not isinstance(data, dict):
        yield path, "must be a table", f"Write [{path}] and its settings below it"
        return
    known = {f.encode_name: f for f in struct_fields(table)}
    for key in data:
        if key not in known and key != table.__struct_config__.tag_field:
            near = difflib.get_close_matches(key, known, 1)
            remedy = f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(sorted(known))}"
            yield _join(path, key), "unknown setting", remedy
    for name, info in known.items():
        if name not in data:
            if info.required:
                yield _join(path, name), "is missing", f"Add {name} = … to [{path}]"
            continue
        yield from _value(info.type, data[name], _join(path, name))


def _value(kind: Any, value: object, path: str) -> Iterator[tuple[str, str, str]]:
    plain = get_args(kind)[0] if hasattr(kind, "__metadata__") else kind
    if isinstance(plain, type) and issubclass(plain, Table):
        yield from _walk(plain, value, path)
    elif get_origin(plain) is dict and _holds_tables(get_args(plain)[1]):
        yield from _named_tables(plain, value, path)
    else:
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            yield path, _readable(error), "Correct the value"
        else:
            if any(ord(char) < 32 or ord(char) == 127 for text in _texts(value) for char in text):
                yield path, "has a control character", "Take it out; no name, address or path has one"


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _named_tables(plain: Any, value: object, path: str) -> Iterator[tuple[str, str, str]]:
    name_type, table = get_args(plain)
    if not isinstance(value, dict):
        yield path, "must be tables with names", f"Write [{path}.some-name]"
        return
    for name, inner in value.items():
        here = _join(path, name)
        try:
            msgspec.convert(name, name_type)
        except msgspec.ValidationError:
            yield here, "not a name", "Use lower-case letters, digits and hyphens, at most 40"
        if table is Destination or get_origin(table) is not None:
            yield from _destination(inner, here)
        else:
            yield from _walk(table, inner, here)


def _destination(data: object, path: str) -> Iterator[tuple[str, str, str]]:
    kinds = ", ".join(DESTINATION_KINDS)
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind is None:
        yield f"{path}.kind", "is missing", f"Add kind = one of {kinds}"
    elif not isinstance(kind, str) or kind not in DESTINATION_KINDS:
        yield f"{path}.kind", f"unknown kind {kind!r}", f"Use one of {kinds}"
    else:
        yield from _walk(DESTINATION_KINDS[kind], data, path)


def _holds_tables(kind: Any) -> bool:
    return any(isinstance(k, type) and issubclass(k, Table) for k in (get_args(kind) or (kind,)))


def _readable(error: msgspec.ValidationError) -> str:
    return str(error).partition(" - at ")[0].replace("`", "")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


# -- sense: settings that must fit each other --------------------------------------------------------------------


def _cross_check(settings: Settings) -> Iterator[tuple[str, str, str, bool]]:
    """(path, message, remedy, fatal) of every mistake between settings."""
    yield from _check_names(settings)
    yield from _check_brands(settings)
    yield from _check_addresses(settings)
    yield from _check_sizes(settings)


def _check_names(settings: Settings) -> Iterator[tuple[str, str, str, bool]]:
    if not settings.brand:
        yield (
            "brand",
            "no brand: no address to take mail for",
            'Add [brand.main] with addresses = ["support@example.com"]',
            True,
        )
    if not settings.route:
        yield "route", "no route: nowhere to send mail", "Add [route.general] with destinations", True
    elif settings.judging.fallback not in settings.route:
        yield (
            "judging.fallback",
            f"no route is called {settings.judging.fallback!r}",
            _near(settings.judging.fallback, settings.route),
            True,
        )
    for path, name in _destinations_named(settings):
        if name not in settings.destination and name not in BUILT_IN_ROUTES:
            yield path, f"no destination is called {name!r}", _near(name, settings.destination), True
    for name, route in settings.route.items():
        if route.stage != "live" and not route.before:
            yield (
                f"route.{name}.before",
                f"stage {route.stage} needs to know where its mail went before",
                "Add before = [a destination]",
                True,
            )
    if not settings.urgent.destinations:
        yield (
            "urgent.destinations",
            "nobody is told of urgent mail",
            "Name a mailbox or webhook of people who can act",
            False,
        )


def _destinations_named(settings: Settings) -> Iterator[tuple[str, str]]:
    for name, route in settings.route.items():
        yield from ((f"route.{name}.destinations", d) for d in route.destinations)
        yield from ((f"route.{name}.before", d) for d in route.before)
    yield from (("review.destinations", d) for d in settings.review.destinations)
    yield from (("review.tell", d) for d in settings.review.tell)
    yield from (("urgent.destinations", d) for d in settings.urgent.destinations)


def _check_brands(settings: Settings) -> Iterator[tuple[str, str, str, bool]]:
    taken: dict[str, str] = {}
    for name, brand in settings.brand.items():
        for address in brand.addresses:
            path = f"brand.{name}.addresses"
            if "@" not in address or address.endswith("@") or any(c.isspace() for c in address):
                yield path, f"{address!r} is not an address", "Write local@domain, or @domain for a whole domain", True
            elif (other := taken.setdefault(address.lower(), name)) != name:
                yield path, f"{address} already belongs to brand {other}", "Give it to one brand", True
        wanted = {*brand.routes, *brand.thresholds}
        for route in sorted(wanted - {*settings.route, *BUILT_IN_ROUTES}):
            yield f"brand.{name}.routes", f"no route is called {route!r}", _near(route, settings.route), True


def _check_addresses(settings: Settings) -> Iterator[tuple[str, str, str, bool]]:
    for key in ("trusted_networks", "proxy_from"):
        for network in getattr(settings.intake, key):
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                yield f"intake.{key}", str(error), "Write 192.0.2.0/24 or 2001:db8::/32", True
    listeners = [("intake.listen", x) for x in settings.intake.listen] + [
        ("intake.lmtp", x) for x in settings.intake.lmtp
    ]
    if settings.web.listen:
        listeners.append(("web.listen", settings.web.listen))
    for path, listen in listeners:
        if not re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]\s]+):\d{1,5}", listen):
            yield path, f"{listen!r} is not host:port", "Write 127.0.0.1:2525 or [::1]:2525", True
    if bool(settings.intake.tls_certificate) != bool(settings.intake.tls_key):
        yield (
            "intake.tls_certificate",
            "certificate and key come together",
            "Set both tls_certificate and tls_key",
            True,
        )
    if settings.intake.require_tls and not settings.intake.tls_certificate:
        yield "intake.require_tls", "needs a certificate", "Set tls_certificate and tls_key", True
    if settings.trust.authserv_ids and not settings.intake.trusted_networks:
        message = "no hop is trusted, so no Authentication-Results is believed"
        yield "trust.authserv_ids", message, "Add the address of your mail server to intake.trusted_networks", False
    for name, destination in settings.destination.items():
        if isinstance(destination, Webhook) and not destination.url.startswith(("https://", "http://")):
            yield f"destination.{name}.url", "not an http(s) address", "Write https://…", True


def _check_sizes(settings: Settings) -> Iterator[tuple[str, str, str, bool]]:
    if settings.intake.max_size > settings.intake.max_memory:
        message = "larger than intake.max_memory: a mail of that size would always be put off"
        yield "intake.max_size", message, "Raise intake.max_memory, to eight times max_size if you can", False


def _near(name: str, known: object) -> str:
    names = list(cast("dict[str, object]", known))
    near = difflib.get_close_matches(name, names, 1)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(sorted(names)) or 'none yet'}"
