"""What people do all day, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.driving import Windows
from tests.browser.house import PASSWORD
from tests.browser.letters import SHOP, letter

pytestmark = [pytest.mark.peer, pytest.mark.slow]


def test_sign_in_wrong_and_right(windows: Windows) -> None:
    page = windows.open("", "/inbox")
    assert page.url.endswith("/sign-in?to=%2Finbox")
    for password in ("wrong horse battery", PASSWORD):
        page.get_by_label("Name").fill("vera")
        page.get_by_label("Password").fill(password)
        page.keyboard.press("Enter")
        if password != PASSWORD:
            expect(page.get_by_role("alert")).to_contain_text("password")
            expect(page.get_by_label("Password")).to_be_focused()
    expect(page.get_by_role("heading", name="All mail")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_title("Sign in · postroom")
    page.goto("/inbox")
    expect(page).to_have_title("Sign in · postroom")


def test_what_is_refused_leaves_what_was_typed(windows: Windows) -> None:
    house, subject = windows.house, "Two who move it at once"
    house.feed([letter(SHOP, subject, "How do I change the colour of my profile?")])
    path = f"/mail/{house.mail(subject)}"
    slow, fast = windows.open("lea", path), windows.open("root", path)
    fast.get_by_label("Move to").select_option("refunds")
    fast.get_by_role("button", name="Move", exact=True).click()
    expect(fast.locator(".why h2").first).to_contain_text("Refunds")
    slow.get_by_label("Move to").select_option("copyright")
    slow.get_by_placeholder("Why").fill("it is about pictures")
    slow.get_by_role("button", name="Move", exact=True).click()
    expect(slow.get_by_role("alert")).to_be_focused()
    expect(slow.get_by_role("alert")).to_contain_text("decided by root meanwhile")
    expect(slow.get_by_placeholder("Why")).to_have_value("it is about pictures")
    assert slow.url == house.address(path)


def test_new_mail_appears_by_itself(windows: Windows) -> None:
    page = windows.open("lea", "/inbox")
    page.evaluate("listen()")
    windows.house.feed([letter(SHOP, "Just come in", "Do you deliver to Iceland?")])
    page.evaluate("listen()")  # it does so every five seconds
    expect(page.get_by_role("link", name="Just come in")).to_be_visible()


def test_all_works_without_javascript(windows: Windows) -> None:
    page = windows.open("", "/", script=False)
    page.get_by_label("Name").fill("paul")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    first, answers = _question(page)
    page.get_by_role("button", name="Yes").click()
    second, _ = _question(page)
    assert second != first
    assert answers.endswith(first)
    page.get_by_role("button", name="refunds").click()
    third, _ = _question(page)
    page.get_by_role("link", name="n Not now").click()
    assert _question(page)[0] not in {first, second, third}
    page.get_by_role("button", name="Stop").click()
    page.get_by_placeholder("Search").fill("Plain")
    page.get_by_role("button", name="Search").click()
    page.locator("[data-item]").first.click()
    expect(page.get_by_role("heading", name="Plain question")).to_be_visible()
    page.get_by_role("heading", name="Most like it").click()
    page.get_by_role("link", name="Show", exact=True).click()
    expect(page.get_by_role("heading", name="Most like it")).to_be_visible()
    for mail, said in ((first, None), (second, "refunds")):
        (verdict,) = windows.house.house.store.verdicts_on(mail)  # type: ignore[arg-type]
        assert verdict.by == "paul"
        assert said is None or verdict.said == said


def _question(page: Page) -> tuple[str, str]:
    """The mail that is asked about, and where its answers go."""
    answers = page.locator("form.answers").get_attribute("action") or ""
    return answers.rpartition("/")[2], answers
