"""What every store must do with cases, as tests. Subclass as `store_contract` shows; the fixture ``house`` has one room more."""

from dataclasses import replace
from typing import Any, Protocol

import pytest

from postroom.model.cases import (
    Case,
    CaseChange,
    CaseEvent,
    CaseMail,
    CaseNumber,
    Due,
    Proposal,
    Same,
    WantedCases,
)
from postroom.model.errors import PostroomError, Refused
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import ALL, Deed, Sight, UserName
from postroom.ports import Store
from postroom.ports.accounts import Journal
from postroom.ports.cases import Cases, Docket
from postroom.testing import store_contract
from postroom.testing.store_contract import accept
from postroom.testing.values import a_judgement, a_mail, a_ruling

NOW = 1_800_000_000.0
APPEALS, REFUNDS = RouteName("appeals"), RouteName("refunds")


class Both(Cases, Docket, Protocol):
    """Cases, and the mails that concern them."""


class House(store_contract.House, Protocol):
    """A store with cases."""

    def cases(self, store: Store) -> Both:
        """Its cases."""
        ...

    def journal(self, store: Store) -> Journal:
        """Its audit log."""
        ...


def a_case(person: str = "ada@example.com", **changes: Any) -> Case:
    """A new one of appeals."""
    case = Case(
        brand=BrandName("example"),
        route=APPEALS,
        person=person,
        identity="authenticated",
        received_at=NOW,
        subject="Help",
    )
    return replace(case, **changes)


def a_change(case: Case, rank: float = 1.0, **changes: Any) -> CaseChange:
    """What somebody did, by the clocks ``v1``."""
    return replace(CaseChange(case=case, rank=rank, clocks="v1"), **changes)


def joining(number: int, thread: str = "t") -> CaseMail:
    """Mail ``number`` as it joins."""
    return CaseMail(id=a_mail(number).id, at=a_mail(number).received_at, thread=thread)


def judge(store: Store, *routes: str) -> list[MailId]:
    """Mails 1, 2, … accepted and brought to these desks."""
    accept(store, *(a_mail(number) for number in range(1, len(routes) + 1)))
    jobs = store.claim("judge", 100, "setup")
    wanted = [RouteName(route) for route in routes]
    store.record([a_judgement(job, route=route, decided=route) for job, route in zip(jobs, wanted, strict=True)])
    return [job.mail_id for job in jobs]


class CasesContract:
    """A mail is in one case a desk at most, nobody writes over another's change, and no list shows what its reader may not see."""

    @pytest.fixture
    def store(self, house: House) -> Store:
        """Open."""
        return house.open()

    @pytest.fixture
    def cases(self, house: House, store: Store) -> Both:
        """Of that store."""
        return house.cases(store)

    def test_a_case_is_kept_with_its_mails_events_and_deed(self, house: House, store: Store, cases: Both) -> None:
        judge(store, "appeals", "appeals")
        event = CaseEvent(at=NOW, by="ada", what="opened", detail="Grüße", mail_id=a_mail(1).id)
        deed = Deed(at=NOW, by="ada", what="case-opened")
        kept = cases.put(a_change(a_case(subject="Grüße \U0001f600"), joins=joining(1), events=(event,), deed=deed))
        assert (kept.number, kept.version, kept.mails) == (1, 1, (joining(1),))
        again = cases.put(a_change(replace(kept, kind="appeal"), joins=joining(2, "u")))
        other = house.cases(house.open())
        assert other.case(kept.number, ALL) == again
        assert again.mails == (joining(1), joining(2, "u"))
        assert again.version == 2
        assert other.of_mail(a_mail(2).id, ALL) == again
        assert other.events(kept.number, ALL) == (event,)
        assert house.journal(store).deeds()[0].to == "case 1"

    def test_whoever_writes_often_buries_nothing_that_the_team_said(self, cases: Both) -> None:
        note = CaseEvent(at=NOW, by="ada", what="note", detail="It was his brother.")
        mails = tuple(CaseEvent(at=NOW + number, by="", what="joined") for number in range(1100))
        kept = cases.put(a_change(a_case(), events=(note, *mails)))
        assert cases.events(kept.number, ALL) == (note, *mails[-200:])

    def test_everything_that_a_case_says_comes_back(self, cases: Both) -> None:
        said = a_case(
            kind="reinstatement",
            state="decided",
            outcome="rejected",
            reason="no\nviolation",
            decided_by=UserName("ada"),
            confirmed_by=UserName("bob"),
            decided_at=NOW + 0.25,
            proposal=Proposal(reason="why", by=UserName("ada"), at=NOW),
            assignee=UserName("bob"),
            answered_at=NOW,
            starts=(("informed", NOW), ("notice", NOW - 1)),
            fresh=False,
        )
        kept = cases.put(a_change(said))
        assert kept == replace(said, number=kept.number, version=1) == cases.case(kept.number, ALL)

    def test_nobody_writes_over_anothers_change(self, house: House, store: Store, cases: Both) -> None:
        kept = cases.put(a_change(a_case()))
        cases.put(a_change(replace(kept, kind="appeal")))
        deed = Deed(at=NOW, by="bob", what="case-note")
        event = CaseEvent(at=NOW, by="bob", what="note")
        with pytest.raises(Refused, match="meanwhile"):
            house.cases(house.open()).put(a_change(replace(kept, kind="reinstatement"), deed=deed, events=(event,)))
        found = cases.case(kept.number, ALL)
        assert found is not None
        assert (found.kind, found.version) == ("appeal", 2)
        assert cases.events(kept.number, ALL) == ()
        assert house.journal(store).deeds() == ()
        with pytest.raises(Refused):
            cases.put(a_change(a_case(number=CaseNumber(99), version=1)))

    def test_a_mail_is_in_one_case_of_a_desk_at_most(self, store: Store, cases: Both) -> None:
        judge(store, "appeals")
        first = cases.put(a_change(a_case(), joins=joining(1)))
        second = cases.put(a_change(a_case("bob@example.com")))
        for case in (first, second, a_case("eve@example.com")):
            with pytest.raises(Refused, match="case 1 already"):
                cases.put(a_change(case, joins=joining(1)))
        assert cases.case(CaseNumber(3), ALL) is None
        left = cases.put(a_change(first, leaves=a_mail(1).id))
        assert left.mails == ()
        assert cases.of_mail(a_mail(1).id, ALL) is None
        assert cases.put(a_change(second, joins=joining(1))).mails == (joining(1),)

    def test_a_mail_is_in_a_case_of_each_desk(self, store: Store, cases: Both) -> None:
        judge(store, "appeals")
        first = cases.put(a_change(a_case(), joins=joining(1)))
        second = cases.put(a_change(a_case(route=REFUNDS), joins=joining(1)))
        assert second.mails == first.mails
        assert cases.all_of_mail(a_mail(1).id, ALL) == (first, second)
        assert cases.of_mail(a_mail(1).id, ALL) == first
        sight = Sight(routes=frozenset({REFUNDS}))
        assert cases.all_of_mail(a_mail(1).id, sight) == (second,)
        assert cases.of_mail(a_mail(1).id, sight) == second
        cases.put(a_change(first, leaves=a_mail(1).id))
        assert cases.all_of_mail(a_mail(1).id, ALL) == (second,)

    @pytest.mark.parametrize("sight", [Sight(brands=frozenset({BrandName("x")})), Sight(routes=frozenset({REFUNDS}))])
    def test_what_may_not_be_seen_is_as_if_it_were_not_there(self, store: Store, cases: Both, sight: Sight) -> None:
        judge(store, "appeals")
        hidden = cases.put(a_change(a_case(), joins=joining(1), events=(CaseEvent(at=NOW, by="", what="opened"),)))
        seen = cases.put(a_change(a_case(brand=BrandName("x"), route=REFUNDS)))
        assert cases.case(hidden.number, sight) is None
        assert cases.of_mail(a_mail(1).id, sight) is None
        assert cases.events(hidden.number, sight) == ()
        assert [one.number for one in cases.of_person("ada@example.com", sight)] == [seen.number]
        assert [one.number for one in cases.page(WantedCases(), sight).cases] == [seen.number]
        assert (cases.todo(sight), cases.todo(ALL)) == (1, 2)

    @pytest.mark.parametrize("number", [-1, 0, 99, 1 << 70])
    def test_a_number_that_is_none_finds_nothing(self, cases: Both, number: int) -> None:
        assert cases.case(CaseNumber(number), ALL) is None
        assert cases.events(CaseNumber(number), ALL) == ()
        assert cases.of_mail(MailId("nothing"), ALL) is None

    def test_lists_are_by_rank_and_go_on_where_they_ended(self, cases: Both) -> None:
        ranks = [5.0, 3.0, 3.0, 1.0, 1e12 + 0.125, 2.5]
        numbers = [cases.put(a_change(a_case(), rank)).number for rank in ranks]
        wanted = sorted(numbers, key=lambda number: (ranks[number - 1], number))
        found, after = [], ""
        for _ in range(4):
            page = cases.page(WantedCases(), ALL, after=after, limit=2)
            found += [one.number for one in page.cases]
            after = page.after
            if not after:
                break
        assert (found, after) == (wanted, "")
        for bad in ("x", "1", "nan:1", "1:-1", "1:99999999999999999999999", "1:x"):
            with pytest.raises(Refused, match="begin it again"):
                cases.page(WantedCases(), ALL, after=bad)

    def test_lists_hold_what_is_asked_for(self, cases: Both) -> None:
        proposal = Proposal(reason="why", by=UserName("ada"), at=NOW)
        kept = {
            "open": a_case(assignee=UserName("ada"), fresh=False),
            "waiting": a_case(state="waiting", route=REFUNDS),
            "done": a_case(state="decided", outcome="granted", fresh=False),
            "again": a_case(state="decided", outcome="granted", fresh=True),
            "proposed": a_case(proposal=proposal),
        }
        names = {cases.put(a_change(case)).number: name for name, case in kept.items()}

        def listed(**wanted: Any) -> list[str]:
            return [names[one.number] for one in cases.page(WantedCases(**wanted), ALL).cases]

        assert listed() == ["open", "waiting", "again", "proposed"]
        assert listed(state="all") == list(kept)
        assert listed(state="open") == ["open", "proposed"]
        assert listed(state="waiting") == ["waiting"]
        assert listed(state="decided") == ["done", "again"]
        assert listed(route=REFUNDS) == ["waiting"]
        assert listed(assignee=UserName("ada")) == ["open"]
        assert listed(proposed=True) == ["proposed"]
        assert cases.todo(ALL) == 4

    def test_cases_of_the_same_person_known_the_same_way_are_alike(self, store: Store, cases: Both) -> None:
        judge(store, "appeals")
        first = cases.put(a_change(a_case(), joins=joining(1, "thread 1")))
        for case in (
            a_case("bob@example.com"),
            a_case(identity="claimed"),
            a_case(identity="form"),
            a_case(route=REFUNDS),
            a_case(brand=BrandName("x")),
        ):
            cases.put(a_change(case))
        newest = cases.put(a_change(a_case()))
        same = Same(brand=first.brand, route=APPEALS, person=first.person, identity="authenticated", thread="thread 1")
        found = cases.alike(same)
        assert [(one.case.number, one.same_thread) for one in found] == [(newest.number, False), (first.number, True)]

    def test_a_mail_that_comes_to_a_desk_with_cases_is_noted_with_its_decision(self, store: Store, cases: Both) -> None:
        cases.watch((APPEALS,))
        ids = judge(store, "appeals", "general", "appeals")
        noted = cases.due(10)
        assert [one.mail_id for one in noted] == [ids[0], ids[2]]
        assert cases.due(1) == noted[:1]
        cases.done(noted[0])
        assert cases.due(10) == noted[1:]
        cases.put(a_change(a_case(), joins=joining(3), settles=noted[1]))
        assert cases.due(10) == ()
        # moved to the desk, and away from it
        store.rule(a_ruling(ids[1], "appeals"))
        store.rule(a_ruling(ids[0], "refunds"))
        assert [one.mail_id for one in cases.due(10)] == [ids[0], ids[1]]

    def test_what_was_decided_again_meanwhile_is_not_done(self, store: Store, cases: Both) -> None:
        cases.watch((APPEALS,))
        (mail,) = judge(store, "appeals")
        (before,) = cases.due(10)
        store.rule(a_ruling(mail, "refunds"))
        cases.done(before)
        (after,) = cases.due(10)
        assert after == Due(mail_id=mail, mark=2)
        cases.done(after)
        assert cases.due(10) == ()

    def test_only_desks_that_are_watched_are_noted(self, store: Store, cases: Both) -> None:
        judge(store, "appeals")
        assert cases.due(10) == ()
        cases.watch((APPEALS, REFUNDS))
        cases.watch((REFUNDS,))
        store.rule(a_ruling(a_mail(1).id, "general"))
        assert cases.due(10) == ()

    def test_what_is_put_off_comes_after_the_others_and_is_left_in_the_end(self, store: Store, cases: Both) -> None:
        cases.watch((APPEALS,))
        judge(store, "appeals", "appeals")
        bad, good = cases.due(10)
        cases.put_off(bad)
        assert cases.due(10) == (good, bad)
        for _ in range(4):
            cases.put_off(bad)
        assert cases.due(10) == (good,)
        cases.watch((APPEALS,))
        assert set(cases.due(10)) == {bad, good}

    def test_cases_by_other_clocks_are_found_until_they_are_done(self, cases: Both) -> None:
        old = cases.put(a_change(a_case()))
        cases.put(a_change(a_case(), clocks="v2"))
        cases.put(a_change(a_case(state="decided", fresh=False)))
        assert cases.stale("v2", 10) == (old,)
        assert len(cases.stale("v3", 1)) == 1
        cases.put(a_change(old, clocks="v2"))
        assert cases.stale("v2", 10) == ()

    def test_a_store_that_is_closed_says_so(self, store: Store, cases: Both) -> None:
        store.close()
        with pytest.raises(PostroomError):
            cases.todo(ALL)
