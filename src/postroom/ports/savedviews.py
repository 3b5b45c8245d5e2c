"""Where searches under a name are kept."""

from collections.abc import Sequence
from typing import Protocol

from postroom.model.people import Deed, UserName
from postroom.model.savedviews import SavedView, ViewNumber


class KeptViews(Protocol):
    """Saved views. Every change is durable on return, with its deed; every call raises `TryLater`.

    The views of somebody who may not sign in any more go with that, unless they are shared.
    """

    def views(self, user: UserName) -> tuple[SavedView, ...]:
        """All that are shared, then this user's own; each in their order."""
        ...

    def put(self, view: SavedView, deed: Deed) -> SavedView:
        """Add one at the end, under a number that no other one ever had, or put one in the place of the one with its number.

        The deed is written as done to ``view NUMBER``. Raises `Refused` when it is gone, or its owner has too many.
        """
        ...

    def drop(self, number: ViewNumber, deed: Deed) -> None:
        """It is no more, nor does anybody begin with it. Idempotent; the deed is written when it was there."""
        ...

    def arrange(self, numbers: Sequence[ViewNumber], deed: Deed) -> None:
        """From now on these are in this order. Those that are gone are passed over."""
        ...

    def first(self, user: UserName) -> ViewNumber:
        """The one that somebody begins with; 0 for none."""
        ...

    def begin_with(self, user: UserName, number: ViewNumber, deed: Deed) -> None:
        """Somebody begins with this one; 0 for none. Raises `Refused` when it is gone."""
        ...
