"""What trying and changing rules needs of the store: the versions that files had, and drafts."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from postroom.model.people import Deed
from postroom.model.rulebooks import Draft, DraftId, SheetName, Texts, Version, VersionNumber


class Versions(Protocol):
    """What the team's files held, and since when. Every call raises `TryLater`."""

    def note(self, versions: Sequence[Version], deeds: Sequence[Deed], *, after: VersionNumber) -> VersionNumber:
        """Write down new versions with their deeds, in one durable transaction; the number of the last of all.

        Raises `Refused`, and nothing has changed, when ``after`` is not the number of the last of all any more: somebody
        else has written something down meanwhile.
        """
        ...

    def newest(self) -> Mapping[SheetName, Version]:
        """The last version of each sheet that there ever was."""
        ...

    def of(self, sheet: SheetName, *, before: int = 0, limit: int = 50) -> tuple[Version, ...]:
        """Of one sheet, newest first, of numbers below ``before`` (0: from the newest on)."""
        ...

    def version(self, number: VersionNumber) -> Version | None:
        """The one with this number."""
        ...


class Drafts(Protocol):
    """Texts to try. They count for nothing, and are kept for a month. Every call raises `TryLater`."""

    def keep(self, texts: Texts, by: str, now: float) -> DraftId:
        """Keep all texts of a draft, durably: those that it changes, and those that it leaves as they are."""
        ...

    def get(self, draft: DraftId) -> Draft | None:
        """The draft; None when there is none of this number, or it is not kept any more."""
        ...
