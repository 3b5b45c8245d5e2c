"""Review: one question at a time, in one person's hands, answered by keyboard; the next comes at once."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from postroom.model.errors import Refused
from postroom.model.mail import MailId, RouteName
from postroom.model.secondlooks import SecondLook
from postroom.web.pages.mail import facts, given, opened, unread
from postroom.web.render import Missing
from postroom.web.seen import to_take_back
from postroom.web.visit import Page, Visit

_MOST_SKIPPED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question that was just answered."""

    mail_id: MailId
    #: ``""`` where it went to a desk that the reviewer does not see
    subject: str
    seen: bool
    #: where it went, for people
    where: str
    generation: int
    #: it has gone where it can't be taken back from
    late: bool


def review(visit: Visit) -> Response:
    """The question whose turn it is, or a second look at one that somebody else has answered."""
    room, user = visit.room, visit.user
    last, skipped = _answered(visit), _skipped(visit.query.get("skip", ""))
    wanted = MailId(visit.query.get("take", ""))
    taken = room.turns.take_one(wanted, user.name, visit.sight, lease=room.lease) if wanted else None
    taken = taken or room.turns.take(user.name, visit.sight, lease=room.lease, skip=skipped)
    # Between two questions, not in the midst of one.
    between = taken is None or bool(visit.query.get("last"))
    look = room.second_looks.instead(taken, user, skip=skipped) if between else None
    around: dict[str, Any] = {
        "last": last,
        "day": _day(visit),
        "here": "review",
        "title": "Review",
        "skipped": ",".join(skipped),
    }
    if look is not None:
        return _second_look(visit, look, skipped, around)
    if taken is None:
        # Questions that were skipped come again by themselves where nothing else waits; second looks don't.
        again = room.second_looks.still_waits(skipped, user)
        return visit.page("review_empty.html", again=again, **around)
    one = opened(visit, taken.waiting.mail_id)
    return visit.page(
        "review.html",
        asked=taken.waiting,
        answers=f"/review/{one.row.id}",
        skip=",".join((*skipped, one.row.id)),
        **around,
        **facts(visit, one),
    )


def answer(visit: Visit) -> Response:
    """Confirmed, moved or split; then the next."""
    row, found = unread(visit)
    taken = visit.room.turns.take_one(row.id, visit.user.name, visit.sight, lease=visit.room.lease)
    if taken is None:
        raise Refused("Somebody else has this mail in hand, or it has been answered. The next one is at /review.")
    given(visit, found, visit.said("route"), visit.said("generation"))
    return _next(visit, last=row.id)


def answer_second(visit: Visit) -> Response:
    """What the second says, who does not know what the first said; then the next."""
    _, found = unread(visit)
    route, also = RouteName(visit.said("route")), RouteName(visit.said("also"))
    visit.room.second_looks.answer(found, route or None, visit.user, also=also)
    return _next(visit)


def give_back(visit: Visit) -> Response:
    """Enough for now: this one goes to others, and what else was in their hands since they took an answer back."""
    room, by, mail_id = visit.room, visit.user.name, MailId(visit.path["id"])
    room.second_looks.looks.give_back(mail_id, by)
    for one in {mail_id, *(taken.waiting.mail_id for taken in room.turns.held() if taken.by == by)}:
        room.turns.give_back(one, by)
    return RedirectResponse("/inbox", status_code=303)


def _second_look(visit: Visit, look: SecondLook, skipped: tuple[MailId, ...], around: dict[str, Any]) -> Response:
    """The mail as it was when it was asked about: nothing of what came of it since, as for whoever has it in hand anywhere."""
    one = opened(visit, look.mail_id)
    return visit.page(
        "review.html",
        asked=None,
        answers=f"/review/{one.row.id}/second",
        skip=",".join((*skipped, one.row.id)),
        **around,
        **facts(visit, one),
    )


def _next(visit: Visit, *, last: str = "") -> Response:
    """On to the next; what was skipped does not come at once."""
    wanted = {"last": last, "skip": ",".join(_skipped(visit.said("skip")))}
    query = urlencode({name: value for name, value in wanted.items() if value})
    return RedirectResponse(f"/review?{query}" if query else "/review", status_code=303)


def _skipped(said: str) -> tuple[MailId, ...]:
    return tuple(MailId(one) for one in said.split(",") if one)[-_MOST_SKIPPED:]


def _day(visit: Visit) -> dict[str, Any]:
    """How the day goes: in the words of the staffing, and what leads have to settle."""
    room = visit.room
    to_settle = len(room.second_looks.looks.open(visit.sight)) if visit.user.is_at_least("lead") else 0
    told = room.reviewing.desks.tell
    return {"is": room.staffing.now(visit.user.name, visit.sight), "to_settle": to_settle, "told": told}


def _answered(visit: Visit) -> Answered | None:
    """What this reviewer answered last, while it can be taken back without doing harm first."""
    mail_id = MailId(visit.query.get("last", ""))
    try:
        row, found = to_take_back(visit.room, visit.user, mail_id)
    except (Missing, Refused):
        return None
    decisions = visit.room.store.decisions(mail_id)
    if not decisions or decisions[-1].by != visit.user.name:
        return None
    decision = decisions[-1]
    return Answered(
        mail_id=mail_id,
        subject=row.subject if row else "",
        seen=row is not None,
        where=" and ".join(filter(None, (decision.route, decision.copy))),
        generation=decision.generation,
        late=any(here.what == "too late" for here in visit.room.reviewing.consequences(found)),
    )


PAGES = (
    Page(path="/review", do=review, role="reviewer"),
    Page(path="/review/{id}", do=answer, method="POST", role="reviewer"),
    Page(path="/review/{id}/second", do=answer_second, method="POST", role="reviewer"),
    Page(path="/review/{id}/leave", do=give_back, method="POST", role="reviewer"),
)
