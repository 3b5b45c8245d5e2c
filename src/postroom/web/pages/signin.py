"""The door: signing in and out. The only pages for people who have not, with those of `elsewhere`."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from postroom.model.errors import Refused, TryLater
from postroom.web.pages.door import WAIT, Door, agent_of, ip_of, last
from postroom.web.render import Render
from postroom.web.room import Room
from postroom.web.visit import from_here, guarded, inside, read_form


def routes(room: Room, render: Render) -> list[Route]:
    """`/sign-in`, `/sign-in/code` and `/sign-out`."""
    door = Door(room=room, render=render)

    async def ask(request: Request) -> Response:
        left = "left" in request.query_params
        way_out = await run_in_threadpool(room.federation.way_out) if left and room.federation is not None else ""
        return door.shown(inside(request.query_params.get("to", "/")), left=left, way_out=way_out)

    async def enter(request: Request) -> Response:
        form = await read_form(request)
        if form is None or not from_here(request, room):
            return door.not_ours()
        name, to = last(form.fields, "name"), inside(last(form.fields, "to", "/"))
        try:
            secret, _ = await door.in_turn(
                room.signing_in.sign_in, name, last(form.fields, "password"), ip=ip_of(request), agent=agent_of(request)
            )
        except Refused as error:
            return door.shown(to, name=name[:100], wrong=str(error), status=403)
        except TryLater as error:
            return door.shown(to, name=name[:100], wrong=f"{error}. {WAIT}", status=503)
        return door.let_in(secret, to)

    async def leave(request: Request) -> Response:
        secret = request.cookies.get(room.cookie, "")
        if secret and from_here(request, room):
            await run_in_threadpool(room.signing_in.sign_out, secret)
        answer = RedirectResponse("/sign-in?left=1", status_code=303)
        answer.delete_cookie(room.cookie, httponly=True, samesite="lax", secure=room.secure, path="/")
        return guarded(answer)

    return [
        Route("/sign-in", ask, methods=["GET"]),
        Route("/sign-in", enter, methods=["POST"]),
        *_codes(door),
        Route("/sign-out", leave, methods=["POST"]),
    ]


def _codes(door: Door) -> list[Route]:
    """In by a code of `postroom user code`."""

    def shown(wrong: str = "", status: int = 200) -> Response:
        return guarded(door.render.plain("signin_code.html", status=status, wrong=wrong))

    async def ask(_: Request) -> Response:
        return shown()

    async def enter(request: Request) -> Response:
        form = await read_form(request)
        if form is None or not from_here(request, door.room):
            return door.not_ours()
        try:
            secret, _ = await door.in_turn(
                door.room.signing_in.redeem, last(form.fields, "code"), ip_of(request), agent_of(request)
            )
        except Refused as error:
            return shown(str(error), 403)
        except TryLater as error:
            return shown(f"{error}. {WAIT}", 503)
        return door.let_in(secret, "/")

    return [Route("/sign-in/code", ask, methods=["GET"]), Route("/sign-in/code", enter, methods=["POST"])]
