"""What pages about rules make of what people paste and of problems."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.decide.problems import Problem, Severity
from postroom.model.errors import Refused
from postroom.model.mail import BrandName, Envelope, Mail, MailId, Peer
from postroom.model.trust import Trust
from postroom.understand.reader import read
from postroom.web import ruleview


def problem(line: int, severity: Severity) -> Problem:
    return Problem(file="rules/x.toml", line=line, column=1, severity=severity, message="m")


def test_lines_show_their_worst_problem() -> None:
    found = [problem(2, "note"), problem(2, "error"), problem(2, "warning"), problem(9, "error")]
    assert ruleview.lines("a\nb\nc", found) == [(1, ""), (2, "error"), (3, "")]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("From: a@example.com\n\nhello", True),
        ("Received: from x\n by y\nSubject: hi\n\nhello", True),
        ("From: a@example.com\nhello", False),
        ("Dear team: hello\n\nplease help", False),
        ("Note: I wrote before\n\nplease", False),
        ("hello\n\nFrom: me", False),
        ("", False),
    ],
)
def test_a_message_is_known_by_its_headers(text: str, is_one: bool) -> None:
    assert ruleview.is_message(text) == is_one


def test_a_text_becomes_a_mail_whose_headers_nobody_can_add_to() -> None:
    found = ruleview.pasted(
        "hello\nthere \ud800", brand="", brands=("shop",), sender="a@b.test\r\nBcc: x", subject="hi\r\n\r\nbody\u2028x"
    )
    head, _, body = found.raw.partition(b"\r\n\r\n")
    assert b"\r\nBcc" not in head
    assert b"Subject: hi body x\r\n" in head
    assert body == b"hello\r\nthere ?"
    assert found.brand == "shop"


def test_a_message_stays_as_it_is() -> None:
    raw = "From: a@example.com\r\nSubject: x\r\n\r\nhello"
    assert ruleview.pasted(raw, brand="shop", brands=("shop",), sender="other@example.com").raw == raw.encode()


@pytest.mark.parametrize("facts", [{"text": ""}, {"text": "x" * 200_001}, {"brand": "no"}, {"account": "no"}])
def test_what_is_no_mail_is_refused(facts: dict[str, str]) -> None:
    with pytest.raises(Refused):
        ruleview.pasted(**({"text": "x", "brand": "", "brands": ("shop",)} | facts))  # type: ignore[arg-type]


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_whatever_is_pasted_can_be_read(text: str, sender: str, subject: str) -> None:
    try:
        found = ruleview.pasted(text, brand="", brands=(), sender=sender, subject=subject)
    except Refused:
        return
    mail = Mail(id=MailId("m"), received_at=1.0, brand=BrandName(""), envelope=Envelope(mail_from="", rcpt_to=()), peer=Peer(door="files"), raw=found.raw)  # fmt: skip
    assert read(mail, Trust()).received_count >= 0


def test_every_file_has_an_address() -> None:
    assert ruleview.address("rules/a b.toml") == "/rules/rules/a%20b.toml"
    assert ruleview.address("starter/rules/x.toml") == "/rules/shipped?file=starter/rules/x.toml"
