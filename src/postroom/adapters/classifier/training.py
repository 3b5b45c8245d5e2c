"""Training a model from labelled texts, with scikit-learn (the extra ``train``).

Features are weighed by inverse document frequency and texts brought to length one; a linear model is fitted in which
all classes weigh the same: what is rare among the examples need not be rare in the mail, and how frequent a route is
belongs to the settings. The slope that makes probabilities of scores is found on examples that the fitted model had not
seen (temperature scaling, Guo et al. 2017, in cross-validation).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from postroom.adapters.classifier.features import paired, pieces, remarks, whole, words
from postroom.adapters.classifier.linear import LinearClassifier
from postroom.adapters.classifier.model import Model, dump, parse
from postroom.model.errors import Refused
from postroom.ports import Classifier, TrainingText

Floats = NDArray[np.floating[Any]]

_FEW = 12
_LOGISTIC, _MARGIN = 4.0, 1.0
"""Up to so many classes, and the inverse penalty of logistic regression for few, of support vectors for many."""
_RARE = 2
"""Features of fewer texts are left out."""
_FOLDS = 5
_UNITS = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One text to learn from."""

    #: `features.words` of it
    words: Sequence[str]
    #: `features.remarks` on it
    remarks: Sequence[str]
    route: str
    #: what it counts beside others
    weight: float = 1.0
    #: examples of one group are never both learned from and tried on: a thread, a sender, near-duplicates
    group: str = ""


def train(examples: Sequence[Example], card: Mapping[str, Any]) -> Model:
    """Fit a model. Deterministic: the same examples give the same model. Raises `ValueError` when there are too few."""
    classes = sorted({one.route for one in examples})
    if len(classes) < 2:
        raise ValueError("a model needs examples of at least two routes")
    with threadpool_limits(1):  # several threads only wait for one another here
        return _train(examples, classes, card)


def _train(examples: Sequence[Example], classes: Sequence[str], card: Mapping[str, Any]) -> Model:
    labels = np.array([classes.index(one.route) for one in examples])
    weights = np.array([one.weight for one in examples])
    table = Table(examples)
    rows = table.rows(examples)
    scores = _unseen(rows, labels, weights, _folds(examples), len(classes))
    slope = _slope(scores, labels, weights)
    coefficients, bias = _fit(rows, labels, weights, len(classes))
    figures = {"unseen_accuracy": round(float(np.average(scores.argmax(1) == labels, weights=weights)), 4)}
    return table.model(classes, coefficients, bias, slope, {**card, **figures})


class LinearTrainer:
    """Trains linear models: `ports.Trainer`."""

    def __init__(self, made_by: str) -> None:
        self._made_by = made_by

    def train(self, texts: Iterable[TrainingText]) -> bytes:
        """A model's file. Raises `Refused` for texts of less than two routes."""
        examples = [
            Example(
                words=words(one.folded),
                remarks=remarks(one.message, one.folded),
                route=one.route,
                weight=one.weight,
                group=one.group,
            )
            for one in texts
        ]
        try:
            return dump(train(examples, {"made_by": self._made_by}))
        except ValueError as error:
            raise Refused(f"can't learn from these texts: {error}") from error

    def classifier(self, model: bytes) -> Classifier:
        """What judges by a model that was trained."""
        return LinearClassifier(parse(model))


class Table:
    """The features of a set of texts: which there are, how rare each is, and texts as rows over them."""

    def __init__(self, examples: Sequence[Example]) -> None:
        counts = Counter(feature for one in examples for feature in set(_features(one)))
        known = sorted(feature for feature, count in counts.items() if count >= _RARE)
        self.keys = np.array(known, np.uint32)
        self._at = {feature: place for place, feature in enumerate(known)}
        shares = np.array([counts[feature] for feature in known]) / len(examples)
        self._rarity = 1.0 - np.log(shares)

    def rows(self, examples: Sequence[Example]) -> csr_matrix:
        """(texts, F) each text's features by their rarity, over the text's length."""
        data, places, ends = [], [], [0]
        for one in examples:
            counts = Counter(self._at[feature] for feature in _features(one) if feature in self._at)
            here = np.fromiter(counts, np.intp, len(counts))
            times = np.fromiter(counts.values(), np.float64, len(counts))
            length = float((times * self._rarity[here] ** 2).sum()) ** 0.5
            data.append(times * self._rarity[here] / max(length, 1e-6))
            places.append(here)
            ends.append(ends[-1] + len(here))
        joined = (np.concatenate(data), np.concatenate(places), np.array(ends))
        return csr_matrix(joined, shape=(len(examples), len(self.keys)))

    def model(
        self, classes: Sequence[str], coefficients: Floats, bias: Floats, slope: float, card: Mapping[str, Any]
    ) -> Model:
        """The model of fitted (F, K) coefficients: weights in small integers, features that weigh nothing left out."""
        weights = coefficients * self._rarity[:, None]
        scales = np.abs(weights).max(0) / _UNITS
        small = np.rint(weights / np.where(scales > 0, scales, 1.0)).astype(np.int8)
        return Model(
            classes=tuple(classes),
            keys=self.keys,
            weights=small,
            scales=scales.astype(np.float32),
            lengths=(self._rarity**2).astype(np.float32),
            bias=bias.astype(np.float32),
            slope=slope,
            card=card,
        )


def _features(one: Example) -> Iterator[int]:
    """The features of a text, each as often as it counts: those of every distinct word, and every distinct pair."""
    for word in dict.fromkeys((*one.words, *one.remarks)):
        yield from pieces(word)
    ends = np.array([[whole(first), whole(second)] for first, second in dict.fromkeys(pairwise(one.words))], np.uint32)
    if len(ends):
        yield from paired(ends[:, 0], ends[:, 1]).tolist()


def _folds(examples: Sequence[Example]) -> NDArray[np.intp]:
    """A fold for each example, by a hash of its group or of its words."""
    named = (one.group or " ".join(one.words) for one in examples)
    return np.array([crc32(name.encode()) % _FOLDS for name in named])


def _unseen(rows: csr_matrix, labels: Any, weights: Any, folds: NDArray[np.intp], classes: int) -> Floats:
    """(texts, K) scores of each text by a model that was fitted without its fold."""
    scores = np.zeros((rows.shape[0], classes))
    for fold in range(_FOLDS):
        rest, tried = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if len(tried) and len(set(labels[rest])) == classes:
            coefficients, bias = _fit(rows[rest], labels[rest], weights[rest], classes)
            scores[tried] = rows[tried] @ coefficients + bias
    return scores


def _fit(rows: csr_matrix, labels: Any, weights: Any, classes: int) -> tuple[Floats, Floats]:
    """(F, K) coefficients and (K,) bias."""
    if classes <= _FEW:
        found = LogisticRegression(C=_LOGISTIC, class_weight="balanced", max_iter=500)
    else:
        # It balances by the number of texts: who sends many of little weight would take weight from all others of their class.
        weights = weights / np.bincount(labels, weights, minlength=classes)[labels] * weights.sum() / classes
        found = LinearSVC(C=_MARGIN, random_state=0)
    found.fit(rows, labels, sample_weight=weights)
    coefficients, bias = found.coef_, found.intercept_
    if len(coefficients) == 1:  # two classes: one score, for the second
        coefficients, bias = np.concatenate((-coefficients, coefficients)) / 2, np.concatenate((-bias, bias)) / 2
    return coefficients.T, bias


def _slope(scores: Floats, labels: Any, weights: Any) -> float:
    """What scores are multiplied by so that they are log-probabilities: the likeliest by the examples, each class as one."""
    share = np.bincount(labels, weights, minlength=scores.shape[1])
    each = weights / share[labels]

    def surprise(log_slope: float) -> float:
        logits = scores * np.exp(log_slope)
        return float((each * (logsumexp(logits, 1) - logits[np.arange(len(labels)), labels])).sum())

    return float(np.exp(minimize_scalar(surprise, bounds=(-4.0, 4.0), method="bounded").x))
