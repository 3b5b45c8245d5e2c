"""Privacy by the API: everything that the page does, and no address in a path."""

import json
from typing import Any

import pytest

from postroom.bootstrap.privacy import held
from postroom.flow.facts import erasure_facts, hold_facts
from postroom.model.mail import MailId
from postroom.model.privacy import Erasure
from postroom.web.api.privacy import OPERATIONS
from tests.api_house import Programme, problem, programme, told
from tests.pages_house import APPEAL, QUESTION, REFUND, Installation, letter

ADA = "ada@example.net"


@pytest.fixture
def kim(here: Installation) -> Programme:
    """A lead who sees all."""
    here.user("kim", "lead")
    return programme(here, "kim", "lead")


@pytest.fixture
def lou(here: Installation) -> Programme:
    """A lead who sees one brand."""
    here.user("lou", "lead", brands=("video",))
    return programme(here, "lou", "lead")


def erased(key: Programme, what: str, again: str | None = None, **headers: str) -> Any:
    said = {"what": what, "again": what if again is None else again}
    return key.post("/personal-data/erase", said, **headers)


def test_somebody_is_looked_up(here: Installation, root: Programme) -> None:
    theirs, _ = here.receive(APPEAL, letter("How do I change my name?", sender="bob@example.net"))
    found = told(root.post("/personal-data/look-up", {"address": "Ada@example.net"}))
    assert (found["address"], found["mails"], found["held"]) == (ADA, 2, [])
    assert [one["id"] for one in found["newest"]] == [theirs], "the envelope of the other names them"
    assert found.keys() == {*held(here.house, ADA), "newest"}


def test_all_of_it_is_exported(here: Installation, root: Programme) -> None:
    (mail,) = here.receive(APPEAL)
    answer = root.post("/personal-data/export", {"address": ADA})
    assert answer.headers["content-disposition"].startswith('attachment; filename="person.zip"')
    assert answer.text.startswith("PK")
    assert f"mails/{mail}.eml" in answer.text
    (deed,) = told(root.get("/audit?what=exported"))["deeds"]
    assert deed["by"] == "root"
    assert "ada@" not in json.dumps(deed)


def test_somebody_is_erased_for_good(here: Installation, root: Programme) -> None:
    first, second = here.receive(APPEAL, REFUND)
    done = told(erased(root, "Ada@example.net", f" {ADA.upper()} "))
    assert (done["mails"], done["examples"], done["by"]) == (2, 0, "root")
    assert done["done_at"] >= done["at"]
    assert "was erased on 20" in problem(root.get(f"/mails/{first}"))["detail"]
    assert root.get(f"/mails/{second}/raw").status == 404
    assert told(root.get("/erasures"))["erasures"] == [done]
    assert ADA not in root.get("/audit").text + root.get("/erasures").text


def test_what_was_answered_is_forgotten_and_that_it_was_is_not(here: Installation, root: Programme) -> None:
    kept, gone, under_way = here.receive(APPEAL, REFUND, QUESTION)
    path = f"/mails/{kept}/verdict"
    assert root.post(path, {"route": "general"}, idempotency_key="a").status == 200
    erase_while_it_is_done(here, root, gone)
    assert root.post(f"/mails/{under_way}/verdict", {"route": "refunds"}, idempotency_key="b").status == 200
    for mail, key in ((kept, "a"), (under_way, "b")):
        again = problem(root.post(f"/mails/{mail}/verdict", {"route": "general"}, idempotency_key=key))
        assert (again["status"], "look whether it was done" in again["detail"]) == (409, True)
        assert len(here.house.store.decisions(mail)) == 2, "nothing is done twice"
    assert root.post(path, {"route": "refunds"}, idempotency_key="c").status == 200


def erase_while_it_is_done(here: Installation, root: Programme, mail: MailId) -> None:
    """The next answer is ready when somebody has been erased meanwhile."""
    answers = here.room.answers
    finish = answers.finish

    def later(*answer: Any) -> None:
        answers.finish = finish  # type: ignore[method-assign]
        assert told(erased(root, mail))["mails"] == 1
        finish(*answer)

    answers.finish = later  # type: ignore[method-assign]


def test_the_newest_erasures_come_first_and_no_more_than_asked_for(here: Installation, root: Programme) -> None:
    for mail in here.receive(APPEAL, REFUND):
        assert told(erased(root, mail))["mails"] == 1
    assert [one["number"] for one in told(root.get("/erasures?limit=1"))["erasures"]] == [2]
    assert root.get("/erasures?limit=0").status == 422


def test_nothing_is_erased_that_was_not_written_twice(here: Installation, root: Programme) -> None:
    (mail,) = here.receive(APPEAL)
    for again in ("", "bob@example.net"):
        found = problem(erased(root, ADA, again))
        assert (found["status"], found["errors"][0]["pointer"]) == (422, "/again")
        assert "Nothing was erased" in found["detail"]
    assert problem(root.post("/personal-data/erase", {"what": ADA}))["status"] == 422
    assert root.get(f"/mails/{mail}").status == 200


def test_what_is_held_is_not_erased_until_it_is_released(here: Installation, root: Programme, kim: Programme) -> None:
    (mail,) = here.receive(APPEAL)
    mine = told(kim.post("/holds", {"what": "Ada@example.net", "reason": " Case  7 "}))
    assert (mine["what"], mine["reason"], mine["by"]) == (ADA, "Case 7", "kim")
    other = told(kim.post("/holds", {"what": mail.upper(), "reason": "Case 8"}))
    assert told(kim.get("/holds"))["holds"] == [other, mine]
    assert len(told(root.post("/personal-data/look-up", {"address": ADA}))["held"]) == 2
    for what in (ADA, mail):
        refused = problem(erased(root, what))
        assert (refused["status"], "held by kim" in refused["detail"]) == (409, True)
        assert root.get(f"/mails/{mail}").status == 200
        assert kim.post("/holds/release", {"what": what}).status == 200
        assert "is not held" in problem(kim.post("/holds/release", {"what": what}))["detail"]
    assert told(kim.get("/holds"))["holds"] == []
    assert told(erased(root, mail))["mails"] == 1
    assert problem(erased(root, mail))["status"] == 422, "nothing is there any more"


def test_a_lost_answer_to_a_hold_is_given_again(kim: Programme) -> None:
    said = {"what": ADA, "reason": "Case 7"}
    first = kim.post("/holds", said, idempotency_key="a")
    again = kim.post("/holds", said, idempotency_key="a")
    assert (again.headers["idempotency-replayed"], again.text) == ("true", first.text)
    assert kim.post("/holds/release", {"what": ADA}, idempotency_key="b").status == 200
    assert kim.post("/holds/release", {"what": ADA}, idempotency_key="b").status == 200


@pytest.mark.parametrize("address", ["ada", "ada@", "@", "a b@example.net", "support@shop.test"])
def test_an_address_that_is_none_or_ours_is_a_mistake(root: Programme, address: str) -> None:
    for path in ("/personal-data/look-up", "/personal-data/export"):
        found = problem(root.post(path, {"address": address}))
        assert (found["status"], found["errors"][0]["pointer"]) == (422, "/address"), path


@pytest.mark.parametrize("what", ["ada", "ada@", "support@shop.test", "01jdab3c4d5e6f7g8h9jkmnpqr"])
def test_what_is_neither_an_address_nor_a_mail_is_a_mistake(root: Programme, what: str) -> None:
    for answer in (
        erased(root, what),
        root.post("/holds", {"what": what, "reason": "Case 7"}),
        root.post("/holds/release", {"what": what}),
    ):
        found = problem(answer)
        assert (found["status"], found["errors"][0]["pointer"]) == (422, "/what")


@pytest.mark.parametrize("reason", ["", " \n"])
def test_a_hold_has_a_reason(root: Programme, reason: str) -> None:
    found = problem(root.post("/holds", {"what": ADA, "reason": reason}))
    assert (found["status"], found["errors"][0]["pointer"]) == (422, "/reason")
    assert told(root.get("/holds"))["holds"] == []


def test_who_may_what(here: Installation, kim: Programme, lou: Programme) -> None:
    here.receive(APPEAL)
    here.user("sam", "agent")
    sam = programme(here, "sam", "work")
    for path in ("/holds", "/erasures"):
        assert sam.get(path).status == 403
        assert kim.get(path).status == 200
    for path in ("/personal-data/look-up", "/personal-data/export"):
        assert kim.post(path, {"address": ADA}).status == 403
    assert erased(kim, ADA).status == 403
    for answer in (sam.post("/holds", {"what": ADA, "reason": "x"}), sam.post("/holds/release", {"what": ADA})):
        assert answer.status == 403
    assert kim.get("/holds?address=ada").status == 422, "an address stands in no path and no query"


def test_a_lead_of_one_brand_holds_its_mails_and_no_address(here: Installation, kim: Programme, lou: Programme) -> None:
    (mail,) = here.receive(APPEAL)
    (seen,) = here.receive(letter("How do I change my name?"), to="help@video.test")
    assert kim.post("/holds", {"what": ADA, "reason": "Case 7"}).status == 200
    for path in ("/holds", "/erasures"):
        assert "every brand and desk" in problem(lou.get(path))["detail"]
        assert lou.get(path).status == 404
    for path in ("/holds", "/holds/release"):
        more = {"reason": "Case 8"} if path == "/holds" else {}
        refused = problem(lou.post(path, {"what": ADA} | more))
        assert (refused["status"], "every brand and desk" in refused["detail"]) == (409, True)
        hidden, not_there = (problem(lou.post(path, {"what": what} | more)) for what in (mail, "0" * 26))
        assert hidden == not_there
        assert hidden["status"] == 422
    assert lou.post("/holds", {"what": seen, "reason": "Case 8"}).status == 200
    assert {one.reason for one in here.room.eraser.keeping.holds()} == {"Case 7", "Case 8"}
    assert lou.post("/holds/release", {"what": seen}).status == 200


def test_nothing_that_facts_tell_is_lost_on_the_way(here: Installation, root: Programme) -> None:
    (mail,) = here.receive(APPEAL)
    hold = here.room.eraser.hold(mail, "Case 7", "root")
    assert told(root.get("/holds"))["holds"] == [hold_facts(hold)]
    here.room.eraser.release(mail, "root")
    assert told(erased(root, mail)).keys() == erasure_facts(Erasure(at=1.0, by="root")).keys()


def test_no_parameter_of_a_path_or_query_names_anybody() -> None:
    assert all("{" not in one.path for one in OPERATIONS)
