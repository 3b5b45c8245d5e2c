"""Warnings before the clocks of cases run out: once a clock and stage, whoever asks for them and however often."""

from collections.abc import Callable
from dataclasses import dataclass

from postroom.decide.clocks import Running
from postroom.flow.casedesks import CaseDesks, next_warning
from postroom.model.cases import Case, CaseEvent, CaseWarning, Stage
from postroom.ports import Observer
from postroom.ports.deadlines import Deadlines

_AT_ONCE = 50
_WORDS: dict[Stage, str] = {"near": "near its end", "late": "has run out"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Warner:
    """Warns of what runs out."""

    deadlines: Deadlines
    desks: CaseDesks
    observer: Observer
    #: seconds since the epoch
    clock: Callable[[], float]

    def turn(self) -> bool:
        """Warn of some. Whether there may be more. Raises `TryLater`."""
        now = self.clock()
        found = self.deadlines.due(now, _AT_ONCE)
        for case in found:
            running = self.desks.running(case, now)
            told = [_told(case, one, stage, now) for one in running if (stage := stage_of(one, now)) is not None]
            new = self.deadlines.warn(case, told, next_warning(running, now))
            if new:
                self.observer.note("deadline-near", case=case.number, warnings=new)
        return len(found) == _AT_ONCE


def stage_of(one: Running, now: float) -> Stage | None:
    """How far a clock has come that the team must keep; None where there is nothing to warn of."""
    if not one.runs or one.due is None or one.near_from is None:
        return None
    if now >= one.due:
        return "late"
    return "near" if now >= one.near_from else None


def _told(case: Case, one: Running, stage: Stage, now: float) -> tuple[CaseWarning, CaseEvent]:
    assert one.due is not None
    event = CaseEvent(at=now, by="", what="warned", detail=f"{one.rule.label}: {_WORDS[stage]}")
    return CaseWarning(case=case.number, clock=one.rule.name, stage=stage, due=one.due), event
