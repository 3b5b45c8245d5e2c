"""How far each source of evidence is to be believed, learned from verdicts: start at `weigh`; `multipliers` fits it.

What was learned from the older verdicts is tried on the newest part of those that were asked for, without caps, beside the default and
beside what is in force. It is only used if it is better than both for certain: the 95 % intervals (paired bootstrap) of the differences
in log-loss lie below 0, and without the verdicts of any one reviewer it is better than the default still. Routes with fewer than `OF_ROUTE` verdicts are left out, as answers and as alternatives.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Final, Protocol

import numpy as np

from postroom.decide.balance import running
from postroom.decide.judge import stopped_by
from postroom.decide.policy import Policy
from postroom.flow.intervals import Interval
from postroom.flow.multipliers import ENOUGH, LEARNED, Evidence, Floats, Judged, fit, numbers, voice
from postroom.model.judgement import AUTOMATIC, Decision, Verdict, asked_first
from postroom.model.mail import MailId, RouteName

OF_ROUTE: Final = 30
HELD: Final = 0.3
"""The part of the verdicts that were asked for, the newest, by which it is tried."""
LEAST_HELD: Final = 60

OTHERS: Final = 10
"""With fewer verdicts among those held back, others than one reviewer have no say whether it is better without that one."""

SEED: Final = 20_251
DRAWS: Final = 2000
_INTERVAL: Final = (0.025, 0.975)

_PAGE: Final = 1000
_NEWEST: Final = 20_000


class Past(Protocol):
    """What is needed of a store."""

    def verdicts(self, since: float, *, after: int, limit: int) -> tuple[Verdict, ...]:
        """As `ports.Verdicts.verdicts`."""
        ...

    def decisions(self, mail_id: MailId) -> tuple[Decision, ...]:
        """As `ports.Judgements.decisions`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How it does on what was held back: log-loss, in nats, and 95 % intervals of differences."""

    n: int
    #: by default
    before: float
    #: as it is in force
    in_force: float
    #: as learned
    after: float
    #: of after less before
    interval: Interval
    #: of after less in force
    over_in_force: Interval
    #: of in force less before
    in_force_interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What came of it."""

    #: why it is not used; empty when it is
    against: tuple[str, ...]
    #: verdicts that could be learned from, by the route that was said
    routes: Mapping[RouteName, int] = field(default_factory=dict)
    #: routes that were left out, with how many verdicts there were
    left_out: Mapping[RouteName, int] = field(default_factory=dict)
    #: verdicts that say nothing of evidence: on automatic mail, on what a stop rule decided or a veto forbids
    passed_over: int = 0
    #: family -> mails that it spoke of, of those that it was learned from
    spoke: Mapping[str, int] = field(default_factory=dict)
    scales: Mapping[str, float] = field(default_factory=dict)
    temperature: float = 1.0
    #: verdicts that it was learned from
    learned: int = 0
    #: as many they are worth
    worth: float = 0.0
    tried: Tried | None = None

    @property
    def used(self) -> bool:
        """Whether it is better for certain."""
        return not self.against

    @property
    def in_force_is_worse(self) -> bool:
        """Whether the default is better than what is in force, for certain."""
        return self.tried is not None and self.tried.in_force_interval[0] > 0.0


def gather(store: Past, since: float = 0.0) -> list[Judged]:
    """The last word on each mail, with the judgement that was asked about; of the newest 20,000 verdicts. Raises `TryLater`."""
    pages: deque[tuple[Verdict, ...]] = deque(maxlen=_NEWEST // _PAGE)
    last = 0
    while page := store.verdicts(since, after=last, limit=_PAGE):
        pages.append(page)
        last = page[-1].number
    by_mail: dict[MailId, list[Verdict]] = defaultdict(list)
    for verdict in chain.from_iterable(pages):
        by_mail[verdict.mail_id].append(verdict)
    return list(_judged(store, map(_last_word, by_mail.values())))


def weigh(
    judged: Iterable[Judged], policy: Policy, stops: Collection[str] = (), in_force: Policy | None = None
) -> Weighed:
    """Learn, and try what was learned. Pure; the same verdicts give the same result.

    ``policy`` is that of the settings: nothing learned in it; ``in_force`` the same with what was learned before, None for nothing.
    ``stops`` are the names of stop rules: what they decide is no matter of evidence.
    """
    some = sorted(judged, key=lambda one: (one.verdict.at, one.verdict.number))
    usable = [one for one in some if _is_usable(one, stops)]
    counts = Counter(one.verdict.said for one in usable)
    known = tuple(sorted(route for route, count in counts.items() if count >= OF_ROUTE))
    usable = [one for one in usable if one.verdict.said in known]
    found = Weighed(
        against=(),
        routes={route: counts[route] for route in known},
        left_out={route: count for route, count in sorted(counts.items()) if route not in known},
        passed_over=len(some) - counts.total(),
    )
    asked = [one for one in usable if one.verdict.probability]
    if too_few := _too_few(len(usable), len(known), len(asked)):
        return replace(found, against=(too_few,))
    held = asked[-max(round(HELD * len(asked)), LEAST_HELD) :]
    since = held[0].verdict.at
    older = Evidence([one for one in usable if one.verdict.at < since], known, policy)
    if not older.rows:
        return replace(found, against=("all verdicts were given at one moment: there are none to learn from",))
    default = numbers(policy)
    fitted = fit(older, default)
    newer = Evidence(held, known, policy)
    before, now, after = (newer.losses(one) for one in (default, numbers(in_force or policy), fitted))
    tried = _tried(before, now, after, newer.counts)
    scales = {one: round(float(fitted[1 + at] / fitted[0]), 4) for at, one in enumerate(LEARNED)}
    return replace(
        found,
        spoke=older.spoke(),
        scales={one: scale for one, scale in scales.items() if scale != 1.0},
        temperature=round(float(1.0 / fitted[0]), 4),
        learned=len(older.rows),
        worth=float(older.weights.sum()),
        tried=tried,
        against=tuple(_against(tried, after - before, newer)),
    )


def _last_word(said: Sequence[Verdict]) -> Verdict:
    """Of one mail's, oldest first: the last, as an answer to why it was asked for first."""
    last, first = said[-1], asked_first(said)
    if first is None:
        return last
    return replace(last, generation=first.generation, asked=first.asked, probability=first.probability)


def _judged(store: Past, verdicts: Iterable[Verdict]) -> Iterator[Judged]:
    for verdict in verdicts:
        judgements = [
            one
            for one in store.decisions(verdict.mail_id)
            if one.generation <= verdict.generation and not (one.by or one.unconfirmed or one.again)
        ]
        if judgements:
            yield Judged(decision=judgements[-1], verdict=verdict)


def _is_usable(one: Judged, stops: Collection[str]) -> bool:
    """Whether evidence decided, and could have decided for what the person said, which is one desk."""
    decision, said = one.decision, one.verdict.said
    if AUTOMATIC in (decision.decided, said) or decision.because in {stopped_by(name) for name in stops}:
        return False
    vetoed = {finding.route for finding in decision.findings if finding.veto}
    return said in running(decision) and said not in vetoed and not one.verdict.also


def _too_few(usable: int, routes: int, asked: int) -> str:
    if usable < ENOUGH or routes < 2:
        return (
            f"{usable} verdicts on {routes} routes are too few: {ENOUGH} are needed, {OF_ROUTE} of each of two routes"
        )
    if asked < 2 * LEAST_HELD:
        return f"{asked} verdicts that were asked for, in review or by the audit, are too few to try it by: {2 * LEAST_HELD} are needed"
    return ""


def _tried(before: Floats, now: Floats, after: Floats, counts: Floats) -> Tried:
    """From the losses on each mail by default, as in force, and as learned."""
    return Tried(
        n=len(counts),
        before=_mean(before, counts),
        in_force=_mean(now, counts),
        after=_mean(after, counts),
        interval=_interval(after - before, counts),
        over_in_force=_interval(after - now, counts),
        in_force_interval=_interval(now - before, counts),
    )


def _interval(moved: Floats, counts: Floats) -> Interval:
    """Of the mean, by bootstrap; the same mails are drawn each time."""
    random = np.random.default_rng(SEED)
    draws = (random.integers(0, len(counts), len(counts)) for _ in range(DRAWS))
    low, high = np.quantile([_mean(moved[drawn], counts[drawn]) for drawn in draws], _INTERVAL)
    return float(low), float(high)


def _against(tried: Tried, moved: Floats, newer: Evidence) -> Iterator[str]:
    """What speaks against using it; ``moved`` is by how much the loss on each mail that was held back has grown."""
    for what, loss, (low, high) in (
        ("by default", tried.before, tried.interval),
        ("as it is in force", tried.in_force, tried.over_in_force),
    ):
        if high >= 0.0:
            yield (
                f"on the {tried.n} newest verdicts it is not better for certain: log-loss {tried.after:.3f}, {what}"
                f" {loss:.3f} (95 % interval of the difference {low:+.3f} to {high:+.3f})"
            )
            return
    names = [voice(one.verdict) for one in newer.rows]
    for name in sorted(set(names)):
        others = np.array([one != name for one in names])
        if others.sum() >= OTHERS and _mean(moved[others], newer.counts[others]) >= 0.0:
            yield f"without the word of {name} it is no better"


def _mean(values: Floats, weights: Floats) -> float:
    return float(values @ weights / weights.sum())


def weighed_facts(found: Weighed) -> dict[str, Any]:
    """As JSON."""
    return {
        "used": found.used,
        "against": list(found.against),
        "routes": dict(found.routes),
        "left_out": dict(found.left_out),
        "passed_over": found.passed_over,
        "learned": found.learned,
        "worth": round(found.worth, 1),
        "scales": {one: found.scales.get(one, 1.0) for one in LEARNED} if found.learned else {},
        "spoke": dict(found.spoke),
        "temperature": found.temperature,
        "tried": None
        if found.tried is None
        else {
            "n": found.tried.n,
            "before": round(found.tried.before, 4),
            "in_force": round(found.tried.in_force, 4),
            "after": round(found.tried.after, 4),
            "interval": _rounded(found.tried.interval),
            "over_in_force": _rounded(found.tried.over_in_force),
            "in_force_interval": _rounded(found.tried.in_force_interval),
        },
    }


def _rounded(interval: Interval) -> list[float]:
    return [round(one, 4) for one in interval]
