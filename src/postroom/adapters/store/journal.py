"""The audit log in the store's file. Triggers keep lines from being changed or taken away, chains show it where they were."""

import sqlite3
from collections.abc import Sequence

from postroom.adapters.store.sql import Insert
from postroom.adapters.store.units import Units
from postroom.model.codec import sound
from postroom.model.deeds import chained
from postroom.model.people import Deed

_INSERT = Insert(head="INSERT INTO deeds (number, at, who, what, whom, detail, chain) VALUES", width=7)
_LINE = "SELECT number, at, who, what, whom, detail, chain FROM deeds"
_OUT_OF_ORDER = 86_400.0
"""Seconds by which lines may stand out of the order of time: each has the time of the process that wrote it."""


def write(tx: sqlite3.Connection, deeds: Sequence[Deed]) -> None:
    """Add lines in the transaction of what they tell of."""
    number, chain = tx.execute("SELECT number, chain FROM deeds ORDER BY number DESC LIMIT 1").fetchone() or (0, "")
    rows = []
    for deed in deeds:
        number += 1
        line = chained(deed, number, chain)
        chain = line.chain
        rows.append((number, line.at, line.by, line.what, line.to, line.detail, chain))
    _INSERT.run(tx, rows)


class SqliteJournal:
    """Everything of `postroom.ports.accounts.Journal`."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def write(self, deeds: Sequence[Deed]) -> None:
        """See `postroom.ports.accounts.Journal.write`."""
        if deeds:
            self._units.write(lambda tx: write(tx, deeds), weight=512 * len(deeds))

    def deeds(
        self,
        *,
        before: int = 0,
        limit: int = 100,
        by: str = "",
        what: str = "",
        to: str = "",
        since: float | None = None,
        until: float | None = None,
    ) -> tuple[Deed, ...]:
        """See `postroom.ports.accounts.Journal.deeds`."""
        wanted: dict[str, str | float] = {
            "who = ?": sound(by),
            "what = ?": sound(what),
            "whom = ?": sound(to),
            "number < ?": before,
        }
        terms = {term: value for term, value in wanted.items() if value}
        with self._units.lend() as tx:
            if since is not None:
                terms |= {"at >= ?": since, "number >= ?": _first(tx, since - _OUT_OF_ORDER)}
            if until is not None:
                terms |= {"at < ?": until, "number <= ?": -1 + _first(tx, until + _OUT_OF_ORDER)}
            where = f" WHERE {' AND '.join(terms)}" if terms else ""
            rows = tx.execute(f"{_LINE}{where} ORDER BY number DESC LIMIT ?", (*terms.values(), limit))
            return tuple(_deed(row) for row in rows)

    def verify(self) -> int:
        """See `postroom.ports.accounts.Journal.verify`."""
        number, chain = 0, ""
        with self._units.lend() as tx:
            for row in tx.execute(f"{_LINE} ORDER BY number"):
                found = _deed(row)
                if found != chained(found, number + 1, chain):
                    break
                number, chain = found.number, found.chain
        return number


def _first(tx: sqlite3.Connection, moment: float) -> int:
    """The number of the first line from a moment on, by halving the log: time has no index, and needs none."""
    low, high = 1, tx.execute("SELECT coalesce(max(number), 0) + 1 FROM deeds").fetchone()[0]
    while low < high:
        middle = (low + high) // 2
        at = tx.execute("SELECT at FROM deeds WHERE number = ?", (middle,)).fetchone()
        if at is None or at[0] < moment:
            low = middle + 1
        else:
            high = middle
    return int(low)


def _deed(row: tuple[int, float, str, str, str, str, str]) -> Deed:
    number, at, by, what, to, detail, chain = row
    return Deed(number=number, at=at, by=by, what=what, to=to, detail=detail, chain=chain)
