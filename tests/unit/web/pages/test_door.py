"""A crowd at the door, whose passwords take long: people who have signed in notice nothing of it."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette

from postroom.web.pages.door import AT_ONCE, MOST_WAITING
from postroom.web.site import site
from tests.pages_house import HOST, installation


class Slow:
    """Passwords that nobody is done with before a test says so."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def hash(self, password: str) -> str:
        return password

    def matches(self, password: str, kept: str) -> bool:
        self.go_on.wait(30)
        return False

    def is_weak(self, kept: str) -> bool:
        return False


async def asked(app: Starlette, method: str, path: str, body: bytes = b"", cookie: str = "") -> int:
    """The status of one answer."""
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        statuses.extend([message["status"]] if message["type"] == "http.response.start" else [])

    fields = {"host": HOST, "cookie": cookie, "content-type": "application/x-www-form-urlencoded"}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "client": ("127.0.0.1", 4711),
        "headers": [(name.encode(), value.encode()) for name, value in fields.items() if value], "server": ("127.0.0.1", 8026),
    }  # fmt: skip
    await app(scope, receive, send)
    return statuses[0]


def test_a_crowd_at_the_door_keeps_nobody_inside_waiting(tmp_path: Path) -> None:
    slow = Slow()
    with installation(tmp_path) as here:
        browser = here.user("ben", "agent")
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        app = site(replace(here.room, signing_in=replace(here.room.signing_in, passwords=slow)))

        async def crowd() -> tuple[int, list[int], list[int]]:
            guesses = [urlencode({"name": f"nobody{n}", "password": "x"}).encode() for n in range(48)]
            waiting = [asyncio.create_task(asked(app, "POST", "/sign-in", guess)) for guess in guesses]
            try:
                too_many = len(guesses) - AT_ONCE - MOST_WAITING
                early: list[int] = []
                for done in asyncio.as_completed(waiting, timeout=30):
                    early.append(await done)
                    if len(early) == too_many:
                        break
                inside = await asyncio.wait_for(asked(app, "GET", "/news", cookie=cookie), 20)
            finally:
                slow.go_on.set()
            return inside, early, [await one for one in waiting]

        inside, early, all_of_them = asyncio.run(crowd())
    assert inside == 200
    assert set(early) == {503}
    assert all_of_them.count(403) == AT_ONCE + MOST_WAITING
