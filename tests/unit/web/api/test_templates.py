"""Templates by the API: everything that the pages do."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.flow.sheetpack import pack, unpack
from postroom.model.rulebooks import ANSWERS, SheetName, digest_of
from tests.answering import PLEA, answers, signed
from tests.api_house import Programme, problem, programme, told
from tests.pages_house import QUESTION, Answer, Installation, installation

WHICH = 'title = "Which account?"\nroutes = ["appeals"]\n\n[text]\nen = """\nHello {name}, which account?\n"""\n'
FILE = "/templates/files/which-account"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    told_by_itself = 'cases = true\nacknowledge = "appeal-received"\n'
    with installation(tmp_path, answers("127.0.0.1", 9).replace("cases = true\n", told_by_itself)) as one:
        yield one


@pytest.fixture
def root(here: Installation) -> Programme:
    here.user("rooty", "admin")
    return programme(here, "rooty", "admin")


def put(key: Programme, text: str | None, seen: str = "", path: str = FILE, **more: object) -> Answer:
    return key.ask("PUT", path, json.dumps({"text": text, "seen": seen} | more).encode())


def file(here: Installation, name: str = "which-account") -> Path:
    return here.house.base / "answers" / f"{name}.toml"


def test_a_template_is_put_read_listed_renamed_and_taken_away(here: Installation, root: Programme) -> None:
    saved = told(put(root, WHICH, why="asked for"))
    assert saved["changed"] == {"answers/which-account.toml": digest_of(WHICH)}
    found = told(root.get(FILE))
    assert (found["text"], found["digest"], found["origin"]) == (WHICH, digest_of(WHICH), "yours")
    lines = {one["name"]: one for one in told(root.get("/templates"))["templates"]}
    line = lines["which-account"]
    assert (line["title"], line["routes"], line["languages"], line["version"]) == ("Which account?", ["appeals"], ["en"], 1)  # fmt: skip
    assert "de" in line["lacks"]
    assert lines["appeal-received"]["told"] == [{"route": "appeals", "kind": "received", "outcome": ""}]
    assert put(root, WHICH, digest_of(WHICH), rename="what-account").status == 200
    assert not file(here).exists()
    assert put(root, None, digest_of(WHICH), "/templates/files/what-account").status == 200
    assert root.get("/templates/files/what-account").status == 404
    assert told(root.get("/templates/files/appeal-received"))["digest"] == ""
    assert put(root, WHICH, rename="copied", path="/templates/files/appeal-received").status == 200
    assert file(here, "copied").read_text() == WHICH


def test_who_was_later_overwrites_nothing(here: Installation, root: Programme) -> None:
    put(root, WHICH)
    assert "meanwhile" in problem(put(root, WHICH + "# more\n"))["detail"]
    assert file(here).read_text() == WHICH


def test_mistakes_are_told_and_nothing_is_saved(here: Installation, root: Programme) -> None:
    found = problem(put(root, WHICH.replace("{name}", "{nmae}")))
    assert found["status"] == 422
    assert "text.en:1:7: error: nothing fills in {nmae}" in found["errors"][0]["detail"]
    assert not file(here).exists()
    said = {"text": WHICH.replace("{name}", "{nmae}")}
    (one,) = told(root.post(f"{FILE}/check", said))["problems"]
    assert (one["field"], one["line"], one["column"], one["severity"]) == ("text.en", 1, 7, "error")


def test_it_is_filled_in_for_an_example_or_a_mail(here: Installation, root: Programme) -> None:
    trial = {"text": WHICH}
    (shown,) = told(root.post(f"{FILE}/preview", trial))["texts"]
    assert (shown["language"], shown["text"], shown["told"]) == ("en", "Hello Kim Sample, which account?", None)
    (plea,), (question,) = here.receive(signed(PLEA)), here.receive(QUESTION)
    (shown,) = told(root.post(f"{FILE}/preview", trial | {"mail": plea}))["texts"]
    assert shown["text"] == "Hello Ada Lovelace, which account?"
    assert root.post(f"{FILE}/preview", trial | {"mail": question}).status == 409
    assert root.post(f"{FILE}/preview", trial | {"mail": "nothing"}).status == 404
    notices = told(root.post("/templates/files/appeal-received/preview", {"mail": plea}))["texts"]
    assert notices[-1]["told"]["kind"] == "received"
    assert "Shop support" in notices[-1]["text"]
    assert told(root.post(f"{FILE}/preview", trial | {"text": "x"}))["texts"] == []


def test_versions_are_told_compared_and_brought_back(here: Installation, root: Programme) -> None:
    put(root, WHICH)
    put(root, WHICH.replace("Hello", "Hi"), digest_of(WHICH))
    listed = told(root.get(f"{FILE}/versions"))["versions"]
    assert [(one["number"], one["how"], one["by"]) for one in listed] == [(2, "saved", "rooty"), (1, "saved", "rooty")]
    assert told(root.get("/templates/versions/1"))["text"] == WHICH
    marks = [one["mark"] for one in told(root.get("/templates/versions/2/diff"))["lines"]]
    assert marks.count("added") == 1
    seen = digest_of(WHICH.replace("Hello", "Hi"))
    assert root.post("/templates/versions/1/restore", {"seen": seen}).status == 200
    assert file(here).read_text() == WHICH
    assert root.get("/rules/versions/1").status == 404


def test_an_archive_is_taken_along_and_brought_in(here: Installation, root: Programme) -> None:
    put(root, WHICH)
    packed = root.here.browser()._ask(
        "GET", "/api/v1/templates/archive", b"", {"authorization": f"Bearer {root.token}"}
    )
    assert packed.status == 200
    content = pack({SheetName("answers/new.toml"): WHICH})
    assert unpack(content, ANSWERS) == {"answers/new.toml": WHICH}
    said = {"archive": base64.b64encode(content).decode(), "dry_run": True}
    assert told(root.post("/templates/archive", said))["changed"] == {"answers/new.toml": ""}
    assert not file(here, "new").exists()
    assert root.post("/templates/archive", said | {"dry_run": False}).status == 200
    assert file(here, "new").read_text() == WHICH
    rules = base64.b64encode(pack({SheetName("rules/a.toml"): "a = 1\n"})).decode()
    assert root.post("/templates/archive", {"archive": rules}).status == 409


def test_a_key_does_no_more_than_its_owner_may(here: Installation, root: Programme) -> None:
    put(root, WHICH)
    here.user("amy", "lead", routes=("refunds",))
    here.user("ada", "agent")
    amy, ada = programme(here, "amy", "lead"), programme(here, "ada", "work")
    for path in (FILE, f"{FILE}/versions", "/templates/versions/1", "/templates/versions/1/diff"):
        assert amy.get(path).status == 404, path
        assert ada.get(path).status == 200, path
    assert "which-account" not in {one["name"] for one in told(amy.get("/templates"))["templates"]}
    assert put(amy, WHICH.replace("Hello", "Hi"), digest_of(WHICH)).status == 404
    assert amy.post("/templates/versions/1/restore", {"seen": digest_of(WHICH)}).status == 404
    assert amy.get("/templates/archive").status == 404
    assert put(amy, WHICH, path="/templates/files/of-appeals").status == 409
    assert put(ada, WHICH).status == 403
    assert not [one for one in told(ada.get("/templates"))["templates"] if one["may_change"]]
