"""Threads, senders' history, and what a decision adds to both."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.decide import history, remember, senders, threads
from postroom.decide.evidence import open_case
from postroom.decide.judge import judge
from postroom.decide.policy import Policy
from postroom.model.judgement import Decision, SenderHistory
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.memory import DomainMail, Memory, Remember, SenderRecord, ThreadRecord
from postroom.model.message import Address, Forward, Message

from .build import NOW, PASS, book, case, mail, message

BOOK = book()
DAY = 86_400.0
APPEALS, REFUNDS, REVIEW = RouteName("appeals"), RouteName("refunds"), RouteName("review")
GENERAL = RouteName("general")
RECORD = ThreadRecord(
    id=MailId("first"),
    brand=BrandName("shop"),
    route=APPEALS,
    confirmed=False,
    last_at=NOW - DAY,
    mails=2,
    participants=("ada@example.com",),
)
MEMORY = Memory(threads={"t0@example.com": RECORD})


def mine(text: str = "", subject: str = "", **changed: Any) -> Message:
    return message(text, subject, **({"auth": PASS} | changed))


def decided(route: str, best: str | None = None, **changed: Any) -> Decision:
    made = judge(case("x"), BOOK, Policy())
    return dataclasses.replace(made, route=RouteName(route), decided=RouteName(best or route), **changed)


def test_older_mail_that_is_learnt_of_later_counts_as_old():
    memory = Memory()
    newest = history.extended(mine(), decided("appeals"), memory, NOW)
    older = history.extended(
        mine(), decided("refunds"), Memory(senders={one.key: one for one in newest}), NOW - history.HALF_LIFE
    )
    (record,) = [one for one in older if one.key.startswith("a:")]
    assert record.counts == (("appeals", 1.0), ("refunds", 0.5))
    assert (record.last_route, record.last_at, record.mails) == ("appeals", NOW, 2)
    assert record.first_seen == NOW - history.HALF_LIFE
    assert record.recent == (NOW,)
    again = history.extended(mine(), decided("refunds"), Memory(senders={record.key: record}), NOW - 60.0)
    assert again[0].recent == (NOW - 60.0, NOW)


def test_a_thread_is_found_by_references_then_in_reply_to():
    found = threads.find(mine(references=("other", "t0@example.com", "x")), mail(), MEMORY, NOW)
    assert found.thread
    assert (found.thread.matched_by, found.thread.route, found.record) == ("references", "appeals", RECORD)
    found = threads.find(mine(references=("x", "t0@example.com"), in_reply_to="t0@example.com"), mail(), MEMORY, NOW)
    assert found.thread
    assert found.thread.matched_by == "in-reply-to"
    newer = dataclasses.replace(RECORD, id=MailId("newer"), route=REFUNDS)
    found = threads.find(
        mine(references=("t0@example.com", "t1")), mail(), Memory(threads={"t0@example.com": RECORD, "t1": newer}), NOW
    )
    assert found.record == newer


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"from_": Address(name="", addr="eve@example.com")}, "has not written in it"),
        ({"auth": message().auth}, "not authenticated"),
        ({"forward": Forward(how="form", customer=None)}, "not authenticated"),
    ],
)
def test_a_forged_reference_gives_nothing_but_a_remark(changed, why):
    found = threads.find(mine(references=("t0@example.com",), **changed), mail(), MEMORY, NOW)
    assert (found.thread, found.record) == (None, None)
    assert why in found.remarks[0].reason
    decision = judge(case("any news?", about={"thread": found.thread, "remarks": found.remarks}), BOOK, Policy())
    assert decision.route == "general"
    assert found.remarks[0] in decision.findings


def test_threads_of_another_brand_and_its_own_id_are_not_found():
    assert (
        threads.find(mine(references=("t0@example.com",)), mail(brand=BrandName("other")), MEMORY, NOW)
        == threads.Found()
    )
    assert threads.find(mine(message_id="t0@example.com"), mail(), MEMORY, NOW) == threads.Found()


@pytest.mark.parametrize(
    ("subject", "reply", "same"),
    [
        ("Wrongful suspension of my shop page", "Re: AW: wrongful  suspension of my SHOP page", True),
        ("Wrongful suspension of my shop page", "回复：Wrongful suspension of my shop page", True),
        ("Wrongful suspension of my shop page", "RE[3]: Wrongful suspension of my shop page", True),
        ("Wrongful suspension of my shop page", "Another thing about my shop page", False),
        ("Order 83912", "Re: Order 83912", True),
        ("Help", "Re: Help", False),
        ("My account", "Re: My account", False),
        ("", "", False),
        ("[#77] payout", "Re: [#77] other words", True),
    ],
)
def test_a_subject_continues_a_thread_only_when_it_is_specific(subject, reply, same):
    ticket = "[#77]" if "#77" in subject else ""
    first, second = (
        mine(subject=subject, ticket=ticket),
        mine(subject=reply, ticket=ticket, message_id="m2@example.com"),
    )
    key = threads.subject_key(first, mail())
    found = threads.find(second, mail(), Memory(subjects={key: RECORD} if key else {}), NOW)
    assert (found.thread is not None) is same
    assert not same or found.thread.matched_by == "subject"


def test_a_subject_continues_a_thread_for_two_weeks_of_its_sender_alone():
    subject = "Wrongful suspension of my shop page"
    key = threads.subject_key(mine(subject=subject), mail())
    memory = Memory(subjects={key: RECORD})
    assert threads.find(mine(subject=subject), mail(), memory, RECORD.last_at + 14 * DAY).thread
    assert threads.find(mine(subject=subject), mail(), memory, RECORD.last_at + 15 * DAY) == threads.Found(
        subject_key=key
    )
    assert threads.find(mine(subject=subject), mail(), memory, RECORD.last_at - DAY) == threads.Found(subject_key=key)
    assert threads.subject_key(message(subject=subject), mail()) == ""
    other = dataclasses.replace(RECORD, participants=("eve@example.com",))
    assert threads.find(mine(subject=subject), mail(), Memory(subjects={key: other}), NOW).thread is None
    elsewhere = dataclasses.replace(RECORD, brand=BrandName("other"))
    assert threads.find(mine(subject=subject), mail(), Memory(subjects={key: elsewhere}), NOW).thread is None


def test_reply_marks_without_end_are_bounded():
    assert threads.bare_subject("re: " * 300).startswith("re:")


def test_a_thread_grows_and_moves_with_settled_decisions_only():
    found = threads.Found(record=dataclasses.replace(RECORD, confirmed=True))
    kept = threads.extended(found, mine(), mail(), decided("review", "refunds"))
    assert kept
    assert (kept.route, kept.confirmed, kept.mails) == ("appeals", True, 3)
    moved = threads.extended(found, mine(), mail(), decided("refunds"))
    assert moved
    assert (moved.route, moved.confirmed, moved.last_at) == ("refunds", False, NOW)
    older = threads.extended(found, mine(), mail(received_at=RECORD.last_at - 1.0), decided("refunds"))
    assert older
    assert (older.route, older.confirmed, older.mails, older.last_at) == ("appeals", True, 3, RECORD.last_at)
    assert threads.extended(threads.Found(), mine(), mail(), decided("review", "refunds")).route == "refunds"  # type: ignore[union-attr]
    assert threads.extended(threads.Found(), mine(), mail(), decided("review", "junk")).route == "review"  # type: ignore[union-attr]
    assert threads.extended(threads.Found(), message(), mail(), decided("refunds")) is None
    assert threads.extended(threads.Found(), mine(kind="list"), mail(), decided("automatic")) is None
    assert threads.confirmed(RECORD, REFUNDS) == dataclasses.replace(RECORD, route=REFUNDS, confirmed=True)


def test_the_thread_of_a_mail_that_was_judged_is_its_own_if_its_sender_is_in_it():
    known = Memory(threads={"m1@example.com": RECORD})
    assert threads.own(mine(), mail(), known) == RECORD
    assert threads.own(mine(references=("m1@example.com",), message_id="m9"), mail(), known) == RECORD
    assert threads.own(mine(), mail(brand=BrandName("other")), known) is None
    assert threads.own(mine(from_=Address(name="", addr="eve@evil.test")), mail(), known) is None
    assert threads.own(message(), mail(), known) is None
    assert threads.own(mine(), mail(), Memory()) is None


def test_participants_are_capped_and_keep_the_newest():
    many = dataclasses.replace(RECORD, participants=tuple(f"p{number}@example.com" for number in range(50)))
    grown = threads.extended(threads.Found(record=many), mine(), mail(), decided("refunds"))
    assert grown
    assert len(grown.participants) == 50
    assert grown.participants[-1] == "ada@example.com"


def heard(memory: Memory, route: str, at: float = NOW, **changed: Any) -> Memory:
    """Memory after a mail of Ada's went to this route."""
    said, what = mine(**changed), decided(route)
    domain = history.of_domain(said, what, at)
    return written(memory, Remember(senders=history.extended(said, what, memory, at), domain=domain))


def written(memory: Memory, *added: Remember) -> Memory:
    """Memory with something added."""
    notebook = remember.Notebook(memory)
    for one in added:
        notebook.add(one)
    return notebook.memory


def test_a_message_id_that_leads_to_another_thread_is_not_taken_over():
    stranger = mine(from_=Address(name="", addr="eve@evil.test"), message_id="t0@example.com")
    added = remember.remember(stranger, mail(id=MailId("other")), decided("refunds"), threads.Found(), MEMORY, NOW)
    assert added.links == ()
    assert written(MEMORY, added).threads["t0@example.com"] == RECORD
    assert remember.remember(mine(message_id=""), mail(), decided("refunds"), threads.Found(), MEMORY, NOW).links == ()


def test_a_later_mail_of_a_batch_sees_the_earlier():
    first, memory = mine("unban my account, restore my account", "Suspended by mistake yesterday"), Memory()
    arrived = mail()
    decision = judge(case(mail_=arrived, about={}, new_text=first.new_text, auth=PASS), BOOK, Policy())
    added = remember.remember(first, arrived, decision, threads.find(first, arrived, memory, NOW), memory, NOW)
    memory = written(memory, added)
    reply = mine(
        "any news?", "Re: Suspended by mistake yesterday", message_id="m2@example.com", references=("m1@example.com",)
    )
    found = threads.find(reply, mail(), memory, NOW + 60)
    assert found.thread
    known = history.recall(reply, memory, NOW + 60)
    assert (known.mails, known.last_route, known.open_thread, known.burst) == (1, "appeals", "appeals", 1)
    again = remember.remember(reply, mail(id=MailId("2")), decided("refunds"), found, memory, NOW + 60)
    memory = written(memory, again, Remember())
    assert memory.threads["m1@example.com"].route == memory.threads["m2@example.com"].route == "refunds"
    assert {record.id for record in memory.subjects.values()} == {arrived.id}
    assert {record.mails for record in memory.subjects.values()} == {2}


def test_a_stranger_leaves_nothing_in_memory():
    added = remember.remember(message(subject="Order 12345"), mail(), decided("refunds"), threads.Found(), MEMORY, NOW)
    assert added == Remember()
    assert written(MEMORY, added) == MEMORY


def test_keys_name_what_to_recall():
    keys = remember.keys(mine(subject="Order 12345", references=("a", "b"), in_reply_to="b"), mail())
    assert keys.message_ids == ("b", "a", "m1@example.com")
    assert keys.subject_key
    assert keys.senders == ("a:ada@example.com", "d:example.com")
    assert remember.keys(message(), mail()).senders == ()


@pytest.mark.parametrize(
    ("domain", "public"),
    [
        ("gmail.com", True),
        ("qq.com", True),
        ("sub.gmx.de", True),
        ("example.com", False),
        ("notgmail.com", False),
        ("onet.eu", True),
    ],
)
def test_public_providers_have_no_shared_history(domain, public):
    assert history.is_public(domain) is public
    keys = history.keys(mine(from_=Address(name="", addr=f"A@{domain}")))
    assert keys == ((f"a:a@{domain}",) if public else (f"a:a@{domain}", f"d:{domain}"))


def test_an_address_without_a_domain_has_a_history_of_its_own_only():
    assert history.keys(mine(from_=Address(name="", addr="odd"))) == ("a:odd",)


def test_counts_fade_by_half_in_ninety_days_and_review_counts_for_nothing():
    memory = Memory()
    for route in ("appeals", "appeals", "review"):
        memory = heard(memory, route)
    now = history.recall(mine(), memory, NOW)
    assert (now.mails, now.counts, now.last_route, now.burst) == (3, ((APPEALS, 2.0),), "appeals", 3)
    assert now.domain_counts == now.counts
    later = history.recall(mine(), memory, NOW + history.HALF_LIFE)
    assert dict(later.counts)[APPEALS] == pytest.approx(1.0)
    assert later.burst == 0
    assert history.recall(mine(), memory, NOW + 30 * history.HALF_LIFE).counts == ()
    first = history.extended(mine(), decided("review"), Memory(), NOW)
    assert first[0].last_route == "review"
    assert history.extended(mine(kind="bounce"), decided("automatic"), Memory(), NOW) == ()


def test_a_mail_that_is_moved_counts_there_as_much_as_it_is_worth_by_then():
    memory = Memory()
    for at in (NOW, NOW + history.HALF_LIFE):
        memory = heard(memory, "appeals", at)
    first = history.moved(mine(), APPEALS, REFUNDS, NOW, memory, NOW + history.HALF_LIFE)[0]
    assert dict(first.counts) == {APPEALS: pytest.approx(1.0), REFUNDS: pytest.approx(0.5)}
    assert (first.last_route, first.mails) == ("appeals", 2)
    newest = history.moved(mine(), APPEALS, REFUNDS, NOW + history.HALF_LIFE, memory, NOW + history.HALF_LIFE)[0]
    assert dict(newest.counts) == {APPEALS: pytest.approx(0.5), REFUNDS: pytest.approx(1.0)}
    assert newest.last_route == "refunds"
    lost = history.moved(mine(), REFUNDS, RouteName("junk"), NOW, memory, NOW)[0]
    assert dict(lost.counts) == {APPEALS: pytest.approx(1.5)}
    assert history.moved(message(), APPEALS, REFUNDS, NOW, memory, NOW) == ()
    assert history.moved(mine(), APPEALS, REFUNDS, NOW, Memory(), NOW)[0].counts == ((REFUNDS, 1.0),)


def thanks(*before: tuple[str, float], now: float = NOW):
    """A mail that says nothing, after mail that went to these routes so many days ago."""
    memory = Memory()
    for route, days in before:
        memory = heard(memory, route, now - days * DAY)
    known = history.recall(mine(), memory, now)
    return judge(case("Thanks!", about={"history": known, "now": now}, auth=PASS), BOOK, Policy())


@pytest.mark.parametrize(
    ("before", "opened"),
    [
        ([("refunds", 20.0)], "refunds"),
        ([("refunds", 22.0)], ""),
        ([("refunds", 3.0), ("general", 1.0)], "refunds"),
        ([("refunds", 400.0), ("general", 1.0)], ""),
        ([("refunds", 150.0)] * 5 + [("general", 1.0)], ""),
        ([("appeals", 60.0)] * 5 + [("refunds", 3.0)], "refunds"),
        ([("refunds", 3.0), ("appeals", 2.0), ("appeals", 1.0)], "appeals"),
    ],
)
def test_a_case_is_open_where_the_sender_wrote_to_that_desk_lately(before, opened):
    """What was mail of theirs to any desk kept a matter of a year ago open."""
    said = [one.route for one in thanks(*before).findings if one.name == "open-case"]
    assert said == ([opened] if opened else [])


def test_what_a_person_moved_away_leaves_no_open_case_and_opens_one_where_it_is():
    memory = heard(Memory(), "refunds", NOW - 200 * DAY)
    memory = heard(memory, "refunds", NOW - DAY)
    moved = written(memory, Remember(senders=history.moved(mine(), REFUNDS, APPEALS, NOW - DAY, memory, NOW)))
    known = history.recall(mine(), moved, NOW)
    assert open_case(case("Thanks!", about={"history": known}), Policy()) == "appeals"
    general = written(memory, Remember(senders=history.moved(mine(), REFUNDS, GENERAL, NOW - DAY, memory, NOW)))
    known = history.recall(mine(), general, NOW)
    assert dict(known.counts)[REFUNDS] > 0.2
    assert open_case(case("Thanks!", about={"history": known}), Policy()) == ""


def test_of_a_record_that_does_not_say_when_each_route_was_written_to_the_last_counts():
    older = SenderRecord(
        key="a:ada@example.com", first_seen=NOW - 9 * DAY, last_at=NOW - DAY, mails=2,
        counts=((APPEALS, 1.0), (REFUNDS, 1.0)), last_route=REFUNDS, recent=(),
    )  # fmt: skip
    memory = Memory(senders={older.key: older})
    assert history.recall(mine(), memory, NOW).newest == ((REFUNDS, NOW - DAY),)
    (record,) = history.extended(mine(), decided("appeals"), memory, NOW)
    assert record.newest == ((APPEALS, NOW), (REFUNDS, NOW - DAY))
    (late,) = history.extended(mine(), decided("appeals"), Memory(senders={record.key: record}), NOW - DAY)
    assert late.newest == record.newest, "a mail that comes late is not the newest"


def test_a_domain_s_mail_is_added_to_its_record_whatever_that_is_by_then():
    one = history.of_domain(mine(), decided("appeals"), NOW)
    assert one == DomainMail(key="d:example.com", route=APPEALS, at=NOW)
    other = heard(Memory(), "refunds", NOW - 1.0, from_=Address(name="", addr="bob@example.com"))
    assert history.grown(other.senders["d:example.com"], one).mails == 2
    assert history.grown(None, one) == heard(Memory(), "appeals").senders["d:example.com"]
    for nothing in (message(), mine(kind="bounce"), mine(from_=Address(name="", addr="ada@gmail.com"))):
        assert history.of_domain(nothing, decided("appeals"), NOW) is None


def test_nobody_gets_the_history_of_another():
    memory = heard(Memory(), "appeals")
    assert history.recall(message(), memory, NOW) == SenderHistory()
    colleague = history.recall(mine(from_=Address(name="", addr="bob@example.com")), memory, NOW)
    assert (colleague.mails, colleague.counts) == (0, ())
    assert dict(colleague.domain_counts) == {APPEALS: 1.0}
    only_address = Memory(senders={"a:ada@example.com": memory.senders["a:ada@example.com"]})
    assert history.recall(mine(), only_address, NOW).domain_counts == ()
    public = Address(name="", addr="ada@gmail.com")
    shared = heard(Memory(), "appeals", from_=public)
    assert history.recall(mine(from_=Address(name="", addr="eve@gmail.com")), shared, NOW) == SenderHistory()
    assert history.recall(mine(from_=public), shared, NOW).domain_counts == ()


@given(
    st.lists(st.tuples(st.sampled_from(["appeals", "refunds", "review", "junk"]), st.floats(-1e7, 1e7)), max_size=70)
)
@settings(max_examples=60, deadline=None)
def test_records_stay_bounded_and_in_order_whatever_comes_when(mails):
    memory = Memory()
    for route, shift in mails:
        memory = heard(memory, route, NOW + shift)
    for record in memory.senders.values():
        assert record.mails == len(mails)
        assert len(record.recent) <= 50
        assert record.first_seen <= record.last_at
        assert all(count > 0 for _, count in record.counts)
        assert [route for route, _ in record.newest] == [route for route, _ in record.counts]


OURS = "paystore.com"


@pytest.mark.parametrize(
    ("domain", "how"),
    [
        ("paystоre.com", "letters only look"),
        ("xn--paystre-ejg.com", "letters only look"),
        ("pavstore.com", "one letter"),
        ("payst0re.com", "letters only look"),
        ("paystores.com", "one letter"),
        ("paystor.com", "one letter"),
        ("apystore.com", "one letter"),
        ("paystore.net", "another ending"),
        ("paystore.co.uk", "another ending"),
        ("paystоre.net", "letters only look"),
        ("paystore-support.com", "words added"),
        ("paystore.evil.test", "words added"),
        ("paystore.com.evil.test", "words added"),
        ("support.paystore.com", ""),
        ("paystore.com", ""),
        ("example.com", ""),
        ("", ""),
        ("xn--\x80.com", ""),
        ("localhost", ""),
        ("storepay.com", ""),
    ],
)
def test_lookalike_domains_are_noticed(domain, how):
    said = senders.lookalike(domain, OURS)
    assert (how in said) if how else said == ""


def test_short_names_are_compared_by_their_look_alone():
    assert senders.lookalike("ab.net", "ac.com") == ""
    assert senders.lookalike("аc.com", "ac.com")


OUR_DOMAINS = Policy(protected_domains=(OURS, "paystore.de"), known_domains=("paystore.fr",))


def asked_from(domain: str, *, confirmed: bool = False, passes: bool = True, **changed: Any) -> Decision:
    auth = dataclasses.replace(PASS, domain=domain) if passes else message().auth
    sender = Address(name="Ada", addr=f"ada@{domain}")
    about = {"history": SenderHistory(mails=1, confirmed=confirmed)}
    return judge(
        case("please unban my account", **({"from_": sender, "auth": auth} | changed), about=about), BOOK, OUR_DOMAINS
    )


@pytest.mark.parametrize(
    "domain", ["paystore.de", "shop.paystore.de", "paystore.fr", "mail.paystore.fr", "customer.example"]
)
def test_domains_of_ours_and_those_that_are_named_are_no_lookalikes(domain):
    decision = asked_from(domain, passes=False)
    assert decision.route == "appeals", decision.because
    assert not any(one.source == "sender" for one in decision.findings)


def test_a_public_provider_s_domain_imitates_nobody():
    policy = Policy(protected_domains=("gmail.com",))
    customer = Address(name="Ada", addr="ada@ymail.com")
    assert senders.findings(message(from_=customer), policy, SenderHistory()) == ()
    assert senders.lookalike("ymail.com", "gmail.com")


@pytest.mark.parametrize("domain", ["paystore.ch", "paystores.com", "paystore-support.com", "paystore.evil.test"])
def test_a_lookalike_whose_mail_a_person_gave_to_a_desk_is_believed_to_be_no_impostor(domain):
    first = asked_from(domain)
    assert first.route == "review"
    assert "perhaps written to get onto appeals" in first.because
    later = asked_from(domain, confirmed=True)
    assert later.route == "appeals"
    (remark,) = [one for one in later.findings if one.source == "sender"]
    assert remark.name == senders.KNOWN
    assert "a person gave mail from there to a desk before" in remark.reason


@pytest.mark.parametrize("domain", ["paystоre.com", "payst0re.net", "paystore.com.evil.test"])
def test_a_domain_that_can_only_deceive_is_never_known(domain):
    assert asked_from(domain, confirmed=True).route == "review"


def test_who_is_known_must_be_authenticated_and_speaks_for_no_other_domain():
    assert asked_from("paystore.ch", confirmed=True, passes=False).route == "review"
    elsewhere = (Address(name="", addr="x@paystore.evil.test"),)
    assert asked_from("paystore.ch", confirmed=True, reply_to=elsewhere).route == "review"


def test_a_person_s_word_makes_an_address_and_its_domain_known_until_another_takes_it_back():
    def said(route: str, records: Any = ()) -> Any:
        known = Memory(senders={one.key: one for one in records})
        return history.moved(mine(), REVIEW, RouteName(route), NOW, known, NOW)

    given = said("appeals")
    assert [one.confirmed for one in given] == [True, True]
    kept = {one.key: one for one in given}
    assert history.recall(mine(), Memory(senders=kept), NOW).confirmed
    another = mine(from_=Address(name="", addr="bob@example.com"))
    assert history.recall(another, Memory(senders=kept), NOW).confirmed
    assert not history.recall(another, Memory(), NOW).confirmed
    assert [one.confirmed for one in said("automatic", given)] == [True, True]
    assert [one.confirmed for one in said("junk", given)] == [False, False]
    assert [one.confirmed for one in said("review", given)] == [False, False]
    assert [one.confirmed for one in said("junk")] == [False, False]
    extended = history.extended(mine(), decided("general"), Memory(senders=kept), NOW)
    assert [one.confirmed for one in extended] == [True]
    more = history.of_domain(mine(), decided("general"), NOW)
    assert more is not None
    assert history.grown(kept[more.key], more).confirmed
    assert not history.grown(None, more).confirmed
    assert history.grown(None, dataclasses.replace(more, confirmed=True)).confirmed
    assert not any(one.confirmed for one in history.extended(mine(), decided("appeals"), Memory(), NOW))


def test_a_lookalike_is_a_remark_and_no_decision():
    policy = Policy(protected_domains=("shop.test", OURS))
    decision = judge(
        case(
            "hello",
            from_=Address(name="Paystore", addr="x@paystоre.com"),
            reply_to=(Address(name="", addr="y@example.com"),),
        ),
        BOOK,
        policy,
    )
    assert decision.findings[0].source == "sender"
    assert decision.route == "general"
    assert judge(case("hello", from_=None), BOOK, policy).findings == ()


@given(st.text(max_size=60), st.text(max_size=20))
@settings(max_examples=200, deadline=None)
def test_comparing_domains_is_total(domain, ours):
    senders.lookalike(domain, ours)
