"""Urgent mail: what nobody has, and who has which. For keys of users who may see urgent mail."""

from typing import Annotated, Literal

from msgspec import Meta

from postroom.flow.urgency import MOST_WORDS, Doer, by_danger, doer, hooks_told
from postroom.model.alarms import Alarm
from postroom.model.errors import Refused
from postroom.model.judgement import Decision
from postroom.model.listing import MailRow
from postroom.model.mail import MailId
from postroom.web.api.mails import Limit, OfMail
from postroom.web.api.operation import Asked, Body, Call, Input, Nothing, Operation, Output
from postroom.web.api.problem import Problem
from postroom.web.api.shapes import MailLine, Seconds, mail_line
from postroom.web.render import Missing
from postroom.web.seen import listed

Note = Annotated[str, Meta(max_length=MOST_WORDS, description="For colleagues.")]


class WhichAlarms(Input, frozen=True):
    """Which of them."""

    held: Annotated[bool, Meta(description="Those that somebody has, instead of those that nobody has.")] = False
    order: Annotated[
        Literal["age", "danger"],
        Meta(
            description="Of those that nobody has: which wait longest first, or the most dangerous, as the page has them; of the"
            " thousand that wait longest."
        ),
    ] = "age"
    after: Annotated[str, Meta(max_length=64, description="The after of the page before.")] = ""
    limit: Limit = 50


class Acknowledged(Input, frozen=True):
    """You have it."""

    holder: Annotated[
        str, Meta(max_length=100, description="Who had it when you looked, to take it over; empty: nobody.")
    ] = ""
    note: Note = ""


class HandedOn(Input, frozen=True):
    """Who is to take it over."""

    to: Annotated[str, Meta(max_length=100, description="Name of a user.")] = ""
    note: Note = ""


class GivenBack(Input, frozen=True):
    """Why nobody has it again."""

    note: Note = ""


class AlarmFacts(Output, frozen=True):
    """One urgent mail, and who has it."""

    mail: MailLine
    signals: Annotated[tuple[str, ...], Meta(description="What it is urgent for.", examples=[["threat"]])]
    reasons: Annotated[tuple[str, ...], Meta(description="What was found, in words.")]
    since: Annotated[Seconds, Meta(description="Nobody has had it since then.")]
    holder: Annotated[str, Meta(description="Who has it; empty for nobody.")]
    taken_at: float | None
    offered: Annotated[str, Meta(description="Whom its holder asks to take it over; empty for nobody.")]
    note: str
    repeats: Annotated[int, Meta(description="How often it was told again, because nobody had it.")]
    hooks: Annotated[tuple[str, ...], Meta(description="Webhooks that are told again while nobody has it.")]


class Alarms(Output, frozen=True):
    """Those that nobody has, in the order asked for; or those that are held, taken last first."""

    alarms: tuple[AlarmFacts, ...]
    after: Annotated[str, Meta(description="Ask with it for those that follow; empty when there are none.")]


def list_urgent(call: Call[WhichAlarms, Nothing]) -> Alarms:
    """List urgent mail: what nobody has, or who has which."""
    by, asked = _doer(call), call.asked
    alarms = call.room.urgency.alarms
    if asked.order == "danger" and not asked.held:
        found = by_danger(alarms, call.room.store, by.sight, after=asked.after, limit=asked.limit)
    else:
        found = alarms.page(by.sight, held=asked.held, after=asked.after, limit=asked.limit)
    decisions = call.room.store.in_force([row.id for _, row in found.alarms])
    rows = listed(call.room, call.user, [row for _, row in found.alarms])
    facts = (
        _facts(call, decisions.get(row.id), alarm, row) for (alarm, _), row in zip(found.alarms, rows, strict=True)
    )
    return Alarms(alarms=tuple(facts), after=found.after)


def acknowledge_urgent(call: Call[OfMail, Acknowledged]) -> AlarmFacts:
    """You have it from now on, by name. Where somebody else has it, name them to take it over."""
    by, mail_id = _asked(call)
    said = call.body
    return _done(call, call.room.urgency.acknowledge(by, mail_id, seen_with=said.holder, note=said.note))


def hand_on_urgent(call: Call[OfMail, HandedOn]) -> AlarmFacts:
    """Ask somebody else to take it over. You have it until they do."""
    by, mail_id = _asked(call)
    return _done(call, call.room.urgency.hand_on(by, mail_id, call.body.to, note=call.body.note))


def give_back_urgent(call: Call[OfMail, GivenBack]) -> AlarmFacts:
    """Nobody has it again: it waits, and is told again, as if it had just come."""
    by, mail_id = _asked(call)
    return _done(call, call.room.urgency.give_back(by, mail_id, note=call.body.note))


def _doer(call: Call[Asked, Body]) -> Doer:
    try:
        return doer(call.user)
    except Refused as error:
        raise Problem(403, f"{error}.") from error


def _asked(call: Call[OfMail, Body]) -> tuple[Doer, MailId]:
    mail_id = MailId(call.asked.id)
    # One that may not be seen, one that is not there and one that is not urgent are all the same.
    if call.room.urgency.alarms.alarm(mail_id, call.sight) is None:
        raise Missing("There is no such urgent mail, or it is not for you.")
    return _doer(call), mail_id


def _done(call: Call[Asked, Body], alarm: Alarm) -> AlarmFacts:
    row = call.room.views.row(alarm.mail_id, call.sight)
    if row is None:
        raise Missing("There is no such urgent mail, or it is not for you.")
    return _facts(call, call.room.store.in_force([row.id]).get(row.id), alarm, *listed(call.room, call.user, [row]))


def _facts(call: Call[Asked, Body], decision: Decision | None, alarm: Alarm, row: MailRow) -> AlarmFacts:
    findings = decision.findings if decision else ()
    return AlarmFacts(
        mail=mail_line(row),
        signals=decision.urgent if decision else (),
        reasons=tuple(dict.fromkeys(one.reason for one in findings if one.source == "urgent")),
        since=alarm.since,
        holder=alarm.holder,
        taken_at=alarm.taken_at,
        offered=alarm.offered,
        note=alarm.note,
        repeats=alarm.repeats,
        hooks=hooks_told(call.room.known_hooks, decision) if decision else (),
    )


OPERATIONS = (
    Operation(do=list_urgent, path="/urgent", scope="work"),
    Operation(
        do=acknowledge_urgent,
        path="/urgent/{id}/acknowledge",
        scope="work",
        method="POST",
        example=Acknowledged(note="Called the police."),
    ),
    Operation(
        do=hand_on_urgent,
        path="/urgent/{id}/hand-on",
        scope="work",
        method="POST",
        example=HandedOn(to="ada", note="My shift is over."),
    ),
    Operation(
        do=give_back_urgent,
        path="/urgent/{id}/give-back",
        scope="work",
        method="POST",
        idempotent=False,
        example=GivenBack(note="I have to leave."),
    ),
)
