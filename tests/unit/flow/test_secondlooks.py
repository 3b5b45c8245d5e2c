"""Second looks: a few, never instead of what presses, blind, and settled by a third."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from postroom.adapters.store.secondlooks import SqliteSecondLooks
from postroom.adapters.store.turns import SqliteTurns
from postroom.flow.audit import SECOND_LOOK, Audit
from postroom.flow.secondlooks import STALE, SecondLooking
from postroom.model.errors import Refused
from postroom.model.judgement import Decision
from postroom.model.mail import Mail, MailId, RouteName
from postroom.model.people import ALL, User, UserName
from tests.unit.flow.house import House
from tests.unit.flow.test_verdicts import APPEALS, REFUNDS, arrive, got, reviewing

ADA, BEA, LEA = (User(name=UserName(name), role="lead") for name in ("ada", "bea", "lea"))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path, default_threshold=0.999, fallback_threshold=0.999)
    house.desks = replace(house.desks, review_clock=7200.0)
    house.judging = replace(house.judging, desks=house.desks)
    yield house
    house.store.close()


@pytest.fixture
def looking(house: House) -> SecondLooking:
    people = replace(reviewing(house), second_look=Audit(share=1.0, key=b"k", purpose=SECOND_LOOK))
    return SecondLooking(
        looks=SqliteSecondLooks(house.store.units),
        turns=SqliteTurns(house.store.units),
        reviewing=people,
        lease=600.0,
        clock=house.clock.now,
    )


def answered(house: House, looking: SecondLooking, text: str = "Give me my account back") -> Mail:
    mail = arrive(house, text)
    looking.reviewing.give(mail, REFUNDS, "ada")
    house.deliver()
    return mail


def test_a_share_is_drawn_by_the_mail_alone_and_apart_from_the_audit() -> None:
    ids = [MailId(f"mail {number}") for number in range(4000)]
    look, audit = Audit(share=0.05, key=b"k", purpose=SECOND_LOOK), Audit(share=0.05, key=b"k")
    drawn = {one for one in ids if look.draws(one)}
    assert 140 < len(drawn) < 260
    assert len(drawn & {one for one in ids if audit.draws(one)}) < 30


def test_only_what_was_asked_is_looked_at_again(house: House, looking: SecondLooking) -> None:
    mail = answered(house, looking)
    assert looking.looks.of_mail(mail.id, ALL) is not None
    # a word over another's is no first answer
    looking.reviewing.give(mail, APPEALS, "cy")
    look = looking.looks.of_mail(mail.id, ALL)
    assert look is not None
    assert (look.first, look.first_said) == ("ada", (REFUNDS,))


def test_nobody_is_looked_over_the_shoulder_by_default(house: House) -> None:
    people = reviewing(house)
    mail = arrive(house, "Give me my account back")
    people.give(mail, REFUNDS, "ada")
    assert SqliteSecondLooks(house.store.units).of_mail(mail.id, ALL) is None


def test_it_comes_instead_of_a_question_that_can_wait_and_gives_that_back(house: House, looking: SecondLooking) -> None:
    mail = answered(house, looking)
    other = arrive(house, "Give me my account back, please")
    taken = looking.turns.take("bea", ALL, lease=600.0)
    assert taken is not None
    assert taken.waiting.mail_id == other.id
    look = looking.instead(taken, BEA)
    assert look is not None
    assert look.mail_id == mail.id
    assert looking.turns.held() == ()
    assert looking.instead(None, BEA) == replace(look, until=look.until)
    assert looking.instead(None, ADA) is None
    assert looking.instead(None, BEA, skip=(mail.id,)) is None


@pytest.mark.parametrize("why", ["urgent", "nearly up"])
def test_never_instead_of_what_presses(house: House, looking: SecondLooking, why: str) -> None:
    answered(house, looking)
    arrive(house, "Give me my account back, please")
    taken = looking.turns.take("bea", ALL, lease=600.0)
    assert taken is not None
    if why == "urgent":
        taken = replace(taken, waiting=replace(taken.waiting, urgent=True))
    else:
        house.clock.advance(3700.0)
    assert looking.instead(taken, BEA) is None
    assert looking.turns.held() != () or why != "urgent"


def test_an_audit_can_always_wait_and_what_is_old_is_not_asked_any_more(house: House, looking: SecondLooking) -> None:
    answered(house, looking)
    arrive(house, "Give me my account back, please")
    taken = looking.turns.take("bea", ALL, lease=600.0)
    assert taken is not None
    assert looking.instead(replace(taken, waiting=replace(taken.waiting, due_at=None)), BEA) is not None
    house.clock.advance(STALE + 1)
    assert looking.instead(None, LEA) is None


def test_what_the_second_says_moves_nothing_and_is_no_verdict(house: House, looking: SecondLooking) -> None:
    mail = answered(house, looking)
    before = (got(house), house.store.decisions(mail.id), house.store.verdicts_on(mail.id))
    look = looking.answer(mail, None, BEA)
    assert (look.second_said, look.agreed, look.is_open) == ((APPEALS,), False, True)
    house.deliver()
    assert (got(house), house.store.decisions(mail.id), house.store.verdicts_on(mail.id)) == before
    with pytest.raises(Refused, match="has been answered"):
        looking.answer(mail, None, LEA)
    assert looking.figures_of(ALL, 1.0) == (look,)
    assert look.routes == {"appeals", "refunds"}


def test_a_second_answer_names_desks_of_the_brand(house: House, looking: SecondLooking) -> None:
    mail = answered(house, looking)
    for route, also in (("tigers", ""), ("appeals", "appeals")):
        with pytest.raises(Refused):
            looking.answer(mail, RouteName(route), BEA, also=RouteName(also))
    look = looking.answer(mail, REFUNDS, BEA, also=APPEALS)
    assert look.second_said == (APPEALS, REFUNDS)


def test_what_both_are_asked_about_is_what_was_decided_first(house: House, looking: SecondLooking) -> None:
    answered(house, looking)
    look = looking.instead(None, BEA)
    assert look is not None
    assert looking.asked(look).by == ""
    assert (looking.asked(look).route, looking.asked(look).decided) == ("review", "appeals")
    with pytest.raises(Refused, match="not there any more"):
        looking.asked(replace(look, generation=9))


def test_a_lead_settles_it_and_the_mail_follows(house: House, looking: SecondLooking) -> None:
    mail = answered(house, looking)
    with pytest.raises(Refused, match="nothing to settle"):
        looking.settle(mail, APPEALS, LEA)
    looking.answer(mail, APPEALS, BEA)
    for one_of_two in (ADA, BEA):
        with pytest.raises(Refused, match="one of the two answers is yours"):
            looking.settle(mail, APPEALS, one_of_two)
    given = looking.settle(mail, APPEALS, LEA, generation=2, note="an appeal")
    assert (given.verdict.said, given.verdict.by, given.verdict.over, given.deliveries) == (
        "appeals",
        "lea",
        "ada",
        ("appeals",),
    )
    look = looking.looks.of_mail(mail.id, ALL)
    assert look is not None
    assert (look.settled_by, look.settled, look.is_open) == ("lea", (APPEALS,), False)
    with pytest.raises(Refused, match="nothing to settle"):
        looking.settle(mail, APPEALS, LEA)
    house.deliver()
    newest: Decision = house.store.decisions(mail.id)[-1]
    assert newest.route == "appeals"
    looking.reviewing.take_back(mail, "lea")
    again = looking.looks.of_mail(mail.id, ALL)
    assert again is not None
    assert again.is_open


def test_a_mail_without_a_second_look_has_nothing_to_settle(house: House, looking: SecondLooking) -> None:
    mail = arrive(house)
    with pytest.raises(Refused, match="nothing to settle"):
        looking.settle(mail, APPEALS, LEA)


def test_what_was_skipped_still_waits_for_whoever_may_take_it(house: House, looking: SecondLooking) -> None:
    mail = answered(house, looking)
    assert looking.still_waits([mail.id], BEA)
    assert not looking.still_waits([mail.id], ADA), "it is hers"
    assert not looking.still_waits([], BEA)
    house.clock.advance(STALE + 1)
    assert not looking.still_waits([mail.id], BEA)
