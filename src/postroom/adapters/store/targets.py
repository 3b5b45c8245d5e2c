"""First-answer targets in the store's file. Triggers note mails as they come to a desk, and what answers them (migration 0015)."""

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from postroom.adapters.store import journal
from postroom.adapters.store.sql import id_list
from postroom.adapters.store.units import Units
from postroom.model.codec import sound
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import Deed
from postroom.model.targets import Answering, How, Kept, Reckoned, Unreckoned
from postroom.ports.targets import Routes

_THESE = "mail IN (SELECT seq FROM mails WHERE id IN (SELECT value FROM json_each(:ids)))"
#: what lies at none of them counts for whoever does something about it all the same
_THEIRS = """
(:routes IS NULL OR route IN (SELECT value FROM json_each(:routes)) OR NOT EXISTS (
  SELECT 1 FROM targets AS o WHERE o.mail = targets.mail AND o.route IN (SELECT value FROM json_each(:routes))))
"""
_AGAIN = f"""
UPDATE targets SET stopped_at = NULL, how = '', who = '' WHERE how IN ('elsewhere', 'needless') AND {_THESE} AND {_THEIRS} RETURNING mail
"""  # noqa: S608 - our own SQL
#: of mails by number: what was moved since is to be answered where it lies now, as the triggers have it
_WHERE_IT_LIES = (
    """
DELETE FROM targets WHERE stopped_at IS NULL AND mail IN (SELECT value FROM json_each(?))
AND route NOT IN (SELECT s.route FROM summaries AS s WHERE s.mail = targets.mail UNION ALL SELECT s.copy FROM summaries AS s WHERE s.mail = targets.mail)
""",
    """
INSERT OR IGNORE INTO targets (mail, route, brand)
SELECT s.mail, r.route, s.brand FROM json_each(?) AS wanted CROSS JOIN summaries AS s ON s.mail = wanted.value
JOIN target_routes AS r ON r.route IN (s.route, s.copy)
WHERE NOT EXISTS (SELECT 1 FROM targets AS o WHERE o.mail = s.mail AND o.route NOT IN (s.route, s.copy))
""",
)
_IDS = "SELECT m.id FROM json_each(?) AS wanted CROSS JOIN mails AS m ON m.seq = wanted.value"
_OTHER = """
SELECT m.id, t.route, m.received_at FROM targets AS t INDEXED BY targets_rule CROSS JOIN mails AS m ON m.seq = t.mail
WHERE (t.stopped_at IS NULL OR t.rule = '') AND t.rule {} :version
"""
_OTHERS = f"{_OTHER.format('<')} UNION ALL {_OTHER.format('>')} LIMIT :limit"
#: each desk of a brand by one look at the index, then what was due there
_NEXT_ROUTE = "SELECT min(route) FROM targets INDEXED BY targets_told WHERE route > ?"
_NEXT_BRAND = "SELECT min(brand) FROM targets INDEXED BY targets_told WHERE route = ? AND brand > ?"
_KEPT = """
SELECT coalesce(sum(stopped_at <= due), 0), coalesce(sum(stopped_at > due), 0), coalesce(sum(stopped_at IS NULL), 0)
FROM targets INDEXED BY targets_told WHERE route = ? AND brand = ? AND due >= ? AND due < ? AND how <> 'needless'
"""
#: of targets t, in the order in which they are due
OPEN: Final = "t.stopped_at IS NULL AND t.due IS NOT NULL"
ANSWERING: Final[dict[Answering, str]] = {
    "open": OPEN,
    "soon": f"{OPEN} AND t.due >= :now AND t.near <= :now",
    "overdue": f"{OPEN} AND t.due < :now",
}


class SqliteTargets:
    """Port `Targets` on the file of the store."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def watch(self, routes: Collection[RouteName]) -> None:
        """See `postroom.ports.targets.Targets.watch`."""
        wanted = json.dumps(sorted(map(sound, routes)))

        def unit(tx: sqlite3.Connection) -> None:
            tx.execute("DELETE FROM target_routes WHERE route NOT IN (SELECT value FROM json_each(?))", (wanted,))
            tx.execute("INSERT OR IGNORE INTO target_routes (route) SELECT value FROM json_each(?)", (wanted,))
            tx.execute(
                "DELETE FROM targets WHERE stopped_at IS NULL AND route NOT IN (SELECT value FROM json_each(?))",
                (wanted,),
            )

        with self._units.lend() as tx:
            there = {row[0] for row in tx.execute("SELECT route FROM target_routes")}
        if there != set(map(sound, routes)):
            self._units.write(unit)

    def unreckoned(self, version: str, limit: int) -> tuple[Unreckoned, ...]:
        """See `postroom.ports.targets.Targets.unreckoned`."""
        with self._units.lend() as tx:
            return tuple(
                Unreckoned(mail_id=MailId(mail_id), route=RouteName(route), received_at=received_at)
                for mail_id, route, received_at in tx.execute(_OTHERS, {"version": version, "limit": limit})
            )

    def reckon(self, found: Sequence[Reckoned], version: str) -> None:
        """See `postroom.ports.targets.Targets.reckon`."""
        rows = [(version, one.near, one.due, sound(one.mail_id), sound(one.route)) for one in found]
        known = "UPDATE targets SET rule = ?, near = ?, due = ? WHERE mail = (SELECT seq FROM mails WHERE id = ?) AND route = ?"
        self._units.write(lambda tx: tx.executemany(known, rows).rowcount)

    def stop(
        self, ids: Collection[MailId], at: float, how: How, by: str, deeds: Sequence[Deed], *, routes: Routes = None
    ) -> int:
        """See `postroom.ports.targets.Targets.stop`."""
        return self._units.write(lambda tx: _told(tx, stop(tx, ids, at, how, by, routes=routes), deeds))

    def resume(self, ids: Collection[MailId], deeds: Sequence[Deed], *, routes: Routes = None) -> int:
        """See `postroom.ports.targets.Targets.resume`."""
        values = {"ids": _names(ids), "routes": None if routes is None else _names(routes)}

        def unit(tx: sqlite3.Connection) -> int:
            mails = {mail for (mail,) in tx.execute(_AGAIN, values).fetchall()}
            for statement in _WHERE_IT_LIES:
                tx.execute(statement, (id_list(mails),))
            return _told(tx, mails, deeds)

        return self._units.write(unit)

    def kept(self, since: float, now: float) -> tuple[Kept, ...]:
        """See `postroom.ports.targets.Targets.kept`."""
        with self._units.lend() as tx:
            found = [
                Kept(route=route, brand=brand, in_time=in_time, late=late, open=still_open)
                for route, brand in _desks(tx)
                for in_time, late, still_open in tx.execute(_KEPT, (route, brand, since, now))
            ]
        return tuple(one for one in found if one.share is not None)


def _desks(tx: sqlite3.Connection) -> Iterator[tuple[RouteName, BrandName]]:
    (route,) = tx.execute(_NEXT_ROUTE, ("",)).fetchone()
    while route is not None:
        (brand,) = tx.execute(_NEXT_BRAND, (route, "")).fetchone()
        while brand is not None:
            yield RouteName(route), BrandName(brand)
            (brand,) = tx.execute(_NEXT_BRAND, (route, brand)).fetchone()
        (route,) = tx.execute(_NEXT_ROUTE, (route,)).fetchone()


def stop(
    tx: sqlite3.Connection, ids: Collection[MailId], at: float, how: How, by: str, *, routes: Routes = None
) -> set[int]:
    """See `Targets.stop`, in the transaction of what answers them: the numbers of those that had no answer."""
    stopped = f"UPDATE targets SET stopped_at = :at, how = :how, who = :by WHERE stopped_at IS NULL AND {_THESE} AND {_THEIRS} RETURNING mail"  # noqa: S608 - our own SQL
    values = {
        "at": at,
        "how": how,
        "by": sound(by),
        "ids": _names(ids),
        "routes": None if routes is None else _names(routes),
    }
    return {mail for (mail,) in tx.execute(stopped, values).fetchall()}


def _told(tx: sqlite3.Connection, mails: Collection[int], deeds: Sequence[Deed]) -> int:
    """Write down what was done to these mails, and to no others; how many they are."""
    ids = {mail_id for (mail_id,) in tx.execute(_IDS, (id_list(mails),))}
    journal.write(tx, [deed for deed in deeds if sound(deed.to) in ids])
    return len(mails)


def _names(some: Collection[str]) -> str:
    return json.dumps(sorted(map(sound, some)))
