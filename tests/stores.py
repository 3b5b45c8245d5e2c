"""Stores with nothing in them, made once a process: every migration over again for each test takes longer than most tests."""

import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from postroom.adapters.store.sqlite import SqliteStore


def blank(path: Path) -> Path:
    """Put an empty store at a path, as `SqliteStore.open` would have made it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_made())
    return path


@cache
def _made() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "blank.db"
        SqliteStore.open(path).close()
        return path.read_bytes()
