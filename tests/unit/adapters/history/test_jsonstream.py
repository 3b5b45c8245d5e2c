"""JSON exports, cut into their objects without being read whole."""

import io
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.adapters.history import jsonstream
from postroom.adapters.history.jsonstream import pieces

KEYS = (b"tickets", b"results")


def cut(text: str | bytes, keys: Sequence[bytes] = KEYS, largest: int = 1000) -> list[Any]:
    found = pieces(io.BytesIO(text.encode() if isinstance(text, str) else text), keys, largest)
    return [None if piece is None else json.loads(piece) for piece in found]


@pytest.fixture(params=[1, 7, 1 << 18])
def chunks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the file is read."""
    monkeypatch.setattr(jsonstream, "_CHUNK", request.param)


ONE, TWO = {"id": 1, "text": 'a "quoted" \\ {[ ]} é'}, {"id": 2, "tags": ["x", {"y": []}]}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([ONE, TWO]),
        json.dumps([ONE, TWO], indent=2),
        f"{json.dumps(ONE)}\n{json.dumps(TWO)}\n",
        f"\n{json.dumps(ONE)}{json.dumps(TWO)}",
        json.dumps({"count": 2, "tickets": [ONE, TWO], "users": [{"id": 9}], "next": None}),
        json.dumps({"meta": {"page": [1]}, "_embedded": {"results": [ONE, TWO]}, "x": {"tickets": [1]}}),
        json.dumps([1, "two", None, ONE, TWO]),
    ],
)
@pytest.mark.usefixtures("chunks")
def test_each_object_is_a_piece(text: str) -> None:
    assert cut(text) == [ONE, TWO]


def test_an_object_without_such_an_array_is_a_piece() -> None:
    ticket = {"id": 1, "comments": [{"tickets": "x"}], "deep": {"er": {"tickets": [{}]}}}
    assert cut(json.dumps(ticket)) == [ticket]
    assert cut(json.dumps({"tickets": [ONE]}), keys=()) == [{"tickets": [ONE]}]


@pytest.mark.usefixtures("chunks")
def test_after_one_document_comes_the_next() -> None:
    text = json.dumps({"tickets": [ONE], "x": [{}]}) + "\n" + json.dumps({"tickets": [TWO]})
    assert cut(text) == [ONE, TWO]


@pytest.mark.usefixtures("chunks")
def test_what_is_too_large_is_passed_over() -> None:
    large = {"text": "x" * 2000}
    assert cut(json.dumps([ONE, large, TWO])) == [ONE, None, TWO]
    assert cut(f"{json.dumps(large)}\n{json.dumps(TWO)}") == [None, TWO]
    assert cut(json.dumps({"before": "x" * 5000, "tickets": [ONE]})) == [ONE]


@pytest.mark.parametrize("text", ['[{"id": 1', '{"tickets": [{"a": "', '{"a": [1, 2'])
@pytest.mark.usefixtures("chunks")
def test_what_breaks_off_is_said(text: str) -> None:
    assert cut(text) == [None]


def test_nothing_is_nothing() -> None:
    assert cut("") == cut("[]") == cut("null") == cut("}}]]") == cut('"') == []


@given(st.binary() | st.text(st.sampled_from('{}[]"\\tickets:, ')).map(str.encode), st.sampled_from([1, 3, 100]))
def test_any_bytes_are_cut_the_same_however_they_are_read(content: bytes, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        whole = list(pieces(io.BytesIO(content), KEYS, 10))
        patched.setattr(jsonstream, "_CHUNK", chunk)
        assert list(pieces(io.BytesIO(content), KEYS, 10)) == whole
    assert all(piece is None or len(piece) <= 10 for piece in whole)


words = st.text(max_size=8)
values = st.recursive(
    st.none() | st.integers() | words, lambda inner: st.dictionaries(words, inner) | st.lists(inner), max_leaves=6
)


@given(st.lists(st.dictionaries(words, values, max_size=3), max_size=3))
def test_what_was_written_as_an_array_comes_back(objects: list[dict[str, Any]]) -> None:
    assert cut(json.dumps(objects), largest=10**6) == objects
    assert cut(json.dumps(objects, ensure_ascii=False, indent=1), largest=10**6) == objects
