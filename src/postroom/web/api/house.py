"""The installation as a whole: who is asking, the desks, numbers for instruments, the audit log."""

from dataclasses import asdict
from typing import Annotated

from msgspec import Meta

from postroom.flow.facts import deed_facts, user_facts
from postroom.model.people import ALL
from postroom.web import standing
from postroom.web.api.mails import Limit, Moment, Number
from postroom.web.api.operation import Call, Input, Nothing, Operation, Output
from postroom.web.api.peoplefacts import DeedFacts, PersonFacts
from postroom.web.api.shapes import Seconds, told
from postroom.web.render import Missing


class Whose(Output, frozen=True):
    """Whose key this is, and what it may."""

    person: Annotated[PersonFacts, Meta(description="With no more of a role than the key's scope has.")]
    key: Annotated[str, Meta(description="Name of the key.")]
    scope: str
    expires_at: float | None


class Desk(Output, frozen=True):
    """One desk of one brand, with what nobody there has read."""

    route: str
    brand: str
    unread: int


class Desks(Output, frozen=True):
    """What the side of the pages shows."""

    routes: Annotated[tuple[str, ...], Meta(description="Desks whose mail you may see.")]
    brands: tuple[str, ...]
    unread: Annotated[
        tuple[Desk, ...], Meta(description="Desks with unread mail, of those whose mail lies in postroom.")
    ]
    elsewhere: Annotated[
        tuple[str, ...],
        Meta(description="Desks whose mail is delivered elsewhere alone: what is unread there is not known."),
    ]
    to_confirm: Annotated[
        int, Meta(description="Rejections that wait for a second person, whom you can be; 100 at most.")
    ]


class Census(Output, frozen=True):
    """Counts of the whole installation; no mail is among them."""

    arrivals: int
    duplicates: int
    jobs: Annotated[dict[str, dict[str, int]], Meta(description="Kind of job -> state -> how many.")]
    oldest_ready: Annotated[dict[str, float], Meta(description="Kind of job -> when its oldest was made.")]
    lanes_down: int
    unread: Annotated[dict[str, int], Meta(description="Built-in inbox -> how many.")]
    waiting: Annotated[dict[str, int], Meta(description="review and audit -> how many questions.")]
    bytes: Annotated[int, Meta(description="Of the store on disk.")]


class DestinationFacts(Output, frozen=True):
    """A destination that failed lately."""

    destination: str
    down: Annotated[bool, Meta(description="Nothing is brought there until a probe gets through.")]
    probe_at: Annotated[Seconds, Meta(description="When the next probe may go.")]
    failures: Annotated[int, Meta(description="In a row.")]
    error: Annotated[str, Meta(description="What it said, for users who see every brand and desk.")]


class UnheardFacts(Output, frozen=True):
    """Urgent mail that nobody has."""

    waiting: int
    oldest: Annotated[float | None, Meta(description="Since when the oldest waits; null for none.")]
    neglected: Annotated[int, Meta(description="Those of them that were told again by now.")]


class PressingFacts(Output, frozen=True):
    """Cases whose time runs out."""

    near: int
    late: int


class FailingHook(Output, frozen=True):
    """A webhook with calls that were given up."""

    hook: str
    calls: int


class Health(Output, frozen=True):
    """How postroom stands, of the brands and desks that you may see."""

    waiting: Annotated[int, Meta(description="Mails that wait for a person, with spot checks.")]
    parked: Annotated[int, Meta(description="Dead letters.")]
    urgent: Annotated[UnheardFacts | None, Meta(description="For users who see all of it.")]
    cases: Annotated[PressingFacts | None, Meta(description="null where no desk has cases.")]
    destinations: tuple[DestinationFacts, ...]
    given_up: Annotated[tuple[FailingHook, ...], Meta(description="For admins.")]


class Retention(Output, frozen=True):
    """How long mail is kept, in days since it came; 0 for ever."""

    days: Annotated[float, Meta(description="Mail at every desk that routes does not name.")]
    routes: Annotated[dict[str, float], Meta(description="Where it lies -> days.")]
    senders: Annotated[float, Meta(description="What is remembered of senders, since they last wrote.")]
    cases: Annotated[float, Meta(description="Cases, since they were decided.")]


class WhichDeeds(Input, frozen=True):
    """Which lines; what is left out means any."""

    by: Annotated[str, Meta(max_length=320, description="Who.")] = ""
    what: Annotated[str, Meta(max_length=320, examples=["sign-in"])] = ""
    to: Annotated[str, Meta(max_length=320, description="To whom or what.")] = ""
    since: Annotated[Moment | None, Meta(description="At or after; seconds since the epoch.")] = None
    until: Annotated[Moment | None, Meta(description="Before; seconds since the epoch.")] = None
    after: Annotated[Number, Meta(description="The after of the page before.")] = 0
    limit: Limit = 100


class Deeds(Output, frozen=True):
    """Lines of the audit log, newest first."""

    deeds: tuple[DeedFacts, ...]
    after: Annotated[int, Meta(description="Ask with it for those that follow; 0 when there are none.")]


def get_me(call: Call[Nothing, Nothing]) -> Whose:
    """Whose key this is, and what it may."""
    return Whose(
        person=told(PersonFacts, user_facts(call.user)),
        key=call.key.name,
        scope=call.key.scope,
        expires_at=call.key.expires_at,
    )


def list_desks(call: Call[Nothing, Nothing]) -> Desks:
    """Desks and brands whose mail you may see, and how much of it is unread."""
    room, sight = call.room, call.sight
    routes = tuple(one for one in room.routes if sight.routes is None or one in sight.routes)
    return Desks(
        routes=routes,
        brands=tuple(one for one in room.brands if sight.brands is None or one in sight.brands),
        unread=tuple(Desk(route=one.route, brand=one.brand, unread=one.unread) for one in room.views.counts(sight)),
        elsewhere=tuple(one for one in routes if not room.reviewing.desks.knows_unread(one)),
        to_confirm=standing.to_confirm(room, call.user),
    )


def get_census(call: Call[Nothing, Nothing]) -> Census:
    """Counts for instruments and reports, for users who see every brand and desk."""
    if not call.sight.covers(ALL):
        raise Missing("The counts are of all mail: they are for those who see every brand and desk.")
    return told(Census, call.room.store.census())


def get_health(call: Call[Nothing, Nothing]) -> Health:
    """What waits, what is down, what was given up: numbers, no mail among them."""
    room, sight, user, now = call.room, call.sight, call.user, call.now
    urgent, cases = standing.unheard(room, user, now), standing.pressing(room, sight, now)
    return Health(
        waiting=room.turns.open_questions(sight),
        parked=standing.parked(room, sight, standing.census(room, sight)),
        urgent=told(UnheardFacts, asdict(urgent)) if urgent else None,
        cases=told(PressingFacts, asdict(cases)) if cases else None,
        destinations=tuple(told(DestinationFacts, asdict(one)) for one in standing.lanes(room, sight)),
        given_up=tuple(FailingHook(hook=name, calls=count) for name, count in standing.failing(room, user)),
    )


def get_retention(call: Call[Nothing, Nothing]) -> Retention:
    """How long mail, what is remembered of senders, and decided cases are kept until they are erased for their age."""
    kept = call.room.lifetimes
    routes = {str(route): days for route, days in kept.routes.items()}
    return Retention(days=kept.other, routes=routes, senders=kept.senders, cases=kept.cases)


def list_deeds(call: Call[WhichDeeds, Nothing]) -> Deeds:
    """The audit log: who did what to what, newest first."""
    asked = call.asked
    found = call.room.journal.deeds(
        before=asked.after,
        limit=asked.limit,
        by=asked.by,
        what=asked.what,
        to=asked.to,
        since=asked.since,
        until=asked.until,
    )
    more = len(found) == asked.limit and found[-1].number > 1
    return Deeds(deeds=tuple(told(DeedFacts, deed_facts(one)) for one in found), after=found[-1].number if more else 0)


OPERATIONS = (
    Operation(do=get_me, path="/me", scope="read"),
    Operation(do=list_desks, path="/desks", scope="read"),
    Operation(do=get_census, path="/census", scope="lead"),
    Operation(do=get_health, path="/health", scope="lead"),
    Operation(do=get_retention, path="/retention", scope="lead"),
    Operation(do=list_deeds, path="/audit", scope="admin"),
)
