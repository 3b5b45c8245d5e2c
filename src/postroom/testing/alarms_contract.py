"""What every store must do with urgent mail, as tests. Subclass; ``store`` is a `Store`, the others rooms on it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from postroom.model.alarms import Alarm, AlarmEvent
from postroom.model.errors import Refused
from postroom.model.hooks import HookName
from postroom.model.listing import Event
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import ALL, Deed, Sight, UserName
from postroom.model.work import NewJob
from postroom.ports import Store
from postroom.ports.accounts import Journal
from postroom.ports.alarms import Alarms
from postroom.ports.hooks import Hooks
from postroom.testing.store_contract import accept
from postroom.testing.values import a_judgement, a_mail, a_ruling

DECIDED = 1_800_000_000.0
NOW = DECIDED + 100.0


def judged(store: Store, *signals: str, first: int = 1, **changes: Any) -> list[MailId]:
    """Mails ``first``, … with these signals (``""`` for none), each decided a second after the one before."""
    accept(store, *(a_mail(first + number) for number in range(len(signals))))
    jobs = store.claim("judge", 100, "setup")
    store.record(
        [
            a_judgement(
                job, urgent=(signal,) if signal else (), **{"decided_at": DECIDED + first + number - 1, **changes}
            )
            for number, (job, signal) in enumerate(zip(jobs, signals, strict=True))
        ]
    )
    return [job.mail_id for job in jobs]


def taken(alarm: Alarm, by: str = "ada", at: float = NOW) -> Alarm:
    """Somebody has it."""
    return replace(alarm, holder=UserName(by), taken_at=at)


def event(by: str = "ada") -> AlarmEvent:
    """What is told of that."""
    return AlarmEvent(at=NOW, by=by, what="acknowledged", detail="calls them")


def ids(alarms: Alarms, *, held: bool = False, sight: Sight = ALL, **asked: Any) -> list[MailId]:
    """The mails of a page."""
    return [alarm.mail_id for alarm, _ in alarms.page(sight, held=held, **asked).alarms]


class AlarmsContract:
    """No urgent mail is lost between two people."""

    def test_an_urgent_mail_waits_from_its_decision_on(self, store: Store, alarms: Alarms) -> None:
        calm, threat = judged(store, "", "threat")
        ((alarm, row),) = alarms.page(ALL, held=False).alarms
        assert alarm == Alarm(mail_id=threat, since=DECIDED + 1, told_at=DECIDED + 1)
        assert (row.id, row.urgent) == (threat, True)
        assert alarms.alarm(threat, ALL) == alarm
        assert alarms.alarm(calm, ALL) is None
        assert alarms.waiting(ALL) == 1

    def test_a_mail_that_is_found_urgent_later_waits_from_then_on(self, store: Store, alarms: Alarms) -> None:
        accept(store, a_mail(1))
        (job,) = store.claim("judge", 10, "setup")
        again = NewJob(kind="judge", mail_id=job.mail_id, generation=2)
        store.record([a_judgement(job, again)])
        assert ids(alarms) == []
        store.record(
            [a_judgement(one, urgent=("threat",), decided_at=NOW) for one in store.claim("judge", 10, "setup")]
        )
        found = alarms.alarm(job.mail_id, ALL)
        assert found is not None
        assert found.since == NOW

    def test_what_is_decided_anew_stays_as_it_is(self, store: Store, alarms: Alarms) -> None:
        (mail,) = judged(store, "threat")
        found = alarms.alarm(mail, ALL)
        assert found is not None
        kept = alarms.put(taken(found), event(), None)
        store.rule(a_ruling(mail))
        assert alarms.alarm(mail, ALL) == kept

    def test_what_waits_longest_comes_first_and_what_was_taken_last(self, store: Store, alarms: Alarms) -> None:
        all_of_them = judged(store, *["threat"] * 5)
        first = alarms.page(ALL, held=False, limit=3)
        assert [alarm.mail_id for alarm, _ in first.alarms] == all_of_them[:3]
        assert first.after == all_of_them[2]
        assert ids(alarms, after=first.after, limit=3) == all_of_them[3:]
        assert alarms.page(ALL, held=False, after=first.after, limit=2).after == ""
        for number, (alarm, _) in enumerate(first.alarms):
            alarms.put(taken(alarm, at=NOW + number), event(), None)
        assert ids(alarms) == all_of_them[3:]
        assert ids(alarms, held=True, limit=2) == [all_of_them[2], all_of_them[1]]
        assert ids(alarms, held=True, after=all_of_them[1]) == [all_of_them[0]]

    def test_a_page_after_what_is_not_there_is_empty(self, store: Store, alarms: Alarms) -> None:
        judged(store, "threat")
        assert alarms.page(ALL, held=False, after="none").alarms == ()

    def test_what_somebody_does_is_kept_with_its_deed_and_in_the_way_of_the_mail(
        self, store: Store, alarms: Alarms, journal: Journal, way: Callable[[MailId], tuple[Event, ...]]
    ) -> None:
        (mail,) = judged(store, "threat")
        found = alarms.alarm(mail, ALL)
        assert found is not None
        deed = Deed(at=NOW, by="ada", what="urgent-acknowledged", to=mail)
        kept = alarms.put(replace(taken(found), note="on it"), event(), deed)
        assert kept.version == 1
        assert alarms.alarm(mail, ALL) == kept
        assert [(one.by, one.what, one.to) for one in journal.deeds()] == [("ada", "urgent-acknowledged", mail)]
        (told,) = [one for one in way(mail) if one.what == "urgent: acknowledged"]
        assert (told.at, told.detail) == (NOW, "ada: calls them")

    def test_of_two_at_once_one_is_refused(self, store: Store, alarms: Alarms, journal: Journal) -> None:
        (mail,) = judged(store, "threat")
        found = alarms.alarm(mail, ALL)
        assert found is not None
        alarms.put(taken(found), event(), None)
        with pytest.raises(Refused, match="quicker"):
            alarms.put(taken(found, "bob"), event("bob"), Deed(at=NOW, by="bob", what="x"))
        with pytest.raises(Refused):
            alarms.put(replace(found, mail_id=MailId("none")), event(), None)
        after = alarms.alarm(mail, ALL)
        assert after is not None
        assert after.holder == "ada"
        assert journal.deeds() == ()

    def test_what_may_not_be_seen_is_not_there(self, store: Store, alarms: Alarms) -> None:
        (mail,) = judged(store, "threat")
        found = alarms.alarm(mail, ALL)
        assert found is not None
        of_it = Sight(brands=frozenset({BrandName("example")}), routes=frozenset({RouteName("appeals")}))
        for sight in (Sight(routes=frozenset({RouteName("refunds")})), Sight(brands=frozenset({BrandName("other")}))):
            assert alarms.alarm(mail, sight) is None
            assert ids(alarms, sight=sight) == []
            assert alarms.waiting(sight) == 0
        assert alarms.alarm(mail, of_it) == found
        assert ids(alarms, sight=of_it) == [mail]
        alarms.put(replace(taken(found), offered=UserName("bob")), event(), None)
        assert [one.mail_id for one, _ in alarms.offered("bob", of_it).alarms] == [mail]
        assert alarms.offered("bob", Sight(routes=frozenset({RouteName("refunds")}))).alarms == ()

    def test_what_is_handed_on_waits_for_whom_it_is_handed_to(self, store: Store, alarms: Alarms) -> None:
        one, two = judged(store, "threat", "threat")
        found = alarms.alarm(one, ALL)
        assert found is not None
        alarms.put(replace(taken(found), offered=UserName("bob")), event(), None)
        assert (alarms.waiting(ALL), alarms.waiting(ALL, "bob"), alarms.waiting(ALL, "eve")) == (1, 2, 1)
        assert [alarm.mail_id for alarm, _ in alarms.offered("bob", ALL).alarms] == [one]
        assert alarms.offered("", ALL).alarms == ()
        assert ids(alarms) == [two]

    def test_what_nobody_has_is_neglected_after_a_time(self, store: Store, alarms: Alarms) -> None:
        one, two, three = judged(store, "threat", "threat", "threat")
        assert [alarm.mail_id for alarm in alarms.neglected(DECIDED + 1, 10)] == [one, two]
        assert len(alarms.neglected(DECIDED + 1, 1)) == 1
        first = alarms.alarm(one, ALL)
        second = alarms.alarm(two, ALL)
        assert first is not None
        assert second is not None
        alarms.put(taken(first), event(), None)
        alarms.put(replace(second, repeats=1, told_at=NOW), event(""), None)
        assert alarms.neglected(DECIDED + 1, 10) == ()
        assert [alarm.mail_id for alarm in alarms.neglected(NOW, 10)] == [three, two]
        found = alarms.unheard(DECIDED + 1)
        assert (found.waiting, found.oldest, found.neglected) == (2, DECIDED + 1, 1)

    def test_nobody_waits(self, alarms: Alarms) -> None:
        found = alarms.unheard(NOW)
        assert (found.waiting, found.oldest, found.neglected) == (0, None, 0)

    def test_hooks_are_told_again_each_time(self, store: Store, alarms: Alarms, hooks: Hooks) -> None:
        hooks.set_up([HookName("pager")])
        (mail,) = judged(store, "threat")
        found = alarms.alarm(mail, ALL)
        assert found is not None
        again = alarms.put(replace(found, repeats=1, told_at=NOW), event(""), None)
        alarms.put(taken(replace(again, repeats=2, told_at=NOW + 1)), event(), None)
        noted = [(one.what, one.mail_id, one.about, one.at) for one in hooks.happened(10)]
        assert noted[1:] == [("urgent", mail, 2, NOW), ("urgent", mail, 3, NOW + 1)]
