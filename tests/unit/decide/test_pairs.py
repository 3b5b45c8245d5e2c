"""Words of two concepts near each other: order, distance, sentences, scripts, and what a file may say of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.decide import rulebook
from postroom.decide.folding import fold
from postroom.decide.pairs import meeting
from postroom.model.mail import RouteName

ROUTES = [RouteName("appeals"), RouteName("general")]
CONCEPTS = {
    "account.toml": 'concept = "account"\n[[group]]\nphrases = ["account*", "konto", "账号"]\n',
    "blocked.toml": 'concept = "blocked"\n[[group]]\nphrases = ["banned", "suspend*", "gesperrt", "封禁"]\n'
    '[[group]]\nweight = -1.0\nphrases = ["suspended animation"]\n',
}


def files(group: str, **more: str) -> dict[str, str]:
    return CONCEPTS | {"appeals.toml": f'route = "appeals"\n[[group]]\n{group}\n'} | more


def book(group: str = 'near = ["account", "blocked"]\nwithin = 3\nweight = 2.0'):
    compiled, problems = rulebook.compile({}, files(group), ROUTES)
    assert problems == ()
    return compiled


def found(text: str, subject: str = "") -> bool:
    return "appeals" in book().phrases.find(fold(subject, text))


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("my account has been suspended", True),
        ("suspended: my account", True),
        ("mein Konto wurde gesperrt", True),
        ("为什么要封禁我的账号", True),
        ("my account is one two three four suspended", False),
        ("I love my account. Suspended trains annoy me", False),
        ("my account\n\nsuspended trains", False),
        ("account", False),
        ("suspended animation of my account", False),
        ("", False),
    ],
)
def test_near_or_not(text, near):
    assert found(text) is near


def test_a_subject_goes_with_the_first_words_below_it():
    assert found("suspended again, why?", subject="My account")


def test_a_pair_counts_once_and_names_itself():
    folded = fold("", "my account is suspended, I repeat, my account is suspended")
    (hit,) = book().phrases.find(folded)["appeals"]
    assert hit.phrase.text == "account near blocked"
    assert hit.phrase.weight == 2.0
    assert [folded.text[start:end] for start, end in hit.places] == ["account", "suspend"]


def test_it_adds_to_the_phrases_of_the_same_list():
    more = {"more.toml": 'route = "appeals"\n[[group]]\nphrases = ["unban me"]\n'}
    compiled, _ = rulebook.compile({}, files('near = ["account", "blocked"]', **more), ROUTES)
    hits = compiled.phrases.find(fold("", "unban me, my account is suspended"))["appeals"]
    assert {hit.phrase.text for hit in hits} == {"unban me", "account near blocked"}


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ('near = ["account"]', "names two concepts"),
        ('near = "account"', "names two concepts"),
        ('near = ["account", "blocked"]\nwithin = 99', "number of words"),
        ('near = ["account", "blocked"]\nwithin = true', "number of words"),
        ('near = ["account", "blocked"]\nphrases = ["x y"]', "no «phrases»"),
        ('near = ["account", "blocked"]\nwhere = "subject"', "no «where»"),
        ('near = ["account", "nothing"]', "must both be concepts"),
        ('near = ["account", "appeals"]', "must both be concepts"),
    ],
)
def test_mistakes_are_named_at_their_place(group, said):
    compiled, problems = rulebook.compile({}, files(group), ROUTES)
    assert [problem.severity for problem in problems] == ["error"]
    assert said in problems[0].message
    assert problems[0].file == "appeals.toml"
    assert problems[0].line in {3, 4}
    assert compiled.phrases.find(fold("", "my account is suspended")).keys() <= {"account", "blocked"}


def test_a_concept_is_not_made_of_concepts():
    both = {"both.toml": 'concept = "both"\n[[group]]\nnear = ["account", "blocked"]\n'}
    _, problems = rulebook.compile({}, CONCEPTS | both, ROUTES)
    assert [problem.message for problem in problems] == ["a concept can't be made of two others"]


places = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 5)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=5
)


@given(places, places, st.text(alphabet="ab .!\x01¶。账", min_size=70, max_size=80), st.integers(0, 20))
def test_order_of_the_concepts_changes_nothing_and_more_room_finds_no_less(first, second, text, within):
    one = meeting(first, second, text, 0, within)
    assert bool(one) == bool(meeting(second, first, text, 0, within))
    assert not one or meeting(first, second, text, 0, within + 1)
    assert not one or one[0][1] <= one[1][0]


def test_words_farther_apart_than_any_words_between_could_be_are_not_near():
    assert not found("account " + "-" * 2000 + " suspended")
    assert found("account --- suspended")
