"""The figures of an evaluation, checked against small sums done by hand and by properties."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.flow.measure import Labelled, Mistake, coverage, measure, part, precision_at
from postroom.model.mail import RouteName

ROUTES = [RouteName(name) for name in ("appeals", "refunds", "general")]


def one(route, decided, confidence=0.9, *, review=False, acceptable=()):
    return Labelled(route=route, decided=decided, confidence=confidence, review=review, acceptable=acceptable)


labelled = st.lists(
    st.builds(
        Labelled,
        route=st.sampled_from(ROUTES),
        decided=st.sampled_from(ROUTES),
        confidence=st.floats(0, 1),
        review=st.booleans(),
        acceptable=st.lists(st.sampled_from(ROUTES), max_size=2).map(tuple),
    ),
    max_size=40,
)


def test_nothing_measured_is_all_zero():
    figures = measure([])
    assert (figures.n, figures.accuracy, figures.ece, figures.coverage_at_1pct_error) == (0, 0.0, 0.0, 0.0)
    assert figures.routes == {}
    assert figures.confusion == {}


def test_precision_recall_and_confusion_by_hand():
    figures = measure(
        [
            one("appeals", "appeals"),
            one("appeals", "general"),
            one("general", "appeals"),
            one("general", "general"),
            one("refunds", "general"),
        ]
    )
    assert figures.accuracy == pytest.approx(2 / 5)
    appeals, general, refunds = (figures.routes[route] for route in ("appeals", "general", "refunds"))
    assert (appeals.precision, appeals.recall, appeals.f1, appeals.support) == (0.5, 0.5, 0.5, 2)
    assert (general.precision, general.recall) == (pytest.approx(1 / 3), 0.5)
    assert (refunds.precision, refunds.recall, refunds.f1, refunds.support) == (0.0, 0.0, 0.0, 1)
    assert figures.confusion == {
        "appeals": {"appeals": 1, "general": 1},
        "general": {"appeals": 1, "general": 1},
        "refunds": {"general": 1},
    }


def test_an_acceptable_route_counts_as_right_and_for_the_route_decided():
    figures = measure([one("appeals", "refunds", acceptable=("refunds",))])
    assert figures.accuracy == 1.0
    assert figures.routes["refunds"].recall == 1.0
    assert "appeals" not in figures.routes


def test_review_is_left_out_of_what_was_decided():
    figures = measure([one("appeals", "general", review=True), one("general", "general"), one("refunds", "general")])
    assert figures.review_rate == pytest.approx(1 / 3)
    assert figures.decided.share == pytest.approx(2 / 3)
    assert figures.decided.error == 0.5


def test_coverage_takes_the_surest_first_and_never_parts_equals():
    sure = [one("general", "general", 0.99) for _ in range(100)]
    assert coverage([*sure, one("general", "appeals", 0.5)], 0.01) == 1.0
    assert coverage([*sure, one("general", "appeals", 0.5), one("general", "appeals", 0.5)], 0.01) == pytest.approx(
        100 / 102
    )
    assert coverage([one("general", "appeals", 0.9), one("general", "general", 0.9)], 0.01) == 0.0


def test_coverage_recovers_after_an_early_mistake():
    early = [one("general", "appeals", 0.99), *[one("general", "general", 0.8) for _ in range(199)]]
    assert coverage(early, 0.01) == 1.0


def test_intervals_hold_their_figures():
    figures = measure(
        [one("general", "general")] * 8 + [one("appeals", "general"), one("appeals", "appeals", review=True)]
    )
    assert figures.accuracy_interval[0] < 0.9 < figures.accuracy_interval[1]
    assert figures.decided.error_interval[0] < 1 / 9 < figures.decided.error_interval[1]
    assert figures.decided.share_interval[0] < 0.9 < figures.decided.share_interval[1]
    assert figures.ece_interval[0] <= figures.ece <= figures.ece_interval[1]


def test_macro_figures_count_each_route_of_the_data_once():
    figures = measure([*[one("general", "general")] * 8, one("appeals", "general"), one("appeals", "junk")])
    assert figures.macro.recall == pytest.approx((1.0 + 0.0) / 2)
    assert figures.macro.precision == pytest.approx((8 / 9 + 0.0) / 2)
    assert figures.macro.f1 == pytest.approx(figures.routes["general"].f1 / 2)
    assert measure([]).macro.f1 == 0.0


def test_precision_where_a_route_is_rare_by_hand():
    assert precision_at(0.01, 0.9, 0.01) == pytest.approx(0.009 / (0.009 + 0.0099))
    rows = [*[one("appeals", "appeals")] * 9, one("appeals", "general"), *[one("general", "general")] * 98]
    rows += [one("general", "appeals")] * 2
    appeals = measure(rows).base_rates["appeals"]
    assert (appeals.recall, appeals.false_positive_rate) == (0.9, 0.02)
    assert [at.base_rate for at in appeals.precision] == [0.01, 0.03, 0.1]
    assert appeals.precision[2].precision == pytest.approx(0.09 / (0.09 + 0.018))
    for at in appeals.precision:
        assert 0.0 < at.at_least < at.precision


def test_hard_mail_is_told_apart():
    hard = Labelled(route="appeals", decided="general", confidence=0.9, hard=True)
    figures = measure([hard, one("general", "general")])
    assert (figures.hard.n, figures.hard.accuracy) == (1, 0.0)
    assert measure([one("general", "general")]).hard is None
    assert part([]).accuracy == 0.0


def test_the_coverage_curve_has_every_threshold_until_they_are_too_many():
    few = measure([one("general", "general", 0.9), one("general", "appeals", 0.9), one("general", "general", 0.5)])
    assert [(at.threshold, at.share, at.error) for at in few.coverage_curve] == [
        (0.9, pytest.approx(2 / 3), 0.5),
        (0.5, 1.0, pytest.approx(1 / 3)),
    ]
    many = measure([one("general", "general", number / 1000) for number in range(1000)]).coverage_curve
    assert len(many) == 200
    assert (many[0].threshold, many[-1].threshold, many[-1].share) == (0.999, 0.0, 1.0)


def test_a_mistake_can_be_told_without_its_words():
    told = Mistake(
        path="a#1", language="en", route="appeals", decided="general", confidence=0.9, review=False,
        subject="secret", text="secret",
    )  # fmt: skip
    assert (told.untold.path, told.untold.subject, told.untold.text) == ("a#1", "", "")


@settings(deadline=None, max_examples=40)
@given(labelled)
def test_figures_are_shares_that_agree_with_one_another(rows):
    figures = measure(rows)
    shares = [
        figures.accuracy,
        figures.review_rate,
        figures.coverage_at_1pct_error,
        figures.ece,
        figures.decided.share,
        figures.decided.error,
    ]
    assert all(0.0 <= share <= 1.0 + 1e-9 for share in shares)
    assert sum(sum(row.values()) for row in figures.confusion.values()) == figures.n == len(rows)
    assert sum(score.support for score in figures.routes.values()) == len(rows)
    right = sum(row.get(route, 0) for route, row in figures.confusion.items())
    assert figures.accuracy == pytest.approx(right / len(rows) if rows else 0.0)
    assert json.loads(json.dumps(figures.facts()))["n"] == len(rows)


@settings(deadline=None, max_examples=40)
@given(labelled)
def test_order_changes_nothing(rows):
    forward, back = measure(rows), measure(rows[::-1])
    assert forward.routes == back.routes
    assert forward.confusion == back.confusion
    assert forward.coverage_at_1pct_error == back.coverage_at_1pct_error
    assert forward.ece == pytest.approx(back.ece)


def test_figures_are_plain_values():
    facts = json.loads(json.dumps(measure([one("appeals", "appeals"), one("refunds", "general")]).facts()))
    assert (facts["n"], facts["accuracy"], facts["decided"]["share"]) == (2, 0.5, 1.0)
    assert facts["confusion"]["refunds"] == {"general": 1}
