"""The mails most like one that people gave verdicts on; only those that the reader may see."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.flow import nearest as module
from postroom.flow.explanation import explained
from postroom.flow.facts import explanation_facts
from postroom.flow.nearest import Neighbour, everything, nearest
from postroom.model.mail import Mail, MailId, RouteName
from postroom.understand.reader import read
from tests.unit.flow.house import House, a_message
from tests.unit.flow.test_verdicts import arrive, reviewing

REFUNDS, APPEALS, GENERAL = RouteName("refunds"), RouteName("appeals"), RouteName("general")
PARCEL = "The green parcel never came to my door and I want my money back for it."
PARCEL_TOO = "My blue parcel never came, so I want the money for the parcel back."
SCHEDULE = "When does the library open on Sundays, and is the reading room heated in winter?"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.store.close()


def alike(house: House, mail: Mail, may_see=everything) -> tuple[Neighbour, ...]:
    return nearest(house.store, mail.id, read(mail, house.judging.trust), may_see=may_see)


def given(house: House, body: str, said: RouteName, number: int, by: str = "ada", **more: str) -> Mail:
    mail = arrive(house, body, Message_ID=f"<{number}@example.com>", Subject=more.get("subject", "Question"))
    reviewing(house).give(mail, said, by)
    return mail


def test_the_likest_come_first_with_what_was_said_by_whom_and_why_they_are_alike(house: House) -> None:
    library = given(house, SCHEDULE, GENERAL, 1, "bob")
    parcel = given(house, PARCEL, REFUNDS, 2, subject="Parcel")
    (mail,) = house.accept(a_message(PARCEL_TOO, Message_ID="<3@example.com>"))
    first, *others = alike(house, mail)
    assert first.verdict == house.store.verdicts_on(parcel.id)[-1]
    assert (first.brand, first.subject, first.verdict.said, first.verdict.by) == ("shop", "Parcel", REFUNDS, "ada")
    assert 0.1 < first.likeness < 0.9
    assert "parcel" in first.common
    assert all(one.verdict.mail_id == library.id and one.likeness < first.likeness for one in others)


def test_the_same_words_are_wholly_alike_and_the_newest_verdict_counts(house: House) -> None:
    parcel = given(house, PARCEL, GENERAL, 1, subject="Hello")
    reviewing(house).give(parcel, REFUNDS, "bob")
    (mail,) = house.accept(a_message(PARCEL, Message_ID="<2@example.com>"))
    (only,) = alike(house, mail)
    assert (only.verdict.said, only.verdict.by, only.likeness) == (REFUNDS, "bob", pytest.approx(1.0))


def test_the_mail_itself_and_mails_with_nothing_in_common_are_left_out(house: House) -> None:
    mail = given(house, PARCEL, REFUNDS, 1, subject="x")
    given(house, "Öffnungszeiten?", GENERAL, 2, subject="y")
    assert alike(house, mail) == ()


def test_a_mail_without_words_is_like_nothing(house: House) -> None:
    given(house, PARCEL, REFUNDS, 1)
    (mail,) = house.accept(a_message("!", Subject="", Message_ID="<2@example.com>"))
    assert alike(house, mail) == ()


def test_what_the_reader_may_not_see_is_not_told(house: House) -> None:
    given(house, PARCEL, REFUNDS, 1)
    (mail,) = house.accept(a_message(PARCEL_TOO, Message_ID="<2@example.com>"))
    asked = []

    def may_see(brand, route):
        asked.append((brand, route))
        return False

    assert alike(house, mail, may_see) == ()
    assert asked == [("shop", REFUNDS)]


def test_no_more_than_so_many_are_gone_through_compared_and_shown(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        given(house, f"{PARCEL} {'Truly. ' * number}", REFUNDS, number)
    (mail,) = house.accept(a_message(PARCEL_TOO, Message_ID="<9@example.com>"))
    newest_first = [one.verdict.mail_id for one in alike(house, mail)]
    assert len(newest_first) == 4
    monkeypatch.setattr(module, "LOOKED_AT", 3)
    assert {one.verdict.mail_id for one in alike(house, mail)} == {
        one.mail_id for one in house.store.newest_verdicts(3)
    }
    monkeypatch.setattr(module, "COMPARED", 2)
    assert len(alike(house, mail)) == 2
    monkeypatch.setattr(module, "MOST", 1)
    assert len(alike(house, mail)) == 1


def test_older_verdicts_are_gone_through_where_few_may_be_seen(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_VERDICTS", (2, 3))
    oldest, *_ = [
        given(house, PARCEL, said, number) for number, said in enumerate((REFUNDS, GENERAL, GENERAL, GENERAL))
    ]
    (mail,) = house.accept(a_message(PARCEL_TOO, Message_ID="<9@example.com>"))
    assert alike(house, mail, lambda _, route: route == REFUNDS) == ()
    monkeypatch.setattr(module, "_VERDICTS", (2, 4))
    (only,) = alike(house, mail, lambda _, route: route == REFUNDS)
    assert only.verdict.mail_id == oldest.id


def test_rare_words_lead_to_the_likest(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMPARED", 1)
    heron = given(house, "I saw a heron there.", REFUNDS, 1, subject="a")
    for number in range(2, 5):
        given(house, f"Now I was there and then I saw a lot of it, number {number}.", GENERAL, number, subject="b")
    (mail,) = house.accept(a_message("Was I there and then a heron of it?", Message_ID="<9@example.com>"))
    (only,) = alike(house, mail)
    assert only.verdict.mail_id == heron.id


def test_scripts_without_spaces_are_compared_and_shown_as_they_were_written(house: House) -> None:
    given(house, "계정이 정지되었습니다.", APPEALS, 1, subject="계정 정지")
    mail = arrive(house, "제 계정이 정지되었습니다.", Message_ID="<2@example.com>", Subject="계정")
    (only,) = alike(house, mail)
    assert only.subject == "계정 정지"
    assert only.likeness > 0.5


def test_an_explanation_has_all_of_it_and_is_json(house: House) -> None:
    given(house, PARCEL, REFUNDS, 1)
    mail = arrive(house, f"Please give me my account back. {PARCEL_TOO}", Message_ID="<2@example.com>")
    message = read(mail, house.judging.trust)
    (decision,) = house.store.decisions(mail.id)
    found = explained(decision, message, house.policy, alike(house, mail))
    assert found.same_policy
    facts = explanation_facts(found)
    assert list(facts) == ["words", "text", "telling", "balance", "changes", "nearest"]
    (word,) = facts["telling"]
    assert facts["text"][word["start"] : word["end"]] == word["text"] == "give me my account back"
    assert (word["weight"], word["route"], word["source"]) == (4.0, APPEALS, "phrases")
    best = facts["balance"][0]
    assert best["logit"] == pytest.approx(best["prior"] + sum(one["log_odds"] for one in best["evidence"]), abs=0.002)
    assert best["evidence"][0]["findings"][0]["log_odds"] == 4.0
    assert {one["kind"] for one in facts["changes"]} >= {"threshold", "words", "finding"}
    (near,) = facts["nearest"]
    assert (near["said"], near["by"], near["brand"]) == (REFUNDS, "ada", "shop")
    assert near["id"] == house.store.newest_verdicts(1)[0].mail_id != MailId(mail.id)
