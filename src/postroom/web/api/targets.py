"""First answers: what people say of them by hand, and how desks keep them."""

from typing import Annotated, Literal

from msgspec import Meta

from postroom.model.mail import MailId
from postroom.web.api.operation import Call, Input, Nothing, Operation, Output
from postroom.web.api.shapes import Brand, Id, Route
from postroom.web.api.taking import wrong_body

_DAY = 86_400.0


class Answers(Input, frozen=True):
    """What is said of which mails."""

    mails: Annotated[
        tuple[Annotated[Id, Meta(min_length=1, max_length=64)], ...],
        Meta(min_length=1, max_length=200, description="All of them, or none where one is not there."),
    ]
    how: Annotated[
        Literal["elsewhere", "needless", "unanswered"],
        Meta(
            description="elsewhere: answered, though not from here; needless: it needs none; unanswered: what was said so counts no more."
        ),
    ]


class AnswersSaid(Output, frozen=True):
    """What came of it."""

    changed: Annotated[int, Meta(description="How many mails; those that were answered before stay as they are.")]


class Period(Input, frozen=True):
    """Of which time."""

    days: Annotated[int, Meta(ge=1, le=366, description="Due in so many days before now.")] = 7


class KeptFacts(Output, frozen=True):
    """How one desk of one brand keeps its target."""

    route: Route
    brand: Brand
    within: Annotated[str, Meta(description="The target.", examples=["8 business hours"])]
    in_time: int
    late: int
    open: Annotated[int, Meta(description="Not answered yet, though due.")]
    share: Annotated[float | None, Meta(description="Answered in time, of all that were due; null where none was.")]


class Report(Output, frozen=True):
    """How desks keep their first answers."""

    desks: tuple[KeptFacts, ...]


def say_answered(call: Call[Nothing, Answers]) -> AnswersSaid:
    """Say that mails were answered elsewhere, need no answer, or are not answered after all."""
    ids, answers = [MailId(one) for one in call.body.mails], call.room.first_answers
    if len(call.room.views.rows(ids, call.sight)) < len(set(ids)):
        raise wrong_body("there is no such mail, or it is not for you", "/mails")
    if call.body.how == "unanswered":
        return AnswersSaid(changed=answers.take_back(call.user, ids))
    return AnswersSaid(changed=answers.say(call.user, ids, call.body.how))


def get_first_answers(call: Call[Period, Nothing]) -> Report:
    """How many of the mails that were due for a first answer got one in time, by desk and brand."""
    answers = call.room.first_answers
    found = answers.targets.kept(call.now - call.asked.days * _DAY, call.now)
    return Report(
        desks=tuple(
            KeptFacts(
                route=one.route,
                brand=one.brand,
                within=str(answers.rules[one.route].within),
                in_time=one.in_time,
                late=one.late,
                open=one.open,
                share=one.share,
            )
            for one in found
            if one.route in answers.rules and call.sight.sees(one.brand, one.route, one.route)
        )
    )


OPERATIONS = (
    Operation(
        do=say_answered,
        path="/first-answers",
        scope="work",
        method="POST",
        example=Answers(mails=("01jdab3c4d5e6f7g8h9jkmnpqr",), how="elsewhere"),
    ),
    Operation(do=get_first_answers, path="/first-answers", scope="lead"),
)
