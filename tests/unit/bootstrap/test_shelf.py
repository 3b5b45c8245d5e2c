"""The team's files as sheets, and what would be in force if they held other texts."""

from pathlib import Path

import pytest

from postroom.bootstrap.house import House
from postroom.cli.console import read_settings
from postroom.model.rulebooks import SheetName

SETTINGS = """
hostname = "mx.shop.test"
[brand.shop]
addresses = ["support@shop.test"]
[route.general]
destinations = ["general"]
[destination.general]
kind = "inbox"
[judging]
rules = "ours/rules"
"""
PHRASES = 'route = "general"\n[[group]]\nphrases = ["a way back"]\n'
RULE = '[[rule]]\nname = "asks"\nwhen = \'subject == "back"\'\nroute = "general"\n'


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "postroom.toml").write_text(SETTINGS)
    for folder in ("ours/rules/examples", "phrases"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "ours" / "rules" / "b.toml").write_text(RULE)
    (tmp_path / "ours" / "rules" / "a.toml").write_bytes(b"# \xff\r\n")
    (tmp_path / "ours" / "rules" / "not.txt").write_text("[[")
    (tmp_path / "ours" / "rules" / "examples" / "b.toml").write_text("# an example")
    (tmp_path / "phrases" / "c.toml").write_text(PHRASES)
    return House(read_settings(tmp_path / "postroom.toml"), tmp_path)


def test_sheets_are_named_by_kind_whatever_their_folder(house: House) -> None:
    assert house.rules.written() == {
        "rules/a.toml": "# \ufffd\n",
        "rules/b.toml": RULE,
        "phrases/c.toml": PHRASES,
        "examples/b.toml": "# an example",
    }
    assert house.rules.file(SheetName("rules/b.toml")) == "ours/rules/b.toml"
    assert house.rules.file(SheetName("examples/b.toml")) == "ours/rules/examples/b.toml"


def test_a_draft_of_what_is_written_is_what_is_in_force(house: House) -> None:
    drafted = house.rules.drafted(house.rules.written())
    book, _ = drafted.compile()
    assert book.rules_version == house.rules.book.rules_version
    assert book.phrases_version == house.rules.book.phrases_version
    names = [name for name in (*drafted.rules, *drafted.phrases) if not name.startswith("starter/")]
    assert names == ["ours/rules/a.toml", "ours/rules/b.toml", "phrases/c.toml"]


def test_a_draft_takes_the_place_of_all_that_the_team_wrote(house: House) -> None:
    drafted = house.rules.drafted({SheetName("rules/new.toml"): RULE.replace("asks", "begs")})
    book, problems = drafted.compile()
    assert not problems
    names = [rule.name for rule in book.rules.rules]
    assert "begs" in names
    assert "asks" not in names
