"""What the API tells: the facts that commands tell (`flow.facts`), with their types.

A struct here names every field that its facts have: a test holds them together.
"""

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from postroom.flow.facts import waiting_facts
from postroom.model.listing import MailRow, MailState, Reading, Waiting
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
