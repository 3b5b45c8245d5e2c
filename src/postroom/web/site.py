"""The pages as one application: every address, and who may ask for it."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from postroom.web.api.operation import PREFIX
from postroom.web.api.problem import Problem
from postroom.web.api.routes import routes as api_routes
from postroom.web.pages import (
    agreement,
    answer,
    archives,
    audit,
    backtest,
    cases,
    condition,
    elsewhere,
    hooks,
    inbox,
    letters,
    mail,
    news,
    notices,
    people,
    person,
    review,
    rules,
    signin,
    templates,
    urgent,
    versions,
    views,
)
from postroom.web.render import Missing, Render
from postroom.web.room import Room
from postroom.web.turnstile import Turnstile
from postroom.web.visit import Page, endpoint, guarded

PAGES: tuple[Page, ...] = (
    *inbox.PAGES,
    *mail.PAGES,
    *answer.PAGES,
    *notices.PAGES,
    *review.PAGES,
    *agreement.PAGES,
    *urgent.PAGES,
    *cases.PAGES,
    *letters.PAGES,
    *backtest.PAGES,
    *condition.PAGES,
    *people.PAGES,
    *person.PAGES,
    *audit.PAGES,
    *hooks.PAGES,
    *archives.PAGES,
    *versions.PAGES,
    *rules.PAGES,
    *templates.PAGES,
    *news.PAGES,
    *views.PAGES,
)
"""All that takes a session."""


def site(room: Room, *, warm: bool = False) -> Starlette:
    """The application; it holds no state but what ``room`` does. ``warm``: it is slow to come, and its first page quick."""
    render = Render()
    if warm:
        render.warm()

    async def static(request: Request) -> Response:
        try:
            return guarded(render.dressing(request.path_params["name"]))
        except Missing:
            return guarded(render.problem(404, "There is no such file."))

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def missing(_: Request, __: Exception) -> Response:
        return guarded(render.problem(404, "There is no such page."))

    def too_many(path: str) -> Response:
        if path.startswith(f"{PREFIX}/"):
            return guarded(Problem(503, _TOO_MANY, headers={"Retry-After": "1"}).response)
        return guarded(render.problem(503, _TOO_MANY))

    def route(page: Page) -> Route:
        return Route(page.path, endpoint(page, room, render), methods=[page.method])

    return Starlette(
        routes=[
            Route("/static/{mark}/{name}", static),
            Route("/healthz", alive),
            *signin.routes(room, render),
            *elsewhere.routes(room, render),
            *api_routes(room, render),
            *map(route, PAGES),
        ],
        exception_handlers={404: missing, 405: missing},
        middleware=[
            Middleware(OurHosts, hosts=room.hosts, refuse=lambda: guarded(render.problem(400, _ELSEWHERE))),
            Middleware(Turnstile, cookie=room.cookie, refuse=too_many),
        ],
    )


_ELSEWHERE = "These pages are not served under that name. Set `pages.url` to the address that people use."

_TOO_MANY = "Too many requests of yours wait for an answer. Try again in a moment."


class OurHosts:
    """Answers only under names that are ours, so that no other site's name can be led here (DNS rebinding).

    And not where it is in doubt how long a request is (RFC 9112 §6.1): a proxy before us may think otherwise than we do.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str], refuse: Callable[[], Response]) -> None:
        self._app = app
        self._hosts = hosts
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http":
            fields = dict(scope["headers"])
            if b"transfer-encoding" in fields and b"content-length" in fields:
                unclear = PlainTextResponse("Say once how long the request is.", 400, {"Connection": "close"})
                await guarded(unclear)(scope, receive, send)
                return
            host = fields.get(b"host", b"").decode("latin-1").lower()
            if host not in self._hosts:
                await self._refuse()(scope, receive, send)
                return
        await self._app(scope, receive, send)
