"""Values set in a settings file: everything else stays as people wrote it."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.config.edit import as_lines, with_values
from postroom.model.errors import ConfigError

SETTINGS = """\
# Ours.
[brand.shop]   # the shop
addresses = ["support@shop.example"]

[route.appeals]
destinations = ["inbox"]  # two people
# threshold = 0.6
threshold = 0.6 # agreed in May

[route.general]
destinations = ["inbox"]

[destination.inbox]
kind = "inbox"
"""

CHOICE = {
    ("route", "appeals", "threshold"): 0.72,
    ("route", "general", "threshold"): 0.4,
    ("route", "general", "prior"): 0.9,
}


def test_comments_and_order_stay() -> None:
    changed = with_values(SETTINGS, CHOICE)
    assert changed == SETTINGS.replace("threshold = 0.6 # agreed in May", "threshold = 0.72 # agreed in May").replace(
        '[route.general]\ndestinations = ["inbox"]\n',
        '[route.general]\ndestinations = ["inbox"]\nthreshold = 0.4\nprior = 0.9\n',
    )


@pytest.mark.parametrize(
    "written",
    [
        'route = {appeals = {destinations = ["inbox"]}, general = {destinations = ["inbox"]}}\n',
        'route.appeals.destinations = ["inbox"]\nroute.general.destinations = ["inbox"]\n',
        '[route]\nappeals.destinations = ["inbox"]\ngeneral = {destinations = ["inbox"]}\n',
        '[route."appeals"]\r\ndestinations = ["inbox"]\r\n[route.general]\r\ndestinations = ["inbox"]\r\n',
    ],
)
def test_however_it_was_written(written: str) -> None:
    text = written + '[brand.shop]\naddresses = ["support@shop.example"]\n[destination.inbox]\nkind = "inbox"\n'
    changed = tomllib.loads(with_values(text, CHOICE))
    expected = tomllib.loads(text)
    expected["route"]["appeals"]["threshold"] = 0.72
    expected["route"]["general"] |= {"threshold": 0.4, "prior": 0.9}
    assert changed == expected


def test_tables_that_are_not_there_are_made() -> None:
    changed = with_values(SETTINGS, {("brand", "shop", "thresholds", "appeals"): 0.3})
    assert "[brand.shop.thresholds]\nappeals = 0.3\n" in changed
    assert tomllib.loads(changed)["brand"]["shop"]["thresholds"] == {"appeals": 0.3}


def test_a_mistake_is_not_written() -> None:
    with pytest.raises(ConfigError, match=r"route\.appeals\.threshold"):
        with_values(SETTINGS, {("route", "appeals", "threshold"): 1.5})
    with pytest.raises(ConfigError, match="by hand"):
        with_values("not toml", CHOICE)
    with pytest.raises(ConfigError, match="by hand"):
        with_values("route = 3\n", CHOICE)


def test_lines_as_they_stand_in_a_file() -> None:
    assert as_lines({}) == ""
    assert as_lines(CHOICE) == "[route.appeals]\nthreshold = 0.72\n\n[route.general]\nthreshold = 0.4\nprior = 0.9\n"


@given(st.dictionaries(st.sampled_from(["appeals", "general"]), st.integers(0, 100).map(lambda n: n / 100)))
def test_setting_twice_is_setting_once(chosen: dict[str, float]) -> None:
    values = {("route", route, "threshold"): value for route, value in chosen.items()}
    once = with_values(SETTINGS, values)
    assert with_values(once, values) == once
