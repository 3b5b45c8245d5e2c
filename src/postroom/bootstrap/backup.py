"""A copy of an installation, and an installation from one: the store, and the signing key beside it as NAME.key."""

import shutil
from collections.abc import Callable
from pathlib import Path

from postroom.adapters.store import backup as of_store
from postroom.bootstrap.house import House

Progress = Callable[[int, int], None]
"""Is told (pages done, pages in all) now and then."""


def back_up(house: House, target: Path, progress: Progress) -> Path:
    """Write the store as it is at this moment, while it is in use, and the key; where the key is. Raises `TryLater`."""
    of_store.backup(house.store_path, target, progress)
    key = _key_of(target)
    key.touch(mode=0o600)
    key.write_bytes(house.key)
    return key


def restore(house: House, source: Path, progress: Progress) -> int:
    """Make the store of a backup, and the key unless there is one: how many jobs are held. Raises as the store's does."""
    held = of_store.restore(source, house.data / house.store_path.name, progress)
    key, ours = _key_of(source), house.data / "key"
    if key.exists() and not ours.exists():
        ours.touch(mode=0o600)
        shutil.copyfile(key, ours)
    return held


def _key_of(copy: Path) -> Path:
    return copy.with_name(copy.name + ".key")
