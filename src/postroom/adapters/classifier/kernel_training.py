"""Fitting the heavier model's head, and how much its word counts beside the light model's (needs the extra ``train``)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.blas import dsyrk
from scipy.optimize import minimize
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from postroom.adapters.classifier.kernel import MAX_AXES, MAX_LANDMARKS, Head, likeness, press, room, unit

Floats = NDArray[np.floating[Any]]

_RIDGE, _JITTER = 0.03, 1e-2
_CHUNK = 1000
_LEAST = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A head without the light model it belongs to: see `Head`."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    axes: NDArray[np.float16]
    landmarks: NDArray[np.float16]
    coefficients: NDArray[np.float16]

    def head(
        self,
        classes: Sequence[str],
        *,
        weighs: tuple[float, float] = (1.0, 0.0),
        light: str = "",
        encoder: str = "",
        card: Mapping[str, Any] | None = None,
    ) -> Head:
        """With its names and what it counts."""
        return Head(
            classes=tuple(classes),
            mean=self.mean,
            scale=self.scale,
            axes=self.axes,
            landmarks=self.landmarks,
            coefficients=self.coefficients,
            weighs=weighs,
            light=light,
            encoder=encoder,
            card=card or {},
        )


def fit(
    vectors: NDArray[np.float32], labels: NDArray[np.intp], weights: Floats, *, most: int = MAX_LANDMARKS
) -> Fitted:
    """Kernel ridge regression of (texts, S) vectors, all classes weighing the same, on at most so many landmarks.

    Deterministic. What it holds beside the vectors is bounded by the number of landmarks: some 650 MB for 8,000.
    """
    with threadpool_limits(1):  # several threads would add up in another order each time
        mean = vectors.mean(0)
        scale = (1.0 / (vectors.std(0) + 1e-6)).astype(np.float32)
        axes = _principal(vectors, mean, scale)
        wide = axes.astype(np.float32)
        parts = (vectors[at : at + _CHUNK] for at in range(0, len(vectors), _CHUNK))
        pressed = np.concatenate([press(part, mean, scale, wide).astype(np.float16) for part in parts])
        most = min(most, room(vectors.shape[1], axes.shape[1], int(labels.max()) + 1))
        chosen = pressed[_spread(labels, most)]
        coefficients = _ridge(pressed, chosen.astype(np.float64), labels, weights).astype(np.float16)
    return Fitted(mean=mean, scale=scale, axes=axes, landmarks=chosen, coefficients=coefficients)


def weigh(scores: Floats, shares: Floats, labels: NDArray[np.intp], weights: Floats) -> tuple[float, float]:
    """What the heavier model's (texts, K) scores, and the log of the light one's probabilities, count in joint log-odds.

    Those under which the labels are likeliest, each class as one; of texts that neither model has learned from.
    """
    light = np.log(np.maximum(shares, _LEAST))
    each = weights / np.bincount(labels, weights, minlength=scores.shape[1])[labels]
    here = np.arange(len(labels))

    def surprise(logs: Floats) -> float:
        heavy_weighs, light_weighs = np.exp(logs)
        logits = heavy_weighs * scores + light_weighs * light
        return float((each * (logsumexp(logits, 1) - logits[here, labels])).sum())

    found = minimize(surprise, np.log([5.0, 0.5]), method="L-BFGS-B", bounds=[(-4.0, 4.0)] * 2)
    heavy, rest = np.exp(found.x)
    return round(float(heavy), 4), round(float(rest), 4)


def _principal(vectors: NDArray[np.float32], mean: Floats, scale: Floats) -> NDArray[np.float16]:
    """(S, A) axes along which standardised vectors of length one reach furthest."""
    size = vectors.shape[1]
    squares = np.zeros((size, size))
    for at in range(0, len(vectors), _CHUNK):
        part = unit((vectors[at : at + _CHUNK] - mean) * scale)
        squares += part.T @ part
    _, found = np.linalg.eigh(squares)
    axes: NDArray[np.float16] = found[:, ::-1][:, :MAX_AXES].astype(np.float16)
    return axes


def _spread(labels: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """Places of so many texts, of each class as many as of any other, as far as it has them."""
    seen: dict[int, int] = defaultdict(int)
    turns = np.empty(len(labels), np.intp)
    mixed = np.random.default_rng(0).permutation(len(labels))
    for place in mixed.tolist():
        turns[place] = seen[int(labels[place])]
        seen[int(labels[place])] += 1
    order: NDArray[np.intp] = mixed[np.argsort(turns[mixed], kind="stable")][:most]
    return np.sort(order)


def _ridge(
    pressed: NDArray[np.float16], landmarks: NDArray[np.float64], labels: NDArray[np.intp], weights: Floats
) -> NDArray[np.float64]:
    """(L, K) coefficients: of all that reach each text's class by likeness to landmarks, the smoothest."""
    classes = int(labels.max()) + 1
    share = np.bincount(labels, weights, minlength=classes)
    each = weights / share[labels] * (weights.sum() / classes)
    normal = likeness(landmarks, landmarks.T).T  # columns together, as LAPACK changes matrices in place
    normal *= _RIDGE
    normal[np.diag_indices(len(landmarks))] += _JITTER
    wanted = np.zeros((len(landmarks), classes))
    for at in range(0, len(pressed), _CHUNK):
        part = slice(at, at + _CHUNK)
        alike = likeness(pressed[part].astype(np.float64), landmarks.T) * np.sqrt(each[part, None])
        targets = (np.eye(classes)[labels[part]] - 1.0 / classes) * np.sqrt(each[part, None])
        normal = dsyrk(1.0, alike.T, beta=1.0, c=normal, overwrite_c=1)  # the upper triangle, in place
        wanted += alike.T @ targets
    found: NDArray[np.float64] = cho_solve(cho_factor(normal, overwrite_a=True), wanted)
    return found
