"""What labelled mail of a team's own is worth: how often a model is right once it has learned from so many of them as well."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from postroom.ports import Classifier, Trainer, TrainingText

SIZES = (0, 25, 50, 100, 250, 500)
SEEDS = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One size of the curve, over all seeds."""

    #: labelled texts beside the corpus
    size: int
    #: share that is right of the texts that were kept apart: mean, and standard deviation over the seeds
    mean: float
    spread: float
    #: of each seed
    runs: tuple[float, ...]


def curve(
    trainer: Trainer,
    corpus: Sequence[TrainingText],
    own: Sequence[TrainingText],
    accuracy: Callable[[Classifier], float],
    *,
    sizes: Sequence[int] = SIZES,
    seeds: Sequence[int] = SEEDS,
) -> tuple[Point, ...]:
    """Train on the corpus and the first ``size`` of a team's own texts, in an order drawn for each seed; what ``accuracy`` says.

    ``accuracy`` judges by texts that are neither in ``corpus`` nor in ``own``. Sizes that there are too few texts for are left out.
    """
    points = []
    for size in (one for one in sizes if one <= len(own)):
        runs = []
        for seed in seeds if size else seeds[:1]:
            order = list(own)
            Random(seed).shuffle(order)  # noqa: S311 - to be the same every time
            runs.append(accuracy(trainer.classifier(trainer.train([*corpus, *order[:size]]))))
        mean = math.fsum(runs) / len(runs)
        spread = math.sqrt(math.fsum((one - mean) ** 2 for one in runs) / max(len(runs) - 1, 1))
        points.append(Point(size=size, mean=mean, spread=spread, runs=tuple(runs)))
    return tuple(points)
