"""Poisoning. Goal: wrong verdicts, or a flood of mail, move what other people write to a desk of the attacker's choice.

That learning from verdicts withstands a flood is for `tests/unit/flow/test_learning.py` and `tests/unit/bootstrap/test_teaching.py`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.attacker import APPEALS, SHORT
from tests.attacks.installation import Installation

MANY = 200
QUESTION = "Good morning, I would like to know whether your shop in Porto is open on the first of May, and until when. Kind regards"
#: sure enough to go to the general desk, and not by much
DOUBTFUL = "Good morning, my account shows the wrong name since I married. What do I have to send you so that you change it? Kind regards"


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path)
    yield installation
    installation.house.close()


def flood(there: Installation, text: str, senders: int, believed: bool = True, *, alike: bool = True) -> list:  # type: ignore[type-arg]
    """The same text, or one with a number in it, from so many senders by turns."""
    kept = [
        there.arrive(
            text if alike else f"{text}, order {number * 7919}", f"eve{number % senders}@evil{number % senders}.test",
            believed=believed, Subject=f"A question {number}",
        )
        for number in range(MANY)
    ]  # fmt: skip
    there.judge()
    return kept


@pytest.mark.parametrize("text", [QUESTION, DOUBTFUL], ids=["plain", "doubtful"])
@pytest.mark.parametrize(("senders", "believed"), [(1, True), (MANY, True), (MANY, False)], ids=["one sender", "many", "strangers"])  # fmt: skip
@pytest.mark.parametrize("desk", ["appeals", "refunds"])
def test_two_hundred_wrong_words_of_one_reviewer_move_nobody_else_s_mail(
    there: Installation, text: str, senders: int, believed: bool, desk: str
) -> None:
    before = there.judged(text, "bob@example.org", Subject="A question")
    there.say(flood(there, text, senders, believed), desk, "mallory")
    after = there.judged(text, "carol@example.net", Subject="A question")
    assert before.route != desk
    assert after.route != desk
    assert [one.route for one in after.findings if one.source == "verdict"] == [desk], "they were heard"


@pytest.mark.parametrize("people", [1, 5, 20])
def test_many_fooled_reviewers_of_one_sender_s_mail_move_nobody_else_s(there: Installation, people: int) -> None:
    there.say(flood(there, QUESTION, 1), "refunds", *[f"reviewer {n}" for n in range(people)])
    assert there.judged(QUESTION, "carol@example.net", Subject="A question").route != "refunds"


def test_even_many_reviewers_and_senders_stay_below_the_cap(there: Installation) -> None:
    """All of a team and 50 senders agree: what they say counts no more than its cap, and does not outshout sure words."""
    there.say(flood(there, QUESTION, 50), "refunds", *[f"reviewer {n}" for n in range(20)])
    assert there.judged(QUESTION, "carol@example.net", Subject="A question").route != "refunds"


def test_a_flood_does_not_push_out_what_was_said_of_an_appeal(there: Installation) -> None:
    """Goal: honest verdicts on an appeal are forgotten under 200 that say general."""
    first = there.arrive(APPEALS[1], "bob@example.org", Subject="Banned")
    there.judge()
    there.say([first], "appeals", "lead")
    there.say(flood(there, APPEALS[1], 1), "general", "mallory")
    assert there.judged(APPEALS[1], "carol@example.net", Subject="Banned").route in {"appeals", "review"}


def test_a_sender_whose_mail_was_moved_two_hundred_times_is_still_read(there: Installation) -> None:
    """Goal: a history of appeals, so that whatever comes from there goes to the desk."""
    there.say(flood(there, SHORT, 1, alike=False), "appeals", "mallory")
    decision = there.judged(QUESTION, "eve0@evil0.test", Subject="Opening hours in Porto")
    assert decision.history.mails >= MANY
    assert decision.route != "appeals"


def test_a_colleague_s_neighbours_are_read_for_themselves(there: Installation) -> None:
    there.say(flood(there, SHORT, 1, alike=False), "refunds", "mallory")
    assert there.judged(QUESTION, "carol@evil0.test", Subject="Opening hours in Porto").route != "refunds"
