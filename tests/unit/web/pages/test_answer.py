"""Answering in the browser, to a real server."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path
from zipfile import ZipFile

import pytest

from postroom.bootstrap.privacy import export, held
from postroom.model.cases import WantedCases
from postroom.model.mail import Envelope, MailId, Peer, RouteName
from postroom.model.people import ALL, UserName
from postroom.model.replies import Reply
from postroom.testing.smtp_sink import SmtpSink
from postroom.web.conversation import before
from postroom.web.correspondence import counted
from postroom.web.seen import known
from tests.answering import ANSWERING, PLEA, answers, dsn, send_all, signed, write_template
from tests.pages_house import APPEAL, REFUND, Answer, Browser, Installation, installation, letter


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as opened:
        yield opened


@pytest.fixture
def here(tmp_path: Path, sink: SmtpSink) -> Iterator[Installation]:
    with installation(tmp_path, answers(sink.host, sink.port)) as made:
        made.room.casework.filing.watch()
        yield made


def incoming(here: Installation, raw: bytes) -> MailId:
    (mail_id,) = here.receive(raw)
    here.room.casework.catch_up()
    return mail_id


def say(browser: Browser, mail_id: MailId, verb: str, text: str, **fields: str) -> Answer:
    """The form of a mail's page, as it is now."""
    page = browser.get(f"/mail/{mail_id}").text
    after = re.search(r'name="after" value="([^"]*)"', page)
    given = {"after": after[1] if after else "", "back": f"/mail/{mail_id}"} | fields
    return browser.post(f"/mail/{mail_id}/answer", csrf=browser.csrf(), verb=verb, text=text, **given)


def replies(here: Installation, mail_id: MailId) -> tuple[Reply, ...]:
    return here.house.replies.of_mails([mail_id]).get(mail_id, ())


def test_an_answer_is_seen_sent_and_shown(here: Installation, sink: SmtpSink) -> None:
    ada = here.user("ada", "agent")
    mail_id = incoming(here, signed(PLEA))
    page = ada.get(f"/mail/{mail_id}")
    assert "ada@example.net" in page.words
    assert "From, authenticated" in page.words
    assert "Nothing proves" not in page.words
    seen = say(ada, mail_id, "preview", "It is restored.\nSorry!", quote="1")
    assert seen.status == 200
    for words in (
        "This is what is sent",
        "Shop support <support@shop.test>",
        "Re: Suspended account",
        "> My account was",
    ):
        assert words in seen.words
    assert replies(here, mail_id) == ()
    after = say(ada, mail_id, "send", "It is restored.\nSorry!", quote="1")
    assert after.status == 200
    assert "is being sent" in after.words
    send_all(here)
    (mail,) = sink.mails
    assert (mail.sender, mail.rcpts) == ("support@shop.test", ("ada@example.net",))
    told = message_from_bytes(mail.data, policy=policy.default)
    (reply,) = replies(here, mail_id)
    assert told["Message-ID"] == f"<{reply.message_id}>"
    assert reply.message_id.endswith("@shop.test")
    (arrived,) = here.house.store.read([mail_id])
    assert told["In-Reply-To"] == told["References"] == f"<{arrived.message_id}>"
    assert told.get_content().startswith("It is restored.\r\nSorry!\r\n\r\nAda Lovelace, ")
    assert "Auto-Submitted" not in told
    assert "answered by ada" in ada.get("/inbox").words
    assert ">sent<" in ada.get(f"/mail/{mail_id}").text
    assert [one.what for one in here.house.store.events(mail_id)][-2:] == ["answer written", "answer sent"]
    assert [one.what for one in here.house.people.journal.deeds(limit=1)] == ["answered"]


def test_a_template_is_filled_in_the_language_of_the_mail(here: Installation) -> None:
    ada = here.user("ada", "agent")
    german = "Mein Konto wurde gestern gesperrt, obwohl ich nichts getan habe. Bitte prüfen Sie die Sperrung und stellen Sie mein Konto wieder her."
    mail_id = incoming(here, signed(german))
    page = ada.get(f"/mail/{mail_id}?template=appeal-granted").words
    assert "Ihr Konto ist wiederhergestellt" in page
    assert "Mit freundlichen Grüßen\nShop support" in page
    assert "your account is restored" in ada.get(f"/mail/{mail_id}?template=appeal-granted&language=en").words
    assert "no-such" in ada.get(f"/mail/{mail_id}?template=no-such").words


def chosen(page: Answer) -> str:
    """The language that the form begins with."""
    (found,) = re.findall(
        r'<option value="(\w+)" selected', page.text.partition('<select name="in"')[2].partition("</select>")[0]
    )
    return str(found)


def test_where_no_template_is_in_the_language_of_the_mail_it_is_english(here: Installation) -> None:
    ada = here.user("ada", "agent")
    italian = "Il mio account è stato sospeso ieri e non ho fatto nulla di male. Vi prego di riesaminare la sospensione e di ripristinare il mio account."
    mail_id = incoming(here, signed(italian))
    page = ada.get(f"/mail/{mail_id}")
    assert chosen(page) == "en"
    assert "No template is in Italian, the language of the mail." in page.words
    assert "your account is restored" in ada.get(f"/mail/{mail_id}?template=appeal-granted").words
    english = incoming(here, signed(PLEA))
    assert "No template is in" not in ada.get(f"/mail/{english}").words


def test_the_reason_of_a_case_stands_in_its_answer_and_says_whence(here: Installation) -> None:
    ada = here.user("ada", "agent")
    mail_id = incoming(here, signed(PLEA))
    page = f"/mail/{mail_id}?template=appeal-rejected&language=en"
    assert "{reason}" in ada.get(page).words
    case = here.room.cases.case(1, ALL)  # type: ignore[arg-type]
    assert case is not None
    csrf = ada.csrf()
    ada.post("/case/1/decide", csrf=csrf, version=str(case.version), outcome="rejected", reason="You sold\n{fakes}.")
    told = ada.get(page).words
    assert "You sold\n(fakes)." in told
    assert "what stands in case 1, where it may have been written for the team alone" in told
    assert (
        "what stands in case 1"
        in say(ada, mail_id, "preview", "So it is.", template="appeal-rejected", language="en").words
    )
    assert "what stands in case 1" not in ada.get(f"/mail/{mail_id}?template=appeal-granted&language=en").words


def test_only_a_case_waits_for_them(here: Installation) -> None:
    ada = here.user("ada", "agent")
    (refund,) = here.receive(REFUND)
    appeal = incoming(here, signed(PLEA))
    for mail_id, waits in ((refund, False), (appeal, True)):
        assert ("I ask them for more: their case waits for them" in ada.get(f"/mail/{mail_id}").words) is waits
        assert ("Their case then waits" in say(ada, mail_id, "preview", "Which?", asks="1").words) is waits


def test_what_was_written_before_stands_on_the_pages(here: Installation) -> None:
    ada, rob = here.user("ada", "agent"), here.user("rob", "agent", routes=("refunds",))
    first = incoming(here, signed(PLEA))
    say(ada, first, "send", "We are looking into it.")
    send_all(here)
    (reply,) = replies(here, first)
    again = incoming(
        here, signed("Any news?", subject="Re: Suspended account", extra=f"In-Reply-To: <{reply.message_id}>\r\n")
    )
    page = ada.get(f"/mail/{again}").text
    earlier = page.partition('id="before-title"')[2].partition("</section>")[0]
    assert re.findall(r">(My account was|We are looking)[^<]*</div>", earlier) == ["My account was", "We are looking"]
    assert re.findall(r'<details class="(said[^"]*)"( open)?>', earlier) == [("said", ""), ("said ours", " open")]
    assert f'href="/mail/{first}"' in earlier
    assert "<dd>1 mail, at appeals" in page
    case = ada.get("/case/1").text.partition('id="said-title"')[2].partition("</section>")[0]
    assert re.findall(r'<details class="(said[^"]*)"( open)?>', case) == [
        ("said", " open"),
        ("said ours", ""),
        ("said", " open"),
    ]
    assert 'id="before-title"' not in ada.get(f"/mail/{first}").text
    assert re.search(r'id="letter-title".*>Any news\?</div>', say(ada, again, "preview", "Soon.").text, re.DOTALL)
    # nor is it shown to whoever has a second look at the mail in hand
    root = here.room.accounts.user(UserName("root"))
    assert root is not None
    one = known(here.room, root, again)
    cases, of_sender = (
        here.room.cases.all_of_mail(again, ALL),
        counted(here.room.views, ALL, "ada@example.net", after=again),
    )
    assert [
        len(before(here.room, root, replace(one, blind=blind), cases, of_sender).said) for blind in (False, True)
    ] == [2, 0]
    # without a case it is read off the thread
    assert len(before(here.room, root, one, (), of_sender).said) == 2
    # who only knows the Message-ID is shown nothing, nor is who may not see the mails
    (forged,) = here.receive(
        signed("Any news?", sender="Eve <eve@example.org>", extra=f"In-Reply-To: <{reply.message_id}>\r\n")
    )
    assert 'id="before-title"' not in ada.get(f"/mail/{forged}").text
    (mail,) = here.house.store.read([again])
    here.room.reviewing.give(mail, RouteName("refunds"), "ada")
    assert 'id="before-title"' not in rob.get(f"/mail/{again}").text
    assert "My account was" not in rob.get(f"/mail/{again}").text


def test_a_long_conversation_keeps_its_first_and_newest_and_weighs_little(here: Installation) -> None:
    lea = here.user("lea", "lead")
    extra = ""
    for number in range(13):
        raw = signed(f"{PLEA} Number {number}. " + f"{PLEA} & <> " * 90, extra=extra)
        (mail_id,) = here.receive(raw)
        message_id = raw.partition(b"Message-ID: ")[2].partition(b"\r")[0].decode()
        extra = f"In-Reply-To: {message_id}\r\n"
    page = lea.get(f"/mail/{mail_id}").text
    assert [int(one) for one in re.findall(r">My[^<]*Number (\d+)", page.partition('id="before-title"')[2])] == [
        0,
        *range(3, 12),
    ]
    assert "2 more between" in page
    assert len(page.encode()) < 150_000


def test_a_template_keeps_what_was_typed(here: Installation) -> None:
    ada = here.user("ada", "agent")
    mail_id = incoming(here, signed(PLEA))
    asked = {"csrf": ada.csrf(), "verb": "template", "begin": "appeal-granted", "in": "en", "back": f"/mail/{mail_id}"}

    def use(**fields: str) -> str:
        page = ada.post(f"/mail/{mail_id}/answer", **(asked | fields))
        assert page.status == (409 if "begin" in fields and not fields["begin"] else 200)
        return page.words

    def typed(page: str) -> str:
        return page.partition('<textarea name="text" rows')[2].partition(">")[2].partition("</textarea>")[0].strip()

    fresh = typed(use(text=" \r\n"))
    assert ada.at == f"/mail/{mail_id}?template=appeal-granted&language=en"
    assert "your account is restored" in fresh
    other = typed(use(text=fresh.replace("\n", "\r\n"), template="appeal-granted", language="en", begin="appeal-more"))
    assert ada.at.startswith(f"/mail/{mail_id}?template=appeal-more"), "nobody wrote anything yet"
    assert "your account is restored" not in other
    page = use(text="I looked at it myself.\r\n\r\nSorry!", quote="1")
    assert typed(page) == f"I looked at it myself.\n\nSorry!\n\n{fresh}"
    assert 'name="quote" value="1" checked' in page
    assert '<input type="hidden" name="template" value="appeal-granted">' in page
    page = use(text="Mine.", begin="")
    assert "Choose a template first" in page
    assert typed(page) == "Mine."


def test_what_is_not_filled_in_is_not_sent_and_its_words_stay(here: Installation, sink: SmtpSink) -> None:
    ada = here.user("ada", "agent")
    mail_id = incoming(here, signed(PLEA))
    text = "We need:\n\n{question}\n\nMy own words."
    for verb in ("preview", "send"):
        told = say(ada, mail_id, verb, text)
        assert told.status == 409
        assert "write what stands for {question} first" in told.words
        assert "My own words." in told.words
    assert say(ada, mail_id, "preview", "  ").status == 409
    assert replies(here, mail_id) == ()


def test_two_who_answer_at_once(here: Installation) -> None:
    ada, bob = here.user("ada", "agent"), here.user("bob", "agent")
    mail_id = incoming(here, signed(PLEA))
    assert say(ada, mail_id, "send", "Yes.").status == 200
    late = say(bob, mail_id, "send", "No.", after="")
    assert late.status == 409
    assert "ada has answered meanwhile" in late.words
    assert "No." in late.words
    (theirs,) = replies(here, mail_id)
    for page in (late, say(bob, mail_id, "preview", "No.", after="")):
        # theirs is open to read, above one's own, and what goes next says that it was shown
        assert re.search(r"<details class=\"said ours\" open>.*?<b>ada</b>.*?>Yes\.</div>", page.text, re.DOTALL)
        assert page.text.index(">Yes.</div>") < page.text.index("No.")
        assert set(re.findall(r'name="after" value="([^"]*)"', page.text)) == {theirs.id}
    assert "autofocus>Send" not in page.text
    sent = say(bob, mail_id, "preview", "More.")
    assert "Answered already" in sent.words
    assert "answered meanwhile" not in sent.words
    assert say(bob, mail_id, "send", "More.").status == 200
    assert len(replies(here, mail_id)) == 2


def test_it_can_be_taken_back_until_it_is_sent(tmp_path: Path, sink: SmtpSink) -> None:
    wanted = answers(sink.host, sink.port).replace("undo_seconds = 0", "undo_seconds = 60")
    with installation(tmp_path, wanted) as here:
        ada = here.user("ada", "agent")
        mail_id = incoming(here, signed(PLEA))
        page = say(ada, mail_id, "send", "Yes.")
        assert "goes in 60 s" in page.words
        send_all(here)
        assert sink.mails == []
        (reply,) = replies(here, mail_id)
        back = ada.post(f"/answer/{reply.id}/take-back", csrf=ada.csrf(), back=f"/mail/{mail_id}")
        assert "taken back" in back.words
        assert re.search(r"<textarea name=\"text\"[^>]*>\nYes\.</textarea>", back.text)
        assert f"/mail/{mail_id}?again={reply.id}" in ada.at
        again = ada.post(f"/answer/{reply.id}/take-back", csrf=ada.csrf())
        assert again.status == 409
        assert "too late" in again.words
        assert "answer on its way" not in ada.get("/inbox").words


def test_a_case_hears_of_an_answer_that_was_sent(here: Installation) -> None:
    ada = here.user("ada", "agent")
    mail_id = incoming(here, signed(PLEA))
    page = ada.get("/case/1?template=appeal-more&language=en")
    assert "To decide on it we need to know more" in page.words
    say(ada, mail_id, "send", "Which account?", asks="1", back="/case/1")
    assert here.room.cases.case(1, ALL).answered_at is None  # type: ignore[arg-type,union-attr]
    send_all(here)
    case = here.room.cases.case(1, ALL)  # type: ignore[arg-type]
    assert case is not None
    assert (case.state, case.answered_at is not None) == ("waiting", True)
    assert [one.what for one in here.room.cases.events(case.number, ALL)] == ["opened", "asked"]
    assert "answered by ada" in ada.get("/case/1").words
    say(ada, mail_id, "send", "And since when?")
    send_all(here)
    assert [one.what for one in here.room.cases.events(case.number, ALL)] == ["opened", "asked", "answered"]


def test_what_people_reply_goes_on_in_the_thread(here: Installation) -> None:
    ada = here.user("ada", "agent")
    mail_id = incoming(here, signed(PLEA))
    say(ada, mail_id, "send", "Which account?", asks="1")
    send_all(here)
    (reply,) = replies(here, mail_id)
    back = incoming(
        here, signed("It is the blue one.", subject="Fwd: none", extra=f"In-Reply-To: <{reply.message_id}>\r\n")
    )
    decision = here.house.store.decisions(back)[-1]
    assert decision.thread is not None
    assert (decision.thread.first_id, decision.thread.matched_by, decision.route) == (mail_id, "in-reply-to", "appeals")
    (case,) = here.room.cases.page(WantedCases(), ALL).cases
    assert case.state == "open"
    assert f"/mail/{back}" in ada.get(f"/case/{case.number}").text


def test_a_stranger_with_the_message_id_gets_no_thread(here: Installation) -> None:
    ada = here.user("ada", "agent")
    mail_id = incoming(here, signed(PLEA))
    say(ada, mail_id, "send", "Which account?")
    (reply,) = replies(here, mail_id)
    (back,) = here.receive(
        signed("The blue one.", sender="Eve <eve@example.org>", extra=f"In-Reply-To: <{reply.message_id}>\r\n")
    )
    assert here.house.store.decisions(back)[-1].thread is None


def test_our_own_answer_that_comes_back_is_a_loop(here: Installation, sink: SmtpSink) -> None:
    ada = here.user("ada", "agent")
    mail_id = incoming(here, signed(PLEA))
    say(ada, mail_id, "send", "Yes.")
    send_all(here)
    stripped = re.sub(rb"X-Postroom-Mark:[^\n]*\n", b"", sink.mails[0].data)
    for raw in (sink.mails[0].data, stripped):
        (back,) = here.receive(b"Received: from mx\r\n" + raw)
        assert here.house.store.decisions(back) == ()
        assert here.room.views.row(back, ALL).state == "parked"  # type: ignore[union-attr]


def test_a_bounce_marks_the_answer(here: Installation) -> None:
    ada = here.user("ada", "agent")
    mail_id = incoming(here, signed(PLEA))
    say(ada, mail_id, "send", "Which account?", asks="1")
    send_all(here)
    (reply,) = replies(here, mail_id)
    here.receive(dsn("01jdab3c4d5e6f7g8h9jkmnpqr.aaaaaaaaaaaaaaaa@shop.test", "support@shop.test"))
    here.receive(dsn(reply.message_id, "help@video.test"), to="help@video.test")
    assert replies(here, mail_id)[0].state == "sent"
    here.receive(dsn(reply.message_id, "support@shop.test"))
    assert "answer came back" in ada.get("/inbox").words
    assert "answer came back" in ada.get("/case/1").words
    page = ada.get(f"/mail/{mail_id}").words
    assert "a bounce says that ada@example.net was not reached" in page
    assert here.room.cases.case(1, ALL).state == "waiting"  # type: ignore[arg-type,union-attr]


def test_who_is_not_authenticated_is_answered_with_a_warning(here: Installation, sink: SmtpSink) -> None:
    ada = here.user("ada", "agent")
    mail_id = incoming(here, letter(PLEA, extra="Reply-To: eve@example.org\r\n"))
    page = ada.get(f"/mail/{mail_id}").words
    assert "Nothing proves that this address is the person’s" in page
    assert re.search(r'name="to" value="ada@example.net" checked', page)
    assert "Nothing proves" in say(ada, mail_id, "preview", "Yes.").words
    assert say(ada, mail_id, "send", "Yes.", to="mallory@example.org").status == 409
    say(ada, mail_id, "send", "Yes.")
    say(ada, mail_id, "send", "Yes, there too.", to="eve@example.org")
    send_all(here)
    assert [one.rcpts for one in sink.mails] == [("ada@example.net",), ("eve@example.org",)]


def test_one_answer_that_is_on_its_way_again_keeps_no_other_back(here: Installation, sink: SmtpSink) -> None:
    lea = here.user("lea", "lead")
    mail_id = incoming(here, signed(PLEA))
    say(lea, mail_id, "send", "Yes.")
    sink.fail("rcpt", reply="550 5.1.1 no such user", times=2)
    send_all(here)
    (first,) = replies(here, mail_id)
    say(lea, mail_id, "send", "Yes, indeed.", after=first.id)
    send_all(here)
    both = [one.id for one in replies(here, mail_id)]
    here.room.answering.again(here.room.team.find("lea"), first)
    page = lea.post("/letters/answers", csrf=lea.csrf(), reply=both, verb="drop", reason="gone")
    assert "1 of 2 answers are given up, the others not: this answer does not lie aside" in page.words
    assert [one.state for one in replies(here, mail_id)] == ["waiting", "withdrawn"]


def test_what_nobody_takes_is_a_dead_letter(here: Installation, sink: SmtpSink) -> None:
    ada, lea = here.user("ada", "agent"), here.user("lea", "lead")
    mail_id = incoming(here, signed(PLEA))
    say(ada, mail_id, "send", "Yes.")
    sink.fail("rcpt", reply="550 5.1.1 no such user", times=2)
    send_all(here)
    (reply,) = replies(here, mail_id)
    assert "answer not sent" in ada.get("/inbox").words
    page = lea.get("/letters").words
    assert "Answers that were not sent" in page
    assert "no such user" in page
    # Enter after the reason presses the first button
    assert page.index('name="reason"') < page.index('value="drop"') < page.index('value="again"')
    csrf = lea.csrf()
    lea.post("/letters/answers", csrf=csrf, reply=reply.id, verb="again")
    send_all(here)
    assert replies(here, mail_id)[0].state == "failed"
    assert lea.post("/letters/answers", csrf=csrf, reply=reply.id, verb="drop").status == 409
    assert lea.post("/letters/answers", csrf=csrf, reply=reply.id, verb="burn").status == 409
    assert lea.post("/letters/answers", csrf=csrf, verb="again").status == 409
    assert (
        "No dead letters" in lea.post("/letters/answers", csrf=csrf, reply=reply.id, verb="drop", reason="gone").words
    )
    assert lea.post("/letters/answers", csrf=csrf, reply=reply.id, verb="again").status == 409
    assert lea.post("/letters/answers", csrf=csrf, reply=reply.id, verb="drop", reason="gone").status == 409
    assert [one.what for one in here.house.people.journal.deeds(limit=2)] == ["answer-given-up", "answer-tried-again"]


def test_viewers_read_answers_and_write_none(here: Installation) -> None:
    ada, vic = here.user("ada", "agent"), here.user("vic", "viewer")
    mail_id = incoming(here, signed(PLEA))
    say(ada, mail_id, "send", "Yes, it is.")
    page = vic.get(f"/mail/{mail_id}").text
    assert "Yes, it is." in page
    assert "Write an answer" not in page
    assert say(vic, mail_id, "send", "Me too.").status == 403
    (reply,) = replies(here, mail_id)
    assert vic.post(f"/answer/{reply.id}/take-back", csrf=vic.csrf()).status == 403


def test_agents_of_other_desks_see_no_answer(here: Installation) -> None:
    ada, rob = here.user("ada", "agent"), here.user("rob", "agent", routes=("refunds",))
    mail_id = incoming(here, signed(PLEA))
    say(ada, mail_id, "send", "Yes.")
    (reply,) = replies(here, mail_id)
    assert rob.post(f"/mail/{mail_id}/answer", csrf=rob.csrf(), verb="send", text="No.").status == 404
    assert rob.post(f"/answer/{reply.id}/take-back", csrf=rob.csrf()).status == 404


def test_without_settings_the_form_says_what_to_set(tmp_path: Path) -> None:
    with installation(tmp_path, ANSWERING) as here:
        ada = here.user("ada", "agent")
        (mail_id,) = here.receive(APPEAL)
        page = ada.get(f"/mail/{mail_id}").words
        assert "as [answers] host in postroom.toml" in page
        assert "Write an answer" not in page
        assert say(ada, mail_id, "send", "Yes.").status == 409


def test_nobody_reads_answers_to_a_bounce(here: Installation) -> None:
    ada = here.user("ada", "agent")
    (mail_id,) = here.receive(dsn("none@shop.test", "support@shop.test"))
    assert "Nobody reads answers to this mail" in ada.get(f"/mail/{mail_id}").words


def test_a_template_of_the_team_is_offered_once_it_is_there(here: Installation) -> None:
    ada = here.user("ada", "agent")
    mail_id = incoming(here, signed(PLEA))
    assert "Our own" not in ada.get(f"/mail/{mail_id}").words
    write_template(
        here.house.base, "ours", 'title = "Our own"\n[text]\nen = "Hello {name}, case {case}: {subject}, {agent}"\n'
    )
    page = ada.get(f"/mail/{mail_id}?template=ours").words
    assert "Hello Ada Lovelace, case 1: Suspended account, Ada" in page


def test_who_is_erased_has_no_answers_left(here: Installation) -> None:
    ada = here.user("ada", "agent")
    mail_id = incoming(here, signed(PLEA))
    say(ada, mail_id, "send", "Which account?")
    send_all(here)
    raw = signed("I ask for Ada.", sender="Bob <bob@example.org>", extra="Reply-To: ada@example.net\r\n")
    envelope = Envelope(mail_from="bob@example.org", rcpt_to=("support@shop.test",))
    (theirs,) = here.house.reception().accept(envelope, raw, Peer(door="pipe", trusted=True)).result()
    here.work()
    other = theirs.id
    say(ada, other, "send", "Yes.", to="ada@example.net")
    assert len(replies(here, other)) == 1
    export(here.house, "ada@example.net", here.house.base / "ada.zip", "root")
    told = json.loads(ZipFile(here.house.base / "ada.zip").read("person.json"))
    (answer,) = told["mails"][0]["answers"]
    assert (answer["text"], answer["state"]) == ("Which account?", "sent")
    assert "by" not in answer
    assert held(here.house, "ada@example.net")["answers"] == 1
    here.house.eraser.erase("ada@example.net", "root")
    assert (replies(here, mail_id), replies(here, other)) == ((), ())
