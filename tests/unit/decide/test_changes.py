"""What carried a decision and what would have changed it."""

import dataclasses
import math
import time

import pytest

from postroom.decide.balance import balances
from postroom.decide.blend import FAMILIES, cap, score
from postroom.decide.changes import changes
from postroom.decide.explain import outcome
from postroom.decide.judge import judge
from postroom.decide.policy import Caps, Policy
from postroom.decide.telling import Telling, apart, telling, text_of
from postroom.model.codec import decode_decision, encode_decision
from postroom.model.judgement import AccountStatus, Clue, Finding, Opinion, ThreadState
from postroom.model.mail import MailId, RouteName

from .build import NOW, PASS, book, case

APPEALS, REFUNDS, GENERAL = RouteName("appeals"), RouteName("refunds"), RouteName("general")
VETO = book("[[rule]]\nname='no-refund'\nwhen='words.contains(\"goodwill\")'\nroute='refunds'\nveto=true")
STOP = book("[[rule]]\nname='vip'\nwhen='words.contains(\"hello\")'\nroute='refunds'\nweight=6\nstop=true")


def judged(the_case, compiled=None, policy=Policy()):
    return judge(the_case, compiled or book(), policy)


def tried(the_case, compiled=None, policy=Policy(), **changed):
    decision = dataclasses.replace(judged(the_case, compiled, policy), **changed)
    return changes(decision, the_case.message, policy)


def opinions(clues=(), **shares):
    return tuple(
        Opinion(route=RouteName(route), share=share, clues=clues if route == "appeals" else ())
        for route, share in shares.items()
    )


# -- the balance


ABOUT = {
    "account": AccountStatus(state="suspended"),
    "thread": ThreadState(
        matched_by="references", first_id=MailId("x"), route=APPEALS, confirmed=True, last_at=NOW, mails=2
    ),
    "classifier": opinions(appeals=0.9, refunds=0.05, copyright=0.03, general=0.02),
}


@pytest.mark.parametrize("policy", [Policy(), Policy(temperature=1.7, caps=Caps(words=1.0))])
@pytest.mark.parametrize(
    "the_case",
    [
        case("unban my account, restore my account, refund", auth=PASS, about=ABOUT),
        case("refund as goodwill"),
        case(""),
    ],
)
def test_log_odds_add_up_to_the_probabilities_of_the_decision(the_case, policy):
    decision = judged(the_case, VETO, policy)
    found = balances(decision, policy)
    alive = [one for one in found if not one.vetoes]
    total = sum(math.exp(one.logit) for one in alive)
    for one in alive:
        assert one.probability == pytest.approx(math.exp(one.logit) / total)
        assert dict(decision.probabilities)[one.route] == pytest.approx(one.probability)
    assert [one.route for one in alive] == [route for route, _ in decision.probabilities]
    for entry in (entry for one in found for entry in one.entries):
        assert abs(entry.counts) <= entry.cap
        assert entry.capped == (entry.said != pytest.approx(entry.counts))
        assert entry.findings


def test_a_vetoed_route_is_last_and_says_why():
    *_, last = balances(judged(case("refund as goodwill"), VETO), Policy())
    assert (last.route, last.probability) == (REFUNDS, 0.0)
    assert [one.name for one in last.vetoes] == ["no-refund"]


def test_a_cap_that_bit_is_shown():
    policy = Policy(caps=Caps(words=1.0))
    found = balances(judged(case("unban my account"), policy=policy), policy)
    (words,) = next(one.entries for one in found if one.route == APPEALS)
    assert words.capped
    assert (words.counts, words.said) == (1.0, pytest.approx(1.25 * 2.5))


def test_every_family_has_its_cap():
    caps = Caps(words=1, rule=2, thread=3, history=4, account=5, spam=6, second_opinion=7, verdict=8)
    assert [cap(caps, one) for one in FAMILIES] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_persons_word_is_no_part_of_the_balance():
    decision = judged(case("unban my account"))
    word = Finding(source="verdict", route=REFUNDS, score=1.0, reason="bob says so", name="bob")
    told = dataclasses.replace(decision, findings=(*decision.findings, word), by="bob")
    assert balances(told, Policy()) == balances(decision, Policy())


# -- the words


def test_the_words_of_phrases_and_classifier_are_told_with_their_weights():
    clue = Clue(word="account", weight=0.75, span=(15, 22))
    against = Clue(word="hello", weight=-0.5, span=(0, 5))
    the_case = case(
        "unban my account",
        "hello",
        about={"classifier": opinions((clue, against), appeals=0.9, refunds=0.05, general=0.05)},
    )
    decision = judged(the_case)
    text = text_of(the_case.message)
    found = telling(decision, text)
    assert [(one.text, one.weight, one.route, one.source) for one in found] == [
        ("hello", -0.5, APPEALS, "classifier"),
        ("unban my account", 2.5, APPEALS, "phrases"),
        ("account", 0.75, APPEALS, "classifier"),
    ]
    assert [text[one.start : one.end] for one in found] == [one.text for one in found]
    assert [one.speaks_for(APPEALS) for one in found] == [False, True, True]
    assert [one.speaks_for(REFUNDS) for one in found] == [True, False, False]
    assert [one.text for one in apart(found)] == ["hello", "unban my account"], "the strongest of several at one place"
    assert decode_decision(encode_decision(decision)) == decision


def test_what_a_phrase_weighs_is_told_strongest_first_and_for_so_many_at_most():
    many = {
        "x.toml": 'route = "appeals"\n'
        + "".join(f"[[group]]\nlanguage='en'\nweight={n / 2}\nphrases=['word{n}']\n" for n in range(1, 12))
    }
    decision = judged(case(" ".join(f"word{n}" for n in range(1, 12))), book(phrases=many))
    (finding,) = (one for one in decision.findings if one.source == "phrases")
    assert [clue.weight for clue in finding.clues] == [5.5, 5, 4.5, 4, 3.5, 3, 2.5, 2]
    assert finding.clues[0].word == "word11"


def test_of_earlier_records_and_of_signals_the_places_are_told_without_weights():
    the_case = case("I will kill myself")
    decision = judged(the_case)
    old = Finding(source="phrases", route=APPEALS, score=0.9, reason="", spans=((3, 7), (90, 99)))
    decision = dataclasses.replace(decision, findings=(*decision.findings, old))
    found = telling(decision, text_of(the_case.message))
    assert [(one.text, one.weight, one.route, one.name) for one in found] == [
        ("will", None, APPEALS, ""),
        ("kill myself", None, "", "self-harm"),
    ]
    assert [one.speaks_for(APPEALS) for one in found] == [True, False]


def test_marks_do_not_overlap():
    def word(start, end, weight):
        return Telling(start=start, end=end, text="", word="", weight=weight, route=APPEALS, source="phrases", name="")

    found = apart([word(0, 5, 1.0), word(4, 8, -2.0), word(8, 9, 0.5), word(5, 8, None), word(0, 4, 0.1)])
    assert [(one.start, one.end) for one in found] == [(0, 4), (4, 8), (8, 9)]
    signal = Telling(start=0, end=9, text="", word="", weight=None, route=RouteName(""), source="urgent", name="threat")
    assert apart([word(0, 5, 9.0), signal]) == (signal,), "an alarm is whole"


# -- what would have changed it


def test_a_lower_threshold_would_have_sent_it_on_and_a_higher_one_to_a_person():
    unsure = tried(case("unban my account"), policy=Policy(default_threshold=0.97))
    assert "at most 8" in next(one.what for one in unsure if one.kind == "threshold")
    assert next(one.route for one in unsure if one.kind == "threshold") == APPEALS
    sure = tried(case("unban my account"))
    threshold = next(one for one in sure if one.kind == "threshold")
    assert (threshold.route, threshold.decided) == ("review", APPEALS)
    assert "a person would decide (best guess appeals" in outcome(threshold)
    shares = opinions(appeals=0.997, refunds=0.001, copyright=0.001, general=0.001)
    certain = tried(case("unban my account, restore my account, appeal", about={"classifier": shares}))
    assert not [one for one in certain if one.kind == "threshold"]


def test_changes_are_ordered_by_how_small_they_are():
    found = tried(case("unban my account. hello", auth=PASS))
    assert [one.size for one in found] == sorted(one.size for one in found)
    assert len(found) == len({one.what for one in found}) > 2


def test_without_a_word_all_that_it_is_part_of_says_less():
    clue = Clue(word="account", weight=0.5, span=(10, 17))
    the_case = case("unban my account", about={"classifier": opinions((clue,), appeals=0.4, refunds=0.2, general=0.4)})
    decision = judged(the_case)
    found = changes(decision, the_case.message, Policy())
    words = next(one for one in found if one.what == "Without the words “account”")
    # Its phrase holds the word: without it, the phrase does not match, and the classifier has its half log-odds less.
    assert (words.kind, words.decided) == ("words", GENERAL)
    assert words.size == pytest.approx(2.5 + 0.5)
    assert outcome(words).startswith("Without the words “account”, it would go to general")


def test_a_phrase_less_is_pooled_again():
    the_case = case("unban my account. restore my account")
    decision = judged(the_case, policy=Policy(default_threshold=0.93))
    found = changes(decision, the_case.message, Policy(default_threshold=0.93))
    words = next(one for one in found if one.what == "Without the words “restore my account”")
    assert words.size == pytest.approx(2.5 * 0.6)


def test_without_a_veto_it_would_have_gone_there():
    found = tried(case("refund, money back, charged twice, as goodwill"), VETO)
    assert any("no-refund" in one.what and one.route == REFUNDS for one in found)


def test_another_account_would_have_changed_it_only_where_the_sender_is_believed():
    about = {
        "account": AccountStatus(state="suspended"),
        "classifier": opinions(appeals=0.45, refunds=0.1, general=0.45),
    }
    found = [one for one in tried(case("hello", auth=PASS, about=about)) if one.kind == "account"]
    assert {one.what for one in found} >= {
        "With the sender's account active",
        "With nothing known of the sender's account",
    }
    assert not [one for one in tried(case("hello", about=about)) if one.kind == "account"]


def test_a_thread_that_a_person_confirmed_would_have_changed_it():
    found = [one for one in tried(case("any news?")) if one.kind == "thread"]
    assert ("In a thread confirmed at appeals by a person", APPEALS) in [(one.what, one.route) for one in found]
    thread = ThreadState(
        matched_by="references", first_id=MailId("x"), route=APPEALS, confirmed=False, last_at=NOW, mails=2
    )
    policy = Policy(default_threshold=0.93)
    own = tried(case("any news?", about={"thread": thread}), policy=policy)
    assert any(one.what == "With its thread confirmed at appeals by a person" and one.route == APPEALS for one in own)
    confirmed = dataclasses.replace(thread, confirmed=True)
    assert not [one for one in tried(case("any news?", about={"thread": confirmed})) if "its thread" in one.what]


def test_of_a_stop_rule_it_is_said_what_evidence_alone_would_do():
    (only,) = tried(case("hello, unban my account"), STOP)
    assert (only.what, only.route) == ("Without “rule «vip»”", APPEALS)
    assert tried(case("hello refund, charged twice, money back"), STOP) == ()


def test_where_evidence_did_not_decide_nothing_would_have_changed_it():
    assert tried(case("unban my account"), by="ada") == ()
    assert tried(case("unban my account", kind="list")) == ()
    assert tried(case("unban my account", received_count=101)) == ()


def test_a_doubt_is_not_lifted_by_a_threshold():
    heap = Finding(source="guard", route=RouteName(""), score=0.5, reason="it is a heap", name="stuffing")
    found = tried(case("unban my account", about={"remarks": (heap,)}))
    assert not [one for one in found if one.kind == "threshold"]


def test_it_is_told_in_time_however_much_was_found():
    many = tuple(
        Finding(
            source="rule",
            route=APPEALS,
            score=score(0.1),
            reason=f"rule {n}",
            clues=(Clue(word="x", weight=0.1, span=(n, n + 1)),),
        )
        for n in range(1000)
    )
    the_case = case("x" * 1000)
    decision = dataclasses.replace(judged(the_case), findings=many)
    began = time.process_time()
    changes(decision, the_case.message, Policy())
    assert time.process_time() - began < 5.0
