"""Urgent mail in a real browser: taken by one key, handed on, and seen to wait from every page."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.driving import Windows

pytestmark = [pytest.mark.peer, pytest.mark.slow]


def _number(page: Page) -> str:
    return page.locator("nav li .count.alarm").inner_text()


def test_taken_by_one_key_handed_on_and_told_on_every_page(windows: Windows) -> None:
    sid, sue = windows.open("sid", "/me"), windows.open("sue", "/inbox")
    assert (_number(sid), _number(sue)) == ("1", "1")
    sid.keyboard.press("!")
    expect(sid.get_by_role("heading", name="Urgent")).to_be_visible()
    sid.get_by_label("Note about “I will come”").fill("calling the police")
    sid.keyboard.press("Escape")
    sid.keyboard.press("h")
    expect(sid.get_by_text("calling the police")).to_be_visible()
    expect(sid.locator("nav li .count.alarm")).to_have_count(0)
    # Where somebody else is at work, the number goes without their doing anything.
    expect(sue.locator("nav li .count.alarm")).to_have_count(0, timeout=15_000)
    sid.get_by_text("Hand on, or give back").click()
    sid.locator("select[name=to]").select_option("sue")
    sid.get_by_role("button", name="Hand on", exact=True).click()
    expect(sid.get_by_text("who has not taken it yet")).to_be_visible()
    expect(sue.locator("nav li .count.alarm")).to_have_text("1", timeout=15_000)
    sue.keyboard.press("!")
    expect(sue.get_by_text("hands this on to you")).to_be_visible()
    sue.keyboard.press("t")
    expect(sue.get_by_text("has it since")).to_be_visible()
    mail = windows.house.mail("I will come")
    sue.goto(f"/mail/{mail}")
    expect(sue.get_by_text("urgent: taken over")).to_be_visible()


def test_without_javascript_it_is_taken_too(windows: Windows) -> None:
    page = windows.open("ursa", "/urgent", script=False)
    first = page.locator("li", has_text="I cannot go on")
    first.get_by_role("button", name="I have it").click()
    expect(page.locator("li", has_text="I cannot go on").get_by_text("has it since")).to_be_visible()
    page.locator("li", has_text="I cannot go on").locator("summary").click()
    page.get_by_role("button", name="Give back: nobody has it").click()
    expect(page.locator("li", has_text="I cannot go on").get_by_role("button", name="I have it")).to_be_visible()
