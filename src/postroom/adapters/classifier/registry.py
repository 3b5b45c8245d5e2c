"""Models that were learned, by version, and which of them is in force. A folder; any process may read it at any time.

``VERSION.model`` holds a model with its card, ``VERSION.sources`` the ids of what it was trained on, ``current`` the
versions in force so far, the present one last. Each file is written beside its place, synced and renamed: after a crash there
is the file as it was, or the new one. A model is there before ``current`` names it.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any, Final

import msgspec

from postroom.adapters.classifier.model import Model, dump, load, parse
from postroom.adapters.store.connect import give_to_owner_of_folder
from postroom.adapters.wholefile import write_whole
from postroom.model.errors import ConfigError, Refused

SHIPPED: Final = "shipped"
"""Names the model that is part of postroom."""

ROLLBACK: Final = "rollback"

CURRENT: Final = "current"
_VERSION: Final = re.compile("[0-9a-f]{12}")
_KEPT_TURNS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A model came into force."""

    version: str
    #: seconds since the epoch
    at: float
    #: ``learn``, ``use`` or ``rollback``, and who
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A model that is kept."""

    version: str
    #: seconds since the epoch, as its card says
    made_at: float
    bytes: int
    card: Mapping[str, Any]


class Registry:
    """The models of one installation."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self._folder

    def turns(self) -> tuple[Turn, ...]:
        """Which models have been in force, the present one last; none before the first. Raises `ConfigError`."""
        path = self._folder / CURRENT
        try:
            return read_turns(path.read_bytes())
        except FileNotFoundError:
            return ()
        except (OSError, msgspec.MsgspecError, UnicodeError) as error:
            raise ConfigError(f"{path} can't be read: {error}; `postroom models use VERSION` writes it anew") from error

    @property
    def current(self) -> str:
        """The version in force; the shipped model until another took its place."""
        turns = self.turns()
        return turns[-1].version if turns else SHIPPED

    def stamp(self) -> tuple[int, int] | None:
        """Changes whenever another model comes into force; cheap enough to look at before every batch."""
        try:
            found = os.stat(self._folder / CURRENT)  # noqa: PTH116 - a tenth of pathlib's time
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino

    def load(self, version: str) -> Model:
        """A model that is kept. Raises `ConfigError` when it can't be read or is not what its name says."""
        model = load(self._folder / f"{version}.model")
        if model.version != version:
            raise ConfigError(f"the model in {self._folder} that is named {version} is another: {model.version}")
        return model

    def kept(self) -> tuple[Kept, ...]:
        """The models that are kept and can be read, the newest first."""
        found = []
        for path in self._folder.glob("*.model"):
            try:
                model = self.load(path.stem)
            except ConfigError:
                continue
            made_at = model.card.get("made_at")
            when = float(made_at) if isinstance(made_at, int | float) else 0.0
            found.append(Kept(version=path.stem, made_at=when, bytes=path.stat().st_size, card=model.card))
        return tuple(sorted(found, key=lambda one: (-one.made_at, one.version)))

    def named(self, prefix: str) -> str:
        """The one version that begins so. Raises `Refused` when there is none, or several."""
        if prefix == SHIPPED:
            return SHIPPED
        found = sorted(path.stem for path in self._folder.glob("*.model") if path.stem.startswith(prefix))
        if len(found) != 1 or not prefix:
            many = (
                "several models have versions that begin" if found else "there is no model with a version that begins"
            )
            raise Refused(f"{many} with {prefix!r}: see `postroom models list`")
        return found[0]

    def sources(self, version: str) -> tuple[str, ...]:
        """Ids of what it was trained on; none when nobody knows."""
        try:
            return tuple((self._folder / f"{version}.sources").read_text(encoding="utf-8").split())
        except (OSError, UnicodeError):
            return ()

    def keep(self, content: bytes, card: Mapping[str, Any], sources: Sequence[str]) -> str:
        """Keep a model with this on its card; its version. It is not in force yet. Again is the same as once."""
        model = parse(content)
        model = replace(model, card={**model.card, **card})
        self._make_folder()
        self._write(f"{model.version}.sources", "\n".join(sources).encode())
        self._write(f"{model.version}.model", dump(model))
        return model.version

    def use(self, version: str, *, by: str, now: float) -> None:
        """Put a model into force, in all processes from their next batch on. Raises `ConfigError` for one that can't be read."""
        if version != SHIPPED:
            self.load(version)
        try:
            turns = self.turns()
        except ConfigError:
            turns = ()
        self._make_folder()
        turns = (*turns, Turn(version=version, at=now, by=by))[-_KEPT_TURNS:]
        self._write(CURRENT, msgspec.json.encode(turns))

    def before(self) -> str:
        """The model that was in force before the present one and is still kept. Raises `Refused` when there is none."""
        stack = [SHIPPED]
        for turn in self.turns():
            if turn.by.startswith(ROLLBACK) and turn.version in stack:
                # What was rolled back from is not gone back to: each step leads further back.
                while stack[-1] != turn.version:
                    stack.pop()
            elif turn.version != stack[-1]:
                stack.append(turn.version)
        for version in reversed(stack[:-1]):
            if version == SHIPPED or (self._folder / f"{version}.model").exists():
                return version
        raise Refused("there is no earlier model to go back to")

    def prune(self, most: int, sound: Callable[[str], bool] = lambda _version: True) -> tuple[str, ...]:
        """Remove all but the newest ``most``, and of these what is not ``sound``; never the one in force. Which they were."""
        current = self.current
        kept = [one.version for one in self.kept()]
        gone = [v for number, v in enumerate(kept) if v != current and (number >= most or not sound(v))]
        for version in gone:
            (self._folder / f"{version}.model").unlink(missing_ok=True)
            (self._folder / f"{version}.sources").unlink(missing_ok=True)
        for path in self._folder.glob("*.part"):
            path.unlink(missing_ok=True)
        return tuple(gone)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """What there is to copy: each file by its name, those of models that can't be used left out. Raises `ConfigError`.

        May be called while others learn and choose; when `stamp` changed meanwhile, the model in force may be missing.
        """
        turns = self.turns()
        for version in sorted(path.stem for path in self._folder.glob("*.model")):
            try:
                model = self.load(version)
            except ConfigError:
                continue
            yield f"{version}.sources", "\n".join(self.sources(version)).encode()
            yield f"{version}.model", dump(model)
        if turns:
            yield CURRENT, msgspec.json.encode(turns)

    def put_back(self, name: str, content: bytes) -> bool:
        """Write a file that `files` gave; False where a choice of models stays that is there already and is another.

        Raises `ConfigError` as `check` does, and `OSError`.
        """
        self.check(name, content)
        path = self._folder / name
        if name == CURRENT and path.exists():
            return path.read_bytes() == content
        self._make_folder()
        self._write(name, content)
        return True

    @staticmethod
    def check(name: str, content: bytes) -> None:
        """Raises `ConfigError` for what is no file of a registry, or another than its name says."""
        version, _, kind = name.partition(".")
        try:
            match kind:
                case "model" if _VERSION.fullmatch(version) and parse(content).version == version:
                    return
                case "sources" if _VERSION.fullmatch(version):
                    content.decode()
                    return
                case "" if name == CURRENT and read_turns(content):
                    return
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{name} can't be used: {error}") from error
        raise ConfigError(f"{name!r} is no file of learned models, or another than it says")

    def mark(self, name: str, at: float | None = None) -> None:
        """Write an empty file: its time says when that was; now, unless another time is given."""
        self._make_folder()
        self._write(name, b"")
        if at is not None:
            os.utime(self._folder / name, (at, at))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let nobody else learn or choose meanwhile. Raises `Refused` when somebody does."""
        self._make_folder()
        path = self._folder / "lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+") as file:
            give_to_owner_of_folder(descriptor, path)
            try:
                flock(file, LOCK_EX | LOCK_NB)
            except OSError as error:
                raise Refused("another `postroom learn` or `postroom models` is at work here: wait for it") from error
            yield

    def _make_folder(self) -> None:
        if self._folder.is_dir():
            return
        self._folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            give_to_owner_of_folder(descriptor, self._folder)
        finally:
            os.close(descriptor)

    def _write(self, name: str, content: bytes) -> None:
        """Whole or not at all, and there for certain on return."""
        path = self._folder / name
        write_whole(path, content, own=lambda file: give_to_owner_of_folder(file, path))


def read_turns(content: bytes) -> tuple[Turn, ...]:
    """Which models have been in force, by a file's bytes. Raises `ValueError`."""
    return msgspec.json.decode(content, type=tuple[Turn, ...])
