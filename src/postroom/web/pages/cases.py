"""Cases: what runs out first comes first; one case with its person, its mails, its clocks and all that people do with it."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.responses import RedirectResponse, Response

from postroom.decide.clocks import Running
from postroom.flow.answering import Answerable
from postroom.flow.cases import MOST_WORDS, Casework, Hand
from postroom.model.cases import (
    KINDS,
    OUTCOMES,
    Case,
    CaseEvent,
    CaseKind,
    CaseNumber,
    Outcome,
    Start,
    WantedCases,
)
from postroom.model.errors import Refused
from postroom.model.mail import MailId, RouteName
from postroom.model.people import UserName
from postroom.model.replies import Reply
from postroom.web import answerform, conversation, words
from postroom.web.correspondence import told_by_mail, written
from postroom.web.pages.mail import opened as opened_mail
from postroom.web.render import Missing, case_routes
from postroom.web.seen import cases_open_to, refuse_blind, refuse_blind_case
from postroom.web.visit import Page, Visit

_FILTERS = ("state", "route", "mine", "second", "near")
_STATES = {"todo": "to do", "open": "open", "waiting": "waiting for the person", "decided": "decided", "all": "all"}
_IDENTITIES = {
    "authenticated": "authenticated",
    "form": "named in a form or forward",
    "claimed": "not authenticated",
}
_STARTS: dict[Start, str] = {
    "informed": "they were told of the suspension",
    "notice": "the notice came in",
    "counter-notice": "the counter-notice came in",
}
_MOST_NUMBER = 18
_MOST_MAILS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A clock as a page tells it."""

    label: str
    #: class of its chip: ``good``, ``warn``, ``urgent`` or none
    tone: str
    #: how it stands
    state: str
    #: from when until when
    detail: str
    #: whose day somebody can name, so that it runs
    start: Start | Literal[""] = ""


def cases(visit: Visit) -> Response:
    """The cases that the address asks for."""
    given = {name: visit.query[name] for name in _FILTERS if visit.query.get(name)}
    state = given.get("state", "todo")
    wanted = WantedCases(
        state=state if state in _STATES else "todo",  # type: ignore[arg-type]
        route=RouteName(given.get("route", "")),
        assignee=visit.user.name if "mine" in given else UserName(""),
        proposed="second" in given,
        near_by=visit.now if "near" in given else None,
    )
    found = visit.room.cases.page(wanted, visit.sight, after=visit.query.get("after", ""))
    unasked = cases_open_to(visit.room, visit.user, found.cases)
    return visit.page(
        "cases.html",
        title="Cases",
        here="cases",
        given=dict.fromkeys(_FILTERS, "") | given,
        states=_STATES,
        case_routes=case_routes(visit),
        found=[(case, next(iter(_clocks(visit, case)), None)) for case in unasked],
        more=f"/cases?{urlencode(given | {'after': found.after})}" if found.after else "",
    )


def case(visit: Visit) -> Response:
    """One case."""
    return _page(visit, opened(visit))


def _page(
    visit: Visit, one: Case, *, status: int = 200, refused: str = "", verb: str = "", typed: str = ""
) -> Response:
    """A case as it is now; with what somebody had typed for a verb, as the case had been, where that was refused."""
    room = visit.room
    events = room.cases.events(one.number, visit.sight)
    by_mail = told_by_mail(visit.room, one.route)
    newest = [mail.id for mail in reversed(one.mails[-_MOST_MAILS:])]
    seen = room.views.rows(newest, visit.sight)
    rows = [seen[mail_id] for mail_id in newest if mail_id in seen]
    last = opened_mail(visit, rows[0].id) if rows else None
    away = room.casework.away(one)
    return visit.page(
        "case.html",
        status=status,
        refused=refused,
        typed={verb: typed},
        homeless=typed if verb and not _may_follow(one, verb) else "",
        title=f"Case {one.number}: {'erased' if one.erased else words.visible(one.person) or 'nobody'}",
        here="cases",
        case=one,
        identity=_IDENTITIES[one.identity],
        rows=rows,
        decision=last.decision if last else None,
        written=written(room, visit.sight, last.row, last.message) if last else None,
        conversation=conversation.of_mails(room, visit.user, [mail.id for mail in one.mails]),
        answer=answerform.form(
            visit,
            Answerable(
                mail=last.mail,
                message=last.message,
                decision=last.decision,
                case=one.number,
                reason=answerform.reason_of(one),
            ),
            f"/case/{one.number}",
        )
        if last
        else None,
        answered=room.answering.replies.newest([row.id for row in rows]),
        away=away,
        there=room.cases.case(away.case, visit.sight) if away and away.case else None,
        clocks=_clocks(visit, one),
        starts=_starts(visit, one),
        today=_local(visit.now, room.casework.desks.of(one.route).calendar.zone).date().isoformat(),
        events=events[::-1],
        untold=_is_untold(visit, one, events),
        others=_others(visit, one),
        may=visit.user.is_at_least("agent") and not one.erased,
        may_confirm=one.proposal is not None and one.proposal.by.casefold() != visit.user.name.casefold(),
        second_person=room.casework.desks.of(one.route).second_person,
        people=_people(visit, one),
        kinds=KINDS,
        outcomes=OUTCOMES,
        told_by_mail=by_mail,
        unheard=[outcome for outcome in ("granted", "rejected") if outcome not in by_mail],
    )


def opened(visit: Visit) -> Case:
    """The case with this number. Raises `Missing` when there is none, or none for this reader."""
    given = visit.path["number"]
    number = int(given) if given.isascii() and given.isdecimal() and len(given) <= _MOST_NUMBER else 0
    found = visit.room.cases.case(CaseNumber(number), visit.sight)
    if found is None:
        raise Missing("There is no such case, or it is not for you.")
    refuse_blind_case(visit.room, visit.user, found)
    return found


def _others(visit: Visit, case: Case) -> list[Case]:
    """Other cases of its person."""
    found = visit.room.cases.of_person(case.person, visit.sight) if case.person else ()
    return [one for one in cases_open_to(visit.room, visit.user, found) if one.number != case.number]


def open_case(visit: Visit) -> Response:
    """A case for a mail that has none."""
    mail_id = MailId(visit.said("mail"))
    refuse_blind(visit.room, visit.user, mail_id)
    made = visit.room.casework.open(visit.user, mail_id)
    return _to(made)


Verb = Callable[[Casework, Hand, Visit], Case]


def _may_follow(case: Case, verb: str) -> bool:
    """Whether the page of a case has a field for what is typed for a verb."""
    decided = case.state == "decided"
    fields = {"decide": not decided, "ask": not decided, "reopen": decided, "decline": case.proposal is not None}
    return fields.get(verb, True)


def _verb(name: str, do: Verb) -> Callable[[Visit], Response]:
    def act(visit: Visit) -> Response:
        version = visit.said("version", "0")
        if not (version.isascii() and version.isdecimal() and len(version) <= _MOST_NUMBER):
            raise Refused("This form is damaged: load the page again.")
        seen = int(version)
        hand = Hand(by=visit.user, number=opened(visit).number, version=seen)
        try:
            return _to(do(visit.room.casework, hand, visit))
        except Refused:
            now = opened(visit)
            if seen in (0, now.version):
                raise
        said = f"Case {now.number} was changed meanwhile, and nothing was done: this is how it is now. Look at it, and do it again if it still fits."
        typed = visit.said("text") or visit.said("reason") or visit.said("mail")
        return _page(visit, now, status=409, refused=said, verb=name, typed=typed[:MOST_WORDS])

    return act


def _to(case: Case) -> Response:
    return RedirectResponse(f"/case/{case.number}", status_code=303)


def _start(work: Casework, hand: Hand, visit: Visit) -> Case:
    day = visit.said("day")
    try:
        named = datetime.date.fromisoformat(day) if day else None
    except ValueError:
        raise Refused(f"{day!r} is no date: write it as 2026-03-31") from None
    return work.set_start(hand, cast("Start", visit.said("start")), named)


def _clocks(visit: Visit, case: Case) -> list[Told]:
    return [told(one, visit.now, case.decided_at) for one in visit.room.casework.desks.running(case, visit.now)]


def told(one: Running, now: float, decided_at: float | None) -> Told:
    """A clock in words."""
    if one.start is None or one.due is None:
        return Told(
            label=one.rule.label,
            tone="",
            state="start unknown",
            detail=f"nobody has said when {_STARTS[one.rule.starts]}",
            start=one.rule.starts,
        )
    until = _moment(one, one.due)
    since = f"from {_moment(one, one.start)} until {until}"
    if one.early_until is not None:
        since = f"{since}, not before {_moment(one, one.early_until)}"
    left = words.span(max(one.due - now, 0.0))
    if one.rule.whose == "person":
        in_time = one.state == "met"
        state = "complaint came in time" if in_time else "late complaint"
        return Told(label=one.rule.label, tone="" if in_time else "warn", state=state, detail=since)
    if one.rule.stops == "first answer" and one.stopped is not None and one.stopped == decided_at:
        # a decision stops it, too: nobody need have answered
        states = {"met": "stopped in time by the decision", "missed": "stopped too late by the decision"}
        return Told(
            label=one.rule.label, tone="warn" if one.state == "missed" else "", state=states[one.state], detail=since
        )
    tones = {"near": "warn", "late": "urgent", "met": "good", "missed": "warn"}
    states = {
        "early": f"too early to act, {left} left",
        "running": f"{left} left",
        "near": f"near its end, {left} left",
        "late": f"late by {words.span(now - one.due)}",
        "met": "kept",
        "missed": "not kept",
    }
    return Told(label=one.rule.label, tone=tones.get(one.state, ""), state=states[one.state], detail=since)


def _moment(one: Running, at: float) -> str:
    """In the calendar's zone; midnight belongs to the day that it ends."""
    zone = one.rule.calendar.zone
    shown = _local(at, zone)
    if (shown.hour, shown.minute) == (0, 0):
        return f"{_local(at - 1, zone):%a %Y-%m-%d} 24:00 {zone}"
    return f"{shown:%a %Y-%m-%d %H:%M} {zone}"


def _local(at: float, zone: str) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at, ZoneInfo(zone))


def _starts(visit: Visit, case: Case) -> list[tuple[Start, str, str]]:
    """What people can say of when clocks start: name, in words, and the day as far as it is known."""
    desk = visit.room.casework.desks.of(case.route)
    wanted = {rule.starts for rule in desk.clocks} | {name for name, _ in case.starts} | {"informed"}
    return [
        (name, text, _local(at, desk.calendar.zone).date().isoformat() if (at := case.when(name)) is not None else "")
        for name, text in _STARTS.items()
        if name in wanted
    ]


def _people(visit: Visit, case: Case) -> list[tuple[str, str]]:
    """Who can be given this case."""
    return [
        (user.name, user.shown or user.name)
        for user in visit.room.accounts.users()
        if not user.disabled and user.is_at_least("agent") and user.sight.sees(case.brand, case.route, case.route)
    ]


def _is_untold(visit: Visit, case: Case, events: Sequence[CaseEvent]) -> bool:
    """Whether it was decided for or against somebody who got no answer, and no notice of the outcome."""
    if case.decided_at is None or case.outcome not in ("granted", "rejected"):
        return False
    if any(one.what == "answered" for one in events):
        return False
    replies = visit.room.answering.replies.of_mails([mail.id for mail in case.mails[-_MOST_MAILS:]])
    return not any(_tells(reply, case.decided_at) for some in replies.values() for reply in some)


def _tells(reply: Reply, decided_at: float) -> bool:
    """Whether an answer is sent, or will be, that can tell how a case ended: one of a person, or an automatic one since."""
    return reply.state in ("waiting", "sending", "sent") and (not reply.automatic or reply.at >= decided_at)


VERBS: dict[str, Verb] = {
    "assign": lambda work, hand, visit: work.assign(hand, visit.said("to")),
    "note": lambda work, hand, visit: work.note(hand, visit.said("text")),
    "ask": lambda work, hand, visit: work.ask(hand, visit.said("text")),
    "answered": lambda work, hand, _: work.answered(hand),
    "kind": lambda work, hand, visit: work.set_kind(hand, cast("CaseKind", visit.said("kind"))),
    "start": _start,
    "decide": lambda work, hand, visit: work.decide(hand, cast("Outcome", visit.said("outcome")), visit.said("reason")),
    "confirm": lambda work, hand, _: work.confirm(hand),
    "decline": lambda work, hand, visit: work.decline(hand, visit.said("reason")),
    "hand-over": lambda work, hand, _: work.hand_over(hand),
    "reopen": lambda work, hand, visit: work.reopen(hand, visit.said("reason")),
    "join": lambda work, hand, visit: work.join(hand, MailId(visit.said("mail").strip().lower())),
}
"""What can be done with a case, by the end of its address."""

PAGES = (
    Page(path="/cases", do=cases),
    Page(path="/cases/open", do=open_case, method="POST", role="agent"),
    Page(path="/case/{number}", do=case),
    *(
        Page(path=f"/case/{{number}}/{name}", do=_verb(name, do), method="POST", role="agent")
        for name, do in VERBS.items()
    ),
)
