"""Second looks and splits in the browser: blind, settled by a third, seen by whoever may see."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from postroom.flow.audit import SECOND_LOOK, Audit
from postroom.model.mail import Envelope, Peer
from postroom.model.people import Deed
from postroom.testing.replies_contract import a_reply
from postroom.web.site import site
from tests.api_house import problem, programme, told
from tests.pages_house import REFUND, SETTINGS, Browser, Installation, installation, letter

ASKS = "Question {}: they blocked something and took money, or so my sister says?"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    """Where every question is looked at twice."""
    with installation(tmp_path, SETTINGS + "[review]\nsecond_look_share = 1.0\n") as made:
        yield made


@pytest.fixture
def questions(here: Installation) -> list[str]:
    """Mails that wait in review."""
    strict = replace(here.house.policy, default_threshold=0.9999, fallback_threshold=0.9999)
    here.house.__dict__["policy_in_force"] = lambda: strict
    return list(here.receive(*(letter(ASKS.format(number), subject=f"hm {number}") for number in range(3))))


def answer(who: Browser, mail: str, second: bool = False, **said: str) -> str:
    path = f"/review/{mail}/second" if second else f"/review/{mail}"
    return who.post(path, csrf=who.csrf(), generation="1", **said).text


def asked(page: str) -> str:
    return page.partition('action="/review/')[2].partition('"')[0]


@pytest.fixture
def differing(here: Installation, questions: list[str]) -> str:
    """A mail that ada gave to refunds and bea to appeals."""
    ada, bea = here.user("ada", "reviewer"), here.user("bea", "reviewer")
    answer(ada, questions[0], route="refunds")
    here.house.turns.take_one(questions[1], "ada", here.room.accounts.user("root").sight, lease=600)  # type: ignore[arg-type, union-attr]
    here.house.turns.take_one(questions[2], "ada", here.room.accounts.user("root").sight, lease=600)  # type: ignore[arg-type, union-attr]
    assert asked(bea.get("/review").text) == f"{questions[0]}/second"
    answer(bea, questions[0], second=True, route="appeals")
    return questions[0]


def test_a_second_look_does_not_show_what_the_first_said(here: Installation, questions: list[str]) -> None:
    ada, bea = here.user("ada", "reviewer"), here.user("bea", "reviewer")
    page = ada.post(f"/review/{questions[0]}", csrf=ada.csrf(), generation="1", route="refunds", note="zqnote").text
    assert asked(page) == questions[1], "not one's own"
    assert asked(bea.get("/review").text) == questions[2], "a question first"
    page = answer(bea, questions[2], route="")
    assert asked(page) == f"{questions[0]}/second"
    assert "second look" in page
    assert "Is it " in page
    for words in ("ada said", "ada says", "zqnote", "What happened", "went to refunds"):
        assert words.lower() not in page.partition("<main")[2].lower(), words
    page = answer(bea, questions[0], second=True, route="refunds")
    assert "Nothing waits for you" in page or asked(page).endswith("/second") is False
    assert [one.by for one in here.house.store.verdicts_on(questions[0])] == ["ada"]  # type: ignore[arg-type]
    (deed,) = here.house.people.journal.deeds(what="second-look")
    assert (deed.by, deed.to, deed.detail) == ("bea", questions[0], "refunds")
    late = bea.post(f"/review/{questions[0]}/second", csrf=bea.csrf(), generation="1", route="refunds")
    assert late.status == 409


def test_whoever_has_a_second_look_in_hand_reads_nowhere_what_the_first_said(
    here: Installation, questions: list[str]
) -> None:
    ada, bea = here.user("ada", "reviewer"), here.user("bea", "reviewer")
    for mail in questions:
        answer(ada, mail, route="refunds", note="zqnote")
    mail = asked(bea.get("/review").text).partition("/")[0]
    programmed = programme(here, "bea", "review")
    page = bea.get(f"/mail/{mail}").text.partition("<main")[2]
    assert "You are asked for a second look at this mail" in page
    pages = {"the mail": page, "undo": bea.get(f"/mail/{mail}/undo").text}
    pages |= {f"review?{name}": bea.get(f"/review?{name}={mail}").text for name in ("last", "take")}
    pages |= {
        "moving": bea.post(f"/mail/{mail}/move", csrf=bea.csrf(), route="appeals", generation="1").text,
        "taking back": bea.post(f"/mail/{mail}/undo", csrf=bea.csrf(), generation="2").text,
    }
    pages |= {path: programmed.get(f"/mails/{mail}{path}").text for path in ("", "/explanation", "/events", "/undo")}
    pages["verdict"] = programmed.post(f"/mails/{mail}/verdict", {"route": "appeals"}).text
    for where, said in pages.items():
        for words in (
            "ada said",
            "ada says",
            '"ada"',
            "by ada",
            "zqnote",
            '"said":"refunds"',
            "is in refunds",
            "lies at refunds",
        ):
            assert words not in said.partition("<main")[2 if "<main" in said else 0], (where, words)
    assert len(here.house.store.decisions(mail)) == 2  # type: ignore[arg-type]
    assert here.room.second_looks.looks.held("bea")  # type: ignore[arg-type]
    answer(bea, mail, second=True, route="refunds")
    assert "zqnote" in programmed.get(f"/mails/{mail}").text
    assert "What happened" in bea.get(f"/mail/{mail}").text


@pytest.fixture
def with_cases(tmp_path: Path) -> Iterator[Installation]:
    """Where refunds have cases and a first answer is due there."""
    more = '[route.refunds]\ncases = true\nfirst_answer = "1 hours"\n'
    settings = SETTINGS.replace("[route.refunds]\n", more) + "[review]\nsecond_look_share = 1.0\n"
    with installation(tmp_path, settings) as made:
        made.room.casework.filing.watch()
        made.room.first_answers.watch()
        yield made


def answered_first(here: Installation) -> tuple[str, Browser]:
    """A question that ada gave to refunds, where a case was opened and answered; and bea, who is to be asked next."""
    here.house.__dict__["policy_in_force"] = lambda: replace(
        here.house.policy, default_threshold=0.9999, fallback_threshold=0.9999
    )
    (mail,) = here.receive(letter(ASKS.format(1), subject="zqsubject"))
    ada, bea = here.user("ada", "reviewer"), here.user("bea", "lead")
    answer(ada, mail, route="refunds", note="zqnote")
    here.room.casework.catch_up()
    here.room.first_answers.turn()
    reply = a_reply(1, mail, text="zqanswer", to="ada@example.net")
    here.house.replies.put(reply, Deed(at=1.0, by="ada", what="answered", to=mail), after="")
    return mail, bea


LISTS = ("/inbox", "/inbox?words=zqsubject", "/inbox?route=refunds", "/cases", "/letters", "/notices", "/person")


def test_while_a_second_look_is_in_hand_lists_cases_and_answers_do_not_tell(with_cases: Installation) -> None:
    here = with_cases
    mail, bea = answered_first(here)
    calls = programme(here, "bea", "lead")
    assert asked(bea.get("/review").text) == f"{mail}/second"
    for path in LISTS:
        page = bea.get(path).text.partition("<main")[2]
        for row in (one.partition("</li>")[0] for one in page.split("<li")[1:]):
            if mail in row:
                assert ">review</span>" in row, path
                assert "refunds" not in row, path
                assert "answer" not in row, path
    assert mail in bea.get("/inbox").text
    assert mail not in bea.get("/inbox?route=refunds").text
    assert "zqsubject" not in bea.get("/cases").text
    (line,) = told(calls.get("/mails"))["mails"]
    assert (line["route"], line["also"], line["due_at"], line["answered"]) == ("review", "", None, "")
    assert line["confidence"] < 0.9999
    assert told(calls.get("/mails?route=refunds"))["mails"] == []
    assert told(calls.get("/cases"))["cases"] == []
    for closed in (
        bea.get("/case/1"), bea.post("/cases/open", csrf=bea.csrf(), mail=mail),
        bea.post("/case/1/note", csrf=bea.csrf(), text="x", version="0"), bea.post(f"/mail/{mail}/answer", csrf=bea.csrf(), text="x"),
    ):  # fmt: skip
        assert closed.status == 409
        assert "second look" in closed.words
    for path in ("/cases/1", f"/mails/{mail}/replies"):
        assert "second look" in problem(calls.get(path))["detail"]
    assert "second look" in problem(calls.post("/cases", {"mail": mail}))["detail"]
    assert "zqanswer" not in bea.get(f"/mail/{mail}").text
    answer(bea, mail, second=True, route="refunds")
    assert "zqanswer" in bea.get("/case/1").text
    assert told(calls.get("/mails?route=refunds"))["mails"][0]["id"] == mail
    assert "zqanswer" in calls.get(f"/mails/{mail}/replies").text


@pytest.mark.parametrize(
    "path", ["/mail/{}", "/mail/{}/undo", "/case/1", "/api/v1/mails/{}", "/api/v1/cases/1", "/api/v1/mails/{}/replies"]
)
def test_who_has_read_what_came_of_it_is_not_asked(with_cases: Installation, path: str) -> None:
    mail, bea = answered_first(with_cases)
    called = path.format(mail)
    if called.startswith("/api/v1"):
        assert programme(with_cases, "bea", "lead").get(called.removeprefix("/api/v1")).status == 200
    else:
        assert bea.get(called).status == 200
    assert "Nothing waits for you" in bea.get("/review").text
    cy = with_cases.user("cy", "reviewer")
    assert cy.get("/inbox").status == 200
    assert asked(cy.get("/review").text) == f"{mail}/second", "lists alone tell nobody"
    cy.get(f"/review?skip={mail}")
    assert "zqnote" in cy.get(f"/mail/{mail}").text
    assert "Nothing waits for you" in cy.get("/review").text, "who skips it may look, and is not asked again"


def test_a_mail_that_was_not_judged_was_not_answered(here: Installation) -> None:
    bea = here.user("bea", "lead")
    envelope = Envelope(mail_from="ada@example.net", rcpt_to=("support@shop.test",))
    (mail,) = here.house.reception().accept(envelope, REFUND, Peer(door="pipe", trusted=True)).result()
    assert bea.get(f"/mail/{mail.id}").status == 200
    assert bea.get(f"/review?last={mail.id}").status == 200


def test_a_second_look_is_skipped_or_left(here: Installation, questions: list[str]) -> None:
    ada, bea = here.user("ada", "reviewer"), here.user("bea", "reviewer")
    for mail in questions:
        answer(ada, mail, route="refunds")
    first = asked(bea.get("/review").text).partition("/")[0]
    page = bea.get(f"/review?skip={first}").text
    assert asked(page).partition("/")[0] in set(questions) - {first}
    bea.post(f"/review/{questions[1]}/leave", csrf=bea.csrf())
    assert bea.at == "/inbox"


def test_what_was_skipped_is_offered_again_while_it_waits(here: Installation, questions: list[str]) -> None:
    ada, bea, kim = (here.user(name, "reviewer") for name in ("ada", "bea", "kim"))
    for mail in questions:
        answer(ada, mail, route="refunds")
    skip = ",".join(questions)
    page = bea.get(f"/review?skip={skip}").text
    assert "Nothing waits for you" in page
    assert '<a href="/review" data-key="n">Look at what you skipped</a>' in page
    assert asked(bea.get("/review").text).endswith("/second")
    bea.get(f"/review?skip={skip}")
    for mail in questions:
        kim.get(f"/review?skip={','.join(one for one in questions if one != mail)}")
        answer(kim, mail, second=True, route="refunds")
    page = bea.get(f"/review?skip={skip}").text
    assert "Nothing waits for you" in page
    assert "skipped" not in page


def test_what_was_skipped_does_not_come_back_with_the_next_answer(here: Installation, questions: list[str]) -> None:
    ada = here.user("ada", "reviewer")
    page = ada.get(f"/review?skip={questions[0]}").text
    assert asked(page) == questions[1]
    page = answer(ada, questions[1], route="", skip=questions[0])
    assert ada.at == f"/review?last={questions[1]}&skip={questions[0]}"
    assert asked(page) == questions[2]
    assert f'name="skip" value="{questions[0]}"' in page


def test_a_lead_settles_what_two_differ_on(here: Installation, differing: str) -> None:
    lea, bea = here.user("lea", "lead"), here.user("kim", "reviewer")
    assert "1 to settle" in lea.get("/review").words
    page = lea.get("/review/agreement").words
    assert "refunds or appeals?" in page
    assert "0 of 1 mail;" in page
    assert all(name in page for name in ("ada", "bea"))
    assert "refunds or appeals?" not in bea.get("/review/agreement").words
    assert bea.get(f"/review/agreement/{differing}").status == 403
    page = lea.get(f"/review/agreement/{differing}").words
    assert "<bdi>ada</bdi> said refunds" in page
    assert "<bdi>bea</bdi> said appeals" in page
    path = f"/review/agreement/{differing}"
    assert lea.post(path, csrf=lea.csrf(), generation="2").status == 409
    assert lea.post(path, csrf=lea.csrf(), generation="2", answer="appeals", note="an appeal").status == 200
    assert lea.at == "/review/agreement"
    newest = here.house.store.decisions(differing)[-1]  # type: ignore[arg-type]
    assert (newest.route, newest.by) == ("appeals", "lea")
    assert lea.get(path).status == 404
    assert "to settle" not in lea.get("/review").words


def test_a_reviewer_reads_of_himself_alone(here: Installation, differing: str) -> None:
    rows = {}
    for who in ("ada", "bea"):
        browser = here.browser()
        browser.sign_in(who)
        rows[who] = browser.get("/review/agreement?days=30").words
    assert ">ada<" in rows["ada"]
    assert ">bea<" not in rows["ada"].partition("<main")[2]
    assert ">bea<" in rows["bea"]
    video = here.user("vic", "lead", brands=("video",))
    page = video.get("/review/agreement").words
    assert "No mail has had two looks yet" in page
    assert differing not in page


def test_one_of_the_two_does_not_settle_it(here: Installation, questions: list[str]) -> None:
    lea, bea = here.user("lea", "lead"), here.user("bea", "reviewer")
    for mail in questions:
        answer(lea, mail, route="refunds")
    for _ in questions:
        mail = asked(bea.get("/review").text).partition("/")[0]
        answer(bea, mail, second=True, route="appeals")
    assert "is yours" in lea.get(f"/review/agreement/{questions[0]}").words
    refused = lea.post(f"/review/agreement/{questions[0]}", csrf=lea.csrf(), generation="2", route="appeals")
    assert refused.status == 409


def test_a_split_mail_is_at_both_desks_each_with_its_own_unread(here: Installation) -> None:
    (mail,) = here.receive(REFUND)
    lea = here.user("lea", "lead")
    rolf, anna, gus = (
        here.user(n, "agent", routes=(r,)) for n, r in (("rolf", "refunds"), ("anna", "appeals"), ("gus", "general"))
    )
    token, path = lea.csrf(), f"/mail/{mail}/split"
    assert lea.post(path, csrf=token, generation="1", route="refunds").status == 409
    assert lea.post(path, csrf=token, generation="1", route="refunds", also="appeals").status == 200
    here.work()
    assert "It lies at two desks" in lea.get(f"/mail/{mail}").words
    assert gus.get(f"/mail/{mail}").status == 404
    lea.post("/inbox", csrf=token, mail=f"{mail}.2", verb="read")
    second = here.receive(letter("I was charged thrice for order 9. Please refund me.", subject="thrice"))[0]
    lea.post(f"/mail/{second}/split", csrf=token, generation="1", route="refunds", also="appeals")
    here.work()
    for who, desk in ((rolf, "refunds"), (anna, "appeals")):
        page = who.get(f"/inbox?route={desk}&reading=unread").words
        assert "+ appeals" in page
        assert f"/mail/{second}" in page
        assert f'aria-current="page">{desk.capitalize()}' in who.get(f"/mail/{second}").text
    unread = [one.destination for one in here.house.store.entries("", unread_only=True)]
    assert unread == [], "both have read it"


def test_the_day_is_told(tmp_path: Path) -> None:
    hours = '[review]\ncalendar = "desk"\nhours = 4\n[calendar.desk]\n' + "".join(
        f'{day} = ["00:00-24:00"]\n'
        for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    )
    with installation(tmp_path, SETTINGS + hours) as here:
        page = here.user("ada", "reviewer").get("/review").words
        assert "Staffed until" in page
        assert "within 4 hours of staffed time" in page


def test_with_the_desk_closed_it_says_when_it_opens(here: Installation) -> None:
    from postroom.decide.calendars import Calendar

    closed = replace(here.room.staffing, staffed=Calendar(), clock=lambda: 1_767_283_200.0 + 8 * 3600)
    app = site(replace(here.room, staffing=closed))
    here.user("ada", "reviewer")
    browser = Browser(app=app)
    browser.sign_in("ada")
    assert "Not staffed until" in browser.get("/review").words.replace("<b>", "").replace("</b>", "")


def test_second_looks_are_drawn_by_a_key(here: Installation) -> None:
    assert here.room.reviewing.second_look == Audit(share=1.0, key=here.house.key, purpose=SECOND_LOOK)
