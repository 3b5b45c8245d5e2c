"""What is told to people by itself: what it looks like before anybody gets it, and what was told or why not."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from starlette.responses import Response

from postroom.flow.notices import Noticing, Telling
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

_LOOKED_AT = 20
_SHOWN = 100
_REASON = "(the reason that stands in the case)"


@dataclass(slots=True, kw_only=True)
class Rehearsed:
    """What one desk tells of one thing, tried on its newest mails."""

    route: RouteName
    kind: NoticeKind
    #: how the case ended; ``""`` for an acknowledgement
    outcome: str
    template: str
    #: of the newest mail that would get one, and as it would be sent
    mail_id: MailId | None = None
    sent: answerform.Sent | None = None
    #: how many mails were looked at, and would get one
    looked: int = 0
    would: int = 0
    #: why the others would not -> how many
    why_not: Counter[str] = field(default_factory=Counter)


def rehearsed(room: Room, sight: Sight) -> list[Rehearsed]:
    """What each desk tells, as far as the reader sees the desk. Raises `TryLater`."""
    found = []
    for route, desk in room.noticing.desks.items():
        if sight.routes is None or route in sight.routes:
            told = list(_told(route, desk))
            # One at a time, each read once: a mail may be large.
            for row in room.views.mails(Wanted(route=route), sight, limit=_LOOKED_AT).rows:
                _try(room.noticing, row.id, told)
            found += told
    return found


def _told(route: RouteName, desk: Telling) -> Iterator[Rehearsed]:
    """All that a desk tells."""
    for outcome in ("", *OUTCOMES):
        kind: NoticeKind = "outcome" if outcome else "received"
        if template := desk.template(kind, outcome):
            yield Rehearsed(route=route, kind=kind, outcome=outcome, template=template)


def _try(noticing: Noticing, mail_id: MailId, told: Sequence[Rehearsed]) -> None:
    """Add to each what it would be for one mail."""
    try:
        to = noticing.answerable(mail_id)
    except Refused:  # erased since it was listed
        return
    for one in told:
        one.looked += 1
        try:
            if one.sent is None:
                reply = noticing.preview(to, one.kind, one.outcome, _REASON)
                one.mail_id, one.sent = mail_id, answerform.sent(reply)
            else:
                noticing.check(to, one.kind, one.outcome, _REASON)
        except Refused as error:
            one.why_not[str(error)] += 1
        else:
            one.would += 1


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
