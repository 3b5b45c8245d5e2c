"""Clocks of cases that come near their end, as the store keeps them."""

from collections.abc import Sequence
from typing import Protocol

from postroom.model.cases import Case, CaseEvent, CaseWarning, Pressing
from postroom.model.people import Sight


class Deadlines(Protocol):
    """What is to be warned of, and was. Every call raises `TryLater`."""

    def due(self, now: float, limit: int) -> tuple[Case, ...]:
        """Cases to do something about with something to warn of by ``now``, the longest due first; without their mails."""
        ...

    def warn(self, case: Case, warnings: Sequence[tuple[CaseWarning, CaseEvent]], next_at: float) -> int:
        """Keep warnings, each once, with its event, durably; the case is due again at ``next_at``. How many were new.

        None of it when the case was changed since it was read: it is due again then.
        """
        ...

    def warning(self, number: int) -> CaseWarning | None:
        """By the number that the store gave it, which webhooks are told."""
        ...

    def pressing(self, now: float, sight: Sight) -> Pressing:
        """How many cases to do something about are near the end of a clock, or beyond."""
        ...
