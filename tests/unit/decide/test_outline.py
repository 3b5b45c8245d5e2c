"""What files hold, in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.decide.outline import outline, rule_in_words

RULES = """
[[rule]]
name = "one"
comment = "why"
when = "true"
route = "appeals"

[[rule]]
when = "true"
tags = ["a", "b"]
"""


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"route": "appeals"}, "speaks for appeals strongly (+3.0)"),
        ({"route": "appeals", "weight": 1}, "speaks for appeals (+1.0)"),
        ({"route": "appeals", "weight": -7.0}, "speaks against appeals all but surely (-7.0)"),
        ({"route": "junk", "stop": True, "urgent": "threat"}, "decides junk: no later rule is read, raises threat"),
        ({"route": "junk", "veto": True}, "rules out junk"),
        ({"tags": ["a", "b"], "enabled_from": "2027-01-01"}, "tags a, b, counts from 2027-01-01 on"),
        ({"route": "junk", "weight": True}, "does nothing"),
        ({"route": ["junk"], "weight": "x", "tags": "a", "urgent": 3}, "tags a"),
        ({}, "does nothing"),
    ],
)
def test_rules_in_words(item: dict[str, object], said: str) -> None:
    assert rule_in_words(item) == said


def test_rules_of_a_file() -> None:
    one, two = outline(RULES)
    assert (one.name, one.comment, one.line) == ("one", "why", 2)
    assert one.text.startswith("[[rule]]")
    assert one.text.endswith('route = "appeals"')
    assert (two.name, two.does, two.line) == ("(without a name)", "tags a, b", 8)
    inline = 'rule = [{ name = "x", when = "true", tags = ["y"] }, 3]'
    assert [(found.name, found.line, found.text) for found in outline(inline)] == [("x", 1, inline)]


def test_examples_of_a_file() -> None:
    text = '[[mail]]\nname = "a"\n[mail.expect]\nroute = "x"\nrules = ["r", "s"]\n[[mail]]\nexpect = 3\n'
    assert [(found.name, found.does) for found in outline(text)] == [
        ("a", "expects route x, rules r, s"),
        ("(without a name)", "expects nothing"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('route = "x"\n[[group]]\nphrases = ["a", "b"]\n[[group]]\nnear = ["c", "d"]\n', ("x", "speaks of x: 2 phrases, 1 pair")),
        ('signal = "threat"\n[[group]]\nphrases = ["a"]\n', ("threat", "raises threat: 1 phrase")),
        ('concept = "money"\ngroup = 3', ("money", "is there for rules: nothing yet")),
        ('concept = "money"\ngroup = [3, { phrases = 4 }]', ("money", "is there for rules: nothing yet")),
    ],
)  # fmt: skip
def test_phrases_of_a_file(text: str, said: tuple[str, str]) -> None:
    assert [(found.name, found.does) for found in outline(text)] == [said]


@pytest.mark.parametrize("text", ["", "[[", "x = 1", "route = 3", "rule = 3\nmail = 4"])
def test_what_says_nothing(text: str) -> None:
    assert outline(text) == ()


@given(st.text(alphabet="[]=.\n\"'rulemaipxgohse0 #{},", max_size=60))
def test_any_text_has_an_outline(text: str) -> None:
    assert all(found.name for found in outline(text))
