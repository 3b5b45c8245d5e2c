"""Cases: what runs out first comes first; one case with its mails and clocks, and all that people do with it.

Every change names the `version` that was looked at: a newer one is then not overruled unseen.
"""

import datetime
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta

from postroom.flow.cases import MOST_WORDS, Hand
from postroom.model.cases import (
    Case,
    CaseEventName,
    CaseKind,
    CaseNumber,
    CaseState,
    Identity,
    Outcome,
    Start,
    WantedCases,
)
from postroom.model.mail import MailId, RouteName
from postroom.model.people import UserName
from postroom.web.api.mails import Limit, Number
from postroom.web.api.operation import Asked, Body, Call, Input, Nothing, Operation, Output
from postroom.web.api.problem import not_enough
from postroom.web.api.shapes import Brand, Id, MailLine, Route, Seconds, mail_line
from postroom.web.api.taking import wrong_body
from postroom.web.correspondence import told_by_mail
from postroom.web.render import Missing
from postroom.web.seen import cases_open_to, refuse_blind, refuse_blind_case

Version = Annotated[Number, Meta(description="Of the case as you looked at it; 0 for whatever it is now.")]
Words = Annotated[str, Meta(min_length=1, max_length=MOST_WORDS)]
Day = Annotated[
    str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", description="The day on which it happened.", examples=["2026-03-31"])
]


class OfCase(Input, frozen=True):
    """Which case."""

    case: Annotated[int, Meta(ge=1, le=2**53, description="Its number.")]


class WhichCases(Input, frozen=True):
    """Which cases; what is left out means any."""

    state: Annotated[
        Literal["todo", "open", "waiting", "decided", "all"],
        Meta(description="todo: open, waiting for the person, or with a new mail."),
    ] = "todo"
    route: Annotated[str, Meta(max_length=100)] = ""
    assignee: Annotated[str, Meta(max_length=100)] = ""
    proposed: Annotated[bool, Meta(description="Only those that wait for a second person.")] = False
    after: Annotated[str, Meta(max_length=200, description="The after of the page before.")] = ""
    limit: Limit = 50


class CaseOfMail(Input, frozen=True):
    """The mail that it is about."""

    mail: Annotated[Id, Meta(min_length=1, max_length=64)]


class Versioned(Input, frozen=True):
    """The case as it was looked at."""

    version: Version = 0


Versioning = TypeVar("Versioning", bound=Versioned)


class Assigned(Versioned, frozen=True, kw_only=True):
    """Whose it is to be."""

    to: Annotated[str, Meta(max_length=100, description="Name of a user; empty for nobody.")]


class Said(Versioned, frozen=True, kw_only=True):
    """Something in words."""

    text: Words


class Reasoned(Versioned, frozen=True, kw_only=True):
    """Why."""

    reason: Words


class Kind(Versioned, frozen=True, kw_only=True):
    """What they ask for."""

    kind: CaseKind


class Started(Versioned, frozen=True, kw_only=True):
    """When something happened that clocks start at."""

    start: Literal["informed", "notice", "counter-notice"]
    day: Day | None = None


class Ending(Versioned, frozen=True, kw_only=True):
    """How it ends, and why."""

    outcome: Outcome
    reason: Words


class Joining(Versioned, frozen=True, kw_only=True):
    """A mail that belongs to the case."""

    mail: Annotated[Id, Meta(min_length=1, max_length=64)]


class ClockFacts(Output, frozen=True):
    """A time that a case is under."""

    label: str
    state: str
    whose: str
    start: Annotated[float | None, Meta(description="null where nobody has said when it began.")]
    due: float | None
    not_before: float | None
    stopped: float | None


class ProposalFacts(Output, frozen=True):
    """A rejection that waits for a second person."""

    reason: str
    by: str
    at: Seconds


class CaseFacts(Output, frozen=True):
    """One person, one incident."""

    number: int
    version: int
    brand: Brand
    route: Route
    person: Annotated[str, Meta(examples=["ada@example.com"])]
    identity: Annotated[Identity, Meta(description="How its person is known; claimed: anybody can write that.")]
    subject: str
    kind: CaseKind
    state: CaseState
    outcome: str
    reason: str
    decided_by: str
    confirmed_by: str
    decided_at: float | None
    proposal: ProposalFacts | None
    assignee: str
    received_at: Seconds
    answered_at: float | None
    starts: Annotated[dict[Start, float], Meta(description="When what clocks start at happened, as people said.")]
    fresh: Annotated[bool, Meta(description="A mail came in since a person last did anything here.")]
    clocks: Annotated[tuple[ClockFacts, ...], Meta(description="What runs out first comes first.")]


class Cases(Output, frozen=True):
    """Some of the cases asked for; what runs out first comes first."""

    cases: tuple[CaseFacts, ...]
    after: Annotated[str, Meta(description="Ask with it for those that follow; empty when there are none.")]


class CaseEventFacts(Output, frozen=True):
    """Something that happened to a case."""

    at: Seconds
    by: str
    what: CaseEventName
    detail: str


class WholeCase(Output, frozen=True):
    """A case with its mails and its way."""

    case: CaseFacts
    mails: Annotated[tuple[MailLine, ...], Meta(description="Its newest mails that you may see, newest first.")]
    events: Annotated[tuple[CaseEventFacts, ...], Meta(description="Oldest first.")]


def list_cases(call: Call[WhichCases, Nothing]) -> Cases:
    """List cases; what runs out first comes first."""
    asked = call.asked
    wanted = WantedCases(
        state=asked.state,
        route=RouteName(asked.route),
        assignee=UserName(asked.assignee),
        proposed=asked.proposed,
    )
    found = call.room.cases.page(wanted, call.sight, after=asked.after, limit=asked.limit)
    return Cases(
        cases=tuple(_facts(call, one) for one in cases_open_to(call.room, call.user, found.cases)), after=found.after
    )


def get_case(call: Call[OfCase, Nothing]) -> WholeCase:
    """One case with its mails, its clocks and all that happened to it."""
    one, room = _opened(call), call.room
    rows = [room.views.row(mail.id, call.sight) for mail in reversed(one.mails[-50:])]
    return WholeCase(
        case=_facts(call, one),
        mails=tuple(mail_line(row) for row in rows if row is not None),
        events=tuple(
            CaseEventFacts(at=event.at, by=event.by, what=event.what, detail=event.detail)
            for event in room.cases.events(one.number, call.sight)
        ),
    )


def open_case(call: Call[Nothing, CaseOfMail]) -> CaseFacts:
    """The case of a mail; one is opened where it has none."""
    mail_id = MailId(call.body.mail)
    if call.room.views.row(mail_id, call.sight) is None:
        raise wrong_body("there is no such mail, or it is not for you", "/mail")
    refuse_blind(call.room, call.user, mail_id)
    return _facts(call, call.room.casework.open(call.user, mail_id))


def assign_case(call: Call[OfCase, Assigned]) -> CaseFacts:
    """Make it somebody's, or nobody's."""
    return _facts(call, call.room.casework.assign(_hand(call), call.body.to))


def note_case(call: Call[OfCase, Said]) -> CaseFacts:
    """Write down something that the team should know; the person never sees it."""
    return _facts(call, call.room.casework.note(_hand(call), call.body.text))


def ask_person(call: Call[OfCase, Said]) -> CaseFacts:
    """The person was asked something: the case waits for them. Nothing is sent by this."""
    return _facts(call, call.room.casework.ask(_hand(call), call.body.text))


def answered_person(call: Call[OfCase, Versioned]) -> CaseFacts:
    """The person got an answer. Nothing is sent by this."""
    return _facts(call, call.room.casework.answered(_hand(call)))


def set_case_kind(call: Call[OfCase, Kind]) -> CaseFacts:
    """Say whether they hold that there was no violation, or that they will do better."""
    return _facts(call, call.room.casework.set_kind(_hand(call), call.body.kind))


def set_case_start(call: Call[OfCase, Started]) -> CaseFacts:
    """Say when something happened that clocks start at; without a day that nobody knows."""
    day = call.body.day
    try:
        named = datetime.date.fromisoformat(day) if day is not None else None
    except ValueError:
        raise wrong_body(f"there is no day {day}", "/day") from None
    return _facts(call, call.room.casework.set_start(_hand(call), call.body.start, named))


def decide_case(call: Call[OfCase, Ending]) -> CaseFacts:
    """Say how it ends and why. Where its desk says so, a rejection is only proposed by this.

    Where its desk tells the person of that by mail, it takes the scope answer.
    """
    _may_tell(call, call.body.outcome)
    return _facts(call, call.room.casework.decide(_hand(call), call.body.outcome, call.body.reason))


def confirm_rejection(call: Call[OfCase, Versioned]) -> CaseFacts:
    """Reject, as another person has proposed. Where its desk tells the person of that by mail, it takes the scope answer."""
    _may_tell(call, "rejected")
    return _facts(call, call.room.casework.confirm(_hand(call)))


def decline_rejection(call: Call[OfCase, Reasoned]) -> CaseFacts:
    """Take a proposed rejection away."""
    return _facts(call, call.room.casework.decline(_hand(call), call.body.reason))


def hand_over_case(call: Call[OfCase, Versioned]) -> CaseFacts:
    """Close a case without mails: they were for another desk. Its notes go to the case that its last mail is in now."""
    return _facts(call, call.room.casework.hand_over(_hand(call)))


def reopen_case(call: Call[OfCase, Reasoned]) -> CaseFacts:
    """Take up again what was decided."""
    return _facts(call, call.room.casework.reopen(_hand(call), call.body.reason))


def join_case(call: Call[OfCase, Joining]) -> CaseFacts:
    """Put a mail into this case, out of the one that it is in."""
    return _facts(call, call.room.casework.join(_hand(call), MailId(call.body.mail.lower())))


def _opened(call: Call[OfCase, Body]) -> Case:
    found = call.room.cases.case(CaseNumber(call.asked.case), call.sight)
    if found is None:
        raise Missing("There is no such case, or it is not for you.")
    refuse_blind_case(call.room, call.user, found)
    return found


def _may_tell(call: Call[OfCase, Versioning], outcome: Outcome) -> None:
    """Raises `Problem` where the person would get a mail by this, and the key writes to nobody."""
    if outcome in told_by_mail(call.room, _opened(call).route) and not call.key.covers("answer"):
        raise not_enough("answer", "agent", call.key, "The person is told of this by mail. ")


def _hand(call: Call[OfCase, Versioning]) -> Hand:
    return Hand(by=call.user, number=_opened(call).number, version=call.body.version)


def _facts(call: Call[Asked, Body], case: Case) -> CaseFacts:
    clocks = call.room.casework.desks.running(case, call.now)
    proposal = case.proposal
    return CaseFacts(
        number=case.number,
        version=case.version,
        brand=case.brand,
        route=case.route,
        person=case.person,
        identity=case.identity,
        subject=case.subject,
        kind=case.kind,
        state=case.state,
        outcome=case.outcome,
        reason=case.reason,
        decided_by=case.decided_by,
        confirmed_by=case.confirmed_by,
        decided_at=case.decided_at,
        proposal=None if proposal is None else ProposalFacts(reason=proposal.reason, by=proposal.by, at=proposal.at),
        assignee=case.assignee,
        received_at=case.received_at,
        answered_at=case.answered_at,
        starts=dict(case.starts),
        fresh=case.fresh,
        clocks=tuple(
            ClockFacts(
                label=one.rule.label,
                state=one.state,
                whose=one.rule.whose,
                start=one.start,
                due=one.due,
                not_before=one.early_until,
                stopped=one.stopped,
            )
            for one in clocks
        ),
    )


def _verb(do: Callable[[Call[Any, Any]], CaseFacts], name: str, example: Input) -> Operation:
    return Operation(
        do=do, path=f"/cases/{{case}}/{name}", scope="work", method="POST", idempotent=False, example=example
    )


OPERATIONS = (
    Operation(do=list_cases, path="/cases", scope="read", refused=422),
    Operation(
        do=open_case,
        path="/cases",
        scope="work",
        method="POST",
        example=CaseOfMail(mail="01jdab3c4d5e6f7g8h9jkmnpqr"),
    ),
    Operation(do=get_case, path="/cases/{case}", scope="read"),
    _verb(assign_case, "assign", Assigned(to="ada", version=3)),
    _verb(note_case, "note", Said(text="Called back, will send the invoice.")),
    _verb(ask_person, "ask", Said(text="Which account is it?")),
    _verb(answered_person, "answered", Versioned()),
    _verb(set_case_kind, "kind", Kind(kind="appeal")),
    _verb(set_case_start, "start", Started(start="informed", day="2026-03-31")),
    _verb(decide_case, "decide", Ending(outcome="granted", reason="The suspension was a mistake.", version=3)),
    _verb(confirm_rejection, "confirm", Versioned(version=4)),
    _verb(decline_rejection, "decline", Reasoned(reason="The reason does not hold.")),
    _verb(hand_over_case, "hand-over", Versioned(version=4)),
    _verb(reopen_case, "reopen", Reasoned(reason="New facts came in.")),
    _verb(join_case, "join", Joining(mail="01jdab3c4d5e6f7g8h9jkmnpqr")),
)
