"""Notices in the store's file. Triggers note what there is to tell (migration 0020)."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from postroom.adapters.store.sight import Values, seen
from postroom.adapters.store.sql import id_list, short
from postroom.adapters.store.units import Units
from postroom.model.codec import sound
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.notices import Notice, NoticeKind
from postroom.model.people import Sight

_NOTICE: Final = (
    "SELECT n.number, n.kind, m.id, s.brand, s.route, n.number_of_case, n.at, n.state, n.said"
    " FROM notices AS n CROSS JOIN summaries AS s ON s.mail = n.mail CROSS JOIN mails AS m ON m.seq = n.mail"
)
_DUE: Final = (
    "SELECT number, state FROM notices INDEXED BY notices_due WHERE state IN ('waiting', 'taken') AND due_at <= ?"
    " ORDER BY due_at LIMIT ?"
)


class SqliteNotices:
    """Port `Notices` on the file of the store."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def watch(self, routes: Mapping[NoticeKind, Collection[RouteName]], wait: float) -> None:
        """See `postroom.ports.notices.Notices.watch`."""
        wanted = {(sound(route), kind, wait) for kind, some in routes.items() for route in some}

        def unit(tx: sqlite3.Connection) -> None:
            tx.execute("DELETE FROM notice_routes")
            tx.executemany("INSERT INTO notice_routes (route, kind, wait) VALUES (?, ?, ?)", sorted(wanted))
            tx.execute(
                "UPDATE notices SET state = 'not', said = 'the desk tells nobody any more' WHERE state = 'waiting' AND NOT EXISTS"
                " (SELECT 1 FROM notice_routes AS r WHERE r.kind = notices.kind AND r.route = iif(notices.kind = 'outcome',"
                "   (SELECT c.route FROM cases AS c WHERE c.number = notices.number_of_case),"
                "   (SELECT s.route FROM summaries AS s WHERE s.mail = notices.mail)))"
            )

        with self._units.lend() as tx:
            there = set(tx.execute("SELECT route, kind, wait FROM notice_routes"))
        if there != wanted:
            self._units.write(unit)

    def take(self, now: float, limit: int, *, lease: float) -> tuple[Notice, ...]:
        """See `postroom.ports.notices.Notices.take`. Whoever looks and finds nothing writes nothing."""
        with self._units.lend() as tx:
            if tx.execute(_DUE, (now, 1)).fetchone() is None:
                return ()

        def unit(tx: sqlite3.Connection) -> tuple[Notice, ...]:
            before = dict(tx.execute(_DUE, (now, limit)).fetchall())
            numbers, these = id_list(before), "number IN (SELECT value FROM json_each(?))"
            tx.execute(f"UPDATE notices SET state = 'taken', due_at = ? WHERE {these}", (now + lease, numbers))  # noqa: S608 - our own SQL
            found = _read(tx, f"{_NOTICE} WHERE n.{these} ORDER BY n.number", (numbers,))
            return tuple(replace(one, again=before[one.number] == "taken") for one in found)

        return self._units.write(unit)

    def settle(self, number: int, *, sent: bool, said: str = "") -> None:
        """See `postroom.ports.notices.Notices.settle`."""
        change = "UPDATE notices SET state = ?, said = ? WHERE number = ? AND state = 'taken'"
        row = ("sent" if sent else "not", short(said, 500), number)
        self._units.write(lambda tx: tx.execute(change, row).rowcount)

    def told(self, recipient: str, since: float) -> int:
        """See `postroom.ports.notices.Notices.told`."""
        return self._count("automatic = 1 AND at > ? AND recipient = ? COLLATE NOCASE", (since, sound(recipient)))

    def told_to_all(self, since: float) -> int:
        """See `postroom.ports.notices.Notices.told_to_all`."""
        return self._count("automatic = 1 AND at > ?", (since,))

    def _count(self, term: str, values: Sequence[Any]) -> int:
        statement = f"SELECT count(*) FROM replies INDEXED BY replies_automatic WHERE {term}"  # noqa: S608 - our own SQL
        with self._units.lend() as tx:
            return int(tx.execute(statement, values).fetchone()[0])

    def log(self, sight: Sight, *, before: int = 0, limit: int = 100) -> tuple[Notice, ...]:
        """See `postroom.ports.notices.Notices.log`."""
        values = Values(limit=limit)
        terms = [*seen(sight, values), *([f"n.number < {values.name(before)}"] if before else [])]
        where = f"WHERE {' AND '.join(terms)}" if terms else ""
        with self._units.lend() as tx:
            return _read(tx, f"{_NOTICE} {where} ORDER BY n.number DESC LIMIT :limit", values)


def _read(tx: sqlite3.Connection, statement: str, values: Any) -> tuple[Notice, ...]:
    return tuple(
        Notice(
            number=number,
            kind=kind,
            mail_id=MailId(mail_id),
            brand=BrandName(brand),
            route=RouteName(route),
            case=case,
            at=at,
            state=state,
            said=said,
        )
        for number, kind, mail_id, brand, route, case, at, state, said in tx.execute(statement, values)
    )
