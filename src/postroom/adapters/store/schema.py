"""The store's tables: numbered steps, each run once and whole."""

import re
import sqlite3
from collections.abc import Mapping
from functools import cache
from importlib import resources

from postroom.adapters.store.words import apart, brand_word
from postroom.model.errors import ConfigError

#: "post" in ASCII: marks a file as ours (PRAGMA application_id)
APPLICATION = 0x706F7374


@cache
def steps() -> Mapping[int, str]:
    """Every migration by its number, from 1 on without gaps."""
    found: dict[int, str] = {}
    for entry in resources.files("postroom.adapters.store").joinpath("migrations").iterdir():
        if match := re.fullmatch(r"(\d{4})_\w+\.sql", entry.name):
            found[int(match[1])] = entry.read_text(encoding="utf-8")
    return dict(sorted(found.items()))


def newest() -> int:
    """The version that this code works with."""
    return max(steps())


def version(connection: sqlite3.Connection) -> int:
    """The version that the file is at; 0 for an empty one. Raises `ConfigError` when it isn't ours or is newer than we are."""
    (at,) = connection.execute("PRAGMA user_version").fetchone()
    (ours,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and ours != APPLICATION:
        raise ConfigError("this database was not made by postroom; name another file for the store")
    if at > newest():
        raise ConfigError(
            f"the store is at version {at}, this postroom knows {newest()}: it was opened by a newer one. "
            "Install that again, or restore a backup made before the upgrade."
        )
    return int(at)


def migrate(connection: sqlite3.Connection) -> int:
    """Bring the file to the newest version in one transaction, and say which it was at before.

    Safe when several processes start at once: the version is read again under the exclusive lock.
    """
    connection.execute("BEGIN")  # one moment for all that `version` reads: another process may be migrating
    try:
        before = version(connection)
    finally:
        connection.execute("ROLLBACK")
    if before == newest():
        return before
    for function in (apart, brand_word):
        connection.create_function(function.__name__, 1, function, deterministic=True)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        before = version(connection)
        for number, script in steps().items():
            if number > before:
                for statement in statements(script):
                    connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {newest()}")
        connection.execute("COMMIT")
    except BaseException:  # whatever it was: undone here, and raised on
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return before


def statements(script: str) -> list[str]:
    """The statements of a script, one by one: `executescript` would commit before it starts."""
    found, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            found.append(current.strip())
            current = ""
    return found
