"""What trying rules on the past needs of the store: somebody asks and reads, somebody else works it off."""

from collections.abc import Sequence
from typing import Protocol

from postroom.model.backtest import Asked, Backtest, Change, Report, TestNumber, TestState, Which
from postroom.model.people import Deed


class Backtests(Protocol):
    """What was asked for, and what it came to. Every change is durable on return, with its deed; every call raises `TryLater`."""

    def ask(self, asked: Asked, deed: Deed) -> TestNumber:
        """It is to be done. The deed is of its number.

        Raises `Refused` while another waits or runs: there is one at a time. Of those that ended, the newest stay.
        """
        ...

    def cancel(self, number: TestNumber, deed: Deed) -> bool:
        """It need not be done any more. Whether it still waited or ran; the deed is written then."""
        ...

    def test(self, number: TestNumber) -> Backtest | None:
        """One; None when there is none."""
        ...

    def tests(self) -> tuple[Backtest, ...]:
        """All that are kept, newest first, without their reports."""
        ...

    def changes(
        self, number: TestNumber, which: Which, *, after: int = 0, limit: int = 100
    ) -> tuple[tuple[int, Change], ...]:
        """Changes with their places from 1 on, newest mail first, those after a place. Erased mails are not among them."""
        ...


class BacktestRuns(Protocol):
    """Working off what was asked for. Every change is durable on return; every call raises `TryLater`."""

    def waiting(self) -> bool:
        """Whether one is to be begun. Costs next to nothing: asked every few seconds."""
        ...

    def begin(self, now: float) -> Backtest | None:
        """Take the one that waits: nobody else does. None when there is none."""
        ...

    def advance(self, number: TestNumber, done: int, total: int) -> bool:
        """So many of so many mails are judged. False when it runs no more: it was cancelled, and need not be gone on with."""
        ...

    def finish(self, number: TestNumber, report: Report, changes: Sequence[Change], now: float) -> bool:
        """It is done; changes are newest mail first. False, and nothing is kept, when it runs no more."""
        ...

    def give_up(self, state: TestState, error: str, now: float) -> int:
        """Whatever runs does so no more: it failed, or is lost. How many."""
        ...

    def gone(self, asked: Asked, since: float, until: float) -> int:
        """Mails received in this time of which no text is kept, as far as the asker may see where they lay."""
        ...
