"""Saved views on pages and by the API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api_house import problem, programme, told
from tests.pages_house import APPEAL, QUESTION, REFUND, Installation, installation


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as made:
        yield made


def test_a_search_is_saved_and_stands_at_the_side_with_what_is_unread(here: Installation) -> None:
    ada = here.user("ada", "agent")
    here.receive(APPEAL, REFUND)
    page = ada.get("/inbox?route=appeals&reading=unread")
    assert "Save as a view" in page.words
    page = ada.post("/views", csrf=ada.csrf(), route="appeals", reading="unread", name="To <read>")
    assert ada.at == "/inbox?view=1"
    assert "<h1>To <read></h1>" in page.words
    assert "To <read>" not in page.text
    assert "Suspended account" in page.words
    assert "Charged twice" not in page.words
    side = page.words.partition('href="/inbox?view=1"')[2].partition("</li>")[0]
    assert 'aria-current="page"' in side
    assert "1 unread" in side
    ada.post("/views", csrf=ada.csrf(), words="account", name="Accounts")
    assert "unread" not in ada.get("/inbox").words.partition('href="/inbox?view=2"')[2].partition("</li>")[0]


def test_a_view_goes_on_page_after_page(here: Installation) -> None:
    ada = here.user("ada", "agent")
    here.receive(*[QUESTION.replace(b"Language", b"Language %d" % number) for number in range(51)])
    page = ada.post("/views", csrf=ada.csrf(), route="general", days="2", name="New")
    older = page.words.partition('<a href="/inbox?view=1&after=')[2].partition('"')[0]
    page = ada.get(f"/inbox?view=1&after={older}")
    assert page.words.count("data-item") == 1
    assert 'href="/inbox?view=1" data-key="g"' in page.words


def test_views_are_arranged_on_their_page(here: Installation) -> None:
    lea, ada = here.user("lea", "lead"), here.user("ada", "agent")
    token = lea.csrf()
    assert "No view yet" in lea.get("/views").words
    for name in ("one", "two", "three"):
        lea.post("/views", csrf=token, tag=name, name=name)
    for number, verb, fields in (
        (3, "up", {}), (1, "down", {}), (2, "rename", {"name": "2nd"}), (3, "share", {}), (1, "share", {}), (1, "keep", {})
    ):  # fmt: skip
        assert lea.post(f"/views/{number}", csrf=token, verb=verb, **fields).status == 200
    assert [one["name"] for one in told(programme(here, "lea", "read").get("/views"))["views"]] == [
        "three",
        "one",
        "2nd",
    ]
    page = ada.get("/views").words
    assert "three" in page
    assert "2nd" not in page
    assert 'value="delete"' not in page
    assert ada.post("/views/3", csrf=ada.csrf(), verb="delete").status == 409
    assert ada.post("/views/2", csrf=ada.csrf(), verb="delete").status == 404
    assert ada.post("/views/x", csrf=ada.csrf(), verb="delete").status == 404
    assert lea.post("/views/2", csrf=token, verb="nothing").status == 409
    lea.post("/views/2", csrf=token, verb="delete")
    assert lea.get("/inbox?view=2").status == 404


def test_somebody_begins_with_their_view(here: Installation) -> None:
    rosa = here.user("rosa", "reviewer")
    rosa.post("/views", csrf=rosa.csrf(), urgent="1", name="Urgent")
    page = rosa.post("/views/1", csrf=rosa.csrf(), verb="first")
    assert "you begin here" in page.words
    rosa.get("/")
    assert rosa.at == "/inbox?view=1"
    rosa.post("/views/1", csrf=rosa.csrf(), verb="not-first")
    rosa.get("/")
    assert rosa.at == "/review"


def test_a_programme_does_with_views_what_a_page_does(here: Installation) -> None:
    here.user("lea", "lead")
    lea = programme(here, "lea", "work")
    search = {"route": "appeals", "days": 7, "urgent": True}
    view = told(lea.post("/views", {"name": "New", "search": search}))
    assert view == {
        "number": 1, "name": "New", "owner": "lea", "shared": False, "first": False,
        "search": {"route": "appeals", "urgent": "1", "days": "7"},
    }  # fmt: skip
    told(lea.post("/views", {"name": "Other", "search": {"words": "x"}}))
    assert told(lea.post("/views/first", {"view": 1})) == {}
    assert told(lea.post("/views/order", {"views": [2, 1]})) == {}
    changed = told(lea.patch("/views/1", {"search": {"sender": "@example.com"}, "name": "Theirs"}))
    assert (changed["name"], changed["search"], changed["first"]) == ("Theirs", {"sender": "@example.com"}, True)
    assert [one["number"] for one in told(lea.get("/views"))["views"]] == [2, 1]
    assert told(lea.post("/views/1/delete")) == {}
    assert problem(lea.post("/views/1/delete"))["status"] == 404
    assert problem(lea.patch("/views/1", {"name": "x"}))["status"] == 404
    assert problem(lea.post("/views", {"name": "x", "search": {}}))["status"] == 422
    assert problem(lea.post("/views", {"name": "x", "search": {"since": "now"}}))["status"] == 422


def test_a_key_may_do_no_more_with_views_than_its_scope(here: Installation) -> None:
    """Sharing takes a lead, also of the key."""
    here.user("lea", "lead")
    shared = {"name": "New", "search": {"route": "appeals"}, "shared": True}
    assert "shared by leads" in problem(programme(here, "lea", "work").post("/views", shared))["detail"]
    assert told(programme(here, "lea", "lead").post("/views", shared))["shared"]
