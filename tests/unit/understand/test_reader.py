"""Promise 9: the reader is total: any bytes give a message with its defects, in bounded time and memory."""

import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.model.mail import BrandName, Envelope, Mail, MailId, Peer
from postroom.model.message import Address, Forward, Message
from postroom.model.trust import Trust
from postroom.understand import reader
from tests.unit.understand import pace
from tests.unit.understand.hostile import shapes

TRUST = Trust(authserv_ids=frozenset({"mx.example.test"}), own_addresses=frozenset({"help@example.test"}))
MAILS = sorted((Path(__file__).parents[2] / "mails").glob("*.eml"))


@pytest.fixture(autouse=True, scope="module")
def _warm() -> None:
    reader.warm()


def sound(message: Message) -> None:
    """What holds for the message of any bytes."""
    assert "reader-bug" not in {defect.code for defect in message.defects}, message.defects
    encoded = msgspec.json.encode(message)
    json.loads(encoded.decode("utf-8"))
    for defect in message.defects:
        assert defect.detail, defect


def file_of(raw: bytes) -> Mail:
    return Mail(
        id=MailId(""),
        received_at=0.0,
        brand=BrandName(""),
        envelope=Envelope(mail_from="", rcpt_to=()),
        peer=Peer(door="files", trusted=True),
        raw=raw,
    )


HOSTILE = list(shapes())


@pytest.mark.parametrize(("name", "raw"), HOSTILE, ids=[name for name, _ in HOSTILE])
def test_every_hostile_shape_is_read_in_time(name: str, raw: bytes) -> None:
    messages: list[Message] = []
    # the aim is 0.25 s on a quiet machine, which is ten of these
    ordinary = lambda: reader.read_bytes(pace.MAIL, TRUST, trusted=True)  # noqa: E731
    assert pace.within(15, ordinary, lambda: messages.append(reader.read_bytes(raw, TRUST, trusted=True))), name
    sound(messages[0])


@pytest.mark.slow
def test_hostile_shapes_take_bounded_memory() -> None:
    for name, raw in HOSTILE:
        if len(raw) > 500_000 and "base64" not in name:
            continue  # tracing makes the largest slow; they are covered by their smaller kin
        tracemalloc.start()
        reader.read_bytes(raw, TRUST, trusted=True)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 100_000_000, f"{name} took {peak >> 20} MB"


MEASURED = """
import json
from pathlib import Path
from postroom.understand import reader
from tests.unit.understand import hostile, pace

def most():
    # not ru_maxrss, which begins with what the process had that started this one
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])

reader.warm()
reader.read_bytes(pace.MAIL)
before, took = most(), {}
for name, raw in hostile.growing():
    reader.read_bytes(raw)
    took[name] = (most() - before) >> 10
print(json.dumps(took))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel doesn't tell the most memory used")
def test_promise_9_text_that_grows_takes_bounded_memory() -> None:
    """All memory of the process counts, that of the HTML parser too, which Python doesn't trace."""
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED], env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, text=True, timeout=120, check=True
    )  # fmt: skip
    took = json.loads(ran.stdout)
    assert {name: megabytes for name, megabytes in took.items() if megabytes > 100} == {}


def test_html_beyond_the_text_is_left_out_and_said() -> None:
    page = b"--x\r\nContent-Type: text/html\r\n\r\n<p>" + b"word " * 25_000 + b"\r\n"
    message = reader.read_bytes(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + page * 3 + b"--x--\r\n")
    assert "text-truncated" in {defect.code for defect in message.defects}


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_found_mails_are_read(path: Path) -> None:
    sound(reader.read_bytes(path.read_bytes(), TRUST, trusted=True))


def test_a_batch_is_read_as_each_of_its_mails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    mails = [file_of(path.read_bytes()) for path in MAILS[:20]]
    begun: list[Mail] = []
    assert reader.read_all(mails, TRUST, begun.append) == [reader.read(mail, TRUST) for mail in mails]
    assert begun == mails

    def broken(text: str) -> str:
        raise RuntimeError(text)

    # a bug that one stage brings out leaves the other mails alone, and a message of each
    monkeypatch.setattr("postroom.understand.language.detect", broken)
    assert {message.defects[0].code for message in reader.read_all(mails[:3], TRUST)} == {"reader-bug"}


@given(st.binary(max_size=3000))
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_a_message(raw: bytes) -> None:
    sound(reader.read_bytes(raw, TRUST, trusted=True))


_LINES = st.sampled_from(
    [
        b"From: Ada <ada@example.com>", b"Subject: =?utf-8?q?=ED=A0=80?=", b"Content-Type: multipart/mixed; boundary=x",
        b"Content-Type: multipart/alternative; boundary=y", b"Content-Type: text/html; charset=utf-16", b"--x", b"--y", b"--x--",
        b"Content-Type: message/rfc822", b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: quoted-printable",
        b"", b" ", b"=ED=A0=80", b"/////w==", b"> quoted", b"-- ", b"begin 644 a", b"end", b"<div style=display:none>x",
        b"Received: from a by mx.example.test", b"Authentication-Results: mx.example.test; dkim=pass header.d=example.com",
        b"Content-Type: message/delivery-status", b"Auto-Submitted: auto-replied", b"\xff\xfe\0\xd8", b"On Monday Ada wrote:",
    ]
)  # fmt: skip


@given(st.lists(_LINES, max_size=30), st.sampled_from([b"\n", b"\r\n", b"\r"]))
@settings(max_examples=200, deadline=None)
def test_any_lines_of_mail_give_a_message(lines: list[bytes], end: bytes) -> None:
    sound(reader.read_bytes(end.join(lines), TRUST, trusted=True))


def test_an_ordinary_mail() -> None:
    raw = (
        "Received: from a by b\nReturn-Path: <ada@example.com>\nMessage-ID: <m1@example.com>\nIn-Reply-To: <q1@example.test>\n"
        "From: Ada Byron <ada@example.com>\nReply-To: private@example.com\nTo: Help <help@example.test>, b@example.test\n"
        "Cc: c@example.test\nSubject: Re: [#77] =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nDate: Mon, 02 Nov 2026 11:00:00 +0100\n"
        "Content-Type: text/plain; charset=utf-8\n\nPlease restore my account, it was suspended without a reason.\n"
    )
    message = reader.read_bytes(raw.encode())
    assert message.message_id == "m1@example.com"
    assert message.from_ == Address(name="Ada Byron", addr="ada@example.com")
    assert message.reply_to == (Address(name="", addr="private@example.com"),)
    assert [one.addr for one in message.to] == ["help@example.test", "b@example.test"]
    assert [one.addr for one in message.cc] == ["c@example.test"]
    assert (message.subject, message.ticket) == ("Re: [#77] Grüße", "[#77]")
    assert message.date == 1793613600.0
    assert message.new_text.strip() == "Please restore my account, it was suspended without a reason."
    assert (message.language, message.kind, message.received_count) == ("en", "person", 1)
    assert (message.references, message.in_reply_to) == (("q1@example.test",), "q1@example.test")
    assert message.headers[0] == ("received", "from a by b")
    assert message.defects == ()


def test_defects_name_what_is_missing() -> None:
    codes = [defect.code for defect in reader.read_bytes(b"Subject: x\n\nhi").defects]
    assert codes == ["no-from", "bad-date"]
    two = reader.read_bytes(b"From: a@example.com, b@example.com\nDate: 2 Nov 2026 10:00 +0000\n\nhi")
    assert [defect.code for defect in two.defects] == ["many-from"]


def test_a_bug_in_the_reader_still_gives_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(reader.headers, "parse", broken)
    message = reader.read_bytes(b"Subject: x\n\nplease help \xff")
    assert [(defect.code, defect.detail) for defect in message.defects] == [("reader-bug", "RuntimeError")]
    assert "please help" in message.text


def test_a_colleagues_forward_names_the_customer() -> None:
    raw = (
        "From: Sam <sam@example.test>\nTo: help@example.test\nSubject: Fwd: my shop\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n\n"
        "Can you look at this?\n\n---------- Forwarded message ---------\nFrom: Ada <ada@example.com>\nDate: Sun, 1 Nov 2026\n"
        "Subject: my shop\nTo: <sam@example.test>\n\nMy shop is closed, please help.\n"
    )
    message = reader.read_bytes(raw.encode(), Trust(team_domains=frozenset({"example.test"})))
    assert isinstance(message.forward, Forward)
    assert message.customer is not None
    assert message.customer.addr == "ada@example.com"
    assert "My shop is closed" in message.new_text


@pytest.mark.parametrize(
    ("parts", "there"),
    [
        ([("text/plain", "")], False),
        ([("text/html", "")], True),
        ([("text/plain", ""), ("application/xhtml+xml", "inline")], True),
        ([("text/plain", ""), ("text/html", "attachment")], False),
        ([("text/plain", ""), ("text/html", 'inline; filename="page.html"')], False),
        ([("message/rfc822", "")], False),
    ],
)
def test_html_that_is_meant_to_be_read_is_told_from_a_file(parts: list[tuple[str, str]], there: bool) -> None:
    pieces = (
        f"Content-Type: {kind}\n{f'Content-Disposition: {how}' if how else 'X: y'}\n\n<p>hello</p>\n"
        for kind, how in parts
    )
    body = "".join(f"--b\n{piece}" for piece in pieces)
    raw = f"From: a@example.com\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n{body}--b--\n"
    assert reader.read_bytes(raw.encode()).has_html is there
