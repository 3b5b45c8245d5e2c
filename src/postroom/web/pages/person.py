"""Somebody who wrote: what is held of them, as a file for them, and an end to it. Addresses are in forms, never in a link."""

from typing import Any

from starlette.responses import RedirectResponse, Response

from postroom.model.people import ALL
from postroom.web import mailview, personal
from postroom.web.visit import Page, Visit

_MOST_ERASURES = 20


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
    personal.refuse_unsure(what, visit.said("again"))
    done = visit.room.eraser.erase(what, visit.user.name)
    return _page(visit, done=done)


def _what(visit: Visit) -> str:
    """What is meant. Raises `Refused`."""
    said = visit.said("what")
    personal.refuse_narrow(visit.sight, said)
    return personal.named(visit.room, visit.sight, said)


def _page(visit: Visit, found: Any = None, done: Any = None) -> Response:
    eraser = visit.room.eraser
    whole = visit.sight.covers(ALL)
    return visit.page(
        "person.html",
        title="Privacy",
        here="person",
        found=found,
        done=done,
        theirs=personal.newest(visit.room, visit.user, found["address"]) if found else (),
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
