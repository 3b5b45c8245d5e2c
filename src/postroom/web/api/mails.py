"""Mails: lists, search, one mail with its evidence, and a person's word on it."""

from typing import Annotated, TypeVar

from msgspec import Meta
from starlette.responses import Response

from postroom.flow import within
from postroom.flow.facts import decision_facts, explanation_facts, mail_facts, message_facts, verdict_facts
from postroom.model.desktop import Wanted
from postroom.model.judgement import Verdict
from postroom.model.listing import MailRow, Reading
from postroom.model.mail import BrandName, Mail, MailId, RouteName
from postroom.model.people import Sight
from postroom.model.targets import Answering
from postroom.web import mailview
from postroom.web.api import mailfacts
from postroom.web.api.explanationfacts import ExplanationFacts, NearFacts
from postroom.web.api.mailfacts import (
    Arrival,
    DecisionFacts,
    Events,
    MailFacts,
    MessageFacts,
    VerdictFacts,
    WrittenFacts,
)
from postroom.web.api.operation import Body, Call, Done, Input, Nothing, Operation, Output
from postroom.web.api.shapes import Id, MailPage, mail_line, told
from postroom.web.correspondence import written
from postroom.web.render import Missing
from postroom.web.seen import (
    Known,
    alike_to,
    events_of,
    explanation_of,
    known,
    listed,
    read_by,
    seen,
)

Moment = Annotated[float, Meta(ge=-1e11, le=1e11, examples=[1767225600.0])]
Number = Annotated[int, Meta(ge=0, le=2**53)]
Limit = Annotated[int, Meta(ge=1, le=200, description="How many at most.")]
Word = Annotated[str, Meta(max_length=320)]


class OfMail(Input, frozen=True):
    """Which mail."""

    id: Annotated[Id, Meta(min_length=1, max_length=64)]


Mailed = TypeVar("Mailed", bound=OfMail)


class OfAttachment(OfMail, frozen=True):
    """Which attachment."""

    number: Annotated[int, Meta(ge=0, le=9999, description="Its place among the mail's attachments, from 0 on.")]


class Which(Input, frozen=True, rename={"from_": "from"}):
    """Which mails; what is left out means any."""

    route: Annotated[Word, Meta(description="The desk where it lies.", examples=["appeals"])] = ""
    brand: Word = ""
    words: Annotated[
        str,
        Meta(
            max_length=500,
            description='Words that all occur in subject, sender or new text; "…" for a phrase, word* for a beginning.',
            examples=["account locked"],
        ),
    ] = ""
    from_: Annotated[Word, Meta(description="Address of the sender, or @domain.", examples=["@example.com"])] = ""
    tag: Word = ""
    language: Annotated[str, Meta(max_length=16, examples=["en"])] = ""
    reading: Reading = ""
    urgent: Annotated[bool, Meta(description="Only urgent mail.")] = False
    unconfirmed: Annotated[bool, Meta(description="Only what nobody looked at in review in time.")] = False
    answering: Annotated[
        Answering,
        Meta(
            description="Only mail to be answered: open; soon, when little time is left; overdue. What is due first comes first."
        ),
    ] = ""
    since: Annotated[Moment | None, Meta(description="Received at or after; seconds since the epoch.")] = None
    until: Annotated[Moment | None, Meta(description="Received before; seconds since the epoch.")] = None

    def wanted(self) -> Wanted:
        """The same in the words of the store."""
        return Wanted(
            route=RouteName(self.route),
            brand=BrandName(self.brand),
            words=self.words,
            sender=self.from_,
            tag=self.tag,
            language=self.language,
            reading=self.reading,
            urgent=self.urgent,
            unconfirmed=self.unconfirmed,
            answering=self.answering,
            since=self.since,
            until=self.until,
        )


class Search(Which, frozen=True, rename={"from_": "from"}):
    """Which mails, and how many of them."""

    after: Annotated[str, Meta(max_length=64, description="The after of the page before.")] = ""
    limit: Limit = 50


class HitFacts(Output, frozen=True):
    """How many there are."""

    number: Annotated[int, Meta(description="At most 1000: it is not counted further.")]
    more: Annotated[bool, Meta(description="Perhaps there are more.")]


class Nearest(Output, frozen=True):
    """Verdicts on the mails most like it, likest first."""

    nearest: tuple[NearFacts, ...]


def list_mails(call: Call[Search, Nothing]) -> MailPage:
    """List and search mails, newest first.

    Ask again with `after` until it comes back empty. A search through very much mail may end early: `back_to` says then
    how far it looked, and `after` goes on from there.
    """
    asked = call.asked
    found = call.room.views.mails(asked.wanted(), call.sight, after=asked.after, limit=asked.limit)
    rows = listed(call.room, call.user, found.rows, asked.route)
    return MailPage(mails=tuple(map(mail_line, rows)), after=found.after, back_to=found.back_to)


def count_mails(call: Call[Which, Nothing]) -> HitFacts:
    """How many mails a search finds."""
    found = call.room.views.hits(call.asked.wanted(), call.sight)
    return HitFacts(number=found.number, more=found.more)


def get_mail(call: Call[OfMail, Nothing]) -> MailFacts:
    """One mail: what was accepted, what the reader understood, what was decided, what people said.

    It stays unread. Whoever has it in hand for a second look is told how it was when it was asked about, and nothing that came of it.
    """
    one = _known(call)
    row, mail, decision = one.row, one.mail, one.decision
    message, verdicts = call.room.read(mail), () if one.blind else call.room.store.verdicts_on(row.id)
    before = written(call.room, call.sight, row, message)
    return MailFacts(
        line=mail_line(row),
        arrival=told(Arrival, mail_facts(mail)),
        message=told(MessageFacts, message_facts("", message)),
        decision=told(DecisionFacts, decision_facts("", decision)) if decision else None,
        verdicts=tuple(_verdict(one, call.sight) for one in verdicts),
        has_html=message.has_html,
        written=WrittenFacts(mails=before.mails, more=before.more, last_at=before.last_at, desks=dict(before.desks)),
    )


def _verdict(verdict: Verdict, sight: Sight) -> VerdictFacts:
    return told(VerdictFacts, verdict_facts(within.of_verdict(verdict, sight)) | {"right": verdict.right})


def get_explanation(call: Call[OfMail, Nothing]) -> ExplanationFacts:
    """Why a mail is where it is: in words, with the words of the mail that carried it and what would have changed it.

    Where something counted that is not yours to see, it says that it did, and no shares that would tell what.
    """
    one = _known(call)
    explanation = explanation_of(call.room, call.sight, one, call.room.read(one.mail))
    if explanation is None:
        raise Missing("This mail has not been judged yet.")
    return told(ExplanationFacts, explanation_facts(explanation))


def get_events(call: Call[OfMail, Nothing]) -> Events:
    """What happened to a mail, in order of time."""
    return mailfacts.events(events_of(call.room, call.sight, _known(call)))


def get_alike(call: Call[OfMail, Nothing]) -> Nearest:
    """What people said of the mails most like it. Takes its time."""
    _, mail = opened(call)
    found = alike_to(call.room, call.user, mail, call.room.read(mail))
    return Nearest(
        nearest=tuple(
            told(
                NearFacts,
                {
                    **verdict_facts(one.verdict),
                    "brand": one.brand,
                    "subject": one.subject,
                    "likeness": round(one.likeness, 3),
                    "common": list(one.common),
                },
            )
            for one in found
        )
    )


def get_raw(call: Call[OfMail, Nothing]) -> Response:
    """A mail's bytes as they came."""
    row, mail = opened(call)
    return mailview.download(f"{row.id}.eml", mail.raw)


def get_html(call: Call[OfMail, Nothing]) -> Response:
    """A mail's HTML, made harmless: nothing in it runs, fetches or leads away."""
    _, mail = opened(call)
    return Response(mailview.document(mail.raw), media_type="text/html", headers=mailview.HEADERS)


def get_attachment(call: Call[OfAttachment, Nothing]) -> Response:
    """One attachment, to be kept and not to be trusted."""
    _, mail = opened(call)
    attachments = call.room.read(mail).attachments
    if call.asked.number < len(attachments):
        one = attachments[call.asked.number]
        content = mailview.content(mail.raw, one.sha256)
        if content is not None:
            return mailview.download(one.name or "attachment", content)
    raise Missing("This mail has no such attachment.")


def mark_read(call: Call[OfMail, Nothing]) -> Done:
    """A person has read it: it leaves the unread of its desk."""
    row, _ = opened(call)
    read_by(call.room, call.sight, row)
    return Done()


def opened(call: Call[Mailed, Body]) -> tuple[MailRow, Mail]:
    """The mail asked for. Raises `Missing` as `seen` does."""
    return seen(call.room, call.sight, MailId(call.asked.id))


def _known(call: Call[OfMail, Nothing]) -> Known:
    return known(call.room, call.user, MailId(call.asked.id))


OPERATIONS = (
    Operation(do=list_mails, path="/mails", scope="read", refused=422),
    Operation(do=count_mails, path="/mails/count", scope="read", refused=422),
    Operation(do=get_mail, path="/mails/{id}", scope="read"),
    Operation(do=get_explanation, path="/mails/{id}/explanation", scope="read"),
    Operation(do=get_events, path="/mails/{id}/events", scope="read"),
    Operation(do=get_alike, path="/mails/{id}/alike", scope="read"),
    Operation(do=get_raw, path="/mails/{id}/raw", scope="read", media="application/octet-stream"),
    Operation(do=get_html, path="/mails/{id}/html", scope="read", media="text/html"),
    Operation(
        do=get_attachment, path="/mails/{id}/attachments/{number}", scope="read", media="application/octet-stream"
    ),
    Operation(do=mark_read, path="/mails/{id}/read", scope="work", method="POST"),
)
