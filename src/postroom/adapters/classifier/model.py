"""A model's file: written once, checked when read, nothing in it is ever executed.

A line that names the format, a line of JSON, then the arrays one after another, little-endian. The JSON holds classes,
shapes, the model card (what it was trained on, how it did, what it can't) and the SHA-256 of the arrays.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postroom.adapters.classifier import modelfile
from postroom.adapters.classifier.modelfile import LIGHT

MAX_CLASSES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A linear model over hashed features: ``F`` features, ``K`` classes.

    A feature is a word, a pair of words, or a piece of a word; pieces count only in words that are no feature.
    """

    classes: tuple[str, ...]
    #: (F,) hashes of the features it knows, ascending
    keys: NDArray[np.uint32]
    #: (F, K) weights, in units of ``scales``
    weights: NDArray[np.int8]
    #: (F,) size of one unit
    scales: NDArray[np.float32]
    #: (F,) what each adds to the square of a text's length
    lengths: NDArray[np.float32]
    #: (K,) scores of a text without words
    bias: NDArray[np.float32]
    #: scores times this are log-probabilities, up to a constant
    slope: float
    #: the slope of a text of which all pairs of words are known is e to this power times that of one with none
    familiar: float = 0.0
    #: what people should know of it
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Names the model by its content."""
        return _digest(self)[:12]


_ARRAYS = {"keys": "<u4", "weights": "|i1", "scales": "<f4", "lengths": "<f4", "bias": "<f4"}


def dump(model: Model) -> bytes:
    """The file's bytes; the same for the same model."""
    header = {
        "classes": list(model.classes),
        "features": len(model.keys),
        "slope": model.slope,
        "familiar": model.familiar,
        "sha256": _digest(model),
        "card": dict(model.card),
    }
    return modelfile.opening(LIGHT, header) + body(model, _ARRAYS)


def load(path: Path) -> Model:
    """Read a model. Raises `ConfigError` for a file that is missing, damaged, too large or of another format."""
    return modelfile.read(path, LIGHT, parse)


def parse(content: bytes) -> Model:
    """The model of a file's bytes. Raises `ValueError` with what is wrong."""
    said, at = modelfile.header(content, LIGHT, _facts)
    classes, features, slope, familiar = said.classes, said.features, said.slope, said.familiar
    if not 0 < len(classes) <= MAX_CLASSES or len(set(classes)) < len(classes) or features < 1:
        raise ValueError("its header makes no sense")
    if not (0 < slope < 1e6 and 0 <= familiar < 10):
        raise ValueError("its header makes no sense")
    shapes = ((features,), (features, len(classes)), (features,), (features,), (len(classes),))
    found = arrays(content, at, _ARRAYS, dict(zip(_ARRAYS, shapes, strict=True)))
    model = Model(classes=classes, slope=slope, familiar=familiar, card=said.card, **found)
    if _digest(model) != said.digest:
        raise ValueError("its checksum is wrong: it was damaged or changed")
    if np.any(model.keys[1:] <= model.keys[:-1]) or not all(
        np.isfinite(found[name]).all() for name in ("scales", "lengths", "bias")
    ):
        raise ValueError("its numbers make no sense")
    return model


def arrays(content: bytes, at: int, kinds: Mapping[str, str], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Arrays of these types and shapes, one after another from a place to the end. Raises `ValueError` for another length."""
    sizes = {name: math.prod(shapes[name]) * np.dtype(kind).itemsize for name, kind in kinds.items()}
    if at + sum(sizes.values()) != len(content):
        raise ValueError("it has another length than it says")
    found = {}
    for name, kind in kinds.items():
        found[name] = np.frombuffer(content, kind, math.prod(shapes[name]), at).reshape(shapes[name])
        at += sizes[name]
    return found


def body(holder: object, kinds: Mapping[str, str]) -> bytes:
    """The bytes of its arrays of these names and types, one after another."""
    return b"".join(np.ascontiguousarray(getattr(holder, name), kind).tobytes() for name, kind in kinds.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    classes: tuple[str, ...]
    features: int
    slope: float
    familiar: float
    digest: str
    card: Mapping[str, Any]


def _facts(said: dict[str, Any]) -> _Header:
    return _Header(
        classes=tuple(map(str, said["classes"])),
        features=int(said["features"]),
        slope=float(said["slope"]),
        familiar=float(said["familiar"]),
        digest=str(said["sha256"]),
        card=dict(said["card"]),
    )


def _digest(model: Model) -> str:
    said = json.dumps([model.classes, model.slope, model.familiar]).encode()
    return hashlib.sha256(said + body(model, _ARRAYS)).hexdigest()
