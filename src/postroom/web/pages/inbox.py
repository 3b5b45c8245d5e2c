"""Lists of mail: a desk's inbox, and search."""

import time
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from postroom.model.desktop import MailPage, Wanted
from postroom.model.errors import Refused
from postroom.model.mail import BrandName, RouteName
from postroom.web.visit import Page, Visit

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


def first(visit: Visit) -> Response:
    """Where somebody begins: at what waits for them."""
    return RedirectResponse("/review" if visit.user.role == "reviewer" else "/inbox", status_code=303)


def inbox(visit: Visit) -> Response:
    """The mails that the address asks for."""
    given = {name: visit.query[name].strip() for name in _FILTERS if visit.query.get(name, "").strip()}
    after = visit.query.get("after", "")
    wrong, found = "", MailPage(rows=(), after="")
    try:
        found = visit.room.views.mails(wanted(given), visit.sight, after=after, limit=50)
    except Refused as error:
        wrong = str(error)
    route = given.get("route", "")
    return visit.page(
        "inbox.html",
        title=route.capitalize() if route else "All mail",
        here=route or "all",
        given=dict.fromkeys(_FILTERS, "") | given,
        found=found,
        wrong=wrong,
        older=f"/inbox?{urlencode(given | {'after': found.after})}" if found.after else "",
        newest=f"/inbox?{urlencode(given)}" if after else "",
        searching=any(name != "route" for name in given),
    )


def wanted(given: dict[str, str]) -> Wanted:
    """What the fields of a search mean. Raises `Refused` for a date that is none."""
    reading = given.get("reading", "")
    return Wanted(
        route=RouteName(given.get("route", "")),
        brand=BrandName(given.get("brand", "")),
        words=given.get("words", "")[:500],
        sender=given.get("sender", "")[:320],
        tag=given.get("tag", ""),
        language=given.get("language", ""),
        reading=reading if reading in ("unread", "read") else "",  # type: ignore[arg-type]
        urgent="urgent" in given,
        unconfirmed="unconfirmed" in given,
        since=_day(given["since"]) if "since" in given else None,
        until=_day(given["until"]) + _DAY if "until" in given else None,
    )


def _day(text: str) -> float:
    try:
        return float(time.mktime(time.strptime(text, "%Y-%m-%d"))) - time.timezone
    except (ValueError, OverflowError):
        raise Refused(f"{text!r} is no date: write it as 2026-03-31") from None


PAGES = (Page(path="/", do=first), Page(path="/inbox", do=inbox))
