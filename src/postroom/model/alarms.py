"""Urgent mail, from when it was judged so until somebody has it; and who has it."""

from dataclasses import dataclass
from typing import Literal

from postroom.model.listing import MailRow
from postroom.model.mail import MailId
from postroom.model.people import UserName

AlarmEventName = Literal["acknowledged", "taken over", "handed on", "given back", "told again"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One urgent mail. Times are seconds since the epoch."""

    mail_id: MailId
    #: grows with every change
    version: int = 0
    #: nobody has had it since then
    since: float
    #: who has it; ``""`` for nobody
    holder: UserName = UserName("")
    taken_at: float | None = None
    #: whom its holder asks to take it over; the holder has it until they do
    offered: UserName = UserName("")
    #: what its holder wrote last
    note: str = ""
    #: how often it was told again, because nobody had it
    repeats: int = 0
    #: when it was told last
    told_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmEvent:
    """Something that happened to an alarm."""

    at: float
    #: who; ``""`` for postroom itself
    by: str
    what: AlarmEventName
    #: in words
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmPage:
    """Some alarms with their mails."""

    alarms: tuple[tuple[Alarm, MailRow], ...]
    #: ask with it for those that follow; ``""`` when there are none
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """Alarms that nobody has, of the whole installation."""

    waiting: int
    #: since when the oldest waits; None for none
    oldest: float | None
    #: of them: waiting since the moment asked about, or longer
    neglected: int
