"""A copy of an installation, and an installation from one: the store, and the signing key beside it as NAME.key."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from postroom.adapters.store import backup as of_store
from postroom.adapters.store.connect import give_to_owner_of_folder
from postroom.bootstrap.house import House
from postroom.model.errors import ConfigError

Progress = Callable[[int, int], None]
"""Is told (pages done, pages in all) now and then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a backup became."""

    store: Path
    #: jobs that wait for a person's word
    held: int
    #: what is not as it was, in words; ``""`` for nothing
    remark: str


def back_up(house: House, target: Path, progress: Progress) -> Path:
    """Write the store as it is at this moment, while it is in use, and the key; where the key is.

    Raises `ConfigError` for a target in the data folder, where it would take the place of what it saves, and `TryLater`.
    """
    key = _key_of(target)
    for file in (target, key):
        if file.resolve().is_relative_to(house.data.resolve()):
            raise ConfigError(f"{file} is in the data folder, beside what it would save: name a file outside it")
    of_store.backup(house.store_path, target, progress)
    key.touch(mode=0o600)
    key.write_bytes(house.key)
    return key


def restore(data: Path, source: Path, progress: Progress) -> Restored:
    """Make store and key of a backup in a data folder; a key that is there already stays. Raises as the store's does."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = data / "postroom.db"
    held = of_store.restore(source, store, progress)
    return Restored(store=store, held=held, remark=_restore_key(_key_of(source), data / "key"))


def _restore_key(saved: Path, key: Path) -> str:
    lost = "bounces of mail that was sent on before are not recognised"
    if not saved.is_file():
        return "" if key.exists() else f"There is no {saved}: a new signing key will be made, and {lost}."
    if not key.exists():
        key.touch(mode=0o600)
        shutil.copyfile(saved, key)
        with key.open("rb") as made:
            give_to_owner_of_folder(made.fileno(), key)
    elif key.read_bytes() != saved.read_bytes():
        return f"{key} is another key than {saved} and stays: {lost}, unless you copy the saved one over it."
    return ""


def _key_of(copy: Path) -> Path:
    return copy.with_name(copy.name + ".key")
