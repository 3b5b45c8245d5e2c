"""One SMTP or LMTP connection: the standard library's client, with every wait bounded and commands in one packet.

`smtplib` keeps the protocol (greeting, extensions, STARTTLS, AUTH, no line breaks inside commands). What is ours:
a deadline over the whole delivery instead of one for each read, caps on replies, refusal of what came before TLS, and
MAIL, RCPT and DATA sent together where the server takes that (RFC 2920).
"""

import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

_LONGEST_LINE = 4096
_MOST_LINES = 128
_CHUNK = 65_536
_TOGETHER = 65_536
#: seconds for which a connection is taken for good unseen; if it is not, the mail goes over another
_FRESH = 1.0
#: of what is left until the deadline, a socket waits so much at most
OVERRUN: Final = 1.1


class Reply(NamedTuple):
    """What a server answered."""

    #: three digits; -1 where the connection broke before one came
    code: int
    #: its text, lines joined by LF; anything at all
    text: bytes


class Lost(Exception):
    """The connection broke, or the deadline passed."""


class Session(smtplib.SMTP):
    """A connection. Raises `Lost` from every exchange; after that it can only be closed."""

    def __init__(
        self, *, lmtp: bool, greet_as: str, connect_timeout: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(local_hostname=greet_as)
        if lmtp:
            self.ehlo_msg = "lhlo"
        #: on ``clock``: nothing waits beyond it
        self.deadline = 0.0
        #: mails sent over it
        self.mails = 0
        #: on ``clock``: when it was last used
        self.used_at = 0.0
        self._clock = clock
        self._connect_timeout = connect_timeout
        self._buffer = b""
        #: the timeout that the socket has, 0 for none of ours
        self._armed = 0.0

    def open(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> Reply:
        """Connect to a host or, beginning with ``/``, a Unix socket; the greeting. ``tls`` speaks TLS from the start."""
        self._host = host
        try:
            self.sock = self._dial(host, port)
            if tls is not None:
                self.sock.settimeout(self._left())
                self.sock = tls.wrap_socket(self.sock, server_hostname=host)
        except OSError as error:
            raise Lost(_words(error)) from error
        return self.getreply()

    def secure(self, context: ssl.SSLContext) -> Reply:
        """STARTTLS (RFC 3207), and a new EHLO. Raises `Lost` when the handshake fails or something was said before it."""
        reply = self.docmd("STARTTLS")
        if reply.code != 220:
            return reply
        if self._buffer:
            # Words sent in the clear behind the reply would be taken for the secured server's own.
            raise Lost("the server said more before TLS began")
        assert self.sock is not None
        try:
            self.sock.settimeout(self._left())
            self._armed = 0.0
            self.sock = context.wrap_socket(self.sock, server_hostname=self._host)
        except (OSError, ValueError) as error:
            raise Lost(f"TLS: {_words(error)}") from error
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        return self.greet()

    def greet(self) -> Reply:
        """EHLO or LHLO; HELO for servers that know no EHLO (RFC 5321 §3.2)."""
        reply = Reply(*self.ehlo())
        if reply.code in (500, 502, 504) and self.ehlo_msg == "ehlo":
            return Reply(*self.helo())
        return reply

    def exchange(self, commands: Sequence[str]) -> list[Reply]:
        """Send commands, together where the server offers PIPELINING; a reply each. After a 421 there are fewer."""
        if "pipelining" in self.esmtp_features:
            self.send(b"".join(_line(command) for command in commands))
            return self.replies(len(commands))
        replies: list[Reply] = []
        for command in commands:
            self.send(_line(command))
            replies += self.replies(1)
            if replies[-1].code == 421 or (command == "DATA" and replies[-1].code != 354):
                break
        return replies

    def replies(self, count: int) -> list[Reply]:
        """The next replies; fewer where a 421 says that no more will come (RFC 5321 §3.8)."""
        replies: list[Reply] = []
        while len(replies) < count:
            replies.append(self.getreply())
            if replies[-1].code == 421:
                break
        return replies

    def send_mail(self, data: bytes) -> None:
        """Send a mail in canonical line ends, and the dot that ends it. When this raises `Lost`, the dot wasn't sent."""
        if b"\r\n." in data:
            data = data.replace(b"\r\n.", b"\r\n..")
        if data.startswith(b"."):
            data = b"." + data
        end = b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n"
        if len(data) <= _TOGETHER:
            self.send(data + end)
        else:
            self.send(data)
            self.send(end)

    def is_stale(self, idle: float) -> bool:
        """Whether it idled too long, or the server has closed it or said something unasked."""
        if self.sock is None or self._buffer or self._clock() - self.used_at > idle:
            return True
        if isinstance(self.sock, ssl.SSLSocket) and self.sock.pending():
            return True
        if self._clock() - self.used_at < _FRESH:
            return False
        self.sock.setblocking(False)
        self._armed = 0.0
        try:
            # A connection at rest has nothing to read: end of file, a parting 421 and a TLS alert all are something.
            socket.socket.recv(self.sock, 1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def leave(self) -> None:
        """QUIT without waiting for the answer, and close. Never raises."""
        try:
            if self.sock is not None:
                self.sock.settimeout(1.0)
                self.sock.sendall(b"QUIT\r\n")
        except (OSError, ValueError):
            pass
        self.close()

    # What follows replaces pieces of smtplib, with the same promises to the rest of it.

    def send(self, s: bytes | str) -> None:  # type: ignore[override]
        """Send all of it before the deadline. Raises `Lost`; then the last byte of ``s`` was not sent."""
        if self.sock is None:
            raise Lost("not connected")
        try:
            self._arm(self.sock)
            self.sock.sendall(s.encode("utf-8") if isinstance(s, str) else s)
        except OSError as error:
            self.close()
            raise Lost(_words(error)) from error

    def docmd(self, cmd: str, args: str = "") -> Reply:
        """Send one command; its reply."""
        self.putcmd(cmd, args)
        return self.getreply()

    def getreply(self) -> Reply:
        """One reply, of at most 128 lines of 4,096 octets. Raises `Lost`."""
        lines: list[bytes] = []
        while len(lines) < _MOST_LINES:
            line = self._read_line()
            lines.append(line[4:].strip())
            if not line[:3].isdigit() or line[3:4] not in (b"-", b" ", b"\r", b"\n"):
                self.close()
                raise Lost(f"what the server answers is no SMTP: {line[:60]!a}")
            if line[3:4] != b"-":
                return Reply(int(line[:3]), b"\n".join(lines))
        self.close()
        raise Lost("the server's reply does not end")

    def _read_line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > _LONGEST_LINE:
                self.close()
                raise Lost("the server's reply has too long a line")
            if self.sock is None:
                raise Lost("not connected")
            try:
                self._arm(self.sock)
                more = self.sock.recv(_CHUNK)
            except OSError as error:
                self.close()
                raise Lost(_words(error)) from error
            if not more:
                self.close()
                raise Lost("the server closed the connection")
            self._buffer += more
        line, self._buffer = self._buffer[: end + 1], self._buffer[end + 1 :]
        return line

    def close(self) -> None:
        """Let go of the socket. Idempotent, never raises."""
        sock, self.sock = self.sock, None
        if sock is not None:
            sock.close()

    def _arm(self, sock: socket.socket) -> None:
        """Have the socket wait until the deadline and hardly longer: setting that costs a system call, so not each time."""
        left = self._left()
        if not left <= self._armed <= left * OVERRUN:
            sock.settimeout(left)
            self._armed = left

    def _left(self) -> float:
        left = self.deadline - self._clock()
        if left <= 0:
            raise TimeoutError("timed out")
        return left

    def _dial(self, host: str, port: int) -> socket.socket:
        if host.startswith("/"):
            local = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            return self._connected(local, host)
        error: OSError = OSError(f"no address for {host}")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            try:
                sock = self._connected(socket.socket(family, kind, protocol), address)
            except OSError as failed:
                error = failed
            else:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
        raise error

    def _connected(self, sock: socket.socket, address: object) -> socket.socket:
        try:
            sock.settimeout(min(self._left(), self._connect_timeout))
            sock.connect(address)  # type: ignore[arg-type]
        except BaseException:  # whatever it was: undone here, and raised on
            sock.close()
            raise
        return sock


def _line(command: str) -> bytes:
    if "\r" in command or "\n" in command:
        raise ValueError("a line break inside a command")
    return command.encode("utf-8") + b"\r\n"


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate does not hold: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "timed out"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:200]
