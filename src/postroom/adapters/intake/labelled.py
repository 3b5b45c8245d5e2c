"""Labelled mail, to measure with: JSON Lines, or a folder for each route."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from postroom.adapters.intake.files import FoundMail, find_mails
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


def read_labelled(path: Path, max_size: int) -> Iterator[Labelled]:
    """The mails of a data set, in its order. Raises `Refused` with the line of anything that can't be read."""
    if path.is_dir():
        for folder in sorted(p for p in path.iterdir() if p.is_dir()):
            for mail in find_mails([str(folder)], max_size):
                yield Labelled(mail=mail, route=folder.name)
        return
    try:
        lines = path.open(encoding="utf-8")
    except OSError as error:
        raise Refused(f"can't read {path}: {error.strerror}") from error
    with lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _labelled(line, path, number, max_size)


def _labelled(line: str, path: Path, number: int, max_size: int) -> Labelled:
    try:
        item = json.loads(line)
        route = item["route"]
        raw = (path.parent / item["file"]).read_bytes()[:max_size] if "file" in item else _as_mail(item)
    except (ValueError, KeyError, TypeError, OSError) as error:
        message = f"{path}:{number}: needs `route`, and `subject` + `body` or `file`: {error}"
        raise Refused(message) from error
    return Labelled(
        mail=FoundMail(path=f"{path}#{number}", raw=raw),
        route=str(route),
        acceptable=tuple(map(str, item.get("acceptable") or ())),
        language=str(item.get("lang") or ""),
    )


def _as_mail(item: dict[str, Any]) -> bytes:
    """A message of subject and body, with the sender if the data names one."""
    message = EmailMessage()
    message["From"] = str(item.get("from") or "someone@example.com").replace("\r", " ").replace("\n", " ")
    message["Subject"] = " ".join(str(item.get("subject") or "").split())
    if date := item.get("date"):
        message["Date"] = " ".join(str(date).split())
    message.set_content(str(item.get("body") or ""), cte="8bit")
    return message.as_bytes()
