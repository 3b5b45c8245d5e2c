"""What is listened on, where two would get into each other's way, and what must not go over the network in the clear."""

import ipaddress
import re
from collections.abc import Iterator
from itertools import combinations

from postroom.config.mistakes import Mistake
from postroom.config.settings import Destination, Lmtp, Relay, Settings, Smtp

_URL = re.compile(r"https?://[^/?#\s@]+/?")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_LISTEN = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]\s]+):(\d{1,5})")
_HIGHEST_PORT = 65_535


def check_listening(settings: Settings) -> Iterator[Mistake]:
    """Every mistake of where doors and pages listen."""
    yield from _check_listeners(settings)
    yield from _check_pages(settings)


def listeners(settings: Settings) -> Iterator[tuple[str, str]]:
    """(path, host:port) of everything that is listened on."""
    yield from (("intake.listen", one) for one in settings.intake.listen)
    yield from (("intake.lmtp", one) for one in settings.intake.lmtp)
    if settings.web.listen:
        yield "web.listen", settings.web.listen
    if settings.pages.listen:
        yield "pages.listen", settings.pages.listen


def host_and_port(listen: str) -> tuple[str, int] | None:
    """Where to listen, the host without brackets; None for what is no host:port."""
    place = _LISTEN.fullmatch(listen)
    return (place[1].strip("[]"), int(place[2])) if place else None


def _check_listeners(settings: Settings) -> Iterator[Mistake]:
    for path, listen in listeners(settings):
        place = host_and_port(listen)
        if place is None:
            yield Mistake(
                path=path, message=f"{listen!r} is not host:port", remedy="Write 127.0.0.1:2525 or [::1]:2525"
            )
        elif place[1] > _HIGHEST_PORT:
            yield Mistake(
                path=path, message=f"there is no port {place[1]}", remedy=f"Use a port from 1 to {_HIGHEST_PORT}"
            )
    for (first, one), (second, other) in combinations(listeners(settings), 2):
        if _overlap(one, other):
            yield Mistake(
                path=second,
                message=f"{other!r} is taken: {first} listens on {one!r}",
                remedy="Give each its own port",
            )


def _check_pages(settings: Settings) -> Iterator[Mistake]:
    url = settings.pages.url
    if url and _URL.fullmatch(url) is None:
        yield Mistake(
            path="pages.url", message=f"{url!r} is no address of a site", remedy="Write https://postroom.example.com"
        )
    place = host_and_port(settings.pages.listen) if settings.pages.listen else None
    if place is not None and place[0] not in _LOOPBACK and not url.startswith("https://"):
        yield Mistake(
            path="pages.listen",
            message=f"passwords and mail would go over the network in the clear, as {settings.pages.listen} is not loopback",
            remedy="Put a proxy with TLS before 127.0.0.1:8026 and set pages.url to its https address",
        )


def _overlap(one: str, other: str) -> bool:
    """Whether only one of two can be listened on; port 0 is any free one."""
    first, second = host_and_port(one), host_and_port(other)
    if first is None or second is None or first[1] != second[1] or not first[1]:
        return False
    return any(_covers(a, b) or _covers(b, a) for a in _places(first[0]) for b in _places(second[0]))


def _covers(listening: str, asked: str) -> bool:
    """Whether who listens on the first address is reached at the second; both as `_places` writes them."""
    if listening == asked:
        return True
    try:
        wide, one = ipaddress.ip_address(listening), ipaddress.ip_address(asked)
    except ValueError:
        return False
    return wide.is_unspecified and wide.version == one.version


def _places(host: str) -> tuple[str, ...]:
    """A host in one spelling: addresses as they are written shortest, localhost as its addresses, names in lower case."""
    host = host.lower()
    if host == "localhost":
        return "127.0.0.1", "::1"
    try:
        return (str(ipaddress.ip_address(host)),)
    except ValueError:
        return (host,)


def whereabouts(destination: Relay) -> str:
    """The host of a destination, for people."""
    here = all(map(_is_loopback, _places(destination.host)))
    return f"{destination.host}, if only on this machine" if here else destination.host


def own_listener(settings: Settings, destination: Destination) -> str | None:
    """Our own door, if a destination leads to it."""
    if not isinstance(destination, Smtp | Lmtp):
        return None
    reached = _places(destination.host)
    for listen in (*settings.intake.listen, *settings.intake.lmtp):
        place = host_and_port(listen)
        if place is None or place[1] != destination.port:
            continue
        doors = _places(place[0])
        by_name = destination.host.lower() == settings.hostname.lower() and not all(map(_is_loopback, doors))
        if by_name or any(
            door == one or (_is_loopback(one) and _covers(door, one)) for door in doors for one in reached
        ):
            return listen
    return None


def _is_loopback(place: str) -> bool:
    return place.startswith("127.") or place == "::1"
