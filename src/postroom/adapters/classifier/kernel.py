"""The heavier model's head: kernel ridge regression over text vectors, and its file.

Vectors are standardised, pressed to their first principal axes and brought to length one; a text's scores are its likeness
``exp(x . l - 1)`` to each of at most 8,000 landmarks, times their coefficients (Nyström; Rudi et al. 2015). So the file and
the memory are bounded, however many examples were learned from.

The file: a line that names the format, a line of JSON, then the arrays one after another, little-endian. It is checked when
read, and nothing in it is ever executed.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postroom.adapters.classifier import modelfile
from postroom.adapters.classifier.model import arrays, body
from postroom.adapters.classifier.modelfile import HEAVIER

Floats = NDArray[np.float32]
Halves = NDArray[np.float16]

MAX_LANDMARKS, MAX_AXES, MAX_SIZE, MAX_CLASSES = 8000, 384, 4096, 1000
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
    left = HEAVIER.max_bytes - HEAVIER.max_header - 2 * size * (axes + 4)
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
    return modelfile.opening(HEAVIER, header) + body(head, _ARRAYS)


def load(path: Path) -> Head:
    """Read a head. Raises `ConfigError` for a file that is missing, damaged, too large or of another format."""
    return modelfile.read(path, HEAVIER, parse)


def parse(content: bytes) -> Head:
    """The head of a file's bytes. Raises `ValueError` with what is wrong."""
    said, at = modelfile.header(content, HEAVIER, _facts)
    classes, size, axes, landmarks = said.classes, said.size, said.axes, said.landmarks
    if not (
        0 < len(classes) == len(set(classes)) <= MAX_CLASSES
        and 0 < size <= MAX_SIZE
        and 0 < axes <= MAX_AXES
        and 0 < landmarks <= MAX_LANDMARKS
        and all(0.0 <= weight < 1e6 for weight in said.weighs)
    ):
        raise ValueError("its header makes no sense")
    shapes = ((size,), (size,), (size, axes), (landmarks, axes), (landmarks, len(classes)))
    found = arrays(content, at, _ARRAYS, dict(zip(_ARRAYS, shapes, strict=True)))
    head = Head(classes=classes, weighs=said.weighs, light=said.light, encoder=said.encoder, card=said.card, **found)
    if _digest(head) != said.digest:
        raise ValueError("its checksum is wrong: it was damaged or changed")
    if not all(np.isfinite(array).all() for array in found.values()):
        raise ValueError("its numbers make no sense")
    return head


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    classes: tuple[str, ...]
    size: int
    axes: int
    landmarks: int
    weighs: tuple[float, float]
    light: str
    encoder: str
    digest: str
    card: Mapping[str, Any]


def _facts(said: dict[str, Any]) -> _Header:
    heavy, light = map(float, said["weighs"])
    return _Header(
        classes=tuple(map(str, said["classes"])),
        size=int(said["size"]),
        axes=int(said["axes"]),
        landmarks=int(said["landmarks"]),
        weighs=(heavy, light),
        light=str(said["light"]),
        encoder=str(said["encoder"]),
        digest=str(said["sha256"]),
        card=dict(said["card"]),
    )


def _digest(head: Head) -> str:
    said = json.dumps([head.classes, head.weighs, head.light, head.encoder]).encode()
    return hashlib.sha256(said + body(head, _ARRAYS)).hexdigest()
