"""The SMTP and LMTP server: listening sockets, caps, deadlines and answers around `Connection` and `Session`.

All of it runs in one event loop. `accept` is called there and gives a future that any thread may complete: completions are
collected and fetched by one wake-up of the loop a batch, not one a mail.
"""

import asyncio
import ipaddress
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import lru_cache
from weakref import WeakValueDictionary

from postroom.adapters.intake.connection import Connection
from postroom.adapters.intake.options import Network, SmtpOptions
from postroom.adapters.intake.protocol import Memory
from postroom.adapters.intake.session import Session
from postroom.adapters.intake.sockets import address_of, allow_open_files, plain_address
from postroom.adapters.intake.tls import Certificate
from postroom.adapters.intake.transaction import Resolve
from postroom.model.errors import ConfigError
from postroom.model.mail import Envelope, Mail, Peer
from postroom.ports import Observer

Accept = Callable[[Envelope, bytes, Peer], "Future[tuple[Mail, ...]]"]
_READ = 64 * 1024
_SWEEP = 1.0
_SPARE_FILES = 256
#: of the memory, for all strangers together: they keep no trusted network out
_STRANGERS = 3 / 4
#: of the memory, for one of them: it keeps no other out
_STRANGER = 1 / 8


class SmtpServer:
    """One door, on any number of sockets.

    ``accept`` may raise `Refused` (554) or `TryLater` (451, 452) at once, or its future may fail with them; any other
    error is 451 and an event. 250 is said only after the future has completed. ``resolve`` says whether an address
    is ours: None is 550. Both are called in the event loop and must not block.
    """

    def __init__(
        self,
        options: SmtpOptions,
        *,
        accept: Accept,
        resolve: Resolve,
        observer: Observer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises `ConfigError` when the certificate can't be used."""
        self.options = options
        self.accept = accept
        self.clock = clock
        self.certificate = None if options.tls is None else Certificate(options.tls)
        self.draining = False
        #: shared by all connections: see `Connection.get_buffer`
        self.read_buffer = memoryview(bytearray(_READ))
        self._resolve = resolve
        self._observer = observer
        self._memory = Memory(options.max_memory)
        self._strangers = Memory(self._part(_STRANGERS), within=self._memory)
        #: by household, for as long as a connection or an unanswered mail of it is there
        self._shares: WeakValueDictionary[str, Memory] = WeakValueDictionary()
        self._counts: Counter[str] = Counter()
        self._per_ip: Counter[str] = Counter()
        self._connections: dict[Connection, None] = {}
        self._servers: list[asyncio.Server] = []
        self._done: deque[tuple[Connection, Future[tuple[Mail, ...]]]] = deque()
        self._woken = False
        self._loop: asyncio.AbstractEventLoop
        self._timer: asyncio.TimerHandle | None = None
        self._empty: asyncio.Event
        self._looked_at_certificate = clock()

    # -- for whoever runs it -------------------------------------------------------------------------------------

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Serve on bound sockets, which are ours from now on; returns once they are listened on."""
        self._loop = asyncio.get_running_loop()
        self._empty = asyncio.Event()
        allow_open_files(self.options.max_connections + _SPARE_FILES)
        for listening in sockets:
            self._servers.append(await self._loop.create_server(lambda: Connection(self), sock=listening, backlog=1024))
        self._timer = self._loop.call_later(_SWEEP, self._tick)
        self._observer.note(
            "started",
            door=self.options.door,
            sockets=len(sockets),
            listening=" ".join(map(address_of, sockets)),
            tls=self.certificate is not None,
        )

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109 - it bounds the clients, not this call
        """Stop listening, let mails under way finish for ``timeout`` seconds, tell everybody 421, close. Idempotent."""
        if not self.draining:
            self.draining = True
            self._observer.note("draining", door=self.options.door, connections=len(self._connections))
        for server in self._servers:
            server.close()
        self._empty.clear()
        for connection in list(self._connections):
            connection.drain()
        if self._connections:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), timeout)
        for connection in list(self._connections):
            connection.abandon()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._observer.note("stopped", door=self.options.door)

    def reload_tls(self) -> None:
        """Load the certificate again for handshakes from now on. Raises `ConfigError`, and keeps the old one, when it can't."""
        if self.certificate is not None:
            self.certificate.reload()
            self._observer.note("certificate-loaded", door=self.options.door)

    def sweep(self) -> None:
        """Look at all deadlines now; done by itself every second."""
        now = self.clock()
        for connection in list(self._connections):
            connection.check(now)
        tls = self.options.tls
        if tls is not None and tls.reload and now - self._looked_at_certificate >= tls.reload:
            self._looked_at_certificate = now
            self._reload_if_changed()

    def census(self) -> dict[str, int]:
        """Connections and content held now, and what has been counted since the start."""
        return {"connections": len(self._connections), "held_bytes": self._memory.held, **self._counts}

    # -- for connections -----------------------------------------------------------------------------------------

    def welcome(self, connection: Connection, peername: object) -> None:
        """A connection was made: let it in, or turn it away with 421 (RFC 5321 §3.8)."""
        ip = plain_address(str(peername[0])) if isinstance(peername, tuple) and peername else ""
        connection.peer_ip = ip
        self._connections[connection] = None
        self.count("connections-made")
        session = Session(self.options, resolve=self._resolve, memory=self._memory, note=self._note, ip=ip)
        if _within(ip, self.options.proxy_from):
            connection.begin(session, "proxy")
            return
        connection.begin(session, "banner")
        self._introduce(connection, ip)

    def proxied(self, connection: Connection, ip: str) -> None:
        """The PROXY header was read; from now on its address is the peer's."""
        self._introduce(connection, ip or connection.peer_ip)

    def _introduce(self, connection: Connection, ip: str) -> None:
        """The peer's address is known: caps, trust, banner."""
        session = connection.session
        if _within(ip, self.options.trusted_networks):
            session.identify(ip, trusted=True, memory=self._memory)
        else:
            connection.counted = _household(ip)
            session.identify(ip, trusted=False, memory=self._share(connection.counted))
        if connection.counted:
            self._per_ip[connection.counted] += 1
        if self.draining:
            reason = "shutting down"
        elif connection.counted and self._per_ip[connection.counted] > self.options.max_connections_per_ip:
            reason = "too many connections from your address"
        elif len(self._connections) > self.options.max_connections and not self._make_room():
            reason = "too many connections"
        else:
            self._greet(connection)
            return
        self.count("turned-away")
        self._observer.note("connection-refused", door=self.options.door, reason=reason)
        connection.hang_up(f"421 4.3.2 {self.options.hostname} {reason}, try again later\r\n".encode())

    def _greet(self, connection: Connection) -> None:
        delay = 0.0 if connection.session.trusted else self.options.banner_delay
        if delay:
            connection.phase = "banner"
            self._loop.call_later(delay, connection.greet)
        else:
            connection.greet()

    def _share(self, household: str) -> Memory:
        """What one stranger may hold, all its connections together."""
        share = self._shares.get(household)
        if share is None:
            share = self._shares[household] = Memory(self._part(_STRANGER), within=self._strangers)
        return share

    def _part(self, share: float) -> int:
        """A part of the memory; the largest mail always fits in."""
        return max(int(self.options.max_memory * share), self.options.max_size_on_wire)

    def _make_room(self) -> bool:
        """Hang up on who has been silent longest, if anybody has been for long."""
        silent = [
            (since, index, each)
            for index, each in enumerate(self._connections)
            if (since := each.idle_since()) is not None
        ]
        if not silent:
            return False
        since, _, longest = min(silent)
        if self.clock() - since < self.options.yield_after:
            return False
        self.count("made-room")
        longest.hang_up(f"421 4.3.2 {self.options.hostname} Idle while others wait, closing\r\n".encode())
        return True

    def farewell(self, connection: Connection) -> None:
        """A connection is gone."""
        self._connections.pop(connection, None)
        if connection.counted:
            self._per_ip[connection.counted] -= 1
            if not self._per_ip[connection.counted]:
                del self._per_ip[connection.counted]
        if not self._connections:
            self._empty.set()

    def completed(self, connection: Connection, future: "Future[tuple[Mail, ...]]") -> None:
        """A mail is durable, or is not; called from any thread."""
        self._done.append((connection, future))
        if not self._woken:
            self._woken = True
            with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
                self._loop.call_soon_threadsafe(self._answer_all)

    def _answer_all(self) -> None:
        # cleared first: what is appended from now on wakes us again
        self._woken = False
        done = self._done
        while done:
            connection, future = done.popleft()
            connection.answer(future)
            if connection.phase == "talk":
                connection.pump()

    def count(self, what: str) -> None:
        """One more of these, for `census`."""
        self._counts[what] += 1

    def trouble(self, error: BaseException) -> None:
        """An error that is nobody's intention: the mail was answered 451."""
        self.count("failed")
        self._observer.note("store-trouble", door=self.options.door, error=type(error).__name__)

    # -- inside --------------------------------------------------------------------------------------------------

    def _note(self, reason: str) -> None:
        self.count(reason)
        self._observer.note("refused", door=self.options.door, reason=reason)

    def _tick(self) -> None:
        self._timer = self._loop.call_later(_SWEEP, self._tick)
        self.sweep()

    def _reload_if_changed(self) -> None:
        if self.certificate is None or not self.certificate.changed():
            return
        try:
            self.reload_tls()
        except ConfigError as error:
            self._observer.note("certificate-loaded", door=self.options.door, failed=True, error=str(error))


@lru_cache(maxsize=1024)
def _within(ip: str, networks: Sequence[Network]) -> bool:
    """Whether an address is in one of the networks; text that is no address is in none."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return any(address.version == network.version and address in network for network in networks)


@lru_cache(maxsize=1024)
def _household(ip: str) -> str:
    """What one peer has to itself: an IPv4 address, or the /64 of an IPv6 address."""
    return str(ipaddress.ip_network(f"{ip}/64", strict=False)) if ":" in ip else ip
