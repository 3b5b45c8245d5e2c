r"""SMTP dialogues as data: a script of what the client says, what is answered, and which mails came of it.

One thing a line; backslash escapes (``\r``, ``\n``, ``\0``, ``\\``, ``\xNN``) stand for octets:

* ``# …`` a remark; ``door lmtp``; ``untrusted``; ``set max_recipients 2``; ``know a@example.com b@example.com``: before the first C.
* ``C: …`` the client says it with CRLF behind; ``C* …`` the same without. Neighbours are sent in one piece, a group.
* ``S: …`` one reply line, which must begin so; ``S. closes`` and ``S. tls``: the server hangs up, or begins a handshake.
* ``answer accepted|refused|deferred TEXT``: what becomes of mails from here on.
* ``M: FROM -> TO, TO | CONTENT``: a mail was handed over; all since the last M, in order.
* ``whole``: not to be played octet by octet (what is sent ahead is judged by its coming together).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from postroom.adapters.intake.options import SmtpOptions
from postroom.adapters.intake.protocol import Memory, Need, Submit
from postroom.adapters.intake.session import Session
from postroom.model.mail import BrandName, Mail, MailId
from postroom.ports import Recipient


@dataclass(slots=True, kw_only=True)
class Stage:
    """A session under a script, and what came of it."""

    options: SmtpOptions = SmtpOptions(hostname="mx.example.com")
    trusted: bool = True
    known: set[str] = field(default_factory=set)
    #: what becomes of mails, and the text with it
    answer: str = "accepted"
    text: str = ""
    #: every mail that was handed over
    mails: list[Submit] = field(default_factory=list)
    tls: bool = False
    closed: bool = False
    said: bytes = b""
    session: Session | None = None

    def open(self) -> Session:
        """Begin the session with its banner."""
        self.session = Session(
            self.options,
            resolve=self._resolve,
            memory=Memory(self.options.max_memory),
            ip="192.0.2.1",
            trusted=self.trusted,
        )
        self.session.greet()
        self._collect()
        return self.session

    def send(self, data: bytes) -> bytes:
        """Play one piece; what was answered to it."""
        session = self.session or self.open()
        session.receive_data(data)
        before = len(self.said)
        self._collect()
        return self.said[before:]

    def _resolve(self, address: str) -> Recipient | None:
        return Recipient(brand=BrandName("support")) if address in self.known else None

    def _collect(self) -> None:
        session = self.session
        assert session is not None
        while (event := session.next_event()) is not Need.DATA:
            if isinstance(event, Submit):
                self.mails.append(event)
                self._answer(session, event)
            elif event is Need.TLS:
                self.tls = True
                self.said += session.data_to_send()
                session.tls_started()
            else:
                self.closed = True
                break
        self.said += session.data_to_send()

    def _answer(self, session: Session, event: Submit) -> None:
        if self.answer == "refused":
            session.refused(self.text)
        elif self.answer == "deferred":
            session.deferred(self.text)
        else:
            mail_id = MailId(f"01J{len(self.mails):023}")
            session.accepted(
                [
                    Mail(
                        id=mail_id,
                        received_at=0.0,
                        brand=BrandName("support"),
                        envelope=event.envelope,
                        peer=event.peer,
                        raw=event.raw,
                    )
                ]
            )


def play(script: str, *, whole: bool = True) -> None:
    """Play a script; AssertionError names the line that went otherwise. ``whole=False`` sends octet by octet."""
    Play(whole=whole).play(script)


class Play:
    """One run of a script."""

    def __init__(self, *, whole: bool) -> None:
        self.whole = whole
        self.stage = Stage()
        self.heard = b""
        self.sending = b""
        self.seen_mails = 0

    def play(self, script: str) -> None:
        """All lines, then: nothing was said or handed over that the script does not know."""
        for number, line in enumerate(script.splitlines(), 1):
            if line and not line.startswith("#"):
                try:
                    self.line(line)
                except AssertionError as error:
                    raise AssertionError(f"line {number}: {line!r}: {error}; still unread: {self.heard!r}") from error
        self._flush()
        assert not self.heard, f"unexpected replies: {self.heard!r}"
        assert self.seen_mails == len(self.stage.mails), f"unexpected mails: {self.stage.mails[self.seen_mails :]}"

    def line(self, line: str) -> None:
        """One line of the script."""
        kind, _, rest = line.partition(" ")
        match kind:
            case "C:":
                self.sending += octets(rest) + b"\r\n"
            case "C*":
                self.sending += octets(rest)
            case "S:":
                self._flush()
                said, _, self.heard = self.heard.partition(b"\r\n")
                assert said.startswith(rest.encode()), f"the server said {said!r}"
            case "S.":
                self._flush()
                assert self.stage.closed if rest == "closes" else self.stage.tls, f"the server does not: {rest}"
            case "M:":
                self._flush()
                self._mail(rest)
            case _:
                self._flush()
                self._set(kind, rest)

    def _flush(self) -> None:
        if self.stage.session is None:
            self.stage.open()
            self.heard = self.stage.said
        pieces: Iterable[bytes] = [self.sending] if self.whole else (bytes([octet]) for octet in self.sending)
        for piece in pieces:
            self.heard += self.stage.send(piece)
        self.sending = b""

    def _mail(self, rest: str) -> None:
        paths, _, content = rest.partition(" | ")
        mail_from, _, rcpt_to = paths.partition(" -> ")
        assert self.seen_mails < len(self.stage.mails), "no mail was handed over"
        mail = self.stage.mails[self.seen_mails]
        self.seen_mails += 1
        assert mail.envelope.mail_from == mail_from, mail.envelope
        assert mail.envelope.rcpt_to == tuple(rcpt_to.split(", ")), mail.envelope
        assert mail.raw == octets(content), mail.raw

    def _set(self, kind: str, rest: str) -> None:
        stage = self.stage
        match kind:
            case "answer":
                stage.answer, _, stage.text = rest.partition(" ")
                return
            case "whole":
                self.whole = True
                return
        assert not stage.mails, "settings come first"
        stage.session = None
        stage.said = self.heard = b""
        match kind:
            case "door":
                stage.options = _with(stage.options, door=rest)
            case "untrusted":
                stage.trusted = False
            case "know":
                stage.known |= set(rest.split())
            case "set":
                name, _, value = rest.partition(" ")
                stage.options = _with(stage.options, **{name: int(value) if value.isdecimal() else value})
            case _:
                raise AssertionError(f"unknown word {kind!r}")


def _with(options: SmtpOptions, **changes: Any) -> SmtpOptions:
    return replace(options, **changes)


def octets(text: str) -> bytes:
    """Text of a script as octets: UTF-8, with backslash escapes."""
    parts = text.encode().split(b"\\")
    out = [parts[0]]
    rest = iter(parts[1:])
    for part in rest:
        if not part:
            out.append(b"\\" + next(rest, b""))
        elif part[:1] == b"x":
            out.append(bytes([int(part[1:3], 16)]) + part[3:])
        else:
            out.append({b"r": b"\r", b"n": b"\n", b"0": b"\0"}[part[:1]] + part[1:])
    return b"".join(out)
