"""The outbox and the log of outgoing webhooks, in the store's file.

Triggers note decisions and verdicts while any hook is set up (migration 0011): in the same transaction, and at the cost of
one look into an empty table while none is.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from postroom.adapters.store import journal
from postroom.adapters.store.sql import Insert, id_list, short
from postroom.adapters.store.units import Units
from postroom.model.cases import CaseNumber
from postroom.model.codec import sound
from postroom.model.hooks import Attempt, CallId, CallState, Happening, HookCall, HookName, NewCall
from postroom.model.mail import MailId
from postroom.model.people import Deed

_LOGGED = 30 * 86_400.0
_CALL = (
    "c.id, c.hook, c.event, coalesce(m.id, ''), c.number_of_case, c.about, c.at, c.state, c.due_at, c.tries, c.since"
)
_OF_CALLS = "FROM calls AS c LEFT JOIN mails AS m ON m.seq = c.mail"
_HAPPENED = """
SELECT h.number, h.at, h.what, coalesce(m.id, ''), h.number_of_case, h.about
FROM happenings AS h LEFT JOIN mails AS m ON m.seq = h.mail ORDER BY h.number LIMIT ?
"""
_PUT = Insert(
    head="INSERT OR IGNORE INTO calls (hook, event, mail, number_of_case, about, at, since) VALUES",
    width=7,
)
_DUE = """
SELECT id FROM calls INDEXED BY calls_due WHERE state = 'waiting' AND hook = ? AND due_at <= ? ORDER BY due_at, id LIMIT ?
"""


class SqliteHooks:
    """Port `Hooks` on the file of the store."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def set_up(self, names: Collection[HookName]) -> None:
        """See `postroom.ports.hooks.Hooks.set_up`."""
        known = json.dumps([sound(name) for name in names])

        def unit(tx: sqlite3.Connection) -> int:
            tx.execute("DELETE FROM hooks WHERE name NOT IN (SELECT value FROM json_each(?))", (known,))
            tx.execute("INSERT OR IGNORE INTO hooks (name) SELECT value FROM json_each(?)", (known,))
            if not names:
                tx.execute("DELETE FROM happenings")
            return tx.execute(
                "UPDATE calls SET state = 'given-up', settled_at = at WHERE state = 'waiting'"
                " AND hook NOT IN (SELECT value FROM json_each(?))",
                (known,),
            ).rowcount

        with self._units.lend() as tx:
            there = {row[0] for row in tx.execute("SELECT name FROM hooks")}
        if there != set(map(sound, names)):
            self._units.write(unit)

    def happened(self, limit: int) -> tuple[Happening, ...]:
        """See `postroom.ports.hooks.Hooks.happened`."""
        with self._units.lend() as tx:
            return tuple(
                Happening(number=number, at=at, what=what, mail_id=MailId(mail_id), case=CaseNumber(case), about=about)
                for number, at, what, mail_id, case, about in tx.execute(_HAPPENED, (limit,))
            )

    def spread(self, seen: Sequence[Happening], calls: Sequence[NewCall], now: float) -> None:
        """See `postroom.ports.hooks.Hooks.spread`."""

        def unit(tx: sqlite3.Connection) -> int:
            mails = {"": 0} | dict(
                tx.execute(
                    "SELECT id, seq FROM mails WHERE id IN (SELECT value FROM json_each(?))",
                    (json.dumps(sorted({sound(one.mail_id) for one in calls})),),
                ).fetchall()
            )
            _PUT.run(
                tx,
                [
                    (sound(one.hook), one.event, mails[sound(one.mail_id)], one.case, one.about, one.at, now)
                    for one in calls
                    if sound(one.mail_id) in mails
                ],
            )
            tx.execute("DELETE FROM calls WHERE state <> 'waiting' AND settled_at < ?", (now - _LOGGED,))
            return tx.execute(
                "DELETE FROM happenings WHERE number IN (SELECT value FROM json_each(?))",
                (id_list(one.number for one in seen),),
            ).rowcount

        self._units.write(unit)

    def take(self, hook: HookName, now: float, *, lease: float, limit: int) -> tuple[HookCall, ...]:
        """See `postroom.ports.hooks.Hooks.take`. Whoever looks and finds nothing writes nothing."""
        due = (sound(hook), now, limit)
        with self._units.lend() as tx:
            if tx.execute(_DUE, due).fetchone() is None:
                return ()

        def unit(tx: sqlite3.Connection) -> tuple[HookCall, ...]:
            ids = [row[0] for row in tx.execute(_DUE, due)]
            taken = _calls(tx, "c.id IN (SELECT value FROM json_each(?)) ORDER BY c.due_at, c.id", (id_list(ids),))
            tx.execute(
                "UPDATE calls SET due_at = ? WHERE id IN (SELECT value FROM json_each(?))", (now + lease, id_list(ids))
            )
            return taken

        return self._units.write(unit)

    def settle(self, call: HookCall, attempt: Attempt, state: CallState, due_at: float) -> None:
        """See `postroom.ports.hooks.Hooks.settle`."""

        def unit(tx: sqlite3.Connection) -> int:
            settled = None if state == "waiting" else attempt.at
            # Who overstayed the lease and failed does not undo what somebody else has done meanwhile.
            tx.execute(
                "UPDATE calls SET state = ?1, due_at = ?2, tries = tries + ?3, settled_at = ?4"
                " WHERE id = ?5 AND since = ?6 AND (state = 'waiting' OR ?1 = 'done')",
                (state, due_at, state != "done", settled, call.id, call.since),
            )
            return tx.execute(
                "INSERT INTO attempts (call, at, said) SELECT id, ?, ? FROM calls WHERE id = ?",
                (attempt.at, short(attempt.said), call.id),
            ).rowcount

        self._units.write(unit)

    def calls(
        self, *, hook: str = "", state: CallState | None = None, before: int = 0, limit: int = 100
    ) -> tuple[HookCall, ...]:
        """See `postroom.ports.hooks.Hooks.calls`."""
        wanted = {"c.hook = ?": sound(hook), "c.state = ?": state, "c.id < ?": before}
        terms = {term: value for term, value in wanted.items() if value}
        where = " AND ".join(terms) or "1"
        with self._units.lend() as tx:
            return _calls(tx, f"{where} ORDER BY c.id DESC LIMIT ?", (*terms.values(), limit))

    def counts(self) -> dict[HookName, dict[CallState, int]]:
        """See `postroom.ports.hooks.Hooks.counts`."""
        found: dict[HookName, dict[CallState, int]] = defaultdict(dict)
        with self._units.lend() as tx:
            for hook, state, count in tx.execute(
                "SELECT hook, state, count(*) FROM calls INDEXED BY calls_hook GROUP BY hook, state"
            ):
                found[HookName(hook)][state] = count
        return dict(found)

    def replay(self, ids: Collection[CallId], deed: Deed) -> int:
        """See `postroom.ports.hooks.Hooks.replay`."""
        change = (
            "UPDATE calls SET state = 'waiting', due_at = 0, tries = 0, settled_at = NULL, since = max(?, since + 0.001)"
            " WHERE id IN (SELECT value FROM json_each(?)) AND hook IN (SELECT name FROM hooks)"
        )

        def unit(tx: sqlite3.Connection) -> int:
            done = tx.execute(change, (deed.at, id_list(ids))).rowcount
            journal.write(tx, (replace(deed, detail=f"{done} calls"),) if done else ())
            return done

        return self._units.write(unit)


def _calls(tx: sqlite3.Connection, rest: str, values: Sequence[Any]) -> tuple[HookCall, ...]:
    rows = tx.execute(f"SELECT {_CALL} {_OF_CALLS} WHERE {rest}", values).fetchall()
    attempts = _attempts(tx, [row[0] for row in rows])
    return tuple(
        HookCall(
            id=CallId(number),
            hook=HookName(hook),
            event=event,
            mail_id=MailId(mail_id),
            case=CaseNumber(case),
            about=about,
            at=at,
            state=state,
            due_at=due_at,
            tries=tries,
            since=since,
            attempts=tuple(attempts[number]),
        )
        for number, hook, event, mail_id, case, about, at, state, due_at, tries, since in rows
    )


def _attempts(tx: sqlite3.Connection, ids: Iterable[int]) -> dict[int, list[Attempt]]:
    found: dict[int, list[Attempt]] = defaultdict(list)
    wanted = "SELECT call, at, said FROM attempts WHERE call IN (SELECT value FROM json_each(?)) ORDER BY id"
    for call, at, said in tx.execute(wanted, (id_list(ids),)):
        found[call].append(Attempt(at=at, said=said))
    return found
