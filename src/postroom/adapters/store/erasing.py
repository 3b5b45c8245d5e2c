"""Erasing in the store's file; `fates` says what goes and what stays.

What is deleted is overwritten with zeros (PRAGMA secure_delete). Bytes also stay where SQLite does not overwrite: in segments
of the index of words until they are merged, in gaps of pages whose rows were moved, on free pages, and in the write-ahead
log. `scrub` sees to all of them.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from postroom.adapters.store import queue, rulebooks, savedviews
from postroom.adapters.store.arrivals import Packer
from postroom.adapters.store.connect import connect, translated
from postroom.adapters.store.fates import FORGET_ANSWERS, doom, doomed, leave_threads, mentions, strip_case
from postroom.adapters.store.journal import write as write_deeds
from postroom.adapters.store.keeping import bury
from postroom.adapters.store.units import Units
from postroom.model.codec import decode_case, decode_example, decode_mail, decode_thread, sound
from postroom.model.errors import Refused, TryLater
from postroom.model.mail import Mail, MailId
from postroom.model.people import Deed
from postroom.model.privacy import Erasure, Found, Outcome, Remembered, Removal, Tombstone
from postroom.model.trust import Trust
from postroom.ports.privacy import Wanted
from postroom.understand.addresses import normal
from postroom.understand.reader import read

Result = TypeVar("Result")

_PAGE: Final = 2000
#: rows of threads, senders and examples that one transaction takes out
_ROWS: Final = 200
#: pages of the index of words that one transaction merges
_MERGED: Final = 500
#: seconds to wait for others
_PATIENCE: Final = 30.0

_MAILS = """
SELECT m.seq, m.id, m.received_at, m.head, s.from_addr FROM mails AS m LEFT JOIN summaries AS s ON s.mail = m.seq
WHERE m.seq > ? AND NOT EXISTS (SELECT 1 FROM erased_mails AS e WHERE e.mail = m.seq) ORDER BY m.seq LIMIT ?
"""
_ONE = """
SELECT m.seq, m.head, coalesce(s.route, ''), coalesce(s.decided, ''), s.from_addr,
  EXISTS (SELECT 1 FROM jobs AS j WHERE j.mail = m.seq AND j.state = 'claimed'),
  EXISTS (SELECT 1 FROM erased_mails AS e WHERE e.mail = m.seq)
FROM mails AS m LEFT JOIN summaries AS s ON s.mail = m.seq WHERE m.id = ?
"""
_ERASURE = "SELECT number, at, who, address, mail, done_at, mails, examples FROM erasures"


class SqliteErasing:
    """Everything of `postroom.ports.privacy.Erasing`."""

    def __init__(self, units: Units, path: Path) -> None:
        self._units = units
        self._path = path
        self._packer = Packer()

    def begin(self, erasure: Erasure, deed: Deed) -> Erasure:
        """See `postroom.ports.privacy.Erasing.begin`."""

        def unit(tx: sqlite3.Connection) -> Erasure:
            what = sound(erasure.address or erasure.mail_id)
            if (held := tx.execute("SELECT reason, who FROM holds WHERE what = ?", (what,)).fetchone()) is not None:
                raise Refused(f"{what} is held by {held[1]}: {held[0]}. Nothing is erased until it is released")
            known = tx.execute(
                f"{_ERASURE} WHERE done_at IS NULL AND address = ? AND mail = ?",
                (sound(erasure.address), sound(erasure.mail_id)),
            ).fetchone()
            if known is not None:
                return _erasure(known)
            write_deeds(tx, [deed])
            row = (erasure.at, sound(erasure.by), sound(erasure.address), sound(erasure.mail_id))
            number = tx.execute(
                "INSERT INTO erasures (at, who, address, mail, mails, examples) VALUES (?, ?, ?, ?, 0, 0)", row
            ).lastrowid
            return _erasure(tx.execute(f"{_ERASURE} WHERE number = ?", (number,)).fetchone())

        return self._units.write(unit, weight=1024)

    def note(self, erasure: Erasure, deed: Deed | None = None) -> None:
        """See `postroom.ports.privacy.Erasing.note`."""

        def unit(tx: sqlite3.Connection) -> None:
            done = erasure.done_at is not None
            row = (erasure.done_at, erasure.mails, erasure.examples, done, done, erasure.number)
            tx.execute(
                "UPDATE erasures SET done_at = ?, mails = ?, examples = ?, address = iif(?, '', address),"
                " mail = iif(?, '', mail) WHERE number = ?",
                row,
            )
            if deed is not None:
                write_deeds(tx, [deed])

        secure(self._units, unit)

    def erasures(self, *, unfinished: bool = False, limit: int = 100) -> tuple[Erasure, ...]:
        """See `postroom.ports.privacy.Erasing.erasures`."""
        where = " WHERE done_at IS NULL" if unfinished else ""
        with self._units.lend() as tx:
            return tuple(
                _erasure(row) for row in tx.execute(f"{_ERASURE}{where} ORDER BY number DESC LIMIT ?", (limit,))
            )

    def find(self, wanted: Wanted, *, after: int = 0, limit: int = 5000) -> Found:
        """See `postroom.ports.privacy.Erasing.find`. Mails that were not judged are read for who wrote them."""
        ids: list[MailId] = []
        with self._units.lend() as tx:
            rows = tx.execute(_MAILS, (after, limit)).fetchall()
            for seq, mail_id, received_at, head, from_addr in rows:
                mail = decode_mail(head, b"")
                if wanted.mail(mail_id) or any(
                    wanted.address(one) >= received_at for one in self._whose(tx, seq, mail, from_addr)
                ):
                    ids.append(MailId(mail_id))
        return Found(ids=tuple(ids), after=rows[-1][0] if len(rows) == limit else 0)

    def _whose(self, tx: sqlite3.Connection, seq: int, mail: Mail, from_addr: str | None) -> set[str]:
        """Addresses that a mail is of."""
        found = {mail.envelope.mail_from, from_addr or ""}
        if from_addr is None:
            (body,) = tx.execute("SELECT body FROM raws WHERE mail = ?", (seq,)).fetchone()
            message = read(replace(mail, raw=self._packer.unpack(body)), Trust())
            found |= {one.addr for one in (message.from_, message.customer) if one is not None}
        return {normal(one).lower() for one in found if one}

    def remembered(self, wanted: Wanted) -> Remembered:
        """See `postroom.ports.privacy.Erasing.remembered`."""
        threads = [
            name
            for name, body in walk(self._units, "SELECT id, body FROM threads WHERE id > ? ORDER BY id LIMIT ?", "")
            if any(map(wanted.address, decode_thread(body).participants))
        ]
        examples = [
            name
            for _, name, body in walk(
                self._units, "SELECT seq, id, body FROM examples WHERE seq > ? ORDER BY seq LIMIT ?", 0
            )
            if wanted.address(normal(decode_example(body).sender).lower())
        ]
        keys = [key for (key,) in walk(self._units, "SELECT key FROM senders WHERE key > ? ORDER BY key LIMIT ?", "")]
        cases = [
            number
            for number, person, body in walk(
                self._units, "SELECT number, person, body FROM cases WHERE number > ? ORDER BY number LIMIT ?", 0
            )
            if (until := wanted.address(person)) and decode_case(body).received_at <= until
        ]
        with self._units.lend() as tx:
            versions, drafts = rulebooks.naming(tx, wanted)
        return Remembered(
            threads=tuple(threads),
            senders=tuple(_senders(keys, wanted)),
            examples=tuple(examples),
            cases=tuple(cases),
            versions=versions,
            drafts=drafts,
        )

    def erase(self, mails: Sequence[Removal], stones: Sequence[Tombstone], at: float) -> Outcome:
        """See `postroom.ports.privacy.Erasing.erase`."""

        def unit(tx: sqlite3.Connection) -> Outcome:
            queue.lapse(tx, self._units.clocks)
            held: dict[str, float] = dict(tx.execute("SELECT what, at FROM holds").fetchall())
            erased: list[MailId] = []
            busy: list[MailId] = []
            kept: list[MailId] = []
            for one in mails:
                row = tx.execute(_ONE, (sound(one.mail_id),)).fetchone()
                if row is None:
                    continue
                seq, head, route, decided, from_addr, claimed, gone = row
                this = doomed(seq, head, one, at)
                if gone:
                    erased.append(one.mail_id)
                elif held and any(
                    held.get(what, -1.0) >= one.released
                    for what in (*self._whose(tx, seq, this.mail, from_addr), sound(one.mail_id))
                ):
                    kept.append(one.mail_id)
                elif claimed:
                    busy.append(one.mail_id)
                else:
                    doom(tx, this)
                    tx.execute("INSERT INTO erased_mails VALUES (?, ?, ?, ?)", (seq, at, route, decided))
                    erased.append(one.mail_id)
            bury(tx, stones)
            return Outcome(erased=tuple(erased), busy=tuple(busy), held=tuple(kept))

        return secure(self._units, unit, weight=8192 * len(mails))

    def forget(self, wanted: Wanted, remembered: Remembered) -> None:
        """See `postroom.ports.privacy.Erasing.forget`."""
        for some in pieces(remembered.threads):
            secure(self._units, partial(leave_threads, ids=some, wanted=wanted))
        for table, key, names in (("senders", "key", remembered.senders), ("examples", "id", remembered.examples)):
            for some in pieces(names):
                secure(self._units, partial(_delete, table=table, key=key, names=some))
        for cases in pieces(remembered.cases):
            secure(self._units, partial(_strip_cases, numbers=cases, now=self._units.clocks.now()))
        query = "SELECT number, recipient, at FROM replies WHERE number > ? ORDER BY number LIMIT ?"
        replies = walk(self._units, query, 0)
        for numbers in pieces([number for number, to, at in replies if wanted.address(normal(to).lower()) >= at]):
            secure(self._units, partial(_delete, table="replies", key="number", names=numbers))
        secure(self._units, partial(rulebooks.forget, versions=remembered.versions, drafts=remembered.drafts))
        secure(self._units, partial(_clear_lanes, wanted=wanted))
        secure(self._units, partial(savedviews.forget, wanted=wanted))
        secure(self._units, lambda tx: tx.execute(FORGET_ANSWERS).rowcount)

    def in_hand(self) -> frozenset[str]:
        """See `postroom.ports.privacy.Erasing.in_hand`."""
        with self._units.lend() as tx:
            rows = tx.execute("SELECT id, attempt FROM jobs WHERE claim IS NOT NULL AND kind = 'judge'")
            return frozenset(f"{number}.{attempt}" for number, attempt in rows)

    def scrub(self, *, whole: bool = True) -> None:
        """See `postroom.ports.privacy.Erasing.scrub`. Raises `TryLater` while somebody reads on from an earlier moment.

        The ``whole`` file is written anew (VACUUM), and nobody else writes meanwhile: some ten seconds a gigabyte.
        """
        more = secure(self._units, partial(_merge, pages=-_MERGED))
        while more:
            more = secure(self._units, partial(_merge, pages=_MERGED))
        with translated(self._path), closing(self._alone()) as connection:
            if whole:
                connection.execute("VACUUM")
            (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise TryLater("the store's log can't be emptied while somebody reads in it")

    def _alone(self) -> sqlite3.Connection:
        """A connection of its own, which makes copies on the disk, not in memory."""
        connection = connect(self._path, busy_seconds=_PATIENCE, cache_kib=4096)
        connection.execute("PRAGMA temp_store = FILE")
        return connection


def walk(units: Units, query: str, after: Any) -> Iterator[tuple[Any, ...]]:
    """All rows in order of their first column, in short reads; ``query`` takes the column to go on after, and how many."""
    while True:
        with units.lend() as tx:
            rows = tx.execute(query, (after, _PAGE)).fetchall()
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]


def secure(units: Units, unit: Callable[[sqlite3.Connection], Result], *, weight: int = 0) -> Result:
    """Do something in a transaction in which all that is freed is overwritten."""

    def secured(tx: sqlite3.Connection) -> Result:
        tx.execute("PRAGMA secure_delete = ON").fetchone()
        try:
            return unit(tx)
        finally:
            tx.execute("PRAGMA secure_delete = FAST").fetchone()

    return units.write(secured, weight=weight)


def pieces(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """In pieces that one transaction takes out."""
    for at in range(0, len(rows), _ROWS):
        yield rows[at : at + _ROWS]


def _senders(keys: Sequence[str], wanted: Wanted) -> Iterator[str]:
    """Records of addresses that are meant; and of their domains, where no other address of it has one."""
    theirs = [key for key in keys if key.startswith("a:") and wanted.address(key[2:])]
    yield from theirs
    domains = {key.rpartition("@")[2] for key in theirs}
    others = {key.rpartition("@")[2] for key in keys if key.startswith("a:") and not wanted.address(key[2:])}
    yield from (key for key in keys if key.startswith("d:") and key[2:] in domains - others)


def _delete(tx: sqlite3.Connection, table: str, key: str, names: Sequence[str | int]) -> None:
    tx.execute(f"DELETE FROM {table} WHERE {key} IN (SELECT value FROM json_each(?))", (json.dumps(names),))  # noqa: S608 - our own names


def _strip_cases(tx: sqlite3.Connection, numbers: Sequence[int], now: float) -> None:
    for number in numbers:
        strip_case(tx, number, now)


def _clear_lanes(tx: sqlite3.Connection, wanted: Wanted) -> None:
    for name, error in tx.execute("SELECT destination, error FROM lanes").fetchall():
        if mentions(wanted, error):
            tx.execute("UPDATE lanes SET error = '' WHERE destination = ?", (name,))


def _merge(tx: sqlite3.Connection, pages: int) -> bool:
    """Merge a part of the index of words into one segment, in which nothing is left of what was deleted; whether there is more.

    A negative number begins anew (https://www.sqlite.org/fts5.html#the_merge_command).
    """
    before = tx.total_changes
    tx.execute("INSERT INTO found (found, rank) VALUES ('merge', ?)", (pages,))
    return tx.total_changes - before >= 2


def _erasure(row: tuple[Any, ...]) -> Erasure:
    number, at, by, address, mail_id, done_at, mails, examples = row
    return Erasure(
        number=number, at=at, by=by, address=address, mail_id=mail_id, done_at=done_at, mails=mails, examples=examples
    )
