"""How frequent routes are, on mail whose shares are known because it was made so."""

import random

import pytest

from postroom.flow import priors
from postroom.flow.priors import Calibration, calibrate, estimate

ROUTES = ("appeals", "general", "refunds")
EVEN = dict.fromkeys(ROUTES, 1 / 3)


def mail(shares, n, assumed=EVEN, seed=1):
    """(route, probabilities) of mails of these shares, calibrated for mail of the shares that are assumed."""
    dice = random.Random(seed)
    found = []
    for _ in range(n):
        route = dice.choices(ROUTES, [shares[one] for one in ROUTES])[0]
        # What was seen: the route itself in seven of ten, else another. So it is likely, given each route:
        seen = route if dice.random() < 0.7 else dice.choice([one for one in ROUTES if one != route])
        likely = {one: 0.7 if one == seen else 0.15 for one in ROUTES}
        total = sum(likely[one] * assumed[one] for one in ROUTES)
        found.append((route, {one: likely[one] * assumed[one] / total for one in ROUTES}))
    return found


def probabilities(found):
    return [shares for _, shares in found]


@pytest.mark.parametrize("assumed", [EVEN, {"appeals": 0.1, "general": 0.8, "refunds": 0.1}])
def test_it_finds_shares_that_are_not_the_assumed_ones(assumed):
    true = {"appeals": 0.05, "general": 0.85, "refunds": 0.1}
    found = estimate(probabilities(mail(true, 5000, assumed)), assumed)
    for route in ROUTES:
        assert found[route].share == pytest.approx(true[route], abs=0.025)
        low, high = found[route].interval
        assert low - 0.01 <= true[route] <= high + 0.01
    assert sum(one.share for one in found.values()) == pytest.approx(1.0)


def test_by_hand_certain_mail_is_counted():
    sure = [{"appeals": 1.0}] * 3 + [{"general": 1.0}] * 7
    found = estimate(sure, {"appeals": 0.5, "general": 0.5})
    assert (found["appeals"].share, found["general"].share) == (pytest.approx(0.3), pytest.approx(0.7))


def test_mail_that_says_nothing_leaves_what_was_assumed():
    assumed = {"appeals": 0.2, "general": 0.8}
    for silent in ([assumed] * 40, [{"junk": 1.0}] * 40):
        found = estimate(silent, assumed)
        assert found["appeals"].share == pytest.approx(0.2)


def test_nothing_of_nothing():
    assert estimate([], EVEN) == {}


def test_it_ends_where_it_would_go_on_for_ever():
    """Every mail says refunds by a hair: the share of the others falls to nothing ever more slowly."""
    found = estimate([{"general": 0.4999, "refunds": 0.5001}] * 50, {"general": 0.5, "refunds": 0.5})
    assert found["refunds"].share > 0.5


@pytest.mark.parametrize("power", [0.5, 2.0])
def test_evidence_that_is_too_modest_or_too_bold_is_known_by_labelled_mail(power):
    true = {"appeals": 0.1, "general": 0.7, "refunds": 0.2}

    def bent(shares):
        return {one: share ** (1 / power) for one, share in shares.items()}

    labelled = [(bent(shares), route) for route, shares in mail(EVEN, 2000, seed=2)]
    reading = calibrate(labelled, EVEN)
    assert reading.power == pytest.approx(power, rel=0.15)
    assert max(map(abs, reading.bias.values())) < 0.3
    asked = [bent(shares) for _, shares in mail(true, 4000)]
    right, wrong = estimate(asked, EVEN, labelled), estimate(asked, EVEN)
    assert right["general"].share == pytest.approx(0.7, abs=0.04)
    assert abs(wrong["general"].share - 0.7) > 0.05


def test_that_a_mail_says_nothing_speaks_for_a_desk_without_words_of_its_own():
    """Phrases find most appeals and no general mail: of mail that says nothing, nearly all is general."""
    assumed = {"appeals": 0.3, "general": 0.7}
    says = {"appeals": 0.95, "general": 0.05}
    labelled = [(says, "appeals")] * 45 + [(assumed, "appeals")] * 5 + [(assumed, "general")] * 50
    month = [says] * 90 + [assumed] * 910
    assert estimate(month, assumed, labelled)["appeals"].share == pytest.approx(0.1, abs=0.03)
    assert estimate(month, assumed)["appeals"].share > 0.9


def test_without_labelled_mail_evidence_is_read_as_it_is():
    as_it_is = Calibration(bias=dict.fromkeys(ROUTES, 0.0))
    assert calibrate([], EVEN) == as_it_is
    other = probabilities(mail(EVEN, 100))
    assert calibrate([(shares, "automatic") for shares in other], EVEN) == as_it_is
    few = calibrate([(shares, "appeals") for shares in other[:3]], EVEN)
    assert few.power == pytest.approx(1.0, abs=0.5)


def test_evidence_that_misleads_is_hardly_read():
    labelled = mail(EVEN, 300)
    turned = {"appeals": "general", "general": "refunds", "refunds": "appeals"}
    reading = calibrate([(shares, turned[route]) for route, shares in labelled], EVEN)
    assert reading.power == pytest.approx(0.1)


def test_the_reading_is_looked_for_in_so_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    labelled = [(shares, route) for route, shares in mail(EVEN, 200)]
    whole = calibrate(labelled, EVEN)
    monkeypatch.setattr(priors, "_STEPS", 1)
    assert calibrate(labelled, EVEN) != whole


def test_intervals_know_how_few_mails_say_how_evidence_is_to_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 95 % intervals by 60 labelled mails more than four in five hold the truth; unlabelled mail alone drawn anew, half."""
    monkeypatch.setattr(priors, "_RESAMPLES", 40)
    true = {"appeals": 0.05, "general": 0.8, "refunds": 0.15}
    held, widths = [], {60: 0.0, 1200: 0.0}
    for seed in range(12):
        month = probabilities(_spoken(true, 300, seed))
        for labels in widths:
            labelled = [(shares, route) for route, shares in _spoken(EVEN, labels, 1000 + seed)]
            found = estimate(month, EVEN, labelled)
            widths[labels] += found["general"].interval[1] - found["general"].interval[0]
            if labels == 60:
                held += [one.interval[0] <= true[route] <= one.interval[1] for route, one in found.items()]
    assert sum(held) / len(held) > 0.8
    assert widths[60] > 1.3 * widths[1200]


def _spoken(shares, n, seed):
    """(route, probabilities) of mails about which evidence is too bold, and has a liking for general."""
    dice = random.Random(seed)
    found = []
    for _ in range(n):
        route = dice.choices(ROUTES, [shares[one] for one in ROUTES])[0]
        likely = {one: 2.0 ** dice.gauss(3.0 * (one == route) + 0.6 * (one == "general"), 2.5) for one in ROUTES}
        found.append((route, {one: likely[one] / sum(likely.values()) for one in ROUTES}))
    return found
