"""Rules that were accepted stay in force, whatever becomes of those on disk."""

from pathlib import Path

import pytest

from postroom.bootstrap.house import House
from postroom.cli.console import read_settings
from postroom.model.errors import ConfigError
from tests.unit.flow.house import Told

SETTINGS = """
hostname = "mx.shop.test"
[brand.shop]
addresses = ["support@shop.test"]
[route.appeals]
destinations = ["appeals"]
[route.general]
destinations = ["general"]
[destination.appeals]
kind = "inbox"
[destination.general]
kind = "inbox"
[judging]
starter = false
"""
RULES = '[[rule]]\nname = "asks"\nwhen = \'subject == "back"\'\nroute = "appeals"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "postroom.toml").write_text(SETTINGS)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "mine.toml").write_text(RULES)
    return tmp_path


def a_judge(folder: Path) -> tuple[House, Told]:
    """A process that starts."""
    house, told = House(read_settings(folder / "postroom.toml"), folder), Told()
    house.__dict__["observer"] = told
    return house, told


def test_who_starts_while_they_are_wrong_begins_with_those_accepted_last(folder: Path) -> None:
    first, _ = a_judge(folder)
    assert first.rules.load() == ""
    (folder / "rules" / "mine.toml").write_text("[[rule")
    second, told = a_judge(folder)
    assert "mine.toml:1:" in second.rules.load()
    assert len(told.of("rules-refused")) == 1
    assert not told.of("rules-loaded")
    assert second.rules.book.rules_version == first.rules.book.rules_version
    assert [rule.name for rule in second.rules.book.rules.rules] == ["asks"]


def test_they_are_compiled_with_what_they_were_accepted_with(folder: Path) -> None:
    """A route that was taken out of the settings since makes no mistake of a rule that names it."""
    a_judge(folder)[0].rules.load()
    (folder / "postroom.toml").write_text(SETTINGS.replace("[route.appeals]", "[route.requests]"))
    second, _ = a_judge(folder)
    assert "appeals" in second.rules.load()
    assert "appeals" in second.rules.book.routes


def test_wrong_ones_are_not_kept_and_right_ones_end_the_refusal(folder: Path) -> None:
    house, told = a_judge(folder)
    house.rules.load()
    kept = (folder / "data" / "rules.last").read_bytes()
    before = house.rules.book
    (folder / "rules" / "mine.toml").write_text("[[rule")
    assert house.rules.load() != ""
    assert house.rules.book is before
    assert (folder / "data" / "rules.last").read_bytes() == kept
    (folder / "rules" / "mine.toml").write_text(RULES.replace("back", "again"))
    assert house.rules.load() == ""
    assert house.rules.book.rules_version != before.rules_version
    assert (folder / "data" / "rules.last").read_bytes() != kept
    assert [path.name for path in (folder / "data").iterdir()] == ["rules.last"]
    assert len(told.of("rules-loaded")) == 2


@pytest.mark.parametrize("kept", [None, b"", b"{", b'{"rules": 7}', b"\xff\xfe"])
def test_where_none_were_accepted_wrong_ones_are_an_error(folder: Path, kept: bytes | None) -> None:
    (folder / "rules" / "mine.toml").write_text("[[rule")
    house, _ = a_judge(folder)
    if kept is not None:
        (house.data / "rules.last").write_bytes(kept)
    with pytest.raises(ConfigError, match=r"mine\.toml:1:"):
        house.rules.load()


def test_a_disk_that_cant_keep_them_stops_no_judging(folder: Path) -> None:
    (folder / "data" / "rules.last").mkdir(parents=True)
    house, told = a_judge(folder)
    assert house.rules.load() == ""
    assert house.rules.book.rules_version
    assert "can't keep the rules" in told.of("store-trouble")[0]["error"]
