"""Values to bytes and back, for stores and wires.

Invariant: ``decode_x(encode_x(value)) == value`` for every value whose text is Unicode; lone surrogates, which no
encoding can carry, come back as U+FFFD. Fields added later take their defaults when old bytes are read, and unknown
ones are passed over, so that neither an upgrade nor the way back loses a record. Bytes that are no such value raise
`PostroomError`.
"""

from dataclasses import fields, replace
from typing import Any, TypeVar

import msgspec

from postroom.model.backtest import Asked, Change, Report
from postroom.model.cases import Case
from postroom.model.errors import PostroomError
from postroom.model.example import Example
from postroom.model.judgement import Decision, Verdict
from postroom.model.mail import Mail, MailId
from postroom.model.memory import SenderRecord, TextRecord, ThreadRecord

_Value = TypeVar("_Value")

_HEAD = tuple(field.name for field in fields(Mail) if field.name not in {"raw", "duplicate_of"})

_ENCODER = msgspec.msgpack.Encoder()
_MAIL = msgspec.msgpack.Decoder(Mail)
_DECISION = msgspec.msgpack.Decoder(Decision)
_THREAD = msgspec.msgpack.Decoder(ThreadRecord)
_EXAMPLE = msgspec.msgpack.Decoder(Example)
_SENDER = msgspec.msgpack.Decoder(SenderRecord)
_TEXT = msgspec.msgpack.Decoder(TextRecord)
_VERDICT = msgspec.msgpack.Decoder(Verdict)
_CASE = msgspec.msgpack.Decoder(Case)
_ASKED = msgspec.msgpack.Decoder(Asked)
_REPORT = msgspec.msgpack.Decoder(Report)
_CHANGE = msgspec.msgpack.Decoder(Change)


def encode_head(mail: Mail) -> bytes:
    """Everything of a mail but its raw bytes and what it is a duplicate of: stores keep these apart."""
    head: dict[str, Any] = {name: getattr(mail, name) for name in _HEAD}
    head["raw"] = b""
    return encode(head)


def decode_mail(head: bytes, raw: bytes, duplicate_of: MailId | None = None) -> Mail:
    """The mail again, of the three things that a store keeps."""
    return replace(_decode(_MAIL, head), raw=raw, duplicate_of=duplicate_of)


def encode_decision(decision: Decision) -> bytes:
    """A decision with all its findings."""
    return encode(decision)


def decode_decision(data: bytes) -> Decision:
    """What `encode_decision` was given."""
    return _decode(_DECISION, data)


def encode_thread(record: ThreadRecord) -> bytes:
    """What is remembered of a thread."""
    return encode(record)


def decode_thread(data: bytes) -> ThreadRecord:
    """What `encode_thread` was given."""
    return _decode(_THREAD, data)


def encode_sender(record: SenderRecord) -> bytes:
    """What is remembered of a sender."""
    return encode(record)


def decode_sender(data: bytes) -> SenderRecord:
    """What `encode_sender` was given."""
    return _decode(_SENDER, data)


def encode_example(example: Example) -> bytes:
    """A labelled mail."""
    return encode(example)


def decode_example(data: bytes) -> Example:
    """What `encode_example` was given."""
    return _decode(_EXAMPLE, data)


def encode_text(record: TextRecord) -> bytes:
    """What is remembered of a text."""
    return encode(record)


def decode_text(data: bytes) -> TextRecord:
    """What `encode_text` was given."""
    return _decode(_TEXT, data)


def encode_verdict(verdict: Verdict) -> bytes:
    """What a person said."""
    return encode(verdict)


def decode_verdict(data: bytes) -> Verdict:
    """What `encode_verdict` was given."""
    return _decode(_VERDICT, data)


def encode_case(case: Case) -> bytes:
    """A case with the mails that it is given."""
    return encode(case)


def decode_case(data: bytes) -> Case:
    """What `encode_case` was given."""
    return _decode(_CASE, data)


def decode_asked(data: bytes) -> Asked:
    """What somebody wanted tried, of `encode`."""
    return _decode(_ASKED, data)


def decode_report(data: bytes) -> Report:
    """What trying came to, of `encode`."""
    return _decode(_REPORT, data)


def decode_change(data: bytes) -> Change:
    """What it would do with one mail, of `encode`."""
    return _decode(_CHANGE, data)


def sound(text: str) -> str:
    """The text with lone surrogates replaced by U+FFFD: what can be written as UTF-8."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def encode(value: object) -> bytes:
    """Any value of ours, for whoever knows its type when he reads it."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        return _ENCODER.encode(_sound(msgspec.to_builtins(value, builtin_types=(bytes,))))


def _sound(value: Any) -> Any:
    if isinstance(value, str):
        return sound(value)
    if isinstance(value, dict):
        return {key: _sound(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_sound(item) for item in value]
    return value


def _decode(decoder: "msgspec.msgpack.Decoder[_Value]", data: bytes) -> _Value:
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, ValueError) as error:
        raise PostroomError(f"a stored record cannot be read: {error}") from error
