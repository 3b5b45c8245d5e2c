"""Urgent mail and first answers, by programmes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.model.mail import MailId
from tests.api_house import problem, programme, told
from tests.pages_house import QUESTION, Installation, installation
from tests.unit.web.pages.test_urgent import HOUSE, THREAT, due


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, HOUSE) as made:
        made.room.first_answers.watch()
        yield made


@pytest.fixture
def threat(here: Installation) -> MailId:
    (found,) = here.receive(THREAT)
    return found


def test_urgent_mail_is_taken_handed_on_and_given_back(here: Installation, threat: MailId) -> None:
    here.user("ada", "agent", urgent=True)
    here.user("bob", "agent", urgent=True)
    ada, bob = programme(here, "ada", "work"), programme(here, "bob", "work")
    (one,) = told(ada.get("/urgent"))["alarms"]
    assert (one["mail"]["id"], one["holder"], one["signals"], one["repeats"]) == (threat, "", ["threat"], 0)
    assert one["reasons"]
    taken = told(ada.post(f"/urgent/{threat}/acknowledge", {"note": "calling"}))
    assert (taken["holder"], taken["note"]) == ("ada", "calling")
    assert told(ada.get("/urgent"))["alarms"] == []
    assert told(bob.get("/urgent?held=true"))["alarms"] == [taken]
    assert "has it already" in problem(bob.post(f"/urgent/{threat}/acknowledge", {}))["detail"]
    assert problem(ada.post(f"/urgent/{threat}/hand-on", {"to": "eve"}))["status"] == 409
    assert told(ada.post(f"/urgent/{threat}/hand-on", {"to": "bob"}))["offered"] == "bob"
    assert told(bob.post(f"/urgent/{threat}/acknowledge", {"holder": "ada"}))["holder"] == "bob"
    assert told(bob.post(f"/urgent/{threat}/give-back", {"note": "off"}))["holder"] == ""


def test_who_may_not_see_urgent_mail_is_told_so_once_they_see_the_mail(here: Installation, threat: MailId) -> None:
    here.user("eve", "agent")
    eve = programme(here, "eve", "work")
    assert problem(eve.get("/urgent"))["status"] == 403
    assert problem(eve.post(f"/urgent/{threat}/acknowledge", {}))["status"] == 403
    (calm,) = here.receive(QUESTION)
    for mail in (calm, "0" * 26):
        assert problem(eve.post(f"/urgent/{mail}/acknowledge", {}))["status"] == 404


def test_mails_say_until_when_they_are_to_be_answered(here: Installation) -> None:
    here.user("ada", "lead")
    ada = programme(here, "ada", "lead")
    (mail,) = here.receive(QUESTION)
    due(here, mail, -60)
    (line,) = told(ada.get("/mails?answering=overdue"))["mails"]
    assert line["due_at"] is not None
    assert (line["answered_at"], line["answered"]) == (None, "")
    assert told(ada.get("/mails?answering=soon"))["mails"] == []
    assert told(ada.post("/first-answers", {"mails": [mail], "how": "elsewhere"})) == {"changed": 1}
    assert told(ada.get(f"/mails/{mail}"))["line"]["answered"] == "elsewhere"
    (desk,) = told(ada.get("/first-answers?days=30"))["desks"]
    assert (desk["route"], desk["within"], desk["late"], desk["share"]) == ("general", "4 hours", 1, 0.0)
    assert told(ada.post("/first-answers", {"mails": [mail], "how": "unanswered"})) == {"changed": 1}
    wrong = problem(ada.post("/first-answers", {"mails": [mail, "0" * 26], "how": "needless"}))
    assert (wrong["status"], wrong["errors"][0]["pointer"]) == (422, "/mails")
