"""A Maildir folder: one file a mail, durable before it is called delivered, readable by any mail reader."""

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from postroom.adapters.destination.disk import disk_errors, sync_folder, write_all
from postroom.adapters.destination.final import filed
from postroom.adapters.destination.keys import key_word
from postroom.model.mail import DestinationName, Mail
from postroom.model.work import Parcel, Receipt, delivery_key

_OURS = ".postroom_"
_OLD = 3600.0
# A folder's time stamp may be this coarse: a younger one proves nothing about what was changed since.
_COARSE = 2.0


class MaildirDestination:
    """Writes mail into a Maildir: ``tmp/``, fsync, rename into ``new/``, fsync of the folder.

    The file name comes from the parcel's key, so a repeat finds what the first try left, in ``new/`` or, with a
    reader's flags behind it, in ``cur/``. Not idempotent: once a reader has deleted the file, moved it to another
    folder or given it another name, a repeat delivers it again. Files are of mode 0600, with lines ending in LF and
    a Return-Path on top. What no reader has moved out of ``new/`` can be withdrawn.
    """

    can_withdraw = True

    def __init__(self, name: str, path: Path, *, concurrency: int = 4, clock: Callable[[], float] = time.time) -> None:
        self.name = DestinationName(name)
        self.concurrency = concurrency
        self._path = path
        self._clock = clock
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._ready = False
        #: time stamp of ``cur/`` and the names of ours that were in it then, without their flags
        self._read: tuple[int, frozenset[str]] = (-1, frozenset())

    def deliver(self, parcel: Parcel) -> Receipt:
        """Returns once file and name are durable. Raises `TryLater` with ``lane_down`` for any trouble of the disk."""
        name = _file_name(parcel.mail, parcel.key)
        with disk_errors(self._path):
            self._prepare()
            try:
                self._keep(name, parcel)
            except FileNotFoundError:
                # Somebody removed the folder while we ran: make it again, once.
                self._ready = False
                self._prepare()
                self._keep(name, parcel)
        return Receipt(reference=name)

    def withdraw(self, mail: Mail, generation: int) -> bool:
        """True once the file is gone from ``new/``; False where a reader was faster. Raises `TryLater` as `deliver` does.

        It leaves an empty file in ``tmp/`` for an hour or longer, by which a repeat knows that it was not a reader.
        """
        name = _file_name(mail, delivery_key(mail.id, self.name, generation))
        gone = self._path / "tmp" / f"{name}.withdrawn{_OURS}tmp"
        with disk_errors(self._path):
            self._prepare()
            with suppress(FileNotFoundError):
                (self._path / "new" / name).replace(gone)
            if not gone.exists():
                return False
            os.truncate(gone, 0)
            for folder in ("new", "tmp"):
                sync_folder(self._path / folder)
        return True

    def check(self) -> str:
        """A sentence for people, once the folder is there and can be written to. Raises `TryLater`."""
        with disk_errors(self._path):
            self._ready = False
            self._prepare()
            probe = self._path / "tmp" / self._temporary("check")
            os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            probe.unlink()
        return f"Maildir {self._path} can be written to"

    def close(self) -> None:
        """There is nothing to let go of."""

    def _keep(self, name: str, parcel: Parcel) -> None:
        new = self._path / "new"
        # First new/, then cur/: a reader moves files this way, so between the two looks it can't slip through.
        if not (new / name).exists() and name not in self._in_cur():
            temporary = self._path / "tmp" / self._temporary(name)
            try:
                self._write(temporary, filed(parcel))
                temporary.replace(new / name)
            except BaseException:  # whatever it was: undone here, and raised on
                temporary.unlink(missing_ok=True)
                raise
        # Also for a repeat: the first try may have died between naming the file and this.
        sync_folder(new)

    def _write(self, path: Path, data: bytes) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _in_cur(self) -> frozenset[str]:
        cur = self._path / "cur"
        with self._lock:
            changed, names = self._read
            if cur.stat().st_mtime_ns == changed:
                return names
            changed = cur.stat().st_mtime_ns
            names = frozenset(entry.partition(":")[0] for entry in _names(cur) if _OURS in entry)
            settled = self._clock() - changed / 1e9 > _COARSE
            self._read = (changed if settled else -1, names)
            return names

    def _temporary(self, name: str) -> str:
        return f"{name}.{os.getpid()}_{next(self._numbers)}{_OURS}tmp"

    def _prepare(self) -> None:
        """Make the folders where they are missing, and clear what died here an hour ago or longer."""
        with self._lock:
            if self._ready:
                return
            for folder in (self._path, *(self._path / part for part in ("tmp", "new", "cur"))):
                if not folder.is_dir():
                    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    sync_folder(folder.parent)
            for left in (self._path / "tmp").glob(f"*{_OURS}tmp"):
                with suppress(FileNotFoundError):
                    if self._clock() - left.stat().st_mtime > _OLD:
                        left.unlink()
            self._ready = True


def _file_name(mail: Mail, key: str) -> str:
    """``<second>.<key>.postroom_``: the same for every try; readers sort by the second of acceptance."""
    return f"{int(mail.received_at)}.{key_word(key)}{_OURS}"


def _names(folder: Path) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            yield entry.name
