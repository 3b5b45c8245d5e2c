"""A mail that somebody asks for by its id, on a page or by the API."""

from postroom.model.listing import MailRow
from postroom.model.mail import Mail, MailId
from postroom.model.people import Sight, User
from postroom.web.render import Missing
from postroom.web.room import Room
from postroom.web.words import stamp


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
    """The mail with this id; its row None where this user has just moved it to where they don't see it. Raises as `seen`.

    Of such a mail nothing may be shown but where it went.
    """
    try:
        return seen(room, user.sight, mail_id)
    except Missing:
        if room.eraser.erased(mail_id) is not None or room.reviewing.own_move(mail_id, user.name) is None:
            raise
    (mail,) = room.store.read([mail_id])
    return None, mail
