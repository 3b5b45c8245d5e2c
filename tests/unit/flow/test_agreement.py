"""How often decisions agree with people: by hand, and for populations that are known."""

import random
from dataclasses import replace

import pytest

from postroom.flow.agreement import ENOUGH, Agreements, agreement, wilson
from postroom.model.judgement import Verdict
from postroom.model.mail import MailId, RouteName

ONE = Verdict(
    mail_id=MailId("m0"),
    generation=1,
    said=RouteName("appeals"),
    decided=RouteName("appeals"),
    confidence=0.9,
    by="ada",
    at=0.0,
    asked="audit",
    probability=0.01,
)


def verdict(number: int, right: bool = True, **changed) -> Verdict:
    said = RouteName("appeals" if right else "general")
    return replace(ONE, mail_id=MailId(f"m{number}"), said=said, **changed)


def row(found: Agreements, group: str, route: str = ""):
    return next((one for one in found.rows if (one.route, one.group) == (route, group)), None)


def test_a_verdict_stands_for_as_many_as_its_probability_says() -> None:
    assert verdict(1).weight == pytest.approx(100.0)
    assert verdict(1, probability=1.0).weight == 1.0
    assert verdict(1, probability=None).weight == verdict(1, probability=0.0).weight == 0.0
    assert (verdict(1).right, verdict(1, right=False).right) == (True, False)


def test_with_few_no_share_is_given() -> None:
    found = agreement([verdict(n) for n in range(ENOUGH - 1)])
    assert [(one.group, one.route, one.verdicts, one.right, one.share) for one in found.rows] == [
        ("audit", "", 29, 29, None),
        ("all", "", 29, 29, None),
        ("audit", "appeals", 29, 29, None),
        ("all", "appeals", 29, 29, None),
    ]
    assert agreement([]) == Agreements(rows=(), corrections=0)


def test_wilsons_interval() -> None:
    """The values of Wilson's formula for 9 of 10 and 30 of 30, as in Agresti & Coull 1998."""
    assert wilson(0.9, 10) == pytest.approx((0.596, 0.982), abs=0.001)
    assert wilson(1.0, 30) == pytest.approx((0.886, 1.0), abs=0.001)
    assert wilson(0.0, 30) == pytest.approx((0.0, 0.114), abs=0.001)


def test_each_weighs_by_its_probability() -> None:
    """A share that was raised: 30 mails drawn with 1 %, all right, and 30 drawn with 10 %, all wrong."""
    rare = [verdict(n) for n in range(30)]
    often = [verdict(100 + n, right=False, probability=0.1) for n in range(30)]
    found = row(agreement(rare + often), "audit")
    assert (found.verdicts, found.right) == (60, 30)
    assert found.share == pytest.approx(3000 / 3300)
    worth = 3300**2 / (30 * 100**2 + 30 * 10**2)
    assert (found.low, found.high) == pytest.approx(wilson(3000 / 3300, worth))


def test_of_all_only_an_audit_tells() -> None:
    in_review = [verdict(n, right=n % 2 == 0, asked="review", probability=1.0) for n in range(40)]
    found = agreement(in_review)
    assert row(found, "review").share == 0.5
    assert row(found, "all").share is None, "the others were never looked at"
    found = agreement(in_review + [verdict(100 + n) for n in range(40)])
    assert row(found, "all").share == pytest.approx((20 + 4000) / 4040)


def test_corrections_that_nobody_asked_for_are_counted_apart() -> None:
    unasked = [verdict(n, right=False, asked="correction", probability=None) for n in range(50)]
    found = agreement([*unasked, verdict(90, asked="import", probability=None)])
    assert found == Agreements(rows=(), corrections=50)


def test_the_last_word_on_a_mail_is_what_it_is() -> None:
    first = verdict(1)
    undone = replace(
        first, generation=2, said=RouteName("refunds"), asked="correction", probability=None, over="ada", at=1.0
    )
    found = agreement([first, undone])
    assert found.corrections == 0
    assert [(one.group, one.right) for one in found.rows if not one.route] == [("audit", 0), ("all", 0)]
    assert agreement([undone]).rows == ()


def test_the_estimate_is_right_on_a_population_that_is_known() -> None:
    """100,000 decisions, 4 % of them wrong; 1 % drawn. The truth lies within the interval nineteen times in twenty."""
    inside = 0
    for seed in range(60):
        chance = random.Random(seed)
        drawn = [verdict(n, right=chance.random() >= 0.04) for n in range(100_000 // 100)]
        found = row(agreement(drawn), "audit", "appeals")
        inside += found.low <= 0.96 <= found.high
    assert inside >= 52
