"""The file of what verdicts taught of how far each source is believed: small, checked when read, beside the store."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postroom import __version__
from postroom.adapters.store.connect import give_to_owner_of_folder
from postroom.adapters.wholefile import write_whole
from postroom.decide.blend import FAMILIES
from postroom.decide.policy import Policy
from postroom.model.errors import ConfigError
from postroom.ports import Observer

if TYPE_CHECKING:
    from postroom.bootstrap.house import House

FORMAT = "postroom weights 1"
_MAX_BYTES = 100_000
_LEAST, _MOST = 0.25, 4.0
"""Whatever wrote it: numbers beyond these are a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What was learned."""

    #: family of sources -> multiplier
    scales: Mapping[str, float]
    temperature: float
    #: what people should know of it
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Names it by what judging depends on."""
        content = json.dumps([dict(sorted(self.scales.items())), self.temperature])
        return hashlib.sha256(content.encode()).hexdigest()


def weighed(settled: Policy, weights: Weights | None) -> Policy:
    """What the settings say, with what was learned; its version names both."""
    if weights is None:
        return settled
    version = hashlib.sha256(f"{settled.version} {weights.version}".encode()).hexdigest()[:12]
    return replace(settled, version=version, scales=weights.scales, temperature=weights.temperature)


@dataclass(slots=True, kw_only=True)
class PolicyInForce:
    """The policy with the weights that are kept now: those of another process count from the next batch on, without a restart.

    A look costs one stat. What can't be used is told, once, and what was in force stays: at the start, the settings alone.
    """

    path: Path
    settled: Policy
    observer: Callable[[], Observer]
    _policy: Policy = field(init=False)
    _stamp: tuple[int, int, int] | None = field(init=False)

    def __post_init__(self) -> None:
        self._policy, self._stamp = self.settled, _stamp(self.path)
        self._policy = self._kept() or self.settled

    def __call__(self) -> Policy:
        """The policy to judge the next batch by."""
        stamp = _stamp(self.path)
        if stamp != self._stamp:
            self._stamp = stamp
            if (kept := self._kept()) is not None and kept != self._policy:
                self._policy = kept
                self.observer().note("weights-loaded", policy=kept.version)
        return self._policy

    def _kept(self) -> Policy | None:
        """By the weights on disk; None when they can't be used, which is told."""
        try:
            return weighed(self.settled, read_weights(self.path))
        except ConfigError as error:
            self.observer().note("weights-refused", error=str(error)[:500])
            return None


def read_weights(path: Path) -> Weights | None:
    """What is in force; None when there is none. Raises `ConfigError` for a file that can't be used."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"can't read {path}: {error.strerror}") from error
    return parse_weights(content, path)


def parse_weights(content: bytes, path: Path) -> Weights:
    """The weights of a file's bytes; ``path`` is where they are from. Raises `ConfigError` for what can't be used."""
    try:
        return _parse(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigError(
            f"{path} is damaged ({_in_short(error)}): go back to the default with `postroom weigh --forget`, then learn it again"
        ) from error


def dump_weights(weights: Weights) -> bytes:
    """The file's bytes."""
    facts = {
        "format": FORMAT,
        "scales": dict(weights.scales),
        "temperature": weights.temperature,
        "sha256": weights.version,
        "card": dict(weights.card),
    }
    return json.dumps(facts, indent=1).encode() + b"\n"


def keep_weights(path: Path, weights: Weights) -> None:
    """Write them, whole or not at all, for the owner of the folder alone. Raises `OSError`."""
    write_whole(path, dump_weights(weights), own=lambda file: give_to_owner_of_folder(file, path))


def forget_weights(house: "House") -> bool:
    """Back to the default; whether there was anything to forget."""
    there = house.weights_path.exists()
    house.weights_path.unlink(missing_ok=True)
    return there


def learn_weights(house: "House", *, dry_run: bool = False, since: float = 0.0) -> dict[str, Any]:
    """Weigh evidence by the verdicts of the store, and keep it if it is better: facts, with what was in force before.

    Where it is not better, what was in force stays, also where it is ``worse`` than the default by now. Raises `TryLater`, `ConfigError`, and `OSError` where it can't be kept.
    """
    from postroom.flow.weighing import gather, weigh, weighed_facts  # noqa: PLC0415 - the doors need no numpy

    stops = [rule.name for rule in house.rules.book.rules.rules if rule.stop]
    before = house.policy
    found = weigh(gather(house.store, since), house.settled_policy, stops, before)
    facts = weighed_facts(found)
    kept = found.used and not dry_run
    if kept:
        card = {**facts, "made_at": round(time.time()), "postroom": __version__}
        keep_weights(house.weights_path, Weights(scales=found.scales, temperature=found.temperature, card=card))
    in_force = {"scales": dict(before.scales), "temperature": before.temperature, "worse": found.in_force_is_worse}
    return {**facts, "kept": kept, "in_force": in_force}


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Changes whenever the file does; None while there is none to be seen."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a tenth of pathlib's time
    except OSError:
        return None
    return found.st_ino, found.st_ctime_ns, found.st_size


def _parse(content: bytes) -> Weights:
    if len(content) > _MAX_BYTES:
        raise ValueError("it is too large")
    facts = json.loads(content)
    if facts["format"] != FORMAT:
        raise ValueError(f"its format is not {FORMAT!r}")
    scales = {str(name): _number(value) for name, value in facts["scales"].items()}
    if strange := set(scales) - set(FAMILIES):
        raise ValueError(f"there is no source {', '.join(sorted(strange))}")
    found = Weights(scales=scales, temperature=_number(facts["temperature"]), card=dict(facts["card"]))
    if found.version != facts["sha256"]:
        raise ValueError("its checksum is wrong")
    return found


def _in_short(error: Exception) -> str:
    return str(error).replace(": ", ", ") if isinstance(error, ValueError) else "something is missing in it"


def _number(value: object) -> float:
    if not isinstance(value, float | int) or not _LEAST <= value <= _MOST:
        raise ValueError(f"{value!r} is no number from {_LEAST} to {_MOST}")
    return float(value)
