"""Which words a model is tried on: the last ones by time, and nothing like them among those that it is trained on.

Texts of one thread, of one address, or that say nearly the same are one family (and so is whatever they have in common
with others). A family of which anything is held back is not trained on: otherwise a model would be tried on what it has seen.

What waited in review says nothing of the mail that went to a desk unseen, which is most of it: only what the audit drew does.
So there must be enough of that among what is held back.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from postroom.decide import texts
from postroom.flow.agreement import ENOUGH
from postroom.flow.recollection import connected
from postroom.flow.taught import Taught
from postroom.model.mail import RouteName

SHARE: Final = 0.25
"""The part of all words that were asked for which is held back."""

LEAST: Final = 60
LEAST_PROTECTED: Final = 10
"""Fewer are never enough to compare by: in all, and of each protected route."""

LEAST_AUDITED: Final = ENOUGH
LEAST_PROTECTED_AUDITED: Final = 3
"""Of these, so many must have been drawn by the audit."""

LEAST_OF_OTHERS: Final = 10
LEAST_PROTECTED_OF_OTHERS: Final = 5
"""Where several reviewers are at work, so many must be by others than the loudest of them."""

MOST: Final = 2000
_AT_WORK: Final = 90 * 86_400.0
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
    #: of those that the audit drew there are too few
    audited: bool = False
    #: by others than whom there are too few
    besides: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Demand:
    """What must be among the words that are held back."""

    need: int
    #: ``""`` for any
    route: RouteName = RouteName("")
    #: drawn by the audit
    audited: bool = False
    #: by others than the one who gave most of them
    of_others: bool = False

    def reach(self, back: Sequence[Taught]) -> int:
        """How many of the newest one must take to have enough; more than there are where there are too few."""
        said: Counter[str] = Counter()
        for number, one in enumerate(back, 1):
            said[one.by] += self._counts(one)
            if self._have(said) >= self.need:
                return number
        return len(back) + 1

    def missed(self, back: Sequence[Taught]) -> TooFew:
        """How many there are of these."""
        said = Counter(one.by for one in back if self._counts(one))
        loudest = max(said, key=lambda name: said[name], default="") if self.of_others else ""
        return TooFew(have=self._have(said), need=self.need, route=self.route, audited=self.audited, besides=loudest)

    def _counts(self, one: Taught) -> bool:
        return self.route in ("", one.route) and (one.why == "audit" or not self.audited)

    def _have(self, said: Counter[str]) -> int:
        return said.total() - (max(said.values(), default=0) if self.of_others else 0)


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
    audited = _demands(protected, LEAST_AUDITED, LEAST_PROTECTED_AUDITED, audited=True)
    found = _latest(taught, asked, protected, audited)
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


def _demands(
    protected: Collection[RouteName], in_all: int, of_protected: int, *, audited: bool = False, of_others: bool = False
) -> list[_Demand]:
    needs = {RouteName(""): in_all} | dict.fromkeys(sorted(protected), of_protected)
    return [_Demand(need=need, route=route, audited=audited, of_others=of_others) for route, need in needs.items()]


def _latest(
    taught: Sequence[Taught],
    places: Sequence[int],
    protected: Collection[RouteName],
    more: Sequence[_Demand] = (),
) -> Sequence[int] | TooFew:
    """The last quarter; more, up to half, where that is too little to compare by."""
    most = min(len(places) // 2, MOST)
    if most < LEAST:
        return TooFew(have=len(places), need=2 * LEAST)
    back = [taught[n] for n in reversed(places)]
    demands = [*_demands(protected, LEAST, LEAST_PROTECTED), *more]
    if len(_at_work(back)) > 1:
        demands += _demands(protected, LEAST_OF_OTHERS, LEAST_PROTECTED_OF_OTHERS, of_others=True)
    least = round(SHARE * len(places))
    for demand in demands:
        enough = demand.reach(back)
        if enough > most:
            return demand.missed(back[:most])
        least = max(least, enough)
    return places[len(places) - min(least, most) :]


def _at_work(back: Sequence[Taught]) -> set[str]:
    """Reviewers who lately said as much as is asked of others."""
    lately = Counter(one.by for one in back if one.by and one.at >= back[0].at - _AT_WORK)
    return {name for name, count in lately.items() if count >= LEAST_OF_OTHERS}
