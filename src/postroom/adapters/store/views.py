"""What lists and health pages show: counts, mails with their newest decision, the way of one mail."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

from postroom.adapters.store.desk import jobs as jobs_of
from postroom.adapters.store.replies import replies_to
from postroom.adapters.store.secondlooks import census as second_looks
from postroom.adapters.store.sql import id_list, started_with
from postroom.adapters.store.verdicts import verdicts_on
from postroom.adapters.store.words import together
from postroom.model.codec import sound
from postroom.model.listing import PREVIEW, Event, MailRow, Reading
from postroom.model.mail import BrandName, DestinationName, MailId, RouteName
from postroom.ports import JobFilter

#: What needs a person tells more of a mail than what waits, and that more than what was dropped or done. The review clock
#: is no delivery, and what became of an earlier generation is past: also what a person's word dropped of it, and
#: what was brought elsewhere instead.
_STATE = """
CASE WHEN EXISTS (SELECT 1 FROM erased_mails AS e WHERE e.mail = m.seq) THEN 'erased'
WHEN m.duplicate_of IS NOT NULL THEN 'duplicate' ELSE (
  SELECT CASE WHEN max(j.state = 'parked') THEN 'parked' WHEN max(j.state IN ('ready', 'claimed', 'held')) THEN 'waiting'
    WHEN max(j.state = 'dropped' AND j.why <> 'redirected') THEN 'dropped' ELSE 'delivered' END
  FROM jobs AS j WHERE j.mail = m.seq AND j.kind IN ('judge', 'deliver') AND j.generation = (
    SELECT max(generation) FROM jobs WHERE mail = m.seq AND kind IN ('judge', 'deliver')
      AND (state <> 'dropped' OR generation >= coalesce(s.generation, 0)))
) END
"""
#: What stopped the target is a decision of the mail's case; no answer was noted in that case, and no notice of the outcome is sent.
_UNTOLD = """
EXISTS (SELECT 1 FROM targets AS t CROSS JOIN case_mails AS c ON c.mail = t.mail
  CROSS JOIN case_events AS e INDEXED BY case_events_number ON e.number = c.number
  WHERE t.mail = m.seq AND t.how = 'answered' AND e.what = 'decided' AND e.at = t.stopped_at
  AND NOT EXISTS (SELECT 1 FROM case_events AS told INDEXED BY case_events_number WHERE told.number = c.number AND told.what = 'answered')
  AND NOT EXISTS (SELECT 1 FROM case_mails AS other CROSS JOIN notices AS n ON n.mail = other.mail
    WHERE other.number = c.number AND n.number_of_case = c.number AND n.state <> 'not'))
"""
_ANSWERED = {"answered": "answered", "elsewhere": "answered elsewhere", "needless": "needs no answer"}
_READINGS: Final[tuple[Reading, ...]] = ("", "unread", "read")
_TAIL = 4
"""Letters from which on an id is looked for by its end: that reads all ids."""
_TARGETS = """
SELECT m.id, t.route, t.due, t.near, t.stopped_at, t.how FROM json_each(?) AS wanted
CROSS JOIN mails AS m ON m.id = wanted.value CROSS JOIN targets AS t ON t.mail = m.seq
"""
#: Of mails m and summaries s. The text is read where FTS5 keeps it (its documentation: "The %_content table"): asked for a row
#: of ``found``, it would run a statement of its own for each.
ROW = f"""
SELECT m.id, m.received_at, m.brand, m.duplicate_of, {_STATE}, coalesce(s.generation, 0), coalesce(s.route, ''), coalesce(s.decided, ''),
  coalesce(s.confidence, 0.0), coalesce(s.urgent, 0), coalesce(s.unconfirmed, 0), coalesce(s.subject, ''),
  coalesce(s.from_addr, ''), coalesce(s.language, ''), coalesce(s.kind, ''), coalesce(s.copy, ''),
  coalesce(s.reading, 0),
  (SELECT substr(w.c2, 1, {4 * PREVIEW}) FROM found_content AS w WHERE w.id = m.seq),
  {_UNTOLD}
"""  # noqa: S608 - our own SQL


def mails(tx: sqlite3.Connection, *, limit: int, route: str, before: str) -> tuple[MailRow, ...]:
    """Newest first; of one route if it is named; older than the mail ``before`` if that is (for the next page)."""
    below = "AND {} < coalesce((SELECT seq FROM mails WHERE id = :before), 9e18)" if before else ""
    if route:
        source = f"FROM summaries AS s CROSS JOIN mails AS m ON m.seq = s.mail WHERE s.route = :route {below.format('s.mail')} ORDER BY s.mail DESC"
    else:
        source = f"FROM mails AS m LEFT JOIN summaries AS s ON s.mail = m.seq WHERE 1 {below.format('m.seq')} ORDER BY m.seq DESC"
    values = {"route": sound(route), "before": sound(before), "limit": limit}
    return rows_of(tx, tx.execute(f"{ROW} {source} LIMIT :limit", values).fetchall())


def find(tx: sqlite3.Connection, some: str, limit: int) -> tuple[MailId, ...]:
    """Ids that start so, oldest first; where none does, those that end so."""
    low, high = started_with(sound(some))
    rows = tx.execute(
        "SELECT id FROM mails WHERE id >= ? AND id < ? ORDER BY id LIMIT ?", (low, high, limit)
    ).fetchall()
    if not rows and len(some) >= _TAIL:
        rows = tx.execute(
            "SELECT id FROM mails WHERE substr(id, ?) = ? ORDER BY id LIMIT ?", (-len(some), sound(some), limit)
        ).fetchall()
    return tuple(MailId(row[0]) for row in rows)


def events(tx: sqlite3.Connection, mail_id: MailId) -> tuple[Event, ...]:
    """The way of one mail, in order of time."""
    row = tx.execute("SELECT seq, received_at, duplicate_of FROM mails WHERE id = ?", (sound(mail_id),)).fetchone()
    if row is None:
        return ()
    seq, received_at, known = row
    found = [Event(at=received_at, what="duplicate" if known else "accepted", detail=f"of {known}" if known else "")]
    for generation, decided_at in tx.execute(
        "SELECT generation, decided_at FROM decisions WHERE mail = ? ORDER BY generation", (seq,)
    ):
        found.append(Event(at=decided_at, what="decided", detail=f"generation {generation}"))
    for verdict in verdicts_on(tx, mail_id):
        noted = f": {verdict.note}" if verdict.note else ""
        desks = tuple(filter(None, (verdict.said, verdict.also)))
        plain = f"{verdict.by} said another desk"
        found.append(
            Event(
                at=verdict.at,
                what="verdict",
                detail=f"{verdict.by} said {verdict.where}{noted}",
                desks=desks,
                plain=plain,
            )
        )
        if taken := verdict.taken_back:
            noted = f": {taken.note}" if taken.note else ""
            said = f"{verdict.undone(taken.by, verdict.where)}{noted}"
            plain = verdict.undone(taken.by, "another desk")
            found.append(Event(at=taken.at, what="taken back", detail=said, desks=desks, plain=plain))
    done = {info.id: info for info in jobs_of(tx, JobFilter(mail_id=mail_id))}
    for info in done.values():
        where = f"{info.destination} " if info.destination else ""
        said = info.receipt or info.error
        at = info.settled_at if info.settled_at is not None else info.created_at
        place = DestinationName(info.destination)
        found.append(Event(at=at, what=f"{info.does} {info.state}", detail=f"{where}{said}".strip(), place=place))
    for job, when, verb, reason, before in tx.execute(
        "SELECT job, at, verb, reason, before FROM actions WHERE job IN (SELECT value FROM json_each(?)) ORDER BY id",
        (id_list(done),),
    ):
        place = DestinationName(done[job].destination)
        where = f"{place} " if place else ""
        detail = f"{where}was {json.loads(before)[0]}: {reason}".strip(": ")
        found.append(Event(at=when, what=verb, detail=detail, place=place))
    for reply in replies_to(tx, mail_id):
        found.append(Event(at=reply.at, what="answer written", detail=f"by {reply.by or 'postroom'}"))
        if reply.settled_at is not None:
            found.append(Event(at=reply.settled_at, what=f"answer {reply.state}", detail=reply.said))
    for when, who, what, said in tx.execute("SELECT at, who, what, detail FROM alarm_events WHERE mail = ?", (seq,)):
        found.append(Event(at=when, what=f"urgent: {what}", detail=": ".join(filter(None, (who, said)))))
    for when, how, who, untold in tx.execute(
        f"SELECT m.stopped_at, m.how, m.who, {_UNTOLD} FROM (SELECT *, mail AS seq FROM targets) AS m"  # noqa: S608 - our own SQL
        " WHERE m.seq = ? AND m.stopped_at IS NOT NULL",
        (seq,),
    ):
        found.append(Event(at=when, what="case decided" if untold else _ANSWERED[how], detail=who))
    for (when,) in tx.execute("SELECT at FROM erased_mails WHERE mail = ?", (seq,)):
        found.append(Event(at=when, what="erased", detail=""))
    return tuple(sorted(found, key=lambda event: event.at))


def census(tx: sqlite3.Connection, path: Path) -> dict[str, Any]:
    """Counts for health pages; its cost grows with what waits, not with what was done."""
    counters = dict(tx.execute("SELECT name, n FROM counters").fetchall())
    jobs: dict[str, dict[str, int]] = {
        kind: {"done": counters.get(f"done.{kind}", 0)} for kind in ("judge", "deliver", "clock")
    }
    oldest: dict[str, float] = {}
    for kind, count, first in tx.execute(
        "SELECT kind, count(*), min(id) FROM jobs INDEXED BY jobs_ready WHERE state = 'ready' GROUP BY kind"
    ).fetchall():
        jobs[kind]["ready"] = count
        oldest[kind] = tx.execute("SELECT created_at FROM jobs WHERE id = ?", (first,)).fetchone()[0]
    for kind, state, count in tx.execute(
        "SELECT kind, state, count(*) FROM jobs INDEXED BY jobs_aside WHERE state IN ('held', 'parked', 'dropped')"
        " GROUP BY state, kind"
    ):
        jobs[kind][state] = count
    for kind, count in tx.execute(
        "SELECT kind, count(*) FROM jobs INDEXED BY jobs_claim WHERE claim IS NOT NULL GROUP BY kind"
    ):
        jobs[kind]["claimed"] = count
    for states in jobs.values():
        for state in ("ready", "claimed", "held", "parked", "dropped"):
            states.setdefault(state, 0)
    return {
        "arrivals": tx.execute("SELECT coalesce(max(seq), 0) FROM mails").fetchone()[0],
        "duplicates": counters.get("duplicates", 0),
        "jobs": jobs,
        "oldest_ready": oldest,
        "lanes_down": tx.execute("SELECT count(*) FROM lanes WHERE down").fetchone()[0],
        "unread": dict(
            tx.execute(
                "SELECT destination, count(*) FROM inbox INDEXED BY inbox_unread WHERE read_at IS NULL GROUP BY destination"
            ).fetchall()
        ),
        "waiting": {"review": 0, "audit": 0}
        | dict(tx.execute("SELECT asked, count(*) FROM waiting INDEXED BY waiting_asked GROUP BY asked").fetchall()),
        "second_looks": second_looks(tx),
        "bytes": sum(_size(path.with_name(path.name + suffix)) for suffix in ("", "-wal", "-shm")),
    }


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def rows_of(
    tx: sqlite3.Connection, rows: Sequence[Sequence[Any]], routes: Collection[RouteName] | None = None
) -> tuple[MailRow, ...]:
    """Rows of `ROW`, with the first answers that these desks owe; all desks, if None."""
    owed: dict[str, list[Sequence[Any]]] = defaultdict(list)
    for mail_id, route, *target in tx.execute(_TARGETS, (json.dumps([row[0] for row in rows]),)):
        if routes is None or route in routes:
            owed[mail_id].append(target)
    return tuple(_row(row, owed.get(row[0], ())) for row in rows)


def _row(row: Sequence[Any], owed: Sequence[Sequence[Any]]) -> MailRow:
    """Of several answers that are owed, that which is due first is told; where all were given, the first of them."""
    nothing: Sequence[Any] = (None, None, None, "")
    due, near, stopped_at, how = min(
        owed, key=lambda one: (one[2] is not None, one[0] is None, one[0] or 0.0), default=nothing
    )
    return MailRow(
        untold=bool(row[-1]),
        id=MailId(row[0]),
        received_at=row[1],
        brand=BrandName(row[2]),
        duplicate_of=None if row[3] is None else MailId(row[3]),
        state=row[4],
        generation=row[5],
        route=RouteName(row[6]),
        decided=RouteName(row[7]),
        confidence=row[8],
        urgent=bool(row[9]),
        unconfirmed=bool(row[10]),
        subject=row[11],
        from_addr=row[12],
        language=row[13],
        kind=row[14],
        also=RouteName(row[15]),
        due_at=due,
        near_at=near,
        answered_at=stopped_at,
        how=how,
        reading=_READINGS[row[16]],
        preview=_preview(row[17] or ""),
    )


def _preview(text: str) -> str:
    """One line of what the index of words holds."""
    line = " ".join(together(text).split())
    return line if len(line) <= PREVIEW else f"{line[: PREVIEW - 1]}…"
