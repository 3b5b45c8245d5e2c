"""What the API tells: the facts that commands tell (`flow.facts`), with their types.

A struct here names every field that its facts have: a test holds them together.
"""

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from postroom.flow.facts import waiting_facts
from postroom.model.judgement import Asked, Source
from postroom.model.listing import Event, MailRow, MailState, Reading, Waiting
from postroom.model.people import Role, Scope
from postroom.model.targets import How
from postroom.model.work import JobInfo, JobKind, JobState
from postroom.web.api.operation import Output

Seconds = Annotated[float, Meta(description="Seconds since the epoch, UTC.", examples=[1767225600.0])]
Id = Annotated[str, Meta(description="Given at acceptance; ids sort by time.", examples=["01jdab3c4d5e6f7g8h9jkmnpqr"])]
Route = Annotated[str, Meta(description="A desk, or review, junk or automatic.", examples=["appeals"])]
Brand = Annotated[str, Meta(examples=["shop"])]
Share = Annotated[float, Meta(description="0..1", examples=[0.93])]
After = Annotated[str, Meta(description="Ask with it for those that follow; empty when there are none.")]

_Told = TypeVar("_Told", bound=Output)


def told(kind: type[_Told], facts: dict[str, Any]) -> _Told:
    """Facts as a struct."""
    return msgspec.convert(facts, kind)


class Person(Output, frozen=True):
    """A name and an address, as a mail has them."""

    name: str
    address: str


class MailLine(Output, frozen=True, rename={"from_": "from"}):
    """One line of a list of mails; what the decision says is empty until there is one."""

    id: Id
    received_at: Seconds
    brand: Brand
    duplicate_of: Annotated[str | None, Meta(description="The mail that this one repeats.")]
    state: MailState
    generation: Annotated[int, Meta(description="Of the newest decision; 0 for none.")]
    route: Route
    decided: Annotated[str, Meta(description="The best guess: where it goes when that is sure enough.")]
    confidence: Share
    urgent: bool
    unconfirmed: Annotated[bool, Meta(description="Nobody looked at it in review in time.")]
    also: Annotated[str, Meta(description="The second desk where it lies, as a linked copy; empty for none.")]
    subject: Annotated[str, Meta(examples=["My account is locked"])]
    from_: Annotated[str, Meta(description="Address of who asks.", examples=["ada@example.com"])]
    preview: Annotated[
        str, Meta(description="How its own text begins, in one line.", examples=["I can't sign in since Monday …"])
    ]
    language: Annotated[str, Meta(examples=["en"])]
    kind: str
    due_at: Annotated[float | None, Meta(description="Until when it is to be answered first; null for no target.")]
    answered_at: Annotated[
        float | None, Meta(description="When it was answered, or somebody said that it needs no answer.")
    ]
    answered: Annotated[
        How | Literal[""],
        Meta(
            description="How: answered from here; elsewhere or needless, as somebody says; empty: no target, or not yet."
        ),
    ]
    reading: Annotated[
        Reading,
        Meta(description="Whether somebody at its desk has read it; empty where it lies elsewhere: that is not known."),
    ]


class MailPage(Output, frozen=True):
    """Some of the mails asked for, newest first."""

    mails: tuple[MailLine, ...]
    after: After
    back_to: Annotated[
        float | None,
        Meta(
            description="A search that ended before all was looked at: it looked back to this time. Go on with after."
        ),
    ]


class Arrival(Output, frozen=True):
    """What was accepted, without its bytes."""

    id: Id
    received_at: Seconds
    brand: Brand
    mail_from: Annotated[str, Meta(description="Envelope sender.")]
    rcpt_to: tuple[str, ...]
    door: str
    peer: Annotated[str, Meta(description="Address of who handed it in.")]
    size: Annotated[int, Meta(description="Bytes.")]
    duplicate_of: str | None


class Attachment(Output, frozen=True):
    """What a mail has with it, in order: its number is its place, from 0 on."""

    name: str
    type: str
    size: int
    sha256: str


class Authenticity(Output, frozen=True):
    """Whether the sender is who the mail says."""

    state: str
    method: str
    domain: str
    reason: str


class Forward(Output, frozen=True):
    """A mail that somebody passed on for a customer."""

    how: str
    customer: Person | None
    subject: str


class Defect(Output, frozen=True):
    """Something that is wrong with a mail's form."""

    code: str
    detail: str


class MessageFacts(Output, frozen=True, rename={"from_": "from"}):
    """What the reader understood of a mail."""

    message_id: str
    from_: Person | None
    to: tuple[Person | None, ...]
    cc: tuple[Person | None, ...]
    reply_to: tuple[Person | None, ...]
    subject: str
    date: float | None
    text: str
    new_text: Annotated[str, Meta(description="What is written now, without what is quoted.")]
    quoted_text: str
    signature: str
    disclaimer: str
    hidden_text: Annotated[str, Meta(description="What a reader of the HTML would not see.")]
    kind: str
    kind_reason: str
    failed_recipient: str
    language: str
    attachments: tuple[Attachment, ...]
    auth: Authenticity
    forward: Forward | None
    references: tuple[str, ...]
    in_reply_to: str
    ticket: str
    defects: tuple[Defect, ...]


class ClueFacts(Output, frozen=True):
    """A word that weighs in a finding."""

    word: str
    weight: float
    span: tuple[int, int]


class FindingFacts(Output, frozen=True):
    """One piece of evidence."""

    source: Source
    route: str
    score: Share
    reason: str
    name: str
    veto: bool
    spans: Annotated[tuple[tuple[int, int], ...], Meta(description="Characters of subject, line end, new text.")]
    clues: tuple[ClueFacts, ...]


class DecisionFacts(Output, frozen=True):
    """Where a mail goes and why."""

    id: Id
    route: Route
    decided: str
    confidence: Share
    urgent: tuple[str, ...]
    stage: str
    second: Annotated[str, Meta(description="The desk that it is also about.")]
    copied: Annotated[bool, Meta(description="Whether a linked copy goes there.")]
    tags: tuple[str, ...]
    because: str
    generation: int
    by: Annotated[str, Meta(description="Who said so, when it is a person's word.")]
    asked: str
    probabilities: Annotated[
        dict[str, float],
        Meta(description="Of the best guess alone where something counted that is not yours to see."),
    ]
    findings: tuple[FindingFacts, ...]


class TakenBackFacts(Output, frozen=True):
    """That a verdict counts no more."""

    by: str
    at: Seconds
    note: str


class VerdictFacts(Output, frozen=True):
    """What a person said of a decision."""

    id: Id
    generation: int
    said: Annotated[str, Meta(description="The desk; empty where it was about desks that are not yours.")]
    also: Annotated[str, Meta(description="The second desk, of a mail about two things; empty for one desk.")]
    decided: str
    right: bool
    by: str
    over: str
    at: Seconds
    asked: Asked
    probability: float | None
    note: str
    taken_back: TakenBackFacts | None


class WrittenFacts(Output, frozen=True):
    """What its sender wrote before this mail that you may see; of one who is not authenticated nothing."""

    mails: int
    more: Annotated[bool, Meta(description="There are more: they are not counted further.")]
    last_at: float | None
    desks: Annotated[dict[str, int], Meta(description="Where these mails lie now -> how many.")]


class MailFacts(Output, frozen=True):
    """One mail, whole."""

    line: MailLine
    arrival: Arrival
    message: MessageFacts
    decision: Annotated[DecisionFacts | None, Meta(description="In force; null before there is one.")]
    verdicts: tuple[VerdictFacts, ...]
    has_html: bool
    written: WrittenFacts


class EventFacts(Output, frozen=True):
    """Something that happened to a mail."""

    at: Seconds
    what: str
    detail: str


class Events(Output, frozen=True):
    """The way of a mail, in order of time."""

    events: tuple[EventFacts, ...]


class TellingFacts(Output, frozen=True):
    """Words that carried a decision."""

    start: int
    end: int
    text: str
    word: str
    weight: float | None
    route: str
    source: str
    name: str


class WeighedFinding(Output, frozen=True):
    """A finding, and what it counts."""

    source: str
    name: str
    reason: str
    log_odds: float


class Entry(Output, frozen=True):
    """One family of evidence for a route."""

    family: str
    said: float
    log_odds: float
    cap: float | None
    capped: bool
    scale: float
    findings: tuple[WeighedFinding, ...]


class BalanceFacts(Output, frozen=True):
    """What speaks for a route; log-odds add up to its logit."""

    route: str
    probability: float
    prior: float
    temperature: float
    logit: float
    vetoes: tuple[str, ...]
    evidence: tuple[Entry, ...]


class ChangeFacts(Output, frozen=True):
    """What would have changed the decision."""

    kind: str
    what: str
    route: str
    decided: str
    confidence: float
    size: float


class NearFacts(VerdictFacts, frozen=True):
    """A verdict on a mail like it."""

    brand: Brand
    subject: str
    likeness: Share
    common: tuple[str, ...]


class ExplanationFacts(Output, frozen=True):
    """What carried a decision."""

    words: Annotated[tuple[str, ...], Meta(description="In paragraphs.")]
    text: Annotated[str, Meta(description="What offsets count characters of.")]
    telling: tuple[TellingFacts, ...]
    balance: Annotated[
        tuple[BalanceFacts, ...], Meta(description="Empty where something counted that is not yours to see.")
    ]
    changes: tuple[ChangeFacts, ...]
    nearest: tuple[NearFacts, ...]


class Question(Output, frozen=True, rename={"from_": "from"}):
    """A decision that a person is asked about."""

    id: Id
    received_at: Seconds
    brand: Brand
    generation: Annotated[int, Meta(description="Of the decision: say it with your answer.")]
    asked: str
    since: Seconds
    due_at: Annotated[float | None, Meta(description="When its time in review is up.")]
    route: Route
    decided: str
    confidence: Share
    urgent: bool
    from_: str
    subject: str


class Letter(Output, frozen=True):
    """A delivery that lies aside, and the mail that it is of."""

    number: int
    kind: JobKind
    state: JobState
    destination: str
    generation: int
    tries: int
    created_at: Seconds
    settled_at: float | None
    error: str
    why: str
    mail: MailLine


class PersonFacts(Output, frozen=True):
    """Somebody who may sign in. Empty lists mean all."""

    name: str
    shown: str
    role: Role
    brands: tuple[str, ...]
    routes: tuple[str, ...]
    urgent: bool
    password: Annotated[bool, Meta(description="Whether there is one.")]
    disabled: bool
    created_at: Seconds


class IdentityFacts(Output, frozen=True):
    """An account at an identity provider that signs somebody in."""

    issuer: str
    subject: Annotated[str, Meta(description="Its name there, for ever.")]
    user: str
    email: Annotated[str, Meta(description="Address that the provider gave when it was linked.")]
    linked_at: Seconds


class KeyFacts(Output, frozen=True):
    """A key of a programme, without its secret."""

    name: str
    user: str
    scope: Scope
    note: str
    created_at: Seconds
    expires_at: float | None
    seen_at: float | None
    revoked: bool


class DeedFacts(Output, frozen=True):
    """One line of the audit log."""

    number: int
    at: Seconds
    by: str
    what: str
    to: str
    detail: str
    chain: str


def mail_line(row: MailRow) -> MailLine:
    """A row of a list."""
    return MailLine(
        id=row.id,
        received_at=row.received_at,
        brand=row.brand,
        duplicate_of=row.duplicate_of,
        state=row.state,
        generation=row.generation,
        route=row.route,
        decided=row.decided,
        confidence=round(row.confidence, 4),
        urgent=row.urgent,
        unconfirmed=row.unconfirmed,
        also=row.also,
        subject=row.subject,
        from_=row.from_addr,
        preview=row.preview,
        language=row.language,
        kind=row.kind,
        due_at=row.due_at,
        answered_at=row.answered_at,
        answered=row.how,
        reading=row.reading,
    )


def question(waiting: Waiting) -> Question:
    """What somebody is asked."""
    return told(Question, waiting_facts(waiting))


def letter(job: JobInfo, row: MailRow) -> Letter:
    """A delivery that lies aside."""
    return Letter(
        number=job.id,
        kind=job.kind,
        state=job.state,
        destination=job.destination,
        generation=job.generation,
        tries=job.tries,
        created_at=job.created_at,
        settled_at=job.settled_at,
        error=job.error,
        why=job.why,
        mail=mail_line(row),
    )


def events(found: tuple[Event, ...]) -> Events:
    """The way of a mail."""
    return Events(events=tuple(EventFacts(at=one.at, what=one.what, detail=one.detail) for one in found))
