"""Texts that people gave to a route: found again when nearly the same, and weak enough that nobody steers with them."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.decide import texts
from postroom.decide.blend import blend, weight
from postroom.decide.folding import fold
from postroom.decide.judge import judge
from postroom.decide.policy import Policy
from postroom.model.judgement import Finding
from postroom.model.mail import MailId, RouteName
from postroom.model.memory import Memory, TextRecord
from postroom.model.message import Address

from .build import NOW, PASS, ROUTES, book, case, message

APPEALS, REFUNDS, JUNK = RouteName("appeals"), RouteName("refunds"), RouteName("junk")
VOCABULARY = [f"{a}{b}{c}" for a in "bdfgklmnpr" for b in "aeiou" for c in "lmnrst"]
DAY = 86_400.0


def prose(count: int, seed: int = 1) -> list[str]:
    """Words of no meaning."""
    return random.Random(seed).choices(VOCABULARY, k=count)


def said(text: str, subject: str = "") -> list[bytes]:
    return texts.words(fold(subject, text))


def given_to(route: str, text: str, number: int = 1, by: str = "ada", sender: str = "d:example.com", at: float = NOW):
    words = said(text)
    return TextRecord(
        mail_id=MailId(f"m{number}"),
        keys=texts.keys(words),
        sketch=texts.sketch(words),
        route=RouteName(route),
        by=by,
        sender=sender,
        at=at,
    )


def spoken(known: list[TextRecord], text: str, now: float = NOW) -> tuple[str, float]:
    """The route that what people said speaks for, and its log-odds."""
    found = texts.findings(said(text), known, now)
    return (found[0].route, round(weight(found[0]), 3)) if found else ("", 0.0)


LETTER = "Hello, my profile was closed last week and nobody told me the reason for it, so please look at it again and open it"


@pytest.mark.parametrize(
    "other",
    [
        LETTER.upper(),
        LETTER.replace(",", "  ,\n\n").replace("it again", "it — again"),
        LETTER.replace("profile", "prófile").replace("week", "ｗｅｅｋ"),
        LETTER.replace("Hello", "Hel\u200blo"),
    ],
)
def test_spelling_and_layout_make_no_other_text(other):
    assert said(other) == said(LETTER)
    assert texts.sketch(said(other)) == texts.sketch(said(LETTER))


def test_digits_are_alike_and_the_subject_counts():
    assert said("order 12345 of 2026") == said("order 99999 of 2031")
    assert said("b", "a") == [b"a", b"b"]


def test_a_script_without_spaces_has_a_word_a_character():
    assert len(said("我的账号被停用了请帮我恢复")) == 13
    assert texts.keys(said("我的账号被停用了请帮我恢复")) != ()


def test_hashes_are_the_same_everywhere():
    """Stores outlive versions: a change here would forget every text without a word."""
    words = said(LETTER)
    assert texts.keys(words) == (57150793456, 17893392099, 24945479942, 50352658025, 66639514972)
    assert texts.sketch(words)[:16].hex() == "02a15b6c128155974a10afd46e10b94c"


def test_short_texts_have_no_keys():
    assert texts.keys(said("please give me my account back")) == ()
    assert len(texts.keys(said("one two three four five six seven eight"))) == 5


@pytest.mark.parametrize(("count", "changed", "shared"), [(200, 3, 0.99), (200, 7, 0.9), (60, 1, 0.98)])
def test_nearly_the_same_texts_share_a_key(count, changed, shared):
    """So many of 300 pairs in which some words were changed."""
    found = 0
    for seed in range(300):
        words = prose(count, seed)
        other = list(words)
        for place in random.Random(seed).sample(range(count), changed):
            other[place] = "changed"
        mine, theirs = texts.keys(said(" ".join(words))), texts.keys(said(" ".join(other)))
        found += not set(mine).isdisjoint(theirs)
    assert found >= 300 * shared


def test_others_share_none_and_are_not_alike():
    some = [said(" ".join(prose(150, seed))) for seed in range(60)]
    keys = [set(texts.keys(one)) for one in some]
    pairs = [(a, b) for a in range(60) for b in range(a)]
    assert sum(not keys[a].isdisjoint(keys[b]) for a, b in pairs) < len(pairs) * 0.01
    sketches = [texts.sketch(one) for one in some]
    assert all(texts.likeness(sketches[a], sketches[b]) < 0.1 for a, b in pairs)


def test_likeness_is_exact_for_short_texts_and_close_for_long_ones():
    words = " ".join(prose(40)).split()
    one, other = said(" ".join(words)), said(" ".join([*words[:-1], "other"]))
    runs = [{tuple(text[n : n + 3]) for n in range(len(text) - 2)} for text in (one, other)]
    true = len(runs[0] & runs[1]) / len(runs[0] | runs[1])
    assert texts.likeness(texts.sketch(one), texts.sketch(other)) == pytest.approx(true)
    errors = []
    for seed in range(40):
        long = prose(600, seed)
        changed = [*long[:500], *prose(100, seed + 1000)]
        sets = [{tuple(text[n : n + 3]) for n in range(len(text) - 2)} for text in (long, changed)]
        true = len(sets[0] & sets[1]) / len(sets[0] | sets[1])
        mine, theirs = (texts.sketch(said(" ".join(text))) for text in (long, changed))
        errors.append(texts.likeness(mine, theirs) - true)
    assert abs(sum(errors) / 40) < 0.03
    assert max(map(abs, errors)) < 0.2


def test_one_word_on_one_mail_speaks_and_names_who():
    (found,) = texts.findings(said(LETTER + " soon"), [given_to("appeals", LETTER)], NOW)
    assert (found.source, found.route, found.name) == ("verdict", APPEALS, "m1")
    assert weight(found) == pytest.approx(texts.FIRST)
    assert "to appeals (1 reviewer, 1 sender)" in found.reason


def test_what_is_not_nearly_the_same_says_nothing():
    assert spoken(
        [given_to("appeals", LETTER)], LETTER.replace("nobody told me the reason", "refund my money now")
    ) == (
        "",
        0.0,
    )
    assert spoken([], LETTER) == ("", 0.0)


@pytest.mark.parametrize(
    ("reviewers", "senders", "strength"),
    [(1, 1, 1.5), (2, 1, 2.0), (40, 1, 2.0), (1, 2, 2.0), (1, 40, 2.0), (2, 2, 2.5), (4, 2, 3.0), (4, 8, 4.0)],
)
def test_strength_grows_with_reviewers_and_senders_and_neither_alone_steers(reviewers, senders, strength):
    known = [
        given_to("appeals", LETTER, number, by=f"r{number % reviewers}", sender=f"d:{number % senders}.example")
        for number in range(40)
    ]
    assert spoken(known, LETTER) == ("appeals", strength)


def test_a_hundred_mails_of_one_sender_are_worth_one_reviewers_word_twice():
    known = [given_to("junk", LETTER, number, by=f"r{number}", sender="") for number in range(100)]
    assert spoken(known, LETTER) == ("junk", texts.ALONE)


def test_where_people_disagree_the_stronger_side_counts_less_the_other():
    one = [given_to("refunds", LETTER, number, by=f"r{number}", sender=f"d:{number}") for number in (1, 2)]
    assert spoken([*one, given_to("appeals", LETTER, 3)], LETTER) == ("refunds", 1.0)
    (found,) = texts.findings(said(LETTER), [*one, given_to("appeals", LETTER, 3)], NOW)
    assert "others disagreed" in found.reason
    assert spoken([given_to("refunds", LETTER, 1), given_to("appeals", LETTER, 2)], LETTER) == ("", 0.0)


def test_many_mails_do_not_outvote_two_people():
    flood = [given_to("junk", LETTER, number, by="eve", sender=f"d:{number}.example") for number in range(30)]
    two = [given_to("appeals", LETTER, 90 + number, by=f"r{number}", sender=f"d:{number}") for number in (1, 2)]
    assert spoken(flood + two, LETTER)[0] == "appeals"


def test_old_words_count_no_more():
    old = given_to("appeals", LETTER, at=NOW - texts.HORIZON - 1)
    assert spoken([old], LETTER) == ("", 0.0)
    assert spoken([replace(old, at=old.at + 2)], LETTER)[0] == "appeals"


def test_what_is_forgotten_for_a_new_word():
    new = given_to("refunds", LETTER, 99)
    same = given_to("appeals", LETTER, 1)
    other = given_to("appeals", LETTER, 2, by="bob", at=NOW - DAY)
    unlike = given_to("appeals", " ".join(prose(30)), 3)
    old = replace(unlike, mail_id=MailId("m4"), at=NOW - texts.HORIZON - DAY)
    own = given_to("appeals", LETTER, 99, by="bob")
    assert texts.outdated(new, [same, other, unlike, old, own], NOW) == ("m1", "m4")
    crowd = [given_to("appeals", LETTER, n, by=f"r{n}", at=NOW - n) for n in range(texts.MOST_ALIKE + 2)]
    gone = texts.outdated(new, crowd, NOW)
    assert len(gone) == 3
    assert gone == ("m39", "m40", "m41"), "the oldest go"


def test_whose_mail_it_counts_as():
    at = {"auth": PASS}
    assert texts.sender_of(message(**at)) == "d:example.com"
    assert texts.sender_of(message(**at, from_=Address(name="", addr="eve@gmail.com"))) == "a:eve@gmail.com"
    assert texts.sender_of(message()) == ""


def test_it_tips_the_scales_within_its_cap():
    """One word sends what looks general to a person, not to another desk; any number is no more than the cap."""
    policy = Policy()
    spoken_for = Finding(source="verdict", route=REFUNDS, score=0.8, reason="x")
    decision = judge(case("nothing that any phrase knows", about={"verdicts": (spoken_for,)}), book(), policy)
    assert spoken_for in decision.findings
    capped = blend([replace(spoken_for, score=0.95)] * 9, ROUTES, policy)
    assert dict(capped)[REFUNDS] == pytest.approx(
        dict(blend([replace(spoken_for, score=1 / (1 + 2.718281828459045**-3.0))], ROUTES, policy))[REFUNDS]
    )
    once = texts.findings(said(LETTER), [given_to("refunds", LETTER)], NOW)
    assert judge(case(LETTER, about={"verdicts": once}), book(phrases={}), policy).route == "review"


def test_texts_are_known_by_any_of_their_keys_and_each_once():
    one, other = given_to("appeals", LETTER, 1), given_to("appeals", LETTER, 2)
    memory = Memory(texts=dict.fromkeys(one.keys, (one, other)))
    assert memory.known_by(one.keys) == (one, other)
    assert memory.known_by([1]) == ()


@given(st.text(st.characters(), max_size=300) | st.text(st.characters(categories=["Cs", "Lo", "Mn"]), max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_is_sketched(text: str):
    words = said(text, text[:20])
    assert all(isinstance(word, bytes) for word in words)
    assert texts.likeness(texts.sketch(words), texts.sketch(words)) == 1.0
    assert len(texts.sketch(words)) <= 512
    assert (texts.keys(words) == ()) == (len(words) < texts.LEAST_WORDS)


def test_of_ten_megabytes_the_beginning_counts():
    words = said("word " * 2_000_000)
    assert len(words) == 8000
    assert texts.keys(words) == texts.keys([b"word"] * 8000)
