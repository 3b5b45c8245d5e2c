"""Texts that say nearly the same are known by a sketch."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.flow.neardup import Seen, sketch

WORDS = [f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(400)]
LONG = "My account was suspended last Monday after I had changed the name of my shop, and nobody tells me why. I have sold here for six years without a complaint, I pay my bills, and my customers wait. Please look at it again and give me my account back."


def changed(text: str, words: int, seed: int) -> str:
    """The same with so many words replaced."""
    source = random.Random(seed)
    parts = text.split()
    for at in source.sample(range(len(parts)), words):
        parts[at] = source.choice(WORDS)
    return " ".join(parts)


def is_near(one: str, other: str) -> bool:
    seen = Seen()
    seen.is_new(sketch(one))
    return not seen.is_new(sketch(other))


@pytest.mark.parametrize(
    "other",
    [
        LONG.upper(),
        LONG.replace(" ", "\n"),
        LONG.replace(",", " ,"),
        LONG + " Thanks!",
        LONG.replace("six years", "6 years").replace("Monday", "Monday"),
    ],
)
def test_nearly_the_same(other: str) -> None:
    assert is_near(LONG, other)


def test_templates_differ_in_their_numbers_alone() -> None:
    one = "Your order 12345 of 2026-01-02 was charged twice, 17.50 each, card ending in 4242. Please pay back one of them to me soon."
    assert is_near(one, one.replace("12345", "99").replace("4242", "1111"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (LONG, "I was charged twice for my order and would like to have the money back as soon as you can, it was for my daughter."),
        ("please help", "please call"),
        ("thanks", "thank you"),
        ("My account was suspended", "My account was banned"),
        ("", "a"),
        ("我的帐户被停用了，请帮我恢复", "我想要退款，因为我被收取了两次费用"),
    ],
)  # fmt: skip
def test_something_else(one: str, other: str) -> None:
    assert not is_near(one, other)


def test_short_texts_are_the_same_only_word_by_word() -> None:
    assert is_near("Please help me!", "please   HELP me")
    assert is_near("我的帐户被停用了，请帮我恢复", "我的帐户被停用了, 请帮我恢复")


def test_texts_without_words_are_never_known() -> None:
    assert sketch("") == sketch("?!\n") == b""
    assert not is_near("", "")


@pytest.mark.parametrize(("replaced", "least", "most"), [(1, 0.9, 1.0), (8, 0.0, 0.4), (20, 0.0, 0.0)])
def test_how_often_changed_texts_are_known(replaced: int, least: float, most: float) -> None:
    """Of 120 words; replacing one changes three shingles."""
    known = 0
    for seed in range(200):
        text = " ".join(random.Random(seed).choices(WORDS, k=120))
        known += is_near(text, changed(text, replaced, seed))
    assert least <= known / 200 <= most


@given(st.text())
def test_any_text_has_a_sketch(text: str) -> None:
    one = sketch(text)
    assert len(one) in (0, 8, 144)
    assert sketch(text) == one
    assert Seen().is_new(one)


def test_a_short_and_a_long_text_are_never_near() -> None:
    assert not is_near("thank you", LONG)
    assert not is_near(LONG, "thank you")
