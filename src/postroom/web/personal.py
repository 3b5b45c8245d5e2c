"""Whom or what somebody means who holds, releases or erases, on the page or by the API; and the mails of an address."""

from postroom.model.desktop import Wanted
from postroom.model.errors import Refused
from postroom.model.listing import MailRow
from postroom.model.mail import MailId
from postroom.model.people import ALL, Sight, User
from postroom.web.room import Room
from postroom.web.seen import listed

_MOST_MAILS = 50


def refuse_narrow(sight: Sight, said: str) -> None:
    """Raises `Refused` for an address, unless they see every brand and desk: its owner may have written to all of them."""
    if "@" in said and not sight.covers(ALL):
        raise Refused("Addresses are held by those who see every brand and desk: name a mail, or ask an admin.")


def named(room: Room, sight: Sight, said: str) -> str:
    """An address as it is compared, or the id of a mail that they may see. Raises `Refused` for what is neither."""
    what = said.strip()
    if "@" in what:
        return room.eraser.person(what)
    row = room.views.row(MailId(what.lower()), sight)
    if row is None or row.state == "erased":
        raise Refused("Write an address, or the whole id of a mail.")
    return row.id


def refuse_unsure(what: str, again: str) -> None:
    """Raises `Refused` unless what is to be erased was written twice."""
    if again.strip().lower() != what.lower():
        raise Refused("What you typed again is something else. Nothing was erased.")


def newest(room: Room, user: User, address: str) -> tuple[MailRow, ...]:
    """Their newest mails, as far as this reader may see them."""
    found = room.views.mails(Wanted(sender=address), user.sight, limit=_MOST_MAILS)
    return listed(room, user, found.rows)
