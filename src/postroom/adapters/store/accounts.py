"""Users, their sessions and their keys in the store's file."""

import json
import sqlite3
import unicodedata
from contextlib import suppress
from dataclasses import replace
from typing import Any

from postroom.adapters.store import journal
from postroom.adapters.store.sql import short
from postroom.adapters.store.units import Units
from postroom.model.codec import sound
from postroom.model.errors import Refused, TryLater
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import ApiKey, Deed, Session, User, UserName

MOST_SESSIONS = 100
"""Of one user; with one more, the oldest ends."""

_NOTED_EVERY = 60.0
"""Seconds between two notes that a session or key was used."""

_USER = "u.name, u.role, u.shown, u.brands, u.routes, u.urgent, u.password, u.disabled, u.created_at"
_SESSION = "s.key, u.name, s.created_at, s.seen_at, s.expires_at, s.agent, s.ip"
_KEY = "k.name, k.key, u.name, k.scope, k.note, k.created_at, k.expires_at, k.seen_at, k.revoked"
_OF_SESSIONS = "FROM sessions AS s CROSS JOIN users AS u ON u.key = s.user"
_OF_KEYS = "FROM keys AS k CROSS JOIN users AS u ON u.key = k.user"


class SqliteAccounts:
    """Everything of `postroom.ports.accounts.Accounts`."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def users(self) -> tuple[User, ...]:
        """See `postroom.ports.accounts.Accounts.users`."""
        with self._units.lend() as tx:
            return tuple(map(_user, tx.execute(f"SELECT {_USER} FROM users AS u ORDER BY key")))  # noqa: S608 - constants

    def user(self, name: UserName) -> User | None:
        """See `postroom.ports.accounts.Accounts.user`."""
        with self._units.lend() as tx:
            return user_of(tx, name)

    def put_user(self, user: User, deed: Deed, *, was: User | None = None) -> None:
        """See `postroom.ports.accounts.Accounts.put_user`."""
        self._units.write(lambda tx: place_user(tx, user, deed, was))

    def open_session(self, session: Session, user: User, deed: Deed) -> None:
        """See `postroom.ports.accounts.Accounts.open_session`."""
        self._units.write(lambda tx: _open_session(tx, session, user, deed))

    def rehash(self, user: User, password: str) -> None:
        """See `postroom.ports.accounts.Accounts.rehash`."""
        row = (password, folded(user.name), user.password)
        change = "UPDATE users SET password = ? WHERE key = ? AND password = ?"
        self._units.write(lambda tx: tx.execute(change, row).rowcount)

    def session(self, key: bytes, now: float, idle: float) -> tuple[Session, User] | None:
        """See `postroom.ports.accounts.Accounts.session`."""
        with self._units.lend() as tx:
            row = tx.execute(
                f"SELECT {_SESSION}, {_USER} {_OF_SESSIONS}"
                " WHERE s.key = ? AND s.expires_at > ? AND s.seen_at >= ? AND NOT u.disabled",
                (key, now, now - idle),
            ).fetchone()
        if row is None:
            return None
        session, user = _session(row[:7]), _user(row[7:])
        return replace(session, seen_at=self._noted("sessions", key, session.seen_at, now)), user

    def sessions(self, name: UserName) -> tuple[Session, ...]:
        """See `postroom.ports.accounts.Accounts.sessions`."""
        with self._units.lend() as tx:
            rows = tx.execute(
                f"SELECT {_SESSION} {_OF_SESSIONS} WHERE s.user = ? ORDER BY s.created_at DESC", (folded(name),)
            )
            return tuple(map(_session, rows))

    def close_sessions(self, name: UserName, deed: Deed, *, key: bytes | None = None) -> int:
        """See `postroom.ports.accounts.Accounts.close_sessions`."""

        def unit(tx: sqlite3.Connection) -> int:
            closed = tx.execute(
                "DELETE FROM sessions WHERE user = ? AND (? IS NULL OR key = ?)", (folded(name), key, key)
            ).rowcount
            journal.write(tx, (deed,) if closed else ())
            return closed

        return self._units.write(unit)

    def add_key(self, key: ApiKey, deed: Deed) -> None:
        """See `postroom.ports.accounts.Accounts.add_key`."""
        self._units.write(lambda tx: _add_key(tx, key, deed))

    def key(self, key: bytes, now: float) -> tuple[ApiKey, User] | None:
        """See `postroom.ports.accounts.Accounts.key`."""
        with self._units.lend() as tx:
            row = tx.execute(
                f"SELECT {_KEY}, {_USER} {_OF_KEYS}"
                " WHERE k.key = ? AND NOT k.revoked AND (k.expires_at IS NULL OR k.expires_at > ?) AND NOT u.disabled",
                (key, now),
            ).fetchone()
        if row is None:
            return None
        found, user = _key(row[:9]), _user(row[9:])
        return replace(found, seen_at=self._noted("keys", key, found.seen_at, now)), user

    def keys(self) -> tuple[ApiKey, ...]:
        """See `postroom.ports.accounts.Accounts.keys`."""
        with self._units.lend() as tx:
            return tuple(map(_key, tx.execute(f"SELECT {_KEY} {_OF_KEYS} ORDER BY k.created_at DESC, k.name")))

    def revoke_key(self, name: str, deed: Deed) -> bool:
        """See `postroom.ports.accounts.Accounts.revoke_key`."""

        def unit(tx: sqlite3.Connection) -> bool:
            revoked = tx.execute(
                "UPDATE keys SET revoked = 1 WHERE name = ? AND NOT revoked AND (expires_at IS NULL OR expires_at > ?)",
                (sound(name), deed.at),
            ).rowcount
            journal.write(tx, (deed,) if revoked else ())
            return bool(revoked)

        return self._units.write(unit)

    def _noted(self, table: str, key: bytes, seen_at: float | None, now: float) -> float:
        """Note a use, if the last note is old enough; when it was last used according to the notes."""
        if seen_at is not None and now - seen_at < _NOTED_EVERY:
            return seen_at
        note = f"UPDATE {table} SET seen_at = ? WHERE key = ?"  # noqa: S608 - a name of ours
        with suppress(TryLater):  # a full disk must not keep people out
            self._units.write(lambda tx: tx.execute(note, (now, key)).rowcount)
        return now


def folded(name: str) -> str:
    """A name as it is compared."""
    return unicodedata.normalize("NFKC", sound(name)).casefold()


def user_of(tx: sqlite3.Connection, name: str) -> User | None:
    """The user of a name, as this transaction sees it."""
    row = tx.execute(f"SELECT {_USER} FROM users AS u WHERE u.key = ?", (folded(name),)).fetchone()  # noqa: S608 - constants
    return None if row is None else _user(row)


def place_user(tx: sqlite3.Connection, user: User, deed: Deed, was: User | None) -> None:
    """What `postroom.ports.accounts.Accounts.put_user` does, in a transaction."""
    now = user_of(tx, user.name)
    if was is None and now is not None:
        raise Refused(f"there is a user {now.name} already")
    if now != was:
        raise Refused(f"{user.name} was changed meanwhile: look again")
    tx.execute(
        "INSERT INTO users (key, name, role, shown, brands, routes, urgent, password, disabled, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET name = excluded.name, role = excluded.role,"
        " shown = excluded.shown, brands = excluded.brands, routes = excluded.routes, urgent = excluded.urgent,"
        " password = excluded.password, disabled = excluded.disabled, created_at = excluded.created_at",
        (folded(user.name), sound(user.name), user.role, sound(user.shown), _words(user.brands), _words(user.routes),
         user.urgent, user.password, user.disabled, user.created_at),
    )  # fmt: skip
    if tx.execute("SELECT 1 FROM users WHERE role = 'admin' AND NOT disabled LIMIT 1").fetchone() is None:
        raise Refused("no admin would be left: make somebody else an admin first")
    if user.disabled or (now is not None and now.password != user.password):
        tx.execute("DELETE FROM sessions WHERE user = ?", (folded(user.name),))
    journal.write(tx, (deed,))


def _open_session(tx: sqlite3.Connection, session: Session, user: User, deed: Deed) -> None:
    key = folded(user.name)
    now = user_of(tx, user.name)
    if now is None or now.disabled or now.password != user.password:
        raise Refused("this account was changed meanwhile: sign in again")
    tx.execute("DELETE FROM sessions WHERE expires_at <= ?", (session.created_at,))
    tx.execute(
        "INSERT INTO sessions (key, user, created_at, seen_at, expires_at, agent, ip) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (session.key, key, session.created_at, session.seen_at, session.expires_at, short(session.agent, 400),
         short(session.ip, 100)),
    )  # fmt: skip
    tx.execute(
        "DELETE FROM sessions WHERE key IN"
        " (SELECT key FROM sessions WHERE user = ? ORDER BY created_at DESC LIMIT -1 OFFSET ?)",
        (key, MOST_SESSIONS),
    )
    journal.write(tx, (deed,))


def _add_key(tx: sqlite3.Connection, key: ApiKey, deed: Deed) -> None:
    user = user_of(tx, key.user)
    if user is None or user.disabled:
        raise Refused(f"there is no user {key.user} who may sign in")
    if tx.execute("SELECT 1 FROM keys WHERE name = ? OR key = ?", (sound(key.name), key.key)).fetchone() is not None:
        raise Refused(f"there is a key {key.name} already")
    tx.execute(
        "INSERT INTO keys (key, name, user, scope, note, created_at, expires_at, seen_at, revoked)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (key.key, sound(key.name), folded(key.user), key.scope, short(key.note), key.created_at, key.expires_at,
         key.seen_at, key.revoked),
    )  # fmt: skip
    journal.write(tx, (deed,))


def _words(words: tuple[str, ...]) -> str:
    return json.dumps([sound(word) for word in words])


def _user(row: tuple[Any, ...]) -> User:
    name, role, shown, brands, routes, urgent, password, disabled, created_at = row
    return User(
        name=UserName(name),
        role=role,
        shown=shown,
        brands=tuple(map(BrandName, json.loads(brands))),
        routes=tuple(map(RouteName, json.loads(routes))),
        urgent=bool(urgent),
        password=password,
        disabled=bool(disabled),
        created_at=created_at,
    )


def _session(row: tuple[Any, ...]) -> Session:
    key, user, created_at, seen_at, expires_at, agent, ip = row
    return Session(
        key=bytes(key),
        user=UserName(user),
        created_at=created_at,
        seen_at=seen_at,
        expires_at=expires_at,
        agent=agent,
        ip=ip,
    )


def _key(row: tuple[Any, ...]) -> ApiKey:
    name, key, user, scope, note, created_at, expires_at, seen_at, revoked = row
    return ApiKey(
        name=name,
        key=bytes(key),
        user=UserName(user),
        scope=scope,
        note=note,
        created_at=created_at,
        expires_at=expires_at,
        seen_at=seen_at,
        revoked=bool(revoked),
    )
