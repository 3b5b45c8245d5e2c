"""Unchanged below our own lines, less the fields of strangers; and nobody writes a line of ours."""

import email
import email.policy
import re
from dataclasses import replace
from email.header import decode_header, make_header
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postroom.flow.stamp import header_date, header_end, header_text, stamp, without_our_fields
from postroom.model.judgement import Decision, Stage
from postroom.model.lines import canonical
from postroom.model.mail import BrandName, Envelope, Mail, MailId, Peer, RouteName
from postroom.model.marks import is_our_mark

KEY = b"k" * 32
ID = MailId("01jdab3c4d5e6f7g8h9jkmnpqr")
LIVE: Stage = "live"
DECISION = Decision(
    mail_id=ID,
    generation=1,
    brand=BrandName("acme"),
    route=RouteName("appeals"),
    decided=RouteName("appeals"),
    confidence=0.9312,
    probabilities=(),
    findings=(),
)
MAIL = Mail(
    id=ID,
    received_at=1_767_225_600.5,
    brand=BrandName("acme"),
    envelope=Envelope(mail_from="ada@example.com", rcpt_to=("support@acme.test",)),
    peer=Peer(door="smtp", ip="192.0.2.7", helo="mx.example.com", tls=True),
    raw=b"From: Ada <ada@example.com>\r\nSubject: my account\r\n\r\nPlease look again.\r\n",
)

pieces = st.sampled_from(
    [b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"X-Postroom-", b"x-postroom-id", b"X-POSTROOM-Mark: a", b"Subject", b"a", b"\xff", b"\x00", b"."]
)  # fmt: skip
hostile = st.lists(pieces, max_size=40).map(b"".join) | st.binary(max_size=200)


def stamped(raw: bytes, **changes: object) -> bytes:
    mail = replace(MAIL, raw=raw)
    return stamp(mail, replace(DECISION, **changes), hostname="post.acme.test", key=KEY)


def model_of_stripping(raw: bytes) -> bytes:
    """Line by line, the obvious way: what must be left of a mail."""
    lines = re.split(rb"(?<=\r\n)", re.sub(rb"\r\n|\r|\n", b"\r\n", raw))
    kept, in_header, dropping = [], True, False
    for line in lines:
        if in_header and line == b"\r\n":
            in_header = False
        if in_header:
            folded = line[:1] in (b" ", b"\t")
            dropping = dropping if folded else line.lower().startswith(b"x-postroom-")
            if dropping and line:
                continue
        kept.append(line)
    return b"".join(kept)


@given(hostile)
@example(b"X-Postroom-Id: 1\r\n\r\nX-Postroom-Id: 2\r\n")
@example(b"X-Postroom-Id: 1\r\n folded\r\n\tfolded again\r\nSubject: x\r\n\r\n")
@example(b"Subject: x\rX-Postroom-Route: hidden behind a lone CR\r\r")
@example(b"\r\nX-Postroom-Id: body\r\n")
@example(b"X-Postroom-Id: no line end")
@example(b" X-Postroom-Id: folded onto ours")
def test_unchanged_means_identical_after_crlf_canonicalisation_below_our_headers_less_the_stripped(raw: bytes) -> None:
    left = model_of_stripping(raw)
    whole = stamped(raw)
    assert whole.endswith(left)
    ours = whole[: len(whole) - len(left)]
    fields = re.findall(rb"([A-Za-z-]+): [^\r\n]+\r\n(?:[ \t][^\r\n]+\r\n)*", ours)
    assert b"".join(m.group() for m in re.finditer(rb"[A-Za-z-]+: [^\r\n]+\r\n(?:[ \t][^\r\n]+\r\n)*", ours)) == ours
    assert fields[:5] == [
        b"Received", b"X-Postroom-Id", b"X-Postroom-Route", b"X-Postroom-Confidence", b"X-Postroom-Mark"
    ]  # fmt: skip
    assert (left[:1] in (b" ", b"\t")) == (b"X-Postroom-Orphan" in fields)


@given(hostile)
def test_every_parser_reads_our_fields_and_nobody_elses(raw: bytes) -> None:
    read = email.message_from_bytes(stamped(raw), policy=email.policy.compat32)
    assert read.get_all("X-Postroom-Id") == [ID]
    assert read.get_all("X-Postroom-Route") == ["appeals"]
    assert read.get_all("X-Postroom-Confidence") == ["0.931"]
    assert is_our_mark(read["X-Postroom-Mark"], KEY)


@given(hostile)
def test_stamping_twice_leaves_one_stamp(raw: bytes) -> None:
    once = stamped(raw)
    again = stamped(once)
    assert again.lower().partition(b"\r\n\r\n")[0].count(b"\r\nx-postroom-id:") == 1
    assert again.count(b"Received: from mx.example.com") == once.count(b"Received: from mx.example.com") + 1


@given(hostile)
def test_stripping_is_idempotent(raw: bytes) -> None:
    left = without_our_fields(canonical(raw))
    assert without_our_fields(left) == left


@given(
    st.text(max_size=300), st.lists(st.text(max_size=60), max_size=60), st.lists(st.text(), max_size=3), st.booleans()
)
def test_names_inject_no_header(route: str, tags: list[str], urgent: list[str], unconfirmed: bool) -> None:
    whole = stamped(
        MAIL.raw,
        route=RouteName(route),
        tags=tuple(tags),
        urgent=tuple(urgent),
        unconfirmed=unconfirmed,
    )
    ours = whole[: -len(MAIL.raw)]
    assert ours.isascii()
    lines = ours.split(b"\r\n")
    assert lines.pop() == b""
    allowed = (b"Received: ", b"X-Postroom-", b"\t")
    assert all(line.startswith(allowed) and b"\r" not in line and b"\n" not in line for line in lines)
    assert all(len(line) <= 998 for line in lines)
    names = [line.partition(b":")[0] for line in lines if not line.startswith(b"\t")]
    assert len(names) == len(set(names))


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200))
def test_a_name_reads_back_as_it_was(text: str) -> None:
    read = str(make_header(decode_header(re.sub(r"\r\n(?=\t)", "", header_text(text)))))
    assert read.strip() == text.strip() or text.isascii()


@given(st.text(max_size=300), st.text(max_size=100), st.text(max_size=300), st.sampled_from(["smtp", "lmtp", "pipe", "files"]), st.booleans())  # fmt: skip
def test_no_envelope_or_greeting_injects_a_line(helo: str, ip: str, rcpt: str, door: str, utf8: bool) -> None:
    mail = replace(
        MAIL,
        envelope=Envelope(mail_from="", rcpt_to=(rcpt,), smtputf8=utf8),
        peer=Peer(door=door, ip=ip, helo=helo),  # type: ignore[arg-type]
    )
    whole = stamp(mail, DECISION, hostname="post.acme.test", key=KEY)
    received = whole.partition(b"X-Postroom-Id")[0]
    assert received.startswith(b"Received: ")
    assert re.fullmatch(rb"[^\r\n]+\r\n(\t[^\r\n]+\r\n)+", received)
    assert received.endswith(b";\r\n\tThu, 1 Jan 2026 00:00:00 +0000\r\n")
    assert utf8 or received.isascii()


@pytest.mark.parametrize(
    ("door", "tls", "utf8", "words"),
    [
        ("smtp", False, False, "with ESMTP id"),
        ("smtp", True, False, "with ESMTPS id"),
        ("smtp", True, True, "with UTF8SMTPS id"),
        ("lmtp", False, False, "with LMTP id"),
        ("lmtp", True, False, "with LMTPS id"),
        ("lmtp", False, True, "with UTF8LMTP id"),
        ("pipe", False, False, "by post.acme.test (pipe) id"),
        ("files", False, False, "by post.acme.test (files) id"),
    ],
)
def test_received_says_by_which_protocol(door: str, tls: bool, utf8: bool, words: str) -> None:
    mail = replace(
        MAIL,
        peer=replace(MAIL.peer, door=door, tls=tls),  # type: ignore[arg-type]
        envelope=replace(MAIL.envelope, smtputf8=utf8),
    )
    received = stamp(mail, DECISION, hostname="post.acme.test", key=KEY).decode().partition("X-Postroom")[0]
    assert f"{words} {ID}" in received
    assert ("from mx.example.com ([192.0.2.7])" in received) == (door in ("smtp", "lmtp"))


@pytest.mark.parametrize(
    ("ip", "helo", "words"),
    [
        ("2001:db8::1", "mx.example.com", "from mx.example.com ([IPv6:2001:db8::1])"),
        ("192.0.2.7", "[192.0.2.7]", "from [192.0.2.7] ([192.0.2.7])"),
        ("192.0.2.7", "a b\r\nX: y", "from [192.0.2.7] ([192.0.2.7])"),
        ("", "", "from unknown\r\n"),
    ],
)
def test_received_says_from_whom(ip: str, helo: str, words: str) -> None:
    mail = replace(MAIL, peer=replace(MAIL.peer, ip=ip, helo=helo))
    assert f"Received: {words}" in stamp(mail, DECISION, hostname="post.acme.test", key=KEY).decode()


def test_received_names_a_single_recipient_and_no_others() -> None:
    assert b"for <support@acme.test>;" in stamped(MAIL.raw)
    several = replace(MAIL, envelope=replace(MAIL.envelope, rcpt_to=("a@acme.test", "b@acme.test")))
    assert b"acme.test>" not in stamp(several, DECISION, hostname="post.acme.test", key=KEY)


def test_a_mail_for_review_says_the_best_guess_and_why_it_waits() -> None:
    whole = stamped(
        MAIL.raw, route=RouteName("review"), unconfirmed=True, urgent=("self-harm",), tags=("vip", "größer", "a,b")
    )
    read = email.message_from_bytes(whole)
    assert read["X-Postroom-Route"] == "review"
    assert read["X-Postroom-Decided"] == "appeals"
    assert read["X-Postroom-Unconfirmed"] == "yes"
    assert read["X-Postroom-Urgent"] == "self-harm"
    tags = str(make_header(decode_header(read["X-Postroom-Tags"].replace("\r\n", ""))))
    assert [tag.strip() for tag in tags.split(",")] == ["vip", "größer", "a b"]


def test_tries_of_one_delivery_are_equal() -> None:
    assert stamped(MAIL.raw) == stamped(MAIL.raw)


@pytest.mark.parametrize(
    ("mail", "end"), [(b"", 0), (b"\r\n", 0), (b"a: b", 4), (b"a: b\r\n", 6), (b"a: b\r\n\r\nc\r\n\r\n", 6)]
)
def test_header_end(mail: bytes, end: int) -> None:
    assert header_end(mail) == end


@given(st.integers(0, 4_000_000_000))
def test_a_date_reads_back_as_the_same_second_and_day_of_the_week(when: int) -> None:
    text = header_date(when)
    read = parsedate_to_datetime(text)
    assert read.timestamp() == when
    assert text.endswith(" +0000")
    assert text[:3] == ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[read.weekday()]


@pytest.mark.parametrize("blank", [b" ", b"\t"])
def test_a_mail_that_begins_folded_prolongs_none_of_our_lines(blank: bytes) -> None:
    head = email.message_from_bytes(stamped(blank + b"route: refunds\r\nSubject: a\r\n\r\nhello\r\n"))
    assert str(head["X-Postroom-Route"]).strip() == "appeals"
    orphan = " ".join(str(head["X-Postroom-Orphan"]).split())
    assert orphan == "the mail begins with a folded line: route: refunds"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("refunds\r\nBcc: eve@example.net", "refunds  Bcc: eve@example.net"),
        ("\x00tab\there\x7f", "tab here"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_name_with_controls_is_written_with_spaces(text: str, written: str) -> None:
    assert header_text(text) == written
