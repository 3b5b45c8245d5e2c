"""Whether anything is new: asked every few seconds by open pages, so it must cost next to nothing."""

from hashlib import sha256

from starlette.responses import JSONResponse, Response

from postroom.web.visit import Page, Visit


def news(visit: Visit) -> Response:
    """A mark that changes when what this reader sees in lists may have."""
    room = visit.room
    seen = repr(
        (
            room.views.counts(visit.sight),
            room.turns.open_questions(visit.sight),
            room.store.newest(1),
            room.cases.todo(visit.sight),
            room.deadlines.pressing(visit.now, visit.sight),
            room.urgency.alarms.waiting(visit.sight, visit.user.name) if visit.user.urgent else 0,
        )
    )
    return JSONResponse({"mark": sha256(seen.encode()).hexdigest()[:16]})


PAGES = (Page(path="/news", do=news),)
