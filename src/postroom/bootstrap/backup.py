"""A copy of an installation, and an installation from one.

It is four files: the store, the signing key beside it as NAME.key, what was learned as NAME.learned, and the tombstones of
what was erased as NAME.erased. A copy knows none newer than itself: those in the data folder, or kept elsewhere, are applied
to it before anybody can read it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from postroom.adapters.store import backup as of_store
from postroom.adapters.store.aging import SqliteAging
from postroom.adapters.store.connect import give_to_owner_of_folder
from postroom.adapters.store.erasing import SqliteErasing
from postroom.adapters.store.keeping import SqliteKeeping
from postroom.adapters.store.sqlite import SqliteStore
from postroom.adapters.tombstones import TombstoneFile
from postroom.adapters.wholefile import write_whole
from postroom.bootstrap.datafolder import ERASED, STORE
from postroom.bootstrap.house import House
from postroom.bootstrap.learned_copy import Learned, check_learned, copy_learned, restore_learned
from postroom.flow.erasure import Eraser
from postroom.model.errors import ConfigError
from postroom.model.privacy import Tombstone, key_name
from postroom.model.trust import Trust

Progress = Callable[[int, int], None]
"""Is told (pages done, pages in all) now and then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a backup is."""

    key: Path
    #: tombstones
    erased: Path
    #: the file of what was learned, and what is in it
    learned: Path
    holds: Learned


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a backup became."""

    store: Path
    #: jobs that wait for a person's word
    held: int
    #: mails that were erased since the backup, and are again
    erased: int
    #: what was learned and is back
    learned: Learned
    #: what is not as it was, in sentences
    remarks: tuple[str, ...]


def back_up(house: House, target: Path, progress: Progress) -> Saved:
    """Write the store as it is at this moment, while it is in use, the key and what was learned.

    Raises `ConfigError` for a target in the data folder, where it would take the place of what it saves, and `TryLater`.
    """
    key, learned, erased = (_beside(target, ending) for ending in (".key", ".learned", ".erased"))
    for file in (target, key, learned, erased):
        if file.resolve().is_relative_to(house.data.resolve()):
            raise ConfigError(f"{file} is in the data folder, beside what it would save: name a file outside it")
    of_store.backup(house.store_path, target, progress)
    write_whole(key, house.key)
    tombstones = house.tombstones.path
    write_whole(erased, tombstones.read_bytes() if tombstones.exists() else b"")
    return Saved(key=key, erased=erased, learned=learned, holds=copy_learned(house, learned))


def restore(
    data: Path, source: Path, progress: Progress, *, trust: Trust | None = None, erased: Sequence[Path] = ()
) -> Restored:
    """Make store and key of a backup in a data folder, and bring back what was learned; what is there already stays.

    What the tombstones in the folder, beside the backup and in the files ``erased`` tell of is erased from it before it can
    be read. Nothing is made where any of it is damaged. Raises as the store's does, and as `restore_learned`.
    """
    saved = _beside(source, ".learned")
    if saved.is_file():
        check_learned(saved)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = data / STORE
    graves = _Graves.of(data, source, erased)
    held = of_store.restore(source, store, progress, before=lambda made: graves.dig(made, trust or Trust()))
    graves.keep()
    remark = _restore_key(_beside(source, ".key"), data / "key")
    learned = (
        restore_learned(saved, data)
        if saved.is_file()
        else Learned(remarks=(f"There is no {saved}: what was learned is not brought back.",))
    )
    remarks = ((remark,) if remark else ()) + graves.remarks + learned.remarks
    return Restored(store=store, held=held, erased=graves.mails, learned=learned, remarks=remarks)


@dataclass(slots=True, kw_only=True)
class _Graves:
    """The tombstones that a backup may not know of."""

    #: beside the store
    file: TombstoneFile
    stones: tuple[Tombstone, ...]
    keys: tuple[bytes, ...]
    #: erased because of them
    mails: int = 0

    @classmethod
    def of(cls, data: Path, source: Path, more: Sequence[Path]) -> "_Graves":
        if missing := [str(one) for one in more if not one.is_file()]:
            raise ConfigError(f"there is no file {', '.join(missing)}")
        own = TombstoneFile(data / ERASED)
        files = (own, *map(TombstoneFile, (_beside(source, ".erased"), *more)))
        stones = dict.fromkeys(stone for file in files for stone in file.all())
        keys = [path.read_bytes() for path in (data / "key", _beside(source, ".key")) if path.is_file()]
        return cls(file=own, stones=tuple(stones), keys=tuple(keys))

    def dig(self, made: Path, trust: Trust) -> None:
        """Erase from a store what they tell of."""
        if not self.stones or not self.keys:
            return
        store = SqliteStore.open(made)
        try:
            eraser = Eraser(
                store=store,
                erasing=SqliteErasing(store.units, made),
                keeping=SqliteKeeping(store.units),
                aging=SqliteAging(store.units),
                tombstones=self.file,
                trust=trust,
                key=self.keys[0],
                clock=time.time,
                pause=time.sleep,
            )
            self.mails = eraser.again(self.stones, self.keys)
        finally:
            store.close()

    def keep(self) -> None:
        """Write those that only stood elsewhere beside the store, too."""
        known = set(self.file.all())
        self.file.add([stone for stone in self.stones if stone not in known])

    @property
    def remarks(self) -> tuple[str, ...]:
        """What could not be told."""
        names = {key_name(key) for key in self.keys}
        lost = sum(stone.key not in names for stone in self.stones)
        if not lost:
            return ()
        remark = (
            f"{lost} tombstones were made with a key that is not here: whom they stand for can't be known again, and if the"
            " backup is older than they are, it may hold those people's mail. Bring back that key and restore again."
        )
        return (remark,)


def _restore_key(saved: Path, key: Path) -> str:
    lost = "bounces of mail that was sent on before are not recognised"
    if not saved.is_file():
        return "" if key.exists() else f"There is no {saved}: a new signing key will be made, and {lost}."
    if not key.exists():
        write_whole(key, saved.read_bytes(), own=lambda file: give_to_owner_of_folder(file, key))
    elif key.read_bytes() != saved.read_bytes():
        return f"{key} is another key than {saved} and stays: {lost}, unless you copy the saved one over it."
    return ""


def _beside(copy: Path, ending: str) -> Path:
    return copy.with_name(copy.name + ending)
