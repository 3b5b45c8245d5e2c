"""Nobody takes all places of the pages, however much they ask for at once and however slowly they take it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from postroom.web.turnstile import AT_ONCE, MOST_WAITING, WHO, Turnstile


class Busy:
    """An application in which each request waits until the test lets it go on; tells whose it is."""

    def __init__(self) -> None:
        self.inside: list[str] = []
        self.most = 0
        self.going = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        scope[WHO] = scope["path"].removeprefix("/")
        self.inside.append(scope["path"])
        self.most = max(self.most, len(self.inside))
        await self.going.wait()
        self.inside.remove(scope["path"])
        await Response(b"x" * 200_000)(scope, receive, send)


def turnstile(app: Busy) -> Turnstile:
    return Turnstile(app, "session", lambda path: PlainTextResponse(f"no {path}", 503))


async def ask(gate: Turnstile, who: str, *, sent: list[Message] | None = None, **fields: str) -> int:
    """A request in somebody's name; its status."""
    found: list[Message] = [] if sent is None else sent

    async def send(message: Message) -> None:
        found.append(message)

    async def receive() -> Message:
        raise AssertionError

    shown = [(name.encode(), value.encode()) for name, value in fields.items()]
    await gate({"type": "http", "method": "GET", "path": f"/{who}", "headers": shown}, receive, send)
    return int(found[0]["status"])


async def settled() -> None:
    """All that can go on has."""
    for _ in range(20):
        await asyncio.sleep(0)


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 30))


def test_the_requests_of_one_wait_and_those_of_another_do_not() -> None:
    async def test() -> None:
        app = Busy()
        gate = turnstile(app)
        ada = [asyncio.create_task(ask(gate, "ada", cookie="session=a")) for _ in range(AT_ONCE + MOST_WAITING + 3)]
        await settled()
        assert app.inside == ["/ada"] * AT_ONCE
        bob = asyncio.create_task(ask(gate, "bob", authorization="Bearer b"))
        await settled()
        assert app.inside == [*["/ada"] * AT_ONCE, "/bob"]
        app.going.set()
        assert await bob == 200
        answers = await asyncio.gather(*ada)
        assert answers.count(200) == AT_ONCE + MOST_WAITING
        assert answers.count(503) == 3
        assert await ask(gate, "ada", cookie="session=a") == 200

    run(test())


def test_several_sessions_of_one_are_one() -> None:
    async def test() -> None:
        app = Busy()
        app.going.set()
        gate = turnstile(app)
        for number in range(3):
            await ask(gate, "ada", cookie=f"session={number}")
        app.going.clear()
        app.most = 0
        asked = [asyncio.create_task(ask(gate, "ada", cookie=f"session={n % 3}")) for n in range(3 * AT_ONCE)]
        await settled()
        app.going.set()
        await asyncio.gather(*asked)
        assert app.most == AT_ONCE

    run(test())


def test_strangers_are_not_told_apart_and_so_not_counted() -> None:
    async def test() -> None:
        app = Busy()
        asked = [asyncio.create_task(ask(turnstile(app), "stranger")) for _ in range(AT_ONCE + MOST_WAITING + 1)]
        await settled()
        assert len(app.inside) == AT_ONCE + MOST_WAITING + 1
        app.going.set()
        assert set(await asyncio.gather(*asked)) == {200}

    run(test())


def test_a_large_answer_goes_out_in_pieces_so_that_it_waits_for_whoever_takes_it() -> None:
    async def test() -> None:
        app, sent = Busy(), list[Message]()
        app.going.set()
        await ask(turnstile(app), "ada", sent=sent, cookie="session=a")
        bodies = [message for message in sent if message["type"] == "http.response.body"]
        assert b"".join(message["body"] for message in bodies) == b"x" * 200_000
        assert max(len(message["body"]) for message in bodies) <= 65_536
        assert [message["more_body"] for message in bodies] == [True, True, True, False]

    run(test())


def test_what_was_shown_longest_ago_is_forgotten(monkeypatch: Any) -> None:
    monkeypatch.setattr("postroom.web.turnstile._REMEMBERED", 2)

    async def test() -> None:
        app = Busy()
        app.going.set()
        gate = turnstile(app)
        for number in range(5):
            await ask(gate, "ada", cookie=f"session={number}")
        assert len(gate._names) == 2

    run(test())
