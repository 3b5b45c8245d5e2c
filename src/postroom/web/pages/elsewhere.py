"""Off to the identity provider, and back from it (flow/federation.py)."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from postroom.flow.federation import LONGEST
from postroom.model.errors import Refused, TryLater
from postroom.web.pages.door import WAIT, Door, agent_of, ip_of
from postroom.web.render import Render
from postroom.web.room import Room
from postroom.web.visit import guarded, inside


def routes(room: Room, render: Render) -> list[Route]:
    """`/sign-in/elsewhere` and `/sign-in/back`; none where people sign in here alone."""
    federation = room.federation
    if federation is None:
        return []
    door = Door(room=room, render=render)
    # Its own cookie: who comes back in vain keeps the session that he had.
    cookie = f"{room.cookie}-elsewhere"

    async def go(request: Request) -> Response:
        to = inside(request.query_params.get("to", "/"))
        try:
            way, slip = await run_in_threadpool(federation.begin, to)
        except TryLater as error:
            return door.shown(to, wrong=f"{error}. {WAIT}", status=503)
        answer = RedirectResponse(way, status_code=303)
        answer.set_cookie(
            cookie, slip, max_age=int(LONGEST), httponly=True, samesite="lax", secure=room.secure, path="/"
        )
        return guarded(answer)

    async def back(request: Request) -> Response:
        slip, said = request.cookies.get(cookie, ""), dict(request.query_params)
        try:
            secret, _, to = await run_in_threadpool(federation.finish, slip, said, ip_of(request), agent_of(request))
        except Refused as error:
            answer = door.shown("/", wrong=str(error), status=403)
        except TryLater as error:
            answer = door.shown("/", wrong=f"{error}. {WAIT}", status=503)
        else:
            answer = door.let_in(secret, to)
        answer.delete_cookie(cookie, httponly=True, samesite="lax", secure=room.secure, path="/")
        return answer

    return [Route("/sign-in/elsewhere", go, methods=["GET"]), Route("/sign-in/back", back, methods=["GET"])]
