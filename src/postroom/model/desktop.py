"""What pages list and search: questions and answers between them and the store."""

from dataclasses import dataclass
from typing import Literal

from postroom.model.listing import MailRow, Reading, Waiting
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.targets import Answering

Box = Literal["inbox", "review", "urgent", "all"]
"""Which lists there are: what lies at a desk; what waits for a person; urgent mail; everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which mails a reader asks for, newest first unless a field says otherwise. Empty fields mean any."""

    route: RouteName = RouteName("")
    brand: BrandName = BrandName("")
    #: words that all occur in subject, sender or new text; ``"..."`` for a phrase, ``word*`` for a beginning
    words: str = ""
    #: address of the sender, or ``@domain``
    sender: str = ""
    tag: str = ""
    language: str = ""
    reading: Reading = ""
    urgent: bool = False
    unconfirmed: bool = False
    #: these are listed by what is due first
    answering: Answering = ""
    #: received at or after, and before; seconds since the epoch
    since: float | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPage:
    """Some of the mails asked for."""

    rows: tuple[MailRow, ...]
    #: ask with it for those that follow; ``""`` when there are none
    after: MailId | Literal[""]
    #: a search that ended before all was looked at, to be gone on with: looked back to this time; None when it did not
    back_to: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """How many mails are as a reader asks for."""

    number: int
    #: perhaps more: it was not counted further
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxCount:
    """What nobody has read of one desk's built-in inbox."""

    route: RouteName
    brand: BrandName
    unread: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A question of review in one person's hands."""

    waiting: Waiting
    by: str
    #: until then nobody else gets it; seconds since the epoch
    until: float
