"""Static word vectors to train with: those that the package wordllama (the extra ``vectors``) brings along.

Only its two data files are read; the package itself is never imported, and nothing is ever fetched. A word's vector is
the sum of its tokens' (WordLlama: Miller 2024, token embeddings of a language model, trained to compare texts).
"""

import importlib.util
import json
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from postroom.adapters.classifier.extras import install
from postroom.model.errors import ConfigError

_PACKAGE = "wordllama"
_WEIGHTS = "weights/l2_supercat_256.safetensors"
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
_TENSOR = "embedding.weight"
_BEGINS_WORD = "▁"
_MAX_HEADER = 1_000_000
_MAX_LETTERS = 40
_KINDS = {"F16": "<f2", "F32": "<f4"}


def installed() -> bool:
    """Whether there are word vectors here."""
    return all(importlib.util.find_spec(name) is not None for name in (_PACKAGE, "tokenizers"))


def load() -> "TokenVectors":
    """The installed word vectors. Raises `ConfigError` where there are none, or not those that are expected."""
    if not installed():
        raise ConfigError(f"there are no word vectors; run: {install('vectors')}")
    spec = importlib.util.find_spec(_PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    version = metadata.version(_PACKAGE)
    try:
        folder = Path(places[0])
        table = read_tensor((folder / _WEIGHTS).read_bytes(), _TENSOR)
        return TokenVectors(folder / _TOKENIZER, table, f"{_PACKAGE} {version}")
    except (IndexError, OSError, ValueError) as error:
        raise ConfigError(f"{_PACKAGE} {version} has not the word vectors that are expected: {error}") from error


class TokenVectors:
    """Vectors of words, as sums of those of their tokens."""

    def __init__(self, tokenizer: Path, table: NDArray[np.float32], name: str) -> None:
        from tokenizers import Tokenizer  # noqa: PLC0415 - only the extra `vectors` brings it

        self.name = name
        self._table = table
        self._tokenizer = Tokenizer.from_str(tokenizer.read_text(encoding="utf-8"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def vectors(self, words: Sequence[str]) -> NDArray[np.float32]:
        """(words, D); zeros for what is no word."""
        found = np.zeros((len(words), self._table.shape[1]), np.float32)
        at = [number for number, word in enumerate(words) if word[0].isalnum()]
        cut = self._tokenizer.encode_batch([words[number][:_MAX_LETTERS] for number in at], add_special_tokens=False)
        for number, tokens in zip(at, cut, strict=True):
            found[number] = self._table[tokens.ids].sum(0)
        return found

    def vocabulary(self) -> list[str]:
        """The tokens that are whole words, by their number."""
        known = sorted(self._tokenizer.get_vocab().items(), key=lambda item: item[1])
        said = (token.removeprefix(_BEGINS_WORD) for token, _ in known if token.startswith(_BEGINS_WORD))
        return list(dict.fromkeys(word.lower() for word in said if len(word) > 1 and word.isalpha() and word.isascii()))


def read_tensor(content: bytes, name: str) -> NDArray[np.float32]:
    """A table of a safetensors file. Raises `ValueError` with what is wrong."""
    size = int.from_bytes(content[:8], "little")
    if not 0 < size <= min(_MAX_HEADER, len(content) - 8):
        raise ValueError("its header has no end")
    try:
        told = json.loads(content[8 : 8 + size])[name]
        kind, shape = np.dtype(_KINDS[told["dtype"]]), tuple(map(int, told["shape"]))
        begin, end = map(int, told["data_offsets"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"its header is damaged ({error})") from error
    data = content[8 + size :][begin:end]
    if len(shape) != 2 or len(data) != shape[0] * shape[1] * kind.itemsize:
        raise ValueError("its numbers don't fill its shape")
    return np.frombuffer(data, kind).reshape(shape).astype(np.float32)
