"""Mail from files handed in for delivery: each once, in order, many commits under way at a time."""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from postroom.adapters.intake.files import FoundMail
from postroom.model.errors import PostroomError, Refused
from postroom.model.mail import Mail

#: how many mails, and how many bytes of them, wait for their commit at a time
_OPEN = 50
_OPEN_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """What became of one mail."""

    path: str
    #: ``""`` when it was refused, or where the journal does not know it
    mail_id: str = ""
    #: the earlier arrival that it repeats
    duplicate_of: str = ""
    #: this very file was accepted already, by an earlier run or because it is named twice
    before: bool = False
    #: why it was refused, ``""`` when it was not
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _UnderWay:
    told: HandedIn
    mark: str = ""
    size: int = 0
    #: None where it has ended at once
    commit: "Future[tuple[Mail, ...]] | None" = None


class HandingIn:
    """One run over some files, beside a journal of what was accepted from files before.

    The journal names each accepted mail by its place and content, with its id, and is written after the mail is kept. A
    crash between the two repeats the mails that were under way; the store knows them again by their Message-ID. What is
    refused is not in it: the next run asks again, for the limit that it was over may be another by then.
    """

    def __init__(self, journal: Path, accept: "Callable[[bytes], Future[tuple[Mail, ...]]]") -> None:
        self._path = journal
        self._accept = accept
        self._under_way: deque[_UnderWay] = deque()
        #: mark -> id
        self._done: dict[str, str] = {}

    def run(self, mails: Iterable[FoundMail]) -> Iterator[HandedIn]:
        """Accept each mail; what is told as accepted is durable. Raises `TryLater` when the store can't take more."""
        with self._path.open("a+", encoding="ascii", errors="replace") as journal:
            journal.seek(0)
            self._done = {mark: mail_id for mark, _, mail_id in (line.strip().partition(" ") for line in journal)}
            try:
                yield from self._each(mails, journal)
            finally:  # stopped in the middle: what is kept all the same is written down
                for one in self._under_way:
                    with suppress(PostroomError):
                        self._ended(one, journal)

    def _each(self, mails: Iterable[FoundMail], journal: TextIO) -> Iterator[HandedIn]:
        unreadable: Refused | None = None
        try:
            for found in mails:
                self._under_way.append(self._begun(found))
                while len(self._under_way) >= _OPEN or sum(one.size for one in self._under_way) > _OPEN_BYTES:
                    yield self._first(journal)
        except Refused as error:
            unreadable = error
        while self._under_way:
            yield self._first(journal)
        if unreadable is not None:
            raise unreadable

    def _begun(self, found: FoundMail) -> _UnderWay:
        place = os.path.realpath(found.path).encode("utf-8", "surrogateescape")
        mark = hashlib.sha256(place + found.raw).hexdigest()
        told = HandedIn(path=found.path)
        if mark in self._done:
            return _UnderWay(told=replace(told, mail_id=self._done[mark], before=True))
        if found.truncated:
            return _UnderWay(told=replace(told, error=f"larger than intake.max_size, {len(found.raw)} bytes"))
        try:
            commit = self._accept(found.raw)
        except Refused as error:
            return _UnderWay(told=replace(told, error=str(error)))
        self._done[mark] = ""
        return _UnderWay(told=told, mark=mark, size=len(found.raw), commit=commit)

    def _first(self, journal: TextIO) -> HandedIn:
        told = self._ended(self._under_way[0], journal)
        self._under_way.popleft()
        return told

    def _ended(self, one: _UnderWay, journal: TextIO) -> HandedIn:
        """Wait for the commit, then write it down. Raises `TryLater`."""
        if one.commit is None:
            return one.told
        (kept,) = one.commit.result()
        self._done[one.mark] = kept.id
        journal.write(f"{one.mark} {kept.id}\n")
        journal.flush()
        return replace(one.told, mail_id=kept.id, duplicate_of=kept.duplicate_of or "")
