"""Signing in at an identity provider, in a real browser: off, back, and out again."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.house import Served
from tests.browser.looking import SCREENS

pytestmark = [pytest.mark.peer, pytest.mark.slow]


def test_there_and_back_by_keyboard(browser: Browser, house: Served) -> None:
    house.provider.person = {"sub": "nora-1", "email": "nora@example.com", "email_verified": True}
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    page = context.new_page()
    blocked: list[str] = []
    page.on("console", lambda said: blocked.append(said.text) if said.type in ("error", "warning") else None)
    page.goto(f"{house.url}/inbox?brand=shop")
    page.get_by_role("link", name="Sign in with Example ID").press("Enter")
    expect(page).to_have_url(f"{house.url}/inbox?brand=shop")
    page.goto(f"{house.url}/me")
    expect(page.get_by_text("nora@example.com")).to_be_visible()
    page.screenshot(path=SCREENS / "me-linked.png", full_page=True)
    page.goto(f"{house.url}/inbox")
    page.get_by_role("button", name="Sign out").first.press("Enter")
    expect(page.get_by_text("You are signed out of postroom.")).to_be_visible()
    assert not any(cookie["name"] == "postroom" for cookie in context.cookies())
    expect(page.get_by_role("link", name="sign out there too")).to_have_attribute(
        "href",
        f"{house.provider.issuer}/out?client_id=postroom&post_logout_redirect_uri={_quoted(house.url)}%2Fsign-in",
    )
    page.get_by_role("link", name="Sign in with Example ID").click()
    expect(page).to_have_url(f"{house.url}/review")
    assert not blocked
    context.close()


def _quoted(url: str) -> str:
    return url.replace(":", "%3A").replace("/", "%2F")
