"""What trying and changing rules needs: the files, the versions that they had, drafts, and somebody who judges by them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from postroom.decide.asking import Asked
from postroom.decide.problems import Problem
from postroom.model.judgement import AccountState, Decision
from postroom.model.mail import BrandName
from postroom.model.people import Deed
from postroom.model.rulebooks import Draft, DraftId, SheetName, Texts, Version, VersionNumber


class Sheets(Protocol):
    """The team's files: they are the truth, and other programmes change them too."""

    def texts(self) -> Texts:
        """What they hold now. Raises `TryLater`."""
        ...

    def unreadable(self) -> Mapping[SheetName, str]:
        """What has a sheet's name and is no file that could be read, such as a link that leads nowhere: why, in words."""
        ...

    def shipped(self) -> Texts:
        """What postroom brings along and is in force beside them; named ``starter/…``. Nobody changes it."""
        ...

    def hindrance(self, sheet: SheetName) -> str:
        """Why it can't be written, in words; ``""`` when it can."""
        ...

    def put(self, changes: Mapping[SheetName, str | None]) -> None:
        """Give sheets their texts, or take them away (None): each whole or not at all. Raises `TryLater`."""
        ...

    def in_force(self, texts: Texts) -> bool:
        """Whether it is by these texts that mail is judged."""
        ...

    def tell(self) -> None:
        """Let the judges read the files again, soon. Nothing where no server runs."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemplified:
    """What became of an example mail."""

    name: str
    #: where it is written: a sheet, or what is shipped
    file: str
    line: int
    #: in words, what differs from what was expected; empty when all is well
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is to be said of texts. Files are called by the names of their sheets."""

    problems: tuple[Problem, ...] = ()
    #: none where there are errors: nothing can be judged by them
    examples: tuple[Exemplified, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What keeps the texts from being taken into force."""
        return tuple(one for one in self.problems if one.severity == "error")

    @property
    def different(self) -> tuple[Exemplified, ...]:
        """Examples that come out otherwise than they say."""
        return tuple(one for one in self.examples if one.differences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """A mail that somebody would like to see judged, and what is supposed of its sender."""

    raw: bytes
    brand: BrandName
    #: suppose that the sender is who the mail says
    authenticated: bool = False
    #: counts only then
    account: AccountState = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Where a mail would go; nothing of it is kept."""

    #: by the rules in force; None where nothing is
    now: Decision | None
    #: by the texts; None where they have errors
    then: Decision | None
    #: what the rules of one sheet asked of it, by the texts
    asked: tuple[Asked, ...] = ()


class Checker(Protocol):
    """Finds what is wrong with texts that are not in force, where that keeps nobody else waiting. Raises `TryLater` when it takes too long."""

    def check(self, texts: Texts) -> Checked:
        """What is wrong with these texts, and what becomes of all examples by them."""
        ...


class Bench(Checker, Protocol):
    """Judges by such texts too."""

    def wake(self) -> None:
        """Somebody may ask soon: what takes time to begin may begin. Returns at once, and never raises."""
        ...

    def judge(self, mail: Pasted, texts: Texts, sheet: SheetName) -> Tried:
        """Where a mail goes now, and where it would go by these texts. No thread, no history: nothing is looked up."""
        ...


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

    def each(self, limit: int) -> Mapping[SheetName, tuple[Version, ...]]:
        """Of every sheet its newest versions, newest first: one read for all of them."""
        ...

    def version(self, number: VersionNumber) -> Version | None:
        """The one with this number."""
        ...


class Drafts(Protocol):
    """Texts to try. They count for nothing, and are kept for a month, the newest two hundred. Every call raises `TryLater`."""

    def keep(self, texts: Texts, by: str, now: float, name: str = "") -> DraftId:
        """Keep all texts of a draft, durably: those that it changes, and those that it leaves as they are."""
        ...

    def newest(self, limit: int = 20) -> tuple[Draft, ...]:
        """Those that are kept, newest first."""
        ...

    def get(self, draft: DraftId) -> Draft | None:
        """The draft; None when there is none of this number, or it is not kept any more."""
        ...
