"""What was learned, in one file beside the copy of a store: the models, which is in force, and how far sources are believed."""

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from postroom.adapters.bundle import pack, unpack
from postroom.adapters.classifier.registry import CURRENT, SHIPPED, Registry, read_turns
from postroom.bootstrap.datafolder import MODELS, WEIGHTS
from postroom.bootstrap.schedule import TRIED
from postroom.bootstrap.weights import dump_weights, keep_weights, parse_weights, read_weights
from postroom.model.errors import ConfigError, PostroomError, TryLater

if TYPE_CHECKING:
    from postroom.bootstrap.house import House

_WEIGHTS: Final = "weights.json"
_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a copy holds."""

    #: how many
    models: int = 0
    #: the version in force
    current: str = SHIPPED
    #: whether sources are believed otherwise than by default
    weights: bool = False
    #: what is not in it, or not as it was, in sentences
    remarks: tuple[str, ...] = ()


def copy_learned(house: "House", target: Path) -> Learned:
    """Write all that was learned to a file; what can't be used is left out, and remarked. Raises `TryLater`."""
    for _ in range(_TRIES):
        remarks: list[str] = []
        before = house.models.stamp()
        pack(target, _files(house, remarks))
        if house.models.stamp() == before:
            return _look(target, remarks)
    raise TryLater("models come into force faster than they can be copied: again when `postroom learn` is done")


def check_learned(source: Path) -> None:
    """Look at every file of a copy. Raises `ConfigError` for none of ours, `PostroomError` for one that is damaged."""
    _look(source, ())


def restore_learned(source: Path, data: Path) -> Learned:
    """Bring a copy back into a data folder; what is in force there already stays, and is remarked.

    Raises `TryLater` where it can't be written, else as `check_learned`.
    """
    models, weights = Registry(data / MODELS), data / WEIGHTS
    remarks: list[str] = []
    try:
        for name, content in unpack(source):
            if name == _WEIGHTS:
                if _other_weights(weights, content):
                    remarks.append(f"{weights} is there already and stays: it is another than the saved one.")
                else:
                    keep_weights(weights, parse_weights(content, source))
            elif name == TRIED:
                models.mark(TRIED, float(content))
            elif not models.put_back(name, content):
                remarks.append(
                    f"In {models.folder} a model was chosen already, and stays in force: see `postroom models list`."
                )
        return _look(source, remarks)
    except OSError as error:
        raise TryLater(
            f"{data} cannot be written: {error.strerror}; what was learned is not all back: make room, move the folder"
            " away and restore again"
        ) from error


def _files(house: "House", remarks: list[str]) -> Iterator[tuple[str, bytes]]:
    try:
        yield from house.models.files()
    except ConfigError as error:
        remarks.append(f"Learned models are not saved: {error}.")
    with suppress(FileNotFoundError, NotADirectoryError):
        yield TRIED, str((house.models.folder / TRIED).stat().st_mtime).encode()
    try:
        if (weights := read_weights(house.weights_path)) is not None:
            yield _WEIGHTS, dump_weights(weights)
    except ConfigError as error:
        remarks.append(f"How far sources are believed is not saved: {error}.")


def _look(source: Path, remarks: Sequence[str]) -> Learned:
    """What a copy holds; each file is checked for what its name says."""
    names: set[str] = set()
    current = SHIPPED
    try:
        for name, content in unpack(source):
            names.add(name)
            if name == _WEIGHTS:
                parse_weights(content, source)
            elif name == TRIED:
                _moment(content)
            else:
                Registry.check(name, content)
                current = read_turns(content)[-1].version if name == CURRENT else current
    except ValueError as error:
        raise PostroomError(f"{source} is damaged: {error}") from error
    if current != SHIPPED and f"{current}.model" not in names:
        remarks = (*remarks, f"The model in force, {current}, can't be used and is not saved.")
    return Learned(
        models=sum(name.endswith(".model") for name in names),
        current=current,
        weights=_WEIGHTS in names,
        remarks=tuple(remarks),
    )


def _moment(content: bytes) -> float:
    """Raises `ValueError`."""
    found = float(content)
    if not 0.0 <= found < math.inf:
        raise ValueError(f"{found} is no time")
    return found


def _other_weights(path: Path, saved: bytes) -> bool:
    """Whether weights are in force here that are not these."""
    try:
        found = read_weights(path)
    except ConfigError:
        return False
    return found is not None and dump_weights(found) != saved
