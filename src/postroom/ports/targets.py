"""First-answer targets of mails, as the store keeps them."""

from collections.abc import Collection, Sequence
from typing import Protocol

from postroom.model.mail import MailId, RouteName
from postroom.model.people import Deed
from postroom.model.targets import How, Kept, Reckoned, Unreckoned

Routes = Collection[RouteName] | None
"""Desks of somebody who does something; None for all."""


class Targets(Protocol):
    """Mails that are to be answered within a time: noted by themselves as they come to a desk. Every call raises `TryLater`.

    One that lies at two desks is to be answered by each. What is asked, answered or decided in a case counts as an answer of
    its desk to all mails of it.
    """

    def watch(self, routes: Collection[RouteName]) -> None:
        """From now on mails that are brought to one of these desks are noted; open ones of other desks are forgotten."""
        ...

    def unreckoned(self, version: str, limit: int) -> tuple[Unreckoned, ...]:
        """Mails whose due time is not known by the settings of this version."""
        ...

    def reckon(self, found: Sequence[Reckoned], version: str) -> None:
        """Keep when they are due, by the settings of this version. Those that lie at another desk by now are left."""
        ...

    def stop(
        self, ids: Collection[MailId], at: float, how: How, by: str, deeds: Sequence[Deed], *, routes: Routes = None
    ) -> int:
        """They are answered, or need no answer; durably, with the deeds. How many had none yet; those that had stay as they are.

        At these desks alone, where a mail lies at one of them. Of the deeds, those to mails that had none are written.
        """
        ...

    def resume(self, ids: Collection[MailId], deeds: Sequence[Deed], *, routes: Routes = None) -> int:
        """They are not answered after all: what a person said of them counts no more. How many there were; desks, deeds as for `stop`.

        What was moved meanwhile is to be answered where it lies now.
        """
        ...

    def kept(self, since: float, now: float) -> tuple[Kept, ...]:
        """Of mails due since then and before now, by desk and brand."""
        ...
