"""What differs between two texts, line by line, in bounded time."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

Mark = Literal["same", "added", "removed", "gap"]

_MOST_PAIRS: Final = 4_000_000
"""Lines before times lines after that are compared; more are shown as removed and added, all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a diff."""

    mark: Mark
    #: its numbers before and after, from 1; None on the side that it is not on
    before: int | None = None
    after: int | None = None
    #: of ``gap``: how many lines are left out
    text: str = ""


def differences(before: str, after: str, *, around: int = 3) -> tuple[Line, ...]:
    """Lines that differ, with so many ``around`` them; none for equal texts."""
    if before == after:
        return ()
    return tuple(_folded(list(_lines(before.splitlines(), after.splitlines())), around))


def _lines(old: list[str], new: list[str]) -> Iterator[Line]:
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    for n in range(head):
        yield Line(mark="same", before=n + 1, after=n + 1, text=old[n])
    for kind, i1, i2, j1, j2 in _changes(old[head : len(old) - tail], new[head : len(new) - tail]):
        if kind == "equal":
            for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
                yield Line(mark="same", before=head + i + 1, after=head + j + 1, text=old[head + i])
            continue
        for i in range(i1, i2):
            yield Line(mark="removed", before=head + i + 1, text=old[head + i])
        for j in range(j1, j2):
            yield Line(mark="added", after=head + j + 1, text=new[head + j])
    for n in range(tail, 0, -1):
        i, j = len(old) - n, len(new) - n
        yield Line(mark="same", before=i + 1, after=j + 1, text=old[i])


def _changes(old: list[str], new: list[str]) -> list[tuple[str, int, int, int, int]]:
    if len(old) * len(new) > _MOST_PAIRS:
        return [("replace", 0, len(old), 0, len(new))]
    return list(difflib.SequenceMatcher(None, old, new).get_opcodes())


def _common(one: list[str], other: list[str]) -> int:
    """How many lines both begin with."""
    count = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        count += 1
    return count


def _folded(lines: list[Line], around: int) -> Iterator[Line]:
    changed = [n for n, line in enumerate(lines) if line.mark != "same"]
    shown = {m for n in changed for m in range(max(n - around, 0), min(n + around + 1, len(lines)))}
    left_out = 0
    for n, line in enumerate(lines):
        if n in shown:
            if left_out:
                yield Line(mark="gap", text=str(left_out))
            left_out = 0
            yield line
        else:
            left_out += 1
    if left_out:
        yield Line(mark="gap", text=str(left_out))
