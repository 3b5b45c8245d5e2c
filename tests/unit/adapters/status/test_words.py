"""What other systems say of an account, in our words."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.adapters.status.words import StateWords, address_key, since
from postroom.understand.addresses import normal


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02", 1_767_312_000.0),
        (" 2026-01-02T03:04:05Z ", 1_767_323_045.0),
        ("2026-01-02 03:04:05+02:00", 1_767_315_845.0),
        ("20260102", 1_767_312_000.0),
        ("1767312000", 1_767_312_000.0),
        (1_767_312_000, 1_767_312_000.0),
        ("1767312000000", 1_767_312_000.0),
        (0.0, 0.0),
        ("", None),
        (None, None),
        ("yesterday", None),
        ("02/01/2026", None),
        ("nan", None),
        ("inf", None),
        ("-5", None),
        ("1e300", None),
        (10**400, None),
        ("0001-01-01T00:00:00+23:59", None),
    ],
)
def test_since(text: str | float | None, moment: float | None) -> None:
    assert since(text) == moment


@given(st.one_of(st.text(), st.integers(), st.floats()))
def test_since_is_a_moment_or_nothing(text: str | float) -> None:
    moment = since(text)
    assert moment is None or math.isfinite(moment)


def test_states_are_ours_or_those_of_the_team() -> None:
    words = StateWords({"Compliant": "active", "temporarily  frozen": "limited"})
    assert words.read("suspended") == "suspended"
    assert words.read(" Banned ") == "banned"
    assert words.read("COMPLIANT") == "active"
    assert words.read("Temporarily frozen") == "limited"
    assert words.read("frozen") is None
    assert words.read("") is None


def test_a_team_may_mean_something_else_by_our_word() -> None:
    assert StateWords({"Closed": "active"}).read("closed") == "active"


@given(st.emails() | st.text())
def test_the_key_of_an_address_is_its_normal_form_without_case(address: str) -> None:
    assert address_key(address) == normal(address.lower()).lower() or address_key(address) == normal(address).lower()
    assert address_key("Ann@XN--EXMPLE-CUA.com") == "ann@exämple.com"
