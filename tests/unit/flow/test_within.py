from dataclasses import replace

import pytest

from postroom.decide.changes import Change
from postroom.decide.evidence import thread_finding
from postroom.decide.policy import Policy
from postroom.flow import within
from postroom.flow.explanation import explained
from postroom.flow.moves import Consequence
from postroom.model.judgement import Decision, Finding, SenderHistory, Source, TakenBack, ThreadState, Verdict
from postroom.model.listing import Event
from postroom.model.mail import BrandName, DestinationName, MailId, RouteName
from postroom.model.people import ALL, Sight
from postroom.model.work import JobId, JobInfo
from postroom.testing.values import a_decision
from tests.unit.decide.build import message as a_message

APPEALS, REFUNDS, NOWHERE = RouteName("appeals"), RouteName("refunds"), RouteName("")
AT_APPEALS = Sight(routes=frozenset({APPEALS}))
OF_SHOP = Sight(brands=frozenset({BrandName("shop")}))
MAIL = MailId("01jdab3c4d5e6f7g8h9jkmnpqr")
THREAD = ThreadState(matched_by="subject", first_id=MAIL, route=APPEALS, confirmed=False, last_at=1.0, mails=7)


def finding(source: Source, route: RouteName = APPEALS, *, score: float = 0.8, name: str = "") -> Finding:
    return Finding(source=source, route=route, score=score, reason=f"{source} of 7 mails in refunds", name=name)


HISTORY, TEXTS = finding("history", name="this sender"), finding("verdict", name=MAIL)
WORDS = Finding(source="phrases", route=APPEALS, score=0.9, reason="phrases of appeals", name="appeals")
OWN_THREAD, OTHER_THREAD = finding("thread", name=MAIL), finding("thread", REFUNDS, name=MAIL)


@pytest.mark.parametrize(
    ("one", "sight", "whole"),
    [
        (HISTORY, ALL, True), (HISTORY, AT_APPEALS, False), (HISTORY, OF_SHOP, False),
        (TEXTS, ALL, True), (TEXTS, AT_APPEALS, False), (TEXTS, OF_SHOP, False),
        (finding("verdict", score=1.0), AT_APPEALS, True), (finding("verdict", REFUNDS, score=1.0), AT_APPEALS, False),
        (finding("verdict", REFUNDS, score=1.0), OF_SHOP, True),
        (OTHER_THREAD, OF_SHOP, True), (OTHER_THREAD, AT_APPEALS, False),
        (finding("thread", name="open-case"), OF_SHOP, False), (finding("thread", name="open-case"), AT_APPEALS, False),
        (finding("thread", NOWHERE, name="ticket"), AT_APPEALS, True), (finding("thread", NOWHERE, name=MAIL), AT_APPEALS, False),
        (finding("guard", NOWHERE, name="brand"), OF_SHOP, False), (finding("guard", NOWHERE, name="loop"), OF_SHOP, True),
        (WORDS, AT_APPEALS, True), (finding("classifier", REFUNDS), AT_APPEALS, True),
    ],
)  # fmt: skip
def test_of_what_others_wrote_or_said_it_is_told_that_it_counted_and_no_more(
    one: Finding, sight: Sight, *, whole: bool
) -> None:
    told = within.of_finding(one, sight)
    if whole:
        assert told is one
        return
    assert (told.source, told.route, told.score, told.name) == (one.source, NOWHERE, 0.0, "")
    assert told.reason
    assert not any(word in told.reason for word in ("7", "refunds"))


def test_a_thread_at_their_own_desk_is_told_without_how_long_it_is() -> None:
    told = within.of_finding(OWN_THREAD, AT_APPEALS)
    assert told == replace(OWN_THREAD, reason="it continues a thread in appeals", name="")


def decision(*findings: Finding, **facts: object) -> Decision:
    known: dict[str, object] = {
        "findings": findings,
        "route": APPEALS,
        "decided": APPEALS,
        "probabilities": ((APPEALS, 0.8), (REFUNDS, 0.2)),
        "history": SenderHistory(mails=7, counts=((REFUNDS, 7.0),), last_route=REFUNDS),
    }
    return a_decision(MAIL, **(known | facts))


def test_what_weighed_unseen_is_not_told_by_shares_either() -> None:
    one = decision(WORDS, HISTORY, TEXTS, because=f"appeals at 80%: {HISTORY.reason}")
    assert within.of_decision(one, ALL) is one
    told = within.of_decision(one, AT_APPEALS)
    assert "7" not in told.because
    assert told.because.startswith("appeals at 80%: what the sender wrote before counts")
    assert told.probabilities == ((APPEALS, 0.8),)
    assert (told.history, told.confidence) == (SenderHistory(), one.confidence)
    assert told.findings[0] == WORDS
    seen = within.of_decision(decision(WORDS), AT_APPEALS)
    assert seen.probabilities == ((APPEALS, 0.8), (REFUNDS, 0.2))


def test_a_thread_is_told_at_its_own_desk() -> None:
    one = decision(thread=THREAD)
    assert within.of_decision(one, OF_SHOP).thread == THREAD
    assert within.of_decision(one, AT_APPEALS).thread == replace(THREAD, mails=0, first_id="")
    assert within.of_decision(decision(thread=replace(THREAD, route=REFUNDS)), AT_APPEALS).thread is None


def test_who_took_back_whose_word_is_told_plainly() -> None:
    verdict = Verdict(
        mail_id=MailId("m"), generation=1, said=REFUNDS, decided=REFUNDS, confidence=0.5, by="ada", at=1.0, asked="correction", probability=None
    )  # fmt: skip
    assert verdict.undone("ada", "refunds") == "ada took back their own word that it belongs to refunds"
    assert verdict.undone("bob", "refunds") == "bob took back the word of ada that it belongs to refunds"


def test_where_a_word_was_taken_back_it_is_not_told_what_it_was() -> None:
    one = decision(because="ada took back that bea said refunds; as before: its words", again=1)
    assert within.of_decision(one, OF_SHOP).because == one.because
    assert (
        within.of_decision(one, AT_APPEALS).because == "a person's word was taken back; so it is as before: its words"
    )


def test_an_explanation_tells_no_more_than_its_decision() -> None:
    message, policy = a_message("words", "s"), Policy()
    thread = thread_finding(THREAD, message, 2.0, policy)
    one = decision(
        WORDS, HISTORY, OTHER_THREAD, replace(WORDS, source="urgent", route=NOWHERE), urgent=("threat",), thread=THREAD
    )
    whole = explained(one, message, policy, alerted=["lead"])
    assert whole.balance
    assert any(entry.kind == "finding" for entry in whole.changes)
    assert "7 mails before" in " ".join(whole.words)
    told = explained(one, message, policy, alerted=["lead"], sight=AT_APPEALS)
    said = " ".join((*told.words, *(entry.what for entry in told.changes)))
    assert told.balance == ()
    assert {entry.kind for entry in told.changes} <= {"threshold"}
    assert not any(word in said for word in ("7 mails", "in refunds", "lead", "They wrote"))
    seen = explained(decision(WORDS, thread, thread=THREAD), message, policy, sight=AT_APPEALS)
    assert seen.balance
    assert "7 mails" not in " ".join((*seen.words, *(entry.what for entry in seen.changes)))


def test_changes_about_what_is_hidden_are_not_told() -> None:
    def change(kind: str, what: str) -> Change:
        return Change(kind=kind, what=what, route=REFUNDS, decided=REFUNDS, confidence=0.5, size=1.0)  # type: ignore[arg-type]

    found = [change("threshold", "t"), change("words", "w"), change("finding", f"Without “{OWN_THREAD.reason}”")]
    assert within.of_changes(found, decision(OWN_THREAD), ALL) == tuple(found)
    assert within.of_changes(found, decision(OWN_THREAD), AT_APPEALS) == tuple(found[:2])
    assert within.of_changes(found, decision(HISTORY), AT_APPEALS) == tuple(found[:1])


def test_what_people_said_of_it_at_other_desks_is_told_without_their_names_and_notes() -> None:
    verdict = Verdict(
        mail_id=MAIL, generation=1, said=REFUNDS, decided=APPEALS, confidence=0.8, by="ada", at=1.0, asked="review",
        probability=1.0, note="n", taken_back=TakenBack(by="bea", at=2.0, note="m"),
    )  # fmt: skip
    for sight in (ALL, OF_SHOP):
        assert within.of_verdict(verdict, sight) == verdict
    assert within.of_verdict(replace(verdict, also=APPEALS), AT_APPEALS).note == "n"
    assert within.of_verdict(replace(verdict, said=APPEALS, decided=REFUNDS), AT_APPEALS).decided == ""
    told = within.of_verdict(verdict, AT_APPEALS)
    assert (told.said, told.note, told.by) == ("", "", "ada")
    assert told.taken_back == TakenBack(by="bea", at=2.0)
    assert within.of_verdict(replace(verdict, taken_back=None), AT_APPEALS).taken_back is None


def test_the_way_of_a_mail_names_no_other_desks() -> None:
    hidden = frozenset({DestinationName("money")})
    events = (
        Event(at=1.0, what="accepted", detail=""),
        Event(at=2.0, what="verdict", detail="ada said refunds: n", desks=(REFUNDS,), plain="ada said another desk"),
        Event(at=3.0, what="verdict", detail="ada said appeals and refunds", desks=(APPEALS, REFUNDS), plain="x"),
        Event(at=4.0, what="deliver done", detail="money 250 ok", place=DestinationName("money")),
        Event(at=5.0, what="deliver done", detail="desk ok", place=DestinationName("desk")),
    )
    assert within.of_events(events, ALL, frozenset()) == events
    told = [one.detail for one in within.of_events(events, AT_APPEALS, hidden)]
    assert told == ["", "ada said another desk", "ada said appeals and refunds", "another destination", "desk ok"]
    found = (Consequence(destination=DestinationName(one), what="waiting") for one in ("money", "desk"))
    assert [one.destination for one in within.of_consequences(tuple(found), hidden)] == ["another destination", "desk"]


def test_a_delivery_elsewhere_is_told_without_place_and_words() -> None:
    job = JobInfo(
        id=JobId(1), kind="deliver", state="parked", mail_id=MAIL, destination=DestinationName("billing"), generation=1,
        attempt=1, tries=1, strikes=0, created_at=1.0, due_at=1.0, settled_at=2.0, receipt="250 ok", error="550 no", why="gave-up",
    )  # fmt: skip
    told = within.of_job(job, {DestinationName("billing")})
    assert (told.destination, told.receipt, told.error) == (within.ELSEWHERE, "", "")
    assert within.of_job(job, ()) is job


def test_a_finding_without_a_reason_changes_no_sentence() -> None:
    silent = replace(HISTORY, reason="")
    decision = replace(a_decision(MAIL), findings=(silent,), because="as it was")
    assert within.of_decision(decision, AT_APPEALS).because == "as it was"
