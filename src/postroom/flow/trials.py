"""Asking that rules be tried on the past, and reading what it came to.

A test is made for its asker: it looks at nothing that he may not see. So whoever reads it must see all that he sees; to all
others there is no such test.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from postroom.model.backtest import MOST_DAYS, Asked, Backtest, Change, TestNumber, Which
from postroom.model.errors import Refused, unknown
from postroom.model.listing import MailRow
from postroom.model.mail import BrandName
from postroom.model.people import Deed, Sight, User
from postroom.ports.backtests import Backtests
from postroom.ports.desktop import Views


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A mail that would be treated otherwise, as lists show it."""

    #: in the test's list, from 1 on
    place: int
    change: Change
    row: MailRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """What people do with back-tests. Every call raises `TryLater`."""

    backtests: Backtests
    views: Views
    brands: Collection[BrandName]

    def ask(self, user: User, days: int, brand: str, draft: int, now: float) -> TestNumber:
        """It is to be done. Raises `Refused` for what can't be asked for, and while another waits or runs."""
        if not 1 <= days <= MOST_DAYS:
            raise Refused(f"say of how many days: 1 to {MOST_DAYS}")
        seen = [one for one in self.brands if user.sight.brands is None or one in user.sight.brands]
        if brand and brand not in seen:
            raise Refused(unknown("brand", brand, seen))
        asked = Asked(days=days, brand=BrandName(brand), draft=draft, by=user.name, sight=user.sight, at=now)
        tried = f"draft {draft}" if draft else "the files on the disk"
        detail = f"{tried}, {days} days" + (f" of {brand}" if brand else "")
        return self.backtests.ask(asked, Deed(at=now, by=user.name, what="backtest-asked", detail=detail))

    def cancel(self, user: User, number: TestNumber, now: float) -> bool:
        """It need not be done any more. Whether it was still open, and may be seen."""
        deed = Deed(at=now, by=user.name, what="backtest-cancelled")
        return self.one(number, user.sight) is not None and self.backtests.cancel(number, deed)

    def one(self, number: TestNumber, sight: Sight) -> Backtest | None:
        """One; None when there is none, or it may not be seen: nobody can tell which."""
        found = self.backtests.test(number)
        return found if found is not None and sight.covers(found.asked.sight) else None

    def all(self, sight: Sight) -> tuple[Backtest, ...]:
        """Those that may be seen, newest first, without their reports."""
        return tuple(one for one in self.backtests.tests() if sight.covers(one.asked.sight))

    def page(
        self, test: Backtest, sight: Sight, which: Which, *, after: int = 0, limit: int = 50
    ) -> tuple[tuple[Listed, ...], int]:
        """Changes of a test, newest mail first, and what to ask with for those that follow: 0 when there are none.

        Without mails that may not be seen where they lie now.
        """
        found = self.backtests.changes(test.number, which, after=after, limit=limit)
        rows = self.views.rows([change.mail_id for _, change in found], sight)
        seen = tuple(
            Listed(place=place, change=change, row=rows[change.mail_id])
            for place, change in found
            if change.mail_id in rows
        )
        return seen, found[-1][0] if len(found) == limit else 0

    def every(self, test: Backtest, sight: Sight, which: Which) -> Iterator[Listed]:
        """All changes of a test that may be seen: as many as are kept of it."""
        after = -1
        while after:
            listed, after = self.page(test, sight, which, after=max(after, 0), limit=500)
            yield from listed
