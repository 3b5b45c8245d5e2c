"""A page is a function from a visit to an answer; this module makes ASGI endpoints of them.

Order for every request: is the host ours, is the body small, who is it, may they, does a change come from our own page.
Pages themselves are plain synchronous functions that run in a thread.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from postroom.model.errors import PostroomError, Refused, TryLater
from postroom.model.people import Role, Sight, User
from postroom.web import multipart
from postroom.web.render import Missing, Render
from postroom.web.room import Room
from postroom.web.turnstile import WHO

COOKIE = "postroom"
SECURE_COOKIE = "__Host-postroom"
_MOST_BYTES = 1_000_000
_MOST_FIELDS = 2000
_LONGEST_WAY = 2000
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self';"
    " frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request of somebody who has signed in."""

    room: Room
    render: Render
    user: User
    #: their session's secret
    secret: str
    #: path parameters
    path: Mapping[str, str]
    query: Mapping[str, str]
    #: fields of a form, several values each
    form: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: files of a form
    files: Mapping[str, bytes] = field(default_factory=dict)
    #: path and query, to come back to
    here: str = "/"
    #: seconds since the epoch
    now: float = 0.0
    #: of the peer
    ip: str = ""

    @property
    def sight(self) -> Sight:
        """What they may see."""
        return self.user.sight

    @property
    def csrf(self) -> str:
        """What forms must carry."""
        return csrf_of(self.secret)

    def said(self, name: str, default: str = "") -> str:
        """The last value of a form's field."""
        return self.form.get(name, (default,))[-1]

    def page(self, template: str, *, status: int = 200, **facts: Any) -> Response:
        """A page, with what every page shows around it."""
        return self.render.page(template, self, status=status, **facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One address of the site."""

    path: str
    do: Callable[[Visit], Response]
    #: least role that may
    role: Role = "viewer"
    method: str = "GET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a form says."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


def csrf_of(secret: str) -> str:
    """The token of a session's forms: of no use to whoever reads it in a page, as it does not lead back to the secret."""
    return hmac.new(secret.encode(), b"postroom forms", sha256).hexdigest()


def endpoint(page: Page, room: Room, render: Render) -> Callable[[Request], Awaitable[Response]]:
    """The ASGI endpoint of a page."""

    async def answer(request: Request) -> Response:
        form = await read_form(request) if page.method == "POST" else Form()
        if form is None:
            return guarded(render.problem(413, "That is more than a form may hold."))
        return guarded(await run_in_threadpool(_answer, page, room, render, request, form))

    return answer


def _answer(page: Page, room: Room, render: Render, request: Request, form: Form) -> Response:
    secret = request.cookies.get(room.cookie, "")
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    try:
        known = room.signing_in.who(secret) if secret else None
        if known is None:
            return to_sign_in(here if page.method == "GET" else "/")
        if page.method == "POST" and not _ours(request, room, secret, form.fields):
            return render.problem(
                403,
                "This form was not sent from a page of postroom, or is too old. Go back, load the page again and repeat.",
            )
        _, user = known
        request.scope[WHO] = user.name
        visit = Visit(
            room=room,
            render=render,
            user=user,
            secret=secret,
            path=dict(request.path_params),
            query=dict(request.query_params),
            form=form.fields,
            files=form.files,
            here=here,
            now=room.clock(),
            ip=request.client.host if request.client else "",
        )
        if not user.is_at_least(page.role):
            return visit.page(
                "problem.html",
                status=403,
                title="Not for you",
                words=f"This takes the role {page.role}; you have {user.role}.",
            )
        return page.do(visit)
    except Missing as error:
        return render.problem(404, str(error) or "There is no such page, or it is not for you.")
    except Refused as error:
        return render.problem(409, str(error))
    except TryLater as error:
        return render.problem(503, f"{error}. Try again in a moment.")
    except PostroomError as error:
        return render.problem(500, str(error))
    except Exception as error:  # noqa: BLE001 - told where the engineer on call looks; its words may be a mail's
        room.failed(error)
        return render.problem(500, "A bug in postroom: whoever runs it finds the place in its log.")


def guarded(response: Response) -> Response:
    """With the headers that every answer has, unless it says otherwise itself."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def to_sign_in(after: str) -> Response:
    """Off to the door; ``after`` is where to go then."""
    from urllib.parse import quote  # noqa: PLC0415

    return RedirectResponse(f"/sign-in?to={quote(after, safe='')}", status_code=303)


def inside(target: str) -> str:
    """A place of this site to go to, or the first page: never another site's."""
    ours = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if ours and len(target) <= _LONGEST_WAY else "/"


def _ours(request: Request, room: Room, secret: str, form: Mapping[str, tuple[str, ...]]) -> bool:
    token = form.get("csrf", ("",))[-1]
    return from_here(request, room) and hmac.compare_digest(token.encode(), csrf_of(secret).encode())


def from_here(request: Request, room: Room) -> bool:
    """Whether a browser says that a page of this site sent it; those that say nothing are believed, as a token is asked for too."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin", "")
    return not origin or origin.rpartition("//")[2] in room.hosts


async def read_form(request: Request) -> Form | None:
    """A form; None when it is too large or none."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                return None
        kind = request.headers.get("content-type", "")
        if kind.lower().startswith("multipart/"):
            parts = multipart.read(kind, bytes(body))
            return None if parts is None else Form(fields=parts[0], files=parts[1])
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace")
    except (ClientDisconnect, UnicodeDecodeError, ValueError):
        return None
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        found[name] = (*found.get(name, ()), value)
    return Form(fields=found)
