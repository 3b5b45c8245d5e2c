"""Mail from files: .eml, mbox, Maildir, whole folders, standard input. One mail in memory at a time."""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from postroom.model.errors import Refused

#: folders of a Maildir that hold mail; tmp/ holds what is still being written
_MAILDIR = ("new", "cur")
_FIELD = re.compile(
    rb"^(?:\xef\xbb\xbf)?(?:from|to|cc|subject|date|received|return-path|delivered-to|message-id|reply-to|sender|mime-version"
    rb"|(?:content|x|arc|list|resent|dkim|authentication|envelope)-[a-z0-9-]{1,60})[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_MAIL_END = ".eml"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMail:
    """One mail in a file."""

    #: the file, with ``#number`` (from 1) inside an mbox
    path: str
    raw: bytes
    #: it is larger than may be read: ``raw`` is its beginning alone
    truncated: bool = False


def count_bytes(paths: Sequence[str]) -> int:
    """Bytes of mail behind some paths, for a progress bar; standard input counts nothing. Raises `Refused` for a missing path."""
    return sum(_size(file) for path in paths if path != "-" for file in _files(Path(path)))


def as_found(path: str, raw: bytes, max_size: int) -> FoundMail:
    """A mail of which at least one byte more than ``max_size`` was read, if it has so many."""
    return FoundMail(path=path, raw=raw[:max_size], truncated=len(raw) > max_size)


def begins_as_mail(start: bytes) -> bool:
    """Whether a file that begins so is an mbox, or a mail: with a field among its first lines that mails have."""
    return start.startswith(b"From ") or bool(_FIELD.search(start))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # it went while we looked; whether it can be read is said when it is
        return 0


def find_mails(paths: Sequence[str], max_size: int) -> Iterator[FoundMail]:
    """The mails behind some paths, in order of the paths and of names within a folder.

    Of a mail larger than ``max_size`` bytes only the beginning is read, and it says so. Raises `Refused` for a path that
    doesn't exist or can't be read, and for a file that is named and begins as no mail does, unless its name ends in .eml.
    """
    for path in paths:
        if path == "-":
            yield from mails_in_stream(sys.stdin.buffer, "-", max_size)
            continue
        for file in _files(Path(path)):
            try:
                with file.open("rb") as stream:
                    if str(file) == path and file.is_file():
                        _require_mail(stream, file)
                    yield from mails_in_stream(stream, str(file), max_size)
            except OSError as error:
                raise Refused(f"can't read {file}: {error.strerror}") from error


def _files(path: Path) -> Iterator[Path]:
    """The files of mail at a path: itself, a Maildir's messages, or all regular files below a folder; dot files left out."""
    if path.exists() and not path.is_dir():
        yield path  # whatever a person names, a pipe too
    elif path.is_dir():
        folders = [path / name for name in _MAILDIR] if all((path / name).is_dir() for name in _MAILDIR) else [path]
        for folder in folders:
            for where, inner, names in os.walk(folder, onerror=_unreadable):
                inner.sort()
                below = (Path(where, name) for name in sorted(names) if not name.startswith("."))
                # pipes and devices have no end, and a link may lead nowhere
                yield from (file for file in below if file.is_file())
    else:
        raise Refused(f"there is no file or folder {path}")


def _require_mail(stream: BinaryIO, file: Path) -> None:
    start = stream.read(4096)
    stream.seek(0)
    if start and file.suffix.lower() != _MAIL_END and not begins_as_mail(start):
        raise Refused(
            f"{file} begins neither as a mail nor as an mbox. For exports (CSV, JSON) there is `postroom import`;"
            " a mail that is damaged at its head is taken if its name ends in .eml"
        )


def _unreadable(error: OSError) -> None:
    raise Refused(f"can't read {error.filename}: {error.strerror}") from error


def mails_in_stream(stream: BinaryIO, name: str, max_size: int) -> Iterator[FoundMail]:
    """One mail, or the mails of an mbox: a file that begins with a ``From `` line (RFC 4155)."""
    first = stream.readline(max_size)
    if not first.startswith(b"From "):
        yield as_found(name, first + stream.read(max_size + 1 - len(first)), max_size)
        return
    for number, raw in enumerate(_in_mbox(stream, max_size + 1), start=1):
        yield as_found(f"{name}#{number}", raw, max_size)


def _in_mbox(stream: BinaryIO, most: int) -> Iterator[bytes]:
    """The mails after the first ``From `` line, each up to ``most`` bytes or a little more; a quoted ``>From `` loses one ``>`` (mboxrd)."""
    room = most + len(b"\r\n")  # for the blank line that ends a mail and is no part of it
    mail = bytearray()
    blank = b""
    while line := stream.readline(room):
        if line.startswith(b"From ") and blank:
            yield bytes(mail.removesuffix(blank))
            mail.clear()
            blank = b""
            continue
        blank = line if line in (b"\n", b"\r\n") else b""
        if line.startswith(b">") and line.lstrip(b">").startswith(b"From "):
            line = line[1:]
        if len(mail) < room:
            mail += line[: room - len(mail)]
    yield bytes(mail.removesuffix(blank) if len(mail) > len(blank) else mail)
