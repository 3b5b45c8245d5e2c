"""A copy of the whole store while it runs, and a store from such a copy that does nothing until a person says so."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from postroom.adapters.store.connect import connect, create, sync_directory, translated
from postroom.adapters.store.mounts import refuse_network
from postroom.adapters.store.schema import APPLICATION, migrate
from postroom.model.errors import ConfigError, PostroomError, TryLater

Progress = Callable[[int, int], None]
"""Is told (pages done, pages in all) now and then."""

_PAGES_A_STEP = 2000
#: a store's file, and what SQLite may keep beside it
_PARTS = ("", "-wal", "-shm", "-journal")


def backup(store: Path, target: Path, progress: Progress | None = None) -> None:
    """Write the store as it is at this moment to a file that is complete and durable, or not there at all.

    Nobody waits for it. The file is a database of its own, 0600, and takes the place of an older one of that name.
    Raises `TryLater`.
    """
    if not store.is_file():
        raise ConfigError(f"there is no store at {store}")
    with translated(), closing(connect(store, busy_seconds=5.0, cache_kib=4096, read_only=True)) as source:
        # One read transaction from start to end: the copy is of one moment, and writers don't make it begin again.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        _write_beside(target, lambda made: _copy(source, made, progress))


def restore(
    source: Path,
    store: Path,
    progress: Progress | None = None,
    *,
    mounts: str | None = None,
    before: Callable[[Path], None] = lambda _made: None,
) -> int:
    """Make a store of a backup, checked and brought to the newest version, with all unfinished jobs held: how many.

    What was done between backup and restore is not known, so nothing is judged or delivered until a person lets it
    go (``retry`` with ``states=("held",)``), and everybody has to sign in again. What has to happen ``before`` anybody can
    read it is done to the file while it has another name. Raises `ConfigError` where there is a store already or the backup is
    none of ours, `PostroomError` when it is damaged, and `TryLater`.
    """
    # A log that was left behind by another store would be played into this one.
    if left := [path for suffix in _PARTS if (path := store.with_name(store.name + suffix)).exists()]:
        names = ", ".join(path.name for path in left)
        raise ConfigError(f"there is a store at {store} already ({names}); move it away first, all of it together")
    if not source.is_file():
        raise ConfigError(f"there is no backup at {source}")
    held = 0

    def fill(made: Path) -> None:
        nonlocal held
        with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as saved:
            _check(saved, source)
            _copy(saved, made, progress)
        with closing(connect(made, busy_seconds=5.0, cache_kib=4096)) as connection:
            migrate(connection)
            held = _hold(connection)
        before(made)
        with closing(connect(made, busy_seconds=5.0, cache_kib=4096)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()

    with translated():
        _write_beside(store, fill, mounts=mounts, as_folder=True)
    return held


def _write_beside(
    target: Path, fill: Callable[[Path], None], *, mounts: str | None = None, as_folder: bool = False
) -> None:
    """Have a file written under another name, then put it in its place, both durably."""
    target = target.absolute()
    made = target.with_name(f".{target.name}.{os.getpid()}.part")
    made.unlink(missing_ok=True)
    create(made, as_folder=as_folder)
    try:
        refuse_network(made.parent, mounts)
        fill(made)
        with made.open("rb") as written:
            os.fsync(written.fileno())
        made.replace(target)
        sync_directory(target.parent)
    except OSError as error:
        raise TryLater(f"{target} cannot be written: {error.strerror}") from error
    finally:
        for suffix in _PARTS:
            made.with_name(made.name + suffix).unlink(missing_ok=True)


def _copy(source: sqlite3.Connection, made: Path, progress: Progress | None) -> None:
    def told(_: int, remaining: int, total: int) -> None:
        if progress is not None:
            progress(total - remaining, total)

    with closing(sqlite3.connect(made, isolation_level=None)) as copy:
        source.backup(copy, pages=_PAGES_A_STEP, progress=told)
        # One file, with nothing beside it that could be forgotten.
        copy.execute("PRAGMA journal_mode = DELETE").fetchone()


def _check(saved: sqlite3.Connection, source: Path) -> None:
    try:
        if saved.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
            raise ConfigError(f"{source} is no backup of postroom")
        found = [row[0] for row in saved.execute("PRAGMA quick_check(3)")]
    except sqlite3.DatabaseError as error:
        # It is the backup that is wrong, not the store.
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            raise ConfigError(f"{source} is no backup of postroom") from error
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
        found = [str(error)]
    if found != ["ok"]:
        raise PostroomError(f"the backup {source} is damaged: {'; '.join(found)}")


def _hold(connection: sqlite3.Connection) -> int:
    connection.execute("BEGIN IMMEDIATE")
    held = connection.execute(
        "UPDATE jobs SET state = 'held', solo = 0, claim = NULL WHERE state IN ('ready', 'claimed')"
    ).rowcount
    connection.execute(
        "UPDATE replies SET state = 'failed', settled_at = at,"
        " said = 'a backup was brought back: it may have been sent after that was made'"
        " WHERE state IN ('waiting', 'sending')"
    )
    connection.execute(
        "UPDATE notices SET state = 'not', said = 'a backup was brought back: it may have been told after that was made'"
        " WHERE state IN ('waiting', 'taken')"
    )
    connection.execute(
        "INSERT INTO attempts (call, at, said) SELECT id, at,"
        " 'a backup was brought back: it may have been told after that was made' FROM calls WHERE state = 'waiting'"
    )
    connection.execute("UPDATE calls SET state = 'given-up', settled_at = at WHERE state = 'waiting'")
    connection.execute("DELETE FROM claims")
    connection.execute("DELETE FROM lanes")
    connection.execute("DELETE FROM sessions")  # one that was ended since would come to life again
    connection.execute("COMMIT")
    return held
