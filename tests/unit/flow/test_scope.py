"""Mail out of scope, by the confidence it gets."""

from hypothesis import given
from hypothesis import strategies as st

from postroom.flow.scope import scope_figures

few = st.lists(st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9]), min_size=1, max_size=12)


def test_by_hand():
    found = scope_figures([0.9, 0.8, 0.6], [0.7, 0.6])
    # Of six pairs the first is surer in 4, as sure in 1
    assert (found.n, found.auroc) == (2, 4.5 / 6)
    # Less than a twentieth of three mails is none: nothing below the least sure
    assert (found.threshold, found.recall_at_5pct_rejects) == (0.6, 0.0)


def test_the_threshold_rejects_at_most_a_twentieth():
    inside = [number / 100 for number in range(1, 101)]
    found = scope_figures(inside, [0.01, 0.05, 0.06, 0.9])
    assert found.threshold == 0.06
    assert sum(one < found.threshold for one in inside) == 5
    assert found.recall_at_5pct_rejects == 0.5


def test_nothing_to_compare():
    assert scope_figures([], [0.5]).auroc == 0.0
    assert scope_figures([0.5], []).recall_at_5pct_rejects == 0.0


@given(few, few)
def test_auroc_is_the_chance_that_mail_inside_is_surer(inside, outside):
    pairs = [(a > b) + (a == b) / 2 for a in inside for b in outside]
    found = scope_figures(inside, outside)
    assert abs(found.auroc - sum(pairs) / len(pairs)) < 1e-9
    assert sum(one < found.threshold for one in inside) <= 0.05 * len(inside)
    assert abs(found.auroc + scope_figures(outside, inside).auroc - 1.0) < 1e-9
