"""One TCP connection at the door: moves bytes between a transport and a `Session`, and obeys its events.

It has no timer of its own: the server looks at every connection once in a while (`check`), so that a thousand idle ones
cost nothing in between.
"""

import asyncio
import ssl
from concurrent.futures import Future
from typing import TYPE_CHECKING, Literal, cast

from postroom.adapters.intake.protocol import TOO_EAGER, Need, Submit
from postroom.adapters.intake.proxy import BadProxy, read_proxy
from postroom.adapters.intake.session import Session
from postroom.model.errors import Refused, TryLater
from postroom.model.mail import Mail

if TYPE_CHECKING:
    from postroom.adapters.intake.smtp import SmtpServer

Phase = Literal["proxy", "banner", "talk", "tls", "closing", "gone"]
_AHEAD = 64 * 1024


class Connection(asyncio.BufferedProtocol):
    """Made by the server for each connection that it accepts."""

    __slots__ = (
        "_eof", "_progress", "_proxy", "_reading", "_received", "_since", "_started", "_transport", "_write_paused", "counted",
        "peer_ip", "phase", "server", "session", "task",
    )  # fmt: skip

    def __init__(self, server: "SmtpServer") -> None:
        self.server = server
        self.phase: Phase = "banner"
        #: the per-address count this connection is part of
        self.counted = ""
        self.peer_ip = ""
        #: the TLS handshake under way
        self.task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport
        self._proxy = b""
        self._reading = True
        self._write_paused = self._eof = False
        self._progress = self._received = 0
        self._started = self._since = 0.0
        self.session: Session

    # -- asyncio -------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer is there."""
        self._transport = cast("asyncio.Transport", transport)
        self._started = self._since = self.server.clock()
        self.server.welcome(self, transport.get_extra_info("peername"))

    def get_buffer(self, sizehint: int) -> memoryview:
        """One buffer serves all connections: what is read is copied out before anything else happens."""
        return self.server.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes came."""
        data = self.server.read_buffer[:nbytes]
        match self.phase:
            case "talk":
                self.session.receive_data(data)
                self.pump()
            case "proxy":
                self._read_proxy(bytes(data))
            case "banner":
                self.server.count("early-talker")
                self.hang_up(TOO_EAGER)
            case _:
                pass

    def eof_received(self) -> bool:
        """The peer will send no more; it still gets the answer that it waits for."""
        if self.phase == "talk" and self.session.state == "waiting" and not self.session.tls:
            self._eof = True
            return True
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer is gone. Idempotent: a failed handshake calls it too."""
        if self.phase == "gone":
            return
        self.phase = "gone"
        self.session.hang_up()
        self.server.farewell(self)

    def pause_writing(self) -> None:
        """The peer does not read its replies: nor do we read its commands."""
        self._write_paused = True
        self._flow()

    def resume_writing(self) -> None:
        """It reads again."""
        self._write_paused = False
        self._flow()

    # -- for the server ------------------------------------------------------------------------------------------

    def begin(self, session: Session, phase: Phase) -> None:
        """Take the session; greet at once unless there is something to wait for."""
        self.session = session
        self.phase = phase
        if phase == "talk":
            self.greet()

    def greet(self) -> None:
        """Say the banner, and look at what came behind a PROXY header."""
        if self.phase in ("closing", "gone"):
            return
        self.phase = "talk"
        self.session.greet()
        self.pump()

    def pump(self) -> None:
        """Carry out all that can be, then send all replies at once."""
        session = self.session
        while (event := session.next_event()) is not Need.DATA:
            if isinstance(event, Submit):
                self._submit(event)
            elif event is Need.TLS:
                self._start_tls()
                return
            else:
                self._close()
                return
        out = session.data_to_send()
        if out:
            self._transport.write(out)
        if self._eof and session.state != "waiting":
            self._close()
        elif not self._reading or session.received > _AHEAD:
            self._flow()

    def answer(self, future: "Future[tuple[Mail, ...]]") -> None:
        """What became of the mail that was handed over; 250 is said in here alone."""
        try:
            mails = future.result()
        except Refused as error:
            self.server.count("refused")
            self.session.refused(str(error))
        except TryLater as error:
            self.server.count("deferred")
            self.session.deferred(str(error))
        except BaseException as error:  # noqa: BLE001 - a bug or a cancelled future: the client keeps the mail
            self.server.trouble(error)
            self.session.deferred()
        else:
            self.server.count("accepted")
            self.session.accepted(mails)

    def check(self, now: float) -> None:
        """Hang up if it took too long; called now and then."""
        options = self.server.options
        if self.phase != "talk":
            if now - self._since > options.handshake_timeout:
                self._abort()
            return
        session = self.session
        if session.state == "waiting" or session.progress != self._progress:
            self._progress, self._received = session.progress, 0
            self._since = now
        allowed = options.command_timeout
        if session.state == "data":
            # what comes makes up for time gone by, never for time ahead: a lot at first buys no silence after it
            came = session.received - self._received
            self._since = min(now, self._since + came / options.min_data_rate)
            self._received += came
            allowed = options.data_timeout
        if session.state != "waiting" and (
            now - self._since > allowed or now - self._started > options.session_timeout
        ):
            self.server.count("timeout")
            self.hang_up(f"421 4.4.2 {options.hostname} Timeout, closing\r\n".encode())

    def idle_since(self) -> float | None:
        """Since when it has been silent without a mail under way; None while it must not be disturbed."""
        if self.phase == "talk" and self.session.state in ("new", "ready"):
            return self._since
        return None

    def drain(self) -> None:
        """Finish the mail under way, then close."""
        if self.phase == "talk":
            self.session.drain()
            self.pump()
        elif self.phase in ("proxy", "banner"):
            self._abort()

    def hang_up(self, reply: bytes) -> None:
        """Say ``reply`` and close."""
        self.session.hang_up(reply)
        self._close()

    def abandon(self) -> None:
        """Close without a word, at once."""
        self._abort()

    # -- inside --------------------------------------------------------------------------------------------------

    def _read_proxy(self, data: bytes) -> None:
        self._proxy += data
        try:
            header = read_proxy(self._proxy)
        except BadProxy:
            self.server.count("bad-proxy")
            self._abort()
            return
        if header is None:
            return
        rest, self._proxy = self._proxy[header.size :], b""
        self._since = self.server.clock()
        self.server.proxied(self, header.ip)
        if rest and self.phase == "banner":
            self.server.count("early-talker")
            self.hang_up(TOO_EAGER)
        elif rest:
            self.session.receive_data(rest)
            self.pump()

    def _submit(self, mail: Submit) -> None:
        """Hand a mail over; its answer comes now or later."""
        if mail.long_line:
            self.server.count("long-line")
        if mail.forbidden_octets:
            self.server.count("forbidden-octets-taken")
        try:
            future = self.server.accept(mail.envelope, mail.raw, mail.peer)
        except Exception as error:  # noqa: BLE001 - sorted in `answer`
            future = Future()
            future.set_exception(error)
        if future.done():
            self.answer(future)
        else:
            future.add_done_callback(lambda done: self.server.completed(self, done))

    def _start_tls(self) -> None:
        self.phase = "tls"
        self._since = self.server.clock()
        # before 220: the ClientHello is for the handshake, not for us
        self._transport.pause_reading()
        self._transport.write(self.session.data_to_send())
        self.task = asyncio.get_running_loop().create_task(self._handshake())

    async def _handshake(self) -> None:
        loop = asyncio.get_running_loop()
        certificate = self.server.certificate
        assert certificate is not None
        try:
            transport = await loop.start_tls(
                self._transport,
                self,
                certificate.context,
                server_side=True,
                ssl_handshake_timeout=self.server.options.handshake_timeout,
            )
        except (OSError, ssl.SSLError):
            transport = None
        if transport is None:
            self.server.count("tls-failed")
            self._abort()
            self.connection_lost(None)
        elif self.phase == "tls":
            self._transport = transport
            self._reading = True
            self.session.tls_started()
            self.phase = "talk"
            self._since = self.server.clock()
            if self.server.draining:
                self.drain()
        else:
            transport.abort()

    def _flow(self) -> None:
        """Read, unless the peer doesn't, or has sent enough ahead of an answer."""
        if self.phase in ("tls", "closing", "gone"):
            return
        ahead = self.phase == "talk" and self.session.state == "waiting" and self.session.received > _AHEAD
        wanted = not (self._write_paused or ahead)
        if wanted != self._reading:
            self._reading = wanted
            (self._transport.resume_reading if wanted else self._transport.pause_reading)()

    def _close(self) -> None:
        if self.phase in ("closing", "gone"):
            return
        out = self.session.data_to_send()
        self.phase = "closing"
        self._since = self.server.clock()
        if out:
            self._transport.write(out)
        self._transport.close()

    def _abort(self) -> None:
        if self.phase != "gone":
            self.phase = "closing"
            self._transport.abort()
