"""An engineer in a real browser: a rule from its first letter into force and back; a webhook, a key and a dead letter."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.driving import Windows
from tests.browser.house import PASSWORD, corrected
from tests.browser.letters import ANVIL, FORGE, letter
from tests.browser.looking import see, see_both
from tools.running import wait_until

pytestmark = [pytest.mark.peer, pytest.mark.slow]

_RULE = """[[rule]]
name = "gift-cards"
comment = "Gift cards are paid back by the refunds desk."
when = 'subject.contains("Gift card") && new_text.contains("balance")'
route = "refunds"
stop = true
"""
#: a browser asks before it leaves: here nobody is asked, and the script says whether it would be
_ASKED_BEFORE_LEAVING = "!dispatchEvent(new Event('beforeunload', { cancelable: true }))"
_MOVED, _OTHER = "Gift card of my aunt", "Gift card, where to look"
#: all that has come for this brand when they are tried on the past
_LETTERS = (
    letter(ANVIL, _MOVED, "Which balance does she have after the cinema?"),
    letter(ANVIL, _OTHER, "On which page do you show the balance of a card?"),
    letter(ANVIL, "Saturdays", "Is there somebody to talk to on Saturdays?"),
)


def test_a_rule_is_written_tried_on_the_past_brought_into_force_and_taken_back(
    windows: Windows, tmp_path: Path
) -> None:
    windows.house.feed(_LETTERS)
    corrected(windows.house, _MOVED, "refunds", "erin")
    windows.house.settle()
    page = windows.open("", "/rules")
    page.get_by_label("Name").fill("erin")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="press.toml").first).to_be_visible()
    see_both(page, "engineer-rules")
    page.get_by_label("Name").fill("gifts")
    page.get_by_role("button", name="Begin it").click()
    area = page.get_by_label("Text of rules/gifts.toml")
    _mends_what_is_marked(page)
    # On a mail, with and without it.
    page.get_by_text("Test on a mail").click()
    page.get_by_label("The mail").fill("What is the balance of my card?")
    page.get_by_label("Subject").fill("Gift card 17")
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator("#tried-title")).to_contain_text("It would go to refunds; now it goes to")
    expect(page.locator(".parts code").first).to_have_text('subject.contains("Gift card")')
    see_both(page, "engineer-tried")
    _tries_it_on_the_past(page, windows)
    # Saved, and in force without anybody restarting anything.
    page.get_by_role("link", name="Back to rules/gifts.toml").click()
    expect(area).to_have_value(_RULE)
    page.get_by_placeholder("Why").fill("the refunds desk asked for it")
    _save(page)
    expect(page.locator("#state")).to_have_text("in force")
    _goes_to(windows, "Gift card, first", "refunds")
    # Changed, compared, brought back.
    area.fill(_RULE.replace('"refunds"', '"appeals"'))
    _save(page)
    page.get_by_role("link", name="Versions", exact=True).click()
    expect(page.get_by_text("the refunds desk asked for it")).to_be_visible()
    page.get_by_role("button", name="Compare the two").click()
    expect(page.locator("tr.removed").last).to_contain_text('route = "refunds"')
    expect(page.locator("tr.added").last).to_contain_text('route = "appeals"')
    see_both(page, "engineer-diff")
    page.get_by_role("button", name="Bring version").click()
    expect(area).to_have_value(_RULE)
    expect(page.locator("#state")).to_have_text("in force")
    _goes_to(windows, "Gift card, second", "refunds")
    # All files taken along; this one taken away, and brought in again from there.
    page.get_by_role("link", name="← Rules").click()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download all").click()
    taken.value.save_as(tmp_path / "rules.zip")
    page.get_by_role("link", name="gifts.toml").first.click()
    page.get_by_role("button", name="Take the file away").click()
    expect(page.get_by_role("heading", name="Taken away")).to_be_visible()
    page.get_by_label("ZIP file").set_input_files(tmp_path / "rules.zip")
    page.get_by_role("button", name="Look into it").click()
    expect(page.get_by_text("1 file would change")).to_be_visible()
    page.get_by_role("button", name="Bring it in").click()
    page.get_by_role("link", name="gifts.toml").first.click()
    expect(area).to_have_value(_RULE)
    # Somebody else was faster: nothing is overwritten unseen.
    other = windows.open("root", "/rules/rules/gifts.toml")
    other.get_by_label("Text of").fill(_RULE + "# root was here\n")
    _save(other)
    assert not page.evaluate(_ASKED_BEFORE_LEAVING)
    area.fill(_RULE + "# erin was here\n")
    assert page.evaluate(_ASKED_BEFORE_LEAVING)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody else has changed this file meanwhile")
    expect(page.locator("tr.removed")).to_contain_text("root was here")
    assert page.evaluate(_ASKED_BEFORE_LEAVING), "nothing was saved yet"
    _save(page)
    page.get_by_role("button", name="Take the file away").click()
    other.goto("/audit?to=rules/gifts.toml")
    for what in ("rules-saved", "rules-restored", "rules-imported", "rules-removed"):
        expect(other.get_by_role("row").filter(has_text=what).first).to_contain_text("erin")


def _mends_what_is_marked(page: Page) -> None:
    """A mistake shows without a click, at its line, and the button leads there."""
    area = page.get_by_label("Text of rules/gifts.toml")
    area.fill(_RULE.replace("new_text", "new_txt"))
    expect(page.locator("#problems")).to_contain_text("undeclared reference to 'new_txt'")
    expect(page.locator("#numbers .error")).to_have_text("4")
    expect(page.locator("#held")).to_contain_text("gift-cards")
    page.get_by_role("button", name="line 4, column").click()
    expect(area).to_be_focused()
    assert page.evaluate("document.activeElement.value.slice(document.activeElement.selectionStart).split('.')[0]") == "new_txt"  # fmt: skip
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("It was not saved")
    area.fill(_RULE)
    expect(page.locator("#problems")).to_contain_text("nothing is wrong with it")
    expect(page.locator("#problems")).to_contain_text("example mails come out as they say")


def _tries_it_on_the_past(page: Page, windows: Windows) -> None:
    """Which mails would move, which of them people had corrected, and what each desk would get."""
    page.get_by_role("button", name="Test on the last days").click()
    expect(page.get_by_role("heading", name="Back-test")).to_be_visible()
    page.get_by_label("on the last").fill("2")
    page.locator("select[name=brand]").select_option("anvil")
    page.get_by_role("button", name="Try them").click()
    expect(page).to_have_title(re.compile(r"Back-test \d+ · postroom"))
    page.evaluate("window.stayed = true")
    expect(page.locator(".verdict")).to_contain_text("people had moved 1 of them", timeout=60_000)
    assert page.evaluate("window.stayed"), "its end was seen on the same page"
    expect(page.get_by_role("img", name=re.compile("mails would go instead"))).to_be_visible()
    loads = page.get_by_role("group", name="Mails a day")
    expect(loads.get_by_role("row", name="refunds 0 2 0 % → 67 %")).to_be_visible()
    for subject, words in ((_MOVED, "as said"), (_OTHER, "new: rule «gift-cards» for refunds")):
        expect(page.locator("#mails tr").filter(has_text=subject)).to_contain_text(words)
    see_both(page, "engineer-backtest")
    page.get_by_label("Which").select_option("corrected")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#mails tbody tr")).to_have_count(1)
    with page.expect_download() as taken:
        page.get_by_role("link", name="CSV").click()
    with open(taken.value.path(), newline="", encoding="utf-8") as file:
        assert [(row["mail"], row["word"]) for row in csv.DictReader(file)] == [(windows.house.mail(_MOVED), "fixed")]


def test_rules_are_written_and_tried_without_javascript(windows: Windows) -> None:
    page = windows.open("erin", "/rules/rules/plain.toml", script=False)
    area = page.get_by_label("Text of")
    area.fill(_RULE.replace("new_text", "new_txt").replace("gift-cards", "plain"))
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#problems")).to_contain_text("undeclared reference")
    expect(page.locator("#numbers .error")).to_have_text("4")
    area.fill("# nothing yet\n")
    _save(page)
    page.get_by_role("button", name="Test on the last days").click()
    page.locator("select[name=brand]").select_option("forge")
    page.get_by_role("button", name="Try them").click()

    def ended() -> bool:
        page.get_by_role("link", name="Look again").click()
        return page.locator(".verdict").count() > 0

    assert wait_until(ended, 60, every=0.5)
    expect(page.locator(".verdict")).to_contain_text("nothing would change")
    page.goto("/rules/rules/plain.toml")
    page.get_by_role("button", name="Take the file away").click()
    expect(page).to_have_url(re.compile("/rules$"))


def test_a_webhook_a_key_and_a_dead_letter_on_a_phone(windows: Windows) -> None:
    house, subject = windows.house, "Told elsewhere"
    house.feed([letter(FORGE, subject, "Do you sell umbrellas?")])
    key = f"routed.{house.mail(subject)}.1.ledger"
    assert wait_until(lambda: key in house.receiver.heard, 20)
    page = windows.open("root", "/inbox", width="phone", touch=True)
    _to(page, "Webhooks")
    page.get_by_label("Hook").select_option("ledger")
    page.get_by_role("button", name="Show").tap()
    call = page.get_by_role("row").filter(has_text=house.mail(subject)[-6:])
    expect(call).to_contain_text("done")
    see(page, "engineer-hooks")
    call.get_by_role("checkbox").check()
    page.get_by_role("button", name="Call again").tap()
    assert wait_until(lambda: house.receiver.heard.count(key) == 2, 20)
    # A key for a programme: what it may, until it may no more.
    _to(page, "People and keys")
    keys = page.locator("form[action='/keys']")
    if not keys.is_visible():
        page.get_by_text("Keys for programmes").tap()
    keys.get_by_label("In whose name").select_option("erin")
    keys.get_by_label("Scope").select_option("read")
    keys.get_by_label("Works for days").fill("7")
    keys.get_by_label("What it is for").fill("numbers for the wall")
    keys.get_by_role("button", name="Make a key").tap()
    token = page.locator(".token").inner_text()
    see(page, "engineer-key")

    def called(path: str) -> int:
        return page.request.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"}).status

    assert (called("/mails?brand=forge"), called("/census")) == (200, 403)
    page.goto("/people")
    assert token not in page.content(), "it is shown once"
    mine = page.locator(".findings li").filter(has_text="numbers for the wall")
    expect(mine).to_contain_text("used")
    mine.get_by_role("button", name="Revoke").tap()
    expect(mine).to_contain_text("revoked")
    assert called("/mails?brand=forge") == 401
    # A dead letter goes once its destination takes mail.
    dead = "Told to nobody"
    house.sink.fail("rcpt", reply="550 5.7.1 not for us", match="rights@", times=None)
    house.feed([letter(FORGE, dead, "DMCA takedown notice: the film at https://forge.test/f/3 infringes my copyright. I declare under penalty of perjury that I am the copyright owner. Remove it.")])  # fmt: skip
    _to(page, "Dead letters")
    row = page.get_by_role("row").filter(has_text=dead)
    expect(row).to_contain_text("not for us")
    see(page, "engineer-letters")
    house.sink.heal()
    row.get_by_role("checkbox").check()
    page.get_by_role("button", name="Try again").tap()
    expect(row).to_have_count(0)
    assert wait_until(lambda: any(dead.encode() in one.data for one in house.sink.mails), 20)


def _to(page: Page, place: str) -> None:
    """On a phone, all places are behind one button."""
    page.get_by_role("button", name="Places").tap()
    page.get_by_role("navigation").get_by_role("link", name=place).tap()
    expect(page.get_by_role("heading", name=place, level=1)).to_be_visible()


def _save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved.")


def _goes_to(windows: Windows, subject: str, route: str) -> None:
    """A mail that comes in now."""
    windows.house.feed([letter(FORGE, subject, "Please tell me the balance of it.")])
    assert windows.house.house.store.decisions(windows.house.mail(subject))[-1].route == route
