"""Templates in the pages: every button of the editor, what people would get, versions, archives, and who may."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.flow.sheetpack import pack
from postroom.model.mail import RouteName
from postroom.model.people import Sight
from postroom.model.rulebooks import SheetName
from tests.answering import PLEA, answers, signed, write_template
from tests.api_house import programme, told
from tests.pages_house import QUESTION, Answer, Browser, Installation, installation

WHICH = """# words that the lawyers have read
title = "Which account?"
routes = ["appeals"]
asks = true

[text]
en = \"\"\"
Hello {name},

which account?
{agent}, {brand}
\"\"\"
"""
FILE = "/templates/file/which-account"
APPEALS = RouteName("appeals")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    told = 'cases = true\nacknowledge = "appeal-received"\noutcomes = { granted = "appeal-granted" }\n'
    with installation(tmp_path, answers("127.0.0.1", 9).replace("cases = true\n", told)) as one:
        yield one


@pytest.fixture
def lea(here: Installation) -> Browser:
    return here.user("lea", "lead")


def do(browser: Browser, what: str, path: str = FILE, **fields: object) -> Answer:
    """Press a button of the editor; what is not said is as in `WHICH`."""
    page = browser.get(path)
    seen = page.text.partition('name="seen" value="')[2].partition('"')[0]
    usual: dict[str, object] = {
        "csrf": browser.csrf(),
        "seen": seen,
        "do": what,
        "title": "Which account?",
        "route": ["appeals"],
        "asks": "1",
        "language": ["en", ""],
        "words": ["Hello {name},\r\n\r\nwhich account?\r\n{agent}, {brand}", ""],
        "head": "# words that the lawyers have read",
    }
    return browser.post(path, **{name: value for name, value in (usual | fields).items() if value is not None})


def as_file(browser: Browser, what: str, text: str, path: str = FILE, **fields: object) -> Answer:
    """The same, with the file itself."""
    return do(browser, what, path, text=text, title=None, route=None, asks=None, language=None, words=None, head=None, **fields)  # fmt: skip


def on_disk(here: Installation, name: str = "which-account") -> str:
    return (here.house.base / "answers" / f"{name}.toml").read_text()


# Who may


@pytest.mark.parametrize(
    ("role", "facts", "reads", "writes", "all_of_it"),
    [
        ("admin", {}, True, True, True),
        ("lead", {}, True, True, True),
        ("lead", {"routes": ("appeals",)}, True, True, False),
        ("lead", {"routes": ("refunds",)}, False, False, False),
        ("lead", {"brands": ("shop",)}, True, False, False),
        ("agent", {}, True, False, False),
        ("agent", {"routes": ("refunds",)}, False, False, False),
        ("viewer", {}, False, False, False),
    ],
)
def test_who_works_at_a_desk_reads_and_its_leads_write(here: Installation, role: str, facts: dict[str, tuple[str, ...]], reads: bool, writes: bool, all_of_it: bool) -> None:  # fmt: skip
    write_template(here.house.base, "which-account", WHICH)
    browser = here.user("somebody", role, **facts)
    page = browser.get(FILE)
    assert (page.status == 200) == reads
    assert ("which account?" in page.words) == reads
    assert ('value="save"' in page.text) == writes
    assert ("Which account?" in browser.get("/templates").words) == reads
    do(browser, "save", words=["other words", ""])
    assert (on_disk(here) != WHICH) == writes
    assert (browser.get("/templates/export").status == 200) == all_of_it
    assert (browser.get(f"{FILE}/versions").status == 200) == reads
    assert (browser.get("/templates/diff?to=1").status == 200) == reads
    taken = browser.post("/templates/restore", csrf=browser.csrf(), version="1", seen="")
    assert (taken.status == 409) == reads or taken.status in (403, 404)


def test_a_lead_of_a_desk_gives_a_template_to_no_other(here: Installation) -> None:
    browser = here.user("amy", "lead", routes=("appeals",))
    assert 'value="appeals" checked' in browser.get(FILE).text
    for routes in (["refunds"], [], ["appeals", "refunds"]):
        page = do(browser, "save", route=routes)
        assert page.status == 409
        assert "changed by leads who work for all of its desks" in page.words
    assert do(browser, "save").status == 200
    assert "has no text" in do(browser, "save", words=["", ""]).words


def test_one_that_is_not_there_is_for_who_may_begin_it(here: Installation, lea: Browser) -> None:
    assert lea.get("/templates/new?name=which-account").words.count("not there yet") == 1
    assert lea.get("/templates/new?name=Which Account").status == 404
    assert lea.get("/templates/file/Which").status == 404
    assert here.user("ada", "agent").get(FILE).status == 404


# The list


def test_the_list_says_languages_uses_and_what_is_wrong(here: Installation, lea: Browser) -> None:
    write_template(here.house.base, "which-account", WHICH)
    write_template(here.house.base, "broken", "title = 7")
    write_template(here.house.base, "old", '# \nretired = true\ntitle = "Old one"\n[text]\nen = "x"\n')
    page = lea.get("/templates").words
    assert page.index("has mistakes") < page.index("Which account?") < page.index("Old one")
    row = page.partition("Which account?")[2].partition("</tr>")[0]
    assert ">en</span>" in row
    assert ">no de</span>" in row
    assert "appeals: case granted" in page
    assert "on the disk" in row
    assert ">retired</span>" in page
    assert "None for your desks" not in page


# The editor


def test_a_template_is_written_offered_and_taken_away(here: Installation, lea: Browser) -> None:
    page = do(lea, "save", why="the desk asked")
    assert "Saved." in page.words
    assert on_disk(here) == WHICH
    (mail,) = here.receive(signed(PLEA))
    drafted = lea.get(f"/mail/{mail}?template=which-account").words
    assert "Hello Ada Lovelace,\n\nwhich account?\nLea, Shop support" in drafted
    sent = {"verb": "send", "text": "Which?", "template": "which-account", "back": "/inbox"}
    lea.post(f"/mail/{mail}/answer", csrf=lea.csrf(), **sent)
    used = here.room.answering.replies.used
    assert used(0.0, Sight()) == used(0.0, Sight(routes=frozenset({APPEALS}))) == {"which-account": 1}
    assert used(0.0, Sight(routes=frozenset({RouteName("refunds")}))) == {}
    assert "the desk asked" in lea.get(f"{FILE}/versions").words
    deeds = [(one.what, one.to) for one in here.room.journal.deeds()]
    assert ("template-saved", "answers/which-account.toml") in deeds
    do(lea, "remove")
    assert not (here.house.base / "answers" / "which-account.toml").exists()
    assert "answers/which-account.toml" in lea.get("/templates").words
    assert lea.get(f"{FILE}/versions").status == 200


def test_mistakes_are_told_at_their_place_in_the_form_and_in_the_file(here: Installation, lea: Browser) -> None:
    page = do(lea, "save", words=["Hello,\r\n my {nmae}", ""])
    assert page.status == 409
    assert 'data-field="text.en" data-line="2" data-column="5">en, line 2, column 5' in page.text
    assert "nothing fills in {nmae}" in page.words
    assert "my {nmae}" in page.words.partition("<textarea")[2]
    assert not (here.house.base / "answers").exists()
    page = as_file(lea, "check", WHICH.replace("which account?", "{"))
    assert 'data-field="" data-line="10" data-column="1"' in page.text
    assert '<b class="error">10</b>' in page.text
    page = as_file(lea, "check", "title = \n")
    assert 'data-line="1" data-column="9"' in page.text
    assert "It shows once it has no mistakes" in page.words


def test_a_language_is_added_and_left_out(here: Installation, lea: Browser) -> None:
    do(lea, "save", language=["en", "de"], words=["Hello", "Hallo"])
    assert 'de = """\nHallo\n"""' in on_disk(here)
    do(lea, "save", language=["en", "de", ""], words=["", "Hallo", ""])
    assert "en = " not in on_disk(here)
    page = do(lea, "save", language=["de", "de"], words=["Hallo", "Hallo"])
    assert "German is there twice" in page.words
    page = do(lea, "save", language=["en", 'a"b'], words=["Hello", "words"])
    assert "is no language" in page.words


def test_a_shipped_one_is_changed_and_comes_back(here: Installation, lea: Browser) -> None:
    path = "/templates/file/appeal-more"
    page = lea.get(path)
    assert ">shipped</span>" in page.text
    do(lea, "save", path, title="Appeal: more")
    assert "in place of a shipped one" in lea.get(path).words
    assert "Back to the shipped one" in lea.get(path).words
    do(lea, "remove", path)
    assert ">shipped</span>" in lea.get(path).text


def test_a_template_is_renamed_and_a_shipped_one_copied(here: Installation, lea: Browser) -> None:
    do(lea, "save")
    do(lea, "rename", name="what-account")
    assert lea.at == "/templates/file/what-account?saved=1"
    assert on_disk(here, "what-account") == WHICH
    assert not (here.house.base / "answers" / "which-account.toml").exists()
    do(lea, "rename", "/templates/file/appeal-more", name="appeal-again")
    assert (here.house.base / "answers" / "appeal-again.toml").exists()
    page = do(lea, "rename", "/templates/file/appeal-again", name="what-account")
    assert "There is a template of that name already" in page.words
    assert "is no name" in do(lea, "rename", "/templates/file/appeal-again", name="../x").words


def test_one_that_notices_need_is_not_retired(here: Installation, lea: Browser) -> None:
    page = do(lea, "save", "/templates/file/appeal-granted", retired="1", words=["Yes: {reason}", ""])
    assert page.status == 409
    assert "without it nobody is told anything" in page.words


def test_the_list_says_by_which_nobody_is_told_anything(here: Installation, lea: Browser) -> None:
    assert "Named in the settings" not in lea.get("/templates").text
    folder = here.house.base / "answers"
    folder.mkdir(exist_ok=True)
    (folder / "appeal-received.toml").write_text('title = "x"\nretired = true\n[text]\nen = "x"\n')
    (folder / "appeal-granted.toml").write_text("title = ")
    page = lea.get("/templates").words
    assert '<a href="/templates/file/appeal-received">appeal-received</a> is retired: appeals: mail received' in page
    assert "appeal-granted</a> has mistakes: appeals: case granted" in page
    ann, bo = here.user("ann", "agent", routes=("appeals",)), here.user("bo", "agent", routes=("refunds",))
    assert "appeal-received is retired: appeals: mail received" in ann.get("/templates").words
    assert "Named in the settings" not in bo.get("/templates").text
    missing = told(programme(here, "lea", "lead").get("/templates"))["missing"]
    assert [(one["name"], one["why"]) for one in missing] == [
        ("appeal-granted", "has mistakes"), ("appeal-received", "is retired"),
    ]  # fmt: skip
    assert missing[1]["told"] == [{"route": "appeals", "kind": "received", "outcome": ""}]


def test_one_that_was_never_written_is_said_to_be_missing(tmp_path: Path) -> None:
    named = 'cases = true\nacknowledge = "never-written"\n'
    with installation(tmp_path, answers("127.0.0.1", 9).replace("cases = true\n", named)) as there:
        page = there.user("lea", "lead").get("/templates").words
    assert "never-written</a> is not there: appeals: mail received" in page


def test_who_would_lose_comments_by_the_form_is_warned(here: Installation, lea: Browser) -> None:
    as_file(lea, "save", WHICH)
    assert "they are lost" not in lea.get(FILE).words
    as_file(lea, "save", WHICH.replace("[text]", "[text]  # in plain words"))
    assert "if you save this form, they are lost" in lea.get(FILE).words
    assert "they are lost" in do(lea, "check").words
    assert "they are lost" not in lea.get(f"{FILE}?as=file").words


def test_two_people_at_one_template(here: Installation, lea: Browser) -> None:
    do(lea, "save")
    page = do(lea, "save", seen="", words=["mine", ""])
    assert page.status == 409
    assert "Somebody else has changed this template meanwhile" in page.words
    assert "mine" in page.words.partition("<textarea")[2]
    assert on_disk(here) == WHICH
    assert "nothing would change" in do(lea, "save").words


def test_a_file_that_can_not_be_written_is_offered_to_download(here: Installation, lea: Browser, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "postroom may not write in" in lea.get(FILE).words
    assert do(lea, "save").status == 409
    got = do(lea, "download")
    assert got.text == WHICH
    assert 'filename="which-account.toml"' in got.headers["content-disposition"]


# What people get


def test_it_is_shown_with_an_example_and_with_a_mail(here: Installation, lea: Browser) -> None:
    page = do(lea, "check").words
    assert "Hello Kim Sample,\n\nwhich account?\nLea, Shop support" in page
    (plea,) = here.receive(signed(PLEA))
    (question,) = here.receive(QUESTION)
    page = do(lea, "check", **{"with": plea}).words
    assert "Hello Ada Lovelace,\n\nwhich account?" in page
    assert f'<option value="{plea}" selected>' in page
    assert "this mail lies at a desk that the template is not for" in do(lea, "check", **{"with": question}).words
    assert "no such mail" in do(lea, "check", **{"with": "nothing"}).words


def test_what_is_told_by_itself_is_shown(here: Installation, lea: Browser) -> None:
    path = "/templates/file/appeal-granted"
    page = do(lea, "check", path, words=["Yes, {reason} {question}", ""]).words
    assert "Told by itself, appeals: case granted" in page
    assert "Yes, (the reason that stands in the case) {question}" in page
    assert "Not sent: nobody knows {question}" in page
    assert "Whoever answers writes {question}." in page
    assert "Written by whoever answers: <code>{question}</code>, and <code>{reason}</code> where no case" in page
    (plea,) = here.receive(signed(PLEA))
    (forged,) = here.receive(signed(PLEA).partition(b"\r\n")[2])
    page = do(lea, "check", path, words=["Yes, {reason} {brand}", ""], **{"with": plea}).words
    assert "Yes, (the reason that stands in the case) Shop support" in page
    page = do(lea, "check", path, words=["Yes, {reason}", ""], **{"with": forged}).words
    assert "Not sent: nothing proves whose address it is" in page


def test_a_mail_of_another_desk_is_shown_to_nobody(here: Installation) -> None:
    (question,) = here.receive(QUESTION)
    here.receive(signed(PLEA))
    amy = here.user("amy", "lead", routes=("appeals",))
    page = do(amy, "check", "/templates/file/appeal-more", **{"with": question}).words
    assert "no such mail" in page
    assert "Language" not in page.partition('name="with"')[2].partition("</select>")[0]


def test_who_reads_sees_it_filled_in_and_changes_nothing(here: Installation) -> None:
    write_template(here.house.base, "which-account", WHICH)
    ada = here.user("ada", "agent")
    page = do(ada, "save", words=["other", ""])
    assert page.status == 200
    assert "Hello Kim Sample," in page.words
    assert "To read: it is changed by leads" in page.words
    assert on_disk(here) == WHICH


# Versions and archives


def test_versions_are_compared_and_brought_back(here: Installation, lea: Browser) -> None:
    do(lea, "save")
    do(lea, "save", words=["Hello there", ""])
    page = lea.get("/templates/diff?to=2&from=1")
    assert "Hello there" in page.words
    assert "example mails" not in page.words
    seen = page.text.partition('name="seen" value="')[2].partition('"')[0]
    lea.post("/templates/restore", csrf=lea.csrf(), version="1", seen=seen)
    assert on_disk(here) == WHICH
    assert lea.get("/templates/diff?to=99").status == 404
    assert lea.get("/rules/diff?to=1").status == 404


def test_all_are_taken_along_and_brought_in(here: Installation, lea: Browser) -> None:
    do(lea, "save")
    packed = lea.get("/templates/export")
    assert 'filename="postroom-templates.zip"' in packed.headers["content-disposition"]
    texts = {SheetName("answers/new.toml"): '[text]\nen = "new"\n'}
    body, kind = _upload(lea.csrf(), pack(texts))
    page = lea._ask("POST", "/templates/import", body, {"content-type": kind, "origin": f"http://{lea.host}"})
    assert page.status == 200
    assert "1 file would change" in page.words
    assert "Test on the last days" not in page.words
    draft = page.text.partition('name="draft" value="')[2].partition('"')[0]
    lea.post(
        "/templates/import/confirm", csrf=lea.csrf(), draft=draft, sheet="answers/new.toml", seen="", why="from there"
    )
    assert on_disk(here, "new") == '[text]\nen = "new"\n'
    body, kind = _upload(lea.csrf(), pack({SheetName("rules/x.toml"): "x = 1\n"}))
    page = lea._ask("POST", "/templates/import", body, {"content-type": kind, "origin": f"http://{lea.host}"})
    assert "can't be in it" in page.words


def _upload(csrf: str, content: bytes) -> tuple[bytes, str]:
    parts = (
        f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{csrf}\r\n'
        '--b\r\nContent-Disposition: form-data; name="archive"; filename="a.zip"\r\n\r\n'
    )
    return parts.encode() + content + b"\r\n--b--\r\n", "multipart/form-data; boundary=b"


def test_an_archive_holds_them_as_they_are(here: Installation) -> None:
    texts = {SheetName("answers/which-account.toml"): WHICH}
    assert zipfile.ZipFile(io.BytesIO(pack(texts))).read("answers/which-account.toml").decode() == WHICH
