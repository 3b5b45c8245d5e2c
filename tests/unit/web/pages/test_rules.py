"""Rules in the pages: every button of the editor, versions, archives, and who may."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.flow.sheetpack import pack
from postroom.model.rulebooks import SheetName, VersionNumber, digest_of
from tests.pages_house import Answer, Browser, Installation, installation

RULE = '[[rule]]\nname = "press"\ncomment = "a newspaper"\nwhen = \'new_text.contains("deadline") && subject == "Press"\'\nroute = "refunds"\nweight = 9.0\nstop = true\n'
BROKEN = RULE.replace("new_text", "new_txt")
EXAMPLE = (
    '[[mail]]\nname = "a paper"\nsubject = "Press"\ntext = "my deadline is near"\n[mail.expect]\nroute = "refunds"\n'
)
PRESS = "/rules/rules/press.toml"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as one:
        yield one


@pytest.fixture
def root(here: Installation) -> Browser:
    return here.user("rooty", "admin")


def do(browser: Browser, what: str, text: str = RULE, path: str = PRESS, **more: str) -> Answer:
    """Press a button of the editor."""
    page = browser.get(path)
    seen = page.text.partition('name="seen" value="')[2].partition('"')[0]
    fields = {"csrf": browser.csrf(), "seen": seen, "text": text.replace("\n", "\r\n"), "do": what} | more
    return browser.post(path, **fields)


def on_disk(here: Installation, name: str = "rules/press.toml") -> str:
    return (here.house.base / name).read_text()


def test_a_link_that_leads_nowhere_is_shown_with_what_is_wrong(here: Installation, root: Browser) -> None:
    do(root, "save")
    folder = here.house.base / "rules"
    (folder / "gone.toml").symlink_to(here.house.base / "nowhere")
    (folder / "folder.toml").mkdir()
    page = root.get("/rules")
    assert page.status == 200
    assert "gone.toml" in page.text
    assert "it is a link that leads to no file" in page.text
    assert "it is no file" in page.text
    assert "press.toml" in page.text
    assert "a link that leads to no file" in root.get("/rules/checked").text
    assert any("gone.toml" in str(one) for one in here.house.rules.problems())
    do(root, "save", RULE.replace("9.0", "8.0"))
    assert "8.0" in on_disk(here), "another file can be changed"
    with pytest.raises(OSError, match="toml"):
        here.house.rules.written()


# Who may


@pytest.mark.parametrize(
    ("role", "facts", "may"),
    [
        ("admin", {}, True),
        ("lead", {}, True),
        ("lead", {"routes": ("refunds",)}, False),
        ("lead", {"brands": ("shop",)}, False),
        ("reviewer", {}, False),
    ],
)
def test_rules_are_for_leads_and_admins_of_everything(here: Installation, role: str, facts: dict[str, tuple[str, ...]], may: bool) -> None:  # fmt: skip
    browser = here.user("somebody", role, **facts)
    csrf = browser.csrf()
    assert ('href="/rules"' in browser.get("/inbox").text) == may
    for path in ("/rules", "/rules/checked", "/rules/export", PRESS):
        assert (browser.get(path).status == 200) == may, path
    assert (browser.post(PRESS, csrf=csrf, text="# nothing", do="check").status == 200) == may
    for path in ("/rules/import", "/rules/restore", "/rules/import/confirm", "/rules/shipped", "/rules/diff"):
        assert browser.post(path, csrf=csrf).status in ((404, 409) if may else (403, 404))
    assert not (here.house.base / "rules").exists()


# The list


def test_the_list_says_what_rules_do(here: Installation, root: Browser) -> None:
    (here.house.base / "rules").mkdir()
    (here.house.base / "rules" / "press.toml").write_text(RULE)
    page = root.get("/rules")
    assert "decides refunds: no later rule is read" in page.words
    assert "a newspaper" in page.words
    assert "seen on the disk" in page.words
    assert "starter/rules/appeals.toml" in page.words
    assert "not in force yet" in page.words
    here.house.rules.load()
    assert "not in force yet" not in root.get("/rules").words


def test_what_is_shipped_can_be_read(root: Browser) -> None:
    page = root.get("/rules/shipped?file=starter/rules/safety.toml")
    assert "[[rule]]" in page.words
    assert root.get("/rules/shipped?file=starter/../../postroom.toml").status == 404


def test_all_is_checked_at_once(here: Installation, root: Browser) -> None:
    assert "nothing is wrong with them" in root.get("/rules/checked").words
    (here.house.base / "rules").mkdir()
    (here.house.base / "rules" / "press.toml").write_text(BROKEN)
    page = root.get("/rules/checked").words
    assert "undeclared reference" in page
    assert 'href="/rules/rules/press.toml"' in page


# The editor


def test_a_new_file_is_begun_checked_and_saved(here: Installation, root: Browser) -> None:
    page = root.get("/rules/new?kind=rules&name=press")
    assert root.at == PRESS
    assert "not there yet" in page.words
    assert "data-live" not in page.text, "news would take the place of what somebody types"
    page = do(root, "check", BROKEN)
    assert page.status == 200
    assert "undeclared reference" in page.words
    assert '<b class="error">4</b>' in page.text
    assert not (here.house.base / "rules").exists()
    page = do(root, "save", why="they ask  daily")
    assert page.status == 200
    assert "Saved." in page.words
    assert on_disk(here) == RULE
    (version,) = here.room.rulework.versions.of(SheetName("rules/press.toml"))
    assert (version.by, version.why, version.how, version.text) == ("rooty", "they ask daily", "saved", RULE)
    (deed,) = here.house.people.journal.deeds(what="rules-saved")
    assert (deed.by, deed.to) == ("rooty", "rules/press.toml")
    assert version.digest[:12] in deed.detail


@pytest.mark.parametrize("path", ["/rules/new?kind=other&name=x", "/rules/new?kind=rules&name=..%2Fx", "/rules/rules/x.txt", "/rules/rules/.x.toml", "/rules/secrets/x.toml"])  # fmt: skip
def test_there_are_no_other_files(root: Browser, path: str) -> None:
    assert root.get(path).status == 404


def test_what_has_errors_is_not_saved_and_stays_in_the_editor(here: Installation, root: Browser) -> None:
    page = do(root, "save", BROKEN)
    assert page.status == 409
    assert "It was not saved: it has errors." in page.words
    assert "new_txt" in page.words
    assert " data-unsaved>" in page.text, "whoever leaves is asked"
    assert "data-unsaved" not in root.get("/rules/rules/mine.toml").text
    assert not (here.house.base / "rules").exists()


def test_examples_that_come_out_differently_are_shown_before(here: Installation, root: Browser) -> None:
    do(root, "save")
    do(root, "save", EXAMPLE, "/rules/examples/press.toml")
    other = RULE.replace('"Press"', '"Newspaper"')
    page = do(root, "save", other)
    assert page.status == 409
    assert "1 of 29 example mails comes out differently" in page.words
    assert "not to refunds" in page.words
    assert on_disk(here) == RULE
    assert do(root, "save", other, anyway="yes").status == 200
    assert on_disk(here) == other


def test_whoever_was_later_sees_both_and_overwrites_nothing(here: Installation, root: Browser) -> None:
    do(root, "save")
    seen = digest_of(RULE)
    (here.house.base / "rules" / "press.toml").write_text(RULE.replace("9.0", "8.0"))
    fields = {"csrf": root.csrf(), "seen": seen, "text": RULE.replace("9.0", "7.0"), "do": "save"}
    page = root.post(PRESS, **fields)
    assert page.status == 409
    assert "Somebody else has changed this file meanwhile" in page.words
    assert "weight = 8.0" in page.words
    assert "weight = 7.0" in page.words
    assert on_disk(here) == RULE.replace("9.0", "8.0")
    fields["seen"] = page.text.partition('name="seen" value="')[2].partition('"')[0]
    assert root.post(PRESS, **fields).status == 200
    assert on_disk(here) == RULE.replace("9.0", "7.0")
    ways = [(one.how, one.by) for one in here.room.rulework.versions.of(SheetName("rules/press.toml"))]
    assert ways == [("saved", "rooty"), ("on-disk", ""), ("saved", "rooty")]


def test_one_that_is_gone_meanwhile(here: Installation, root: Browser) -> None:
    do(root, "save")
    (here.house.base / "rules" / "press.toml").unlink()
    page = root.post(PRESS, csrf=root.csrf(), seen=digest_of(RULE), text=RULE, do="save")
    assert page.status == 409
    assert "It is not there any more." in page.words


def test_nothing_to_save_and_too_much(root: Browser) -> None:
    do(root, "save")
    assert "nothing would change" in do(root, "save").words
    page = do(root, "save", "x" * 400_001)
    assert page.status == 409
    assert "at most 400000 bytes" in page.words
    assert do(root, "check", "x" * 400_001).status == 409


def test_a_file_is_taken_away_and_brought_back(here: Installation, root: Browser) -> None:
    do(root, "save")
    page = do(root, "remove")
    assert not (here.house.base / "rules" / "press.toml").exists()
    assert "Taken away" in page.words
    page = root.get(f"{PRESS}/versions")
    assert "taken away" in page.words
    page = root.get("/rules/diff?from=1&to=2")
    assert "Bring version 1 back" in page.words
    page = root.post("/rules/restore", csrf=root.csrf(), version="1", seen="")
    assert "Saved." in page.words
    assert on_disk(here) == RULE
    assert here.room.rulework.versions.version(VersionNumber(3)).how == "restored"  # type: ignore[union-attr]


def test_the_text_can_be_downloaded(root: Browser) -> None:
    answer = do(root, "download", "# mine")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.text == "# mine\n"


def test_where_it_may_not_write_it_says_so(here: Installation, root: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "postroom may not write in" in root.get(PRESS).words
    page = do(root, "save")
    assert page.status == 409
    assert "postroom may not write in" in page.words
    assert not (here.house.base / "rules").exists()


def test_a_draft_goes_to_the_back_test(here: Installation, root: Browser) -> None:
    do(root, "draft")
    assert root.at == "/backtest?draft=1"
    draft = here.house.store  # it is kept with all other files, none here
    assert draft is not None
    found = here.room.rulework.drafts.get(1)  # type: ignore[arg-type]
    assert found is not None
    assert found.texts == {"rules/press.toml": RULE}


def test_who_goes_back_from_the_back_test_of_a_new_file_finds_the_draft(here: Installation, root: Browser) -> None:
    do(root, "draft")
    page = root.get(PRESS)
    assert "a newspaper" in page.words
    assert "This is your draft" in page.words
    assert "a newspaper" not in root.get(f"{PRESS}?draft=0").words
    assert "a newspaper" not in here.user("other", "admin").get(PRESS).words
    do(root, "save", RULE)
    assert "draft" not in root.get(PRESS).words.partition("<form")[0].partition("<h1")[2]
    do(root, "draft", RULE.replace("9.0", "7.5"))
    page = root.get(PRESS).words
    assert f'<a href="{PRESS}?draft=2">a draft of it</a>' in page
    assert "7.5" not in page


# As somebody types


def test_problems_as_somebody_types(root: Browser) -> None:
    page = do(root, "check", BROKEN)
    assert '<span class="place" data-field="" data-line="4" data-column="9">line 4, column 9</span>' in page.text
    assert "undeclared reference to 'new_txt'" in page.words
    assert "all 28 example mails come out as they say" in do(root, "check").words
    assert root.post(PRESS, text=RULE, csrf="wrong", do="check").status == 403


# On a mail


def test_a_pasted_text_with_and_without_the_rule(root: Browser) -> None:
    page = do(
        root, "try", mail="My deadline is tomorrow.", subject="Press", brand="shop", **{"from": "ada@example.net"}
    )
    assert page.status == 200
    assert "It would go to refunds; now it goes to" in page.words
    assert "the rule «press» decides it" in page.words.replace("<bdi>", "").replace("</bdi>", "")
    assert 'new_text.contains("deadline")' in page.words
    assert "✓ matches" in page.words
    assert "ada@example.net" in page.words


def test_a_pasted_message_with_its_headers(root: Browser) -> None:
    raw = "Received: from x\r\nFrom: Eve <eve@example.org>\r\nSubject: Press\r\n\r\nno dead line here <script>alert(1)</script>"
    page = do(root, "try", mail=raw)
    assert "eve@example.org" in page.words
    assert "✗ does not match" in page.words
    assert "<script>alert" not in page.text


def test_a_rule_with_errors_is_not_tried(root: Browser) -> None:
    page = do(root, "try", BROKEN, mail="deadline", subject="Press")
    assert "Your text has errors: nothing can be judged by it." in page.words
    assert "undeclared reference" in page.words


@pytest.mark.parametrize(("fields", "said"), [
    ({"mail": " "}, "paste a mail first"),
    ({"mail": "x" * 200_001}, "at most 200000"),
    ({"mail": "x", "brand": "none"}, "there is no brand"),
    ({"mail": "x", "account": "rich"}, "an account is one of"),
])  # fmt: skip
def test_what_is_no_mail_is_refused(root: Browser, fields: dict[str, str], said: str) -> None:
    page = do(root, "try", **fields)
    assert page.status == 409
    assert said in page.words


# Versions


def test_versions_and_what_differs(here: Installation, root: Browser) -> None:
    do(root, "save", why="first")
    do(root, "save", RULE.replace("9.0", "8.0"), why="less")
    page = root.get(f"{PRESS}/versions")
    assert "first" in page.words
    assert "less" in page.words
    page = root.get("/rules/diff?from=1&to=2")
    assert '<tr class="removed"><td class="n">6</td>' in page.text
    assert "Bring version 1 back" in page.words
    assert "what changed" in root.get("/rules/diff?to=1").words
    page = root.post("/rules/restore", csrf=root.csrf(), version="1", seen=digest_of(RULE.replace("9.0", "8.0")), why="too weak")  # fmt: skip
    assert page.status == 200
    assert on_disk(here) == RULE
    assert root.get(f"{PRESS}/versions?before=2").words.count("<tr>") == 2  # the head and one version


def test_a_version_that_would_be_wrong_now_is_not_brought_back(here: Installation, root: Browser) -> None:
    folder = here.house.base / "rules"
    folder.mkdir()
    (folder / "press.toml").write_text(BROKEN)
    root.get("/rules")
    do(root, "save")
    page = root.post("/rules/restore", csrf=root.csrf(), version="1", seen=digest_of(RULE))
    assert page.status == 409
    assert "undeclared reference" in page.words
    assert on_disk(here) == RULE


@pytest.mark.parametrize("path", [f"{PRESS}/versions", "/rules/diff", "/rules/diff?to=9", "/rules/diff?to=-1", "/rules/diff?to=99999999999999999999"])  # fmt: skip
def test_versions_that_are_not_there(root: Browser, path: str) -> None:
    assert root.get(path).status == 404


def test_versions_of_two_files_are_not_compared(root: Browser) -> None:
    do(root, "save")
    do(root, "save", EXAMPLE, "/rules/examples/press.toml")
    assert root.get("/rules/diff?from=1&to=2").status == 404


# Archives


def upload(browser: Browser, content: bytes) -> Answer:
    """Choose a file and send it."""
    csrf = browser.csrf()
    body = (
        (
            f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{csrf}\r\n'
            '--b\r\nContent-Disposition: form-data; name="archive"; filename="x.zip"\r\nContent-Type: application/zip\r\n\r\n'
        ).encode()
        + content
        + b"\r\n--b--\r\n"
    )
    headers = {"content-type": "multipart/form-data; boundary=b", "origin": f"http://{browser.host}"}
    return browser._ask("POST", "/rules/import", body, headers)


def test_an_archive_is_looked_at_and_brought_in(here: Installation, root: Browser) -> None:
    do(root, "save")
    with zipfile.ZipFile(io.BytesIO(pack(here.room.rulework.look().texts))) as packed:
        assert packed.namelist() == ["rules/press.toml"]
    texts = {SheetName("rules/press.toml"): RULE.replace("9.0", "5.0"), SheetName("examples/press.toml"): EXAMPLE}
    page = upload(root, pack(texts))
    assert page.status == 200
    assert "2 files would change" in page.words
    assert "weight = 5.0" in page.words
    assert on_disk(here) == RULE
    fields = {
        "draft": page.text.partition('name="draft" value="')[2].partition('"')[0],
        "sheet": ["examples/press.toml", "rules/press.toml"],
        "seen": ["", digest_of(RULE)],
    }
    late = root.post("/rules/import/confirm", csrf=root.csrf(), **(fields | {"seen": ["", digest_of("other")]}))
    assert late.status == 409
    assert "was changed meanwhile" in late.words
    page = root.post("/rules/import/confirm", csrf=root.csrf(), why="from the trial", **fields)
    assert page.status == 200
    assert on_disk(here) == RULE.replace("9.0", "5.0")
    assert on_disk(here, "rules/examples/press.toml") == EXAMPLE
    assert [one.to for one in here.house.people.journal.deeds(what="rules-imported")] == ["rules/press.toml", "examples/press.toml"]  # fmt: skip
    assert upload(root, pack(texts)).status == 409


def test_an_archive_with_errors_is_not_brought_in(here: Installation, root: Browser) -> None:
    page = upload(root, pack({SheetName("rules/press.toml"): BROKEN}))
    assert "undeclared reference" in page.words
    assert "disabled" in page.text
    draft = page.text.partition('name="draft" value="')[2].partition('"')[0]
    page = root.post("/rules/import/confirm", csrf=root.csrf(), draft=draft, sheet="rules/press.toml", seen="")
    assert page.status == 409
    assert not (here.house.base / "rules").exists()


def test_what_is_no_archive_is_refused(root: Browser) -> None:
    assert upload(root, b"no archive").status == 409
    assert root.post("/rules/import", csrf=root.csrf()).status == 409
    assert root.post("/rules/import/confirm", csrf=root.csrf(), draft="x").status == 409
    assert root.post("/rules/import/confirm", csrf=root.csrf(), draft="99").status == 409


def test_all_can_be_taken_along(root: Browser) -> None:
    do(root, "save")
    answer = root.get("/rules/export")
    assert answer.headers["content-disposition"].startswith('attachment; filename="postroom-rules.zip"')


def test_whoever_opens_rules_wakes_what_checks_them(here: Installation, root: Browser) -> None:
    woken: list[bool] = []
    here.room.rulework.bench.__dict__["wake"] = lambda: woken.append(True)
    root.get("/rules")
    root.get(PRESS)
    assert woken == [True, True]
    root.get("/inbox")
    assert len(woken) == 2
