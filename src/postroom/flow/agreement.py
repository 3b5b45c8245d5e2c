"""How often decisions agree with what people said of them: the figures of ``postroom review figures``.

Only verdicts that were asked for count, each weighed by one over the probability of being asked (Horvitz, Thompson 1952;
the mean after Hájek 1971): corrections that nobody asked for would make every route look bad. What a mail is, is the last
word on it; why it was asked about is the first. The interval is Wilson's (1927) at 95 %, for as many mails as the unequal
weights are worth (Kish 1965). It holds for those asked about *and answered*: whoever answers only what is easy bends it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from postroom.model.judgement import Verdict, asked_first
from postroom.model.mail import MailId, RouteName

ENOUGH = 30
"""With fewer mails no share is given."""

_Z = 1.959964
"""Standard normal quantile of a two-sided interval of 95 %."""

Group = Literal["review", "audit", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How often the best guess was right, among some decisions."""

    #: best guess; ``""`` for all routes
    route: RouteName
    #: those that waited in review, those that went to a desk unseen (known from the audit), or both
    group: Group
    #: mails that people judged
    verdicts: int
    #: of them right
    right: int
    #: share that is right of all such decisions, 0..1; None where too few were judged
    share: float | None
    #: its interval at 95 %
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreements:
    """All figures."""

    #: all routes first, then each by name; for each of them review, audit, all
    rows: tuple[Agreement, ...]
    #: mails corrected although nobody asked: in no share
    corrections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """One mail: the judgement that was asked about, and whether the last word agrees with it."""

    asked: Literal["review", "audit"]
    route: RouteName
    right: bool
    weight: float


def agreement(verdicts: Iterable[Verdict]) -> Agreements:
    """The figures of these verdicts, which are in the order they were given."""
    by_mail: dict[MailId, list[Verdict]] = {}
    for verdict in verdicts:
        by_mail.setdefault(verdict.mail_id, []).append(verdict)
    judged = [one for said in by_mail.values() if (one := _judged(said)) is not None]
    groups: tuple[Group, ...] = ("review", "audit", "all")
    rows = [
        _row(
            RouteName(route), group, [one for one in judged if route in ("", one.route) and group in ("all", one.asked)]
        )
        for route in ("", *sorted({one.route for one in judged}))
        for group in groups
    ]
    unasked = sum(any(v.asked == "correction" and not v.over for v in said) for said in by_mail.values())
    return Agreements(rows=tuple(row for row in rows if row.verdicts), corrections=unasked)


def wilson(share: float, count: float) -> tuple[float, float]:
    """The interval at 95 % of a share seen in ``count`` mails."""
    z2 = _Z * _Z / count
    middle = (share + z2 / 2) / (1 + z2)
    half = _Z / (1 + z2) * math.sqrt(share * (1 - share) / count + z2 / (4 * count))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _judged(said: Sequence[Verdict]) -> _Judged | None:
    """None when nobody was asked about a judgement of it."""
    first = asked_first(said)
    if first is None or first.asked not in ("review", "audit"):
        return None
    return _Judged(asked=first.asked, route=first.decided, right=said[-1].names(first.decided), weight=first.weight)


def _row(route: RouteName, group: Group, judged: Sequence[_Judged]) -> Agreement:
    right = sum(one.right for one in judged)
    share = low = high = None
    # Of all decisions, those in review are the few: without the others' audit they say nothing of all.
    telling = [one for one in judged if one.asked == "audit"] if group == "all" else judged
    if len(telling) >= ENOUGH:
        total = sum(one.weight for one in judged)
        share = sum(one.weight for one in judged if one.right) / total
        low, high = wilson(share, total * total / sum(one.weight**2 for one in judged))
    return Agreement(route=route, group=group, verdicts=len(judged), right=right, share=share, low=low, high=high)
