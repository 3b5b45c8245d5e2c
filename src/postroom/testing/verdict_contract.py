"""What every store must do with what people say, as tests. Subclass `VerdictsContract` as `store_contract` shows."""

from dataclasses import replace
from typing import Any, Protocol

import pytest

from postroom.decide.remember import Keys
from postroom.model.errors import Refused, TryLater
from postroom.model.judgement import TakenBack
from postroom.model.mail import BrandName, DestinationName, MailId, RouteName
from postroom.model.memory import Memory, Remember, SenderRecord, TextRecord, ThreadRecord
from postroom.model.work import Done, Job, NewJob, Task
from postroom.ports import JobFilter, Store
from postroom.ports.accounts import Journal
from postroom.testing.store_contract import House, accept, claim_deliveries, ids
from postroom.testing.values import a_decision, a_delivery, a_judgement, a_mail, a_parcel, a_ruling


def a_thread(first: MailId, route: str) -> ThreadRecord:
    """A thread in this route."""
    return ThreadRecord(
        id=first,
        brand=BrandName("b"),
        route=RouteName(route),
        confirmed=False,
        last_at=1.0,
        mails=1,
        participants=(),
    )


def a_text(mail_id: MailId, keys: tuple[int, ...], route: str = "refunds") -> TextRecord:
    """A text that is found under these keys."""
    return TextRecord(
        mail_id=mail_id,
        keys=keys,
        sketch=b"12345678",
        route=RouteName(route),
        by="ada",
        sender="",
        at=1.0,
    )


def asked(store: Store, *why: str) -> tuple[Job, ...]:
    """Mails 1, 2, …, judged, each asked about for this reason, ``""`` for none; those of ``review`` with a clock."""
    accept(store, *(a_mail(number) for number in range(1, len(why) + 1)))
    jobs = store.claim("judge", len(why), "setup")
    clock = [NewJob(kind="clock", mail_id=job.mail_id, generation=1, due_at=2e9) for job in jobs]
    store.record(
        [
            a_judgement(
                job,
                *([one] if reason == "review" else []),
                asked=reason,
                route="review" if reason == "review" else "appeals",
            )
            for job, one, reason in zip(jobs, clock, why, strict=True)
        ]
    )
    return jobs


class Audited(House, Protocol):
    """A store with its audit log."""

    def journal(self, store: Any) -> Journal:
        """Its audit log."""
        ...


class VerdictsContract:
    """A person's word is kept whole or not at all, and answers what was asked."""

    @pytest.fixture
    def store(self, house: House) -> Store:
        return house.open()

    def test_a_verdict_and_its_line_in_the_audit_log_are_kept_together(self, store: Store, house: Audited) -> None:
        (job,) = asked(store, "")
        journal = house.journal(store)
        ruling = a_ruling(job.mail_id)
        kept = store.rule(ruling)
        (deed,) = journal.deeds()
        assert replace(deed, number=0, chain="") == ruling.deed
        with pytest.raises(Refused):
            store.rule(ruling)
        assert journal.deeds() == (deed,)
        back = replace(kept, taken_back=TakenBack(by="eve", at=1.8e9))
        store.rule(a_ruling(job.mail_id, generation=2, verdict=back, deed=replace(ruling.deed, by="eve")))
        assert [one.by for one in journal.deeds()] == ["eve", "ada"]

    def test_questions_are_those_in_review_then_those_of_the_audit_oldest_first(self, store: Store) -> None:
        jobs = asked(store, "audit", "review", "", "review", "audit")
        found = store.waiting()
        assert [one.mail_id for one in found] == ids(2, 4, 1, 5)
        assert [(one.asked, one.due_at) for one in found[1:3]] == [("review", 2e9), ("audit", None)]
        first = found[0]
        assert (first.subject, first.from_addr, first.decided, first.route, first.generation) == (
            "Please restore my account", "ada@example.com", "appeals", "review", 1,
        )  # fmt: skip
        assert [one.mail_id for one in store.waiting(3)] == ids(2, 4, 1)
        assert [one.mail_id for one in store.waiting(1, "audit")] == [jobs[0].mail_id]
        assert store.census()["waiting"] == {"review": 2, "audit": 2}

    def test_a_verdict_its_decision_and_its_deliveries_come_together(self, store: Store, house: House) -> None:
        (job,) = asked(store, "review")
        ruling = a_ruling(job.mail_id, jobs=(a_delivery(job.mail_id, "refunds", 2),))
        kept = store.rule(ruling)
        assert kept == replace(ruling.verdict, number=kept.number)
        assert house.open().verdicts_on(job.mail_id) == (kept,)
        assert store.decisions(job.mail_id)[1:] == (ruling.decision,)
        assert store.destinations_due() == ("refunds",)
        assert store.waiting() == ()
        assert [info.state for info in store.jobs(JobFilter(kinds=("clock",)))] == ["done"]
        (delivery,) = claim_deliveries(store, destination="refunds")
        decided = store.decided([delivery])[delivery.id]
        assert (decided.decision, decided.summary.subject) == (ruling.decision, "Please restore my account")

    def test_of_two_people_at_once_the_second_is_refused_and_changes_nothing(self, store: Store) -> None:
        (job,) = asked(store, "audit")
        store.rule(a_ruling(job.mail_id))
        late = a_ruling(job.mail_id, "junk", jobs=(a_delivery(job.mail_id, "junk", 2),))
        with pytest.raises(Refused, match="changed meanwhile"):
            store.rule(late)
        with pytest.raises(Refused):
            store.rule(a_ruling(MailId("nobody")))
        assert [decision.route for decision in store.decisions(job.mail_id)] == ["appeals", "refunds"]
        assert len(store.verdicts()) == 1
        assert store.destinations_due() == ()

    def test_the_clock_that_was_claimed_before_a_verdict_changes_nothing_after(
        self, store: Store, house: House
    ) -> None:
        (job,) = asked(store, "review")
        house.clock.advance(1e9)
        (clock,) = store.claim("clock", 1, "w")
        store.rule(a_ruling(job.mail_id))
        assert store.record([a_judgement(clock, generation=2, unconfirmed=True)]) == ()
        assert [decision.route for decision in store.decisions(job.mail_id)] == ["review", "refunds"]

    def test_a_question_ends_when_a_later_decision_takes_its_place(self, store: Store) -> None:
        (job,) = asked(store, "audit")
        again = NewJob(kind="judge", mail_id=job.mail_id, generation=2)
        accept(store, a_mail(2))
        (other,) = store.claim("judge", 1, "w")
        store.record([a_judgement(other, again)])
        (second,) = store.claim("judge", 1, "w")
        store.record([a_judgement(second)])
        assert store.waiting() == ()

    def test_deliveries_that_lead_elsewhere_are_dropped_if_they_were_not_made(self, store: Store) -> None:
        accept(store, a_mail(1))
        (judging,) = store.claim("judge", 1, "w")
        store.record([a_judgement(judging, a_delivery(judging.mail_id, "desk"), a_delivery(judging.mail_id, "copy"))])
        (done,) = claim_deliveries(store, destination="copy")
        store.settle([Done(job=done)])
        made = store.jobs(JobFilter(kinds=("deliver",)))
        store.rule(a_ruling(judging.mail_id, drop=tuple(info.id for info in made), made=made))
        states = {info.destination: (info.state, info.error) for info in store.jobs(JobFilter(kinds=("deliver",)))}
        assert states == {"desk": ("dropped", "ada gave it to refunds"), "copy": ("done", "")}

    def test_a_ruling_waits_while_deliveries_move(self, store: Store) -> None:
        """What it drops and takes back was worked out of where they were."""
        accept(store, a_mail(1))
        (judging,) = store.claim("judge", 1, "w")
        store.record([a_judgement(judging, a_delivery(judging.mail_id))])
        ready = store.jobs(JobFilter(kinds=("deliver",)))
        (job,) = claim_deliveries(store)
        begun = store.jobs(JobFilter(kinds=("deliver",)))
        store.settle([Done(job=job)])
        for before in ((), ready, begun):
            with pytest.raises(TryLater, match="begun or ended"):
                store.rule(a_ruling(judging.mail_id, made=before))
        assert (store.verdicts(), len(store.decisions(judging.mail_id))) == ((), 1)
        assert store.rule(a_ruling(judging.mail_id, made=store.jobs(JobFilter(kinds=("deliver",))))).number > 0

    def test_a_job_says_whether_it_brings_or_takes_back(self, store: Store) -> None:
        (job,) = asked(store, "audit")
        tasks: dict[str, Task] = {"a": "withdraw", "b": "correct", "c": "deliver"}
        jobs = tuple(replace(a_delivery(job.mail_id, place, 2), task=task) for place, task in tasks.items())
        store.rule(a_ruling(job.mail_id, jobs=jobs))
        assert {one.destination: one.does for one in store.jobs(JobFilter(kinds=("deliver",)))} == tasks
        assert {place: claim_deliveries(store, destination=place)[0].task for place in tasks} == tasks
        assert {one.does for one in store.jobs(JobFilter(kinds=("judge",)))} == {"judge"}

    def test_a_verdict_that_was_taken_back_stays_in_the_record_and_counts_no_more(self, store: Store) -> None:
        first, second = asked(store, "review", "audit")
        given = store.rule(a_ruling(first.mail_id))
        other = store.rule(a_ruling(second.mail_id))
        taken = replace(given, taken_back=TakenBack(by="bob", at=1_800_000_200.0, note="the wrong mail"))
        clock = NewJob(kind="clock", mail_id=first.mail_id, generation=3, due_at=1.9e9)
        again = a_decision(first.mail_id, 3, route=RouteName("review"), asked="review", again=1)
        ruling = a_ruling(first.mail_id, verdict=taken, decision=again, jobs=(clock,))
        assert store.rule(ruling) == taken
        assert store.verdicts() == (other,)
        assert store.newest_verdicts(9) == (other,)
        assert store.verdicts_on(first.mail_id) == (taken,)
        assert store.decisions(first.mail_id)[-1] == again
        (question,) = store.waiting()
        assert (question.mail_id, question.generation, question.asked) == (first.mail_id, 3, "review")
        assert (question.route, question.due_at) == ("review", 1.9e9)
        (left,) = store.jobs(JobFilter(mail_id=first.mail_id, kinds=("clock",), states=("ready",)))
        assert left.generation == 3, "the clock runs again"
        with pytest.raises(Refused, match="changed meanwhile"):
            store.rule(ruling)

    def test_what_is_withdrawn_leaves_the_inbox_but_not_what_came_later(self, store: Store) -> None:
        (job,) = asked(store, "audit")
        (mail,) = store.read([job.mail_id])
        for where, generation in (("desk", 1), ("copy", 3)):
            store.file(a_parcel(mail, where, generation)).result(timeout=30)
        for _ in range(2):
            for where in ("desk", "copy", "nowhere"):
                store.withdraw(mail.id, DestinationName(where), 2)
        assert [entry.destination for entry in store.entries("")] == ["copy"]

    def test_nobody_needs_to_open_it_in_the_inbox_that_it_leaves(self, store: Store) -> None:
        (job,) = asked(store, "audit")
        (mail,) = store.read([job.mail_id])
        for where in ("desk", "copy"):
            store.file(a_parcel(mail, where)).result(timeout=30)
        store.rule(a_ruling(job.mail_id, leaves=(DestinationName("desk"),)))
        assert {entry.destination: entry.read for entry in store.entries("")} == {"desk": True, "copy": False}

    def test_what_to_remember_is_worked_out_of_what_is_remembered_at_that_moment(self, store: Store) -> None:
        (job,) = asked(store, "audit")
        thread = a_thread(job.mail_id, "appeals")
        sender = SenderRecord(
            key="a:a@x",
            first_seen=1.0,
            last_at=1.0,
            mails=1,
            counts=(),
            last_route=RouteName("appeals"),
            recent=(),
        )
        accept(store, a_mail(2))
        (other,) = store.claim("judge", 1, "w")
        store.record(
            [a_judgement(other, remember=Remember(thread=thread, links=("1@x",), subject_key="key", senders=(sender,)))]
        )
        seen = []

        def remember(memory: Memory) -> Remember:
            seen.append(memory)
            return Remember(thread=a_thread(job.mail_id, "refunds"))

        keys = Keys(message_ids=("1@x",), subject_key="key", senders=("a:a@x",), texts=(5,))
        store.rule(a_ruling(job.mail_id, keys=keys, remember=remember))
        assert seen[-1] == Memory(threads={"1@x": thread}, subjects={"key": thread}, senders={"a:a@x": sender})
        assert store.recall(["1@x"], [], []).threads["1@x"].route == "refunds"

    def test_texts_are_found_by_any_key_replaced_with_their_mail_and_forgotten(self, store: Store) -> None:
        jobs = asked(store, "audit", "audit")
        first, second = (a_text(job.mail_id, keys) for job, keys in zip(jobs, ((1, 2), (2, 3)), strict=True))
        for job, text in zip(jobs, (first, second), strict=True):
            store.rule(a_ruling(job.mail_id, remember=lambda _memory, text=text: Remember(texts=(text,))))
        assert store.recall((), (), (), lambda: (1, 2, 9)).texts == {1: (first,), 2: (first, second)}
        later = a_text(jobs[0].mail_id, (3,), route="junk")
        store.rule(a_ruling(jobs[0].mail_id, generation=2, remember=lambda _memory: Remember(texts=(later,))))
        assert store.recall((), (), (), lambda: (1, 2, 3)).texts == {2: (second,), 3: (later, second)}
        forget = Remember(forget=(jobs[0].mail_id, jobs[1].mail_id))
        store.rule(a_ruling(jobs[0].mail_id, generation=3, remember=lambda _memory: forget))
        assert store.recall((), (), (), lambda: (1, 2, 3)).texts == {}

    def test_keys_of_texts_are_not_worked_out_while_none_is_remembered(self, store: Store) -> None:
        def never() -> tuple[int, ...]:
            raise AssertionError

        assert store.recall((), (), (), never) == Memory()

    def test_a_key_that_too_many_texts_share_finds_some_of_them(self, store: Store) -> None:
        jobs = asked(store, *["audit"] * 70)
        for job in jobs:
            text = a_text(job.mail_id, (7,))
            store.rule(a_ruling(job.mail_id, remember=lambda _memory, text=text: Remember(texts=(text,))))
        found = store.recall((), (), (), lambda: (7,)).texts[7]
        assert 10 <= len(found) <= 60

    def test_a_verdict_waits_while_another_mail_of_the_thread_or_sender_is_judged(self, store: Store) -> None:
        (job,) = asked(store, "audit")
        (mail,) = store.read([job.mail_id])
        others = (a_mail(2, thread_key=mail.thread_key), a_mail(3, sender_key=mail.sender_key))
        for one in others:
            accept(store, one)
            (other,) = store.claim("judge", 1, "w")
            with pytest.raises(TryLater, match="being judged"):
                store.rule(a_ruling(job.mail_id))
            store.record([a_judgement(other)])
        accept(store, a_mail(4))
        store.claim("judge", 1, "w")
        assert store.rule(a_ruling(job.mail_id)).number > 0

    def test_a_judge_that_is_dead_holds_up_no_verdict(self, store: Store, house: House) -> None:
        (job,) = asked(store, "audit")
        accept(store, a_mail(2, thread_key=a_mail(1).thread_key))
        store.claim("judge", 1, "dead")
        house.clock.advance(house.lease_seconds + 1)
        assert store.rule(a_ruling(job.mail_id)).number > 0

    def test_what_a_mail_says_is_read_from_what_is_searched(self, store: Store) -> None:
        (job,) = asked(store, "audit")
        (mail,) = store.read([job.mail_id])
        waiting = a_mail(2)
        accept(store, waiting)
        said = store.spoken([job.mail_id, waiting.id, MailId("nobody")])
        summary = store.summaries([job.mail_id])[job.mail_id]
        assert {(one, what.brand, what.subject) for one, what in said.items()} == {
            (job.mail_id, mail.brand, summary.subject)
        }
        assert store.spoken([]) == {}

    def test_verdicts_are_read_in_order_by_time_and_page(self, store: Store) -> None:
        jobs = asked(store, "audit", "audit", "audit")
        given = []
        for job, at in zip(jobs, (30.0, 10.0, 20.0), strict=True):
            ruling = a_ruling(job.mail_id)
            given.append(store.rule(replace(ruling, verdict=replace(ruling.verdict, at=at))))
        again = store.rule(a_ruling(jobs[0].mail_id, "junk", 2))
        assert store.verdicts() == (*given, again)
        assert store.verdicts(20.0) == (given[0], given[2], again)
        assert store.verdicts(limit=2) == (given[0], given[1])
        assert store.verdicts(after=given[1].number) == (given[2], again)
        assert store.verdicts_on(jobs[0].mail_id) == (given[0], again)
        assert store.verdicts_on(MailId("nobody")) == ()
        assert store.newest_verdicts(9) == (again, *reversed(given))
        assert store.newest_verdicts(2) == (again, given[2])
        assert store.newest_verdicts(0) == ()
