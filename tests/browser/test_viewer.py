"""A viewer in a real browser: sees, and may change nothing but what is their own."""

import pytest
from playwright.sync_api import expect

from postroom.web.site import PAGES
from tests.browser.driving import Windows, open_all
from tests.browser.looking import see

pytestmark = [pytest.mark.peer, pytest.mark.slow]
#: sign-in, own views and own account; urgent mail takes a right of its own, which no role gives
_OWN = ("/sign-out", "/views", "/me/")
_MAIL = "Suspended without a reason"


def test_sees_and_may_change_nothing(windows: Windows) -> None:
    house = windows.house
    mail = house.mail(_MAIL)
    page = windows.open("vera")
    for path in ("/inbox", f"/mail/{mail}", f"/mail/{mail}/alike", "/cases", "/case/1", "/views", "/me"):
        page.goto(path)
        open_all(page)
        forms = page.locator("form[method=post]").evaluate_all("(all) => all.map((one) => one.getAttribute('action'))")
        strange = [one for one in forms if not one.startswith(_OWN)]
        assert not strange, (path, strange)
        loose = "(all) => all.filter((one) => !one.form).map((one) => one.outerHTML)"
        assert not page.locator("main").get_by_role("button").evaluate_all(loose), path
    page.goto(f"/mail/{mail}")
    asked = len(windows.requests(page))
    for key in "mzescx1":
        page.keyboard.press(key)
    assert page.url == f"{house.url}/mail/{mail}"
    assert not [one for one in windows.requests(page)[asked:] if not one.endswith(("/news", "/me", ".svg"))]
    see(page, "viewer-mail")
    page.goto("/case/1")
    csrf = page.locator("[name=csrf]").first.get_attribute("value") or ""
    before = _state(windows, mail)
    names = {"{id}": mail, "{number}": "1", "{name}": "ada", "{kind}": "rules", "{key}": "k", "{reply}": "r"}
    refused = 0
    for one in PAGES:
        path = one.path
        for name, value in names.items():
            path = path.replace(name, value)
        if one.method == "POST" and not path.startswith(_OWN):
            form = {"csrf": csrf, "verb": "have", "route": "general", "text": "no", "reason": "no", "version": "1"}
            answer = page.request.post(path, form=form, headers={"Origin": house.url}, max_redirects=0)
            assert answer.status in (403, 404, 409), (path, answer.status)
            refused += 1
        elif one.method == "GET" and one.role != "viewer":
            assert page.request.get(path, max_redirects=0).status == 403, path
    assert refused > 30
    assert _state(windows, mail) == before
    page.goto("/people")
    expect(page.get_by_role("heading", name="Not for you")).to_be_visible()
    see(page, "viewer-refused")


def _state(windows: Windows, mail: str) -> object:
    store = windows.house.house.store
    return store.decisions(mail), store.verdicts_on(mail)  # type: ignore[arg-type]
