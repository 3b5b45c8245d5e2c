"""Lists of mail: a desk's inbox, and search."""

import calendar
import time
from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from postroom.model.desktop import MailPage, Wanted
from postroom.model.errors import Refused
from postroom.model.mail import BrandName, RouteName
from postroom.web.pages.mail import Opened, given, opened
from postroom.web.visit import Page, Visit, inside

_FILTERS = (
    "route",
    "brand",
    "words",
    "sender",
    "tag",
    "language",
    "reading",
    "urgent",
    "unconfirmed",
    "since",
    "until",
)
_DAY = 86_400.0
_MOST = 200


def first(visit: Visit) -> Response:
    """Where somebody begins: at what waits for them."""
    return RedirectResponse("/review" if visit.user.role == "reviewer" else "/inbox", status_code=303)


def inbox(visit: Visit) -> Response:
    """The mails that the address asks for."""
    asked = {name: visit.query[name].strip() for name in _FILTERS if visit.query.get(name, "").strip()}
    after = visit.query.get("after", "")
    wrong, found = "", MailPage(rows=(), after="")
    try:
        found = visit.room.views.mails(wanted(asked), visit.sight, after=after, limit=50)
    except Refused as error:
        wrong = str(error)
    route = asked.get("route", "")
    return visit.page(
        "inbox.html",
        title=route.capitalize() if route else "All mail",
        here=route or "all",
        given=dict.fromkeys(_FILTERS, "") | asked,
        found=found,
        answered=visit.room.answering.replies.newest([row.id for row in found.rows]),
        wrong=wrong,
        older=f"/inbox?{urlencode(asked | {'after': found.after})}" if found.after else "",
        newest=f"/inbox?{urlencode(asked)}" if after else "",
        may_move=visit.user.is_at_least("agent"),
        searching=any(name != "route" for name in asked),
    )


def together(visit: Visit) -> Response:
    """Several mails at once: moved to another desk, or read."""
    chosen = visit.form.get("mail", ())[:_MOST]
    if not chosen:
        raise Refused("Tick the mails that you mean.")
    mails = [opened(visit, one.partition(".")[0]) for one in chosen]
    route = visit.said("route")
    match visit.said("verb"):
        case "read":
            for one in mails:
                visit.room.store.mark_read(one.row.id)
        case "move":
            if not route:
                raise Refused("Say to which desk they go.")
            _all_given(visit, mails, route, [said.partition(".")[2] for said in chosen])
        case _:
            raise Refused("This form is damaged: load the page again.")
    return RedirectResponse(inside(visit.said("to", "/inbox")), status_code=303)


def _all_given(visit: Visit, mails: Sequence[Opened], route: str, generations: Sequence[str]) -> None:
    """A verdict on each. Raises `Refused` when some were refused, and says how many were not."""
    refused = []
    for one, generation in zip(mails, generations, strict=True):
        try:
            given(visit, one, route, generation)
        except Refused as error:
            refused.append(str(error))
    if refused:
        raise Refused(f"{len(mails) - len(refused)} of {len(mails)} mails were moved, the others not: {refused[0]}")


def wanted(said: dict[str, str]) -> Wanted:
    """What the fields of a search mean. Raises `Refused` for a date that is none."""
    reading = said.get("reading", "")
    return Wanted(
        route=RouteName(said.get("route", "")),
        brand=BrandName(said.get("brand", "")),
        words=said.get("words", "")[:500],
        sender=said.get("sender", "")[:320],
        tag=said.get("tag", ""),
        language=said.get("language", ""),
        reading=reading if reading in ("unread", "read") else "",  # type: ignore[arg-type]
        urgent="urgent" in said,
        unconfirmed="unconfirmed" in said,
        since=_day(said["since"]) if "since" in said else None,
        until=_day(said["until"]) + _DAY if "until" in said else None,
    )


def _day(text: str) -> float:
    try:
        return float(calendar.timegm(time.strptime(text, "%Y-%m-%d")))
    except (ValueError, OverflowError):
        raise Refused(f"{text!r} is no date: write it as 2026-03-31") from None


PAGES = (
    Page(path="/", do=first),
    Page(path="/inbox", do=inbox),
    Page(path="/inbox", do=together, method="POST", role="agent"),
)
