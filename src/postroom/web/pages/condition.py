"""How postroom is: what waits, what is down, how old the oldest is."""

from dataclasses import dataclass

from starlette.responses import Response

from postroom.model.mail import BrandName, RouteName
from postroom.model.targets import Kept
from postroom.web.visit import Page, Visit

_DAY = 86_400.0


def condition(visit: Visit) -> Response:
    """Numbers of the whole installation, no mail among them."""
    room, store = visit.room, visit.room.store
    census = store.census()
    lanes = {lane.destination: lane for lane in store.lanes()}
    return visit.page(
        "condition.html",
        title="Health",
        here="condition",
        census=census,
        lanes=sorted(lanes.values(), key=lambda one: (not one.down, one.destination)),
        oldest=census["oldest_ready"].get("judge"),
        waiting=census["waiting"],
        parked=sum(states.get("parked", 0) for states in census["jobs"].values()),
        at_work=store.claimants(),
        unheard=room.urgency.alarms.unheard(visit.now - room.neglected_after) if visit.user.urgent else None,
        every=room.neglected_after,
        pressing=room.deadlines.pressing(visit.now, visit.sight) if room.casework.desks.desks else None,
        kept=_kept(visit),
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
