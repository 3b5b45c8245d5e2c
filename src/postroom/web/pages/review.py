"""Review: one question at a time, in one person's hands, answered by keyboard; the next comes at once."""

from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from postroom.model.errors import Refused
from postroom.model.listing import MailRow
from postroom.model.mail import MailId, RouteName
from postroom.web.pages.mail import facts, given, opened
from postroom.web.visit import Page, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question that was just answered."""

    row: MailRow
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
    row = visit.room.views.row(MailId(visit.query.get("last", "")), visit.sight) if visit.query.get("last") else None
    if row is None:
        return None
    one = opened(visit, row.id)
    if one.decision is None or one.decision.by != visit.user.name:
        return None
    late = any(here.what == "too late" for here in visit.room.reviewing.consequences(one.mail))
    return Answered(row=row, route=one.decision.route, generation=one.decision.generation, late=late)


def give_back(visit: Visit) -> Response:
    """Not now, or not for me."""
    visit.room.turns.give_back(MailId(visit.path["id"]), visit.user.name)
    return RedirectResponse("/inbox", status_code=303)


PAGES = (
    Page(path="/review", do=review, role="reviewer"),
    Page(path="/review/{id}", do=answer, method="POST", role="reviewer"),
    Page(path="/review/{id}/leave", do=give_back, method="POST", role="reviewer"),
)
