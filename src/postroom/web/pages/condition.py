"""How postroom is: what waits, what is down, how old the oldest is."""

from dataclasses import dataclass

from starlette.responses import Response

from postroom.model.mail import BrandName, RouteName
from postroom.model.targets import Kept
from postroom.web import standing
from postroom.web.visit import Page, Visit

_DAY = 86_400.0


def condition(visit: Visit) -> Response:
    """Numbers, no mail among them: of the whole installation for those who see all of it, else of what the visitor sees."""
    room = visit.room
    census = standing.census(room, visit.sight)
    return visit.page(
        "condition.html",
        title="Health",
        here="condition",
        census=census,
        lanes=standing.lanes(room, visit.sight),
        waiting=room.turns.open_questions(visit.sight),
        parked=standing.parked(room, visit.sight, census),
        unheard=standing.unheard(room, visit.user, visit.now),
        every=room.neglected_after,
        pressing=standing.pressing(room, visit.sight, visit.now),
        kept=_kept(visit),
        failing=standing.failing(room, visit.user),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """How a desk of a brand keeps its first answers, in the last week and the last thirty days."""

    route: RouteName
    brand: BrandName
    within: str
    week: Kept | None
    month: Kept


def _kept(visit: Visit) -> list[Promise]:
    """Of desks and brands that the visitor may see."""
    answers, now = visit.room.first_answers, visit.now
    if not answers.rules:
        return []
    week = {(one.route, one.brand): one for one in answers.targets.kept(now - 7 * _DAY, now)}
    return [
        Promise(
            route=one.route,
            brand=one.brand,
            within=str(answers.rules[one.route].within),
            week=week.get((one.route, one.brand)),
            month=one,
        )
        for one in answers.targets.kept(now - 30 * _DAY, now)
        if one.route in answers.rules and visit.sight.sees(one.brand, one.route, one.route)
    ]


PAGES = (Page(path="/condition", do=condition, role="lead"),)
