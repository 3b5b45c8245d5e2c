"""Outgoing webhooks: what other systems are told of, and how telling them went."""

from dataclasses import dataclass
from typing import Literal, NewType

from postroom.model.cases import CaseNumber
from postroom.model.mail import BrandName, MailId, RouteName

HookName = NewType("HookName", str)
CallId = NewType("CallId", int)

HookEvent = Literal["routed", "verdict", "urgent", "case-opened", "case-decided", "deadline-near"]
"""A mail was decided, or decided anew; a person said where it belongs; a mail with an urgent signal came; a case began; it was
decided; a clock of it is near its end, or has run out."""

CallState = Literal["waiting", "done", "given-up"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A system that wants to be told. Empty fields mean all."""

    name: HookName
    #: host and port that is called
    where: str
    events: tuple[HookEvent, ...] = ()
    brands: tuple[BrandName, ...] = ()
    #: where a mail lies, or lay before a person's word
    routes: tuple[RouteName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that hooks may be told of, as the store noted it in the transaction in which it happened."""

    number: int
    #: seconds since the epoch
    at: float
    #: as the store knows it: ``routed``, ``verdict``, ``urgent``, ``case-opened``, ``case-decided`` or ``deadline-near``
    what: str
    #: ``""`` for what happened to a case
    mail_id: MailId
    #: number of the case; 0 for what happened to a mail
    case: CaseNumber = CaseNumber(0)
    #: generation of the decision, number of the verdict, number of the case's event or warning, or which time an urgent mail is told
    about: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCall:
    """One hook is to be told of one event. (hook, event, mail_id, case, about) is its identity: putting it again does nothing."""

    hook: HookName
    event: HookEvent
    mail_id: MailId
    case: CaseNumber = CaseNumber(0)
    about: int
    #: when it happened, seconds since the epoch
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a call."""

    #: seconds since the epoch
    at: float
    #: what the other side answered, or why nobody did
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCall:
    """A call, and what became of it."""

    id: CallId
    hook: HookName
    event: HookEvent
    mail_id: MailId
    case: CaseNumber = CaseNumber(0)
    about: int
    at: float
    state: CallState
    #: not before, seconds since the epoch
    due_at: float
    #: failed tries since it was put, or replayed
    tries: int
    #: giving up counts from here, seconds since the epoch
    since: float
    #: oldest first
    attempts: tuple[Attempt, ...] = ()

    @property
    def key(self) -> str:
        """The same for every try: a receiver that remembers it takes each event once."""
        return f"{self.told_as}.{self.hook}"

    @property
    def told_as(self) -> str:
        """Names the event, whoever is told of it."""
        return f"{self.event}.{self.mail_id or self.case}.{self.about}"
