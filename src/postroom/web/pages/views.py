"""Saved views: searches under a name, at the side of every page."""

from starlette.responses import RedirectResponse, Response

from postroom.model.errors import Refused
from postroom.model.savedviews import FIELDS, SavedView
from postroom.web.render import Missing
from postroom.web.visit import Page, Visit

_MOST_DIGITS = 15


def chosen(visit: Visit, number: str) -> SavedView:
    """The view with this number. Raises `Missing` when there is none, or none for this visitor."""
    fits = number.isascii() and number.isdecimal() and len(number) <= _MOST_DIGITS
    view = visit.room.saved.find(visit.user, int(number)) if fits else None
    if view is None:
        raise Missing("There is no such view, or it is not for you.")
    return view


def views(visit: Visit) -> Response:
    """All of somebody's, to be put in order."""
    saved = visit.room.saved
    found = saved.of(visit.user)
    return visit.page(
        "views.html",
        title="Views",
        here="views",
        groups=[
            ("Yours", [one for one in found if not one.shared]),
            ("Shared with everybody who sees their mail", [one for one in found if one.shared]),
        ],
        first=saved.first(visit.user),
        may_change={one.number for one in found if saved.may_change(visit.user, one)},
        may_share=visit.user.is_at_least("lead"),
    )


def save(visit: Visit) -> Response:
    """A search under a name: it is opened."""
    asked = {name: visit.said(name) for name in FIELDS if visit.said(name)}
    made = visit.room.saved.save(visit.user, visit.said("name"), asked, shared=bool(visit.said("shared")))
    return RedirectResponse(f"/inbox?view={made.number}", status_code=303)


def change(visit: Visit) -> Response:
    """What the button says."""
    view, saved, user = chosen(visit, visit.path["number"]), visit.room.saved, visit.user
    match visit.said("verb"):
        case "rename":
            saved.change(user, view.number, name=visit.said("name"))
        case "share" | "keep" as verb:
            saved.change(user, view.number, shared=verb == "share")
        case "up" | "down" as verb:
            saved.move(user, view.number, -1 if verb == "up" else 1)
        case "first" | "not-first" as verb:
            saved.begin_with(user, view.number if verb == "first" else 0)
        case "delete":
            saved.delete(user, view.number)
        case _:
            raise Refused("This form is damaged: load the page again.")
    return RedirectResponse("/views", status_code=303)


PAGES = (
    Page(path="/views", do=views),
    Page(path="/views", do=save, method="POST"),
    Page(path="/views/{number}", do=change, method="POST"),
)
