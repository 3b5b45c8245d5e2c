"""What is held of somebody who wrote: looked up, given to them, held back and erased. Addresses come in bodies alone: paths are logged."""

from typing import Annotated, Any

from msgspec import Meta
from starlette.responses import Response

from postroom.flow.facts import erasure_facts, hold_facts
from postroom.model.errors import Refused
from postroom.model.people import ALL
from postroom.web import mailview, personal
from postroom.web.api.mails import Limit
from postroom.web.api.operation import Call, Done, Input, Nothing, Operation, Output
from postroom.web.api.shapes import MailLine, Seconds, mail_line, told
from postroom.web.api.taking import wrong_body
from postroom.web.render import Missing

Address = Annotated[str, Meta(min_length=1, max_length=320, description="Of somebody who wrote.")]
AddressOrMail = Annotated[str, Meta(min_length=1, max_length=320, description="An address, or the id of a mail.")]
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S", description="The matter, or its number.")]


class OfAddress(Input, frozen=True):
    """Whose."""

    address: Address


class NewHold(Input, frozen=True):
    """What is not to be erased, and why."""

    what: AddressOrMail
    reason: Reason


class OfHold(Input, frozen=True):
    """What may be erased again."""

    what: AddressOrMail


class NewErasure(Input, frozen=True):
    """What is to be erased for good."""

    what: AddressOrMail
    again: Annotated[str, Meta(max_length=320, description="The same once more: there is no way back.")]


class WhichErasures(Input, frozen=True):
    """How many."""

    limit: Limit = 20


class HoldFacts(Output, frozen=True):
    """Why something is not erased, by nobody and for no age."""

    what: AddressOrMail
    reason: str
    by: str
    at: Seconds


class Holds(Output, frozen=True):
    """All that is held, newest first."""

    holds: tuple[HoldFacts, ...]


class HeldData(Output, frozen=True):
    """How much is held of an address."""

    address: Annotated[str, Meta(description="As it is compared.")]
    mails: int
    decisions: Annotated[int, Meta(description="On their mails.")]
    verdicts: Annotated[int, Meta(description="On their mails.")]
    jobs: Annotated[dict[str, int], Meta(description="Deliveries and other work: state -> how many.")]
    answers: Annotated[int, Meta(description="To their mails.")]
    threads: int
    cases: int
    histories: Annotated[int, Meta(description="Records of what they wrote when.")]
    examples: Annotated[int, Meta(description="Labelled mails.")]
    rules: Annotated[int, Meta(description="Versions and drafts of rules and templates that name them.")]
    in_model: Annotated[int, Meta(description="Texts that the model in force learned from.")]
    held: Annotated[tuple[HoldFacts, ...], Meta(description="While there is any, nothing of theirs is erased.")]
    newest: Annotated[tuple[MailLine, ...], Meta(description="Up to 50 mails from this address; the export has all.")]


class ErasureFacts(Output, frozen=True):
    """One request to erase. Whom it was about is known only while it is under way, and never told."""

    number: int
    at: Annotated[Seconds, Meta(description="When it was asked for.")]
    by: str
    done_at: Annotated[float | None, Meta(description="null while it is under way.")]
    mails: Annotated[int, Meta(description="Erased so far.")]
    examples: Annotated[int, Meta(description="Labelled mails erased so far.")]


class Erasures(Output, frozen=True):
    """The newest, newest first."""

    erasures: tuple[ErasureFacts, ...]


def look_up_personal_data(call: Call[Nothing, OfAddress]) -> HeldData:
    """How much is held of somebody who wrote, and whether it may be erased."""
    facts: dict[str, Any] = {**call.room.held(_address(call))}
    rows = personal.newest(call.room, call.user, facts["address"])
    return told(HeldData, facts | {"newest": tuple(map(mail_line, rows))})


def export_personal_data(call: Call[Nothing, OfAddress]) -> Response:
    """All that is held of somebody, for them, as a ZIP file: their mails, and the rest as JSON. Nobody of the team is named in it."""
    return mailview.download("person.zip", call.room.export(_address(call), call.user.name))


def list_holds(call: Call[Nothing, Nothing]) -> Holds:
    """List what may not be erased, for users who see every brand and desk."""
    _whole(call)
    return Holds(holds=tuple(told(HoldFacts, hold_facts(one)) for one in call.room.eraser.keeping.holds()))


def place_hold(call: Call[Nothing, NewHold]) -> HoldFacts:
    """Keep somebody, or one mail, from being erased until it is released (a legal hold).

    An address takes a user who sees every brand and desk. A new hold takes the place of an earlier one on the same.
    """
    what = _what(call, call.body.what)
    return told(HoldFacts, hold_facts(call.room.eraser.hold(what, call.body.reason, call.user.name)))


def release_hold(call: Call[Nothing, OfHold]) -> Done:
    """Let what was held be erased again."""
    call.room.eraser.release(_what(call, call.body.what), call.user.name)
    return Done()


def list_erasures(call: Call[WhichErasures, Nothing]) -> Erasures:
    """List what was erased lately on request, for users who see every brand and desk."""
    _whole(call)
    found = call.room.eraser.erasing.erasures(limit=call.asked.limit)
    return Erasures(erasures=tuple(told(ErasureFacts, erasure_facts(one)) for one in found))


def erase_personal_data(call: Call[Nothing, NewErasure]) -> ErasureFacts:
    """Erase somebody, or one mail, for good: nothing is left but counts. Takes its time.

    409 while anything of it is held. Open cases of theirs end as withdrawn. Asked again for an address, it erases what came since.
    """
    what = _what(call, call.body.what)
    try:
        personal.refuse_unsure(what, call.body.again)
    except Refused as error:
        raise wrong_body(str(error).rstrip("."), "/again") from error
    return told(ErasureFacts, erasure_facts(call.room.eraser.erase(what, call.user.name)))


def _address(call: Call[Nothing, OfAddress]) -> str:
    """As it is compared. Raises `Problem` for what is none, or one of our own."""
    try:
        return call.room.eraser.person(call.body.address)
    except Refused as error:
        raise wrong_body(str(error), "/address") from error


def _what(call: Call[Any, Any], said: str) -> str:
    """What is meant. Raises `Refused` for an address that is not theirs to name, and `Problem` for what is nothing at all."""
    personal.refuse_narrow(call.sight, said)
    try:
        return personal.named(call.room, call.sight, said)
    except Refused as error:
        raise wrong_body(str(error).rstrip("."), "/what") from error


def _whole(call: Call[Any, Any]) -> None:
    if not call.sight.covers(ALL):
        raise Missing("The list is for those who see every brand and desk.")


OPERATIONS = (
    Operation(
        do=look_up_personal_data,
        path="/personal-data/look-up",
        scope="admin",
        method="POST",
        example=OfAddress(address="ada@example.com"),
    ),
    Operation(
        do=export_personal_data,
        path="/personal-data/export",
        scope="admin",
        method="POST",
        media="application/octet-stream",
        example=OfAddress(address="ada@example.com"),
    ),
    Operation(
        do=erase_personal_data,
        path="/personal-data/erase",
        scope="admin",
        method="POST",
        example=NewErasure(what="ada@example.com", again="ada@example.com"),
    ),
    Operation(do=list_erasures, path="/erasures", scope="lead"),
    Operation(do=list_holds, path="/holds", scope="lead"),
    Operation(
        do=place_hold,
        path="/holds",
        scope="lead",
        method="POST",
        idempotent=False,
        example=NewHold(what="ada@example.com", reason="7 C 12/26"),
    ),
    Operation(
        do=release_hold,
        path="/holds/release",
        scope="lead",
        method="POST",
        idempotent=False,
        example=OfHold(what="ada@example.com"),
    ),
)
