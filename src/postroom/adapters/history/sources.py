"""Archives and exports of mail, whatever they are: Maildir, mbox, folders of .eml, CSV, JSON.

Invariant: any files give items and reasons, one at a time in memory, never an exception but `Refused` for a path that is
not there and a column that is not. The label of a mail is its folder, as seen from the path that was named, and what its
own header says.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from postroom.adapters.history import tables
from postroom.adapters.history.jsonstream import LARGEST, pieces
from postroom.adapters.history.tickets import LISTS, items_of, tickets_in
from postroom.adapters.intake.files import FoundMail, mails_in_stream
from postroom.flow.leaks import LABEL_HEADERS
from postroom.flow.past import Item, LeftOut, labels_of
from postroom.model.errors import Refused
from postroom.understand import headers

_MAILDIR: Final = frozenset({"cur", "new", "tmp"})
_TABLES: Final = frozenset({".csv", ".tsv"})
_JSON: Final = frozenset({".json", ".jsonl", ".ndjson"})
_ARCHIVE_ENDS: Final = frozenset({".mbox", ".mbx", ".eml", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".sbd"})
_KEYS: Final = tuple(key.encode() for key in LISTS if key != "conversations")
_SIZE_CAP: Final = 1 << 20
_FIELD = re.compile(rb"[!-9;-~]{1,76}:")
_MOST_LABELS: Final = 100
_QUOTED = re.compile(r'"([^"]*)"|([^,]+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How archives are read."""

    #: largest mail or message, in bytes; of a larger one the beginning is read
    most: int
    #: for CSV: what a column says -> its name
    columns: Mapping[str, str]
    #: is told how many bytes of files were read, again and again
    advance: Callable[[int], None]


def size_of(paths: Sequence[str]) -> int:
    """Bytes of the files behind some paths, for a progress bar. Raises `Refused` for a missing path."""
    return sum(_size(file) for path in paths for file, _ in _files(Path(path)))


def items_in(paths: Sequence[str], reading: Reading) -> Iterator[Item | LeftOut]:
    """All there is, in order of the paths and of names within a folder. Raises `Refused`."""
    for path in paths:
        for file, folder in _files(Path(path)):
            try:
                with file.open("rb") as stream:
                    yield from _in_file(stream, file, folder, reading)
            except OSError as error:
                yield LeftOut(source=str(file), why="unreadable", detail=error.strerror or str(error))


def _in_file(stream: BinaryIO, file: Path, folder: str, reading: Reading) -> Iterator[Item | LeftOut]:
    ending = file.suffix.lower()
    if ending in _TABLES:
        found = tables.items_in(
            stream, path=str(file), origin=file.name, folder=folder, columns=reading.columns, most=reading.most
        )
        yield from _told(found, stream, reading)
    elif ending in _JSON:
        yield from _told(_in_json(stream, file, folder, reading.most), stream, reading)
    else:
        yield from _told(_in_archive(stream, file, folder, reading.most), stream, reading)


def _told(found: Iterator[Item | LeftOut], stream: BinaryIO, reading: Reading) -> Iterator[Item | LeftOut]:
    """The same, telling how far the file was read."""
    before = 0
    for one in found:
        yield one
        at = stream.tell()
        reading.advance(at - before)
        before = at
    reading.advance(os.fstat(stream.fileno()).st_size - before)


# -- mail --------------------------------------------------------------------------------------------------------


def _in_archive(stream: BinaryIO, file: Path, folder: str, most: int) -> Iterator[Item | LeftOut]:
    start = stream.read(4096)
    stream.seek(0)
    if not start.startswith(b"From ") and not _FIELD.match(start.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n>")):
        yield LeftOut(source=str(file), why="unreadable", detail="it begins neither as a mail nor as an mbox")
        return
    for found in mails_in_stream(stream, str(file), most):
        yield _mail(found, file, folder)


def _mail(found: FoundMail, file: Path, folder: str) -> Item:
    return Item(
        source=found.path, origin=_origin(file), raw=found.raw, labels=labels_of(folder, _own_labels(found.raw))
    )


def _origin(file: Path) -> str:
    """Of a mail in a file of its own, the folder: its name says nothing."""
    return (
        file.parent.parent.name
        if file.parent.name in _MAILDIR
        else file.parent.name
        if file.suffix == ".eml"
        else file.name
    )


def _own_labels(raw: bytes) -> list[str]:
    """Labels that mail programs keep in the header."""
    head = raw[:_SIZE_CAP]
    if not any(name.encode() in head.lower() for name in ("label", "keywords", "x-folder", "x-tags")):
        return []
    found: list[str] = []
    for name, value in headers.parse(head).fields:
        if name in LABEL_HEADERS:
            decoded = headers.decode(value) if "=?" in value else value
            found += [(quoted or bare).strip() for quoted, bare in _QUOTED.findall(decoded[:10_000])]
    return [label for label in found if label][:_MOST_LABELS]


# -- JSON --------------------------------------------------------------------------------------------------------


def _in_json(stream: BinaryIO, file: Path, folder: str, most: int) -> Iterator[Item | LeftOut]:
    keys = () if _is_lines(stream) else _KEYS
    for number, piece in enumerate(pieces(stream, keys), start=1):
        source = f"{file}#{number}"
        if piece is None:
            yield LeftOut(source=source, why="unreadable", detail="it is too large, or breaks off")
            continue
        try:
            value = msgspec.json.decode(piece)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            yield LeftOut(source=source, why="unreadable", detail=f"no JSON: {error}"[:200])
            continue
        for ticket in tickets_in(value):
            yield from items_of(ticket, source=source, origin=file.name, folder=folder, most=most)


def _is_lines(stream: BinaryIO) -> bool:
    """Whether the first line is a whole object."""
    first = stream.readline(LARGEST)
    stream.seek(0)
    try:
        return isinstance(msgspec.json.decode(first), dict)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False


# -- files and folders -------------------------------------------------------------------------------------------


def _files(path: Path) -> Iterator[tuple[Path, str]]:
    """The files at a path, each with its folder as a label; dot files and what mail programs keep beside mail left out."""
    if path.is_file():
        yield path, _named(path.name if path.suffix.lower() != ".eml" else path.resolve().parent.name)
    elif path.is_dir():
        yield from _below(path)
    else:
        raise Refused(f"there is no file or folder {path}")


def _below(root: Path) -> Iterator[tuple[Path, str]]:
    for where, inner, names in os.walk(root):
        here = Path(where)
        inner.sort()
        if set(inner) >= _MAILDIR:
            inner.remove("tmp")
        folder = _folder(root, here)
        for name in sorted(names):
            file = here / name
            if name.startswith(".") or not file.is_file() or (here.name not in _MAILDIR and _is_beside(name)):
                continue
            whole = file.suffix.lower() not in {"", ".eml"} and here.name not in _MAILDIR
            is_box = here.name not in _MAILDIR and (whole or _is_mbox(file))
            yield file, "/".join(filter(None, (folder if here != root else "", _named(name)))) if is_box else folder


def _folder(root: Path, here: Path) -> str:
    """A folder as a label: below the root its path, the root itself by its name; parts of Maildirs are their Maildir."""
    parts = here.relative_to(root).parts
    if parts and parts[-1] in _MAILDIR:
        parts = parts[:-1]
    named = [_named(piece) for part in parts for piece in (part[1:].split(".") if part.startswith(".") else [part])]
    return "/".join(filter(None, named)) or _named(root.resolve().name)


def _named(name: str) -> str:
    path = Path(name)
    return path.stem if path.suffix.lower() in _ARCHIVE_ENDS else name


def _is_beside(name: str) -> bool:
    return name.lower().endswith((".msf", ".dat", ".idx", ".cache", ".log", ".html", ".lock")) or name.startswith(
        "dovecot"
    )


def _is_mbox(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(5) == b"From "
    except OSError:
        return False


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
