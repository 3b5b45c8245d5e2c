"""What erasing a person, keeping for a time and holding for a reason need of the store."""

from collections.abc import Collection, Sequence
from typing import Protocol

from postroom.model.mail import MailId
from postroom.model.people import Deed
from postroom.model.privacy import Aged, Ages, Erasure, Found, Gone, Hold, Outcome, Remembered, Removal, Tombstone


class Wanted(Protocol):
    """What is looked for. Pure."""

    def address(self, address: str) -> float:
        """What is of this address (in lower case) and came up to then is meant, seconds since the epoch; 0.0 for nothing."""
        ...

    def mail(self, mail_id: str) -> bool:
        """Whether this very mail is meant."""
        ...


class Erasing(Protocol):
    """Takes out what is known of somebody. Every change is durable on return; every call raises `TryLater` and may be repeated."""

    def begin(self, erasure: Erasure, deed: Deed) -> Erasure:
        """Write down what was asked for, with its deed, before anything is erased; the same with its number.

        Raises `Refused` when the address or the mail is held. Where the same is under way already, that one is returned.
        """
        ...

    def note(self, erasure: Erasure, deed: Deed | None = None) -> None:
        """Write down how far it is; once it is done, with its deed, address and mail are not kept."""
        ...

    def erasures(self, *, unfinished: bool = False, limit: int = 100) -> tuple[Erasure, ...]:
        """Newest first."""
        ...

    def find(self, wanted: Wanted, *, after: int = 0, limit: int = 5000) -> Found:
        """Look through so many mails for those wanted that are not erased, from number ``after`` on."""
        ...

    def remembered(self, wanted: Wanted) -> Remembered:
        """What is remembered of somebody beside their mails. It goes through all of it."""
        ...

    def erase(self, mails: Sequence[Removal], stones: Sequence[Tombstone], at: float) -> Outcome:
        """Take out all of these mails but counts, in one transaction; leave those that are held, or in a worker's hands.

        Their deliveries are dropped as ``erased``, a question about them is withdrawn, and nothing brings them back.
        """
        ...

    def forget(self, wanted: Wanted, remembered: Remembered) -> None:
        """Take them out of threads and cases, and out of what is remembered of senders and labelled mail.

        A case that is not decided yet is decided as withdrawn: there is nobody left to answer.

        A judge who recalled it before may write it down again: look once more when what is `in_hand` now no longer is.
        """
        ...

    def in_hand(self) -> frozenset[str]:
        """Judgements under way, each by a name that no later one has."""
        ...

    def scrub(self, *, whole: bool = True) -> None:
        """On return no bytes of what was erased are in the store's files. Takes long where much is kept.

        Without ``whole``, a few copies that can't be found by any key may stay, and nobody is kept waiting.
        """
        ...


class Keeping(Protocol):
    """What may not, and what must be erased. Every call raises `TryLater`."""

    def hold(self, hold: Hold, deed: Deed) -> None:
        """From now on it is not erased. One on the same takes the place of an earlier one."""
        ...

    def release(self, what: str, deed: Deed) -> bool:
        """It may be erased again. Whether it was held; the deed is written then."""
        ...

    def holds(self) -> tuple[Hold, ...]:
        """All, newest first."""
        ...

    def gone(self, mail_id: MailId) -> Gone | None:
        """What is known of a mail that was erased; None for one that was not, or never was."""
        ...

    def bury(self, stones: Sequence[Tombstone]) -> None:
        """Keep tombstones, durably; of two of the same, the newer."""
        ...

    def stones(self, hashes: Collection[bytes] | None = None) -> tuple[Tombstone, ...]:
        """Those with these hashes; all, if None."""
        ...

    def overdue(self, ages: Ages, *, after: int = 0, limit: int = 5000) -> Found:
        """Look through so many mails for those older than they may become, from number ``after`` on.

        Not those that somebody is asked about, that are to be delivered, parked or held, whose thread goes on or whose case
        is open.
        """
        ...

    def first_erased(self, since: float) -> float | None:
        """When the first of all that was erased from then on was, seconds since the epoch; None for nothing."""
        ...


class Aging(Protocol):
    """What is known of people for a time only, beside their mail. Every call raises `TryLater`; 0.0 is no time at all."""

    def aged(self, *, senders: float, cases: float) -> Aged:
        """Records of senders whose last mail came before then, and cases decided before then that tell of a person; not what is held."""
        ...

    def forget(self, old: Aged, *, senders: float, cases: float) -> None:
        """Take out these records, and of these cases all but what is counted, unless something came since; durable on return."""
        ...


class Tombstones(Protocol):
    """Tombstones beside the store: a backup that is brought back knows none newer than itself."""

    def add(self, stones: Sequence[Tombstone]) -> None:
        """On return they are on the disk for certain. Raises `TryLater`."""
        ...

    def all(self) -> tuple[Tombstone, ...]:
        """Every one that was added, in order. Raises `TryLater`, and `PostroomError` for a file that is damaged."""
        ...
