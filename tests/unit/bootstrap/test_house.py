"""A house as the settings describe it."""

from pathlib import Path

from postroom.bootstrap.house import House
from postroom.config import load
from tests.unit.cli.conftest import SETTINGS

RULE = """
[[rule]]
name = "mine"
when = 'words.contains("badge")'
route = "general"
"""


def house(base: Path, rule: str = RULE, folder: str = "rules", settings: str = SETTINGS) -> House:
    (base / folder).mkdir(parents=True)
    (base / folder / "mine.toml").write_text(rule)
    read, problems = load(settings)
    assert read is not None, problems
    return House(read, base)


def test_the_teams_rules_come_after_the_shipped_ones(tmp_path: Path) -> None:
    names = [rule.name for rule in house(tmp_path).rules.book.rules.rules if rule.priority == 0]
    assert len(names) > 1
    assert names[-1] == "mine"


def test_where_the_installation_lies_changes_nothing(tmp_path: Path) -> None:
    here, there = house(tmp_path / "a").rules.book, house(tmp_path / "z").rules.book
    assert here.rules_version == there.rules_version
    assert [rule.file for rule in here.rules.rules] == [rule.file for rule in there.rules.rules]
    assert here.rules.rules[-1].file == "rules/mine.toml"


def test_a_mistake_is_told_with_a_path_that_can_be_opened(tmp_path: Path) -> None:
    (problem,) = house(tmp_path, RULE.replace("words", "wrods")).rules.problems()
    assert Path(problem.file) == tmp_path / "rules" / "mine.toml"


def test_rules_stay_in_force_when_their_folder_is_gone(tmp_path: Path) -> None:
    """Without it, the team's own would silently be no more."""
    made = house(tmp_path, folder="own", settings=SETTINGS + '[judging]\nrules = "own"\n')
    before = made.rules.book
    (tmp_path / "own").rename(tmp_path / "elsewhere")
    assert "there is no folder" in made.rules.load()
    assert made.rules.book is before


def test_looking_for_mistakes_builds_no_observer(tmp_path: Path) -> None:
    """Counters belong to the folder that a server makes ready first."""
    from postroom.bootstrap import checks

    made = house(tmp_path, settings=SETTINGS + '[status]\nkind = "csv"\nfile = "accounts.csv"\n')
    assert [m for m in checks.mistakes(made) if m.fatal] == []
    assert "observer" not in made.__dict__


def test_people_have_rooms_in_the_store_and_sessions_end_as_the_settings_say(tmp_path: Path) -> None:
    made = house(tmp_path, settings=SETTINGS + "[pages]\nidle_hours = 2\nsession_days = 3\n")
    assert made.people.accounts.users() == ()
    assert made.people.journal.verify() == 0
    assert made.people.signing_in is made.people.signing_in, "failures are counted once"
    assert (made.people.signing_in.idle, made.people.signing_in.lifetime) == (7200.0, 259_200.0)
    assert (made.people.team.brands, made.people.team.routes) == (
        ("shop",),
        ("appeals", "general", "junk", "automatic"),
    )
    made.close()
