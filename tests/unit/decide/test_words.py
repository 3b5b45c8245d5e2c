"""Explaining decisions, and example mails beside the rules."""

import dataclasses

import pytest

from postroom.decide import examples
from postroom.decide.changes import changes
from postroom.decide.explain import explain, strength
from postroom.decide.judge import judge
from postroom.decide.policy import Policy, RouteStage
from postroom.model.judgement import AccountStatus, Finding, SenderHistory, Versions
from postroom.model.mail import RouteName

from .build import PASS, book, case

APPEALS, REFUNDS = RouteName("appeals"), RouteName("refunds")
BOOK = book("[[rule]]\nname='no-refund'\nwhen='words.contains(\"goodwill\")'\nroute='refunds'\nveto=true")


def told(the_case, policy=Policy(), compiled=BOOK) -> str:
    decision = judge(the_case, compiled, policy)
    return "\n".join(explain(decision, the_case.message, changes(decision, the_case.message, policy)))


def test_it_says_where_why_and_in_which_words():
    said = told(case("Please unban my account. My account is suspended.", "An appeal"))
    assert "It goes to appeals" in said
    assert "in the words “appeal”, “unban my account”" in said
    assert "ada@example.com is not believed (no trusted Authentication-Results)" in said
    assert "decisively for, +4" in said
    assert "All together: appeals" in said
    assert "Without “phrases of appeals" in said
    assert "Decided with rules " in said


def test_it_says_what_is_missing_in_review():
    said = told(case("unban my account"), Policy(thresholds={}, default_threshold=0.9))
    assert "where a person decides" in said
    assert "The best guess is appeals" in said
    assert "a threshold of at most" in said


def test_it_says_what_a_veto_prevented_and_what_others_had():
    said = told(case("refund, money back, charged twice, as goodwill"))
    assert "rules it out" in said
    assert "Without “rule «no-refund» rules out refunds”, it would go to refunds" in said


def test_it_tells_of_sender_account_urgency_and_remarks():
    about = {"history": SenderHistory(mails=3, counts=((APPEALS, 3.0),)), "account": AccountStatus(state="suspended")}
    remark = Finding(source="thread", route=RouteName(""), score=0.0, reason="a forged reference")
    said = told(case("I will kill myself. I appeal", about=about | {"remarks": (remark,)}, auth=PASS))
    for expected in ("is believed", "wrote 3 mails before, the newest to nowhere yet", "account is suspended", "It is urgent (self-harm)", "Also noticed: a forged reference"):  # fmt: skip
        assert expected in said


@pytest.mark.parametrize(
    ("alerted", "says"),
    [
        (None, "so whoever the settings name for urgent mail is told at once"),
        (("oncall", "lead"), "so oncall, lead is told at once, wherever it goes"),
        ((), "but nobody is told at once: nobody is named in urgent.destinations"),
    ],
)
def test_it_says_who_is_told_of_urgent_mail(alerted, says):
    decision = judge(case("I will kill myself."), BOOK, Policy())
    assert any(says in paragraph for paragraph in explain(decision, alerted=alerted))


def test_it_tells_of_stages_and_of_review_running_out():
    the_case = case("refund, money back")
    shadow = told(the_case, Policy(stages={REFUNDS: RouteStage(stage="shadow")}))
    assert "is in shadow" in shadow
    canary = told(the_case, Policy(stages={REFUNDS: RouteStage(stage="canary", percent=100)}))
    assert "tried out" in canary
    because = "nobody decided on it in review in time; sent to the best guess, appeals, unconfirmed"
    decision = dataclasses.replace(judge(the_case, BOOK, Policy()), unconfirmed=True, because=because)
    assert explain(decision)[0].count("unconfirmed") == 1
    drawn = dataclasses.replace(judge(the_case, BOOK, Policy()), asked="audit")
    assert "drawn for the audit" in explain(drawn)[0]


def test_of_a_persons_word_nothing_is_said_that_would_have_changed_it():
    the_case = case("refund, money back")
    judged = judge(the_case, BOOK, Policy())
    because = "bob says so"
    word = Finding(source="verdict", route=REFUNDS, score=1.0, reason=because, name="bob")
    decision = dataclasses.replace(judged, findings=(*judged.findings, word), because=because, by="bob")
    said = "\n".join(explain(decision, None, changes(decision, the_case.message, Policy())))
    assert "It goes to refunds: bob says so." in said
    assert "bob says so (decisively for" in said
    assert "would" not in said


def test_it_has_words_for_nothing_too():
    said = told(case("hello", from_=None))
    assert "Nothing in particular speaks for general" in said
    assert "nobody named" in said
    automatic = judge(case("x", kind="list"), BOOK, Policy())
    assert "Nothing in particular" not in "".join(explain(automatic))
    assert explain(dataclasses.replace(automatic, versions=Versions()))


def test_strength_is_in_words():
    at = [Finding(source="rule", route=APPEALS, score=score, reason="") for score in (0.55, 0.8, 0.95, 0.999, 0.05)]
    assert [strength(one).split(",")[0] for one in at] == [
        "slightly for",
        "clearly for",
        "strongly for",
        "decisively for",
        "strongly against",
    ]
    assert strength(dataclasses.replace(at[0], veto=True)) == "rules it out"


GOOD = """
[[mail]]
name = "a plain appeal"
text = "unban my account, restore my account"
authenticated = true
account = "suspended"
[mail.expect]
route = "appeals"
decided = "appeals"
urgent = []
rules = ["no-refund"]
tags = ["x"]
"""


def test_examples_are_read_run_and_compared():
    read, problems = examples.read(
        {
            "e.toml": GOOD,
            "f.toml": "[[mail]]\nname='b'\nsubject='hello'\n[mail.expect]\nroute='refunds'\ndecided='appeals'\nurgent=['self-harm']",
        }
    )
    assert problems == ()
    assert [(one.name, one.source, one.line) for one in read] == [("a plain appeal", "e.toml", 2), ("b", "f.toml", 1)]
    cases = [(one, case(one.text, one.subject)) for one in read]
    first, second = examples.run(cases, BOOK, Policy())
    assert first.differences == ("the rule «no-refund» did not match", "it has no tag «x»")
    assert [said.split(":")[0] for said in second.differences] == [
        "it goes to general, not to refunds",
        "the best guess is general, not appeals",
        "its urgent signals are none, not self-harm",
    ]
    fine = dataclasses.replace(read[0], expect=examples.Expectation(route=APPEALS))
    assert examples.run([(fine, cases[0][1])], BOOK, Policy())[0].differences == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x =", "not TOML"),
        ("x = 1", "only [[mail]] tables"),
        ("mail = 1", "only [[mail]] tables"),
        ("mail = [1]", "only [[mail]] tables"),
        ("[[mail]]\nname='a'\ntext='b'", "says what it expects"),
        ("[[mail]]\nname='a'\ntext='b'\nexpect={}", "says what it expects"),
        ("[[mail]]\ntext='b'\nexpect={route='x'}", "needs a name"),
        ("[[mail]]\nname='a'\nexpect={route='x'}", "either subject and text"),
        ("[[mail]]\nname='a'\ntext='b'\nraw='c'\nexpect={route='x'}", "either subject and text"),
        ("[[mail]]\nname='a'\ntext=3\nexpect={route='x'}", "must be a string"),
        ("[[mail]]\nname='a'\ntext='b'\nauthenticated='yes'\nexpect={route='x'}", "true or false"),
        ("[[mail]]\nname='a'\ntext='b'\nfoo=1\nexpect={route='x'}", "no «foo»"),
        ("[[mail]]\nname='a'\ntext='b'\naccount='odd'\nexpect={route='x'}", "an account is one of"),
        ("[[mail]]\nname='a'\ntext='b'\nexpect={route=1}", "name of a route"),
        ("[[mail]]\nname='a'\ntext='b'\nexpect={speed=1}", "nothing can be expected"),
        ("[[mail]]\nname='a'\ntext='b'\nexpect={tags='x'}", "list of strings"),
        ("mail=[{name='a', text='b', expect={tags=[1]}}]", "list of strings"),
    ],
)
def test_mistakes_in_examples_are_told(text, said):
    read, problems = examples.read({"e.toml": text})
    assert read == ()
    assert said in problems[0].message


def test_examples_in_inline_tables_are_read_too():
    read, problems = examples.read({"e.toml": "mail=[{name='a', text='b', expect={route='x'}}]"})
    assert (len(read), problems) == (1, ())
