"""Training a model from labelled texts, with scikit-learn (the extra ``train``).

All classes weigh the same: what is rare among the examples need not be rare in the mail, and how frequent a route is
belongs to the settings. Few classes are fitted by logistic regression. Many are fitted twice by support vectors, each
against the rest (Fan et al. 2008) and all at once (Crammer & Singer 2001), and the mean of both is taken: they err
differently, and one matrix remains.

The slope that makes probabilities of scores is found on examples that the fitted model had not seen (temperature
scaling, Guo et al. 2017, in cross-validation). With many classes a text's slope also rises with the share of its pairs of
words that are known: what belongs to no route has few of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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

from postroom.adapters.classifier.features import remarks, words
from postroom.adapters.classifier.linear import LinearClassifier
from postroom.adapters.classifier.model import Model, dump, parse
from postroom.adapters.classifier.space import LONG, SHORT, Floats, Space, WordVectors
from postroom.model.errors import Refused
from postroom.ports import Classifier, TrainingText

FEW = 12
"""Up to so many classes, logistic regression."""

_LOGISTIC = 3.0
_APART, _TOGETHER = 4.0, 1.0
"""Inverse penalties: of logistic regression, of each class against the rest, of all classes at once."""
_TOLERANCE = 0.1
_FOLDS = 5
_ENOUGH = 500
"""From so many examples on, what a single one has tells nothing."""
_MOST_ROWS = 200_000
_SOME = 2000
_FAMILIAR = 0.75
"""By how much the logarithm of the slope rises with the share of known pairs, if there are many classes."""
_USUAL_SLOPE = 4.0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is known of the examples beside their words."""

    #: (texts,) number of the class
    labels: NDArray[np.intp]
    #: (texts,) what each counts
    weights: Floats
    classes: int

    @property
    def many(self) -> bool:
        """Whether there are many classes."""
        return self.classes > FEW

    def of_class(self) -> Floats:
        """(texts,) what all of the text's class count together."""
        return np.bincount(self.labels, self.weights, minlength=self.classes).astype(np.float64)[self.labels]

    def space(self, examples: Sequence[Example], vectors: WordVectors | None) -> Space:
        """What is seen of examples: those of few classes are taken for whole mails, those of many for short."""
        if self.many:
            return Space(examples, vectors, emphasis=SHORT)
        return Space(examples, vectors, emphasis=LONG if len(examples) >= _ENOUGH else replace(LONG, rarest=1))

    def of(self, chosen: NDArray[np.intp]) -> "_Known":
        """Of some of them."""
        return _Known(labels=self.labels[chosen], weights=self.weights[chosen], classes=self.classes)


def train(examples: Sequence[Example], card: Mapping[str, Any], vectors: WordVectors | None = None) -> Model:
    """Fit a model. Deterministic: the same examples give the same model. Raises `ValueError` when there are too few."""
    classes = sorted({one.route for one in examples})
    if len(classes) < 2:
        raise ValueError("a model needs examples of at least two routes")
    if not any(one.words or one.remarks for one in examples):
        raise ValueError("the examples have no words")
    with threadpool_limits(1):  # several threads only wait for one another here
        return _train(examples, classes, card, vectors)


def _train(
    examples: Sequence[Example], classes: Sequence[str], card: Mapping[str, Any], vectors: WordVectors | None
) -> Model:
    number = {route: place for place, route in enumerate(classes)}
    known = _Known(
        labels=np.array([number[one.route] for one in examples]),
        weights=np.array([one.weight for one in examples]),
        classes=len(classes),
    )
    by_familiar = _FAMILIAR if known.many else 0.0
    tried = _unseen(examples, known, vectors)
    figures = {}
    slope = _USUAL_SLOPE
    if len(tried.places):
        unseen = known.of(tried.places)
        slope = _slope(tried.scores * np.exp(by_familiar * tried.familiar)[:, None], unseen)
        right = tried.scores.argmax(1) == unseen.labels
        figures["unseen_accuracy"] = round(float(np.average(right, weights=unseen.weights)), 4)
    space = known.space(examples, vectors)
    coefficients, bias = _fit(space.rows(examples), known)
    found = space.weights(coefficients, _MOST_ROWS)
    return Model(
        classes=tuple(classes),
        keys=found.keys,
        weights=found.weights,
        scales=found.scales,
        lengths=found.lengths,
        bias=bias.astype(np.float32),
        slope=slope,
        familiar=by_familiar,
        card={**card, **figures, **({"word_vectors": vectors.name} if vectors else {})},
    )


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


def _folds(examples: Sequence[Example]) -> NDArray[np.intp]:
    """A fold for each example, by a hash of its group or of its words."""
    named = (one.group or " ".join(one.words) for one in examples)
    return np.array([crc32(name.encode()) % _FOLDS for name in named])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """Examples that were not learned from."""

    #: (texts,) which they are
    places: NDArray[np.intp]
    #: (texts, K)
    scores: Floats
    #: (texts,) shares of known pairs
    familiar: Floats


def _unseen(examples: Sequence[Example], known: _Known, vectors: WordVectors | None) -> _Tried:
    """Each example by a model that was fitted without its fold; with many classes, those of one fold."""
    folds = _folds(examples)
    places: list[NDArray[np.intp]] = [np.zeros(0, np.intp)]
    scores: list[Floats] = [np.zeros((0, known.classes))]
    familiar: list[Floats] = [np.zeros(0)]
    for fold in range(1 if known.many else _FOLDS):
        rest, tried = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if len(tried) and len(set(known.labels[rest])) == known.classes:
            learned = [examples[place] for place in rest.tolist()]
            asked = [examples[place] for place in tried.tolist()]
            space = known.space(learned, vectors)
            coefficients, bias = _fit(space.rows(learned), known.of(rest))
            places.append(tried)
            scores.append(space.rows(asked) @ coefficients + bias)
            familiar.append(space.familiar(asked))
    return _Tried(places=np.concatenate(places), scores=np.concatenate(scores), familiar=np.concatenate(familiar))


def _fit(rows: csr_matrix, known: _Known) -> tuple[Floats, Floats]:
    """(F, K) coefficients and (K,) bias."""
    if not known.many:
        return _fitted(LogisticRegression(C=_LOGISTIC, class_weight="balanced", tol=1e-4, max_iter=5000), rows, known)
    # It balances by the number of texts: who sends many of little weight would take weight from all others of their class.
    balanced = replace(known, weights=known.weights / known.of_class() * known.weights.sum() / known.classes)
    common: dict[str, Any] = {"tol": _TOLERANCE, "random_state": 0}
    apart = _fitted(LinearSVC(C=_APART, **common), rows, balanced)
    together = _fitted(LinearSVC(C=_TOGETHER, multi_class="crammer_singer", **common), rows, balanced)
    some = np.random.default_rng(0).permutation(rows.shape[0])[:_SOME]
    spreads = [float((rows[some] @ coefficients + bias).std()) for coefficients, bias in (apart, together)]
    ratio = spreads[0] / max(spreads[1], 1e-9)
    return (apart[0] + ratio * together[0]) / 2, (apart[1] + ratio * together[1]) / 2


def _fitted(one: Any, rows: csr_matrix, known: _Known) -> tuple[Floats, Floats]:
    one.fit(rows, known.labels, sample_weight=known.weights)
    coefficients, bias = one.coef_, one.intercept_
    if len(coefficients) == 1:  # two classes: one score, for the second
        coefficients, bias = np.concatenate((-coefficients, coefficients)) / 2, np.concatenate((-bias, bias)) / 2
    return coefficients.T, bias


def _slope(scores: Floats, known: _Known) -> float:
    """What scores are multiplied by so that they are log-probabilities: the likeliest by the examples, each class as one."""
    each = known.weights / known.of_class()

    def surprise(log_slope: float) -> float:
        logits = scores * np.exp(log_slope)
        return float((each * (logsumexp(logits, 1) - logits[np.arange(len(logits)), known.labels])).sum())

    return float(np.exp(minimize_scalar(surprise, bounds=(-4.0, 4.0), method="bounded").x))
