"""Cases by the API: what the pages do with them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api_house import Programme, problem, programme, told
from tests.pages_house import APPEAL, REFUND, Installation, installation, letter
from tests.unit.web.pages.test_cases import CASES


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, CASES) as made:
        made.room.casework.filing.watch()
        yield made


@pytest.fixture
def ada(here: Installation) -> Programme:
    here.user("ada", "agent")
    return programme(here, "ada", "work")


@pytest.fixture
def bob(here: Installation) -> Programme:
    here.user("bob", "agent")
    return programme(here, "bob", "work")


def appeal(here: Installation, *raws: bytes) -> list[str]:
    ids = here.receive(*(raws or (APPEAL,)))
    here.room.casework.catch_up()
    return list(ids)


def other(name: str) -> bytes:
    return letter(f"My account was suspended, please restore my account. {name}", sender=f"{name} <{name}@example.net>")


def test_cases_are_listed_by_what_runs_out_first_and_in_pages(here: Installation, ada: Programme) -> None:
    appeal(here, *(other(name) for name in ("eve", "fay", "gus")))
    found, after = [], ""
    for _ in range(3):
        page = told(ada.get(f"/cases?limit=1&after={after}"))
        found += [one["person"] for one in page["cases"]]
        after = page["after"]
    assert after == ""
    assert sorted(found) == ["eve@example.net", "fay@example.net", "gus@example.net"]
    assert told(ada.get("/cases?state=decided"))["cases"] == []
    assert problem(ada.get("/cases?after=nonsense"))["status"] == 422


def test_a_case_is_told_whole(here: Installation, ada: Programme) -> None:
    (mail,) = appeal(here)
    whole = told(ada.get("/cases/1"))
    assert whole["case"]["person"] == "ada@example.net"
    assert [one["id"] for one in whole["mails"]] == [mail]
    assert [one["what"] for one in whole["events"]] == ["opened"]
    clocks = {one["label"]: one for one in whole["case"]["clocks"]}
    assert any(one["due"] for one in clocks.values())
    assert any(one["start"] is None for one in clocks.values())


def test_a_rejection_takes_a_second_person(here: Installation, ada: Programme, bob: Programme) -> None:
    appeal(here)
    proposed = told(ada.post("/cases/1/decide", {"outcome": "rejected", "reason": "It was spam."}))
    assert (proposed["state"], proposed["proposal"]["by"]) == ("open", "ada")
    assert problem(ada.post("/cases/1/confirm", {}))["status"] == 409
    assert [told(one.get("/desks"))["to_confirm"] for one in (ada, bob)] == [0, 1]
    assert told(bob.post("/cases/1/decline", {"reason": "no"}))["proposal"] is None
    ada.post("/cases/1/decide", {"outcome": "rejected", "reason": "It was spam."})
    decided = told(bob.post("/cases/1/confirm", {}))
    assert (decided["state"], decided["outcome"], decided["confirmed_by"]) == ("decided", "rejected", "bob")
    assert told(bob.post("/cases/1/reopen", {"reason": "new facts"}))["state"] == "open"


def test_what_people_do_is_kept_with_the_case(here: Installation, ada: Programme) -> None:
    appeal(here)
    assert told(ada.post("/cases/1/assign", {"to": "ada"}))["assignee"] == "ada"
    assert told(ada.post("/cases/1/kind", {"kind": "reinstatement"}))["kind"] == "reinstatement"
    assert told(ada.post("/cases/1/ask", {"text": "Which account?"}))["state"] == "waiting"
    assert told(ada.post("/cases/1/answered", {}))["answered_at"] > 0
    ada.post("/cases/1/note", {"text": "called back"})
    started = told(ada.post("/cases/1/start", {"start": "informed", "day": "2026-01-05"}))
    assert "informed" in started["starts"]
    assert told(ada.post("/cases/1/start", {"start": "informed"}))["starts"] == {}
    assert (
        problem(ada.post("/cases/1/start", {"start": "informed", "day": "2026-02-31"}))["errors"][0]["pointer"]
        == "/day"
    )
    what = [one["what"] for one in told(ada.get("/cases/1"))["events"]]
    assert what == ["opened", "assigned", "kind", "asked", "answered", "note", "start", "start"]


def test_a_case_that_was_changed_meanwhile_is_not_overruled(here: Installation, ada: Programme) -> None:
    appeal(here)
    version = told(ada.get("/cases/1"))["case"]["version"]
    assert ada.post("/cases/1/note", {"text": "one", "version": version}).status == 200
    assert problem(ada.post("/cases/1/ask", {"text": "two", "version": version}))["status"] == 409
    assert ada.post("/cases/1/note", {"text": "two", "version": version}).status == 200


def test_mails_are_given_cases_and_joined_to_others(here: Installation, ada: Programme) -> None:
    first, second = appeal(here, APPEAL, other("eve"))
    assert told(ada.post("/cases", {"mail": first}))["number"] == 1
    joined = told(ada.post("/cases/1/join", {"mail": second}))
    assert joined["number"] == 1
    assert len(told(ada.get("/cases/1"))["mails"]) == 2
    (refund,) = here.receive(REFUND)
    assert problem(ada.post("/cases", {"mail": refund}))["status"] == 409
    assert problem(ada.post("/cases", {"mail": "nothing"}))["status"] == 422


def test_who_may_not_see_a_case_finds_none(here: Installation) -> None:
    appeal(here)
    here.user("eve", "agent", routes=("general",))
    eve = programme(here, "eve", "work")
    assert told(eve.get("/cases"))["cases"] == []
    assert eve.get("/cases/1").status == eve.get("/cases/2").status == 404
    assert eve.get("/cases/1").text == eve.get("/cases/2").text
    assert problem(eve.post("/cases/1/note", {"text": "x"}))["status"] == 404


def test_a_case_is_closed_when_its_mail_was_moved(here: Installation, ada: Programme) -> None:
    (mail,) = here.receive(APPEAL)
    here.room.casework.catch_up()
    assert problem(ada.post("/cases/1/hand-over", {}))["status"] == 409
    ada.post("/cases/1/note", {"text": "Is this one of ours?"})
    assert ada.post(f"/mails/{mail}/verdict", {"route": "general"}).status == 200
    here.room.casework.catch_up()
    assert told(ada.post("/cases/1/hand-over", {}))["outcome"] == "moved"
