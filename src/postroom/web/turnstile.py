"""Everybody has a few requests answered at a time, and more of theirs wait: nobody takes all threads, or all memory, of the pages.

A large answer goes out piece by piece, as fast as it is taken, so whoever takes it slowly keeps a place of their own busy, and
nobody's answers pile up in memory.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

AT_ONCE: Final = 8
MOST_WAITING: Final = 32
"""More are told to come again: each takes one of the few hundred connections that there are."""
WHO: Final = "postroom.who"
"""Under this name endpoints note in the scope whose request it was."""
_PIECE: Final = 65_536
_REMEMBERED: Final = 10_000


@dataclass(slots=True)
class _Places:
    """Those of one person or programme."""

    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    taken: int = 0


class Turnstile:
    """ASGI middleware. Who somebody is, is known from their second request on; before, each session and key counts for itself."""

    def __init__(self, app: ASGIApp, cookie: str, refuse: Callable[[str], Response]) -> None:
        """``cookie`` is the session's; ``refuse`` makes the answer to one too many at a path."""
        self._app = app
        self._cookie = cookie
        self._refuse = refuse
        self._names: OrderedDict[bytes, str] = OrderedDict()
        self._places: dict[bytes | str, _Places] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        shown = self._shown(scope)
        if not shown:
            await self._app(scope, receive, send)
            return
        who = self._names.get(shown, shown)
        places = self._places.setdefault(who, _Places())
        if places.taken >= AT_ONCE + MOST_WAITING:
            await self._refuse(scope["path"])(scope, receive, send)
            return
        places.taken += 1
        try:
            async with places.turns:
                await self._app(scope, receive, _in_pieces(send))
        finally:
            places.taken -= 1
            if not places.taken:
                del self._places[who]
        self._learn(shown, scope.get(WHO))

    def _shown(self, scope: Scope) -> bytes:
        """What somebody shows that they are let in by, hashed; nothing for strangers, who are slowed down elsewhere."""
        fields = dict(scope.get("headers", ()))
        cookies = cookie_parser(fields.get(b"cookie", b"").decode("latin-1"))
        shown = cookies.get(self._cookie, "").encode("latin-1", "replace") or fields.get(b"authorization", b"")
        return sha256(shown).digest() if shown else b""

    def _learn(self, shown: bytes, who: str | None) -> None:
        if who is None:
            return
        self._names[shown] = who
        self._names.move_to_end(shown)
        if len(self._names) > _REMEMBERED:
            self._names.popitem(last=False)


def _in_pieces(send: Send) -> Send:
    async def piecewise(message: Message) -> None:
        body = message.get("body", b"")
        if len(body) <= _PIECE:
            await send(message)
            return
        for start in range(0, len(body), _PIECE):
            more = start + _PIECE < len(body) or message.get("more_body", False)
            await send({**message, "body": body[start : start + _PIECE], "more_body": more})

    return piecewise
