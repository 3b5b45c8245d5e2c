"""Somebody who wrote: what is held of them, as a file for them, and an end to it. Addresses are in forms, never in a link."""

from typing import Any

from starlette.responses import RedirectResponse, Response

from postroom.model.desktop import Wanted
from postroom.model.errors import Refused
from postroom.model.listing import MailRow
from postroom.model.mail import MailId
from postroom.web import mailview
from postroom.web.seen import listed
from postroom.web.visit import Page, Visit

_MOST_ERASURES = 20
_MOST_MAILS = 50


def start(visit: Visit) -> Response:
    """Where somebody is looked up; what is held, and what was erased."""
    return _page(visit)


def look(visit: Visit) -> Response:
    """What is held of an address."""
    return _page(visit, found=visit.room.held(visit.said("address")))


def export(visit: Visit) -> Response:
    """All of it, as a file."""
    content = visit.room.export(visit.said("address"), visit.user.name)
    return mailview.download("person.zip", content)


def hold(visit: Visit) -> Response:
    """Nobody erases it until it is released."""
    visit.room.eraser.hold(_what(visit), visit.said("reason"), visit.user.name)
    return RedirectResponse("/person", status_code=303)


def release(visit: Visit) -> Response:
    """It may be erased again."""
    visit.room.eraser.release(_what(visit), visit.user.name)
    return RedirectResponse("/person", status_code=303)


def erase(visit: Visit) -> Response:
    """For good, once it was written twice."""
    what = _what(visit)
    if visit.said("again").strip().lower() != what.lower():
        raise Refused("What you typed again is something else. Nothing was erased.")
    done = visit.room.eraser.erase(what, visit.user.name)
    return _page(visit, done=done)


def _what(visit: Visit) -> str:
    """An address, or the id of a mail that there is. Raises `Refused`.

    Somebody may have written to every brand and desk: an address is for those who see all of them.
    """
    what = visit.said("what").strip()
    if "@" in what:
        if not _sees_all(visit):
            raise Refused("Addresses are held by those who see every brand and desk: name a mail, or ask an admin.")
        return visit.room.eraser.person(what)
    row = visit.room.views.row(MailId(what.lower()), visit.sight)
    if row is None or row.state == "erased":
        raise Refused("Write an address, or the whole id of a mail.")
    return row.id


def _theirs(visit: Visit, address: str) -> tuple[MailRow, ...]:
    """Their newest mails, as far as the visitor may see them."""
    found = visit.room.views.mails(Wanted(sender=address), visit.sight, limit=_MOST_MAILS)
    return listed(visit.room, visit.user, found.rows)


def _sees_all(visit: Visit) -> bool:
    return visit.sight.brands is None and visit.sight.routes is None


def _page(visit: Visit, found: Any = None, done: Any = None) -> Response:
    eraser = visit.room.eraser
    whole = _sees_all(visit)
    return visit.page(
        "person.html",
        title="Privacy",
        here="person",
        found=found,
        done=done,
        theirs=_theirs(visit, found["address"]) if found else (),
        whole=whole,
        lifetimes=visit.room.lifetimes,
        holds=eraser.keeping.holds() if whole else (),
        erasures=eraser.erasing.erasures(limit=_MOST_ERASURES) if whole else (),
    )


PAGES = (
    Page(path="/person", do=start, role="lead"),
    Page(path="/person", do=look, method="POST", role="admin"),
    Page(path="/person/export", do=export, method="POST", role="admin"),
    Page(path="/person/hold", do=hold, method="POST", role="lead"),
    Page(path="/person/release", do=release, method="POST", role="lead"),
    Page(path="/person/erase", do=erase, method="POST", role="admin"),
)
