"""An agent's day in a real browser: the mail of one desk, by keyboard alone or by touch, and some of it without scripts."""

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page, expect

from postroom.model.people import Sight
from postroom.web.site import PAGES
from tests.answering import dsn
from tests.browser.driving import Windows, press, tap_in
from tests.browser.house import PASSWORD, Served
from tests.browser.letters import NORTH, Letter, letter
from tests.browser.looking import see
from tools.running import wait_until

pytestmark = [pytest.mark.peer, pytest.mark.slow]
_RULED = "Our sellers' rules, number 4: no second account."


def test_a_day_by_keyboard(windows: Windows) -> None:
    house = windows.house
    page = windows.open("", "/")
    press(page, "Tab", "Tab", "alba", "Tab", PASSWORD, "Enter")
    expect(page.get_by_role("heading", name="All mail")).to_be_visible()
    see(page, "agent-inbox")
    _sees_one_desk(page, house)
    case = _proposes_a_rejection(page, house)
    arno = windows.open("arno", "/cases?second=1")
    _confirms_it(arno, case)
    _finds_and_marks(page)
    _moves_and_takes_back(page, arno, house)
    _answers_by_template(page, house)
    _answers_in_own_words(page, house)
    notice = _sent_to(house, "olga@example.org", told=_RULED)
    assert notice["Auto-Submitted"] == "auto-replied"
    page.goto(house.address(f"/case/{case}"))
    expect(page.locator("#answers")).to_contain_text("Our decision stands")
    expect(page.locator("#answers .reply").last).to_contain_text("sent")
    see(page, "agent-case-told")


def _sees_one_desk(page: Page, house: Served) -> None:
    """Other desks' mail, and all that takes a greater role, is neither offered nor given."""
    links = page.get_by_role("navigation").get_by_role("link")
    places = {link.get_attribute("href") or "" for link in links.all()}
    assert {one for one in places if "view=" not in one} == {"/inbox", "/inbox?route=appeals", "/cases", "/templates"}
    assert set(page.locator(".chip.route").all_inner_texts()) == {"appeals"}
    page.goto(house.address("/inbox?route=refunds"))
    expect(page.locator("[data-item]")).to_have_count(0)
    csrf = page.locator("[name=csrf]").first.get_attribute("value") or ""
    other = house.mail("Charged twice in the north")
    for path in (f"/mail/{other}", f"/mail/{other}/raw", f"/mail/{house.mail('Still waiting')}"):
        assert page.request.get(path, max_redirects=0).status == 404, path
    moved = {"csrf": csrf, "route": "appeals", "generation": "1"}
    answer = page.request.post(f"/mail/{other}/move", form=moved, headers={"Origin": house.url}, max_redirects=0)
    assert answer.status == 404
    above = [one for one in PAGES if one.role not in ("viewer", "agent")]
    assert {"/rules", "/people", "/audit", "/letters", "/review", "/condition"} <= {one.path for one in above}
    for one in above:
        path = re.sub(r"\{\w+(:\w+)?\}", other, one.path)
        if one.method == "GET":
            assert page.request.get(path, max_redirects=0).status == 403, path
        else:
            answer = page.request.post(path, form={"csrf": csrf}, headers={"Origin": house.url}, max_redirects=0)
            assert answer.status == 403, path
    page.goto(f"/mail/{other}")
    expect(page.get_by_text("not for you")).to_be_visible()


def _proposes_a_rejection(page: Page, house: Served) -> int:
    """The number of the case: theirs now, with a note, and a rejection that waits for somebody else."""
    page.goto(house.address("/mail/{mail:Suspended by mistake}"))
    page.get_by_role("link", name=re.compile(r"^case \d")).press("Enter")
    expect(page.get_by_role("heading", name="olga@example.org")).to_be_visible()
    press(page, "a", "alba", "Tab", "Enter")
    expect(page.get_by_text("assigned by alba")).to_be_visible()
    note = page.get_by_placeholder("For the team alone")
    note.focus()
    press(page, "Has had two accounts before.", "Tab", "Enter")
    expect(page.get_by_text("Has had two accounts before.")).to_be_visible()
    page.get_by_placeholder("The reason", exact=True).focus()
    press(page, _RULED)
    expect(page.get_by_text("They are told by mail")).to_be_visible()
    page.get_by_role("button", name="Propose to reject").press("Enter")
    expect(page.get_by_text("Somebody else has to confirm it")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm the rejection")).to_have_count(0)
    see(page, "agent-case-proposed")
    return int(page.url.rpartition("/")[2])


def _confirms_it(other: Page, case: int) -> None:
    """The second person, whose word it takes."""
    expect(other.locator("[data-item]")).to_have_count(1)
    press(other, "j", "Enter")
    expect(other.get_by_text("alba proposes to reject")).to_be_visible()
    see(other, "agent-case-to-confirm")
    other.get_by_role("button", name="Confirm the rejection").press("Enter")
    expect(other.get_by_text("Rejected by alba, confirmed by arno")).to_be_visible()
    other.goto("/cases?state=decided")
    expect(other.locator(f"[data-item][href='/case/{case}']")).to_be_visible()


def _finds_and_marks(page: Page) -> None:
    """A search, saved and begun with; several mails read at once."""
    page.goto("/inbox")
    press(page, "/", '"locked my account" restor*', "Enter")
    found = page.locator("[data-item]")
    expect(found).to_have_count(3)
    page.get_by_text("Save as a view").focus()
    press(page, "Enter", "Tab", "Locked out", "Enter")
    place = page.get_by_role("navigation").get_by_role("link", name="Locked out")
    expect(place).to_have_attribute("aria-current", "page")
    expect(page.locator(".unread")).to_have_count(3)
    press(page, "j", "x", "j", "x")
    see(page, "agent-ticked")
    press(page, "r")
    expect(page.locator(".unread")).to_have_count(1)
    press(page, "j", "x", "m", "general", "Tab", "They only ask how it works.", "Enter")
    expect(page.locator("[data-item]")).to_have_count(2)
    press(page, "j", "Enter")
    expect(page.locator(".letter h1")).to_contain_text("Locked out")
    expect(page.get_by_text("answer in")).to_be_visible()
    press(page, "x")
    again = page.get_by_role("button", name="Not answered after all")
    expect(again).to_be_visible()
    expect(page.get_by_text("answer in")).to_have_count(0)
    again.press("Enter")
    expect(page.get_by_text("answer in")).to_be_visible()
    press(page, "?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    press(page, "Escape", "u")
    expect(page.locator("[data-item]").first).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="Locked out").press("Enter")
    page.get_by_role("link", name="Arrange views").press("Enter")
    page.get_by_role("button", name="Begin with Locked out").press("Enter")
    expect(page.get_by_text("you begin here")).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("heading", name="Locked out")).to_be_visible()
    page.goto("/views")
    page.get_by_role("button", name="Delete Locked out").press("Enter")
    expect(place).to_have_count(0)


def _moves_and_takes_back(page: Page, arno: Page, house: Served) -> None:
    """Two keys move a mail to where its mover sees it no more; one takes that back."""
    subject = "Which desk is this for"
    mail = house.mail(subject)
    page.goto(f"/mail/{mail}")
    key = page.locator("option[value=general]").get_attribute("data-chord") or ""
    assert len(key) == 2
    press(page, *key)
    expect(page.get_by_text("went to general, which you don’t see")).to_be_visible()
    see(page, "agent-moved")
    house.settle()
    assert _happened(arno, mail) == ["delivered to appeals", "delivered to general", "taken back from appeals"]
    for desk, there in (("appeals", 0), ("general", 1)):
        arno.goto(f"/inbox?route={desk}")
        expect(arno.get_by_role("link", name=subject)).to_have_count(there)
    press(page, "z")
    expect(page.locator(".why h2").first).to_contain_text("Appeals")
    house.settle()
    # What became of it at a desk that is not hers she is told without its name.
    assert _happened(page, mail) == ["delivered to appeals", "delivered to appeals", "taken back from appeals"]
    assert _happened(arno, mail) == [
        *("delivered to appeals", "delivered to appeals", "delivered to general"),
        *("taken back from appeals", "taken back from general"),
    ]


def _happened(page: Page, mail: str) -> list[str]:
    """Where a mail was brought and taken back, by its timeline."""
    page.goto(f"/mail/{mail}")
    lines = [" ".join(one.split()) for one in page.locator(".why .events li").all_inner_texts()]
    found = (re.search(r"(delivered to|taken back from) \w+$", one) for one in lines)
    return sorted(one[0] for one in found if one)


def _answers_by_template(page: Page, house: Served) -> None:
    """In the mail's own language, from a template."""
    subject = "Mein Verkäuferkonto"
    page.goto(house.address(f"/mail/{{mail:{subject}}}"))
    press(page, "t", "Appeal: more", "Tab")
    expect(page.get_by_label("Language")).to_have_value("de")
    press(page, "Tab", "Enter")
    answer = page.get_by_label("Answer", exact=True)
    expect(answer).to_be_focused()
    expect(answer).to_have_value(re.compile(r"^Guten Tag"))
    press(page, "Welches Konto ist es?")
    page.get_by_role("button", name="Preview").press("Enter")
    expect(page.locator(".preview")).to_contain_text("Welches Konto ist es?")
    press(page, "c")
    expect(page.get_by_role("button", name="Take it back")).to_be_visible()
    sent = _sent_to(house, "greta@example.de")
    assert "Welches Konto ist es?" in sent.get_content()
    assert "asks them for something" in page.locator("#answers").inner_text()
    _is_in_the_thread(sent, house, subject, NORTH)


def _answers_in_own_words(page: Page, house: Served) -> None:
    """What they reply comes into the case; that an answer came back is seen."""
    subject, person = "Banned from selling", "nils@example.net"
    page.goto(house.address(f"/mail/{{mail:{subject}}}"))
    press(page, "e", "Hello Nils,", "Enter", "we are looking into it.")
    page.get_by_role("button", name="Preview").press("Enter")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_focused()
    press(page, "Enter")
    expect(page.get_by_role("button", name="Take it back")).to_be_visible()
    sent = _sent_to(house, person)
    assert sent.get_content().startswith("Hello Nils,\r\nwe are looking into it.")
    _is_in_the_thread(sent, house, subject, NORTH)
    ours = str(sent["Message-ID"]).strip("<>")
    reply = letter(
        NORTH, f"Re: {subject}", "When will you know?", sender=f"Nils Nord <{person}>", vouched="example.net"
    )
    house.feed(
        [
            replace(reply, raw=f"In-Reply-To: <{ours}>\r\nReferences: <{ours}>\r\n".encode() + reply.raw),
            Letter(subject="Undelivered", raw=dsn(ours, NORTH, recipient=person), to=NORTH),
        ]
    )
    page.reload()
    expect(page.locator("#answers")).to_contain_text("came back")
    expect(page.locator(".why .events")).to_contain_text("answer bounced")
    see(page, "agent-came-back")
    page.get_by_role("link", name=re.compile(r"^case \d")).press("Enter")
    assert wait_until(lambda: _in_case(page, f"Re: {subject}"), 20)


def _in_case(page: Page, subject: str) -> bool:
    page.reload()
    return bool(page.get_by_role("link", name=subject).count())


def _sent_to(house: Served, person: str, *, told: str = "") -> EmailMessage:
    """What the server of the brand was given for this person: what somebody wrote, or the notice that ``told`` them so."""

    def found() -> list[EmailMessage]:
        mails = [one for one in tuple(house.sink.mails) if one.rcpts == (person,)]
        read = [(one.sender, message_from_bytes(one.data, policy=policy.default)) for one in mails]
        alike = [mail for sender, mail in read if bool(mail["Auto-Submitted"]) == bool(told) == (not sender)]
        return [mail for mail in alike if told in mail.get_content()]

    assert wait_until(lambda: bool(found()), 60)
    (mail,) = found()
    return mail


def _is_in_the_thread(sent: EmailMessage, house: Served, subject: str, brand: str) -> None:
    (asked,) = house.house.store.read([house.mail(subject)])
    asked_id = f"<{asked.message_id.strip('<>')}>"
    assert sent["In-Reply-To"] == asked_id
    assert asked_id in str(sent["References"])
    assert sent["Subject"] == f"Re: {subject}"
    assert [one.addr_spec for one in sent["From"].addresses] == [brand]
    assert sent["Auto-Submitted"] is None


def test_a_day_by_touch(windows: Windows) -> None:
    house = windows.house
    page = windows.open("", "/", width="phone", touch=True)
    tap_in(page, "anke")
    expect(page.get_by_role("heading", name="All mail")).to_be_visible()
    see(page, "agent-phone-inbox")
    page.get_by_role("link", name="Banned while on the road").tap()
    see(page, "agent-phone-mail")
    page.get_by_text("Write an answer").tap()
    page.get_by_label("Answer", exact=True).tap()
    page.keyboard.type("We have it, Rosa.")
    page.get_by_role("button", name="Preview").tap()
    page.get_by_role("button", name="Send", exact=True).tap()
    page.get_by_role("button", name="Take it back").tap()
    expect(page.locator("#answers")).to_contain_text("taken back")
    assert not [one for one in house.sink.mails if one.rcpts == ("rosa@example.net",) and b"We have it" in one.data]
    page.goto(house.address("/mail/{mail:Blocked on my phone}"))
    page.get_by_label("Move to").select_option("general")
    page.get_by_role("button", name="Move", exact=True).tap()
    expect(page.locator(".why h2").first).to_contain_text("General")
    house.settle()
    page.get_by_role("link", name="Take back what anke said").tap()
    expect(page.get_by_text("gives it back")).to_be_visible()
    see(page, "agent-phone-undo")
    page.get_by_role("button", name="Take it back").tap()
    expect(page.locator(".why h2").first).to_contain_text("Appeals")
    page.goto(house.address("/mail/{mail:Suspended for a joke}"))
    page.get_by_role("link", name=re.compile(r"^case \d")).tap()
    page.get_by_placeholder("The reason", exact=True).fill("The joke was a threat.")
    page.get_by_role("button", name="Propose to reject").tap()
    expect(page.get_by_text("Somebody else has to confirm it")).to_be_visible()
    other = windows.open("axel", page.url.removeprefix(house.url), width="phone", touch=True)
    other.get_by_placeholder("Why it is not to be rejected").fill("It was a joke.")
    see(other, "agent-phone-case")
    other.get_by_role("button", name="Decline").tap()
    expect(other.get_by_text("It was a joke.")).to_be_visible()
    page.reload()
    page.get_by_placeholder("The reason", exact=True).fill("It was a joke.")
    page.get_by_role("button", name="Grant").tap()
    expect(page.get_by_text("Granted by anke")).to_be_visible()


def test_without_scripts_a_mail_is_answered_and_one_moved(windows: Windows) -> None:
    house = windows.house
    page = windows.open("axel", "/mail/{mail:Banned without a script}", script=False)
    page.get_by_text("Write an answer").click()
    page.get_by_label("Template").select_option("appeal-granted")
    page.get_by_role("button", name="Use it").click()
    page.get_by_label("Language").select_option("fr")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_label("Answer", exact=True)).to_have_value(re.compile("Bonjour"))
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#answers .reply")).to_contain_text("Bonjour")
    page.goto(house.address("/mail/{mail:Suspended without a script}"))
    page.get_by_label("Move to").select_option("general")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator(".why h2").first).to_contain_text("General")
    assert house.house.views.row(house.mail("Suspended without a script"), Sight()).route == "general"  # type: ignore[union-attr]
    assert "Bonjour" in _sent_to(house, "plain@example.com").get_content()
