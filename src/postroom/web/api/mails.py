"""Mails: lists, search, one mail with its evidence, and a person's word on it."""

from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta
from starlette.responses import Response

from postroom.flow import within
from postroom.flow.facts import decision_facts, explanation_facts, mail_facts, message_facts, verdict_facts
from postroom.flow.moves import Consequence
from postroom.flow.verdicts import Given
from postroom.model.desktop import Wanted
from postroom.model.errors import Refused, unknown
from postroom.model.judgement import Verdict
from postroom.model.listing import MailRow, Reading
from postroom.model.mail import BrandName, DestinationName, Mail, MailId, RouteName
from postroom.model.people import Sight
from postroom.model.targets import Answering
from postroom.web import mailview
from postroom.web.api import shapes
from postroom.web.api.operation import Body, Call, Done, Input, Nothing, Operation, Output
from postroom.web.api.shapes import (
    Arrival,
    DecisionFacts,
    Events,
    ExplanationFacts,
    Id,
    MailFacts,
    MailPage,
    MessageFacts,
    NearFacts,
    VerdictFacts,
    WrittenFacts,
    mail_line,
    told,
)
from postroom.web.api.taking import wrong_body
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
    refuse_blind,
    seen,
    to_take_back,
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


class Belongs(Input, frozen=True):
    """Where a mail belongs."""

    route: (
        Annotated[
            str, Meta(max_length=100, description="The desk; null confirms the best guess.", examples=["appeals"])
        ]
        | None
    ) = None
    generation: Annotated[
        Number,
        Meta(
            description="Of the decision that you looked at: a newer one is then not overruled unseen. 0: the newest."
        ),
    ] = 0
    note: Annotated[str, Meta(max_length=1000, description="Why, for colleagues.")] = ""
    also: Annotated[
        str, Meta(max_length=100, description="A second desk, for a mail about two things; empty for one desk.")
    ] = ""


class Splits(Belongs, frozen=True, kw_only=True):
    """To which two desks a mail belongs."""

    also: Annotated[str, Meta(min_length=1, max_length=100, description="The second desk.", examples=["refunds"])]


class ConsequenceFacts(Output, frozen=True):
    """What becomes of a delivery to where the mail does not belong any more."""

    destination: str
    what: Annotated[
        Literal["waiting", "withdrawn", "too late"],
        Meta(description="waiting: it has not gone and does not go; withdrawn: it is taken back."),
    ]
    told: Annotated[bool, Meta(description="Where it is too late: whether it is told that the mail belongs elsewhere.")]


class GivenFacts(Output, frozen=True):
    """What came of a verdict."""

    verdict: VerdictFacts
    decision: DecisionFacts
    #: because of it
    deliveries: Annotated[tuple[str, ...], Meta(description="Where it is delivered now; empty when it lies there.")]
    waiting: Annotated[
        tuple[str, ...], Meta(description="Those of them that can't be undone, and wait for the undo window.")
    ]
    consequences: tuple[ConsequenceFacts, ...]


class Consequences(Output, frozen=True):
    """What taking the newest verdict back would come to."""

    consequences: tuple[ConsequenceFacts, ...]


class TakesBack(Input, frozen=True):
    """What is taken back."""

    generation: Annotated[Number, Meta(description="Of the decision that you looked at; 0: the newest.")] = 0
    note: Annotated[str, Meta(max_length=1000, description="Why, for colleagues.")] = ""


class MovedTo(Input, frozen=True):
    """Where people have moved a mail, in another system."""

    route: Annotated[str, Meta(max_length=100, description="The desk where it is now.", examples=["refunds"])]
    destinations: Annotated[
        tuple[Annotated[str, Meta(max_length=100)], ...],
        Meta(max_length=50, description="Those of the desk's destinations where it lies already; empty: all of them."),
    ] = ()
    note: Annotated[str, Meta(max_length=1000, description="Why, for colleagues.")] = ""


class MovedFacts(Output, frozen=True):
    """What came of it."""

    changed: Annotated[bool, Meta(description="false: it was known to belong there, and nothing has changed.")]
    deliveries: Annotated[tuple[str, ...], Meta(description="Where it is delivered because of it.")]


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
    return shapes.events(events_of(call.room, call.sight, _known(call)))


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


def give_verdict(call: Call[OfMail, Belongs]) -> GivenFacts:
    """Say where a mail belongs: it is delivered there at once, and what is like it is judged by this.

    Taking it back is `take_back_verdict`.
    """
    _, mail = opened(call)
    return given_facts(call, given(call, mail, call.body))


def split_mail(call: Call[OfMail, Splits]) -> GivenFacts:
    """Give a mail about two things to two desks: one mail, each desk knows of the other.

    Naming one desk alone, later, ends that; taking it back takes both back. Nothing is learned from it of texts like it.
    """
    _, mail = opened(call)
    return given_facts(call, given(call, mail, call.body))


def moved_elsewhere(call: Call[OfMail, MovedTo]) -> MovedFacts:
    """Tell that people have moved a mail to another desk in another system, a helpdesk say.

    That is a verdict, in the name of the key's user: history and learning follow. It is not delivered again where it lies
    already, and nobody is told to take it back. Told again, nothing changes.
    """
    _, mail = opened(call)
    said, hidden = call.body, call.room.reviewing.desks.hidden_from(call.sight)
    known = [one for one in call.room.redirecting.destinations if one not in hidden]
    if said.route not in call.room.routes:
        raise wrong_body(unknown("route", said.route, call.room.routes), "/route")
    for place, name in enumerate(said.destinations):
        if name not in known:
            raise wrong_body(unknown("destination", name, known), f"/destinations/{place}")
    there = tuple(map(DestinationName, said.destinations))
    route, by = RouteName(said.route), call.user.name
    given = call.room.reviewing.moved_elsewhere(mail, route, by, there=there, note=said.note)
    deliveries = given.deliveries if given else ()
    return MovedFacts(changed=given is not None, deliveries=tuple(within.place(one, hidden) for one in deliveries))


def get_undo(call: Call[OfMail, Nothing]) -> Consequences:
    """What taking the newest verdict back would come to, where it has brought the mail.

    A verdict of yours can be looked at and taken back for the undo window even where it brought the mail to a desk that
    you don't see.
    """
    _, mail = to_take_back(call.room, call.user, MailId(call.asked.id))
    try:
        found = call.room.reviewing.consequences(mail)
    except Refused as error:
        raise Missing(f"There is nothing to take back: {error}.") from error
    return Consequences(consequences=_consequences(call, found))


def take_back_verdict(call: Call[OfMail, TakesBack]) -> GivenFacts:
    """Take the newest verdict back: what stood before stands again, and what can be undone is undone."""
    _, mail = to_take_back(call.room, call.user, MailId(call.asked.id))
    back = call.room.reviewing.take_back(mail, call.user.name, generation=call.body.generation, note=call.body.note)
    return given_facts(call, back)


def _consequences(call: Call[Any, Any], found: tuple[Consequence, ...]) -> tuple[ConsequenceFacts, ...]:
    told = within.of_consequences(found, call.room.reviewing.desks.hidden_from(call.sight))
    return tuple(ConsequenceFacts(destination=one.destination, what=one.what, told=one.told) for one in told)


def opened(call: Call[Mailed, Body]) -> tuple[MailRow, Mail]:
    """The mail asked for. Raises `Missing` as `seen` does."""
    return seen(call.room, call.sight, MailId(call.asked.id))


def _known(call: Call[OfMail, Nothing]) -> Known:
    return known(call.room, call.user, MailId(call.asked.id))


def given(call: Call[OfMail, Any], mail: Mail, word: Belongs) -> Given:
    """The verdict, kept. Raises `Problem` and `Refused`."""
    refuse_blind(call.room, call.user, mail.id)
    route = RouteName(word.route) if word.route is not None else None
    if route is not None and route not in call.room.routes:
        raise wrong_body(unknown("route", route, call.room.routes), "/route")
    also = RouteName(word.also)
    if also and also not in call.room.routes:
        raise wrong_body(unknown("route", also, call.room.routes), "/also")
    return call.room.reviewing.give(mail, route, call.user.name, also=also, generation=word.generation, note=word.note)


def given_facts(call: Call[Any, Any], given: Given) -> GivenFacts:
    """What came of it, to whoever said it."""
    hidden = call.room.reviewing.desks.hidden_from(call.sight)
    return GivenFacts(
        verdict=told(VerdictFacts, verdict_facts(given.verdict)),
        decision=told(DecisionFacts, decision_facts("", within.of_decision(given.decision, call.sight))),
        deliveries=tuple(within.place(one, hidden) for one in given.deliveries),
        waiting=tuple(within.place(one, hidden) for one in given.waiting),
        consequences=_consequences(call, given.consequences),
    )


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
    Operation(
        do=give_verdict,
        path="/mails/{id}/verdict",
        scope="work",
        method="POST",
        idempotent=False,
        example=Belongs(route="appeals", generation=1, note="asks for the account back"),
    ),
    Operation(
        do=split_mail,
        path="/mails/{id}/split",
        scope="work",
        method="POST",
        idempotent=False,
        example=Splits(route="appeals", also="refunds", generation=1),
    ),
    Operation(
        do=moved_elsewhere,
        path="/mails/{id}/moved-elsewhere",
        scope="work",
        method="POST",
        example=MovedTo(route="refunds"),
    ),
    Operation(do=get_undo, path="/mails/{id}/undo", scope="work"),
    Operation(
        do=take_back_verdict,
        path="/mails/{id}/undo",
        scope="work",
        method="POST",
        idempotent=False,
        example=TakesBack(generation=2, note="a slip of the hand"),
    ),
)
