"""One SMTP or LMTP session without any input or output: bytes in, events and replies out. `protocol` holds its rules.

Invariant: any bytes in any pieces never raise, hold at most a command line or one mail within the caps, and give the same
replies however they were cut, except that talking behind a command that ends a group is only seen when it comes with it.
The caller loops: `receive_data`, `next_event` until `Need.DATA`, then `data_to_send`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final

from postroom.adapters.intake import protocol as say
from postroom.adapters.intake.content import Content
from postroom.adapters.intake.lines import Lines
from postroom.adapters.intake.options import SmtpOptions
from postroom.adapters.intake.paths import BadPath
from postroom.adapters.intake.protocol import Event, Memory, Need, State, Submit
from postroom.adapters.intake.transaction import Note, Resolve, Transaction, ask, enhanced
from postroom.model.mail import Mail, Peer

_CLIENT_HELLO: Final = b"\x16\x03"
_CONTROLS: Final = re.compile(rb"[\x00-\x1f\x7f]")
_TURNED_AWAY_FACTOR: Final = 100


def _unheard(reason: str) -> None:
    """Nobody listens."""


class Session:
    """The state of one connection."""

    __slots__ = (
        "_bad", "_buffer", "_content", "_draining", "_helo", "_idle", "_lines", "_memory", "_note", "_options", "_out", "_peer",
        "_resolve", "_state", "_strict", "_transaction", "_unknown", "ip", "progress", "tls", "trusted",
    )  # fmt: skip

    def __init__(
        self,
        options: SmtpOptions,
        *,
        resolve: Resolve,
        memory: Memory,
        note: Note = _unheard,
        ip: str = "",
        trusted: bool = False,
    ) -> None:
        self._options = options
        self._resolve = resolve
        self._note = note
        self.tls = False
        #: commands seen so far: a client that sends half ones makes no progress
        self.progress = 0
        self.identify(ip, trusted=trusted, memory=memory)
        self._buffer = bytearray()
        self._out: list[bytes] = []
        self._draining = False
        self._begin()

    def _begin(self) -> None:
        """Know nothing of the client."""
        self._state: State = "new"
        self._lines = Lines(self._options.max_line)
        self._bad = self._idle = self._unknown = 0
        self._helo = ""
        self._peer: Peer | None = None
        self._forget_mail()

    def _forget_mail(self) -> None:
        self._content.release()
        self._transaction = Transaction()

    # -- what the caller sees ------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """Where the session stands."""
        return self._state

    @property
    def received(self) -> int:
        """Bytes of the present content so far, or of what was sent ahead."""
        return self._content.received(self._buffer) if self._state == "data" else len(self._buffer)

    def identify(self, ip: str, *, trusted: bool, memory: Memory) -> None:
        """Who the peer is, and what its content is held in; before the banner."""
        self.ip = ip
        self.trusted = trusted
        self._memory = memory
        self._content = Content(self._options, memory)
        taken = self._options.forbidden_octets
        self._strict = taken == "refuse" or (taken == "trusted" and not trusted)

    def greet(self) -> None:
        """Say the banner."""
        self._out.append(say.banner(self._options.hostname, lmtp=self._options.door == "lmtp"))

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes from the peer; look at them with `next_event`."""
        if self._state != "closed":
            self._buffer += data

    def data_to_send(self) -> bytes:
        """What is to be sent now; forgets it."""
        if not self._out:
            return b""
        out = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        return out

    def next_event(self) -> Event:
        """Carry out what was received, up to the next event."""
        while True:
            match self._state:
                case "closed":
                    return Need.CLOSE
                case "waiting" | "tls":
                    return Need.DATA
                case "data":
                    event = self._read_content()
                case _:
                    event = self._read_command()
            if event is not None:
                return event

    def accepted(self, mails: Sequence[Mail]) -> None:
        """The mail is durable: 250, with its id, once (SMTP) or for each recipient (LMTP)."""
        ids = dict.fromkeys(str(mail.id) for mail in mails)
        if self._options.door == "smtp":
            self._settle([say.accepted_as(" ".join(list(ids)[:8]))])
            return
        by_recipient = {address: mail.id for mail in mails for address in mail.envelope.rcpt_to}
        first = next(iter(ids), "")
        self._settle([say.accepted_as(by_recipient.get(address, first)) for address in self._transaction.rcpt_to])

    def refused(self, text: str) -> None:
        """It is not taken and never will be: 554, or what enhanced status ``text`` begins with."""
        code, words = enhanced(text, "5", "5.6.0")
        self._fail(f"554 {code} {words or 'Refused'}\r\n".encode())

    def deferred(self, text: str = "") -> None:
        """It was not kept: 451, or 452 where ``text`` begins with 4.3.1 (no space). Strangers are not told why."""
        code, words = enhanced(text, "4", "4.3.0")
        number = "452" if code == "4.3.1" else "451"
        said = words if self.trusted and words else "Can't keep mail right now, try again later"
        self._fail(f"{number} {code} {said}\r\n".encode())

    def tls_started(self) -> None:
        """The handshake is done: all that was said before is forgotten (RFC 3207 §4.2)."""
        self.tls = True
        self._buffer.clear()
        self._begin()

    def hang_up(self, reply: bytes = b"") -> None:
        """Say ``reply``, if any, and close: for timeouts, caps and shutdown. Idempotent."""
        if self._state == "closed":
            return
        if reply:
            self._out.append(reply)
        # a mail that was handed over is held until it is answered, even when its sender is gone
        if self._state != "waiting":
            self._forget_mail()
        self._state = "closed"
        self._buffer.clear()

    def drain(self) -> None:
        """Close with 421 as soon as no mail is under way (RFC 5321 §3.8)."""
        self._draining = True
        if self._state in ("new", "ready"):
            self.hang_up(say.shutting_down(self._options.hostname))

    # -- commands ------------------------------------------------------------------------------------------------

    def _read_command(self) -> Event | None:
        if self._buffer.startswith(_CLIENT_HELLO) and not self._lines.skipping:
            self._foreign()
            return None
        line = self._lines.read(self._buffer)
        if line is None:
            return Need.DATA
        if not line:
            self._wrong(say.TOO_LONG)
            return None
        self.progress += 1
        if line.endswith(b"\r\n"):
            return self._carry_out(line[:-2])
        self._note("bare-lf")
        self.hang_up(say.BARE_LF)
        return None

    def _carry_out(self, line: bytes) -> Event | None:
        if _CONTROLS.search(line):
            self._wrong(say.CONTROL)
            return None
        verb, _, argument = line.partition(b" ")
        verb = verb.upper()
        rule = say.WHEN.get(verb)
        if rule is None:
            self._unknown_verb(verb)
        elif verb in say.ENDS_GROUP and self._buffer and not self.trusted:
            self._note("pipelining")
            self.hang_up(say.TOO_EAGER)
        elif self._state not in rule[0]:
            self._wrong_state(verb, rule[1])
        else:
            return self._HANDLERS[verb](self, verb, argument)
        return None

    def _unknown_verb(self, verb: bytes) -> None:
        if verb in say.FOREIGN or verb.startswith(b"SSH-"):
            self._foreign()
        else:
            self._wrong(say.UNDONE if verb in say.NOT_IMPLEMENTED else say.UNKNOWN)

    def _foreign(self) -> None:
        self._note("foreign-protocol")
        self.hang_up(say.UNKNOWN)

    def _wrong_state(self, verb: bytes, reply: bytes) -> None:
        if verb == b"DATA" and self._state == "mail" and self._transaction.turned_away:
            reply = say.NO_VALID_RECIPIENT
        self._wrong(reply)

    def _hello(self, verb: bytes, argument: bytes) -> None:
        if (verb == b"LHLO") != (self._options.door == "lmtp"):
            self._wrong(say.WRONG_DOOR)
            return
        name = argument.strip(b" ")
        if not name or len(name) > 255 or not name.isascii():
            self._wrong(say.BAD_NAME)
            return
        if not self._loiter():
            return
        self._forget_mail()
        self._helo = name.decode("ascii")
        self._peer = None
        self._state = "ready"
        if verb == b"HELO":
            self._out.append(f"250 {self._options.hostname}\r\n".encode())
            return
        starttls = self._options.tls is not None and not self.tls
        self._out.append(say.hello(self._options.hostname, size=self._options.max_size, starttls=starttls))

    def _starttls(self, verb: bytes, argument: bytes) -> Event | None:
        if self._options.tls is None or self.tls:
            self._wrong(say.UNDONE)
        elif argument:
            self._wrong(say.NO_ARGUMENT)
        elif self._buffer:
            self._note("starttls-injection")
            self.hang_up(say.TOO_EAGER)
        else:
            self._out.append(b"220 2.0.0 Go ahead\r\n")
            self._state = "tls"
            return Need.TLS
        return None

    def _mail(self, verb: bytes, argument: bytes) -> None:
        if self._options.require_tls and not self.tls:
            self._wrong(say.NEEDS_TLS)
            return
        try:
            size = self._transaction.read_sender(argument)
        except BadPath as bad:
            self._wrong(bad.reply)
            return
        if size > self._options.max_size:
            self._out.append(say.TOO_BIG)
        elif max(size, 1) > self._memory.room:
            self._note("memory")
            self._out.append(say.NO_ROOM)
        else:
            self._state = "mail"
            self._idle = 0
            self._out.append(say.MAIL_OK)

    def _rcpt(self, verb: bytes, argument: bytes) -> None:
        transaction, options = self._transaction, self._options
        try:
            address = transaction.read_recipient(argument)
        except BadPath as bad:
            transaction.turned_away += 1
            self._wrong(bad.reply)
            return
        if len(transaction.rcpt_to) >= options.max_recipients:
            reply = say.TOO_MANY_RECIPIENTS
        else:
            reply = ask(self._resolve, address, self._note)
        self._out.append(reply)
        if reply is say.RCPT_OK:
            transaction.rcpt_to.append(address)
            self._state = "rcpt"
            return
        transaction.turned_away += 1
        if reply.startswith(b"550"):
            self._note("unknown-recipient")
            self._unknown += 1
        guessing = not self.trusted and self._unknown >= options.max_unknown_recipients
        if guessing or transaction.turned_away > options.max_recipients * _TURNED_AWAY_FACTOR:
            self.hang_up(say.too_many(self._options.hostname))

    def _data(self, verb: bytes, argument: bytes) -> None:
        if argument:
            self._wrong(say.NO_ARGUMENT)
        elif self._memory.room <= 0:
            self._note("memory")
            self._forget_mail()
            self._state = "ready"
            self._out.append(say.NO_ROOM)
        else:
            self._out.append(say.GO_ON)
            self._state = "data"
            self._content.begin(self._buffer)

    def _rset(self, verb: bytes, argument: bytes) -> None:
        if argument:
            self._wrong(say.NO_ARGUMENT)
        elif self._loiter():
            self._forget_mail()
            if self._state != "new":
                self._state = "ready"
            self._out.append(say.OK)
            if self._draining:
                self.drain()

    def _quit(self, verb: bytes, argument: bytes) -> None:
        self.hang_up(say.goodbye(self._options.hostname))

    def _say(self, verb: bytes, argument: bytes) -> None:
        if self._loiter():
            self._out.append({b"NOOP": say.OK, b"HELP": say.HELP_TEXT, b"VRFY": say.VRFY_TEXT}[verb])

    # -- content and answers -------------------------------------------------------------------------------------

    def _read_content(self) -> Event | None:
        whole = self._content.read(self._buffer, strict=self._strict)
        if whole is None:
            return Need.DATA
        self.progress += 1
        if whole.reply:
            self._note(say.REASONS[whole.reply])
            self._fail(whole.reply)
            return None
        self._state = "waiting"
        if self._peer is None:
            door = self._options.door
            self._peer = Peer(door=door, ip=self.ip, helo=self._helo, trusted=self.trusted, tls=self.tls)
        return Submit(
            envelope=self._transaction.envelope(),
            raw=whole.raw,
            peer=self._peer,
            long_line=whole.flaws.long_line,
            forbidden_octets=whole.flaws.forbidden_octets,
        )

    def _fail(self, reply: bytes) -> None:
        """One failure for the whole mail; LMTP says it for each recipient."""
        self._settle([reply] * (len(self._transaction.rcpt_to) if self._options.door == "lmtp" else 1))

    def _settle(self, replies: list[bytes]) -> None:
        self._forget_mail()
        if self._state == "closed":
            return
        self._out.extend(replies)
        self._idle = 0
        self._state = "ready"
        if self._draining:
            self.drain()

    def _loiter(self) -> bool:
        """Count a command that brings no mail nearer; False when it was one too many."""
        self._idle += 1
        if self._idle > self._options.max_commands_idle:
            self.hang_up(say.too_many(self._options.hostname))
            return False
        return True

    def _wrong(self, reply: bytes) -> None:
        """Answer a mistake and count it."""
        self._out.append(reply)
        self._bad += 1
        if self._bad >= self._options.max_commands_bad:
            self._note("too-many-errors")
            self.hang_up(say.too_many(self._options.hostname))

    _HANDLERS: ClassVar[Mapping[bytes, Callable[["Session", bytes, bytes], Event | None]]] = {
        b"EHLO": _hello,
        b"HELO": _hello,
        b"LHLO": _hello,
        b"STARTTLS": _starttls,
        b"MAIL": _mail,
        b"RCPT": _rcpt,
        b"DATA": _data,
        b"RSET": _rset,
        b"QUIT": _quit,
        b"NOOP": _say,
        b"HELP": _say,
        b"VRFY": _say,
    }
