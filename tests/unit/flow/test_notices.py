"""Telling people by itself: whom, what, how often, and why not."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.adapters.store.cases import SqliteCases
from postroom.adapters.store.notices import SqliteNotices
from postroom.adapters.store.replies import SqliteReplies
from postroom.flow.answering import Answerable, Answering, Voice, Wish
from postroom.flow.notices import MOST_A_DAY, Noticing, Telling
from postroom.flow.templates import Template
from postroom.model.cases import CaseEvent, CaseMail
from postroom.model.errors import Refused, TryLater
from postroom.model.mail import BrandName, Mail, MailId, RouteName
from postroom.model.message import Message
from postroom.model.people import ALL, User, UserName
from postroom.model.replies import Reply
from postroom.model.trust import Trust
from postroom.testing.cases_contract import a_case, a_change
from postroom.testing.values import a_mail
from postroom.understand.reader import read, read_bytes
from tests.unit.flow.house import KEY, House, a_message
from tests.unit.flow.test_verdicts import reviewing

SIGNED = "mx.shop.test; dkim=pass header.d={0}; dmarc=pass header.from={0}"
TRUST = Trust(authserv_ids=frozenset({"mx.shop.test"}), own_addresses=frozenset({"support@shop.test"}))
APPEALS = RouteName("appeals")
TEXTS = {
    "received": "We have it. {brand}",
    "granted": "It is granted: {reason}",
    "asked": "What of {question}?",
}


@dataclass(slots=True)
class Bench:
    house: House
    replies: SqliteReplies
    notices: SqliteNotices
    cases: SqliteCases
    noticing: Noticing

    def receive(self, sender: str = "ada@example.com", number: int = 1, **fields: str) -> MailId:
        """A plea that our own hop vouches for, judged."""
        domain = sender.rpartition("@")[2]
        given = {"Message_ID": f"<{number}@{domain}>", "Authentication_Results": SIGNED.format(domain)} | fields
        text = f"Please give me my account back, my account was suspended. It is number {number}."
        (mail,) = self.house.accept(a_message(text, From=f"Ada <{sender}>", **given))
        self.house.judge()
        return mail.id

    def turn(self, **changes: object) -> bool:
        self.house.clock.advance(60.0)
        return replace(self.noticing, **changes).turn()  # type: ignore[arg-type]

    def told(self, mail_id: MailId) -> list[Reply]:
        found = self.replies.of_mails([mail_id]).get(mail_id, ())
        return [one for one in (self.replies.reply(some.id) for some in found) if one is not None]

    def why(self) -> str:
        """Of the newest notice."""
        newest = self.notices.log(ALL)[0]
        assert newest.state == "not"
        return newest.said

    def decide(self, mail_id: MailId, outcome: str = "granted", reason: str = "It was a mistake.") -> None:
        """A case of this mail is decided."""
        known = self.cases.of_mail(mail_id, ALL)
        case = known or self.cases.put(
            a_change(a_case(brand=BrandName("shop")), joins=CaseMail(id=mail_id, at=1.0, thread="t"))
        )
        now = self.house.clock.now()
        ended = replace(case, state="decided", outcome=outcome, reason=reason, decided_at=now)  # type: ignore[arg-type]
        self.cases.put(a_change(ended, events=(CaseEvent(at=now, by="ada", what="decided"),)))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    house = House(tmp_path)
    units = house.store.units
    replies, notices, cases = SqliteReplies(units), SqliteNotices(units), SqliteCases(units)
    answering = Answering(
        replies=replies,
        voices={BrandName("shop"): Voice(addr="support@shop.test", name="Shop")},
        templates=lambda: tuple(Template(name=name, title=name, texts={"en": text}) for name, text in TEXTS.items()),
        trust=TRUST,
        key=KEY,
        clock=house.clock.now,
        entropy=lambda count: next(house.entropy).to_bytes(count, "big"),
        undo=10.0,
    )
    noticing = Noticing(
        notices=notices,
        answering=answering,
        store=house.store,
        cases=cases,
        read=lambda mail: read(mail, TRUST),
        desks={APPEALS: Telling(received="received", outcomes={"granted": "granted", "rejected": ""})},
        wait=30.0,
        most_an_hour=100,
        clock=house.clock.now,
    )
    noticing.watch()
    yield Bench(house=house, replies=replies, notices=notices, cases=cases, noticing=noticing)
    house.store.close()


def test_a_mail_that_came_is_acknowledged_by_itself_and_once(bench: Bench) -> None:
    mail_id = bench.receive()
    assert not bench.noticing.turn()  # it waits a little
    assert bench.told(mail_id) == []
    bench.turn()
    bench.turn()
    (reply,) = bench.told(mail_id)
    sent = message_from_bytes(reply.raw, policy=policy.default)
    assert (sent["Auto-Submitted"], sent["To"], sent["In-Reply-To"]) == (
        "auto-replied",
        "ada@example.com",
        "<1@example.com>",
    )
    assert (reply.by, reply.automatic, reply.envelope_sender, reply.text) == ("", True, "", "We have it. Shop")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"Authentication_Results": ""}, "nothing proves"),
        ({"In_Reply_To": "<0@example.com>"}, "part of a conversation"),
        ({"References": "<0@example.com>"}, "part of a conversation"),
    ],
)
def test_who_is_not_told_that_it_came(bench: Bench, fields: dict[str, str], why: str) -> None:
    mail_id = bench.receive(**fields)
    assert bench.house.store.decisions(mail_id)[-1].route == APPEALS
    bench.turn()
    assert bench.told(mail_id) == []
    assert why in bench.why()


def test_what_is_old_by_now_is_not_acknowledged(bench: Bench) -> None:
    mail_id = bench.receive()
    bench.house.clock.advance(86_400.0)
    bench.turn()
    assert bench.told(mail_id) == []
    assert "older than a day" in bench.why()


def test_an_address_is_told_once_a_day_of_mail_that_came(bench: Bench) -> None:
    first, second = bench.receive(number=1), bench.receive(number=2)
    bench.turn()
    assert (len(bench.told(first)), bench.told(second)) == (1, [])
    assert "as often as is allowed" in bench.why()
    bench.house.clock.advance(86_400.0)
    third = bench.receive(number=3)
    bench.turn()
    assert len(bench.told(third)) == 1


def test_all_together_are_told_so_many_an_hour_and_the_rest_later(bench: Bench) -> None:
    mails = [bench.receive(f"p{number}@example.com", number) for number in range(3)]
    assert not bench.turn(most_an_hour=2)
    assert not bench.turn(most_an_hour=2)
    assert [len(bench.told(one)) for one in mails] == [1, 1, 0]
    bench.house.clock.advance(3600.0)
    bench.turn(most_an_hour=2)
    assert len(bench.told(mails[2])) == 1


def test_who_was_answered_by_a_person_needs_no_acknowledgement(bench: Bench) -> None:
    mail_id = bench.receive()
    to = bench.noticing.answerable(mail_id, None)
    bench.noticing.answering.send(User(name=UserName("ada"), role="agent"), to, Wish(text="It is done."))
    bench.turn()
    assert [one.by for one in bench.told(mail_id)] == ["ada"]
    assert "has answered meanwhile" in bench.why()


def test_how_a_case_ended_is_told_with_its_reason(bench: Bench) -> None:
    mail_id = bench.receive()
    bench.turn()
    bench.decide(mail_id)
    bench.turn()
    _, outcome = bench.told(mail_id)
    assert (outcome.text, outcome.automatic) == ("It is granted: It was a mistake.", True)


def test_an_outcome_is_told_though_somebody_has_written_before(bench: Bench) -> None:
    mail_id = bench.receive()
    to = bench.noticing.answerable(mail_id, None)
    bench.noticing.answering.send(User(name=UserName("ada"), role="agent"), to, Wish(text="We look at it."))
    bench.turn()
    bench.decide(mail_id)
    bench.turn()
    assert [one.text for one in bench.told(mail_id)] == ["We look at it.", "It is granted: It was a mistake."]


def test_an_outcome_that_nobody_is_told_of(bench: Bench) -> None:
    mail_id = bench.receive()
    bench.turn()
    bench.decide(mail_id, "rejected")
    bench.turn()
    assert "appeals tells nobody of that" in bench.why()
    case = bench.cases.of_mail(mail_id, ALL)
    assert case is not None
    bench.decide(mail_id)
    known = bench.cases.of_mail(mail_id, ALL)
    assert known is not None
    bench.cases.put(a_change(replace(known, state="open", outcome="")))
    bench.turn()
    assert "taken up again" in bench.why()
    assert len(bench.told(mail_id)) == 1


def test_a_case_that_is_decided_anew_before_it_was_told_is_told_once_and_in_its_own_time(bench: Bench) -> None:
    mail_id = bench.receive()
    bench.turn()
    bench.decide(mail_id, reason="It was a slip.")
    bench.house.clock.advance(20.0)
    bench.decide(mail_id, reason="So it is.")
    bench.house.clock.advance(15.0)
    bench.noticing.turn()  # the first is due, and of no account any more
    assert [one.text for one in bench.told(mail_id)] == ["We have it. Shop"]
    bench.turn()
    assert [one.text for one in bench.told(mail_id)] == ["We have it. Shop", "It is granted: So it is."]
    assert [one.said for one in bench.notices.log(ALL) if one.state == "not"] == [
        "the case was taken up again, and decided anew: that is told in its own time"
    ]


def test_outcomes_are_told_a_few_times_a_day(bench: Bench) -> None:
    mail_id = bench.receive()
    for _ in range(MOST_A_DAY["outcome"] + 2):
        bench.decide(mail_id)
        bench.turn()
    assert len(bench.told(mail_id)) == MOST_A_DAY["outcome"]


def test_a_preview_keeps_nothing_and_says_why_nothing_would_be_sent(bench: Bench) -> None:
    mail_id = bench.receive()
    to = bench.noticing.answerable(mail_id)
    assert bench.noticing.preview(to, "received").text == "We have it. Shop"
    assert bench.noticing.preview(to, "outcome", "granted", "so it is").text == "It is granted: so it is"
    bench.noticing.check(to, "received")
    assert bench.told(mail_id) == []
    with pytest.raises(Refused, match="tells nobody of that"):
        bench.noticing.preview(to, "outcome", "withdrawn")
    with pytest.raises(Refused, match="not there any more"):
        bench.noticing.answerable(MailId("none"))
    other = replace(bench.noticing, desks={})
    with pytest.raises(Refused, match="tells nobody of that"):
        other.preview(to, "received")
    with pytest.raises(Refused, match="tells nobody of that"):
        other.check(to, "received")
    missing = replace(bench.noticing, desks={APPEALS: Telling(received="none", outcomes={})})
    with pytest.raises(Refused, match="none"):
        missing.preview(to, "received")
    with pytest.raises(Refused, match="none"):
        missing.check(to, "received")
    asking = replace(bench.noticing, desks={APPEALS: Telling(received="asked", outcomes={})})
    with pytest.raises(Refused, match=r"\{question\}"):
        asking.preview(to, "received")
    with pytest.raises(Refused, match=r"\{question\}"):
        asking.check(to, "received")


@pytest.mark.parametrize(
    ("change", "why"),
    [({"stage": "shadow"}, "in shadow"), ({"urgent": ("threat",)}, "urgent")],
)
def test_what_a_decision_forbids(bench: Bench, change: dict[str, object], why: str) -> None:
    mail_id = bench.receive()

    class Store:
        read = bench.house.store.read

        def decisions(self, mail_id: MailId) -> list[object]:
            return [replace(bench.house.store.decisions(mail_id)[-1], **change)]

    changed = replace(bench.noticing, store=Store())  # type: ignore[arg-type]
    with pytest.raises(Refused, match=why):
        changed.preview(changed.answerable(mail_id), "received")


def test_a_mail_that_came_twice_is_acknowledged_once(bench: Bench) -> None:
    first = bench.receive()
    again = bench.receive()
    bench.turn()
    assert (len(bench.told(first)), bench.told(again)) == (1, [])


@given(
    fields=st.dictionaries(
        st.sampled_from(["Auto-Submitted", "Precedence", "List-Id", "Reply-To", "Sender", "X-Loop", "Return-Path"]),
        st.sampled_from(["auto-replied", "bulk", "list", "<x.example.com>", "eve@evil.test", "<>", "no"]),
        max_size=4,
    ),
    sender=st.sampled_from(
        ["ada@example.com", "no-reply@example.com", "mailer-daemon@example.com", "support@shop.test"]
    ),
    passed=st.booleans(),
)
def test_whatever_a_mail_says_only_its_authenticated_sender_is_told(
    fields: dict[str, str], sender: str, passed: bool
) -> None:
    domain = sender.rpartition("@")[2]
    head = f"Authentication-Results: {SIGNED.format(domain)}\n" if passed else ""
    raw = head + f"From: Ada <{sender}>\n" + "".join(f"{k}: {v}\n" for k, v in fields.items()) + "Subject: x\n\nHello"
    message = read_bytes(raw.encode(), TRUST, trusted=True)
    answering = Answering(
        replies=None,  # type: ignore[arg-type]
        voices={BrandName("example"): Voice(addr="support@brand.test", name="")},
        templates=tuple,
        trust=TRUST,
        key=KEY,
        clock=lambda: 1.0,
        entropy=bytes,
        undo=0.0,
    )
    to = Answerable(mail=a_mail(1), message=message, decision=None)
    try:
        reply = answering.unsent(to, Wish(text="We have it."))
    except Refused:
        return
    assert (reply.to, passed) == ("ada@example.com", True)
    assert not {"auto-replied", "bulk", "list"} & {fields.get("Auto-Submitted", ""), fields.get("Precedence", "")}


def test_when_the_store_fails_only_what_was_in_hand_waits_for_its_lease_to_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails = [bench.receive(f"ada{number}@example.com", number) for number in range(1, 4)]
    fails = [True]

    def told(notices: SqliteNotices, recipient: str, since: float) -> int:
        if fails:
            fails.clear()
            raise TryLater("the disk is full")
        return 0

    monkeypatch.setattr(SqliteNotices, "told", told)
    with pytest.raises(TryLater):
        bench.turn()
    bench.turn()
    assert [len(bench.told(mail)) for mail in mails] == [0, 1, 1]
    bench.house.clock.advance(600)
    bench.turn()
    assert [len(bench.told(mail)) for mail in mails] == [1, 1, 1]


@pytest.mark.parametrize("kind", ["received", "outcome"])
def test_who_dies_after_telling_has_told(bench: Bench, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    mail_id = bench.receive()
    if kind == "outcome":
        bench.turn()
        bench.decide(mail_id)
    before = len(bench.told(mail_id))

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bench.notices, "settle", dies)
    with pytest.raises(KeyboardInterrupt):
        bench.turn()
    monkeypatch.undo()
    assert len(bench.told(mail_id)) == before + 1
    bench.house.clock.advance(2 * 86_400.0)
    bench.turn()
    assert len(bench.told(mail_id)) == before + 1, "it had come into the outbox"
    assert {one.state for one in bench.notices.log(ALL)} == {"sent"}


def test_how_a_case_of_the_second_desk_ended_is_told_in_its_words(bench: Bench) -> None:
    refunds = RouteName("refunds")
    desks = {APPEALS: Telling(outcomes={"granted": "received"}), refunds: Telling(outcomes={"granted": "granted"})}
    noticing = bench.noticing = replace(bench.noticing, desks=desks)
    noticing.watch()
    mail_id = bench.receive()
    (mail,) = bench.house.store.read([mail_id])
    reviewing(bench.house).give(mail, APPEALS, "ada", also=refunds)
    case = a_case(brand=BrandName("shop"), route=refunds)
    bench.cases.put(a_change(case, joins=CaseMail(id=mail_id, at=1.0, thread="t")))
    bench.decide(mail_id)
    bench.turn()
    assert [one.text for one in bench.told(mail_id)] == ["It is granted: It was a mistake."]


def test_trouble_with_one_leaves_the_others_to_be_told(bench: Bench) -> None:
    bench.receive(number=1)
    bench.receive(sender="bob@example.com", number=2)

    def trouble(mail: object) -> Message:
        raise TryLater("the store is busy")

    with pytest.raises(TryLater):
        bench.turn(read=trouble)
    bench.turn()
    assert sorted(one.state for one in bench.notices.log(ALL)) == ["sent", "taken"]


def test_one_that_brings_out_a_bug_is_not_tried_for_ever(bench: Bench) -> None:
    bench.receive(number=1)
    bench.receive(sender="bob@example.com", number=2)

    def bug(mail: object) -> Message:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        bench.turn(read=bug)
    assert "a bug" in next(one.said for one in bench.notices.log(ALL) if one.state == "not")
    bench.turn()
    bench.house.clock.advance(3600.0)
    assert not bench.turn(read=bug)
    assert sorted(one.state for one in bench.notices.log(ALL)) == ["not", "sent"]


def test_who_dies_before_telling_leaves_it_to_be_told(bench: Bench) -> None:
    mail_id = bench.receive()
    bench.turn()
    bench.decide(mail_id)
    bench.house.clock.advance(60)
    bench.notices.take(bench.house.clock.now(), 1, lease=1.0)
    bench.turn()
    assert [one.template for one in bench.told(mail_id)] == ["received", "granted"]


def test_of_the_same_mail_again_nobody_is_told(bench: Bench) -> None:
    first = bench.receive()
    (mail,) = bench.house.store.read([first])

    class Again:
        def __getattr__(self, name: str) -> object:
            return getattr(bench.house.store, name)

        def read(self, ids: object) -> tuple[Mail, ...]:
            return (replace(mail, duplicate_of=MailId("earlier")),)

    bench.turn(store=Again())
    assert bench.told(first) == []
    assert bench.why() == "it came before"
