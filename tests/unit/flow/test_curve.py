"""The learning curve: more of a team's own, in an order of each seed."""

import pytest

from postroom.flow.curve import curve
from postroom.ports import Classifier
from tests.unit.flow.school import Counting, prose, training_text


def test_it_learns_more_from_more() -> None:
    trainer = Counting()
    own = [training_text(prose("shipping", n), "shipping") for n in range(30)]
    tried = [training_text(prose("shipping", f"tried {n}"), "shipping") for n in range(20)]
    corpus = [training_text(prose("general", n), "general") for n in range(10)]

    def accuracy(mind: Classifier) -> float:
        said = mind.classify([(one.message, one.folded) for one in tried])
        return sum(max(o, key=lambda one: one.share).route == "shipping" for o in said if o) / len(tried)

    points = curve(trainer, corpus, own, accuracy, sizes=(0, 2, 30, 40), seeds=(1, 2))
    assert [point.size for point in points] == [0, 2, 30]
    assert [len(point.runs) for point in points] == [1, 2, 2]
    assert points[0].mean < points[-1].mean == pytest.approx(1.0)
    assert points[0].spread == 0.0
    first = curve(trainer, corpus, own, lambda _mind: float(len(trainer.trained)), sizes=(2,), seeds=(1, 2))
    assert first[0].runs == (12.0, 12.0)
    orders = []
    curve(trainer, (), own, lambda _mind: orders.append([t.folded.text for t in trainer.trained]) or 0.0, sizes=(3,), seeds=(1, 2, 1))  # fmt: skip
    assert orders[0] == orders[2] != orders[1]
