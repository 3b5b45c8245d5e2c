"""Answers to people: templates, a look at an answer before it is sent, sending, taking back, and those that nobody took."""

from typing import Annotated, TypeVar

from msgspec import Meta

from postroom.flow.answering import MOST_WORDS, Answerable, Wish
from postroom.model.mail import MailId
from postroom.model.replies import Reply, ReplyId, ReplyState
from postroom.web import answerform
from postroom.web.api.mails import Limit, OfMail, opened
from postroom.web.api.operation import Body, Call, Done, Input, Nothing, Operation, Output
from postroom.web.api.shapes import Brand, Id, Seconds
from postroom.web.api.taking import wrong_body
from postroom.web.render import Missing
from postroom.web.seen import open_to, refuse_blind, saw

ReplyKey = Annotated[str, Meta(min_length=1, max_length=64, examples=["01jdab3c4d5e6f7g8h9jkmnpqr"])]


class OfReply(Input, frozen=True):
    """Which answer."""

    reply: ReplyKey


class Written(Input, frozen=True):
    """An answer."""

    text: Annotated[str, Meta(min_length=1, max_length=MOST_WORDS, description="Plain text.")]
    to: Annotated[
        str, Meta(max_length=320, description="One of the mail's addressees; empty for the first of them.")
    ] = ""
    quote: Annotated[bool, Meta(description="Their words are quoted below.")] = False
    asks: Annotated[
        bool, Meta(description="They are asked for something: their case, if there is one, then waits for them.")
    ] = False
    template: Annotated[str, Meta(max_length=100, description="That it began as.")] = ""
    language: Annotated[str, Meta(max_length=16, examples=["en"])] = ""
    after: Annotated[
        str,
        Meta(
            max_length=64, description="The newest answer that you saw, empty for none: a newer one is not talked over."
        ),
    ] = ""


class Draft(OfMail, frozen=True):
    """Which mail, and what to begin with."""

    template: Annotated[str, Meta(max_length=100, description="Its name; empty for none.")] = ""
    language: Annotated[
        str, Meta(max_length=16, description="Empty: that of the mail, else English, else the first of the template.")
    ] = ""


class WhichReplies(Input, frozen=True):
    """Some of the answers that could not be sent."""

    after: Annotated[str, Meta(max_length=64, description="The after of the page before.")] = ""
    limit: Limit = 50


class GivenUp(Input, frozen=True):
    """Why it is not sent."""

    reason: Annotated[str, Meta(min_length=1, max_length=400, pattern=r"\S")]


class ReplyFacts(Output, frozen=True):
    """One answer, and what became of it."""

    id: ReplyKey
    mail: Id
    brand: Brand
    by: Annotated[str, Meta(description="Who wrote it; empty for postroom itself.")]
    at: Seconds
    to: str
    sender: str
    subject: str
    text: str
    message_id: str
    automatic: bool
    asks: bool
    template: str
    language: str
    state: Annotated[
        ReplyState,
        Meta(
            description="waiting, sending: to be sent; failed: nobody took it; bounced: a bounce says that it came back."
        ),
    ]
    due_at: Annotated[float, Meta(description="Not sent before; seconds since the epoch.")]
    tries: int
    settled_at: float | None
    said: Annotated[str, Meta(description="What the server, a bounce or a colleague said.")]


class Replies(Output, frozen=True):
    """Answers, oldest first."""

    replies: tuple[ReplyFacts, ...]
    after: Annotated[str, Meta(description="Ask with it for those that follow; empty when there are none.")] = ""


class AddresseeFacts(Output, frozen=True):
    """Whom an answer can go to."""

    address: str
    name: str
    believed: Annotated[bool, Meta(description="Whether the mail proves that it is the person's.")]
    why: str


class TemplateFacts(Output, frozen=True):
    """An answer prepared in advance."""

    name: str
    title: str
    languages: tuple[str, ...]
    asks: bool


class AnswerFacts(Output, frozen=True):
    """What an answer to a mail can begin with."""

    off: Annotated[str, Meta(description="Why nobody can be answered; empty where it can be.")]
    addressees: Annotated[
        tuple[AddresseeFacts, ...], Meta(description="An answer goes to the first unless you say so.")
    ]
    templates: tuple[TemplateFacts, ...]
    text: Annotated[
        str,
        Meta(
            description="Of the template asked for. What is left in braces is for you to write. Of a decided case it may hold the reason, as it was written there: read it over."
        ),
    ]
    language: str
    asks: bool


class PreviewFacts(Output, frozen=True):
    """An answer as whoever gets it would read it."""

    sender: str
    to: str
    subject: str
    in_reply_to: str
    body: str
    raw: Annotated[str, Meta(description="The whole message. Its Date and Message-ID are given anew when it is sent.")]


def get_replies(call: Call[OfMail, Nothing]) -> Replies:
    """All answers to a mail, oldest first."""
    row, _ = opened(call)
    refuse_blind(call.room, call.user, row.id)
    saw(call.room, call.user, [row.id])
    found = call.room.answering.replies.of_mails([row.id]).get(row.id, ())
    return Replies(replies=tuple(map(reply_facts, found)))


def get_reply_draft(call: Call[Draft, Nothing]) -> AnswerFacts:
    """What an answer to a mail can begin with: whom it can go to, templates, and the text of one."""
    to, answering = _answerable(call), call.room.answering
    asked = call.asked
    wish = answering.draft(call.user, to, asked.template, asked.language) if asked.template else Wish(text="")
    return AnswerFacts(
        off=answering.off,
        addressees=tuple(
            AddresseeFacts(address=one.addr, name=one.name, believed=one.believed, why=one.why)
            for one in answering.addressees(to.message)
        ),
        templates=tuple(
            TemplateFacts(name=one.name, title=one.title, languages=tuple(one.texts), asks=one.asks)
            for one in answering.offered(to)
        ),
        text=wish.text,
        language=wish.language,
        asks=wish.asks,
    )


def preview_reply(call: Call[OfMail, Written]) -> PreviewFacts:
    """An answer exactly as it would be sent. Nothing is kept."""
    reply = call.room.answering.preview(call.user, _answerable(call), _wish(call.body))
    told = answerform.sent(reply)
    return PreviewFacts(
        sender=told.sender,
        to=told.to,
        subject=told.subject,
        in_reply_to=told.in_reply_to,
        body=told.body,
        raw=reply.raw.decode("utf-8", "replace"),
    )


def send_reply(call: Call[OfMail, Written]) -> ReplyFacts:
    """Answer a mail. It is sent when the undo window has passed, and can be taken back until then."""
    return reply_facts(call.room.answering.send(call.user, _answerable(call), _wish(call.body)))


def take_back_reply(call: Call[OfReply, Nothing]) -> Done:
    """Take back an answer that was not sent yet."""
    call.room.answering.take_back(call.user, _found(call))
    return Done()


def list_failed_replies(call: Call[WhichReplies, Nothing]) -> Replies:
    """List the answers that could not be sent, oldest first. There may be fewer than the limit and more after them."""
    found = call.room.answering.replies.aside(after=call.asked.after, limit=call.asked.limit)
    rows = call.room.views.rows(open_to(call.room, call.user, [one.mail_id for one in found]), call.sight)
    return Replies(
        replies=tuple(reply_facts(one) for one in found if one.mail_id in rows),
        after=found[-1].id if len(found) == call.asked.limit else "",
    )


def retry_reply(call: Call[OfReply, Nothing]) -> Done:
    """Send an answer after all that could not be sent."""
    call.room.answering.again(call.user, _found(call))
    return Done()


def give_up_reply(call: Call[OfReply, GivenUp]) -> Done:
    """Never send an answer that could not be sent."""
    call.room.answering.give_up(call.user, _found(call), call.body.reason)
    return Done()


Mailed = TypeVar("Mailed", bound=OfMail)


def _answerable(call: Call[Mailed, Body]) -> Answerable:
    _, mail = opened(call)
    refuse_blind(call.room, call.user, mail.id)
    return answerform.answerable(call.room, call.sight, mail, call.room.read(mail))


def _wish(said: Written) -> Wish:
    if not said.text.strip():
        raise wrong_body("write the answer first", "/text")
    return Wish(
        text=said.text,
        to=said.to,
        quote=said.quote,
        asks=said.asks,
        template=said.template,
        language=said.language,
        after=said.after,
    )


def _found(call: Call[OfReply, Body]) -> Reply:
    reply = call.room.answering.replies.reply(ReplyId(call.asked.reply))
    if reply is None or call.room.views.row(MailId(reply.mail_id), call.sight) is None:
        raise Missing("There is no such answer, or it is not for you.")
    return reply


def reply_facts(reply: Reply) -> ReplyFacts:
    """An answer for programmes."""
    return ReplyFacts(
        id=reply.id,
        mail=reply.mail_id,
        brand=reply.brand,
        by=reply.by,
        at=reply.at,
        to=reply.to,
        sender=reply.sender,
        subject=reply.subject,
        text=reply.text,
        message_id=reply.message_id,
        automatic=reply.automatic,
        asks=reply.asks,
        template=reply.template,
        language=reply.language,
        state=reply.state,
        due_at=reply.due_at,
        tries=reply.tries,
        settled_at=reply.settled_at,
        said=reply.said,
    )


_EXAMPLE = Written(text="Your account is restored.", language="en")

OPERATIONS = (
    Operation(do=get_replies, path="/mails/{id}/replies", scope="read"),
    Operation(do=get_reply_draft, path="/mails/{id}/replies/draft", scope="answer", refused=422),
    Operation(
        do=preview_reply,
        path="/mails/{id}/replies/preview",
        scope="answer",
        method="POST",
        example=_EXAMPLE,
        refused=422,
    ),
    Operation(
        do=send_reply, path="/mails/{id}/replies", scope="answer", method="POST", idempotent=False, example=_EXAMPLE
    ),
    Operation(do=take_back_reply, path="/replies/{reply}/take-back", scope="answer", method="POST"),
    Operation(do=list_failed_replies, path="/replies/failed", scope="lead"),
    Operation(do=retry_reply, path="/replies/{reply}/retry", scope="lead", method="POST"),
    Operation(
        do=give_up_reply,
        path="/replies/{reply}/give-up",
        scope="lead",
        method="POST",
        example=GivenUp(reason="a test of ours"),
    ),
)
