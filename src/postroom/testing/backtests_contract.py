"""What every store of back-tests must do, as tests.

Subclass; the fixture ``store`` is a `Store`, ``tests`` both ports of `ports.backtests` on it, ``erasing`` and ``journal`` are its.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import pytest

from postroom.model.backtest import Asked, Backtest, Change, Flow, Report, Shift, TestNumber, Went, Which
from postroom.model.errors import Refused
from postroom.model.mail import BrandName, Mail, MailId, RouteName
from postroom.model.people import ALL, Deed, Sight
from postroom.model.privacy import Removal
from postroom.ports import Store
from postroom.ports.accounts import Journal
from postroom.ports.backtests import BacktestRuns, Backtests
from postroom.ports.privacy import Erasing
from postroom.testing.store_contract import accept
from postroom.testing.values import a_judgement, a_mail

NOW = 1_800_000_000.0
APPEALS, REFUNDS, GENERAL = RouteName("appeals"), RouteName("refunds"), RouteName("general")
ASKED = Asked(days=14, brand=BrandName("example"), draft=3, by="lea", sight=Sight(routes=frozenset({APPEALS})), at=NOW)


class Room(Backtests, BacktestRuns, Protocol):
    """One room keeps both sides."""


def a_deed(what: str = "backtest-asked") -> Deed:
    """What the audit log is to say."""
    return Deed(at=NOW, by="lea", what=what, detail="14 days")


def a_report(**facts: Any) -> Report:
    """What a test comes to."""
    usual = Report(since=NOW - 86_400, until=NOW, in_force=("a", "b"), tried=("c", "b"), mails=7)
    return replace(usual, moved=1, flows=(Flow(source=APPEALS, target=REFUNDS, mails=1),), **facts)


def a_change(mail_id: MailId, source: str = "appeals", target: str = "refunds", **facts: Any) -> Change:
    """A mail that moves."""
    usual = Change(
        mail_id=mail_id,
        before=Went(route=RouteName(source), decided=RouteName(source), confidence=0.9, tags=("deadline",)),
        after=Went(route=RouteName(target), decided=RouteName(target), confidence=0.8),
        happened=RouteName(source),
        shifts=(Shift(source="rule", name="money", route=REFUNDS, before=None, after=0.95),),
    )
    return replace(usual, **facts)


def mails(store: Store, count: int, **changes: Any) -> list[Mail]:
    """Mails that were judged."""
    made = [a_mail(number, **changes) for number in range(1, count + 1)]
    accept(store, *made)
    store.record([a_judgement(job) for job in store.claim("judge", 100, "setup")])
    return made


def running(tests: Room, **facts: Any) -> TestNumber:
    """One that was begun."""
    number = tests.ask(replace(ASKED, **facts), a_deed())
    assert tests.begin(NOW + 1) is not None
    return number


def finished(tests: Room, changes: Sequence[Change]) -> TestNumber:
    """One that came to these changes."""
    number = running(tests)
    assert tests.finish(number, a_report(), changes, NOW + 2)
    return number


def erase(erasing: Erasing, mail: Mail) -> None:
    """Nothing of it is left but counts."""
    removal = Removal(mail_id=mail.id, message_id=mail.message_id, subject_key="")
    assert removal.mail_id in erasing.erase([removal], [], NOW + 5).erased


class BacktestsContract:
    """One at a time, from asking to its end; what it came to can be read until newer ones take its place."""

    def test_nothing_is_there_at_first(self, tests: Room) -> None:
        assert tests.tests() == ()
        assert tests.test(TestNumber(1)) is None
        assert not tests.waiting()
        assert tests.begin(NOW) is None
        assert tests.changes(TestNumber(1), Which()) == ()

    def test_what_was_asked_for_is_worked_off_once(self, tests: Room, journal: Journal) -> None:
        number = tests.ask(ASKED, a_deed())
        assert tests.waiting()
        assert tests.test(number) == Backtest(number=number, asked=ASKED, state="waiting")
        begun = tests.begin(NOW + 1)
        assert begun == Backtest(number=number, asked=ASKED, state="running", started_at=NOW + 1)
        assert tests.begin(NOW + 2) is None
        assert not tests.waiting()
        assert tests.advance(number, 3, 7)
        found = tests.test(number)
        assert found is not None
        assert (found.done, found.total) == (3, 7)
        assert tests.finish(number, a_report(), [], NOW + 9)
        found = tests.test(number)
        assert found is not None
        assert (found.state, found.done, found.ended_at, found.report) == ("done", 7, NOW + 9, a_report())
        assert tests.tests() == (replace(found, report=None),)
        (deed,) = journal.deeds()
        assert (deed.by, deed.what, deed.to, deed.detail) == ("lea", "backtest-asked", str(number), "14 days")

    def test_there_is_one_at_a_time(self, tests: Room, journal: Journal) -> None:
        number = tests.ask(ASKED, a_deed())
        with pytest.raises(Refused):
            tests.ask(ASKED, a_deed())
        tests.begin(NOW)
        with pytest.raises(Refused):
            tests.ask(ASKED, a_deed())
        assert tests.cancel(number, a_deed("backtest-cancelled"))
        assert tests.ask(ASKED, a_deed()) != number
        assert [deed.what for deed in journal.deeds()] == ["backtest-asked", "backtest-cancelled", "backtest-asked"]

    def test_what_was_cancelled_is_not_gone_on_with(self, store: Store, tests: Room) -> None:
        (mail,) = mails(store, 1)
        number = running(tests)
        assert tests.cancel(number, a_deed("backtest-cancelled"))
        assert not tests.advance(number, 1, 2)
        assert not tests.finish(number, a_report(), [a_change(mail.id)], NOW)
        found = tests.test(number)
        assert found is not None
        assert (found.state, found.ended_at, found.report) == ("cancelled", NOW, None)
        assert tests.changes(number, Which()) == ()

    def test_what_waits_can_be_cancelled_and_what_ended_can_not(self, tests: Room, journal: Journal) -> None:
        number = tests.ask(ASKED, a_deed())
        assert tests.cancel(number, a_deed("backtest-cancelled"))
        assert not tests.cancel(number, a_deed("backtest-cancelled"))
        assert not tests.cancel(TestNumber(number + 1), a_deed("backtest-cancelled"))
        assert tests.begin(NOW) is None
        assert len(journal.deeds()) == 2

    def test_what_runs_can_fail_or_be_lost(self, tests: Room) -> None:
        assert tests.give_up("lost", "", NOW) == 0
        number = running(tests)
        assert tests.give_up("failed", "the rules have mistakes", NOW + 3) == 1
        found = tests.test(number)
        assert found is not None
        assert (found.state, found.error, found.ended_at) == ("failed", "the rules have mistakes", NOW + 3)
        waits = tests.ask(ASKED, a_deed())
        assert tests.give_up("lost", "", NOW) == 0
        found = tests.test(waits)
        assert found is not None
        assert found.state == "waiting"

    def test_the_newest_twenty_stay(self, store: Store, tests: Room) -> None:
        (mail,) = mails(store, 1)
        numbers = [finished(tests, [a_change(mail.id)]) for _ in range(21)]
        assert [one.number for one in tests.tests()] == numbers[:0:-1]
        assert tests.test(numbers[0]) is None
        assert tests.changes(numbers[0], Which()) == ()
        assert tests.changes(numbers[1], Which()) == ((1, a_change(mail.id)),)

    def test_changes_are_found_by_what_they_are_and_paged(self, store: Store, tests: Room) -> None:
        ids = [mail.id for mail in mails(store, 6)]
        changes = [
            a_change(ids[0], said=REFUNDS, corrected=True),
            a_change(ids[1], said=APPEALS),
            a_change(ids[2], target="general"),
            a_change(ids[3], target="appeals"),
            a_change(
                ids[4], target="general", after=Went(route=GENERAL, decided=GENERAL, confidence=1.0, urgent=("x",))
            ),
            a_change(ids[5], target="appeals", after=Went(route=APPEALS, decided=APPEALS, confidence=1, urgent=("x",))),
        ]
        number = finished(tests, changes)

        def found(**which: Any) -> list[int]:
            return [place for place, _ in tests.changes(number, Which(**which))]

        assert tests.changes(number, Which()) == tuple(enumerate(changes, 1))
        assert found(source=APPEALS) == [1, 2, 3, 4, 5, 6]
        assert found(source=GENERAL) == []
        assert found(target=GENERAL) == [3, 5]
        assert found(kind="moved") == [1, 2, 3, 5]
        assert found(kind="corrected") == found(kind="fixed") == [1]
        assert found(kind="broken") == [2]
        assert found(kind="urgent") == [5, 6]
        assert found(kind="beside") == [4]
        assert found(kind="moved", target=REFUNDS) == [1, 2]
        assert [place for place, _ in tests.changes(number, Which(kind="moved"), after=1, limit=2)] == [2, 3]

    def test_an_erased_mail_is_in_no_list(self, store: Store, tests: Room, erasing: Erasing) -> None:
        first, second, third = mails(store, 3)
        number = finished(tests, [a_change(one.id) for one in (first, second)])
        erase(erasing, first)
        assert tests.changes(number, Which()) == ((2, a_change(second.id)),)
        running(tests)
        erase(erasing, third)
        assert tests.finish(TestNumber(number + 1), a_report(), [a_change(third.id), a_change(second.id)], NOW)
        assert tests.changes(TestNumber(number + 1), Which()) == ((2, a_change(second.id)),)

    def test_erased_mail_of_a_time_is_counted_as_far_as_it_could_be_seen(
        self, store: Store, tests: Room, erasing: Erasing
    ) -> None:
        first, second = mails(store, 2, at=NOW)
        asked = replace(ASKED, brand=BrandName(""), sight=ALL)
        assert tests.gone(asked, NOW, NOW + 1) == 0
        for one in (first, second):
            erase(erasing, one)
        assert tests.gone(asked, NOW, NOW + 1) == 2
        assert tests.gone(asked, NOW + 1, NOW + 2) == tests.gone(asked, NOW - 1, NOW) == 0
        assert tests.gone(replace(asked, brand=BrandName("example")), NOW, NOW + 1) == 2
        assert tests.gone(replace(asked, brand=BrandName("other")), NOW, NOW + 1) == 0
        assert tests.gone(replace(asked, sight=Sight(routes=frozenset({APPEALS}))), NOW, NOW + 1) == 2
        assert tests.gone(replace(asked, sight=Sight(routes=frozenset({REFUNDS}))), NOW, NOW + 1) == 0
        assert tests.gone(replace(asked, sight=Sight(brands=frozenset({BrandName("other")}))), NOW, NOW + 1) == 0
