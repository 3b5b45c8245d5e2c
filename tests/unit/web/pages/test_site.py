"""The pages as a browser meets them: the door, who may see what, lists, one mail, review."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from postroom.model.mail import RouteName
from postroom.understand import headers, mime
from postroom.web import mailview
from postroom.web.pages.inbox import wanted
from postroom.web.site import PAGES, site
from tests.pages_house import APPEAL, PASSWORD, QUESTION, REFUND, SETTINGS, Browser, Installation, installation, letter


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as made:
        yield made


@pytest.fixture
def ada(here: Installation) -> Browser:
    return here.user("ada", "admin")


# -- the door


def test_whoever_has_not_signed_in_is_led_to_the_door_and_on_from_there(here: Installation) -> None:
    here.user("ada", "agent")
    browser = here.browser()
    answer = browser.get("/inbox?route=appeals")
    assert browser.at == "/sign-in?to=%2Finbox%3Froute%3Dappeals"
    assert 'value="/inbox?route=appeals"' in answer.text
    answer = browser.post("/sign-in", name="ada", password=PASSWORD, to="/inbox?route=appeals")
    assert (answer.status, browser.at) == (200, "/inbox?route=appeals")


def test_a_wrong_password_opens_nothing_and_names_nobody(here: Installation) -> None:
    here.user("ada", "agent")
    browser = here.browser()
    known = browser.post("/sign-in", name="ada", password="wrong wrong wrong", to="/")
    unknown = browser.post("/sign-in", name="bob", password="wrong wrong wrong", to="/")
    assert known.status == unknown.status == 403
    assert known.text.replace("ada", "bob") == unknown.text
    assert not browser.cookies


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_the_door_leads_nowhere_else(here: Installation, to: str) -> None:
    here.user("ada", "agent")
    browser = here.browser()
    answer = browser.post("/sign-in", follow=False, name="ada", password=PASSWORD, to=to)
    assert answer.headers["location"] == "/"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(here: Installation) -> None:
    here.user("ada", "agent")
    (cookie,) = here.browser().post("/sign-in", follow=False, name="ada", password=PASSWORD).cookies
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_behind_tls_the_cookie_is_secure_and_bound_to_the_host(tmp_path: Path) -> None:
    with installation(tmp_path, url="https://mail.shop.test") as made:
        made.user("ada", "agent")
        (cookie,) = made.browser().post("/sign-in", follow=False, name="ada", password=PASSWORD).cookies
    assert cookie.startswith("__Host-postroom=")
    assert "Secure" in cookie
    assert "Path=/" in cookie


def test_signing_out_ends_the_session_on_the_server(here: Installation, ada: Browser) -> None:
    kept = dict(ada.cookies)
    ada.post("/sign-out")
    assert not ada.cookies
    ada.cookies = kept
    ada.get("/inbox")
    assert ada.at.startswith("/sign-in")


def test_no_form_of_any_page_does_anything_without_its_token_or_from_another_site(here: Installation) -> None:
    root, done = here.user("ida", "admin", urgent=True), here.house.people.journal.deeds()
    token = root.csrf()
    elsewhere = {"origin": "https://evil.example"}
    posts = [page.path.replace("{id}", "x").replace("{number}", "0") for page in PAGES if page.method == "POST"]
    assert len(posts) > 40
    for path in posts:
        assert root.post(path, verb="delete").status == 403, path
        assert root.post(path, csrf=token, headers=elsewhere).status == 403, path
    assert here.house.people.journal.deeds() == done


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_another_site_signs_nobody_out(ada: Browser, headers: dict[str, str]) -> None:
    answer = ada.post("/sign-out", headers=headers)
    assert (answer.status, answer.cookies) == (403, ())
    ada.get("/inbox")
    assert ada.at == "/inbox"


def test_a_request_whose_length_is_in_doubt_is_not_answered(ada: Browser) -> None:
    answer = ada.post("/sign-in", headers={"content-length": "4", "transfer-encoding": "chunked"})
    assert (answer.status, answer.headers["connection"]) == (400, "close")


def test_other_names_than_ours_are_not_answered(ada: Browser) -> None:
    ada.host = "rebound.example:8026"
    assert ada.get("/inbox").status == 400


def test_every_answer_forbids_what_pages_do_not_need(here: Installation, ada: Browser) -> None:
    for path in ("/sign-in", "/inbox", "/nothing", "/static/x/postroom.css", "/static/x/../secret", "/review"):
        headers = ada.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


# -- forms


def change(browser: Browser, mail: str, **fields: str) -> int:
    return browser.post(f"/mail/{mail}/move", route="refunds", generation="1", **fields).status


def test_a_form_without_its_token_changes_nothing(here: Installation, ada: Browser) -> None:
    (mail,) = here.receive(APPEAL)
    stranger = here.user("eve", "agent")
    assert change(ada, mail) == 403
    assert change(ada, mail, csrf="0" * 64) == 403
    assert change(ada, mail, csrf=stranger.csrf()) == 403
    assert len(here.house.store.decisions(mail)) == 1
    assert change(ada, mail, csrf=ada.csrf()) == 200
    assert here.house.store.decisions(mail)[-1].route == "refunds"


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_a_form_of_another_site_changes_nothing(here: Installation, ada: Browser, headers: dict[str, str]) -> None:
    (mail,) = here.receive(APPEAL)
    answer = ada.post(f"/mail/{mail}/move", headers=headers, route="refunds", generation="1", csrf=ada.csrf())
    assert answer.status == 403
    assert len(here.house.store.decisions(mail)) == 1


def test_a_form_too_large_or_damaged_is_refused(ada: Browser) -> None:
    assert ada.post("/mail/x/move", note="x" * 2_000_000).status == 413
    assert ada.post("/mail/x/move", **{f"f{n}": "1" for n in range(3000)}).status == 413


def test_an_answer_to_an_older_decision_is_refused(here: Installation, ada: Browser) -> None:
    (mail,) = here.receive(APPEAL)
    token = ada.csrf()
    ada.post(f"/mail/{mail}/move", route="refunds", generation="1", csrf=token)
    answer = ada.post(f"/mail/{mail}/move", route="general", generation="1", csrf=token)
    assert answer.status == 409
    assert "meanwhile" in answer.words
    assert ada.post(f"/mail/{mail}/move", route="nowhere", generation="2", csrf=token).status == 409
    assert ada.post(f"/mail/{mail}/move", route="general", generation="two", csrf=token).status == 409


# -- who may see what


def test_a_mail_of_another_desk_or_brand_is_as_if_it_were_not_there(here: Installation) -> None:
    (appeal,) = here.receive(APPEAL)
    (other,) = here.receive(APPEAL, to="help@video.test")
    (refund,) = here.receive(REFUND)
    sam = here.user("sam", "agent", routes=("appeals",), brands=("shop",))
    assert "Suspended account" in sam.get(f"/mail/{appeal}").words
    for hidden in (other, refund, "01m8d0rbmmynemdekykyk5t8zz"):
        pages = [sam.get(f"/mail/{hidden}{rest}") for rest in ("", "/html", "/raw", "/part/0", "/alike", "/text")]
        pages.append(sam.post(f"/mail/{hidden}/move", csrf=sam.csrf(), generation="1", route="general"))
        assert {page.status for page in pages} == {404}
        assert len({page.text for page in pages if "attachment" not in page.text}) == 1
    listed = sam.get("/inbox").text
    assert appeal in listed
    assert other not in listed
    assert refund not in listed
    assert "Refunds" not in sam.get("/inbox").text
    assert refund not in sam.get("/inbox?words=charged").text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.method} {page.path}")
def test_every_page_asks_who_it_is_and_whether_they_may(here: Installation, page: object) -> None:
    assert page in PAGES
    (mail,) = here.receive(APPEAL)
    path = page.path.replace("{id}", mail).replace("{number}", "0")  # type: ignore[attr-defined]
    stranger = here.browser()
    ask = stranger.get if page.method == "GET" else stranger.post  # type: ignore[attr-defined]
    ask(path)
    assert stranger.at.startswith("/sign-in")
    viewer = here.user("vic", "viewer", urgent=True)
    token = viewer.csrf()
    answer = viewer.get(path) if page.method == "GET" else viewer.post(path, csrf=token)  # type: ignore[attr-defined]
    if page.role == "viewer":  # type: ignore[attr-defined]
        assert answer.status in (200, 404, 409)
    else:
        assert answer.status == 403
        assert "role" in answer.words
    assert len(here.house.store.decisions(mail)) == 1


def test_who_is_disabled_is_out_at_once(here: Installation, ada: Browser) -> None:
    from dataclasses import replace

    from postroom.model.people import Deed

    here.user("bob", "admin")
    user = here.house.people.accounts.user("ada")  # type: ignore[arg-type]
    assert user is not None
    deed = Deed(at=1.0, by="bob", what="user-changed", to="ada")
    here.house.people.accounts.put_user(replace(user, disabled=True), deed, was=user)
    ada.get("/inbox")
    assert ada.at.startswith("/sign-in")


# -- lists


def test_an_inbox_lists_its_mail_and_the_side_counts_what_is_unread(here: Installation, ada: Browser) -> None:
    (appeal,) = here.receive(APPEAL)
    (question,) = here.receive(QUESTION)
    page = ada.get("/inbox?route=appeals").text
    assert appeal in page
    assert question not in page
    assert 'aria-label="1 unread"' in page
    ada.get(f"/mail/{appeal}")
    page = ada.get("/inbox?route=appeals").text
    assert page.count('aria-label="1 unread"') == 1  # the question


def test_a_line_shows_how_the_text_begins_and_the_desk_where_it_is_not_said_above(
    here: Installation, ada: Browser
) -> None:
    here.receive(APPEAL)
    begins = re.compile(r'<bdi class="begins">([^<]+)</bdi>')
    desk = '<span class="chip route">appeals</span>'
    of_desk, of_all = ada.get("/inbox?route=appeals").text, ada.get("/inbox").text
    assert begins.findall(of_desk) == begins.findall(of_all) != []
    assert desk not in of_desk
    assert desk in of_all


def test_who_only_looks_leaves_a_mail_unread_for_those_who_work_there(here: Installation, ada: Browser) -> None:
    (appeal,) = here.receive(APPEAL)
    assert here.user("vic", "viewer").get(f"/mail/{appeal}").status == 200
    assert [entry.read for entry in here.house.store.entries("appeals")] == [False]
    ada.get(f"/mail/{appeal}")
    assert [entry.read for entry in here.house.store.entries("appeals")] == [True]


def test_search_finds_words_and_says_what_it_cannot_search_for(here: Installation, ada: Browser) -> None:
    (appeal,) = here.receive(APPEAL)
    here.receive(QUESTION)
    assert ada.get("/inbox?words=suspension").text.count("data-item") == 1
    assert appeal in ada.get('/inbox?words="did nothing wrong"&sender=@example.net').text
    assert "Nothing matches" in ada.get("/inbox?words=zebra").text
    assert 'role="alert"' in ada.get("/inbox?words=...").text
    assert "2026-03-31" in ada.get("/inbox?since=yesterday").words
    assert appeal in ada.get("/inbox?since=2020-01-01&until=2090-01-01&reading=unread&language=en").text


def test_hits_are_counted_and_filters_dropped_one_by_one(here: Installation, ada: Browser) -> None:
    here.receive(*(letter("How do I change my name?", subject=f"Name {n}") for n in range(51)), APPEAL)
    page = ada.get("/inbox?words=name&route=general&language=en").words
    assert "<b>51 mails</b>" in page
    assert 'href="/inbox?route=general&language=en" aria-label="Without “name”"' in page
    assert '<a href="/inbox?route=general">Clear</a>' in page
    assert "<b>1 mail</b>" in ada.get("/inbox?words=suspension").text
    assert "Clear" not in ada.get("/inbox?route=general").text


def test_where_mail_lies_elsewhere_nobody_says_what_is_unread(tmp_path: Path) -> None:
    settings = SETTINGS.replace('[destination.general]\nkind = "inbox"', '[destination.general]\nkind = "maildir"\npath = "general"\n[destination.on-call]\nkind = "inbox"\n[urgent]\ndestinations = ["on-call"]')  # fmt: skip
    with installation(tmp_path, settings) as here:
        ada = here.user("ada", "lead")
        here.receive(QUESTION, letter("How do I change my name? I will kill myself.", subject="Question"), APPEAL)
        page = ada.get("/inbox?route=general").words
        assert page.count("data-item") == 2
        assert "what is read or answered there is not known here" in page
        assert (page.count("unread: "), page.count('class="count elsewhere"')) == (0, 1)
        page = ada.get("/inbox").words
        assert (page.count("unread: "), page.count('aria-label="1 unread"')) == (1, 1)
        assert ada.get("/inbox?reading=unread").text.count("data-item") == 1


def test_days_of_a_search_begin_at_midnight_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        asked = wanted({"since": "2026-07-01", "until": "2026-07-01"}, 0.0)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (asked.since, asked.until) == (1782864000.0, 1782864000.0 + 86400.0)


def test_lists_go_on_page_after_page(here: Installation, ada: Browser) -> None:
    ids = here.receive(*(letter("How do I change my name?", subject=f"Question {n}") for n in range(60)))
    first = ada.get("/inbox?route=general")
    older = first.text.partition('class="pages"')[2].partition('href="')[2].partition('"')[0]
    second = ada.get(older.replace("&amp;", "&"))
    assert first.text.count("data-item") == 50
    assert second.text.count("data-item") == 10
    assert all((first.text + second.text).count(f'/mail/{one}"') == 1 for one in ids)


# -- one mail


def test_a_mail_shows_its_words_marked_its_evidence_and_its_way(here: Installation, ada: Browser) -> None:
    (appeal,) = here.receive(APPEAL)
    page = ada.get(f"/mail/{appeal}")
    assert '<mark class="for"' in page.text
    assert "not authenticated" in page.text
    assert "accepted" in page.text
    assert "appeals at" in page.words
    assert ada.get(f"/mail/{appeal}/alike").status == 200
    raw = ada.get(f"/mail/{appeal}/raw")
    assert raw.text.encode() == APPEAL
    assert raw.headers["content-disposition"].startswith("attachment")


_READ_ON = re.compile(r'href="(/mail/[^"]+/text\?[^"]+)"(?: data-key="n" rel="next")?>Read on')
_LIGHT = 130_000
"""Bytes of a page that stays below 150 KB with style and script."""


def test_a_text_beyond_measure_is_read_on_piece_by_piece(here: Installation, ada: Browser) -> None:
    lines = [f'line {number} of my "story" & more' for number in range(3000)]
    (mail,) = here.receive(letter("\r\n".join(lines), subject="long"))
    page = ada.get(f"/mail/{mail}")
    assert len(page.text.encode()) < _LIGHT
    found, pages = page.words, 0
    while onward := _READ_ON.search(page.text):
        page = ada.get(unescape(onward[1]))
        assert len(page.text.encode()) < _LIGHT
        found += page.words
        pages += 1
    assert pages > 1
    assert f"of {len(chr(10).join(lines)):,}" in page.text
    assert "From the beginning" in page.text
    told = re.sub(r"</?mark[^>]*>", "", found)
    assert all(told.count(line) == 1 for line in lines)


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [("", 200, "characters 1 to 2 of 2"), ("?from=99", 200, "of 2"), ("?from=-1", 200, "1 to 2 of 2"), ("?part=quoted", 200, "0 of 0"), ("?part=raw", 404, "no such part")],
)  # fmt: skip
def test_pieces_of_a_text_that_are_asked_for_at_random(
    here: Installation, ada: Browser, query: str, status: int, words: str
) -> None:
    (mail,) = here.receive(letter("Hi"))
    page = ada.get(f"/mail/{mail}/text{query}")
    assert page.status == status
    assert words in page.words


def test_a_mail_that_overdoes_everything_is_light(here: Installation, ada: Browser) -> None:
    files = "".join(
        f'--b\r\nContent-Type: application/{"x" * 500}\r\nContent-Disposition: attachment; filename="{"&" * 500}"\r\n\r\nx\r\n'
        for _ in range(99)
    )
    hidden = f"<p>Hello</p><div style='display:none'>{'&amp;' * 50_000}</div>"
    text = '"&<' * 20_000 + "\r\n\r\nOn 3 March 2025 Ada wrote:\r\n> " + '"' * 50_000
    raw = (
        f'From: "{"&" * 5000}" <ada@example.net>\r\nSubject: {"&" * 20_000}\r\nMessage-ID: <heavy@example.net>\r\nMIME-Version: 1.0\r\n'
        f"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n"
        f"--b\r\nContent-Type: text/html\r\n\r\n{hidden}\r\n{files}--b--\r\n"
    )
    (mail,) = here.receive(raw.encode())
    page = ada.get(f"/mail/{mail}")
    assert len(page.text.encode()) < _LIGHT
    assert "49 more, in the mail as it came" in page.words


def test_what_a_stranger_wrote_is_never_markup(here: Installation, ada: Browser) -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&lt;"
    hostile = letter(
        f"My account was suspended {bad}", subject=f"Suspended {bad}", sender=f'"{bad[:25]}\u202egpj" <eve@example.net>'
    )
    (mail,) = here.receive(hostile)
    for path in ("/inbox", f"/mail/{mail}", "/inbox?words=suspended", f"/inbox?words={bad}", f"/inbox?route={bad}"):
        page = ada.get(path.replace(" ", "%20").replace("#", "%23")).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "\u202e" not in page


def test_html_comes_in_a_sandbox_and_attachments_are_kept_not_shown(here: Installation, ada: Browser) -> None:
    raw = (
        b"From: a@example.net\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>hello</p><script>alert(1)</script>\r\n"
        b"--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename=evil.html\r\n\r\n<script>1</script>\r\n--b--\r\n"
    )
    (mail,) = here.receive(raw)
    page = ada.get(f"/mail/{mail}")
    assert 'iframe sandbox=""' in page.text
    framed = ada.get(f"/mail/{mail}/html")
    assert "alert" not in framed.text
    assert framed.headers["content-security-policy"].startswith("sandbox;")
    kept = ada.get(f"/mail/{mail}/part/0")
    assert kept.headers["content-type"] == "application/octet-stream"
    assert kept.text == "<script>1</script>"
    for number in ("1", "-1", "x", "9" * 5000, "٣"):
        assert ada.get(f"/mail/{mail}/part/{number}").status == 404


# -- review


def uncertain(number: int) -> bytes:
    return letter(
        f"Question {number}: they blocked something and took money, or so my sister says?", subject=f"hm {number}"
    )


@pytest.fixture
def questions(here: Installation) -> list[str]:
    """Mails that wait in review."""
    from dataclasses import replace

    strict = replace(here.house.policy, default_threshold=0.9999, fallback_threshold=0.9999)
    here.house.__dict__["policy_in_force"] = lambda: strict
    ids = here.receive(*(uncertain(number) for number in range(4)))
    assert [one.mail_id for one in here.house.store.waiting(10, "review")] == ids
    return list(ids)


def asked(page: str) -> str:
    return page.partition('action="/review/')[2].partition('"')[0]


def test_one_is_asked_after_another_and_never_two_people_the_same(here: Installation, questions: list[str]) -> None:
    ada, bob = here.user("ada", "reviewer"), here.user("bob", "reviewer")
    mine, his = asked(ada.get("/review").text), asked(bob.get("/review").text)
    assert {mine, his} == set(questions[:2])
    assert asked(ada.get("/review").text) == mine  # still in hand
    answer = bob.post(f"/review/{mine}", csrf=bob.csrf(), generation="1", route="")
    assert answer.status == 409
    assert "Somebody else" in answer.words
    page = ada.post(f"/review/{mine}", csrf=ada.csrf(), generation="1", route="")
    assert ada.at == f"/review?last={mine}"
    assert asked(page.text) == questions[2]
    assert here.house.store.verdicts_on(mine)[0].by == "ada"  # type: ignore[arg-type]


def test_what_others_have_in_hand_is_told(here: Installation, questions: list[str]) -> None:
    for number in range(len(questions)):
        here.user(f"r{number}", "reviewer").get("/review")
    page = here.user("ada", "reviewer").get("/review").words
    assert f"{len(questions)} are in others’ hands" in page


def test_all_are_answered_and_the_end_says_so(here: Installation, questions: list[str]) -> None:
    ada = here.user("ada", "reviewer")
    page, token = ada.get("/review").text, ada.csrf()
    for number in range(4):
        mail = asked(page)
        route = ("", "refunds", "appeals", "junk")[number]
        page = ada.post(f"/review/{mail}", csrf=token, generation="1", route=route).text
    assert "Nothing waits for you" in page
    here.work()
    said = {mail: here.house.store.decisions(mail)[-1].route for mail in questions}  # type: ignore[arg-type]
    assert set(said.values()) >= {"refunds", "appeals", "junk"}
    assert here.house.store.census()["waiting"]["review"] == 0


def test_a_skipped_question_comes_again_after_the_others(here: Installation, questions: list[str]) -> None:
    ada = here.user("ada", "reviewer")
    first = ada.get("/review").text
    skip = first.partition('href="/review?skip=')[2].partition('"')[0]
    second = ada.get(f"/review?skip={skip}").text
    assert asked(second) == questions[1]
    ada.post(f"/review/{asked(second)}/leave", csrf=ada.csrf())
    assert ada.at == "/inbox"
    bob = here.user("bob", "reviewer")
    assert asked(bob.get("/review").text) == questions[0]


def test_news_changes_when_something_comes_in(here: Installation, ada: Browser) -> None:
    before = ada.get("/news").text
    assert ada.get("/news").text == before
    here.receive(QUESTION)
    assert ada.get("/news").text != before


def test_a_store_in_trouble_is_told_and_a_bug_shows_nothing_of_itself(here: Installation, ada: Browser) -> None:
    from dataclasses import replace

    from postroom.model.errors import TryLater
    from postroom.web.site import site

    class Broken:
        def __init__(self, error: Exception) -> None:
            self._error = error

        def mails(self, *_: object, **__: object) -> None:
            raise self._error

    told: list[Exception] = []
    for error, status, words in (
        (TryLater("the store cannot be used now"), 503, "Try again"),
        (RuntimeError("secret words of a mail"), 500, "A bug in postroom"),
    ):
        room = replace(here.room, views=Broken(error), failed=told.append)  # type: ignore[arg-type]
        browser = Browser(app=site(room), cookies=ada.cookies)
        page = browser.get("/inbox")
        assert page.status == status
        assert words in page.words
        assert "secret" not in page.text
    assert [str(one) for one in told] == ["secret words of a mail"]


# -- several at once


def test_several_mails_are_moved_or_read_at_once(here: Installation, ada: Browser) -> None:
    ids = here.receive(*(letter("How do I change my name?", subject=f"Question {n}") for n in range(3)))
    token = ada.csrf()
    ticked = [f"{one}.1" for one in ids[:2]]
    page = ada.post("/inbox", csrf=token, verb="read", mail=ticked, to="/inbox?route=general&reading=unread")
    assert ids[2] in page.text
    assert ids[0] not in page.text
    ada.post("/inbox", csrf=token, verb="move", mail=ticked, route="refunds", note="all about money")
    assert [here.house.store.decisions(one)[-1].route for one in ids] == ["refunds", "refunds", "general"]
    assert here.house.store.verdicts_on(ids[1])[0].note == "all about money"
    for fields in (
        {},
        {"verb": "move", "mail": ticked},
        {"verb": "burn", "mail": ticked},
        {"verb": "move", "mail": [ids[0]], "route": "general"},
    ):
        assert ada.post("/inbox", csrf=token, **fields).status == 409


def test_of_several_mails_those_that_can_be_moved_are_and_the_others_are_told(here: Installation, ada: Browser) -> None:
    one, two = here.receive(*(letter("How do I change my name?", subject=f"Question {n}") for n in range(2)))
    ada.post(f"/mail/{one}/move", csrf=ada.csrf(), route="appeals", generation="1")
    page = ada.post("/inbox", csrf=ada.csrf(), verb="move", mail=[f"{one}.1", f"{two}.1"], route="refunds")
    assert page.status == 409
    assert "1 of 2 mails were moved, the others not:" in page.words
    assert [here.house.store.decisions(mail)[-1].route for mail in (one, two)] == ["appeals", "refunds"]


def test_a_mail_that_is_ticked_twice_is_moved_once(here: Installation, ada: Browser) -> None:
    (mail,) = here.receive(APPEAL)
    page = ada.post("/inbox", csrf=ada.csrf(), verb="move", mail=[f"{mail}.1"] * 3, route="refunds")
    assert page.status == 200
    assert len(here.house.store.decisions(mail)) == 2


def test_what_one_may_not_see_is_not_moved_with_the_rest(here: Installation) -> None:
    (mine,) = here.receive(APPEAL)
    (other,) = here.receive(REFUND)
    sam = here.user("sam", "agent", routes=("appeals",))
    answer = sam.post("/inbox", csrf=sam.csrf(), verb="move", mail=[f"{mine}.1", f"{other}.1"], route="general")
    assert answer.status == 404
    assert [here.house.store.decisions(one)[-1].route for one in (mine, other)] == ["appeals", "refunds"]


# -- taking back


def test_whoever_moved_a_mail_goes_back_to_the_desk_where_they_work(here: Installation, ada: Browser) -> None:
    (mail,) = here.receive(APPEAL)
    to = re.search('/move".*?name="to" value="([^"]*)"', ada.get(f"/mail/{mail}").text, re.DOTALL)
    assert to is not None
    ada.post(f"/mail/{mail}/move", route="refunds", generation="1", csrf=ada.csrf(), to=to[1])
    moved = ada.get(ada.at)
    assert here.house.store.decisions(mail)[-1].route == "refunds"
    assert 'href="/inbox?route=appeals" data-key="u"' in moved.text
    assert 'href="/inbox?route=refunds" data-key="u"' in ada.get(f"/mail/{mail}?from=nowhere").text


def test_a_move_is_taken_back_and_says_before_what_it_comes_to(here: Installation, ada: Browser) -> None:
    (mail,) = here.receive(APPEAL)
    token = ada.csrf()
    assert ada.get(f"/mail/{mail}/undo").status == 409  # nothing to take back
    assert "Take back what" not in ada.get(f"/mail/{mail}").words
    ada.post(f"/mail/{mail}/move", csrf=token, route="refunds", generation="1")
    here.work()
    assert "Take back what ada said" in ada.get(f"/mail/{mail}").words
    page = ada.get(f"/mail/{mail}/undo").words
    assert "gives it back" in page
    assert ada.post(f"/mail/{mail}/undo", csrf=token, generation="1").status == 409
    assert ada.post(f"/mail/{mail}/undo", csrf=token, generation="x").status == 409
    ada.post(f"/mail/{mail}/undo", csrf=token, generation="2", note="slipped")
    here.work()
    assert here.house.store.decisions(mail)[-1].route == "appeals"
    assert [entry.destination for entry in here.house.store.entries("")] == ["appeals"]
    assert "taken back" in ada.get(f"/mail/{mail}").words


def test_who_moved_a_mail_out_of_their_own_sight_can_take_that_back(here: Installation, ada: Browser) -> None:
    sam = here.user("sam", "agent", routes=("appeals",))
    rob = here.user("rob", "agent", routes=("appeals",))
    (mail,) = here.receive(APPEAL)
    page = sam.post(f"/mail/{mail}/move", csrf=sam.csrf(), route="refunds", generation="1").words
    assert sam.at == f"/mail/{mail}/undo"
    assert "The mail that you moved went to refunds, which you don’t see" in page
    assert "Suspended" not in page
    assert sam.get(f"/mail/{mail}").status == 404
    assert rob.get(f"/mail/{mail}/undo").status == 404
    assert rob.post(f"/mail/{mail}/undo", csrf=rob.csrf(), generation="2").status == 404
    page = sam.post(f"/mail/{mail}/undo", csrf=sam.csrf(), generation="2", to=f"/mail/{mail}").words
    assert "Suspended" in page
    assert here.house.store.decisions(mail)[-1].route == "appeals"
    assert sam.get(f"/mail/{mail}/undo").status == 409


@pytest.mark.parametrize("after", ["another", "the window"])
def test_what_is_out_of_sight_is_taken_back_only_at_once_and_by_nobody_after_another(
    here: Installation, ada: Browser, after: str
) -> None:
    sam = here.user("sam", "agent", routes=("appeals",))
    (mail,) = here.receive(APPEAL)
    sam.post(f"/mail/{mail}/move", csrf=sam.csrf(), route="refunds", generation="1")
    if after == "another":
        ada.post(f"/mail/{mail}/move", csrf=ada.csrf(), route="general", generation="2")
    else:
        later = replace(here.room.reviewing, clock=lambda: time.time() + 61.0)
        sam.app = site(replace(here.room, reviewing=later))
    assert sam.get(f"/mail/{mail}/undo").status == 404
    assert here.house.store.decisions(mail)[-1].route != "appeals"


def test_an_answer_in_review_that_leads_out_of_sight_is_undone(here: Installation, questions: list[str]) -> None:
    rea = here.user("rea", "reviewer", routes=("appeals", "general"))
    first = asked(rea.get("/review").text)
    page = rea.post(f"/review/{first}", csrf=rea.csrf(), generation="1", route="copyright").words
    assert "The mail that you moved belongs to copyright" in page
    again = rea.post(f"/mail/{first}/undo", csrf=rea.csrf(), generation="2", to=f"/review?take={first}")
    assert asked(again.text) == first


def test_the_last_answer_in_review_is_undone_at_once_and_asked_again(here: Installation, questions: list[str]) -> None:
    ada = here.user("ada", "reviewer")
    first = asked(ada.get("/review").text)
    page = ada.post(f"/review/{first}", csrf=ada.csrf(), generation="1", route="refunds")
    assert "” belongs to refunds." in page.words
    again = ada.post(f"/mail/{first}/undo", csrf=ada.csrf(), generation="2", to=f"/review?take={first}")
    assert asked(again.text) == first
    assert "” belongs to" not in again.words
    bob = here.user("bob", "reviewer")
    assert "” belongs to" not in bob.get(f"/review?last={first}").words


def test_what_a_rule_sent_to_review_is_moved_and_not_confirmed(tmp_path: Path) -> None:
    forged = letter(
        "Send my payouts to this bank account from now on: XX00 1234 5678.", subject="change my bank account"
    )
    proof = b"Authentication-Results: mx.shop.test; dmarc=fail header.from=example.com\r\n"
    with installation(tmp_path, SETTINGS + '[trust]\nauthserv_ids = ["mx.shop.test"]\n') as here:
        ada = here.user("ada", "reviewer")
        (mail,) = here.receive(proof + forged)
        page = ada.get("/review")
        assert "Where does it belong?" in page.words
        assert "No best guess here: press m and a number." in page.words
        assert 'name="route" value=""' not in page.text
        assert "a rule wants a person" in page.words
        assert 'class="for"' not in page.text
        refused = ada.post(f"/review/{mail}", csrf=ada.csrf(), generation="1", route="")
        assert (refused.status, "review is no desk" in refused.words) == (409, True)
        assert (
            "belongs to general" in ada.post(f"/review/{mail}", csrf=ada.csrf(), generation="1", route="general").words
        )


def test_a_desk_has_the_same_number_whatever_is_guessed(here: Installation, questions: list[str]) -> None:
    page = here.user("ada", "reviewer").get("/review").text
    routes = list(here.room.routes)
    for desk, number in re.findall(r'name="route" value="(\w+)" data-chord="m(\d)"', page):
        assert routes.index(desk) + 1 == int(number)
    assert page.count('data-chord="m') == len(routes) - 1


def test_the_tenth_desk_has_a_key_of_its_own(here: Installation, questions: list[str]) -> None:
    routes = (*here.room.routes, *map(RouteName, map("desk{}".format, range(40))))
    ada = here.user("ada", "reviewer")
    ada.app = site(replace(here.room, routes=routes))
    page = ada.get("/review").text
    keys = dict(re.findall(r'name="route" value="(\w+)" data-chord="m(\w+)"', page))
    assert all(len(key) == 1 for key in keys.values()), "a key of two letters is never reached: its first is another's"
    assert len(set(keys.values())) == len(keys)
    assert keys[routes[9]] == "a"
    assert f'name="route" value="{routes[-1]}"' in page
    mail = ada.get(f"/mail/{questions[0]}").text
    assert max(map(len, re.findall(r'data-chord="(\w+)"', mail))) == 2
    assert f'<option value="{routes[9]}">' in mail, "letters are for names there"


def test_a_mails_page_takes_its_mime_apart_once(
    here: Installation, ada: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    (mail,) = here.receive(letter("<p>Where is my refund?</p>").replace(b"text/plain", b"text/html"))
    parsed: list[bytes] = []

    def counted(raw: bytes, block: headers.Block) -> mime.Tree:
        parsed.append(raw)
        return parse(raw, block)

    parse = mime.parse
    monkeypatch.setattr(mime, "parse", counted)
    monkeypatch.setattr(mailview, "parse", counted)
    page = ada.get(f"/mail/{mail}")
    assert "As it was laid out" in page.text
    assert len(parsed) == 1
