"""MiniLM as an ONNX graph, made of its weights alone: six layers of BERT (Devlin et al. 2019) of 384 numbers a token.

The graph takes texts of equal length, so nothing is padded and no mask is needed. Attention, layer norms and activations are
ONNX Runtime's fused operators. Needs the extra ``embed``.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

Floats = NDArray[np.float32]

LAYERS, HEADS, WIDTH = 6, 12, 384
OUTPUTS = (6, 5, 4, 2)
"""Layers whose states come out, in this order."""

_EPSILON = 1e-12
_FUSED = "com.microsoft"
_MAX_HEADER = 1_000_000


def tensors(content: bytes) -> dict[str, Floats]:
    """The 32-bit tensors of a safetensors file by their names. Raises `ValueError` for a file that is damaged."""
    size = int.from_bytes(content[:8], "little")
    if not 0 < size <= min(_MAX_HEADER, len(content) - 8):
        raise ValueError("its header has no end")
    begin, found = 8 + size, {}
    try:
        for name, entry in json.loads(content[8:begin]).items():
            if entry.get("dtype") != "F32":
                continue
            shape, (start, end) = tuple(map(int, entry["shape"])), map(int, entry["data_offsets"])
            if min(shape, default=0) < 0 or end - start != 4 * math.prod(shape) or start < 0:
                raise ValueError(f"{name} has another size than it says")
            found[name] = np.frombuffer(content, "<f4", math.prod(shape), begin + start).reshape(shape)
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"its header is damaged ({error})") from error
    return found


def graph(weights: Mapping[str, Floats]) -> bytes:
    """The ONNX model of MiniLM's weights: ``ids`` (texts, tokens) in, ``h6, h5, h4, h2`` (texts, tokens, 384) out.

    Raises `ValueError` where they are another model's.
    """
    made = _Graph(weights)
    try:
        made.embeddings()
        for layer in range(LAYERS):
            made.layer(layer)
    except KeyError as error:
        raise ValueError(f"it has no {error}") from error
    return bytes(made.model().SerializeToString())


class _Graph:
    """Nodes and constants, as they are added."""

    def __init__(self, weights: Mapping[str, Floats]) -> None:
        self._weights = weights
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def embeddings(self) -> None:
        """``ids`` -> ``h0``: words and positions, normed. All tokens are of the first type."""
        place = "embeddings."
        positions = self._weights[place + "position_embeddings.weight"]
        typed = positions + self._weights[place + "token_type_embeddings.weight"][0]
        self._add("Gather", [self._named("words", place + "word_embeddings.weight"), "ids"], "w")
        self._add("Shape", ["ids"], "shape")
        zero, one, two = (self._constant(f"n{n}", np.array([n], np.int64)) for n in range(3))
        self._add("Slice", ["shape", one, two], "tokens")
        self._add("Slice", [self._constant("positions", typed), zero, "tokens", zero], "p")
        self._add("Add", ["w", "p"], "sum")
        norm = [self._named(f"norm.{n}", f"{place}LayerNorm.{n}") for n in ("weight", "bias")]
        self._add("LayerNormalization", ["sum", *norm], "h0", epsilon=_EPSILON, axis=-1)

    def layer(self, number: int) -> None:
        """``h<number>`` -> the next: attention, then two dense layers, each added to what went in and normed."""
        place, here, x = f"encoder.layer.{number}.", f"l{number}.", f"h{number}"
        asked = [f"{place}attention.self.{name}." for name in ("query", "key", "value")]
        joined = np.concatenate([self._weights[name + "weight"].T for name in asked], 1)
        bias = np.concatenate([self._weights[name + "bias"] for name in asked])
        inputs = [x, self._constant(here + "qkv", joined), self._constant(here + "qkv.bias", bias)]
        self._add("Attention", inputs, here + "a", _FUSED, num_heads=HEADS)
        seen = self._dense(here + "a", place + "attention.output.dense.weight")
        between = self._normed(seen, x, place + "attention.output.", here + "m")
        wide = self._dense(between, place + "intermediate.dense.weight")
        bias_name = place + "intermediate.dense.bias"
        self._add("BiasGelu", [wide, self._named(bias_name, bias_name)], here + "g", _FUSED)
        self._normed(
            self._dense(here + "g", place + "output.dense.weight"), between, place + "output.", f"h{number + 1}"
        )

    def model(self) -> ModelProto:
        """All of it."""
        ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])
        outputs = [
            helper.make_tensor_value_info(f"h{n}", TensorProto.FLOAT, ["texts", "tokens", WIDTH]) for n in OUTPUTS
        ]
        whole: GraphProto = helper.make_graph(self._nodes, "minilm", [ids], outputs, self._constants)
        versions = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
        return helper.make_model(whole, opset_imports=versions, ir_version=9)

    def _dense(self, x: str, weight: str) -> str:
        self._add("MatMul", [x, self._constant(weight, self._weights[weight].T)], weight + ".out")
        return weight + ".out"

    def _normed(self, x: str, skipped: str, place: str, out: str) -> str:
        names = [place + name for name in ("LayerNorm.weight", "LayerNorm.bias", "dense.bias")]
        inputs = [x, skipped, *(self._named(name, name) for name in names)]
        self._add("SkipLayerNormalization", inputs, out, _FUSED, epsilon=_EPSILON)
        return out

    def _named(self, name: str, weight: str) -> str:
        return self._constant(name, self._weights[weight])

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _add(self, kind: str, inputs: list[str], out: str, domain: str = "", **attributes: float) -> None:
        self._nodes.append(helper.make_node(kind, inputs, [out], domain=domain, **attributes))
