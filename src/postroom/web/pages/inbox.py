"""Lists of mail: a desk's inbox, and search."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from postroom.flow.savedviews import day, day_end, days
from postroom.model.desktop import MailPage, Wanted
from postroom.model.errors import Refused
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.savedviews import FIELDS
from postroom.web.bulk import each
from postroom.web.pages.mail import given, say_of
from postroom.web.pages.views import chosen
from postroom.web.render import Missing
from postroom.web.seen import listed, open_to, read_by, seen
from postroom.web.visit import Page, Visit, inside
from postroom.web.words import hits

_DAY = 86_400.0
_MOST = 200


def first(visit: Visit) -> Response:
    """Where somebody begins: at the view that they have chosen, or at what waits for them."""
    view = visit.room.saved.first(visit.user)
    if view:
        return RedirectResponse(f"/inbox?view={view}", status_code=303)
    return RedirectResponse("/review" if visit.user.role == "reviewer" else "/inbox", status_code=303)


def inbox(visit: Visit) -> Response:
    """The mails that the address asks for, by itself or by a view that was saved."""
    view = chosen(visit, visit.query["view"]) if visit.query.get("view") else None
    asked = (
        view.asked
        if view
        else {name: visit.query[name].strip() for name in FIELDS if visit.query.get(name, "").strip()}
    )
    after = visit.query.get("after", "")
    searching = any(name != "route" for name in asked)
    wrong, found, counted = "", MailPage(rows=(), after=""), ""
    try:
        found = visit.room.views.mails(wanted(asked, visit.now), visit.sight, after=after, limit=50)
        if searching and not after:
            counted = _counted(visit, asked, found)
        found = replace(found, rows=listed(visit.room, visit.user, found.rows, asked.get("route", "")))
    except Refused as error:
        wrong = str(error)
    route, targets = asked.get("route", ""), visit.room.first_answers.rules
    here: Mapping[str, object] = {"view": view.number} if view else asked
    return visit.page(
        "inbox.html",
        title=view.name if view else route.capitalize() if route else "All mail",
        here=f"view {view.number}" if view else route or "all",
        view=view,
        given={name: asked.get(name, "") for name in FIELDS},
        found=found,
        answered=visit.room.answering.replies.newest(open_to(visit.room, visit.user, [row.id for row in found.rows])),
        wrong=wrong,
        targets=RouteName(route) in targets if route else bool(targets),
        older=f"/inbox?{urlencode({**here, 'after': found.after})}" if found.after else "",
        newest=f"/inbox?{urlencode(here)}" if after else "",
        may_move=visit.user.is_at_least("agent"),
        searching=searching,
        counted=counted,
        filters=[
            (name, value, _address({one: said for one, said in asked.items() if one != name}))
            for name, value in asked.items()
        ],
        clear=_address({"route": route} if route else {}),
        elsewhere=[]
        if not route or visit.room.reviewing.desks.knows_unread(RouteName(route))
        else visit.room.reviewing.desks.lies_at(RouteName(route)),
    )


def _counted(visit: Visit, asked: Mapping[str, str], found: MailPage) -> str:
    """How many mails a search finds; one that fits on its page is not counted again."""
    if not found.after:
        return hits(len(found.rows), more=False)
    counted = visit.room.views.hits(wanted(asked, visit.now), visit.sight)
    return hits(counted.number, more=counted.more)


def _address(asked: Mapping[str, str]) -> str:
    return f"/inbox?{urlencode(asked)}" if asked else "/inbox"


def together(visit: Visit) -> Response:
    """Several mails at once: moved to another desk, or read."""
    ticked = visit.form.get("mail", ())[:_MOST]
    if not ticked:
        raise Refused("Tick the mails that you mean.")
    named = {MailId(mail_id): generation for mail_id, _, generation in (one.partition(".") for one in ticked)}
    rows = visit.room.views.rows(set(named), visit.sight)
    if any(one not in rows or rows[one].state == "erased" for one in named):
        raise Missing("One of these mails is not there, or it is not for you. Nothing has changed.")
    route = visit.said("route")
    match visit.said("verb"):
        case "read":
            for row in rows.values():
                read_by(visit.room, visit.sight, row)
        case "elsewhere" | "needless" | "unanswered" as verb:
            say_of(visit, list(named), verb)
        case "move":
            if not route:
                raise Refused("Say to which desk they go.")
            _all_given(visit, named, route)
        case _:
            raise Refused("This form is damaged: load the page again.")
    return RedirectResponse(inside(visit.said("to", "/inbox")), status_code=303)


def _all_given(visit: Visit, named: Mapping[MailId, str], route: str) -> None:
    """A verdict on each, one after the other, as mails may be large. Raises `Refused`."""

    def move(mail_id: MailId) -> None:
        _, found = seen(visit.room, visit.sight, mail_id)
        given(visit, found, route, named[mail_id])

    each(named, move, "mails were moved")


def wanted(said: Mapping[str, str], now: float) -> Wanted:
    """What the fields of a search mean. Raises `Refused` for a date that is none."""
    reading, answering = said.get("reading", ""), said.get("answering", "")
    first = [day(said["since"])] if "since" in said else []
    first += [now - days(said["days"]) * _DAY] if "days" in said else []
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
        answering=answering if answering in ("open", "soon", "overdue") else "",  # type: ignore[arg-type]
        since=max(first, default=None),
        until=day_end(said["until"]) if "until" in said else None,
    )


PAGES = (
    Page(path="/", do=first),
    Page(path="/inbox", do=inbox),
    Page(path="/inbox", do=together, method="POST", role="agent"),
)
