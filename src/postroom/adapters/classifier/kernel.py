"""The heavier model's head: kernel ridge regression over text vectors, and its file.

Vectors are standardised, pressed to their first principal axes and brought to length one; a text's scores are its likeness
``exp(x . l - 1)`` to each of at most 8,000 landmarks, times their coefficients (Nyström; Rudi et al. 2015). So the file and
the memory are bounded, however many examples were learned from.

The file: a line that names the format, a line of JSON, then the arrays one after another, little-endian. It is checked when
read, and nothing in it is ever executed.
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

from postroom.model.errors import ConfigError

Floats = NDArray[np.float32]
Halves = NDArray[np.float16]

MAGIC = b"postroom heavier model 1\n"
MAX_BYTES = 20_000_000
MAX_LANDMARKS, MAX_AXES, MAX_SIZE, MAX_CLASSES = 8000, 384, 4096, 1000
_MAX_HEADER = 1_000_000
_SHORTEST = 1e-6
_AT_ONCE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """``K`` classes over vectors of ``S`` numbers, pressed to ``A`` axes, by ``L`` landmarks."""

    classes: tuple[str, ...]
    #: (S,) the mean of what it learned from
    mean: Floats
    #: (S,) what a number is multiplied by
    scale: Floats
    #: (S, A) principal axes
    axes: Halves
    #: (L, A) vectors to compare with, of length one
    landmarks: Halves
    #: (L, K) what likeness to a landmark says for each class
    coefficients: Halves
    #: what its scores, and the light model's log-probabilities, count in the joint log-probabilities
    weighs: tuple[float, float]
    #: version of the light model that it was made for
    light: str
    #: digest of the encoder that made the vectors
    encoder: str
    #: what people should know of it
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Names the head, with its encoder, by its content."""
        return _digest(self)[:12]


class Kernel:
    """A head, ready to score."""

    def __init__(self, head: Head) -> None:
        self.head = head
        self._axes = head.axes.astype(np.float32)
        self._landmarks = np.ascontiguousarray(head.landmarks.astype(np.float32).T)
        self._coefficients = head.coefficients.astype(np.float32)

    def scores(self, vectors: Floats) -> Floats:
        """(texts, K) scores of (texts, S) vectors."""
        found = np.empty((len(vectors), len(self.head.classes)), np.float32)
        for at in range(0, len(vectors), _AT_ONCE):
            pressed = press(vectors[at : at + _AT_ONCE], self.head.mean, self.head.scale, self._axes)
            found[at : at + _AT_ONCE] = likeness(pressed, self._landmarks) @ self._coefficients
        return found


def room(size: int, axes: int, classes: int) -> int:
    """How many landmarks at most fit into a file."""
    left = MAX_BYTES - _MAX_HEADER - 2 * size * (axes + 4)
    return min(MAX_LANDMARKS, left // (2 * (axes + classes)))


def press(vectors: Floats, mean: Floats, scale: Floats, axes: Floats) -> Floats:
    """(texts, A) vectors of length one."""
    return unit(unit((vectors - mean) * scale) @ axes)


def likeness(pressed: NDArray[Any], landmarks: NDArray[Any]) -> NDArray[Any]:
    """(texts, L) of (texts, A) and (A, L): 1 for the same, 1/e where nothing is common."""
    found: NDArray[Any] = pressed @ landmarks
    found -= 1.0
    np.exp(found, out=found)
    return found


def unit(vectors: NDArray[Any]) -> NDArray[Any]:
    """Each brought to length one."""
    found: NDArray[Any] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _SHORTEST)
    return found


_ARRAYS = {
    "mean": "<f4",
    "scale": "<f4",
    "axes": "<f2",
    "landmarks": "<f2",
    "coefficients": "<f2",
}


def dump(head: Head) -> bytes:
    """The file's bytes; the same for the same head."""
    header = {
        "classes": list(head.classes),
        "size": len(head.mean),
        "axes": head.axes.shape[1],
        "landmarks": len(head.landmarks),
        "weighs": list(head.weighs),
        "light": head.light,
        "encoder": head.encoder,
        "sha256": _digest(head),
        "card": dict(head.card),
    }
    line = json.dumps(header, ensure_ascii=False, sort_keys=True).encode()
    return b"".join((MAGIC, line, b"\n", *_body(head)))


def load(path: Path) -> Head:
    """Read a head. Raises `ConfigError` for a file that is missing, damaged, too large or of another format."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"can't read {path}: {error.strerror}") from error
    try:
        return parse(content)
    except ValueError as error:
        raise ConfigError(f"{path} is no heavier model that this postroom can use: {error}") from error


def parse(content: bytes) -> Head:
    """The head of a file's bytes. Raises `ValueError` with what is wrong."""
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES} bytes")
    if not content.startswith(MAGIC):
        raise ValueError(f"it does not begin with {MAGIC.decode().strip()!r}")
    end = content.find(b"\n", len(MAGIC), len(MAGIC) + _MAX_HEADER)
    if end < 0:
        raise ValueError("its header has no end")
    try:
        said = json.loads(content[len(MAGIC) : end])
        classes = tuple(map(str, said["classes"]))
        size, axes, landmarks = (int(said[name]) for name in ("size", "axes", "landmarks"))
        heavy, light = map(float, said["weighs"])
        made_for, encoder, digest = (str(said[name]) for name in ("light", "encoder", "sha256"))
        card = dict(said["card"])
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"its header is damaged ({error})") from error
    if not (
        0 < len(classes) == len(set(classes)) <= MAX_CLASSES
        and 0 < size <= MAX_SIZE
        and 0 < axes <= MAX_AXES
        and 0 < landmarks <= MAX_LANDMARKS
        and 0.0 <= heavy < 1e6
        and 0.0 <= light < 1e6
    ):
        raise ValueError("its header makes no sense")
    shapes = ((size,), (size,), (size, axes), (landmarks, axes), (landmarks, len(classes)))
    arrays = _arrays(content, end + 1, dict(zip(_ARRAYS, shapes, strict=True)))
    head = Head(classes=classes, weighs=(heavy, light), light=made_for, encoder=encoder, card=card, **arrays)
    if _digest(head) != digest:
        raise ValueError("its checksum is wrong: it was damaged or changed")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ValueError("its numbers make no sense")
    return head


def _arrays(content: bytes, at: int, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    sizes = {name: math.prod(shapes[name]) * np.dtype(kind).itemsize for name, kind in _ARRAYS.items()}
    if at + sum(sizes.values()) != len(content):
        raise ValueError("it has another length than it says")
    found = {}
    for name, kind in _ARRAYS.items():
        found[name] = np.frombuffer(content, kind, math.prod(shapes[name]), at).reshape(shapes[name])
        at += sizes[name]
    return found


def _body(head: Head) -> list[bytes]:
    return [np.ascontiguousarray(getattr(head, name), kind).tobytes() for name, kind in _ARRAYS.items()]


def _digest(head: Head) -> str:
    said = json.dumps([head.classes, head.weighs, head.light, head.encoder]).encode()
    return hashlib.sha256(b"".join((said, *_body(head)))).hexdigest()
