"""Second looks, disagreements, splits and the day, by the API."""

from dataclasses import replace

import pytest

from postroom.flow.audit import Audit
from tests.api_house import Programme, problem, programme, told
from tests.pages_house import REFUND, Installation, letter


@pytest.fixture
def asked(here: Installation) -> str:
    """A mail in review, of which every one is looked at twice."""
    strict = replace(here.house.policy, default_threshold=0.9999, fallback_threshold=0.9999)
    here.house.__dict__["policy_in_force"] = lambda: strict
    always = Audit(share=1.0, key=b"k")
    object.__setattr__(here.room.reviewing, "second_look", always)
    (mail,) = here.receive(letter("They blocked something and took money, or so my sister says?", subject="hm"))
    return mail


def reviewer(here: Installation, name: str, role: str = "reviewer", scope: str = "review") -> Programme:
    here.user(name, role)
    return programme(here, name, scope)


def test_two_answer_and_a_third_settles(here: Installation, asked: str) -> None:
    ada, bea, lea = reviewer(here, "ada"), reviewer(here, "bea"), reviewer(here, "lea", "lead", "lead")
    assert told(ada.get("/review/day"))["waiting"] == 1
    ada.post(f"/review/{asked}/answer", {"route": "refunds", "generation": 1})
    assert told(ada.post("/review/second/take", {})) == {"question": None, "until": None}
    cy = reviewer(here, "cy")
    assert told(cy.post("/review/second/take", {}))["question"]["id"] == asked
    assert cy.post(f"/review/second/{asked}/give-back").status == 200
    assert told(cy.post("/review/second/take", {}))["question"] is None, "who leaves it is not asked again"
    hand = told(bea.post("/review/second/take", {}))
    assert hand["question"] == {"id": asked, "brand": "shop", "decided": hand["question"]["decided"]}
    wrong = bea.post(f"/review/second/{asked}/answer", {"route": "tigers"})
    assert (wrong.status, problem(wrong)["errors"][0]["pointer"]) == (422, "/route")
    assert bea.post(f"/review/second/{asked}/answer", {"route": "appeals", "also": "tigers"}).status == 422
    assert bea.post(f"/review/second/{asked}/answer", {"route": "appeals"}).status == 200
    assert bea.post(f"/review/second/{asked}/answer", {"route": None}).status == 409
    found = told(bea.get("/review/agreement"))
    assert (found["all"]["mails"], found["all"]["agreed"], found["all"]["alpha"]) == (1, 0, None)
    assert found["answers"] == [{"one": ["appeals"], "other": ["refunds"], "mails": 1}]
    assert [one["reviewer"] for one in found["reviewers"]] == ["bea"]
    assert [one["reviewer"] for one in told(lea.get("/review/agreement?days=7"))["reviewers"]] == ["ada", "bea"]
    assert bea.get("/review/disagreements").status == 403
    (one,) = told(lea.get("/review/disagreements"))["disagreements"]
    assert (one["id"], one["first_said"], one["second_said"]) == (asked, ["refunds"], ["appeals"])
    settled = lea.post(f"/review/disagreements/{asked}/settle", {"route": "appeals", "also": "refunds", "note": "both"})
    assert told(settled)["decision"]["copied"] is True
    assert told(lea.get("/review/disagreements")) == {"disagreements": []}
    assert lea.post(f"/review/disagreements/{asked}/settle", {"route": "appeals"}).status == 409
    day = told(ada.get("/review/day"))
    assert (day["own"], day["all"], day["staffed_until"]) == (1, 2, None)


def test_a_mail_is_split_and_confirmed_as_both(here: Installation, root: Programme) -> None:
    (mail,) = here.receive(REFUND)
    wrong = root.post(f"/mails/{mail}/split", {"route": "refunds", "also": "tigers"})
    assert (wrong.status, problem(wrong)["errors"][0]["pointer"]) == (422, "/also")
    assert root.post(f"/mails/{mail}/split", {"route": "refunds"}).status == 422
    assert root.post(f"/mails/{mail}/split", {"route": "refunds", "also": "refunds"}).status == 409
    given = told(root.post(f"/mails/{mail}/split", {"route": None, "also": "appeals", "generation": 1}))
    assert (given["verdict"]["said"], given["verdict"]["also"], given["deliveries"]) == (
        "refunds",
        "appeals",
        ["appeals"],
    )
    assert root.post(f"/mails/{mail}/split", {"route": None, "also": "appeals", "generation": 1}).status == 409
    here.work()
    (line,) = told(root.get("/mails?route=appeals"))["mails"]
    assert (line["id"], line["route"], line["also"]) == (mail, "refunds", "appeals")
    assert {one["destination"] for one in told(root.get(f"/mails/{mail}/undo"))["consequences"]} == {"appeals"}
    agent = here.user("anna", "agent", routes=("appeals",))
    assert agent.get(f"/mail/{mail}").status == 200
    anna = programme(here, "anna", "work")
    assert anna.post(f"/mails/{mail}/read").status == 200
    assert [one.destination for one in here.house.store.entries("", unread_only=True)] == ["refunds"]
