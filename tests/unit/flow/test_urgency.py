"""Urgent mail: one person has it, by name, and what nobody has is told again."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from postroom.adapters.store.accounts import SqliteAccounts
from postroom.adapters.store.alarms import SqliteAlarms
from postroom.adapters.store.journal import SqliteJournal
from postroom.adapters.store.sqlite import SqliteStore
from postroom.flow.urgency import Doer, Escalation, Urgency, by_danger, danger, doer, hooks_told, takers
from postroom.model.alarms import Alarm
from postroom.model.errors import Refused
from postroom.model.hooks import Hook, HookName
from postroom.model.listing import MailRow
from postroom.model.mail import MailId, RouteName
from postroom.model.people import ALL, Deed, User, UserName
from postroom.testing.alarms_contract import DECIDED, judged


@dataclass
class Desk:
    """A store with urgent mail, and people."""

    store: SqliteStore
    now: float = DECIDED + 60.0
    notes: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.alarms = SqliteAlarms(self.store.units)
        self.accounts = SqliteAccounts(self.store.units)
        self.journal = SqliteJournal(self.store.units)
        self.work = Urgency(alarms=self.alarms, accounts=self.accounts, clock=lambda: self.now)
        self.user("root", "admin")

    def user(self, name: str, role: Any = "agent", **facts: Any) -> User:
        user = User(name=UserName(name), role=role, **facts)
        self.accounts.put_user(user, Deed(at=1.0, by="", what="user-added", to=name))
        return user

    def alarm(self, mail: MailId) -> Alarm:
        found = self.alarms.alarm(mail, ALL)
        assert found is not None
        return found

    def row(self, mail: MailId) -> MailRow:
        ((_, found),) = self.alarms.page(ALL, held=True).alarms
        assert found.id == mail
        return found

    def note(self, event: str, mail_id: str = "", **facts: Any) -> None:
        self.notes.append((event, mail_id, facts))

    def escalation(self, every: float = 900.0) -> Escalation:
        return Escalation(alarms=self.alarms, observer=self, every=every, clock=lambda: self.now)  # type: ignore[arg-type]

    def done(self) -> list[tuple[str, str, str]]:
        deeds = reversed(self.journal.deeds())
        return [(one.by, one.what, one.detail) for one in deeds if one.what.startswith("urgent-")]

    def told(self, mail: MailId) -> list[str]:
        return [one.detail for one in self.store.events(mail) if one.what.startswith("urgent: ")]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = SqliteStore.open(tmp_path / "postroom.db")
    yield Desk(store)
    store.close()


@pytest.fixture
def mail(desk: Desk) -> MailId:
    (found,) = judged(desk.store, "threat")
    return found


ADA, BOB = Doer(name=UserName("ada"), sight=ALL), Doer(name=UserName("bob"), sight=ALL)


def test_only_who_has_the_right_does_anything(desk: Desk) -> None:
    assert doer(desk.user("ada", urgent=True)) == ADA
    with pytest.raises(Refused, match="--urgent"):
        doer(desk.user("eve", "admin"))


def test_somebody_has_it_by_name(desk: Desk, mail: MailId) -> None:
    taken = desk.work.acknowledge(ADA, mail, note="  I call\nthe police\x00 ")
    assert (taken.holder, taken.taken_at, taken.note) == ("ada", desk.now, "I call the police")
    assert desk.alarm(mail) == taken
    assert desk.done() == [("ada", "urgent-acknowledged", "")]
    assert desk.told(mail) == ["ada: I call the police"]


def test_to_say_so_again_changes_nothing_but_the_note(desk: Desk, mail: MailId) -> None:
    first = desk.work.acknowledge(ADA, mail)
    since = desk.now
    desk.now += 60
    assert desk.work.acknowledge(ADA, mail) == first
    noted = desk.work.acknowledge(ADA, mail, note="done")
    assert (noted.note, noted.taken_at) == ("done", since)


def test_who_is_second_is_told_and_may_take_over(desk: Desk, mail: MailId) -> None:
    desk.work.acknowledge(ADA, mail)
    with pytest.raises(Refused, match="ada has it already"):
        desk.work.acknowledge(BOB, mail)
    with pytest.raises(Refused, match="ada has it already"):
        desk.work.acknowledge(BOB, mail, seen_with="eve")
    desk.now += 60
    over = desk.work.acknowledge(BOB, mail, seen_with="ada", note="ada is away")
    assert (over.holder, over.taken_at) == ("bob", desk.now)
    assert desk.done()[-1] == ("bob", "urgent-taken-over", "from ada")
    assert desk.told(mail)[-1] == "bob: from ada; ada is away"


def test_what_was_given_back_meanwhile_can_be_had(desk: Desk, mail: MailId) -> None:
    assert desk.work.acknowledge(BOB, mail, seen_with="ada").holder == "bob"
    assert desk.done() == [("bob", "urgent-acknowledged", "")]


def test_handed_on_it_stays_with_its_holder_until_the_other_has_it(desk: Desk, mail: MailId) -> None:
    desk.user("ada", urgent=True)
    desk.user("bob", urgent=True)
    desk.user("gone", urgent=True, disabled=True)
    desk.user("eve")
    desk.user("refunds", urgent=True, routes=(RouteName("refunds"),))
    desk.work.acknowledge(ADA, mail, note="threat by phone")
    assert [one.name for one in takers(desk.accounts.users(), desk.row(mail), ADA)] == ["bob"]
    for nobody in ("ada", "gone", "eve", "refunds", "none", ""):
        with pytest.raises(Refused, match="can't take it"):
            desk.work.hand_on(ADA, mail, nobody)
    asked = desk.work.hand_on(ADA, mail, "bob")
    assert (asked.holder, asked.offered, asked.note) == ("ada", "bob", "threat by phone")
    assert desk.alarms.waiting(ALL, "bob") == 1
    assert desk.work.hand_on(ADA, mail, "bob", note="I am off").note == "I am off"
    had = desk.work.acknowledge(BOB, mail, seen_with="ada")
    assert (had.holder, had.offered) == ("bob", "")
    assert desk.alarms.waiting(ALL, "bob") == 0
    assert [what for _, what, _ in desk.done()] == [
        "urgent-acknowledged",
        "urgent-handed-on",
        "urgent-handed-on",
        "urgent-taken-over",
    ]
    assert desk.done()[1] == ("ada", "urgent-handed-on", "to bob")


def test_given_back_it_waits_as_if_it_had_just_come(desk: Desk, mail: MailId) -> None:
    desk.work.acknowledge(ADA, mail)
    desk.now += 3600
    back = desk.work.give_back(ADA, mail, note="must leave")
    assert (back.holder, back.taken_at, back.since, back.told_at) == ("", None, desk.now, desk.now)
    assert desk.told(mail)[-1] == "ada: must leave"
    assert desk.alarms.waiting(ALL) == 1


def test_only_who_has_it_hands_it_on_or_gives_it_back(desk: Desk, mail: MailId) -> None:
    desk.user("bob", urgent=True)
    for act in (lambda: desk.work.give_back(BOB, mail), lambda: desk.work.hand_on(BOB, mail, "bob")):
        with pytest.raises(Refused, match="nobody has it"):
            act()
    desk.work.acknowledge(ADA, mail)
    with pytest.raises(Refused, match="ada has it: only"):
        desk.work.give_back(BOB, mail)


def test_what_is_not_there_or_not_urgent_or_not_for_them_is_the_same(desk: Desk, mail: MailId) -> None:
    (calm,) = judged(desk.store, "", first=2)
    narrow = doer(desk.user("refunds", urgent=True, routes=(RouteName("refunds"),)))
    for by, one in ((ADA, calm), (ADA, MailId("none")), (narrow, mail)):
        with pytest.raises(Refused, match="no such urgent mail"):
            desk.work.acknowledge(by, one)


def test_a_note_has_an_end(desk: Desk, mail: MailId) -> None:
    desk.work.acknowledge(ADA, mail, note="x" * 1000)
    with pytest.raises(Refused, match="shorten it"):
        desk.work.acknowledge(ADA, mail, note="x" * 1001)


def test_what_nobody_has_is_told_again_and_again(desk: Desk, mail: MailId) -> None:
    escalation = desk.escalation()
    desk.now = DECIDED + 899
    assert not escalation.turn()
    assert desk.notes == []
    desk.now = DECIDED + 900
    escalation.turn()
    escalation.turn()
    desk.now += 900
    escalation.turn()
    assert desk.notes == [
        ("urgent-waits", mail, {"repeat": 1, "seconds": 900.0}),
        ("urgent-waits", mail, {"repeat": 2, "seconds": 1800.0}),
    ]
    assert desk.alarm(mail).repeats == 2
    assert desk.told(mail) == ["", ""]
    desk.work.acknowledge(ADA, mail)
    desk.now += 9000
    escalation.turn()
    assert len(desk.notes) == 2


def test_who_takes_it_at_the_same_moment_stops_that(desk: Desk, mail: MailId) -> None:
    class Late(SqliteAlarms):
        def neglected(self, before: float, limit: int) -> tuple[Alarm, ...]:
            found = super().neglected(before, limit)
            desk.work.acknowledge(ADA, mail)
            return found

    desk.now = DECIDED + 900
    replace(desk.escalation(), alarms=Late(desk.store.units)).turn()
    assert desk.notes == []
    assert desk.alarm(mail).holder == "ada"


def test_many_are_told_in_several_turns(desk: Desk) -> None:
    judged(desk.store, *["threat"] * 100)
    desk.now = DECIDED + 9000
    assert desk.escalation().turn()
    assert not desk.escalation().turn()
    assert len(desk.notes) == 100


def test_lives_come_before_what_the_team_has_named_and_that_before_letters() -> None:
    signals = ("self-harm", "child-safety", "threat", "security", "authority")
    assert [danger((one,)) for one in signals] == [0, 1, 2, 3, 4]
    assert danger(("authority", "threat")) == 2
    assert danger(()) == danger(("security",))


def test_pages_by_danger_go_on_after_the_last_that_was_told(desk: Desk) -> None:
    data, threat, late, grave = judged(desk.store, "data-request", "threat", "threat", "self-harm")
    found, after = [], ""
    for _ in range(4):
        page = by_danger(desk.alarms, desk.store, ALL, after=after, limit=1)
        found += [alarm.mail_id for alarm, _ in page.alarms]
        after = page.after
    assert found == [grave, threat, late, data]
    assert after == ""
    assert by_danger(desk.alarms, desk.store, ALL, after="nonsense").alarms == ()


def test_webhooks_are_told_as_their_filters_say(desk: Desk) -> None:
    (mail,) = judged(desk.store, "threat")
    decision = desk.store.decisions(mail)[-1]
    known = [
        Hook(name=HookName("all"), where="a.test:443"),
        Hook(name=HookName("desk"), where="a.test:443", routes=(decision.route,), events=("urgent",)),
        Hook(name=HookName("elsewhere"), where="a.test:443", routes=(RouteName("elsewhere"),)),
        Hook(name=HookName("routed"), where="a.test:443", events=("routed",)),
    ]
    assert hooks_told(known, decision) == ("all", "desk")
