"""Review: one question at a time, in one person's hands, answered by keyboard; the next comes at once."""

from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from postroom.model.errors import Refused
from postroom.model.mail import MailId, RouteName
from postroom.web.pages.mail import facts, given, opened
from postroom.web.render import Missing
from postroom.web.seen import to_take_back
from postroom.web.visit import Page, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question that was just answered."""

    mail_id: MailId
    #: ``""`` where it went to a desk that the reviewer does not see
    subject: str
    seen: bool
    route: RouteName
    generation: int
    #: it has gone where it can't be taken back from
    late: bool


def review(visit: Visit) -> Response:
    """The question whose turn it is."""
    room, user = visit.room, visit.user
    last = _answered(visit)
    skipped = tuple(MailId(one) for one in visit.query.get("skip", "").split(",") if one)[-20:]
    wanted = MailId(visit.query.get("take", ""))
    taken = room.turns.take_one(wanted, user.name, visit.sight, lease=room.lease) if wanted else None
    taken = taken or room.turns.take(user.name, visit.sight, lease=room.lease, skip=skipped)
    if taken is None:
        return visit.page("review_empty.html", title="Review", here="review", skipped=skipped, last=last)
    one = opened(visit, taken.waiting.mail_id)
    return visit.page(
        "review.html",
        title="Review",
        here="review",
        taken=taken,
        last=last,
        skip=",".join((*skipped, taken.waiting.mail_id)),
        left=room.turns.open_questions(visit.sight),
        **facts(visit, one),
    )


def answer(visit: Visit) -> Response:
    """Confirmed or moved; then the next."""
    one = opened(visit, visit.path["id"])
    taken = visit.room.turns.take_one(one.row.id, visit.user.name, visit.sight, lease=visit.room.lease)
    if taken is None:
        raise Refused("Somebody else has this mail in hand, or it has been answered. The next one is at /review.")
    given(visit, one, visit.said("route"), visit.said("generation"))
    return RedirectResponse(f"/review?last={one.row.id}", status_code=303)


def _answered(visit: Visit) -> Answered | None:
    """What this reviewer answered last, while it can be taken back without doing harm first."""
    mail_id = MailId(visit.query.get("last", ""))
    try:
        row, found = to_take_back(visit.room, visit.user, mail_id)
    except Missing:
        return None
    decision = visit.room.store.decisions(mail_id)[-1]
    if decision.by != visit.user.name:
        return None
    return Answered(
        mail_id=mail_id,
        subject=row.subject if row else "",
        seen=row is not None,
        route=decision.route,
        generation=decision.generation,
        late=any(here.what == "too late" for here in visit.room.reviewing.consequences(found)),
    )


def give_back(visit: Visit) -> Response:
    """Not now, or not for me."""
    visit.room.turns.give_back(MailId(visit.path["id"]), visit.user.name)
    return RedirectResponse("/inbox", status_code=303)


PAGES = (
    Page(path="/review", do=review, role="reviewer"),
    Page(path="/review/{id}", do=answer, method="POST", role="reviewer"),
    Page(path="/review/{id}/leave", do=give_back, method="POST", role="reviewer"),
)
