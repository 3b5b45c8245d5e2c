"""From a decision to the deliveries it means: which destinations, and the review clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from postroom.decide.calendars import Calendar, add_hours
from postroom.model.judgement import AUTOMATIC, JUNK, REVIEW, Decision
from postroom.model.mail import DestinationName, RouteName
from postroom.model.people import ALL, Sight
from postroom.model.work import NewJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a route's mail goes."""

    destinations: tuple[DestinationName, ...]
    #: where it went before postroom: for the stages shadow and canary
    before: tuple[DestinationName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """All desks of an installation."""

    routes: Mapping[RouteName, Desk]
    #: where the uncertain wait
    review: tuple[DestinationName, ...] = (DestinationName(REVIEW),)
    #: seconds after which unseen mail goes to the best guess
    review_clock: float = 86400.0
    #: when reviewers are there: that clock runs in these hours alone; None for always
    staffed: Calendar | None = None
    #: told when that happens
    tell: tuple[DestinationName, ...] = ()
    #: named people who get urgent mail at once
    urgent: tuple[DestinationName, ...] = ()
    #: built-in inboxes: of mail that lies there it is known what nobody has read
    inboxes: frozenset[DestinationName] = frozenset()
    #: route of last resort
    fallback: RouteName = field(default=RouteName("general"))

    def jobs(self, decision: Decision, now: float) -> tuple[NewJob, ...]:
        """The deliveries of a decision, urgent ones first, each destination once; for review also its clock.

        In shadow (and outside the canary) the mail takes its old way and no clock runs. Alerts of urgent mail are
        their own axis: who configured them gets them in every stage.
        """
        places = self.places(decision)
        alerts = self.urgent if decision.urgent and decision.generation == 1 else ()
        told = self.tell if decision.unconfirmed else ()
        jobs = [
            NewJob(kind="deliver", mail_id=decision.mail_id, generation=decision.generation, destination=place)
            for place in dict.fromkeys((*alerts, *places, *told))
        ]
        if self.asks(decision):
            due = self.time_is_up(now, self.review_clock)
            jobs.append(NewJob(kind="clock", mail_id=decision.mail_id, generation=decision.generation, due_at=due))
        return tuple(jobs)

    def time_is_up(self, now: float, seconds: float) -> float:
        """When so much of the review clock has run; seconds since the epoch, as ``now``."""
        return now + seconds if self.staffed is None else add_hours(self.staffed, now, seconds / 3600.0)

    def asks(self, decision: Decision) -> bool:
        """Whether the mail waits in review for a person."""
        return decision.route == REVIEW and not self._in_shadow(decision)

    def files(self, decision: Decision) -> bool:
        """Whether the mail lies at a desk by it: neither with those who are asked, nor where it went before postroom."""
        return decision.route != REVIEW and not self._in_shadow(decision)

    def knows_unread(self, route: RouteName) -> bool:
        """Whether it is known what nobody at a desk has read: that is not told where its mail is delivered elsewhere alone."""
        return not self.inboxes.isdisjoint(self.lies_at(route))

    def places(self, decision: Decision) -> tuple[DestinationName, ...]:
        """Where the mail lies after this decision; copies for alerts and leads are apart."""
        if self._in_shadow(decision):
            return self._desk(decision.decided).before
        if decision.route == REVIEW:
            return self.review
        copies = self._desk(decision.second).destinations if decision.copied else ()
        return tuple(dict.fromkeys((*self._desk(decision.route).destinations, *copies)))

    def lies_at(self, route: RouteName) -> tuple[DestinationName, ...]:
        """Where mail of a desk is delivered."""
        return self._desk(route).destinations

    @property
    def taken(self) -> frozenset[DestinationName]:
        """Destinations where mail of some desk goes, or what people are asked or told."""
        desks = (place for desk in self.routes.values() for place in (*desk.destinations, *desk.before))
        return frozenset((*desks, *self.review, *self.tell, *self.urgent, *map(DestinationName, (JUNK, AUTOMATIC))))

    def reads_for(self, place: DestinationName) -> Sight:
        """What whoever reads a destination works for: the desks whose mail goes there; all, where people are asked or told of all."""
        own = {name for name, desk in self.routes.items() if place in (*desk.destinations, *desk.before)}
        if not own or place in (*self.review, *self.tell, *self.urgent):
            return ALL
        return Sight(routes=frozenset(own))

    def hidden_from(self, sight: Sight) -> frozenset[DestinationName]:
        """Destinations of desks alone at which a reader does not work."""
        if sight.routes is None:
            return frozenset()
        own, others = set[DestinationName](), set[DestinationName]()
        for name, desk in self.routes.items():
            (own if name in sight.routes else others).update((*desk.destinations, *desk.before))
        return frozenset(others - own)

    def _in_shadow(self, decision: Decision) -> bool:
        return decision.stage == "shadow" and bool(self._desk(decision.decided).before)

    def _desk(self, route: RouteName) -> Desk:
        if route in (JUNK, AUTOMATIC) and route not in self.routes:
            return Desk(destinations=(DestinationName(route),))
        return self.routes.get(route) or self.routes[self.fallback]
