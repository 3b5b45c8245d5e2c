"""A lead's day in a real browser: what waits and what is late, what could not be delivered, and where others were wrong."""

import datetime
import re

import pytest
from playwright.sync_api import Page, expect

from postroom.model.people import Sight
from postroom.model.work import JobState
from postroom.ports import JobFilter
from tests.browser.driving import Windows, press, tap_in
from tests.browser.house import PASSWORD, Served
from tests.browser.looking import see
from tools.running import wait_until

pytestmark = [pytest.mark.peer, pytest.mark.slow]


def test_a_day_by_keyboard(windows: Windows) -> None:
    house = windows.house
    page = windows.open("", "/")
    press(page, "Tab", "Tab", "lena", "Tab", PASSWORD, "Enter")
    expect(page.get_by_role("heading", name="All mail")).to_be_visible()
    _looks_at_the_numbers(page)
    _warned_of_a_clock(page, house)
    _decides_on_dead_letters(page, house)
    _takes_back_what_another_said(page, windows)
    _settles_a_second_look(page, windows)
    _reads_what_is_told_by_itself(page)
    _tries_rules_on_the_past(page)


def _unread(page: Page, desk: str) -> int:
    return int(page.get_by_role("navigation").get_by_role("link", name=desk).locator(".count").inner_text())


def _looks_at_the_numbers(page: Page) -> None:
    """Unread, targets, staffing: an unread mail less by reading one."""
    before = _unread(page, "Appeals")
    page.goto("/condition")
    expect(page.get_by_role("heading", name="First answers in time")).to_be_visible()
    expect(page.get_by_role("row", name="appeals east")).to_contain_text("0 % of 1")
    expect(page.locator(".tiles li", has_text="Dead letters").locator("b")).to_have_text("4")
    row = page.locator(".loads li", has_text="appeals")
    expect(row.locator(".n")).to_have_text(str(before))
    expect(page.get_by_text("the numbers of the whole are for those")).to_be_visible()
    see(page, "lead-health")
    row.get_by_role("link").press("Enter")
    expect(page.locator("[data-item]")).to_have_count(before)
    press(page, "j", "Enter")
    expect(page.locator("h1")).to_contain_text("Unban me")
    page.reload()
    assert _unread(page, "Appeals") == before - 1
    page.goto("/review")
    expect(page.get_by_text("Staffed until")).to_be_visible()
    press(page, "q")
    expect(page.get_by_role("heading", name="All mail")).to_be_visible()
    press(page, "l")
    expect(page.locator("[data-item]")).to_have_count(1)
    expect(page.locator("[data-item]")).to_contain_text("answer late by 2 h")


def _warned_of_a_clock(page: Page, house: Served) -> None:
    """A clock of the law that runs out comes first, and is warned of everywhere."""
    page.goto(house.address("/mail/{mail:Unban me, last}"))
    page.get_by_role("link", name=re.compile(r"^case \d")).press("Enter")
    expect(page.get_by_role("heading", name="last@example.com")).to_be_visible()
    case = page.url.rpartition("/")[2]
    days_ago = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=6)
    start = page.get_by_label("Day on which the notice came in")
    start.fill(days_ago.isoformat())
    start.press("Enter")
    for place in (".bar .chip.warn", ".why .chip.warn"):
        expect(page.locator(place).first).to_contain_text("near its end")
    see(page, "lead-case-pressing")
    cases = page.get_by_role("navigation").get_by_role("link", name="Cases")
    expect(cases).to_contain_text("1 due")
    cases.press("Enter")
    first = page.locator("[data-item]").first
    expect(first).to_have_attribute("href", f"/case/{case}")
    expect(first.locator(".chip.warn").first).to_contain_text("Card dispute: near its end")
    see(page, "lead-cases")
    page.goto("/cases?near=1")
    expect(page.locator("[data-item]")).to_have_count(1)
    assert wait_until(lambda: _warned(house, int(case)), 30)


def _warned(house: Served, case: int) -> bool:
    return any(one.what == "warned" for one in house.house.cases.events(case, Sight()))  # type: ignore[arg-type]


_AGAIN, _RESCUED, _MOVED, _DROPPED = (
    f"Notice {n}, {what}"
    for n, what in ((1, "to be tried again"), (2, "for the rescue"), (3, "for another desk"), (4, "written twice"))
)


def _decides_on_dead_letters(page: Page, house: Served) -> None:
    """Sent elsewhere, to another desk, dropped, and tried again when the other side takes mail."""
    page.goto("/letters")
    for subject in (_AGAIN, _RESCUED, _MOVED, _DROPPED):
        expect(page.get_by_role("link", name=subject)).to_be_visible()
    see(page, "lead-letters")
    reason = page.get_by_placeholder("Why they go elsewhere, or are dropped")
    page.get_by_role("link", name=_DROPPED).focus()
    press(page, "x")
    page.get_by_role("button", name="Drop").press("Enter")
    expect(page.get_by_text("Say why they are dropped")).to_be_visible()
    expect(page.get_by_label(f"Choose {_DROPPED}")).to_be_checked()
    reason.fill("they wrote twice")
    page.get_by_role("button", name="Drop").press("Enter")
    expect(page.get_by_role("link", name=_DROPPED)).to_have_count(0)
    for subject, to, why in (
        (_RESCUED, "place:rescue", "their server is switched off"),
        (_MOVED, "desk:general", "it asks something"),
    ):
        page.get_by_role("link", name=subject).focus()
        press(page, "x")
        page.get_by_label("Send to").select_option(to)
        reason.fill(why)
        reason.press("Enter")
        expect(page.get_by_role("link", name=subject)).to_have_count(0)
    house.sink.heal()
    page.get_by_label(f"Choose {_AGAIN}").press("Space")
    page.get_by_role("button", name="Try again").press("Enter")
    expect(page.get_by_role("link", name=_AGAIN)).to_have_count(0)
    house.settle()
    assert _taken(house, _AGAIN) == [("rights@example.test",)]
    assert _taken(house, _RESCUED) == [("rescue@example.test",)]
    assert _taken(house, _MOVED) == _taken(house, _DROPPED) == []
    assert "dropped" in _states(house, _DROPPED)
    page.goto("/inbox?route=general")
    expect(page.get_by_role("link", name=_MOVED)).to_be_visible()
    page.goto(house.address(f"/mail/{{mail:{_RESCUED}}}"))
    expect(page.locator(".why .events")).to_contain_text("delivered to rescue")
    expect(page.locator(".chips").first).not_to_contain_text("dropped")
    see(page, "lead-rescued")


def _taken(house: Served, subject: str) -> list[tuple[str, ...]]:
    """Whom the other side took this mail for."""
    return [one.rcpts for one in tuple(house.sink.mails) if f"Subject: {subject}".encode() in one.data]


def _states(house: Served, subject: str) -> set[JobState]:
    return {job.state for job in house.house.store.jobs(JobFilter(mail_id=house.mail(subject), kinds=("deliver",)))}


def _takes_back_what_another_said(page: Page, windows: Windows) -> None:
    """An admin moved one; what taking that back comes to is said before it is done."""
    path = "/mail/{mail:Unban me, first}"
    other = windows.open("root", path)
    other.get_by_label("Move to").select_option("general")
    other.get_by_role("button", name="Move", exact=True).click()
    expect(other.locator(".why h2").first).to_contain_text("General")
    windows.house.settle()
    page.goto(windows.house.address(path))
    press(page, "z")
    expect(page.get_by_role("heading", name="Take back?")).to_be_visible()
    expect(page.get_by_text("gives it back")).to_be_visible()
    see(page, "lead-takes-back")
    press(page, "z")
    expect(page.locator(".why h2").first).to_contain_text("Appeals")
    expect(page.locator(".why .events")).to_contain_text("lena took back the word of root that it belongs to general")


def _settles_a_second_look(page: Page, windows: Windows) -> None:
    """A second look is blind; where the two differ, a lead says which is right."""
    second = windows.open("tess", "/review")
    expect(second.get_by_text("second look", exact=True)).to_be_visible()
    mail = (second.locator("form.answers").get_attribute("action") or "").split("/")[2]
    assert mail in {windows.house.mail(f"Doubled question {number}") for number in (28, 29, 30)}
    assert "sam" not in second.locator("main").inner_text()
    second.get_by_role("button", name="copyright").first.click()
    expect(second.locator(f"form[action='/review/{mail}/second']")).to_have_count(0)
    page.get_by_role("link", name="Agreement").press("Enter")
    expect(page.get_by_role("heading", name="Agreement")).to_be_visible()
    page.locator(f"[href='/review/agreement/{mail}']").press("Enter")
    expect(page.get_by_text("tess said copyright")).to_be_visible()
    press(page, "1")
    expect(page.get_by_role("heading", name="Agreement")).to_be_visible()
    expect(page.locator(f"[href='/review/agreement/{mail}']")).to_have_count(0)
    assert windows.house.house.store.verdicts_on(mail)[-1].by == "lena"  # type: ignore[arg-type]


def _reads_what_is_told_by_itself(page: Page) -> None:
    page.get_by_role("link", name="Notices").press("Enter")
    expect(page.get_by_role("heading", name="Appeals: mail received")).to_be_visible()


def _tries_rules_on_the_past(page: Page) -> None:
    page.get_by_role("link", name="Back-test").press("Enter")
    page.get_by_role("button", name="Try them").press("Enter")
    expect(page.locator(".verdict")).to_contain_text("nothing would change", timeout=60_000)


def test_a_day_by_touch(windows: Windows) -> None:
    house, subject = windows.house, "Notice 5, by phone"
    page = windows.open("", "/", width="phone", touch=True)
    tap_in(page, "lars")
    expect(page.get_by_role("heading", name="All mail")).to_be_visible()
    for place in ("Health", "Cases", "Dead letters"):
        page.get_by_role("button", name="Places").tap()
        page.get_by_role("navigation").get_by_role("link", name=place).tap()
        expect(page.get_by_role("heading", name=place)).to_be_visible()
        see(page, f"lead-phone-{place.split()[-1].lower()}")
    house.sink.heal()
    page.get_by_label(f"Choose {subject}").tap()
    page.get_by_role("button", name="Try again").tap()
    expect(page.get_by_role("link", name=subject)).to_have_count(0)
    house.settle()
    assert _taken(house, subject) == [("rights@example.test",)]


def test_without_scripts_a_dead_letter_is_tried_again(windows: Windows) -> None:
    house, subject = windows.house, "Notice 6, without a script"
    page = windows.open("lars", "/letters", script=False)
    house.sink.heal()
    page.get_by_label(f"Choose {subject}").check()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("link", name=subject)).to_have_count(0)
    house.settle()
    assert _taken(house, subject) == [("rights@example.test",)]
