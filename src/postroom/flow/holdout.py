"""Which words a model is tried on: the last ones by time, and nothing like them among those that it is trained on.

Texts of one thread, of one address, or that say nearly the same are one family (and so is whatever they have in common
with others). A family of which anything is held back is not trained on: otherwise a model would be tried on what it has seen.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from postroom.decide import texts
from postroom.flow.recollection import connected
from postroom.flow.taught import Taught
from postroom.model.mail import RouteName

SHARE: Final = 0.25
"""The part of all words that were asked for which is held back."""

LEAST: Final = 60
LEAST_PROTECTED: Final = 10
"""Fewer are never enough to compare by: in all, and of each protected route."""

MOST: Final = 2000
_LOOKED_AT: Final = 8
"""So many texts with the same key are looked at, the newest: they are mostly alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a model is trained on, and what it is tried on: places in the list that was parted."""

    trained: tuple[int, ...]
    held: tuple[int, ...]
    #: of the first word that is held back, seconds since the epoch
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TooFew:
    """There is not enough to compare by."""

    have: int
    need: int
    #: of which there are too few; ``""`` for all together
    route: RouteName = RouteName("")


def families(taught: Sequence[Taught]) -> list[int]:
    """For each text the number of the first one of its family."""
    ties: list[list[str]] = [list(one.ties) for one in taught]
    seen: dict[int, deque[int]] = defaultdict(lambda: deque(maxlen=_LOOKED_AT))
    same: dict[bytes, int] = {}
    for number, one in enumerate(taught):
        alike = {same.setdefault(one.sketch, number)}
        for key in one.keys:
            alike.update(other for other in seen[key] if texts.likeness(taught[other].sketch, one.sketch) >= texts.LIKE)
            seen[key].append(number)
        for other in alike - {number}:
            ties[number].append(f"like {other}")
            ties[other].append(f"like {other}")
    return connected(ties)


def part(taught: Sequence[Taught], family: Sequence[int], protected: Collection[RouteName]) -> Parts | TooFew:
    """Part what was said, oldest first. Held back are words that were asked for; labels of the past where those don't suffice."""
    asked = [n for n, one in enumerate(taught) if one.probability and one.why != "import"]
    past = [n for n, one in enumerate(taught) if one.why == "import" and one.at]
    found = _latest(taught, asked, protected)
    if isinstance(found, TooFew):
        of_past = _latest(taught, past, protected)
        if isinstance(of_past, TooFew):
            return found
        found = of_past
    held = set(found)
    since = min(taught[n].at for n in held)
    apart = {family[n] for n in held}
    trained = tuple(n for n, one in enumerate(taught) if one.at < since and family[n] not in apart)
    return Parts(trained=trained, held=tuple(sorted(held)), since=since)


def _latest(
    taught: Sequence[Taught], places: Sequence[int], protected: Collection[RouteName]
) -> Sequence[int] | TooFew:
    """The last quarter; more, up to half, where that is too little to compare by."""
    most = min(len(places) // 2, MOST)
    if most < LEAST:
        return TooFew(have=len(places), need=2 * LEAST)
    least = max(LEAST, round(SHARE * len(places)))
    for route in sorted(protected):
        of_route = [back for back, n in enumerate(reversed(places), 1) if taught[n].route == route]
        enough = of_route[LEAST_PROTECTED - 1] if len(of_route) >= LEAST_PROTECTED else most + 1
        if enough > most:
            return TooFew(have=sum(back <= most for back in of_route), need=LEAST_PROTECTED, route=route)
        least = max(least, enough)
    return places[len(places) - min(least, most) :]
