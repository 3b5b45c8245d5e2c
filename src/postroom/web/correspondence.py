"""What a sender wrote before, as far as a reader may see it: counted from lists, not from what is remembered of senders; and what they are told by itself."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from postroom.model.cases import OUTCOMES, Outcome
from postroom.model.desktop import Wanted
from postroom.model.errors import Refused
from postroom.model.listing import MailRow
from postroom.model.mail import MailId, RouteName
from postroom.model.message import Message
from postroom.model.people import Sight
from postroom.ports.desktop import Views
from postroom.web.room import Room

_COUNTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Mails of one sender that somebody may see."""

    mails: int
    #: there are more: they are not counted further
    more: bool
    #: newest, seconds since the epoch; None for none
    last_at: float | None
    #: where the newest lies
    last_desk: RouteName
    #: where they lie now -> how many, most first
    desks: Mapping[str, int]
    #: newest first
    ids: tuple[MailId, ...]


_NOTHING = Written(mails=0, more=False, last_at=None, last_desk=RouteName(""), desks={}, ids=())


def written(room: Room, sight: Sight, row: MailRow, message: Message) -> Written:
    """What the sender of a mail wrote before it; nothing of one who is not authenticated: anybody can write that address."""
    if not message.trusted_sender:
        return _NOTHING
    return counted(room.views, sight, message.trusted_sender, after=row.id)


def counted(views: Views, sight: Sight, address: str, *, after: str = "") -> Written:
    """The newest mails in this name, older than the mail ``after``; of what can't be an address, none. Raises `TryLater`."""
    local, at, domain = address.rpartition("@")
    if not (local and at and domain):
        return _NOTHING
    try:
        found = views.mails(Wanted(sender=address), sight, after=after, limit=_COUNTED)
    except Refused:
        return _NOTHING
    rows = found.rows
    desks = Counter(row.route for row in rows)
    return Written(
        mails=len(rows),
        more=bool(found.after),
        last_at=rows[0].received_at if rows else None,
        last_desk=rows[0].route if rows else RouteName(""),
        desks=dict(desks.most_common()),
        ids=tuple(row.id for row in rows),
    )


def told_by_mail(room: Room, route: RouteName) -> tuple[Outcome, ...]:
    """The outcomes of cases at a desk that the person is told of by mail, by itself."""
    desk = None if room.answering.off else room.noticing.desks.get(route)
    return tuple(one for one in OUTCOMES if desk is not None and desk.outcomes.get(one))
