"""Cases: what a team owes one person about one incident, from their first mail to a decision. People decide, nobody else."""

from dataclasses import dataclass, replace
from typing import Literal, NewType

from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import Deed, UserName

NEVER = 9e18
"""A moment after all others."""

CaseNumber = NewType("CaseNumber", int)
"""Identity of a case: counted from 1; 0 before it is kept."""

CaseState = Literal["open", "waiting", "decided"]
"""The team's turn; the person was asked something; done."""

Outcome = Literal["granted", "rejected", "withdrawn"]
OUTCOMES: tuple[Outcome, ...] = ("granted", "rejected", "withdrawn")

Ended = Literal[Outcome, "moved"]
"""How a case ends: as somebody decides; or it is nobody's here any more, as its mail was for another desk."""

CaseKind = Literal["appeal", "reinstatement", "unknown"]
"""They say that there was no violation; they ask to be let back and to do better; not told yet."""
KINDS: tuple[CaseKind, ...] = ("unknown", "appeal", "reinstatement")

Identity = Literal["authenticated", "form", "claimed"]
"""How its person is known: by authenticated mail; as the customer of a contact form or a colleague's forward; by an
unauthenticated From alone, which anybody can write."""

Start = Literal["received", "informed", "notice", "counter-notice"]
"""What a clock starts at: the first mail came in; the person was told of the measure; a notice (of a dispute, of a takedown)
reached the team; a counter-notice did."""
TOLD_STARTS: tuple[Start, ...] = ("informed", "notice", "counter-notice")
"""Those that only a person can say."""

CaseEventName = Literal[
    "opened", "joined", "again", "replied", "left", "assigned", "note", "asked", "answered", "proposed", "declined", "decided",
    "reopened", "kind", "start", "warned",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMail:
    """A mail that belongs to a case."""

    id: MailId
    #: received, seconds since the epoch
    at: float
    #: its conversation: nothing that a stranger can get into
    thread: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A rejection that waits for a second person."""

    reason: str
    by: UserName
    #: seconds since the epoch
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One person, one incident."""

    number: CaseNumber = CaseNumber(0)
    #: grows with every change
    version: int = 0
    brand: BrandName
    #: desk that it lies at
    route: RouteName
    #: address, in lower case
    person: str
    identity: Identity
    #: of its first mail
    subject: str = ""
    kind: CaseKind = "unknown"
    state: CaseState = "open"
    #: ``""`` until it is decided
    outcome: Literal["", Ended] = ""
    #: for the outcome, in words
    reason: str = ""
    #: who decided, and who confirmed it where that takes two
    decided_by: UserName = UserName("")
    confirmed_by: UserName = UserName("")
    decided_at: float | None = None
    #: a rejection that another must confirm
    proposal: Proposal | None = None
    #: whose it is; ``""`` for nobody's yet
    assignee: UserName = UserName("")
    #: when the first mail came in, seconds since the epoch
    received_at: float = 0.0
    #: when the team first answered, seconds since the epoch
    answered_at: float | None = None
    #: (start, when), as far as somebody said so; by name
    starts: tuple[tuple[Start, float], ...] = ()
    #: a mail came in since a person last did anything here
    fresh: bool = True
    #: oldest first
    mails: tuple[CaseMail, ...] = ()

    def when(self, start: Start) -> float | None:
        """When what a clock starts at happened; None where nobody knows."""
        return self.received_at if start == "received" else dict(self.starts).get(start)

    @property
    def erased(self) -> bool:
        """Whether what it told of its person was erased, or is over its time: nobody decides without a reason, and only that takes it away."""
        return self.state == "decided" and not self.reason

    def taken_up(self) -> "Case":
        """As it is once it is to be decided again."""
        nobody = UserName("")
        return replace(
            self, state="open", outcome="", reason="", decided_by=nobody, confirmed_by=nobody, decided_at=None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedAway:
    """What became of the last mail of a case that has none left."""

    mail_id: MailId
    #: seconds since the epoch
    at: float
    #: where it is now
    route: RouteName
    #: who said so; ``""`` for postroom itself
    by: str
    #: that it is in now; 0 for none
    case: CaseNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """Something that happened to a case."""

    #: seconds since the epoch
    at: float
    #: who; ``""`` for postroom itself
    by: str
    what: CaseEventName
    #: in words
    detail: str = ""
    #: the mail that it is about
    mail_id: MailId | Literal[""] = ""


Stage = Literal["near", "late"]
"""Of a clock: it is near its end; it has run out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWarning:
    """A clock of a case came to a stage. (case, clock, stage, due) is its identity."""

    case: CaseNumber
    #: as the settings call it
    clock: str
    stage: Stage
    #: when it runs out, seconds since the epoch
    due: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressing:
    """Cases whose time runs out."""

    #: a clock of the team is near its end, and none has run out
    near: int
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A mail that may have to join or leave a case."""

    mail_id: MailId
    #: changes when it has to be looked at again
    mark: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChange:
    """All that one step changes; kept whole or not at all, with what it changes of another case."""

    #: as it is from now on, with the version that it was made of: 0 for a new one
    case: Case
    #: by what a list is sorted, ascending: see `flow.cases.rank`
    rank: float
    #: version of the clocks that the rank was made with
    clocks: str
    #: when the first clock of the team is near its end, and when something is to be warned of; seconds since the epoch
    near_at: float = NEVER
    warn_at: float = NEVER
    events: tuple[CaseEvent, ...] = ()
    deed: Deed | None = None
    joins: CaseMail | None = None
    leaves: MailId | Literal[""] = ""
    #: work that is done with it
    settles: Due | None = None
    #: what changes of another case, before it
    other: "CaseChange | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCases:
    """Which cases a reader asks for. Empty fields mean any."""

    #: ``todo``: open, waiting, or with a new mail
    state: Literal["todo", "open", "waiting", "decided", "all"] = "todo"
    route: RouteName = RouteName("")
    assignee: UserName = UserName("")
    #: waits for a second person
    proposed: bool = False
    #: a clock of the team is near its end then, or beyond; seconds since the epoch
    near_by: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """Some of the cases asked for, without their mails."""

    cases: tuple[Case, ...]
    #: ask with it for those that follow; ``""`` when there are none
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Same:
    """What is looked for to see whether a mail belongs to a case: the same person at the same desk, known the same way."""

    brand: BrandName
    route: RouteName
    person: str
    identity: Identity
    #: conversation of the mail
    thread: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """A case that a mail may belong to."""

    case: Case
    #: a mail of the same conversation is in it
    same_thread: bool
