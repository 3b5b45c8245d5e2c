"""What the API tells of one mail: what was read, decided, said and done. See `shapes`."""

from typing import Annotated

from msgspec import Meta

from postroom.model.judgement import Asked, Source
from postroom.model.listing import Event
from postroom.web.api.operation import Output
from postroom.web.api.shapes import Brand, Id, MailLine, Person, Route, Seconds, Share


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


def events(found: tuple[Event, ...]) -> Events:
    """The way of a mail."""
    return Events(events=tuple(EventFacts(at=one.at, what=one.what, detail=one.detail) for one in found))
