"""A lead changes a template in a real browser: mistakes show as they are typed, and what was saved counts."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.driving import Windows
from tests.browser.letters import SHOP, letter
from tools.running import wait_until

pytestmark = [pytest.mark.peer, pytest.mark.slow]


def test_a_lead_changes_a_template_and_answers_with_it(windows: Windows) -> None:
    windows.house.feed([letter(SHOP, "Refund of my parcel", "I want my money back for the parcel, please refund it.")])
    mail = windows.house.mail("Refund of my parcel")
    assert wait_until(lambda: bool(windows.house.house.store.decisions(mail)), 20)
    page = windows.open("lois", "/templates")
    page.get_by_role("link", name="Refund: more information").click()
    area = page.get_by_label("English")
    # A slip shows without a click, at its line, and the button leads there.
    area.fill("Hello {name},\n\nplease tell us the {order}.\n\n{agent}")
    page.get_by_role("button", name="en, line 3, column 20").click()
    expect(area).to_be_focused()
    area.fill("Hello {name},\n\nwhich order is it?\n\n{agent}")
    expect(page.locator("#problems")).not_to_contain_text("error")
    expect(page.locator("#shown")).to_contain_text("Hello Kim Sample,")
    page.get_by_label("Filled in for").select_option(mail)
    expect(page.locator("#shown")).not_to_contain_text("Kim Sample")
    page.get_by_placeholder("Why").fill("shorter")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    # The next answer begins with it.
    page.goto(windows.house.address(f"/mail/{mail}"))
    page.get_by_text("Write an answer").click()
    page.get_by_label("Template").select_option("refund-more")
    page.get_by_label("Language").select_option("en")
    page.get_by_role("button", name="Use it").click()
    answer = page.get_by_label("Answer", exact=True)
    expect(answer).to_have_value(re.compile("which order is it[?]"))
    answer.fill(answer.input_value().replace("{name}", "there"))
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#answers")).to_contain_text("which order is it?")
    # What it was before is one click away.
    page.goto(windows.house.address("/templates/file/refund-more"))
    page.get_by_role("link", name="Versions", exact=True).click()
    expect(page.get_by_text("shorter")).to_be_visible()
    page.goto(windows.house.address("/templates/file/refund-more"))
    page.get_by_role("button", name="Back to the shipped one").click()
    page.get_by_role("link", name="Refund: more information").click()
    expect(page.locator("#editor")).not_to_contain_text("which order is it?")
