"""A copy of an installation, and an installation from one.

It is three files: the store, the signing key beside it as NAME.key, and what was learned as NAME.learned.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from postroom.adapters.store import backup as of_store
from postroom.adapters.store.connect import give_to_owner_of_folder
from postroom.bootstrap.house import House
from postroom.bootstrap.learned_copy import Learned, check_learned, copy_learned, restore_learned
from postroom.model.errors import ConfigError

Progress = Callable[[int, int], None]
"""Is told (pages done, pages in all) now and then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a backup is."""

    key: Path
    #: the file of what was learned, and what is in it
    learned: Path
    holds: Learned


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a backup became."""

    store: Path
    #: jobs that wait for a person's word
    held: int
    #: what was learned and is back
    learned: Learned
    #: what is not as it was, in sentences
    remarks: tuple[str, ...]


def back_up(house: House, target: Path, progress: Progress) -> Saved:
    """Write the store as it is at this moment, while it is in use, the key and what was learned.

    Raises `ConfigError` for a target in the data folder, where it would take the place of what it saves, and `TryLater`.
    """
    key, learned = _beside(target, ".key"), _beside(target, ".learned")
    for file in (target, key, learned):
        if file.resolve().is_relative_to(house.data.resolve()):
            raise ConfigError(f"{file} is in the data folder, beside what it would save: name a file outside it")
    of_store.backup(house.store_path, target, progress)
    key.touch(mode=0o600)
    key.write_bytes(house.key)
    return Saved(key=key, learned=learned, holds=copy_learned(house, learned))


def restore(data: Path, source: Path, progress: Progress) -> Restored:
    """Make store and key of a backup in a data folder, and bring back what was learned; what is there already stays.

    Nothing is made where any of it is damaged. Raises as the store's does, and as `restore_learned`.
    """
    saved = _beside(source, ".learned")
    if saved.is_file():
        check_learned(saved)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = data / "postroom.db"
    held = of_store.restore(source, store, progress)
    remark = _restore_key(_beside(source, ".key"), data / "key")
    learned = (
        restore_learned(saved, data)
        if saved.is_file()
        else Learned(remarks=(f"There is no {saved}: what was learned is not brought back.",))
    )
    remarks = ((remark,) if remark else ()) + learned.remarks
    return Restored(store=store, held=held, learned=learned, remarks=remarks)


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


def _beside(copy: Path, ending: str) -> Path:
    return copy.with_name(copy.name + ending)
