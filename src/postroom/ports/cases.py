"""Cases as the store keeps them, and which mails may have to join or leave one."""

from collections.abc import Collection
from typing import Protocol

from postroom.model.cases import Alike, Case, CaseChange, CaseEvent, CaseNumber, CasePage, Due, Same, WantedCases
from postroom.model.mail import MailId, RouteName
from postroom.model.people import Sight


class Cases(Protocol):
    """Cases, as a reader may see them: those of the brands and desks of his. Every call raises `TryLater`."""

    def page(self, wanted: WantedCases, sight: Sight, *, after: str = "", limit: int = 50) -> CasePage:
        """By rank, from what runs out first; without their mails. Raises `Refused` for an ``after`` that is none of ours."""
        ...

    def case(self, number: CaseNumber, sight: Sight) -> Case | None:
        """With its newest 200 mails; None when there is none, or it may not be seen: nobody can tell which."""
        ...

    def of_mail(self, mail_id: MailId, sight: Sight) -> Case | None:
        """The case that a mail belongs to; where it lies at two desks with cases, the one that was opened first."""
        ...

    def all_of_mail(self, mail_id: MailId, sight: Sight) -> tuple[Case, ...]:
        """The cases that a mail belongs to, one a desk, in the order in which they were opened."""
        ...

    def of_person(self, person: str, sight: Sight, *, limit: int = 50) -> tuple[Case, ...]:
        """All of whoever has, or claims, this address, newest first; without their mails."""
        ...

    def events(self, number: CaseNumber, sight: Sight) -> tuple[CaseEvent, ...]:
        """What happened to a case, oldest first; its newest thousand, of them no more than 200 mails that came by themselves."""
        ...

    def todo(self, sight: Sight) -> int:
        """How many are open, wait for their person, or have a new mail."""
        ...

    def put(self, change: CaseChange) -> Case:
        """Keep a change with its events and its deed, durably; the case as it is kept, with its number.

        Whom a deed about a new case was done to is filled in. Raises `Refused` when the case was changed since the
        version that the change was made of, and when a mail that joins belongs to a case of that desk already: nothing has changed.
        """
        ...


class Docket(Protocol):
    """Mails that may have to join or leave a case: noted by the store itself as they are decided. Every call raises `TryLater`."""

    def watch(self, routes: Collection[RouteName]) -> None:
        """From now on a mail is noted when a decision brings it to one of these desks, or takes it away from one."""
        ...

    def due(self, limit: int) -> tuple[Due, ...]:
        """Mails that were noted, those that were put off least often first. Each comes until it is settled."""
        ...

    def done(self, due: Due) -> None:
        """There was nothing to do, as of this mark."""
        ...

    def put_off(self, due: Due) -> None:
        """It could not be dealt with: after five times it is left, until it is decided again or `watch` is called."""
        ...

    def alike(self, same: Same) -> tuple[Alike, ...]:
        """Cases of the same person, known the same way, at the same desk: newest first, twenty at most, without their mails."""
        ...

    def stale(self, clocks: str, limit: int) -> tuple[Case, ...]:
        """Cases to do something about whose rank was made with other clocks than these; without their mails."""
        ...
