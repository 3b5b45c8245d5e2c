"""Parts, charsets, file names: what becomes text and what is listed."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.model.message import Message
from postroom.understand import body, charset, headers, mime, params, reader


def read(raw: str | bytes) -> Message:
    return reader.read_bytes(raw if isinstance(raw, bytes) else raw.encode())


def codes(message: Message) -> list[str]:
    return [defect.code for defect in message.defects]


def multi(kind: str, *parts: str) -> str:
    inner = "".join(f"--x\n{part}\n" for part in parts)
    return f"From: a@example.com\nDate: Mon, 2 Nov 2026 10:00:00 +0000\nContent-Type: multipart/{kind}; boundary=x\n\n{inner}--x--\n"


PLAIN = "Content-Type: text/plain\n\nplain words here"
HTML = "Content-Type: text/html\n\n<p>rich words here</p>"
IMAGE = "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\nContent-Disposition: inline\n\nQUJD"


@pytest.mark.parametrize(
    ("raw", "text", "files"),
    [
        (multi("alternative", PLAIN, HTML), "plain words here", []),
        (multi("alternative", HTML, PLAIN), "plain words here", []),
        (multi("alternative", "Content-Type: text/plain\n\n \n", HTML), "rich words here", []),
        (multi("alternative", "Content-Type: text/plain\n\nYour mail client does not support HTML.", HTML), "rich words here", []),
        (multi("alternative", "Content-Type: text/plain\n\nPlease view this email in your browser", HTML), "rich words here", []),
        (multi("alternative", HTML), "rich words here", []),
        (multi("alternative", PLAIN, HTML, "Content-Type: text/calendar; name=i.ics\n\nBEGIN:VCALENDAR"), "plain words here", ["i.ics"]),
        (multi("mixed", PLAIN, IMAGE, "Content-Type: text/plain\n\nafter"), "plain words here\n\nafter", ["a.png"]),
        (multi("mixed", PLAIN, "Content-Type: text/plain; name=log.txt\n\nlog"), "plain words here", ["log.txt"]),
        (multi("mixed", PLAIN, "Content-Disposition: attachment\n\nlog"), "plain words here", [""]),
        (multi("related", HTML, IMAGE), "rich words here", ["a.png"]),
        (multi("signed", PLAIN, "Content-Type: application/pgp-signature; name=s.asc\n\n-----"), "plain words here", ["s.asc"]),
        (multi("unheard-of", PLAIN, IMAGE), "plain words here", ["a.png"]),
        (multi("mixed", PLAIN, "Content-Type: message/rfc822\n\nSubject: old\nFrom: b@example.com\n\nold text"), "plain words here", ["old.eml"]),
        (multi("digest", "\nSubject: one\n\n1", "\nSubject: two\n\n2"), "", ["one.eml", "two.eml"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_text_and_files(raw: str, text: str, files: list[str], end: str) -> None:
    message = read(raw.replace("\n", end))
    assert message.text.strip() == text
    assert [one.name for one in message.attachments] == files


def test_an_attachment_is_measured_and_never_opened() -> None:
    content = bytes(range(256)) * 10
    part = f"Content-Type: Application/PDF\nContent-Disposition: attachment; filename=bill.pdf\nContent-Transfer-Encoding: base64\n\n{base64.encodebytes(content).decode()}"
    (one,) = read(multi("mixed", PLAIN, part)).attachments
    assert (one.name, one.type, one.size, one.sha256) == (
        "bill.pdf",
        "application/pdf",
        2560,
        hashlib.sha256(content).hexdigest(),
    )


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('filename="bill.pdf"', "bill.pdf"),
        ("filename*=utf-8''na%C3%AFve%20plan.txt", "naïve plan.txt"),
        ("filename*0=long; filename*1=name; filename*2=.txt", "longname.txt"),
        ("filename*0*=koi8-r'ru'%F0%D2; filename*1*=%C9; filename*2=.txt", "При.txt"),
        ("filename*1=b.txt; filename*0=a", "ab.txt"),
        ('filename="=?utf-8?q?B=C3=A4r.txt?="', "Bär.txt"),
        ('filename="../../etc/passwd"', "passwd"),
        (r'filename="C:\\dir\\a.txt"', "a.txt"),
        ('filename="a\\"b.txt"', 'a"b.txt'),
        ('filename="a;b.txt"', "a;b.txt"),
        ('filename="never closed.txt', "never closed.txt"),
        ("filename*=nonsense''%41.txt", "A.txt"),
        ("filename*99999=x; filename=y", "y"),
    ],
)
def test_file_names(written: str, name: str) -> None:
    assert params.file_name(params.parse(f"attachment; {written}").params["filename"]) == name


@pytest.mark.parametrize(
    ("label", "data", "text", "defect"),
    [
        ("utf-8", "größe", "größe", ""),
        ("iso-8859-1", b"caf\xe9 \x93x\x94", "café “x”", ""),
        ("iso-8859-1", "größe".encode(), "größe", "charset-wrong"),
        ("us-ascii", "größe".encode(), "größe", "charset-wrong"),
        ("utf-8", b"caf\xe9 cr\xe8me br\xfbl\xe9e, d\xe9j\xe0 vu", "café crème brûlée, déjà vu", "charset-wrong"),
        ("", "größe".encode(), "größe", "charset-missing"),
        ("x-nobody-knows", "größe".encode(), "größe", "charset-unknown"),
        ("utf-7", b"+ADw-b+AD4-", "+ADw-b+AD4-", "charset-refused"),
        ("zlib", b"hello", "hello", "charset-refused"),
        ("unicode_escape", b"\\x41", "\\x41", "charset-refused"),
        ("gb2312", "你好，世界", "你好，世界", ""),
        ("gbk", "鎔", "鎔", ""),
        ("big5", "你好", "你好", ""),
        ("koi8-r", "Привет", "Привет", ""),
        ("windows-1251", "Привет", "Привет", ""),
        ("shift_jis", "日本語", "日本語", ""),
        ("iso-2022-jp", "日本語テキスト", "日本語テキスト", ""),
        ("euc-kr", "안녕하세요", "안녕하세요", ""),
        ("ks_c_5601-1987", "안녕하세요", "안녕하세요", ""),
        ("utf-16", "hello", "hello", ""),
        ("utf-16-le", b"\x00\xd8a\x00", "�a", "charset-wrong"),
        ("utf-16", b"hello", "hello", "charset-wrong"),
        ('"utf-8"', "größe", "größe", ""),
    ],
)
def test_charsets(label: str, data: bytes | str, text: str, defect: str) -> None:
    encoded = data if isinstance(data, bytes) else data.encode({"ks_c_5601-1987": "cp949"}.get(label, label.strip('"')))
    assert charset.decode(encoded, label) == (text, defect)


@given(
    st.binary(max_size=300),
    st.sampled_from(
        ["", "utf-8", "utf-16", "utf-7", "gb2312", "big5", "iso-2022-jp", "hz", "koi8-r", "x", "utf-32", "cp1252"]
    ),
)
def test_any_bytes_under_any_label_give_sound_text(data: bytes, label: str) -> None:
    text = charset.decode(data, label).text
    text.encode("utf-8")
    assert "\0" not in text


@given(st.text(max_size=50), st.binary(max_size=50))
def test_any_label_is_survived(label: str, data: bytes) -> None:
    charset.decode(data, label).text.encode("utf-8")


def test_surrogates_are_joined_or_replaced() -> None:
    assert charset.scrub("a\ud83d\ude00b\ud800") == "a😀b�"


@pytest.mark.parametrize(
    ("raw", "delete", "text"),
    [
        ("one \ntwo\nthree", False, "one two\nthree"),
        ("one \ntwo", True, "onetwo"),
        ("> a \n> b\nc", False, "> a b\nc"),
        (">> a \n> b", False, "> > a \n> b"),
        ("-- \nAda", False, "-- \nAda"),
        ("text \n-- \nAda", False, "text \n-- \nAda"),
        (" From me", False, "From me"),
    ],
)
def test_flowed_text(raw: str, delete: bool, text: str) -> None:
    assert body.unflow(raw, delete_space=delete) == text


def test_uuencoded_files_are_taken_out_of_the_text() -> None:
    message = read("From: a@example.com\n\nbefore\nbegin 644 cat.txt\n#0V%T\n`\nend\nafter\n")
    assert message.text.split() == ["before", "after"]
    assert [(one.name, one.size) for one in message.attachments] == [("cat.txt", 3)]


def test_winmail_dat_is_listed_and_noted() -> None:
    message = read(multi("mixed", PLAIN, "Content-Type: application/ms-tnef; name=winmail.dat\n\nx"))
    assert [one.name for one in message.attachments] == ["winmail.dat"]
    assert "tnef" in codes(message)


def test_encrypted_mail_is_noted() -> None:
    assert "encrypted" in codes(read(multi("encrypted", "Content-Type: application/pgp-encrypted\n\nVersion: 1")))


def test_a_multipart_without_its_parts_is_text() -> None:
    message = read("From: a@example.com\nContent-Type: multipart/mixed\n\nplease help\n")
    assert message.text.strip() == "please help"
    assert "no-boundary" in codes(message)


@pytest.mark.parametrize(
    "part",
    [
        "Content-Transfer-Encoding: base64\n\n@@@aGVsbG8=!!",
        "Content-Transfer-Encoding: base64\n\naGVsbG8",
        "Content-Transfer-Encoding: quoted-printable\n\nhel=\nlo",
        "Content-Transfer-Encoding: bogus\n\nhello",
    ],
)
def test_broken_transfer_encodings_are_read(part: str) -> None:
    assert read(multi("mixed", part)).text.strip() == "hello"


def shape(part: mime.Part) -> object:
    lines = b"\n".join(part.content.splitlines()).strip()
    return (part.type, part.name, part.disposition, lines, [shape(child) for child in part.children])


@pytest.mark.parametrize(
    "raw",
    [
        multi("mixed", PLAIN, IMAGE),
        multi("alternative", PLAIN, HTML),
        multi("mixed", PLAIN, "Content-Type: message/rfc822\n\nSubject: old\n\nold text"),
        multi("digest", "\nSubject: one\n\n1"),
        multi("mixed", multi("alternative", PLAIN, HTML).replace("=x", "=y").replace("--x", "--y"), IMAGE),
        "Subject: x\n\nhello",
    ],
)
def test_the_forgiving_reader_agrees_with_the_library(raw: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = raw.encode()
    block = headers.parse(data)
    library = mime.parse(data, block)
    assert "mime-irregular" not in library.defects
    monkeypatch.setattr(mime, "_ENCODED_WORDS", -1)
    forgiving = mime.parse(data, block)
    assert "mime-irregular" in forgiving.defects
    assert shape(forgiving.root) == shape(library.root)


@given(st.text(max_size=300))
def test_any_parameters_are_read(raw: str) -> None:
    for value in params.parse(raw).params.values():
        params.file_name(value).encode("utf-8")


class RustPanic(BaseException):
    """What the parser's library raises for a bug of its own is no `Exception`."""


def test_a_panic_of_the_library_is_survived_and_an_interruption_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = multi("mixed", PLAIN.replace("\n\n", "\nContent-Transfer-Encoding: quoted-printable\n\n=20").strip(), IMAGE)
    raised: list[BaseException] = [RustPanic("index out of bounds"), KeyboardInterrupt()]

    def parse(*_arguments: object, **_more: object) -> None:
        raise raised.pop(0)

    monkeypatch.setattr(mime.fast_mail_parser, "parse_email_tree", parse)
    message = read(raw)
    assert (message.text, [one.name for one in message.attachments]) == (" plain words here", ["a.png"])
    assert "mime-irregular" in codes(message)
    with pytest.raises(KeyboardInterrupt):
        read(raw)


def test_once_the_room_for_text_is_used_up_the_next_part_adds_none() -> None:
    long = "Content-Type: text/plain\n\n" + "word \n" * 100_000
    message = read(multi("mixed", long, "Content-Type: text/plain\n\nlast words"))
    assert "text-truncated" in codes(message)
    assert len(message.text) == body.TEXT_CHARS
    assert "last words" not in message.text


def test_what_serves_the_first_part_is_listed_part_by_part() -> None:
    """A multipart beside the text of a signed mail, or of a related one, has its leaves listed."""
    nested = f"Content-Type: multipart/mixed; boundary=y\n\n--y\n{IMAGE}\n--y\nContent-Type: application/pdf; name=b.pdf\n\n%PDF\n--y--"
    message = read(multi("related", HTML, nested))
    assert message.text.strip() == "rich words here"
    assert [one.name for one in message.attachments] == ["a.png", "b.pdf"]


@pytest.mark.parametrize("prefix", ["", "x-"])
def test_an_enveloped_mail_is_said_to_be_encrypted(prefix: str) -> None:
    raw = f"From: a@example.com\nContent-Type: application/{prefix}pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nMIIB\n"
    message = read(raw)
    assert "encrypted" in codes(message)
    assert [one.name for one in message.attachments] == ["smime.p7m"]


def test_a_file_written_into_the_text_keeps_its_sound_lines() -> None:
    """The second line is longer than it says; it is left out, and the rest is there."""
    message = read("From: a@example.com\n\nhello\nbegin 644 a.txt\n#86)C\n#86)C ABCDEFG\n#9&5F\n`\nend\n")
    (one,) = message.attachments
    assert (one.name, one.size, one.sha256) == ("a.txt", 6, hashlib.sha256(b"abcdef").hexdigest())
    assert message.text.strip() == "hello"


@pytest.mark.parametrize(
    ("label", "data", "text", "defect"),
    [
        ("", "日本語テキスト".encode("iso-2022-jp"), "日本語テキスト", ""),
        ("x-nobody-knows", "日本語テキスト".encode("iso-2022-jp"), "日本語テキスト", "charset-unknown"),
        ("us-ascii", b"\x1b[1mbold", "\x1b[1mbold", ""),
        ("iso-8859-1", b"caf\xe9 \x81\x93x\x94", "café x", ""),
        ("", "Большое спасибо за ваш ответ".encode("koi8-r"), "Большое спасибо за ваш ответ", "charset-missing"),
    ],
    ids=["escapes", "escapes-unknown", "ascii-with-escape", "holes-of-1252", "looks-like-koi8"],
)
def test_charsets_that_only_the_bytes_tell(label: str, data: bytes, text: str, defect: str) -> None:
    assert charset.decode(data, label) == (text, defect)


@pytest.mark.parametrize("label", ["x-unknown", "UNKNOWN-8BIT", "binary"])
def test_labels_that_name_no_charset_claim_nothing(label: str) -> None:
    assert charset.decode("größe".encode(), label) == ("größe", "charset-unknown")


def test_a_parameter_without_a_value_is_passed_over() -> None:
    found = params.parse("text/plain; charset; =x; format=flowed")
    assert (found.head, found.params) == ("text/plain", {"format": "flowed"})


EMPTY_HTML = "Content-Type: text/html\n\n<p> </p>"
CALENDAR = "Content-Type: text/calendar; name=i.ics\n\nBEGIN:VCALENDAR"
RICH = "Content-Type: text/enriched\n\n<bold>Hello</bold>\nthere <<x>,\n\n<color><param>red</param>a b</color>"


@pytest.mark.parametrize(
    ("raw", "text", "files"),
    [
        (multi("alternative", "Content-Type: text/plain\n\nhi", EMPTY_HTML), "hi", []),
        (multi("alternative", CALENDAR, IMAGE), "", ["i.ics", "a.png"]),
        (multi("alternative", RICH), "Hello there <x>,\n\na b", []),
        (multi("mixed", RICH), "Hello there <x>,\n\na b", []),
        (
            multi("alternative", PLAIN, f"Content-Type: multipart/related; boundary=y\n\n--y\n{HTML}\n--y\n{IMAGE}\n--y--"),
            "plain words here",
            ["a.png"],
        ),
    ],
    ids=["empty-html", "no-text", "enriched-form", "enriched", "images-of-the-other-form"],
)  # fmt: skip
def test_forms_of_a_text(raw: str, text: str, files: list[str]) -> None:
    message = read(raw)
    assert message.text.strip() == text
    assert [one.name for one in message.attachments] == files


@pytest.mark.parametrize(
    ("plain", "page", "differ"),
    [
        ("Where can people find your office?", "<p>Where can <b>people</b> find your office?</p>", False),
        ("Where can people find your office?", "<p>Please restore my account at once.</p>", True),
        ("Please restore my account, I did nothing wrong. Thanks to everybody!", "<p>Please restore my account, thanks to everybody</p>", False),
        ("Hello there", "<p>Please restore my account.</p>", False),
        ("Где ваш офис, друзья?", "<p>&#1043;&#1076;&#1077;</p>", False),
        (" ".join(f"word{letter}" for letter in "abcdefghijklmnopqrstuvwxyz" * 2), "<p>nothing</p>", True),
    ],
)  # fmt: skip
def test_forms_that_say_different_things_are_noted(plain: str, page: str, differ: bool) -> None:
    first = f"Content-Type: text/plain; charset=utf-8\n\n{plain}"
    second = f"Content-Type: text/html\n\n{page}"
    related = f"Content-Type: multipart/related; boundary=y\n\n--y\n{IMAGE}\n--y\n{second}\n--y--"
    for parts in ((first, second), (second, first), (first, related)):
        assert ("forms-differ" in codes(read(multi("alternative", *parts)))) is differ
