"""Text that was made to steer reaches a desk only by a person's hands."""

from dataclasses import replace
from typing import Any

import pytest

from postroom.decide.judge import judge
from postroom.decide.policy import Policy
from postroom.decide.tricks import HIDING, STEERING, are_linked
from postroom.model.judgement import Clue, Finding, Opinion
from postroom.model.mail import RouteName
from postroom.model.message import Defect, Message

from .build import PHRASES, book, case
from .build import message as build

APPEALS, GENERAL = RouteName("appeals"), RouteName("general")
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
        ("m y  a c c o u n t  i s  g o n e", {"mask"}),
        ("m-y-a-c-c-o-u-n-t-i-s", set()),
        ("\u202etnuocca ym\u202c", {"mask"}),
        ("🇲🇾🇦 🇨🇨🇴 🇺🇳🇹", {"mask"}),
        ("Greetings from 🇲🇾, 🇦🇺 and 🇹🇷", set()),
        ("ʇunoɔɔɐ ʎɯ ǝɹoʇsǝɹ", {"mask"}),
        ("", set()),
    ],
)
def test_heaps_and_disguises_are_seen(text: str, names: set[str]) -> None:
    assert remarks(text) == names


def named(about: Message) -> set[str]:
    return {one.name for one in judge(replace(case(), message=about), BOOK, Policy()).findings if one.source == "guard"}


def test_what_may_not_have_been_read_is_looked_at_whatever_it_seems_to_be() -> None:
    long = judge(case("When do you open? " * 3000), BOOK, Policy())
    assert (long.decided, long.route) == ("general", "review")
    assert "longer than what is read" in long.because
    cut = Defect(code="text-truncated", detail="")
    plain = build("When do you open?", defects=(cut,))
    assert named(plain) == {"burial"}
    assert named(replace(plain, quoted_text="> hello")) == set(), "an answer above a long thread"
    assert named(build("When?", defects=(Defect(code="forms-differ", detail=""),))) == {"forms"}
    assert named(build("When?\n" + "\n" * 39 + "unban me")) == set()
    assert named(build("When?\n" + " \n" * 40 + "unban me")) == {"burial"}


def test_a_text_that_is_all_quote_is_looked_at_unless_it_answers_something() -> None:
    quoted = build("", quoted_text="> unban my account")
    assert named(quoted) == {"burial"}
    assert named(replace(quoted, subject="Re: hello")) == set()
    assert named(replace(quoted, references=("1@example.com",))) == set()
    assert named(replace(quoted, new_text="see above")) == set()


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("see https://a.test/unban https://a.test/ban https://a.test/appeal", True), ("unban@a.test ban@a.test appeal@a.test", True),
        ("#unban #ban #appeal", True), ("please_unban_me please_ban_him my_appeal_to", True), ("www.unban.test www.ban.test www.appeal.test", True),
        ("see https://a.test/unban and ban me or hear my appeal", False), ("unban, ban, appeal", False),
    ],
)  # fmt: skip
def test_words_in_links_are_told_from_words(text: str, linked: bool) -> None:
    spans = [(text.index(word), text.index(word) + len(word)) for word in ("unban", "ban", "appeal")]
    assert are_linked(spans, text) is linked


@pytest.mark.parametrize(
    ("opinion", "said"),
    [
        ({"heaped": True}, "as in a list"), ({"strange": True}, "next to none of its words are known"),
        ({"clues": tuple(Clue(word=word, weight=1.0, span=span) for word, span in (("unban", (1, 6)), ("ban", (7, 10)), ("me", (11, 13))))}, "in links"),
        ({}, ""),
    ],
)  # fmt: skip
def test_a_classifier_s_words_put_as_nobody_puts_them_are_looked_at(opinion: dict[str, Any], said: str) -> None:
    opinions = (Opinion(route=APPEALS, share=0.97, **opinion), Opinion(route=GENERAL, share=0.03))
    decision = judge(case("unban@ban#me_or", about={"classifier": opinions}), BOOK, Policy())
    assert decision.decided == "appeals"
    assert (decision.route == "review", said in decision.because) == (bool(said), True)
    idle = (Opinion(route=GENERAL, share=0.97, heaped=True, strange=True), Opinion(route=APPEALS, share=0.03))
    assert judge(case("hello", about={"classifier": idle}), BOOK, Policy()).route == "general"


def test_a_trick_for_a_desk_is_looked_at_and_one_for_nobody_is_not() -> None:
    tricky = judge(case(f"{OFFER} banned suspended unban reinstate locked appeal"), BOOK, Policy())
    assert (tricky.decided, tricky.route) == ("appeals", "review")
    assert "heap" in tricky.because
    harmless = judge(case("Wе sell wаtches"), BOOK, Policy())
    assert harmless.route == "general"


@pytest.mark.parametrize("name", sorted(HIDING | STEERING))
def test_a_rule_may_be_called_as_a_trick_is(name: str) -> None:
    weighs = book(f'[[rule]]\nname = "{name}"\nroute = "appeals"\nwhen = \'text.contains("unban")\'')
    decision = judge(case("unban my account"), weighs, Policy())
    assert [one.source for one in decision.findings if one.name == name] == ["rule"]
    assert decision.route == "appeals"
    tags = book(f'[[rule]]\nname = "{name}"\ntags = ["seen"]\nwhen = "true"')
    assert judge(case("When do you open?"), tags, Policy()).route == "general"
    alarms = book(f'[[rule]]\nname = "x"\nurgent = "{name}"\nwhen = "true"')
    assert judge(case("When do you open?"), alarms, Policy()).route == "general"


def test_a_model_or_a_reviewer_may_be_called_as_a_trick_is() -> None:
    opinions = (Opinion(route=APPEALS, share=0.97), Opinion(route=GENERAL, share=0.03))
    said = Finding(source="verdict", route=APPEALS, score=0.9, reason="a person said so", name="mask")
    known = {"classifier": opinions, "model": "stuffing", "verdicts": (said,)}
    assert judge(case("unban my account", about=known), BOOK, Policy()).route == "appeals"


def test_a_thread_that_is_not_believed_makes_no_desk_of_empty_words() -> None:
    claimed = Finding(source="thread", route=RouteName(""), score=0.0, reason="not believed", name="f")
    empty = judge(case("so when?", subject="Re: unban my account", about={"remarks": (claimed,)}), BOOK, Policy())
    assert (empty.decided, empty.route) == ("appeals", "review")
    said = "unban my account, I have done nothing of what you say " + "and I can prove it with papers " * 8
    assert judge(case(said, about={"remarks": (claimed,)}), BOOK, Policy()).route == "appeals"
