"""What a desk with cases asks of them: its clocks, whether a rejection takes two, and in which order they are worked off."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from postroom.decide.calendars import Calendar
from postroom.decide.clocks import ClockRule, Running, read_all
from postroom.model.cases import NEVER, Case, CaseChange, CaseEvent, CaseMail, Due
from postroom.model.judgement import Decision
from postroom.model.mail import MailId, RouteName
from postroom.model.people import Deed

#: ranks of cases without a clock, and of those that are done: after all moments that a clock can run out at
_NO_CLOCK, _DONE = 1e11, 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDesk:
    """One desk with cases."""

    clocks: tuple[ClockRule, ...] = ()
    #: one proposes to reject, another confirms
    second_person: bool = False
    #: seconds after a decision in which whoever writes again joins its case
    again: float = 30 * 86_400.0
    #: by which the days are reckoned that people name
    calendar: Calendar = Calendar()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDesks:
    """All desks with cases."""

    desks: Mapping[RouteName, CaseDesk] = field(default_factory=dict)
    #: changes when any of their clocks does
    version: str = ""

    def of(self, route: RouteName) -> CaseDesk:
        """A desk; one without clocks where the settings have no cases there any more."""
        return self.desks.get(route) or CaseDesk()

    def at(self, decision: Decision) -> tuple[RouteName, ...]:
        """The desks with cases at which a mail lies: its own, and that of its linked copy."""
        return tuple(route for route in (decision.route, decision.copy) if route in self.desks)

    def running(self, case: Case, now: float) -> tuple[Running, ...]:
        """The clocks of a case, by what runs out first; none of one that is nobody's here any more."""
        if case.outcome == "moved" or case.erased:
            return ()
        return read_all(self.of(case.route).clocks, case, now)

    def change(
        self,
        case: Case,
        now: float,
        *events: CaseEvent,
        deed: Deed | None = None,
        joins: CaseMail | None = None,
        leaves: MailId | None = None,
        settles: Due | None = None,
        other: CaseChange | None = None,
    ) -> CaseChange:
        """A change of a case, with the place that it then has in lists."""
        running = self.running(case, now)
        return CaseChange(
            case=case,
            rank=rank(case, running),
            clocks=self.version,
            near_at=near_at(running),
            warn_at=next_warning(running),
            events=events,
            deed=deed,
            joins=joins,
            leaves=leaves or "",
            settles=settles,
            other=other,
        )


def rank(case: Case, running: tuple[Running, ...]) -> float:
    """By what cases are sorted, ascending: when the first clock of the team runs out, in seconds since the epoch; those
    without one after that, oldest first; then those that are done, newest first."""
    if case.state == "decided" and not case.fresh:
        return _DONE - (case.decided_at or 0.0)
    due = [one.due for one in running if one.runs and one.due is not None]
    return min(due, default=_NO_CLOCK + case.received_at)


def first_answer(events: Iterable[CaseEvent]) -> float | None:
    """When the person was first told something, whatever was decided; None while they were not."""
    return min((one.at for one in events if one.what in ("asked", "answered")), default=None)


def near_at(running: tuple[Running, ...]) -> float:
    """When the first clock that the team must keep is near its end."""
    return min((one.near_from for one in running if one.runs and one.near_from is not None), default=NEVER)


def next_warning(running: tuple[Running, ...], after: float = -math.inf) -> float:
    """When a clock that the team must keep comes near its end, or runs out, for the first time after a moment."""
    moments = [moment for one in running if one.runs for moment in (one.near_from, one.due) if moment is not None]
    return min((moment for moment in moments if moment > after), default=NEVER)
