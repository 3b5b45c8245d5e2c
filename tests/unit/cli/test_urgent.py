"""`postroom urgent`: what nobody has, and taking it by name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.flow.house import a_message

from .conftest import SETTINGS, Postroom

THREAT = "You suspended my account. I know where you live and I will come to your office and kill you all."


@pytest.fixture
def threat(folder: Path, postroom: Postroom, work: Callable[[], None]) -> str:
    """Id of an urgent mail."""
    (folder / "postroom.toml").write_text(SETTINGS)
    (folder / "threat.eml").write_bytes(a_message(THREAT, Message_ID="<t@example.com>", Subject="Last \x1b[31mwarning"))
    ran = postroom("route", "--deliver", "--json", "threat.eml")
    assert ran.code == 0, ran.err
    work()
    return ran.lines[0]["id"]


def test_it_is_listed_until_somebody_has_it(threat: str, postroom: Postroom) -> None:
    listed = postroom("urgent", "list")
    assert (listed.code, listed.err) == (0, "")
    assert threat in listed.out
    assert "threat" in listed.out
    assert "\x1b" not in listed.out
    (facts,) = postroom("urgent", "list", "--json").lines
    assert (facts["id"], facts["holder"], facts["signals"]) == (threat, "", ["threat"])
    assert postroom("urgent", "list", "--held").out == "Nobody has any.\n"
    taken = postroom("urgent", "ack", threat[:12], "--as", "ada", "--note", "calling")
    assert taken.out == f"ada has {threat}.\n"
    assert postroom("urgent", "list").out == "No urgent mail waits.\n"
    (facts,) = postroom("urgent", "list", "--held", "--json").lines
    assert (facts["holder"], facts["note"]) == ("ada", "calling")
    assert "ada" in postroom("urgent", "list", "--held").out
    (deed,) = postroom("audit", "list", "--what", "urgent-acknowledged", "--json").lines
    assert (deed["by"], deed["to"]) == ("ada", threat)


def test_who_has_it_is_not_overruled_unseen(threat: str, postroom: Postroom) -> None:
    postroom("urgent", "ack", threat, "--as", "ada")
    late = postroom("urgent", "ack", threat, "--as", "bob")
    assert late.code == 1
    assert "ada has it already" in late.err
    assert "--over" in late.err
    over = postroom("urgent", "ack", threat, "--as", "bob", "--over", "--json")
    assert over.lines[0]["holder"] == "bob"


def test_what_is_not_urgent_is_nobodys(folder: Path, postroom: Postroom, threat: str) -> None:
    (folder / "calm.eml").write_bytes(a_message("How do I change the language?", Message_ID="<c@example.com>"))
    calm = postroom("route", "--deliver", "--json", "calm.eml").lines[0]["id"]
    ran = postroom("urgent", "ack", calm, "--as", "ada")
    assert ran.code == 1
    assert f"{calm} is not urgent" in ran.err
