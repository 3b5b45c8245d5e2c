"""Any bytes, cut anyhow: never an exception, bounded memory, the same replies, and no command out of content."""

import itertools
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.adapters.intake.options import SmtpOptions, TlsOptions
from postroom.adapters.intake.protocol import Memory, Need, Submit
from postroom.adapters.intake.session import Session
from postroom.ports import Recipient
from postroom.testing.smtp_dialogue import Stage

OPTIONS = SmtpOptions(
    hostname="mx.example.com", max_size=300, max_line=80, max_recipients=3, max_header_bytes=120, max_text_line=150
)
KNOWN = {"support@example.com", "jürgen@example.com"}

WORDS = [
    b"EHLO c.example.org", b"HELO c", b"LHLO c", b"MAIL FROM:<a@example.org>", b"MAIL FROM:<> SIZE=400", b"mail from:<b@example.org> BODY=8BITMIME SMTPUTF8",
    b"RCPT TO:<support@example.com>", b"RCPT TO:<x@example.com>", b"RCPT TO:<a%b@example.com>", "RCPT TO:<jürgen@example.com>".encode(), b"RCPT TO:<@a:b@c>",
    b"DATA", b"RSET", b"NOOP", b"QUIT", b"VRFY x", b"HELP", b"EXPN x", b"BDAT 3", b".", b"..", b"", b"Subject: x", b"x" * 100, b"GET / HTTP/1.1", b"\x16\x03\x01",
]  # fmt: skip
PIECES = st.one_of(
    st.sampled_from(WORDS).map(lambda word: word + b"\r\n"),
    st.sampled_from(WORDS),
    st.sampled_from([b"\r\n", b"\n", b"\r", b".", b"\0", b"\r\n.\r\n", b"\n.\n", b"y" * 200, b"\xff\xfe"]),
    st.binary(max_size=30),
)
STREAMS = st.lists(PIECES, max_size=30).map(b"".join)
MAIL_BEGUN = st.lists(PIECES, max_size=30).map(
    lambda pieces: (
        b"EHLO c\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n" + b"".join(pieces)
    )
)


def stage(*, door: str, trusted: bool) -> Stage:
    return Stage(options=replace(OPTIONS, door=door), trusted=trusted, known=set(KNOWN))  # type: ignore[arg-type]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    at = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in itertools.pairwise(at)] or [b""]


@settings(deadline=None)
@given(st.one_of(STREAMS, MAIL_BEGUN), st.lists(st.integers(0, 5000), max_size=40), st.sampled_from(["smtp", "lmtp"]))
def test_replies_do_not_depend_on_how_bytes_were_cut(data: bytes, places: list[int], door: str) -> None:
    data = data.replace(b"EHLO", b"LHLO", 1) if door == "lmtp" else data
    whole, pieces = stage(door=door, trusted=True), stage(door=door, trusted=True)
    whole.send(data)
    for piece in cut(data, places):
        pieces.send(piece)
    assert pieces.said == whole.said
    assert pieces.mails == whole.mails
    assert pieces.closed == whole.closed


@settings(deadline=None)
@given(STREAMS, st.lists(st.integers(0, 5000), max_size=40))
def test_a_stranger_is_only_ever_hung_up_on_earlier(data: bytes, places: list[int]) -> None:
    whole, pieces = stage(door="smtp", trusted=False), stage(door="smtp", trusted=False)
    whole.send(data)
    for piece in cut(data, places):
        pieces.send(piece)
    shorter, longer = sorted((whole.said, pieces.said), key=len)
    if shorter != longer:
        assert b"554 5.5.0" in whole.said + pieces.said
        first = min(
            (said.partition(b"554 5.5.0")[0] for said in (whole.said, pieces.said) if b"554 5.5.0" in said), key=len
        )
        assert longer.startswith(first)


@settings(deadline=None)
@given(st.one_of(STREAMS, MAIL_BEGUN), st.booleans())
def test_every_line_said_is_a_reply(data: bytes, trusted: bool) -> None:
    played = stage(door="smtp", trusted=trusted)
    played.send(data)
    for line in played.said.split(b"\r\n")[:-1]:
        assert line[:3].isdigit()
        assert line[3:4] in (b" ", b"-")
        assert len(line) <= 510
        assert line.isascii()
    assert played.said.endswith(b"\r\n")


@settings(deadline=None)
@given(st.lists(PIECES, max_size=200), st.booleans())
def test_memory_is_bounded_and_given_back(pieces: list[bytes], trusted: bool) -> None:
    whole = Memory(3 * OPTIONS.max_size)
    memory = Memory(2 * OPTIONS.max_size, within=whole)
    assert whole.take(2 * OPTIONS.max_size)
    known = dict.fromkeys(KNOWN, Recipient())
    session = Session(OPTIONS, resolve=known.get, memory=memory, trusted=trusted)
    session.greet()
    begin = [b"EHLO c\r\n", b"MAIL FROM:<a@example.org>\r\nRCPT TO:<support@example.com>\r\n", b"DATA\r\n"]
    for piece in [*begin, *pieces]:
        session.receive_data(piece)
        while isinstance(event := session.next_event(), Submit):
            assert len(event.raw) <= OPTIONS.max_size
            session.deferred("4.3.1 full")
        assert event in (Need.DATA, Need.CLOSE)
        session.data_to_send()
        assert len(session._buffer) <= OPTIONS.max_size * 2 + OPTIONS.max_line
        assert 0 <= memory.held <= memory.limit
        assert whole.held == memory.held + 2 * OPTIONS.max_size <= whole.limit
    session.hang_up()
    assert memory.held == 0


@settings(deadline=None)
@given(st.binary(max_size=200), st.lists(st.integers(0, 300), max_size=10))
def test_content_arrives_as_it_was(content: bytes, places: list[int]) -> None:
    content = content.replace(b"\r", b"").replace(b"\n", b"\r\n") + b"\r\n"
    stuffed = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
    played = stage(door="smtp", trusted=True)
    played.options = SmtpOptions(hostname="mx.example.com")
    played.send(b"EHLO c\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n")
    for piece in cut(stuffed + b".\r\n", places):
        played.send(piece)
    assert [mail.raw for mail in played.mails] == [content]


@settings(deadline=None)
@given(STREAMS)
def test_nothing_said_before_tls_counts_after_it(data: bytes) -> None:
    played = stage(door="smtp", trusted=True)
    played.options = replace(
        OPTIONS, tls=TlsOptions(cert="unused.pem", key="unused.pem"), max_commands_bad=10_000, max_commands_idle=10_000
    )  # type: ignore[arg-type]
    played.send(data)
    if not played.closed and played.session is not None and played.session.state == "ready":
        played.send(b"STARTTLS\r\n")
        if played.tls:
            assert played.send(b"MAIL FROM:<a@example.org>\r\n").startswith(b"503")
