"""Every value comes back as it was, from any text and any bytes."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.model.backtest import Asked, Change, Report
from postroom.model.cases import Case
from postroom.model.codec import (
    decode_asked,
    decode_case,
    decode_change,
    decode_decision,
    decode_example,
    decode_mail,
    decode_report,
    decode_sender,
    decode_text,
    decode_thread,
    decode_verdict,
    encode,
    encode_case,
    encode_decision,
    encode_example,
    encode_head,
    encode_sender,
    encode_text,
    encode_thread,
    encode_verdict,
    sound,
)
from postroom.model.errors import PostroomError
from postroom.model.judgement import Decision, Verdict
from postroom.model.mail import BrandName, Mail, MailId, RouteName
from postroom.model.memory import SenderRecord, TextRecord, ThreadRecord
from postroom.testing.values import a_decision, a_mail, an_example

# Numbers as msgpack has them; NaN equals nothing, not even itself.
st.register_type_strategy(float, st.floats(allow_nan=False))
st.register_type_strategy(int, st.integers(-(2**63), 2**63 - 1))


@given(st.from_type(Mail))
def test_a_mail_comes_back(mail: Mail) -> None:
    assert decode_mail(encode_head(mail), mail.raw, mail.duplicate_of) == mail


@given(st.from_type(Decision))
def test_a_decision_comes_back(decision: Decision) -> None:
    assert decode_decision(encode_decision(decision)) == decision


@given(st.from_type(ThreadRecord))
def test_a_thread_comes_back(record: ThreadRecord) -> None:
    assert decode_thread(encode_thread(record)) == record


@given(st.from_type(Asked))
def test_what_was_asked_comes_back(asked: Asked) -> None:
    assert decode_asked(encode(asked)) == asked


@given(st.from_type(Report))
def test_a_report_comes_back(report: Report) -> None:
    assert decode_report(encode(report)) == report


@given(st.from_type(Change))
def test_a_change_comes_back(change: Change) -> None:
    assert decode_change(encode(change)) == change


@given(st.from_type(Case))
def test_a_case_comes_back(case: Case) -> None:
    assert decode_case(encode_case(case)) == case


@given(st.from_type(SenderRecord))
def test_a_sender_comes_back(record: SenderRecord) -> None:
    assert decode_sender(encode_sender(record)) == record


@given(st.from_type(TextRecord))
def test_a_text_comes_back(record: TextRecord) -> None:
    assert decode_text(encode_text(record)) == record


@given(st.from_type(Verdict))
def test_a_verdict_comes_back(verdict: Verdict) -> None:
    assert decode_verdict(encode_verdict(verdict)) == verdict


def test_a_decision_of_an_earlier_version_was_asked_about_by_nobody_and_is_nobodys_word() -> None:
    older = msgspec.msgpack.decode(encode_decision(a_decision(MailId("X"), asked="audit", asked_with=0.5, by="ada")))
    for name in ("asked", "asked_with", "by"):
        del older[name]
    assert decode_decision(msgspec.msgpack.encode(older)) == a_decision(MailId("X"))


def test_the_raw_bytes_are_not_kept_twice() -> None:
    assert b"restore" not in encode_head(a_mail(1))


@given(st.text(st.characters()) | st.text(st.characters(categories=["Cs"])))
def test_any_text_can_be_kept(text: str) -> None:
    assert decode_mail(encode_head(a_mail(1, message_id=text)), b"").message_id == sound(text)
    sound(text).encode()


@given(st.text())
def test_sound_text_stays_as_it_is(text: str) -> None:
    assert sound(text) == text


@given(st.binary())
def test_bytes_that_are_no_value_are_said_to_be_so(data: bytes) -> None:
    for decode in (
        decode_decision,
        decode_thread,
        decode_sender,
        decode_example,
        decode_text,
        decode_verdict,
        lambda head: decode_mail(head, b""),
    ):
        with pytest.raises(PostroomError):
            decode(data)


def test_fields_that_came_later_take_their_defaults_and_unknown_ones_are_passed_over() -> None:
    decision = a_decision(MailId("X"))
    older = msgspec.msgpack.decode(encode_decision(replace(decision, tags=("vip",))))
    del older["tags"]
    older["from-the-future"] = 1
    assert decode_decision(msgspec.msgpack.encode(older)) == decision


def test_lone_surrogates_deep_inside_are_replaced_and_all_else_comes_back() -> None:
    decision = a_decision(a_mail(1).id)
    odd = replace(decision, because="why \ud800", tags=("a \udfff", "b"))
    assert decode_decision(encode_decision(odd)) == replace(decision, because="why \ufffd", tags=("a \ufffd", "b"))


def test_what_cannot_be_read_is_said_to_be_so() -> None:
    with pytest.raises(PostroomError, match="a stored record cannot be read"):
        decode_thread(b"\xc1")


def test_records_of_threads_and_senders_come_back() -> None:
    thread = ThreadRecord(
        id=MailId("m"),
        brand=BrandName("shop"),
        route=RouteName("appeals"),
        confirmed=True,
        last_at=1.5,
        mails=2,
        participants=("ada@example.com",),
    )
    sender = SenderRecord(
        key="a:ada@example.com",
        first_seen=1.0,
        last_at=2.0,
        mails=3,
        counts=((RouteName("appeals"), 1.0),),
        last_route=RouteName("appeals"),
        recent=(2.0,),
        newest=((RouteName("appeals"), 2.0),),
    )
    assert decode_thread(encode_thread(thread)) == thread
    assert decode_sender(encode_sender(sender)) == sender
    assert decode_example(encode_example(an_example(1))) == an_example(1)
