"""What is held, what was erased, and what is over its time, in the store's file."""

import sqlite3
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any, Final

from postroom.adapters.store.journal import write as write_deeds
from postroom.adapters.store.sql import Insert, hash_of, short
from postroom.adapters.store.units import Units
from postroom.model.codec import decode_mail, decode_thread, sound
from postroom.model.mail import BrandName, Mail, MailId, RouteName
from postroom.model.people import Deed
from postroom.model.privacy import Ages, Found, Gone, Hold, Tombstone
from postroom.understand.addresses import normal

#: hashes that one statement names
_AT_ONCE: Final = 200
_STONES = Insert(
    head="INSERT INTO tombstones (hash, kind, at, who, key) VALUES",
    width=5,
    tail="ON CONFLICT (hash) DO UPDATE SET at = excluded.at, who = excluded.who WHERE excluded.at > tombstones.at",
)
#: a duplicate is as old as it is, and lies where its original lies or lay, with its linked copy
_AGED = """
SELECT m.seq, m.id, m.received_at, m.head, coalesce(s.route, o.route, e.route, ''), coalesce(s.copy, o.copy, ''),
  coalesce(s.from_addr, o.from_addr, ''),
  EXISTS (SELECT 1 FROM waiting AS w WHERE w.mail = m.seq)
    OR EXISTS (SELECT 1 FROM jobs AS j WHERE j.mail = m.seq AND j.state IN ('ready', 'claimed', 'held', 'parked'))
    OR EXISTS (SELECT 1 FROM replies AS r WHERE r.mail = m.seq AND r.state IN ('waiting', 'sending', 'failed'))
    OR EXISTS (SELECT 1 FROM case_mails AS k CROSS JOIN cases AS c ON c.number = k.number WHERE k.mail = m.seq AND c.todo = 1)
FROM mails AS m LEFT JOIN summaries AS s ON s.mail = m.seq LEFT JOIN mails AS d ON d.id = m.duplicate_of
  LEFT JOIN summaries AS o ON o.mail = d.seq LEFT JOIN erased_mails AS e ON e.mail = d.seq
WHERE m.seq > ? AND NOT EXISTS (SELECT 1 FROM erased_mails AS g WHERE g.mail = m.seq) ORDER BY m.seq LIMIT ?
"""
_THREAD_OF = "SELECT t.body FROM links AS l CROSS JOIN threads AS t ON t.id = l.thread WHERE l.key = ?"


class SqliteKeeping:
    """Everything of `postroom.ports.privacy.Keeping`."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def hold(self, hold: Hold, deed: Deed) -> None:
        """See `postroom.ports.privacy.Keeping.hold`."""

        def unit(tx: sqlite3.Connection) -> None:
            row = (sound(hold.what), short(hold.reason), sound(hold.by), hold.at)
            tx.execute("INSERT OR REPLACE INTO holds (what, reason, who, at) VALUES (?, ?, ?, ?)", row)
            write_deeds(tx, [deed])

        self._units.write(unit)

    def release(self, what: str, deed: Deed) -> bool:
        """See `postroom.ports.privacy.Keeping.release`."""

        def unit(tx: sqlite3.Connection) -> bool:
            released = tx.execute("DELETE FROM holds WHERE what = ?", (sound(what),)).rowcount > 0
            if released:
                write_deeds(tx, [deed])
            return released

        return self._units.write(unit)

    def holds(self) -> tuple[Hold, ...]:
        """See `postroom.ports.privacy.Keeping.holds`."""
        with self._units.lend() as tx:
            rows = tx.execute("SELECT what, reason, who, at FROM holds ORDER BY at DESC, what")
            return tuple(Hold(what=what, reason=reason, by=who, at=at) for what, reason, who, at in rows)

    def gone(self, mail_id: MailId) -> Gone | None:
        """See `postroom.ports.privacy.Keeping.gone`."""
        with self._units.lend() as tx:
            row = tx.execute(
                "SELECT e.at, m.brand, e.route, e.decided FROM mails AS m CROSS JOIN erased_mails AS e ON e.mail = m.seq"
                " WHERE m.id = ?",
                (sound(mail_id),),
            ).fetchone()
        if row is None:
            return None
        return Gone(at=row[0], brand=BrandName(row[1]), route=RouteName(row[2]), decided=RouteName(row[3]))

    def bury(self, stones: Sequence[Tombstone]) -> None:
        """See `postroom.ports.privacy.Keeping.bury`."""
        for at in range(0, len(stones), _AT_ONCE):
            some = stones[at : at + _AT_ONCE]
            self._units.write(partial(bury, stones=some), weight=128 * len(some))

    def stones(self, hashes: Collection[bytes] | None = None) -> tuple[Tombstone, ...]:
        """See `postroom.ports.privacy.Keeping.stones`."""
        query = "SELECT hash, kind, at, who, key FROM tombstones"
        with self._units.lend() as tx:
            if hashes is None:
                return tuple(_stone(row) for row in tx.execute(query))
            wanted = tuple(hashes)
            return tuple(
                _stone(row)
                for at in range(0, len(wanted), _AT_ONCE)
                for row in tx.execute(
                    f"{query} WHERE hash IN ({', '.join('?' * len(wanted[at : at + _AT_ONCE]))})",
                    wanted[at : at + _AT_ONCE],
                )
            )

    def overdue(self, ages: Ages, *, after: int = 0, limit: int = 5000) -> Found:
        """See `postroom.ports.privacy.Keeping.overdue`. A thread goes on while its newest mail is not too old itself."""
        newest = max((*ages.routes.values(), ages.other))
        ids: list[MailId] = []
        with self._units.lend() as tx:
            held = {row[0] for row in tx.execute("SELECT what FROM holds")}
            rows = tx.execute(_AGED, (after, limit)).fetchall()
            for _, mail_id, received_at, head, route, copy, from_addr, open_ in rows:
                before = min(ages.of(RouteName(one)) for one in (route, copy or route))
                if open_ or received_at >= before:
                    continue
                mail = decode_mail(head, b"")
                whose = {mail_id, *(normal(a).lower() for a in (from_addr, mail.envelope.mail_from))}
                if not held & whose and not _goes_on(tx, mail, before):
                    ids.append(MailId(mail_id))
        through = len(rows) < limit or rows[-1][2] >= newest
        return Found(ids=tuple(ids), after=0 if through else rows[-1][0])

    def first_erased(self, since: float) -> float | None:
        """See `postroom.ports.privacy.Keeping.first_erased`."""
        with self._units.lend() as tx:
            rows = tx.execute(
                "SELECT min(at) FROM erased_mails WHERE at >= ? UNION ALL SELECT min(at) FROM erasures WHERE at >= ?",
                (since, since),
            )
            return min((at for (at,) in rows if at is not None), default=None)


def bury(tx: sqlite3.Connection, stones: Sequence[Tombstone]) -> None:
    """See `postroom.ports.privacy.Keeping.bury`, in the transaction of what is erased."""
    _STONES.run(tx, [(one.hash, one.kind, one.at, sound(one.by), one.key) for one in stones])


def _goes_on(tx: sqlite3.Connection, mail: Mail, before: float) -> bool:
    row = tx.execute(_THREAD_OF, (hash_of(mail.message_id),)).fetchone() if mail.message_id else None
    return row is not None and decode_thread(row[0]).last_at >= before


def _stone(row: tuple[Any, ...]) -> Tombstone:
    digest, kind, at, by, key = row
    return Tombstone(hash=bytes(digest), kind=kind, at=at, by=by, key=key)
