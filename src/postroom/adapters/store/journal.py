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
        self, *, before: int = 0, limit: int = 100, by: str = "", what: str = "", to: str = ""
    ) -> tuple[Deed, ...]:
        """See `postroom.ports.accounts.Journal.deeds`."""
        wanted = {"who = ?": sound(by), "what = ?": sound(what), "whom = ?": sound(to), "number < ?": before}
        terms = {term: value for term, value in wanted.items() if value}
        where = f" WHERE {' AND '.join(terms)}" if terms else ""
        with self._units.lend() as tx:
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


def _deed(row: tuple[int, float, str, str, str, str, str]) -> Deed:
    number, at, by, what, to, detail, chain = row
    return Deed(number=number, at=at, by=by, what=what, to=to, detail=detail, chain=chain)
