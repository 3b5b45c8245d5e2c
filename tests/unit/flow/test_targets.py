"""First answers: when mail is due, and what people say of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from postroom.adapters.store.journal import SqliteJournal
from postroom.adapters.store.lists import SqliteViews
from postroom.adapters.store.sqlite import SqliteStore
from postroom.adapters.store.targets import SqliteTargets
from postroom.config.cases import first_answer_of
from postroom.config.settings import Route
from postroom.decide.calendars import Calendar
from postroom.flow.targets import FirstAnswers
from postroom.model.errors import Refused
from postroom.model.listing import MailRow
from postroom.model.mail import MailId, RouteName
from postroom.model.people import ALL, User, UserName
from postroom.model.targets import Kept
from postroom.testing.store_contract import accept
from postroom.testing.values import a_judgement, a_mail

#: a Friday
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC).timestamp()
MONDAY = datetime(2026, 3, 9, 9, tzinfo=UTC).timestamp()
HOUR = 3600.0
APPEALS = RouteName("appeals")
ADA = User(name=UserName("ada"), role="agent")
RULE = first_answer_of(Route(destinations=("a",), first_answer="4 business hours"), Calendar())


class Desk:
    """A store whose desk appeals has a target."""

    def __init__(self, folder: Path) -> None:
        self.store = SqliteStore.open(folder / "postroom.db")
        self.journal = SqliteJournal(self.store.units)
        self.now = MONDAY
        assert RULE is not None
        self.answers = FirstAnswers(
            targets=SqliteTargets(self.store.units),
            views=SqliteViews(self.store.units),
            store=self.store,
            rules={APPEALS: RULE},
            version="v1",
            clock=lambda: self.now,
        )
        self.answers.watch()

    def judged(self, count: int = 1, **changes: Any) -> list[MailId]:
        first = len(self.store.newest(1000)) + 1
        accept(self.store, *(a_mail(number, at=FRIDAY) for number in range(first, first + count)))
        jobs = self.store.claim("judge", 1000, "setup")
        self.store.record([a_judgement(job, **changes) for job in jobs])
        return [job.mail_id for job in jobs]

    def row(self, mail: MailId) -> MailRow:
        found = self.answers.views.row(mail, ALL)
        assert found is not None
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def test_a_mail_is_due_by_the_hours_of_its_desk(desk: Desk) -> None:
    (mail,) = desk.judged()
    assert not desk.answers.turn()
    row = desk.row(mail)
    assert (row.near_at, row.due_at) == (MONDAY + HOUR, MONDAY + 2 * HOUR)
    assert [row.answering(MONDAY + hours * HOUR) for hours in (0.0, 1.0, 2.0, 2.1)] == [
        "open",
        "soon",
        "soon",
        "overdue",
    ]


@pytest.mark.parametrize("change", [{"stage": "shadow"}, {"route": RouteName("general")}])
def test_what_is_in_shadow_or_at_another_desk_is_not_due(desk: Desk, change: dict[str, Any]) -> None:
    (mail,) = desk.judged(**change)
    desk.answers.turn()
    assert desk.row(mail).due_at is None
    assert not desk.answers.turn()


def test_a_desk_without_a_target_any_more_has_none(desk: Desk) -> None:
    (mail,) = desk.judged()
    replace(desk.answers, rules={}, version="v2").turn()
    assert desk.row(mail).due_at is None
    assert desk.row(mail).answering(MONDAY) == ""


def test_much_is_reckoned_in_several_turns(desk: Desk) -> None:
    desk.judged(101)
    assert desk.answers.turn()
    assert not desk.answers.turn()


def test_what_people_say_ends_it_with_a_deed(desk: Desk) -> None:
    one, two = desk.judged(2)
    desk.answers.turn()
    assert desk.answers.say(ADA, [one], "elsewhere") == 1
    assert desk.answers.say(ADA, [two], "needless") == 1
    assert desk.answers.say(ADA, [two], "elsewhere") == 0
    assert [(desk.row(mail).how, desk.row(mail).answering(MONDAY)) for mail in (one, two)] == [
        ("elsewhere", ""),
        ("needless", ""),
    ]
    assert desk.answers.take_back(ADA, [one]) == 1
    assert desk.row(one).answering(MONDAY) == "open"
    assert [(deed.by, deed.what, deed.to) for deed in reversed(desk.journal.deeds())] == [
        ("ada", "mail-elsewhere", one),
        ("ada", "mail-needless", two),
        ("ada", "mail-unanswered", one),
    ]


def test_who_may_not_says_nothing(desk: Desk) -> None:
    one, other = desk.judged(2)
    with pytest.raises(Refused, match="role agent"):
        desk.answers.say(replace(ADA, role="viewer"), [one], "elsewhere")
    with pytest.raises(Refused, match="not for you"):
        desk.answers.say(replace(ADA, routes=(RouteName("refunds"),)), [one, other], "elsewhere")
    with pytest.raises(Refused, match="not there"):
        desk.answers.take_back(ADA, [one, MailId("none")])
    assert desk.journal.deeds() == ()


def test_the_share_that_was_kept() -> None:
    kept = Kept(route=APPEALS, brand=a_mail(1).brand, in_time=3, late=0, open=1)
    assert kept.share == 0.75
    assert replace(kept, in_time=0, open=0).share is None
