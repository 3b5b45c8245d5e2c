"""A mail about two things goes to two desks, linked: both get it, undo takes both back, and it teaches no single label."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from postroom.decide.calendars import Calendar
from postroom.decide.policy import RouteStage
from postroom.flow.moves import Mover
from postroom.flow.taught import Teachers
from postroom.flow.verdicts import Reviewing
from postroom.model.errors import Refused
from postroom.model.judgement import Decision
from postroom.model.mail import RouteName
from postroom.ports import JobFilter
from tests.unit.flow.house import ROUTES, House
from tests.unit.flow.test_verdicts import APPEALS, GENERAL, LETTER, PASSED, REFUNDS, arrive, got, reviewing

ASK = {"default_threshold": 0.999, "fallback_threshold": 0.999}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.store.close()


def withdrawing(house: House) -> Reviewing:
    """Where every destination can withdraw."""
    for place in house.places.values():
        place.can_withdraw = True
    mover = Mover(desks=house.desks, can_withdraw=dict.fromkeys(house.places, True))  # type: ignore[arg-type]
    return replace(reviewing(house), mover=mover)


def newest(house: House, mail_id: str) -> Decision:
    return house.store.decisions(mail_id)[-1]  # type: ignore[arg-type]


def test_both_desks_get_it_and_each_knows_of_the_other(house: House) -> None:
    mail = arrive(house)
    given = reviewing(house).give(mail, APPEALS, "ada", also=REFUNDS, note="both")
    assert set(given.deliveries) == {"appeals", "refunds"}
    assert (given.verdict.said, given.verdict.also, given.verdict.where) == (
        "appeals",
        "refunds",
        "appeals and refunds",
    )
    house.deliver()
    assert got(house) == {"general": [1], "appeals": [2], "refunds": [2]}
    decision = newest(house, mail.id)
    assert (decision.route, decision.second, decision.copied, decision.copy) == ("appeals", "refunds", True, "refunds")
    assert decision.because == "ada says that it belongs to appeals and refunds (both)"
    assert [one.route for one in decision.findings[-2:]] == ["appeals", "refunds"]
    for name, other in (("appeals", "refunds"), ("refunds", "refunds")):
        assert f"X-Postroom-Also: {other}".encode() in house.places[name].got[0].stamped
    assert "ada said appeals and refunds: both" in [event.detail for event in house.store.events(mail.id)]
    assert given.verdict.right is False
    assert house.store.verdicts_on(mail.id) == (given.verdict,)


def test_undo_takes_both_back(house: House) -> None:
    mail, people = arrive(house), withdrawing(house)
    people.give(mail, APPEALS, "ada", also=REFUNDS)
    house.deliver()
    assert {one.destination for one in people.consequences(mail)} == {"appeals", "refunds"}
    people.take_back(mail, "ada")
    house.deliver()
    assert got(house) == {"general": [3]}
    assert (newest(house, mail.id).copy, newest(house, mail.id).route) == ("", "general")


def test_a_desk_that_has_it_keeps_it_and_naming_one_desk_ends_the_split(house: House) -> None:
    mail, people = arrive(house), withdrawing(house)
    given = people.give(mail, GENERAL, "ada", also=REFUNDS)
    assert given.deliveries == ("refunds",)
    house.deliver()
    assert got(house) == {"general": [1], "refunds": [2]}
    people.give(mail, GENERAL, "bea")
    house.deliver()
    assert got(house) == {"general": [1]}
    assert newest(house, mail.id).second == ""


def test_confirming_a_split_mail_confirms_both(house: House) -> None:
    mail, people = arrive(house), reviewing(house)
    people.give(mail, APPEALS, "ada", also=REFUNDS)
    house.deliver()
    again = people.give(mail, None, "bea")
    assert (again.verdict.said, again.verdict.also, again.deliveries) == ("appeals", "refunds", ())
    assert again.verdict.right
    assert newest(house, mail.id).copy == "refunds"


def test_in_review_the_best_guess_is_the_first_desk(tmp_path: Path) -> None:
    house = House(tmp_path, **ASK)
    mail = arrive(house, "Give me my account back")
    given = reviewing(house).give(mail, None, "ada", also=REFUNDS)
    assert (given.verdict.where, given.verdict.right) == ("appeals and refunds", True)
    house.deliver()
    assert got(house) == {"review": [1], "appeals": [2], "refunds": [2]}
    assert house.store.waiting() == ()
    assert reviewing(house).give(mail, REFUNDS, "bea", also=APPEALS).deliveries == (), "it lies at both"
    house.store.close()


@pytest.mark.parametrize(
    ("also", "why"), [("appeals", "both desks are appeals"), ("junk", "junk is no desk"), ("tigers", "tigers")]
)
def test_a_split_takes_two_desks(house: House, also: str, why: str) -> None:
    mail = arrive(house)
    people = replace(reviewing(house), routes=(*map(RouteName, ROUTES), RouteName("junk")))
    with pytest.raises(Refused, match=why):
        people.give(mail, APPEALS, "ada", also=RouteName(also))
    assert house.store.verdicts_on(mail.id) == ()


def test_what_is_in_shadow_gets_no_part(tmp_path: Path) -> None:
    house = House(tmp_path, stages={REFUNDS: RouteStage(stage="shadow")})
    mail = arrive(house)
    with pytest.raises(Refused, match="refunds is in shadow"):
        reviewing(house).give(mail, APPEALS, "ada", also=REFUNDS)
    house.store.close()


def test_it_teaches_no_single_label(house: House) -> None:
    people = reviewing(house)
    split = arrive(house, LETTER, extra=f"Authentication-Results: {PASSED}")
    people.give(split, APPEALS, "ada", also=REFUNDS)
    plain = arrive(house, LETTER.replace("parcel", "bottle"))
    people.give(plain, REFUNDS, "ada")
    teachers = Teachers(
        store=house.store, past=lambda: (), trust=house.judging.trust, routes=(APPEALS, REFUNDS, GENERAL)
    )
    assert [one.id for one in teachers.taught(0.0)] == [plain.id]
    alike = arrive(house, LETTER.replace("three", "four"))
    said = [one.name for one in newest(house, alike.id).findings if one.source == "verdict"]
    assert "appeals" not in {one.route for one in newest(house, alike.id).findings if one.source == "verdict"}, said


def test_a_word_that_stands_again_and_was_split_teaches_no_text(house: House) -> None:
    mail, people = arrive(house), reviewing(house)
    people.give(mail, APPEALS, "ada", also=REFUNDS)
    people.give(mail, GENERAL, "bea")
    back = people.take_back(mail, "bea")
    assert (back.decision.copy, back.decision.by) == ("refunds", "ada")
    alike = arrive(house, LETTER.replace("three", "four"))
    assert not [one for one in newest(house, alike.id).findings if one.source == "verdict"]


def test_the_clock_of_review_runs_in_staffed_hours_alone(tmp_path: Path) -> None:
    house = House(tmp_path, **ASK)
    desks = replace(house.desks, staffed=Calendar(), review_clock=8 * 3600.0)
    house.judging = replace(house.judging, desks=desks)
    start = house.clock.now()
    mail = arrive(house)
    (clock,) = house.store.jobs(JobFilter(mail_id=mail.id, kinds=("clock",)))
    assert clock.due_at == desks.time_is_up(start, 8 * 3600.0)
    assert clock.due_at >= start + 8 * 3600.0
    people = replace(reviewing(house), mover=Mover(desks=desks))
    people.give(mail, None, "ada")
    house.clock.advance(30 * 86_400.0)
    people.take_back(mail, "ada")
    left = max(job.due_at for job in house.store.jobs(JobFilter(mail_id=mail.id, kinds=("clock",))))
    assert left == desks.time_is_up(house.clock.now(), 900.0)
    house.store.close()
