"""Connections to the database file, and its errors in the flow's words."""

import os
import pwd
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from postroom.model.errors import ConfigError, PostroomError, TryLater

#: ALTER TABLE … DROP COLUMN is there from here on
OLDEST_SQLITE = (3, 35, 0)

_LATER = {
    sqlite3.SQLITE_BUSY: "it is locked by another process",
    sqlite3.SQLITE_LOCKED: "it is locked by another process",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened",
    sqlite3.SQLITE_READONLY: "its file is read-only",
    sqlite3.SQLITE_PERM: "its file may not be used",
    sqlite3.SQLITE_AUTH: "its file may not be used",
    sqlite3.SQLITE_NOMEM: "there is not enough memory",
    sqlite3.SQLITE_PROTOCOL: "its locks are in the way",
    sqlite3.SQLITE_SCHEMA: "it is being upgraded",
    sqlite3.SQLITE_INTERRUPT: "it was interrupted",
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def translate(error: Exception, path: Path | None = None) -> Exception:
    """A driver's error as the flow knows it: `TryLater` for what may pass, `PostroomError` for damage; others as they are.

    Given the ``path``, a file that we may not use is named with its owner.
    """
    if not isinstance(error, sqlite3.Error):
        return error
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        if isinstance(error, sqlite3.ProgrammingError) and "closed database" in str(error):
            return TryLater("the store is closed")
        return error
    if code & 0xFF in _DAMAGED:
        return PostroomError(
            f"the store is damaged ({error}): stop postroom and restore a backup (postroom backup --help)"
        )
    reason = _LATER.get(code & 0xFF)
    if reason is None:
        return error
    return TryLater(f"the store cannot be used now: {reason} ({error}){_barred(path) if path else ''}")


@contextmanager
def translated(path: Path | None = None) -> Iterator[None]:
    """Raise the driver's errors in the flow's words, as `translate` puts them."""
    try:
        yield
    except sqlite3.Error as error:
        other = translate(error, path)
        if other is error:
            raise
        raise other from error


def create(path: Path, *, as_folder: bool = True) -> None:
    """Make the store's file where there is none: 0600, in a directory of 0700 if that is missing too; durable.

    What root makes belongs to whom the folder belongs, if ``as_folder``: else the server, which is not root, could
    not use it.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise ConfigError(
            f"SQLite {sqlite3.sqlite_version} is too old; {'.'.join(map(str, OLDEST_SQLITE))} or later is needed"
        )
    if not _has_fts5():
        raise ConfigError(
            "this Python's SQLite was built without FTS5, which search needs; use a Python whose SQLite has it"
        )
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)  # another process may be making it
            sync_directory(path.parent.parent)
        _refuse_beside_log(path)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            if as_folder:
                give_to_owner_of_folder(descriptor, path)
        finally:
            os.close(descriptor)
        sync_directory(path.parent)
    except FileExistsError:
        if path.is_dir():
            raise ConfigError(f"{path} is a directory; the store is a file") from None
    except OSError as error:
        raise TryLater(f"the store cannot be made at {path}: {error.strerror}; {owners(path.parent)}") from error


def _refuse_beside_log(path: Path) -> None:
    """Raise `TryLater` where a store was and its log still is: a new one would hide that it is away, and SQLite would empty the log."""
    (log, _) = _beside(path)
    if log.exists() and not path.exists():
        raise TryLater(
            f"the store at {path} was moved or deleted, and its log {log.name} is still there: put it back, or move the"
            " log away too for a new one"
        )


def _has_fts5() -> bool:
    with closing(sqlite3.connect(":memory:")) as connection:
        return connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone() is not None


def give_to_owner_of_folder(descriptor: int, path: Path) -> None:
    """Where root has made a file in a folder of somebody else's, it is theirs."""
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.fchown(descriptor, folder.st_uid, folder.st_gid)


def _barred(store: Path) -> str:
    """Which of the store's files we may not use, if it is that."""
    for path in (store, *_beside(store)):
        if path.exists() and not os.access(path, os.R_OK | os.W_OK, effective_ids=True):
            return f"; {owners(path)}"
    return ""


def owners(path: Path) -> str:
    """Whose a file is and who we are, in words, for whoever wonders why it can't be used."""
    try:
        status = path.stat()
    except OSError:
        return f"we are {_user(os.geteuid())}"
    return (
        f"{path} belongs to {_user(status.st_uid)} (mode {status.st_mode & 0o7777:04o}), we are {_user(os.geteuid())}"
    )


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


class OpenedFile:
    """The file that a path led to when it was opened. Made once it and its log are there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._identity = _identity(path)
        self._beside = {beside: _identity(beside) for beside in _beside(path)}

    @property
    def replaced(self) -> bool:
        """Whether the path leads to another file now: this one can only be left, and the other one opened."""
        return _identity(self.path) not in (None, self._identity)

    def check(self) -> None:
        """Raise `TryLater` unless the path still leads to it: it would take writes all the same, and they would vanish with it."""
        found = _identity(self.path)
        if found is None:
            raise TryLater("the store cannot be used now: its file was moved or deleted; put it back, or start again")
        if found != self._identity:
            raise TryLater("the store cannot be used now: another file has taken its place; start again")

    def set_log_aside(self) -> tuple[Path, ...]:
        """Give the log another name, if it is still there: SQLite would play it into the file that has taken the place."""
        moved = []
        for path, identity in self._beside.items():
            if identity is not None and _identity(path) == identity:
                with suppress(OSError):  # another process was faster
                    moved.append(path.rename(path.with_name(f"{path.name}.left")))
        return tuple(moved)


def _beside(path: Path) -> tuple[Path, ...]:
    """What SQLite keeps beside a store: the log, and its index."""
    return tuple(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - twice as fast as Path.stat, and asked before every commit
    except OSError:
        return None
    return status.st_dev, status.st_ino


def sync_directory(directory: Path) -> None:
    """Return once the directory's entries are on the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def connect(path: Path, *, busy_seconds: float, cache_kib: int, read_only: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode that any thread may use, one at a time."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        # FULL: a commit returns after the write-ahead log is on the disk (fdatasync). Nothing less keeps a promise.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        # What is deleted or replaced on a page is overwritten where that costs no more writing (`privacy` sees to the rest).
        connection.execute("PRAGMA secure_delete = FAST").fetchone()
        connection.execute(f"PRAGMA cache_size = -{cache_kib}")
        # `checkpoint` says when; and a log that has grown long shrinks again
        connection.execute("PRAGMA wal_autocheckpoint = 0").fetchone()
        connection.execute("PRAGMA journal_size_limit = 67108864").fetchone()
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:  # whatever it was: undone here, and raised on
        connection.close()
        raise
    return connection


class Readers:
    """A few connections for reading, lent to one thread at a time; writers never wait for them, nor they for writers."""

    def __init__(self, file: OpenedFile, *, busy_seconds: float, keep: int = 4) -> None:
        self._file = file
        self._busy_seconds = busy_seconds
        self._keep = keep
        self._idle: deque[sqlite3.Connection] = deque()
        self._closed = False

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """A connection for the length of a ``with``; the driver's errors come out in the flow's words."""
        if self._closed:
            raise TryLater("the store is closed")
        with translated():
            try:
                connection = self._idle.pop()
            except IndexError:
                self._file.check()
                connection = connect(self._file.path, busy_seconds=self._busy_seconds, cache_kib=4096, read_only=True)
            try:
                yield connection
            finally:
                if self._closed or len(self._idle) >= self._keep:
                    connection.close()
                else:
                    self._idle.append(connection)

    def close(self) -> None:
        """Close those that are idle; one that is lent closes when it comes back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
