"""Answers of the API in the store's file, for a day."""

import sqlite3

from postroom.adapters.store.units import Units
from postroom.model.errors import Refused
from postroom.ports.answers import MOST_BYTES, Kept

_KEPT = 86_400.0
_LOST = 60.0


class SqliteAnswers:
    """Port `Answers` on the file of the store."""

    def __init__(self, units: Units, *, most: int = MOST_BYTES) -> None:
        self._units = units
        self._most = most

    def begin(self, key: bytes, digest: bytes, now: float, *, owner: bytes = b"") -> Kept | None:
        """See `postroom.ports.answers.Answers.begin`."""

        def unit(tx: sqlite3.Connection) -> Kept | None:
            tx.execute("DELETE FROM answers WHERE at < ?", (now - _KEPT,))
            tx.execute("DELETE FROM answers WHERE key = ? AND status = 0 AND at < ?", (key, now - _LOST))
            row = tx.execute("SELECT digest, status, body FROM answers WHERE key = ?", (key,)).fetchone()
            if row is not None:
                return Kept(digest=bytes(row[0]), status=row[1], body=bytes(row[2]))
            full = tx.execute(
                "SELECT 1 FROM answer_sizes WHERE owner = ? AND bytes >= ?", (owner, self._most)
            ).fetchone()
            if full is not None:
                raise Refused(
                    f"{self._most // 1_000_000} MB of answers to this key are kept, each for a day, so that none is done twice:"
                    " send it without Idempotency-Key, or wait"
                )
            tx.execute(
                "INSERT INTO answers (key, digest, at, status, body, owner) VALUES (?, ?, ?, 0, x'', ?)",
                (key, digest, now, owner),
            )
            return None

        return self._units.write(unit)

    def finish(self, key: bytes, status: int, body: bytes) -> None:
        """See `postroom.ports.answers.Answers.finish`."""
        change = "UPDATE answers SET status = ?, body = ? WHERE key = ? AND status = 0"
        self._units.write(lambda tx: tx.execute(change, (status, body, key)).rowcount, weight=len(body))

    def forget(self, key: bytes) -> None:
        """See `postroom.ports.answers.Answers.forget`."""
        self._units.write(lambda tx: tx.execute("DELETE FROM answers WHERE key = ?", (key,)).rowcount)
