"""What docs/explanation/smtp-policy.md states, and that every test it names exists."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from postroom.adapters.intake.options import SmtpOptions
from postroom.ports import Recipient
from postroom.testing.smtp_dialogue import Stage

ROOT = Path(__file__).parents[4]
PAGE = ROOT / "docs" / "explanation" / "smtp-policy.md"
OPTIONS = SmtpOptions(hostname="mx.example.com")


def with_mail_begun(options: SmtpOptions, *, trusted: bool = False) -> Stage:
    stage = Stage(options=options, trusted=trusted, known={"support@example.com"})
    for line in (b"EHLO c\r\n", b"MAIL FROM:<a@example.org>\r\n", b"RCPT TO:<support@example.com>\r\n", b"DATA\r\n"):
        said = stage.send(line)
    assert said.startswith(b"354")
    return stage


def test_every_test_that_the_page_names_exists() -> None:
    page = PAGE.read_text(encoding="utf-8")
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", page))
    dialogues = set(re.findall(r"`([\w-]+\.txt)`", page))
    assert len(named) > 15
    assert len(dialogues) > 10
    assert [name for name in sorted(named) if f"def {name}(" not in tests] == []
    assert [name for name in sorted(dialogues) if not (ROOT / "tests" / "dialogues" / name).exists()] == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"Subject: x\r\n\r\n" + b"y" * 998 + b"\r\n", b"250"),
        (b"Subject: x\r\n\r\n" + b"y" * 1024 * 1024 + b"\r\n", b"250"),
        (b"Subject: x\r\n\r\n" + b"y" * (1024 * 1024 + 1) + b"\r\n", b"550 5.6.0"),
        (b"X: y\r\n" * 43690 + b"\r\nbody\r\n", b"250"),
        (b"X: y\r\n" * 43691 + b"\r\nbody\r\n", b"552 5.3.4"),
        (b"X: y\r\n" * 50000, b"552 5.3.4"),
        (b"\r\n" + b"no header\r\n" * 50000, b"250"),
        (b"", b"250"),
    ],
    ids=["998", "1-mib", "over-1-mib", "256-kib-header", "over-256-kib-header", "header-alone", "no-header", "empty"],
)
def test_the_caps_on_lines_and_headers(content: bytes, said: bytes) -> None:
    stage = with_mail_begun(OPTIONS)
    assert stage.send(content + b".\r\n").startswith(said)
    assert [mail.raw for mail in stage.mails] == ([content] if said == b"250" else [])
    assert [mail.long_line for mail in stage.mails] == ([b"y" * 999 in content] if said == b"250" else [])


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n",
        b"PRI * HTTP/2.0\r\n",
    ],
)
def test_other_protocols_are_hung_up_on(first: bytes) -> None:
    stage = Stage(trusted=True)
    stage.send(first + b"EHLO c\r\n")
    assert stage.closed
    assert stage.said.count(b"\r\n") == 2


def test_looking_an_address_up_may_fail_without_refusing_anybody_for_good() -> None:
    from postroom.model.errors import Refused, TryLater

    def resolve(error: Exception) -> Recipient | None:
        raise error

    for error, said in (
        (TryLater("busy"), b"451 4.3.0"),
        (KeyError("a bug"), b"451 4.3.0"),
        (Refused("5.2.1 That desk is closed"), b"550 5.2.1 That desk is closed"),
    ):
        stage = Stage(options=OPTIONS)
        stage.open()
        assert stage.session is not None
        stage.session._resolve = lambda address, error=error: resolve(error)
        stage.send(b"EHLO c\r\nMAIL FROM:<a@example.org>\r\n")
        assert stage.send(b"RCPT TO:<support@example.com>\r\n").startswith(said)


def test_recipients_refused_over_the_cap_end_the_connection_at_last() -> None:
    stage = Stage(options=replace(OPTIONS, max_recipients=1), known={"support@example.com"})
    stage.send(b"EHLO c\r\nMAIL FROM:<a@example.org>\r\n")
    said = stage.send(b"RCPT TO:<support@example.com>\r\n" * 150)
    assert said.count(b"452 4.5.3") == 101
    assert stage.closed


def test_lmtp_gives_each_recipient_the_id_of_its_own_mail() -> None:
    from postroom.adapters.intake.protocol import Memory, Submit
    from postroom.adapters.intake.session import Session
    from postroom.model.mail import BrandName, Envelope, Mail, MailId, Peer

    for door, said in (("lmtp", [b"01A", b"01B", b"01A"]), ("smtp", [b"01A 01B"])):
        session = Session(
            replace(OPTIONS, door=door),
            resolve=lambda address: Recipient(brand=BrandName("x")),
            memory=Memory(10**6),
            trusted=True,
        )  # type: ignore[arg-type]
        session.receive_data((b"LHLO" if door == "lmtp" else b"EHLO") + b" c\r\nMAIL FROM:<>\r\n")
        session.receive_data(b"RCPT TO:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nRCPT TO:<c@x.example>\r\nDATA\r\n")
        session.next_event()
        session.data_to_send()
        session.receive_data(b"content\r\n.\r\n")
        assert isinstance(session.next_event(), Submit)
        session.accepted(
            [
                Mail(
                    id=MailId(name),
                    received_at=0.0,
                    brand=BrandName("x"),
                    peer=Peer(door="smtp"),
                    raw=b"",
                    envelope=Envelope(mail_from="", rcpt_to=to),
                )
                for name, to in (("01A", ("a@x.example", "c@x.example")), ("01B", ("b@y.example",)))
            ]
        )
        assert session.data_to_send() == b"".join(b"250 2.0.0 Accepted as " + name + b"\r\n" for name in said)


def test_an_answer_that_comes_after_the_client_left_changes_nothing() -> None:
    stage = with_mail_begun(OPTIONS)
    assert stage.session is not None
    stage.session.hang_up(b"421 4.4.2 gone\r\n")
    stage.session.hang_up(b"never said")
    stage.session.accepted([])
    stage.session.receive_data(b"NOOP\r\n")
    assert stage.session.data_to_send() == b"421 4.4.2 gone\r\n"
    assert stage.session.state == "closed"


def test_without_room_mail_is_put_off_at_mail_and_at_data() -> None:
    from postroom.adapters.intake.protocol import Memory
    from postroom.adapters.intake.session import Session

    memory = Memory(1000)
    notes: list[str] = []
    session = Session(OPTIONS, resolve=lambda address: Recipient(), memory=memory, note=notes.append, trusted=True)
    session.receive_data(b"EHLO c\r\nMAIL FROM:<> SIZE=1001\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\n")
    session.next_event()
    assert [line[:9] for line in session.data_to_send().split(b"\r\n")[6:9]] == [
        b"452 4.3.1",
        b"250 2.1.0",
        b"250 2.1.5",
    ]
    assert memory.take(1000)
    session.receive_data(b"DATA\r\nMAIL FROM:<>\r\n")
    session.next_event()
    assert session.data_to_send().count(b"452 4.3.1") == 2
    memory.give(1000)
    session.receive_data(b"MAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n")
    session.next_event()
    assert session.data_to_send().endswith(b"354 End with <CRLF>.<CRLF>\r\n")
    assert notes == ["memory"] * 3
