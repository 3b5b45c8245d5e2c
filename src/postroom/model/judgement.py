"""Evidence, what is known around a mail, and the decision made of it."""

from dataclasses import dataclass
from typing import Literal

from postroom.model.mail import BrandName, MailId, RouteName

Source = Literal[
    "guard",
    "kind",
    "urgent",
    "thread",
    "rule",
    "phrases",
    "classifier",
    "history",
    "account",
    "spam",
    "second-opinion",
    "sender",
]
"""Where a finding comes from. ``sender`` is for lookalike domains and the like."""

Stage = Literal["shadow", "canary", "live"]
AccountState = Literal["active", "limited", "suspended", "banned", "closed", "unknown"]

REVIEW = RouteName("review")
JUNK = RouteName("junk")
AUTOMATIC = RouteName("automatic")
GENERAL = RouteName("general")
UNSURE = RouteName("unsure")
"""What a second opinion says that names no route."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One piece of evidence for a route."""

    source: Source
    #: the route it speaks for; ``""`` when it speaks for none (an urgent signal, a remark)
    route: RouteName
    #: how strongly, in 0..1
    score: float
    #: what a person should read
    reason: str
    #: which rule, phrase list or signal: a name in the settings
    name: str = ""
    #: a veto takes the route out of the running
    veto: bool = False
    #: (start, end) offsets into subject + "\n" + new_text that carried it
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """One word of a text, and how far it moved a classifier."""

    #: as folded (`decide.folding`)
    word: str
    #: log-odds that it adds to the route, against the mean of all routes; negative when it speaks against it
    weight: float
    #: (start, end) offsets into subject + "\n" + new_text
    span: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a classifier thinks of one route for one text."""

    route: RouteName
    #: probability, if each route were as frequent as any other; those of a text sum to 1
    share: float
    #: the words that moved it most, strongest first; only for the routes that matter
    clues: tuple[Clue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadState:
    """What is known of the thread a mail continues; only given for its authenticated participants."""

    #: how it was found
    matched_by: Literal["references", "in-reply-to", "subject"]
    #: first mail of the thread that we saw
    first_id: MailId
    #: route of its newest decision or verdict
    route: RouteName
    #: a person said so
    confirmed: bool
    #: newest mail, seconds since the epoch
    last_at: float
    #: mails so far
    mails: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderHistory:
    """What an authenticated address (or its domain, unless public) wrote before."""

    #: first mail, seconds since the epoch; None when this is the first
    first_seen: float | None = None
    #: mails so far
    mails: int = 0
    #: (route, count with time decay), strongest first
    counts: tuple[tuple[RouteName, float], ...] = ()
    #: route of the newest mail, ``""`` when none
    last_route: RouteName = RouteName("")
    #: newest mail, seconds since the epoch
    last_at: float | None = None
    #: route of a thread of theirs that had mail in the last 14 days, ``""`` when none
    open_thread: RouteName = RouteName("")
    #: mails in the last hour
    burst: int = 0
    #: (route, count with time decay) of the whole domain; empty for public providers
    domain_counts: tuple[tuple[RouteName, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatus:
    """The state of the sender's account on the platform; ``unknown`` when nobody could say in time."""

    state: AccountState = "unknown"
    #: since when, seconds since the epoch
    since: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What the decision was made with, so that it can be made again."""

    policy: str = ""
    rules: str = ""
    phrases: str = ""
    model: str = ""
    #: model of the second opinion, ``""`` where there was none or it did not count
    second_opinion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What somebody else says of a mail, asked for one of a closed set of routes."""

    #: one of the routes that it was asked about, or ``UNSURE``
    route: RouteName
    #: who said so
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where a mail goes and why."""

    mail_id: MailId
    #: 1 for the first; a verdict, a replay or the review clock opens the next
    generation: int
    brand: BrandName
    #: where it goes: a desk, or ``review``, ``junk``, ``automatic``
    route: RouteName
    #: best guess, which ``route`` is when it is sure enough
    decided: RouteName
    #: calibrated probability that ``decided`` is right
    confidence: float
    #: (route, probability), most probable first
    probabilities: tuple[tuple[RouteName, float], ...]
    findings: tuple[Finding, ...]
    #: names of the urgent signals found
    urgent: tuple[str, ...] = ()
    #: tags that rules put on it
    tags: tuple[str, ...] = ()
    #: stage of the decided route for this mail; ``canary`` only when in the bucket, else ``shadow``
    stage: Stage = "live"
    #: in one sentence, why it goes where it goes
    because: str = ""
    #: nobody looked at it in review in time
    unconfirmed: bool = False
    versions: Versions = Versions()
    thread: ThreadState | None = None
    history: SenderHistory = SenderHistory()
    account: AccountStatus = AccountStatus()
    #: seconds since the epoch
    decided_at: float = 0.0
