"""What of ours lies in a Maildir, also where a mail reader gave files other names: known by the lines that we wrote on top.

Any bytes and names give an answer, in bounded time and memory: `MOST` new files a call, `_HEAD` bytes of each.
"""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from postroom.adapters.destination.disk import disk_errors
from postroom.model.mail import DestinationName, MailId, RouteName
from postroom.model.marks import is_our_mark
from postroom.model.work import Lying

MOST: Final = 2000
_HEAD: Final = 8192
_FIELD: Final = re.compile(rb"^x-postroom-(id|route|mark):[ \t]*([^\r\n]{1,200})\r?$", re.IGNORECASE | re.MULTILINE)


class MaildirTeller:
    """Port `Teller` on one Maildir. Files are read once, as long as they keep their name up to its flags."""

    def __init__(self, name: DestinationName, path: Path, key: bytes) -> None:
        self.name = name
        self._path = path
        self._key = key
        #: names without flags -> what they are; None for what is not ours
        self._known: dict[str, Lying | None] = {}

    def lying(self) -> frozenset[Lying] | None:
        """See `postroom.ports.Teller.lying`."""
        with disk_errors(self._path):
            # First new/, then cur/: a reader moves files this way.
            files = {
                path.name.partition(":")[0]: path for folder in ("new", "cur") for path in _files(self._path / folder)
            }
        unread = [name for name in files if name not in self._known]
        self._known = {name: lying for name, lying in self._known.items() if name in files}
        for name in unread[:MOST]:
            with suppress(OSError):  # moved or deleted meanwhile, or not for us
                self._known[name] = self._read(files[name])
            self._known.setdefault(name, None)
        if len(unread) > MOST:
            return None
        return frozenset(one for one in self._known.values() if one is not None)

    def _read(self, path: Path) -> Lying | None:
        """Our own lines are above all that a stranger wrote, and signed."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            head = os.read(descriptor, _HEAD) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
        finally:
            os.close(descriptor)
        said: dict[str, str] = {}
        for name, value in _FIELD.findall(head):
            said.setdefault(name.decode().lower(), value.decode("ascii", "replace").strip())
        if not said.keys() >= {"id", "route", "mark"} or said["mark"].partition(" ")[0] != said["id"]:
            return None
        if not is_our_mark(said["mark"], self._key):
            return None
        return Lying(mail_id=MailId(said["id"]), route=RouteName(said["route"]))


def _files(folder: Path) -> Iterator[Path]:
    """None where the folder is not there: nothing was delivered yet."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            yield Path(entry.path)
