"""What people say of mails in the API: verdicts, splits, moves elsewhere, and what is taken back."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from postroom.flow import within
from postroom.flow.facts import decision_facts, verdict_facts
from postroom.flow.moves import Consequence
from postroom.flow.verdicts import Given
from postroom.model.errors import Refused, TryLater, unknown
from postroom.model.mail import DestinationName, Mail, MailId, RouteName
from postroom.web.api.mailfacts import (
    DecisionFacts,
    VerdictFacts,
)
from postroom.web.api.mails import Number, OfMail, opened
from postroom.web.api.operation import Call, Input, Nothing, Operation, Output
from postroom.web.api.shapes import Id, told
from postroom.web.api.taking import wrong_body
from postroom.web.render import Missing
from postroom.web.seen import (
    refuse_blind,
    seen,
    to_take_back,
)


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


class OneOfMany(Input, frozen=True):
    """One of the mails."""

    id: Annotated[Id, Meta(min_length=1, max_length=64)]
    generation: Annotated[Number, Meta(description="Of the decision that you looked at; 0: the newest.")] = 0


class AllBelong(Input, frozen=True):
    """Which mails belong to one desk."""

    mails: Annotated[tuple[OneOfMany, ...], Meta(min_length=1, max_length=200, description="Each once.")]
    route: Annotated[str, Meta(max_length=100, description="The desk.", examples=["appeals"])]
    note: Annotated[str, Meta(max_length=1000, description="Why, for colleagues.")] = ""


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


class OutcomeFacts(Output, frozen=True):
    """What came of one of several mails."""

    id: Id
    status: Annotated[
        Literal[200, 404, 409, 503],
        Meta(
            description="200: it was moved. What a call about it alone would have been answered with: 404: not there, or not for"
            " you; 409: look again; 503: the same a little later."
        ),
    ]
    detail: Annotated[str, Meta(description="Why it was not moved; empty where it was.")]
    generation: Annotated[int, Meta(description="Of the new decision; 0 where there is none.")]
    deliveries: Annotated[tuple[str, ...], Meta(description="Where it is delivered because of it.")]
    waiting: Annotated[tuple[str, ...], Meta(description="Those of them that wait for the undo window.")]


class Outcomes(Output, frozen=True):
    """What came of each, in the order in which they were named."""

    moved: Annotated[int, Meta(description="How many.")]
    mails: tuple[OutcomeFacts, ...]


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


def give_verdict(call: Call[OfMail, Belongs]) -> GivenFacts:
    """Say where a mail belongs: it is delivered there at once, and what is like it is judged by this.

    Taking it back is `take_back_verdict`.
    """
    _, mail = opened(call)
    return given_facts(call, given(call, mail, call.body))


def give_verdicts(call: Call[Nothing, AllBelong]) -> Outcomes:
    """Say of several mails that they belong to one desk, as `give_verdict` does of one. Each has an outcome of its own.

    They are moved one after the other: what became of one changes nothing for the others.
    """
    said = call.body
    if said.route not in call.room.routes:
        raise wrong_body(unknown("route", said.route, call.room.routes), "/route")
    if len({one.id for one in said.mails}) < len(said.mails):
        raise wrong_body("name each mail once", "/mails")
    found = tuple(_outcome(call, one, said) for one in said.mails)
    return Outcomes(moved=sum(one.status == 200 for one in found), mails=found)


def _outcome(call: Call[Nothing, AllBelong], one: OneOfMany, said: AllBelong) -> OutcomeFacts:
    status: Literal[404, 409, 503]
    try:
        _, mail = seen(call.room, call.sight, MailId(one.id))
        word = Belongs(route=said.route, generation=one.generation, note=said.note)
        facts = given_facts(call, given(call, mail, word))
    except Missing as error:
        status, words = 404, str(error)
    except Refused as error:
        status, words = 409, str(error)
    except TryLater as error:
        status, words = 503, str(error)
    else:
        return OutcomeFacts(
            id=one.id,
            status=200,
            detail="",
            generation=facts.decision.generation,
            deliveries=facts.deliveries,
            waiting=facts.waiting,
        )
    return OutcomeFacts(id=one.id, status=status, detail=words, generation=0, deliveries=(), waiting=())


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


def given(call: Call[Any, Any], mail: Mail, word: Belongs) -> Given:
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
    Operation(
        do=give_verdict,
        path="/mails/{id}/verdict",
        scope="work",
        method="POST",
        idempotent=False,
        example=Belongs(route="appeals", generation=1, note="asks for the account back"),
    ),
    Operation(
        do=give_verdicts,
        path="/verdicts",
        scope="work",
        method="POST",
        idempotent=False,
        example=AllBelong(mails=(OneOfMany(id="01jdab3c4d5e6f7g8h9jkmnpqr", generation=1),), route="appeals"),
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
