"""Labelled mail, to measure with: JSON Lines, or a folder for each route."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postroom.adapters.intake.files import FoundMail, as_found, begins_as_mail, find_mails
from postroom.model.codec import sound
from postroom.model.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One mail with the route it belongs to."""

    mail: FoundMail
    route: str
    #: routes that are not wrong either
    acceptable: tuple[str, ...] = ()
    #: as the data says, ``""`` when it doesn't
    language: str = ""
    #: the data marks it as one of those that are hard to tell
    hard: bool = False


def read_labelled(path: Path, max_size: int) -> Iterator[Labelled]:
    """The mails of a data set, in its order. Raises `Refused` with the line of anything that can't be read."""
    if path.is_dir():
        for folder in sorted(p for p in path.iterdir() if p.is_dir()):
            for mail in find_mails([str(folder)], max_size):
                yield Labelled(mail=mail, route=folder.name)
        return
    try:
        lines = path.open("rb")
    except OSError as error:
        raise Refused(f"can't read {path}: {error.strerror}") from error
    with lines:
        if begins_as_mail(lines.peek(4096)[:4096]):
            raise Refused(
                f"{path} is mail without labels: put it into a folder for each route, or see `postroom import` for a team's"
                " archives"
            )
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _labelled(line, path, number, max_size)


def _labelled(line: bytes, path: Path, number: int, max_size: int) -> Labelled:
    try:
        item = json.loads(line)
        route = item.get("route") if isinstance(item, dict) else None
        if not isinstance(route, str):
            raise TypeError("it has no `route`")
        acceptable = tuple(map(str, item.get("acceptable") or ()))
        raw = _beginning(path.parent / item["file"], max_size + 1) if "file" in item else _as_mail(item)
    except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
        message = f"{path}:{number}: needs `route`, and `subject` + `body` or `file`: {error}"
        raise Refused(message) from error
    return Labelled(
        mail=as_found(f"{path}#{number}", raw, max_size),
        route=route,
        acceptable=acceptable,
        language=str(item.get("lang") or ""),
        hard=item.get("hard") is True,
    )


def _beginning(file: Path, most: int) -> bytes:
    with file.open("rb") as stream:
        return stream.read(most)


def _as_mail(item: dict[str, Any]) -> bytes:
    """A message of subject and body, with the sender and date if the data names them; text as it is, in UTF-8 (RFC 6532)."""
    fields = {
        "From": item.get("from") or "someone@example.com",
        "Subject": item.get("subject") or "",
        "Date": item.get("date") or "",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    head = "".join(f"{name}: {' '.join(str(value).split())}\n" for name, value in fields.items() if value)
    body = str(item.get("body") or "")
    return sound(f"{head}\n{body}{'' if body.endswith(chr(10)) else chr(10)}").encode("utf-8")
