"""An installation with pages for tests, in one process: mail is judged and delivered when a test says so, and a browser asks."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.applications import Starlette

from postroom.adapters.passwords import Argon2Passwords
from postroom.bootstrap.house import House
from postroom.bootstrap.pages import room
from postroom.bootstrap.rulebench import Bench
from postroom.config import load
from postroom.model.mail import Envelope, MailId, Peer
from postroom.model.people import Deed, User, UserName
from postroom.web.room import Room
from postroom.web.site import site

PASSWORD = "correct horse battery"
HOST = "127.0.0.1:8026"
SETTINGS = """
[brand.shop]
addresses = ["support@shop.test"]
[brand.video]
addresses = ["help@video.test"]
[route.appeals]
destinations = ["appeals"]
[route.refunds]
destinations = ["refunds"]
[route.copyright]
destinations = ["copyright"]
[route.general]
destinations = ["general"]
[destination.appeals]
kind = "inbox"
[destination.refunds]
kind = "inbox"
[destination.copyright]
kind = "inbox"
[destination.general]
kind = "inbox"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    cookies: tuple[str, ...]
    text: str

    @property
    def words(self) -> str:
        """The text of a page, with its entities as what they stand for."""
        return unescape(self.text)


@dataclass(slots=True, kw_only=True)
class Browser:
    """Keeps cookies, follows redirects, sends forms as browsers do."""

    app: Starlette
    host: str = HOST
    cookies: dict[str, str] = field(default_factory=dict)
    at: str = ""

    def get(self, path: str, **headers: str) -> Answer:
        """A page, wherever it leads."""
        return self._follow(self._ask("GET", path, b"", headers))

    def post(self, path: str, *, headers: dict[str, str] | None = None, follow: bool = True, **fields: Any) -> Answer:
        """A form."""
        body = urlencode(fields, doseq=True).encode()
        usual = {"content-type": "application/x-www-form-urlencoded", "origin": f"http://{self.host}"}
        answer = self._ask("POST", path, body, usual | (headers or {}))
        return self._follow(answer) if follow else answer

    def csrf(self, page: str = "/inbox") -> str:
        """The token of this session's forms."""
        return self.get(page).text.partition('name="csrf" value="')[2].partition('"')[0]

    def sign_in(self, name: str, password: str = PASSWORD) -> Answer:
        """Through the door."""
        return self.post("/sign-in", name=name, password=password, to="/inbox")

    def _follow(self, answer: Answer) -> Answer:
        for _ in range(5):
            if answer.status != 303:
                break
            answer = self._ask("GET", answer.headers["location"].partition("#")[0], b"", {})
        return answer

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        self.at = path
        plain, _, query = path.partition("?")
        sent: list[dict[str, Any]] = []

        asked = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> dict[str, Any]:
            for message in asked:
                return message
            await asyncio.Event().wait()  # the browser stays
            raise AssertionError

        async def send(message: Any) -> None:
            sent.append(message)

        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        fields = {"host": self.host, "cookie": cookie} | headers
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": plain, "raw_path": plain.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in fields.items() if value],
            "client": ("127.0.0.1", 4711), "server": ("127.0.0.1", 8026),
        }  # fmt: skip
        asyncio.run(self.app(scope, receive, send))
        start = sent[0]
        given = [(name.decode().lower(), value.decode()) for name, value in start["headers"]]
        set_cookies = tuple(value for name, value in given if name == "set-cookie")
        for one in set_cookies:
            name, _, rest = one.partition("=")
            value = rest.partition(";")[0].strip('"')
            if value:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(
            status=start["status"], headers=dict(given), cookies=set_cookies, text=content.decode("utf-8", "replace")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A house with its pages."""

    house: House
    room: Room
    app: Starlette

    def user(self, name: str, role: str, **facts: Any) -> Browser:
        """Somebody new, signed in."""
        known = User(
            name=UserName(name),
            role=role,  # type: ignore[arg-type]
            shown=name.title(),
            password=self.house.people.signing_in.passwords.hash(PASSWORD),
            created_at=time.time(),
            **facts,
        )
        self.house.people.accounts.put_user(known, Deed(at=time.time(), by="", what="user-added", to=name))
        browser = self.browser()
        assert browser.sign_in(name).status == 200
        return browser

    def browser(self) -> Browser:
        """Somebody who has not signed in."""
        return Browser(app=self.app)

    def receive(self, *raws: bytes, to: str = "support@shop.test") -> list[MailId]:
        """Mails that come in, are judged and delivered."""
        reception = self.house.reception()
        ids = []
        for raw in raws:
            envelope = Envelope(mail_from="ada@example.net", rcpt_to=(to,))
            ids += [mail.id for mail in reception.accept(envelope, raw, Peer(door="pipe", trusted=True)).result()]
        self.work()
        return ids

    def work(self) -> None:
        """Judge and deliver all that is due."""
        store = self.house.store
        judging, dispatch = self.house.judging(), self.house.dispatch()
        while jobs := store.claim("judge", 64, "judge.1.1"):
            judging.judge(jobs)
        for name, destination in self.house.destinations.items():
            while jobs := store.claim("deliver", 64, "deliver.1.1", destination=name):
                mails = {mail.id: mail for mail in store.read([job.mail_id for job in jobs])}
                decided = store.decided(jobs)
                store.settle([dispatch.deliver(job, mails[job.mail_id], decided[job.id], destination) for job in jobs])


@contextmanager
def installation(folder: Path, settings: str = SETTINGS, **pages: Any) -> Iterator[Installation]:
    """The one of a folder, or a new one there."""
    found, mistakes = load(settings)
    assert found is not None, mistakes
    found = msgspec.structs.replace(found, pages=msgspec.structs.replace(found.pages, **pages)) if pages else found
    house = House(found, folder)
    quick = Argon2Passwords(time_cost=1, memory_kib=64, parallelism=1)
    house.people.__dict__["signing_in"] = replace(house.people.signing_in, passwords=quick)
    root = User(name=UserName("root"), role="admin", created_at=1.0)
    if house.people.accounts.user(root.name) is None:
        house.people.accounts.put_user(root, Deed(at=1.0, by="", what="user-added", to="root"))
    try:
        made = replace(room(house, []), hosts=frozenset({HOST}))
        made = replace(made, rulework=replace(made.rulework, bench=Bench(house)))
        yield Installation(house=house, room=made, app=site(made))
    finally:
        house.close()


def letter(text: str, *, subject: str = "Hello", sender: str = "Ada <ada@example.net>", extra: str = "") -> bytes:
    """A plain mail."""
    return f"From: {sender}\r\nTo: support@shop.test\r\nSubject: {subject}\r\nMessage-ID: <{abs(hash((text, subject, sender)))}@example.net>\r\n{extra}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()


APPEAL = letter(
    "My account was suspended yesterday and I did nothing wrong. Please review the suspension and restore my account.",
    subject="Suspended account",
)
REFUND = letter(
    "I was charged twice for order 4711. I want my money back, please refund the second charge.",
    subject="Charged twice",
)
QUESTION = letter("How do I change the language of the app to Portuguese?", subject="Language")
UNSURE = letter("Is there a way around the block I got, or the money that was taken?", subject="two things")
