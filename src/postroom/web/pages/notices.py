"""What is told to people by itself: what it looks like before anybody gets it, and what was told or why not."""

from collections import Counter
from dataclasses import dataclass, field

from starlette.responses import Response

from postroom.flow.notices import Telling
from postroom.model.cases import OUTCOMES
from postroom.model.desktop import Wanted
from postroom.model.errors import Refused
from postroom.model.mail import MailId, RouteName
from postroom.model.notices import NoticeKind
from postroom.model.people import Sight
from postroom.web import answerform
from postroom.web.room import Room
from postroom.web.seen import open_to
from postroom.web.visit import Page, Visit

_LOOKED_AT = 30
_SHOWN = 100
_REASON = "(the reason that stands in the case)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What one desk tells of one thing, tried on its newest mails."""

    route: RouteName
    kind: NoticeKind
    #: how the case ended; ``""`` for an acknowledgement
    outcome: str
    template: str
    #: of the newest mail that would get one, and as it would be sent
    mail_id: MailId | None
    sent: answerform.Sent | None
    #: how many mails were looked at, and would get one
    looked: int
    would: int
    #: why the others would not -> how many
    why_not: dict[str, int] = field(default_factory=dict)


def rehearsed(room: Room, sight: Sight) -> list[Rehearsed]:
    """What each desk tells, as far as the reader sees the desk. Raises `TryLater`."""
    return [
        _tried(room, sight, route, desk, outcome)
        for route, desk in room.noticing.desks.items()
        if sight.routes is None or route in sight.routes
        for outcome in ("", *OUTCOMES)
        if desk.template("outcome" if outcome else "received", outcome)
    ]


def _tried(room: Room, sight: Sight, route: RouteName, desk: Telling, outcome: str) -> Rehearsed:
    kind: NoticeKind = "outcome" if outcome else "received"
    rows = room.views.mails(Wanted(route=route), sight, limit=_LOOKED_AT).rows
    first, sent, why_not = None, None, Counter[str]()
    for row in rows:
        try:
            reply = room.noticing.preview(row.id, kind, outcome, _REASON)
        except Refused as error:
            why_not[str(error)] += 1
            continue
        if first is None:
            first, sent = row.id, answerform.sent(reply)
    return Rehearsed(
        route=route,
        kind=kind,
        outcome=outcome,
        template=desk.template(kind, outcome),
        mail_id=first,
        sent=sent,
        looked=len(rows),
        would=len(rows) - why_not.total(),
        why_not=dict(why_not.most_common()),
    )


def notices(visit: Visit) -> Response:
    """Both."""
    before = visit.query.get("before", "0")
    number = int(before) if before.isascii() and before.isdecimal() and len(before) < 16 else 0
    found = visit.room.noticing.notices.log(visit.sight, before=number, limit=_SHOWN)
    unasked = open_to(visit.room, visit.user, [one.mail_id for one in found])
    return visit.page(
        "notices.html",
        title="Notices",
        here="notices",
        tried=[] if number else rehearsed(visit.room, visit.sight),
        found=[one for one in found if one.mail_id in unasked],
        off=visit.room.answering.off,
        older=f"/notices?before={found[-1].number}" if len(found) == _SHOWN else "",
        newest="/notices" if number else "",
    )


PAGES = (Page(path="/notices", do=notices, role="lead"),)
