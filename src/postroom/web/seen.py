"""A mail that somebody asks for by its id, on a page or by the API."""

from dataclasses import dataclass, replace

from postroom.model.errors import Refused
from postroom.model.judgement import Decision
from postroom.model.listing import Event, MailRow
from postroom.model.mail import Mail, MailId, RouteName
from postroom.model.people import Sight, User
from postroom.web.render import Missing
from postroom.web.room import Room
from postroom.web.words import stamp

_BLIND = "you are asked for a second look at this mail: answer it in review first, or leave it to others"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A mail with what its reader may know of it."""

    row: MailRow
    mail: Mail
    #: oldest first
    decisions: tuple[Decision, ...]
    #: they have it in hand for a second look: it is as it was when it was asked about, and nothing that came of it is told
    blind: bool

    @property
    def decision(self) -> Decision | None:
        """In force; None before there is one."""
        return self.decisions[-1] if self.decisions else None


def known(room: Room, user: User, mail_id: MailId) -> Known:
    """The mail with this id, and what was decided of it. Raises `Missing` as `seen` does, and `Refused`."""
    row, mail = seen(room, user.sight, mail_id)
    look = room.second_looks.looks.held(row.id, user.name)
    if look is None:
        return Known(row=row, mail=mail, decisions=room.store.decisions(row.id), blind=False)
    asked = room.second_looks.asked(look)
    then = replace(row, route=asked.route, also=RouteName(""), decided=asked.decided, generation=asked.generation)
    before = tuple(one for one in room.store.decisions(row.id) if one.generation <= asked.generation)
    return Known(row=then, mail=mail, decisions=before, blind=True)


def events_of(room: Room, one: Known) -> tuple[Event, ...]:
    """What happened to it."""
    return () if one.blind else room.events(one.row.id)


def refuse_blind(room: Room, user: User, mail_id: MailId) -> None:
    """Raises `Refused` for whoever has a second look at this mail in hand, as what they do otherwise would tell what the first said."""
    if room.second_looks.looks.held(mail_id, user.name) is not None:
        raise Refused(_BLIND)


def read_by(room: Room, sight: Sight, row: MailRow) -> None:
    """Somebody has read it: it leaves the unread of their desk, not of another where a linked copy lies."""
    desks = [desk for desk in (row.route, row.also) if sight.routes is None or desk in sight.routes]
    if not row.also or len(desks) == 2:
        room.store.mark_read(row.id)
        return
    for desk in desks:
        for place in room.reviewing.desks.lies_at(desk):
            room.store.mark_read(row.id, place)


def seen(room: Room, sight: Sight, mail_id: MailId) -> tuple[MailRow, Mail]:
    """The mail with this id. Raises `Missing` when there is none, none for this reader, or it was erased."""
    gone = room.eraser.erased(mail_id)
    if gone is not None and sight.sees(gone.brand, gone.route, gone.decided):
        raise Missing(f"This mail was erased on {stamp(gone.at)}. Nothing is left of it but that it came.")
    row = room.views.row(mail_id, sight)
    mails = room.store.read([mail_id]) if row else ()
    if row is None or not mails or gone is not None:
        raise Missing("There is no such mail, or it is not for you.")
    return row, mails[0]


def to_take_back(room: Room, user: User, mail_id: MailId) -> tuple[MailRow | None, Mail]:
    """The mail with this id; its row None where this user has just moved it to where they don't see it. Raises as `seen`, and `refuse_blind`.

    Of such a mail nothing may be shown but where it went.
    """
    refuse_blind(room, user, mail_id)
    try:
        return seen(room, user.sight, mail_id)
    except Missing:
        if room.eraser.erased(mail_id) is not None or room.reviewing.own_move(mail_id, user.name) is None:
            raise
    (mail,) = room.store.read([mail_id])
    return None, mail
