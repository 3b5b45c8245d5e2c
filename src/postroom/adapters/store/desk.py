"""What people do to jobs by hand; each change is noted with its reason, and in the audit log where somebody is named."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from postroom.adapters.store import journal
from postroom.adapters.store.line import Clocks
from postroom.adapters.store.sql import bump, id_list, short
from postroom.model.codec import sound
from postroom.model.mail import BounceOf, DestinationName, MailId
from postroom.model.people import Deed
from postroom.model.work import JobId, JobInfo, JobState
from postroom.ports import JobFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """One call of `retry`, `unpark`, `drop` or `redirect`."""

    verb: Literal["retry", "unpark", "drop", "redirect"]
    wanted: JobFilter
    reason: str = ""
    #: where `redirect` sends
    to: DestinationName = DestinationName("")
    #: of whoever does it, for each mail
    deed: Deed | None = None


_FROM: dict[str, tuple[JobState, ...]] = {
    "retry": ("ready", "held"),
    "unpark": ("parked", "dropped"),
    "drop": ("parked", "held", "ready"),
    "redirect": ("parked", "held", "ready"),
}
_CHANGE = {
    # Not the review clock, unless it is named: whoever lets deliveries go does not mean to empty the review queue.
    "retry": "state = 'ready', due_at = CASE WHEN kind = 'clock' AND NOT :clocks THEN due_at ELSE 0 END, settled_at = NULL",
    # A fresh age, so that the job is not parked again at once for being too old.
    "unpark": "state = 'ready', due_at = 0, settled_at = NULL, created_at = :now, strikes = 0, solo = 0, tries = 0, why = ''",
    "drop": "state = 'dropped', solo = 0, settled_at = :now, why = 'dropped', error = :reason",
    "redirect": "state = 'dropped', solo = 0, settled_at = :now, why = 'redirected', error = :reason",
}
#: a delivery to bring there; one that was given up on there is to be tried again
_INSTEAD = """
INSERT INTO jobs (mail, kind, destination, generation, due_at, thread, sender, created_at, task)
SELECT mail, kind, :to, generation, 0, thread, sender, :now, task FROM jobs WHERE id IN (SELECT value FROM json_each(:ids))
ON CONFLICT (mail, kind, destination, generation) DO UPDATE SET state = 'ready', due_at = 0, settled_at = NULL,
  created_at = excluded.created_at, strikes = 0, solo = 0, tries = 0, why = '', error = ''
WHERE state IN ('held', 'parked', 'dropped') AND why <> 'erased'
"""
_DELIVERIES = """
SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(:ids)) AND kind = 'deliver' AND coalesce(task, 'deliver') IN ('', 'deliver')
AND destination <> :to ORDER BY id
"""
_MAILS = "SELECT DISTINCT m.id FROM jobs AS j CROSS JOIN mails AS m ON m.seq = j.mail WHERE j.id IN (SELECT value FROM json_each(?))"
#: a mail that was erased is brought nowhere any more
_OF_WHAT_IS_THERE = "SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?)) AND why <> 'erased' ORDER BY id"
_INFO = (
    "SELECT j.id, j.kind, j.state, m.id, j.destination, j.generation, j.attempt, j.tries, j.strikes, j.created_at, j.due_at,"
    " j.settled_at, j.receipt, j.error, j.why, j.task FROM jobs AS j CROSS JOIN mails AS m ON m.seq = j.mail WHERE j.id IN (SELECT value FROM json_each(?)) ORDER BY j.id"
)


def jobs(tx: sqlite3.Connection, wanted: JobFilter) -> tuple[JobInfo, ...]:
    """Jobs, oldest first."""
    return tuple(_info(row) for row in tx.execute(_INFO, (id_list(_matching(tx, wanted)),)))


def change(tx: sqlite3.Connection, clocks: Clocks, hand: Hand) -> int:
    """Do what a person said. How many jobs it concerned."""
    now = clocks.now()
    ids = _matching(tx, hand.wanted, _FROM[hand.verb])
    ids = [number for (number,) in tx.execute(_OF_WHAT_IS_THERE, (id_list(ids),))] if ids else []
    if hand.verb == "redirect":
        values = {"ids": id_list(ids), "to": sound(hand.to), "now": now}
        ids = [number for (number,) in tx.execute(_DELIVERIES, values)]
        tx.execute(_INSTEAD, values | {"ids": id_list(ids)})
    if not ids:
        return 0
    _note(tx, now, hand.verb, ids, hand.reason)
    if hand.deed is not None:
        _tell(tx, hand.deed, ids)
    clocks_meant = "clock" in hand.wanted.kinds
    values = {"now": now, "reason": short(hand.reason), "ids": id_list(ids), "clocks": clocks_meant}
    tx.execute(f"UPDATE jobs SET {_CHANGE[hand.verb]} WHERE id IN (SELECT value FROM json_each(:ids))", values)  # noqa: S608 - our own table
    return len(ids)


def reopen(tx: sqlite3.Connection, clocks: Clocks, bounce: BounceOf, reason: str) -> bool:
    """A delivery came back: parked as ``bounced`` once it is finished.

    A bounce may be faster than the settling, or speak of one recipient while another is still being tried: then
    `queue.settle` parks it.
    """
    row = tx.execute(
        "SELECT id, state FROM jobs WHERE mail = (SELECT seq FROM mails WHERE id = ?) AND kind = 'deliver'"
        " AND destination = ? AND generation = ? AND state IN ('ready', 'claimed', 'done') AND why NOT IN ('bounced', 'erased')",
        (sound(bounce.mail_id), sound(bounce.destination), bounce.generation),
    ).fetchone()
    if row is None:
        return False
    number, state = row
    now = clocks.now()
    _note(tx, now, "reopen", [number], reason)
    tx.execute("UPDATE jobs SET why = 'bounced', error = ? WHERE id = ?", (short(reason), number))
    if state == "done":
        tx.execute("UPDATE jobs SET state = 'parked', settled_at = ? WHERE id = ?", (now, number))
        bump(tx, "done.deliver", -1)
    return True


def _matching(tx: sqlite3.Connection, wanted: JobFilter, allowed: tuple[JobState, ...] = ()) -> list[int]:
    states = tuple(state for state in wanted.states if not allowed or state in allowed) if wanted.states else allowed
    if wanted.states and not states:
        return []
    terms: list[tuple[str, Any]] = []
    if states:
        # The index of jobs set aside is used where only such are meant; SQLite must be told in its own words.
        aside = " AND j.state IN ('held', 'parked', 'dropped')" if set(states) <= {"held", "parked", "dropped"} else ""
        terms.append(("j.state IN (SELECT value FROM json_each(?))" + aside, json.dumps(states)))  # noqa: S608 - constants
    if wanted.kinds:
        terms.append(("j.kind IN (SELECT value FROM json_each(?))", json.dumps(wanted.kinds)))
    if wanted.destination:
        terms.append(("j.destination = ?", sound(wanted.destination)))
    if wanted.mail_id:
        terms.append(("j.mail = (SELECT seq FROM mails WHERE id = ?)", sound(wanted.mail_id)))
    if wanted.ids:
        terms.append(("j.id IN (SELECT value FROM json_each(?))", id_list(wanted.ids)))
    if wanted.why:
        terms.append(("j.why = ?", sound(wanted.why)))
    if wanted.before is not None:
        terms.append(("j.created_at < ?", wanted.before))
    if wanted.after:
        terms.append(("j.id > ?", wanted.after))
    where = " AND ".join(term for term, _ in terms) or "1"
    rows = tx.execute(
        f"SELECT j.id FROM jobs AS j WHERE {where} ORDER BY j.id LIMIT ?",  # noqa: S608 - our own terms
        [*(value for _, value in terms), wanted.limit],
    )
    return [row[0] for row in rows]


def _note(tx: sqlite3.Connection, now: float, verb: str, ids: list[int], reason: str) -> None:
    tx.execute(
        "INSERT INTO actions (at, verb, job, reason, before) SELECT ?, ?, id, ?, json_array(state, why, error) FROM jobs"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (now, verb, short(reason), id_list(ids)),
    )


def _tell(tx: sqlite3.Connection, deed: Deed, ids: Sequence[int]) -> None:
    mails = tx.execute(_MAILS, (id_list(ids),)).fetchall()
    journal.write(tx, [replace(deed, to=mail) for (mail,) in sorted(mails)])


def _info(row: tuple[Any, ...]) -> JobInfo:
    (
        number,
        kind,
        state,
        mail_id,
        destination,
        generation,
        attempt,
        tries,
        strikes,
        *times,
        receipt,
        error,
        why,
        task,
    ) = row
    created_at, due_at, settled_at = times
    return JobInfo(
        id=JobId(number),
        kind=kind,
        state=state,
        mail_id=MailId(mail_id),
        destination=DestinationName(destination),
        generation=generation,
        attempt=attempt,
        tries=tries,
        strikes=strikes,
        created_at=created_at,
        due_at=due_at,
        settled_at=settled_at,
        receipt=receipt,
        error=error,
        why=why,
        task=task or "deliver",
    )
