"""Small pieces of SQL that several rooms of the store use."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Any

from postroom.model.codec import sound

#: rows of one statement: each statement hands the interpreter lock over once, so few large ones beat many small ones
_ROWS = (64, 16, 4, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """An INSERT of any number of rows."""

    #: up to and with VALUES
    head: str
    #: columns of a row
    width: int
    #: e.g. ON CONFLICT …
    tail: str = ""

    def run(self, tx: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Insert all rows, in order."""
        at = 0
        for size in _ROWS:
            while len(rows) - at >= size:
                flat = [value for row in rows[at : at + size] for value in row]
                tx.execute(_statement(self, size), flat)
                at += size


@cache
def _statement(insert: Insert, rows: int) -> str:
    row = "(" + ", ".join("?" * insert.width) + ")"
    return f"{insert.head} {', '.join([row] * rows)} {insert.tail}"


def id_list(ids: Iterable[int]) -> str:
    """Integers for ``IN (SELECT value FROM json_each(?))``: one statement for any number of them."""
    return "[" + ",".join(map(str, ids)) + "]"


def number_of(key: str) -> int | None:
    """A key as 63 bits, for indexes; None for ``""``. Two keys that meet only wait for each other."""
    if not key:
        return None
    return int.from_bytes(hash_of(key)[:8], "big") >> 1


def hash_of(key: str) -> bytes:
    """A key of any length, of any characters, as 16 bytes."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def bump(tx: sqlite3.Connection, name: str, by: int) -> None:
    """Add to a counter."""
    if by:
        tx.execute(
            "INSERT INTO counters (name, n) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET n = n + excluded.n",
            (name, by),
        )


def short(text: str, limit: int = 2000) -> str:
    """Text from outside as it can be kept in a column."""
    return sound(text[:limit])


def started_with(prefix: str) -> tuple[str, str]:
    """Bounds (from, before) of the texts that start with a prefix, for an index."""
    return prefix, prefix + "\U0010ffff"
