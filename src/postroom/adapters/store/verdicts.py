"""What people are asked, what they said, and the texts they said it of."""

import json
import sqlite3
from dataclasses import replace
from typing import Any

from postroom.adapters.store import desk, journal, judgements, line, queue, secondlooks
from postroom.adapters.store.line import Clocks
from postroom.model.codec import decode_verdict, encode_verdict, sound
from postroom.model.errors import Refused, TryLater
from postroom.model.judgement import Decision, Verdict
from postroom.model.listing import Waiting
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.ports import JobFilter, Ruling

#: of mails m, summaries s and waiting w
COLUMNS = """m.id, m.received_at, m.brand, w.generation, w.asked, w.since, s.route, s.decided, s.confidence, s.urgent, s.subject, s.from_addr,
  (SELECT min(j.due_at) FROM jobs AS j WHERE j.mail = w.mail AND j.kind = 'clock' AND j.destination = '' AND j.generation = w.generation)"""
_WAITING = f"""
SELECT {COLUMNS}
FROM waiting AS w INDEXED BY waiting_asked CROSS JOIN mails AS m ON m.seq = w.mail CROSS JOIN summaries AS s ON s.mail = w.mail
WHERE w.asked = ? ORDER BY w.mail LIMIT ?
"""  # noqa: S608 - constants of this module
_READ = """
UPDATE inbox SET read_at = ? WHERE mail = ? AND read_at IS NULL AND destination IN (SELECT value FROM json_each(?))
"""


def rule(tx: sqlite3.Connection, clocks: Clocks, ruling: Ruling) -> Verdict:
    """Keep a verdict, or that it was taken back, with all that follows from it."""
    verdict, now = ruling.verdict, clocks.now()
    mail = _judged(tx, ruling.decision)
    _wait_for_judges(tx, clocks, mail)
    _wait_for_deliveries(tx, ruling)
    _end_clock(tx, mail, now, f"{verdict.by} said {verdict.where}")
    judgements.supersede(tx, mail, ruling.decision, ruling.jobs, now)
    if ruling.drop:
        wanted = JobFilter(ids=ruling.drop, limit=len(ruling.drop))
        desk.change(tx, clocks, desk.Hand(verb="drop", wanted=wanted, reason=_because(verdict)))
    tx.execute(_READ, (now, mail, json.dumps([sound(one) for one in ruling.leaves])))
    known = judgements.recall(
        tx, ruling.keys.message_ids, (ruling.keys.subject_key,), ruling.keys.senders, lambda: ruling.keys.texts
    )
    judgements.remember(tx, [ruling.remember(known)])
    journal.write(tx, (ruling.deed,))
    if verdict.taken_back:
        tx.execute(
            "UPDATE verdicts SET taken_back = 1, body = ? WHERE number = ?", (encode_verdict(verdict), verdict.number)
        )
        secondlooks.take_back(tx, mail, verdict)
        return verdict
    number = tx.execute(
        "INSERT INTO verdicts (mail, at, body, who, asked, decided) VALUES (?, ?, ?, ?, ?, ?)",
        (mail, verdict.at, encode_verdict(verdict), sound(verdict.by), verdict.asked, sound(verdict.decided)),
    ).lastrowid
    kept = replace(verdict, number=number or 0)
    if ruling.second_look:
        secondlooks.begin(tx, mail, kept)
    if ruling.settles:
        secondlooks.settle(tx, mail, kept)
    return kept


def waiting(tx: sqlite3.Connection, asked: str, limit: int) -> tuple[Waiting, ...]:
    """Those in review, then those of the audit; each oldest first."""
    found: list[Waiting] = []
    for why in (asked,) if asked else ("review", "audit"):
        found += [waiting_of(row) for row in tx.execute(_WAITING, (why, limit - len(found)))]
    return tuple(found)


def waiting_of(row: tuple[Any, ...]) -> Waiting:
    """A row of `COLUMNS`."""
    return Waiting(
        mail_id=MailId(row[0]),
        received_at=row[1],
        brand=BrandName(row[2]),
        generation=row[3],
        asked=row[4],
        since=row[5],
        route=RouteName(row[6]),
        decided=RouteName(row[7]),
        confidence=row[8],
        urgent=bool(row[9]),
        subject=row[10],
        from_addr=row[11],
        due_at=row[12],
    )


def verdicts(tx: sqlite3.Connection, since: float, after: int, limit: int) -> tuple[Verdict, ...]:
    """In the order they were kept."""
    rows = tx.execute(
        "SELECT number, body FROM verdicts WHERE number > ? AND at >= ? AND NOT taken_back ORDER BY number LIMIT ?",
        (after, since, limit),
    )
    return tuple(replace(decode_verdict(body), number=number) for number, body in rows)


def newest(tx: sqlite3.Connection, limit: int) -> tuple[Verdict, ...]:
    """The one kept last first."""
    rows = tx.execute("SELECT number, body FROM verdicts WHERE NOT taken_back ORDER BY number DESC LIMIT ?", (limit,))
    return tuple(replace(decode_verdict(body), number=number) for number, body in rows)


def verdicts_on(tx: sqlite3.Connection, mail_id: MailId) -> tuple[Verdict, ...]:
    """Of one mail, oldest first, with those that were taken back."""
    rows = tx.execute(
        "SELECT number, body FROM verdicts WHERE mail = (SELECT seq FROM mails WHERE id = ?) ORDER BY number",
        (sound(mail_id),),
    )
    return tuple(replace(decode_verdict(body), number=number) for number, body in rows)


def _judged(tx: sqlite3.Connection, decision: Decision) -> int:
    """The mail whose newest decision this one replaces. Raises `Refused` when there is a newer one."""
    row = tx.execute(
        "SELECT m.seq, (SELECT max(d.generation) FROM decisions AS d WHERE d.mail = m.seq),"
        " EXISTS (SELECT 1 FROM erased_mails AS e WHERE e.mail = m.seq) FROM mails AS m WHERE m.id = ?",
        (sound(decision.mail_id),),
    ).fetchone()
    if row is not None and row[2]:
        raise Refused(f"{decision.mail_id} was erased: nothing is left to say of it")
    if row is None or row[1] != decision.generation - 1:
        raise Refused(
            f"the decision on {decision.mail_id} has changed meanwhile: look at it again before you say where it belongs"
        )
    return int(row[0])


def _wait_for_judges(tx: sqlite3.Connection, clocks: Clocks, mail: int) -> None:
    """A judge in whose hands another mail of the thread or sender is would write over what is remembered now."""
    queue.lapse(tx, clocks)
    if line.being_judged(tx, *judgements.keys_of(tx, mail)):
        raise TryLater("another mail of this thread or sender is being judged at this moment; try again")


def _wait_for_deliveries(tx: sqlite3.Connection, ruling: Ruling) -> None:
    """What is dropped, made and taken back was worked out of where the mail was."""
    now = desk.jobs(tx, JobFilter(mail_id=ruling.decision.mail_id, kinds=("deliver",)))
    if [(job.id, job.state, job.attempt) for job in now] != [(job.id, job.state, job.attempt) for job in ruling.made]:
        raise TryLater("a delivery of this mail was begun or ended at this moment; try again")


def _because(verdict: Verdict) -> str:
    if verdict.taken_back:
        return f"{verdict.taken_back.by} took back that {verdict.by} gave it to {verdict.where}"
    return f"{verdict.by} gave it to {verdict.where}"


def _end_clock(tx: sqlite3.Connection, mail: int, now: float, receipt: str) -> None:
    clocks = tx.execute(
        "SELECT id FROM jobs WHERE mail = ? AND kind = 'clock' AND state IN ('ready', 'held')", (mail,)
    ).fetchall()
    if clocks:
        queue.finish(tx, "clock", [row[0] for row in clocks], now, receipt)
