"""Alarms in the store's file. Triggers raise them with the summary of a mail that is urgent (migration 0015)."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from postroom.adapters.store import journal
from postroom.adapters.store.sight import Values, seen
from postroom.adapters.store.sql import short
from postroom.adapters.store.units import Units
from postroom.adapters.store.views import ROW, rows_of
from postroom.model.alarms import Alarm, AlarmEvent, AlarmPage, Unheard
from postroom.model.codec import sound
from postroom.model.errors import Refused
from postroom.model.mail import MailId
from postroom.model.people import Deed, Sight, UserName

_COUNTED = 1000
_ALARM = "m.id, a.version, a.since, a.holder, a.taken_at, a.offered, a.note, a.repeats, a.told_at"
_OF = "FROM alarms AS a {index} CROSS JOIN mails AS m ON m.seq = a.mail CROSS JOIN summaries AS s ON s.mail = a.mail"
_SEEN = "FROM alarms AS a INDEXED BY {} CROSS JOIN summaries AS s ON s.mail = a.mail"
_COLUMNS = len(_ALARM.split(","))


class SqliteAlarms:
    """Port `Alarms` on the file of the store."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def page(self, sight: Sight, *, held: bool, after: str = "", limit: int = 50) -> AlarmPage:
        """See `postroom.ports.alarms.Alarms.page`."""
        index, key, beyond, order = (
            ("alarms_held", "taken_at", "<", "DESC") if held else ("alarms_waiting", "since", ">", "")
        )
        values = Values(limit=limit + 1)
        terms = ["a.holder <> ''" if held else "a.holder = ''", *seen(sight, values)]
        if after:
            place = (
                f"SELECT {key}, mail FROM alarms WHERE mail = (SELECT seq FROM mails WHERE id = {values.name(after)})"  # noqa: S608 - our own SQL
            )
            terms.append(f"(a.{key}, a.mail) {beyond} ({place})")
        ordered = f"ORDER BY a.{key} {order}, a.mail {order} LIMIT :limit"
        return self._page(f"INDEXED BY {index}", terms, ordered, values, sight)

    def offered(self, to: str, sight: Sight, limit: int = 50) -> AlarmPage:
        """See `postroom.ports.alarms.Alarms.offered`."""
        values = Values(limit=limit + 1)
        terms = [f"a.offered = {values.name(to)}", "a.offered <> ''", *seen(sight, values)]
        return self._page("INDEXED BY alarms_offered", terms, "ORDER BY a.mail LIMIT :limit", values, sight)

    def alarm(self, mail_id: MailId, sight: Sight) -> Alarm | None:
        """See `postroom.ports.alarms.Alarms.alarm`."""
        values = Values()
        this = f"a.mail = (SELECT seq FROM mails WHERE id = {values.name(mail_id)})"  # noqa: S608 - our own SQL
        terms = " AND ".join([this, *seen(sight, values)])
        with self._units.lend() as tx:
            row = tx.execute(f"SELECT {_ALARM} {_OF.format(index='')} WHERE {terms}", values).fetchone()
        return None if row is None else _alarm(row)

    def waiting(self, sight: Sight, by: str = "") -> int:
        """See `postroom.ports.alarms.Alarms.waiting`."""
        values = Values(counted=_COUNTED)
        of_sight = list(seen(sight, values))
        wanted = [("alarms_waiting", "a.holder = ''")]
        if by:
            wanted.append(("alarms_offered", f"a.offered = {values.name(by)} AND a.offered <> ''"))
        statements = [
            f"SELECT count(*) FROM (SELECT 1 {_SEEN.format(index)} WHERE {' AND '.join([term, *of_sight])} LIMIT :counted)"  # noqa: S608 - our own SQL
            for index, term in wanted
        ]
        with self._units.lend() as tx:
            return sum(tx.execute(one, values).fetchone()[0] for one in statements)

    def put(self, alarm: Alarm, event: AlarmEvent, deed: Deed | None) -> Alarm:
        """See `postroom.ports.alarms.Alarms.put`."""
        return self._units.write(lambda tx: _put(tx, alarm, event, deed))

    def neglected(self, before: float, limit: int) -> tuple[Alarm, ...]:
        """See `postroom.ports.alarms.Alarms.neglected`."""
        told = f"SELECT {_ALARM} {_OF.format(index='INDEXED BY alarms_told')} WHERE a.holder = '' AND a.told_at <= ? ORDER BY a.told_at LIMIT ?"
        with self._units.lend() as tx:
            return tuple(map(_alarm, tx.execute(told, (before, limit))))

    def unheard(self, before: float) -> Unheard:
        """See `postroom.ports.alarms.Alarms.unheard`."""
        nobody = f"SELECT since FROM alarms WHERE holder = '' ORDER BY since LIMIT {_COUNTED}"  # noqa: S608 - our own SQL
        counted = f"SELECT count(*), min(since), coalesce(sum(since <= ?), 0) FROM ({nobody})"  # noqa: S608 - our own SQL
        with self._units.lend() as tx:
            waiting, oldest, neglected = tx.execute(counted, (before,)).fetchone()
        return Unheard(waiting=waiting, oldest=oldest, neglected=neglected)

    def _page(self, index: str, terms: Sequence[str], ordered: str, values: Values, sight: Sight) -> AlarmPage:
        limit = values["limit"] - 1
        of_row = ROW.replace("SELECT", f"SELECT {_ALARM},", 1)
        statement = f"{of_row} {_OF.format(index=index)} WHERE {' AND '.join(terms)} {ordered}"
        with self._units.lend() as tx:
            rows = tx.execute(statement, values).fetchall()
            mails = rows_of(tx, [row[_COLUMNS:] for row in rows[:limit]], sight.routes)
        found = tuple(zip((_alarm(row[:_COLUMNS]) for row in rows), mails, strict=False))
        return AlarmPage(alarms=found, after=found[-1][0].mail_id if len(rows) > limit else "")


def _alarm(row: Sequence[Any]) -> Alarm:
    mail_id, version, since, holder, taken_at, offered, note, repeats, told_at = row
    return Alarm(
        mail_id=MailId(mail_id),
        version=version,
        since=since,
        holder=UserName(holder),
        taken_at=taken_at,
        offered=UserName(offered),
        note=note,
        repeats=repeats,
        told_at=told_at,
    )


def _put(tx: sqlite3.Connection, alarm: Alarm, event: AlarmEvent, deed: Deed | None) -> Alarm:
    row = tx.execute(
        "UPDATE alarms SET version = version + 1, since = ?, holder = ?, taken_at = ?, offered = ?, note = ?, repeats = ?, told_at = ?"
        " WHERE mail = (SELECT seq FROM mails WHERE id = ?) AND version = ? RETURNING mail",
        (alarm.since, sound(alarm.holder), alarm.taken_at, sound(alarm.offered), short(alarm.note, 1000), alarm.repeats,
         alarm.told_at, sound(alarm.mail_id), alarm.version),
    ).fetchone()  # fmt: skip
    if row is None:
        raise Refused("somebody was quicker: look at it again")
    tx.execute(
        "INSERT INTO alarm_events (mail, at, who, what, detail) VALUES (?, ?, ?, ?, ?)",
        (row[0], event.at, short(event.by, 100), event.what, short(event.detail, 1000)),
    )
    if deed is not None:
        journal.write(tx, (deed,))
    return replace(alarm, version=alarm.version + 1)
