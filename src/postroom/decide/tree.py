"""The syntax tree of a compiled CEL expression, read from its serialised form.

The library shows no tree, but serialises one: a ``google.protobuf.Any`` holding a ``CheckedExpr`` of
``google/api/expr/v1alpha1/checked.proto``. The field numbers below are those of that file and ``syntax.proto``.
Only what our own compiler has just produced is read here.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

NodeKind = Literal["constant", "name", "field", "call", "list", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node of the tree."""

    kind: NodeKind
    #: of a constant
    value: str | int | float | bool | bytes | None = None
    #: of a name (dotted where it is), the field selected, or the function called (``_&&_``, ``matches``, ``_[_]``)
    name: str = ""
    #: operands; of a call with a target, the target comes first
    args: tuple["Node", ...] = ()
    #: offset in the expression's text, -1 if not known; the same condition in two places is equal
    at: int = field(default=-1, compare=False)

    def walk(self) -> Iterator["Node"]:
        """This node and all below it."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.args))

    def operands(self, operator: str) -> Iterator["Node"]:
        """What ``_&&_`` or ``_||_`` joins, however deep it is nested; this node itself where it is no such call."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            if node.kind == "call" and node.name == operator:
                waiting.extend(reversed(node.args))
            else:
                yield node


def read_tree(serialised: bytes) -> Node:
    """The tree of ``Expression.serialize()``."""
    checked = dict(_fields(_one(serialised, 2)))
    source = checked.get(5, b"")
    places: dict[int, int] = {}
    for number, entry in _fields(source if isinstance(source, bytes) else b""):
        if number == 4 and isinstance(entry, bytes):
            pair = dict(_fields(entry))
            places[_int(pair.get(1, 0))] = _int(pair.get(2, 0))
    root = checked[4]
    assert isinstance(root, bytes)
    return _node(root, places)


def _node(data: bytes, places: dict[int, int]) -> Node:
    fields = dict(_fields(data))
    at = places.get(_int(fields.pop(2, 0)), -1)
    number, value = next((number, value) for number, value in fields.items() if isinstance(value, bytes))
    if number == 3:
        return Node(kind="constant", value=_constant(value), at=at)
    if number == 4:
        return Node(kind="name", name=_text(_one(value, 1)), at=at)
    if number == 5:
        operand, name = _node(_one(value, 1), places), _text(_one(value, 2))
        if operand.kind == "name" and not dict(_fields(value)).get(3):
            return Node(kind="name", name=f"{operand.name}.{name}", at=operand.at)
        return Node(kind="field", name=name, args=(operand,), at=at)
    inner = [(field, part) for field, part in _fields(value) if isinstance(part, bytes)]
    if number == 6:
        name = next(_text(part) for field, part in inner if field == 2)
        parts = [part for field, part in sorted(inner, key=lambda pair: pair[0]) if field in {1, 3}]
        return Node(kind="call", name=name, args=tuple(_node(part, places) for part in parts), at=at)
    if number == 7:
        parts = [part for field, part in inner if field == 1]
    elif number == 8:
        entries = [pair for field, entry in inner if field == 2 for pair in _fields(entry)]
        parts = [part for field, part in entries if field in {3, 4} and isinstance(part, bytes)]
    else:
        parts = [part for field, part in inner if field not in {1, 3, 8}]
    return Node(kind="list" if number == 7 else "other", args=tuple(_node(part, places) for part in parts), at=at)


def _constant(data: bytes) -> str | int | float | bool | bytes | None:
    for number, value in _fields(data):
        if number == 6 and isinstance(value, bytes):
            return _text(value)
        if number == 2:
            return bool(value)
        if number in {3, 4} and isinstance(value, int):
            return value - (1 << 64) if number == 3 and value >= 1 << 63 else value
        if number == 5 and isinstance(value, bytes):
            return float(struct.unpack("<d", value)[0])
        if number == 7 and isinstance(value, bytes):
            return value
    return None


def _one(data: bytes, wanted: int) -> bytes:
    return next((value for number, value in _fields(data) if number == wanted and isinstance(value, bytes)), b"")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _int(value: int | bytes) -> int:
    return value if isinstance(value, int) else 0


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of each field of a protobuf message (the wire format's varint, fixed and length-delimited)."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
        else:
            size = 8 if wire == 1 else 4
            if wire == 2:
                size, at = _varint(data, at)
            yield key >> 3, data[at : at + size]
            at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
