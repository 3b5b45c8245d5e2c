"""The built-in inbox: mails delivered into the store itself."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from postroom.adapters.store.arrivals import Packer
from postroom.adapters.store.line import Clocks
from postroom.adapters.store.sql import Insert, short
from postroom.model.codec import sound
from postroom.model.mail import DestinationName, MailId, RouteName
from postroom.model.work import InboxEntry, Parcel

#: A mail is once in an inbox: a later generation takes the place of an earlier one, as new; the same or an earlier changes nothing.
_FILE = Insert(
    head="INSERT INTO inbox (destination, mail, generation, route, delivered_at, from_addr, subject, confidence, urgent,"
    " unconfirmed, stamp, whole, beside) VALUES",
    width=13,
    tail="ON CONFLICT (mail, destination) DO UPDATE SET generation = excluded.generation, route = excluded.route,"
    " delivered_at = excluded.delivered_at, from_addr = excluded.from_addr, subject = excluded.subject,"
    " confidence = excluded.confidence, urgent = excluded.urgent, unconfirmed = excluded.unconfirmed, read_at = NULL,"
    " stamp = excluded.stamp, whole = excluded.whole, beside = excluded.beside WHERE excluded.generation > inbox.generation",
)
_ENTRY = (
    "SELECT m.id, i.destination, i.route, i.delivered_at, i.from_addr, i.subject, i.confidence, i.urgent, i.unconfirmed,"
    " i.read_at IS NOT NULL FROM inbox AS i CROSS JOIN mails AS m ON m.seq = i.mail"
)


def wrap(packer: Packer, parcel: Parcel) -> tuple[Parcel, bytes, bool]:
    """The bytes to keep of a parcel: only what is above the raw mail where that is unchanged, for the store has it already."""
    raw = parcel.mail.raw
    if parcel.stamped.endswith(raw):
        return parcel, parcel.stamped[: len(parcel.stamped) - len(raw)], False
    return parcel, packer.pack(parcel.stamped), True


def file(tx: sqlite3.Connection, clocks: Clocks, wrapped: Sequence[tuple[Parcel, bytes, bool]]) -> list[None]:
    """Put mails into inboxes."""
    now = clocks.now()
    rows: list[Any] = []
    for parcel, stamp, whole in wrapped:
        decision = parcel.decision
        mail = tx.execute("SELECT seq FROM mails WHERE id = ?", (sound(parcel.mail.id),)).fetchone()
        if mail is None:
            raise ValueError(f"a parcel of a mail that was never accepted: {parcel.mail.id}")
        rows.append(
            (parcel.destination, mail[0], parcel.generation, decision.route, now, short(parcel.from_addr, 320),
             short(parcel.subject, 998), decision.confidence, int(bool(decision.urgent)), int(decision.unconfirmed),
             stamp, int(whole), int(parcel.beside))
        )  # fmt: skip
    _FILE.run(tx, rows)
    return [None] * len(wrapped)


def withdraw(tx: sqlite3.Connection, mail_id: MailId, destination: DestinationName, generation: int) -> None:
    """It leaves an inbox; what a later generation put there stays."""
    tx.execute(
        "DELETE FROM inbox WHERE mail = (SELECT seq FROM mails WHERE id = ?) AND destination = ? AND generation <= ?",
        (sound(mail_id), sound(destination), generation),
    )


def entries(tx: sqlite3.Connection, destination: str, *, unread_only: bool, limit: int) -> tuple[InboxEntry, ...]:
    """Newest first; all inboxes when destination is ``""``."""
    terms = (["i.destination = :destination"] if destination else []) + (["i.read_at IS NULL"] if unread_only else [])
    where = f" WHERE {' AND '.join(terms)}" if terms else ""
    rows = tx.execute(
        f"{_ENTRY}{where} ORDER BY i.id DESC LIMIT :limit", {"destination": sound(destination), "limit": limit}
    )
    return tuple(
        InboxEntry(
            mail_id=MailId(mail_id),
            destination=DestinationName(where_to),
            route=RouteName(route),
            delivered_at=delivered_at,
            from_addr=from_addr,
            subject=subject,
            confidence=confidence,
            urgent=bool(urgent),
            unconfirmed=bool(unconfirmed),
            read=bool(was_read),
        )
        for mail_id, where_to, route, delivered_at, from_addr, subject, confidence, urgent, unconfirmed, was_read in rows
    )


def mark_read(tx: sqlite3.Connection, clocks: Clocks, mail_id: MailId, destination: str) -> None:
    """A person opened it."""
    tx.execute(
        "UPDATE inbox SET read_at = ? WHERE mail = (SELECT seq FROM mails WHERE id = ?) AND (? = '' OR destination = ?)"
        " AND read_at IS NULL",
        (clocks.now(), sound(mail_id), sound(destination), sound(destination)),
    )


def content(tx: sqlite3.Connection, packer: Packer, mail_id: MailId, destination: str) -> bytes | None:
    """The mail as it was delivered, with our lines above; None when it isn't there."""
    row = tx.execute(
        "SELECT stamp, whole, body FROM inbox AS i CROSS JOIN raws ON raws.mail = i.mail"
        " WHERE i.mail = (SELECT seq FROM mails WHERE id = ?) AND (? = '' OR destination = ?) ORDER BY i.id DESC LIMIT 1",
        (sound(mail_id), sound(destination), sound(destination)),
    ).fetchone()
    if row is None:
        return None
    stamp, whole, body = row
    return packer.unpack(stamp) if whole else bytes(stamp) + packer.unpack(body)
