"""Who wins, and by how much: by hand, and where it must not be won."""

from dataclasses import replace

import pytest

from postroom.flow.contest import DRAWS, Pair, compare, contest
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
    assert len(found.against) == 1
    assert "too few to tell" in found.against[0]


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


def test_nobody_alone_puts_a_model_into_force() -> None:
    """Mallory answered more than all others: by her word it is better, by theirs it is not."""
    hers = pairs((120, "general", "appeals", "general"), by="mallory")
    theirs = pairs((80, "general", "general", "general"), (6, "appeals", "appeals", "general"))
    both = [replace(pair, family=n) for n, pair in enumerate([*hers, *theirs])]
    found = contest(both, ())
    assert found.accuracy.low > 0.0
    assert found.against == ("without the word of mallory it is worse",)
    assert "without the word of mallory it finds fewer of appeals" in contest(both, (APPEALS,)).against
    assert contest(hers, ()).won
    assert DRAWS > 1000
