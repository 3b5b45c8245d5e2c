"""The server that mail is handed to: how to reach it, how far to trust the way, and its connections at rest."""

import smtplib
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from postroom.adapters.destination.replies import lane_trouble
from postroom.adapters.destination.smtp_session import Lost, Reply, Session
from postroom.model.errors import ConfigError, TryLater

Tls = Literal["none", "opportunistic", "required", "implicit"]
"""STARTTLS never, when offered (unverified), verified and always; or TLS from the first byte, verified (RFC 8314)."""


class SmtpServer:
    """Opens, keeps and hands out connections. Every failure to get one is `TryLater` with ``lane_down``.

    Several destinations may share one. ``turns`` limits deliveries at once; servers at one address share it, too.

    A password is never sent in the clear unless TLS is set to ``none`` or the server is on this machine: with
    ``opportunistic``, having one makes verified TLS a condition. Raises `ConfigError` for a password it can't send.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        greet_as: str,
        lmtp: bool = False,
        tls: Tls = "opportunistic",
        user: str = "",
        password: str = "",
        ca_file: str | None = None,
        connect_timeout: float = 30.0,
        idle: float = 30.0,
        mails_a_connection: int = 100,
        turns: threading.BoundedSemaphore | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not (user + password).isascii():
            raise ConfigError("user and password for AUTH must be ASCII: the SMTP client knows no other")
        self._host = host.removeprefix("unix:")
        self._port = port
        self._greet_as = greet_as
        self._lmtp = lmtp
        self._user = user
        self._password = password
        self._ca_file = ca_file
        self._connect_timeout = connect_timeout
        self._idle = idle
        self._mails_a_connection = mails_a_connection
        self._turns = turns
        self._clock = clock
        self._tls: Tls = "required" if user and tls == "opportunistic" and not _is_local(self._host) else tls
        self._context: ssl.SSLContext | None = None
        self._lock = threading.Lock()
        self._resting: deque[Session] = deque()
        self._closed = threading.Event()

    def __str__(self) -> str:
        """As people name it."""
        return self._host if self._host.startswith("/") else f"{self._host}:{self._port}"

    @contextmanager
    def turn(self, seconds: float) -> Iterator[None]:
        """Be among those that deliver here at once; wait at most so long for it. Raises `TryLater`."""
        if self._turns is None:
            yield
            return
        if not self._turns.acquire(timeout=seconds):
            raise TryLater(f"{self}: all connections are busy", lane_down=True)
        try:
            yield
        finally:
            self._turns.release()

    def session(self, deadline: float, *, fresh: bool = False) -> Session:
        """A connection that is ready for MAIL: the one used last if it is still good, else a new one. Raises `TryLater`."""
        if self._closed.is_set():
            raise TryLater("closed", lane_down=True)
        while not fresh and self._resting:
            try:
                session = self._resting.pop()
            except IndexError:  # another thread took it
                break
            session.deadline = deadline
            if not session.is_stale(self._idle):
                return session
            session.close()
        try:
            return self._connect(deadline)
        except (Lost, OSError, smtplib.SMTPException) as error:
            raise TryLater(f"{self}: {error}"[:400], lane_down=True) from error

    def rest(self, session: Session) -> None:
        """Take back a connection that was handed out; close it when it is broken, worn or not wanted any more."""
        if session.sock is None:
            return
        session.used_at = self._clock()
        if self._closed.is_set() or session.mails >= self._mails_a_connection:
            session.leave()
            return
        self._resting.append(session)
        if self._closed.is_set():  # while we put it there
            self.close()

    def close(self) -> None:
        """Close what is at rest; connections in use are closed when they come back. Idempotent."""
        self._closed.set()
        while True:
            try:
                self._resting.pop().leave()
            except IndexError:
                return

    def _connect(self, deadline: float) -> Session:
        try:
            return self._open(deadline, secure=self._tls != "none")
        except _NoTls:
            # Like every mail server that may but need not encrypt: better in the clear than not at all.
            return self._open(deadline, secure=False)

    def _open(self, deadline: float, *, secure: bool) -> Session:
        session = Session(
            lmtp=self._lmtp, greet_as=self._greet_as, connect_timeout=self._connect_timeout, clock=self._clock
        )
        session.deadline = deadline
        try:
            implicit = self._secured() if self._tls == "implicit" else None
            _must(session.open(self._host, self._port, implicit), 220, f"{self} does not take connections")
            _must(session.greet(), 250, f"{self} refused our greeting")
            if secure and implicit is None:
                self._start_tls(session)
            if self._user:
                self._sign_in(session)
        except BaseException:  # whatever it was: undone here, and raised on
            session.close()
            raise
        return session

    def _start_tls(self, session: Session) -> None:
        must = self._tls == "required"
        if not session.has_extn("starttls"):
            if must:
                raise TryLater(f"{self} offers no STARTTLS, and TLS is required", lane_down=True)
            return
        try:
            reply = session.secure(self._secured())
        except Lost as error:
            if must:
                raise
            raise _NoTls from error
        if reply.code not in (220, 250):
            if must:
                raise lane_trouble(reply, f"{self} refused TLS")
            raise _NoTls

    def _sign_in(self, session: Session) -> None:
        try:
            session.login(self._user, self._password)
        except smtplib.SMTPAuthenticationError as error:
            text = error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
            raise lane_trouble(Reply(error.smtp_code, text), f"{self} refused our password") from error

    def _secured(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = ssl.create_default_context(cafile=self._ca_file)
                if self._tls == "opportunistic":
                    self._context.check_hostname = False
                    self._context.verify_mode = ssl.CERT_NONE
            return self._context

    def describe(self, deadline: float) -> str:
        """Connect anew and say in a sentence what was found. Raises `TryLater`."""
        session = self.session(deadline, fresh=True)
        verified = ", verified" if self._tls in ("required", "implicit") else ", not verified"
        words = f"{self} takes mail by {'LMTP' if self._lmtp else 'SMTP'}"
        words += (
            f" with {session.sock.version()}{verified}" if isinstance(session.sock, ssl.SSLSocket) else " in the clear"
        )
        words += ", signed in" if self._user else ""
        session.leave()
        return words


class _NoTls(Exception):
    """TLS could not be had, and need not."""


def _must(reply: Reply, code: int, what: str) -> None:
    if reply.code != code:
        raise lane_trouble(reply, what)


def _is_local(host: str) -> bool:
    return host.startswith(("/", "127.")) or host in ("localhost", "::1")
