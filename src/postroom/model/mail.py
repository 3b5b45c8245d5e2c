"""What was accepted: the envelope, the raw bytes, and the id given at acceptance."""

from dataclasses import dataclass
from typing import Literal, NewType

MailId = NewType("MailId", str)
"""Identity of one arrival: 26 characters of Crockford base 32 that sort by time of acceptance."""

RouteName = NewType("RouteName", str)
"""Name of a desk, e.g. ``appeals``; also ``review``, ``junk`` and ``automatic``."""

BrandName = NewType("BrandName", str)
"""Name of one of a team's public faces; selects routes, thresholds and who may see a mail."""

DestinationName = NewType("DestinationName", str)
"""Name of a place mail is delivered to, as the settings call it."""

Door = Literal["smtp", "lmtp", "pipe", "files"]
"""By which way a mail came in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who handed the mail to us."""

    #: by which door
    door: Door
    #: address of the last hop, ``""`` where there is none (pipe, files)
    ip: str = ""
    #: name it gave in EHLO, HELO or LHLO; anything at all
    helo: str = ""
    #: whether the hop is one of our own: in a trusted network, or a local door
    trusted: bool = False
    #: whether TLS was on
    tls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The SMTP envelope (RFC 5321 §2.3.1)."""

    #: reverse-path without brackets; ``""`` for the null path ``<>``
    mail_from: str
    #: forward-paths without brackets, in the order given
    rcpt_to: tuple[str, ...]
    #: SMTPUTF8 was asked for (RFC 6531)
    smtputf8: bool = False
    #: BODY=8BITMIME was declared (RFC 6152)
    eightbit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceOf:
    """The delivery of ours that a bounce speaks of, read from its signed recipient address."""

    #: the mail that could not be delivered
    mail_id: MailId
    #: where it was forwarded to
    destination: DestinationName
    #: which generation of it
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One acceptance of a message for one brand: an arrival. Exists only once it is durable."""

    #: given at acceptance
    id: MailId
    #: seconds since the epoch, UTC
    received_at: float
    #: which of our addresses it came to; ``""`` for a bounce to one of our own return addresses
    brand: BrandName
    #: the envelope, with only this brand's recipients
    envelope: Envelope
    #: who handed it in
    peer: Peer
    #: the bytes as they came, line ends as received
    raw: bytes
    #: SHA-256 of ``raw`` in canonical line ends
    digest: bytes = b""
    #: Message-ID as written, without brackets; ``""`` when there is none
    message_id: str = ""
    #: the earlier arrival of the same message to the same recipients, if this is one again
    duplicate_of: MailId | None = None
    #: set when it came to a return address signed by us
    bounce_of: BounceOf | None = None
    #: mails of one thread share it; orders their judging
    thread_key: str = ""
    #: mails of one purported sender share it; orders their judging
    sender_key: str = ""
