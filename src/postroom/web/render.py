"""Templates to pages. Everything that is put into one is escaped, but for what `Markup` was made of here on purpose."""

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from postroom.flow.rulework import may_work
from postroom.model.desktop import BoxCount
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import Role
from postroom.model.savedviews import SavedView
from postroom.web import words
from postroom.web.standing import to_confirm

if TYPE_CHECKING:
    from postroom.web.visit import Visit

_WORK: tuple[tuple[str, str, Role], ...] = (
    ("review/agreement", "Agreement", "reviewer"),
    ("templates", "Templates", "agent"),
    ("letters", "Dead letters", "lead"),
)
_MORE: tuple[tuple[str, str, Role], ...] = (
    ("rules", "Rules", "lead"),
    ("backtest", "Back-test", "lead"),
    ("notices", "Notices", "lead"),
    ("condition", "Health", "lead"),
    ("person", "Privacy", "lead"),
    ("people", "People and keys", "admin"),
    ("audit", "Audit log", "admin"),
    ("hooks", "Webhooks", "admin"),
)
_KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Missing(Exception):
    """There is no such thing, or it is not for this reader: nobody can tell which."""


@cache
def templates() -> Environment:
    """The templates of this process, compiled as they are asked for: files that are put in their place meanwhile go with other code."""
    found = Environment(
        loader=PackageLoader("postroom.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.filters |= words.FILTERS
    found.globals["static"] = {name: f"/static/{mark}/{name}" for name, (mark, _) in dressings().items()}
    return found


@cache
def dressings() -> Mapping[str, tuple[str, bytes]]:
    """Style, script and pictures: a mark of their content, and it."""
    folder = resources.files("postroom.web") / "static"
    contents = {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.name.rpartition(".")[2] in _KINDS}
    return {name: (sha256(content).hexdigest()[:12], content) for name, content in contents.items()}


class Render:
    """Makes pages of templates and serves what they are dressed in."""

    def warm(self) -> None:
        """Compile all templates: the first that asks for a page need not wait for it."""
        for name in templates().list_templates(["html"]):
            templates().get_template(name)

    def dressing(self, name: str) -> Response:
        """One file of `dressings`. Its address changes with its content: it may be kept for ever. Raises `Missing`."""
        if name not in dressings():
            raise Missing
        kind = _KINDS[name.rpartition(".")[2]]
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(dressings()[name][1], media_type=kind, headers=headers)

    def page(self, template: str, visit: "Visit", *, status: int = 200, **facts: Any) -> Response:
        """A page for somebody who has signed in, with what is around it."""
        room = visit.room
        around = {
            "visit": visit,
            "user": visit.user,
            "csrf": visit.csrf,
            "now": visit.now,
            "nav": nav(visit),
            "routes": room.routes,
            "brands": brands(visit),
        }
        return HTMLResponse(templates().get_template(template).render(around | facts), status_code=status)

    def plain(self, template: str, *, status: int = 200, **facts: Any) -> Response:
        """A page for whoever comes."""
        return HTMLResponse(templates().get_template(template).render(facts), status_code=status)

    def problem(self, status: int, said: str) -> Response:
        """What went wrong and what to do."""
        return self.plain(
            "alone.html", status=status, title=words.PROBLEMS.get(status, "That did not work"), words=said
        )


def case_routes(visit: "Visit") -> tuple[RouteName, ...]:
    """Desks with cases that somebody may see."""
    seen = visit.sight.routes
    return tuple(route for route in visit.room.casework.desks.desks if seen is None or route in seen)


def brands(visit: "Visit") -> tuple[BrandName, ...]:
    """Brands that somebody may see."""
    seen = visit.sight.brands
    return tuple(brand for brand in visit.room.brands if seen is None or brand in seen)


def nav(visit: "Visit") -> dict[str, Any]:
    """What the side shows: desks and saved views with their unread mail (None: their mail lies elsewhere), how much waits for a person, and cases to work on (None: no desk of theirs has any).

    Urgent mail that nobody has is None for those who may not see it.
    """
    room, user = visit.room, visit.user
    unread: dict[str, int] = {}
    counts = room.views.counts(visit.sight)
    for one in counts:
        unread[one.route] = unread.get(one.route, 0) + one.unread
    desks = [route for route in room.routes if visit.sight.routes is None or route in visit.sight.routes]
    pressing = room.deadlines.pressing(visit.now, visit.sight) if case_routes(visit) else None
    known = room.reviewing.desks.knows_unread
    return {
        "work": tuple(one for one in _WORK if user.is_at_least(one[2])),
        "more": tuple(one for one in _MORE if user.is_at_least(one[2]) and (one[0] != "rules" or may_work(user))),
        "urgent": room.urgency.alarms.waiting(visit.sight, user.name) if user.urgent else None,
        "pressing": pressing.near + pressing.late if pressing else 0,
        "views": [(view, _unread(view, counts)) for view in room.saved.of(user)],
        "desks": [(route, unread.get(route, 0) if known(route) else None) for route in desks],
        "to_confirm": to_confirm(room, user) if case_routes(visit) else 0,
        "cases": room.cases.todo(visit.sight) if case_routes(visit) else None,
        "questions": room.turns.open_questions(visit.sight) if user.is_at_least("reviewer") else 0,
    }


def _unread(view: SavedView, counts: Sequence[BoxCount]) -> int:
    """Mail unread in a view, where that costs nothing to say; else 0."""
    if not view.counts:
        return 0
    wanted = view.asked.get("route", ""), view.asked.get("brand", "")
    return sum(one.unread for one in counts if wanted[0] in ("", one.route) and wanted[1] in ("", one.brand))
