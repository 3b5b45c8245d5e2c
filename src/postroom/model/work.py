"""Jobs, their outcomes, and what a destination is handed."""

from dataclasses import dataclass
from typing import Literal, NewType

from postroom.model.judgement import Decision
from postroom.model.mail import DestinationName, Mail, MailId, RouteName

JobId = NewType("JobId", int)
JobKind = Literal["judge", "deliver", "clock"]
"""``judge`` a mail, ``deliver`` it to one destination, or send it on when its time in review ran out (``clock``)."""

Task = Literal["deliver", "withdraw", "correct"]
"""What a job of kind ``deliver`` is to do at its destination: bring the mail; take back what was brought there before; or
do so and, where it is too late, say that it belongs elsewhere now."""

JobState = Literal["ready", "claimed", "held", "done", "parked", "dropped"]
"""``held`` waits for a person after a restore; ``dropped`` only ever by a person, with a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A claim on one piece of work; settle it with the attempt it carries."""

    id: JobId
    kind: JobKind
    mail_id: MailId
    generation: int
    #: where to; ``""`` unless kind is ``deliver``
    destination: DestinationName
    #: 1 on the first claim; settling with a stale one does nothing
    attempt: int
    #: when the job was made, seconds since the epoch: parking by age counts from here
    created_at: float
    #: tries that failed and counted; lane-down tries do not
    tries: int = 0
    #: workers that died with this job alone in hand
    strikes: int = 0
    task: Task = "deliver"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to put. (mail_id, kind, destination, generation) is its identity: putting it again does nothing."""

    kind: JobKind
    mail_id: MailId
    generation: int
    destination: DestinationName = DestinationName("")
    #: not before, seconds since the epoch
    due_at: float = 0.0
    task: Task = "deliver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The effect has happened."""

    job: Job
    #: what the destination said, e.g. a remote queue id
    receipt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Try again at ``due_at``."""

    job: Job
    due_at: float
    error: str
    #: False when the try was not the mail's fault and is not counted
    counts: bool = True
    #: the destination itself is unwell
    lane_down: bool = False
    #: the pause in seconds that the destination asked for
    after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Park:
    """Kept for a person."""

    job: Job
    error: str
    why: Literal["gave-up", "too-old", "bug", "poison", "bounced", "loop", "unreadable"]


Outcome = Done | Again | Park


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The state of one destination's queue."""

    destination: DestinationName
    down: bool
    #: when the next single probe may go, seconds since the epoch
    probe_at: float
    #: failures in a row
    failures: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInfo:
    """One row of ``postroom queue list``."""

    id: JobId
    kind: JobKind
    state: JobState
    mail_id: MailId
    destination: DestinationName
    generation: int
    attempt: int
    tries: int
    strikes: int
    created_at: float
    due_at: float
    #: when it was last done, parked or dropped, seconds since the epoch; None for one that is to do
    settled_at: float | None
    #: what the destination said
    receipt: str
    error: str
    why: str
    task: Task = "deliver"

    @property
    def does(self) -> JobKind | Task:
        """What it does, in a word."""
        return self.task if self.kind == "deliver" else self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEntry:
    """One mail in the built-in inbox of a route."""

    mail_id: MailId
    destination: DestinationName
    route: RouteName
    delivered_at: float
    from_addr: str
    subject: str
    confidence: float
    urgent: bool
    unconfirmed: bool
    read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What lists and messages to other systems show of a mail; as its first judgement read it."""

    #: decoded
    subject: str = ""
    #: address of who asks
    from_addr: str = ""
    language: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Why a delivery is made: the decision of its generation, and what lists show of the mail."""

    decision: Decision
    summary: Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a destination is handed: a mail, why it comes here, and the key that makes a repeat harmless."""

    mail: Mail
    decision: Decision
    destination: DestinationName
    generation: int
    #: `delivery_key`: the same for every try of this delivery
    key: str
    #: the bytes to deliver: our Received and X-Postroom lines above the mail as it came
    stamped: bytes
    #: decoded subject and sender for lists; never used to route
    subject: str = ""
    from_addr: str = ""
    #: a copy for those who are told of the mail: it lies elsewhere
    beside: bool = False
    #: key of an earlier delivery that this one only says of that it belongs elsewhere now; ``""`` for a mail
    corrects: str = ""


def delivery_key(mail_id: MailId, destination: DestinationName, generation: int) -> str:
    """The key of a delivery, which makes a repeat harmless."""
    return f"{mail_id}.{destination}.{generation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The destination has it, durably."""

    #: what it calls it: a file name, a remote queue id, a status line
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lying:
    """A delivery of ours, as it lies at a destination now: put there by us, or by people from elsewhere."""

    mail_id: MailId
    #: that it was delivered for
    route: RouteName
