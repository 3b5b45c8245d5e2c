"""Tickets and mails in a CSV file: one a line, columns found by their names or named by a person.

Invariant: any bytes give items and reasons, never an exception but `Refused` for columns that there are not; a line at a
time is in memory, of at most `_FIELD` characters a field.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO, Final

from postroom.adapters.history.compose import compose, identity
from postroom.flow.past import Item, LeftOut, Why, labels_of
from postroom.model.errors import Refused, unknown
from postroom.understand import dates

_FIELD: Final = 16 * 1024 * 1024
_HEAD: Final = 65_536

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "message id", "comment id", "number", "key", "ticket id", "case number", "ticket"),
    "thread": ("thread", "thread id", "ticket id", "conversation id", "case id", "case number", "ticket", "conversation"),
    "created": ("created", "created at", "date", "created time", "created date", "timestamp", "opened at", "sent at", "time", "received at"),
    "from": ("from", "sender", "from email", "requester email", "customer email", "contact email", "email", "requester", "customer", "contact"),
    "subject": ("subject", "title", "summary", "ticket subject"),
    "body": ("body", "description", "text", "message", "content", "body text", "comment", "first message"),
    "tags": ("tags", "labels", "label", "route", "tag", "keywords"),
    "group": ("group", "group name", "queue", "category", "type", "team", "department", "mailbox", "inbox"),
    "public": ("public", "is public"),
    "private": ("private", "is private", "internal"),
    "author": ("author type", "author role", "role", "direction", "sender type", "incoming"),
}  # fmt: skip
"""What a column says -> the names it has in exports, in lower case, blanks for underscores and hyphens."""

_YES: Final = frozenset({"true", "yes", "y", "1", "t"})
_NO: Final = frozenset({"false", "no", "n", "0", "f"})
_TEAM: Final = frozenset(
    {"agent", "admin", "team", "user", "outgoing", "outbound", "out", "system", "bot", "false", "staff"}
)


def items_in(
    stream: BinaryIO, *, path: str, origin: str, folder: str, columns: Mapping[str, str], most: int
) -> Iterator[Item | LeftOut]:
    """The mails of a CSV file, in its order. ``columns`` says for names of `COLUMNS` which column it is."""
    with _text(stream) as text, _long_fields():
        rows = csv.reader(text, delimiter=_delimiter(stream))
        head = _next(rows)
        if not isinstance(head, list):
            yield LeftOut(source=path, why="unreadable", detail=head or "it is empty")
            return
        table = _Table(_found(head, columns, path), path=path, origin=origin, folder=folder, most=most)
        if table.places.keys().isdisjoint({"body", "subject"}):
            named = ", ".join(head)[:300]
            detail = f"no column for the text among {named!a}: name it with --column body=…"
            yield LeftOut(source=path, why="unreadable", detail=detail)
            return
        number = 1
        while (row := _next(rows)) is not None:
            number += 1
            source = f"{path}#{number}"
            if isinstance(row, str):
                yield LeftOut(source=source, why="unreadable", detail=row)
            elif any(row):
                yield table.item(row, source)


class _Table:
    """Reads rows by what the head says."""

    def __init__(self, places: Mapping[str, int], *, path: str, origin: str, folder: str, most: int) -> None:
        self.places = places
        self._path = path
        self._origin = origin
        self._folder = folder
        self._most = most
        self._threads: dict[str, str] = {}

    def item(self, row: list[str], source: str) -> Item | LeftOut:
        """One line."""
        cells = {name: row[place].strip() for name, place in self.places.items() if place < len(row)}
        why = _why_not(cells)
        if why is not None:
            return LeftOut(source=source, why=why)
        at = dates.moment(cells.get("created") or None)
        if at is None:
            at = dates.parse(cells.get("created", ""))
        thread, own = cells.get("thread", ""), cells.get("id", "")
        sender, body = cells.get("from", ""), cells.get("body", "") or cells.get("subject", "")
        name = identity(ticket=thread, message=own if own != thread else "", at=at, sender=sender, body=body)
        message_id = f"{name}@import.invalid"
        opened = self._threads.setdefault(thread, message_id) if thread else ""
        return Item(
            source=source,
            origin=self._origin,
            raw=compose(
                sender=sender,
                subject=cells.get("subject", ""),
                body=cells.get("body", ""),
                at=at,
                message_id=message_id,
                in_reply_to=opened if opened != message_id else "",
                most=self._most,
            ),
            labels=labels_of(self._folder, _tags(cells.get("tags", "")), _parts(cells.get("group", ""))),
            key=name,
            at=at,
            thread=thread,
            follow_up=bool(opened) and opened != message_id,
        )


def _why_not(cells: Mapping[str, str]) -> Why | None:
    if cells.get("public", "").lower() in _NO or cells.get("private", "").lower() in _YES:
        return "private"
    if cells.get("author", "").lower() in _TEAM:
        return "team"
    return None if cells.get("body") or cells.get("subject") else "no-text"


def _found(head: list[str], given: Mapping[str, str], path: str) -> dict[str, int]:
    names = [" ".join(cell.replace("_", " ").replace("-", " ").split()).casefold() for cell in head]
    names = [name.removeprefix("\ufeff") for name in names]
    places = {}
    for what, known in COLUMNS.items():
        wanted = given.get(what)
        if wanted is None:
            place = next((names.index(name) for name in known if name in names), None)
        elif (name := " ".join(wanted.replace("_", " ").replace("-", " ").split()).casefold()) in names:
            place = names.index(name)
        else:
            raise Refused(f"{path}: {unknown('column', wanted, head)}")
        if place is not None:
            places[what] = place
    return places


def _next(rows: "Iterator[list[str]]") -> list[str] | str | None:
    """The next line; a reason when it can't be read; None at the end."""
    try:
        return next(rows, None)
    except csv.Error as error:
        return str(error)


def _tags(cell: str) -> list[str]:
    """Tags are parted by commas, else by blanks as Zendesk does."""
    return _parts(cell) if any(mark in cell for mark in ",;|") else cell.split()


def _parts(cell: str) -> list[str]:
    for mark in ";|":
        cell = cell.replace(mark, ",")
    return [part.strip() for part in cell.split(",") if part.strip()]


def _encoding(stream: BinaryIO) -> str:
    return "utf-16" if _peek(stream)[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _delimiter(stream: BinaryIO) -> str:
    start = _peek(stream)
    head = start.decode("utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace").partition("\n")[0]
    return max(",;\t", key=head.count)


@contextmanager
def _text(stream: BinaryIO) -> Iterator[io.TextIOWrapper]:
    """A stream as text; it stays open."""
    text = io.TextIOWrapper(stream, encoding=_encoding(stream), errors="replace", newline="")
    try:
        yield text
    finally:
        text.detach()


def _peek(stream: BinaryIO) -> bytes:
    start = stream.read(_HEAD)
    stream.seek(0)
    return start


@contextmanager
def _long_fields() -> Iterator[None]:
    """The limit is the library's, for all: it is put back."""
    before = csv.field_size_limit(_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(before)
