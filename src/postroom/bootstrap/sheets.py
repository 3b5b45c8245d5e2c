"""The team's files of rules, phrases, examples and answers, for the pages: read, written whole, and put into force."""

import os
import signal
import stat
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from postroom.adapters.wholefile import write_whole
from postroom.bootstrap.accepted import last_accepted
from postroom.bootstrap.shelf import Shelf, unreadable, written
from postroom.model.errors import TryLater
from postroom.model.rulebooks import KINDS, SheetKind, SheetName, Texts, kind_of

_MODE = 0o644


class FolderSheets:
    """What ports `Sheets` on folders have in common: a folder for each kind of file."""

    def __init__(self, folders: Mapping[SheetKind, Path]) -> None:
        self._folders = folders

    def texts(self) -> Texts:
        """See `postroom.ports.rulebooks.Sheets.texts`."""
        try:
            return written(self._folders, but=self.unreadable())
        except OSError as error:
            raise TryLater(f"the team's files can't be read: {error.strerror}") from error

    def unreadable(self) -> Mapping[SheetName, str]:
        """See `postroom.ports.rulebooks.Sheets.unreadable`."""
        return unreadable(self._folders)

    def hindrance(self, sheet: SheetName) -> str:
        """See `postroom.ports.rulebooks.Sheets.hindrance`."""
        path = self._path(sheet)
        folder = path.parent
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        if os.access(folder, os.W_OK | os.X_OK):
            return ""
        return (
            f"postroom may not write in {folder}. Let the user it runs as write there, or download the text and put it there"
            f" yourself, as {path.name}"
        )

    def put(self, changes: Mapping[SheetName, str | None]) -> None:
        """See `postroom.ports.rulebooks.Sheets.put`."""
        try:
            for sheet, text in changes.items():
                path = self._path(sheet)
                if text is None:
                    path.unlink(missing_ok=True)
                else:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    write_whole(path, text.encode("utf-8", "replace"), mode=_mode(path), own=_as_it_was(path))
        except OSError as error:
            raise TryLater(f"the file {sheet} can't be written: {error.strerror}. Look at all of them again") from error

    def _path(self, sheet: SheetName) -> Path:
        """Its file; behind a link, what the link leads to."""
        return (self._folders[kind_of(sheet)] / sheet.partition("/")[2]).resolve()


class TeamSheets(FolderSheets):
    """Port `Sheets` on the folders of rules that the settings name."""

    def __init__(self, shelf: Shelf, tell: Callable[[], None]) -> None:
        super().__init__({kind: shelf.folder(kind) for kind in KINDS})
        self._shelf = shelf
        self._tell = tell

    def shipped(self) -> Texts:
        """See `postroom.ports.rulebooks.Sheets.shipped`."""
        return {SheetName(name): text for kind in KINDS for name, text in self._shelf.shipped(kind).items()}

    def in_force(self, texts: Texts) -> bool:
        """See `postroom.ports.rulebooks.Sheets.in_force`."""
        last = last_accepted(self._shelf.kept_at())
        drafted = self._shelf.drafted(texts)
        return last is not None and (last.rules, last.phrases) == (drafted.rules, drafted.phrases)

    def tell(self) -> None:
        """See `postroom.ports.rulebooks.Sheets.tell`."""
        self._tell()


class TemplateSheets(FolderSheets):
    """Port `Sheets` on the folder of templates: whoever answers reads them again whenever a file has changed."""

    def __init__(self, folder: Path, shipped: Mapping[str, str]) -> None:
        super().__init__({"answers": folder})
        self._shipped = {SheetName(f"starter/answers/{name}.toml"): text for name, text in shipped.items()}

    def shipped(self) -> Texts:
        """See `postroom.ports.rulebooks.Sheets.shipped`."""
        return self._shipped

    def in_force(self, texts: Texts) -> bool:
        """See `postroom.ports.rulebooks.Sheets.in_force`."""
        return True

    def tell(self) -> None:
        """See `postroom.ports.rulebooks.Sheets.tell`."""


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return _MODE


def _as_it_was(path: Path) -> Callable[[int], None]:
    """Gives a file the permissions of the one whose place it takes, whatever the umask; and its group, where we may."""

    def own(file: int) -> None:
        if path.exists():
            before = path.stat()
            if before.st_gid != os.fstat(file).st_gid and before.st_gid in os.getgroups():
                os.fchown(file, -1, before.st_gid)
            os.fchmod(file, stat.S_IMODE(before.st_mode))

    return own


def tell_server(lock: Path) -> Callable[[], None]:
    """Asks the server whose child this process is, if it is one's, to read the rules again; ``lock`` names the server."""
    parent = os.getppid()

    @cache
    def is_server() -> bool:
        try:
            return lock.read_text(encoding="ascii").strip() == str(parent)
        except (OSError, UnicodeError):
            return False

    def tell() -> None:
        if os.getppid() == parent and is_server():
            os.kill(parent, signal.SIGHUP)

    return tell
