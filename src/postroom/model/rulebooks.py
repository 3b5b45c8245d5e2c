"""The files that a team writes its rules and answers in, as values: sheets, their versions, and drafts that count for nothing yet."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal, NewType, cast, get_args

SheetName = NewType("SheetName", str)
"""Kind and name of a file, whatever folder the settings keep it in: ``rules/press.toml``."""

SheetKind = Literal["rules", "phrases", "examples", "answers"]
ALL_KINDS: Final[tuple[SheetKind, ...]] = get_args(SheetKind)
KINDS: Final[tuple[SheetKind, ...]] = ("rules", "phrases", "examples")
"""What mail is judged by."""
ANSWERS: Final[tuple[SheetKind, ...]] = ("answers",)
"""What people are answered with."""

Texts = Mapping[SheetName, str]
"""All that a team has written: the text of each sheet. What postroom ships is not among them."""

DraftId = NewType("DraftId", int)

VersionNumber = NewType("VersionNumber", int)

How = Literal["saved", "restored", "imported", "removed", "on-disk"]
"""How a version came to be; ``on-disk``: somebody changed the file by hand, and it was seen later."""

MAX_TEXT: Final = 400_000
"""Bytes of one sheet that comes by the pages, by the API or from an archive."""
MAX_SHEETS: Final = 500
MAX_TOTAL: Final = 4_000_000
"""Bytes of all sheets of an archive or a draft."""

_NAME: Final = re.compile(
    r"(rules|phrases|examples)/[A-Za-z0-9][A-Za-z0-9_-]{0,79}\.toml|answers/[a-z0-9][a-z0-9-]{0,39}\.toml"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One text that a sheet had."""

    #: in the order they were written down; 0 before that
    number: VersionNumber = VersionNumber(0)
    sheet: SheetName
    how: How
    #: seconds since the epoch; of ``on-disk``: when it was seen
    at: float
    #: who; ``""`` for whoever can write to the disk
    by: str = ""
    #: why, in their words
    why: str = ""
    #: of the text; ``""`` where there is no sheet any more
    digest: str = ""
    #: None where there is no sheet any more, or its words were erased with a person's
    text: str | None = None

    @property
    def erased(self) -> bool:
        """Whether there was a text that is not kept any more."""
        return self.text is None and bool(self.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Texts that somebody would like to try."""

    id: DraftId
    #: seconds since the epoch
    at: float
    by: str
    texts: Texts
    #: given by its writer; ``""`` for none
    name: str = ""


def sheet_name(name: str, kinds: Collection[SheetKind] = KINDS) -> SheetName | None:
    """The name, if it is one of these kinds: no path leads out of their folders, and every file system can hold it."""
    return SheetName(name) if _NAME.fullmatch(name) and kind_of(SheetName(name)) in kinds else None


def normal_text(text: str) -> str:
    """A text as files hold it, whatever a browser made of its line ends: each line ends with LF, the last one too."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if not text or text.endswith("\n") else f"{text}\n"


def kind_of(sheet: SheetName) -> SheetKind:
    """Which of them it is."""
    return cast("SheetKind", sheet.partition("/")[0])


def digest_of(text: str) -> str:
    """SHA-256 of a text in UTF-8, as hex."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
