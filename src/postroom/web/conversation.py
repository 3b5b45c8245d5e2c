"""What was written before a mail, and in answer to it, for who has to answer: in order, bounded, as plain text.

The mails of a conversation are those of its thread that the same sender wrote, its first one, and those of its cases. A
thread is believed for authenticated senders alone: whoever else refers to one is shown nothing of it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from postroom.model.cases import Case
from postroom.model.listing import MailRow
from postroom.model.mail import MailId
from postroom.model.message import Message
from postroom.model.people import User
from postroom.model.replies import Reply
from postroom.web.correspondence import Written
from postroom.web.pieces import piece
from postroom.web.room import Room
from postroom.web.seen import Known, open_to, saw

MOST: Final = 10
"""Mails and answers that are shown: the first, and the newest."""
BYTES: Final = 2_000
"""Of a text that stands folded among others."""
WHOLE: Final = 6_000
"""Of the first and of the newest: they stand open."""
_BEGINNING: Final = 100
_One = TypeVar("_One")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A mail, or an answer to one."""

    #: the mail, or that which is answered
    mail_id: MailId
    #: seconds since the epoch
    at: float
    #: address, or name of a colleague; ``""`` for nobody, or postroom itself
    who: str
    #: its first words, in one line
    begins: str
    #: as far as it is shown
    text: str
    #: there is more of it
    more: bool
    language: str
    #: None for a mail
    reply: Reply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What was written, oldest first."""

    said: tuple[Said, ...]
    #: how many of them are left out after the first
    left_out: int


def before(room: Room, user: User, one: Known, cases: Iterable[Case], written: Written) -> Conversation:
    """What was written before a mail in its conversation, as far as the reader may see it; nothing while they have it in hand for a second look."""
    if one.blind:
        return Conversation(said=(), left_out=0)
    own = one.row.received_at, one.row.id
    of_cases = {mail.id for case in cases for mail in case.mails if (mail.at, mail.id) < own}
    return of_mails(room, user, (of_cases | _of_thread(room, one, written)) - {one.row.id})


def of_mails(room: Room, user: User, ids: Collection[MailId]) -> Conversation:
    """These mails, and the answers to them that were not taken back. Ids are in order of time."""
    shown = _ends(sorted(open_to(room, user, ids))) if ids else []
    if not shown:
        return Conversation(said=(), left_out=0)
    rows = room.views.worded(shown, user.sight)
    replies = room.answering.replies.of_mails(rows)
    saw(room, user, rows.keys())
    found: list[tuple[MailRow, str] | Reply] = [*rows.values()]
    found += (reply for some in replies.values() for reply in some if reply.state != "withdrawn")
    found.sort(key=lambda one: one.at if isinstance(one, Reply) else one[0].received_at)
    told, last = _ends(found), min(len(found), MOST) - 1
    said = (_told(one, WHOLE if number in (0, last) else BYTES) for number, one in enumerate(told))
    return Conversation(said=tuple(said), left_out=len(found) - len(told) + len(ids) - len(shown))


def of_mail(row: MailRow, message: Message) -> Said:
    """A mail that was read, to stand beside an answer to it."""
    end = piece(message.new_text, WHOLE)
    return Said(
        mail_id=row.id,
        at=row.received_at,
        who=message.customer.addr if message.customer else row.from_addr,
        begins=message.subject,
        text=message.new_text[:end],
        more=end < len(message.new_text),
        language=message.language,
    )


def of_replies(replies: Iterable[Reply]) -> tuple[Said, ...]:
    """Answers alone."""
    return tuple(_reply(one, WHOLE) for one in replies)


def _told(one: tuple[MailRow, str] | Reply, most: int) -> Said:
    return _reply(one, most) if isinstance(one, Reply) else _mail(*one, most)


def _reply(reply: Reply, most: int) -> Said:
    end = piece(reply.text, most)
    return Said(
        mail_id=reply.mail_id,
        at=reply.at,
        who=reply.by,
        begins=" ".join(reply.text[: 2 * _BEGINNING].split())[:_BEGINNING],
        text=reply.text[:end],
        more=end < len(reply.text),
        language=reply.language,
        reply=reply,
    )


def _mail(row: MailRow, text: str, most: int) -> Said:
    end = piece(text, most)
    return Said(
        mail_id=row.id,
        at=row.received_at,
        who=row.from_addr,
        begins=row.preview[:_BEGINNING] or row.subject,
        text=text[:end],
        more=end < len(text),
        language=row.language,
    )


def _of_thread(room: Room, one: Known, written: Written) -> set[MailId]:
    """The first mail of its thread, and those of what its sender wrote before that are in it."""
    thread = one.whole.thread if one.whole else None
    if thread is None:
        return set()
    decided = room.store.in_force(written.ids) if written.ids else {}
    first = thread.first_id
    return {first} | {mail_id for mail_id, its in decided.items() if its.thread and its.thread.first_id == first}


def _ends(some: Sequence[_One]) -> list[_One]:
    """The first and the newest, as many as are shown."""
    return list(some) if len(some) <= MOST else [some[0], *some[1 - MOST :]]
