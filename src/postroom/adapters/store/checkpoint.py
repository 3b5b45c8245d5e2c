"""When the write-ahead log is copied back into the database file.

SQLite by itself does it within every so many commits, which makes these slow. Here the writer does it after a group's
futures have completed, once about eight megabytes have been logged. When several processes write, each copies what it
finds; the log begins anew when a writer finds all of it copied and nobody reading.
"""

import sqlite3

_PAGE_BYTES = 4096
#: index pages that a piece of work touches, about
_PAGES_A_WORK = 6
_PAGES = 2000


class Checkpoints:
    """Decides and does; called by the writer thread alone."""

    def __init__(self) -> None:
        self._pages = 0

    def after_commit(self, connection: sqlite3.Connection, works: int, weight: int) -> None:
        """A group of ``works`` with ``weight`` bytes was committed. Never fails: the log only grows until the next time."""
        self._pages += works * _PAGES_A_WORK + weight // _PAGE_BYTES
        if self._pages < _PAGES:
            return
        self._pages = 0
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error:
            return
