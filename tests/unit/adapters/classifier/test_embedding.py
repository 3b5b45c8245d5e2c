"""What every embedder promises: the tiny one of the tests, and MiniLM where the extra and its weights are installed."""

import importlib.util
import json

import numpy as np
import pytest

from postroom.adapters.classifier.cascade import Embedder
from postroom.model.errors import ConfigError
from tests.unit.adapters.classifier.minds import WordEmbedder

MISSING = [
    name for name in ("onnx", "onnxruntime", "tokenizers", "all_minilm_l6_v2") if not importlib.util.find_spec(name)
]
installed = pytest.mark.skipif(bool(MISSING), reason=f"the extra `embed` is not installed: no {', '.join(MISSING)}")

HOSTILE = [
    "",
    " ",
    "\0" * 5000,
    "\ud800 half",
    "x" * 1_000_000,
    "a " * 100_000,
    "🙂" * 9000,
    "ﷺ" * 9000,
    "アカウント",
    "[MASK] [SEP]",
]


@pytest.fixture(scope="module", params=["words", pytest.param("minilm", marks=installed)])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    if request.param == "words":
        return WordEmbedder()
    from postroom.adapters.classifier.embedding import minilm

    return minilm()


def test_any_text_has_a_vector(embedder: Embedder) -> None:
    found = embedder.embed(HOSTILE)
    assert found.dtype == np.float32
    assert len(found) == len(HOSTILE)
    assert np.isfinite(found).all()


def test_no_text_no_vector(embedder: Embedder) -> None:
    assert len(embedder.embed([])) == 0


def test_a_vector_does_not_depend_on_what_stands_beside_its_text(embedder: Embedder) -> None:
    texts = ["my account was suspended", "where is my card", "I want my money back", "an account", "yes", *HOSTILE]
    together = embedder.embed(texts)
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-4)


def test_it_is_named_by_its_content(embedder: Embedder) -> None:
    assert embedder.digest
    assert embedder.digest == embedder.digest


@installed
class TestMiniLM:
    def test_what_means_the_same_is_near(self) -> None:
        from postroom.adapters.classifier.embedding import SIZE, minilm

        found = minilm().embed(["how do i locate my card?", "where is my card", "what is the weather like today"])
        assert found.shape == (3, SIZE)
        mean = found[:, :384] / np.linalg.norm(found[:, :384], axis=1, keepdims=True)
        assert mean[0] @ mean[1] > 0.7
        assert mean[0] @ mean[2] < 0.3

    def test_only_the_beginning_of_a_long_text_is_read(self) -> None:
        from postroom.adapters.classifier.embedding import minilm

        first, second = minilm().embed(["please help " * 400, "please help " * 400 + "and refund me"])
        assert np.array_equal(first, second)

    @pytest.mark.parametrize(
        "weights",
        [
            b"",
            b"\xff" * 100,
            (2).to_bytes(8, "little") + b"{}",
            (2).to_bytes(8, "little") + b"[]",
            (9).to_bytes(8, "little") + b'{"a": 1} ',
        ],
    )
    def test_damaged_weights_are_refused(self, weights: bytes) -> None:
        from postroom.adapters.classifier.embedding import MiniLM

        with pytest.raises(ConfigError, match="can't be used"):
            MiniLM(weights, b"{}")

    def test_a_tensor_of_another_size_than_it_says_is_refused(self) -> None:
        from postroom.adapters.classifier.encoder import tensors

        header = json.dumps({"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 12]}}).encode()
        with pytest.raises(ValueError, match="another size"):
            tensors(len(header).to_bytes(8, "little") + header + b"\0" * 12)
        header = json.dumps({"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}).encode()
        with pytest.raises(ValueError, match="smaller"):
            tensors(len(header).to_bytes(8, "little") + header + b"\0" * 12)
        assert tensors(len(header).to_bytes(8, "little") + header + b"\0" * 16)["w"].shape == (2, 2)
