"""What the ways in share: the sign-in page, and the session's cookie."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from threading import BoundedSemaphore
from typing import Any, Final, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from postroom.model.errors import TryLater
from postroom.web.render import Render
from postroom.web.room import Room
from postroom.web.visit import guarded

WAIT = "Try again in a moment."
AT_ONCE: Final = 4
"""Threads for those who sign in: they wait for cores, and must take none of those that pages are made by."""
MOST_WAITING: Final = 20
"""More are told to come again, so that they don't take the places of those who have signed in."""

P = ParamSpec("P")
Given = TypeVar("Given")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The way in of a room."""

    room: Room
    render: Render
    threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(AT_ONCE))
    places: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(AT_ONCE + MOST_WAITING))

    async def in_turn(self, do: Callable[P, Given], /, *args: P.args, **named: P.kwargs) -> Given:
        """What ``do`` gives, in a thread of the door's own. Raises `TryLater` when too many wait for one."""
        if not self.places.acquire(blocking=False):
            raise TryLater("too many people sign in at once")
        try:
            return await to_thread.run_sync(partial(do, *args, **named), limiter=self.threads)
        finally:
            self.places.release()

    def shown(self, to: str, *, wrong: str = "", status: int = 200, **facts: Any) -> Response:
        """The sign-in page; ``to`` is where to go afterwards."""
        federation = self.room.federation
        page: dict[str, Any] = {
            "to": to,
            "name": "",
            "wrong": wrong,
            "elsewhere": federation.name if federation is not None else "",
            "by_password": self.room.signing_in.by_password,
            "left": False,
            "way_out": "",
        }
        return guarded(self.render.plain("signin.html", status=status, **(page | facts)))

    def let_in(self, secret: str, to: str) -> Response:
        """With a session, on to where they wanted."""
        answer = RedirectResponse(to, status_code=303)
        room = self.room
        answer.set_cookie(room.cookie, secret, httponly=True, samesite="lax", secure=room.secure, path="/")
        return guarded(answer)

    def not_ours(self) -> Response:
        """The answer to a form of somebody else's."""
        return guarded(self.render.problem(403, "This form was not sent from a page of postroom. Load the page again."))


def last(form: Mapping[str, tuple[str, ...]], name: str, default: str = "") -> str:
    """The last value of a form's field."""
    return form.get(name, (default,))[-1]


def ip_of(request: Request) -> str:
    """Address of the peer."""
    return request.client.host if request.client else ""


def agent_of(request: Request) -> str:
    """What a browser calls itself."""
    return request.headers.get("user-agent", "")
