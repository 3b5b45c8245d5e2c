"""Review: questions that wait for a person, each in one person's hands at a time."""

from typing import Annotated

from msgspec import Meta

from postroom.model.errors import Refused
from postroom.model.mail import MailId
from postroom.web.api.mails import OfMail, opened
from postroom.web.api.operation import Call, Done, Input, Nothing, Operation, Output
from postroom.web.api.shapes import Id, Question, Seconds, question
from postroom.web.api.verdicts import Belongs, GivenFacts, given, given_facts


class Skipped(Input, frozen=True):
    """What is not wanted now."""

    skip: Annotated[
        tuple[Annotated[Id, Meta(max_length=64)], ...],
        Meta(max_length=20, description="Mails to be given back or passed over."),
    ] = ()


class Count(Output, frozen=True):
    """How much waits."""

    open: Annotated[int, Meta(description="Questions that you may answer.")]


class Hand(Output, frozen=True):
    """What you have in hand."""

    question: Annotated[Question | None, Meta(description="null when nothing waits that is in nobody's hands.")]
    until: Annotated[Seconds | None, Meta(description="Until then nobody else gets it.")]


def count_questions(call: Call[Nothing, Nothing]) -> Count:
    """How many questions wait for a person."""
    return Count(open=call.room.turns.open_questions(call.sight))


def take_question(call: Call[Nothing, Skipped]) -> Hand:
    """Take the most pressing question, so that nobody else answers it meanwhile.

    Who has one in hand gets the same again, with a new lease, unless it is skipped.
    """
    room = call.room
    skip = tuple(map(MailId, call.body.skip))
    taken = room.turns.take(call.user.name, call.sight, lease=room.lease, skip=skip)
    if taken is None:
        return Hand(question=None, until=None)
    return Hand(question=question(taken.waiting), until=taken.until)


def take_one_question(call: Call[OfMail, Nothing]) -> Hand:
    """Take the question about this very mail."""
    row, _ = opened(call)
    taken = call.room.turns.take_one(row.id, call.user.name, call.sight, lease=call.room.lease)
    if taken is None:
        raise Refused("somebody else has this mail in hand, or nothing is asked about it")
    return Hand(question=question(taken.waiting), until=taken.until)


def answer_question(call: Call[OfMail, Belongs]) -> GivenFacts:
    """Answer: confirm the best guess or name another desk. It must be in your hands, or in nobody's."""
    row, mail = opened(call)
    taken = call.room.turns.take_one(row.id, call.user.name, call.sight, lease=call.room.lease)
    if taken is None:
        raise Refused("somebody else has this mail in hand, or it has been answered")
    return given_facts(call, given(call, mail, call.body))


def give_back_question(call: Call[OfMail, Nothing]) -> Done:
    """Let others have it."""
    row, _ = opened(call)
    call.room.turns.give_back(row.id, call.user.name)
    return Done()


OPERATIONS = (
    Operation(do=count_questions, path="/review", scope="review"),
    Operation(do=take_question, path="/review/take", scope="review", method="POST", example=Skipped()),
    Operation(do=take_one_question, path="/review/{id}/take", scope="review", method="POST"),
    Operation(
        do=answer_question,
        path="/review/{id}/answer",
        scope="review",
        method="POST",
        idempotent=False,
        example=Belongs(route=None, generation=1),
    ),
    Operation(do=give_back_question, path="/review/{id}/give-back", scope="review", method="POST"),
)
