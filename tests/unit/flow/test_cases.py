"""Cases: opened by themselves, worked on and decided by people."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from postroom.adapters.store.accounts import SqliteAccounts
from postroom.adapters.store.cases import SqliteCases
from postroom.adapters.store.journal import SqliteJournal
from postroom.decide.clocks import ClockRule, span
from postroom.flow.casedesks import CaseDesk, CaseDesks, rank
from postroom.flow.cases import Casework, Hand
from postroom.flow.filing import Filing, person_of
from postroom.model.cases import Case, CaseChange, CaseEvent, CaseNumber, Same, WantedCases
from postroom.model.errors import PostroomError, Refused, TryLater
from postroom.model.mail import BrandName, Mail, MailId, RouteName
from postroom.model.people import ALL, Deed, User, UserName
from postroom.understand.reader import read
from tests.unit.flow.house import House, Moody, a_message, staged
from tests.unit.flow.test_verdicts import reviewing

APPEALS, REFUNDS, GENERAL = RouteName("appeals"), RouteName("refunds"), RouteName("general")
DAY = 86_400.0
PASSED = {"Authentication_Results": "mx.shop.test; dkim=pass header.d=example.com"}
DSA = ClockRule(name="dsa", label="DSA", whose="person", starts="informed", within=span("6 months"))
OURS = ClockRule(name="ours", label="Ours", within=span("14 days"), warn=span("2 days"))
ANSWER = ClockRule(name="answer", label="Answer", stops="first answer", within=span("8 business hours"))


class Bench:
    """A house whose desks appeals and refunds have cases, and the people who work on them."""

    def __init__(self, folder: Path, **desk: Any) -> None:
        self.house = House(folder)
        self.cases = SqliteCases(self.house.store.units)
        self.accounts = SqliteAccounts(self.house.store.units)
        self.journal = SqliteJournal(self.house.store.units)
        self.failures: list[Exception] = []
        self.users = {name: self._user(name, "admin") for name in ("root", "ada", "bob")}
        self.numbers = iter(range(1, 1000))
        self.desks = CaseDesks(
            desks={
                APPEALS: CaseDesk(**({"clocks": (DSA, OURS, ANSWER), "again": 30 * DAY} | desk)),
                REFUNDS: CaseDesk(clocks=(OURS,)),
            },
            version="v1",
        )
        self.work = self.casework()
        self.work.filing.watch()

    def casework(self, **filing: Any) -> Casework:
        made = Filing(
            cases=self.cases,
            store=self.house.store,
            read=lambda mail: read(mail, self.house.judging.trust),
            desks=self.desks,
            clock=self.house.clock.now,
            failed=self.failures.append,
        )
        made = replace(made, **filing)
        return Casework(
            cases=self.cases, filing=made, accounts=self.accounts, desks=made.desks, clock=self.house.clock.now
        )

    def _user(self, name: str, role: Any, **facts: Any) -> User:
        user = User(name=UserName(name), role=role, created_at=1.0, **facts)
        self.accounts.put_user(user, Deed(at=1.0, by="", what="user-added", to=name))
        return user

    def user(self, name: str, role: Any, **facts: Any) -> User:
        self.users[name] = self._user(name, role, **facts)
        return self.users[name]

    def arrive(self, *, passed: bool = True, **headers: str) -> Mail:
        """An appeal comes in and is judged; nobody has looked yet what it means for cases."""
        number = next(self.numbers)
        fields = {"Message_ID": f"<{number}@example.com>", "Subject": f"My lost account {number}"} | (
            PASSED if passed else {}
        )
        (mail,) = self.house.accept(a_message(**(fields | headers)))
        self.house.judge()
        return mail

    def appeal(self, **facts: Any) -> Case:
        """The case of an appeal that came in."""
        mail = self.arrive(**facts)
        self.work.catch_up()
        return self.of(mail)

    def of(self, mail: Mail) -> Case:
        found = self.cases.of_mail(mail.id, ALL)
        assert found is not None
        return found

    def hand(self, case: Case, name: str = "ada") -> Hand:
        return Hand(by=self.users[name], number=case.number, version=case.version)

    def move(self, mail: Mail, route: RouteName) -> None:
        reviewing(self.house).give(mail, route, "ada")

    def told(self, case: Case) -> list[str]:
        return [event.what for event in self.cases.events(case.number, ALL)]

    def done(self) -> list[tuple[str, str, str, str]]:
        """Deeds about cases, oldest first."""
        deeds = reversed(self.journal.deeds())
        return [(one.by, one.what, one.to, one.detail) for one in deeds if one.what.startswith("case-")]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.house.store.close()


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Bench]:
    """Where a rejection takes two."""
    made = Bench(tmp_path, second_person=True)
    yield made
    made.house.store.close()


# -- opening and joining


def test_an_appeal_opens_a_case_by_itself_and_postroom_decides_nothing(bench: Bench) -> None:
    mail = bench.arrive()
    assert bench.cases.of_mail(mail.id, ALL) is None
    assert bench.work.catch_up() == 1
    case = bench.of(mail)
    assert (case.person, case.identity, case.brand, case.route) == (
        "ada@example.com",
        "authenticated",
        "shop",
        "appeals",
    )
    assert (case.state, case.kind, case.outcome, case.assignee, case.fresh) == ("open", "unknown", "", "", True)
    assert case.received_at == mail.received_at
    assert bench.told(case) == ["opened"]
    assert bench.done() == []
    assert bench.work.catch_up() == 0


def test_mail_of_other_desks_opens_none(bench: Bench) -> None:
    bench.arrive()
    (other,) = bench.house.accept(a_message("How do I change my name?", Message_ID="<x@example.com>"))
    bench.house.judge()
    bench.work.catch_up()
    assert bench.cases.of_mail(other.id, ALL) is None


def test_what_is_in_shadow_opens_none(bench: Bench) -> None:
    bench.house.policy = replace(bench.house.policy, **staged("shadow"))
    mail = bench.arrive()
    assert bench.work.catch_up() == 1
    assert bench.cases.of_mail(mail.id, ALL) is None
    assert bench.cases.due(10) == ()


def test_whoever_writes_again_while_a_case_is_open_joins_it(bench: Bench) -> None:
    first, second = bench.appeal(), bench.appeal()
    assert first.number == second.number
    assert [mail.at for mail in second.mails] == sorted(mail.at for mail in second.mails)
    assert bench.told(second) == ["opened", "joined"]


def test_a_reply_in_the_thread_of_a_case_joins_it_however_late_and_is_marked_again(bench: Bench) -> None:
    case = bench.appeal(Message_ID="<first@example.com>")
    case = bench.work.decide(bench.hand(case), "rejected", "It was fraud.")
    assert not case.fresh
    bench.house.clock.advance(400 * DAY)
    again = bench.appeal(In_Reply_To="<first@example.com>", References="<first@example.com>")
    assert again.number == case.number
    assert (again.state, again.outcome, again.fresh) == ("decided", "rejected", True)
    assert bench.told(again)[-1] == "again"
    assert [one.number for one in bench.cases.page(WantedCases(), ALL).cases] == [case.number]


@pytest.mark.parametrize(("days", "same"), [(29, True), (31, False)])
def test_who_writes_soon_after_a_decision_joins_its_case(bench: Bench, days: int, same: bool) -> None:
    case = bench.work.decide(bench.hand(bench.appeal()), "granted", "Our mistake.")
    bench.house.clock.advance(days * DAY)
    again = bench.appeal()
    assert (again.number == case.number) is same


def test_the_unauthenticated_never_join_the_case_of_somebody_who_is(bench: Bench) -> None:
    case = bench.appeal(Message_ID="<first@example.com>")
    reply = bench.arrive(passed=False, In_Reply_To="<first@example.com>", References="<first@example.com>")
    bench.move(reply, APPEALS)  # a person says so: of the desk, not of who wrote it
    bench.work.catch_up()
    forged = bench.of(reply)
    assert forged.number != case.number
    assert (forged.person, forged.identity) == ("ada@example.com", "claimed")
    assert bench.appeal(passed=False).number == forged.number
    assert bench.appeal().number == case.number
    assert [one.number for one in bench.cases.of_person("ada@example.com", ALL)] == [forged.number, case.number]


def test_mail_of_nobody_is_a_case_of_its_own_each_time(bench: Bench) -> None:
    first, second = bench.appeal(passed=False, From=""), bench.appeal(passed=False, From="")
    assert first.person == second.person == ""
    assert first.number != second.number


def test_the_customer_of_a_form_is_the_person(bench: Bench) -> None:
    from postroom.model.message import Address, Forward

    message = read(bench.arrive(), bench.house.judging.trust)
    passed_on = replace(message, forward=Forward(how="form", customer=Address(name="", addr="Eve@Example.net")))
    assert person_of(passed_on) == ("eve@example.net", "form")
    assert person_of(replace(message, forward=Forward(how="form", customer=None))) == ("ada@example.com", "claimed")
    assert person_of(message) == ("ada@example.com", "authenticated")


# -- verdicts, and things that go wrong


def test_a_mail_that_a_verdict_takes_away_leaves_its_case(bench: Bench) -> None:
    first, second = bench.arrive(), bench.arrive()
    bench.work.catch_up()
    bench.move(first, GENERAL)
    bench.work.catch_up()
    case = bench.of(second)
    assert bench.cases.of_mail(first.id, ALL) is None
    assert [mail.id for mail in case.mails] == [second.id]
    assert case.received_at == second.received_at
    assert bench.told(case) == ["opened", "joined", "left"]
    bench.move(first, APPEALS)
    bench.work.catch_up()
    assert bench.of(first).number == case.number
    assert bench.of(first).received_at == first.received_at


def test_a_verdict_that_is_taken_back_brings_the_mail_back_into_its_case(bench: Bench) -> None:
    first, second = bench.arrive(), bench.arrive()
    bench.work.catch_up()
    bench.move(first, GENERAL)
    bench.work.catch_up()
    reviewing(bench.house).take_back(first, "ada")
    bench.work.catch_up()
    assert bench.of(first).number == bench.of(second).number
    assert bench.told(bench.of(first)) == ["opened", "joined", "left", "joined"]


def test_a_mail_that_is_moved_to_another_desk_with_cases_opens_one_there(bench: Bench) -> None:
    mail = bench.arrive()
    bench.work.catch_up()
    before = bench.of(mail)
    bench.move(mail, REFUNDS)
    bench.work.catch_up()
    after = bench.of(mail)
    assert (after.route, before.route) == ("refunds", "appeals")
    assert bench.told(before) == ["opened", "left", "decided"]
    assert bench.cases.due(10) == ()


def test_a_case_that_nobody_has_touched_ends_with_its_last_mail(bench: Bench) -> None:
    mail = bench.arrive()
    bench.work.catch_up()
    number = bench.of(mail).number
    for _ in range(2):  # as often as somebody thinks again
        bench.move(mail, REFUNDS)
        bench.work.catch_up()
        ended = bench.cases.case(number, ALL)
        assert ended is not None
        assert (ended.state, ended.outcome, ended.decided_by, ended.fresh) == ("decided", "moved", "ada", False)
        assert ended.reason == "it is at refunds"
        assert ended.answered_at is None
        assert bench.desks.running(ended, bench.house.clock.now()) == ()
        assert [one.number for one in bench.cases.page(WantedCases(), ALL).cases] == [bench.of(mail).number]
        there = bench.of(mail)
        reviewing(bench.house).take_back(mail, "ada")
        bench.work.catch_up()
        back = bench.of(mail)
        assert (back.number, back.state, back.outcome, back.answered_at) == (number, "open", "", None)
        left = bench.cases.case(there.number, ALL)
        assert left is not None
        assert (left.state, left.outcome, left.decided_by) == ("decided", "moved", "ada")
    assert bench.cases.todo(ALL) == 1


def test_a_case_that_has_other_mails_or_was_worked_on_stays_when_one_leaves(bench: Bench) -> None:
    first, second = bench.arrive(), bench.arrive()
    bench.work.catch_up()
    bench.move(first, GENERAL)
    bench.work.catch_up()
    case = bench.of(second)
    assert case.state == "open"
    bench.work.assign(bench.hand(case), "bob")
    bench.move(second, GENERAL)
    bench.work.catch_up()
    left = bench.cases.case(case.number, ALL)
    assert left is not None
    assert (left.state, left.mails) == ("open", ())


def test_a_case_whose_mail_was_moved_says_so_and_is_closed_with_its_notes_going_along(bench: Bench) -> None:
    mail = bench.arrive()
    bench.work.catch_up()
    case = bench.of(mail)
    assert bench.work.away(case) is None
    with pytest.raises(Refused, match="has its mails"):
        bench.work.hand_over(bench.hand(case))
    case = bench.work.note(bench.hand(case), "called twice")
    bench.move(mail, REFUNDS)
    bench.work.catch_up()
    left = bench.cases.case(case.number, ALL)
    assert left is not None
    away = bench.work.away(left)
    there = bench.of(mail)
    assert away is not None
    assert (away.mail_id, away.route, away.by, away.case) == (mail.id, "refunds", "ada", there.number)
    closed = bench.work.hand_over(bench.hand(left))
    assert (closed.state, closed.outcome, closed.reason) == (
        "decided",
        "moved",
        f"its mail is at refunds, in case {there.number}",
    )
    passed_on = bench.cases.events(there.number, ALL)[-1]
    assert (passed_on.what, passed_on.by) == ("note", "ada")
    assert passed_on.detail == f"From case {case.number} at appeals:\n\ncalled twice"
    assert bench.of(mail).fresh
    assert bench.work.away(closed) is None
    reviewing(bench.house).take_back(mail, "ada")
    bench.work.catch_up()
    back = bench.of(mail)
    assert (back.number, back.state, back.outcome, back.answered_at) == (case.number, "open", "", None)
    assert bench.told(back)[-1] == "reopened"
    assert {one.rule.name for one in bench.desks.running(back, bench.house.clock.now()) if one.runs} == {
        "ours",
        "answer",
    }


@pytest.mark.parametrize("comes_back", [True, False])
def test_who_is_back_at_the_desk_that_their_case_was_moved_from_is_waited_on_anew(
    bench: Bench, comes_back: bool
) -> None:
    mail = bench.arrive()
    bench.work.catch_up()
    case = bench.work.ask(bench.hand(bench.of(mail)), "Which account?")
    bench.move(mail, REFUNDS)
    bench.work.catch_up()
    bench.house.clock.advance(DAY)
    bench.work.hand_over(bench.hand(replace(case, version=0)))
    mail = mail if comes_back else bench.arrive()
    bench.move(mail, APPEALS)
    bench.work.catch_up()
    again = bench.of(mail)
    assert (again.number, again.state, again.received_at) == (case.number, "open", mail.received_at)
    assert again.answered_at == (case.answered_at if comes_back else None)
    assert bench.cases.page(WantedCases(state="open", near_by=again.received_at + 14 * DAY), ALL).cases


def test_a_case_whose_mail_is_where_there_are_no_cases_is_closed_alone(bench: Bench) -> None:
    mail = bench.arrive()
    bench.work.catch_up()
    case = bench.work.assign(bench.hand(bench.of(mail)), "bob")
    bench.move(mail, GENERAL)
    bench.work.catch_up()
    closed = bench.work.hand_over(Hand(by=bench.users["ada"], number=case.number))
    assert (closed.outcome, closed.reason) == ("moved", "its mail is at general")


def test_no_note_goes_along_where_there_is_none(bench: Bench) -> None:
    mail = bench.arrive()
    bench.work.catch_up()
    case = bench.work.assign(bench.hand(bench.of(mail)), "bob")
    bench.move(mail, REFUNDS)
    bench.work.catch_up()
    bench.work.hand_over(Hand(by=bench.users["ada"], number=case.number))
    assert bench.told(bench.of(mail)) == ["opened"]


def test_of_a_case_whose_mail_is_gone_nobody_knows_where_it_went(bench: Bench) -> None:
    mail = bench.arrive()
    bench.work.catch_up()
    case = bench.of(mail)
    empty = replace(case, mails=())
    assert bench.work.away(empty) is None
    bench.cases.put(bench.desks.change(case, 1.0, CaseEvent(at=1.0, by="", what="left", mail_id=MailId("none"))))
    assert bench.work.away(empty) is None


def test_a_case_without_mails_is_the_one_that_their_next_mail_joins(bench: Bench) -> None:
    mail = bench.arrive()
    bench.work.catch_up()
    before = bench.of(mail)
    bench.move(mail, GENERAL)
    bench.work.catch_up()
    bench.house.clock.advance(5 * DAY)
    later = bench.appeal()
    assert later.number == before.number
    assert later.received_at == later.mails[0].at > before.received_at


def test_a_verdict_that_keeps_a_mail_at_its_desk_changes_nothing(bench: Bench) -> None:
    mail = bench.arrive()
    bench.work.catch_up()
    before = bench.of(mail)
    bench.move(mail, APPEALS)
    assert bench.work.catch_up() == 1
    assert bench.of(mail) == before


def test_a_crash_in_between_is_made_good(bench: Bench) -> None:
    mail = bench.arrive()
    bench.work.catch_up()
    bench.move(mail, REFUNDS)
    broken = bench.casework(cases=Moody(bench.cases, alike=1))
    with pytest.raises(TryLater):
        broken.catch_up()
    assert bench.cases.of_mail(mail.id, ALL) is None  # it had left when the store went away
    assert bench.work.catch_up() == 1
    assert bench.of(mail).route == "refunds"
    assert bench.work.catch_up() == 0


def test_a_mail_about_two_things_is_in_a_case_of_each_desk_with_its_own_clocks(bench: Bench) -> None:
    mail = bench.arrive()
    bench.work.catch_up()
    reviewing(bench.house).give(mail, APPEALS, "ada", also=REFUNDS)
    assert bench.work.catch_up() == 1
    first, second = bench.cases.all_of_mail(mail.id, ALL)
    assert (first.route, second.route) == (APPEALS, REFUNDS)
    assert [[one.rule.name for one in bench.desks.running(case, 0.0)] for case in (first, second)] == [
        ["answer", "ours", "dsa"],
        ["ours"],
    ]
    bench.work.decide(bench.hand(first), "granted", "a mistake")
    assert [one.state for one in bench.cases.all_of_mail(mail.id, ALL)] == ["decided", "open"]
    bench.work.assign(bench.hand(second), "bob")
    reviewing(bench.house).give(mail, APPEALS, "ada")
    bench.work.catch_up()
    assert [one.number for one in bench.cases.all_of_mail(mail.id, ALL)] == [first.number]
    assert bench.told(second) == ["opened", "assigned", "left"]
    bench.work.hand_over(bench.hand(replace(second, version=0)))
    assert (ended := bench.cases.case(second.number, ALL)) is not None
    assert ended.reason == f"its mail is at appeals, in case {first.number}"


def test_a_crash_between_two_cases_of_a_mail_is_made_good(bench: Bench) -> None:
    mail = bench.arrive()
    reviewing(bench.house).give(mail, APPEALS, "ada", also=REFUNDS)

    class Dying:
        def __getattr__(self, name: str) -> Any:
            return getattr(bench.cases, name)

        def alike(self, same: Same) -> Any:
            if same.route == REFUNDS:
                raise TryLater("gone")
            return bench.cases.alike(same)

    with pytest.raises(TryLater):
        bench.casework(cases=Dying()).catch_up()
    assert [one.route for one in bench.cases.all_of_mail(mail.id, ALL)] == [APPEALS]
    bench.work.catch_up()
    assert [one.route for one in bench.cases.all_of_mail(mail.id, ALL)] == [APPEALS, REFUNDS]
    assert bench.work.catch_up() == 0


def test_by_hand_each_desk_opens_its_own_case_of_a_mail(bench: Bench) -> None:
    mail = bench.arrive()
    reviewing(bench.house).give(mail, APPEALS, "ada", also=REFUNDS)
    bob = bench.user("bo", "agent", routes=(REFUNDS,))
    second = bench.work.open(bob, mail.id)
    assert second.route == REFUNDS
    assert bench.work.open(bob, mail.id) == second
    first = bench.work.open(bench.users["ada"], mail.id)
    assert first.route == APPEALS
    assert bench.work.open(bench.users["ada"], mail.id) == first
    reviewing(bench.house).give(mail, GENERAL, "ada", also=APPEALS)
    with pytest.raises(Refused, match="not yours"):
        bench.work.open(bench.user("gil", "agent", routes=(GENERAL,)), mail.id)


def test_an_answer_is_heard_by_the_case_of_who_wrote_it(bench: Bench) -> None:
    mail = bench.arrive()
    reviewing(bench.house).give(mail, APPEALS, "ada", also=REFUNDS)
    bench.work.catch_up()
    bench.user("bo", "agent", routes=(REFUNDS,))
    bench.work.heard(mail.id, "bo", at=bench.house.clock.now(), sent_at=bench.house.clock.now(), asks=False)
    assert [one.answered_at is not None for one in bench.cases.all_of_mail(mail.id, ALL)] == [False, True]
    bench.work.heard(mail.id, "ada", at=bench.house.clock.now(), sent_at=bench.house.clock.now(), asks=False)
    assert all(one.answered_at is not None for one in bench.cases.all_of_mail(mail.id, ALL))


def test_told_again_after_a_change_came_between_it_is_noted_once_in_each_case(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = bench.arrive()
    reviewing(bench.house).give(mail, APPEALS, "ada", also=REFUNDS)
    bench.work.catch_up()
    first, second = bench.cases.all_of_mail(mail.id, ALL)
    at, put = bench.house.clock.now(), bench.cases.put

    def interrupted(change: CaseChange) -> Case:
        if change.case.number == second.number:
            raise Refused("it was changed meanwhile")
        return put(change)

    monkeypatch.setattr(bench.cases, "put", interrupted)
    with pytest.raises(Refused):
        bench.work.heard(mail.id, "ada", at=at, sent_at=at, asks=False)
    monkeypatch.undo()
    bench.house.clock.advance(1)
    bench.work.heard(mail.id, "ada", at=at, sent_at=at, asks=False)
    assert [bench.told(case) for case in (first, second)] == [["opened", "answered"]] * 2
    bench.work.heard(mail.id, "ada", at=at, sent_at=at + 1, asks=False)
    assert bench.told(first) == ["opened", "answered", "answered"], "another answer is another one"


def test_a_long_case_does_not_begin_later_because_a_mail_leaves(bench: Bench) -> None:
    mail = bench.arrive()
    bench.work.catch_up()
    case = bench.of(mail)
    newest = replace(case, received_at=case.received_at - 90 * DAY)  # its first mails are beyond what is read of it
    left = bench.work.filing.leave(newest, mail, "why", mover="ada")
    assert left.received_at == newest.received_at


def test_one_bad_mail_does_not_stop_the_others(bench: Bench) -> None:
    bad = bench.arrive()
    good = bench.arrive(From="eve@example.com")

    def reader(mail: Mail) -> Any:
        if mail.id == bad.id:
            raise ValueError("secret words")
        return read(mail, bench.house.judging.trust)

    work = bench.casework(read=reader)
    for _ in range(6):
        work.catch_up()
    assert len(bench.failures) == 5
    assert bench.of(good).number == 1
    assert bench.work.catch_up() == 0  # left aside
    bench.work.filing.watch()
    bench.work.catch_up()
    assert bench.of(bad).number == 2


def test_a_case_that_changes_at_the_same_moment_is_looked_at_again(bench: Bench) -> None:
    case = bench.appeal()
    mail = bench.arrive()

    class Racing:
        def __getattr__(self, name: str) -> Any:
            return getattr(bench.cases, name)

        def case(self, number: CaseNumber, sight: Any) -> Case | None:
            found = bench.cases.case(number, sight)
            bench.work.note(Hand(by=bench.users["ada"], number=number), "at the same moment")
            return found

    bench.casework(cases=Racing()).catch_up()
    assert bench.cases.of_mail(mail.id, ALL) is None
    assert bench.failures == []
    bench.work.catch_up()
    assert bench.of(mail).number == case.number


def test_other_clocks_give_cases_another_place(bench: Bench) -> None:
    case = bench.appeal()
    soon = replace(OURS, name="soon", within=span("1 hours"))
    desks = CaseDesks(desks={APPEALS: CaseDesk(clocks=(soon,))}, version="v2")
    work = bench.casework(desks=desks)
    assert work.catch_up() == 1
    assert work.catch_up() == 0
    assert bench.cases.stale("v2", 10) == ()
    assert bench.cases.case(case.number, ALL) == replace(case, version=2)


def test_a_stale_case_that_somebody_changes_meanwhile_is_left_to_them(bench: Bench) -> None:
    bench.appeal()

    class Racing:
        def __getattr__(self, name: str) -> Any:
            return getattr(bench.cases, name)

        def put(self, _: object) -> None:
            raise Refused("changed meanwhile")

    assert bench.casework(cases=Racing(), desks=replace(bench.desks, version="v2")).catch_up() == 1


# -- what people do


def test_promise_10_only_people_decide(bench: Bench) -> None:
    case = bench.appeal()
    bench.house.clock.advance(1000 * DAY)
    bench.work.catch_up()
    assert bench.cases.case(case.number, ALL) == case
    decided = bench.work.decide(bench.hand(case), "granted", "  It was our mistake. \r\n\x07 Sorry. ")
    assert (decided.state, decided.outcome, decided.decided_by) == ("decided", "granted", "ada")
    assert decided.reason == "It was our mistake.\n Sorry."
    assert decided.decided_at == decided.answered_at == bench.house.clock.now()
    assert bench.done() == [("ada", "case-decided", "case 1", "granted")]
    assert bench.told(decided) == ["opened", "decided"]


def test_a_rejection_takes_a_second_person_where_the_desk_says_so(strict: Bench) -> None:
    case = strict.appeal()
    case = strict.work.decide(strict.hand(case), "rejected", "It was fraud.")
    assert case.state == "open"
    assert case.proposal is not None
    assert (case.proposal.by, case.proposal.reason) == ("ada", "It was fraud.")
    with pytest.raises(Refused, match="somebody else"):
        strict.work.confirm(strict.hand(case))
    with pytest.raises(Refused, match="ada has proposed that already"):
        strict.work.decide(strict.hand(case, "bob"), "rejected", "I think so too.")
    done = strict.work.confirm(strict.hand(case, "bob"))
    assert (done.state, done.outcome, done.reason) == ("decided", "rejected", "It was fraud.")
    assert (done.decided_by, done.confirmed_by, done.proposal) == ("ada", "bob", None)
    assert strict.done() == [
        ("ada", "case-proposed", "case 1", ""),
        ("bob", "case-decided", "case 1", "rejected, proposed by ada"),
    ]


def test_the_same_person_in_other_letters_is_no_second_one(strict: Bench) -> None:
    case = strict.work.decide(strict.hand(strict.appeal()), "rejected", "It was fraud.")
    shouting = replace(strict.users["ada"], name=UserName("ADA"))
    with pytest.raises(Refused, match="somebody else"):
        strict.work.confirm(Hand(by=shouting, number=case.number))


def test_what_is_proposed_may_be_declined_or_granted_all_the_same(strict: Bench) -> None:
    case = strict.work.decide(strict.hand(strict.appeal()), "rejected", "It was fraud.")
    declined = strict.work.decline(strict.hand(case, "bob"), "The card was theirs.")
    assert (declined.state, declined.proposal) == ("open", None)
    for verb in (
        lambda: strict.work.confirm(strict.hand(declined, "bob")),
        lambda: strict.work.decline(strict.hand(declined), "x"),
    ):
        with pytest.raises(Refused, match="nobody proposes"):
            verb()
    again = strict.work.decide(strict.hand(declined), "rejected", "I am sure.")
    granted = strict.work.decide(strict.hand(again, "bob"), "granted", "No.")
    assert (granted.outcome, granted.proposal, granted.confirmed_by) == ("granted", None, "")


def test_one_person_is_enough_elsewhere(bench: Bench) -> None:
    assert bench.work.decide(bench.hand(bench.appeal()), "rejected", "It was fraud.").outcome == "rejected"


def test_it_waits_for_the_person_until_they_write(bench: Bench) -> None:
    asked = bench.work.ask(bench.hand(bench.appeal()), "Which card was it?")
    assert (asked.state, asked.answered_at) == ("waiting", bench.house.clock.now())
    bench.house.clock.advance(DAY)
    replied = bench.appeal()
    assert (replied.number, replied.state, replied.fresh) == (asked.number, "open", True)
    assert bench.told(replied) == ["opened", "asked", "replied"]
    again = bench.work.ask(bench.hand(replied), "And when?")
    assert again.answered_at == asked.answered_at


def test_it_is_assigned_to_whoever_may_see_it(bench: Bench) -> None:
    case = bench.appeal()
    bench.user("eve", "agent", routes=(GENERAL,))
    bench.user("vic", "viewer")
    bench.user("out", "agent", disabled=True)
    assert bench.work.assign(bench.hand(case), "BOB").assignee == "bob"
    for name in ("eve", "vic", "out", "nobody"):
        with pytest.raises(Refused, match=name):
            bench.work.assign(Hand(by=bench.users["ada"], number=case.number), name)
    free = bench.work.assign(Hand(by=bench.users["ada"], number=case.number), "")
    assert free.assignee == ""
    assert bench.done()[-1] == ("ada", "case-assigned", "case 1", "to nobody")


def test_notes_stay_in_the_case(bench: Bench) -> None:
    case = bench.work.note(bench.hand(bench.appeal()), "Seems honest\tto me.")
    assert not case.fresh
    assert bench.cases.events(case.number, ALL)[-1].detail == "Seems honest\tto me."
    assert bench.done() == [("ada", "case-note", "case 1", "")]
    for text in ("", " \n \x00", "x" * 10_001):
        with pytest.raises(Refused, match="note"):
            bench.work.note(bench.hand(case), text)


def test_kind_answer_and_reopening(bench: Bench) -> None:
    case = bench.work.set_kind(bench.hand(bench.appeal()), "reinstatement")
    assert case.kind == "reinstatement"
    answered = bench.work.answered(bench.hand(case))
    bench.house.clock.advance(60)
    assert bench.work.answered(bench.hand(answered)).answered_at == answered.answered_at
    decided = bench.work.decide(Hand(by=bench.users["ada"], number=case.number), "withdrawn", "They said so.")
    for verb in ("ask", "decline"):
        with pytest.raises(Refused, match="reopen it first"):
            getattr(bench.work, verb)(bench.hand(decided), "x")
    again = bench.work.reopen(bench.hand(decided, "bob"), "They came back.")
    assert (again.state, again.outcome, again.reason, again.decided_at, again.decided_by) == ("open", "", "", None, "")
    with pytest.raises(Refused, match="not decided"):
        bench.work.reopen(bench.hand(again), "x")
    with pytest.raises(Refused, match="kind"):
        bench.work.set_kind(bench.hand(again), "plea")  # type: ignore[arg-type]
    with pytest.raises(Refused, match="outcome"):
        bench.work.decide(bench.hand(again), "banned", "x")  # type: ignore[arg-type]


def test_what_was_decided_by_word_of_mouth_and_taken_up_again_is_not_answered(bench: Bench) -> None:
    decided = bench.work.decide(bench.hand(bench.appeal()), "granted", "By telephone.")
    assert decided.answered_at == decided.decided_at
    bench.house.clock.advance(60)
    again = bench.work.reopen(bench.hand(decided), "They called again.")
    assert again.answered_at is None
    told = bench.work.answered(bench.hand(again))
    bench.house.clock.advance(60)
    decided = bench.work.decide(bench.hand(told), "granted", "By telephone.")
    assert bench.work.reopen(bench.hand(decided), "Once more.").answered_at == told.answered_at


def test_who_was_answered_after_the_decision_was_answered_then(bench: Bench) -> None:
    decided = bench.work.decide(bench.hand(bench.appeal()), "granted", "They were right.")
    bench.house.clock.advance(60)
    now = bench.house.clock.now()
    told = bench.work.answered(bench.hand(decided))
    assert bench.work.reopen(bench.hand(told), "They came back.").answered_at == now


def test_a_day_that_somebody_names_starts_a_clock_and_a_late_complaint_is_told_and_taken(bench: Bench) -> None:
    case = bench.appeal()
    now = bench.house.clock.now()

    def dsa(one: Case) -> Any:
        return next(running for running in bench.desks.running(one, now) if running.rule.name == "dsa")

    assert dsa(case).state == "unknown"
    late = bench.work.set_start(bench.hand(case), "informed", date(2020, 1, 1))
    assert dsa(late).state == "missed"
    assert late.state == "open"
    in_time = bench.work.set_start(bench.hand(late), "informed", date(2026, 11, 1))
    assert dsa(in_time).state == "met"
    assert in_time.starts == (("informed", 1_793_534_400.0),)  # noon of that day
    cleared = bench.work.set_start(bench.hand(in_time), "informed", None)
    assert dsa(cleared).state == "unknown"
    assert [one[3] for one in bench.done()] == ["informed: 2020-01-01", "informed: 2026-11-01", "informed: unknown"]
    for day in (date(2999, 1, 1), date(1066, 10, 14)):
        with pytest.raises(Refused, match="happened"):
            bench.work.set_start(bench.hand(cleared), "informed", day)
    with pytest.raises(Refused, match="start"):
        bench.work.set_start(bench.hand(cleared), "received", date(2026, 11, 1))


def test_a_case_whose_person_was_erased_is_only_looked_at(bench: Bench) -> None:
    case = bench.work.decide(bench.hand(bench.appeal()), "granted", "It was our mistake.")
    erased = bench.cases.put(bench.desks.change(replace(case, person="", reason=""), bench.house.clock.now()))
    assert (case.erased, erased.erased) == (False, True)
    with pytest.raises(Refused, match="was erased, with what it told"):
        bench.work.reopen(bench.hand(erased), "They came back.")
    assert bench.cases.case(case.number, ALL) == erased


def test_another_mail_is_joined_by_hand(bench: Bench) -> None:
    case = bench.appeal()
    stranger = bench.appeal(passed=False, From="ada@home.example.org")
    joined = bench.work.join(bench.hand(case), stranger.mails[0].id)
    assert len(joined.mails) == 2
    assert bench.told(stranger) == ["opened", "left", "decided"]
    assert bench.work.join(bench.hand(joined), stranger.mails[0].id) == joined
    # whoever wrote it gets no further by that
    assert bench.appeal(passed=False, From="ada@home.example.org").number == stranger.number
    assert [one[1] for one in bench.done()] == ["case-left", "case-joined"]
    unfiled = bench.arrive(From="eve@example.com")
    assert len(bench.work.join(bench.hand(joined), unfiled.id).mails) == 3
    bench.work.catch_up()
    assert bench.of(unfiled).number == case.number


def test_a_mail_that_can_not_be_joined_stays_where_it_was(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    case = bench.appeal()
    other = bench.appeal(passed=False, From="ada@home.example.org")
    really = SqliteCases.all_of_mail

    def meanwhile(cases: SqliteCases, *asked: Any) -> tuple[Case, ...]:
        monkeypatch.undo()
        bench.work.note(bench.hand(case), "they have called")
        return really(cases, *asked)

    monkeypatch.setattr(SqliteCases, "all_of_mail", meanwhile)
    with pytest.raises(Refused, match="changed meanwhile"):
        bench.work.join(bench.hand(case), other.mails[0].id)
    assert bench.cases.case(other.number, ALL) == other
    assert bench.told(other) == ["opened"]


def test_a_mail_of_another_desk_or_none_is_not_joined(bench: Bench) -> None:
    case = bench.appeal()
    refund = bench.arrive()
    bench.move(refund, REFUNDS)
    with pytest.raises(Refused, match="move it"):
        bench.work.join(bench.hand(case), refund.id)
    bench.move(refund, GENERAL)
    with pytest.raises(Refused, match="has no cases"):
        bench.work.join(bench.hand(case), refund.id)
    (unjudged,) = bench.house.accept(a_message(Message_ID="<u@example.com>"))
    for mail in (unjudged.id, MailId("nothing")):
        with pytest.raises(Refused, match="no such mail"):
            bench.work.open(bench.users["ada"], mail)


def test_a_mail_that_came_before_its_desk_had_cases_gets_one_by_hand(bench: Bench) -> None:
    bench.cases.watch(())
    mail = bench.arrive()
    bench.work.catch_up()
    made = bench.work.open(bench.users["ada"], mail.id)
    assert not made.fresh
    assert bench.work.open(bench.users["bob"], mail.id) == made
    assert bench.done() == [("ada", "case-opened", "case 1", "")]
    second = bench.arrive()
    assert bench.work.open(bench.users["bob"], second.id).number == made.number
    assert bench.done()[-1] == ("bob", "case-joined", "case 1", "")


def test_nobody_does_what_they_may_not(bench: Bench) -> None:
    case = bench.appeal()
    elsewhere = bench.user("eve", "agent", routes=(REFUNDS,))
    viewer = bench.user("vic", "viewer")
    stranger = bench.user("pat", "agent", brands=(BrandName("play"),))
    for user in (elsewhere, stranger):
        with pytest.raises(Refused, match="no such case"):
            bench.work.note(Hand(by=user, number=case.number), "x")
        with pytest.raises(Refused, match="no such mail"):
            bench.work.open(user, case.mails[0].id)
    with pytest.raises(Refused, match="role agent"):
        bench.work.note(Hand(by=viewer, number=case.number), "x")
    with pytest.raises(Refused, match="role agent"):
        bench.work.open(viewer, case.mails[0].id)
    with pytest.raises(Refused, match="no such case"):
        bench.work.note(Hand(by=bench.users["ada"], number=CaseNumber(99)), "x")


def test_who_looked_at_an_older_state_is_told(bench: Bench) -> None:
    case = bench.appeal()
    bench.work.note(bench.hand(case), "one")
    with pytest.raises(Refused, match="meanwhile"):
        bench.work.decide(bench.hand(case, "bob"), "rejected", "two")
    assert bench.work.note(bench.hand(case, "bob"), "three").version == case.version + 2


# -- the order


def test_what_runs_out_first_comes_first_and_what_is_done_last(bench: Bench) -> None:
    first = bench.appeal()
    bench.house.clock.advance(DAY)
    second = bench.appeal(From="eve@example.com")
    refund = bench.arrive(From="bob@example.com")
    bench.move(refund, REFUNDS)
    bench.work.catch_up()

    def listed(**wanted: Any) -> list[int]:
        return [one.number for one in bench.cases.page(WantedCases(**wanted), ALL).cases]

    third = bench.of(refund)
    assert listed() == [first.number, second.number, third.number]
    # once it is answered, only the fortnight is left
    bench.work.answered(bench.hand(first))
    assert listed() == [second.number, first.number, third.number]
    bench.work.decide(bench.hand(second), "granted", "x")
    bench.house.clock.advance(1)
    bench.work.decide(Hand(by=bench.users["ada"], number=first.number), "granted", "x")
    assert listed() == [third.number]
    assert listed(state="all") == [third.number, first.number, second.number]


def test_a_desk_that_has_no_cases_any_more_has_no_clocks(bench: Bench) -> None:
    case = bench.appeal()
    nowhere = CaseDesks()
    assert nowhere.running(case, 0.0) == ()
    assert rank(case, ()) > bench.house.clock.now() + 1000 * DAY
    with pytest.raises(PostroomError):
        replace(bench.work, desks=nowhere).open(bench.users["ada"], case.mails[0].id)


# -- answers that were sent


def test_an_answer_that_was_sent_stops_the_first_answer_clock(bench: Bench) -> None:
    mail = bench.arrive()
    bench.work.catch_up()
    bench.work.heard(mail.id, "ada", at=bench.house.clock.now(), sent_at=bench.house.clock.now(), asks=False)
    case = bench.of(mail)
    assert (case.state, case.answered_at, case.fresh) == ("open", bench.house.clock.now(), False)
    bench.house.clock.advance(5)
    bench.work.heard(mail.id, "ada", at=bench.house.clock.now(), sent_at=bench.house.clock.now(), asks=True)
    assert (bench.of(mail).state, bench.of(mail).answered_at) == ("waiting", case.answered_at)
    assert bench.told(case) == ["opened", "answered", "asked"]
    assert bench.done() == []


def test_who_is_asked_after_the_decision_does_not_open_it_again(bench: Bench) -> None:
    mail = bench.arrive()
    bench.work.catch_up()
    bench.work.decide(bench.hand(bench.of(mail)), "granted", "a mistake")
    bench.work.heard(mail.id, "ada", at=bench.house.clock.now(), sent_at=bench.house.clock.now(), asks=True)
    assert bench.of(mail).state == "decided"


def test_who_writes_before_an_answer_leaves_is_not_waited_for(bench: Bench) -> None:
    mail = bench.arrive()
    written = bench.house.clock.now()
    bench.house.clock.advance(5)
    bench.arrive()
    bench.work.catch_up()
    bench.work.heard(mail.id, "ada", at=written, sent_at=bench.house.clock.now(), asks=True)
    assert (bench.of(mail).state, bench.of(mail).fresh) == ("open", True)


def test_a_mail_without_a_case_tells_none(bench: Bench) -> None:
    bench.work.heard(bench.arrive().id, "ada", at=0.0, sent_at=bench.house.clock.now(), asks=True)
    assert bench.cases.page(WantedCases(state="all"), ALL).cases == ()
