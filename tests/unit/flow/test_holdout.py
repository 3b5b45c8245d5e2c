"""The last words are held back, and nothing like them is trained on."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.decide import texts
from postroom.flow.holdout import (
    LEAST,
    LEAST_AUDITED,
    LEAST_OF_OTHERS,
    LEAST_PROTECTED,
    LEAST_PROTECTED_AUDITED,
    LEAST_PROTECTED_OF_OTHERS,
    Parts,
    TooFew,
    families,
    part,
)
from postroom.flow.taught import Taught
from postroom.model.mail import RouteName
from tests.unit.flow.school import School, prose

APPEALS, GENERAL = RouteName("appeals"), RouteName("general")


def a_word(number: int, route: RouteName = GENERAL, **changes) -> Taught:
    one = Taught(
        id=f"m{number:05d}",
        route=route,
        at=1000.0 + number,
        why="audit" if number % 2 else "review",
        probability=1.0,
        sketch=b"%d" % number,
    )
    return replace(one, **changes)


def parted(taught: list[Taught], *protected: RouteName) -> Parts | TooFew:
    return part(taught, families(taught), protected)


def test_threads_addresses_and_likeness_make_families() -> None:
    school = School()
    text = prose("appeals", 1)
    school.teach(text, "appeals", sender="a@gmail.com", thread="t1")
    school.teach(prose("appeals", 2), "appeals", sender="b@gmail.com", thread="t1")
    school.teach(prose("appeals", 3), "appeals", sender="b@gmail.com", thread="t2")
    school.teach(f"{text} really", "appeals", sender="c@gmail.com", thread="t3")
    school.teach("no", "general", sender="d@gmail.com", thread="t4")
    school.teach("no", "general", sender="e@gmail.com", thread="t5")
    school.teach(prose("appeals", 4), "appeals", sender="f@gmail.com", thread="t6")
    assert families(school.teachers().taught(0.0)) == [0, 0, 0, 0, 4, 4, 6]


def test_the_last_quarter_of_what_was_asked_for_is_held_back() -> None:
    taught = [a_word(n) if n % 5 else a_word(n, why="correction", probability=None) for n in range(500)]
    found = parted(taught)
    assert isinstance(found, Parts)
    assert len(found.held) == 100
    assert {taught[n].why for n in found.held} == {"review", "audit"}
    assert found.since == min(taught[n].at for n in found.held)
    assert max(taught[n].at for n in found.trained) < found.since
    assert {taught[n].why for n in found.trained} == {"review", "audit", "correction"}


def test_a_family_that_is_held_back_is_not_trained_on() -> None:
    taught = [a_word(n, ties=(f"from {n % 50}",) if n % 10 == 0 else ()) for n in range(400)]
    family = families(taught)
    found = part(taught, family, ())
    assert isinstance(found, Parts)
    assert not {family[n] for n in found.held} & {family[n] for n in found.trained}
    assert len(found.held) == 100
    assert len(found.trained) == 300 - 30


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.booleans()), min_size=120, max_size=200))
def test_nothing_leaks(rows) -> None:
    taught = [
        a_word(
            n,
            ties=(f"thread {thread}", *([f"from {sender}"] if shown else [])),
            sketch=texts.sketch([b"w%d" % (sender // 3), b"x", b"y", b"z"]),
        )
        for n, (thread, sender, shown) in enumerate(rows)
    ]
    found = parted(taught)
    assert isinstance(found, Parts)
    held = [taught[n] for n in found.held]
    trained = [taught[n] for n in found.trained]
    assert not {tie for one in held for tie in one.ties} & {tie for one in trained for tie in one.ties}
    assert not {one.sketch for one in held} & {one.sketch for one in trained}
    assert all(one.at < found.since for one in trained)


def test_too_few_are_told_with_how_many_are_needed() -> None:
    assert parted([]) == TooFew(have=0, need=2 * LEAST)
    assert parted([a_word(n) for n in range(119)]) == TooFew(have=119, need=2 * LEAST)
    found = parted([a_word(n) for n in range(120)])
    assert isinstance(found, Parts)
    assert len(found.held) == LEAST


def test_more_is_held_back_until_there_is_enough_of_what_is_protected() -> None:
    early = [a_word(n, APPEALS if 110 <= n < 120 else GENERAL) for n in range(200)]
    found = parted(early, APPEALS)
    assert isinstance(found, Parts)
    assert len(found.held) == 90
    assert parted([a_word(n, APPEALS if n < 120 else GENERAL) for n in range(225)], APPEALS) == TooFew(
        have=7, need=LEAST_PROTECTED, route=APPEALS
    )
    assert parted([a_word(n) for n in range(400)], APPEALS) == TooFew(have=0, need=LEAST_PROTECTED, route=APPEALS)


@pytest.mark.parametrize("verdicts", [0, 119])
def test_labels_of_the_past_are_tried_on_where_verdicts_do_not_suffice(verdicts: int) -> None:
    past = [a_word(n, why="import", at=float(n)) for n in range(240)]
    taught = [*past, *(a_word(300 + n) for n in range(verdicts))]
    found = parted(taught)
    assert isinstance(found, Parts)
    assert len(found.held) == 60
    assert {taught[n].why for n in found.held} == {"import"}
    enough = parted([*past, *(a_word(300 + n) for n in range(120))])
    assert isinstance(enough, Parts)
    assert min(enough.held) >= 240


def test_others_than_the_loudest_must_have_a_say() -> None:
    several = [a_word(n, by="ada" if n % 25 else "bob") for n in range(600)]
    found = parted(several)
    assert isinstance(found, Parts)
    assert sum(several[n].by == "bob" for n in found.held) == 10
    assert len(found.held) > 150
    flood = [a_word(n, by="mallory" if n >= 300 else "ada") for n in range(800)]
    assert parted(flood) == TooFew(have=0, need=LEAST_OF_OTHERS, besides="mallory")


def test_others_than_the_loudest_must_have_a_say_of_each_protected_route() -> None:
    """Bob's words are on easy mail of another desk: who of appeals are found is for Ada alone to say."""
    easy = [a_word(n, APPEALS if n % 5 == 0 else GENERAL, by="bob" if n % 5 == 1 else "ada") for n in range(400)]
    assert parted(easy, APPEALS) == TooFew(have=0, need=LEAST_PROTECTED_OF_OTHERS, route=APPEALS, besides="ada")
    both = [replace(one, by="bob") if n % 50 == 0 else one for n, one in enumerate(easy)]
    assert parted(both, APPEALS) == TooFew(have=4, need=LEAST_PROTECTED_OF_OTHERS, route=APPEALS, besides="ada")
    found = parted([replace(one, by="bob") if n % 40 == 0 else one for n, one in enumerate(easy)], APPEALS)
    assert isinstance(found, Parts)
    assert sum(easy[n].route == APPEALS and n % 40 == 0 for n in found.held) == LEAST_PROTECTED_OF_OTHERS
    assert len(found.held) > 100


def test_mail_in_review_says_nothing_of_what_goes_unseen() -> None:
    in_review = [a_word(n, why="review") for n in range(800)]
    assert parted(in_review) == TooFew(have=0, need=LEAST_AUDITED, audited=True)
    some = [replace(one, why="audit") if n % 10 == 0 else one for n, one in enumerate(in_review)]
    found = parted(some)
    assert isinstance(found, Parts)
    assert len(found.held) > 200
    assert sum(some[n].why == "audit" for n in found.held) == LEAST_AUDITED
    all_general = [replace(one, route=GENERAL if one.why == "audit" else APPEALS) for one in some]
    assert parted(all_general, APPEALS) == TooFew(have=0, need=LEAST_PROTECTED_AUDITED, route=APPEALS, audited=True)
    past = [a_word(n, why="import", at=float(n + 1)) for n in range(120)]
    assert isinstance(parted([*past, *in_review]), Parts), "a past that was labelled whole has both"


def test_who_left_long_ago_holds_nobody_up() -> None:
    alone = [a_word(n, by="ada" if n < 300 else "bob", at=n * 86_400.0) for n in range(800)]
    assert isinstance(parted(alone), Parts)
    assert isinstance(parted([a_word(n, by="ada") for n in range(800)]), Parts)
