"""Review: one question at a time, in one person's hands, answered by keyboard; the next comes at once."""

from starlette.responses import RedirectResponse, Response

from postroom.model.errors import Refused
from postroom.model.mail import MailId
from postroom.web.pages.mail import facts, given, opened
from postroom.web.visit import Page, Visit


def review(visit: Visit) -> Response:
    """The question whose turn it is."""
    room, user = visit.room, visit.user
    skipped = tuple(MailId(one) for one in visit.query.get("skip", "").split(",") if one)[-20:]
    taken = room.turns.take(user.name, visit.sight, lease=room.lease, skip=skipped)
    if taken is None:
        return visit.page("review_empty.html", title="Review", here="review", skipped=skipped)
    one = opened(visit, taken.waiting.mail_id)
    return visit.page(
        "review.html",
        title="Review",
        here="review",
        taken=taken,
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
    return RedirectResponse("/review", status_code=303)


def give_back(visit: Visit) -> Response:
    """Not now, or not for me."""
    visit.room.turns.give_back(MailId(visit.path["id"]), visit.user.name)
    return RedirectResponse("/inbox", status_code=303)


PAGES = (
    Page(path="/review", do=review, role="reviewer"),
    Page(path="/review/{id}", do=answer, method="POST", role="reviewer"),
    Page(path="/review/{id}/leave", do=give_back, method="POST", role="reviewer"),
)
