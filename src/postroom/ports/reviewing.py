"""What reviewers need beside questions and verdicts: second looks, and the day's work."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from postroom.model.mail import MailId
from postroom.model.people import Deed, Sight
from postroom.model.secondlooks import Said, SecondLook


class SecondLooks(Protocol):
    """Mails that a second reviewer is asked about. Every call raises `TryLater`.

    They begin and are settled with verdicts (`ports.Ruling`). Somebody is never shown a mail on which they gave a verdict,
    nor one that has gone, by the first answer, where they may not look; nor one of which they have `seen` what came. Each is
    asked once: what they gave back, or another took when their time was over, is for others.
    """

    def take(
        self, by: str, sight: Sight, *, lease: float, since: float, skip: Collection[MailId] = ()
    ) -> SecondLook | None:
        """One that is in nobody's hands, oldest first of those begun since then, for ``lease`` seconds; durable on return.

        Who holds one already gets the same again, unless it is among those to ``skip``. None when there is none.
        """
        ...

    def take_one(self, mail_id: MailId, by: str, sight: Sight, *, lease: float) -> SecondLook | None:
        """That very one; None when it may not be seen, is answered, or is in another's hands."""
        ...

    def held(self, by: str) -> tuple[SecondLook, ...]:
        """The looks that they have taken and neither answered nor given back, and that nobody else has taken since."""
        ...

    def seen(self, ids: Collection[MailId], by: str) -> None:
        """They have seen what came of these mails: of those whose second look is open, they are not asked for it. Idempotent."""
        ...

    def give_back(self, mail_id: MailId, by: str) -> None:
        """Let others have it. Idempotent."""
        ...

    def answer(self, mail_id: MailId, said: Said, by: str, deed: Deed) -> SecondLook:
        """Keep what the second says, and the line of the audit log. Raises `Refused` unless they hold it."""
        ...

    def of_mail(self, mail_id: MailId, sight: Sight) -> SecondLook | None:
        """What there is of a mail that may be seen, with all that was said; None for nothing."""
        ...

    def open(self, sight: Sight, limit: int = 100) -> tuple[SecondLook, ...]:
        """Disagreements to settle that may be seen whole, oldest first."""
        ...

    def answered(self, sight: Sight, since: float, limit: int = 20_000) -> tuple[SecondLook, ...]:
        """Those answered since then that may be seen whole, newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits in review."""

    #: questions, with those of the audit
    waiting: int
    #: since when the oldest waits whose clock runs, seconds since the epoch; None when none does
    oldest: float | None


class ReviewDay(Protocol):
    """The work of a day in review. Every call raises `TryLater`."""

    def answered(self, sight: Sight, since: float, limit: int = 5_000) -> tuple[tuple[str, float], ...]:
        """Who answered and when, of brands, and of questions whose best guess is a desk, that may be seen; oldest first of the newest ``limit``."""
        ...

    def backlog(self, sight: Sight) -> Backlog:
        """What waits for a person who sees so much."""
        ...
