"""Warnings about clocks of cases, in the store's file. A trigger tells webhooks of each (migration 0015)."""

import sqlite3
from collections.abc import Sequence

from postroom.adapters.store.cases import CASE, case_of, seen
from postroom.adapters.store.sight import Values
from postroom.adapters.store.sql import short
from postroom.adapters.store.units import Units
from postroom.model.cases import Case, CaseEvent, CaseNumber, CaseWarning, Pressing
from postroom.model.people import Sight


class SqliteDeadlines:
    """Port `Deadlines` on the file of the store."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def due(self, now: float, limit: int) -> tuple[Case, ...]:
        """See `postroom.ports.deadlines.Deadlines.due`."""
        with self._units.lend() as tx:
            rows = tx.execute(
                f"{CASE} INDEXED BY cases_warn WHERE c.todo = 1 AND c.warn_at <= ? ORDER BY c.warn_at LIMIT ?",
                (now, limit),
            )
            return tuple(map(case_of, rows))

    def warn(self, case: Case, warnings: Sequence[tuple[CaseWarning, CaseEvent]], next_at: float) -> int:
        """See `postroom.ports.deadlines.Deadlines.warn`."""
        return self._units.write(lambda tx: _warn(tx, case, warnings, next_at))

    def warning(self, number: int) -> CaseWarning | None:
        """See `postroom.ports.deadlines.Deadlines.warning`."""
        with self._units.lend() as tx:
            row = tx.execute("SELECT number, clock, stage, due FROM case_warnings WHERE id = ?", (number,)).fetchone()
        return None if row is None else CaseWarning(case=CaseNumber(row[0]), clock=row[1], stage=row[2], due=row[3])

    def pressing(self, now: float, sight: Sight) -> Pressing:
        """See `postroom.ports.deadlines.Deadlines.pressing`."""
        values = Values(now=now)
        of_sight = "".join(f" AND {term}" for term in seen(sight, values, sorts=True))
        near, late = (
            f"SELECT count(*) FROM cases AS c INDEXED BY {index} WHERE c.todo = 1 AND c.{column} <= :now{of_sight}"  # noqa: S608 - our own SQL
            for index, column in (("cases_near", "near_at"), ("cases_todo", "rank"))
        )
        with self._units.lend() as tx:
            soon, over = (tx.execute(one, values).fetchone()[0] for one in (near, late))
        return Pressing(near=max(soon - over, 0), late=over)


def _warn(tx: sqlite3.Connection, case: Case, warnings: Sequence[tuple[CaseWarning, CaseEvent]], next_at: float) -> int:
    ours = tx.execute(
        "UPDATE cases SET warn_at = ? WHERE number = ? AND version = ?", (next_at, case.number, case.version)
    ).rowcount
    new = 0
    for warning, event in warnings if ours else ():
        kept = tx.execute(
            "INSERT OR IGNORE INTO case_warnings (number, clock, stage, due, at) VALUES (?, ?, ?, ?, ?)",
            (case.number, warning.clock, warning.stage, warning.due, event.at),
        ).rowcount
        if kept:
            tx.execute(
                "INSERT INTO case_events (number, at, who, what, detail, mail) VALUES (?, ?, ?, ?, ?, '')",
                (case.number, event.at, event.by, event.what, short(event.detail, 1000)),
            )
        new += kept
    return new
