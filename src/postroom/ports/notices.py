"""What is to be told by itself, and what was."""

from collections.abc import Collection, Mapping
from typing import Protocol

from postroom.model.mail import RouteName
from postroom.model.notices import Notice, NoticeKind
from postroom.model.people import Sight


class Notices(Protocol):
    """Notices to people, noted by themselves as mail comes to a desk and cases are decided. Every call raises `TryLater`."""

    def watch(self, routes: Mapping[NoticeKind, Collection[RouteName]], wait: float) -> None:
        """From now on what happens at these desks is noted, to be told ``wait`` seconds later; durably, and at no other desk.

        What waits of desks that are watched no more is not told.
        """
        ...

    def take(self, now: float, limit: int, *, lease: float) -> tuple[Notice, ...]:
        """Those that are due, oldest first. Nobody else gets them for ``lease`` seconds; then those that were not settled."""
        ...

    def settle(self, number: int, *, sent: bool, said: str = "") -> None:
        """What came of one that was taken."""
        ...

    def told(self, recipient: str, since: float) -> int:
        """How many automatic answers this address was written since then, whether they are sent yet or not."""
        ...

    def told_to_all(self, since: float) -> int:
        """The same, of all addresses."""
        ...

    def log(self, sight: Sight, *, before: int = 0, limit: int = 100) -> tuple[Notice, ...]:
        """Notices of mail that this reader may see, the newest first; with lower numbers than ``before`` where that is not 0."""
        ...
