"""A second reviewer looks at what a first one has answered, without knowing the answer: how well do they agree?"""

from collections.abc import Iterable
from dataclasses import dataclass

from postroom.model.mail import BrandName, MailId, RouteName

Said = tuple[RouteName, ...]
"""Where a mail belongs: one desk, or the two that it is split between, in order of their names."""


def said(routes: Iterable[str]) -> Said:
    """These desks, as answers are compared."""
    return tuple(sorted(RouteName(route) for route in routes if route))


def shown(answer: Said) -> str:
    """An answer, for people."""
    return " and ".join(answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondLook:
    """One mail that two reviewers are asked about. Times are seconds since the epoch."""

    mail_id: MailId
    brand: BrandName
    #: of the decision that both are asked about
    generation: int
    #: its best guess
    decided: RouteName
    #: who answered first, and what
    first: str
    first_said: Said
    opened_at: float
    #: who answered second; ``""`` while nobody has
    second: str = ""
    second_said: Said = ()
    answered_at: float | None = None
    #: the third, who decided where they disagree; ``""`` for nobody
    settled_by: str = ""
    settled: Said = ()
    settled_at: float | None = None
    #: while somebody has it in hand: until then nobody else gets it
    until: float = 0.0

    @property
    def agreed(self) -> bool:
        """Whether both said the same."""
        return bool(self.second) and self.first_said == self.second_said

    @property
    def is_open(self) -> bool:
        """Whether somebody has to settle it."""
        return bool(self.second) and not self.agreed and self.settled_at is None

    @property
    def routes(self) -> frozenset[RouteName]:
        """Every desk that anybody named, or guessed: who may see it sees all of them."""
        return frozenset({self.decided, *self.first_said, *self.second_said, *self.settled})
