"""References, tickets, the first look, language, dates."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.understand import dates, envelope, headers, language, reader, references
from tests.unit.understand import pace


@pytest.mark.parametrize(
    ("refs", "reply", "ids", "answered"),
    [
        ("<a@x> <b@x>", "<b@x>", ("a@x", "b@x"), "b@x"),
        ("<a@x> <b@x>", "<c@x>", ("a@x", "b@x", "c@x"), "c@x"),
        ("<a@x> <a@x>  <b@x>", "", ("a@x", "b@x"), ""),
        ("", "Your mail of Monday <c@x>", ("c@x",), "c@x"),
        ("a@x b@x", "", ("a@x", "b@x"), ""),
        ("<broken", "", (), ""),
        ("", "", (), ""),
    ],
)
def test_the_chain(refs: str, reply: str, ids: tuple[str, ...], answered: str) -> None:
    assert references.chain(refs, reply) == (ids, answered)


def test_a_long_chain_keeps_its_first_and_its_newest() -> None:
    ids, _ = references.chain(" ".join(f"<{at}@x>" for at in range(500)), "<last@x>")
    assert len(ids) == references.REFERENCES
    assert (ids[0], ids[-1], ids[-2]) == ("0@x", "last@x", "499@x")


@pytest.mark.parametrize(
    ("subject", "mark"),
    [
        ("Re: [#123] hello", "[#123]"),
        ("[Ticket: 99] hello", "[Ticket: 99]"),
        ("[Ticket#2026110210000012] hello", "[Ticket#2026110210000012]"),
        ("[Acme Support #A-77] hello", "[Acme Support #A-77]"),
        ("AW: [Vorgang 4711]", "[Vorgang 4711]"),
        ("(x) [SHOP-17] hello", "[SHOP-17]"),
        ("##RE-123## hello", "##RE-123##"),
        ("hello ref:_00D20abc._50020def:ref", "ref:_00D20abc._50020def:ref"),
        ("[announce] hello", ""),
        ("order #123", ""),
        ("", ""),
    ],
)
def test_ticket_marks(subject: str, mark: str) -> None:
    assert references.ticket(subject) == mark


def test_the_line_to_answer_above_is_a_mark_too() -> None:
    line = "##- Please type your reply above this line -##"
    assert references.ticket("hello", f"thanks\n> {line}\n> old") == line


@pytest.mark.parametrize(
    ("raw", "message_id"),
    [("<a@x>", "a@x"), (" a@x ", "a@x"), ("<a@x> (generated)", "a@x"), ("", ""), ("<>", ""), ("<a b@x>", "a")],
)
def test_message_ids(raw: str, message_id: str) -> None:
    assert references.message_id(raw) == message_id


def test_peek_says_what_acceptance_needs() -> None:
    raw = (
        b"Received: from a by b\r\nReceived: from c\r\n by d\r\nX-From: no\r\nFrom: Ada\r\n <Ada@Example.com>\r\n"
        b"Message-Id: <m@x>\r\nReferences: <a@x>\r\n <b@x>\r\n\r\nReceived: not this\r\n"
    )
    seen = envelope.peek(raw)
    assert (seen.message_id, seen.received_count, seen.oversized_header) == ("m@x", 2, False)
    assert seen.digest == hashlib.sha256(raw).digest()
    other = envelope.peek(b"From: ada@example.COM\nIn-Reply-To: <a@x>\n\nhi")
    assert other.sender_key == seen.sender_key != ""
    assert other.thread_key == seen.thread_key != ""
    assert envelope.peek(b"Message-ID: <a@x>\n\n").thread_key == seen.thread_key


def test_peek_of_nothing() -> None:
    seen = envelope.peek(b"")
    assert (seen.message_id, seen.thread_key, seen.sender_key, seen.received_count) == ("", "", "", 0)


def test_peek_tells_of_an_oversized_header() -> None:
    assert envelope.peek(b"X: y\r\n" * headers.HEADER_BYTES).oversized_header
    assert not envelope.peek(b"X: y\r\n\r\n" + b"z" * headers.HEADER_BYTES * 2).oversized_header


@given(st.lists(st.sampled_from([b"a", b"b\r\n", b"\n", b"\r", b"\r\n"]), max_size=40).map(b"".join))
def test_the_digest_is_the_same_for_all_line_ends(raw: bytes) -> None:
    canonical = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    assert envelope.digest(raw) == hashlib.sha256(canonical).digest()


def test_the_digest_never_splits_a_line_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "_CHUNK", 3)
    raw = b"ab\r\ncd\r\nef\n\r\n\r"
    assert envelope.digest(raw) == hashlib.sha256(b"ab\r\ncd\r\nef\r\n\r\n\r\n").digest()


@given(st.binary(max_size=1000))
def test_peek_is_total_and_agrees_with_the_reader(raw: bytes) -> None:
    seen = envelope.peek(raw)
    seen.message_id.encode("utf-8")
    assert len(seen.digest) == 32
    assert not seen.oversized_header
    assert reader.read_bytes(raw).received_count <= headers.FIELDS


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Please restore my account, it was suspended without a reason", "en"),
        ("Bitte schalten Sie mein Konto wieder frei, ich habe nichts verbotenes getan", "de"),
        ("Minha conta foi bloqueada e eu não sei o motivo disso", "pt"),
        ("Mi cuenta fue suspendida y no entiendo el motivo de esta decisión", "es"),
        ("Пожалуйста, верните мне доступ к моему аккаунту", "ru"),
        ("アカウントを復旧してください。", "ja"),
        ("请恢复我的账号，谢谢你们的帮助", "zh"),
        ("제 계정을 복구해 주세요. 감사합니다", "ko"),
        ("PLEASE RESTORE MY ACCOUNT, IT WAS SUSPENDED WITHOUT A REASON", "en"),
        ("ok", ""),
        ("", ""),
        ("12345 67890 https://example.com/very/long/path ada@example.com", ""),
        ("\0\0\0", ""),
    ],
)
def test_languages(text: str, code: str) -> None:
    assert language.detect(text) == code


def test_a_text_that_is_not_clear_at_first_is_told_by_more_of_it() -> None:
    names = "Order 4711: Nike Air Max 90, Adidas Samba OG, Puma Suede Classic XXI, Asics Gel-Kayano 30, Salomon XT-6. "
    assert len(names) > 100
    assert (
        language.detect(names + "ich warte seit vier Wochen und bitte darum, mein Konto endlich wieder freizugeben")
        == "de"
    )


def test_a_lone_surrogate_hides_no_language() -> None:
    assert language.detect("\ud800 where is my parcel, I ordered it two weeks ago \ud800") == "en"


@given(st.text(max_size=500))
def test_any_text_has_a_language_or_none(text: str) -> None:
    assert len(language.detect(text)) in {0, 2}


def test_threads_may_share_the_language_model() -> None:
    texts = [
        "Bitte schalten Sie mein Konto wieder frei, danke sehr",
        "Please restore my account, thank you very much",
    ] * 200
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(language.detect, texts)) == ["de", "en"] * 200


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ("Mon, 02 Nov 2026 10:00:00 +0000", 1793613600.0),
        ("2 Nov 2026 11:00 +0100", 1793613600.0),
        ("Mon, 2 Nov 26 05:00:00 EST", 1793613600.0),
        ("Mon, 02 Nov 2026 10:00:00 (a (nested) comment) +0000", 1793613600.0),
        ("Mon, 02 Nov 2026 09:59:60 +0000", 1793613600.0),
        ("tomorrow", None),
        ("32 Nov 2026 10:00:00 +0000", None),
        ("", None),
    ],
)
def test_dates(raw: str, seconds: float | None) -> None:
    assert dates.parse(raw) == seconds


@given(st.text(max_size=250))
def test_any_date_is_survived(raw: str) -> None:
    assert dates.parse(raw) is None or isinstance(dates.parse(raw), float)


@pytest.mark.parametrize(
    "value", [b"a" * 250_000, b"a@" * 120_000, b"<a" * 120_000, b"@" * 250_000, b"\r\n a" * 60_000]
)
def test_a_first_look_is_quick_whatever_stands_in_from(value: bytes) -> None:
    """The sender waits for it, and so does everybody else at the door: no longer than for as many ordinary addresses."""

    def peek(written: bytes) -> None:
        envelope.peek(b"From: " + written + b"\r\nReferences: " + written + b"\r\n\r\nhi\r\n")

    assert pace.within(6, lambda: peek(b"Ada <ada@example.com>, " * 11_000), lambda: peek(value))


def test_peek_takes_the_first_of_each_field() -> None:
    once = b"From: Ada <ada@example.com>\r\nMessage-ID: <a@example.com>\r\n"
    twice = once + b"From: Eve <eve@example.net>\r\nMessage-ID: <e@example.net>\r\n"
    first, again = envelope.peek(once + b"\r\nhello"), envelope.peek(twice + b"\r\nhello")
    assert (again.message_id, again.sender_key) == ("a@example.com", first.sender_key)


@pytest.mark.parametrize("day", ["31 Feb 2026", "29 Feb 2027"])
def test_a_day_that_no_calendar_has_is_no_date(day: str) -> None:
    assert dates.parse(f"Mon, {day} 10:00:00 +0000") is None
    assert dates.parse(f"Mon, {day.replace('31', '28').replace('29', '28')} 10:00:00 +0000") is not None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02", 1_767_312_000.0),
        (" 2026-01-02T03:04:05Z ", 1_767_323_045.0),
        ("2026-01-02 03:04:05+02:00", 1_767_315_845.0),
        ("20260102", 1_767_312_000.0),
        ("1767312000", 1_767_312_000.0),
        (1_767_312_000, 1_767_312_000.0),
        ("1767312000000", 1_767_312_000.0),
        (0.0, 0.0),
        ("", None),
        (None, None),
        ("yesterday", None),
        ("02/01/2026", None),
        ("nan", None),
        ("inf", None),
        ("-5", None),
        ("1e300", None),
        (10**400, None),
        ("0001-01-01T00:00:00+23:59", None),
    ],
)
def test_a_time_as_other_systems_export_it(text: str | float | None, moment: float | None) -> None:
    assert dates.moment(text) == moment


@given(st.one_of(st.text(), st.integers(), st.floats()))
def test_any_export_is_a_moment_or_nothing(text: str | float) -> None:
    found = dates.moment(text)
    assert found is None or 0.0 <= found < 1e12
