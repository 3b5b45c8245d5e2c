"""Rules tried on the past in a real browser: asked for, watched, read, taken along; with scripts and without."""

import csv
import re

import pytest
from playwright.sync_api import expect

from tests.browser.driving import Windows
from tests.browser.house import CORRECTED
from tools.running import wait_until

pytestmark = [pytest.mark.peer, pytest.mark.slow]


def test_a_draft_is_tried_and_its_end_is_seen_without_a_reload(windows: Windows) -> None:
    page = windows.open("root", "/backtest?draft=1")
    page.get_by_role("button", name="Try them").click()
    expect(page).to_have_title(re.compile(r"Back-test \d+ · postroom"))
    page.evaluate("window.stayed = true")
    expect(page.locator(".verdict")).to_contain_text(
        "people had moved 1 of them, and 1 of these would now go where", timeout=60_000
    )
    assert page.evaluate("window.stayed"), "its end was seen on the same page"
    expect(page.get_by_role("img", name=re.compile("mails would go instead"))).to_be_visible()
    page.get_by_role("row", name="appeals general").get_by_role("link").click()
    expect(page.locator("select[name=source]")).to_have_value("appeals")
    page.get_by_label("Which").select_option("corrected")
    page.get_by_role("button", name="Show").click()
    row = page.get_by_role("row").filter(has_text=CORRECTED)
    expect(row).to_contain_text("as said")
    expect(row).to_contain_text("new: rule «german-accounts» for general")
    with page.expect_download() as taken:
        page.get_by_role("link", name="CSV").click()
    with open(taken.value.path(), newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(one["mail"], one["word"]) for one in rows] == [(windows.house.mail(CORRECTED), "fixed")]
    row.get_by_role("link", name=CORRECTED).click()
    expect(page).to_have_title(re.compile(CORRECTED))


def test_without_scripts_one_looks_again(windows: Windows) -> None:
    page = windows.open("root", "/backtest", script=False)
    page.get_by_label("on the last").fill("3")
    page.locator("select[name=brand]").select_option("shop")
    page.get_by_role("button", name="Try them").click()

    def ended() -> bool:
        page.get_by_role("link", name="Look again").click()
        return page.locator(".verdict").count() > 0

    assert wait_until(ended, 60, every=0.5)
    expect(page.locator(".verdict")).to_contain_text("nothing would change")


def test_what_waits_is_cancelled_with_a_button(windows: Windows) -> None:
    page = windows.open("root", "/backtest")
    page.get_by_role("button", name="Try them").click()
    page.get_by_role("button", name="Cancel it").click()
    # it may have ended at that very moment
    expect(page.locator("main")).to_contain_text(re.compile("It was cancelled|has ended already|nothing would change"))
