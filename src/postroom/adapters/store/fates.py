"""What becomes of each table's rows when a mail, or a person, is erased: the whole of it, so that none is forgotten.

A test compares `FATES` with the schema: whoever adds a table says here what of it is erased. Rows that are counted stay,
without words and addresses; all others go.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from postroom.adapters.store import arrivals
from postroom.adapters.store.arrivals import Packer
from postroom.adapters.store.sql import hash_of
from postroom.model.cases import Case
from postroom.model.codec import (
    decode_case,
    decode_decision,
    decode_mail,
    decode_thread,
    decode_verdict,
    encode_case,
    encode_decision,
    encode_head,
    encode_thread,
    encode_verdict,
)
from postroom.model.deeds import ADDRESS
from postroom.model.judgement import AccountStatus, Decision, Finding, SenderHistory, Source, Verdict
from postroom.model.mail import Envelope, Mail, Peer
from postroom.model.memory import ThreadRecord
from postroom.model.privacy import Removal
from postroom.ports.answers import FORGOTTEN
from postroom.ports.privacy import Wanted

_LONGEST_LOCAL: Final = 64
_AROUND: Final = frozenset("'=[{|/^*?!#%&~`$")
"""These may be parts of local parts (RFC 5322 §3.2.3), and stand around addresses."""
FORGET_ANSWERS: Final = f"UPDATE answers SET status = {FORGOTTEN}, digest = x'', body = x'' WHERE status <> {FORGOTTEN}"  # noqa: S608 - our own SQL
#: findings whose name is one of the settings, not one of the mail's
_NAMED_BY_US: Final[frozenset[Source]] = frozenset({"rule", "phrases", "urgent", "classifier", "guard", "kind"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """A mail in the transaction that erases it."""

    seq: int
    #: without its raw bytes
    mail: Mail
    removal: Removal
    #: seconds since the epoch
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of one table."""

    #: in words, for people
    words: str
    #: when a mail is erased: SQL on ``:mail``, its number, and ``:now``
    mail: tuple[str, ...] = ()
    #: the same, where SQL can't
    rewrite: Callable[[sqlite3.Connection, Doomed], None] | None = None
    #: of what a person is known by, beside their mails: erased by `forget`
    person: bool = False


def doom(tx: sqlite3.Connection, one: Doomed) -> None:
    """Erase a mail, everywhere."""
    for fate in FATES.values():
        for statement in fate.mail:
            tx.execute(statement, {"mail": one.seq, "now": one.now})
        if fate.rewrite is not None:
            fate.rewrite(tx, one)


def mentions(wanted: Wanted, text: str, *, since: float = 0.0) -> bool:
    """Whether an address stands in a text that is meant, of what came ``since`` then."""
    until = (wanted.address(one) for found in ADDRESS.findall(text) for one in _read(found.lower()))
    return any(one and one >= since for one in until)


def _read(found: str) -> Iterator[str]:
    """Addresses that may be meant."""
    local, _, domain = found.strip(".'[]{}|$").rpartition("@")
    local = local[-_LONGEST_LOCAL:]
    starts = (0, *(at + 1 for at, sign in enumerate(local) if sign in _AROUND))
    yield from (f"{local[at:]}@{domain}" for at in starts)


def leave_threads(tx: sqlite3.Connection, ids: Collection[str], wanted: Wanted) -> None:
    """Somebody has never written in these threads; one in which nobody else has is forgotten."""
    for thread_id in ids:
        row = tx.execute("SELECT body FROM threads WHERE id = ?", (thread_id,)).fetchone()
        if row is not None:
            record = decode_thread(row[0])
            others = tuple(one for one in record.participants if not wanted.address(one))
            _put_thread(tx, replace(record, participants=others), forget=not others)


def _without_words(decision: Decision) -> Decision:
    """What is counted of a decision: route, confidence, sources and their scores; no word, no name, no history."""
    return replace(
        decision,
        findings=tuple(map(_bare, decision.findings)),
        tags=(),
        because="",
        thread=None,
        history=SenderHistory(),
        account=AccountStatus(),
    )


def _bare(finding: Finding) -> Finding:
    name = finding.name if finding.source in _NAMED_BY_US else ""
    return replace(finding, reason="", name=name, spans=(), clues=())


def _head(tx: sqlite3.Connection, one: Doomed) -> None:
    bare = replace(
        one.mail,
        envelope=Envelope(mail_from="", rcpt_to=()),
        peer=Peer(door=one.mail.peer.door),
        digest=b"",
        message_id="",
        bounce_of=None,
        thread_key="",
        sender_key="",
    )
    tx.execute("UPDATE mails SET head = ? WHERE seq = ?", (encode_head(bare), one.seq))


def _raw(tx: sqlite3.Connection, one: Doomed) -> None:
    tx.execute("UPDATE raws SET body = ? WHERE mail = ?", (Packer().pack(b""), one.seq))


def _prints(tx: sqlite3.Connection, one: Doomed) -> None:
    """Those of its days are a range: of an old mail none is left."""
    between = arrivals.prints_of(one.mail.received_at)
    tx.execute("DELETE FROM prints WHERE key >= ? AND key < ? AND mail = ?", (*between, one.seq))


def _decisions(tx: sqlite3.Connection, one: Doomed) -> None:
    rows = tx.execute("SELECT generation, body FROM decisions WHERE mail = ?", (one.seq,)).fetchall()
    bare = [(encode_decision(_without_words(decode_decision(body))), one.seq, number) for number, body in rows]
    tx.executemany("UPDATE decisions SET body = ? WHERE mail = ? AND generation = ?", bare)


def _verdicts(tx: sqlite3.Connection, one: Doomed) -> None:
    rows = tx.execute("SELECT number, body FROM verdicts WHERE mail = ?", (one.seq,)).fetchall()
    bare = [(encode_verdict(_without_notes(decode_verdict(body))), number) for number, body in rows]
    tx.executemany("UPDATE verdicts SET body = ? WHERE number = ?", bare)


def _without_notes(verdict: Verdict) -> Verdict:
    """What is counted of a verdict."""
    taken = verdict.taken_back
    return replace(verdict, note="", taken_back=None if taken is None else replace(taken, note=""))


def _threads(tx: sqlite3.Connection, one: Doomed) -> None:
    """Its thread has one mail less; without any it is forgotten."""
    link = hash_of(one.removal.message_id)
    row = tx.execute(
        "SELECT t.body FROM links AS l CROSS JOIN threads AS t ON t.id = l.thread WHERE l.key = ?", (link,)
    ).fetchone()
    if row is not None and one.removal.message_id:
        record = decode_thread(row[0])
        tx.execute("DELETE FROM links WHERE key = ?", (link,))
        _put_thread(tx, replace(record, mails=record.mails - 1), forget=record.mails <= 1)


def _put_thread(tx: sqlite3.Connection, record: ThreadRecord, *, forget: bool) -> None:
    if not forget:
        tx.execute("UPDATE threads SET body = ? WHERE id = ?", (encode_thread(record), record.id))
        return
    for statement in (
        "DELETE FROM threads WHERE id = ?",
        "DELETE FROM links WHERE thread = ?",
        "DELETE FROM subjects WHERE thread = ?",
    ):
        tx.execute(statement, (record.id,))


def _subjects(tx: sqlite3.Connection, one: Doomed) -> None:
    if one.removal.subject_key:
        tx.execute("DELETE FROM subjects WHERE key = ?", (hash_of(one.removal.subject_key),))


def _replies(tx: sqlite3.Connection, one: Doomed) -> None:
    """With the answers, what leads from their Message-IDs to a thread goes."""
    keys = [(hash_of(row[0]),) for row in tx.execute("SELECT message_id FROM replies WHERE mail = ?", (one.seq,))]
    tx.executemany("DELETE FROM links WHERE key = ?", keys)
    tx.execute("DELETE FROM replies WHERE mail = ?", (one.seq,))


def _case_events(tx: sqlite3.Connection, one: Doomed) -> None:
    if one.removal.of_age:
        return
    tx.execute("UPDATE case_events SET detail = '' WHERE mail = ? AND mail <> ''", (one.mail.id,))


def _case_mails(tx: sqlite3.Connection, one: Doomed) -> None:
    """Its case goes on without it; without any mail, or the one that it has its subject from, no words of it stay.

    Not for the age of the mail: `cases_days` says how long a case tells what it tells.
    """
    numbers = tx.execute("SELECT number FROM case_mails WHERE mail = ?", (one.seq,)).fetchall()
    tx.execute("DELETE FROM case_mails WHERE mail = ?", (one.seq,))
    for (number,) in () if one.removal.of_age else numbers:
        left = tx.execute("SELECT min(mail) FROM case_mails WHERE number = ?", (number,)).fetchone()[0]
        if left is None:
            strip_case(tx, number, one.now)
        elif left > one.seq:
            _silence(tx, number)
            _put_case(tx, number, lambda case: replace(case, subject=""))


def _silence(tx: sqlite3.Connection, number: int) -> None:
    """What others answered who were told of a case may repeat its words."""
    tx.execute(
        "UPDATE attempts SET said = '' WHERE call IN (SELECT id FROM calls WHERE mail = 0 AND number_of_case = ?)",
        (number,),
    )


def strip_case(tx: sqlite3.Connection, number: int, now: float) -> None:
    """What is counted of a case stays. One that was not decided yet is nobody's any more: as if it had been withdrawn."""
    _silence(tx, number)
    tx.execute("UPDATE case_events SET detail = '' WHERE number = ?", (number,))
    _put_case(tx, number, lambda case: _bare_case(case, now))
    tx.execute("UPDATE cases SET person = '', todo = 0, proposed = 0, state = 'decided' WHERE number = ?", (number,))


def _bare_case(case: Case, now: float) -> Case:
    bare = replace(case, person="", subject="", reason="", proposal=None, fresh=False)
    return bare if case.state == "decided" else replace(bare, state="decided", outcome="withdrawn", decided_at=now)


def _put_case(tx: sqlite3.Connection, number: int, change: Callable[[Case], Case]) -> None:
    """With a new version, so that nobody writes over it what he has read before."""
    row = tx.execute("SELECT body FROM cases WHERE number = ?", (number,)).fetchone()
    if row is not None:
        body = encode_case(change(decode_case(row[0])))
        tx.execute("UPDATE cases SET body = ?, version = version + 1 WHERE number = ?", (body, number))


_ACTIONS: Final = """
UPDATE actions SET reason = '', before = json_array(json_extract(before, '$[0]'), json_extract(before, '$[1]'), '')
WHERE job IN (SELECT id FROM jobs WHERE mail = :mail)
"""
_NOBODY: Final = Fate(words="nothing of people who write")

FATES: Final[Mapping[str, Fate]] = {
    "mails": Fate(words="stays with id, brand and time; envelope, peer, Message-ID and keys go", rewrite=_head),
    "raws": Fate(words="goes", rewrite=_raw),
    "prints": Fate(words="goes", rewrite=_prints),
    # Before `jobs`, by which its rows are found.
    "actions": Fate(
        words="stays without reason and error",
        mail=(_ACTIONS,),
    ),
    "jobs": Fate(
        words="stays without keys, receipt and error; what was not done is dropped as erased",
        mail=(
            "UPDATE jobs SET state = 'dropped', solo = 0, settled_at = :now WHERE mail = :mail AND state IN ('ready', 'held', 'parked')",
            "UPDATE jobs SET thread = NULL, sender = NULL, receipt = '', error = '', why = 'erased' WHERE mail = :mail",
        ),
    ),
    "claims": _NOBODY,
    "lanes": Fate(words="the error goes, where it names their address", person=True),
    "decisions": Fate(
        words="stays with routes, probabilities and the scores of sources; reasons, words, places, tags, thread, history and account go",
        rewrite=_decisions,
    ),
    "summaries": Fate(words="goes", mail=("DELETE FROM summaries WHERE mail = :mail",)),
    "threads": Fate(
        words="their address goes; a thread without mail, or with nobody else in it, goes",
        rewrite=_threads,
        person=True,
    ),
    "links": Fate(words="goes, with `threads`"),
    "subjects": Fate(words="goes", rewrite=_subjects),
    "senders": Fate(
        words="what is kept of their address goes, and of their domain where nobody else writes from it", person=True
    ),
    "inbox": Fate(words="goes", mail=("DELETE FROM inbox WHERE mail = :mail",)),
    "counters": _NOBODY,
    "verdicts": Fate(words="stays without notes", rewrite=_verdicts),
    "second_looks": Fate(
        words="stays with routes, reviewers and times, which are counted; it is asked and settled no more",
        mail=(
            "DELETE FROM second_looks WHERE mail = :mail AND second = ''",
            "UPDATE second_looks SET settled_at = :now WHERE mail = :mail AND settled_at IS NULL AND second_said <> first_said",
        ),
    ),
    "second_look_readers": Fate(words="goes", mail=("DELETE FROM second_look_readers WHERE mail = :mail",)),
    # Before `waiting`, which it refers to.
    "turns": Fate(words="goes", mail=("DELETE FROM turns WHERE mail = :mail",)),
    "waiting": Fate(words="goes", mail=("DELETE FROM waiting WHERE mail = :mail",)),
    "texts": Fate(words="goes", mail=("DELETE FROM texts WHERE mail = :mail",)),
    "text_keys": Fate(words="goes", mail=("DELETE FROM text_keys WHERE mail = :mail",)),
    "examples": Fate(words="labelled mail of theirs goes", person=True),
    "users": _NOBODY,
    "sessions": _NOBODY,
    "saved_views": Fate(words="those whose name or search holds their address go", person=True),
    "first_views": _NOBODY,
    "keys": _NOBODY,
    "identities": _NOBODY,
    "deeds": Fate(words="stays: it names them by a keyed hash alone, and mails by their id"),
    "hours": _NOBODY,
    # After `summaries`, whose triggers note a mail there.
    "case_due": Fate(words="goes", mail=("DELETE FROM case_due WHERE mail = :mail",)),
    "case_events": Fate(words="stays without words", rewrite=_case_events, person=True),
    "case_mails": Fate(words="goes", rewrite=_case_mails),
    "cases": Fate(
        words="stays to be counted: person, subject and reasons go; an open one is decided as withdrawn", person=True
    ),
    "case_routes": _NOBODY,
    "tags": Fate(words="goes", mail=("DELETE FROM tags WHERE mail = :mail",)),
    "found": Fate(words="goes", mail=("DELETE FROM found WHERE rowid = :mail",)),
    "answers": Fate(
        words="all go, as an answer may hold anybody's mail; that there was a call stays for a day",
        mail=(FORGET_ANSWERS,),
        person=True,
    ),
    "answer_sizes": _NOBODY,
    "hooks": _NOBODY,
    "happenings": Fate(words="goes", mail=("DELETE FROM happenings WHERE mail = :mail",)),
    # Before `calls`, by which its rows are found.
    "attempts": Fate(
        words="goes; of one about their case, what was answered",
        mail=("DELETE FROM attempts WHERE call IN (SELECT id FROM calls WHERE mail = :mail)",),
    ),
    "calls": Fate(words="goes", mail=("DELETE FROM calls WHERE mail = :mail",)),
    "replies": Fate(
        words="goes, sent or not; also what was sent to their address for somebody else's mail",
        rewrite=_replies,
        person=True,
    ),
    "backtests": Fate(words="stays: counts, and names that the team gave its rules"),
    "backtest_changes": Fate(words="goes", mail=("DELETE FROM backtest_changes WHERE mail = :mail",)),
    "notice_routes": _NOBODY,
    "notices": Fate(words="goes", mail=("DELETE FROM notices WHERE mail = :mail",)),
    "versions": Fate(words="stays: of one that names their address the text goes, and why it was written", person=True),
    "drafts": Fate(words="the text of one that names their address goes", person=True),
    "alarm_events": Fate(words="goes", mail=("DELETE FROM alarm_events WHERE mail = :mail",)),
    "alarms": Fate(words="goes: nobody is told of it any more", mail=("DELETE FROM alarms WHERE mail = :mail",)),
    "case_warnings": Fate(words="stays: which clock of which case, and when"),
    "target_routes": _NOBODY,
    "targets": Fate(words="goes", mail=("DELETE FROM targets WHERE mail = :mail",)),
    "erasures": Fate(words="address and mail go once it is done"),
    "erased_mails": Fate(words="stays: number of the mail, when, and where it lay"),
    "tombstones": Fate(words="stays: keyed hashes of address, mail id and Message-ID, when, and who asked"),
    "holds": Fate(words="stays until it is released: nothing is erased meanwhile"),
}


def doomed(seq: int, head: bytes, removal: Removal, now: float) -> Doomed:
    """A row of `mails` to erase."""
    return Doomed(seq=seq, mail=decode_mail(head, b""), removal=removal, now=now)
