"""Header blocks and encoded words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.understand import headers


def fields(raw: bytes) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers.parse(raw).fields]


def test_folded_fields_become_one_line() -> None:
    assert fields(b"Subject: one\r\n two\r\n\tthree\r\nTo: a\r\n\r\nbody") == [
        ("subject", "one two three"),
        ("to", "a"),
    ]


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_the_body_starts_after_the_blank_line(end: bytes) -> None:
    raw = b"A: b" + end + b"C: d" + end + end + b"body"
    block = headers.parse(raw)
    assert raw[block.body_at :] == b"body"
    assert block.defects == ()


@pytest.mark.parametrize(
    ("raw", "names", "body", "defect"),
    [
        (b"From ada@example.com Mon Nov  2 2026\nSubject: x\n\nhi", ["subject"], b"hi", "mbox-from-line"),
        (b"Dear team,\nno header here", [], b"Dear team,\nno header here", ""),
        (
            b"Subject: x\nTo: y\nDear team,\nplease help\n",
            ["subject", "to"],
            b"Dear team,\nplease help\n",
            "no-blank-line",
        ),
        (b"Subject: x\nrubbish\nTo: y\n\nhi", ["subject", "to"], b"hi", "bad-header-line"),
        (b"\r\nhi", [], b"hi", ""),
        (b"\n\nSubject: x\n\nhi", ["subject"], b"hi", ""),
        (b"Subject : x\n\nhi", ["subject"], b"hi", ""),
        (b"Subject: a\rb\n\nhi", ["subject"], b"hi", "bare-cr"),
        (b"Subject: a\0b\n\nhi", ["subject"], b"hi", "nul-in-header"),
        (b"", [], b"", ""),
        (b"Subject: only", ["subject"], b"", ""),
        (b"Subject: x\r\nTo: y\n\nFrom: z\r\n\r\nhi", ["subject", "to"], b"From: z\r\n\r\nhi", "mixed-line-ends"),
        (b"Subject: x\r\nTo: y\n\r\nFrom: z\r\n\r\nhi", ["subject", "to"], b"From: z\r\n\r\nhi", "mixed-line-ends"),
        (b"Subject: x\nTo: y\r\n\r\nhi\n\n", ["subject", "to"], b"hi\n\n", ""),
    ],
)
def test_odd_blocks(raw: bytes, names: list[str], body: bytes, defect: str) -> None:
    block = headers.parse(raw)
    assert [field.name for field in block.fields] == names
    assert raw[block.body_at :] == body
    assert list(block.defects) == ([defect] if defect else [])


def test_limits_are_kept_and_noted() -> None:
    many = headers.parse(b"X: y\r\n" * (headers.FIELDS + 5) + b"\r\n")
    assert len(many.fields) == headers.FIELDS
    assert "too-many-header-fields" in many.defects
    wide = headers.parse(b"X: " + b"y" * (headers.FIELD_BYTES * 2) + b"\r\n\r\nhi")
    assert len(wide.fields[0].raw) == headers.FIELD_BYTES
    assert "header-field-too-long" in wide.defects
    raw = b"X: yyyyyyyy\r\n" * 40_000 + b"\r\nbody"
    long = headers.parse(raw)
    assert "header-too-long" in long.defects
    assert raw[long.body_at :] == b"body"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?J=C3=B6rg?=", "Jörg"),
        ("=?ISO-8859-1?Q?a_b=E9?= c", "a bé c"),
        ("=?utf-8?B?w7Y=?= =?utf-8?B?w6Q=?=", "öä"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=B6?=", "ö"),
        ("=?utf-8?B?4oI=?= =?utf-8?B?rA==?=", "€"),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("=?utf-8*en?q?hi?=", "hi"),
        ("=?gb2312?B?xOO6ww==?=", "你好"),
        ("=?big5?B?p0Gmbg==?=", "你好"),
        ("=?koi8-r?B?8NLJ18XU?=", "Привет"),
        ("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        ("=?shift_jis?B?k/qWew==?=", "日本"),
        ("=?utf-7?Q?Fr+APY-sche?=", "Frösche"),
        ("=?nonsense?q?abc?=", "abc"),
        ("=?utf-8?q?never closed", "=?utf-8?q?never closed"),
        ("=?utf-8?q?a b?=", "a b"),
        ("=?utf-8?B?w7Y?=", "ö"),
        ("=?utf-8?B?####?=", ""),
        ("=?utf-8?q?line=0A=0Dbreak?=", "line  break"),
        ("=?=?==?", "=?=?==?"),
    ],
)
def test_encoded_words(raw: str, text: str) -> None:
    assert headers.decode(raw) == text


def test_eight_bit_values_are_read_as_utf_8_or_as_they_look() -> None:
    utf8 = headers.parse("Subject: Grüße\r\n\r\n".encode())
    assert (utf8.first("subject"), utf8.defects) == ("Grüße", ())
    latin = headers.parse("Subject: Grüße aus der schönen Stadt\r\n\r\n".encode("latin-1"))
    assert (latin.first("subject"), latin.defects) == ("Grüße aus der schönen Stadt", ("8bit-header",))


@given(st.binary(max_size=2000))
def test_any_bytes_give_fields_and_a_body(raw: bytes) -> None:
    block = headers.parse(raw)
    assert 0 <= block.body_at <= len(raw)
    for name, value in block.fields:
        assert name == name.lower()
        assert "\n" not in value
        headers.decode(value).encode("utf-8")


@given(
    st.lists(
        st.tuples(st.from_regex(r"[A-Za-z-]{1,20}", fullmatch=True), st.from_regex(r"[!-~ ]{0,40}", fullmatch=True)),
        min_size=1,
        max_size=20,
    )
)
def test_the_quick_way_says_the_same(pairs: list[tuple[str, str]]) -> None:
    block = "\r\n".join(f"{name}: {value}" for name, value in pairs).encode("ascii")
    quick = headers._plain_fields(block)
    if quick is not None:
        assert list(quick) == headers._fields(block, [])[0]


@given(st.text(alphabet="=?utf-8qQbB_ \t\nÖ", max_size=200))
def test_any_value_decodes_to_one_line(raw: str) -> None:
    assert "\n" not in headers.decode(headers.one_line(raw))
