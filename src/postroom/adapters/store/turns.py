"""Whose turn it is to answer which question of review.

A turn ends by the wall clock, unlike a worker's lease: it is a person's, who sits before the page whether the server was
started again or not, and is told when it ends. Where the clock was set back since it began, it is over.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from postroom.adapters.store.sight import Values, seen
from postroom.adapters.store.sql import short
from postroom.adapters.store.units import Units
from postroom.adapters.store.verdicts import COLUMNS, waiting_of
from postroom.model.codec import sound
from postroom.model.desktop import Taken
from postroom.model.errors import TryLater
from postroom.model.mail import MailId
from postroom.model.people import Sight

#: questions that are looked up at once, to take the first that nobody else takes meanwhile
_AT_ONCE = 16
_TRIES = 50
#: questions that one person has in hand: who asks for more gives back those taken longest ago, or nobody else has any
_MOST_HELD = 5

#: Of turns t. A clock may be set back by a minute without ending one.
_OVER = "(t.until <= :now OR t.taken_at > :now + 60)"
_QUESTION = "CROSS JOIN waiting AS w ON w.mail = m.seq CROSS JOIN summaries AS s ON s.mail = m.seq"
_MINE = f"""
SELECT m.id, w.generation FROM turns AS t INDEXED BY turns_holder CROSS JOIN mails AS m ON m.seq = t.mail {_QUESTION}
WHERE t.holder = :by AND NOT {_OVER} AND {{}} ORDER BY w.urgent DESC, w.asked DESC, w.due_at, w.mail
"""  # noqa: S608 - constants of this module
#: in the order of an index
_FREE = f"""
SELECT m.id, w.generation FROM waiting AS w INDEXED BY waiting_turn
LEFT JOIN turns AS t ON t.mail = w.mail CROSS JOIN mails AS m ON m.seq = w.mail
WHERE {{}} AND (t.mail IS NULL OR {_OVER}) AND m.id NOT IN (SELECT value FROM json_each(:skip))
ORDER BY w.urgent DESC, w.asked DESC, w.due_at, w.mail LIMIT {_AT_ONCE}
"""  # noqa: S608 - constants of this module
#: in the order they are named in
_NAMED = f"""
SELECT m.id, w.generation FROM json_each(:named) AS k CROSS JOIN mails AS m ON m.id = k.value {_QUESTION}
LEFT JOIN turns AS t ON t.mail = m.seq WHERE (t.mail IS NULL OR t.holder = :by OR {_OVER}) AND {{}}
"""  # noqa: S608 - constants of this module
_TAKE = f"""
INSERT INTO turns AS t (mail, holder, taken_at, until)
SELECT w.mail, :by, :now, :until FROM waiting AS w WHERE w.mail = (SELECT seq FROM mails WHERE id = :id) AND w.generation = :generation
ON CONFLICT (mail) DO UPDATE SET holder = excluded.holder, taken_at = excluded.taken_at, until = excluded.until
WHERE t.holder = excluded.holder OR {_OVER}
"""  # noqa: S608 - constants of this module
_GIVE_BACK = """
DELETE FROM turns WHERE holder = :by AND mail IN (SELECT m.seq FROM json_each(:skip) AS k CROSS JOIN mails AS m ON m.id = k.value)
"""
_TOO_MANY = f"""
DELETE FROM turns WHERE mail IN (SELECT t.mail FROM turns AS t CROSS JOIN mails AS m ON m.seq = t.mail
  WHERE t.holder = :by AND m.id <> :id ORDER BY t.taken_at DESC, t.mail DESC LIMIT -1 OFFSET {_MOST_HELD} - 1)
"""  # noqa: S608 - constants of this module
_TAKEN = f"""
SELECT {COLUMNS}, t.holder, t.until FROM turns AS t CROSS JOIN mails AS m ON m.seq = t.mail {_QUESTION}
WHERE NOT {_OVER} AND (:id = '' OR m.id = :id) ORDER BY t.mail
"""  # noqa: S608 - constants of this module

_Question = tuple[str, int]
"""Id of a mail, and the generation of the decision asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hand:
    """Whose hand reaches out, and for how long."""

    by: str
    lease: float
    #: ids that are given back if held, as JSON
    skip: str = "[]"


class SqliteTurns:
    """Port `Turns` on the file of the store."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def take(self, by: str, sight: Sight, *, lease: float, skip: tuple[MailId, ...] = ()) -> Taken | None:
        """See `postroom.ports.desktop.Turns.take`. When only skipped ones are left, the one skipped first comes again."""
        passed = list(dict.fromkeys(map(sound, skip)))
        hand = _Hand(by=short(by, 100), lease=lease, skip=json.dumps(passed))
        for _ in range(_TRIES):
            mine, questions = self._look(hand, sight)
            gives_back = any(mail in passed for mail, _ in mine)
            if not questions and not gives_back:
                return None
            taken = self._units.write(partial(self._take, hand=hand, questions=questions))
            if taken is not None or not questions:
                return taken
        raise TryLater("others take the questions faster than they can be looked up; try again")

    def take_one(self, mail_id: MailId, by: str, sight: Sight, *, lease: float) -> Taken | None:
        """See `postroom.ports.desktop.Turns.take_one`. Of what else they hold, a few stay in their hands."""
        hand = _Hand(by=short(by, 100), lease=lease)
        with self._units.lend() as tx:
            questions = self._named(tx, hand, sight, [sound(mail_id)])
        return self._units.write(partial(self._take, hand=hand, questions=questions)) if questions else None

    def give_back(self, mail_id: MailId, by: str) -> None:
        """See `postroom.ports.desktop.Turns.give_back`."""
        values = {"by": short(by, 100), "skip": json.dumps([sound(mail_id)])}
        self._units.write(lambda tx: tx.execute(_GIVE_BACK, values))

    def held(self) -> tuple[Taken, ...]:
        """See `postroom.ports.desktop.Turns.held`. In order of acceptance."""
        with self._units.lend() as tx:
            return self._taken(tx, "")

    def open_questions(self, sight: Sight) -> int:
        """See `postroom.ports.desktop.Turns.open_questions`."""
        values = Values()
        where = _where(sight, values)
        count = f"SELECT count(*) FROM waiting AS w INDEXED BY waiting_turn WHERE {where}"  # noqa: S608 - our own SQL
        with self._units.lend() as tx:
            return int(tx.execute(count, values).fetchone()[0])

    def _look(self, hand: _Hand, sight: Sight) -> tuple[list[_Question], list[_Question]]:
        """What they hold, and what they may take, best first: what they hold, what is free, what they skipped."""
        values = Values(now=self._now(), by=hand.by, skip=hand.skip)
        where = _where(sight, values)
        with self._units.lend() as tx:
            skipped = json.loads(hand.skip)
            mine = tx.execute(_MINE.format(where), values).fetchall()
            wanted = [one for one in mine if one[0] not in skipped]
            wanted = wanted or tx.execute(_FREE.format(where), values).fetchall()
            return mine, wanted or self._named(tx, hand, sight, skipped)

    def _named(self, tx: sqlite3.Connection, hand: _Hand, sight: Sight, ids: Sequence[str]) -> list[_Question]:
        values = Values(now=self._now(), by=hand.by, named=json.dumps(ids))
        return tx.execute(_NAMED.format(_where(sight, values)), values).fetchall()

    def _take(self, tx: sqlite3.Connection, hand: _Hand, questions: Sequence[_Question]) -> Taken | None:
        """Take the first that is still there and in nobody else's hands."""
        now = self._now()
        values = {"by": hand.by, "now": now, "until": now + hand.lease, "skip": hand.skip}
        tx.execute(_GIVE_BACK, values)
        for mail_id, generation in questions:
            if tx.execute(_TAKE, values | {"id": mail_id, "generation": generation}).rowcount > 0:
                tx.execute(_TOO_MANY, values | {"id": mail_id})
                return self._taken(tx, mail_id)[0]
        return None

    def _taken(self, tx: sqlite3.Connection, mail_id: str) -> tuple[Taken, ...]:
        rows = tx.execute(_TAKEN, {"now": self._now(), "id": mail_id})
        return tuple(Taken(waiting=waiting_of(row), by=by, until=until) for *row, by, until in rows)

    def _now(self) -> float:
        return self._units.clocks.now()


def _where(sight: Sight, values: Values) -> str:
    return " AND ".join(seen(sight, values, of="w", copies=False)) or "1"
