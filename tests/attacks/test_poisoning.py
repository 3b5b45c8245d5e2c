"""Poisoning. Goal: wrong verdicts, or a flood of mail, move what other people write to a desk of the attacker's choice.

That learning from verdicts withstands a flood is for `tests/unit/flow/test_learning.py` and `tests/unit/bootstrap/test_teaching.py`.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from postroom.model.mail import Mail
from tests.attacks.attacker import APPEALS, SHORT
from tests.attacks.installation import Installation

MANY = 200
QUESTION = "Good morning, I would like to know whether your shop in Porto is open on the first of May, and until when. Kind regards"
#: sure enough to go to the general desk, and not by much
DOUBTFUL = "Good morning, my account shows the wrong name since I married. What do I have to send you so that you change it? Kind regards"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """The same text, or one with a number in it, from so many senders by turns."""

    text: str
    senders: int = 1
    believed: bool = True
    alike: bool = True

    def arrive(self, there: Installation) -> list[Mail]:
        """All of it, judged."""
        kept = [
            there.arrive(
                self.text if self.alike else f"{self.text}, order {number * 7919}", f"eve{number % self.senders}@evil{number % self.senders}.test",
                believed=self.believed, Subject=f"A question {number}",
            )
            for number in range(MANY)
        ]  # fmt: skip
        there.judge()
        return kept


After = Callable[[Flood], tuple[Installation, list[Mail]]]


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path)
    yield installation
    installation.house.close()


@pytest.fixture(scope="module")
def arrived(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Flood], tuple[Path, list[Mail]]]:
    """Where a flood has arrived, and its mail: each arrives once, and what is said of it in a copy."""

    @cache
    def folder(flood: Flood) -> tuple[Path, list[Mail]]:
        made = Installation(tmp_path_factory.mktemp("flood"))
        kept = flood.arrive(made)
        made.house.close()
        return made.house.base, kept

    return folder


@pytest.fixture
def after(arrived: Callable[[Flood], tuple[Path, list[Mail]]], tmp_path: Path) -> Iterator[After]:
    """An installation of the test's own after a flood, and the flood."""
    opened: list[Installation] = []

    def copied(flood: Flood) -> tuple[Installation, list[Mail]]:
        folder, kept = arrived(flood)
        opened.append(Installation(shutil.copytree(folder, tmp_path / "flooded"), arrived=MANY))
        return opened[-1], kept

    yield copied
    for one in opened:
        one.house.close()


@pytest.mark.parametrize("text", [QUESTION, DOUBTFUL], ids=["plain", "doubtful"])
@pytest.mark.parametrize(("senders", "believed"), [(1, True), (MANY, True), (MANY, False)], ids=["one sender", "many", "strangers"])  # fmt: skip
@pytest.mark.parametrize("desk", ["appeals", "refunds"])
def test_two_hundred_wrong_words_of_one_reviewer_move_nobody_else_s_mail(
    there: Installation, after: After, text: str, senders: int, believed: bool, desk: str
) -> None:
    before = there.judged(text, "bob@example.org", Subject="A question")
    flooded, flood = after(Flood(text=text, senders=senders, believed=believed))
    flooded.say(flood, desk, "mallory")
    then = flooded.judged(text, "carol@example.net", Subject="A question")
    assert before.route != desk
    assert then.route != desk
    assert [one.route for one in then.findings if one.source == "verdict"] == [desk], "they were heard"


@pytest.mark.parametrize("people", [1, 5, 20])
def test_many_fooled_reviewers_of_one_sender_s_mail_move_nobody_else_s(after: After, people: int) -> None:
    there, flood = after(Flood(text=QUESTION))
    there.say(flood, "refunds", *[f"reviewer {n}" for n in range(people)])
    assert there.judged(QUESTION, "carol@example.net", Subject="A question").route != "refunds"


def test_even_many_reviewers_and_senders_stay_below_the_cap(after: After) -> None:
    """All of a team and 50 senders agree: what they say counts no more than its cap, and does not outshout sure words."""
    there, flood = after(Flood(text=QUESTION, senders=50))
    there.say(flood, "refunds", *[f"reviewer {n}" for n in range(20)])
    assert there.judged(QUESTION, "carol@example.net", Subject="A question").route != "refunds"


def test_a_flood_does_not_push_out_what_was_said_of_an_appeal(there: Installation) -> None:
    """Goal: honest verdicts on an appeal are forgotten under 200 that say general."""
    first = there.arrive(APPEALS[1], "bob@example.org", Subject="Banned")
    there.judge()
    there.say([first], "appeals", "lead")
    there.say(Flood(text=APPEALS[1]).arrive(there), "general", "mallory")
    assert there.judged(APPEALS[1], "carol@example.net", Subject="Banned").route in {"appeals", "review"}


def test_a_sender_whose_mail_was_moved_two_hundred_times_is_still_read(after: After) -> None:
    """Goal: a history of appeals, so that whatever comes from there goes to the desk."""
    there, flood = after(Flood(text=SHORT, alike=False))
    there.say(flood, "appeals", "mallory")
    decision = there.judged(QUESTION, "eve0@evil0.test", Subject="Opening hours in Porto")
    assert decision.history.mails >= MANY
    assert decision.route != "appeals"


def test_a_colleague_s_neighbours_are_read_for_themselves(after: After) -> None:
    there, flood = after(Flood(text=SHORT, alike=False))
    there.say(flood, "refunds", "mallory")
    assert there.judged(QUESTION, "carol@evil0.test", Subject="Opening hours in Porto").route != "refunds"
