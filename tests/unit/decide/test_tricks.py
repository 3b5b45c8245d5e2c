"""Text that was made to steer reaches a desk only by a person's hands."""

import pytest

from postroom.decide.judge import judge
from postroom.decide.policy import Policy
from postroom.model.judgement import Finding
from postroom.model.mail import RouteName

from .build import PHRASES, book, case

BOOK = book(
    phrases=PHRASES
    | {
        "stuff.toml": 'route = "appeals"\n[[group]]\nlanguage = "en"\nphrases = ["banned", "suspended", "unban", "reinstate", "locked"]'
    }
)


OFFER = "Buy ten thousand real followers today, delivered within one day, pay as you like!"


def remarks(text: str, subject: str = "") -> set[str]:
    decision = judge(case(text, subject=subject), BOOK, Policy())
    return {one.name for one in decision.findings if one.source == "guard"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"{OFFER} banned suspended unban reinstate locked appeal refund", {"stuffing"}),
        (f"{OFFER} I was banned. banned suspended unban reinstate locked", {"stuffing"}),
        ("banned suspended unban reinstate locked appeal", set()),
        (
            "I was banned last week, and my brother tells me that his shop was suspended on the same day. Please unban us.",
            set(),
        ),
        ("Please rеstore my aсcount, it was suspended", {"disguise"}),
        ("un\u200bban my acc\u200bount", {"disguise"}),
        ("мой iPhone заблокирован, appеal", set()),
        ("", set()),
    ],
)
def test_heaps_and_disguises_are_seen(text: str, names: set[str]) -> None:
    assert remarks(text) == names


def test_a_trick_for_a_desk_is_looked_at_and_one_for_nobody_is_not() -> None:
    tricky = judge(case(f"{OFFER} banned suspended unban reinstate locked appeal"), BOOK, Policy())
    assert (tricky.decided, tricky.route) == ("appeals", "review")
    assert "heap" in tricky.because
    harmless = judge(case("Wе sell wаtches"), BOOK, Policy())
    assert harmless.route == "general"


def test_a_thread_that_is_not_believed_makes_no_desk_of_empty_words() -> None:
    claimed = Finding(source="thread", route=RouteName(""), score=0.0, reason="not believed", name="f")
    empty = judge(case("so when?", subject="Re: unban my account", about={"remarks": (claimed,)}), BOOK, Policy())
    assert (empty.decided, empty.route) == ("appeals", "review")
    said = "unban my account, I have done nothing of what you say " + "and I can prove it with papers " * 8
    assert judge(case(said, about={"remarks": (claimed,)}), BOOK, Policy()).route == "appeals"
