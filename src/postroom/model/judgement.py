"""Evidence, what is known around a mail, and the decision made of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

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
    "verdict",
]
"""Where a finding comes from. ``sender`` is for lookalike domains and the like, ``verdict`` for what people said."""

Stage = Literal["shadow", "canary", "live"]
Asked = Literal["review", "audit", "correction", "import"]
"""Why a person gave a verdict: the mail waited in review; it was drawn for the audit; it was corrected unasked; it came
with labelled data."""
AccountState = Literal["active", "limited", "suspended", "banned", "closed", "unknown"]

REVIEW = RouteName("review")
JUNK = RouteName("junk")
AUTOMATIC = RouteName("automatic")
GENERAL = RouteName("general")
UNSURE = RouteName("unsure")
"""What a second opinion says that names no route."""


class Clue(NamedTuple):
    """One word of a text, and how far it moved what was found. A tuple, as records keep many: it is stored without names."""

    #: as folded (`decide.folding`), or a phrase as the team wrote it
    word: str
    #: log-odds that it adds to the route, negative when it speaks against it: a classifier's against the mean of all
    #: routes, a phrase's as its list has it
    weight: float
    #: (start, end) offsets into subject + "\n" + new_text
    span: tuple[int, int]


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
    #: the words that weigh most in it, for and against, strongest first; empty in records of earlier versions
    clues: tuple[Clue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a classifier thinks of one route for one text."""

    route: RouteName
    #: probability, if each route were as frequent as any other; those of a text sum to 1
    share: float
    #: the words that moved it most, strongest first; only for the routes that matter
    clues: tuple[Clue, ...] = ()
    #: words that speak strongly for it stand as close as in a list, beside many others; only told of the likeliest route
    heaped: bool = False
    #: of the text's many words the classifier knows next to none; only told of the likeliest route
    strange: bool = False
    #: what else a person should know of how it came about
    remark: str = ""


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
    #: (route, newest mail there, seconds since the epoch), by name
    newest: tuple[tuple[RouteName, float], ...] = ()
    #: route of a thread of theirs that had mail in the last 14 days, ``""`` when none
    open_thread: RouteName = RouteName("")
    #: mails in the last hour
    burst: int = 0
    #: (route, count with time decay) of the whole domain; empty for public providers
    domain_counts: tuple[tuple[RouteName, float], ...] = ()
    #: a person gave mail of theirs, or of their domain, to a desk, and none elsewhere since
    confirmed: bool = False


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
    #: the desk that it is also about, ``""`` when it is about one thing
    second: RouteName = RouteName("")
    #: a linked copy goes to that desk too
    copied: bool = False
    #: in one sentence, why it goes where it goes
    because: str = ""
    #: nobody looked at it in review in time
    unconfirmed: bool = False
    #: who said so, when it is a person's; ``""`` for one that was judged
    by: str = ""
    #: the generation that stands again, as a person's word on it was taken back; 0 for a decision of its own
    again: int = 0
    #: why it is put before a person; ``""`` when it is not
    asked: Literal["", "review", "audit"] = ""
    #: with which probability one like it is: 1 for review; else the share of the audit, whether drawn or not; 0 for never
    asked_with: float = 0.0
    versions: Versions = Versions()
    thread: ThreadState | None = None
    history: SenderHistory = SenderHistory()
    account: AccountStatus = AccountStatus()
    #: seconds since the epoch
    decided_at: float = 0.0

    @property
    def copy(self) -> RouteName:
        """The desk where a linked copy lies, ``""`` for none."""
        return self.second if self.copied and self.route not in (REVIEW, self.second) else RouteName("")


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """That a verdict counts no more."""

    #: name of who took it back
    by: str
    #: seconds since the epoch
    at: float
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a person said of a decision.

    Only verdicts that were asked for say how often decisions are right, each weighed by ``weight``: people correct
    unasked what is wrong, hardly ever what is right. All are examples to learn from, a correction as one mail, one that
    was asked for as up to ``weight`` of its like. The newest of a mail counts; that nobody said anything is no verdict, and
    one that was taken back is none any more.
    """

    mail_id: MailId
    #: of the decision judged
    generation: int
    #: the route that the person names
    said: RouteName
    #: the best guess of the decision judged
    decided: RouteName
    #: its confidence, 0..1
    confidence: float
    #: name of the reviewer
    by: str
    #: seconds since the epoch
    at: float
    #: why it was given
    asked: Asked
    #: with which one like it was asked for; None where nobody knows, as for corrections and imports
    probability: float | None
    #: the reviewer whose word it replaces; ``""`` when the decision was a judgement
    over: str = ""
    #: what the reviewer noted
    note: str = ""
    #: the desk that it belongs to as well, ``""`` for one desk: no single route can be learned from such a verdict
    also: RouteName = RouteName("")
    #: of all verdicts, in the order they were kept; 0 before that
    number: int = 0
    #: None while it stands
    taken_back: TakenBack | None = None

    @property
    def right(self) -> bool:
        """Whether the decision was."""
        return self.names(self.decided)

    @property
    def where(self) -> str:
        """Where it belongs, for people."""
        return f"{self.said} and {self.also}" if self.also else self.said

    def undone(self, by: str, where: str) -> str:
        """That somebody took it back, in a sentence; with what ``where`` is to be called."""
        whose = "their own word" if by == self.by else f"the word of {self.by}"
        return f"{by} took back {whose} that it belongs to {where}"

    def names(self, route: RouteName) -> bool:
        """Whether the mail belongs there by it."""
        return route in (self.said, self.also)

    @property
    def weight(self) -> float:
        """For how many decisions it stands: inverse probability (Horvitz, Thompson 1952); 0 where that is unknown."""
        return 1.0 / self.probability if self.probability else 0.0


def asked_first(said: Iterable[Verdict]) -> Verdict | None:
    """Of the verdicts on one mail, oldest first, the one that says why it was asked about; None where nobody was asked.

    Who replaces another's word is not asked anew: the mail is in the sample for the reason that it came there.
    """
    return next((one for one in said if one.probability and not one.over), None)
