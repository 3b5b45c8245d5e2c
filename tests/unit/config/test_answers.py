"""The settings of answers, and what is wrong with them."""

import pytest

from postroom.config import load
from postroom.config.answers import answer_address
from tests.pages_house import SETTINGS


def said(text: str) -> list[tuple[str, str]]:
    """(path, message) of mistakes in these settings."""
    _found, problems = load(text)
    return [(one.path, one.message) for one in problems if "answer" in one.path]


def test_a_brand_answers_from_its_first_whole_address() -> None:
    found, _ = load(SETTINGS.replace('["support@shop.test"]', '["@x.test", "support@shop.test"]'))
    assert found is not None
    assert answer_address(found.brand["shop"]) == "support@shop.test"


@pytest.mark.parametrize("addr", ["support@shop.test", "Support@SHOP.test", "anybody@x.test"])
def test_it_may_name_another_of_its_addresses(addr: str) -> None:
    changed = SETTINGS.replace('["support@shop.test"]', f'["@x.test", "support@shop.test"]\nanswer_from = "{addr}"')
    assert said(changed) == []
    found, _ = load(changed)
    assert found is not None
    assert answer_address(found.brand["shop"]) == addr


@pytest.mark.parametrize("addr", ["eve@example.org", "support", "@shop.test"])
def test_not_one_where_replies_would_not_come_in(addr: str) -> None:
    ((path, message),) = said(SETTINGS.replace("[brand.shop]", f'[brand.shop]\nanswer_from = "{addr}"'))
    assert path == "brand.shop.answer_from"
    assert "none of this brand's addresses" in message


def test_who_has_but_whole_domains_must_name_one() -> None:
    whole = SETTINGS.replace("support@shop.test", "@shop.test")
    assert said(whole) == []
    assert said(whole + '[answers]\nhost = "mx.test"\n')[0][0] == "brand.shop.answer_from"


def test_a_password_in_the_clear_is_told() -> None:
    ((path, message),) = said(SETTINGS + '[answers]\nhost = "mx.test"\ntls = "none"\nuser = "x"\npassword_file = "y"\n')
    assert path == "answers.tls"
    assert "in the clear to mx.test" in message


def test_who_tells_people_by_itself_needs_a_server_and_for_outcomes_cases() -> None:
    tells = '[route.appeals]\nacknowledge = "appeal-received"\noutcomes = { granted = "appeal-granted" }'
    text = SETTINGS.replace("[route.appeals]", tells)
    _, problems = load(text)
    found = [(one.path, one.message) for one in problems if one.path.startswith("route.appeals")]
    assert [path for path, _ in found] == [
        "route.appeals.acknowledge",
        "route.appeals.outcomes",
        "route.appeals.outcomes",
    ]
    assert {message for _, message in found} == {
        "nobody can be told: nothing sends mail",
        "this desk has no cases that could end",
    }
    _, problems = load(
        text.replace("[route.appeals]", "[route.appeals]\ncases = true") + '[answers]\nhost = "mx.test"\n'
    )
    assert not [one for one in problems if one.path.startswith("route.appeals")]
