"""A reviewer's day in a real browser: twenty mails in a row, by keyboard alone or by touch alone, and what was wrong taken back."""

import re
from collections.abc import Callable, Iterable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.driving import Windows
from tests.browser.house import PASSWORD
from tests.browser.looking import see

pytestmark = [pytest.mark.peer, pytest.mark.slow]
_MAILS = 20
#: told of every key where it arrives, and of every page that is loaded whole
_COUNT = "addEventListener('keydown', () => { window.pressed = (window.pressed || 0) + 1; }, true)"


def test_twenty_mails_by_keyboard_alone(windows: Windows) -> None:
    page = windows.open("", "/")
    for key in ("Tab", "Tab", "rita", "Tab", PASSWORD, "Enter"):
        (page.keyboard.press if key in ("Tab", "Enter") else page.keyboard.type)(key)
    expect(page.get_by_role("heading", name="Question").first).to_be_visible()
    page.evaluate(_COUNT)
    see(page, "reviewer-begins")
    wrong, answers = _question(page)
    skipped = _on(page, lambda: page.keyboard.press("n"))
    assert wrong not in skipped, "what is skipped does not come at once"
    before, done, said = _waiting(page), _done(page), dict[str, str]()
    for number in range(_MAILS):
        mail, _ = _question(page)
        keys, said[mail] = _keys(page, move=number % 4 == 2)
        pressed = page.evaluate("window.pressed")
        # pressed as fast as hands are: what is not ready for them would lose some
        _on(page, lambda keys=keys: [page.keyboard.press(key) for key in keys])  # type: ignore[misc]
        assert page.evaluate("window.pressed") - pressed <= (3 if said[mail] else 2)
        assert _in_hand(page), "Enter says yes to the next at once"
        assert (_waiting(page), _done(page)) == (before - number - 1, done + number + 1)
    assert wrong not in said, "not even after the next ones are answered"
    _said(windows, said, "rita")
    # One moved, and taken back: it is asked again, and nothing that was said of it counts.
    mail, answers = _question(page)
    keys, desk = _keys(page, move=True)
    _on(page, lambda: [page.keyboard.press(key) for key in keys])
    expect(page.locator(".last")).to_contain_text(f"belongs to {desk}")
    see(page, "reviewer-moved")
    page.keyboard.press("z")
    expect(page.locator("form.answers")).to_have_attribute("action", answers)
    assert _in_hand(page)
    assert _waiting(page) == before - _MAILS
    assert _on(page, lambda: page.keyboard.press("n")) != wrong, "what was skipped stays so"
    assert windows.house.house.store.decisions(mail)[-1].decided != desk  # type: ignore[arg-type]
    assert len([url for url in windows.requests(page) if url.endswith("/review")]) == 1, "no page was loaded whole"
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("move it to refunds")
    see(page, "reviewer-keys")
    page.keyboard.press("Escape")
    page.keyboard.press("q")
    expect(page.get_by_role("heading", name="All mail")).to_be_visible()
    page.goto("/review")
    assert _question(page)[0] == wrong, "what was skipped comes when one begins again"


def test_twenty_mails_by_touch_alone(windows: Windows) -> None:
    page = windows.open("", "/", width="phone", touch=True)
    page.get_by_label("Name").tap()
    page.keyboard.type("rhea")
    page.get_by_label("Password").tap()
    page.keyboard.type(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).tap()
    expect(page.get_by_role("heading", name="Touched question").first).to_be_visible()
    see(page, "reviewer-phone")
    before, said = _waiting(page), dict[str, str]()
    for number in range(_MAILS):
        mail, _ = _question(page)
        button = page.locator("[data-chord^=m]").first if number % 4 == 2 else page.locator(".answers .primary")
        said[mail] = button.get_attribute("value") or ""
        _within_reach(page, button.bounding_box())
        _on(page, button.tap)
        assert _waiting(page) == before - number - 1
    _said(windows, said, "rhea")
    _, answers = _question(page)
    _on(page, page.locator("[data-chord^=m]").first.tap)
    page.get_by_role("button", name="Undo").tap()
    expect(page.locator("form.answers")).to_have_attribute("action", answers)
    page.locator("summary", has_text="split").tap()
    expect(page.get_by_role("button", name="and also").first).to_be_visible()
    see(page, "reviewer-phone-split")
    _on(page, page.get_by_role("link", name="Not now").tap)
    while page.locator("form.answers").count():
        answers = _question(page)[1]
        page.locator(".answers .primary").tap()
        expect(page.locator(f"form[action='{answers}']")).to_have_count(0)
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    see(page, "reviewer-phone-empty")


def test_a_mail_about_two_things_is_split_and_taken_back(windows: Windows) -> None:
    page = windows.open("sita", "/review")
    mail, answers = _question(page)
    page.keyboard.press("s")
    expect(page.get_by_role("button", name="and also appeals")).to_be_visible()
    key = page.get_by_role("button", name="and also appeals").get_attribute("data-chord") or ""
    _on(page, lambda: page.keyboard.press(key[1]))
    expect(page.get_by_text("refunds and appeals.")).to_be_visible()
    windows.house.settle()
    other = windows.open("rolf", "/inbox?route=appeals")
    expect(other.locator(f"[data-item][href='/mail/{mail}'] .chips")).to_contain_text("+ appeals")
    other.goto(f"/mail/{mail}")
    expect(other.get_by_text("It lies at two desks")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator("form.answers")).to_have_attribute("action", answers)
    windows.house.settle()
    other.goto("/inbox?route=appeals")
    expect(other.locator(f"[data-item][href='/mail/{mail}']")).to_have_count(0)
    other.goto(f"/mail/{mail}")
    expect(other.get_by_text("not for you")).to_be_visible()


def _question(page: Page) -> tuple[str, str]:
    """The mail that is asked about, and where its answers go."""
    answers = page.locator("form.answers").get_attribute("action") or ""
    return answers.rpartition("/")[2], answers


def _keys(page: Page, *, move: bool) -> tuple[Iterable[str], str]:
    """What to press, and where that moves the mail; ``""`` for a yes."""
    if not move:
        return ("c",), ""
    desk = page.locator("[data-chord^=m]").first
    return tuple(desk.get_attribute("data-chord") or ""), desk.get_attribute("value") or ""


def _on(page: Page, do: Callable[[], object]) -> str:
    """Do what leads to the next question; the mail that it is about."""
    _, answers = _question(page)
    do()
    expect(page.locator("form.answers")).not_to_have_attribute("action", answers)
    return _question(page)[0]


def _in_hand(page: Page) -> bool:
    """Whether the keyboard is at the yes."""
    return bool(page.evaluate("document.activeElement.matches('.answers .primary')"))


def _within_reach(page: Page, box: object) -> None:
    """A finger hits it (WCAG 2.2, 2.5.8), and it is there without scrolling."""
    assert isinstance(box, dict)
    assert min(box["width"], box["height"]) >= 24
    assert 0 <= box["y"] <= page.viewport_size["height"] - box["height"]  # type: ignore[index]


def _waiting(page: Page) -> int:
    return int(page.locator(".day p b").filter(has_text=re.compile(r"^\d+$")).first.inner_text())


def _done(page: Page) -> int:
    """How far the bar of progress is."""
    return int(page.locator(".day progress").get_attribute("value") or 0)


def _said(windows: Windows, said: dict[str, str], by: str) -> None:
    """All of it stands in the store."""
    assert len(said) == _MAILS
    for mail, moved_to in said.items():
        verdict = windows.house.house.store.verdicts_on(mail)[-1]  # type: ignore[arg-type]
        assert verdict.by == by
        assert not moved_to or verdict.said == moved_to
