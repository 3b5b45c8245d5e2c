"""How postroom stands, as far as a reader may know: dead letters, destinations, webhooks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from postroom.model.alarms import Unheard
from postroom.model.cases import Pressing, WantedCases
from postroom.model.people import ALL, Sight, User
from postroom.model.work import Lane
from postroom.web.room import Room

_MOST_PROPOSED = 100


def census(room: Room, sight: Sight) -> Mapping[str, Any] | None:
    """Counts of the whole installation, for those who see all of it."""
    return room.store.census() if sight.covers(ALL) else None


def parked(room: Room, sight: Sight, counts: Mapping[str, Any] | None) -> int:
    """Dead letters of mail that the reader may see: of all by the ``counts`` of the whole, where they are for them."""
    if counts is not None:
        return sum(states.get("parked", 0) for states in counts["jobs"].values())
    return room.views.parked(sight)


def lanes(room: Room, sight: Sight) -> Sequence[Lane]:
    """How destinations do where mail of the reader's desks goes. What they said may name whoever wrote: for those who see all."""
    found = room.store.lanes()
    if not sight.covers(ALL):
        desks = room.routes if sight.routes is None else sight.routes
        places = {place for desk in desks for place in room.reviewing.desks.lies_at(desk)}
        found = tuple(replace(one, error="") for one in found if one.destination in places)
    return sorted(found, key=lambda one: (not one.down, one.destination))


def unheard(room: Room, user: User, now: float) -> Unheard | None:
    """Urgent mail that nobody has, for those who see all of it."""
    if not (user.urgent and user.sight.covers(ALL)):
        return None
    return room.urgency.alarms.unheard(now - room.neglected_after)


def pressing(room: Room, sight: Sight, now: float) -> Pressing | None:
    """Cases whose time runs out; None where no desk has cases."""
    return room.deadlines.pressing(now, sight) if room.casework.desks.desks else None


def to_confirm(room: Room, user: User) -> int:
    """Rejections that wait for a second person, whom the reader can be; a hundred at most are counted."""
    if not (user.is_at_least("agent") and any(desk.second_person for desk in room.casework.desks.desks.values())):
        return 0
    found = room.cases.page(WantedCases(state="all", proposed=True), user.sight, limit=_MOST_PROPOSED).cases
    proposers = [one.proposal.by.casefold() for one in found if one.proposal is not None]
    return sum(by != user.name.casefold() for by in proposers)


def failing(room: Room, user: User) -> Sequence[tuple[str, int]]:
    """Webhooks with calls that were given up, and how many, for those who see webhooks."""
    if not user.is_at_least("admin"):
        return ()
    counts = room.hooks.counts()
    found = ((hook.name, counts.get(hook.name, {}).get("given-up", 0)) for hook in room.known_hooks)
    return tuple((name, count) for name, count in found if count)
