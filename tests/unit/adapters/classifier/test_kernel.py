"""The heavier model's head: learns what is not linear, keeps within its bounds, and its file is checked."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from postroom.adapters.classifier.kernel import MAX_LANDMARKS, Head, Kernel, dump, load, parse, room
from postroom.adapters.classifier.kernel_training import fit, weigh
from postroom.adapters.classifier.modelfile import HEAVIER
from postroom.model.errors import ConfigError

DICE = np.random.default_rng(1)
CORNERS = np.array([[1, 1], [-1, -1], [1, -1], [-1, 1]], float)


def clouds(texts: int) -> tuple[np.ndarray, np.ndarray]:
    """Two classes that no plane parts: each has two opposite corners."""
    dice = np.random.default_rng(texts)  # the same whichever tests ran before
    corner = dice.integers(0, 4, texts)
    spread = dice.normal(size=(texts, 3)) * 0.2
    spread[:, :2] += CORNERS[corner]
    return spread.astype(np.float32), corner // 2


def a_head(texts: int = 200, **bounds: int) -> Head:
    vectors, labels = clouds(texts)
    return fit(vectors, labels, np.ones(texts), **bounds).head(
        ["appeals", "refunds"], weighs=(4.0, 0.5), light="a1", encoder="words", card={"made_for": "tests"}
    )


@pytest.mark.parametrize("most", [1000, 40])
def test_it_learns_what_no_plane_parts(most: int) -> None:
    head = a_head(most=most)
    assert len(head.landmarks) == min(200, most)
    vectors, labels = clouds(300)
    assert (Kernel(head).scores(vectors).argmax(1) == labels).mean() > 0.95


def test_a_rare_class_weighs_as_much_as_a_frequent_one() -> None:
    vectors, labels = clouds(400)
    kept = (labels == 0) | (np.arange(400) < 20)
    head = fit(vectors[kept], labels[kept], np.ones(kept.sum()), most=60).head(["often", "seldom"])
    asked, right = clouds(300)
    found = Kernel(head).scores(asked).argmax(1)
    assert (found[right == 1] == 1).mean() > 0.8


def test_scores_do_not_depend_on_what_is_scored_with_them() -> None:
    kernel, (vectors, _) = Kernel(a_head()), clouds(600)
    assert np.allclose(kernel.scores(vectors)[-3:], kernel.scores(vectors[-3:]), atol=1e-5)
    assert kernel.scores(vectors[:0]).shape == (0, 2)
    assert np.isfinite(kernel.scores(np.zeros((1, 3), np.float32))).all()


def test_the_same_examples_give_the_same_head() -> None:
    vectors, labels = clouds(100)
    first, second = (fit(vectors, labels, np.ones(100)).head(["a", "b"]) for _ in range(2))
    assert dump(first) == dump(second)


def test_the_model_that_is_right_weighs_more() -> None:
    labels = DICE.integers(0, 3, 300)
    sharp, noise = np.eye(3)[labels], DICE.dirichlet(np.ones(3), 300)
    heavy, light = weigh(sharp, noise, labels, np.ones(300))
    assert heavy > 10 * light
    heavy, light = weigh(noise, 0.9 * sharp + 0.1 / 3, labels, np.ones(300))
    assert light > 10 * heavy


class TestFile:
    def test_it_comes_back_as_it_was(self, tmp_path: Path) -> None:
        head = a_head()
        (tmp_path / "m.heavy").write_bytes(dump(head))
        found = load(tmp_path / "m.heavy")
        vectors, _ = clouds(20)
        assert np.array_equal(Kernel(found).scores(vectors), Kernel(head).scores(vectors))
        assert (found.version, found.classes, found.weighs) == (head.version, head.classes, head.weighs)
        assert (found.light, found.encoder, found.card) == ("a1", "words", {"made_for": "tests"})

    def test_its_version_is_its_content(self) -> None:
        head = a_head()
        others = [replace(head, light="a2"), replace(head, weighs=(4.0, 0.6)), replace(head, mean=head.mean + 1)]
        assert len({head.version, *(one.version for one in others)}) == 4

    @pytest.mark.parametrize("classes", [2, 150, 1000])
    def test_the_largest_head_fits_into_it(self, classes: int) -> None:
        axes, size = 384, 2304
        most = room(size, axes, classes)
        assert 1000 < most <= MAX_LANDMARKS
        assert 2 * most * (axes + classes) + 2 * size * (axes + 4) < HEAVIER.max_bytes

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="can't read"):
            load(tmp_path / "none.heavy")

    @pytest.mark.parametrize("at", [0, 30, -1, -100])
    def test_a_damaged_byte_is_found(self, at: int, tmp_path: Path) -> None:
        content = bytearray(dump(a_head(60)))
        content[at] ^= 0xFF
        (tmp_path / "m.heavy").write_bytes(content)
        with pytest.raises(ConfigError, match="no heavier model that this postroom can use"):
            load(tmp_path / "m.heavy")

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"axes": 10**9}, "makes no sense"),
            ({"landmarks": 0}, "makes no sense"),
            ({"size": -1}, "makes no sense"),
            ({"classes": ["a", "a"]}, "makes no sense"),
            ({"classes": []}, "makes no sense"),
            ({"classes": ["a", "b", "c"]}, "another length"),
            ({"weighs": [float("inf"), 1.0]}, "makes no sense"),
            ({"weighs": [float("nan"), 1.0]}, "makes no sense"),
            ({"weighs": [1.0]}, "damaged"),
            ({"size": float("inf")}, "damaged"),
            ({"card": 3}, "damaged"),
            ({"light": "another"}, "checksum"),
        ],
    )
    def test_a_header_that_lies_is_refused(self, change: dict[str, object], said: str) -> None:
        magic, header, body = dump(a_head(60)).split(b"\n", 2)
        changed = json.dumps({**json.loads(header), **change}).encode()
        with pytest.raises(ValueError, match=said):
            parse(b"\n".join((magic, changed, body)))

    def test_numbers_that_are_none_are_refused(self) -> None:
        head = a_head(60)
        broken = head.coefficients.copy()
        broken[0, 0] = np.nan
        with pytest.raises(ValueError, match="make no sense"):
            parse(dump(replace(head, coefficients=broken)))
