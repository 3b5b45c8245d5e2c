"""What every store must do for reviewers, as tests: linked copies, second looks, the day's work. Subclass as `store_contract` shows."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Protocol

import pytest

from postroom.model.desktop import BoxCount, Wanted
from postroom.model.errors import Refused
from postroom.model.judgement import TakenBack, Verdict
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import ALL, Deed, Sight
from postroom.model.secondlooks import SecondLook, said
from postroom.model.work import NewJob
from postroom.ports import Store
from postroom.ports.accounts import Journal
from postroom.ports.desktop import Turns, Views
from postroom.ports.privacy import Erasing
from postroom.ports.reviewing import Backlog, ReviewDay, SecondLooks
from postroom.testing import desktop_contract
from postroom.testing.privacy_contract import removal
from postroom.testing.store_contract import accept
from postroom.testing.values import a_judgement, a_mail, a_parcel, a_ruling

DEED = Deed(at=1.0, by="bea", what="second-look")
APPEALS, REFUNDS = RouteName("appeals"), RouteName("refunds")
SHOP = Sight(brands=frozenset({BrandName("shop")}))


class House(desktop_contract.House, Protocol):
    """A store with what reviewers need of it."""

    def looks(self, store: Store) -> SecondLooks:
        """Its second looks."""
        ...

    def review_day(self, store: Store) -> ReviewDay:
        """Its day in review."""
        ...

    def erasing(self, store: Store) -> Erasing:
        """What erases mail."""
        ...

    def journal(self, store: Store) -> Journal:
        """Its audit log."""
        ...


def asked(store: Store, number: int, *, brand: str = "shop", due_at: float = 2e9, **decision: Any) -> MailId:
    """A mail that waits in review, guessed to be an appeal."""
    accept(store, a_mail(number, brand=BrandName(brand)))
    (job,) = store.claim("judge", 1, "setup")
    clock = NewJob(kind="clock", mail_id=job.mail_id, generation=1, due_at=due_at)
    facts: dict[str, Any] = {"asked": "review", "route": "review", "decided": "appeals"} | decision
    store.record([a_judgement(job, clock, brand=BrandName(brand), **facts)])
    return job.mail_id


def answered(store: Store, mail_id: MailId, route: str = "refunds", *, by: str = "ada", at: float = 10.0) -> Verdict:
    """Somebody answers first, and a second is to be asked."""
    ruling = a_ruling(mail_id, route)
    verdict = replace(ruling.verdict, by=by, at=at, asked="review", probability=1.0)
    return store.rule(replace(ruling, verdict=verdict, second_look=True))


class ReviewingContract:
    """Second looks, linked copies and the day's work."""

    @pytest.fixture
    def store(self, house: House) -> Store:
        return house.open()

    @pytest.fixture
    def looks(self, store: Store, house: House) -> SecondLooks:
        return house.looks(store)

    @pytest.fixture
    def views(self, store: Store, house: House) -> Views:
        return house.views(store)

    # -- linked copies ---------------------------------------------------------------------------------------------

    def test_a_linked_copy_is_seen_at_both_desks_and_once_in_a_list(self, store: Store, views: Views) -> None:
        accept(store, a_mail(1), a_mail(2))
        one, other = store.claim("judge", 2, "setup")
        store.record(
            [a_judgement(one, route="appeals", second="refunds", copied=True), a_judgement(other, route="appeals")]
        )
        for inbox in ("appeals", "refunds"):
            store.file(a_parcel(a_mail(1), inbox)).result(timeout=30)
        both, mine, no = (
            Sight(routes=frozenset(map(RouteName, routes)))
            for routes in (("appeals", "refunds"), ("refunds",), ("general",))
        )
        for sight, reading, expected in (
            (ALL, "", [2, 1]), (both, "", [2, 1]), (mine, "", [1]), (no, "", []), (both, "unread", [1]), (mine, "unread", [1]),
        ):  # fmt: skip
            found = views.mails(Wanted(reading=reading), sight).rows  # type: ignore[arg-type]
            assert [row.id for row in found] == [a_mail(number).id for number in expected]
        for route, expected in (("refunds", [1]), ("appeals", [2, 1])):
            rows = views.mails(Wanted(route=RouteName(route)), ALL).rows
            assert [row.id for row in rows] == [a_mail(number).id for number in expected]
        (row,) = views.mails(Wanted(), mine).rows
        assert (row.route, row.also) == ("appeals", "refunds")
        assert views.row(row.id, mine) == row
        assert views.row(row.id, no) is None
        at = [
            BoxCount(route=RouteName(route), brand=BrandName("example"), unread=1) for route in ("appeals", "refunds")
        ]
        assert list(views.counts(ALL)) == at
        assert list(views.counts(mine)) == at[1:]
        store.mark_read(row.id, "refunds")
        assert views.mails(Wanted(reading="unread"), ALL).rows == (row,), "the other desk has not read it"

    def test_a_verdict_makes_a_linked_copy_and_another_ends_it(self, store: Store, views: Views) -> None:
        mail_id = asked(store, 1)
        split = a_ruling(mail_id, "appeals")
        store.rule(replace(split, decision=replace(split.decision, second=REFUNDS, copied=True)))
        assert [row.also for row in views.mails(Wanted(route=REFUNDS), ALL).rows] == ["refunds"]
        store.rule(a_ruling(mail_id, "appeals", 2))
        assert views.mails(Wanted(route=REFUNDS), ALL).rows == ()

    # -- second looks ----------------------------------------------------------------------------------------------

    def test_a_second_look_begins_with_the_first_answer_and_is_not_for_who_gave_it(
        self, store: Store, looks: SecondLooks, house: House
    ) -> None:
        mail_id = asked(store, 1)
        assert looks.take("bea", ALL, lease=60, since=0.0) is None
        answered(store, mail_id)
        assert looks.take("Ada", ALL, lease=60, since=0.0) is None
        assert looks.take("bea", ALL, lease=60, since=11.0) is None, "it is too old"
        found = looks.take("bea", ALL, lease=60, since=0.0)
        assert found == SecondLook(
            mail_id=mail_id,
            brand=BrandName("shop"),
            generation=1,
            decided=APPEALS,
            first="ada",
            first_said=(REFUNDS,),
            opened_at=10.0,
            until=house.clock.now() + 60,
        )
        assert looks.take("bea", ALL, lease=60, since=0.0) == found
        assert looks.take("cy", ALL, lease=60, since=0.0) is None, "it is in another's hands"
        assert looks.take_one(mail_id, "cy", ALL, lease=60) is None
        assert looks.take_one(mail_id, "bea", ALL, lease=60) == found
        looks.give_back(mail_id, "cy")
        looks.give_back(mail_id, "bea")
        assert looks.take_one(mail_id, "cy", ALL, lease=60) is not None
        house.clock.advance(61)
        assert looks.take("dan", ALL, lease=60, since=0.0) is not None, "a lease ends by time"

    def test_each_is_asked_once(self, store: Store, looks: SecondLooks, house: House) -> None:
        mail_id = asked(store, 1)
        answered(store, mail_id)
        assert looks.take_one(mail_id, "bea", ALL, lease=60)
        house.clock.advance(61)
        assert looks.take("bea", ALL, lease=60, since=0.0), "nobody else took it: what came of it was not told"
        looks.give_back(mail_id, "bea")
        assert looks.take("Bea", ALL, lease=60, since=0.0) is None, "it may have been looked at since"
        assert looks.take_one(mail_id, "bea", ALL, lease=60) is None
        assert looks.take_one(mail_id, "cy", ALL, lease=60)
        house.clock.advance(61)
        assert looks.take_one(mail_id, "dan", ALL, lease=60)
        house.clock.advance(61)
        assert looks.take("cy", ALL, lease=60, since=0.0) is None, "another took it, and it was told"

    def test_who_has_seen_what_came_of_it_is_not_asked(self, store: Store, looks: SecondLooks) -> None:
        mail_id, other = asked(store, 1), asked(store, 2)
        looks.seen([mail_id], "bea")
        answered(store, mail_id)
        answered(store, other)
        assert looks.take_one(mail_id, "bea", ALL, lease=0.0), "seen before there was anything to see"
        for _ in range(2):
            looks.seen([mail_id, other, MailId("0" * 26)], "Cy")
        assert looks.take("cy", ALL, lease=60, since=0.0) is None
        assert looks.take("dan", ALL, lease=60, since=0.0)

    def test_one_skipped_is_given_back_and_does_not_come_again(self, store: Store, looks: SecondLooks) -> None:
        ids = [asked(store, number) for number in (1, 2)]
        for at, mail_id in enumerate(ids):
            answered(store, mail_id, at=at)
        first = looks.take("bea", ALL, lease=60, since=0.0)
        second = looks.take("bea", ALL, lease=60, since=0.0, skip=ids[:1])
        assert [one and one.mail_id for one in (first, second)] == ids
        assert looks.take("cy", ALL, lease=60, since=0.0) is not None
        assert looks.take("bea", ALL, lease=60, since=0.0, skip=ids) is None
        assert looks.take_one(ids[1], "dan", ALL, lease=60) is not None, "the second was given back too"

    def test_it_is_known_who_has_one_in_hand_until_it_is_answered(self, store: Store, looks: SecondLooks) -> None:
        first, second = asked(store, 1), asked(store, 2)
        answered(store, first)
        answered(store, second)
        assert looks.held("bea") == ()
        assert looks.take_one(first, "bea", ALL, lease=0.0)
        (found,) = looks.held("bea")
        assert (found.mail_id, found.generation) == (first, 1)
        assert looks.take_one(second, "cy", ALL, lease=60.0)
        assert [one.mail_id for one in looks.held("cy")] == [second]
        looks.give_back(first, "bea")
        assert looks.held("bea") == ()
        looks.answer(second, said(("appeals",)), "cy", DEED)
        assert looks.held("cy") == ()

    def test_who_has_given_a_verdict_on_it_since_is_not_asked(self, store: Store, looks: SecondLooks) -> None:
        mail_id = asked(store, 1)
        answered(store, mail_id)
        later = a_ruling(mail_id, "appeals", 2)
        store.rule(replace(later, verdict=replace(later.verdict, by="Bea")))
        assert looks.take("bea", ALL, lease=60, since=0.0) is None
        assert looks.take("cy", ALL, lease=60, since=0.0) is not None

    def test_nobody_is_shown_what_they_may_not_see(self, store: Store, looks: SecondLooks) -> None:
        ids = [asked(store, number, brand=brand) for number, brand in ((1, "shop"), (2, "video"))]
        for mail_id in ids:
            answered(store, mail_id)
        video = Sight(brands=frozenset({BrandName("video")}))
        for routes in (("appeals",), ("refunds",)):
            sight = Sight(routes=frozenset(map(RouteName, routes)))
            assert looks.take("bea", sight, lease=60, since=0.0) is None, "guessed there and lying there"
        found = looks.take("bea", replace(video, routes=frozenset({APPEALS, REFUNDS})), lease=60, since=0.0)
        assert found is not None
        assert found.mail_id == ids[1]
        assert looks.take_one(ids[0], "bea", video, lease=60) is None
        looks.answer(ids[1], (APPEALS,), "bea", DEED)
        assert [one.mail_id for one in looks.answered(video, 0.0)] == ids[1:]
        assert looks.answered(SHOP, 0.0) == looks.open(SHOP) == ()
        assert looks.of_mail(ids[1], SHOP) is None
        assert looks.answered(replace(video, routes=frozenset({REFUNDS})), 0.0) == ()

    def test_an_answer_is_kept_with_its_deed_by_who_holds_it_alone(
        self, store: Store, looks: SecondLooks, house: House
    ) -> None:
        ids = [asked(store, number) for number in (1, 2)]
        for mail_id in ids:
            answered(store, mail_id)
        with pytest.raises(Refused, match="not in your hands"):
            looks.answer(ids[0], (REFUNDS,), "bea", DEED)
        for mail_id, answer in zip(ids, ((REFUNDS,), said((REFUNDS, APPEALS))), strict=True):
            looks.take_one(mail_id, "bea", ALL, lease=60)
            found = looks.answer(mail_id, answer, "bea", DEED)
            assert (found.second, found.second_said, found.agreed) == ("bea", answer, answer == (REFUNDS,))
        with pytest.raises(Refused):
            looks.answer(ids[0], (APPEALS,), "bea", DEED)
        assert [deed.what for deed in house.journal(store).deeds(what="second-look")] == ["second-look"] * 2
        assert [one.mail_id for one in looks.open(ALL)] == ids[1:]
        assert looks.open(ALL, limit=0) == ()
        assert {one.mail_id for one in looks.answered(ALL, 0.0)} == set(ids)
        assert looks.answered(ALL, house.clock.now() + 1) == ()
        assert looks.take("cy", ALL, lease=60, since=0.0) is None
        assert store.census()["second_looks"] == {"waiting": 0, "open": 1, "agreed": 1, "differed": 1}
        assert [v.by for mail_id in ids for v in store.verdicts_on(mail_id)] == ["ada", "ada"], "it is no verdict"

    def test_a_third_settles_it_and_may_take_that_back(self, store: Store, looks: SecondLooks) -> None:
        mail_id = asked(store, 1)
        answered(store, mail_id)
        looks.take_one(mail_id, "bea", ALL, lease=60)
        looks.answer(mail_id, (APPEALS,), "bea", DEED)
        ruling = a_ruling(mail_id, "appeals", 2, settles=True)
        for one_of_two in ("Ada", "bea"):
            with pytest.raises(Refused, match="one of the two"):
                store.rule(replace(ruling, verdict=replace(ruling.verdict, by=one_of_two)))
        assert len(store.decisions(mail_id)) == 2, "nothing has changed"
        verdict = store.rule(replace(ruling, verdict=replace(ruling.verdict, by="lea")))
        found = looks.of_mail(mail_id, ALL)
        assert found is not None
        assert (found.settled_by, found.settled, found.is_open) == ("lea", (APPEALS,), False)
        assert looks.open(ALL) == ()
        back = a_ruling(mail_id, "refunds", 3)
        store.rule(replace(back, verdict=replace(verdict, taken_back=TakenBack(by="lea", at=20.0))))
        assert [one.mail_id for one in looks.open(ALL)] == [mail_id]

    def test_without_the_first_answer_nobody_is_asked_a_second_time(self, store: Store, looks: SecondLooks) -> None:
        mail_id = asked(store, 1)
        verdict = answered(store, mail_id)
        back = a_ruling(mail_id, "review", 2)
        store.rule(replace(back, verdict=replace(verdict, taken_back=TakenBack(by="ada", at=20.0))))
        assert looks.take("bea", ALL, lease=60, since=0.0) is None
        assert looks.of_mail(mail_id, ALL) is None

    def test_of_an_erased_mail_nothing_is_asked_and_answers_are_counted(
        self, store: Store, looks: SecondLooks, house: House
    ) -> None:
        ids = [asked(store, number) for number in (1, 2)]
        for mail_id in ids:
            answered(store, mail_id)
        looks.take_one(ids[0], "bea", ALL, lease=60)
        looks.answer(ids[0], (APPEALS,), "bea", DEED)
        erasing = house.erasing(store)
        assert erasing.erase([removal(mail) for mail in store.read(ids)], (), 100.0).erased == tuple(ids)
        assert looks.take("cy", ALL, lease=60, since=0.0) is None
        assert (looks.open(ALL), looks.of_mail(ids[0], ALL)) == ((), None)
        (left,) = looks.answered(ALL, 0.0)
        assert (left.mail_id, left.first_said, left.second_said, left.is_open) == (
            ids[0],
            (REFUNDS,),
            (APPEALS,),
            False,
        )
        assert store.census()["second_looks"] == {"waiting": 0, "open": 0, "agreed": 0, "differed": 1}

    # -- at once ---------------------------------------------------------------------------------------------------

    def test_two_reviewers_never_hold_the_same_mail(self, store: Store, looks: SecondLooks, house: House) -> None:
        """Eight at once on forty questions and as many second looks: each is in one person's hands, and comes to somebody."""
        turns: Turns = house.turns(store)
        firsts = {asked(store, number) for number in range(1, 41)}
        seconds = {asked(store, number) for number in range(41, 81)}
        for mail_id in seconds:
            answered(store, mail_id)
        held: Counter[MailId] = Counter()
        lock, together = threading.Lock(), threading.Barrier(8)

        def work(by: str) -> None:
            together.wait(30)
            skip: tuple[MailId, ...] = ()
            while (taken := turns.take(by, ALL, lease=600, skip=skip)) and taken.waiting.mail_id not in skip:
                one = taken.waiting.mail_id
                with lock:
                    held[one] += 1
                    assert sum(other.waiting.mail_id == one for other in turns.held()) == 1
                ruling = a_ruling(one, "appeals")
                store.rule(replace(ruling, verdict=replace(ruling.verdict, by=by)))
            while look := looks.take(by, ALL, lease=600, since=0.0):
                with lock:
                    held[look.mail_id] += 1
                looks.answer(look.mail_id, (APPEALS,), by, DEED)

        with ThreadPoolExecutor(8) as people:
            for done in [people.submit(work, f"person {number}") for number in range(8)]:
                done.result(timeout=120)
        assert set(held) == firsts | seconds
        assert set(held.values()) == {1}

    # -- the day ---------------------------------------------------------------------------------------------------

    def test_the_days_work_is_what_was_answered_where_one_may_look(
        self, store: Store, looks: SecondLooks, house: House
    ) -> None:
        day = house.review_day(store)
        ids = [asked(store, number, brand=brand) for number, brand in ((1, "shop"), (2, "video"), (3, "shop"))]
        first = answered(store, ids[0], at=10.0)
        answered(store, ids[1], by="cy", at=20.0)
        answered(store, ids[2], at=30.0)
        corrected = a_ruling(ids[2], "appeals", 2)
        store.rule(replace(corrected, verdict=replace(corrected.verdict, at=40.0)))
        assert day.answered(ALL, 0.0) == (("ada", 10.0), ("cy", 20.0), ("ada", 30.0)), "a correction is no answer"
        assert day.answered(ALL, 15.0) == (("cy", 20.0), ("ada", 30.0))
        assert day.answered(ALL, 0.0, 1) == (("ada", 30.0),)
        assert day.answered(SHOP, 0.0) == (("ada", 10.0), ("ada", 30.0))
        for desk, expected in ((APPEALS, 3), (REFUNDS, 0)):
            assert len(day.answered(Sight(routes=frozenset({desk})), 0.0)) == expected, "of their best guess"
        looks.take_one(ids[0], "bea", ALL, lease=60)
        looks.answer(ids[0], (APPEALS,), "bea", DEED)
        assert ("bea", house.clock.now()) in day.answered(ALL, 0.0)
        back = a_ruling(ids[0], "review", 2)
        store.rule(replace(back, verdict=replace(first, taken_back=TakenBack(by="ada", at=50.0))))
        assert ("ada", 10.0) not in day.answered(ALL, 0.0)

    def test_the_backlog_is_what_waits_where_one_may_look(self, store: Store, house: House) -> None:
        day = house.review_day(store)
        assert day.backlog(ALL) == Backlog(waiting=0, oldest=None)
        asked(store, 1, decided_at=200.0)
        asked(store, 2, decided_at=100.0, brand="video")
        asked(store, 3, decided_at=50.0, asked="audit", route="refunds", decided="refunds")
        assert day.backlog(ALL) == Backlog(waiting=3, oldest=100.0), "the audit has no clock"
        assert day.backlog(SHOP) == Backlog(waiting=2, oldest=200.0)
