"""Rules tried on the past, in the store's file: one row a test, one a mail that would be treated otherwise."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from postroom.adapters.store import journal
from postroom.adapters.store.sight import Values, seen
from postroom.adapters.store.sql import Insert, short
from postroom.adapters.store.units import Units
from postroom.model.backtest import Asked, Backtest, Change, Report, TestNumber, TestState, Which
from postroom.model.codec import decode_asked, decode_change, decode_report, encode, sound
from postroom.model.errors import Refused
from postroom.model.people import Deed

#: tests that are kept beside the one that is asked for
_KEPT = 19
_TEST = "SELECT number, state, asked, done, total, started_at, ended_at, error, {} FROM backtests"
_OPEN = "SELECT number FROM backtests INDEXED BY backtests_open WHERE state IN ('waiting', 'running')"
_WAITING = f"{_OPEN} AND state = 'waiting'"
_CANCEL = f"UPDATE backtests SET state = 'cancelled', ended_at = ? WHERE number = ? AND number IN ({_OPEN})"  # noqa: S608 - our own SQL
_GONE = (
    "SELECT count(*) FROM (SELECT *, '' AS copy FROM erased_mails) AS s CROSS JOIN mails AS m ON m.seq = s.mail WHERE "
)
_CHANGES = Insert(
    head="INSERT INTO backtest_changes (test, place, mail, source, target, word, corrected, urgent, body) VALUES",
    width=9,
)
_STILL_THERE = """
SELECT m.id, m.seq FROM json_each(?) AS wanted CROSS JOIN mails AS m ON m.id = wanted.value
WHERE NOT EXISTS (SELECT 1 FROM erased_mails AS e WHERE e.mail = m.seq)
"""
_KINDS = {
    "moved": "source <> target",
    "corrected": "corrected AND source <> target",
    "fixed": "word = 'fixed'",
    "broken": "word = 'broken'",
    "urgent": "urgent",
    "beside": "source = target AND NOT urgent",
}


class SqliteBacktests:
    """Ports `Backtests` and `BacktestRuns` on the file of the store."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def ask(self, asked: Asked, deed: Deed) -> TestNumber:
        """See `postroom.ports.backtests.Backtests.ask`."""

        def unit(tx: sqlite3.Connection) -> TestNumber:
            if tx.execute(_OPEN).fetchone():
                raise Refused("another back-test waits or runs: wait for its end, or cancel it")
            tx.execute(
                "DELETE FROM backtests WHERE number NOT IN (SELECT number FROM backtests ORDER BY number DESC LIMIT ?)",
                (_KEPT,),
            )
            number = tx.execute("INSERT INTO backtests (asked) VALUES (?)", (encode(asked),)).lastrowid or 0
            journal.write(tx, (_of(deed, number),))
            return TestNumber(number)

        return self._units.write(unit)

    def cancel(self, number: TestNumber, deed: Deed) -> bool:
        """See `postroom.ports.backtests.Backtests.cancel`."""

        def unit(tx: sqlite3.Connection) -> bool:
            cancelled = bool(tx.execute(_CANCEL, (deed.at, number)).rowcount)
            journal.write(tx, (_of(deed, number),) if cancelled else ())
            return cancelled

        return self._units.write(unit)

    def test(self, number: TestNumber) -> Backtest | None:
        """See `postroom.ports.backtests.Backtests.test`."""
        with self._units.lend() as tx:
            row = tx.execute(f"{_TEST.format('report')} WHERE number = ?", (number,)).fetchone()
        return None if row is None else _test(row)

    def tests(self) -> tuple[Backtest, ...]:
        """See `postroom.ports.backtests.Backtests.tests`."""
        with self._units.lend() as tx:
            return tuple(map(_test, tx.execute(f"{_TEST.format('NULL')} ORDER BY number DESC")))

    def changes(
        self, number: TestNumber, which: Which, *, after: int = 0, limit: int = 100
    ) -> tuple[tuple[int, Change], ...]:
        """See `postroom.ports.backtests.Backtests.changes`."""
        values: list[Any] = [number, after]
        terms = ["test = ?", "place > ?"]
        for column, wanted in (("source", which.source), ("target", which.target)):
            if wanted:
                terms.append(f"{column} = ?")
                values.append(sound(wanted))
        if which.kind:
            terms.append(_KINDS[which.kind])
        select = f"SELECT place, body FROM backtest_changes WHERE {' AND '.join(terms)} ORDER BY place LIMIT ?"  # noqa: S608 - our own SQL
        with self._units.lend() as tx:
            return tuple((place, decode_change(body)) for place, body in tx.execute(select, (*values, limit)))

    def waiting(self) -> bool:
        """See `postroom.ports.backtests.BacktestRuns.waiting`."""
        with self._units.lend() as tx:
            return tx.execute(_WAITING).fetchone() is not None

    def begin(self, now: float) -> Backtest | None:
        """See `postroom.ports.backtests.BacktestRuns.begin`."""
        change = "UPDATE backtests SET state = 'running', started_at = ? WHERE state = 'waiting' RETURNING number"
        begun = self._units.write(lambda tx: tx.execute(change, (now,)).fetchall())
        return self.test(begun[0][0]) if begun else None

    def advance(self, number: TestNumber, done: int, total: int) -> bool:
        """See `postroom.ports.backtests.BacktestRuns.advance`."""
        change = "UPDATE backtests SET done = ?, total = ? WHERE number = ? AND state = 'running'"
        return self._units.write(lambda tx: bool(tx.execute(change, (done, total, number)).rowcount))

    def finish(self, number: TestNumber, report: Report, changes: Sequence[Change], now: float) -> bool:
        """See `postroom.ports.backtests.BacktestRuns.finish`. Mails that were erased meanwhile are left out."""
        bodies = [encode(one) for one in changes]
        ids = json.dumps([sound(one.mail_id) for one in changes])

        def unit(tx: sqlite3.Connection) -> bool:
            change = "UPDATE backtests SET state = 'done', done = total, ended_at = ?, report = ? WHERE number = ? AND state = 'running'"
            if not tx.execute(change, (now, encode(report), number)).rowcount:
                return False
            there = dict(tx.execute(_STILL_THERE, (ids,)).fetchall())
            _CHANGES.run(tx, list(_rows(number, changes, bodies, there)))
            return True

        return self._units.write(unit, weight=sum(map(len, bodies)))

    def give_up(self, state: TestState, error: str, now: float) -> int:
        """See `postroom.ports.backtests.BacktestRuns.give_up`."""
        change = "UPDATE backtests SET state = ?, error = ?, ended_at = ? WHERE state = 'running'"
        return self._units.write(lambda tx: tx.execute(change, (state, short(error), now)).rowcount)

    def gone(self, asked: Asked, since: float, until: float) -> int:
        """See `postroom.ports.backtests.BacktestRuns.gone`."""
        values = Values()
        terms = [f"m.received_at >= {values.name(since)}", f"m.received_at < {values.name(until)}"]
        terms += seen(asked.sight, values, brand="m.brand", copies=False)
        if asked.brand:
            terms.append(f"m.brand = {values.name(asked.brand)}")
        with self._units.lend() as tx:
            return int(tx.execute(_GONE + " AND ".join(terms), values).fetchone()[0])


def _of(deed: Deed, number: int) -> Deed:
    return Deed(at=deed.at, by=deed.by, what=deed.what, to=str(number), detail=deed.detail)


def _rows(
    number: TestNumber, changes: Sequence[Change], bodies: Sequence[bytes], there: dict[str, int]
) -> Iterator[tuple[Any, ...]]:
    for place, (one, body) in enumerate(zip(changes, bodies, strict=True), 1):
        mail = there.get(sound(one.mail_id))
        if mail is not None:
            places = (sound(one.before.route), sound(one.after.route))
            yield number, place, mail, *places, one.word, int(one.corrected), int(one.alarm), body


def _test(row: tuple[Any, ...]) -> Backtest:
    number, state, asked, done, total, started_at, ended_at, error, report = row
    return Backtest(
        number=TestNumber(number),
        asked=decode_asked(asked),
        state=state,
        done=done,
        total=total,
        started_at=started_at,
        ended_at=ended_at,
        error=error,
        report=None if report is None else decode_report(report),
    )
