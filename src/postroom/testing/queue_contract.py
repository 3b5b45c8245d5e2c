"""What every store's queue must do, as tests: leases, attempts, strikes, order, hands, clocks that jump."""

from typing import Any

import pytest

from postroom.model.mail import BounceOf, DestinationName, MailId
from postroom.model.work import Again, Done, NewJob, Park
from postroom.ports import JobFilter, Store
from postroom.testing.store_contract import House, accept, claim_deliveries, deliveries, ids, names
from postroom.testing.values import a_judgement, a_mail

HOUR = 3600.0


class ClaimsContract:
    """A job is in one pair of hands, and comes back when these are gone."""

    @pytest.fixture
    def store(self, house: House) -> Store:
        return house.open()

    def test_jobs_are_claimed_once_in_order_of_acceptance(self, store: Store, house: House) -> None:
        accept(store, *(a_mail(number) for number in range(10)))
        assert names(store.claim("judge", 4, "a")) == ids(0, 1, 2, 3)
        assert names(house.open().claim("judge", 4, "b")) == ids(4, 5, 6, 7)
        assert store.claimants() == ("a", "b")
        assert names(store.claim("judge", 100, "a")) == ids(8, 9)
        assert store.claim("judge", 100, "a") == ()

    def test_deliveries_are_claimed_by_destination(self, store: Store) -> None:
        deliveries(store, 2, "here")
        assert store.destinations_due() == ("here",)
        assert claim_deliveries(store, destination="there") == ()
        assert names(claim_deliveries(store, destination="here")) == ids(1, 2)
        assert store.destinations_due() == ()

    def test_a_settled_attempt_is_over(self, store: Store) -> None:
        deliveries(store, 1)
        (job,) = claim_deliveries(store)
        store.settle([Again(job=job, due_at=0.0, error="busy")])
        store.settle([Done(job=job)])
        store.settle([Park(job=job, error="x", why="bug")])
        (again,) = claim_deliveries(store)
        assert (job.attempt, again.attempt, again.tries) == (1, 2, 1)
        store.settle([Done(job=job)])
        store.settle([Again(job=job, due_at=0.0, error="busy")])
        assert [info.state for info in store.jobs(JobFilter(destination="desk"))] == ["claimed"]
        store.settle([Done(job=again, receipt="250 ok"), Done(job=again), Park(job=again, error="x", why="bug")])
        assert [info.state for info in store.jobs(JobFilter(destination="desk"))] == ["done"]

    def test_a_try_that_does_not_count_is_not_counted(self, store: Store) -> None:
        deliveries(store, 1)
        (job,) = claim_deliveries(store)
        store.settle([Again(job=job, due_at=0.0, error="down", counts=False)])
        (again,) = claim_deliveries(store)
        assert (again.attempt, again.tries) == (2, 0)

    def test_what_is_put_off_waits_for_its_time(self, store: Store, house: House) -> None:
        deliveries(store, 1)
        (job,) = claim_deliveries(store)
        store.settle([Again(job=job, due_at=house.clock.now() + 60, error="busy")])
        house.clock.advance(59)
        assert (claim_deliveries(store), store.destinations_due()) == ((), ())
        house.clock.advance(1)
        assert store.destinations_due() == ("desk",)
        assert names(claim_deliveries(store)) == ids(1)

    def test_neither_new_jobs_nor_put_off_ones_starve_the_others(self, store: Store, house: House) -> None:
        deliveries(store, 30)
        store.settle(
            [Again(job=job, due_at=house.clock.now() + 1, error="busy") for job in claim_deliveries(store, 15)]
        )
        house.clock.advance(2)
        batch = claim_deliveries(store, 10)
        assert {job.attempt for job in batch} == {1, 2}

    def test_a_lease_that_is_over_gives_the_job_to_another(self, store: Store, house: House) -> None:
        deliveries(store, 1)
        (slow,) = claim_deliveries(store, worker="slow")
        house.clock.advance(house.lease_seconds - 1)
        assert claim_deliveries(store, worker="quick") == ()
        house.clock.advance(2)
        assert store.destinations_due() == ("desk",)
        (again,) = claim_deliveries(store, worker="quick")
        assert again.attempt == slow.attempt + 1
        store.settle([Done(job=slow)])
        assert [info.state for info in store.jobs(JobFilter(destination="desk"))] == ["claimed"]

    def test_an_effect_that_came_late_still_counts_while_nobody_else_has_the_job(
        self, store: Store, house: House
    ) -> None:
        deliveries(store, 2)
        slow = claim_deliveries(store, worker="slow")
        house.clock.advance(house.lease_seconds + 1)
        assert len(claim_deliveries(store, worker="quick")) == 1
        store.settle([Done(job=job) for job in slow])
        assert [info.state for info in store.jobs(JobFilter(destination="desk"))] == ["claimed", "done"]

    def test_a_lease_does_not_care_for_the_wall_clock(self, store: Store, house: House) -> None:
        deliveries(store, 1)
        claim_deliveries(store, worker="slow")
        house.clock.jump(1e6)
        assert claim_deliveries(store, worker="quick") == ()
        house.clock.jump(-2e6)
        assert claim_deliveries(store, worker="quick") == ()

    def test_after_a_reboot_claims_are_over_and_nobody_is_to_blame(self, store: Store, house: House) -> None:
        deliveries(store, 1)
        claim_deliveries(store)
        after = house.reboot()
        assert after.destinations_due() == ("desk",)
        (job,) = claim_deliveries(after)
        assert (job.attempt, job.strikes) == (2, 0)


class StrikesContract:
    """After a worker's death its batch is done one by one: only the mail in hand is to blame."""

    @pytest.fixture
    def store(self, house: House) -> Store:
        return house.open()

    def test_a_batch_of_a_dead_worker_comes_back_one_by_one_without_strikes(self, store: Store) -> None:
        deliveries(store, 5)
        claim_deliveries(store, 3, "dead")
        assert store.release("dead") == 3
        assert store.release("dead") == 0
        for number in (1, 2, 3):
            (job,) = claim_deliveries(store, 10, "next")
            assert (job.mail_id, job.strikes, job.attempt) == (ids(number)[0], 0, 2)
            assert claim_deliveries(store, 10, "next") == ()
            store.settle([Done(job=job)])
        assert names(claim_deliveries(store, 10, "next")) == ids(4, 5)

    def test_three_workers_that_died_with_one_mail_alone_park_it(self, store: Store) -> None:
        deliveries(store, 2)
        claim_deliveries(store, 2, "w0")
        store.release("w0")
        poison = ids(1)
        for strikes in range(3):
            (job,) = claim_deliveries(store, 10, f"w{strikes + 1}")
            assert (names((job,)), job.strikes) == (poison, strikes)
            assert store.release(f"w{strikes + 1}") == 1
        (parked,) = store.jobs(JobFilter(states=("parked",)))
        assert (parked.mail_id, parked.why, parked.strikes) == (poison[0], "poison", 3)
        (other,) = claim_deliveries(store, 10, "w9")
        assert (names((other,)), other.strikes) == (ids(2), 0)

    def test_a_suspect_is_not_handed_to_a_worker_that_holds_others(self, store: Store) -> None:
        deliveries(store, 4)
        claim_deliveries(store, 1, "dead")
        held = claim_deliveries(store, 1, "alive")
        store.release("dead")
        assert claim_deliveries(store, 5, "alive") == ()
        store.settle([Done(job=job) for job in held])
        (suspect,) = claim_deliveries(store, 5, "alive")
        assert (suspect.mail_id, suspect.strikes) == (ids(1)[0], 1)

    def test_overstaying_alone_is_a_strike_and_with_others_is_not(self, store: Store, house: House) -> None:
        deliveries(store, 3)
        claim_deliveries(store, 1, "alone")
        claim_deliveries(store, 2, "many")
        house.clock.advance(house.lease_seconds + 1)
        claim_deliveries(store, 1, "next")
        assert [info.strikes for info in store.jobs(JobFilter(destination="desk"))] == [1, 0, 0]


class OrderContract:
    """At most one worker judges a thread or a sender at a time, in order of acceptance."""

    @pytest.fixture
    def store(self, house: House) -> Store:
        return house.open()

    @pytest.mark.parametrize("key", ["thread_key", "sender_key"])
    def test_a_key_is_in_one_pair_of_hands(self, store: Store, key: str) -> None:
        shared: dict[str, Any] = {key: "k"}
        accept(store, a_mail(1, **shared), a_mail(2, **shared), a_mail(3), a_mail(4, **shared))
        (first,) = store.claim("judge", 1, "a")
        assert names(store.claim("judge", 9, "b")) == ids(3)
        assert store.claim("judge", 9, "c") == ()
        store.record([a_judgement(first)])
        assert names(store.claim("judge", 9, "c")) == ids(2, 4)

    def test_one_batch_may_hold_several_of_a_key_in_order(self, store: Store) -> None:
        accept(store, *(a_mail(number, thread_key="k", sender_key=f"s{number % 2}") for number in range(6)))
        assert names(store.claim("judge", 9, "a")) == ids(*range(6))

    def test_keys_chain_through_a_batch(self, store: Store) -> None:
        accept(store, a_mail(1, thread_key="t"), a_mail(2, thread_key="t", sender_key="s"), a_mail(3, sender_key="s"))
        (first,) = store.claim("judge", 1, "a")
        assert store.claim("judge", 9, "b") == ()
        store.record([a_judgement(first)])
        assert names(store.claim("judge", 9, "b")) == ids(2, 3)

    def test_one_that_waits_for_its_time_holds_up_the_later_of_its_key_alone(self, store: Store, house: House) -> None:
        accept(store, a_mail(1, thread_key="k"), a_mail(2, thread_key="k"), a_mail(3))
        (first,) = store.claim("judge", 1, "a")
        store.settle([Again(job=first, due_at=house.clock.now() + 60, error="no account service")])
        assert names(store.claim("judge", 9, "b")) == ids(3)
        house.clock.advance(60)
        assert names(store.claim("judge", 9, "c")) == ids(1, 2)

    def test_a_parked_or_dropped_one_blocks_nobody(self, store: Store) -> None:
        accept(store, *(a_mail(number, thread_key="k") for number in (1, 2, 3)))
        (first,) = store.claim("judge", 1, "a")
        store.settle([Park(job=first, error="Bug", why="bug")])
        assert names(store.claim("judge", 1, "b")) == ids(2)
        store.release("b")
        store.drop(JobFilter(mail_id=ids(2)[0]), "test")
        assert names(store.claim("judge", 1, "b")) == ids(3)

    def test_mails_without_a_key_do_not_wait_for_each_other(self, store: Store) -> None:
        accept(store, a_mail(1, thread_key="", sender_key=""), a_mail(2, thread_key="", sender_key=""))
        store.claim("judge", 1, "a")
        assert names(store.claim("judge", 9, "b")) == ids(2)

    def test_a_long_row_of_blocked_ones_does_not_hide_the_rest(self, store: Store) -> None:
        accept(store, *(a_mail(number, sender_key="storm") for number in range(300)), a_mail(300))
        store.claim("judge", 1, "a")
        assert names(store.claim("judge", 8, "b")) == ids(300)


class ClockJumpsContract:
    """A wall clock that is set loses no work and stops none for long."""

    @pytest.fixture
    def store(self, house: House) -> Store:
        return house.open()

    @pytest.mark.parametrize("seconds", [-1e7, -7000.0, 7000.0, 1e7])
    def test_new_work_is_due_whatever_the_clock_does(self, store: Store, house: House, seconds: float) -> None:
        deliveries(store, 1)
        accept(store, a_mail(2))
        house.clock.jump(seconds)
        assert names(claim_deliveries(store)) == ids(1)
        assert names(store.claim("judge", 9, "w")) == ids(2)

    def test_what_was_put_off_before_the_clock_jumped_back_is_due(self, store: Store, house: House) -> None:
        deliveries(store, 1)
        (job,) = claim_deliveries(store)
        store.settle([Again(job=job, due_at=house.clock.now() + 60, error="busy")])
        house.clock.jump(-1e6)
        assert store.destinations_due() == ("desk",)
        assert names(claim_deliveries(store)) == ids(1)

    def test_the_review_clock_may_be_days_ahead(self, store: Store, house: House) -> None:
        accept(store, a_mail(1))
        (job,) = store.claim("judge", 1, "w")
        from_now = house.clock.now() + 48 * HOUR
        clock = NewJob(kind="clock", mail_id=job.mail_id, generation=1, due_at=from_now)
        store.record([a_judgement(job, clock)])
        assert store.claim("clock", 1, "w") == ()
        house.clock.advance(48 * HOUR)
        assert names(store.claim("clock", 1, "w")) == ids(1)


class HandsContract:
    """What people do to jobs."""

    @pytest.fixture
    def store(self, house: House) -> Store:
        return house.open()

    def test_unparking_begins_afresh(self, store: Store, house: House) -> None:
        deliveries(store, 2)
        jobs = claim_deliveries(store)
        store.settle([Park(job=job, error="no such user", why="gave-up") for job in jobs])
        assert store.parked_since(0.0) == 0
        house.clock.advance(1000.0)
        assert store.unpark(JobFilter(mail_id=ids(1)[0])) == 1
        (again,) = claim_deliveries(store)
        assert (again.mail_id, again.attempt, again.tries, again.strikes) == (ids(1)[0], 2, 0, 0)
        assert again.created_at == house.clock.now()

    def test_what_was_dropped_by_mistake_begins_afresh_too(self, store: Store, house: House) -> None:
        deliveries(store, 2)
        store.drop(JobFilter(destination="desk"), "wrong window")
        house.clock.advance(1000.0)
        assert store.unpark(JobFilter(states=("parked",))) == 0
        assert store.unpark(JobFilter(mail_id=ids(1)[0])) == 1
        (again,) = claim_deliveries(store)
        assert (again.mail_id, again.created_at) == (ids(1)[0], house.clock.now())
        store.settle([Done(job=again)])
        assert [info.state for info in store.jobs(JobFilter(destination="desk"))] == ["done", "dropped"]

    def test_an_unparked_judgement_keeps_its_place_among_its_key(self, store: Store) -> None:
        accept(store, a_mail(1, thread_key="k"))
        (job,) = store.claim("judge", 1, "w")
        store.settle([Park(job=job, error="x", why="bug")])
        accept(store, a_mail(2, thread_key="k"))
        store.unpark(JobFilter())
        assert names(store.claim("judge", 1, "a")) == ids(1)
        assert store.claim("judge", 1, "b") == ()

    def test_bugs_and_poison_are_counted_since_a_time(self, store: Store, house: House) -> None:
        deliveries(store, 3)
        jobs = claim_deliveries(store)
        store.settle([Park(job=jobs[0], error="x", why="bug"), Park(job=jobs[1], error="x", why="gave-up")])
        house.clock.advance(10)
        store.settle([Park(job=jobs[2], error="x", why="bug")])
        assert store.parked_since(house.clock.now() - 20) == 2
        assert store.parked_since(house.clock.now()) == 1

    def test_retry_makes_what_waits_due_now(self, store: Store, house: House) -> None:
        deliveries(store, 2)
        jobs = claim_deliveries(store)
        store.settle([Again(job=job, due_at=house.clock.now() + 600, error="busy") for job in jobs])
        assert store.retry(JobFilter(destination="desk", limit=1)) == 1
        assert names(claim_deliveries(store)) == ids(1)

    def test_a_delivery_is_made_elsewhere_in_the_same_generation(self, store: Store, house: House) -> None:
        deliveries(store, 3)
        first, second, third = claim_deliveries(store, 3)
        store.settle([Park(job=first, error="full", why="gave-up"), Done(job=third)])
        assert store.redirect(JobFilter(destination="desk"), DestinationName("rescue"), "to rescue: full") == 1
        (old,) = store.jobs(JobFilter(ids=(first.id,)))
        assert (old.state, old.why, old.error) == ("dropped", "redirected", "to rescue: full")
        (new,) = store.jobs(JobFilter(destination="rescue"))
        assert (new.state, new.mail_id, new.generation, new.does) == (
            "ready",
            first.mail_id,
            first.generation,
            "deliver",
        )
        assert [one.id for one in store.claim("deliver", 9, "w", destination=new.destination)] == [new.id]
        assert [one.state for one in store.jobs(JobFilter(ids=(second.id, third.id)))] == ["claimed", "done"]

    def test_sent_to_where_it_was_given_up_on_it_is_tried_there_again(self, store: Store, house: House) -> None:
        deliveries(store, 1)
        desk, rescue, there = DestinationName("desk"), DestinationName("rescue"), JobFilter(destination="desk")
        assert store.redirect(there, rescue, "a") == 1
        assert store.redirect(JobFilter(destination="rescue"), rescue, "it goes there already") == 0
        assert store.redirect(JobFilter(destination="rescue"), desk, "b") == 1
        assert [(one.destination, one.state) for one in store.jobs(JobFilter(kinds=("deliver",)))] == [
            ("desk", "ready"),
            ("rescue", "dropped"),
        ]
        assert store.redirect(JobFilter(kinds=("judge",)), rescue, "no delivery") == 0

    def test_dropping_keeps_the_mail_and_the_reason_and_leaves_claimed_ones_alone(self, store: Store) -> None:
        deliveries(store, 2)
        claim_deliveries(store, 1)
        assert store.drop(JobFilter(destination="desk"), "asked by phone") == 1
        (dropped,) = store.jobs(JobFilter(states=("dropped",)))
        assert (dropped.mail_id, dropped.error) == (ids(2)[0], "asked by phone")
        assert len(store.read(ids(2))) == 1
        assert store.drop(JobFilter(states=("done",)), "nothing") == 0

    def test_filters_narrow(self, store: Store, house: House) -> None:
        jobs = deliveries(store, 3)
        made = house.clock.now()
        assert len(store.jobs(JobFilter())) == 6
        assert [info.id for info in store.jobs(JobFilter(kinds=("judge",), limit=2))] == [jobs[0].id, jobs[1].id]
        assert [info.mail_id for info in store.jobs(JobFilter(ids=(jobs[2].id,)))] == ids(3)
        assert store.jobs(JobFilter(before=made - 1e9)) == ()
        every = store.jobs(JobFilter())
        assert store.jobs(JobFilter(after=every[0].id)) == every[1:]
        assert store.jobs(JobFilter(why="bug")) == ()
        assert len(store.jobs(JobFilter(states=("ready", "claimed"), destination="desk"))) == 3

    def test_a_bounce_reopens_its_delivery_once(self, store: Store) -> None:
        deliveries(store, 1)
        (job,) = claim_deliveries(store)
        bounce = BounceOf(mail_id=job.mail_id, destination=job.destination, generation=1)
        store.settle([Done(job=job)])
        assert not store.reopen(BounceOf(mail_id=job.mail_id, destination=DestinationName("other"), generation=1), "x")
        assert not store.reopen(BounceOf(mail_id=MailId("nobody"), destination=job.destination, generation=1), "x")
        assert store.reopen(bounce, "user unknown")
        assert not store.reopen(bounce, "user unknown")
        (parked,) = store.jobs(JobFilter(states=("parked",)))
        assert (parked.why, parked.error) == ("bounced", "user unknown")
        assert store.unpark(JobFilter(why="bounced")) == 1
        (again,) = claim_deliveries(store)
        store.settle([Done(job=again)])
        assert not store.jobs(JobFilter(states=("parked",))), "what a person takes up again is a new delivery"

    @pytest.mark.parametrize("tries", [0, 1])
    def test_a_bounce_that_is_faster_than_the_settling_counts_once_it_is_settled(
        self, store: Store, house: House, tries: int
    ) -> None:
        """It may also speak of one recipient while another is tried again."""
        deliveries(store, 2)
        job, other = claim_deliveries(store)
        bounce = BounceOf(mail_id=job.mail_id, destination=job.destination, generation=1)
        assert store.reopen(bounce, "user unknown")
        assert not store.reopen(bounce, "user unknown")
        for _ in range(tries):
            store.settle([Again(job=job, due_at=house.clock.now(), error="451 greylisted")])
            (job,) = claim_deliveries(store)
        store.settle([Done(job=job), Done(job=other)])
        (parked,) = store.jobs(JobFilter(states=("parked",)))
        assert (parked.mail_id, parked.why, parked.error) == (job.mail_id, "bounced", "user unknown")
        assert [info.mail_id for info in store.jobs(JobFilter(states=("done",), kinds=("deliver",)))] == [other.mail_id]

    def test_retry_leaves_the_review_clock_alone_unless_it_is_named(self, store: Store, house: House) -> None:
        accept(store, a_mail(1))
        (job,) = store.claim("judge", 10, "judge")
        due = house.clock.now() + 3600.0
        clock = NewJob(kind="clock", mail_id=job.mail_id, generation=1, due_at=due)
        store.record([a_judgement(job, clock)])
        assert store.retry(JobFilter()) == 1
        assert store.claim("clock", 10, "judge") == ()
        assert [info.due_at for info in store.jobs(JobFilter(kinds=("clock",)))] == [due]
        assert store.retry(JobFilter(kinds=("clock",))) == 1
        assert len(store.claim("clock", 10, "judge")) == 1, "named, it runs out now"


class QueueContract(ClaimsContract, StrikesContract, OrderContract, ClockJumpsContract, HandsContract):
    """All of the queue."""
