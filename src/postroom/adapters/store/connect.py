"""Connections to the database file, and its errors in the flow's words."""

import os
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
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


def translate(error: Exception) -> Exception:
    """A driver's error as the flow knows it: `TryLater` for what may pass, `PostroomError` for damage; others as they are."""
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
    return error if reason is None else TryLater(f"the store cannot be used now: {reason} ({error})")


@contextmanager
def translated() -> Iterator[None]:
    """Raise the driver's errors in the flow's words."""
    try:
        yield
    except sqlite3.Error as error:
        other = translate(error)
        if other is error:
            raise
        raise other from error


def create(path: Path) -> None:
    """Make the store's file where there is none: 0600, in a directory of 0700 if that is missing too; durable."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise ConfigError(
            f"SQLite {sqlite3.sqlite_version} is too old; {'.'.join(map(str, OLDEST_SQLITE))} or later is needed"
        )
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True, mode=0o700)
            sync_directory(path.parent.parent)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        sync_directory(path.parent)
    except FileExistsError:
        if path.is_dir():
            raise ConfigError(f"{path} is a directory; the store is a file") from None
    except OSError as error:
        raise TryLater(f"the store cannot be made at {path}: {error.strerror}") from error


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
        connection.execute(f"PRAGMA cache_size = -{cache_kib}")
        # `checkpoint` says when; and a log that has grown long shrinks again
        connection.execute("PRAGMA wal_autocheckpoint = 0").fetchone()
        connection.execute("PRAGMA journal_size_limit = 67108864").fetchone()
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


class Readers:
    """A few connections for reading, lent to one thread at a time; writers never wait for them, nor they for writers."""

    def __init__(self, path: Path, *, busy_seconds: float, keep: int = 4) -> None:
        self._path = path
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
                connection = connect(self._path, busy_seconds=self._busy_seconds, cache_kib=4096, read_only=True)
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
