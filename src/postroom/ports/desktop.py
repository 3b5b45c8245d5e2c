"""What pages and the API read, and how two people do not do the same work."""

from collections.abc import Collection, Mapping
from typing import Protocol

from postroom.model.desktop import BoxCount, Hits, MailPage, Taken, Wanted
from postroom.model.listing import MailRow
from postroom.model.mail import MailId
from postroom.model.people import Sight


class Views(Protocol):
    """Lists of mails, as a reader may see them. Every call raises `TryLater` and takes bounded time."""

    def mails(self, wanted: Wanted, sight: Sight, *, after: MailId | str = "", limit: int = 50) -> MailPage:
        """Newest first, those older than the mail ``after``. Raises `Refused` for words that can't be searched for."""
        ...

    def hits(self, wanted: Wanted, sight: Sight, *, most: int = 1000) -> Hits:
        """How many mails `mails` lists in all, counted up to ``most``. Raises as it."""
        ...

    def row(self, mail_id: MailId, sight: Sight) -> MailRow | None:
        """One mail as lists show it; None when there is none, or it may not be seen: nobody can tell which."""
        ...

    def rows(self, ids: Collection[MailId], sight: Sight) -> Mapping[MailId, MailRow]:
        """Those of these mails that there are and that may be seen, in one read."""
        ...

    def worded(self, ids: Collection[MailId], sight: Sight) -> Mapping[MailId, tuple[MailRow, str]]:
        """The same, each with the first `SPOKEN` characters of its own text; ``""`` of those that can't be searched by words."""
        ...

    def parked(self, sight: Sight) -> int:
        """How many deliveries of mail that may be seen were given up on."""
        ...

    def counts(self, sight: Sight) -> tuple[BoxCount, ...]:
        """What nobody has read of each desk and brand, of mail that lies in their built-in inboxes."""
        ...


class Turns(Protocol):
    """Whose turn it is: a question of review is in one person's hands at a time. Every call raises `TryLater`."""

    def take(self, by: str, sight: Sight, *, lease: float, skip: tuple[MailId, ...] = ()) -> Taken | None:
        """The question that is most pressing and in nobody's hands, for ``lease`` seconds; durable on return.

        Who holds one already gets the same again, with a new lease, unless it is among those to ``skip``: that is given
        back. Urgent ones first, then those of review by their clock, then the audit, oldest first. None when there is none.
        """
        ...

    def take_one(self, mail_id: MailId, by: str, sight: Sight, *, lease: float) -> Taken | None:
        """That very question; None when it may not be seen, is answered, or is in another's hands.

        Nobody has more than five in hand: those taken longest ago are given back.
        """
        ...

    def give_back(self, mail_id: MailId, by: str) -> None:
        """Let others have it. Idempotent."""
        ...

    def held(self) -> tuple[Taken, ...]:
        """What is in whose hands now."""
        ...

    def open_questions(self, sight: Sight) -> int:
        """How many wait for a person."""
        ...
