"""What every store must do, as tests. Subclass `StoreContract` in a test module and give it a fixture ``house``.

::

    class TestSqliteStore(StoreContract):
        @pytest.fixture
        def house(self, tmp_path): ...
"""

from concurrent.futures import Future
from typing import Any, Protocol

import pytest

from postroom.model.errors import TryLater
from postroom.model.example import Example, ExampleId
from postroom.model.mail import BounceOf, BrandName, DestinationName, Envelope, Mail, MailId, RouteName
from postroom.model.memory import DomainMail, Remember, SenderRecord, ThreadRecord
from postroom.model.work import Again, Done, Job, Lane, NewJob, Park, Summary
from postroom.ports import JobFilter, Store
from postroom.testing.clock import ManualClock
from postroom.testing.values import a_delivery, a_judgement, a_mail, a_parcel, a_ruling, an_example

DAY = 86400.0


class House(Protocol):
    """One store, as several processes see it."""

    #: what the store takes the time from
    clock: ManualClock
    #: how long a claim lasts, seconds
    lease_seconds: float

    def open(self) -> Store:
        """The store as another process sees it. The house closes it in the end."""
        ...

    def reboot(self) -> Store:
        """The store after the machine has started again: monotonic time begins anew."""
        ...


def accept(store: Store, *mails: Mail) -> tuple[Mail, ...]:
    """Accept and wait."""
    return store.accept(mails).result(timeout=30)


def deliveries(store: Store, count: int, destination: str = "desk") -> tuple[Job, ...]:
    """Mails 1 to ``count``, judged, each with a delivery that is not claimed yet; their ids."""
    accept(store, *(a_mail(number) for number in range(1, count + 1)))
    judging = store.claim("judge", count, "setup")
    store.record([a_judgement(job, a_delivery(job.mail_id, destination)) for job in judging])
    return judging


def claim_deliveries(store: Store, limit: int = 10, worker: str = "w", destination: str = "desk") -> tuple[Job, ...]:
    """Claim deliveries."""
    return store.claim("deliver", limit, worker, destination=DestinationName(destination))


def names(jobs: tuple[Job, ...]) -> list[MailId]:
    """Which mails."""
    return [job.mail_id for job in jobs]


def ids(*numbers: int) -> list[MailId]:
    """The ids of mails by their number."""
    return [a_mail(number).id for number in numbers]


class ArrivalsContract:
    """Accepted means kept; the same mail again is known."""

    @pytest.fixture
    def store(self, house: House) -> Store:
        return house.open()

    def test_what_is_accepted_is_read_back_whole_in_the_order_asked(self, store: Store) -> None:
        mails = [
            a_mail(
                1,
                raw=bytes(range(256)) * 40,
                bounce_of=BounceOf(mail_id=MailId("X"), destination=DestinationName("d"), generation=2),
            ),
            a_mail(
                2,
                raw=b"",
                envelope=Envelope(mail_from="", rcpt_to=("a@b.test", "c@b.test"), smtputf8=True, eightbit=True),
            ),
        ]
        accept(store, *mails)
        assert store.read([mails[1].id, MailId("nobody"), mails[0].id]) == (mails[1], mails[0])
        assert store.newest(5) == (mails[1].id, mails[0].id)
        assert store.newest(1) == (mails[1].id,)

    def test_text_that_no_encoding_can_carry_does_not_stop_a_mail(self, store: Store) -> None:
        accept(store, a_mail(1, message_id="\udcff@example.com", thread_key="\ud800", sender_key="\udc80"))
        (kept,) = store.read(ids(1))
        assert (kept.raw, kept.message_id) == (a_mail(1).raw, "�@example.com")

    def test_another_process_sees_it_once_the_future_is_done(self, store: Store, house: House) -> None:
        other = house.open()
        accept(store, a_mail(1))
        assert [mail.id for mail in other.read(ids(1))] == ids(1)
        assert names(other.claim("judge", 5, "w")) == ids(1)

    def test_many_at_once_are_all_kept_and_each_gets_its_own_answer(self, store: Store) -> None:
        futures: list[Future[tuple[Mail, ...]]] = [store.accept([a_mail(number)]) for number in range(300)]
        assert [future.result(timeout=30)[0].id for future in futures] == ids(*range(300))
        assert len(store.read(ids(*range(300)))) == 300

    def test_one_that_cannot_be_kept_takes_no_other_with_it(self, store: Store) -> None:
        accept(store, a_mail(7))
        futures = [store.accept([a_mail(number)]) for number in range(15)]
        outcomes = [future.exception(timeout=30) for future in futures]
        assert [number for number, error in enumerate(outcomes) if error is not None] == [7]
        assert len(store.read(ids(*range(15)))) == 15

    def test_the_same_mail_again_is_a_duplicate_without_a_job(self, store: Store) -> None:
        first = a_mail(1, envelope=Envelope(mail_from="a@x.test", rcpt_to=("s@b.test", "t@b.test")))
        again = a_mail(
            2,
            first.received_at + 4.9 * DAY,
            raw=first.raw,
            message_id=first.message_id,
            envelope=Envelope(mail_from="a@x.test", rcpt_to=("t@b.test", "s@b.test")),
        )
        accept(store, first)
        (kept,) = accept(store, again)
        assert kept.duplicate_of == first.id
        assert store.read([again.id])[0].duplicate_of == first.id
        assert names(store.claim("judge", 5, "w")) == [first.id]

    def test_duplicates_among_mails_of_one_moment_are_known_too(self, store: Store) -> None:
        futures = [
            store.accept(
                [a_mail(number, raw=b"x", message_id="same@x", envelope=Envelope(mail_from="a", rcpt_to=("b",)))]
            )
            for number in (1, 2, 3)
        ]
        assert [future.result(timeout=30)[0].duplicate_of for future in futures] == [None, *ids(1, 1)]

    @pytest.mark.parametrize(
        "changes",
        [
            {"message_id": "other@example.com"},
            {"raw": b"other"},
            {"envelope": Envelope(mail_from="other@example.com", rcpt_to=("support@brand.test",))},
            {"envelope": Envelope(mail_from="ada1@example.com", rcpt_to=("other@brand.test",))},
            {"brand": BrandName("other")},
            {"at": 1_800_000_000.0 + 5 * DAY},
        ],
    )
    def test_what_differs_in_any_of_these_is_no_duplicate(self, store: Store, changes: dict[str, Any]) -> None:
        first = a_mail(1)
        same = {"raw": first.raw, "message_id": first.message_id, "envelope": first.envelope, "at": first.received_at}
        accept(store, first)
        assert accept(store, a_mail(2, **{**same, **changes}))[0].duplicate_of is None
        assert len(store.claim("judge", 5, "w")) == 2

    def test_a_mail_without_message_id_is_never_a_duplicate(self, store: Store) -> None:
        first = a_mail(1, message_id="")
        accept(store, first)
        assert accept(store, a_mail(2, raw=first.raw, message_id="", envelope=first.envelope))[0].duplicate_of is None

    def test_a_closed_store_keeps_nothing_and_says_so(self, store: Store) -> None:
        accept(store, a_mail(1))
        store.close()
        with pytest.raises(TryLater):
            accept(store, a_mail(2))
        for use in (lambda: store.read([]), lambda: store.claim("judge", 1, "w"), store.census, store.changed):
            with pytest.raises(TryLater):
                use()
        store.close()


class JudgementsContract:
    """A judgement is recorded whole or not at all."""

    @pytest.fixture
    def store(self, house: House) -> Store:
        return house.open()

    def test_the_decision_in_force_is_the_newest_of_each_mail(self, store: Store) -> None:
        accept(store, a_mail(1), a_mail(2), a_mail(3))
        judged = [a_judgement(job) for job in store.claim("judge", 2, "w")]
        store.record(judged)
        ruling = a_ruling(judged[0].decision.mail_id)
        store.rule(ruling)
        found = store.in_force([a_mail(number).id for number in (1, 2, 3)])
        assert found == {one.mail_id: one for one in (ruling.decision, judged[1].decision)}
        assert store.in_force([]) == {}

    def test_a_decision_its_jobs_and_the_settling_come_together(self, store: Store) -> None:
        accept(store, a_mail(1))
        (job,) = store.claim("judge", 5, "w")
        judged = a_judgement(job, a_delivery(job.mail_id), a_delivery(job.mail_id, "copy"), a_delivery(job.mail_id))
        assert store.record([judged]) == (job.id,)
        assert store.decisions(job.mail_id) == (judged.decision,)
        assert [(info.kind, info.state, info.destination) for info in store.jobs(JobFilter())] == [
            ("judge", "done", ""), ("deliver", "ready", "desk"), ("deliver", "ready", "copy"),
        ]  # fmt: skip
        assert store.record([judged]) == ()
        assert store.destinations_due() == ("copy", "desk")

    def test_summaries_are_those_of_the_judgement_for_mails_that_have_one(self, store: Store) -> None:
        (first,) = deliveries(store, 1)
        accept(store, a_mail(2))
        found = store.summaries([MailId("01nothing"), first.mail_id, a_mail(2).id])
        summary = Summary(
            subject="Please restore my account", from_addr="ada@example.com", language="en", kind="person"
        )
        assert found == {first.mail_id: summary}
        assert store.summaries([]) == {}

    def test_a_judgement_whose_claim_is_over_is_left_out_whole(self, store: Store, house: House) -> None:
        accept(store, a_mail(1), a_mail(2))
        slow = store.claim("judge", 2, "slow")
        store.release("slow")
        (again,) = store.claim("judge", 1, "quick")
        thread = ThreadRecord(
            id=slow[0].mail_id,
            brand=BrandName("b"),
            route=RouteName("junk"),
            confirmed=False,
            last_at=1.0,
            mails=1,
            participants=(),
        )
        stale = a_judgement(slow[0], a_delivery(slow[0].mail_id), remember=Remember(thread=thread, links=("x@y",)))
        assert store.record([stale]) == ()
        assert store.decisions(slow[0].mail_id) == ()
        assert store.recall(["x@y"], [], []).threads == {}
        assert store.destinations_due() == ()
        assert store.record([a_judgement(again)]) == (again.id,)

    def test_memory_is_found_under_its_keys_and_the_last_word_counts(self, store: Store) -> None:
        accept(store, a_mail(1), a_mail(2))
        jobs = store.claim("judge", 5, "w")
        threads = [
            ThreadRecord(
                id=jobs[0].mail_id,
                brand=BrandName("b"),
                route=RouteName("appeals"),
                confirmed=False,
                last_at=float(at),
                mails=at,
                participants=("a@x",),
            )
            for at in (1, 2)
        ]
        senders = [
            SenderRecord(
                key="a:a@x",
                first_seen=1.0,
                last_at=float(at),
                mails=at,
                counts=((RouteName("appeals"), 1.5),),
                last_route=RouteName("appeals"),
                recent=(1.0,),
            )
            for at in (1, 2)
        ]
        keep = [
            Remember(thread=thread, links=(f"{thread.mails}@x",), subject_key="key", senders=(sender,))
            for thread, sender in zip(threads, senders, strict=True)
        ]
        store.record([a_judgement(job, remember=remember) for job, remember in zip(jobs, keep, strict=True)])
        memory = store.recall(["1@x", "2@x", "3@x"], ["key", "other"], ["a:a@x", "d:x"])
        assert memory.threads == {"1@x": threads[1], "2@x": threads[1]}
        assert memory.subjects == {"key": threads[1]}
        assert memory.senders == {"a:a@x": senders[1]}

    def test_the_clock_of_a_replaced_decision_has_nothing_left_to_do(self, store: Store, house: House) -> None:
        accept(store, a_mail(1), a_mail(2))
        jobs = store.claim("judge", 5, "w")
        due = house.clock.now() + 60
        clocks = [NewJob(kind="clock", mail_id=job.mail_id, generation=1, due_at=due) for job in jobs]
        again = NewJob(kind="judge", mail_id=jobs[0].mail_id, generation=2)
        store.record([a_judgement(jobs[0], clocks[0], again), a_judgement(jobs[1], clocks[1])])
        (second,) = store.claim("judge", 5, "w")
        store.record([a_judgement(second)])
        assert store.claim("clock", 5, "w") == ()
        house.clock.advance(61)
        (clock,) = store.claim("clock", 5, "w")
        assert clock.mail_id == jobs[1].mail_id
        assert [info.state for info in store.jobs(JobFilter(kinds=("clock",)))] == ["done", "claimed"]

    def test_a_judgement_of_a_generation_that_is_decided_changes_nothing(self, store: Store) -> None:
        accept(store, a_mail(1))
        (job,) = store.claim("judge", 5, "w")
        again = NewJob(kind="clock", mail_id=job.mail_id, generation=2)
        store.record([a_judgement(job, NewJob(kind="clock", mail_id=job.mail_id, generation=1))])
        (first,) = store.claim("clock", 5, "clock")
        assert store.record([a_judgement(first, again, generation=2)]) == (first.id,)
        (second,) = store.claim("clock", 5, "clock")
        late = a_judgement(second, a_delivery(job.mail_id, "wrong", 2), generation=2, unconfirmed=True)
        assert store.record([late]) == ()
        assert [decision.unconfirmed for decision in store.decisions(job.mail_id)] == [False, False]
        assert store.jobs(JobFilter(destination="wrong")) == ()
        assert {info.state for info in store.jobs(JobFilter(kinds=("clock",)))} == {"done"}


class LanesContract:
    """The state of destinations is shared."""

    @pytest.fixture
    def store(self, house: House) -> Store:
        return house.open()

    def test_a_lane_that_fails_is_known_to_all_until_it_is_well(self, store: Store, house: House) -> None:
        lane = Lane(destination=DestinationName("crm"), down=True, probe_at=5.0, failures=3, error="refused")
        store.set_lane(lane)
        assert house.open().lanes() == (lane,)
        store.set_lane(Lane(destination=DestinationName("crm"), down=False, probe_at=0.0, failures=0, error=""))
        assert store.lanes() == ()


class InboxesContract:
    """The built-in inbox."""

    @pytest.fixture
    def store(self, house: House) -> Store:
        return house.open()

    def test_a_mail_is_filed_once_however_often_it_is_tried(self, store: Store) -> None:
        (mail,) = accept(store, a_mail(1))
        for _ in range(2):
            store.file(a_parcel(mail)).result(timeout=30)
        (entry,) = store.entries("desk")
        assert (entry.mail_id, entry.subject, entry.read) == (mail.id, "Please restore my account", False)

    def test_entries_come_newest_first_by_inbox_and_unread(self, store: Store) -> None:
        for number, where in ((1, "a"), (2, "b"), (3, "a")):
            (mail,) = accept(store, a_mail(number))
            store.file(a_parcel(mail, where)).result(timeout=30)
        store.mark_read(a_mail(3).id, "a")
        store.mark_read(a_mail(3).id, "a")
        assert [entry.mail_id for entry in store.entries("")] == ids(3, 2, 1)
        assert [(entry.mail_id, entry.read) for entry in store.entries("a")] == [(ids(3)[0], True), (ids(1)[0], False)]
        assert [entry.mail_id for entry in store.entries("a", unread_only=True)] == ids(1)
        assert [entry.mail_id for entry in store.entries("", unread_only=True, limit=1)] == ids(2)

    def test_a_later_generation_is_new_again_and_an_earlier_one_is_not(self, store: Store) -> None:
        (mail,) = accept(store, a_mail(1))
        store.file(a_parcel(mail, generation=2)).result(timeout=30)
        store.mark_read(mail.id)
        store.file(a_parcel(mail, generation=1)).result(timeout=30)
        assert [entry.read for entry in store.entries("desk")] == [True]
        store.file(a_parcel(mail, generation=3)).result(timeout=30)
        assert [entry.read for entry in store.entries("desk")] == [False]


class ExamplesContract:
    """Labelled mail is kept once, and read in order of time."""

    @pytest.fixture
    def store(self, house: House) -> Store:
        return house.open()

    def test_what_is_kept_is_read_back_in_order_a_page_at_a_time(self, store: Store) -> None:
        kept = [an_example(number, at=float(number % 3)) for number in range(7)]
        assert store.keep_examples(kept) == 7
        ordered = sorted(kept, key=lambda one: (one.at, one.id))
        read: list[Example] = []
        while page := store.examples(read[-1] if read else None, limit=3):
            assert len(page) <= 3
            read += page
        assert read == ordered

    def test_kept_again_it_takes_the_place_of_the_earlier(self, store: Store) -> None:
        assert store.keep_examples([an_example(1), an_example(2)]) == 2
        moved = an_example(1, at=5.0, route=RouteName("refunds"))
        assert store.keep_examples([moved, an_example(3)]) == 1
        assert set(store.examples()) == {moved, an_example(2), an_example(3)}
        assert store.count_examples() == {RouteName("appeals"): 2, RouteName("refunds"): 1}
        assert store.keep_examples([an_example(4), an_example(4, weight=0.5)]) == 1
        assert an_example(4, weight=0.5) in store.examples()

    def test_it_is_known_which_there_are(self, store: Store) -> None:
        store.keep_examples([an_example(number) for number in range(3)])
        asked = [an_example(number).id for number in range(1, 900)]
        assert store.known_examples(asked) == {an_example(1).id, an_example(2).id}
        assert store.known_examples([]) == frozenset()
        assert store.keep_examples([]) == 0

    def test_text_that_no_encoding_can_carry_is_kept_as_far_as_it_is_text(self, store: Store) -> None:
        store.keep_examples([an_example(1, id=ExampleId("x\udcff"), subject="a\ud800")])
        assert store.known_examples([ExampleId("x\udcff")]) == {"x\udcff"}
        (read,) = store.examples()
        assert read.subject == "a\ufffd"
        assert store.examples(read) == ()

    def test_a_customer_is_erased_with_all_examples(self, store: Store) -> None:
        hers = [an_example(number, sender="ada@example.com") for number in range(3)]
        store.keep_examples([*hers, an_example(4), an_example(5, sender="")])
        assert store.erase_examples("Ada@Example.com") == 3
        assert set(store.examples()) == {an_example(4), an_example(5, sender="")}
        assert store.erase_examples("ada@example.com") == 0

    def test_mail_of_a_domain_is_added_to_what_is_there_by_then(self, store: Store, house: House) -> None:
        """Two judges have mail of two of its senders in hand, and each has read its record before the other wrote."""
        told = [
            Remember(domain=DomainMail(key="d:x", route=RouteName(to), at=at)) for to, at in (("a", 1.0), ("b", 2.0))
        ]
        for number, one in enumerate((*told, told[0])):
            store.keep_examples([an_example(number)], [one, one] if number == 2 else [one])
        record = house.open().recall((), (), ("d:x",)).senders["d:x"]
        assert (record.mails, [route for route, _ in record.counts]) == (4, ["a", "b"])

    def test_memory_comes_with_them(self, store: Store, house: House) -> None:
        sender = SenderRecord(
            key="a:ada@example.com",
            first_seen=1.0,
            last_at=1.0,
            mails=1,
            counts=((RouteName("appeals"), 1.0),),
            last_route=RouteName("appeals"),
            recent=(1.0,),
        )
        store.keep_examples([an_example(1)], [Remember(senders=(sender,))])
        assert house.open().recall((), (), ("a:ada@example.com",)).senders == {sender.key: sender}


class WatchingContract:
    """What processes see of each other."""

    @pytest.fixture
    def store(self, house: House) -> Store:
        return house.open()

    def test_changed_says_that_another_process_wrote_and_only_then(self, store: Store, house: House) -> None:
        other = house.open()
        store.changed()
        assert not store.changed()
        accept(other, a_mail(1))
        assert store.changed()
        assert not store.changed()

    def test_claiming_in_vain_wakes_nobody(self, store: Store, house: House) -> None:
        other = house.open()
        store.changed()
        store.changed()
        assert other.claim("judge", 5, "w") == ()
        assert not store.changed()

    def test_the_census_counts_jobs_by_kind_and_state(self, store: Store) -> None:
        deliveries(store, 5)
        claimed = claim_deliveries(store, 4)
        store.settle(
            [
                Done(job=claimed[0]),
                Park(job=claimed[1], error="no", why="gave-up"),
                Again(job=claimed[2], due_at=9e9, error="x"),
            ]
        )
        census = store.census()
        assert census["arrivals"] == 5
        assert census["jobs"]["judge"]["done"] == 5
        assert census["jobs"]["deliver"] == {"ready": 2, "claimed": 1, "held": 0, "done": 1, "parked": 1, "dropped": 0}


class StoreContract(
    ArrivalsContract, JudgementsContract, LanesContract, InboxesContract, ExamplesContract, WatchingContract
):
    """Everything but queue and verdicts, which have modules of their own: `queue_contract` and `verdict_contract`."""
