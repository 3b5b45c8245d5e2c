"""Two judgements of each mail, by the rules in force and by those that are tried: counted, and the differences listed. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from postroom.model.backtest import Change, Firing, Flow, Load, Report, Shift, Touched, Went, Written
from postroom.model.judgement import REVIEW, Decision, Finding, Source, Verdict
from postroom.model.mail import MailId, RouteName

LISTED: Final = 5000
"""Mails that move, or lose or gain an alarm, that are kept one by one: the newest."""
BESIDE: Final = 1000
"""Those of which only tags change, or the guess in review."""

NOTHING: Final[Mapping[tuple[Source, str], Written]] = MappingProxyType({})
"""Nothing is written otherwise."""

_HOUR: Final = 3600.0
_SHIFTS: Final = 12
_NAMED: Final[frozenset[Source]] = frozenset({"rule", "phrases", "urgent"})
"""Sources whose names are of the team's own files; other names may be words of a mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One mail, judged twice."""

    mail_id: MailId
    #: seconds since the epoch
    received_at: float
    #: as it was decided when it came
    happened: Decision
    before: Decision
    after: Decision
    #: the newest word of a person on it that stands
    verdict: Verdict | None = None


@dataclass(slots=True)
class Tally:
    """Counts mail after mail, newest first."""

    changes: list[Change] = field(default_factory=list)
    mails: int = 0
    _counts: Counter[str] = field(default_factory=Counter)
    _flows: dict[tuple[RouteName, RouteName], Counter[str]] = field(default_factory=dict)
    _hours: tuple[Counter[tuple[RouteName, int]], Counter[tuple[RouteName, int]]] = field(
        default_factory=lambda: (Counter(), Counter())
    )
    _fired: tuple[Counter[tuple[Source, str]], Counter[tuple[Source, str]]] = field(
        default_factory=lambda: (Counter(), Counter())
    )

    def add(self, tried: Tried) -> None:
        """One more mail."""
        before, after = tried.before, tried.after
        self.mails += 1
        self._counts["otherwise"] += before.route != tried.happened.route
        hour = int(tried.received_at // _HOUR)
        for number, decision in enumerate((before, after)):
            self._hours[number][decision.route, hour] += 1
            self._fired[number].update({(f.source, f.name) for f in decision.findings if _fired(f)})
        change = compared(tried)
        if change is not None:
            self._count(change)

    def _count(self, change: Change) -> None:
        before, after = change.before, change.after
        counts = self._counts
        counts["differ"] += 1
        counts["tags"] += set(before.tags) != set(after.tags)
        counts["urgent_lost"] += bool(set(before.urgent) - set(after.urgent))
        counts["urgent_gained"] += bool(set(after.urgent) - set(before.urgent))
        if change.moved:
            counts["moved"] += 1
            counts["to_review"] += after.route == REVIEW
            counts["from_review"] += before.route == REVIEW
            counts["corrected"] += change.corrected
            counts["corrected_fixed"] += change.corrected and change.word == "fixed"
            for one in (counts, self._flows.setdefault((before.route, after.route), Counter())):
                one["mails"] += 1
                one[change.word] += 1
        elif before.decided != after.decided:
            counts["guesses"] += 1
        kind, most = ("listed", LISTED) if change.moved or change.alarm else ("beside", BESIDE)
        if counts[kind] < most:
            counts[kind] += 1
            self.changes.append(change)

    def report(
        self,
        *,
        since: float,
        until: float,
        in_force: tuple[str, str],
        tried: tuple[str, str],
        gone: int,
        cut: bool,
        written: Mapping[tuple[Source, str], Written] = NOTHING,
    ) -> Report:
        """All that was counted."""
        said = ("moved", "to_review", "from_review", "guesses", "tags", "urgent_lost", "urgent_gained", "corrected",
                "corrected_fixed", "fixed", "broken", "otherwise", "differ")  # fmt: skip
        return Report(
            since=since,
            until=until,
            in_force=in_force,
            tried=tried,
            mails=self.mails,
            gone=gone,
            cut=cut,
            flows=self._flow_list(),
            loads=self._load_list(),
            firings=self._firing_list(),
            touched=self._touched_list(written),
            listed=len(self.changes),
            **{name: self._counts[name] for name in said},
        )

    def _flow_list(self) -> tuple[Flow, ...]:
        flows = [
            Flow(source=source, target=target, mails=one["mails"], fixed=one["fixed"], broken=one["broken"])
            for (source, target), one in self._flows.items()
        ]
        return tuple(sorted(flows, key=lambda one: (-one.mails, one.source, one.target)))

    def _load_list(self) -> tuple[Load, ...]:
        sums: tuple[Counter[RouteName], Counter[RouteName]] = (Counter(), Counter())
        peaks: tuple[Counter[RouteName], Counter[RouteName]] = (Counter(), Counter())
        for number, hours in enumerate(self._hours):
            for (route, _), mails in hours.items():
                sums[number][route] += mails
                peaks[number][route] = max(peaks[number][route], mails)
        loads = [
            Load(
                route=route,
                before=sums[0][route],
                after=sums[1][route],
                peak_before=peaks[0][route],
                peak_after=peaks[1][route],
            )
            for route in {*sums[0], *sums[1]}
        ]
        return tuple(sorted(loads, key=lambda one: (-max(one.before, one.after), one.route)))

    def _touched_list(self, written: Mapping[tuple[Source, str], Written]) -> tuple[Touched, ...]:
        before, after = self._fired
        return tuple(
            Touched(source=one[0], name=one[1], how=how, before=before[one], after=after[one])
            for one, how in sorted(written.items(), key=lambda item: (item[0][0] != "rule", item[0]))
        )

    def _firing_list(self) -> tuple[Firing, ...]:
        before, after = self._fired
        firings = [
            Firing(source=source, name=name, before=before[source, name], after=after[source, name])
            for source, name in {*before, *after}
            if before[source, name] != after[source, name]
        ]
        return tuple(sorted(firings, key=lambda one: (-abs(one.after - one.before), one.source, one.name)))


def compared(tried: Tried) -> Change | None:
    """What differs between the two judgements of a mail that anybody would notice; None for nothing."""
    before, after = went(tried.before), went(tried.after)
    if (before.route, before.decided, set(before.tags), before.urgent) == (
        after.route,
        after.decided,
        set(after.tags),
        after.urgent,
    ):
        return None
    # What belongs to two desks is neither fixed nor broken by a move.
    said = tried.verdict.said if tried.verdict and not tried.verdict.also else RouteName("")
    return Change(
        mail_id=tried.mail_id,
        before=before,
        after=after,
        happened=tried.happened.route,
        said=said,
        corrected=said not in {"", tried.happened.decided},
        shifts=shifts(tried.before.findings, tried.after.findings),
    )


def went(decision: Decision) -> Went:
    """Where a decision sends its mail."""
    return Went(
        route=decision.route,
        decided=decision.decided,
        confidence=decision.confidence,
        tags=decision.tags,
        urgent=decision.urgent,
    )


def shifts(before: tuple[Finding, ...], after: tuple[Finding, ...]) -> tuple[Shift, ...]:
    """Evidence that differs, by the names that the team gave it; at most a dozen, what is new or gone first."""
    one, other = _scores(before), _scores(after)
    found = [
        Shift(source=key[0], name=key[1], route=key[2], before=one.get(key), after=other.get(key))
        for key in dict.fromkeys((*one, *other))
        if one.get(key) != other.get(key)
    ]
    found.sort(key=lambda shift: shift.before is not None and shift.after is not None)
    return tuple(found[:_SHIFTS])


def _scores(findings: tuple[Finding, ...]) -> dict[tuple[Source, str, RouteName], float]:
    return {(f.source, f.name if f.source in _NAMED else "", f.route): f.score for f in findings}


def _fired(finding: Finding) -> bool:
    """Whether a rule matched, a list has phrases in the text, a signal was raised; a rule that failed did not match."""
    return finding.source in _NAMED and (finding.score > 0.0 or finding.veto)
