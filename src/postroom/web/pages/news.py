"""Whether anything is new: asked every few seconds by open pages, so it must cost next to nothing."""

from hashlib import sha256

from starlette.responses import JSONResponse, Response

from postroom.model.desktop import Wanted
from postroom.web.standing import to_confirm
from postroom.web.visit import Page, Visit


def news(visit: Visit) -> Response:
    """A mark that changes when what this reader sees in lists may have."""
    room, sight = visit.room, visit.sight
    seen = repr(
        (
            room.deadlines.pressing(visit.now, sight),
            room.urgency.alarms.waiting(sight, visit.user.name) if visit.user.urgent else 0,
            room.views.counts(sight),
            room.turns.open_questions(sight) if visit.user.is_at_least("reviewer") else 0,
            [row.id for row in room.views.mails(Wanted(), sight, limit=1).rows],
            room.cases.todo(sight),
            to_confirm(room, visit.user),
        )
    )
    return JSONResponse({"mark": sha256(seen.encode()).hexdigest()[:16]})


PAGES = (Page(path="/news", do=news),)
