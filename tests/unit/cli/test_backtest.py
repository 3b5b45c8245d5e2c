"""Trying rules on the past from the command line."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Postroom
from tests.unit.cli.test_commands import Work, receive
from tests.unit.flow.house import a_message

RULE = """
[[rule]]
name = "language"
when = 'new_text.contains("language")'
route = "general"
stop = true
"""
APPEAL = "My account was suspended yesterday and I did nothing wrong. Please restore my account, in my language."


@pytest.fixture
def judged(postroom: Postroom, work: Work) -> Postroom:
    """An installation with two mails; one of them asks for an account, by the rules in force."""
    bodies = (APPEAL, "How do I change the colours?")
    receive(postroom, *(a_message(body, Message_ID=f"<{n}@example.com>", Date="") for n, body in enumerate(bodies)))
    work()
    return postroom


def draft(folder: Path, text: str = RULE) -> Path:
    (folder / "draft").mkdir(exist_ok=True)
    (folder / "draft" / "mine.toml").write_text(text)
    return folder / "draft"


def test_what_would_move_is_told_in_words_and_tables(judged: Postroom, folder: Path) -> None:
    ran = judged("rules", "try", "--rules", str(draft(folder)))
    assert ran.code == 0, ran.err
    assert ran.out.startswith("1 of 2 mails would go elsewhere.")
    assert "appeals" in ran.out.partition("What would move")[2]
    assert "language" in ran.out.partition("Found in more or fewer mails")[2]


def test_as_facts(judged: Postroom, folder: Path) -> None:
    ran = judged("rules", "try", "--days", "3", "--rules", str(draft(folder)), "--brand", "shop", "--json")
    (facts,) = ran.lines
    assert (facts["mails"], facts["moved"], facts["same"], facts["in_force"]["phrases"]) == (
        2,
        1,
        False,
        facts["tried"]["phrases"],
    )
    (change,) = facts["changes"]
    assert (change["before"]["route"], change["after"]["route"], change["word"], change["moved"]) == (
        "appeals",
        "general",
        "",
        True,
    )
    (mail_id,) = [row["id"] for row in judged("inbox", "list", "appeals", "--json").lines]
    assert change["mail_id"] == mail_id


def test_files_on_the_disk_are_tried_against_what_is_in_force(judged: Postroom, folder: Path) -> None:
    assert judged("rules", "try").out == "The rules that were tried are those in force: nothing would change.\n"
    from postroom.bootstrap.house import House
    from postroom.cli.console import read_settings

    house = House(read_settings(folder / "postroom.toml"), folder)
    house.rules.load()  # as a judge does
    house.close()
    (folder / "rules").mkdir()
    (folder / "rules" / "mine.toml").write_text(RULE)
    assert "1 of 2 mails would go elsewhere" in judged("rules", "try").out


def test_it_ends_with_3_when_mail_leaves_where_people_put_it(judged: Postroom, folder: Path) -> None:
    (mail_id,) = [row["id"] for row in judged("inbox", "list", "appeals", "--json").lines]
    assert judged("review", "confirm", mail_id, "--as", "lea").code == 0
    ran = judged("rules", "try", "--rules", str(draft(folder)))
    assert ran.code == 3
    assert "1 would leave the place where people said that they belong." in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rules", "nowhere"), "there is no folder nowhere"),
        (("--brand", "shpo"), "there is no brand 'shpo'. Did you mean 'shop'?"),
        (("--days", "91"), "less than or equal to 90"),
        (("--rules", "draft"), "mine.toml"),
    ],
)
def test_mistakes_are_told(judged: Postroom, folder: Path, arguments: tuple[str, ...], said: str) -> None:
    draft(folder, "[[rule]]\nname = 'x'\nwhen = 'nothing.like.it'\nroute = 'general'\n")
    ran = judged("rules", "try", *arguments)
    assert ran.code in {1, 2}
    assert said in ran.err


def test_a_file_that_is_no_file_of_rules_is_not_read_whole(judged: Postroom, folder: Path) -> None:
    draft(folder, "#" * 4_000_001)
    assert "is too large" in judged("rules", "try", "--rules", "draft").err


def test_in_the_background_it_does_what_was_asked_for_if_anything(judged: Postroom) -> None:
    ran = judged("rules", "try", "--background")
    assert (ran.code, ran.out) == (0, "")
