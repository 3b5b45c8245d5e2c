"""Second looks: what a second reviewer is asked, how well two agree, and what a third settles; and the day in review."""

from typing import Annotated

from msgspec import Meta

from postroom.flow.facts import reliability_facts
from postroom.flow.reliability import Reliability, reliabilities
from postroom.model.errors import unknown
from postroom.model.mail import MailId, RouteName
from postroom.model.secondlooks import SecondLook
from postroom.web.api.mails import OfMail, opened
from postroom.web.api.operation import Call, Done, Input, Nothing, Operation, Output
from postroom.web.api.review import Skipped
from postroom.web.api.shapes import Brand, Id, Seconds, Share, told
from postroom.web.api.taking import wrong_body
from postroom.web.api.verdicts import GivenFacts, given_facts

Interval = Annotated[tuple[float, float] | None, Meta(description="Of 95 %; null where there are too few mails.")]


class SecondQuestion(Output, frozen=True):
    """A mail that somebody else has answered: what they said is not told."""

    id: Id
    brand: Brand
    decided: Annotated[str, Meta(description="The best guess that both are asked about.")]


class SecondHand(Output, frozen=True):
    """The second look that you have in hand."""

    question: Annotated[SecondQuestion | None, Meta(description="null when there is none for you.")]
    until: Annotated[Seconds | None, Meta(description="Until then nobody else gets it.")]


class SecondAnswer(Input, frozen=True):
    """What a second look says."""

    route: (
        Annotated[
            str, Meta(max_length=100, description="The desk; null confirms the best guess.", examples=["appeals"])
        ]
        | None
    ) = None
    also: Annotated[str, Meta(max_length=100, description="A second desk, for a mail about two things.")] = ""


class Settles(Input, frozen=True):
    """What a third look decides."""

    route: Annotated[str, Meta(max_length=100, examples=["appeals"])]
    also: Annotated[str, Meta(max_length=100, description="A second desk, for a mail about two things.")] = ""
    generation: Annotated[int, Meta(ge=0, le=2**53, description="Of the decision looked at; 0: the newest.")] = 0
    note: Annotated[str, Meta(max_length=1000, description="Why, for colleagues.")] = ""


class Period(Input, frozen=True):
    """How far back."""

    days: Annotated[int, Meta(ge=1, le=3650, description="Second looks of so many days.")] = 90


class ReliabilityFacts(Output, frozen=True):
    """How well some pairs of answers agree."""

    mails: int
    agreed: int
    share: Share
    interval: Interval
    alpha: Annotated[float | None, Meta(description="Krippendorff's, nominal; null where there are too few mails.")]
    alpha_interval: Interval


class OfReviewer(Output, frozen=True):
    """One reviewer with all others."""

    reviewer: str
    reliability: ReliabilityFacts


class TwoAnswers(Output, frozen=True):
    """Mails of which one said this and another that; the same for those on which both agreed."""

    one: tuple[str, ...]
    other: tuple[str, ...]
    mails: int


class AgreementFacts(Output, frozen=True):
    """How well reviewers agree who looked at the same mails without knowing of each other."""

    all: ReliabilityFacts
    answers: tuple[TwoAnswers, ...]
    reviewers: Annotated[tuple[OfReviewer, ...], Meta(description="Of all for leads, else of yourself.")]


class Disagreement(Output, frozen=True):
    """One mail that two gave to different desks."""

    id: Id
    brand: Brand
    decided: str
    first: str
    first_said: tuple[str, ...]
    second: str
    second_said: tuple[str, ...]
    answered_at: Seconds | None


class Disagreements(Output, frozen=True):
    """What there is to settle, oldest first."""

    disagreements: tuple[Disagreement, ...]


class DayFacts(Output, frozen=True):
    """How review stands."""

    waiting: int
    oldest: Annotated[float | None, Meta(description="Seconds that the clock of the oldest question has run.")]
    clock: Annotated[float, Meta(description="Seconds that it runs in all, in staffed hours where there are some.")]
    own: Annotated[int, Meta(description="Your answers since midnight.")]
    all: Annotated[int, Meta(description="Everybody's.")]
    pace: Annotated[float | None, Meta(description="Seconds that an answer takes today; null until it is known.")]
    staffed_until: Seconds | None
    opens: Annotated[Seconds | None, Meta(description="When reviewers are there next, where they are not now.")]
    zone: str


def take_second_look(call: Call[Nothing, Skipped]) -> SecondHand:
    """Take a mail that somebody else has answered, to be answered again without knowing how.

    Who has one in hand gets the same again, unless it is skipped. It moves nothing and no clock runs.
    """
    room = call.room
    look = room.second_looks.instead(None, call.user, skip=tuple(map(MailId, call.body.skip)))
    return SecondHand(question=_question(look), until=look.until if look else None)


def answer_second_look(call: Call[OfMail, SecondAnswer]) -> Done:
    """Say where it belongs. The first answer stands meanwhile; where the two differ, a lead settles it."""
    _, mail = opened(call)
    route = _known(call.body.route, call.room.routes, "/route") if call.body.route is not None else None
    also = _known(call.body.also, call.room.routes, "/also") if call.body.also else RouteName("")
    call.room.second_looks.answer(mail, route, call.user, also=also)
    return Done()


def give_back_second_look(call: Call[OfMail, Nothing]) -> Done:
    """Let others have it."""
    row, _ = opened(call)
    call.room.second_looks.looks.give_back(row.id, call.user.name)
    return Done()


def get_agreement(call: Call[Period, Nothing]) -> AgreementFacts:
    """How often two reviewers say the same, of the mails that you may see."""
    own, lead = call.user.name.casefold(), call.user.is_at_least("lead")
    looks = call.room.second_looks.figures_of(call.sight, call.asked.days)
    found = reliabilities(looks, lambda name: lead or name.casefold() == own)
    return AgreementFacts(
        all=_facts(found.all),
        answers=tuple(TwoAnswers(one=one, other=other, mails=n) for (one, other), n in found.counts),
        reviewers=tuple(OfReviewer(reviewer=name, reliability=_facts(one)) for name, one in found.reviewers),
    )


def list_disagreements(call: Call[Nothing, Nothing]) -> Disagreements:
    """What two reviewers gave to different desks, and nobody has settled; at most a hundred."""
    return Disagreements(
        disagreements=tuple(
            Disagreement(
                id=one.mail_id,
                brand=one.brand,
                decided=one.decided,
                first=one.first,
                first_said=one.first_said,
                second=one.second,
                second_said=one.second_said,
                answered_at=one.answered_at,
            )
            for one in call.room.second_looks.looks.open(call.sight)
        )
    )


def settle_disagreement(call: Call[OfMail, Settles]) -> GivenFacts:
    """Decide where two reviewers differ: a verdict, from then on what is learned. Not by one of the two."""
    _, mail = opened(call)
    word = call.body
    also = _known(word.also, call.room.routes, "/also") if word.also else RouteName("")
    route = _known(word.route, call.room.routes, "/route")
    return given_facts(
        call,
        call.room.second_looks.settle(mail, route, call.user, also=also, generation=word.generation, note=word.note),
    )


def get_review_day(call: Call[Nothing, Nothing]) -> DayFacts:
    """How review stands today: what waits, how much was done and how fast, and until when somebody is there."""
    day = call.room.staffing.now(call.user.name, call.sight)
    return DayFacts(
        waiting=day.waiting,
        oldest=day.oldest,
        clock=day.clock,
        own=day.own,
        all=day.all,
        pace=day.pace,
        staffed_until=day.until,
        opens=day.opens,
        zone=day.zone,
    )


def _question(look: SecondLook | None) -> SecondQuestion | None:
    return None if look is None else SecondQuestion(id=look.mail_id, brand=look.brand, decided=look.decided)


def _facts(one: Reliability) -> ReliabilityFacts:
    return told(ReliabilityFacts, reliability_facts(one))


def _known(name: str, routes: tuple[RouteName, ...], field: str) -> RouteName:
    """A desk that is one. Raises `Problem`."""
    if name not in routes:
        raise wrong_body(unknown("route", name, routes), field)
    return RouteName(name)


OPERATIONS = (
    Operation(do=get_review_day, path="/review/day", scope="review"),
    Operation(do=get_agreement, path="/review/agreement", scope="review"),
    Operation(do=take_second_look, path="/review/second/take", scope="review", method="POST", example=Skipped()),
    Operation(
        do=answer_second_look,
        path="/review/second/{id}/answer",
        scope="review",
        method="POST",
        idempotent=False,
        example=SecondAnswer(route=None),
    ),
    Operation(do=give_back_second_look, path="/review/second/{id}/give-back", scope="review", method="POST"),
    Operation(do=list_disagreements, path="/review/disagreements", scope="lead"),
    Operation(
        do=settle_disagreement,
        path="/review/disagreements/{id}/settle",
        scope="lead",
        method="POST",
        idempotent=False,
        example=Settles(route="appeals", note="they ask for the account back"),
    ),
)
