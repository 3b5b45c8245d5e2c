"""Decisions with their jobs, and what is remembered of threads, senders and texts."""

import json
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from postroom.adapters.store import search
from postroom.adapters.store.line import Clocks
from postroom.adapters.store.queue import PUT, by_kind, finish
from postroom.adapters.store.sql import Insert, hash_of, id_list, number_of, short
from postroom.decide.history import grown
from postroom.model.codec import (
    decode_decision,
    decode_mail,
    decode_sender,
    decode_text,
    decode_thread,
    encode_decision,
    encode_sender,
    encode_text,
    encode_thread,
    sound,
)
from postroom.model.judgement import Decision
from postroom.model.mail import MailId
from postroom.model.memory import Memory, Remember, SenderRecord, TextRecord, ThreadRecord
from postroom.model.work import Decided, Job, JobId, NewJob, Summary
from postroom.ports import Judged

_DECISIONS = Insert(head="INSERT INTO decisions (mail, generation, decided_at, body) VALUES", width=4)
_SUMMARIES = Insert(
    head="INSERT INTO summaries (mail, generation, route, decided, confidence, urgent, unconfirmed, subject, from_addr,"
    " language, kind, brand, copy) VALUES",
    width=13,
    tail="ON CONFLICT (mail) DO UPDATE SET generation = excluded.generation, route = excluded.route,"
    " decided = excluded.decided, confidence = excluded.confidence, urgent = excluded.urgent,"
    " unconfirmed = excluded.unconfirmed, subject = excluded.subject, from_addr = excluded.from_addr,"
    " language = excluded.language, kind = excluded.kind, copy = excluded.copy WHERE excluded.generation >= summaries.generation",
)
_THREADS = Insert(head="INSERT OR REPLACE INTO threads (id, body) VALUES", width=2)
_LINKS = Insert(head="INSERT OR REPLACE INTO links (key, thread) VALUES", width=2)
_SUBJECTS = Insert(head="INSERT OR REPLACE INTO subjects (key, thread) VALUES", width=2)
_SENDERS = Insert(head="INSERT OR REPLACE INTO senders (key, body) VALUES", width=2)

_WAITING = Insert(
    head="INSERT OR REPLACE INTO waiting (mail, generation, asked, since, urgent, due_at, brand, route, decided) VALUES",
    width=9,
)
_TAGS = Insert(head="INSERT OR IGNORE INTO tags (tag, mail) VALUES", width=2)
#: when a question is due that has no clock
_NEVER = 9e18
_SUPERSEDED = """
UPDATE summaries SET generation = ?, route = ?, decided = ?, confidence = ?, unconfirmed = ?, copy = ? WHERE mail = ?
"""
_TEXTS = """
SELECT k.key, k.mail, t.body FROM json_each(?) AS wanted CROSS JOIN text_keys AS k ON k.key = wanted.value
CROSS JOIN texts AS t ON t.mail = k.mail
"""
#: of those found under one key, the newest mails' count
_MOST_A_KEY = 50
_CROWDED = """
DELETE FROM text_keys WHERE key = ? AND mail IN (SELECT mail FROM text_keys WHERE key = ? ORDER BY mail DESC LIMIT -1 OFFSET ?)
"""

_HELD = """
SELECT j.id, j.attempt, j.mail, (SELECT max(d.generation) FROM decisions AS d WHERE d.mail = j.mail), m.brand
FROM json_each(?) AS wanted CROSS JOIN jobs AS j ON j.id = wanted.value CROSS JOIN mails AS m ON m.seq = j.mail WHERE j.state = 'claimed'
"""

#: with ``max`` SQLite gives the row that has it
_IN_FORCE = """
SELECT d.body, max(d.generation) FROM json_each(?) AS wanted CROSS JOIN mails AS m ON m.id = wanted.value
CROSS JOIN decisions AS d ON d.mail = m.seq GROUP BY d.mail
"""
_DECIDED = """
SELECT j.id, d.body, s.subject, s.from_addr, s.language, s.kind
FROM json_each(?) AS wanted CROSS JOIN jobs AS j ON j.id = wanted.value
CROSS JOIN decisions AS d ON d.mail = j.mail AND d.generation = j.generation CROSS JOIN summaries AS s ON s.mail = j.mail
"""


class _Good(NamedTuple):
    """A judgement that counts."""

    mail: int
    brand: str
    #: of this mail
    first: bool
    one: Judged


def record(tx: sqlite3.Connection, clocks: Clocks, judged: Sequence[Judged]) -> tuple[JobId, ...]:
    """Keep judgements whose claim still stands; what another has decided at the same or a later generation stands instead."""
    held = {row[0]: row[1:] for row in tx.execute(_HELD, (id_list(one.job.id for one in judged),))}
    good: dict[int, _Good] = {}
    superseded = []
    for one in judged:
        attempt, mail, decided, brand = held.get(one.job.id, (None, 0, None, ""))
        if attempt != one.job.attempt or one.job.id in good:
            continue
        if decided is not None and decided >= one.decision.generation:
            superseded.append(one.job)
        else:
            good[one.job.id] = _Good(mail, brand, decided is None, one)
    now = clocks.now()
    kept = list(good.values())
    _keep(tx, kept)
    _put(tx, [job for *_, one in kept for job in one.jobs], {one.job.mail_id: mail for mail, *_, one in kept}, now)
    remember(tx, [one.remember for *_, one in kept])
    for kind, jobs in by_kind([one.job for *_, one in kept]):
        finish(tx, kind, [job.id for job in jobs], now, "")
    for kind, jobs in by_kind(superseded):
        finish(tx, kind, [job.id for job in jobs], now, "superseded by a later decision")
    return tuple(JobId(number) for number in good)


def supersede(tx: sqlite3.Connection, mail: int, decision: Decision, jobs: Sequence[NewJob], now: float) -> None:
    """Keep a decision that takes the place of the one before, with its jobs; what was asked about that one is answered.

    A decision that stands again may be asked about again.
    """
    _DECISIONS.run(tx, [(mail, decision.generation, decision.decided_at, encode_decision(decision))])
    facts = (decision.generation, decision.route, decision.decided, decision.confidence, int(decision.unconfirmed))
    tx.execute(_SUPERSEDED, (*facts, decision.copy, mail))
    tx.execute("DELETE FROM waiting WHERE mail = ?", (mail,))
    if decision.asked:
        _WAITING.run(tx, [_question(mail, decision, jobs)])
    _retag(tx, [(mail, decision)])
    _put(tx, jobs, {decision.mail_id: mail}, now)


def decisions(tx: sqlite3.Connection, mail_id: MailId) -> tuple[Decision, ...]:
    """All decisions on a mail, oldest first."""
    rows = tx.execute(
        "SELECT body FROM decisions WHERE mail = (SELECT seq FROM mails WHERE id = ?) ORDER BY generation",
        (sound(mail_id),),
    )
    return tuple(decode_decision(body) for (body,) in rows)


def in_force(tx: sqlite3.Connection, ids: Collection[MailId]) -> dict[MailId, Decision]:
    """The newest decision on each of these mails."""
    rows = tx.execute(_IN_FORCE, (json.dumps(list(map(sound, ids))),))
    return {decision.mail_id: decision for decision in (decode_decision(body) for body, _ in rows)}


def decided(tx: sqlite3.Connection, jobs: Sequence[Job]) -> dict[JobId, Decided]:
    """Why these deliveries are made."""
    rows = tx.execute(_DECIDED, (id_list(job.id for job in jobs),))
    return {
        JobId(number): Decided(
            decision=decode_decision(body),
            summary=Summary(subject=subject, from_addr=from_addr, language=language, kind=kind),
        )
        for number, body, subject, from_addr, language, kind in rows
    }


def summaries(tx: sqlite3.Connection, ids: Collection[MailId]) -> dict[MailId, Summary]:
    """What lists show of mails that were judged."""
    found: dict[MailId, Summary] = {}
    by_sound = {sound(one): one for one in ids}
    wanted = list(by_sound)
    for at in range(0, len(wanted), 200):
        some = wanted[at : at + 200]
        marks = ", ".join("?" * len(some))
        for mail_id, subject, from_addr, language, kind in tx.execute(
            "SELECT m.id, s.subject, s.from_addr, s.language, s.kind FROM mails AS m JOIN summaries AS s ON s.mail = m.seq"  # noqa: S608 - marks only
            f" WHERE m.id IN ({marks})",
            some,
        ):
            summary = Summary(subject=subject, from_addr=from_addr, language=language, kind=kind)
            found[by_sound[mail_id]] = summary
    return found


def recall(
    tx: sqlite3.Connection,
    message_ids: Collection[str],
    subject_keys: Collection[str],
    senders: Collection[str],
    texts: Callable[[], Collection[int]],
) -> Memory:
    """What is remembered under these keys."""
    return Memory(
        threads=_led_to(tx, "links", message_ids),
        subjects=_led_to(tx, "subjects", subject_keys),
        senders=_senders(tx, senders),
        texts=_texts(tx, texts()) if tx.execute("SELECT 1 FROM texts LIMIT 1").fetchone() else {},
    )


def _keep(tx: sqlite3.Connection, kept: Sequence[_Good]) -> None:
    decisions = [(good.mail, good.one.decision) for good in kept]
    _DECISIONS.run(tx, [(mail, one.generation, one.decided_at, encode_decision(one)) for mail, one in decisions])
    _SUMMARIES.run(tx, [_summary(good) for good in kept])
    search.index(tx, [(good.mail, good.brand, good.one) for good in kept if good.first])
    _WAITING.run(tx, [_question(mail, one.decision, one.jobs) for mail, *_, one in kept if one.decision.asked])
    if answered := [mail for mail, one in decisions if one.generation > 1 and not one.asked]:
        tx.execute("DELETE FROM waiting WHERE mail IN (SELECT value FROM json_each(?))", (id_list(answered),))
    _TAGS.run(tx, [(short(tag, 200), good.mail) for good in kept if good.first for tag in good.one.decision.tags])
    _retag(tx, [(good.mail, good.one.decision) for good in kept if not good.first])


def _retag(tx: sqlite3.Connection, later: Sequence[tuple[int, Decision]]) -> None:
    """The tags of a later decision take the place of those before."""
    if later:
        tx.execute(
            "DELETE FROM tags WHERE mail IN (SELECT value FROM json_each(?))", (id_list(mail for mail, _ in later),)
        )
        _TAGS.run(tx, [(short(tag, 200), mail) for mail, one in later for tag in one.tags])


def _question(mail: int, decision: Decision, jobs: Sequence[NewJob]) -> tuple[Any, ...]:
    due = [job.due_at for job in jobs if job.kind == "clock" and not job.destination]
    return (
        mail,
        decision.generation,
        decision.asked,
        decision.decided_at,
        int(bool(decision.urgent)),
        min(due, default=_NEVER),
        sound(decision.brand),
        sound(decision.route),
        sound(decision.decided),
    )


def _summary(good: _Good) -> tuple[Any, ...]:
    one, decision = good.one, good.one.decision
    return (
        good.mail,
        decision.generation,
        decision.route,
        decision.decided,
        decision.confidence,
        int(bool(decision.urgent)),
        int(decision.unconfirmed),
        short(one.subject, 998),
        short(one.from_addr, 320),
        short(one.language, 16),
        one.kind,
        good.brand,
        decision.copy,
    )


def _put(tx: sqlite3.Connection, jobs: Sequence[NewJob], known: Mapping[MailId, int], now: float) -> None:
    rows = []
    for job in jobs:
        mail = known.get(job.mail_id)
        if mail is None:
            row = tx.execute("SELECT seq FROM mails WHERE id = ?", (job.mail_id,)).fetchone()
            if row is None:
                raise ValueError(f"a job for a mail that was never accepted: {job.mail_id}")
            mail = int(row[0])
        thread = sender = None
        if job.kind == "judge":
            thread, sender = keys_of(tx, mail)
        task = "" if job.task == "deliver" else job.task
        rows.append((mail, job.kind, job.destination, job.generation, max(job.due_at, 0.0), thread, sender, now, task))
    PUT.run(tx, rows)


def keys_of(tx: sqlite3.Connection, mail: int) -> tuple[int | None, int | None]:
    """The thread and sender of a mail, as jobs have them."""
    (head,) = tx.execute("SELECT head FROM mails WHERE seq = ?", (mail,)).fetchone()
    whole = decode_mail(head, b"")
    return number_of(whole.thread_key), number_of(whole.sender_key)


def remember(tx: sqlite3.Connection, added: Sequence[Remember]) -> None:
    """The last word on a key in a batch is the one that is kept: only it is written. Mail of a domain is added to its record."""
    threads: dict[str, ThreadRecord] = {}
    links: dict[bytes, str] = {}
    subjects: dict[bytes, str] = {}
    senders: dict[str, SenderRecord] = {}
    domains = _senders(tx, {one.domain.key for one in added if one.domain is not None})
    for one in added:
        thread = one.thread
        if thread is not None:
            threads[thread.id] = thread
            links.update((hash_of(link), thread.id) for link in one.links)
            if one.subject_key:
                subjects[hash_of(one.subject_key)] = thread.id
        senders.update((sound(sender.key), sender) for sender in one.senders)
        if one.domain is not None:
            key = sound(one.domain.key)
            senders[key] = grown(senders.get(key) or domains.get(one.domain.key), one.domain)
        for gone in one.forget:
            _forget_text(tx, gone)
        for text in one.texts:
            _remember_text(tx, text)
    _THREADS.run(tx, [(name, encode_thread(thread)) for name, thread in threads.items()])
    _LINKS.run(tx, list(links.items()))
    _SUBJECTS.run(tx, list(subjects.items()))
    _SENDERS.run(tx, [(key, encode_sender(sender)) for key, sender in senders.items()])


def _forget_text(tx: sqlite3.Connection, mail_id: MailId) -> None:
    for table in ("text_keys", "texts"):
        tx.execute(f"DELETE FROM {table} WHERE mail = (SELECT seq FROM mails WHERE id = ?)", (sound(mail_id),))  # noqa: S608 - our own names


def _remember_text(tx: sqlite3.Connection, text: TextRecord) -> None:
    """Keep a text in place of what was kept of the same mail."""
    _forget_text(tx, text.mail_id)
    (mail,) = tx.execute("SELECT seq FROM mails WHERE id = ?", (sound(text.mail_id),)).fetchone()
    tx.execute("INSERT INTO texts (mail, body) VALUES (?, ?)", (mail, encode_text(text)))
    for key in set(text.keys):
        tx.execute("INSERT INTO text_keys (key, mail) VALUES (?, ?)", (key, mail))
        tx.execute(_CROWDED, (key, key, _MOST_A_KEY))


def _texts(tx: sqlite3.Connection, keys: Collection[int]) -> dict[int, tuple[TextRecord, ...]]:
    found: dict[int, list[TextRecord]] = {}
    known: dict[int, TextRecord] = {}
    for key, mail, body in tx.execute(_TEXTS, (id_list(keys),)):
        if mail not in known:
            known[mail] = decode_text(body)
        found.setdefault(key, []).append(known[mail])
    return {key: tuple(texts) for key, texts in found.items()}


def _led_to(tx: sqlite3.Connection, table: str, keys: Collection[str]) -> dict[str, ThreadRecord]:
    by_hash = {hash_of(key): key for key in keys}
    found: dict[str, ThreadRecord] = {}
    hashes = list(by_hash)
    for at in range(0, len(hashes), 200):
        some = hashes[at : at + 200]
        for key, body in tx.execute(
            f"SELECT t.key, threads.body FROM {table} AS t JOIN threads ON threads.id = t.thread"  # noqa: S608 - our own names
            f" WHERE t.key IN ({', '.join('?' * len(some))})",
            some,
        ):
            found[by_hash[key]] = decode_thread(body)
    return found


def _senders(tx: sqlite3.Connection, keys: Collection[str]) -> dict[str, SenderRecord]:
    by_sound = {sound(key): key for key in keys}
    found: dict[str, SenderRecord] = {}
    wanted = list(by_sound)
    for at in range(0, len(wanted), 200):
        some = wanted[at : at + 200]
        marks = ", ".join("?" * len(some))
        for key, body in tx.execute(f"SELECT key, body FROM senders WHERE key IN ({marks})", some):  # noqa: S608 - marks only
            found[by_sound[key]] = decode_sender(body)
    return found
