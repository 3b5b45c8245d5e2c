"""What callers send is read strictly, and what is wrong is said with its place."""

from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from postroom.web.api.operation import Input, Nothing
from postroom.web.api.problem import Problem
from postroom.web.api.taking import body, parameters


class Inner(Input, frozen=True):
    some: tuple[Annotated[int, Meta(ge=0)], ...] = ()


class Some(Input, frozen=True, rename={"from_": "from"}):
    name: Annotated[str, Meta(max_length=5)]
    from_: str = ""
    number: Annotated[int, Meta(ge=0, le=9)] = 1
    yes: bool = False
    words: tuple[str, ...] = ()
    inner: Inner = Inner()
    anything: Any = None


def test_parameters_come_from_path_and_query() -> None:
    query = [("from", "b"), ("number", "3"), ("yes", "true"), ("words", "x"), ("words", "y")]
    found = parameters(Some, {"name": "a"}, query)
    assert found == Some(name="a", from_="b", number=3, yes=True, words=("x", "y"))


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ([("other", "1")], "other"),
        ([("name", "b")], "name"),
        ([("number", "10")], "number"),
        ([("number", "nan")], "number"),
        ([("number", "")], "number"),
        ([("number", "1"), ("number", "1")], "number"),
        ([("yes", "perhaps")], "yes"),
        ([("inner", "{}")], "inner"),
        ([("x" * 999, "")], "x" * 100),
    ],
)
def test_a_parameter_that_is_wrong_is_named(query: list[tuple[str, str]], parameter: str) -> None:
    with pytest.raises(Problem) as raised:
        parameters(Some, {"name": "a"}, query)
    assert raised.value.status == 422
    assert [fault.parameter for fault in raised.value.faults] == [parameter]


def test_no_body_at_all_is_one_that_says_nothing() -> None:
    assert body(Inner, b"", "") == Inner()
    for content, media_type, status in ((b"", "application/json", 400), (b"{}", "", 415)):
        with pytest.raises(Problem) as raised:
            body(Inner, content, media_type)
        assert raised.value.status == status
    with pytest.raises(Problem) as raised:
        body(Some, b"", "")
    assert raised.value.status == 422


def test_a_body_is_json_of_its_kind() -> None:
    found = body(Some, b'{"name":"a","inner":{"some":[1]}}', "application/json; charset=utf-8")
    assert found == Some(name="a", inner=Inner(some=(1,)))


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        (b"{}", ""),
        (b"[]", ""),
        (b'{"name":"a","other":1}', ""),
        (b'{"name":"toolong"}', "/name"),
        (b'{"name":"a","inner":{"some":[1,-1]}}', "/inner/some/1"),
        (b'{"name":"a","inner":{"some":{}}}', "/inner/some"),
    ],
)
def test_what_is_wrong_in_a_body_has_a_json_pointer(content: bytes, pointer: str) -> None:
    with pytest.raises(Problem) as raised:
        body(Some, content, "application/json")
    assert raised.value.status == 422
    assert [fault.pointer for fault in raised.value.faults] == [pointer]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b'{"name":"a","anything":' + b"[" * 100_000, b'{"name":"\\ud800"}']
)
def test_what_is_no_json_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(Problem) as raised:
        body(Some, content, "application/json")
    assert raised.value.status == 400


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_other_media_are_not_taken(media_type: str) -> None:
    with pytest.raises(Problem) as raised:
        body(Some, b'{"name":"a"}', media_type)
    assert raised.value.status == 415


def test_where_no_body_is_taken_none_may_be_sent() -> None:
    assert body(Nothing, b"", "") == body(Nothing, b" {} ", "") == Nothing()
    with pytest.raises(Problem):
        body(Nothing, b'{"a":1}', "application/json")


@given(st.binary(), st.lists(st.tuples(st.text(), st.text())))
def test_any_bytes_are_input_or_a_problem(content: bytes, query: list[tuple[str, str]]) -> None:
    for read in (lambda: body(Some, content, "application/json"), lambda: parameters(Some, {"name": "a"}, query)):
        try:
            found: object = read()
        except Problem as problem:
            found = problem
        assert isinstance(found, Some) or (isinstance(found, Problem) and 400 <= found.status < 500 and found.body)
