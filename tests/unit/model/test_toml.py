"""TOML of other people is read in bounded time and memory, or refused as what it is."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.model import toml


def test_a_sound_text_is_read() -> None:
    assert toml.loads('a.b = 1\n[c]\nd = "e = f.g"\n') == {"a": {"b": 1}, "c": {"d": "e = f.g"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("#" * (toml.LONGEST + 1), "larger than 16 MB"),
        ("a = 1\n" + "b." * 1001 + "c = 2", r"too many parts \(at line 2, column 1\)"),
        ("a = " + "[" * 100_000, "nested too deeply"),
        ("a = ", "Invalid value"),
    ],
    ids=["too-large", "too-many-parts", "too-deep", "no-toml"],
)
def test_what_costs_too_much_or_is_none_is_refused_and_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        toml.loads(text)


def test_a_text_may_be_as_long_and_a_key_as_dotted_as_allowed() -> None:
    assert toml.loads("#" * toml.LONGEST) == {}
    found: object = toml.loads(".".join(["k"] * 1001) + " = 1")
    for _ in range(1001):
        assert isinstance(found, dict)
        found = found["k"]
    assert found == 1


@given(st.text() | st.text(alphabet='[]{}.=",\n a1'))
def test_nothing_but_value_errors(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except ValueError:
        with pytest.raises(ValueError):
            toml.loads(text)
    else:
        assert repr(toml.loads(text)) == repr(expected)
