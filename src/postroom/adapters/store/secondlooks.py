"""Second looks in the store's file. They begin, end and are settled with verdicts, in the same transaction."""

import json
import sqlite3
from collections.abc import Collection
from functools import partial
from typing import Any

from postroom.adapters.store import journal
from postroom.adapters.store.sight import Values, seen
from postroom.adapters.store.sql import bump, short
from postroom.adapters.store.units import Units
from postroom.model.codec import sound
from postroom.model.errors import Refused
from postroom.model.judgement import Verdict
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import Deed, Sight
from postroom.model.secondlooks import Said, SecondLook, said

_TIES = "+"
_COLUMNS = """m.id, l.brand, l.generation, l.decided, l.first, l.first_said, l.opened_at, l.second, l.second_said, l.answered_at,
  l.settled_by, l.settled, l.settled_at, l.until"""
#: A clock may be set back by a minute without ending a turn.
_FREE = "(l.holder = '' OR l.holder = :by OR l.until <= :now OR l.taken_at > :now + 60)"
_MAILS = "CROSS JOIN mails AS m ON m.seq = l.mail CROSS JOIN summaries AS s ON s.mail = l.mail"
_FOR_ME = f"""
l.second = '' AND l.first <> :by COLLATE NOCASE AND {_FREE}
AND (l.holder = :by OR NOT EXISTS (SELECT 1 FROM second_look_readers AS r WHERE r.mail = l.mail AND r.who = :by))
AND NOT EXISTS (SELECT 1 FROM verdicts AS v WHERE v.mail = l.mail AND v.who = :by COLLATE NOCASE)
"""  # noqa: S608 - constants of this module
_NEXT = f"""
SELECT m.id FROM second_looks AS l INDEXED BY second_looks_open {_MAILS}
WHERE {_FOR_ME} AND (l.opened_at >= :since OR l.holder = :by) AND m.id NOT IN (SELECT value FROM json_each(:skip)) AND {{}}
ORDER BY l.holder = :by AND l.until > :now DESC, l.opened_at LIMIT 1
"""  # noqa: S608 - constants of this module
_THIS = "l.mail = (SELECT seq FROM mails WHERE id = :id)"
_ONE = f"SELECT m.id FROM second_looks AS l {_MAILS} WHERE {_THIS} AND {_FOR_ME} AND {{}}"  # noqa: S608
_TAKE = f"""
UPDATE second_looks AS l SET holder = :by, taken_at = :now, until = :until
WHERE {_THIS} AND l.second = '' AND {_FREE}
"""  # noqa: S608 - constants of this module
_GIVE_BACK = """
UPDATE second_looks SET holder = '', until = 0
WHERE holder = :by AND mail IN (SELECT m.seq FROM json_each(:skip) AS k CROSS JOIN mails AS m ON m.id = k.value)
"""
_READERS = """
FROM second_looks AS l WHERE l.mail IN (SELECT m.seq FROM json_each(:ids) AS k CROSS JOIN mails AS m ON m.id = k.value)
AND l.second = '' AND l.first <> :by COLLATE NOCASE
AND NOT EXISTS (SELECT 1 FROM second_look_readers AS r WHERE r.mail = l.mail AND r.who = :by)
"""
_READ = f"INSERT OR IGNORE INTO second_look_readers (mail, who) SELECT l.mail, :by {_READERS}"
_ANSWER = """
UPDATE second_looks SET second = :by, second_said = :said, answered_at = :now, holder = '', until = 0
WHERE mail = (SELECT seq FROM mails WHERE id = :id) AND second = '' AND holder = :by AND until > :now
"""
_OF_MAIL = f"SELECT {_COLUMNS} FROM second_looks AS l {_MAILS} WHERE {_THIS} AND {{}}"  # noqa: S608
_HELD = f"""
SELECT {_COLUMNS} FROM second_looks AS l INDEXED BY second_looks_holder {_MAILS}
WHERE l.holder <> '' AND l.holder = :by AND l.second = ''
"""  # noqa: S608 - constants of this module
_OPEN = f"""
SELECT {_COLUMNS} FROM second_looks AS l INDEXED BY second_looks_differ {_MAILS}
WHERE l.second <> '' AND l.second_said <> l.first_said AND l.settled_at IS NULL AND {{}} ORDER BY l.answered_at LIMIT 1000
"""  # noqa: S608 - constants of this module
_ANSWERED = f"""
SELECT {_COLUMNS} FROM second_looks AS l INDEXED BY second_looks_answered CROSS JOIN mails AS m ON m.seq = l.mail
WHERE l.second <> '' AND l.answered_at >= :since ORDER BY l.answered_at DESC LIMIT :limit
"""  # noqa: S608 - constants of this module


def begin(tx: sqlite3.Connection, mail: int, verdict: Verdict) -> None:
    """A second reviewer is to be asked what the first has just answered; once a mail."""
    answer = _kept(said((verdict.said, verdict.also)))
    tx.execute(
        "INSERT OR IGNORE INTO second_looks (mail, generation, brand, decided, verdict, first, first_said, opened_at)"
        " SELECT seq, ?, brand, ?, ?, ?, ?, ? FROM mails WHERE seq = ?",
        (verdict.generation, sound(verdict.decided), verdict.number, sound(verdict.by), answer, verdict.at, mail),
    )


def settle(tx: sqlite3.Connection, mail: int, verdict: Verdict) -> None:
    """A third has decided. Raises `Refused` when there is nothing to settle any more, or he is one of the two."""
    changed = tx.execute(
        "UPDATE second_looks SET settled_by = :by, settled = :said, settled_at = :at, settling = :number WHERE mail = :mail"
        " AND second <> '' AND second_said <> first_said AND settled_at IS NULL"
        " AND :by COLLATE NOCASE NOT IN (first, second)",
        {
            "by": sound(verdict.by),
            "said": _kept(said((verdict.said, verdict.also))),
            "at": verdict.at,
            "number": verdict.number,
            "mail": mail,
        },
    ).rowcount
    if not changed:
        raise Refused("it is settled by now, or one of the two answers is yours: then somebody else decides")


def take_back(tx: sqlite3.Connection, mail: int, verdict: Verdict) -> None:
    """Without the first answer nobody is asked a second time; without the third it is open again."""
    tx.execute("DELETE FROM second_looks WHERE mail = ? AND verdict = ? AND second = ''", (mail, verdict.number))
    tx.execute(
        "UPDATE second_looks SET settled_by = '', settled = '', settled_at = NULL, settling = NULL WHERE mail = ? AND settling = ?",
        (mail, verdict.number),
    )


def census(tx: sqlite3.Connection) -> dict[str, int]:
    """How many wait for a second reviewer, and for a third; and how many agreed so far, or not."""
    counters = dict(
        tx.execute("SELECT name, n FROM counters WHERE name IN ('looks.agreed', 'looks.differed')").fetchall()
    )
    (waiting,) = tx.execute(
        "SELECT count(*) FROM second_looks INDEXED BY second_looks_open WHERE second = ''"
    ).fetchone()
    (differ,) = tx.execute(
        "SELECT count(*) FROM second_looks INDEXED BY second_looks_differ WHERE second <> '' AND second_said <> first_said"
        " AND settled_at IS NULL"
    ).fetchone()
    return {
        "waiting": waiting,
        "open": differ,
        "agreed": counters.get("looks.agreed", 0),
        "differed": counters.get("looks.differed", 0),
    }


class SqliteSecondLooks:
    """Port `SecondLooks` on the file of the store."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def take(
        self, by: str, sight: Sight, *, lease: float, since: float, skip: Collection[MailId] = ()
    ) -> SecondLook | None:
        """See `postroom.ports.reviewing.SecondLooks.take`."""
        passed = json.dumps(list(map(sound, skip)))
        values = self._values(by, since=since, skip=passed)
        where = _where(sight, values)
        with self._units.lend() as tx:
            found = tx.execute(_NEXT.format(where), values).fetchone()
        # Whom others are faster than looks again at the next mail, not now: nothing is pressing about it.
        return self._take(found, by, lease, passed) if found or skip else None

    def take_one(self, mail_id: MailId, by: str, sight: Sight, *, lease: float) -> SecondLook | None:
        """See `postroom.ports.reviewing.SecondLooks.take_one`."""
        values = self._values(by, id=sound(mail_id))
        where = _where(sight, values)
        with self._units.lend() as tx:
            found = tx.execute(_ONE.format(where), values).fetchone()
        return self._take(found, by, lease, "[]") if found else None

    def held(self, by: str) -> tuple[SecondLook, ...]:
        """See `postroom.ports.reviewing.SecondLooks.held`."""
        return tuple(self._looks(_HELD, Values(by=short(by, 100))))

    def seen(self, ids: Collection[MailId], by: str) -> None:
        """See `postroom.ports.reviewing.SecondLooks.seen`. Writes only where there is something to write."""
        values = {"by": short(by, 100), "ids": json.dumps(list(map(sound, ids)))}
        with self._units.lend() as tx:
            new = tx.execute(f"SELECT 1 {_READERS} LIMIT 1", values).fetchone()
        if new:
            self._units.write(lambda tx: tx.execute(_READ, values))

    def give_back(self, mail_id: MailId, by: str) -> None:
        """See `postroom.ports.reviewing.SecondLooks.give_back`."""
        values = {"by": short(by, 100), "skip": json.dumps([sound(mail_id)])}
        self._units.write(lambda tx: tx.execute(_GIVE_BACK, values))

    def answer(self, mail_id: MailId, said: Said, by: str, deed: Deed) -> SecondLook:
        """See `postroom.ports.reviewing.SecondLooks.answer`."""
        values = self._values(by, id=sound(mail_id), said=_kept(said))
        return self._units.write(partial(_answer, values=values, deed=deed))

    def of_mail(self, mail_id: MailId, sight: Sight) -> SecondLook | None:
        """See `postroom.ports.reviewing.SecondLooks.of_mail`."""
        values = Values(id=sound(mail_id))
        found = self._looks(_OF_MAIL.format(_where(sight, values)), values)
        return next((one for one in found if _may_see(one, sight)), None)

    def open(self, sight: Sight, limit: int = 100) -> tuple[SecondLook, ...]:
        """See `postroom.ports.reviewing.SecondLooks.open`. Of the oldest thousand."""
        values = Values()
        found = self._looks(_OPEN.format(_where(sight, values)), values)
        return tuple(one for one in found if _may_see(one, sight))[:limit]

    def answered(self, sight: Sight, since: float, limit: int = 20_000) -> tuple[SecondLook, ...]:
        """See `postroom.ports.reviewing.SecondLooks.answered`. Of the newest ``limit``."""
        found = self._looks(_ANSWERED, Values(since=since, limit=limit))
        return tuple(one for one in found if _may_see(one, sight))

    def _looks(self, statement: str, values: Values) -> list[SecondLook]:
        with self._units.lend() as tx:
            return list(map(_look, tx.execute(statement, values)))

    def _take(self, found: tuple[str] | None, by: str, lease: float, skip: str) -> SecondLook | None:
        def unit(tx: sqlite3.Connection) -> SecondLook | None:
            now = self._units.clocks.now()
            values = {"by": short(by, 100), "now": now, "until": now + lease, "skip": skip}
            tx.execute(_GIVE_BACK, values)
            if found is None or not tx.execute(_TAKE, values | {"id": found[0]}).rowcount:
                return None
            tx.execute(_READ, values | {"ids": json.dumps(found)})
            return _look(tx.execute(_OF_MAIL.format("1"), {"id": found[0]}).fetchone())

        return self._units.write(unit)

    def _values(self, by: str, **more: str | float) -> Values:
        return Values(by=short(by, 100), now=self._units.clocks.now(), **more)


def _answer(tx: sqlite3.Connection, values: dict[str, Any], deed: Deed) -> SecondLook:
    if not tx.execute(_ANSWER, values).rowcount:
        raise Refused("this mail is not in your hands any more, or somebody else was faster: go on with the next")
    found = _look(tx.execute(_OF_MAIL.format("1"), {"id": values["id"]}).fetchone())
    bump(tx, "looks.agreed" if found.agreed else "looks.differed", 1)
    journal.write(tx, [deed])
    return found


def _where(sight: Sight, values: Values) -> str:
    """Where it lies now, and where it was guessed to belong, may be seen."""
    terms = list(seen(sight, values, brand="l.brand"))
    if sight.routes is not None:
        terms.append(f"l.decided IN ({values.name(*sorted(sight.routes))})")
    return " AND ".join(terms) or "1"


def _may_see(look: SecondLook, sight: Sight) -> bool:
    brands, routes = sight.brands, sight.routes
    return (brands is None or look.brand in brands) and (routes is None or look.routes <= routes)


def _kept(answer: Said) -> str:
    return _TIES.join(map(sound, answer))


def _read(kept: str) -> Said:
    return tuple(map(RouteName, kept.split(_TIES))) if kept else ()


def _look(row: tuple[Any, ...]) -> SecondLook:
    return SecondLook(
        mail_id=MailId(row[0]),
        brand=BrandName(row[1]),
        generation=row[2],
        decided=RouteName(row[3]),
        first=row[4],
        first_said=_read(row[5]),
        opened_at=row[6],
        second=row[7],
        second_said=_read(row[8]),
        answered_at=row[9],
        settled_by=row[10],
        settled=_read(row[11]),
        settled_at=row[12],
        until=row[13],
    )
