"""What every store must do with clocks that run out, as tests. Subclass; ``cases`` and ``deadlines`` are rooms of one store."""

from dataclasses import replace
from typing import Any

from postroom.model.cases import Case, CaseEvent, CaseWarning, Pressing, Stage, WantedCases
from postroom.model.hooks import HookName
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import ALL, Sight
from postroom.ports.cases import Cases
from postroom.ports.deadlines import Deadlines
from postroom.ports.hooks import Hooks
from postroom.testing.cases_contract import NOW, a_case, a_change


def a_warning(
    case: Case, stage: Stage = "near", due: float = NOW + 50, clock: str = "dsa"
) -> tuple[CaseWarning, CaseEvent]:
    """Of a clock of this case."""
    event = CaseEvent(at=NOW, by="", what="warned", detail=f"{clock}: {stage}")
    return CaseWarning(case=case.number, clock=clock, stage=stage, due=due), event


def kept(cases: Cases, near_at: float, *, due: float = 9e18, **changes: Any) -> Case:
    """A case that is near its end from then on."""
    return cases.put(a_change(a_case(**changes), rank=due, near_at=near_at, warn_at=near_at))


class DeadlinesContract:
    """Each clock is warned of once a stage."""

    def test_cases_are_due_when_there_is_something_to_warn_of(self, cases: Cases, deadlines: Deadlines) -> None:
        later = kept(cases, NOW + 10)
        first = kept(cases, NOW - 10)
        kept(cases, NOW + 20)
        kept(cases, NOW - 20, state="decided", fresh=False)
        assert [one.number for one in deadlines.due(NOW + 10, 10)] == [first.number, later.number]
        assert deadlines.due(NOW + 10, 1) == (first,)
        cases.put(a_change(replace(later, subject="as it was before there were clocks")))
        assert deadlines.due(NOW + 10, 10) == (first,)

    def test_a_warning_is_kept_once_with_its_event(self, cases: Cases, deadlines: Deadlines, hooks: Hooks) -> None:
        hooks.set_up([HookName("pager")])
        case = kept(cases, NOW)
        assert deadlines.warn(case, [a_warning(case)], NOW + 50) == 1
        assert deadlines.due(NOW, 10) == ()
        assert deadlines.due(NOW + 50, 10) == (case,)
        assert deadlines.warn(case, [a_warning(case), a_warning(case, "late")], NOW + 60) == 1
        assert deadlines.warn(case, [a_warning(case, due=NOW + 99), a_warning(case, clock="ours")], NOW + 60) == 2
        told = [(one.what, one.case, one.at) for one in hooks.happened(10)]
        assert told == [("deadline-near", case.number, NOW)] * 4
        assert [one.detail for one in cases.events(case.number, ALL)] == [
            "dsa: near",
            "dsa: late",
            "dsa: near",
            "ours: near",
        ]
        first = deadlines.warning(hooks.happened(1)[0].about)
        assert first == CaseWarning(case=case.number, clock="dsa", stage="near", due=NOW + 50)
        assert deadlines.warning(4711) is None

    def test_a_case_that_was_changed_meanwhile_is_not_warned_of(self, cases: Cases, deadlines: Deadlines) -> None:
        before = kept(cases, NOW)
        after = cases.put(a_change(before, near_at=NOW, warn_at=NOW))
        assert deadlines.warn(before, [a_warning(before)], NOW + 50) == 0
        assert cases.events(before.number, ALL) == ()
        assert deadlines.due(NOW, 10) == (after,)

    def test_a_warning_changes_nothing_that_people_look_at(self, cases: Cases, deadlines: Deadlines) -> None:
        case = kept(cases, NOW)
        deadlines.warn(case, [a_warning(case)], NOW + 50)
        assert cases.case(case.number, ALL) == case

    def test_what_presses_is_counted_as_far_as_it_may_be_seen(self, cases: Cases, deadlines: Deadlines) -> None:
        kept(cases, NOW - 20, due=NOW - 10)
        kept(cases, NOW - 5, due=NOW + 10, route=RouteName("refunds"))
        kept(cases, NOW, due=NOW + 20, brand=BrandName("other"))
        kept(cases, NOW + 5, due=NOW + 30)
        kept(cases, NOW - 20, due=NOW - 10, state="decided", fresh=False)
        assert deadlines.pressing(NOW, ALL) == Pressing(near=2, late=1)
        assert deadlines.pressing(NOW, Sight(routes=frozenset({RouteName("refunds")}))) == Pressing(near=1, late=0)
        of_brand = Sight(brands=frozenset({BrandName("example")}))
        assert deadlines.pressing(NOW, of_brand) == Pressing(near=1, late=1)

    def test_only_those_that_are_near_their_end_are_listed(self, cases: Cases) -> None:
        near = kept(cases, NOW)
        kept(cases, NOW + 1)
        found = cases.page(WantedCases(near_by=NOW), ALL).cases
        assert [one.number for one in found] == [near.number]
