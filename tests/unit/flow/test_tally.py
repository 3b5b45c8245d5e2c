"""Two judgements of each mail: what differs is counted once and adds up, whatever they are."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from postroom.decide.case import Case
from postroom.decide.judge import judge
from postroom.decide.policy import Policy
from postroom.decide.rulebook import Rulebook
from postroom.decide.rulebook import compile as compile_rulebook
from postroom.flow import tally
from postroom.flow.tally import Tally, Tried, compared, shifts
from postroom.model.backtest import Report
from postroom.model.judgement import Decision, Finding, Verdict
from postroom.model.mail import MailId, RouteName
from postroom.model.trust import Trust
from postroom.testing.values import a_decision, a_mail
from postroom.understand.reader import read
from tests.unit.flow.house import PHRASES, ROUTES, SIGNALS

ID = MailId("01mail")
RULES = """
[[rule]]
name = "money"
when = 'new_text.contains("money") && phrases["appeals"] == 0'
route = "refunds"
weight = 4.0
tags = ["money"]
[[rule]]
name = "no-money"
when = 'new_text.contains("no money")'
route = "refunds"
veto = true
[[rule]]
name = "law"
when = 'new_text.contains("lawyer")'
urgent = "lawyer"
"""
WORDS = st.lists(
    st.sampled_from(["give me my account back", "money", "no", "lawyer", "i want to end my life", "so\n", "fine.", "\x00", "ß"]),
    max_size=8,
).map(" ".join)  # fmt: skip


def book(rules: str = RULES, phrases: str = PHRASES, name: str = "r.toml") -> Rulebook:
    made, problems = compile_rulebook(
        {name: rules}, {f"p{name}": phrases, "s.toml": SIGNALS}, [RouteName(r) for r in ROUTES]
    )
    assert not [p for p in problems if p.severity == "error"]
    return made


IN_FORCE = book()
SAME = book(name="other.toml")
OTHER = book(RULES.replace("weight = 4.0", "stop = true"), PHRASES.replace("4.0", "1.2"))


def a_finding(source: Any, name: str, score: float, **facts: Any) -> Finding:
    return Finding(source=source, route=RouteName("refunds"), score=score, reason="secret words", name=name, **facts)


def a_try(before: Decision, after: Decision, **facts: Any) -> Tried:
    usual = Tried(mail_id=ID, received_at=0.0, happened=before, before=before, after=after)
    return replace(usual, **facts)


def of(route: str, /, **facts: Any) -> Decision:
    return a_decision(ID, **({"route": RouteName(route), "decided": RouteName(route)} | facts))


def said(route: str) -> Verdict:
    return Verdict(
        mail_id=ID, generation=1, said=RouteName(route), decided=RouteName("general"), confidence=0.5, by="lea", at=1.0,
        asked="correction", probability=None,
    )  # fmt: skip


def reported(counts: Tally) -> Report:
    return counts.report(since=0.0, until=86_400.0, in_force=("a", "b"), tried=("c", "d"), gone=2, cut=True)


def judged(text: str, rules: Rulebook) -> Decision:
    raw = f"From: ada@example.com\r\nSubject: x\r\n\r\n{text}\r\n".encode("utf-8", "replace")
    mail = a_mail(1, raw=raw)
    return judge(Case(mail=mail, message=read(mail, Trust()), now=0.0), rules, Policy())


@given(WORDS)
def test_rules_equal_to_those_in_force_move_nothing(text: str) -> None:
    before, after = judged(text, IN_FORCE), judged(text, SAME)
    assert compared(a_try(before, after)) is None
    counts = Tally()
    counts.add(a_try(before, after))
    report = reported(counts)
    assert (report.mails, report.moved, report.listed, report.flows, report.firings) == (1, 0, 0, (), ())


@given(st.lists(st.tuples(WORDS, st.sampled_from(["", *ROUTES]), st.floats(0, 86_400)), max_size=12))
def test_what_is_counted_adds_up(mails: list[tuple[str, str, float]]) -> None:
    counts = Tally()
    for text, route, at in mails:
        one = a_try(judged(text, IN_FORCE), judged(text, OTHER), verdict=said(route) if route else None, received_at=at)
        counts.add(one)
    report, moved = reported(counts), [one for one in counts.changes if one.moved]
    assert report.mails == len(mails)
    assert sum(one.before for one in report.loads) == sum(one.after for one in report.loads) == len(mails)
    assert report.moved == len(moved) == sum(flow.mails for flow in report.flows)
    assert report.fixed == sum(one.word == "fixed" for one in moved) == sum(flow.fixed for flow in report.flows)
    assert report.broken == sum(one.word == "broken" for one in moved) == sum(flow.broken for flow in report.flows)
    assert report.to_review + report.from_review <= report.moved
    assert report.corrected_fixed <= min(report.corrected, report.fixed)
    assert all(one.peak_before <= one.before and one.peak_after <= one.after for one in report.loads)
    for load in report.loads:
        into = sum(flow.mails for flow in report.flows if flow.target == load.route)
        out = sum(flow.mails for flow in report.flows if flow.source == load.route)
        assert load.after - load.before == into - out
    assert report.listed == report.differ == len(counts.changes)


def test_another_guess_in_review_is_no_move() -> None:
    counts = Tally()
    waits = {"route": RouteName("review")}
    counts.add(a_try(of("appeals", **waits), of("refunds", **waits)))
    report = reported(counts)
    assert (report.moved, report.guesses, report.listed) == (0, 1, 1)
    assert counts.changes[0].word == ""


def test_only_tags_differ() -> None:
    counts = Tally()
    counts.add(a_try(of("appeals", tags=("a", "b")), of("appeals", tags=("b", "a"))))
    counts.add(a_try(of("appeals", tags=("a",)), of("appeals")))
    report = reported(counts)
    assert (report.tags, report.guesses, report.listed) == (1, 0, 1)


def test_the_fullest_hour_is_of_one_hour() -> None:
    counts = Tally()
    for at in (0.0, 3599.0, 3600.0):
        counts.add(a_try(of("appeals"), of("appeals"), received_at=at))
    (load,) = reported(counts).loads
    assert (load.before, load.after, load.peak_before, load.peak_after) == (3, 3, 2, 2)


def test_a_person_confirms_or_corrects_what_was_decided_then() -> None:
    moves = a_try(of("appeals"), of("refunds"), happened=of("general"))
    for route, corrected, word in (
        ("general", False, "neither"),
        ("refunds", True, "fixed"),
        ("appeals", True, "broken"),
    ):
        change = compared(replace(moves, verdict=said(route)))
        assert change is not None
        assert (change.said, change.corrected, change.word, change.happened) == (route, corrected, word, "general")


def test_no_more_are_listed_than_is_bearable(monkeypatch: Any) -> None:
    monkeypatch.setattr(tally, "LISTED", 2)
    monkeypatch.setattr(tally, "BESIDE", 1)
    counts = Tally()
    for _ in range(3):
        counts.add(a_try(of("appeals"), of("refunds")))
        counts.add(a_try(of("appeals"), of("appeals", tags=("a",))))
    report = reported(counts)
    assert (report.moved, report.tags, report.listed, report.differ) == (3, 3, 3, 6)


def test_a_rule_that_failed_has_not_fired_and_a_veto_has() -> None:
    counts = Tally()
    findings = (
        a_finding("rule", "failed", 0.0),
        a_finding("rule", "veto", 0.0, veto=True),
        a_finding("spam", "x", 1.0),
    )
    counts.add(a_try(of("appeals", findings=()), of("appeals", findings=findings)))
    assert [(one.name, one.before, one.after) for one in reported(counts).firings] == [("veto", 0, 1)]


def test_evidence_is_told_by_the_teams_names_and_without_a_mails_words() -> None:
    before = (a_finding("rule", "gone", 0.9), a_finding("phrases", "refunds", 0.6), a_finding("sender", "a word", 0.5))
    after = (a_finding("phrases", "refunds", 0.7), a_finding("rule", "new", 0.8), a_finding("sender", "a word", 0.4))
    found = [(one.source, one.name, one.before, one.after) for one in shifts(before, after)]
    assert found == [
        ("rule", "gone", 0.9, None),
        ("rule", "new", None, 0.8),
        ("phrases", "refunds", 0.6, 0.7),
        ("sender", "", 0.5, 0.4),
    ]
    many = tuple(a_finding("rule", f"r{number}", 0.9) for number in range(20))
    assert len(shifts((), many)) == 12
    assert shifts(many, many) == ()


def test_a_word_for_two_desks_is_neither_kept_nor_broken_by_a_move() -> None:
    before = a_decision(ID)
    after = replace(before, route=RouteName("refunds"), decided=RouteName("refunds"))
    split = replace(said("refunds"), also=RouteName("appeals"))
    change = compared(Tried(mail_id=ID, received_at=0.0, happened=before, before=before, after=after, verdict=split))
    assert change is not None
    assert (change.word, change.corrected) == ("", False)
