"""What the reader understood of a mail."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["person", "auto-reply", "bounce", "list", "none"]
"""Who wrote: a person, a vacation responder, a mail server, a mailing list or bulk sender, nobody (empty)."""

AuthState = Literal["pass", "fail", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One mailbox of a header (RFC 5322 §3.4)."""

    #: decoded display name, ``""`` when there is none
    name: str
    #: ``local@domain``, domain in lower case and Unicode (U-label) form; hostile input may lack the ``@``
    addr: str

    @property
    def domain(self) -> str:
        """The part after the last ``@``; ``""`` when there is none."""
        return self.addr.rpartition("@")[2] if "@" in self.addr else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A part that is not the text. Never opened."""

    #: decoded file name, without any path; ``""`` when there is none
    name: str
    #: media type as declared, lower case
    type: str
    #: bytes after transfer decoding
    size: int
    #: SHA-256 of these bytes, hex
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """Something wrong with the bytes, recorded and survived."""

    #: stable, short, lower case with hyphens, e.g. ``bad-date``
    code: str
    #: what a person should know; never a piece of the body
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """Whether From can be believed: SPF or DKIM passing, aligned with From (RFC 7489 §3.1), as our own hop reports (RFC 8601)."""

    #: ``pass`` only for an aligned pass; ``fail`` for a spoofed or failing From; ``none`` when nothing trusted was said
    state: AuthState = "none"
    #: ``dkim`` or ``spf`` (what carried the pass), ``dmarc`` (what failed), ``""``
    method: str = ""
    #: the domain that passed or failed
    domain: str = ""
    #: why, in words
    reason: str = "no trusted Authentication-Results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """The mail was passed on by somebody: a colleague's forward or a contact form. The customer is unauthenticated."""

    how: Literal["colleague", "form"]
    #: who really asks; None where it could not be found
    customer: Address | None
    #: subject of the mail that was passed on, ``""`` when unknown
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamVerdict:
    """What a trusted hop's spam filter said (rspamd, SpamAssassin headers)."""

    #: name of the filter
    by: str
    #: its verdict
    spam: bool
    #: its score, in its own scale
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Everything postroom knows of a mail from its bytes alone. Pure result of ``understand.reader.read``."""

    message_id: str
    from_: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    #: decoded, unfolded
    subject: str
    #: seconds since the epoch, UTC; None when missing or unreadable
    date: float | None
    #: (lower-case name, decoded and unfolded value) in order, top first; capped
    headers: tuple[tuple[str, str], ...]
    #: the whole visible text, from the plain part or the HTML; capped
    text: str
    #: what was written now: without quotes, signatures, disclaimers; for a forward: the customer's words
    new_text: str
    #: the quoted rest
    quoted_text: str
    #: the writer's signature
    signature: str
    #: legal boilerplate below it
    disclaimer: str
    #: text of the HTML that nobody sees; must not steer a decision
    hidden_text: str
    attachments: tuple[Attachment, ...]
    #: ISO 639-1 code, ``""`` when there is too little text
    language: str
    kind: Kind
    #: why it is of this kind, in words
    kind_reason: str
    #: for a bounce: the recipient that failed, ``""`` if unknown
    failed_recipient: str
    auth: Authentication
    #: Message-IDs without brackets, oldest first, In-Reply-To last if not among them; capped
    references: tuple[str, ...]
    in_reply_to: str
    forward: Forward | None
    spam: SpamVerdict | None
    #: number of Received lines (RFC 5321 §6.3)
    received_count: int
    #: ticket mark of another system in the subject, e.g. ``[#123]``, ``""``
    ticket: str
    defects: tuple[Defect, ...]
    #: there is HTML that is meant to be read
    has_html: bool = False

    @property
    def customer(self) -> Address | None:
        """Who asks: the customer of a forward or form when found, else From."""
        if self.forward is not None and self.forward.customer is not None:
            return self.forward.customer
        return self.from_

    @property
    def trusted_sender(self) -> str:
        """The From address when it is authenticated and not passed on by another, else ``""``: the key of history."""
        if self.auth.state == "pass" and self.forward is None and self.from_ is not None:
            return self.from_.addr
        return ""
