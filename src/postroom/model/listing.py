"""What lists of mails show, and the way of one mail."""

from dataclasses import dataclass
from typing import Literal

from postroom.model.mail import BrandName, DestinationName, MailId, RouteName
from postroom.model.targets import Answering, How

#: characters of a mail's text in a list
PREVIEW = 160
MailState = Literal["waiting", "parked", "dropped", "delivered", "duplicate", "erased"]
"""Of a mail's newest generation: ``waiting`` while anything is to do, ``delivered`` when everything is done."""

Reading = Literal["", "unread", "read"]


#: characters of its text that are read to compare a mail with others
SPOKEN = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What a mail says, as the store keeps it to search by."""

    brand: BrandName
    #: decoded
    subject: str
    #: the first `SPOKEN` characters of the new text; those of scripts without spaces may stand apart
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRow:
    """One line of a list of mails; the fields of the decision are empty until there is one."""

    #: given at acceptance
    id: MailId
    #: seconds since the epoch
    received_at: float
    brand: BrandName
    duplicate_of: MailId | None
    state: MailState
    #: of the newest decision; 0 for none
    generation: int
    route: RouteName
    decided: RouteName
    confidence: float
    urgent: bool
    unconfirmed: bool
    subject: str
    from_addr: str
    language: str
    kind: str
    #: the desk where a linked copy lies; ``""`` for none
    also: RouteName = RouteName("")
    #: until when it is to be answered first, and from when that is soon; seconds since the epoch; None for no target
    due_at: float | None = None
    near_at: float | None = None
    #: when it was answered, or somebody said that it needs no answer; and which of both
    answered_at: float | None = None
    how: How | Literal[""] = ""
    #: it counts as answered because its case was decided, and its sender was told nothing since it came
    untold: bool = False
    #: whether somebody at its desk has read it; ``""`` where that is not known, as it lies elsewhere
    reading: Reading = ""
    #: how its own text begins, in one line of at most `PREVIEW` characters; lists for people have it (RFC 8621 §4.1.4)
    preview: str = ""

    def answering(self, now: float) -> Answering:
        """How its first answer stands; ``""`` where none is due."""
        if self.due_at is None or self.answered_at is not None:
            return ""
        if now > self.due_at:
            return "overdue"
        return "soon" if self.near_at is not None and now >= self.near_at else "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A decision that a person is asked about: one line of what waits."""

    mail_id: MailId
    received_at: float
    brand: BrandName
    #: of the decision asked about
    generation: int
    #: why
    asked: Literal["review", "audit"]
    #: since when, seconds since the epoch
    since: float
    #: when its time in review is up, seconds since the epoch; None for an audit: that has no clock
    due_at: float | None
    #: where it lies
    route: RouteName
    #: best guess
    decided: RouteName
    confidence: float
    urgent: bool
    subject: str
    from_addr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a mail."""

    #: seconds since the epoch
    at: float
    #: ``accepted``, ``duplicate``, ``decided``, ``verdict``, ``taken back``, a verb of a person, or what a job does and its state
    what: str
    #: in words: a route, a destination, an error, a reason
    detail: str
    #: desks that it is about, and the destination; empty where it is about none
    desks: tuple[RouteName, ...] = ()
    place: DestinationName = DestinationName("")
    #: the detail for those who work at none of these desks
    plain: str = ""
