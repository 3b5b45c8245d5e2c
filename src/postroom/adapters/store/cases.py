"""Cases in the store's file. Which mails concern them is noted by triggers, in the transaction that decides: see `Docket`."""

import json
import math
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from postroom.adapters.store import journal
from postroom.adapters.store.sight import Values
from postroom.adapters.store.sql import Insert, short
from postroom.adapters.store.units import Units
from postroom.model.cases import (
    Alike,
    Case,
    CaseChange,
    CaseEvent,
    CaseMail,
    CaseNumber,
    CasePage,
    Due,
    Same,
    WantedCases,
)
from postroom.model.codec import decode_case, encode_case, sound
from postroom.model.errors import Refused
from postroom.model.mail import MailId, RouteName
from postroom.model.people import Sight

#: mails and events of a case that are read
_MOST_MAILS, _MOST_EVENTS = 200, 1000
#: The newest events; of mails that came by themselves few, so that nobody who writes often buries what the team said and decided.
_EVENTS_OF = f"""
SELECT at, who, what, detail, mail FROM case_events INDEXED BY case_events_number WHERE number = :number AND (
  who <> '' OR what NOT IN ('joined', 'replied', 'again') OR id >= coalesce((
    SELECT id FROM case_events INDEXED BY case_events_number
    WHERE number = :number AND who = '' AND what IN ('joined', 'replied', 'again') ORDER BY id DESC LIMIT 1 OFFSET {_MOST_MAILS - 1}
  ), 0)
) ORDER BY id DESC LIMIT {_MOST_EVENTS}
"""  # noqa: S608 - constants of this module
#: cases of one person that a mail may belong to
_MOST_ALIKE = 20
#: how often a mail is put off before it is left
_TRIES = 5

_COLUMNS = "SELECT c.number, c.version, c.body"
CASE = f"{_COLUMNS} FROM cases AS c"
_EVENTS = Insert(head="INSERT INTO case_events (number, at, who, what, detail, mail) VALUES", width=6)
_SEQ = "(SELECT seq FROM mails WHERE id = ?)"


class SqliteCases:
    """Everything of `postroom.ports.cases.Cases` and `postroom.ports.cases.Docket`."""

    def __init__(self, units: Units) -> None:
        self._units = units

    # -- what people read and change -------------------------------------------------------------------------------

    def page(self, wanted: WantedCases, sight: Sight, *, after: str = "", limit: int = 50) -> CasePage:
        """See `postroom.ports.cases.Cases.page`."""
        values = Values(limit=limit + 1)
        where = (
            " AND ".join([*_asked(wanted, values), *seen(sight, values, sorts=True), *_beyond(after, values)]) or "1"
        )
        statement = f"SELECT c.number, c.version, c.body, c.rank FROM cases AS c WHERE {where} ORDER BY c.rank, c.number LIMIT :limit"  # noqa: S608 - our own SQL
        with self._units.lend() as tx:
            rows = tx.execute(statement, values).fetchall()
        last = rows[limit - 1] if len(rows) > limit else None
        return CasePage(
            cases=tuple(case_of(row[:3]) for row in rows[:limit]), after=f"{last[3]!r}:{last[0]}" if last else ""
        )

    def case(self, number: CaseNumber, sight: Sight) -> Case | None:
        """See `postroom.ports.cases.Cases.case`."""
        with self._units.lend() as tx:
            return _one(tx, number, sight)

    def of_mail(self, mail_id: MailId, sight: Sight) -> Case | None:
        """See `postroom.ports.cases.Cases.of_mail`."""
        return next(iter(self.all_of_mail(mail_id, sight)), None)

    def all_of_mail(self, mail_id: MailId, sight: Sight) -> tuple[Case, ...]:
        """See `postroom.ports.cases.Cases.all_of_mail`."""
        joined = (
            f"{_COLUMNS} FROM case_mails AS m CROSS JOIN cases AS c ON c.number = m.number"
            f" WHERE m.mail = {_SEQ} ORDER BY m.number"
        )
        with self._units.lend() as tx:
            found = [case_of(row) for row in tx.execute(joined, (sound(mail_id),)).fetchall()]
            return tuple(_with_mails(tx, one) for one in found if sight.sees(one.brand, one.route, one.route))

    def of_person(self, person: str, sight: Sight, *, limit: int = 50) -> tuple[Case, ...]:
        """See `postroom.ports.cases.Cases.of_person`."""
        values = Values(person=short(person, 320), limit=limit)
        where = " AND ".join(["c.person = :person", *seen(sight, values)])
        with self._units.lend() as tx:
            return tuple(map(case_of, tx.execute(f"{CASE} WHERE {where} ORDER BY c.number DESC LIMIT :limit", values)))

    def events(self, number: CaseNumber, sight: Sight) -> tuple[CaseEvent, ...]:
        """See `postroom.ports.cases.Cases.events`."""
        with self._units.lend() as tx:
            if _one(tx, number, sight) is None:
                return ()
            rows = tx.execute(_EVENTS_OF, {"number": number}).fetchall()
        return tuple(
            CaseEvent(at=at, by=by, what=what, detail=detail, mail_id=MailId(mail))
            for at, by, what, detail, mail in reversed(rows)
        )

    def todo(self, sight: Sight) -> int:
        """See `postroom.ports.cases.Cases.todo`."""
        values = Values()
        where = " AND ".join(["c.todo = 1", *seen(sight, values)])
        with self._units.lend() as tx:
            counted = f"SELECT count(*) FROM cases AS c INDEXED BY cases_desk WHERE {where}"  # noqa: S608 - our own SQL
            return int(tx.execute(counted, values).fetchone()[0])

    def put(self, change: CaseChange) -> Case:
        """See `postroom.ports.cases.Cases.put`."""
        return self._units.write(lambda tx: _put(tx, change))

    # -- which mails concern them ----------------------------------------------------------------------------------

    def watch(self, routes: Collection[RouteName]) -> None:
        """See `postroom.ports.cases.Docket.watch`."""
        wanted = sorted(map(sound, routes))

        def unit(tx: sqlite3.Connection) -> None:
            tx.execute(
                "DELETE FROM case_routes WHERE route NOT IN (SELECT value FROM json_each(?))", (json.dumps(wanted),)
            )
            for route in wanted:
                tx.execute("INSERT OR IGNORE INTO case_routes (route) VALUES (?)", (route,))
            tx.execute("UPDATE case_due SET tries = 0 WHERE tries > 0")

        self._units.write(unit)

    def due(self, limit: int) -> tuple[Due, ...]:
        """See `postroom.ports.cases.Docket.due`."""
        noted = (
            "SELECT m.id, d.mark FROM case_due AS d CROSS JOIN mails AS m ON m.seq = d.mail"
            " WHERE d.tries < ? ORDER BY d.tries, d.mail LIMIT ?"
        )
        with self._units.lend() as tx:
            return tuple(Due(mail_id=MailId(mail), mark=mark) for mail, mark in tx.execute(noted, (_TRIES, limit)))

    def done(self, due: Due) -> None:
        """See `postroom.ports.cases.Docket.done`."""
        self._units.write(lambda tx: _settle(tx, due))

    def put_off(self, due: Due) -> None:
        """See `postroom.ports.cases.Docket.put_off`."""
        later = f"UPDATE case_due SET tries = tries + 1 WHERE mail = {_SEQ} AND mark = ?"  # noqa: S608 - our own SQL
        self._units.write(lambda tx: tx.execute(later, (sound(due.mail_id), due.mark)).rowcount)

    def alike(self, same: Same) -> tuple[Alike, ...]:
        """See `postroom.ports.cases.Docket.alike`."""
        of_thread = "EXISTS (SELECT 1 FROM case_mails AS m WHERE m.number = c.number AND m.thread = :thread)"
        statement = (
            f"SELECT c.number, c.version, c.body, {of_thread} FROM cases AS c WHERE c.person = :person AND c.brand = :brand"  # noqa: S608 - our own SQL
            " AND c.route = :route AND c.identity = :identity ORDER BY c.number DESC LIMIT :limit"
        )
        values = {
            "thread": short(same.thread, 500),
            "person": short(same.person, 320),
            "brand": sound(same.brand),
            "route": sound(same.route),
            "identity": same.identity,
            "limit": _MOST_ALIKE,
        }
        with self._units.lend() as tx:
            return tuple(
                Alike(case=case_of(row[:3]), same_thread=bool(row[3])) for row in tx.execute(statement, values)
            )

    def stale(self, clocks: str, limit: int) -> tuple[Case, ...]:
        """See `postroom.ports.cases.Docket.stale`."""
        other = f"{CASE} INDEXED BY cases_clocks WHERE c.todo = 1 AND c.clocks {{}} :clocks"
        others = f"{other.format('<')} UNION ALL {other.format('>')} LIMIT :limit"
        with self._units.lend() as tx:
            return tuple(map(case_of, tx.execute(others, {"clocks": clocks, "limit": limit})))


def _asked(wanted: WantedCases, values: Values) -> list[str]:
    terms = {"todo": ["c.todo = 1"], "all": []}.get(wanted.state)
    terms = [f"c.state = {values.name(wanted.state)}"] if terms is None else terms
    if wanted.route:
        terms.append(f"+c.route = {values.name(wanted.route)}")
    if wanted.assignee:
        terms.append(f"c.assignee = {values.name(wanted.assignee)}")
    if wanted.proposed:
        terms.append("c.proposed = 1")
    if wanted.near_by is not None:
        terms.append(f"c.near_at <= {values.name(wanted.near_by)}")
    return terms


def seen(sight: Sight, values: Values, *, sorts: bool = False) -> list[str]:
    """What must be true of cases c, as `Sight.sees` has it: none lies in review.

    Where the result ``sorts``, a plus keeps SQLite from reading desk by desk and putting all in order then.
    """
    terms, mark = [], "+" if sorts else ""
    if sight.brands is not None:
        terms.append(f"{mark}c.brand IN ({values.name(*sorted(sight.brands))})")
    if sight.routes is not None:
        terms.append(f"{mark}c.route IN ({values.name(*sorted(sight.routes))})")
    return terms


def _beyond(after: str, values: Values) -> list[str]:
    if not after:
        return []
    rank, _, number = after.partition(":")
    try:
        place = float(rank), int(number)
    except ValueError:
        raise Refused("this list can't be gone on with: begin it again") from None
    if math.isnan(place[0]) or not 0 <= place[1] < 1 << 62:
        raise Refused("this list can't be gone on with: begin it again")
    return [f"(c.rank, c.number) > ({values.name(*place)})"]


def _one(tx: sqlite3.Connection, number: int, sight: Sight) -> Case | None:
    row = tx.execute(f"{CASE} WHERE c.number = ?", (number,)).fetchone() if 0 <= number < 1 << 62 else None
    if row is None:
        return None
    found = case_of(row)
    return _with_mails(tx, found) if sight.sees(found.brand, found.route, found.route) else None


def _with_mails(tx: sqlite3.Connection, case: Case) -> Case:
    rows = tx.execute(
        "SELECT m.id, m.received_at, c.thread FROM case_mails AS c CROSS JOIN mails AS m ON m.seq = c.mail"
        " WHERE c.number = ? ORDER BY c.mail DESC LIMIT ?",
        (case.number, _MOST_MAILS),
    ).fetchall()
    return replace(
        case, mails=tuple(CaseMail(id=MailId(mail), at=at, thread=thread) for mail, at, thread in rows[::-1])
    )


def case_of(row: Sequence[Any]) -> Case:
    number, version, body = row
    return replace(decode_case(body), number=CaseNumber(number), version=version)


def _put(tx: sqlite3.Connection, change: CaseChange) -> Case:
    if change.other is not None:
        _put(tx, change.other)
    number = _keep(tx, change)
    if change.leaves:
        tx.execute(f"DELETE FROM case_mails WHERE number = ? AND mail = {_SEQ}", (number, sound(change.leaves)))  # noqa: S608 - our own SQL
    if change.joins is not None:
        _join(tx, number, change.joins)
    _EVENTS.run(
        tx,
        [
            (number, one.at, short(one.by, 100), one.what, short(one.detail, 10_000), sound(one.mail_id))
            for one in change.events
        ],
    )
    if change.deed is not None:
        journal.write(tx, (replace(change.deed, to=f"case {number}"),))
    if change.settles is not None:
        _settle(tx, change.settles)
    kept = replace(change.case, number=CaseNumber(number), version=change.case.version + 1)
    return _with_mails(tx, kept)


def _keep(tx: sqlite3.Connection, change: CaseChange) -> int:
    case = change.case
    body = encode_case(replace(case, mails=()))
    row = (
        case.version + 1, sound(case.brand), sound(case.route), short(case.person, 320), case.identity, case.state,
        int(case.state != "decided" or case.fresh), int(case.proposal is not None), sound(case.assignee),
        change.rank, change.clocks, change.near_at, change.warn_at, body,
    )  # fmt: skip
    columns = (
        "version, brand, route, person, identity, state, todo, proposed, assignee, rank, clocks, near_at, warn_at, body"
    )
    if not case.number:
        marks = ", ".join("?" * len(row))
        return tx.execute(f"INSERT INTO cases ({columns}) VALUES ({marks})", row).lastrowid or 0  # noqa: S608 - our own names
    changes = ", ".join(f"{column} = ?" for column in columns.split(", "))
    changed = tx.execute(
        f"UPDATE cases SET {changes} WHERE number = ? AND version = ?",  # noqa: S608 - our own names
        (*row, case.number, case.version),
    ).rowcount
    if not changed:
        raise Refused(f"case {case.number} was changed meanwhile: look at it again")
    return case.number


def _join(tx: sqlite3.Connection, number: int, mail: CaseMail) -> None:
    known = tx.execute(
        "SELECT c.number FROM case_mails AS m CROSS JOIN cases AS c ON c.number = m.number"  # noqa: S608 - our own SQL
        f" WHERE m.mail = {_SEQ} AND c.route = (SELECT route FROM cases WHERE number = ?)",
        (sound(mail.id), number),
    ).fetchone()
    if known is not None:
        raise Refused(f"this mail belongs to case {known[0]} already")
    if tx.execute(f"SELECT 1 FROM erased_mails WHERE mail = {_SEQ}", (sound(mail.id),)).fetchone():  # noqa: S608 - our own SQL
        raise Refused("this mail was erased")
    tx.execute(
        f"INSERT INTO case_mails (mail, number, thread) VALUES ({_SEQ}, ?, ?)",  # noqa: S608 - our own SQL
        (sound(mail.id), number, short(mail.thread, 500)),
    )


def _settle(tx: sqlite3.Connection, due: Due) -> int:
    return tx.execute(f"DELETE FROM case_due WHERE mail = {_SEQ} AND mark = ?", (sound(due.mail_id), due.mark)).rowcount  # noqa: S608 - our own SQL
