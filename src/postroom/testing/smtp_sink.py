"""A small SMTP and LMTP server for tests, on loopback, that keeps what it is given and fails where it is told to.

    with SmtpSink() as sink:
        sink.fail("rcpt", reply="451 4.2.1 later", times=1)
        ...
        assert sink.mails[0].data.startswith(b"Received:")

Faults are taken in the order given, at the stage they name. It believes its client and is no server for the world.
"""

import contextlib
import socket
import ssl
import threading
import time
from base64 import b64decode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Stage = Literal["connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "dot", "rset", "quit", "noop"]
"""``body`` is in the midst of the mail's bytes; ``dot`` is its end, before it is kept."""

Act = Literal["reply", "close", "hang", "keep-and-close", "drip", "endless", "close-after-reply"]
"""``keep-and-close`` keeps the mail and says nothing; ``hang`` says nothing until the client or the sink goes away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SunkMail:
    """One mail that was taken."""

    #: reverse-path without brackets
    sender: str
    #: parameters of MAIL, upper case
    parameters: tuple[str, ...]
    #: recipients that were accepted
    rcpts: tuple[str, ...]
    #: dots taken away, line ends as sent
    data: bytes
    #: 1 for the first connection to the sink
    connection: int
    #: whether TLS was on
    tls: bool
    #: who signed in, ``""`` for nobody
    user: str


@dataclass(slots=True, kw_only=True)
class Fault:
    """What goes wrong, where, and how often."""

    stage: Stage
    act: Act = "reply"
    reply: str = ""
    #: only when the command holds this text
    match: str = ""
    #: how often; None for ever
    times: int | None = 1


@dataclass(slots=True)
class _Client:
    """State of one connection."""

    sock: socket.socket
    number: int
    buffer: bytes = b""
    tls: bool = False
    user: str = ""
    sender: str | None = None
    parameters: tuple[str, ...] = ()
    rcpts: list[str] = field(default_factory=list)

    def forget(self) -> None:
        self.sender, self.parameters, self.rcpts = None, (), []


class _Gone(Exception):
    """This connection is over."""


class SmtpSink:
    """Listens while it is entered; a thread a connection."""

    def __init__(
        self,
        *,
        lmtp: bool = False,
        extensions: tuple[str, ...] = ("PIPELINING", "SIZE 50000000", "8BITMIME", "SMTPUTF8"),
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        users: dict[str, str] | None = None,
        unix: Path | None = None,
        pause: float = 0.0,
    ) -> None:
        self.lmtp = lmtp
        self.extensions = extensions
        #: seconds before each answer
        self.pause = pause
        #: what was taken, in order
        self.mails: list[SunkMail] = []
        #: every command line heard, in order
        self.commands: list[str] = []
        #: connections so far
        self.connections = 0
        self._tls = tls
        self._implicit = implicit_tls
        self._users = users or {}
        self._unix = unix
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._clients: dict[int, socket.socket] = {}
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None
        self._address: tuple[str, int] = ("127.0.0.1", 0)

    def __enter__(self) -> "SmtpSink":
        """Listen; on a free port the first time, on the same one after that."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close everything and wait for the threads."""
        self.stop()

    @property
    def host(self) -> str:
        """Where it listens: an address, or the path of a Unix socket."""
        return str(self._unix) if self._unix else self._address[0]

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._address[1]

    def fail(
        self, stage: Stage, *, act: Act = "reply", reply: str = "", match: str = "", times: int | None = 1
    ) -> None:
        """From now on let this go wrong."""
        with self._lock:
            self._faults.append(Fault(stage=stage, act=act, reply=reply, match=match, times=times))

    def heal(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._faults.clear()

    def start(self) -> None:
        """Listen."""
        if self._unix:
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._unix.unlink(missing_ok=True)
            listener.bind(str(self._unix))
            listener.listen(128)
        else:
            listener = socket.create_server(self._address, backlog=128, reuse_port=False)
            self._address = listener.getsockname()[:2]
        self._listener = listener
        thread = threading.Thread(target=self._accept, args=(listener,), name="smtp-sink", daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        """Stop listening, drop every connection, wait for the threads. Idempotent."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.drop_clients()
        threads, self._threads = self._threads, []
        for thread in threads:
            thread.join(10)

    def drop_clients(self) -> None:
        """Close every connection, as a server does that restarts."""
        with self._lock:
            clients = list(self._clients.values())
        for sock in clients:
            with contextlib.suppress(OSError):
                # TLS or not, the bytes below end here
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                client = _Client(sock, self.connections)
                self._clients[client.number] = sock
                thread = threading.Thread(target=self._serve, args=(client,), name="smtp-sink-client", daemon=True)
                self._threads.append(thread)
            thread.start()

    def _serve(self, client: _Client) -> None:
        try:
            if not self._unix:
                client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._implicit:
                self._secure(client)
            self._say(client, "connect", "", "220 sink.test ready")
            while True:
                line = self._line(client).decode("utf-8", "replace").rstrip("\r\n")
                with self._lock:
                    self.commands.append(line)
                self._obey(client, line)
        except (_Gone, OSError):
            pass
        finally:
            with self._lock:
                self._clients.pop(client.number, None)
            client.sock.close()

    def _obey(self, client: _Client, line: str) -> None:
        match line.split(" ", maxsplit=1)[0].upper():
            case "EHLO" | "LHLO" | "HELO":
                self._say(client, "ehlo", line, self._greeting(client, line))
            case "STARTTLS" if self._tls is not None:
                self._say(client, "starttls", line, "220 go ahead")
                self._secure(client)
            case "AUTH":
                self._auth(client, line)
            case "MAIL":
                client.forget()
                client.sender, *rest = line[10:].split(" ")
                client.sender = client.sender.strip("<>")
                client.parameters = tuple(word.upper() for word in rest)
                if not self._say(client, "mail", line, "250 2.1.0 ok"):
                    client.forget()
            case "RCPT":
                ready = "250 2.1.5 ok" if client.sender is not None else "503 5.5.1 MAIL first"
                if self._say(client, "rcpt", line, ready) and ready.startswith("2"):
                    client.rcpts.append(line[8:].strip("<>"))
            case "DATA":
                self._data(client, line)
            case "RSET":
                client.forget()
                self._say(client, "rset", line, "250 2.0.0 ok")
            case "NOOP":
                self._say(client, "noop", line, "250 2.0.0 ok")
            case "QUIT":
                self._say(client, "quit", line, "221 2.0.0 bye")
                raise _Gone
            case _:
                self._send(client, b"502 5.5.2 what?\r\n")

    def _greeting(self, client: _Client, line: str) -> str:
        if line.upper().startswith("HELO"):
            return "250 sink.test"
        extensions = list(self.extensions)
        if self._tls is not None and not client.tls:
            extensions.append("STARTTLS")
        if self._users:
            extensions.append("AUTH PLAIN")
        words = ["sink.test", *extensions]
        return "\r\n".join(f"250{'-' if at < len(words) - 1 else ' '}{word}" for at, word in enumerate(words))

    def _auth(self, client: _Client, line: str) -> None:
        _, user, password = b64decode(line.split(" ")[2]).decode().split("\0")
        good = self._users.get(user) == password
        if self._say(client, "auth", line, "235 2.7.0 welcome" if good else "535 5.7.8 wrong password") and good:
            client.user = user

    def _data(self, client: _Client, line: str) -> None:
        if not client.rcpts:
            self._say(client, "data", line, "503 5.5.1 RCPT first")
            return
        if not self._say(client, "data", line, "354 go on"):
            return
        data = self._body(client)
        # A server decides for each recipient by LMTP, for all at once by SMTP (RFC 2033 §4.2).
        groups = [[rcpt] for rcpt in client.rcpts] if self.lmtp else [list(client.rcpts)]
        faults = [self._fault("dot", ",".join(group)) for group in groups]
        taken = [fault is None or fault.act == "keep-and-close" or fault.reply[:1] == "2" for fault in faults]
        kept = [rcpt for group, good in zip(groups, taken, strict=True) if good for rcpt in group]
        if kept:
            self._keep(client, kept, data)  # before any answer: a client that has one may look
        client.forget()
        for group, fault in zip(groups, faults, strict=True):
            self._act(client, fault, f"250 2.0.0 kept for {','.join(group)[:100]}")

    def _keep(self, client: _Client, rcpts: list[str], data: bytes) -> None:
        assert client.sender is not None
        mail = SunkMail(
            sender=client.sender,
            parameters=client.parameters,
            rcpts=tuple(rcpts),
            data=data,
            connection=client.number,
            tls=client.tls,
            user=client.user,
        )
        with self._lock:
            self.mails.append(mail)

    def _body(self, client: _Client) -> bytes:
        fault = self._fault("body", "")
        while b"\r\n.\r\n" not in client.buffer and not client.buffer.startswith(b".\r\n"):
            if fault is not None and client.buffer:
                self._act(client, fault, "")
            self._more(client)
        if fault is not None:
            self._act(client, fault, "")
        data, _, client.buffer = (b"\r\n" + client.buffer).partition(b"\r\n.\r\n")
        return (data + b"\r\n").replace(b"\r\n..", b"\r\n.")[2:]

    def _say(self, client: _Client, stage: Stage, line: str, reply: str) -> bool:
        """Answer, or do what was ordered instead; whether the answer was good."""
        if self.pause:
            time.sleep(self.pause)
        return self._act(client, self._fault(stage, line), reply)

    def _fault(self, stage: Stage, line: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.stage == stage and fault.match in line and fault.times != 0:
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None

    def _act(self, client: _Client, fault: Fault | None, reply: str) -> bool:
        if fault is None:
            self._send(client, reply.encode() + b"\r\n")
            return reply[:1] in ("2", "3")
        match fault.act:
            case "reply":
                self._send(client, fault.reply.encode() + b"\r\n")
                if fault.reply.startswith("421"):
                    raise _Gone
                return fault.reply[:1] in ("2", "3")
            case "close-after-reply":
                self._send(client, (fault.reply or reply).encode() + b"\r\n")
                raise _Gone
            case "endless":
                while True:
                    self._send(client, b"250-and another line\r\n" * 100)
            case "drip":
                self._send(client, b"2")
                self._wait(client)
            case "hang":
                self._wait(client)
        raise _Gone

    def _wait(self, client: _Client) -> None:
        with contextlib.suppress(OSError):
            while client.sock.recv(65_536):
                pass
        raise _Gone

    def _secure(self, client: _Client) -> None:
        assert self._tls is not None
        client.sock = self._tls.wrap_socket(client.sock, server_side=True)
        client.tls, client.buffer = True, b""
        with self._lock:
            self._clients[client.number] = client.sock

    def _send(self, client: _Client, data: bytes) -> None:
        client.sock.sendall(data)

    def _line(self, client: _Client) -> bytes:
        while b"\n" not in client.buffer:
            self._more(client)
        line, _, client.buffer = client.buffer.partition(b"\n")
        return line

    def _more(self, client: _Client) -> None:
        more = client.sock.recv(262_144)
        if not more:
            raise _Gone
        client.buffer += more
