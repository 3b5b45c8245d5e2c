"""Saved views in the store's file."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from postroom.adapters.store import journal
from postroom.adapters.store.fates import mentions
from postroom.adapters.store.sql import short
from postroom.adapters.store.units import Units
from postroom.model.codec import sound
from postroom.model.errors import Refused
from postroom.model.people import Deed, UserName
from postroom.model.savedviews import SavedView, ViewNumber
from postroom.ports.privacy import Wanted

MOST: Final = 100
"""Of one owner."""

_KEY: Final = "(SELECT key FROM users WHERE name = ?)"
_OURS: Final = (
    "SELECT v.number, u.name, v.name, v.asked, v.shared FROM saved_views AS v CROSS JOIN users AS u ON u.key = v.owner"
)
_GONE: Final = "this view is not there any more: load the page again"


class SqliteSavedViews:
    """Port `KeptViews` on the file of the store."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def views(self, user: UserName) -> tuple[SavedView, ...]:
        """See `postroom.ports.savedviews.KeptViews.views`."""
        with self._units.lend() as tx:
            rows = tx.execute(
                f"{_OURS} WHERE v.shared OR v.owner = {_KEY} ORDER BY v.shared DESC, v.place, v.number",
                (sound(user),),
            )
            return tuple(map(_view, rows))

    def put(self, view: SavedView, deed: Deed) -> SavedView:
        """See `postroom.ports.savedviews.KeptViews.put`."""
        return self._units.write(lambda tx: _put(tx, view, deed))

    def drop(self, number: ViewNumber, deed: Deed) -> None:
        """See `postroom.ports.savedviews.KeptViews.drop`."""

        def unit(tx: sqlite3.Connection) -> None:
            if _drop(tx, number):
                _note(tx, deed, number)

        self._units.write(unit)

    def arrange(self, numbers: Sequence[ViewNumber], deed: Deed) -> None:
        """See `postroom.ports.savedviews.KeptViews.arrange`."""

        def unit(tx: sqlite3.Connection) -> None:
            for place, number in enumerate(numbers):
                tx.execute("UPDATE saved_views SET place = ? WHERE number = ?", (place, number))
            journal.write(tx, (deed,))

        self._units.write(unit)

    def first(self, user: UserName) -> ViewNumber:
        """See `postroom.ports.savedviews.KeptViews.first`."""
        with self._units.lend() as tx:
            row = tx.execute(f"SELECT view FROM first_views WHERE user = {_KEY}", (sound(user),)).fetchone()  # noqa: S608 - constants
        return ViewNumber(row[0] if row else 0)

    def begin_with(self, user: UserName, number: ViewNumber, deed: Deed) -> None:
        """See `postroom.ports.savedviews.KeptViews.begin_with`."""

        def unit(tx: sqlite3.Connection) -> None:
            tx.execute(f"DELETE FROM first_views WHERE user = {_KEY}", (sound(user),))  # noqa: S608 - constants
            added = tx.execute(
                f"INSERT INTO first_views (user, view) SELECT {_KEY}, number FROM saved_views WHERE number = ?",  # noqa: S608 - constants
                (sound(user), number),
            ).rowcount
            if number and not added:
                raise Refused(_GONE)
            _note(tx, deed, number)

        self._units.write(unit)


def forget(tx: sqlite3.Connection, wanted: Wanted) -> None:
    """Views whose name or search holds an address that is meant are no more."""
    for number, name, asked in tx.execute("SELECT number, name, asked FROM saved_views").fetchall():
        if mentions(wanted, " ".join((name, *json.loads(asked).values()))):
            _drop(tx, number)


def _put(tx: sqlite3.Connection, view: SavedView, deed: Deed) -> SavedView:
    row = (short(view.name, 200), json.dumps({name: sound(value) for name, value in view.asked.items()}), view.shared)
    if view.number:
        changed = tx.execute(
            "UPDATE saved_views SET name = ?, asked = ?, shared = ? WHERE number = ?", (*row, view.number)
        ).rowcount
        if not changed:
            raise Refused(_GONE)
        _note(tx, deed, view.number)
        return view
    (there, last) = tx.execute(
        f"SELECT count(*) FILTER (WHERE owner = {_KEY}), coalesce(max(place), 0) FROM saved_views",  # noqa: S608 - constants
        (sound(view.owner),),
    ).fetchone()
    if there >= MOST:
        raise Refused(f"you have {MOST} views already: delete one first")
    number = tx.execute(
        f"INSERT INTO saved_views (owner, name, asked, shared, place) VALUES ({_KEY}, ?, ?, ?, ?)",  # noqa: S608 - constants
        (sound(view.owner), *row, last + 1),
    ).lastrowid
    _note(tx, deed, number or 0)
    return replace(view, number=ViewNumber(number or 0))


def _drop(tx: sqlite3.Connection, number: int) -> bool:
    tx.execute("DELETE FROM first_views WHERE view = ?", (number,))
    return tx.execute("DELETE FROM saved_views WHERE number = ?", (number,)).rowcount > 0


def _note(tx: sqlite3.Connection, deed: Deed, number: int) -> None:
    journal.write(tx, (replace(deed, to=f"view {number}" if number else deed.to),))


def _view(row: tuple[Any, ...]) -> SavedView:
    number, owner, name, asked, shared = row
    return SavedView(
        number=ViewNumber(number), owner=UserName(owner), name=name, asked=json.loads(asked), shared=bool(shared)
    )
