"""The file of tombstones beside the store: JSON Lines that are only ever added to, one for what was erased at once.

A line is ``{"at": seconds, "by": who, "key": name of the key, "kind": "address" | "mail" | "message", "hashes": [hex, …]}``.
It names nobody. A last line that a crash cut off is passed over: what it told of was not erased yet.
"""

import json
import os
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from postroom.adapters.destination.disk import write_all
from postroom.adapters.store.connect import give_to_owner_of_folder, sync_directory
from postroom.model.errors import PostroomError, TryLater
from postroom.model.privacy import Tombstone


class TombstoneFile:
    """Everything of `postroom.ports.privacy.Tombstones`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, stones: Sequence[Tombstone]) -> None:
        """See `postroom.ports.privacy.Tombstones.add`."""
        if not stones:
            return
        try:
            new = not self.path.exists()
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "rb+", buffering=0) as file:
                if new:
                    give_to_owner_of_folder(descriptor, self.path)
                write_all(descriptor, (b"" if _ends_whole(descriptor) else b"\n") + _lines(stones))
                os.fsync(file.fileno())
            if new:
                sync_directory(self.path.parent)
        except OSError as error:
            raise TryLater(f"{self.path} cannot be written: {error.strerror}") from error

    def all(self) -> tuple[Tombstone, ...]:
        """See `postroom.ports.privacy.Tombstones.all`. None where there is no file."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise TryLater(f"{self.path} cannot be read: {error.strerror}") from error
        lines = content.split(b"\n")
        found: list[Tombstone] = []
        for number, line in enumerate(lines, 1):
            if line:
                try:
                    found += _stones(json.loads(line))
                except (ValueError, TypeError, LookupError) as error:
                    # Cut off by a crash: at the end, or before a line that was begun anew.
                    if line.startswith(b"{") and not line.endswith(b"}"):
                        continue
                    raise PostroomError(f"{self.path} is damaged in line {number}: {error}") from error
        return tuple(found)


def _ends_whole(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"


def _lines(stones: Sequence[Tombstone]) -> bytes:
    lines = []
    for (at, by, key, kind), some in groupby(stones, lambda one: (one.at, one.by, one.key, one.kind)):
        facts = {"at": at, "by": by, "key": key, "kind": kind, "hashes": [one.hash.hex() for one in some]}
        lines.append(json.dumps(facts).encode("ascii") + b"\n")
    return b"".join(lines)


def _stones(facts: dict[str, object]) -> list[Tombstone]:
    at, by, key, kind, hashes = (facts[name] for name in ("at", "by", "key", "kind", "hashes"))
    if kind not in ("address", "mail", "message") or not isinstance(hashes, list):
        raise ValueError(f"{kind!r} is no kind of tombstone")
    return [
        Tombstone(kind=kind, hash=bytes.fromhex(one), at=float(str(at)), by=str(by), key=str(key)) for one in hashes
    ]
