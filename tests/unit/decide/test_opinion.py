"""What a second opinion may do: confirm a best guess that lacks nothing but confidence, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.decide.explain import explain
from postroom.decide.judge import judge
from postroom.decide.policy import Caps, Policy
from postroom.model.judgement import REVIEW, UNSURE, AccountStatus, Advice, SenderHistory
from postroom.model.mail import RouteName
from postroom.model.message import SpamVerdict
from tests.unit.decide.build import PASS, ROUTES, book, case

BOOK = book()
#: one phrase for appeals: the best guess, and below this threshold
UNCERTAIN = "please unban my account"
POLICY = Policy(default_threshold=0.85)


def said(
    route: str, text: str = UNCERTAIN, policy: Policy = POLICY, about: dict[str, Any] | None = None, **changed: Any
):
    """The decisions without and with an opinion."""
    before = case(text, about=about, **changed)
    after = replace(before, advice=Advice(route=RouteName(route), model="m1"))
    return judge(before, BOOK, policy), judge(after, BOOK, policy)


def test_it_lifts_the_best_guess_over_its_threshold_when_it_agrees() -> None:
    without, heard = said("appeals")
    assert (without.route, without.decided) == (REVIEW, "appeals")
    assert (heard.route, heard.decided) == ("appeals", "appeals")
    assert without.confidence < POLICY.default_threshold <= heard.confidence
    assert heard.versions.second_opinion == "m1"
    assert "a second opinion says appeals too" in heard.because
    assert any("a second opinion says appeals too" in one for one in explain(heard))


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ("refunds", "a second opinion says refunds"),
        ("junk", "says junk"),
        (UNSURE, "a second opinion is not sure either"),
    ],
)
def test_otherwise_the_mail_stays_in_review_as_it_was_and_says_so(route: str, words: str) -> None:
    without, heard = said(route)
    assert words in heard.because
    assert heard.because.startswith(without.because)
    assert (heard.route, heard.decided, heard.probabilities) == (REVIEW, "appeals", without.probabilities)
    assert any(words in one for one in explain(heard))


def test_agreement_counts_as_much_as_its_cap_says() -> None:
    _, heard = said("appeals", policy=replace(POLICY, default_threshold=0.99))
    assert heard.route == REVIEW
    assert "a second opinion says appeals too" in heard.because
    _, heard = said("appeals", policy=replace(POLICY, default_threshold=0.99, caps=Caps(second_opinion=9.0)))
    assert heard.route == "appeals"


NOT_HEARD: list[tuple[str, dict[str, Any]]] = [
    ("sure enough", {"policy": Policy()}),
    ("below the floor", {"policy": replace(POLICY, second_opinion_floor=0.84)}),
    ("urgent", {"text": "please unban my account or i will kill myself"}),
    ("automatic", {"kind": "auto-reply"}),
    ("a loop", {"received_count": 101}),
    ("junk", {"text": "hello", "spam": SpamVerdict(by="rspamd", spam=True), "policy": Policy(junk_threshold=0.999)}),
    (
        "history alone",
        {
            "text": "my account was hacked",
            "auth": PASS,
            "about": {"history": SenderHistory(mails=9, counts=((RouteName("appeals"), 9.0),))},
            "policy": Policy(default_threshold=0.2, caps=Caps(history=4.0)),
        },
    ),
]


@pytest.mark.parametrize(("why", "around"), NOT_HEARD, ids=[why for why, _ in NOT_HEARD])
def test_of_other_mail_it_is_not_heard(why: str, around: dict[str, Any]) -> None:
    for route in (*ROUTES, UNSURE):
        without, heard = said(route, **around)
        assert without == heard, why


@given(
    st.sampled_from([*ROUTES, "junk", UNSURE, "nowhere", ""]),
    st.lists(
        st.sampled_from(["unban my account", "refund", "charged twice", "appeal", "hello", "kill myself"]), max_size=4
    ),
    st.floats(0.0, 1.0),
    st.sampled_from(["suspended", "active", "unknown"]),
)
def test_it_never_changes_the_best_guess_nor_takes_a_mail_from_its_desk(
    route: str, words: list[str], threshold: float, state: str
) -> None:
    policy = Policy(default_threshold=threshold, fallback_threshold=threshold, second_opinion_floor=0.0)
    about = {"account": AccountStatus(state=state)}  # type: ignore[arg-type]
    without, heard = said(route, " and ".join(words), policy, about, auth=PASS)
    assert heard.decided == without.decided
    assert heard.route in {without.route, heard.decided}
    if heard.route != without.route:
        assert (without.route, route) == (REVIEW, heard.decided)
