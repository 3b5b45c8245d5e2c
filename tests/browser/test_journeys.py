"""What people do all day, in a real browser."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from postroom.model.people import Sight
from postroom.ports import JobFilter
from tests.browser.driving import Width, Windows
from tests.browser.house import PASSWORD
from tests.browser.letters import SHOP, letter
from tools.running import wait_until

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


def test_a_second_look_is_blind_and_a_lead_settles_it(windows: Windows) -> None:
    page = windows.open("tess", "/review")
    expect(page.get_by_text("second look", exact=True)).to_be_visible()
    mail = _question(page)[1].split("/")[2]
    assert mail in {windows.house.mail(f"Doubled question {number}") for number in (28, 29, 30)}
    assert "sam" not in page.locator("main").inner_text()
    page.get_by_role("button", name="copyright").first.click()
    expect(page.locator(f"form[action='/review/{mail}/second']")).to_have_count(0)
    lead = windows.open("luis", f"/review/agreement/{mail}")
    expect(lead.get_by_text("tess said copyright")).to_be_visible()
    lead.keyboard.press("1")
    expect(lead.get_by_role("heading", name="Agreement")).to_be_visible()
    expect(lead.locator(f"[href='/review/agreement/{mail}']")).to_have_count(0)
    assert windows.house.house.store.verdicts_on(mail)[-1].by == "luis"  # type: ignore[arg-type]


def test_one_moved_lies_at_the_other_desk_until_it_is_taken_back(windows: Windows) -> None:
    subject = "Opening hours"
    page = windows.open("lea", f"/mail/{{mail:{subject}}}")
    page.keyboard.press("m")
    page.keyboard.type("appeals")
    page.keyboard.press("Tab")
    page.keyboard.type("they ask about their account")
    page.keyboard.press("Enter")
    expect(page.locator(".why h2").first).to_contain_text("Appeals")
    _lies_at(page, windows, subject, "appeals")
    page.goto(windows.house.address(f"/mail/{{mail:{subject}}}"))
    expect(page.get_by_text("lea said appeals: they ask about their account")).to_be_visible()
    page.keyboard.press("z")
    expect(page.get_by_role("heading", name="Take back?")).to_be_visible()
    expect(page.get_by_text("gives it back")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator(".why h2").first).to_contain_text("General")
    _lies_at(page, windows, subject, "general")


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


@pytest.mark.parametrize("width", ["phone", "wide"])
def test_a_case_is_decided_by_two(windows: Windows, width: Width) -> None:
    house, subject, sender = windows.house, f"Appeal against a ban, {width}", f"banned-{width}@example.org"
    house.feed([letter(SHOP, subject, "You banned my account. I appeal: no rule was broken.", sender=sender)])
    path = f"/mail/{house.mail(subject)}"
    assert wait_until(lambda: house.house.cases.of_mail(house.mail(subject), Sight()) is not None, 30)
    lead = windows.open("lea", path, width=width)
    lead.get_by_role("link", name=re.compile(r"^case \d")).click()
    lead.get_by_label("Whose it is").select_option("lea")
    lead.get_by_role("button", name="Assign").click()
    expect(lead.locator("body")).not_to_have_attribute("aria-busy", "true")
    lead.get_by_placeholder("For the team alone").fill("seen before")
    lead.get_by_role("button", name="Keep").click()
    expect(lead.get_by_text("seen before")).to_be_visible()
    lead.get_by_placeholder("The reason", exact=True).fill("the rule was broken")
    lead.get_by_role("button", name="Propose to reject").click()
    expect(lead.get_by_text("Somebody else has to confirm it")).to_be_visible()
    other = windows.open("root", path, width=width)
    other.get_by_role("link", name=re.compile(r"^case \d")).click()
    other.get_by_role("button", name="Confirm the rejection").click()
    expect(other.get_by_text("Rejected by lea, confirmed by root")).to_be_visible()
    lead.goto("/cases?state=decided")
    expect(lead.get_by_role("link", name=sender)).to_be_visible()


def test_lists_and_search_by_keyboard(windows: Windows) -> None:
    page = windows.open("lea", "/inbox")
    page.keyboard.press("/")
    page.keyboard.type('"the shoes" refund*')
    page.keyboard.press("Enter")
    found = page.locator("[data-item]")
    expect(found).to_have_count(1)
    page.keyboard.press("j")
    expect(found).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Refund, please")).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator("[data-item]").first).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_several_at_once(windows: Windows) -> None:
    mails = [letter(SHOP, f"Several {n}", "On which days are you there?") for n in (1, 2, 3)]
    windows.house.feed(mails)
    page = windows.open("lea", "/inbox?words=Several&reading=unread")
    expect(page.locator("[data-item]")).to_have_count(3)
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Read", exact=True).click()
    expect(page.locator("[data-item]")).to_have_count(1)


def test_new_mail_appears_by_itself(windows: Windows) -> None:
    page = windows.open("lea", "/inbox")
    page.evaluate("listen()")
    windows.house.feed([letter(SHOP, "Just come in", "Do you deliver to Iceland?")])
    page.evaluate("listen()")  # it does so every five seconds
    expect(page.get_by_role("link", name="Just come in")).to_be_visible()


def test_an_agent_sees_nothing_but_his_desk(windows: Windows) -> None:
    page = windows.open("ada", "/inbox")
    links = page.get_by_role("navigation").get_by_role("link")
    places = [link.get_attribute("href") or "" for link in links.all()]
    assert [one for one in places if not one.startswith("/inbox?view=")] == ["/inbox", "/inbox?route=refunds"]
    assert set(page.locator(".chip.route").all_inner_texts()) == {"refunds"}
    for path, words in (
        ("/mail/{mail:Suspended without a reason}", "not for you"),
        ("/mail/{mail:Suspended without a reason}/raw", "not for you"),
        ("/review", "takes the role reviewer"),
        ("/letters", "takes the role lead"),
        ("/people", "takes the role admin"),
    ):
        page.goto(windows.house.address(path))
        expect(page.get_by_text(words)).to_be_visible()
    page.goto("/inbox?route=appeals")
    expect(page.locator("[data-item]")).to_have_count(0)


def test_a_lead_tries_a_dead_letter_again_and_drops_another(windows: Windows) -> None:
    page = windows.open("lea", "/letters")
    again, dropped = "Copyright claim: take it down", "DMCA notice of a photograph"
    for subject in (again, dropped):
        expect(page.get_by_role("link", name=subject)).to_be_visible()
    windows.house.sink.heal()
    page.get_by_label(f"Choose {again}").check()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("link", name=again)).to_have_count(0)
    assert wait_until(lambda: any(again.encode() in one.data for one in windows.house.sink.mails), 20)
    page.get_by_label(f"Choose {dropped}").check()
    page.get_by_role("button", name="Drop").click()
    expect(page.get_by_text("Say why they are dropped")).to_be_visible()
    page.goto("/letters")
    page.get_by_label(f"Choose {dropped}").check()
    page.get_by_placeholder("Why they go elsewhere, or are dropped").fill("they wrote twice")
    page.get_by_role("button", name="Drop").click()
    expect(page.get_by_role("link", name=dropped)).to_have_count(0)
    mail = windows.house.mail(dropped)
    states = {job.state for job in windows.house.house.store.jobs(JobFilter(mail_id=mail, kinds=("deliver",)))}
    assert "dropped" in states
    assert not any(dropped.encode() in one.data for one in windows.house.sink.mails)


def test_what_was_answered_elsewhere_is_due_no_more(windows: Windows) -> None:
    page = windows.open("lea", "/mail/{mail:Мой аккаунт заблокирован}")
    expect(page.get_by_text("answer in")).to_be_visible()
    page.keyboard.press("x")
    again = page.get_by_role("button", name="Not answered after all")
    expect(again).to_be_visible()
    expect(page.get_by_text("answer in")).to_have_count(0)
    again.click()
    expect(page.get_by_text("answer in")).to_be_visible()


@pytest.mark.parametrize("width", ["phone", "wide"])
def test_a_mail_is_answered_and_the_reply_comes_into_its_case(windows: Windows, width: Width) -> None:
    house, subject, addr = windows.house, f"Please unban me {width}", f"{width}@example.net"
    text = "My account was suspended and I did nothing wrong. Please review the suspension and restore my account."
    house.feed([letter(SHOP, subject, text, sender=f"Eve <{addr}>")])
    page = windows.open("lea", f"/mail/{house.mail(subject)}", width=width)
    page.keyboard.press("e")
    page.get_by_label("Template").select_option("appeal-more")
    page.get_by_role("button", name="Use it").click()
    answer = page.get_by_label("Answer", exact=True)
    answer.fill(answer.input_value().replace("{question}", "Which account is it?"))
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Which account is it?").first).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_role("button", name="Take it back")).to_be_visible()

    def sent() -> bytes:
        return next((one.data for one in house.sink.mails if one.rcpts == (addr,)), b"")

    assert wait_until(lambda: bool(sent()), 20)
    message_id = re.search(rb"Message-ID: <([^>]+)>", sent())
    assert message_id is not None
    page.reload()
    expect(page.locator("#answers")).to_contain_text("sent")
    reply = letter(SHOP, f"Re: {subject}", "It is the blue one. " + text, sender=f"Eve <{addr}>")
    head = b"In-Reply-To: <" + message_id[1] + b">\r\nReferences: <" + message_id[1] + b">\r\n"
    house.feed([replace(reply, raw=head + reply.raw)])
    page.get_by_role("link", name=re.compile(r"^case \d")).click()
    assert wait_until(lambda: _in_case(page, f"Re: {subject}"), 20)


def _in_case(page: Page, subject: str) -> bool:
    page.reload()
    return bool(page.get_by_role("link", name=subject).count())


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


def _lies_at(page: Page, windows: Windows, subject: str, desk: str) -> None:
    """At this desk and at no other."""
    windows.house.settle()
    for one in ("appeals", "refunds", "general"):
        page.goto(f"/inbox?route={one}")
        expect(page.get_by_role("link", name=subject)).to_have_count(int(one == desk))


def _question(page: Page) -> tuple[str, str]:
    """The mail that is asked about, and where its answers go."""
    answers = page.locator("form.answers").get_attribute("action") or ""
    return answers.rpartition("/")[2], answers


def test_a_search_is_saved_and_begun_with(windows: Windows) -> None:
    page = windows.open("vera", "/inbox")
    page.keyboard.press("/")
    page.keyboard.type("account")
    page.keyboard.press("Enter")
    page.get_by_text("Save as a view").click()
    page.get_by_placeholder("Name of the view").fill("Accounts of vera")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Accounts of vera")).to_be_visible()
    place = page.get_by_role("navigation").get_by_role("link", name="Accounts of vera")
    expect(place).to_have_attribute("aria-current", "page")
    page.get_by_role("link", name="Arrange views").click()
    page.get_by_role("button", name="Begin with Accounts of vera").click()
    expect(page.get_by_text("you begin here")).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("heading", name="Accounts of vera")).to_be_visible()
    page.goto("/views")
    page.get_by_role("button", name="Delete Accounts of vera").click()
    expect(place).to_have_count(0)


def test_a_dead_letter_is_sent_to_another_desk(windows: Windows) -> None:
    page = windows.open("lea", "/letters")
    row = page.locator("tbody tr").filter(has_text="owner@example.com")
    row.get_by_role("checkbox").check()
    page.get_by_label("Send to").select_option("desk:general")
    page.get_by_placeholder("Why they go elsewhere").fill("their server is switched off")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(row).to_have_count(0)
    windows.house.settle()
    page.goto("/inbox?route=general")
    expect(page.locator(".mails li").filter(has_text="owner@example.com")).to_have_count(1)
