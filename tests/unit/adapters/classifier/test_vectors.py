"""Word vectors of a package that is read, not run."""

import json
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from postroom.adapters.classifier import vectors
from postroom.model.errors import ConfigError

TABLE = np.array([[0, 0], [1, 0], [0, 1], [0.5, 0.5]], np.float32)
TOKENS = {"<s>": 0, "▁card": 1, "▁Pin": 2, "s": 3, "▁a": 1, "▁42": 2}


def tensor(kind: str = "F16", shape: tuple[int, ...] = (4, 2), name: str = "embedding.weight") -> bytes:
    data = TABLE.astype("<f2").tobytes()
    header = json.dumps({name: {"dtype": kind, "shape": shape, "data_offsets": [0, len(data)]}}).encode()
    return len(header).to_bytes(8, "little") + header + data


class Tokenizer:
    """As much of `tokenizers.Tokenizer` as is used: knows its tokens, and a plural."""

    @classmethod
    def from_str(cls, told: str) -> "Tokenizer":
        if told != "{}":
            raise ValueError("no tokenizer")
        return cls()

    def no_padding(self) -> None: ...

    def no_truncation(self) -> None: ...

    def get_vocab(self) -> dict[str, int]:
        return TOKENS

    def encode_batch(self, words: list[str], *, add_special_tokens: bool) -> list[SimpleNamespace]:
        assert not add_special_tokens
        return [
            SimpleNamespace(ids=[TOKENS["▁card"], *([TOKENS["s"]] if word.endswith("s") else [])]) for word in words
        ]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed wordllama."""
    spec = ModuleSpec("wordllama", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: spec)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.4.0")
    module = ModuleType("tokenizers")
    module.__dict__["Tokenizer"] = Tokenizer
    monkeypatch.setitem(sys.modules, "tokenizers", module)
    for name, content in ((vectors._WEIGHTS, tensor()), (vectors._TOKENIZER, b"{}")):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_without_the_package_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not vectors.installed()
    with pytest.raises(ConfigError, match=r"pip install 'wordllama>=0\.4'"):
        vectors.load()


def test_a_word_is_the_sum_of_its_tokens_and_what_is_no_word_is_nothing(package: Path) -> None:
    assert vectors.installed()
    found = vectors.load()
    assert found.name == "wordllama 0.4.0"
    assert found.vectors(["card", "cards", "!", "\x02scard"]).tolist() == [[1, 0], [1.5, 0.5], [0, 0], [0, 0]]
    assert found.vectors([]).shape == (0, 2)


def test_whole_words_among_the_tokens_are_its_vocabulary(package: Path) -> None:
    assert vectors.load().vocabulary() == ["card", "pin"]


@pytest.mark.parametrize(
    ("name", "content"),
    [(vectors._WEIGHTS, b"short"), (vectors._WEIGHTS, tensor(name="other")), (vectors._TOKENIZER, b"[]")],
)
def test_other_files_than_expected_are_refused(package: Path, name: str, content: bytes) -> None:
    (package / name).write_bytes(content)
    with pytest.raises(ConfigError, match=r"wordllama 0\.4\.0 has not the word vectors"):
        vectors.load()


def test_a_missing_file_is_refused(package: Path) -> None:
    (package / vectors._WEIGHTS).unlink()
    with pytest.raises(ConfigError, match="No such file"):
        vectors.load()


def test_a_table_is_read_as_it_stands() -> None:
    assert vectors.read_tensor(tensor(), "embedding.weight").tolist() == TABLE.tolist()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no end"),
        ((1 << 60).to_bytes(8, "little") + b"{}", "no end"),
        ((2).to_bytes(8, "little") + b"[}", "damaged"),
        (tensor(kind="BF16"), "damaged"),
        (tensor(shape=(5, 2)), "don't fill"),
        (tensor(shape=(8,)), "don't fill"),
        (tensor()[:-2], "don't fill"),
    ],
)
def test_a_damaged_table_is_refused_with_what_is_wrong(content: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        vectors.read_tensor(content, "embedding.weight")
