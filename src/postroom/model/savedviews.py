"""Searches under a name: a view of the inboxes that somebody comes back to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NewType

from postroom.model.judgement import REVIEW
from postroom.model.people import Sight, UserName

ViewNumber = NewType("ViewNumber", int)

FIELDS: Final = (
    "route",
    "brand",
    "words",
    "sender",
    "tag",
    "language",
    "reading",
    "urgent",
    "unconfirmed",
    "answering",
    "days",
    "since",
    "until",
)
"""What a search may ask for, as addresses of pages name it. ``days``: came in the last so many; ``since``, ``until``: a day."""

_COUNTED: Final = frozenset({"route", "brand", "reading"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """One search under a name."""

    owner: UserName
    name: str
    #: some of `FIELDS`, none of them empty
    asked: Mapping[str, str] = field(default_factory=dict)
    #: all who may see its desk and brand have it
    shared: bool = False
    #: 0 before it is kept
    number: ViewNumber = ViewNumber(0)

    def is_for(self, user: UserName, sight: Sight) -> bool:
        """Whether somebody has it: their own; of the shared ones, those of desks and brands that they see."""
        if not self.shared:
            return self.owner == user
        route, brand = self.asked.get("route", ""), self.asked.get("brand", "")
        if brand and sight.brands is not None and brand not in sight.brands:
            return False
        if route == REVIEW:
            return sight.review
        return not route or sight.routes is None or route in sight.routes

    @property
    def counts(self) -> bool:
        """Whether what is unread in it is known from the counts of desks alone."""
        return self.asked.keys() <= _COUNTED and self.asked.get("reading") != "read"
