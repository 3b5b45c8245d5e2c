"""How postroom is: what waits, what is down, how old the oldest is."""

from dataclasses import dataclass, replace

from starlette.responses import Response

from postroom.model.mail import BrandName, RouteName
from postroom.model.people import ALL
from postroom.model.targets import Kept
from postroom.model.work import Lane
from postroom.ports import JobFilter
from postroom.web.visit import Page, Visit

_DAY = 86_400.0
_LOOKED_AT = 500


def condition(visit: Visit) -> Response:
    """Numbers, no mail among them: of the whole installation for those who see all of it, else of what the visitor sees."""
    room = visit.room
    census = room.store.census() if visit.sight.covers(ALL) else None
    return visit.page(
        "condition.html",
        title="Health",
        here="condition",
        census=census,
        lanes=sorted(lanes(visit), key=lambda one: (not one.down, one.destination)),
        waiting=room.turns.open_questions(visit.sight),
        parked=sum(states.get("parked", 0) for states in census["jobs"].values()) if census else _parked(visit),
        unheard=room.urgency.alarms.unheard(visit.now - room.neglected_after) if census and visit.user.urgent else None,
        every=room.neglected_after,
        pressing=room.deadlines.pressing(visit.now, visit.sight) if room.casework.desks.desks else None,
        kept=_kept(visit),
        failing=_failing(visit),
    )


def _parked(visit: Visit) -> int:
    """Dead letters of mail that the visitor may see, among the oldest of all."""
    jobs = visit.room.store.jobs(JobFilter(states=("parked",), limit=_LOOKED_AT))
    rows = visit.room.views.rows({job.mail_id for job in jobs}, visit.sight)
    return sum(job.mail_id in rows for job in jobs)


def lanes(visit: Visit) -> list[Lane]:
    """How destinations do where mail of the visitor's desks goes. What they said may name whoever wrote: for those who see all."""
    found, sight = visit.room.store.lanes(), visit.sight
    if sight.covers(ALL):
        return list(found)
    desks = visit.room.routes if sight.routes is None else sight.routes
    places = {place for desk in desks for place in visit.room.reviewing.desks.lies_at(desk)}
    return [replace(one, error="") for one in found if one.destination in places]


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


def _failing(visit: Visit) -> list[tuple[str, int]]:
    """Webhooks with calls that were given up, and how many, for those who see webhooks."""
    if not visit.user.is_at_least("admin"):
        return []
    counts = visit.room.hooks.counts()
    found = ((hook.name, counts.get(hook.name, {}).get("given-up", 0)) for hook in visit.room.known_hooks)
    return [(name, count) for name, count in found if count]


PAGES = (Page(path="/condition", do=condition, role="lead"),)
