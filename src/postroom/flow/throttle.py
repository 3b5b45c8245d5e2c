"""How often somebody may try a password: five times, then after pauses that double.

Failures are counted three times, in the memory of the process:

* by **name and address**: the pause that a guesser meets, and whoever mistypes. It stops nobody elsewhere, so a stranger
  can't lock a person out.
* by **address** alone, for those who try one password on many names. Whoever has a session from there is let through.
* by **name** alone: a name that is tried from many addresses is never shut. Each address that is new to it only gets one
  try instead of five before it has to pause.

An address is its network where one customer has all of it: an IPv4 address, an IPv6 /56.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from postroom.model.errors import TryLater

_MINUTE: Final = 60.0
_HOUR: Final = 3600.0


class TooOften(TryLater):
    """Too many failures: it is not even tried. ``pause`` is how long to wait, seconds."""

    def __init__(self, pause: float) -> None:
        super().__init__(f"too many failed tries: wait {_span(pause)}, then try again", after=pause)
        self.pause = pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """When to pause, and how long."""

    #: failures before the first pause
    free: int
    #: the first pause, seconds; each failure after it doubles it
    first: float = 10.0
    #: the longest, seconds
    longest: float
    #: failures are forgotten so long after the last, seconds
    forget: float


PAIR: Final = Limit(free=5, longest=_HOUR, forget=24 * _HOUR)
PAIR_BESIEGED: Final = Limit(free=1, longest=_HOUR, forget=24 * _HOUR)
ADDRESS: Final = Limit(free=50, longest=10 * _MINUTE, forget=_HOUR)
NAME: Final = Limit(free=20, longest=0.0, forget=_HOUR)
"""After so many failures a name counts as besieged."""

MOST: Final = 10_000
"""Names, addresses and pairs that are remembered, of each; then the one that failed longest ago is forgotten."""


class Throttle:
    """Counts failures. Any thread may ask."""

    def __init__(self, most: int = MOST) -> None:
        self._lock = threading.Lock()
        self._pairs = _Failures(most)
        self._addresses = _Failures(most)
        self._names = _Failures(most)

    def take(self, name: str, ip: str, now: float, *, known: bool) -> None:
        """Begin a try, which counts as failed until it is said otherwise: so no number of tries at once gets past.

        ``known`` says that the name has a session from this address. Raises `TooOften`; then nothing was counted.
        """
        name, address = _folded(name), network(ip)
        with self._lock:
            besieged = self._names.count(name, NAME, now) >= NAME.free and not known
            pause = self._pairs.pause((name, address), PAIR_BESIEGED if besieged else PAIR, now)
            if not known:
                pause = max(pause, self._addresses.pause(address, ADDRESS, now))
            if pause > 0:
                raise TooOften(pause)
            self._pairs.add((name, address), PAIR, now)
            self._addresses.add(address, ADDRESS, now)
            self._names.add(name, NAME, now)

    def give_back(self, name: str, ip: str, *, right: bool) -> None:
        """The try did not fail: it was not made, or the password was right, which also forgives the earlier failures from there.

        Those of the address and of the name stay: else a guesser with an account of his own could wipe them out.
        """
        name, address = _folded(name), network(ip)
        with self._lock:
            self._pairs.take_away((name, address), every=right)
            self._addresses.take_away(address)
            self._names.take_away(name)


class _Failures:
    """How often each key has failed, and when last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[Hashable, tuple[int, float]] = OrderedDict()

    def count(self, key: Hashable, limit: Limit, now: float) -> int:
        failures, at = self._found.get(key, (0, 0.0))
        return failures if now - at < limit.forget else 0

    def pause(self, key: Hashable, limit: Limit, now: float) -> float:
        """Seconds to wait still."""
        failures = self.count(key, limit, now)
        if failures < limit.free:
            return 0.0
        # 2 ** 20 is more than any longest pause
        pause = min(limit.first * 2.0 ** min(failures - limit.free, 20), limit.longest)
        return min(self._found[key][1] + pause - now, pause)

    def add(self, key: Hashable, limit: Limit, now: float) -> None:
        self._found[key] = (self.count(key, limit, now) + 1, now)
        self._found.move_to_end(key)
        if len(self._found) > self._most:
            self._found.popitem(last=False)

    def take_away(self, key: Hashable, *, every: bool = False) -> None:
        failures, at = self._found.pop(key, (0, 0.0))
        if failures > 1 and not every:
            self._found[key] = (failures - 1, at)


def network(ip: str) -> str:
    """What counts as one address."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ip[:64]
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((int(address), 56), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)


def _folded(name: str) -> str:
    return name[:100].casefold()


def _span(seconds: float) -> str:
    """A length of time in words, rounded up."""
    if seconds <= 90:
        whole = max(int(-(-seconds // 1)), 1)
        return f"{whole} second{'s' if whole > 1 else ''}"
    return f"{int(-(-seconds // 60))} minutes"
