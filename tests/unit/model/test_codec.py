"""Every value comes back as it was, from any text and any bytes."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.model.codec import (
    decode_decision,
    decode_mail,
    decode_sender,
    decode_thread,
    encode_decision,
    encode_head,
    encode_sender,
    encode_thread,
    sound,
)
from postroom.model.errors import PostroomError
from postroom.model.judgement import Decision
from postroom.model.mail import Mail, MailId
from postroom.model.memory import SenderRecord, ThreadRecord
from postroom.testing.values import a_decision, a_mail

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


@given(st.from_type(SenderRecord))
def test_a_sender_comes_back(record: SenderRecord) -> None:
    assert decode_sender(encode_sender(record)) == record


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
    for decode in (decode_decision, decode_thread, decode_sender, lambda head: decode_mail(head, b"")):
        with pytest.raises(PostroomError):
            decode(data)


def test_fields_that_came_later_take_their_defaults_and_unknown_ones_are_passed_over() -> None:
    decision = a_decision(MailId("X"))
    older = msgspec.msgpack.decode(encode_decision(replace(decision, tags=("vip",))))
    del older["tags"]
    older["from-the-future"] = 1
    assert decode_decision(msgspec.msgpack.encode(older)) == decision
