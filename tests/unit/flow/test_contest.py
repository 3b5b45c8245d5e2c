"""Who wins, and by how much: by hand, and where it must not be won."""

from dataclasses import replace

import pytest

from postroom.flow.contest import DRAWS, OBJECTION, Pair, compare, contest
from postroom.model.judgement import REVIEW
from postroom.model.mail import MailId, RouteName
from postroom.testing.values import a_decision

APPEALS, GENERAL = RouteName("appeals"), RouteName("general")


def a_pair(number: int, route: str, champion: str, challenger: str, **changes) -> Pair:
    old, new = (
        a_decision(MailId(f"m{number}"), decided=RouteName(said), route=RouteName(said))
        for said in (champion, challenger)
    )
    return replace(
        Pair(route=RouteName(route), champion=old, challenger=new, weight=1.0, family=number, by="ada"), **changes
    )


def pairs(*groups: tuple[int, str, str, str], **changes) -> list[Pair]:
    made: list[Pair] = []
    for count, route, champion, challenger in groups:
        made += [a_pair(len(made) + n, route, champion, challenger, **changes) for n in range(count)]
    return made


BETTER = pairs((40, "appeals", "appeals", "appeals"), (10, "appeals", "general", "appeals"), (150, "general", "general", "general"))  # fmt: skip


def test_better_and_nothing_lost_wins() -> None:
    found = contest(BETTER, (APPEALS,))
    assert found.won
    assert (found.accuracy.champion, found.accuracy.challenger) == (190 / 200, 1.0)
    assert 0.0 < found.accuracy.low < found.accuracy.gained < found.accuracy.high
    assert [route for route, _ in found.recall] == ["appeals", "general"]
    assert found.facts()["won"] is True
    assert found.facts()["recall"]["appeals"]["n"] == 50
    assert contest(BETTER, (APPEALS,)) == found


def test_as_good_does_not_win() -> None:
    found = contest(pairs((100, "general", "general", "general")), ())
    assert not found.won
    assert "right no more often" in found.against[0]


def test_a_few_mails_more_are_no_proof() -> None:
    found = contest(pairs((60, "general", "general", "general"), (9, "general", "appeals", "general"), (8, "general", "general", "appeals")), ())  # fmt: skip
    assert found.accuracy.gained > 0.0
    assert len(found.against) == 2
    assert "too few to tell" in found.against[0]
    assert "more may go to a wrong desk unseen" in found.against[1]


def test_what_is_lost_of_a_protected_route_is_not_made_up_for() -> None:
    lost = [*BETTER, *pairs((4, "appeals", "appeals", "general"), (20, "general", "appeals", "general"))]
    lost = [replace(pair, family=number) for number, pair in enumerate(lost)]
    found = contest(lost, (APPEALS,))
    assert found.accuracy.low > 0.0
    assert not found.won
    assert "may find fewer of appeals" in found.against[0]
    assert contest(lost, ()).won
    assert contest(lost, (RouteName("nobody-wrote"),)).won


def test_a_mail_counts_for_as_many_as_it_stands_for() -> None:
    heavy = [a_pair(1, "general", "general", "appeals", weight=9.0), a_pair(2, "general", "appeals", "general")]
    share = compare(heavy, lambda pair, decision: decision.decided == pair.route)
    assert (share.champion, share.challenger) == (0.9, pytest.approx(0.1))


def test_mails_of_one_family_are_one_witness() -> None:
    apart = compare(BETTER, lambda pair, decision: decision.decided == pair.route)
    together = compare(
        [replace(pair, family=0 if pair.champion.decided != pair.route else pair.family) for pair in BETTER],
        lambda pair, decision: decision.decided == pair.route,
    )
    assert together.low == 0.0 < apart.low
    assert together.gained == apart.gained


def test_wrong_and_unseen_is_told_apart_from_what_waits_for_a_person() -> None:
    one = a_pair(1, "appeals", "general", "general")
    asked = replace(one, challenger=replace(one.challenger, route=REVIEW))
    found = contest([asked], ())
    assert (found.unseen.champion, found.unseen.challenger) == (1.0, 0.0)


def test_mail_that_goes_wrong_unseen_is_not_made_up_for() -> None:
    """The champion errs in review only; the challenger errs less, and nobody sees it."""
    right = pairs((162, "general", "general", "general"))
    better = [
        replace(pair, champion=replace(pair.champion, route=REVIEW))
        for pair in pairs((16, "general", "appeals", "general"))
    ]
    unseen = [
        replace(pair, champion=replace(pair.champion, route=REVIEW))
        for pair in pairs((22, "general", "appeals", "appeals"))
    ]
    both = [replace(pair, family=number) for number, pair in enumerate([*right, *better, *unseen])]
    found = contest(both, ())
    assert (found.accuracy.champion, found.accuracy.challenger) == (0.81, 0.89)
    assert (found.unseen.champion, found.unseen.challenger) == (0.0, 0.11)
    assert len(found.against) == 1
    assert "more may go to a wrong desk unseen: 11.0% of the mails, the model in force 0.0%" in found.against[0]


def test_a_little_more_that_goes_wrong_unseen_is_refused_when_it_may_be_much() -> None:
    """One such mail among 60 may be one in twenty; among 400 it is next to nothing."""
    one = [replace(pair, champion=replace(pair.champion, route=REVIEW)) for pair in pairs((1, "general", "appeals", "appeals"))]  # fmt: skip
    for right, gained, won in ((54, 5, False), (369, 30, True)):
        both = [*one, *pairs((right, "general", "general", "general"), (gained, "general", "appeals", "general"))]
        # What is gained was in review.
        both = [
            replace(pair, family=number, champion=replace(pair.champion, route=REVIEW))
            for number, pair in enumerate(both)
        ]
        assert contest(both, ()).won == won


def test_nobody_alone_puts_a_model_into_force() -> None:
    """Mallory answered more than all others: by her word it is better, by theirs it is not."""
    hers = pairs((120, "general", "appeals", "general"), by="mallory")
    theirs = pairs((80, "general", "general", "general"), (6, "appeals", "appeals", "general"))
    both = [replace(pair, family=n) for n, pair in enumerate([*hers, *theirs])]
    found = contest(both, ())
    assert found.accuracy.low > 0.0
    assert found.against == (
        "without the word of mallory it is worse",
        "without the word of mallory more goes to a wrong desk unseen",
    )
    assert "without the word of mallory it finds fewer of appeals" in contest(both, (APPEALS,)).against
    assert contest(hers, ()).won
    assert DRAWS > 1000


def test_who_is_of_no_opinion_puts_nothing_into_force_either() -> None:
    """By Mallory's word it is better; by the others' it is neither."""
    hers = pairs((120, "general", "appeals", "general"), by="mallory")
    theirs = pairs((70, "general", "general", "general"), (10, "appeals", "appeals", "appeals"))
    weighed = [replace(pair, family=n, weight=1 / 0.3) for n, pair in enumerate([*hers, *theirs])]
    assert contest(weighed, (APPEALS,)).against == ("without the word of mallory it is right no more often",)
    even = [*weighed, a_pair(900, "general", "appeals", "general", weight=0.3), a_pair(901, "general", "general", "appeals", weight=0.3)]  # fmt: skip
    assert contest(even, (APPEALS,)).against == ("without the word of mallory it is right no more often",)
    better = [*weighed, a_pair(900, "general", "appeals", "general")]
    assert contest(better, (APPEALS,)).won
    assert contest([*hers, *theirs[: OBJECTION - 1]], ()).won, "a word or two of others can't hold up a team of one"


def test_what_goes_wrong_unseen_by_the_word_of_others_is_not_made_up_for_by_one() -> None:
    hers = pairs((120, "general", "appeals", "general"), by="mallory")
    gained = pairs((10, "general", "appeals", "general"))
    lost = pairs((5, "general", "appeals", "appeals"))
    asked = [replace(pair, champion=replace(pair.champion, route=REVIEW)) for pair in [*gained, *lost]]
    both = [replace(pair, family=n) for n, pair in enumerate([*hers, *asked])]
    assert contest(both, ()).against == ("without the word of mallory more goes to a wrong desk unseen",)
