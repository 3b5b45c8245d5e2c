"""Accounts elsewhere that sign somebody in, in the store's file."""

import sqlite3
from typing import Any

from postroom.adapters.store import journal
from postroom.adapters.store.accounts import folded, place_user, user_of
from postroom.adapters.store.sql import short
from postroom.adapters.store.units import Units
from postroom.model.codec import sound
from postroom.model.errors import Refused
from postroom.model.identity import Identity
from postroom.model.people import Deed, User, UserName

_IDENTITY = "SELECT i.issuer, i.subject, u.name, i.email, i.linked_at FROM identities AS i CROSS JOIN users AS u ON u.key = i.user"


class SqliteIdentities:
    """Everything of `postroom.ports.identity.Identities`."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def whose(self, issuer: str, subject: str) -> Identity | None:
        """See `postroom.ports.identity.Identities.whose`."""
        with self._units.lend() as tx:
            row = _linked(tx, issuer, subject)
        return None if row is None else _identity(row)

    def of(self, name: UserName) -> tuple[Identity, ...]:
        """See `postroom.ports.identity.Identities.of`."""
        with self._units.lend() as tx:
            rows = tx.execute(f"{_IDENTITY} WHERE i.user = ? ORDER BY i.linked_at, i.issuer", (folded(name),))
            return tuple(map(_identity, rows))

    def link(self, identity: Identity, deed: Deed, *, new: tuple[User, Deed] | None = None) -> None:
        """See `postroom.ports.identity.Identities.link`."""
        self._units.write(lambda tx: _link(tx, identity, deed, new))

    def unlink(self, name: UserName, deed: Deed, *, issuer: str = "", subject: str = "") -> int:
        """See `postroom.ports.identity.Identities.unlink`."""

        def unit(tx: sqlite3.Connection) -> int:
            gone = tx.execute(
                "DELETE FROM identities WHERE user = ?1 AND (?2 = '' OR issuer = ?2) AND (?3 = '' OR subject = ?3)",
                (folded(name), sound(issuer), sound(subject)),
            ).rowcount
            if gone:
                tx.execute("DELETE FROM sessions WHERE user = ?", (folded(name),))
                journal.write(tx, (deed,))
            return gone

        return self._units.write(unit)


def _link(tx: sqlite3.Connection, identity: Identity, deed: Deed, new: tuple[User, Deed] | None) -> None:
    if new is not None:
        place_user(tx, *new, None)
    user = user_of(tx, identity.user)
    if user is None or user.disabled:
        raise Refused(f"there is no user {identity.user} who may sign in")
    linked = _linked(tx, identity.issuer, identity.subject)
    if linked is not None:
        raise Refused(f"this account signs in {linked[2]} already")
    key = folded(user.name)
    if tx.execute("SELECT 1 FROM identities WHERE user = ? AND issuer = ?", (key, identity.issuer)).fetchone():
        raise Refused(f"another account of this provider signs in {user.name} already: unlink it first")
    tx.execute(
        "INSERT INTO identities (issuer, subject, user, email, linked_at) VALUES (?, ?, ?, ?, ?)",
        (sound(identity.issuer), sound(identity.subject), key, short(identity.email, 320), identity.linked_at),
    )
    journal.write(tx, (deed,))


def _linked(tx: sqlite3.Connection, issuer: str, subject: str) -> tuple[Any, ...] | None:
    asked = (sound(issuer), sound(subject))
    row: tuple[Any, ...] | None = tx.execute(f"{_IDENTITY} WHERE i.issuer = ? AND i.subject = ?", asked).fetchone()
    return row


def _identity(row: tuple[Any, ...]) -> Identity:
    issuer, subject, user, email, linked_at = row
    return Identity(issuer=issuer, subject=subject, user=UserName(user), email=email, linked_at=linked_at)
