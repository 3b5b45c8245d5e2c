"""A person's word: kept, and followed at once by deliveries, thread, sender and texts that say nearly the same."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from postroom.adapters.store.journal import SqliteJournal
from postroom.flow.audit import Audit
from postroom.flow.moves import Mover
from postroom.flow.replay import replay
from postroom.flow.verdicts import Reviewing
from postroom.model.errors import GiveUp, Refused, TryLater
from postroom.model.judgement import Verdict
from postroom.model.mail import BounceOf, DestinationName, Mail, RouteName
from postroom.ports import JobFilter, Ruling
from tests.unit.flow.house import ROUTES, House, Moody, a_message, staged

PASSED = "mx.shop.test; dkim=pass header.d=example.com"
LETTER = "I wrote to you three times about the green parcel that never came to my door, what happens to it now?"
APPEALS, GENERAL, REFUNDS = RouteName("appeals"), RouteName("general"), RouteName("refunds")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.store.close()


def reviewing(house: House, store: object = None) -> Reviewing:
    return Reviewing(
        store=store or house.store,  # type: ignore[arg-type]
        trust=house.judging.trust,
        policy=house.policy,
        mover=Mover(desks=house.desks),
        routes=tuple(RouteName(route) for route in ROUTES if route != "review"),
        clock=house.clock.now,
        pause=house.clock.advance,
    )


def arrive(house: House, body: str = LETTER, **headers: str) -> Mail:
    """A mail comes in, is judged and delivered."""
    (mail,) = house.accept(a_message(body, **headers))
    house.judge()
    house.deliver()
    return mail


def got(house: House) -> dict[str, list[int]]:
    """Generations that each destination was handed."""
    return {name: [p.generation for p in place.got] for name, place in house.places.items() if place.got}


def test_every_word_of_a_person_stands_in_the_audit_log(house: House) -> None:
    mail = arrive(house)
    route = house.store.decisions(mail.id)[-1].route
    people = reviewing(house)
    people.give(mail, REFUNDS, "ada", note="of a person: never in the log")
    people.give(mail, None, "bob")
    people.take_back(mail, "eve")
    deeds = SqliteJournal(house.store.units).deeds()
    assert [(one.by, one.what, one.to, one.detail) for one in reversed(deeds)] == [
        ("ada", "verdict", mail.id, f"{route} to refunds"),
        ("bob", "verdict", mail.id, "refunds"),
        ("eve", "verdict-taken-back", mail.id, "refunds, as bob said"),
    ]


def test_moving_a_mail_delivers_it_there_in_the_next_generation(house: House) -> None:
    mail = arrive(house)
    given = reviewing(house).give(mail, REFUNDS, " ada  l. ", note="parcel\nnever came")
    assert given.deliveries == ("refunds",)
    house.deliver()
    assert got(house) == {"general": [1], "refunds": [2]}
    first, second = house.store.decisions(mail.id)
    assert (second.route, second.decided, second.confidence, second.by) == ("refunds", "refunds", 1.0, "ada l.")
    assert second.because == "ada l. says so (parcel never came)"
    assert second.findings[:-1] == first.findings
    assert (second.findings[-1].source, second.findings[-1].route) == ("verdict", "refunds")
    assert sum(share for _, share in second.probabilities) == pytest.approx(1.0)
    assert house.places["refunds"].got[0].decision == second
    assert house.store.verdicts_on(mail.id) == (given.verdict,)
    assert given.verdict == Verdict(
        mail_id=mail.id,
        generation=1,
        said=REFUNDS,
        decided=GENERAL,
        confidence=first.confidence,
        by="ada l.",
        at=house.clock.now(),
        asked="correction",
        probability=None,
        note="parcel never came",
        number=given.verdict.number,
    )


def test_confirming_where_it_lies_delivers_nothing_and_keeps_the_audit_s_probability(house: House) -> None:
    house.judging = replace(house.judging, audit=Audit(share=1.0, key=b"k"))
    mail = arrive(house, "Give me my account back")
    given = reviewing(house).give(mail, None, "ada")
    assert (given.verdict.said, given.verdict.right, given.deliveries) == ("appeals", True, ())
    assert (given.verdict.asked, given.verdict.probability) == ("audit", 1.0)
    house.deliver()
    assert got(house) == {"appeals": [1]}
    assert house.store.waiting() == ()


def test_promise_5_a_verdict_in_review_ends_its_clock(tmp_path: Path) -> None:
    house = House(tmp_path, default_threshold=0.999, fallback_threshold=0.999)
    mail = arrive(house, "Give me my account back")
    given = reviewing(house).give(mail, None, "ada")
    assert (given.verdict.asked, given.verdict.probability, given.deliveries) == ("review", 1.0, ("appeals",))
    house.deliver()
    house.clock.advance(7200)
    assert house.judge() == 0, "the clock has nothing left to do"
    assert [d.unconfirmed for d in house.store.decisions(mail.id)] == [False, False]
    assert got(house) == {"review": [1], "appeals": [2]}
    house.store.close()


def test_a_decision_of_an_earlier_version_that_waits_in_review_was_asked_about(tmp_path: Path) -> None:
    """It did not say so yet."""
    house = House(tmp_path, default_threshold=0.999, fallback_threshold=0.999)
    mail = arrive(house)
    (decision,) = house.store.decisions(mail.id)
    older = replace(decision, asked="", asked_with=0.0)

    class Older:
        def __getattr__(self, name: str):
            return getattr(house.store, name)

        def decisions(self, _mail_id: str):
            return (older,)

    given = reviewing(house, Older()).give(mail, None, "ada")
    assert (given.verdict.asked, given.verdict.probability) == ("review", 1.0)
    house.store.close()


def test_what_nobody_decided_on_in_time_can_still_be_moved(tmp_path: Path) -> None:
    house = House(tmp_path, default_threshold=0.999, fallback_threshold=0.999)
    mail = arrive(house, "Give me my account back")
    house.clock.advance(3601)
    house.judge()
    house.deliver()
    given = reviewing(house).give(mail, REFUNDS, "ada")
    assert (given.verdict.asked, given.verdict.probability) == ("correction", None)
    assert not given.decision.unconfirmed
    house.deliver()
    assert got(house) == {"review": [1], "appeals": [2], "refunds": [3], "lead": [2]}
    house.store.close()


def test_undo_is_another_verdict(house: House) -> None:
    mail = arrive(house)
    people = reviewing(house)
    people.give(mail, REFUNDS, "ada")
    house.deliver()
    back = people.give(mail, GENERAL, "bob")
    assert (back.verdict.over, back.verdict.asked, back.verdict.right) == ("ada", "correction", False)
    assert back.deliveries == ("general",)
    house.deliver()
    assert got(house) == {"general": [1, 3], "refunds": [2]}
    assert [v.by for v in house.store.verdicts_on(mail.id)] == ["ada", "bob"]


def test_of_two_people_at_once_the_later_is_told(house: House) -> None:
    mail = arrive(house)
    people = reviewing(house)
    people.give(mail, REFUNDS, "ada", generation=1)
    with pytest.raises(Refused, match="decided by ada meanwhile: it is in refunds, generation 2"):
        people.give(mail, APPEALS, "bob", generation=1)
    with pytest.raises(Refused, match="decided anew meanwhile"):
        people.give(arrive(house, "Other"), APPEALS, "bob", generation=7)
    people.give(mail, APPEALS, "bob", generation=2)
    assert [d.route for d in house.store.decisions(mail.id)] == ["general", "refunds", "appeals"]


def test_of_many_at_the_same_moment_one_is_kept(house: House) -> None:
    """All have read the same newest decision: the store tells them apart."""
    mail = arrive(house)
    all_read = threading.Barrier(4, timeout=30)

    class Together:
        def __getattr__(self, name: str):
            return getattr(house.store, name)

        def rule(self, ruling: Ruling) -> Verdict:
            all_read.wait()
            return house.store.rule(ruling)

    def give(name: str) -> str:
        try:
            return reviewing(house, Together()).give(mail, REFUNDS, name).verdict.by
        except Refused:
            return ""

    with ThreadPoolExecutor(4) as pool:
        given = [name for name in pool.map(give, ("ada", "bob", "carla", "dora")) if name]
    assert len(given) == 1
    assert [verdict.by for verdict in house.store.verdicts()] == given
    assert [job.generation for job in house.jobs(destination="refunds")] == [2]


def test_what_is_no_verdict_is_refused_with_the_reason(house: House) -> None:
    mail = arrive(house)
    people = reviewing(house)
    with pytest.raises(Refused, match="has a name"):
        people.give(mail, REFUNDS, " \n ")
    with pytest.raises(Refused, match=r"no route 'refund'\. Did you mean 'refunds'"):
        people.give(mail, RouteName("refund"), "ada")
    with pytest.raises(Refused, match="review is no desk"):
        people.give(mail, RouteName("review"), "ada")
    waiting, again = (house.accept(a_message("Hello"))[0] for _ in range(2))
    with pytest.raises(Refused, match="has not been judged"):
        people.give(waiting, REFUNDS, "ada")
    with pytest.raises(Refused, match=f"it came before, as {waiting.id}"):
        people.give(again, REFUNDS, "ada")
    other = replace(people, policy=replace(house.policy, brand_routes={mail.brand: frozenset({APPEALS})}))
    with pytest.raises(Refused, match="the brand shop has no desk refunds"):
        other.give(mail, REFUNDS, "ada")
    assert house.store.verdicts() == ()


def test_deliveries_that_wait_elsewhere_are_not_made_any_more(house: House) -> None:
    """And what was parked where it belongs is tried once more."""
    (mail,) = house.accept(a_message("I want to end my life. Where is my parcel?"))
    house.judge()
    reviewing(house).give(mail, REFUNDS, "ada")
    assert {j.destination: j.state for j in house.jobs(kinds=("deliver",))} == {
        "general": "dropped",
        "people": "ready",
        "refunds": "ready",
    }

    house.places["refunds"].says = refuse
    house.deliver()
    assert got(house) == {"people": [1]}
    house.places["refunds"].says = lambda _parcel: None
    assert reviewing(house).give(mail, None, "ada").deliveries == ("refunds",)
    house.deliver()
    assert got(house) == {"people": [1], "refunds": [3]}
    assert [(j.generation, j.state) for j in house.jobs(destination="refunds")] == [(2, "dropped"), (3, "done")]


def refuse(_parcel: object) -> None:
    raise GiveUp("550 no")


def test_what_came_back_and_was_parked_is_delivered_anew_although_it_was_there_once(house: House) -> None:
    mail = arrive(house)
    people = reviewing(house)
    people.give(mail, REFUNDS, "ada")
    house.deliver()
    people.give(mail, GENERAL, "ada")
    house.places["general"].says = refuse
    house.deliver()
    house.places["general"].says = lambda _parcel: None
    assert people.give(mail, None, "bob").deliveries == ("general",)
    house.deliver()
    assert got(house) == {"general": [1, 4], "refunds": [2]}
    states = [(job.generation, job.state) for job in house.jobs(destination="general")]
    assert states == [(1, "done"), (3, "dropped"), (4, "done")]


def test_what_is_parked_stays_so_where_a_later_delivery_came_through(house: House) -> None:
    """A bounce of the first delivery is for a person to look at: nothing is made anew in its place."""
    mail = arrive(house)
    people = reviewing(house)
    people.give(mail, REFUNDS, "ada")
    people.give(mail, GENERAL, "ada")
    house.deliver()
    bounce = BounceOf(mail_id=mail.id, destination=DestinationName("general"), generation=1)
    assert house.store.reopen(bounce, "bounced: recipient unknown")
    assert people.give(mail, None, "bob").deliveries == ()
    states = [(job.generation, job.state) for job in house.jobs(destination="general")]
    assert states == [(1, "parked"), (3, "done")]


def test_an_alert_that_is_parked_stays_for_a_person(house: House) -> None:
    (mail,) = house.accept(a_message("I want to end my life. Where is my parcel?"))
    house.judge()

    house.places["people"].says = refuse
    house.deliver()
    reviewing(house).give(mail, REFUNDS, "ada")
    assert [j.state for j in house.jobs(destination="people")] == ["parked"]


def test_the_inbox_that_it_leaves_need_not_be_opened_any_more(house: House) -> None:
    house.places["general"] = replace_place(house, "general")
    mail = arrive(house)
    assert [e.read for e in house.store.entries("general")] == [False]
    reviewing(house).give(mail, REFUNDS, "ada")
    assert [e.read for e in house.store.entries("general")] == [True]


def replace_place(house: House, name: str):
    """A built-in inbox in place of what only remembers."""
    from postroom.adapters.destination.inbox import InboxDestination

    return InboxDestination(DestinationName(name), house.store)


def test_in_shadow_a_mail_stays_where_it_went_before(tmp_path: Path) -> None:
    house = House(tmp_path, **staged("shadow"))
    mail = arrive(house, "Give me my account back")
    given = reviewing(house).give(mail, None, "ada")
    assert (given.decision.stage, given.deliveries) == ("shadow", ())
    moved = reviewing(house).give(mail, REFUNDS, "ada")
    assert (moved.decision.stage, moved.deliveries) == ("live", ("refunds",))
    house.deliver()
    assert got(house) == {"old": [1], "refunds": [3]}
    house.store.close()


# What follows for other mail


def test_a_follow_up_goes_where_a_person_put_the_thread(house: House) -> None:
    mail = arrive(house, Authentication_Results=PASSED, Subject="Where is parcel 12345 of mine")
    reviewing(house).give(mail, REFUNDS, "ada")
    follow_up = arrive(
        house, "Any news?", Authentication_Results=PASSED, Message_ID="<2@example.com>", In_Reply_To="<1@example.com>"
    )
    (decision,) = house.store.decisions(follow_up.id)
    assert (decision.route, decision.thread.confirmed) == ("refunds", True)  # type: ignore[union-attr]
    by_subject = arrive(
        house,
        "Still no news?",
        Authentication_Results=PASSED,
        Message_ID="<3@example.com>",
        Subject="Re: Where is parcel 12345 of mine",
    )
    assert house.store.decisions(by_subject.id)[0].route == "refunds"


def test_a_mail_without_message_id_moves_its_thread_by_its_subject(house: House) -> None:
    mail = arrive(house, Authentication_Results=PASSED, Subject="Where is parcel 12345 of mine", Message_ID="")
    reviewing(house).give(mail, REFUNDS, "ada")
    follow_up = arrive(
        house,
        "Any news?",
        Authentication_Results=PASSED,
        Message_ID="<2@example.com>",
        Subject="Re: Where is parcel 12345 of mine",
    )
    assert house.store.decisions(follow_up.id)[0].route == "refunds"


def test_nobody_moves_the_thread_of_another(house: House) -> None:
    """Eve's mail carries Ada's Message-ID; a person's word on it says nothing of Ada's thread."""
    arrive(house, Authentication_Results=PASSED)
    eves = arrive(house, "Buy this cheap watch", From="eve@evil.test", Subject="watch")
    reviewing(house).give(eves, RouteName("junk"), "ada")
    follow_up = arrive(
        house, "Any news?", Authentication_Results=PASSED, Message_ID="<2@example.com>", In_Reply_To="<1@example.com>"
    )
    decision = house.store.decisions(follow_up.id)[0]
    assert (decision.route, decision.thread.confirmed) == ("general", False)  # type: ignore[union-attr]


def test_the_mail_counts_for_its_sender_where_it_belongs(house: House) -> None:
    mail = arrive(house, Authentication_Results=PASSED)
    arrive(house, Authentication_Results=PASSED, Message_ID="<2@example.com>")
    people = reviewing(house)

    def counts() -> tuple[dict[str, float], str]:
        record = house.store.recall((), (), ("a:ada@example.com",)).senders["a:ada@example.com"]
        return {route: round(count, 3) for route, count in record.counts}, record.last_route

    assert counts() == ({"general": 2.0}, "general")
    people.give(mail, REFUNDS, "ada")
    assert counts() == ({"general": 1.0, "refunds": 1.0}, "refunds"), "both came in the same second"
    people.give(mail, RouteName("junk"), "ada")
    assert counts() == ({"general": 1.0}, "refunds")
    people.give(mail, GENERAL, "ada")
    assert counts() == ({"general": 2.0}, "general")
    assert house.store.recall((), (), ("d:example.com",)).senders["d:example.com"].counts == (("general", 2.0),)


def test_a_judge_with_a_colleague_s_mail_in_hand_does_not_undo_what_counts_for_the_domain(house: House) -> None:
    passed = {"Authentication_Results": "mx.shop.test; dkim=pass header.d=firm.test"}
    mail = arrive(house, From="ada@firm.test", **passed)

    class Meanwhile:
        """The verdict is given when the judge has read all that it needs."""

        def __getattr__(self, name: str):
            return getattr(house.store, name)

        def record(self, judged):
            reviewing(house).give(mail, REFUNDS, "ada")
            return house.store.record(judged)

    house.judging = replace(house.judging, store=Meanwhile())  # type: ignore[arg-type]
    arrive(house, "When do you open?", From="bob@firm.test", Message_ID="<2@firm.test>", **passed)
    record = house.store.recall((), (), ("d:firm.test",)).senders["d:firm.test"]
    assert {route: round(count, 3) for route, count in record.counts} == {"general": 1.0, "refunds": 1.0}


def test_what_review_s_clock_sent_on_counts_from_the_verdict_on(tmp_path: Path) -> None:
    house = House(tmp_path, default_threshold=0.999, fallback_threshold=0.999)
    mail = arrive(house, Authentication_Results=PASSED)
    house.clock.advance(3601)
    house.judge()
    reviewing(house).give(mail, REFUNDS, "ada")
    record = house.store.recall((), (), ("a:ada@example.com",)).senders["a:ada@example.com"]
    assert record.counts == (("refunds", 1.0),)
    house.store.close()


def test_a_person_s_mail_that_was_taken_for_automatic_begins_a_history(house: House) -> None:
    mail = arrive(house, Auto_Submitted="auto-replied", Authentication_Results=PASSED)
    reviewing(house).give(mail, REFUNDS, "ada")
    record = house.store.recall((), (), ("a:ada@example.com",)).senders["a:ada@example.com"]
    assert (record.counts, record.mails) == ((("refunds", 1.0),), 1)


def test_nearly_the_same_text_of_another_sender_is_asked_about_then_goes_there(house: House) -> None:
    """One person's word is not enough to send another's mail elsewhere; that of two people on two senders' mail is."""
    people = reviewing(house)
    first = arrive(house, Authentication_Results=PASSED)
    people.give(first, REFUNDS, "ada")
    other = arrive(house, LETTER + " Bob", From="bob@example.org", Message_ID="<b@example.org>")
    (decision,) = house.store.decisions(other.id)
    (found,) = (f for f in decision.findings if f.source == "verdict")
    assert (found.route, found.name) == ("refunds", first.id)
    assert decision.route == "review", decision.because
    assert replay(other, decision, house.judging.trust, house.book, house.policy) == decision
    people.give(other, REFUNDS, "bob")
    third = arrive(house, LETTER + " Eve", From="eve@example.net", Message_ID="<c@example.net>")
    (decision,) = house.store.decisions(third.id)
    assert decision.route == "refunds", decision.because
    unlike = arrive(house, "Something else altogether, of which nobody has said anything yet", Message_ID="<d@x.test>")
    assert not [f for f in house.store.decisions(unlike.id)[0].findings if f.source == "verdict"]


def test_a_flood_of_one_sender_s_mails_steers_nobody(house: House) -> None:
    """Twenty self-made appeals, each called junk by one reviewer: a real one that says the same does not end in junk."""
    plea = (
        "Give me my account back, my account was suspended though I never did anything against the rules of the house"
    )
    people = reviewing(house)
    for number in range(20):
        made = arrive(house, plea, From=f"m{number}@evil.test", Message_ID=f"<{number}@evil.test>")
        people.give(made, RouteName("junk"), "ada")
    real = arrive(house, plea, From="bob@example.org", Message_ID="<b@example.org>")
    assert house.store.decisions(real.id)[0].route == "appeals"


def test_that_a_mail_is_automatic_says_nothing_of_its_text(house: House) -> None:
    people = reviewing(house)
    mail = arrive(house)
    people.give(mail, REFUNDS, "ada")
    people.give(mail, RouteName("automatic"), "ada")
    other = arrive(house, LETTER, From="bob@example.org", Message_ID="<b@example.org>")
    assert house.store.decisions(other.id)[0].route == "general"


def test_a_short_text_is_not_remembered(house: House) -> None:
    mail = arrive(house, "Please help me")
    reviewing(house).give(mail, REFUNDS, "ada")
    other = arrive(house, "Please help me", From="bob@example.org", Message_ID="<b@example.org>")
    assert house.store.decisions(other.id)[0].route == "general"


# When the store can't at once


def test_a_verdict_waits_for_the_judge_that_has_the_thread_in_hand(house: House) -> None:
    mail = arrive(house)
    moody = Moody(house.store, rule=3)
    before = house.clock.now()
    assert reviewing(house, moody).give(mail, REFUNDS, "ada").verdict.number == 1
    assert moody.calls.count("rule") == 4
    assert house.clock.now() - before == pytest.approx(0.3)


def test_it_gives_up_when_that_never_ends(house: House) -> None:
    mail = arrive(house)
    with pytest.raises(TryLater):
        reviewing(house, Moody(house.store, rule=1000)).give(mail, REFUNDS, "ada")
    assert house.store.verdicts() == ()
    assert house.store.jobs(JobFilter(destination="refunds")) == ()
