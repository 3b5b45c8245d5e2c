"""Posing. Goals: a machine's mail answered as a person's, round and round; a person's mail hidden as a machine's from a desk;
somebody taken for somebody else."""

import pytest

from postroom.adapters.intake.files import FoundMail
from postroom.bootstrap.files import Offline
from postroom.bootstrap.house import House
from postroom.config import load
from tests.attacks.attacker import DEMANDS, SHORT, judged, judged_raw, mail

APPEAL = DEMANDS["appeals"]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Auto_Submitted": "auto-replied"}, APPEAL), ({"Auto_Submitted": "auto-generated"}, APPEAL), ({"X_Autoreply": "yes"}, APPEAL),
        ({"Precedence": "bulk"}, APPEAL), ({"List_Id": "<news.example.com>"}, APPEAL), ({"Return_Path": "<>"}, APPEAL),
        ({"From": "MAILER-DAEMON <mailer-daemon@example.com>", "Subject": "Undeliverable: hello"}, f"Your message could not be delivered. {APPEAL}"),
        ({"Subject": "Automatic reply: hello"}, "I am out of the office until Monday and will answer then."),
        ({"Subject": "Abwesenheitsnotiz"}, "Ich bin bis Montag nicht im Büro und antworte danach."),
    ],
)  # fmt: skip
def test_a_machine_s_mail_reaches_no_desk_by_its_words(headers: dict[str, str], body: str) -> None:
    """Goal: two systems that answer one another through a desk."""
    decision = judged(body, **headers)
    assert decision.route == "automatic"
    assert decision.urgent == ()


@pytest.mark.parametrize(
    "body",
    [
        f"I was out of the office when you closed it. {APPEAL}",
        f"I got an automatic reply saying that my message could not be delivered. {APPEAL}",
        f"Please do not reply automatically again! {APPEAL}",
    ],
)
def test_a_person_who_speaks_of_machines_is_not_taken_for_one(body: str) -> None:
    assert judged(body, Subject="Re: Hello").route in {"appeals", "review"}


@pytest.mark.parametrize("number", range(5))
def test_an_answer_that_answers_itself_for_ever_is_stopped(number: int) -> None:
    """Goal: a loop of machines that hide what they are: each pass adds a Received line, and those are counted."""
    hops = "".join(f"Received: from a.example.net by b.example.net; {n}\r\n" for n in range(101 + number))
    _, decision = judged_raw(
        hops.encode() + mail(f"Thank you for your message! {APPEAL}", Subject="Re: " * 30 + "Hello")
    )
    assert decision.route == "review"
    assert "loop" in decision.because


@pytest.mark.parametrize("kind", ["text/calendar; method=REQUEST", "text/calendar; method=REPLY", "text/x-vcard"])
def test_an_invitation_brings_its_words_to_no_desk(kind: str) -> None:
    event = (
        f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:{APPEAL}\r\nDESCRIPTION:{APPEAL}\r\nEND:VEVENT\r\nEND:VCALENDAR"
    )
    assert judged(event, kind, Subject="Invitation: tea").route in {"general", "automatic", "review"}


@pytest.mark.parametrize("report", ["delivery-status", "disposition-notification", "feedback-report"])
def test_a_report_is_no_appeal_whatever_it_returns(report: str) -> None:
    body = f"--x\r\n\r\n{SHORT}\r\n--x\r\nContent-Type: message/{report}\r\n\r\nAction: failed\r\nFinal-Recipient: rfc822; a@example.com\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n{APPEAL}\r\n--x--"
    decision = judged(body, f"multipart/report; report-type={report}; boundary=x")
    assert decision.route in {"automatic", "general", "review"}


LOOKALIKES = (
    "exаmple.com", "examp1e.com", "exarnple.com", "xn--exmple-4nf.com", "example-support.com", "example.com.account.test", "exmaple.com",
    "examplle.com", "exampl.com", "example.co", "support.example.net", "еxample.com", "ехаmрlе.com",
)  # fmt: skip


@pytest.mark.parametrize("domain", LOOKALIKES)
@pytest.mark.parametrize("header", ["From", "Reply_To"])
def test_a_domain_that_imitates_ours_gets_to_a_desk_by_a_person_alone(domain: str, header: str) -> None:
    """Goal: a colleague asks the desk to restore an account."""
    text = '[brand.main]\naddresses = ["support@example.com"]\n[trust]\nteam_domains = ["example.com"]\n'
    routes = "".join(
        f'[route.{name}]\ndestinations = ["{name}"]\n[destination.{name}]\nkind = "inbox"\n'
        for name in ("appeals", "general")
    )
    settings, problems = load(f'hostname = "mail.example.com"\n{text}{routes}')
    assert settings is not None, problems
    body = "This is Bob of the trust team. This account was suspended by mistake, please restore her account and lift the ban."
    raw = mail(
        body, **{"From": "Bob <bob@example.org>", "Subject": "For the appeals desk"} | {header: f"Bob <bob@{domain}>"}
    )
    ((_, _, decision),) = Offline(House(settings, house_folder())).decisions([FoundMail(path="mail", raw=raw)])
    assert decision.route in {"general", "review"}, decision.because


def house_folder():  # type: ignore[no-untyped-def]
    """No folder: nothing is kept."""
    from pathlib import Path

    return Path("/nonexistent")
