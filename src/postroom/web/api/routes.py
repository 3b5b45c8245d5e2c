"""The API as routes of the site: its operations, its document, and a page that lists them for people."""

from collections.abc import Sequence
from functools import cache

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from postroom.web.api import customer
from postroom.web.api.document import document, tag_of, words
from postroom.web.api.operation import PREFIX, Operation, shape
from postroom.web.api.problem import encoded
from postroom.web.api.serving import Nowhere, Place
from postroom.web.api.table import OPERATIONS
from postroom.web.api.taking import fields
from postroom.web.render import Render
from postroom.web.room import Room
from postroom.web.visit import guarded


def routes(room: Room, render: Render, operations: Sequence[Operation] = OPERATIONS) -> list[Route]:
    """All below `PREFIX`. The document and its page are for anybody: they tell nothing of the installation."""

    @cache
    def told(server: str) -> bytes:
        return encoded(document(operations, server))

    async def openapi(request: Request) -> Response:
        server = f"{'https' if room.secure else 'http'}://{request.headers['host'].lower()}"
        return guarded(Response(told(server), media_type="application/json"))

    async def page(_: Request) -> Response:
        return guarded(render.plain("api.html", rooms=_rooms(operations), prefix=PREFIX))

    async def to_page(_: Request) -> Response:
        return guarded(RedirectResponse(f"{PREFIX}/", status_code=308))

    places: dict[str, list[Operation]] = {}
    for one in operations:
        places.setdefault(one.path, []).append(one)
    return [
        Route(PREFIX, to_page),
        Route(f"{PREFIX}/", page),
        Route(f"{PREFIX}/openapi.json", openapi),
        *(Route(PREFIX + path, Place(room, some)) for path, some in places.items()),
        Route(PREFIX + customer.PATH, customer.Place(room)),
        Route(f"{PREFIX}/{{rest:path}}", Nowhere()),
    ]


def _rooms(operations: Sequence[Operation]) -> dict[str, list[dict[str, object]]]:
    """What the page lists, by room."""
    found: dict[str, list[dict[str, object]]] = {}
    for one in operations:
        form = shape(one)
        found.setdefault(tag_of(one), []).append(
            {
                "operation": one,
                "summary": words(one)[0],
                "parameters": [field.encode_name for field in fields(form.asked)],
                "body": [field.encode_name for field in fields(form.body)],
            }
        )
    return found
