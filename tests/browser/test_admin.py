"""An admin in a real browser: the first account, people and their keys, the log; somebody is erased and stays so after a restore."""

import json
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from postroom.model.cases import WantedCases
from postroom.model.people import Sight
from tests.browser.driving import Windows
from tests.browser.house import PASSWORD, Served, answered, command, installed
from tests.browser.letters import SHOP, letter
from tests.browser.looking import see_both
from tests.journey.peering import peer_or_skip
from tools import peers
from tools.running import wait_until

pytestmark = [pytest.mark.peer, pytest.mark.slow]

_NEWCOMER = "four words in a row"
_FRIDA, _ORDER, _APPEAL, _OTHER = (
    "frida@example.net",
    "My order to Fridolin Lane",
    "Fridolin Lane again",
    "Opening hours",
)
_LETTERS = (
    letter(SHOP, _ORDER, "Please refund order 12 to me.", sender=f"Frida <{_FRIDA}>"),
    letter(SHOP, _APPEAL, "My account was suspended and I did nothing wrong. Please review the suspension and restore my account.", sender=f"Frida <{_FRIDA}>"),
    letter(SHOP, _OTHER, "On which days can I call you?", sender="dorothy@example.net"),
)  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An installation of an admin's own, who is let in by command; some mail has come."""
    with peer_or_skip():
        peers.chromium()
    with installed(tmp_path_factory.mktemp("admin") / "house") as one:
        secret = one.trial.folder / "password"
        secret.write_text(PASSWORD)
        command(one.trial.folder, "user", "add", "root", "--role", "admin", "--password-file", str(secret))
        one.start()
        one.feed(_LETTERS)
        assert wait_until(lambda: bool(one.house.cases.page(WantedCases(), Sight()).cases), 30)
        yield one


def test_people_come_change_and_are_signed_out_and_the_log_tells(windows: Windows, tmp_path: Path) -> None:
    page = _signed_in(windows, "root", PASSWORD)
    page.get_by_role("link", name="People and keys").click()
    page.get_by_text("Add somebody").click()
    adding = page.locator("form[action='/people']")
    adding.get_by_label("Name to sign in with").fill("newt")
    adding.get_by_label("Password").fill("newt newt newt")
    adding.get_by_label("Role").select_option("agent")
    adding.get_by_label("shop").check()
    adding.get_by_label("appeals").check()
    adding.get_by_role("button", name="Add").click()
    # What is refused leaves what was chosen.
    expect(page.get_by_role("alert")).to_contain_text("password")
    expect(adding.get_by_label("appeals")).to_be_checked()
    adding.get_by_label("Password").fill(_NEWCOMER)
    adding.get_by_role("button", name="Add").click()
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="newt"))
    expect(row).to_contain_text("agent")
    newt = _signed_in(windows, "newt", _NEWCOMER)
    places = newt.get_by_role("navigation")
    expect(places.get_by_role("link", name="Appeals")).to_be_visible()
    expect(places.get_by_role("link", name="Refunds")).to_have_count(0)
    # Another role and desk count at once.
    row.get_by_text("Change newt").click()
    row.get_by_label("Role").select_option("reviewer")
    row.get_by_label("refunds").check()
    expect(row.get_by_text("used now")).to_be_visible()
    see_both(page, "admin-people")
    row.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("appeals, refunds")
    newt.reload()
    expect(places.get_by_role("link", name="Review")).to_be_visible()
    expect(places.get_by_role("link", name="Refunds")).to_be_visible()
    row.get_by_text("Change newt").click()
    row.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_role("status").first).to_have_text("newt is signed out everywhere.")
    newt.reload()
    expect(newt).to_have_title("Sign in · postroom")
    # Who may sign in no more takes the keys along.
    token = _key(page)
    newt = _signed_in(windows, "newt", _NEWCOMER)
    assert _called(newt, token) == 200
    row.get_by_text("Change newt").click()
    row.get_by_label("may not sign in").check()
    row.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("disabled")
    assert _called(newt, token) == 401
    newt.reload()
    expect(newt).to_have_title("Sign in · postroom")
    _reads_the_log(page, tmp_path / "audit.jsonl", token)
    for place in ("Health", "Notices", "Webhooks"):
        page.get_by_role("link", name=place).first.click()
        expect(page.get_by_role("heading", name=place, level=1)).to_be_visible()


def _reads_the_log(page: Page, file: Path, token: str) -> None:
    """Filtered on the page; whole as a file, whose chain holds."""
    page.get_by_role("link", name="Audit log").click()
    page.get_by_placeholder("to what").fill("newt")
    page.get_by_role("button", name="Show").click()
    did = page.locator("tbody td:nth-child(3)")
    expect(did).to_have_text(["user-disabled", "sign-in", "sessions-ended", "user-changed", "sign-in", "user-added"])
    see_both(page, "admin-audit")
    page.get_by_placeholder("what, e.g.").fill("user-added")
    page.get_by_role("button", name="Show").click()
    expect(did).to_have_text(["user-added"])
    expect(page.get_by_role("link", name="These as a file")).to_be_visible()
    page.get_by_role("link", name="Audit log").click()
    with page.expect_download() as taken:
        page.get_by_role("link", name="All as a file").click()
    taken.value.save_as(file)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    chain = ""
    for line in reversed(lines):
        content = [line[name] for name in ("number", "at", "by", "what", "to", "detail")]
        chain = sha256((chain + json.dumps(content, separators=(",", ":"))).encode()).hexdigest()
        assert line["chain"] == chain
    assert {"user-added", "key-made"} <= {line["what"] for line in lines}
    assert token not in file.read_text()


def test_somebody_is_erased_and_does_not_come_back_with_a_backup(windows: Windows, tmp_path: Path) -> None:
    house, kept = windows.house, tmp_path / "kept.db"
    mails = [house.mail(subject) for subject in (_ORDER, _APPEAL)]
    case = house.house.cases.of_mail(mails[1], Sight())
    assert case is not None
    answered(house, _ORDER, "root")
    house.settle()
    accepted = house.house.store.census()["arrivals"]
    command(house.trial.folder, "backup", str(kept))
    page = _signed_in(windows, "root", PASSWORD)
    page.get_by_role("link", name="Privacy").click()
    expect(page.get_by_text("730 days").first).to_be_visible()
    # What is held for a court is erased by nobody.
    page.get_by_label("Address, or id of a mail").fill(_FRIDA)
    page.get_by_label("Why").fill("7 C 12/26")
    page.get_by_role("button", name="Hold", exact=True).click()
    expect(page.get_by_role("row").filter(has_text="7 C 12/26")).to_be_visible()
    _looks_up(page)
    expect(page.get_by_text("Nothing is erased until it is released")).to_be_visible()
    expect(page.get_by_text("Erase it for good")).to_have_count(0)
    see_both(page, "admin-held")
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_text("Nothing. What is held")).to_be_visible()
    # What is held of them, looked at, and taken along for them.
    _looks_up(page)
    found = page.get_by_role("region", name=_FRIDA)
    for name, count in (("Mails", "2"), ("Answers to them", "1"), ("Cases", "1")):
        expect(found.get_by_role("row", name=f"{name} {count}", exact=True)).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("button", name="Export all of it").click()
    with zipfile.ZipFile(taken.value.path()) as packed:
        assert {f"mails/{mail}.eml" for mail in mails} < set(packed.namelist())
    page.get_by_text("Erase it for good").click()
    see_both(page, "admin-person")
    page.get_by_label("Type the address again").fill(_FRIDA)
    page.get_by_role("button", name="Erase", exact=True).click()
    expect(page.get_by_role("heading", name="Erased", exact=True)).to_be_visible(timeout=60_000)
    expect(page.locator(".told")).to_contain_text("2 mails")
    see_both(page, "admin-erased")
    page.goto("/audit?what=erased")
    expect(page.get_by_role("row").filter(has_text="root").first).to_be_visible()
    assert _FRIDA not in page.content()
    _is_gone(page, house, mails, case.number)
    assert house.house.store.census()["arrivals"] == accepted, "counts stay"
    # The disk is lost, and brought back as it was before.
    page.goto("about:blank")
    with house.stopped():
        for file in (house.trial.folder / "data").glob("postroom.db*"):
            file.unlink()
        assert "erased again" in command(house.trial.folder, "restore", str(kept))
    page.goto("/inbox")
    expect(page).to_have_title("Sign in · postroom")
    _is_gone(_signed_in(windows, "root", PASSWORD), house, mails, case.number)


def _is_gone(page: Page, house: Served, mails: list[str], case: int) -> None:  # type: ignore[type-arg]
    """Mail, case and answer, for whoever searches and whoever has kept a link; others' mail is there."""
    for search in (f"sender={_FRIDA}", "words=Fridolin"):
        page.goto(f"/inbox?{search}")
        expect(page.get_by_text("Nothing matches")).to_be_visible()
    for mail in mails:
        for path in (f"/mail/{mail}", f"/mail/{mail}/raw"):
            page.goto(path)
            expect(page.get_by_text("This mail was erased on 20")).to_be_visible()
    page.goto(f"/case/{case}")
    expect(page.get_by_text("Its person was erased")).to_be_visible()
    assert _FRIDA not in page.content()
    assert "Fridolin" not in page.content()
    assert "was erased on 20" in command(house.trial.folder, "explain", "--again", mails[0], code=1)
    page.goto("/inbox?words=call")
    expect(page.get_by_role("link", name=_OTHER).first).to_be_visible()


def test_somebody_is_added_without_javascript(windows: Windows) -> None:
    page = _signed_in(windows, "root", PASSWORD, script=False)
    page.get_by_role("link", name="People and keys").click()
    page.get_by_text("Add somebody").click()
    adding = page.locator("form[action='/people']")
    adding.get_by_label("Name to sign in with").fill("plain")
    adding.get_by_label("Role").select_option("lead")
    adding.get_by_role("button", name="Add").click()
    page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="plain")).get_by_text("Change plain").click()
    page.get_by_role("link", name="Change", exact=True).click()
    expect(page.get_by_label("Role")).to_have_value("lead")
    page.get_by_label("may not sign in").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("rowheader", name="plain")).to_contain_text("disabled")


def _signed_in(windows: Windows, name: str, password: str, *, script: bool = True) -> Page:
    page = windows.open("", "/inbox", script=script)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="All mail")).to_be_visible()
    return page


def _looks_up(page: Page) -> None:
    page.get_by_label("Address of somebody who wrote").fill(_FRIDA)
    page.get_by_role("button", name="Look up").click()
    expect(page.get_by_role("heading", name=_FRIDA)).to_be_visible()


def _key(page: Page) -> str:
    """A key in newt's name, shown this once."""
    keys = page.locator("form[action='/keys']")
    page.get_by_text("Keys for programmes").click()
    keys.get_by_label("In whose name").select_option("newt")
    keys.get_by_label("What it is for").fill("a dashboard")
    keys.get_by_role("button", name="Make a key").click()
    return page.locator(".token").inner_text()


def _called(page: Page, token: str) -> int:
    return page.request.get("/api/v1/mails", headers={"Authorization": f"Bearer {token}"}).status
