"""What is wrong with a rule or phrase file, and where."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
"""An ``error`` keeps a file from being used; a ``warning`` is likely a mistake; a ``note`` is worth knowing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend."""

    #: name of the file as it was given
    file: str
    #: from 1; 1 when it could not be found
    line: int
    #: from 1
    column: int
    severity: Severity
    #: what is wrong, in a sentence
    message: str
    #: what to do about it
    remedy: str = ""
    #: of a file that people fill in as a form: the field, from whose beginning lines and columns count
    field: str = ""

    def __str__(self) -> str:
        """``file:line:column: severity: message. remedy``, as editors understand it."""
        place = f"{self.file}:{self.field}" if self.field else self.file
        words = f"{place}:{self.line}:{self.column}: {self.severity}: {self.message}"
        return f"{words} ({self.remedy})" if self.remedy else words


# Strings and comments are skipped whole, so that a header inside them is not taken for one.
_TOKENS = re.compile(
    r"'''.*?(?:'''|\Z)|\"\"\".*?(?:\"\"\"|\Z)|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|\#[^\n]*|^[ \t]*\[\[?([^\]\n]*)\]\]?|^[ \t]*([\w-]+)[ \t]*=",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One ``[[name]]`` of a TOML text: where it stands and where its keys are."""

    start: int
    end: int
    #: key -> offset
    keys: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file's text, for finding places in it."""

    name: str
    text: str

    def sections(self, wanted: str) -> tuple[Section, ...]:
        """All ``[[wanted]]`` sections, in order; total on any text."""
        found: list[tuple[str, int, dict[str, int]]] = [("", 0, {})]
        for match in _TOKENS.finditer(self.text):
            if match.group(1) is not None:
                found.append((match.group(1).strip(), match.end() - len(match.group().lstrip()), {}))
            elif match.group(2) is not None:
                found[-1][2].setdefault(match.group(2), match.start(2))
        ends = [start for _, start, _ in found[1:]] + [len(self.text)]
        return tuple(
            Section(start=start, end=end, keys=keys)
            for (name, start, keys), end in zip(found, ends, strict=True)
            if name == wanted
        )

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of an offset."""
        offset = min(max(offset, 0), len(self.text))
        return self.text.count("\n", 0, offset) + 1, offset - self.text.rfind("\n", 0, offset)

    def find(self, value: str, section: Section | None) -> int:
        """Offset of a string's text inside a section; where it is written with escapes, the section's start."""
        start, end = (section.start, section.end) if section else (0, len(self.text))
        for quote in ("'", '"', "") if value else ():
            at = self.text.find(f"{quote}{value}{quote}", start, end)
            if at >= 0:
                return at + len(quote)
        return start

    def problem(self, offset: int, severity: Severity, message: str, remedy: str = "") -> Problem:
        """A problem at an offset."""
        line, column = self.place(offset)
        return Problem(file=self.name, line=line, column=column, severity=severity, message=message, remedy=remedy)


def toml_problem(source: Source, error: Exception) -> Problem:
    """What the TOML reader said, at the place it named."""
    said = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
    line, column = (int(said.group(1)), int(said.group(2))) if said else (source.text.count("\n") + 1, 1)
    message = re.sub(r"\s*\(at .*\)$", "", str(error)) or type(error).__name__
    return Problem(
        file=source.name,
        line=line,
        column=column,
        severity="error",
        message=f"this is not TOML: {message}",
        remedy="mend the syntax; CEL is easiest inside '…' or '''…'''",
    )


def sections_for(source: Source, name: str, items: list[Any]) -> list[Section | None]:
    """A section for each parsed item, or None for all where the text writes them in another way (inline tables)."""
    sections = source.sections(name)
    return list(sections) if len(sections) == len(items) else [None] * len(items)
