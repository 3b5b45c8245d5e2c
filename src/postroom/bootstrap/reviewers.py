"""What reviewers work with, of this house."""

import time
from typing import TYPE_CHECKING

from postroom.adapters.store.reviewday import SqliteReviewDay
from postroom.adapters.store.secondlooks import SqliteSecondLooks
from postroom.config.cases import all_calendars, calendar_of
from postroom.config.settings import Settings
from postroom.decide.calendars import Calendar
from postroom.flow.audit import SECOND_LOOK, Audit
from postroom.flow.secondlooks import SecondLooking
from postroom.flow.staffing import Staffing

if TYPE_CHECKING:
    from postroom.bootstrap.house import House


def staffed(settings: Settings) -> Calendar | None:
    """When reviewers are there; None for always."""
    name = settings.review.calendar
    return calendar_of(all_calendars(settings)[name]) if name else None


def second_look(settings: Settings, key: bytes) -> Audit:
    """What a second reviewer is shown."""
    return Audit(share=settings.review.second_look_share, key=key, purpose=SECOND_LOOK)


def second_looking(house: "House") -> SecondLooking:
    """What people do about second looks. Raises what the store does."""
    return SecondLooking(
        looks=SqliteSecondLooks(house.store.units),
        turns=house.turns,
        reviewing=house.reviewing(),
        lease=house.settings.pages.lease_minutes * 60.0,
        clock=time.time,
    )


def staffing(house: "House") -> Staffing:
    """What is known of the day in review. Raises what the store does."""
    return Staffing(
        day=SqliteReviewDay(house.store.units),
        staffed=house.desks.staffed,
        review_clock=house.desks.review_clock,
        clock=time.time,
    )
