"""Labelled mail to learn from."""

import json
import sqlite3
from collections.abc import Collection, Sequence

from postroom.adapters.store.judgements import remember as write_down
from postroom.adapters.store.sql import Insert
from postroom.model.codec import decode_example, encode_example, sound
from postroom.model.example import Example, ExampleId
from postroom.model.mail import RouteName
from postroom.model.memory import Remember

_KEEP = Insert(head="INSERT OR REPLACE INTO examples (id, at, route, body) VALUES", width=4)


def keep(tx: sqlite3.Connection, examples: Sequence[Example], remember: Sequence[Remember]) -> int:
    """Keep examples and what they add to memory; how many are new."""
    by_id = {sound(one.id): one for one in examples}
    new = len(by_id) - len(known(tx, [one.id for one in by_id.values()]))
    _KEEP.run(tx, [(name, one.at, sound(one.route), encode_example(one)) for name, one in by_id.items()])
    write_down(tx, remember)
    return new


def known(tx: sqlite3.Connection, ids: Collection[ExampleId]) -> frozenset[ExampleId]:
    """Which of these there are."""
    by_sound = {sound(one): one for one in ids}
    rows = tx.execute(
        "SELECT examples.id FROM json_each(?) AS wanted CROSS JOIN examples ON examples.id = wanted.value",
        (json.dumps(list(by_sound)),),
    )
    return frozenset(by_sound[name] for (name,) in rows)


def page(tx: sqlite3.Connection, after: Example | None, limit: int) -> tuple[Example, ...]:
    """Those that come after one, by time and id."""
    where, values = ("WHERE (at, id) > (?, ?)", (after.at, sound(after.id))) if after is not None else ("", ())
    rows = tx.execute(f"SELECT body FROM examples {where} ORDER BY at, id LIMIT ?", (*values, limit))  # noqa: S608 - constants
    return tuple(decode_example(body) for (body,) in rows)


def count(tx: sqlite3.Connection) -> dict[RouteName, int]:
    """How many of each route."""
    return {RouteName(route): n for route, n in tx.execute("SELECT route, count(*) FROM examples GROUP BY route")}


def erase(tx: sqlite3.Connection, address: str) -> int:
    """Remove those of one customer. It goes through all: this is asked for rarely."""
    wanted = address.strip().lower()
    rows = tx.execute("SELECT seq, body FROM examples")
    gone = [(seq,) for seq, body in rows if decode_example(body).sender.lower() == wanted]
    tx.executemany("DELETE FROM examples WHERE seq = ?", gone)
    return len(gone)
