"""The page on privacy: what is held of somebody, a file for them, holds, and an end to it."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api_house import problem, programme, told
from tests.pages_house import APPEAL, REFUND, SETTINGS, Browser, Installation, installation, letter

ADA = "ada@example.net"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as made:
        yield made


@pytest.fixture
def root(here: Installation) -> Browser:
    return here.user("eve", "admin")


def test_somebody_is_looked_up_exported_and_erased(here: Installation, root: Browser) -> None:
    first, second = here.receive(APPEAL, REFUND)
    token = root.csrf()
    assert "Privacy" in root.get("/person").words
    page = root.post("/person", csrf=token, address="Ada@example.net")
    assert ADA in page.words
    assert "Export all of it" in page.words
    assert "?" not in root.at, "no address in a link"
    answer = root.post("/person/export", csrf=token, address=ADA)
    assert answer.headers["content-disposition"].startswith('attachment; filename="person.zip"')
    refused = root.post("/person/erase", csrf=token, what=ADA, again="bob@example.net")
    assert (refused.status, "Nothing was erased" in refused.words) == (409, True)
    assert root.get(f"/mail/{first}").status == 200
    page = root.post("/person/erase", csrf=token, what=ADA, again=f" {ADA.upper()} ")
    assert "2 mails, 0 labelled mails" in page.words
    assert "Erased lately" in page.words
    for path in (f"/mail/{first}", f"/mail/{second}/raw", f"/mail/{second}/html"):
        gone = root.get(path)
        assert gone.status == 404
        assert "This mail was erased on 20" in gone.words
    assert "Suspended account" not in root.get("/inbox").words
    audit = root.get("/audit").words
    assert "erased" in audit
    assert "ada@" not in audit


def test_their_mails_are_at_hand_without_an_address_in_a_link(here: Installation, root: Browser) -> None:
    theirs, others = here.receive(APPEAL, letter("How do I change my name?", sender="bob@example.net"))
    page = root.post("/person", csrf=root.csrf(), address="ada@example.net").text
    assert '<a href="#theirs">2</a>' in page, "the envelope of both names them"
    assert (f'href="/mail/{theirs}"' in page, others in page) == (True, False)


def test_the_file_holds_their_mail(here: Installation) -> None:
    (mail,) = here.receive(APPEAL)
    content = here.room.export(ADA, "eve")
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.read(f"mails/{mail}.eml") == APPEAL
    assert not list(here.house.data.glob("export-*"))


def test_what_is_held_cannot_be_erased_until_it_is_released(here: Installation, root: Browser) -> None:
    (mail,) = here.receive(APPEAL)
    token = root.csrf()
    assert "Case 7" in root.post("/person/hold", csrf=token, what=ADA, reason="Case 7").words
    root.post("/person/hold", csrf=token, what=mail, reason="Case 8")
    page = root.post("/person", csrf=token, address=ADA)
    assert "Nothing is erased until it is released" in page.words
    assert "Erase it for good" not in page.words
    assert "is held" in root.post("/person/erase", csrf=token, what=ADA, again=ADA).words
    assert "say why" in root.post("/person/hold", csrf=token, what=ADA, reason=" ").words
    assert "whole id of a mail" in root.post("/person/hold", csrf=token, what="01abc", reason="x").words
    root.post("/person/release", csrf=token, what=ADA)
    assert "Nothing. What is held" in root.post("/person/release", csrf=token, what=mail).words
    assert "1 mail, 0 labelled" in root.post("/person/erase", csrf=token, what=mail, again=mail).words
    assert "whole id" in root.post("/person/erase", csrf=token, what=mail, again=mail).words


def test_how_long_mail_is_kept_is_told(here: Installation, root: Browser, tmp_path: Path) -> None:
    assert "<dt>All mail</dt><dd>for ever</dd>" in root.get("/person").text
    assert told(programme(here, "root", "lead").get("/retention")) == {
        "days": 0.0,
        "routes": {},
        "senders": 730.0,
        "cases": 0.0,
    }
    with installation(
        tmp_path / "other", f"{SETTINGS}[retention]\nmail_days = 1000\nroutes = {{ junk = 1 }}\n"
    ) as other:
        page = other.user("eve", "admin").get("/person").text
        assert "<dt>At junk</dt><dd>1 day</dd><dt>Elsewhere</dt><dd>1,000 days</dd>" in page
        kept = told(programme(other, "root", "lead").get("/retention"))
        assert (kept["days"], kept["routes"]) == (1000.0, {"junk": 1.0})
        assert programme(other, "root", "review").get("/retention").status == 403


def test_who_may_what(here: Installation) -> None:
    here.receive(APPEAL)
    agent, lead = here.user("sam", "agent"), here.user("kim", "lead")
    narrow = here.user("lou", "lead", brands=("video",))
    assert agent.get("/person").status == 403
    for path in ("/person", "/person/export", "/person/erase"):
        assert lead.post(path, csrf=lead.csrf(), address=ADA, what=ADA, again=ADA).status == 403
    assert "Case 7" in lead.post("/person/hold", csrf=lead.csrf(), what=ADA, reason="Case 7").words
    page = narrow.get("/person").words
    assert ADA not in page
    assert "for those who see every brand" in page
    for path in ("/person/hold", "/person/release"):
        refused = narrow.post(path, csrf=narrow.csrf(), what=ADA, reason="Case 8")
        assert (refused.status, "every brand and desk" in refused.words) == (409, True)
    assert [one.reason for one in here.room.eraser.keeping.holds()] == ["Case 7"]


def test_programmes_are_told_that_a_mail_was_erased(here: Installation, root: Browser) -> None:
    (mail,) = here.receive(APPEAL)
    caller = programme(here, "root", "work")
    assert caller.get(f"/mails/{mail}").status == 200
    root.post("/person/erase", csrf=root.csrf(), what=mail, again=mail)
    for path in (f"/mails/{mail}", f"/mails/{mail}/raw", f"/mails/{mail}/decision"):
        answer = caller.get(path)
        assert answer.status == 404, path
    assert "was erased on 20" in problem(caller.get(f"/mails/{mail}"))["detail"]
    assert "was erased on 20" in problem(caller.get(f"/mails/{mail}/raw"))["detail"]


def test_an_erased_mail_is_nothing_to_whom_it_was_not_for(here: Installation, root: Browser) -> None:
    (mail,) = here.receive(APPEAL)
    other = here.user("lou", "agent", brands=("video",))
    root.post("/person/erase", csrf=root.csrf(), what=mail, again=mail)
    answer = other.get(f"/mail/{mail}")
    assert answer.status == 404
    assert "erased" not in answer.words


@pytest.mark.parametrize("name", ["<script>alert(1)</script>@x.test", '"><img src=x>@x.test'])
def test_what_is_typed_is_never_markup(here: Installation, root: Browser, name: str) -> None:
    here.receive(letter("hello", sender="Bob <bob@example.net>"))
    page = root.post("/person/hold", csrf=root.csrf(), what=name, reason="<b>x</b>")
    assert "<script>alert" not in page.text
    assert "<b>x</b>" not in page.text
    assert "<img src=x" not in page.text
