"""The door: signing in and out. The only pages for people who have not."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from postroom.model.errors import Refused, TryLater
from postroom.web.render import Render
from postroom.web.room import Room
from postroom.web.visit import from_here, guarded, inside, read_form


def routes(room: Room, render: Render) -> list[Route]:
    """`/sign-in` and `/sign-out`."""

    def shown(to: str, *, name: str = "", wrong: str = "", status: int = 200) -> Response:
        return guarded(render.plain("signin.html", status=status, to=to, name=name, wrong=wrong))

    async def ask(request: Request) -> Response:
        return shown(inside(request.query_params.get("to", "/")))

    async def enter(request: Request) -> Response:
        given = await read_form(request)
        if given is None or not from_here(request, room):
            return guarded(render.problem(403, "This form was not sent from a page of postroom. Load the page again."))
        form = given.fields
        name, to = form.get("name", ("",))[-1], inside(form.get("to", ("/",))[-1])
        agent, ip = request.headers.get("user-agent", ""), request.client.host if request.client else ""
        try:
            secret, _ = await run_in_threadpool(
                room.signing_in.sign_in, name, form.get("password", ("",))[-1], ip=ip, agent=agent
            )
        except Refused as error:
            return shown(to, name=name[:100], wrong=str(error), status=403)
        except TryLater as error:
            return shown(to, name=name[:100], wrong=f"{error}. Try again in a moment.", status=503)
        answer = RedirectResponse(to, status_code=303)
        answer.set_cookie(room.cookie, secret, httponly=True, samesite="lax", secure=room.secure, path="/")
        return guarded(answer)

    async def leave(request: Request) -> Response:
        secret = request.cookies.get(room.cookie, "")
        if secret and from_here(request, room):
            await run_in_threadpool(room.signing_in.sign_out, secret)
        answer = RedirectResponse("/sign-in", status_code=303)
        answer.delete_cookie(room.cookie, httponly=True, samesite="lax", secure=room.secure, path="/")
        return guarded(answer)

    return [
        Route("/sign-in", ask, methods=["GET"]),
        Route("/sign-in", enter, methods=["POST"]),
        Route("/sign-out", leave, methods=["POST"]),
    ]
