"""How far each source of evidence is to be believed, learned from verdicts: start at `weigh`.

For every mail with a verdict, the judgement that it was given of holds its evidence. With the log-odds ``x(s, r)`` that
source ``s`` gave route ``r`` after its cap, and the prior ``p``, the blend is ``softmax((log p + sum s of m(s) x(s)) / T)``: all
multipliers ``m`` are 1 by default, and ``T`` is the policy's temperature. They are fitted by penalised maximum likelihood. In ``b = 1/T`` and
``t(s) = m(s) / T`` the logits are linear, and so minus the likelihood, with the penalty

    STRENGTH / 2 * (sum over s of (t(s) - b) ** 2 + (b - b0) ** 2)

(``b0`` by default) is convex: it has one minimum, found by Newton's method. The penalty shrinks everything towards the default, as if each multiplier
were believed beforehand to lie within 1 ± 0.2 (one standard deviation, 1 / sqrt(`STRENGTH`)). What comes out beyond `LEAST` or `MOST` is put there,
and the rest fitted again. What is learned multiplies the cap too: a history that is believed half as much again adds 1.5 at most, and
still decides nothing alone (`decide.judge`).

A verdict counts one over the probability with which it was asked for, at most `MOST_LIKE`; a correction counts as one. Where it is
learned from, no reviewer counts more than `SHARE` of all, or an equal part where there are fewer, and in any case `FLOOR`: a few words of
a second one must neither count as much as all of the first, nor make them worth nothing. All are then scaled to as many as they are
worth (Kish 1965). Little data, or the word of one against that of others, changes little.

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
from numpy.typing import NDArray

from postroom.decide.balance import evidence, running
from postroom.decide.blend import Family, parts
from postroom.decide.judge import stopped_by
from postroom.decide.policy import Policy
from postroom.flow.intervals import Interval
from postroom.model.judgement import AUTOMATIC, JUNK, Decision, Verdict, asked_first
from postroom.model.mail import MailId, RouteName

LEARNED: Final[tuple[Family, ...]] = ("words", "rule", "thread", "history", "account", "second-opinion", "verdict")
"""What is learned. That of a trusted spam filter is not: hardly anybody looks at junk."""

ENOUGH: Final = 300
OF_ROUTE: Final = 30
HELD: Final = 0.3
"""The part of the verdicts that were asked for, the newest, by which it is tried."""
LEAST_HELD: Final = 60

STRENGTH: Final = 25.0
LEAST, MOST = 0.5, 1.5
"""Bounds of multipliers."""
HOTTEST: Final = 2.0
"""So many times hotter than by default, or colder, the temperature may become."""

MOST_LIKE: Final = 5.0
"""The most that one verdict counts: the rare draw of a small audit must not outweigh everything else."""
SHARE: Final = 1 / 3
FLOOR: Final = SHARE * ENOUGH
"""What a reviewer may count in any case, in verdicts."""
OTHERS: Final = 10
"""With fewer verdicts among those held back, others than one reviewer have no say whether it is better without that one."""

SEED: Final = 20_251
DRAWS: Final = 2000
_INTERVAL: Final = (0.025, 0.975)

_PAGE: Final = 1000
_NEWEST: Final = 20_000
_STEPS: Final = 50
_CLOSE: Final = 1e-9
_ROUNDS: Final = 50

Floats = NDArray[np.float64]


class Past(Protocol):
    """What is needed of a store."""

    def verdicts(self, since: float, *, after: int, limit: int) -> tuple[Verdict, ...]:
        """As `ports.Verdicts.verdicts`."""
        ...

    def decisions(self, mail_id: MailId) -> tuple[Decision, ...]:
        """As `ports.Judgements.decisions`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A mail as it was judged, and what a person said of it."""

    decision: Decision
    verdict: Verdict


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
    older = _Evidence([one for one in usable if one.verdict.at < since], known, policy)
    if not older.rows:
        return replace(found, against=("all verdicts were given at one moment: there are none to learn from",))
    default = _numbers(policy)
    fitted = _fit(older, default)
    newer = _Evidence(held, known, policy)
    before, now, after = (newer.losses(one) for one in (default, _numbers(in_force or policy), fitted))
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


def _numbers(policy: Policy) -> Floats:
    """b, then t of each source, as a policy has them."""
    scales = [1.0, *(policy.scales.get(family, 1.0) for family in LEARNED)]
    return np.array(scales) / policy.temperature


class _Evidence:
    """Mails as arrays: n mails, R routes, 1 + S columns: of what is not learned (prior, spam), and of each source that is.

    What is fitted are 1 + S numbers: b, then t of each source.
    """

    def __init__(self, rows: Sequence[Judged], routes: Sequence[RouteName], policy: Policy) -> None:
        self.rows = rows
        #: (n, R, 1 + S)
        self.values = np.zeros((len(rows), len(routes), 1 + len(LEARNED)))
        #: (n, R) which routes a mail could have gone to
        self.open = np.zeros((len(rows), len(routes)), np.bool_)
        #: (n,) which route was said
        self.said = np.array([routes.index(one.verdict.said) for one in rows], np.intp)
        for number, one in enumerate(rows):
            self._read(number, one.decision, routes, policy)
        verdicts = [one.verdict for one in rows]
        #: (n,) what each verdict counts, and what it weighs where it is learned from
        self.counts, self.weights = _counts(verdicts), _weights(verdicts)

    def _read(self, number: int, decision: Decision, routes: Sequence[RouteName], policy: Policy) -> None:
        alive = running(decision)
        vetoed = {finding.route for finding in decision.findings if finding.veto}
        priors = policy.prior(tuple(dict.fromkeys((*alive, policy.fallback, JUNK))))
        said = parts(evidence(decision), policy)
        for place, route in enumerate(routes):
            if route in alive and route not in vetoed:
                self.open[number, place] = True
                self.values[number, place, 0] = np.log(priors[route])
                for family, by_route in said.items():
                    counts = by_route[route].counts if route in by_route else 0.0
                    self.values[number, place, 1 + LEARNED.index(family) if family in LEARNED else 0] += counts

    def spoke(self) -> dict[str, int]:
        """Of how many mails each source said something."""
        spoken = (self.values[:, :, 1:] != 0.0).any(1).sum(0)
        return {family: int(count) for family, count in zip(LEARNED, spoken, strict=True)}

    def logs(self, at: Floats) -> Floats:
        """(n, R) logs of the probabilities with these b and t."""
        logits = np.where(self.open, self.values @ at, -np.inf)
        logits -= logits.max(1, keepdims=True)
        return np.asarray(logits - np.log(np.exp(logits).sum(1, keepdims=True)))

    def losses(self, at: Floats) -> Floats:
        """(n,) minus log of the probability of what was said."""
        return np.asarray(-self.logs(at)[np.arange(len(self.rows)), self.said])


def _counts(verdicts: Sequence[Verdict]) -> Floats:
    """For how many each verdict stands."""
    return np.array([min(one.weight, MOST_LIKE) if one.probability else 1.0 for one in verdicts])


def _weights(verdicts: Sequence[Verdict]) -> Floats:
    """The same with no reviewer too loud; their sum is as many as they are worth."""
    raw = _counts(verdicts)
    names = [_name(one) for one in verdicts]
    voices = sorted(set(names))
    by = np.array([voices.index(name) for name in names], np.intp)
    share = max(SHARE, 1.0 / max(len(voices), 1))
    most = np.inf
    # What is taken from the loudest makes the others' parts larger, and its own: until that changes nothing more.
    for _ in range(_ROUNDS):
        said = np.minimum(np.bincount(by, raw, len(voices)), most)
        most = min(most, max(share * said.sum(), FLOOR))
    total = np.bincount(by, raw, len(voices))
    weights = raw * np.minimum(1.0, most / total)[by] if len(raw) else raw
    squares = float((weights**2).sum())
    return np.asarray(weights * (weights.sum() / squares)) if squares else weights


def _name(verdict: Verdict) -> str:
    return verdict.by.casefold()


def _fit(rows: _Evidence, default: Floats) -> Floats:
    """b and t of the least penalised loss within the bounds."""
    ties: dict[int, float] = {}
    b: float | None = None
    while True:
        at = _newton(rows, default[0], ties, b)
        beyond = {
            column: LEAST if at[column] < at[0] else MOST
            for column in range(1, len(at))
            if column not in ties and not LEAST - _CLOSE <= at[column] / at[0] <= MOST + _CLOSE
        }
        if b is None and not default[0] / HOTTEST <= at[0] <= default[0] * HOTTEST:
            b = float(np.clip(at[0], default[0] / HOTTEST, default[0] * HOTTEST))
        elif not beyond:
            return at
        else:
            ties |= beyond


def _newton(rows: _Evidence, b0: float, ties: Mapping[int, float], b: float | None) -> Floats:
    """The minimum where the t of some columns are tied to b, by a factor, and b may be given."""
    columns = 1 + len(LEARNED)
    units = [np.eye(columns)[column] for column in range(1, columns) if column not in ties]
    tied = np.array([1.0, *(ties.get(column, 0.0) for column in range(1, columns))])
    basis = np.array(units if b is not None else [tied, *units]).reshape(-1, columns).T
    at = np.asarray((b0 if b is None else b) * (tied + sum(units, np.zeros(columns))))
    loss = _loss(rows, at, b0)
    for _ in range(_STEPS):
        slope, curve = _derivatives(rows, at, b0)
        step = basis @ np.linalg.solve(basis.T @ curve @ basis, -(basis.T @ slope))
        while (lower := _loss(rows, at + step, b0)) > loss + _CLOSE:
            step = step / 2.0
        at, gained, loss = at + step, loss - lower, lower
        if gained < _CLOSE:
            break
    return at


def _loss(rows: _Evidence, at: Floats, b0: float) -> float:
    away = at[1:] - at[0]
    penalty = STRENGTH / 2.0 * (float(away @ away) + float(at[0] - b0) ** 2)
    return float(rows.weights @ rows.losses(at)) + penalty


def _derivatives(rows: _Evidence, at: Floats, b0: float) -> tuple[Floats, Floats]:
    """Gradient and Hessian of `_loss`."""
    shares = np.exp(rows.logs(at))
    mean = np.einsum("nr,nrc->nc", shares, rows.values)
    right = rows.values[np.arange(len(rows.rows)), rows.said]
    slope = rows.weights @ (mean - right)
    by_route = rows.values * np.sqrt(shares * rows.weights[:, None])[:, :, None]
    curve = np.einsum("nrc,nrd->cd", by_route, by_route) - (mean * rows.weights[:, None]).T @ mean
    away = at[1:] - at[0]
    slope[1:] += STRENGTH * away
    slope[0] += STRENGTH * (at[0] - b0 - away.sum())
    curve[1:, 1:] += STRENGTH * np.eye(len(LEARNED))
    curve[0, 1:] -= STRENGTH
    curve[1:, 0] -= STRENGTH
    curve[0, 0] += STRENGTH * (1 + len(LEARNED))
    return slope, curve


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


def _against(tried: Tried, moved: Floats, newer: _Evidence) -> Iterator[str]:
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
    names = [_name(one.verdict) for one in newer.rows]
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
