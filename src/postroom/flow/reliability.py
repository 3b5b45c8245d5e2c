"""How well reviewers agree who looked at the same mails without knowing of each other.

Raw agreement is the share of mails on which two said the same; part of it would come about by chance, the more the fewer desks
there are and the more uneven they are filled. Krippendorff's alpha (2004, nominal data) takes that off: 1 for perfect agreement,
0 for what chance would give. It pools what all reviewers say, as pairs vary from mail to mail; Cohen's kappa is of two who
judge everything. Intervals are of 95 %: Wilson's for shares, the delete-one jackknife's for alpha (Miller 1974).
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from postroom.flow.intervals import Interval, wilson
from postroom.model.secondlooks import Said, SecondLook

ENOUGH = 20
"""With fewer mails no alpha is given."""

_Z = 1.959964

Pair = tuple[Said, Said]
"""What two said of one mail, in order of their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """How well some pairs of answers agree."""

    mails: int
    agreed: int
    #: of the share that agreed
    interval: Interval
    #: None with too few mails, and where everybody always said one and the same: chance then explains all
    alpha: float | None = None
    alpha_interval: Interval | None = None

    @property
    def share(self) -> float:
        """That agreed, 0..1; 0 of nothing."""
        return self.agreed / self.mails if self.mails else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Two answers that are taken for each other."""

    one: Said
    other: Said
    #: mails of which one said this, another that
    mails: int
    #: of all mails of which both named one of the two: the share on which they agreed
    of: Reliability


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliabilities:
    """All figures of some second looks."""

    all: Reliability
    #: every answer that was given, most frequent first: the rows and columns of `counts`
    answers: tuple[Said, ...]
    #: (one, other), in order of their names -> mails
    counts: tuple[tuple[Pair, int], ...]
    #: most frequent first
    apart: tuple[Apart, ...]
    #: reviewer -> what of his answers, first and second, another said
    reviewers: tuple[tuple[str, Reliability], ...]

    def count(self, one: Said, other: Said) -> int:
        """Mails of which one said this and another that, whoever was first."""
        return dict(self.counts).get(_pair(one, other), 0)


def reliabilities(looks: Iterable[SecondLook], of: Callable[[str], bool] = lambda _name: True) -> Reliabilities:
    """The figures of second looks that were answered; of the reviewers whose names ``of`` admits. Pure."""
    answered = [one for one in looks if one.second]
    counts = Counter(_pair(one.first_said, one.second_said) for one in answered)
    frequent: Counter[Said] = Counter()
    for (one, other), count in counts.items():
        frequent[one] += count
        frequent[other] += count
    named = {name.casefold(): name for look in answered for name in (look.first, look.second)}
    names = [named[key] for key in sorted(named)]
    return Reliabilities(
        all=_reliability(counts),
        answers=tuple(sorted(frequent, key=lambda said: (-frequent[said], said))),
        counts=tuple(sorted(counts.items())),
        apart=_apart(counts),
        reviewers=tuple((name, _reliability(_of(answered, name))) for name in names if of(name)),
    )


def alpha(counts: Counter[Pair]) -> float | None:
    """Krippendorff's, for two answers a mail: 1 - observed / expected disagreement. None where none could be expected."""
    each: Counter[Said] = Counter()
    for (one, other), count in counts.items():
        each[one] += count
        each[other] += count
    answers = each.total()
    expected = answers * (answers - 1) - sum(count * (count - 1) for count in each.values())
    differing = sum(count for (one, other), count in counts.items() if one != other)
    # Observed: differing / mails, with mails = answers / 2; expected: the share of all pairs of answers that differ.
    return None if expected <= 0 else 1.0 - 2.0 * differing * (answers - 1) / expected


def _reliability(counts: Counter[Pair]) -> Reliability:
    mails, agreed = counts.total(), sum(count for (one, other), count in counts.items() if one == other)
    found = alpha(counts) if mails >= ENOUGH else None
    return Reliability(
        mails=mails,
        agreed=agreed,
        interval=wilson(agreed, mails),
        alpha=found,
        alpha_interval=None if found is None else _jackknife(counts, found),
    )


def _jackknife(counts: Counter[Pair], whole: float) -> Interval | None:
    """Leaving one mail out at a time; those of the same answers are the same, so it costs no more than there are kinds."""
    left_out = [(alpha(counts - Counter({pair: 1})), count) for pair, count in counts.items()]
    known = [(value, count) for value, count in left_out if value is not None]
    mails = sum(count for _, count in known)
    if mails < counts.total():
        return None
    mean = sum(value * count for value, count in known) / mails
    variance = (mails - 1) / mails * sum(count * (value - mean) ** 2 for value, count in known)
    reach = _Z * math.sqrt(variance)
    return max(whole - reach, -1.0), min(whole + reach, 1.0)


def _apart(counts: Counter[Pair]) -> tuple[Apart, ...]:
    found = []
    for (one, other), count in counts.items():
        if one != other:
            both = {pair: n for pair, n in counts.items() if set(pair) <= {one, other}}
            found.append(Apart(one=one, other=other, mails=count, of=_reliability(Counter(both))))
    return tuple(sorted(found, key=lambda apart: (-apart.mails, apart.one, apart.other)))


def _of(looks: Sequence[SecondLook], name: str) -> Counter[Pair]:
    mine = [one for one in looks if name.casefold() in (one.first.casefold(), one.second.casefold())]
    return Counter(_pair(one.first_said, one.second_said) for one in mine)


def _pair(one: Said, other: Said) -> Pair:
    return (one, other) if one <= other else (other, one)
