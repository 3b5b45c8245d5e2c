"""A model's file: written once, checked when read, nothing in it is ever executed.

A line that names the format, a line of JSON, then the arrays one after another, little-endian. The JSON holds classes,
shapes, the model card (what it was trained on, how it did, what it can't) and the SHA-256 of the arrays.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postroom.model.errors import ConfigError

MAGIC = b"postroom model 2\n"
MAX_BYTES = 200_000_000
MAX_CLASSES = 1000
_MAX_HEADER = 4_000_000
_STEEPEST = 4.0

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surer:
    """How much steeper the slope is of a text that looks like those learned from."""

    #: by what its best score adds
    by_height: float = 0.0
    #: by what adds that all its pairs of words are known
    by_pairs: float = 0.0

    def steepness(self, scores: Floats, familiar: Floats) -> Floats:
        """(texts,) factors, by (texts, K) scores and the (texts,) shares of known pairs."""
        if not self.by_height and not self.by_pairs:
            return np.ones(len(scores))
        added = self.by_height * scores.max(1) + self.by_pairs * familiar
        return np.asarray(np.exp(np.clip(added, -_STEEPEST, _STEEPEST)))


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
    #: what makes the slope of a text another
    surer: Surer = Surer()
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
        "surer": asdict(model.surer),
        "sha256": _digest(model),
        "card": dict(model.card),
    }
    line = json.dumps(header, ensure_ascii=False, sort_keys=True).encode()
    return b"".join((MAGIC, line, b"\n", _body(model)))


def load(path: Path) -> Model:
    """Read a model. Raises `ConfigError` for a file that is missing, damaged, too large or of another format."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"can't read the model {path}: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{path} is larger than {MAX_BYTES} bytes: no model of postroom's")
    try:
        return parse(content)
    except ValueError as error:
        raise ConfigError(f"{path} is no model that this postroom can use: {error}") from error


def parse(content: bytes) -> Model:
    """The model of a file's bytes. Raises `ValueError` with what is wrong."""
    if not content.startswith(MAGIC):
        raise ValueError(f"it does not begin with {MAGIC.decode().strip()!r}")
    end = content.find(b"\n", len(MAGIC), len(MAGIC) + _MAX_HEADER)
    if end < 0:
        raise ValueError("its header has no end")
    try:
        header = json.loads(content[len(MAGIC) : end])
        classes = tuple(map(str, header["classes"]))
        features, slope, digest = int(header["features"]), float(header["slope"]), str(header["sha256"])
        surer = Surer(**{name: float(value) for name, value in header["surer"].items()})
        card = dict(header["card"])
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"its header is damaged ({error})") from error
    if not 0 < len(classes) <= MAX_CLASSES or len(set(classes)) < len(classes) or features < 1 or not 0 < slope < 1e6:
        raise ValueError("its header makes no sense")
    if not all(abs(value) < 100 for value in (surer.by_height, surer.by_pairs)):
        raise ValueError("its header makes no sense")
    arrays = _arrays(content, end + 1, features, len(classes))
    model = Model(classes=classes, slope=slope, surer=surer, card=card, **arrays)
    if _digest(model) != digest:
        raise ValueError("its checksum is wrong: it was damaged or changed")
    if np.any(model.keys[1:] <= model.keys[:-1]) or not all(
        np.isfinite(arrays[name]).all() for name in ("scales", "lengths", "bias")
    ):
        raise ValueError("its numbers make no sense")
    return model


def _arrays(content: bytes, at: int, features: int, classes: int) -> dict[str, Any]:
    shapes = {
        "keys": (features,),
        "weights": (features, classes),
        "scales": (features,),
        "lengths": (features,),
        "bias": (classes,),
    }
    found = {}
    for name, kind in _ARRAYS.items():
        count = int(np.prod(shapes[name]))
        size = count * np.dtype(kind).itemsize
        if at + size > len(content):
            raise ValueError("it ends too early")
        found[name] = np.frombuffer(content, kind, count, at).reshape(shapes[name])
        at += size
    if at != len(content):
        raise ValueError("it goes on too long")
    return found


def _body(model: Model) -> bytes:
    return b"".join(np.ascontiguousarray(getattr(model, name), kind).tobytes() for name, kind in _ARRAYS.items())


def _digest(model: Model) -> str:
    said = json.dumps([model.classes, model.slope, asdict(model.surer)]).encode()
    return hashlib.sha256(said + _body(model)).hexdigest()
