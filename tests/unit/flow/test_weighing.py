"""Learning how far sources are to be believed: from streams in which it is known."""

import dataclasses
import json
import random
from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import pytest

from postroom.decide.blend import blend, score
from postroom.decide.policy import Caps, Policy
from postroom.flow import multipliers, weighing
from postroom.flow.multipliers import Judged
from postroom.flow.weighing import gather, weigh, weighed_facts
from postroom.model.judgement import AUTOMATIC, Decision, Finding, Verdict
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.testing.values import a_decision

ROUTES = tuple(map(RouteName, ("appeals", "refunds", "general")))
APPEALS, REFUNDS, GENERAL = ROUTES
# Wide caps, so that evidence is what it was drawn as.
POLICY = Policy(caps=Caps(words=20, thread=20, account=20, history=20), junk_prior=0.001)
NAMES = ("ada", "bob", "carla", "dora")

Exaggerates = dict[str, float]


def evidence(right: RouteName, source: str, power: float, chance: random.Random) -> Iterator[Finding]:
    """What a source says of each route: log-odds that are right on average, times its power.

    For draws ``g`` that are normal around 1 for the right route and around 0 for the others, ``g - 1/2`` is the log of
    the likelihood ratio (both with variance 1).
    """
    for route in ROUTES:
        drawn = chance.gauss(1.0 if route == right else 0.0, 1.0) - 0.5
        yield Finding(source=source, route=route, score=score(power * drawn), reason="", name=source)  # type: ignore[arg-type]


def stream(
    count: int,
    powers: Exaggerates,
    *,
    seed: int = 1,
    say: Callable[[int, RouteName, Decision], RouteName] = lambda _number, right, _decision: right,
    by: Callable[[int], str] = lambda number: NAMES[number % len(NAMES)],
    asked: str = "audit",
    probability: float | None = 1.0,
) -> list[Judged]:
    """Verdicts on mails whose sources exaggerate by these powers."""
    chance = random.Random(seed)
    priors = POLICY.prior((*ROUTES, RouteName("junk")))
    found = []
    for number in range(count):
        right = chance.choices(ROUTES, [priors[route] for route in ROUTES])[0]
        findings = tuple(one for source, power in powers.items() for one in evidence(right, source, power, chance))
        probabilities = blend(findings, ROUTES, POLICY)
        best, confidence = probabilities[0]
        mail_id = MailId(f"m{number}")
        decision = a_decision(
            mail_id,
            route=best,
            decided=best,
            confidence=confidence,
            probabilities=probabilities,
            findings=findings,
            brand=BrandName("shop"),
        )
        verdict = Verdict(
            mail_id=mail_id,
            generation=1,
            said=say(number, right, decision),
            decided=best,
            confidence=confidence,
            by=by(number),
            at=1000.0 + number,
            asked=asked,  # type: ignore[arg-type]
            probability=probability,
            number=number + 1,
        )
        found.append(Judged(decision=decision, verdict=verdict))
    return found


def test_a_source_that_exaggerates_is_recovered_and_used() -> None:
    found = weigh(stream(1500, {"thread": 2.5, "classifier": 1.0, "account": 1.0}), POLICY)
    assert found.used, found.against
    assert 0.5 <= found.scales["thread"] < 0.6
    assert found.scales.get("words", 1.0) == pytest.approx(1.0, abs=0.2)
    assert found.scales.get("account", 1.0) == pytest.approx(1.0, abs=0.2)
    assert "rule" not in found.scales, "what never spoke is left as it is"
    assert found.tried is not None
    assert found.tried.after < found.tried.before
    assert found.tried.interval[1] < 0.0
    assert found.tried.in_force == found.tried.before, "nothing is in force"
    assert found.tried.in_force_interval == (0.0, 0.0)
    assert found.spoke["thread"] == found.learned
    assert found.spoke["rule"] == 0
    assert (found.learned, found.tried.n) == (1050, 450)


def test_by_how_much_it_exaggerates_is_found_but_for_the_pull_of_the_default() -> None:
    found = weigh(stream(4000, {"thread": 1.6, "classifier": 1.0, "account": 1.0}), POLICY)
    assert found.used, found.against
    assert found.scales["thread"] == pytest.approx(1 / 1.6, abs=0.06)
    assert found.temperature == pytest.approx(1.0, abs=0.1)


def test_a_source_that_is_too_modest_is_believed_more() -> None:
    found = weigh(stream(1500, {"thread": 0.5, "classifier": 1.0}), POLICY)
    assert found.used, found.against
    assert 1.2 < found.scales["thread"] <= 1.5


def test_what_all_exaggerate_becomes_temperature() -> None:
    found = weigh(stream(1500, {"thread": 1.7, "classifier": 1.7, "account": 1.7}), POLICY)
    assert found.used, found.against
    assert found.temperature > 1.1


def test_evidence_that_is_right_as_it_is_stays_as_it_is() -> None:
    found = weigh(stream(900, {"thread": 1.0, "classifier": 1.0, "account": 1.0}), POLICY)
    assert not found.used
    assert "not better for certain" in found.against[0]
    assert all(scale == pytest.approx(1.0, abs=0.2) for scale in found.scales.values())


@pytest.mark.parametrize(
    ("powers", "low", "high"),
    [({"thread": 30.0, "classifier": 1.0}, 0.5, 0.5), ({"thread": 0.05, "history": 0.05}, 1.0, 1.5)],
)
def test_multipliers_and_temperature_have_bounds(powers, low, high) -> None:
    found = weigh(stream(1200, powers), POLICY)
    assert all(0.5 <= scale <= 1.5 for scale in found.scales.values())
    assert 0.5 <= found.temperature <= 2.0
    assert low <= found.scales.get("thread", 1.0) <= high


def test_all_at_their_bounds_and_the_temperature_too() -> None:
    powers = dict.fromkeys(("classifier", "rule", "thread", "history", "account", "second-opinion", "verdict"), 15.0)
    policy = dataclasses.replace(POLICY, caps=Caps(**{field.name: 20.0 for field in dataclasses.fields(Caps)}))
    found = weigh(stream(1200, powers), policy)
    assert found.temperature == 2.0
    assert all(0.5 <= scale <= 1.5 for scale in found.scales.values())


def test_little_data_leaves_the_default_and_says_what_is_missing() -> None:
    found = weigh(stream(299, {"thread": 3.0, "classifier": 1.0}), POLICY)
    assert (found.used, found.scales, found.temperature, found.tried) == (False, {}, 1.0, None)
    assert "299 verdicts on 3 routes are too few" in found.against[0]
    one_route = [one for one in stream(2000, {"thread": 3.0}) if one.verdict.said == GENERAL]
    assert "on 1 routes are too few" in weigh(one_route, POLICY).against[0]
    corrections = stream(400, {"thread": 3.0}, asked="correction", probability=None)
    assert "0 verdicts that were asked for" in weigh(corrections, POLICY).against[0]
    at_once = [
        dataclasses.replace(one, verdict=dataclasses.replace(one.verdict, at=1.0))
        for one in stream(400, {"thread": 3.0})
    ]
    assert "at one moment" in weigh(at_once, POLICY).against[0]


def test_routes_with_few_verdicts_are_left_out_and_said() -> None:
    some = stream(900, {"thread": 2.5, "classifier": 1.0})
    refunds = [one for one in some if one.verdict.said == REFUNDS]
    few = [one for one in some if one.verdict.said != REFUNDS] + refunds[:29]
    found = weigh(few, POLICY)
    assert found.left_out == {REFUNDS: 29}
    assert set(found.routes) == {APPEALS, GENERAL}
    assert found.learned + found.tried.n == len(few) - 29  # type: ignore[union-attr]


def test_what_evidence_did_not_decide_is_passed_over() -> None:
    some = stream(400, {"thread": 2.5, "classifier": 1.0})

    def with_decision(one: Judged, **changes) -> Judged:
        return dataclasses.replace(one, decision=dataclasses.replace(one.decision, **changes))

    said = some[3].verdict.said
    veto = Finding(source="rule", route=said, score=0.0, reason="", name="never", veto=True)
    odd = [
        with_decision(some[0], decided=AUTOMATIC),
        dataclasses.replace(some[1], verdict=dataclasses.replace(some[1].verdict, said=AUTOMATIC)),
        with_decision(some[2], because="the rule «vip» decides it"),
        with_decision(some[3], findings=(veto,)),
        dataclasses.replace(some[4], verdict=dataclasses.replace(some[4].verdict, said=RouteName("gone"))),
    ]
    assert weigh([*odd, *some[5:]], POLICY, ["vip"]).passed_over == len(odd)
    assert weigh([*odd, *some[5:]], POLICY).passed_over == len(odd) - 1


def test_a_veto_of_another_route_and_spam_are_reckoned_with() -> None:
    spam = Finding(source="spam", route=GENERAL, score=score(1.0), reason="")
    veto = Finding(source="rule", route=REFUNDS, score=0.0, reason="", veto=True)
    some = [
        dataclasses.replace(
            one,
            decision=dataclasses.replace(
                one.decision,
                findings=(*one.decision.findings, spam, *([] if one.verdict.said == REFUNDS else [veto])),
            ),
        )
        for one in stream(900, {"thread": 1.0, "classifier": 1.0})
    ]
    found = weigh(some, POLICY)
    assert (found.passed_over, found.left_out) == (0, {})
    rows = multipliers.Evidence(some, ROUTES, POLICY)
    shares = np.exp(rows.logs(np.ones(1 + len(multipliers.LEARNED))))
    for share, one in zip(shares, some, strict=True):
        expected = dict(blend(one.decision.findings, ROUTES, POLICY))
        among = sum(expected.get(route, 0.0) for route in ROUTES)
        assert list(share) == pytest.approx([expected.get(route, 0.0) / among for route in ROUTES])


def test_the_slope_is_that_of_the_loss_and_the_minimum_is_one() -> None:
    rows = multipliers.Evidence(stream(200, {"thread": 2.0, "classifier": 1.0, "account": 1.0}), ROUTES, POLICY)
    chance = np.random.default_rng(1)
    at = chance.uniform(0.6, 1.4, 1 + len(multipliers.LEARNED))
    slope, curve = multipliers._derivatives(rows, at, 1.0)
    for column in range(len(at)):
        step = np.zeros(len(at))
        step[column] = 1e-5
        numeric = (multipliers._loss(rows, at + step, 1.0) - multipliers._loss(rows, at - step, 1.0)) / 2e-5
        assert slope[column] == pytest.approx(numeric, rel=1e-4, abs=1e-4)
    assert np.linalg.eigvalsh(curve).min() > 0.0
    found = multipliers._newton(rows, 1.0, {}, None)
    assert all(
        multipliers._loss(rows, found + chance.normal(0, 0.05, len(at)), 1.0) > multipliers._loss(rows, found, 1.0)
        for _ in range(20)
    )


def test_fitting_ends_after_so_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    some = stream(900, {"thread": 2.5, "classifier": 1.0})
    whole = weigh(some, POLICY)
    monkeypatch.setattr(multipliers, "_STEPS", 1)
    assert weigh(some, POLICY).scales != whole.scales


def test_a_persons_word_is_no_evidence_for_itself() -> None:
    some = stream(500, {"thread": 1.0, "classifier": 1.0})
    told = [
        dataclasses.replace(
            one,
            decision=dataclasses.replace(
                one.decision,
                findings=(
                    *one.decision.findings,
                    Finding(source="verdict", route=one.verdict.said, score=1.0, reason="ada says so", name="ada"),
                ),
            ),
        )
        for one in some
    ]
    assert weigh(told, POLICY) == weigh(some, POLICY)


def test_one_reviewer_who_errs_on_purpose_counts_a_third_and_puts_nothing_into_force() -> None:
    """Eve says of everything what the thread does not, and says more than all others together."""

    def against_threads(number: int, right: RouteName, decision: Decision) -> RouteName:
        if number % 4 == 0:
            return right
        threads = [one for one in decision.findings if one.source == "thread"]
        return min(threads, key=lambda one: one.score).route

    def by(number: int) -> str:
        return "eve" if number % 4 else NAMES[(number // 4) % 3]

    powers = {"thread": 1.0, "classifier": 1.0}
    some = stream(1600, powers, say=against_threads, by=by)
    poisoned = weigh(some, POLICY)
    # Three in four verdicts are hers, and she counts a third.
    weights = multipliers._weights([one.verdict for one in some])
    hers = sum(weight for weight, one in zip(weights, some, strict=True) if one.verdict.by == "eve")
    assert hers / weights.sum() == pytest.approx(1 / 3, abs=0.01)
    assert all(0.5 <= scale <= 1.5 for scale in poisoned.scales.values())
    assert not poisoned.used
    assert any("without the word of eve it is no better" in one for one in poisoned.against)


def test_no_reviewer_counts_more_than_a_third_or_an_equal_part_but_in_any_case_a_hundred() -> None:
    def verdicts(**counts: int) -> list[Verdict]:
        some = stream(sum(counts.values()), {"thread": 1.0})
        names = [name for name, count in counts.items() for _ in range(count)]
        return [dataclasses.replace(one.verdict, by=name) for one, name in zip(some, names, strict=True)]

    def parts(**counts: int) -> list[float]:
        given = verdicts(**counts)
        weights = multipliers._weights(given)
        names = list(counts)
        said = [sum(w for w, one in zip(weights, given, strict=True) if one.by == name) for name in names]
        return [round(one / sum(said), 2) for one in said]

    assert parts(ada=300) == [1.0]
    assert parts(ada=900, bob=150) == [0.5, 0.5]
    assert parts(ada=900, bob=100, carla=100) == [0.33, 0.33, 0.33]
    assert parts(Ada=100, ada=800, bob=100, carla=100) == [0.04, 0.3, 0.33, 0.33], "a name is the same in capitals"
    assert parts(ann=449, bob=1) == [0.99, 0.01]
    assert multipliers._weights(verdicts(ann=449, bob=1)).sum() > 400, "what one says is worth something yet"
    assert parts(ada=100, bob=100, carla=100, dora=100) == [0.25] * 4
    assert multipliers._weights(verdicts(ada=300)).sum() == pytest.approx(300)
    assert multipliers._weights(verdicts(ada=900, bob=150)).sum() < 600, "they are worth less than their number"
    assert multipliers._weights([]).sum() == 0.0


def test_by_a_word_or_two_of_another_nothing_is_held_up_and_nothing_won() -> None:
    """Nearly all is said by one: the others, fewer than ten among what is held back, are no second voice."""
    powers = {"thread": 2.5, "classifier": 1.0}

    def contrary(number: int, right: RouteName, decision: Decision) -> RouteName:
        threads = [one for one in decision.findings if one.source == "thread"]
        return right if number % 100 else max(threads, key=lambda one: one.score).route

    some = stream(900, powers, say=contrary, by=lambda number: "ann" if number % 100 else "bob")
    assert weigh(some, POLICY).used
    neutral = [
        one
        if one.verdict.by == "ann"
        else dataclasses.replace(one, decision=dataclasses.replace(one.decision, findings=()))
        for one in stream(900, powers, by=lambda number: "ann" if number % 10 else "bob")
    ]
    assert weigh(neutral, POLICY).against == ("without the word of ann it is no better",)


def test_what_is_in_force_must_be_beaten_too() -> None:
    some = stream(1500, {"thread": 2.5, "classifier": 1.0, "account": 1.0})
    learned = weigh(some, POLICY)
    same = dataclasses.replace(POLICY, scales=learned.scales, temperature=learned.temperature)
    found = weigh(some, POLICY, in_force=same)
    assert not found.used
    assert "as it is in force" in found.against[0]
    assert found.tried is not None
    assert found.tried.in_force == pytest.approx(found.tried.after, abs=1e-4)
    assert not found.in_force_is_worse
    worse = weigh(some, POLICY, in_force=dataclasses.replace(POLICY, scales={"thread": 1.5}))
    assert worse.used
    assert worse.in_force_is_worse
    settled = weigh(stream(900, {"thread": 1.0, "classifier": 1.0}), POLICY, in_force=dataclasses.replace(POLICY, scales={"thread": 0.5, "words": 0.5}))  # fmt: skip
    assert not settled.used
    assert settled.in_force_is_worse
    assert not weigh([], POLICY).in_force_is_worse


def test_a_verdict_counts_for_its_like_but_not_for_more_than_five_and_a_correction_as_one() -> None:
    asked = [one.verdict for one in stream(3, {"thread": 1.0}, by=lambda _number: "ada")]
    asked[0] = dataclasses.replace(asked[0], probability=0.01)
    asked[1] = dataclasses.replace(asked[1], probability=0.5)
    asked[2] = dataclasses.replace(asked[2], probability=None)
    weights = multipliers._weights(asked)
    assert list(weights / weights[2]) == pytest.approx([5.0, 2.0, 1.0])


def test_the_order_of_verdicts_changes_nothing_and_it_is_json() -> None:
    some = stream(500, {"thread": 2.5, "classifier": 1.0})
    found = weigh(some, POLICY)
    assert weigh(reversed(some), POLICY) == found
    facts = json.loads(json.dumps(weighed_facts(found)))
    assert (facts["used"], facts["left_out"], facts["learned"]) == (found.used, {}, 350)
    assert set(facts["scales"]) == set(multipliers.LEARNED)
    assert len(facts["tried"]["interval"]) == len(facts["tried"]["over_in_force"]) == 2
    none = weighed_facts(weigh([], POLICY))
    assert (none["used"], none["scales"], none["tried"]) == (False, {}, None)


class Kept:
    """A store that has these."""

    def __init__(self, judged: list[Judged], more: dict[str, list[Decision]]) -> None:
        self.judged, self.more = judged, more

    def verdicts(self, since: float, *, after: int, limit: int) -> tuple[Verdict, ...]:
        later = (one.verdict for one in self.judged if one.verdict.number > after and one.verdict.at >= since)
        return tuple(islice(later, limit))

    def decisions(self, mail_id: MailId) -> tuple[Decision, ...]:
        return tuple(
            self.more.get(mail_id, [one.decision for one in self.judged if one.verdict.mail_id == mail_id][:1])
        )


def test_gathered_is_the_newest_verdict_with_the_judgement_that_it_was_given_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second, third, fourth, fifth = stream(5, {"thread": 1.0})
    moved = dataclasses.replace(
        first,
        verdict=dataclasses.replace(
            first.verdict,
            number=9,
            generation=2,
            over="ada",
            said=GENERAL,
            at=2000.0,
            asked="correction",
            probability=None,
        ),
    )
    told = dataclasses.replace(first.decision, generation=2, by="ada")
    expired = dataclasses.replace(second.decision, generation=2, unconfirmed=True)
    again = dataclasses.replace(third.decision, generation=3, confidence=0.1)
    more = {
        first.verdict.mail_id: [first.decision, told],
        second.verdict.mail_id: [second.decision, expired],
        third.verdict.mail_id: [third.decision, again],
        fourth.verdict.mail_id: [],
    }
    store = Kept([first, second, third, fourth, fifth, moved], more)
    monkeypatch.setattr(weighing, "_PAGE", 2)
    found = {one.verdict.mail_id: one for one in gather(store)}
    last_word = dataclasses.replace(first.verdict, number=9, over="ada", said=GENERAL, at=2000.0)
    assert found[first.verdict.mail_id] == Judged(decision=first.decision, verdict=last_word)
    assert found[second.verdict.mail_id].decision == second.decision
    assert found[third.verdict.mail_id].decision == third.decision
    assert fourth.verdict.mail_id not in found
    assert len(found) == 4
    assert [one.verdict.mail_id for one in gather(store, since=1500.0)] == [first.verdict.mail_id]
    monkeypatch.setattr(weighing, "_NEWEST", 2)
    assert {one.verdict.mail_id for one in gather(store)} == {fifth.verdict.mail_id, first.verdict.mail_id}
