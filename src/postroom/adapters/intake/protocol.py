"""The words of an SMTP or LMTP session: states, which command may come when, events, replies.

The rules, in prose (RFC 5321 unless another is named):

* A session is ``new`` until EHLO, HELO or LHLO makes it ``ready``; MAIL opens a transaction (``mail``), the first
  accepted RCPT makes it ``rcpt``, DATA ``data``; the end of the content makes it ``waiting`` until the caller says what
  became of the mail, then it is ``ready`` again. EHLO and RSET drop an open transaction (§4.1.4).
* A command ends with CRLF. One that holds another control character is never carried out; at a bare LF we hang up, so that
  what an address hid behind it is not taken for the next command. Content ends with CRLF.CRLF and with nothing else (§4.1.1.4).
* Commands may come in groups (RFC 2920): they are carried out in order and their replies leave together. EHLO, HELO,
  LHLO and DATA end a group; a stranger who sends on behind them talks without listening, and we hang up. So do bytes
  behind STARTTLS, from anybody: they came before the encryption and must not count after it (RFC 3207 §6).
* STARTTLS forgets everything the client said before (RFC 3207 §4.2).
* While ``waiting``, nothing more is read: the next command is looked at after the answer.
* 250 for a mail is only ever said from `Session.accepted`, which the caller calls once the mail is durable. LMTP says it
  once a recipient that was accepted, in their order (RFC 2033 §4.2).
* Errors are counted; a peer that makes too many of them is told 421 and hung up on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from postroom.model.mail import Envelope, Peer

State = Literal["new", "ready", "mail", "rcpt", "data", "waiting", "tls", "closed"]

_ANY: Final[frozenset[State]] = frozenset({"new", "ready", "mail", "rcpt"})
_TRANSACTION: Final[frozenset[State]] = frozenset({"mail", "rcpt"})

WHEN: Final[Mapping[bytes, tuple[frozenset[State], bytes]]] = {
    b"EHLO": (_ANY, b""),
    b"HELO": (_ANY, b""),
    b"LHLO": (_ANY, b""),
    b"NOOP": (_ANY, b""),
    b"RSET": (_ANY, b""),
    b"HELP": (_ANY, b""),
    b"VRFY": (_ANY, b""),
    b"QUIT": (_ANY, b""),
    b"STARTTLS": (frozenset({"ready"}), b"503 5.5.1 EHLO first, and no mail under way\r\n"),
    b"MAIL": (frozenset({"ready"}), b"503 5.5.1 EHLO first, and one mail at a time\r\n"),
    b"RCPT": (_TRANSACTION, b"503 5.5.1 MAIL first\r\n"),
    b"DATA": (frozenset({"rcpt"}), b"503 5.5.1 MAIL and a valid RCPT first\r\n"),
}
"""In which states a command is carried out, and what is said in the others (§4.1.4)."""

NOT_IMPLEMENTED: Final = frozenset({b"EXPN", b"AUTH", b"BDAT", b"TURN", b"ETRN", b"ATRN", b"SEND", b"SOML", b"SAML"})
"""Known and not done: 502 (§4.2.4)."""

ENDS_GROUP: Final = frozenset({b"EHLO", b"HELO", b"LHLO", b"DATA"})
"""Nothing may follow before their reply (RFC 2920 §3.1)."""

FOREIGN: Final = frozenset(
    {
        b"GET",
        b"POST",
        b"HEAD",
        b"PUT",
        b"DELETE",
        b"OPTIONS",
        b"CONNECT",
        b"PATCH",
        b"TRACE",
        b"PRI",
        b"HOST:",
    }
)
"""First words of other protocols: a browser that was tricked into talking to us. We hang up at once."""

BODIES: Final = frozenset({"7BIT", "8BITMIME"})
"""What BODY= may say (RFC 6152)."""

OK: Final = b"250 2.0.0 Ok\r\n"
MAIL_OK: Final = b"250 2.1.0 Sender ok\r\n"
RCPT_OK: Final = b"250 2.1.5 Recipient ok\r\n"
GO_ON: Final = b"354 End with <CRLF>.<CRLF>\r\n"
HELP_TEXT: Final = b"214 2.0.0 EHLO HELO LHLO MAIL RCPT DATA RSET NOOP QUIT VRFY HELP STARTTLS\r\n"
VRFY_TEXT: Final = b"252 2.1.5 Send mail to it and see\r\n"
BARE_LF: Final = b"500 5.5.2 A command ends with CRLF\r\n"
CONTROL: Final = b"500 5.5.2 Control characters are not allowed\r\n"
TOO_LONG: Final = b"500 5.5.2 Line too long\r\n"
UNKNOWN: Final = b"500 5.5.2 Command not recognised\r\n"
UNDONE: Final = b"502 5.5.1 Command not implemented\r\n"
WRONG_DOOR: Final = b"500 5.5.1 Not at this door: LMTP begins with LHLO, SMTP with EHLO\r\n"
NEEDS_TLS: Final = b"530 5.7.0 Must issue a STARTTLS command first\r\n"
NO_ARGUMENT: Final = b"501 5.5.4 No argument allowed\r\n"
BAD_NAME: Final = b"501 5.5.4 A name is needed, in visible ASCII\r\n"
TOO_EAGER: Final = b"554 5.5.0 Wait for the reply before sending on\r\n"
NO_VALID_RECIPIENT: Final = b"554 5.5.1 No valid recipients\r\n"
NOT_HERE: Final = b"550 5.1.1 No such address here\r\n"
TOO_MANY_RECIPIENTS: Final = b"452 4.5.3 Too many recipients, send them another copy\r\n"
TOO_BIG: Final = b"552 5.3.4 Larger than allowed\r\n"
NO_ROOM: Final = b"452 4.3.1 Too much mail under way, try again later\r\n"
NOT_NOW: Final = b"451 4.3.0 Can't keep mail right now, try again later\r\n"
BAD_OCTETS: Final = b"550 5.6.0 Bare CR, bare LF and NUL are not allowed\r\n"
BAD_LINE: Final = b"550 5.6.0 A line is longer than allowed\r\n"
BAD_HEADER: Final = b"552 5.3.4 Header section larger than allowed\r\n"

REASONS: Final[Mapping[bytes, str]] = {
    TOO_BIG: "too-big",
    NO_ROOM: "memory",
    BAD_OCTETS: "forbidden-octets",
    BAD_LINE: "long-line",
    BAD_HEADER: "long-header",
}
"""How refused content is called in events."""


def banner(hostname: str, *, lmtp: bool) -> bytes:
    """The first words (§3.1)."""
    return f"220 {hostname} {'LMTP' if lmtp else 'ESMTP'} postroom\r\n".encode()


def goodbye(hostname: str) -> bytes:
    """The answer to QUIT (§4.1.1.10)."""
    return f"221 2.0.0 {hostname} closing\r\n".encode()


def hello(hostname: str, *, size: int, starttls: bool) -> bytes:
    """The answer to EHLO and LHLO (§4.1.1.1): what we can do."""
    words = [hostname, "PIPELINING", f"SIZE {size}", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
    if starttls:
        words.append("STARTTLS")
    return "".join([*(f"250-{word}\r\n" for word in words[:-1]), f"250 {words[-1]}\r\n"]).encode()


def accepted_as(ids: str) -> bytes:
    """The mail is kept under these ids."""
    return f"250 2.0.0 Accepted as {ids}\r\n".encode()


def too_many(hostname: str) -> bytes:
    """We hang up on a peer that does not behave."""
    return f"421 4.7.0 {hostname} Too many errors, closing\r\n".encode()


def shutting_down(hostname: str) -> bytes:
    """We hang up because we stop (§3.8)."""
    return f"421 4.3.2 {hostname} Shutting down, try again later\r\n".encode()


class Need(Enum):
    """Events that carry nothing."""

    #: more bytes, or the answer that was asked for before
    DATA = "data"
    #: send what is to be sent, start the TLS handshake, then call `Session.tls_started`
    TLS = "tls"
    #: send what is to be sent and hang up
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """A whole mail; answer it with `Session.accepted`, `Session.refused` or `Session.deferred`."""

    envelope: Envelope
    #: dots unstuffed, else as received
    raw: bytes
    peer: Peer
    #: a line is longer than 998 octets (RFC 5322 §2.1.1)
    long_line: bool
    #: bare CR, bare LF or NUL, which this peer may send
    forbidden_octets: bool


Event = Need | Submit


class Memory:
    """How much content some sessions together may hold. What a share holds counts in what it is ``within``, too."""

    __slots__ = ("__weakref__", "_within", "held", "limit")

    def __init__(self, limit: int, *, within: "Memory | None" = None) -> None:
        self.limit = limit
        self.held = 0
        self._within = within

    @property
    def room(self) -> int:
        """How many bytes may still be taken."""
        own = self.limit - self.held
        return own if self._within is None else min(own, self._within.room)

    def take(self, size: int) -> bool:
        """Reserve ``size`` bytes; False, and nothing reserved, when there is no room."""
        if size > self.limit - self.held or (self._within is not None and not self._within.take(size)):
            return False
        self.held += size
        return True

    def give(self, size: int) -> None:
        """Give reserved bytes back."""
        self.held -= size
        if self._within is not None:
            self._within.give(size)
