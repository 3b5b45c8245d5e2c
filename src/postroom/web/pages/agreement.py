"""How well reviewers agree; and what two of them disagree on, for a third to settle."""

from starlette.responses import RedirectResponse, Response

from postroom.flow.reliability import Reliabilities, reliabilities
from postroom.model.errors import Refused
from postroom.model.mail import RouteName
from postroom.model.secondlooks import Said, shown
from postroom.web.pages.mail import facts, number_of, opened, unread
from postroom.web.render import Missing
from postroom.web.visit import Page, Visit

_DAYS = (30, 90, 365)
_SHADES = 5
_MOST = 50


def agreement(visit: Visit) -> Response:
    """The figures, and for leads what there is to settle."""
    asked = visit.query.get("days", "")
    days = int(asked) if asked in map(str, _DAYS) else 90
    lead = visit.user.is_at_least("lead")
    found = figures(visit, days)
    open_ = visit.room.second_looks.looks.open(visit.sight, _MOST) if lead else ()
    rows = visit.room.views.rows([one.mail_id for one in open_], visit.sight)
    return visit.page(
        "agreement.html",
        title="Agreement",
        here="review/agreement",
        days=days,
        choices=_DAYS,
        found=found,
        matrix=_matrix(found),
        shown=shown,
        lead=lead,
        to_settle=[(one, rows[one.mail_id]) for one in open_ if one.mail_id in rows],
    )


def figures(visit: Visit, days: int) -> Reliabilities:
    """Of the mails that the visitor may see; of other reviewers for leads alone."""
    looks = visit.room.second_looks.figures_of(visit.sight, days)
    own = visit.user.name.casefold()
    return reliabilities(looks, lambda name: visit.user.is_at_least("lead") or name.casefold() == own)


def disagreement(visit: Visit) -> Response:
    """One mail on which two disagree."""
    one = opened(visit, visit.path["id"])
    look = visit.room.second_looks.looks.of_mail(one.row.id, visit.sight)
    if look is None or not look.is_open:
        raise Missing("There is nothing to settle about this mail.")
    mine = visit.user.name.casefold() in (look.first.casefold(), look.second.casefold())
    return visit.page(
        "settle.html", title="Settle", here="review/agreement", look=look, worded=shown, mine=mine, **facts(visit, one)
    )


def settle(visit: Visit) -> Response:
    """The third look decides."""
    _, found = unread(visit)
    # A button says both desks as one value; the list of desks says one.
    route, _, also = (visit.said("answer") or visit.said("route")).partition("+")
    if not route:
        raise Refused("Say where it belongs.")
    visit.room.second_looks.settle(
        found,
        RouteName(route),
        visit.user,
        also=RouteName(also),
        generation=number_of(visit.said("generation")),
        note=visit.said("note"),
    )
    return RedirectResponse("/review/agreement", status_code=303)


def _matrix(found: Reliabilities) -> list[tuple[Said, list[tuple[Said, int, str]]]]:
    """Rows of the picture: how many mails, and which shade; every pair once, below and on the diagonal."""
    counts = {(a, b): found.count(a, b) for a in found.answers for b in found.answers}
    most = {same: max((n for (a, b), n in counts.items() if (a == b) is same), default=0) for same in (True, False)}

    def cell(one: Said, other: Said) -> tuple[Said, int, str]:
        n, same = counts[one, other], one == other
        return other, n, f"{'on' if same else 'off'}-{-(-n * _SHADES // most[same])}" if n else ""

    return [(one, [cell(one, other) for other in found.answers[: at + 1]]) for at, one in enumerate(found.answers)]


PAGES = (
    Page(path="/review/agreement", do=agreement, role="reviewer"),
    Page(path="/review/agreement/{id}", do=disagreement, role="lead"),
    Page(path="/review/agreement/{id}", do=settle, method="POST", role="lead"),
)
