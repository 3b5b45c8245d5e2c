"""New stores for thousands of tests: copies of one that was made and migrated once, where else each takes all steps anew."""

import os
import tempfile
import threading
from contextlib import closing, suppress
from functools import cache
from pathlib import Path

from postroom.adapters.store import schema, sqlite
from postroom.adapters.store.connect import connect, create
from postroom.model.errors import PostroomError

_STEPS = schema.steps


@cache
def _migrated() -> bytes:
    """The file of an empty store, as `SqliteStore.open` makes it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "store.db")
        create(path)
        with closing(connect(path, busy_seconds=1.0, cache_kib=1024)) as connection:
            schema.migrate(connection)
        return path.read_bytes()


def create_quickly(path: Path) -> None:
    """As `create`, but with all tables in it; where anything is out of the ordinary, `create` itself."""
    usual = schema.steps is _STEPS and not os.path.lexists(path) and not os.path.lexists(f"{path}-wal")
    made = path.with_name(f"{path.name}.made-{threading.get_ident()}")
    if usual:
        try:
            create(made)
            made.write_bytes(_migrated())
            os.link(made, path)
        except (OSError, PostroomError):  # another was quicker; or it can't be made, and `create` says so
            pass
        finally:
            with suppress(OSError):
                made.unlink()
    create(path)


def use_copies() -> None:
    """From now on new stores of this process are copies."""
    sqlite.create = create_quickly
