"""What is remembered of senders, and told in decided cases, for a time only."""

import sqlite3
from collections.abc import Sequence
from functools import partial

from postroom.adapters.store.erasing import pieces, secure, walk
from postroom.adapters.store.fates import strip_case
from postroom.adapters.store.units import Units
from postroom.model.cases import Case, CaseNumber
from postroom.model.codec import decode_case, decode_sender
from postroom.model.privacy import Aged
from postroom.understand.addresses import normal

_SENDERS = "SELECT key, body FROM senders WHERE key > ? ORDER BY key LIMIT ?"
_CASES = "SELECT number, body FROM cases WHERE number > ? AND state = 'decided' ORDER BY number LIMIT ?"
_MAILS = "SELECT k.number, m.id FROM holds AS h CROSS JOIN mails AS m ON m.id = h.what CROSS JOIN case_mails AS k ON k.mail = m.seq"


class SqliteAging:
    """Everything of `postroom.ports.privacy.Aging`."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def aged(self, *, senders: float, cases: float) -> Aged:
        """See `postroom.ports.privacy.Aging.aged`."""
        with self._units.lend() as tx:
            held = {str(row[0]) for row in tx.execute("SELECT what FROM holds")}
            kept = {row[0] for row in tx.execute(_MAILS)}
        domains = {one.rpartition("@")[2] for one in held}
        keys = [
            key
            for key, body in (walk(self._units, _SENDERS, "") if senders else ())
            if decode_sender(body).last_at < senders and key[2:] not in held and key[2:] not in domains
        ]
        numbers = [
            CaseNumber(number)
            for number, body in (walk(self._units, _CASES, 0) if cases else ())
            if _is_over(case := decode_case(body), cases)
            and number not in kept
            and normal(case.person).lower() not in held
        ]
        return Aged(senders=tuple(keys), cases=tuple(numbers))

    def forget(self, old: Aged, *, senders: float, cases: float) -> None:
        """See `postroom.ports.privacy.Aging.forget`."""
        for keys in pieces(old.senders):
            secure(self._units, partial(_forget_senders, keys=keys, before=senders))
        for numbers in pieces(old.cases):
            secure(self._units, partial(_strip_cases, numbers=numbers, before=cases, now=self._units.clocks.now()))


def _forget_senders(tx: sqlite3.Connection, keys: Sequence[str], before: float) -> None:
    for key in keys:
        row = tx.execute("SELECT body FROM senders WHERE key = ?", (key,)).fetchone()
        if row is not None and decode_sender(row[0]).last_at < before:
            tx.execute("DELETE FROM senders WHERE key = ?", (key,))


def _strip_cases(tx: sqlite3.Connection, numbers: Sequence[int], before: float, now: float) -> None:
    for number in numbers:
        row = tx.execute("SELECT body FROM cases WHERE number = ?", (number,)).fetchone()
        if row is not None and _is_over(decode_case(row[0]), before):
            strip_case(tx, number, now)


def _is_over(case: Case, before: float) -> bool:
    """Whether it was decided before then, and still says of whom and why."""
    told = case.person or case.subject or case.reason
    return case.state == "decided" and case.decided_at is not None and case.decided_at < before and bool(told)
