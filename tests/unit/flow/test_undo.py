"""A verdict taken back: what stood before stands again, and what it brought about goes, as far as it can."""

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from postroom.flow.agreement import agreement
from postroom.flow.audit import Audit
from postroom.flow.moves import Consequence, Mover
from postroom.flow.undo import own
from postroom.flow.verdicts import LEAST_CLOCK, Reviewing
from postroom.flow.weighing import gather
from postroom.model.errors import GiveUp, Refused, TryLater
from postroom.model.mail import DestinationName, RouteName
from postroom.ports import JobFilter
from tests.unit.flow.house import ROUTES, House, a_message, staged
from tests.unit.flow.test_verdicts import LETTER, PASSED, arrive, got

APPEALS, GENERAL, REFUNDS, JUNK = map(RouteName, ("appeals", "general", "refunds", "junk"))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Appeals and refunds are inboxes; general and whoever is told can't give anything back."""
    house = House(tmp_path)
    for name in ("appeals", "refunds", "review"):
        house.places[name].can_withdraw = True
    yield house
    house.store.close()


@pytest.fixture
def unsure(tmp_path: Path) -> Iterator[House]:
    """Everything goes to review."""
    house = House(tmp_path, default_threshold=0.999, fallback_threshold=0.999)
    for name in ("appeals", "refunds", "review"):
        house.places[name].can_withdraw = True
    yield house
    house.store.close()


def people(house: House, undo_seconds: float = 60.0) -> Reviewing:
    can = {name: place.can_withdraw for name, place in house.places.items()}
    return Reviewing(
        store=house.store,
        trust=house.judging.trust,
        policy=house.policy,
        mover=Mover(desks=house.desks, can_withdraw=can, undo_seconds=undo_seconds),  # type: ignore[arg-type]
        routes=tuple(RouteName(route) for route in ROUTES if route != "review"),
        clock=house.clock.now,
        pause=house.clock.advance,
    )


def states(house: House, place: str) -> list[tuple[int, str, str]]:
    return [(job.generation, job.does, job.state) for job in house.jobs(kinds=("deliver",), destination=place)]


def receipts(house: House, place: str) -> list[str]:
    return [job.receipt for job in house.jobs(kinds=("deliver",), destination=place) if job.task != "deliver"]


def a_consequence(place: str, what: str, *, told: bool = False) -> Consequence:
    return Consequence(destination=DestinationName(place), what=what, told=told)  # type: ignore[arg-type]


# What stands again


def test_promise_5_a_mail_of_review_is_asked_about_again_with_what_is_left_of_its_clock(unsure: House) -> None:
    mail = arrive(unsure, "Give me my account back")
    (judged,) = unsure.store.decisions(mail.id)
    due = unsure.store.waiting()[0].due_at
    people(unsure).give(mail, REFUNDS, "ada")
    unsure.deliver()
    unsure.clock.advance(600)
    taken = people(unsure).take_back(mail, " bob  b. ", note="wrong\nbutton")
    unsure.deliver()
    decision = unsure.store.decisions(mail.id)[-1]
    assert taken.decision == decision
    assert decision == replace(
        judged,
        generation=3,
        again=1,
        because=f"bob b. took back the word of ada that it belongs to refunds; so it is as before: {judged.because}",
        decided_at=unsure.clock.now(),
    )
    assert taken.deliveries == ("review",)
    assert got(unsure) == {"review": [3]}, "it left refunds, and the old place in review before"
    (question,) = unsure.store.waiting()
    assert (question.generation, question.asked, question.due_at) == (3, "review", due)
    unsure.clock.advance(3600)
    unsure.judge()
    assert unsure.store.decisions(mail.id)[-1].unconfirmed, "the clock runs again"


def test_a_clock_that_is_nearly_up_leaves_some_minutes(unsure: House) -> None:
    mail = arrive(unsure)
    people(unsure).give(mail, REFUNDS, "ada")
    unsure.clock.advance(86_400)
    people(unsure).take_back(mail, "bob")
    assert unsure.store.waiting()[0].due_at == unsure.clock.now() + LEAST_CLOCK


def test_a_mail_of_a_desk_lies_there_again(house: House) -> None:
    mail = arrive(house, "Give me my account back")
    people(house).give(mail, REFUNDS, "ada")
    house.deliver()
    assert got(house) == {"refunds": [2]}
    taken = people(house).take_back(mail, "ada", generation=2)
    assert (taken.decision.route, taken.decision.by, taken.decision.unconfirmed) == ("appeals", "", False)
    assert (taken.deliveries, taken.waiting) == (("appeals",), ())
    house.deliver()
    assert got(house) == {"appeals": [3]}
    assert house.store.waiting() == ()


def test_one_word_after_the_other_is_taken_back(house: House) -> None:
    mail = arrive(house, "Give me my account back")
    team = people(house)
    team.give(mail, REFUNDS, "ada")
    team.give(mail, GENERAL, "bob")
    assert team.take_back(mail, "carla").decision.by == "ada"
    assert team.give(mail, GENERAL, "dora").verdict.over == "ada"
    team.take_back(mail, "carla")
    last = team.take_back(mail, "carla")
    assert (last.decision.route, last.decision.by, last.decision.again) == ("appeals", "", 1)
    assert [one.route for one in house.store.decisions(mail.id)] == [
        "appeals", "refunds", "general", "refunds", "general", "refunds", "appeals",
    ]  # fmt: skip
    said = house.store.verdicts_on(mail.id)
    assert [(one.by, one.taken_back.by if one.taken_back else "") for one in said] == [
        ("ada", "carla"), ("bob", "carla"), ("dora", "carla"),
    ]  # fmt: skip
    with pytest.raises(Refused, match="no verdict"):
        team.take_back(mail, "carla")


def test_what_is_no_verdict_any_more_is_refused_with_the_reason(house: House) -> None:
    mail = arrive(house, "Give me my account back")
    team = people(house)
    for ask in (lambda: team.take_back(mail, "bob"), lambda: team.consequences(mail)):
        with pytest.raises(Refused, match=f"no verdict on {mail.id} to take back"):
            ask()
    team.give(mail, REFUNDS, "ada")
    with pytest.raises(Refused, match="has a name"):
        team.take_back(mail, " ")
    with pytest.raises(Refused, match="decided by ada meanwhile"):
        team.take_back(mail, "bob", generation=1)
    waiting = house.accept(a_message("Hello"))[0]
    with pytest.raises(Refused, match="has not been judged"):
        team.take_back(waiting, "bob")

    class Anew:
        """It was judged again by somebody."""

        def __getattr__(self, name: str):
            return getattr(house.store, name)

        def decisions(self, mail_id: str):
            first, second = house.store.decisions(mail_id)
            return (first, second, replace(first, generation=3))

    with pytest.raises(Refused, match="decided anew since ada said refunds: it is in appeals"):
        replace(team, store=Anew()).take_back(mail, "bob")  # type: ignore[arg-type]
    assert house.store.verdicts_on(mail.id)[0].taken_back is None


def test_of_a_decision_that_is_gone_nothing_is_taken_back(house: House) -> None:
    mail = arrive(house, "Give me my account back")
    people(house).give(mail, REFUNDS, "ada")

    class Erased:
        def __getattr__(self, name: str):
            return getattr(house.store, name)

        def decisions(self, mail_id: str):
            return house.store.decisions(mail_id)[1:]

    with pytest.raises(Refused, match="decided anew"):
        replace(people(house), store=Erased()).take_back(mail, "bob")  # type: ignore[arg-type]


def test_who_is_told_of_unconfirmed_mail_is_not_told_twice(unsure: House) -> None:
    mail = arrive(unsure, "Give me my account back")
    unsure.clock.advance(3601)
    unsure.judge()
    unsure.deliver()
    people(unsure).give(mail, REFUNDS, "ada")
    unsure.deliver()
    taken = people(unsure).take_back(mail, "ada")
    unsure.deliver()
    assert (taken.decision.route, taken.decision.unconfirmed) == ("appeals", True)
    assert got(unsure) == {"appeals": [4], "lead": [2]}
    assert states(unsure, "lead") == [(2, "deliver", "done")]


# What it teaches


def test_a_word_that_was_taken_back_teaches_nothing(house: House) -> None:
    house.judging = replace(house.judging, audit=Audit(share=1.0, key=b"k"))
    mail = arrive(house, "Give me my account back")
    team = people(house)
    team.give(mail, REFUNDS, "ada")
    taken = team.take_back(mail, "ada")
    assert taken.decision.asked == "audit"
    assert [one.asked for one in house.store.waiting()] == ["audit"], "it is asked about again"
    assert (house.store.verdicts(), house.store.newest_verdicts(9)) == ((), ())
    assert agreement(house.store.verdicts()).rows == ()
    given = team.give(mail, None, "bob").verdict
    assert (given.asked, given.probability, given.over) == ("audit", 1.0, "")
    (one,) = gather(house.store)
    assert (one.verdict.by, one.decision.generation) == ("bob", 1), "of the judgement, not of what stands again"


def remembered(house: House) -> tuple[object, ...]:
    """Of a domain, only counts are ever asked for."""
    memory = house.store.recall(("1@example.com",), (), ("a:ada@example.com", "d:example.com"))
    address, domain = (memory.senders[key] for key in ("a:ada@example.com", "d:example.com"))
    counts = [(route, round(count, 9)) for one in (address, domain) for route, count in one.counts]
    return memory.threads, counts, replace(address, counts=())


@pytest.mark.parametrize("body", ["Give me my account back", LETTER])
def test_thread_and_sender_are_as_before(house: House, body: str) -> None:
    for number, said in ((8, APPEALS), (9, REFUNDS)):
        other = arrive(house, "Hello there", Message_ID=f"<{number}@example.com>", Authentication_Results=PASSED)
        people(house).give(other, said, "carla")
        house.clock.advance(100)
    mail = arrive(house, body, Authentication_Results=PASSED)
    before = remembered(house)
    for said in (REFUNDS, APPEALS, GENERAL, JUNK, RouteName("automatic")):
        people(house).give(mail, said, "ada")
        people(house).take_back(mail, "ada")
        assert remembered(house) == before, said


def test_the_first_mail_of_a_sender_in_review_counts_nowhere_again(unsure: House) -> None:
    def known() -> object:
        return unsure.store.recall((), (), ("a:ada@example.com",)).senders

    mail = arrive(unsure, "Give me my account back", Authentication_Results=PASSED)
    before = known()
    people(unsure).give(mail, REFUNDS, "ada")
    assert known() != before
    people(unsure).take_back(mail, "ada")
    assert known() == before


def test_nobody_is_confirmed_by_a_word_that_was_taken_back(house: House) -> None:
    """Neither by it, nor by the judgement that stands again."""
    passed = {"Authentication_Results": "mx.shop.test; dkim=pass header.d=firm.test", "From": "ada@firm.test"}

    def confirmed() -> list[bool]:
        keys = ("a:ada@firm.test", "d:firm.test")
        senders = house.store.recall((), (), keys).senders
        return [senders[key].confirmed for key in keys]

    mail = arrive(house, "Give me my account back", **passed)
    team = people(house)
    for said in (REFUNDS, None, JUNK, RouteName("automatic")):
        team.give(mail, said, "ada")
        team.take_back(mail, "ada")
        assert confirmed() == [False, False], said
    team.give(mail, REFUNDS, "ada")
    team.give(mail, GENERAL, "bob")
    team.take_back(mail, "bob")
    assert confirmed() == [True, True], "ada's word stands"
    later = arrive(house, "Where is it?", Message_ID="<2@firm.test>", **passed)
    team.give(later, RouteName("automatic"), "ada")
    team.take_back(later, "ada")
    assert confirmed() == [True, True]
    team.give(later, JUNK, "ada")
    team.take_back(later, "ada")
    assert confirmed() == [True, False], "a domain is believed again by a new word only"


def test_what_was_said_before_is_remembered_again(house: House) -> None:
    mail = arrive(house, Authentication_Results=PASSED)
    team = people(house)
    team.give(mail, REFUNDS, "ada")
    house.clock.advance(1)
    before = remembered(house)
    team.give(mail, JUNK, "bob")
    team.take_back(mail, "bob")
    assert remembered(house) == before
    other = arrive(house, LETTER + " Bob", From="bob@example.org", Message_ID="<b@example.org>")
    (found,) = (one for one in house.store.decisions(other.id)[0].findings if one.source == "verdict")
    assert found.route == "refunds"
    team.take_back(mail, "bob")
    third = arrive(house, LETTER + " Eve", From="eve@example.net", Message_ID="<c@example.net>")
    assert not [one for one in house.store.decisions(third.id)[0].findings if one.source == "verdict"]


def test_a_mail_that_was_automatic_by_a_persons_word_is_so_again(house: House) -> None:
    mail = arrive(house, Authentication_Results=PASSED)
    team = people(house)
    team.give(mail, RouteName("automatic"), "ada")
    team.give(mail, REFUNDS, "bob")
    team.take_back(mail, "bob")
    thread = house.store.recall(("1@example.com",), (), ()).threads["1@example.com"]
    assert (thread.route, thread.confirmed) == ("general", False)
    other = arrive(house, LETTER + " Bob", From="bob@example.org", Message_ID="<b@example.org>")
    assert not [one for one in house.store.decisions(other.id)[0].findings if one.source == "verdict"]


def test_a_reply_in_a_thread_gives_it_back_as_it_was(house: House) -> None:
    first = arrive(house, Authentication_Results=PASSED, Message_ID="<0@example.com>")
    people(house).give(first, REFUNDS, "ada")
    for body in ("Any news?", "Give me my account back"):
        reply = arrive(
            house,
            body,
            Authentication_Results=PASSED,
            Message_ID=f"<{len(body)}@example.com>",
            In_Reply_To="<0@example.com>",
        )
        before = house.store.recall(("0@example.com",), (), ()).threads["0@example.com"]
        people(house).give(reply, JUNK, "bob")
        people(house).take_back(reply, "bob")
        assert house.store.recall(("0@example.com",), (), ()).threads["0@example.com"] == before


def test_a_reply_that_review_asked_about_leaves_its_thread_where_it_was(unsure: House) -> None:
    first = arrive(unsure, Authentication_Results=PASSED, Message_ID="<0@example.com>")
    reply = arrive(
        unsure, "Give me my account back", Authentication_Results=PASSED, In_Reply_To="<0@example.com>"
    )  # fmt: skip
    before = unsure.store.recall(("0@example.com",), (), ()).threads["0@example.com"]
    people(unsure).give(reply, REFUNDS, "ada")
    people(unsure).take_back(reply, "ada")
    assert unsure.store.recall(("0@example.com",), (), ()).threads["0@example.com"] == before
    assert first.id == before.id


def test_a_thread_that_others_have_built_on_stays(house: House) -> None:
    mail = arrive(house, Authentication_Results=PASSED)
    people(house).give(mail, REFUNDS, "ada")
    house.clock.advance(60)
    arrive(
        house, "Any news?", Authentication_Results=PASSED, Message_ID="<2@example.com>", In_Reply_To="<1@example.com>"
    )
    people(house).take_back(mail, "ada")
    thread = house.store.recall(("1@example.com",), (), ()).threads["1@example.com"]
    assert (thread.route, thread.confirmed) == ("refunds", True)


# Deliveries


def test_promise_10_what_cannot_be_undone_waits_for_the_undo_window(house: House) -> None:
    mail = arrive(house, "Give me my account back")
    team = people(house)
    given = team.give(mail, GENERAL, "ada")
    assert (given.deliveries, given.waiting) == (("general",), ("general",))
    assert given.consequences == (a_consequence("appeals", "withdrawn"),)
    house.clock.advance(59)
    house.deliver()
    assert got(house) == {}, "it has left the inbox, and has not gone yet"
    assert team.consequences(mail) == (a_consequence("general", "waiting"),)
    taken = team.take_back(mail, "ada")
    assert taken.consequences == (a_consequence("general", "waiting"),)
    house.clock.advance(3600)
    house.deliver()
    assert got(house) == {"appeals": [3]}, "it never went"
    assert states(house, "general") == [(2, "deliver", "dropped")]
    assert house.jobs(destination="general")[0].error == "ada took back that ada gave it to general"


def test_once_it_is_over_it_goes_and_a_person_may_be_faster(house: House) -> None:
    first, second = (
        arrive(house, "Give me my account back"),
        arrive(house, "Give me my account back", Message_ID="<2@x.test>"),
    )
    for mail in (first, second):
        people(house).give(mail, GENERAL, "ada")
    house.store.retry(JobFilter(mail_id=second.id, destination="general"))
    house.deliver()
    assert [one.mail.id for one in house.places["general"].got] == [second.id]
    house.clock.advance(61)
    house.deliver()
    assert [one.mail.id for one in house.places["general"].got] == [second.id, first.id]


def test_without_a_window_and_for_urgent_mail_it_goes_at_once(house: House) -> None:
    people(house, undo_seconds=0.0).give(arrive(house, "Give me my account back"), GENERAL, "ada")
    urgent = arrive(house, "Give me my account back, or I want to end my life", Message_ID="<2@x.test>")
    assert people(house).give(urgent, GENERAL, "ada").waiting == ()
    house.deliver()
    assert got(house)["general"] == [2, 2]


def test_who_has_it_is_told_no_more_of_why_than_they_may_know(house: House) -> None:
    mail = arrive(house, Subject="My parcel")
    people(house).give(mail, REFUNDS, "ada", note="she told us of her illness")
    house.clock.advance(61)
    house.deliver()
    told = message_from_bytes(house.places["general"].got[1].stamped, policy=default).get_content()
    assert "Now in: refunds" in told
    assert "Because: a person said where it belongs" in told
    assert "illness" not in told
    assert "illness" not in house.places["general"].got[1].decision.because, "nor a webhook"


def test_who_has_it_already_is_told_once(house: House) -> None:
    """General is a forward: it can't give it back."""
    mail = arrive(house, Subject="My parcel")
    team = people(house)
    given = team.give(mail, REFUNDS, "ada")
    assert given.consequences == (a_consequence("general", "too late", told=True),)
    house.deliver()
    assert got(house) == {"general": [1], "refunds": [2]}, "that waits for the window too"
    house.clock.advance(61)
    house.deliver()
    sent = house.places["general"].got[1]
    assert (sent.generation, sent.corrects) == (2, f"{mail.id}.general.1")
    assert sent.mail.envelope.mail_from == "", "nothing bounces"
    head, _, _ = sent.stamped.partition(b"\r\n\r\n")
    for line in (
        b"Subject: Belongs to refunds now: My parcel",
        b"X-Postroom-Corrects: " + mail.id.encode(),
        b"In-Reply-To: <1@example.com>",
        b"Auto-Submitted: auto-generated",
    ):
        assert line in head.split(b"\r\n")
    assert receipts(house, "general") == ["too late to withdraw it; told so: kept"]
    assert [facts["withdrawn"] for facts in house.told.of("recalled")] == [False]
    taken = team.take_back(mail, "bob")
    assert (taken.deliveries, taken.waiting) == (("general",), ("general",)), "it was told, so it gets it again"
    house.clock.advance(61)
    house.deliver()
    assert [(one.generation, bool(one.corrects)) for one in house.places["general"].got] == [
        (1, False), (2, True), (3, False),
    ]  # fmt: skip
    assert got(house).keys() == {"general"}


def test_who_was_not_told_yet_has_it_still(house: House) -> None:
    mail = arrive(house)
    team = people(house)
    team.give(mail, REFUNDS, "ada")
    house.deliver()
    taken = team.take_back(mail, "ada")
    assert (taken.deliveries, taken.consequences) == ((), (a_consequence("refunds", "withdrawn"),))
    house.clock.advance(3600)
    house.deliver()
    assert got(house) == {"general": [1]}
    assert states(house, "general") == [(1, "deliver", "done"), (2, "correct", "dropped")]
    (row,) = house.store.mails()
    assert row.state == "delivered", "what was dropped is past"
    team.give(mail, REFUNDS, "ada")
    assert states(house, "general")[-1] == (4, "correct", "ready")
    team.give(mail, APPEALS, "ada")
    assert len(states(house, "general")) == 3, "it is told once"


def test_too_late_means_that_the_former_desk_gets_it_and_the_other_is_told(house: House) -> None:
    mail = arrive(house, "Give me my account back")
    team = people(house, undo_seconds=0.0)
    team.give(mail, GENERAL, "ada")
    house.deliver()
    assert team.consequences(mail) == (a_consequence("general", "too late", told=True),)
    team.take_back(mail, "ada")
    house.deliver()
    assert got(house) == {"appeals": [3], "general": [2, 3]}
    assert b"Belongs to appeals now" in house.places["general"].got[1].stamped


def test_what_somebody_has_touched_is_too_late_to_withdraw(house: House) -> None:
    mail = arrive(house, "Give me my account back")
    house.places["appeals"].read.add((mail.id, 1))
    people(house).give(mail, REFUNDS, "ada")
    house.deliver()
    assert [bool(one.corrects) for one in house.places["appeals"].got] == [False, True]
    assert receipts(house, "appeals") == ["too late to withdraw it; told so: kept"]


def test_who_was_asked_is_not_told_that_he_answered(unsure: House) -> None:
    unsure.places["review"].can_withdraw = False
    mail = arrive(unsure, "Give me my account back")
    given = people(unsure).give(mail, None, "ada")
    assert given.consequences == (a_consequence("review", "too late"),)
    assert states(unsure, "review") == [(1, "deliver", "done")]
    unsure.deliver()
    taken = people(unsure).take_back(mail, "ada")
    assert (taken.deliveries, taken.waiting) == (("review",), ("review",)), "and is asked again"


def test_a_reader_of_review_who_has_opened_it_keeps_it(unsure: House) -> None:
    mail = arrive(unsure, "Give me my account back")
    unsure.places["review"].read.add((mail.id, 1))
    people(unsure).give(mail, None, "ada")
    unsure.deliver()
    assert got(unsure) == {"review": [1], "appeals": [2]}
    assert receipts(unsure, "review") == ["too late to withdraw it"]


def test_promise_8_who_has_it_by_shadow_is_written_nothing(tmp_path: Path) -> None:
    house = House(tmp_path, **staged("shadow"))
    mail = arrive(house, "Give me my account back")
    given = people(house).give(mail, REFUNDS, "ada")
    assert given.consequences == (a_consequence("old", "too late"),)
    assert states(house, "old") == [(1, "deliver", "done")]
    house.store.close()


def test_a_delivery_under_way_is_waited_for_and_then_taken_back(house: House) -> None:
    mail = house.accept(a_message("Give me my account back"))[0]
    house.judge()
    (job,) = house.store.claim("deliver", 1, "other", destination=DestinationName("appeals"))
    people(house).give(mail, REFUNDS, "ada")
    house.deliver()
    assert states(house, "appeals") == [(1, "deliver", "claimed"), (2, "correct", "ready")]
    assert house.jobs(destination="appeals")[1].error == "it is being delivered there at this moment"
    house.store.settle([house.dispatch.deliver(job, mail, house.store.decided([job])[job.id], house.places["appeals"])])
    house.clock.advance(61)
    house.deliver()
    assert got(house) == {"refunds": [2]}
    assert receipts(house, "appeals") == ["withdrawn"]
    assert [facts["withdrawn"] for facts in house.told.of("recalled")] == [True]


def test_a_delivery_under_way_that_fails_is_not_tried_again(house: House) -> None:
    mail = house.accept(a_message("Give me my account back"))[0]
    house.judge()

    def down(_parcel: object) -> None:
        raise TryLater("busy")

    (job,) = house.store.claim("deliver", 1, "other", destination=DestinationName("appeals"))
    people(house).give(mail, REFUNDS, "ada")
    house.places["appeals"].says = down
    house.store.settle([house.dispatch.deliver(job, mail, house.store.decided([job])[job.id], house.places["appeals"])])
    house.deliver()
    assert states(house, "appeals") == [(1, "deliver", "dropped"), (2, "correct", "done")]
    assert receipts(house, "appeals") == ["it had not been delivered"]
    house.clock.advance(86_400)
    house.deliver()
    assert got(house) == {"refunds": [2]}


def test_a_recall_that_comes_late_tells_nothing_to_who_got_it_back(house: House) -> None:
    mail = arrive(house)
    team = people(house, undo_seconds=0.0)
    team.give(mail, REFUNDS, "ada")
    (job,) = house.store.claim("deliver", 1, "other", destination=DestinationName("general"))
    team.take_back(mail, "ada")
    outcome = house.dispatch.deliver(job, mail, house.store.decided([job])[job.id], house.places["general"])
    house.store.settle([outcome])
    house.deliver()
    assert [(one.generation, one.corrects) for one in house.places["general"].got] == [(1, ""), (3, "")]


def test_what_was_taken_back_before_is_not_taken_back_twice(house: House) -> None:
    mail = arrive(house, "Give me my account back")
    team = people(house)
    for route in (REFUNDS, APPEALS, REFUNDS):
        team.give(mail, route, "ada")
        house.deliver()
    house.places["appeals"].read.add((mail.id, 1))
    assert receipts(house, "appeals") == ["withdrawn", "withdrawn"]
    assert got(house) == {"refunds": [4]}


def test_a_recall_that_is_refused_is_parked_for_a_person_and_given_up_when_the_mail_comes_back(house: House) -> None:
    mail = arrive(house)
    team = people(house, undo_seconds=0.0)

    def refuse(_parcel: object) -> None:
        raise GiveUp("550 no")

    house.places["general"].says = refuse
    team.give(mail, REFUNDS, "ada")
    house.deliver()
    assert states(house, "general")[-1] == (2, "correct", "parked")
    assert team.take_back(mail, "ada").deliveries == ()
    assert states(house, "general") == [(1, "deliver", "done"), (2, "correct", "dropped")]


def test_a_destination_that_is_gone_from_the_settings_is_left_alone(house: House) -> None:
    mail = arrive(house)
    team = people(house)
    known = {name: can for name, can in team.mover.can_withdraw.items() if name != "general"}
    given = replace(team, mover=replace(team.mover, can_withdraw=known)).give(mail, REFUNDS, "ada")
    assert given.consequences == (a_consequence("general", "too late"),)
    assert states(house, "general") == [(1, "deliver", "done")]


def test_the_timeline_tells_all_of_it(house: House) -> None:
    mail = arrive(house, "Give me my account back")
    people(house).give(mail, REFUNDS, "ada")
    house.deliver()
    people(house).take_back(mail, "bob", note="wrong mail")
    house.deliver()
    told = [(one.what, one.detail) for one in house.store.events(mail.id)]
    assert ("correct done", "appeals withdrawn") in told
    assert ("correct done", "refunds withdrawn") in told
    assert ("taken back", "bob took back the word of ada that it belongs to refunds: wrong mail") in told


def test_only_who_said_it_last_and_lately_has_an_own_word_to_take_back(house: House) -> None:
    mail = arrive(house)
    reviews = people(house)

    def own_of(by: str, since: float) -> bool:
        return own(mail.id, house.store.decisions(mail.id), house.store.verdicts_on(mail.id), by, since)

    assert not own_of("ada", 0.0)
    at = house.clock.now()
    reviews.give(mail, REFUNDS, "ada")
    assert own_of("ada", at)
    assert not own_of("ada", house.clock.now() + 1.0)
    assert not own_of("bob", 0.0)
    reviews.take_back(mail, "ada")
    assert not own_of("ada", 0.0)


def test_an_own_move_is_taken_back_within_the_undo_window_alone(house: House) -> None:
    mail, reviews = arrive(house), people(house)
    assert reviews.own_move(mail.id, "ada") is None
    given = reviews.give(mail, RouteName("refunds"), "ada")
    assert reviews.own_move(mail.id, "ada") == given.decision
    assert reviews.own_move(mail.id, "bea") is None
    house.clock.advance(61.0)
    assert reviews.own_move(mail.id, "ada") is None
