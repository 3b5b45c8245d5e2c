"""Which conversation a mail continues, for those alone who may be believed to be in it.

A thread is found by References (newest first), then In-Reply-To, then by a subject that is specific enough from the same
sender within 14 days. The sender must be authenticated and have written in it before: whoever guesses or steals a
Message-ID gets nothing from it but a remark.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Literal

from postroom.decide.folding import fold_words
from postroom.model.judgement import AUTOMATIC, JUNK, REVIEW, Decision, Finding, ThreadState
from postroom.model.mail import Mail, RouteName
from postroom.model.memory import Memory, ThreadRecord
from postroom.model.message import Message

SUBJECT_DAYS = 14
_DAY = 86_400.0
_MAX_PARTICIPANTS = 50
_MAX_REFERENCES = 50

# Reply and forward marks of mail programs in many languages, also numbered (Re[2]:) and with a full-width colon.
_MARK = re.compile(
    r"^(?:re|aw|sv|vs|antw|odp|res|rif|ref|ynt|atb|ad|fw|fwd|wg|tr|rv|vb|doorst|enc|i|ilt|pd|回复|回覆|答复|转发|轉寄|返信|転送|ответ|от|пересл|fyi)"
    r"(?:\[\d+\]|\(\d+\))?\s*[:：]\s*"
)
_GENERIC = frozenset(
    """
    account accounts help support urgent question issue problem request please hello hi hey mail email message info information
    contact the a an my your our of for with about to me i need is it in on and new no subject order refund appeal customer service
    konto hilfe frage anfrage bitte cuenta ayuda problema compte aide conta ajuda kwestia pomoc
    """.split()  # noqa: SIM905 - easier to read and to extend
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What looking for a thread came to."""

    #: for the judgement; None when there is none for this sender
    thread: ThreadState | None = None
    #: the same thread, to be extended
    record: ThreadRecord | None = None
    #: e.g. a reference to a thread that the sender is not in
    remarks: tuple[Finding, ...] = ()
    #: under which the thread is remembered by its subject
    subject_key: str = ""


def message_ids(message: Message) -> tuple[str, ...]:
    """Message-IDs under which its thread may be remembered, most telling first, its own last."""
    wanted = [*reversed(message.references[-_MAX_REFERENCES:]), message.in_reply_to, message.message_id]
    return tuple(dict.fromkeys(one for one in wanted if one))


def subject_key(message: Message, mail: Mail) -> str:
    """The key of brand, authenticated sender and subject; ``""`` when the subject is too general or nobody is known.

    A ticket mark of another system is a subject of its own, whatever else the subject says.
    """
    sender = message.trusted_sender.lower()
    if not sender:
        return ""
    subject = message.ticket or bare_subject(message.subject)
    if not message.ticket and not _specific(subject):
        return ""
    said = "\0".join((mail.brand, sender, subject)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(said, digest_size=12).hexdigest()


def bare_subject(subject: str) -> str:
    """A subject folded, without reply and forward marks."""
    bare = " ".join(fold_words(subject[:1000]).split())
    for _ in range(20):
        shorter = _MARK.sub("", bare, count=1)
        if shorter == bare:
            break
        bare = shorter
    return bare


def find(message: Message, mail: Mail, memory: Memory, now: float, key: str | None = None) -> Found:
    """The thread that this mail continues, if its sender is in it. Total. ``key`` is its subject key where that is known."""
    sender = message.trusted_sender.lower()
    key = subject_key(message, mail) if key is None else key
    remarks: list[Finding] = []
    for one in message_ids(message):
        record = memory.threads.get(one)
        if record is None or one == message.message_id or record.brand != mail.brand:
            continue
        if sender and sender in record.participants:
            by: Literal["references", "in-reply-to"] = (
                "references" if one in message.references and one != message.in_reply_to else "in-reply-to"
            )
            return Found(thread=_state(record, by), record=record, subject_key=key)
        why = "who has not written in it" if sender else "who is not authenticated"
        remarks.append(
            _remark(f"it refers to a thread in {record.route}, but comes from somebody {why}: not believed", record)
        )
        break
    record = memory.subjects.get(key) if not remarks and sender else None
    if record is None or record.brand != mail.brand or sender not in record.participants:
        return Found(remarks=tuple(remarks), subject_key=key)
    if not 0.0 <= now - record.last_at <= SUBJECT_DAYS * _DAY:
        return Found(subject_key=key)
    return Found(thread=_state(record, "subject"), record=record, subject_key=key)


def own(message: Message, mail: Mail, memory: Memory) -> ThreadRecord | None:
    """The thread that a mail which was judged is in; None when there is none, or its sender may not be believed."""
    return holding(message, mail, memory) or find(message, mail, memory, mail.received_at).record


def holding(message: Message, mail: Mail, memory: Memory) -> ThreadRecord | None:
    """The thread that this very mail is remembered in, by its Message-ID; None when it is not, or another's may be."""
    record = memory.threads.get(message.message_id)
    if record is None or record.brand != mail.brand or message.trusted_sender.lower() not in record.participants:
        return None
    return record


def extended(found: Found, message: Message, mail: Mail, decision: Decision) -> ThreadRecord | None:
    """The thread with this mail in it, or a new one; None when the sender is not known or no person wrote.

    A mail that went to review, junk or automatic does not move its thread, nor does one older than what is in it. A
    person's word holds until the thread moves.
    """
    sender = message.trusted_sender.lower()
    if not sender or message.kind not in {"person", "none"}:
        return None
    settled = decision.route not in {REVIEW, JUNK, AUTOMATIC}
    record = found.record
    if record is None:
        return ThreadRecord(
            id=mail.id,
            brand=mail.brand,
            route=_begins(decision),
            confirmed=False,
            last_at=mail.received_at,
            mails=1,
            participants=(sender,),
        )
    route = decision.route if settled and mail.received_at >= record.last_at else record.route
    others = tuple(one for one in record.participants if one != sender)[: _MAX_PARTICIPANTS - 1]
    return replace(
        record,
        route=route,
        confirmed=record.confirmed and route == record.route,
        last_at=max(record.last_at, mail.received_at),
        mails=record.mails + 1,
        participants=(*others, sender),
    )


def confirmed(record: ThreadRecord, route: RouteName) -> ThreadRecord:
    """The thread after a person said where it belongs."""
    return replace(record, route=route, confirmed=True)


def unconfirmed(
    record: ThreadRecord, mail: Mail, said: RouteName, first: Decision, standing: RouteName | None
) -> ThreadRecord | None:
    """The thread after a person's word on this mail, ``said``, was taken back; None where it stays as it is.

    It stays when a later mail has joined it, or something else was decided on it since. ``first`` is the mail's first
    judgement, with the thread as it was then; ``standing`` is what a person said of the mail before, None for nothing.
    """
    if record.route != said or not record.confirmed or record.last_at > mail.received_at:
        return None
    if standing is not None:
        return confirmed(record, standing)
    known = first.thread
    if known is None:
        return replace(record, route=_begins(first), confirmed=False)
    settled = first.route not in {REVIEW, JUNK, AUTOMATIC} and mail.received_at >= known.last_at
    route = first.route if settled else known.route
    return replace(record, route=route, confirmed=known.confirmed and route == known.route)


def _begins(decision: Decision) -> RouteName:
    """The route of a thread that begins with this decision."""
    return decision.decided if decision.decided not in {JUNK, AUTOMATIC} else decision.route


def _state(record: ThreadRecord, by: Literal["references", "in-reply-to", "subject"]) -> ThreadState:
    return ThreadState(
        matched_by=by,
        first_id=record.id,
        route=record.route,
        confirmed=record.confirmed,
        last_at=record.last_at,
        mails=record.mails,
    )


def _remark(reason: str, record: ThreadRecord) -> Finding:
    return Finding(source="thread", route=RouteName(""), score=0.0, reason=reason, name=record.id)


def _specific(subject: str) -> bool:
    """Whether two mails of one sender with this subject are surely about one thing: a number, or words of some weight."""
    if re.search(r"\d{4,}", subject):
        return True
    words = [word for word in re.findall(r"[^\W\d_]+", subject) if word not in _GENERIC]
    return len(words) >= 3 and sum(map(len, words)) >= 12
