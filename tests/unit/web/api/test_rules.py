"""Rules by the API: everything that the pages do."""

import base64
import json
from pathlib import Path

import pytest

from postroom.flow.sheetpack import pack, unpack
from postroom.model.rulebooks import SheetName, digest_of
from tests.api_house import Programme, problem, programme, told
from tests.pages_house import Answer, Installation

RULE = '[[rule]]\nname = "press"\nwhen = \'new_text.contains("deadline") && subject == "Press"\'\nroute = "refunds"\nstop = true\n'
BROKEN = RULE.replace("new_text", "new_txt")
EXAMPLE = (
    '[[mail]]\nname = "a paper"\nsubject = "Press"\ntext = "my deadline is near"\n[mail.expect]\nroute = "refunds"\n'
)
PRESS = "/rules/files/rules/press.toml"


def put(root: Programme, text: str | None, seen: str = "", path: str = PRESS, **more: object) -> Answer:
    return root.ask("PUT", path, json.dumps({"text": text, "seen": seen} | more).encode())


def file(here: Installation) -> Path:
    return here.house.base / "rules" / "press.toml"


def test_a_file_is_put_read_listed_and_taken_away(here: Installation, root: Programme) -> None:
    saved = told(put(root, RULE, why="press"))
    assert saved["changed"] == {"rules/press.toml": digest_of(RULE)}
    assert saved["checked"]["problems"] == []
    assert file(here).read_text() == RULE
    found = told(root.get(PRESS))
    assert (found["text"], found["digest"]) == (RULE, digest_of(RULE))
    listed = told(root.get("/rules"))
    assert not listed["in_force"]
    (own,) = [one for one in listed["files"] if not one["shipped"]]
    assert (own["sheet"], own["version"]) == ("rules/press.toml", 1)
    assert own["holds"][0]["does"] == "decides refunds: no later rule is read"
    assert any(one["sheet"] == "starter/rules/appeals.toml" for one in listed["files"])
    assert put(root, None, digest_of(RULE)).status == 200
    assert not file(here).exists()
    assert root.get(PRESS).status == 404


def test_who_was_later_overwrites_nothing(here: Installation, root: Programme) -> None:
    put(root, RULE)
    assert "meanwhile" in problem(put(root, RULE + "# more\n"))["detail"]
    assert put(root, RULE + "# more\n", "f" * 64).status == 409
    assert file(here).read_text() == RULE


def test_errors_are_told_one_by_one_and_nothing_is_saved(here: Installation, root: Programme) -> None:
    found = problem(put(root, BROKEN))
    assert found["status"] == 422
    assert "rules/press.toml:3:9: error: undeclared reference" in found["errors"][0]["detail"]
    assert not file(here).exists()


def test_examples_keep_a_change_out_unless_it_is_meant(here: Installation, root: Programme) -> None:
    put(root, RULE)
    put(root, EXAMPLE, path="/rules/files/examples/press.toml")
    other = RULE.replace("Press", "Paper")
    found = problem(put(root, other, digest_of(RULE)))
    assert "a paper" in found["errors"][0]["detail"]
    assert put(root, other, digest_of(RULE), anyway=True).status == 200
    assert told(root.post("/rules/check", {"texts": {}}))["different"][0]["name"] == "a paper"


def test_checking_and_trying_change_nothing(here: Installation, root: Programme) -> None:
    checked = told(root.post("/rules/check", {"texts": {"rules/press.toml": BROKEN}}))
    assert (checked["problems"][0]["line"], checked["examples"]) == (3, 0)
    said = {"texts": {"rules/press.toml": RULE}, "sheet": "rules/press.toml", "mail": "my deadline", "subject": "Press"}
    tried = told(root.post("/rules/try", said))
    assert tried["then"]["route"] == "refunds"
    assert tried["now"]["route"] != "refunds"
    (asked,) = tried["asked"]
    assert asked["condition"]["joined"] == "all"
    assert [one["holds"] for one in asked["condition"]["parts"]] == [True, True]
    broken = told(root.post("/rules/try", said | {"texts": {"rules/press.toml": BROKEN}}))
    assert broken["then"] is None
    assert problem(root.post("/rules/try", said | {"brand": "none"}))["status"] == 409
    assert not file(here).exists()


def test_versions_differ_and_come_back(here: Installation, root: Programme) -> None:
    put(root, RULE)
    file(here).write_text(RULE + "# by hand\n")
    found = told(root.get(f"{PRESS}/versions?limit=1"))
    assert [(one["number"], one["how"], one["by"]) for one in found["versions"]] == [(2, "on-disk", "")]
    assert found["after"] == 2
    assert told(root.get(f"{PRESS}/versions?after=2"))["versions"][0]["by"] == "root"
    assert told(root.get("/rules/versions/2"))["text"].endswith("# by hand\n")
    marks = [one["mark"] for one in told(root.get("/rules/versions/2/diff"))["lines"]]
    assert marks == ["gap", "same", "same", "same", "added"]
    assert {one["mark"] for one in told(root.get("/rules/versions/1/diff"))["lines"]} == {"added"}
    back = root.post("/rules/versions/1/restore", {"seen": digest_of(RULE + "# by hand\n"), "why": "no"})
    assert told(back)["changed"] == {"rules/press.toml": digest_of(RULE)}
    assert file(here).read_text() == RULE
    assert told(root.get("/rules/versions/3"))["how"] == "restored"


def test_a_version_that_is_wrong_now_does_not_come_back(here: Installation, root: Programme) -> None:
    file(here).parent.mkdir()
    file(here).write_text(BROKEN)
    root.get("/rules")
    put(root, RULE, digest_of(BROKEN))
    assert problem(root.post("/rules/versions/1/restore", {"seen": digest_of(RULE)}))["status"] == 422


@pytest.mark.parametrize(
    "path", ["/rules/versions/9", "/rules/versions/9/diff", f"{PRESS}/versions", "/rules/drafts/9"]
)
def test_what_is_not_there(root: Programme, path: str) -> None:
    assert root.get(path).status == 404


def test_versions_of_two_files_are_not_compared(root: Programme) -> None:
    put(root, RULE)
    put(root, EXAMPLE, path="/rules/files/examples/press.toml")
    assert root.get("/rules/versions/2/diff?before=1").status == 404


def test_a_draft_is_kept(root: Programme) -> None:
    put(root, RULE)
    number = told(root.post("/rules/drafts", {"texts": {"phrases/x.toml": "# x"}}))["number"]
    found = told(root.get(f"/rules/drafts/{number}"))
    assert found["by"] == "root"
    assert found["texts"] == {"rules/press.toml": RULE, "phrases/x.toml": "# x\n"}


def test_archives_go_out_and_in(here: Installation, root: Programme) -> None:
    put(root, RULE)
    answer = root.get("/rules/archive")
    assert answer.headers["content-type"] == "application/octet-stream"
    content = pack({SheetName("rules/press.toml"): RULE + "# more\n"})
    said = {"archive": base64.b64encode(content).decode()}
    dry = told(root.post("/rules/archive", said | {"dry_run": True}))
    assert dry["changed"] == {"rules/press.toml": digest_of(RULE)}
    assert file(here).read_text() == RULE
    assert root.post("/rules/archive", said).status == 409
    done = told(root.post("/rules/archive", said | {"seen": dry["changed"]}))
    assert done["changed"] == {"rules/press.toml": digest_of(RULE + "# more\n")}
    assert unpack(content) == {"rules/press.toml": file(here).read_text()}
    assert problem(root.post("/rules/archive", {"archive": "%"}))["errors"][0]["pointer"] == "/archive"
    assert problem(root.post("/rules/archive", {"archive": "AAAA"}))["status"] == 409


def test_keys_of_some_desks_see_no_rules(here: Installation) -> None:
    here.user("half", "lead", routes=("refunds",))
    half = programme(here, "half", "lead")
    for path in ("/rules", "/rules/archive", PRESS):
        assert half.get(path).status == 404
    assert half.post("/rules/check", {"texts": {}}).status == 404


def test_what_comes_with_postroom_is_read(here: Installation, root: Programme) -> None:
    shipped = [one["sheet"] for one in told(root.get("/rules"))["files"] if one["shipped"]]
    assert shipped
    for sheet in shipped:
        found = told(root.get(f"/rules/shipped?file={sheet}"))
        assert found["text"] == here.room.rulework.sheets.shipped()[sheet]
        assert found["digest"] == digest_of(found["text"])
    assert root.get("/rules/shipped?file=starter/rules/nothing.toml").status == 404
    here.user("amy", "lead", routes=("refunds",))
    assert programme(here, "amy", "lead").get(f"/rules/shipped?file={shipped[0]}").status == 404
