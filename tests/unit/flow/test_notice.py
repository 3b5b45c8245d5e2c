"""What a destination is told of a mail that belongs elsewhere now: whatever the mail says, it can do no harm."""

from dataclasses import replace
from email import message_from_bytes
from email.policy import default

from hypothesis import example, given
from hypothesis import strategies as st

from postroom.flow.notice import notice
from postroom.model.mail import DestinationName, Mail
from postroom.model.marks import is_our_mark
from postroom.model.work import Summary
from postroom.testing.values import a_decision, a_mail

KEY = b"a key of thirty-two bytes in all"


def made(mail: Mail, subject: str = "My parcel", because: str = "ada says so") -> bytes:
    decision = a_decision(mail.id, 2, because=because)
    summary = Summary(subject=subject, from_addr="ada@example.com")
    return notice(mail, decision, summary, DestinationName("desk"), hostname="mx.shop.test", key=KEY)


def test_it_says_where_the_mail_is_now_and_why() -> None:
    mail = a_mail(1)
    told = message_from_bytes(made(mail), policy=default)
    assert told["Subject"] == "Belongs to appeals now: My parcel"
    assert told["Message-ID"] == f"<{mail.id}.desk.2@mx.shop.test>"
    assert told["References"] == told["In-Reply-To"] == "<1@example.com>"
    assert told["X-Postroom-Corrects"] == told["X-Postroom-Id"] == mail.id
    assert is_our_mark(told["X-Postroom-Mark"], KEY), "it cannot circle"
    assert told.get_content().splitlines() == [
        "This mail was delivered here before and belongs elsewhere now. There is nothing to do about it here.",
        "",
        f"Mail: {mail.id}",
        "From: ada@example.com",
        "Subject: My parcel",
        "Received: Fri, 15 Jan 2027 08:00:00 +0000",
        "Now in: appeals",
        "Because: ada says so",
    ]


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=60))
@example("a\r\nBcc: x@example.com\r\n\r\nbody", "\u2028\x85\ud800", "1@x>\r\nX: y")
@example("=?utf-8?q?=0d=0aBcc=3a_x?=", "", "")
def test_any_text_stays_where_it_belongs(subject: str, because: str, message_id: str) -> None:
    raw = made(replace(a_mail(1), message_id=message_id), subject, because)
    head, _, body = raw.partition(b"\r\n\r\n")
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in (b"\t", b" ")]
    thread = [b"In-Reply-To", b"References"]
    assert [name for name in names if name not in thread] == [
        b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Auto-Submitted", b"X-Postroom-Id", b"X-Postroom-Corrects",
        b"X-Postroom-Route", b"X-Postroom-Mark", b"MIME-Version", b"Content-Type", b"Content-Transfer-Encoding",
    ]  # fmt: skip
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert len(message_from_bytes(head + b"\r\n\r\n" + body, policy=default).get_content().splitlines()) == 8
