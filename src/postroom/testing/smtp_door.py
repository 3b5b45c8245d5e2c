"""A real SMTP or LMTP server on a loopback port, in a thread of its own, for tests that talk to it through sockets.

Use it as a context manager; on leaving it drains. Mails are kept in ``mails``; ``answer`` decides what becomes of them.
"""

import asyncio
import itertools
import socket
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

from postroom.adapters.intake.options import SmtpOptions
from postroom.adapters.intake.smtp import SmtpServer
from postroom.adapters.intake.sockets import listen
from postroom.model.mail import BrandName, Envelope, Mail, MailId, Peer
from postroom.ports import EventName, Recipient

T = TypeVar("T")
PATIENCE = 20.0
"""Seconds that anything in a test may take before it is a failure."""


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Events:
    """An `Observer` that remembers."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, Any]]] = []

    def note(self, event: EventName, mail_id: str = "", **facts: str | int | float | bool) -> None:
        """Keep it."""
        self.seen.append((event, facts))

    def of(self, event: EventName) -> list[dict[str, Any]]:
        """The facts of all events of a name."""
        return [facts for name, facts in self.seen if name == event]


class Door:
    """One running server."""

    def __init__(
        self,
        options: SmtpOptions | None = None,
        *,
        known: Sequence[str] = ("support@example.com",),
        clock: Callable[[], float] | None = None,
        sockets: Sequence[socket.socket] | None = None,
    ) -> None:
        self.options = options or SmtpOptions(hostname="mx.example.com")
        self.known = set(known)
        self.events = Events()
        self.mails: list[Mail] = []
        #: called with each mail; its result or error is what the future gets. None: at once kept
        self.answer: Callable[[Mail], tuple[Mail, ...]] | None = None
        #: keep futures open, for `release`
        self.hold = False
        #: futures of mails that nobody has answered yet
        self.held: list[tuple[Future[tuple[Mail, ...]], Mail]] = []
        self.arrived = threading.Condition()
        self._numbers = itertools.count(1)
        self._sockets = list(sockets) if sockets is not None else list(listen("127.0.0.1:0"))
        self.port = int(self._sockets[0].getsockname()[1])
        self.loop = asyncio.new_event_loop()
        more: dict[str, Any] = {} if clock is None else {"clock": clock}
        self.server = SmtpServer(self.options, accept=self._accept, resolve=self._resolve, observer=self.events, **more)
        self._thread = threading.Thread(target=self.loop.run_forever, name="door")

    def __enter__(self) -> Self:
        self._thread.start()
        self.run(self.server.start(self._sockets))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run(self.server.drain(0.2))
        self.run(asyncio.sleep(0))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the server's loop and wait for its result."""
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(PATIENCE)

    def sweep(self) -> None:
        """Look at all deadlines now."""
        self.call(self.server.sweep)

    def call(self, what: Callable[[], T]) -> T:
        """Call something in the server's loop and wait for its result."""

        async def there() -> T:
            return what()

        return self.run(there())

    def connect(self, host: str = "127.0.0.1", *, greeted: bool = True) -> "Line":
        """A raw connection; its banner already read unless told otherwise."""
        line = Line(socket.create_connection((host, self.port), timeout=PATIENCE))
        if greeted:
            assert line.reply().startswith("220 ")
        return line

    def wait_for_mails(self, count: int) -> list[Mail]:
        """Wait until so many mails were handed over."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.mails) >= count, PATIENCE), f"only {len(self.mails)} came"
        return self.mails

    def release(self) -> None:
        """Say of all held mails, from another thread, that they are kept."""
        held, self.held = self.held, []
        for future, mail in held:
            future.set_result((mail,))

    def _resolve(self, address: str) -> Recipient | None:
        return Recipient(brand=BrandName("support")) if address.lower() in self.known else None

    def _accept(self, envelope: Envelope, raw: bytes, peer: Peer) -> "Future[tuple[Mail, ...]]":
        mail = Mail(
            id=MailId(f"01J{next(self._numbers):023}"),
            received_at=0.0,
            brand=BrandName("support"),
            envelope=envelope,
            peer=peer,
            raw=raw,
        )
        future: Future[tuple[Mail, ...]] = Future()
        if self.answer is not None:
            future.set_result(self.answer(mail))
        elif self.hold:
            self.held.append((future, mail))
        else:
            future.set_result((mail,))
        with self.arrived:
            self.mails.append(mail)
            self.arrived.notify_all()
        return future


class Line:
    """A client's end of a connection, by hand."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send octets."""
        self.socket.sendall(data)

    def say(self, line: str) -> str:
        """Send a line and read its reply."""
        self.send(line.encode() + b"\r\n")
        return self.reply()

    def reply(self) -> str:
        """One reply, all its lines; ``""`` when the server has hung up."""
        lines = []
        while True:
            line = self._line()
            lines.append(line)
            if line[3:4] != "-":
                return "\n".join(lines)

    def closed(self) -> bool:
        """Wait for the server to hang up; what it says before is thrown away."""
        while self._line():
            pass
        return True

    def _line(self) -> str:
        while b"\r\n" not in self._buffer:
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                return ""
            if not data:
                return ""
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line.decode()
