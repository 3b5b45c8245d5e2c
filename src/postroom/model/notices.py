"""What postroom tells people by itself: that their mail came, and how their case ended."""

from dataclasses import dataclass
from typing import Literal

from postroom.model.mail import BrandName, MailId, RouteName

NoticeKind = Literal["received", "outcome"]

NoticeState = Literal["waiting", "taken", "sent", "not"]
"""It is to be sent; a process has it in hand, or had when it died, and then it is taken again; it is in the outbox; it is not sent, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell one person, once at most."""

    number: int
    kind: NoticeKind
    #: the mail that it answers
    mail_id: MailId
    brand: BrandName
    #: desk of the mail now
    route: RouteName
    #: number of the case whose outcome it tells; 0 for none
    case: int
    #: since when there is something to tell, seconds since the epoch
    at: float
    state: NoticeState
    #: why it was not sent
    said: str
    #: somebody took it before, and nobody knows what came of that
    again: bool = False
