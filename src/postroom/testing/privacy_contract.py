"""What every store must do when somebody is erased, held, or kept for a time, as tests. Subclass as `store_contract` shows."""

from dataclasses import replace
from typing import Any, Protocol

import pytest

from postroom.model.cases import CaseEvent, CaseMail, CaseNumber, Proposal
from postroom.model.desktop import Wanted
from postroom.model.errors import Refused
from postroom.model.judgement import AccountStatus, Clue, Finding, SenderHistory, TakenBack, ThreadState
from postroom.model.mail import BounceOf, BrandName, DestinationName, Envelope, Mail, MailId, RouteName
from postroom.model.memory import Remember, SenderRecord, TextRecord, ThreadRecord
from postroom.model.people import ALL, Deed, UserName
from postroom.model.privacy import Aged, Ages, Erasure, Hold, Outcome, Remembered, Removal, Somebody, Tombstone
from postroom.model.rulebooks import SheetName, Version, VersionNumber, digest_of
from postroom.model.work import Done, Lane, NewJob, Park
from postroom.ports import JobFilter, Store
from postroom.ports.accounts import Journal
from postroom.ports.cases import Cases
from postroom.ports.desktop import Views
from postroom.ports.privacy import Aging, Erasing, Keeping
from postroom.ports.rulebooks import Drafts, Versions
from postroom.testing import store_contract
from postroom.testing.cases_contract import a_case, a_change, joining
from postroom.testing.store_contract import accept, claim_deliveries
from postroom.testing.values import a_delivery, a_judgement, a_mail, a_parcel, a_ruling, an_example

NOW = 1_800_000_000.0
DAY = 86_400.0
ADA = "ada@example.com"
BOB = "bob@example.org"
NEVER = Ages(routes={})
SHEET = SheetName("rules/press.toml")


class House(store_contract.House, Protocol):
    """A store with what erasing needs of it."""

    def erasing(self, store: Store) -> Erasing:
        """What erases."""
        ...

    def versions(self, store: Store) -> Versions:
        """Its versions of rules."""
        ...

    def drafts(self, store: Store) -> Drafts:
        """Its drafts of rules."""
        ...

    def keeping(self, store: Store) -> Keeping:
        """What holds, and says what is over its time."""
        ...

    def aging(self, store: Store) -> Aging:
        """What forgets after a time."""
        ...

    def journal(self, store: Store) -> Journal:
        """Its audit log."""
        ...

    def views(self, store: Store) -> Views:
        """Its lists."""
        ...

    def cases(self, store: Store) -> Cases:
        """Its cases."""
        ...


def deed(what: str = "erasure-begun", to: str = "person 1") -> Deed:
    """A line for the log."""
    return Deed(at=NOW, by="root", what=what, to=to)


def removal(mail: Mail, subject_key: str = "") -> Removal:
    """A mail to erase."""
    return Removal(mail_id=mail.id, message_id=mail.message_id, subject_key=subject_key)


def a_mail_of(number: int, address: str = ADA, **changes: Any) -> Mail:
    """Mail ``number``, of somebody."""
    return a_mail(number, envelope=Envelope(mail_from=address, rcpt_to=("support@brand.test",)), **changes)


def a_thread(first: Mail, *people: str, mails: int = 1, last_at: float = NOW) -> ThreadRecord:
    """A thread that these people write in."""
    return ThreadRecord(
        id=first.id,
        brand=BrandName("b"),
        route=RouteName("appeals"),
        confirmed=False,
        last_at=last_at,
        mails=mails,
        participants=people,
    )


def a_sender(key: str) -> SenderRecord:
    """What is known of a sender."""
    return SenderRecord(
        key=key, first_seen=NOW, last_at=NOW, mails=1, counts=(), last_route=RouteName("appeals"), recent=()
    )


def judge(store: Store, *jobs: NewJob, address: str = ADA, remember: Remember | None = None, **changes: Any) -> None:
    """Judge the oldest mail that waits; the deliveries and clocks are its."""
    (job,) = store.claim("judge", 1, "setup")
    own = [replace(one, mail_id=job.mail_id) for one in jobs]
    store.record([replace(a_judgement(job, *own, remember=remember, **changes), from_addr=address, text="kestrel")])


FULL: dict[str, Any] = {
    "findings": (
        Finding(
            source="phrases",
            route=RouteName("appeals"),
            score=0.8,
            reason="says kestrel",
            name="appeal",
            spans=((1, 3),),
            clues=(Clue("kestrel", 1.0, (0, 7)),),
        ),
        Finding(source="sender", route=RouteName("general"), score=0.1, reason="looks like it", name="kestrel.test"),
    ),
    "because": "says kestrel",
    "tags": ("kestrel",),
    "history": SenderHistory(mails=3),
    "account": AccountStatus(state="banned"),
}
"""A decision that tells much of a mail."""


class PrivacyContract:
    """What is erased is gone and stays gone; what is counted, and what is held, stays."""

    @pytest.fixture
    def store(self, house: House) -> Store:
        return house.open()

    @pytest.fixture
    def erasing(self, house: House, store: Store) -> Erasing:
        return house.erasing(store)

    @pytest.fixture
    def keeping(self, house: House, store: Store) -> Keeping:
        return house.keeping(store)

    # Finding

    def test_mails_are_found_by_envelope_by_who_is_the_customer_and_by_header_before_they_are_judged(
        self, store: Store, erasing: Erasing
    ) -> None:
        accept(store, a_mail_of(1, "Ada@Example.COM"), a_mail_of(2, "form@shop.test"), a_mail_of(3, BOB))
        judge(store, address=BOB)
        judge(store, address=ADA)
        judge(store, address=BOB)
        unread = a_mail_of(4, "", raw=b"From: Ada <ada@example.com>\r\nSubject: x\r\n\r\nHello\r\n")
        accept(store, unread, a_mail_of(5, ADA, at=NOW + 5))
        found = erasing.find(Somebody(whose=ADA, until=NOW + 1))
        assert found.ids == (a_mail(1).id, a_mail(2).id, a_mail(4).id)
        assert not found.after
        first = erasing.find(Somebody(whose=ADA, until=NOW + 9), limit=2)
        assert first.ids == (a_mail(1).id, a_mail(2).id)
        rest = erasing.find(Somebody(whose=ADA, until=NOW + 9), after=first.after, limit=50)
        assert rest.ids == (a_mail(4).id, a_mail(5).id)

    def test_mails_are_found_by_their_id(self, store: Store, erasing: Erasing) -> None:
        class One:
            def address(self, _address: str) -> float:
                return 0.0

            def mail(self, mail_id: str) -> bool:
                return mail_id == a_mail(2).id

        accept(store, a_mail(1), a_mail(2))
        assert erasing.find(One()).ids == (a_mail(2).id,)

    # Erasing a mail

    def test_of_an_erased_mail_what_is_counted_stays_and_nothing_else(
        self, house: House, store: Store, erasing: Erasing, keeping: Keeping
    ) -> None:
        (mail,) = accept(store, a_mail_of(1))
        judge(store, a_delivery(mail.id), **FULL, thread=ThreadState(
            matched_by="subject", first_id=mail.id, route=RouteName("appeals"), confirmed=True, last_at=NOW, mails=2))  # fmt: skip
        store.file(a_parcel(mail)).result(timeout=30)
        store.settle([Done(job=job, receipt=f"250 took it for {ADA}") for job in claim_deliveries(store)])
        ruling = a_ruling(mail.id, made=store.jobs(JobFilter(mail_id=mail.id, kinds=("deliver",))))
        given = store.rule(replace(ruling, verdict=replace(ruling.verdict, note="knows kestrels")))
        taken = replace(given, taken_back=TakenBack(by="bob", at=NOW, note="no kestrels"))
        store.rule(replace(a_ruling(mail.id, generation=2), verdict=taken, made=ruling.made))
        assert erasing.erase([removal(mail)], (), NOW + 7) == Outcome(erased=(mail.id,))
        (left,) = store.read([mail.id])
        assert (left.raw, left.envelope.mail_from, left.message_id, left.sender_key, left.digest) == (
            b"",
            "",
            "",
            "",
            b"",
        )
        assert (left.id, left.brand, left.received_at) == (mail.id, mail.brand, mail.received_at)
        first, *others = store.decisions(mail.id)
        assert [(f.source, f.route, f.score, f.name) for f in first.findings] == [
            ("phrases", "appeals", 0.8, "appeal"), ("sender", "general", 0.1, ""),
        ]  # fmt: skip
        assert (first.route, first.confidence, first.because, first.tags) == ("appeals", 0.93, "", ())
        assert (first.thread, first.history, first.account) == (None, SenderHistory(), AccountStatus())
        assert "kestrel" not in repr((first, others))
        (verdict,) = store.verdicts_on(mail.id)
        assert (verdict.said, verdict.decided, verdict.by, verdict.note) == ("refunds", "appeals", "ada", "")
        assert verdict.taken_back == TakenBack(by="bob", at=NOW)
        (job,) = store.jobs(JobFilter(mail_id=mail.id, kinds=("deliver",)))
        assert (job.state, job.receipt, job.error, job.why) == ("done", "", "", "erased")
        assert store.summaries([mail.id]) == {}
        assert store.entries("") == ()
        views = house.views(store)
        assert views.mails(Wanted(), ALL).rows == views.mails(Wanted(words="kestrel"), ALL).rows == ()
        gone = keeping.gone(mail.id)
        assert gone is not None
        assert (gone.at, gone.route, gone.brand) == (NOW + 7, "refunds", "example")
        assert keeping.gone(a_mail(2).id) is None
        assert store.census()["arrivals"] == 1

    def test_what_was_to_be_done_with_it_is_dropped_for_good_and_asked_no_more(
        self, store: Store, erasing: Erasing
    ) -> None:
        accept(store, a_mail_of(1), a_mail_of(2))
        judge(store, a_delivery(MailId(""), "far"), a_delivery(MailId("")),
              NewJob(kind="clock", mail_id=MailId(""), generation=1, due_at=2e9), asked="review", route=RouteName("review"))  # fmt: skip
        (far,) = claim_deliveries(store, destination="far")
        store.settle([Park(job=far, error=f"no such user {ADA}", why="gave-up")])
        done = erasing.erase([removal(a_mail(1)), removal(a_mail(2))], (), NOW)
        assert done.erased == (a_mail(1).id, a_mail(2).id)
        everything = JobFilter()
        assert {(job.state, job.why, job.error) for job in store.jobs(everything)} >= {("dropped", "erased", "")}
        assert {job.state for job in store.jobs(everything)} == {"dropped", "done"}
        assert store.unpark(everything) == store.retry(everything) == 0
        assert not store.claim("judge", 5, "w")
        assert store.waiting() == ()
        with pytest.raises(Refused, match="erased"):
            store.rule(a_ruling(a_mail(1).id))

    def test_a_bounce_of_an_erased_mail_opens_nothing(self, store: Store, erasing: Erasing) -> None:
        accept(store, a_mail_of(1))
        judge(store, a_delivery(MailId("")))
        store.settle([Done(job=job, receipt="ok") for job in claim_deliveries(store)])
        erasing.erase([removal(a_mail(1))], (), NOW)
        bounce = BounceOf(mail_id=a_mail(1).id, destination=DestinationName("desk"), generation=1)
        assert not store.reopen(bounce, "came back")

    def test_what_is_in_a_workers_hands_is_left_and_may_be_erased_after(self, store: Store, erasing: Erasing) -> None:
        accept(store, a_mail_of(1), a_mail_of(2))
        (job,) = store.claim("judge", 1, "w")
        assert erasing.in_hand()
        both = [removal(a_mail(1)), removal(a_mail(2))]
        outcome = erasing.erase(both, (), NOW)
        assert (outcome.erased, outcome.busy) == ((a_mail(2).id,), (a_mail(1).id,))
        store.record([a_judgement(job)])
        assert not erasing.in_hand()
        assert erasing.erase(both, (), NOW + 1).erased == (a_mail(1).id, a_mail(2).id)
        assert erasing.erase([removal(a_mail(9))], (), NOW) == Outcome()

    def test_an_erased_mail_that_comes_again_is_a_new_one(self, store: Store, erasing: Erasing) -> None:
        accept(store, a_mail_of(1))
        erasing.erase([removal(a_mail(1))], (), NOW)
        (again,) = accept(store, a_mail_of(2, raw=a_mail(1).raw, message_id=a_mail(1).message_id))
        assert again.duplicate_of is None

    def test_a_text_that_was_given_to_a_route_is_gone(self, store: Store, erasing: Erasing) -> None:
        accept(store, a_mail_of(1))
        text = TextRecord(mail_id=a_mail(1).id, keys=(4,), sketch=b"12345678", route=RouteName("refunds"), by="ada", sender="", at=1.0)  # fmt: skip
        judge(store, remember=Remember(texts=(text,)))
        assert store.recall((), (), (), lambda: (4,)).texts
        erasing.erase([removal(a_mail(1))], (), NOW)
        assert not store.recall((), (), (), lambda: (4,)).texts

    # Memory

    def test_a_thread_loses_the_mail_and_its_links_and_goes_with_the_last(self, store: Store, erasing: Erasing) -> None:
        accept(store, a_mail_of(1), a_mail_of(2))
        both = a_thread(a_mail(1), ADA, BOB, mails=2)
        judge(store, remember=Remember(thread=both, links=(a_mail(1).message_id,), subject_key="s1"))
        judge(store, remember=Remember(thread=both, links=(a_mail(2).message_id,), subject_key="s2"))
        erasing.erase([removal(a_mail(1), "s1")], (), NOW)
        memory = store.recall((a_mail(1).message_id, a_mail(2).message_id), ("s1", "s2"), ())
        assert set(memory.threads) == {a_mail(2).message_id}
        assert set(memory.subjects) == {"s2"}
        assert memory.threads[a_mail(2).message_id].mails == 1
        erasing.erase([removal(a_mail(2))], (), NOW)
        memory = store.recall((a_mail(2).message_id,), ("s2",), ())
        assert (memory.threads, memory.subjects) == ({}, {})

    def test_senders_who_write_no_more_are_forgotten_unless_held(self, house: House, store: Store) -> None:
        aging, keeping = house.aging(store), house.keeping(store)
        accept(store, a_mail_of(1))
        known = [
            replace(a_sender(f"a:{one}"), last_at=at)
            for one, at in ((ADA, NOW - DAY), (BOB, NOW), ("c@example.org", NOW - DAY))
        ]
        domains = [replace(a_sender(f"d:{one}"), last_at=NOW - DAY) for one in ("example.org", "old.example")]
        judge(store, remember=Remember(senders=(*known, *domains)))
        assert aging.aged(senders=0.0, cases=0.0) == Aged()
        assert aging.aged(senders=NOW - DAY, cases=0.0) == Aged()
        keeping.hold(Hold(what="c@example.org", reason="a suit", by="root", at=NOW), deed("held"))
        old = aging.aged(senders=NOW, cases=0.0)
        assert set(old.senders) == {f"a:{ADA}", "d:old.example"}
        aging.forget(replace(old, senders=(*old.senders, f"a:{BOB}", "a:nobody@example.org")), senders=NOW, cases=0.0)
        keys = [one.key for one in (*known, *domains)]
        assert set(store.recall((), (), keys).senders) == {f"a:{BOB}", "a:c@example.org", "d:example.org"}

    def test_cases_decided_long_ago_are_counted_and_tell_of_nobody(self, house: House, store: Store) -> None:
        aging, cases, keeping = house.aging(store), house.cases(store), house.keeping(store)
        accept(store, a_mail_of(1), a_mail_of(2))
        mails = [one.id for one in (a_mail_of(1), a_mail_of(2))]

        def put(number: int, **facts: Any) -> CaseNumber:
            case = a_case(person=f"{number}@example.org", reason="a mistake", **facts)
            joins = CaseMail(id=mails[number], at=NOW, thread="t") if number < len(mails) else None
            return cases.put(a_change(case, joins=joins)).number

        decided: dict[str, Any] = {"state": "decided", "outcome": "granted"}
        old, of_held_mail, young = (put(n, **decided, decided_at=NOW - DAY * (n < 2)) for n in range(3))
        still_open, held = put(3), put(4, **decided, decided_at=NOW - DAY)
        for what in (mails[1], "4@example.org"):
            keeping.hold(Hold(what=what, reason="a suit", by="root", at=NOW), deed("held"))
        assert aging.aged(senders=0.0, cases=0.0) == Aged()
        found = aging.aged(senders=0.0, cases=NOW)
        assert found == Aged(cases=(old,))
        aging.forget(replace(found, cases=(old, still_open, young, CaseNumber(999))), senders=0.0, cases=NOW)
        told = {number: cases.case(number, ALL) for number in (old, of_held_mail, young, still_open, held)}
        assert [one.number for one in told.values() if one is not None and not one.person] == [old]
        bare = told[old]
        assert bare is not None
        assert (bare.state, bare.outcome, bare.subject, bare.reason) == ("decided", "granted", "", "")
        assert aging.aged(senders=0.0, cases=NOW) == Aged()

    def test_a_person_is_taken_out_of_threads_senders_examples_and_errors(self, store: Store, erasing: Erasing) -> None:
        accept(store, a_mail_of(1), a_mail_of(2))
        senders = tuple(map(a_sender, (f"a:{ADA}", "d:example.com", f"a:{BOB}", "a:carl@example.org", "d:example.org")))
        alone, shared = a_thread(a_mail(1), ADA), a_thread(a_mail(2), ADA, BOB)
        judge(store, remember=Remember(thread=alone, links=("one",), senders=senders))
        judge(store, remember=Remember(thread=shared, links=("two",)))
        store.keep_examples([an_example(1, sender=ADA), an_example(2, sender=BOB)])
        store.set_lane(Lane(destination=DestinationName("x"), down=True, failures=1, probe_at=1.0, error="550 <Ada@example.com> unknown"))  # fmt: skip
        store.set_lane(Lane(destination=DestinationName("y"), down=True, failures=1, probe_at=1.0, error="timed out"))
        ada, bob = Somebody(whose=ADA, until=NOW), Somebody(whose=BOB, until=NOW)
        found = erasing.remembered(ada)
        assert found == Remembered(
            threads=(a_mail(1).id, a_mail(2).id),
            senders=(f"a:{ADA}", "d:example.com"),
            examples=("example-0001",),
        )
        erasing.forget(ada, found)
        assert erasing.remembered(ada) == Remembered()
        assert erasing.remembered(bob).senders == (f"a:{BOB}",)
        memory = store.recall(("one", "two"), (), (f"a:{ADA}", "d:example.com", "d:example.org"))
        assert [(name, one.participants) for name, one in memory.threads.items()] == [("two", (BOB,))]
        assert set(memory.senders) == {"d:example.org"}
        assert [one.sender for one in store.examples()] == [BOB]
        assert {lane.destination: lane.error for lane in store.lanes()} == {"x": "", "y": "timed out"}
        erasing.forget(ada, replace(found, threads=("gone",)))

    def test_a_person_is_taken_out_of_versions_of_rules_and_of_drafts(
        self, house: House, store: Store, erasing: Erasing
    ) -> None:
        versions, drafts = house.versions(store), house.drafts(store)
        rule = 'when = "from.addr == \\"{}\\" || subject.matches(\'{}\')"'
        texts = [rule.format(ADA, ""), rule.format("", r"^ada@example\.com$"), rule.format(BOB, BOB)]
        given = [Version(sheet=SHEET, how="saved", at=NOW - 1, digest=digest_of(text), text=text) for text in texts]
        given.append(Version(sheet=SHEET, how="removed", at=NOW - 1, why=f"{ADA} left"))
        given.append(replace(given[0], at=NOW + 1))
        last = versions.note(given, (), after=VersionNumber(0))
        kept = [drafts.keep({SHEET: text}, "root", NOW - 1) for text in texts]
        named = drafts.keep({SHEET: ""}, "root", NOW - 1, f"without {ADA}")
        wanted = Somebody(whose=ADA, until=NOW)
        found = erasing.remembered(wanted)
        assert (len(found.versions), found.drafts) == (3, (*kept[:2], named))
        erasing.forget(wanted, found)
        assert erasing.remembered(wanted) == Remembered()
        left = versions.of(SHEET)[::-1]
        assert [one.text for one in left] == [None, None, texts[2], None, texts[0]]
        assert [one.erased for one in left] == [True, True, False, False, False]
        assert (left[3].why, left[-1].number) == ("", last)
        assert [drafts.get(one) is None for one in (*kept, named)] == [True, True, False, True]

    # Cases

    def test_a_case_loses_the_mail_its_subject_with_the_first_and_all_words_with_the_last(
        self, house: House, store: Store, erasing: Erasing
    ) -> None:
        cases = house.cases(store)
        accept(store, a_mail_of(1), a_mail_of(2), a_mail_of(3))
        events = tuple(CaseEvent(at=NOW, by="eve", what="note", detail="kestrel", mail_id=a_mail(n).id) for n in (1, 2))
        case = cases.put(a_change(a_case(ADA), joins=joining(1), events=events))
        case = cases.put(a_change(case, joins=joining(2)))
        case = cases.put(a_change(case, joins=joining(3)))
        erasing.erase([removal(a_mail(3))], (), NOW)
        assert cases.case(case.number, ALL) == replace(case, mails=case.mails[:2])
        erasing.erase([removal(a_mail(1))], (), NOW)
        left = cases.case(case.number, ALL)
        assert left is not None
        assert (left.person, left.subject, left.state, left.mails) == (ADA, "", "open", case.mails[1:2])
        assert [one.detail for one in cases.events(case.number, ALL)] == ["", "kestrel"]
        with pytest.raises(Refused, match="changed meanwhile"):
            cases.put(a_change(case))
        with pytest.raises(Refused, match="was erased"):
            cases.put(a_change(left, joins=joining(1)))
        erasing.erase([removal(a_mail(2))], (), NOW + 3)
        bare = cases.case(case.number, ALL)
        assert bare is not None
        assert (bare.person, bare.state, bare.outcome, bare.decided_at) == ("", "decided", "withdrawn", NOW + 3)
        assert [one.detail for one in cases.events(case.number, ALL)] == ["", ""]

    def test_a_case_tells_what_it_tells_when_its_mails_go_for_their_age(
        self, house: House, store: Store, erasing: Erasing
    ) -> None:
        cases, aging = house.cases(store), house.aging(store)
        accept(store, a_mail_of(1))
        words = CaseEvent(at=NOW, by="eve", what="answered", detail="kestrel", mail_id=a_mail(1).id)
        decided = a_case(ADA, state="decided", outcome="rejected", reason="spam", decided_at=NOW - DAY)
        case = cases.put(a_change(decided, joins=joining(1), events=(words,)))
        assert erasing.erase([replace(removal(a_mail(1)), of_age=True)], (), NOW).erased == (a_mail(1).id,)
        assert cases.case(case.number, ALL) == replace(case, mails=())
        assert [one.detail for one in cases.events(case.number, ALL)] == ["kestrel"]
        assert erasing.remembered(Somebody(whose=ADA, until=NOW)).cases == (case.number,)
        old = aging.aged(senders=0.0, cases=NOW)
        assert old.cases == (case.number,)
        aging.forget(old, senders=0.0, cases=NOW)
        bare = cases.case(case.number, ALL)
        assert bare is not None
        assert (bare.person, bare.reason, bare.outcome) == ("", "", "rejected")

    def test_a_person_is_taken_out_of_cases_and_what_was_decided_is_counted(
        self, house: House, store: Store, erasing: Erasing
    ) -> None:
        cases = house.cases(store)
        proposal = Proposal(reason="kestrel", by=UserName("eve"), at=NOW)
        words = CaseEvent(at=NOW, by="eve", what="note", detail="kestrel")
        cases.put(a_change(a_case(ADA, proposal=proposal), events=(words,)))
        cases.put(a_change(a_case(ADA, state="decided", outcome="granted", reason="kestrel", decided_at=NOW)))
        other = cases.put(a_change(a_case(BOB)))
        wanted = Somebody(whose=ADA, until=NOW)
        found = erasing.remembered(wanted)
        assert found.cases == (1, 2)
        erasing.forget(wanted, replace(found, cases=(1, 2, 99)))
        assert erasing.remembered(wanted) == Remembered()
        one, two = (cases.case(CaseNumber(number), ALL) for number in (1, 2))
        assert one is not None
        assert two is not None
        assert (one.outcome, one.proposal, two.outcome, two.reason, two.decided_at) == (
            "withdrawn",
            None,
            "granted",
            "",
            NOW,
        )
        assert "kestrel" not in repr((one, two, cases.events(one.number, ALL)))
        assert cases.of_person(ADA, ALL) == ()
        assert cases.todo(ALL) == 1
        assert cases.case(other.number, ALL) == other

    def test_mail_of_an_open_case_is_kept_whatever_its_age(self, house: House, store: Store, keeping: Keeping) -> None:
        cases = house.cases(store)
        accept(store, a_mail_of(1))
        judge(store)
        case = cases.put(a_change(a_case(ADA), joins=joining(1)))
        everything = Ages(routes={}, other=NOW + DAY)
        assert keeping.overdue(everything).ids == ()
        cases.put(a_change(replace(case, state="decided", outcome="granted", fresh=False)))
        assert keeping.overdue(everything).ids == (a_mail(1).id,)

    # The request

    def test_a_request_is_kept_until_it_is_done_and_then_names_nobody(
        self, house: House, store: Store, erasing: Erasing
    ) -> None:
        asked = Erasure(at=NOW, by="root", address=ADA)
        begun = erasing.begin(asked, deed())
        assert (begun.number, begun.address, begun.done_at) == (1, ADA, None)
        assert erasing.begin(replace(asked, at=NOW + 5), deed()) == begun
        assert erasing.erasures(unfinished=True) == (begun,)
        erasing.note(replace(begun, mails=3))
        assert erasing.erasures(unfinished=True)[0].mails == 3
        erasing.note(replace(begun, mails=4, examples=1, done_at=NOW + 9), deed("erased"))
        assert erasing.erasures(unfinished=True) == ()
        (done,) = erasing.erasures()
        assert done == Erasure(at=NOW, by="root", number=1, done_at=NOW + 9, mails=4, examples=1)
        assert [one.what for one in house.journal(store).deeds()] == ["erased", "erasure-begun"]
        assert erasing.begin(Erasure(at=NOW, by="root", mail_id="m1"), deed()).mail_id == "m1"

    def test_tombstones_stay_and_of_two_of_the_same_the_newer(self, erasing: Erasing, keeping: Keeping) -> None:
        stone = Tombstone(kind="address", hash=b"1" * 16, at=NOW, by="root", key="k")
        other = Tombstone(kind="mail", hash=b"2" * 16, at=NOW, by="root", key="k")
        keeping.bury([stone, replace(stone, at=NOW - 5)])
        assert keeping.stones() == (stone,)
        erasing.erase([], [other], NOW)
        keeping.bury([replace(stone, at=NOW + 5)])
        assert set(keeping.stones()) == {replace(stone, at=NOW + 5), other}
        assert keeping.stones([other.hash, b"3" * 16]) == (other,)
        assert keeping.stones([]) == ()

    def test_when_something_was_first_erased_since_is_known(
        self, store: Store, erasing: Erasing, keeping: Keeping
    ) -> None:
        assert keeping.first_erased(0.0) is None
        accept(store, a_mail_of(1))
        erasing.erase([removal(a_mail(1))], (), NOW + 5)
        erasing.begin(Erasure(at=NOW + 9, by="root", address=ADA), deed())
        assert [keeping.first_erased(NOW + since) for since in (0, 5, 6, 10)] == [NOW + 5, NOW + 5, NOW + 9, None]

    # Holds

    def test_what_is_held_is_not_erased(self, house: House, store: Store, erasing: Erasing, keeping: Keeping) -> None:
        accept(store, a_mail_of(1), a_mail_of(2), a_mail_of(3, BOB))
        keeping.hold(Hold(what=ADA, reason="case 7", by="root", at=NOW), deed("held"))
        keeping.hold(Hold(what=a_mail(3).id, reason="case 8", by="root", at=NOW + 1), deed("held"))
        assert [one.what for one in keeping.holds()] == [a_mail(3).id, ADA]
        with pytest.raises(Refused, match=f"{ADA} is held by root: case 7"):
            erasing.begin(Erasure(at=NOW, by="root", address=ADA), deed())
        outcome = erasing.erase([removal(a_mail(one)) for one in (1, 2, 3)], (), NOW)
        assert outcome.held == (a_mail(1).id, a_mail(2).id, a_mail(3).id)
        assert keeping.release(ADA, deed("released"))
        assert not keeping.release(ADA, deed("released"))
        assert [one.what for one in house.journal(store).deeds()] == ["released", "held", "held"]
        assert erasing.erase([removal(a_mail(1))], (), NOW).erased == (a_mail(1).id,)
        keeping.hold(Hold(what=ADA, reason="again", by="root", at=NOW), deed("held"))
        keeping.hold(Hold(what=ADA, reason="better", by="eve", at=NOW), deed("held"))
        assert [one.reason for one in keeping.holds()] == ["case 8", "better"]

    # Keeping for a time

    def test_what_is_held_is_known_by_its_header_where_it_was_never_judged(
        self, store: Store, erasing: Erasing, keeping: Keeping
    ) -> None:
        mail = a_mail_of(1, "", raw=b"From: Ada <ada@example.com>\r\nSubject: x\r\n\r\nHello\r\n")
        accept(store, mail)
        keeping.hold(Hold(what=ADA, reason="7 C 12/26", by="root", at=NOW), deed("held"))
        assert erasing.erase([removal(mail)], (), NOW).held == (mail.id,)

    def test_mail_is_over_its_time_by_where_it_lies(self, store: Store, keeping: Keeping) -> None:
        accept(store, *(a_mail_of(number, at=NOW + number) for number in range(1, 6)))
        for route in ("junk", "appeals", "junk", "general"):
            judge(store, route=RouteName(route), decided=RouteName(route))
        assert keeping.overdue(NEVER).ids == ()
        some = Ages(routes={RouteName("junk"): NOW + 3, RouteName("general"): NOW + 9})
        assert keeping.overdue(some).ids == (a_mail(1).id, a_mail(4).id)
        rest = Ages(routes={RouteName("junk"): 0.0}, other=NOW + 9)
        assert keeping.overdue(rest).ids == (a_mail(2).id, a_mail(4).id)
        first = keeping.overdue(some, limit=2)
        assert first.ids == (a_mail(1).id,)
        assert keeping.overdue(some, after=first.after).ids == (a_mail(4).id,)

    def test_a_mail_at_two_desks_is_kept_as_long_as_the_one_that_keeps_it_longer(
        self, store: Store, keeping: Keeping
    ) -> None:
        accept(store, *(a_mail_of(number) for number in range(1, 4)))
        judge(store, second=RouteName("refunds"), copied=True)
        judge(store, route=RouteName("refunds"), second=RouteName("appeals"), copied=True)
        judge(store)
        old, young = {RouteName("appeals"): NOW + 1, RouteName("refunds"): NOW}, {RouteName("refunds"): NOW + 1}
        assert keeping.overdue(Ages(routes=old)).ids == (a_mail(3).id,)
        assert keeping.overdue(Ages(routes=young)).ids == (), "the other keeps it for ever"
        assert keeping.overdue(Ages(routes=old | young)).ids == tuple(a_mail(number).id for number in (1, 2, 3))

    def test_what_is_held_asked_about_to_be_delivered_or_in_a_thread_that_goes_on_is_kept(
        self, store: Store, erasing: Erasing, keeping: Keeping
    ) -> None:
        accept(store, *(a_mail_of(number, BOB if number == 1 else ADA, at=NOW) for number in range(1, 8)))
        everything = Ages(routes={}, other=NOW + DAY)
        judge(store, address=BOB)
        judge(store, asked="audit")
        judge(store, a_delivery(MailId("")))
        judge(store, a_delivery(MailId(""), "far"))
        (far,) = claim_deliveries(store, destination="far")
        store.settle([Park(job=far, error="no", why="gave-up")])
        for number, last_at in ((5, NOW + 2 * DAY), (6, NOW)):
            thread = a_thread(a_mail(number), ADA, last_at=last_at)
            judge(store, remember=Remember(thread=thread, links=(a_mail(number).message_id,)))
        keeping.hold(Hold(what=BOB, reason="case 7", by="root", at=NOW), deed())
        assert keeping.overdue(everything).ids == (a_mail(6).id,)
        keeping.hold(Hold(what=a_mail(6).id, reason="case 7", by="root", at=NOW), deed())
        assert keeping.overdue(everything).ids == ()
        keeping.release(BOB, deed())
        assert keeping.overdue(everything).ids == (a_mail(1).id,)
        erasing.erase([removal(a_mail(1))], (), NOW)
        assert keeping.overdue(everything).ids == ()

    def test_a_repeated_mail_goes_with_the_one_that_it_repeats(
        self, store: Store, erasing: Erasing, keeping: Keeping
    ) -> None:
        mail = a_mail_of(1)
        accept(store, mail)
        judge(store, route=RouteName("junk"), decided=RouteName("junk"))
        accept(store, replace(mail, id=a_mail(2).id))
        some = Ages(routes={RouteName("junk"): NOW + 1})
        assert keeping.overdue(some).ids == (a_mail(1).id, a_mail(2).id)
        erasing.erase([removal(mail)], (), NOW)
        assert keeping.overdue(some).ids == (a_mail(2).id,)

    def test_scrubbing_may_be_repeated_and_others_go_on(self, store: Store, erasing: Erasing) -> None:
        accept(store, *(a_mail_of(number) for number in range(1, 30)))
        for _ in range(29):
            judge(store)
        erasing.erase([removal(a_mail(number)) for number in range(1, 29)], (), NOW)
        erasing.scrub()
        erasing.scrub()
        accept(store, a_mail(40))
        judge(store)
        assert [one.mail_id for one in store.decisions(a_mail(40).id)] == [a_mail(40).id]
