"""What goes through several rooms, or through another installation, in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.driving import Windows
from tests.browser.house import command, restored
from tests.browser.letters import SHOP, letter

pytestmark = [pytest.mark.peer, pytest.mark.slow]

_RULE = """[[rule]]
name = "shoes-are-questions"
when = 'new_text.contains("The shoes never came")'
route = "general"
stop = true
"""


def test_a_rule_is_tried_on_the_past_before_it_counts(windows: Windows) -> None:
    mail = "Refund, please"
    page = windows.open("root", "/rules/rules/shoes.toml")
    page.get_by_label("Text of").fill(_RULE)
    page.get_by_role("button", name="Test on the last days").click()
    expect(page.get_by_role("heading", name="Back-test")).to_be_visible()
    expect(page.locator("select[name=draft]")).to_contain_text("draft")
    page.get_by_label("on the last").fill("2")
    page.locator("select[name=brand]").select_option("shop")
    page.get_by_role("button", name="Try them").click()
    expect(page.locator(".verdict")).to_be_visible(timeout=60_000)
    row = page.get_by_role("row").filter(has_text=mail)
    expect(row).to_contain_text("refunds → general")
    expect(row).to_contain_text("shoes-are-questions")
    row.get_by_role("link", name=mail).click()
    expect(page.locator(".why h2").first).to_contain_text("Refunds")
    page.goto("/rules")
    expect(page.locator(".sheet").get_by_role("link", name="night.toml")).to_be_visible()
    expect(page.locator(".sheet").get_by_role("link", name="shoes.toml")).to_have_count(0)


def test_somebody_erased_does_not_come_back_with_a_backup(windows: Windows, browser: Browser, tmp_path: Path) -> None:
    address, subject, other = "forget.me@example.net", "My order to Fridolin Lane", "Opening hours"
    windows.house.feed([letter(SHOP, subject, "Please refund order 12 to me.", sender=f"Frida <{address}>")])
    mail, kept = windows.house.mail(subject), tmp_path / "kept.db"
    command(windows.house.trial.folder, "backup", str(kept))
    page = windows.open("root", "/person")
    page.get_by_label("Address of somebody who wrote").fill(address)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=address)).to_be_visible()
    page.get_by_text("Erase it for good").click()
    page.get_by_label("Type the address again").fill(address)
    page.get_by_role("button", name="Erase", exact=True).click()
    expect(page.get_by_role("heading", name="Erased", exact=True)).to_be_visible(timeout=60_000)
    expect(page.locator(".told")).to_contain_text("1 mail")
    page.goto("/audit")
    expect(page.get_by_role("row").filter(has_text="erased").filter(has_text="root").first).to_be_visible()
    with restored(tmp_path / "restored", kept, windows.house) as house:
        after = Windows(browser=browser, house=house)
        for there in (page, after.open("root")):
            there.goto(f"/inbox?sender={address}")
            expect(there.get_by_text("Nothing matches")).to_be_visible()
            there.goto("/inbox?words=Fridolin")
            expect(there.get_by_text("Nothing matches")).to_be_visible()
            there.goto(f"/inbox?words={other.replace(' ', '+')}")
            expect(there.get_by_role("link", name=re.compile(other)).first).to_be_visible()
            there.goto(f"/mail/{mail}")
            assert subject not in there.content()
            assert address not in there.content()
        after.close()
