"""An engineer changes a rule, and a lead a template, in a real browser: mistakes show as they are typed, and what was saved counts."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.driving import Windows
from tests.browser.letters import SHOP, letter
from tools.running import wait_until

pytestmark = [pytest.mark.peer, pytest.mark.slow]

RULE = """[[rule]]
name = "gift-cards"
comment = "Gift cards are paid back by the refunds desk."
when = 'subject.contains("Gift card") && new_text.contains("balance")'
route = "refunds"
stop = true
"""


def test_a_rule_is_written_tried_saved_and_taken_back(windows: Windows) -> None:
    page = windows.open("root", "/rules")
    page.get_by_label("Name").fill("gifts")
    page.get_by_role("button", name="Begin it").click()
    area = page.get_by_label("Text of rules/gifts.toml")
    # A mistake shows without a click, at its line, and the button leads there.
    area.fill(RULE.replace("new_text", "new_txt"))
    expect(page.locator("#problems")).to_contain_text("undeclared reference to 'new_txt'")
    expect(page.locator("#numbers .error")).to_have_text("4")
    page.get_by_role("button", name="line 4, column").click()
    expect(area).to_be_focused()
    assert page.evaluate("document.activeElement.value.slice(document.activeElement.selectionStart).split('.')[0]") == "new_txt"  # fmt: skip
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("It was not saved")
    area.fill(RULE)
    expect(page.locator("#problems")).to_contain_text("nothing is wrong with it")
    expect(page.locator("#problems")).to_contain_text("example mails come out as they say")
    # On a mail, with and without it.
    page.get_by_text("Test on a mail").click()
    page.get_by_label("The mail").fill("What is the balance of my card?")
    page.get_by_label("Subject").fill("Gift card 17")
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator("#tried-title")).to_contain_text("It would go to refunds; now it goes to")
    expect(page.locator(".parts code").first).to_have_text('subject.contains("Gift card")')
    # Saved, and in force without anybody restarting anything.
    page.get_by_placeholder("Why").fill("the refunds desk asked for it")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    expect(page.locator("#state")).to_contain_text("in force")
    expect(page.locator("#state")).not_to_contain_text("not in force")
    _goes_to(windows, "Gift card, first", "refunds")
    # Changed, looked at, brought back.
    area.fill(RULE.replace("refunds", "appeals", 1).replace('"refunds"', '"appeals"'))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    page.get_by_role("link", name="Versions", exact=True).click()
    expect(page.get_by_text("the refunds desk asked for it")).to_be_visible()
    page.get_by_role("button", name="Compare the two").click()
    expect(page.locator("tr.removed").last).to_contain_text('route = "refunds"')
    expect(page.locator("tr.added").last).to_contain_text('route = "appeals"')
    page.get_by_role("button", name="Bring version").click()
    expect(area).to_have_value(RULE)
    expect(page.locator("#state")).not_to_contain_text("not in force")
    _goes_to(windows, "Gift card, second", "refunds")
    page.get_by_role("button", name="Take the file away").click()
    expect(page.get_by_role("heading", name="Taken away")).to_be_visible()
    page.goto("/audit")
    for what in ("rules-saved", "rules-restored", "rules-removed"):
        expect(page.get_by_role("row").filter(has_text=what).first).to_contain_text("rules/gifts.toml")


def test_two_people_at_one_file(windows: Windows) -> None:
    one, other = (windows.open("root", "/rules/phrases/twice.toml") for _ in range(2))
    text = 'route = "general"\n[[group]]\nphrases = ["{}"]\n'
    for page, words in ((one, "a way to the museum"), (other, "the way to a museum")):
        page.get_by_label("Text of").fill(text.format(words))
        page.get_by_role("button", name="Save").click()
    expect(one.get_by_role("status").first).to_contain_text("Saved.")
    expect(other.get_by_role("alert")).to_contain_text("Somebody else has changed this file meanwhile")
    expect(other.locator("tr.removed")).to_contain_text("a way to the museum")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_role("status").first).to_contain_text("Saved.")
    other.get_by_role("button", name="Take the file away").click()
    expect(other.get_by_role("heading", name="Taken away")).to_be_visible()


def test_it_works_without_javascript(windows: Windows) -> None:
    page = windows.open("root", "/rules/rules/plain.toml", script=False)
    page.get_by_label("Text of").fill(RULE.replace("new_text", "new_txt").replace("gift-cards", "plain"))
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#problems")).to_contain_text("undeclared reference")
    expect(page.locator("#numbers .error")).to_have_text("4")
    page.get_by_label("Text of").fill("# nothing yet\n")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("button", name="Take the file away").click()
    expect(page).to_have_url(re.compile("/rules$"))


def test_what_was_not_saved_is_not_lost_by_a_slip(windows: Windows) -> None:
    page = windows.open("root", "/rules/rules/slip.toml")
    page.get_by_label("Text of").press_sequentially("# more")
    # a browser asks before it leaves: here nobody is asked, and the script says whether it would be
    assert page.evaluate("!dispatchEvent(new Event('beforeunload', { cancelable: true }))")
    page.get_by_role("button", name="Check").click()
    page.wait_for_load_state()
    assert page.evaluate("dispatchEvent(new Event('beforeunload', { cancelable: true }))")


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


def _goes_to(windows: Windows, subject: str, route: str) -> None:
    windows.house.feed([letter(SHOP, subject, "Please tell me the balance of it.")])
    store = windows.house.house.store
    mail = windows.house.mail(subject)
    assert wait_until(lambda: bool(store.decisions(mail)), 20)
    assert store.decisions(mail)[-1].route == route
