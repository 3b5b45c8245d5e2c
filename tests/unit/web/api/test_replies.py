"""Answering by the API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.model.mail import MailId
from postroom.testing.smtp_sink import SmtpSink
from tests.answering import PLEA, answers, send_all, signed
from tests.api_house import Programme, problem, programme, told
from tests.pages_house import Installation, installation


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as opened:
        yield opened


@pytest.fixture
def here(tmp_path: Path, sink: SmtpSink) -> Iterator[Installation]:
    with installation(tmp_path, answers(sink.host, sink.port)) as made:
        made.user("ada", "lead")
        yield made


@pytest.fixture
def ada(here: Installation) -> Programme:
    return programme(here, "ada", "answer")


@pytest.fixture
def mail_id(here: Installation) -> MailId:
    (found,) = here.receive(signed(PLEA))
    return found


def test_a_mail_is_answered(here: Installation, ada: Programme, mail_id: MailId, sink: SmtpSink) -> None:
    begun = told(ada.get(f"/mails/{mail_id}/replies/draft?template=appeal-more&language=de"))
    assert begun["off"] == ""
    assert [(one["address"], one["believed"]) for one in begun["addressees"]] == [("ada@example.net", True)]
    assert {"appeal-granted", "appeal-more"} <= {one["name"] for one in begun["templates"]}
    assert "refund-more" not in {one["name"] for one in begun["templates"]}
    assert "{question}" in begun["text"]
    assert (begun["language"], begun["asks"]) == ("de", True)
    assert told(ada.get(f"/mails/{mail_id}/replies/draft"))["text"] == ""
    assert problem(ada.get(f"/mails/{mail_id}/replies/draft?template=x"))["status"] == 422
    said = {"text": "It is restored.", "quote": True}
    seen = told(ada.post(f"/mails/{mail_id}/replies/preview", said))
    assert seen["sender"] == "Shop support <support@shop.test>"
    assert seen["to"] == "ada@example.net"
    assert seen["subject"] == "Re: Suspended account"
    assert seen["body"].startswith("It is restored.\n\nAda Lovelace, ")
    assert "Message-ID: <" in seen["raw"]
    made = told(ada.post(f"/mails/{mail_id}/replies", said, idempotency_key="1"))
    assert told(ada.post(f"/mails/{mail_id}/replies", said, idempotency_key="1")) == made
    send_all(here)
    (reply,) = told(ada.get(f"/mails/{mail_id}/replies"))["replies"]
    assert (reply["state"], reply["by"], reply["id"]) == ("sent", "ada", made["id"])
    assert len(sink.mails) == 1
    assert "had" not in problem(ada.post(f"/mails/{mail_id}/replies", said))["detail"]


@pytest.mark.parametrize(
    ("said", "status"),
    [({"text": " "}, 422), ({"text": "{reason}"}, 409), ({"text": "x", "to": "eve@example.org"}, 409), ({}, 422)],
)
def test_what_can_not_be_sent_is_told(ada: Programme, mail_id: MailId, said: dict[str, str], status: int) -> None:
    assert problem(ada.post(f"/mails/{mail_id}/replies", said))["status"] == status


def test_writing_to_people_takes_its_own_scope(here: Installation, ada: Programme, mail_id: MailId) -> None:
    work, read = programme(here, "ada", "work"), programme(here, "ada", "read")
    for path in ("replies", "replies/preview"):
        assert problem(work.post(f"/mails/{mail_id}/{path}", {"text": "Yes."}))["status"] == 403
    assert told(read.get(f"/mails/{mail_id}/replies")) == {"replies": [], "after": ""}
    assert problem(ada.get("/replies/failed"))["status"] == 403
    assert told(programme(here, "ada", "review").post(f"/mails/{mail_id}/replies", {"text": "Yes."}))["by"] == "ada"


def test_an_answer_is_taken_back(here: Installation, ada: Programme, mail_id: MailId) -> None:
    reply = told(ada.post(f"/mails/{mail_id}/replies", {"text": "Yes."}))
    assert told(ada.post(f"/replies/{reply['id']}/take-back")) == {}
    assert problem(ada.post(f"/replies/{reply['id']}/take-back"))["status"] == 409
    assert problem(ada.post("/replies/none/take-back"))["status"] == 404


def test_what_nobody_took_is_listed_tried_again_and_given_up(
    here: Installation, ada: Programme, mail_id: MailId, sink: SmtpSink
) -> None:
    lead = programme(here, "ada", "lead")
    reply = told(ada.post(f"/mails/{mail_id}/replies", {"text": "Yes."}))
    sink.fail("rcpt", reply="550 5.1.1 no such user", times=2)
    send_all(here)
    page = told(lead.get("/replies/failed?limit=1"))
    assert [one["id"] for one in page["replies"]] == [reply["id"]] == [page["after"]]
    assert told(lead.get(f"/replies/failed?after={page['after']}")) == {"replies": [], "after": ""}
    assert told(lead.post(f"/replies/{reply['id']}/retry")) == {}
    send_all(here)
    assert told(lead.post(f"/replies/{reply['id']}/give-up", {"reason": "wrong"})) == {}
    assert problem(lead.post(f"/replies/{reply['id']}/give-up", {"reason": "wrong"}))["status"] == 409
    assert told(lead.get(f"/mails/{mail_id}/replies"))["replies"][0]["said"] == "ada: wrong"


def test_what_was_written_before_is_told(here: Installation, ada: Programme, mail_id: MailId) -> None:
    made = told(ada.post(f"/mails/{mail_id}/replies", {"text": "Which account?"}, idempotency_key="1"))
    (again,) = here.receive(signed("The blue one.", extra=f"In-Reply-To: <{made['message_id']}>\r\n"))
    found = told(ada.get(f"/mails/{again}/conversation"))
    assert [(one["mail"], one["reply"], one["who"], one["text"]) for one in found["said"]] == [
        (mail_id, "", "ada@example.net", PLEA),
        (mail_id, made["id"], "ada", "Which account?"),
    ]
    assert found["left_out"] == 0
    assert told(ada.get(f"/mails/{mail_id}/conversation"))["said"] == []
