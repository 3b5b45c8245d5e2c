"""What other systems say of an account, in our words."""

from hypothesis import given
from hypothesis import strategies as st

from postroom.adapters.status.words import StateWords, address_key
from postroom.understand.addresses import normal


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
