"""Answers to people: what was written to whom, and what became of it."""

from dataclasses import dataclass
from typing import Literal, NewType

from postroom.model.mail import BrandName, MailId

ReplyId = NewType("ReplyId", str)
"""Identity of an answer: 26 characters like those of a mail. Its Message-ID is made of it."""

ReplyState = Literal["waiting", "sending", "sent", "failed", "bounced", "withdrawn"]
"""It is to be sent, now or when it is tried again; a worker has it in hand; a server took it; nobody would; it was taken and
came back; a person took it back before it was sent, or gave up on one that had failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer to one mail. It never changes but in what became of it."""

    id: ReplyId
    #: the mail that it answers
    mail_id: MailId
    brand: BrandName
    #: who wrote it; ``""`` for postroom itself
    by: str
    #: when it was written, seconds since the epoch
    at: float
    #: the one address that it goes to
    to: str
    #: the brand's address that it comes from
    sender: str
    subject: str
    #: as it was written, without what is quoted below
    text: str
    #: of its header, without brackets
    message_id: str
    #: the bytes that leave, in canonical line ends; ``b""`` in lists
    raw: bytes = b""
    #: a program wrote it (RFC 3834): it leaves with the null return path
    automatic: bool = False
    #: the person is asked for something
    asks: bool = False
    #: name of the template that it began as; ``""`` for none
    template: str = ""
    #: ISO 639-1 code, ``""`` if unknown
    language: str = ""
    state: ReplyState = "waiting"
    #: not sent before, seconds since the epoch; while it is being sent: when another worker may take it
    due_at: float = 0.0
    #: failed tries since it was written, or tried again by a person
    tries: int = 0
    #: giving up counts from here, seconds since the epoch
    since: float = 0.0
    #: when it was sent, given up or taken back; None before that
    settled_at: float | None = None
    #: what the server said last, a bounce says, or why a person gave up on it
    said: str = ""

    @property
    def envelope_sender(self) -> str:
        """Where it comes back to if it can't be delivered; nowhere for an automatic one (RFC 3834 §3.3)."""
        return "" if self.automatic else self.sender
