"""Calibration: bins of equal mass, against sums by hand and against mail that is calibrated by construction."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.flow.calibration import BINS, calibration_error, calibration_interval, reliability

judged = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80)


def calibrated(n, seed=1):
    dice = random.Random(seed)
    return [(sure, dice.random() < sure) for sure in (dice.uniform(0.3, 1.0) for _ in range(n))]


def test_nothing_judged():
    assert reliability([]) == ()
    assert calibration_error([]) == 0.0
    assert calibration_interval([]) == (0.0, 1.0)


def test_by_hand():
    assert calibration_error([(1.0, True), (1.0, False)]) == 0.5
    assert calibration_error([(0.75, True), (0.25, False)]) == pytest.approx(0.25)
    four = [(0.6, True), (0.7, False), (0.8, True), (0.9, True)]
    # Two bins: .65 sure and half right, .85 sure and all right
    assert calibration_error(four, bins=2) == pytest.approx((0.15 + 0.15) / 2)
    low, high = reliability(four, bins=2)
    assert (low.n, low.confidence, low.accuracy) == (2, pytest.approx(0.65), pytest.approx(0.5))
    assert (high.n, high.confidence, high.accuracy) == (2, pytest.approx(0.85), pytest.approx(1.0))
    assert low.interval == pytest.approx((0.0945, 0.9055), abs=1e-3)


def test_a_border_parts_mails_of_equal_confidence_evenly():
    first, second, third = reliability([(0.5, True)] * 3 + [(0.5, False)] * 3, bins=3)
    assert [one.accuracy for one in (first, second, third)] == pytest.approx([0.5] * 3)


def test_bins_hold_the_same_number():
    assert [one.n for one in reliability(calibrated(100))] == [7] * 10 + [6] * 5
    assert [one.n for one in reliability(calibrated(4))] == [1] * 4


def test_calibrated_mail_has_little_error_and_bold_mail_has_much():
    mail = calibrated(6000)
    assert calibration_error(mail) < 0.02
    bold = [(sure**0.3, right) for sure, right in mail]
    assert calibration_error(bold) > 0.1


def test_the_interval_is_about_the_error_and_narrows():
    mail = [(min(sure + 0.1, 1.0), right) for sure, right in calibrated(2000)]
    error = calibration_error(mail)
    low, high = calibration_interval(mail)
    assert low < error < high
    assert low < 0.1 < high
    few = calibration_interval(mail[:200])
    assert few[1] - few[0] > 2 * (high - low)
    assert calibration_interval(mail) == (low, high)


@given(judged)
def test_the_order_changes_nothing_and_bins_hold_all(rows):
    assert calibration_error(rows) == pytest.approx(calibration_error(rows[::-1]))
    bins = reliability(rows)
    assert sum(one.n for one in bins) == len(rows)
    assert len(bins) == min(len(rows), BINS)
    assert sum(one.n * one.accuracy for one in bins) == pytest.approx(sum(right for _, right in rows))
    assert sum(one.n * one.confidence for one in bins) == pytest.approx(sum(sure for sure, _ in rows))
    assert 0.0 <= calibration_error(rows) <= 1.0
