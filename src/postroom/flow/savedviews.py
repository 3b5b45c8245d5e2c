"""What people do with their saved views. Everybody has their own; shared ones are the leads' who see their desk and brand."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from postroom.model.errors import Refused, unknown
from postroom.model.people import Deed, User
from postroom.model.savedviews import FIELDS, SavedView, ViewNumber
from postroom.ports.savedviews import KeptViews

MOST_NAME: Final = 60
"""Characters of a name."""
MOST_VALUE: Final = 500
"""Characters of what is asked for, each."""
MOST_DAYS: Final = 36_500

_DAY: Final = 86_400.0
_ONE_OF: Final = {"reading": ("unread", "read"), "answering": ("open", "soon", "overdue")}


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedViews:
    """All that people do with them. Every verb raises `Refused`, with what to do, and `TryLater`."""

    kept: KeptViews
    #: seconds since the epoch
    clock: Callable[[], float]

    def of(self, user: User) -> tuple[SavedView, ...]:
        """Those that somebody has: the shared ones first."""
        return tuple(one for one in self.kept.views(user.name) if one.is_for(user.name, user.sight))

    def find(self, user: User, number: int) -> SavedView | None:
        """One of them; None for any other."""
        return next((one for one in self.of(user) if one.number == number), None)

    def first(self, user: User) -> ViewNumber:
        """The one to begin with; 0 for none, and where they have it no more."""
        number = self.kept.first(user.name)
        return number if number and self.find(user, number) else ViewNumber(0)

    def save(self, user: User, name: str, asked: Mapping[str, str], *, shared: bool = False) -> SavedView:
        """Keep a search under a name."""
        view = SavedView(owner=user.name, name=_name(name), asked=checked(asked), shared=shared)
        if not view.asked:
            raise Refused("search for something first: a view of everything is All mail")
        if shared:
            self._check_may_share(user, view)
        return self.kept.put(view, self._deed(user, "view-saved", "shared" if shared else ""))

    def change(
        self,
        user: User,
        number: int,
        *,
        name: str | None = None,
        asked: Mapping[str, str] | None = None,
        shared: bool | None = None,
    ) -> SavedView:
        """Give it another name or search, or share it, or no longer; None leaves it as it is."""
        was = self._own(user, number)
        view = replace(
            was,
            name=was.name if name is None else _name(name),
            asked=was.asked if asked is None else checked(asked),
            shared=was.shared if shared is None else shared,
        )
        if not view.asked:
            raise Refused("a view asks for something: give it a search, or delete it")
        if view.shared:
            self._check_may_share(user, view)
        elif was.shared and was.owner != user.name:
            raise Refused(f"this view is {was.owner}'s: delete it, or leave it shared")
        if view == was:
            return was
        told = "" if view.shared == was.shared else "shared" if view.shared else "no longer shared"
        return self.kept.put(view, self._deed(user, "view-changed", told))

    def delete(self, user: User, number: int) -> None:
        """It is no more."""
        self.kept.drop(self._own(user, number).number, self._deed(user, "view-deleted"))

    def arrange(self, user: User, numbers: Sequence[int]) -> None:
        """Their order from now on: of shared ones for all, of own ones for their owner."""
        named = [self._own(user, number).number for number in dict.fromkeys(numbers)]
        self.kept.arrange(named, self._deed(user, "views-arranged"))

    def move(self, user: User, number: int, by: int) -> None:
        """So many places down, or up, among those of its kind."""
        view = self._own(user, number)
        alike = [one.number for one in self.of(user) if one.shared == view.shared]
        at = alike.index(view.number)
        alike.insert(min(max(at + by, 0), len(alike) - 1), alike.pop(at))
        self.arrange(user, alike)

    def begin_with(self, user: User, number: int) -> None:
        """What they see first from now on; 0 for what their role sees first."""
        if number and self.find(user, number) is None:
            raise Refused("there is no such view, or it is not for you")
        self.kept.begin_with(user.name, ViewNumber(number), self._deed(user, "view-first", "" if number else "none"))

    def may_change(self, user: User, view: SavedView) -> bool:
        """Whether it is theirs to change."""
        return view.is_for(user.name, user.sight) and (not view.shared or user.is_at_least("lead"))

    def _own(self, user: User, number: int) -> SavedView:
        view = self.find(user, number)
        if view is None:
            raise Refused("there is no such view, or it is not for you")
        if not self.may_change(user, view):
            raise Refused("views that are shared are changed by leads")
        return view

    def _check_may_share(self, user: User, view: SavedView) -> None:
        if not user.is_at_least("lead"):
            raise Refused("a view is shared by leads: keep it for yourself, or ask one")
        if not view.is_for(user.name, user.sight):
            raise Refused("a view is shared by those who see its desk and brand")

    def _deed(self, user: User, what: str, detail: str = "") -> Deed:
        """Without name and search: they may name somebody, and lines of the audit log stay."""
        return Deed(at=self.clock(), by=user.name, what=what, detail=detail)


def checked(asked: Mapping[str, str]) -> dict[str, str]:
    """A search without what it leaves open, in the order of `FIELDS`. Raises `Refused`."""
    for name, value in asked.items():
        if name not in FIELDS:
            raise Refused(unknown("field", name, FIELDS))
        if len(value) > MOST_VALUE:
            raise Refused(f"{name} has more than {MOST_VALUE} characters: shorten it")
    said = {name: asked[name].strip() for name in FIELDS if asked.get(name, "").strip()}
    for name, values in _ONE_OF.items():
        if said.get(name, values[0]) not in values:
            raise Refused(unknown(name, said[name], values))
    for name in ("since", "until"):
        if name in said:
            day(said[name])
    if "days" in said:
        days(said["days"])
    return said | {name: "1" for name in ("urgent", "unconfirmed") if name in said}


def days(text: str) -> int:
    """A number of days. Raises `Refused`."""
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and 0 < int(text) <= MOST_DAYS):
        raise Refused(f"{text!r} is no number of days from 1 to {MOST_DAYS}")
    return int(text)


def day(text: str) -> float:
    """When a day begins (UTC), seconds since the epoch. Raises `Refused`."""
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=datetime.UTC).timestamp()
    except ValueError:
        raise Refused(f"{text!r} is no date: write it as 2026-03-31") from None


def day_end(text: str) -> float:
    """When a day ends (UTC), seconds since the epoch. Raises `Refused`."""
    return day(text) + _DAY


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > MOST_NAME or not name.isprintable():
        raise Refused(f"give the view a name of 1 to {MOST_NAME} characters")
    return name
