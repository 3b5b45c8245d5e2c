"""Forms with files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.web.multipart import read

TYPE = 'multipart/form-data; boundary="----b"'


def form(*parts: bytes, end: bytes = b"------b--\r\n") -> bytes:
    return b"".join(b"------b\r\n" + part + b"\r\n" for part in parts) + end


def field(name: str, value: bytes, file: str = "") -> bytes:
    return f'Content-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + value


def test_fields_and_files_are_read() -> None:
    body = form(
        field("a", b"1"),
        field("a", "ü\r\n".encode()),
        b'Content-Type: application/zip\r\ncontent-disposition: form-data; name="f"; filename="x y.zip"\r\n\r\nPK\r\n\x00',
        field("g", b"", '; filename=""'),
    )
    assert read(TYPE, body) == ({"a": ("1", "ü\r\n")}, {"f": b"PK\r\n\x00", "g": b""})
    assert read("Multipart/Form-Data;boundary=----b", body) == read(TYPE, body)
    assert read(TYPE, form()) is not None


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", form()),
        ("multipart/form-data; boundary=" + "x" * 71, form()),
        ("multipart/mixed; boundary=----b", form()),
        (TYPE, b""),
        (TYPE, b"------b\r\n"),
        (TYPE, form(end=b"")),
        (TYPE, b"before" + form()),
        (TYPE, form(b"no head at all")),
        (TYPE, form(b"Content-Type: text/plain\r\n\r\nx")),
        (TYPE, form(b'Content-Disposition: attachment; name="x"\r\n\r\nx')),
        (TYPE, form(b'Content-Disposition: form-data; name="x"; evil="y"\r\n\r\nx')),
        (TYPE, form(*[field("a", b"")] * 60)),
    ],
)
def test_what_browsers_do_not_send_is_no_form(kind: str, body: bytes) -> None:
    assert read(kind, body) is None


@given(st.binary(max_size=200), st.integers(0, 100))
def test_any_bytes_are_a_form_or_none(junk: bytes, at: int) -> None:
    body = form(field("a", b"1"), field("f", b"x", '; filename="f"'))
    read(TYPE, body[:at] + junk + body[at:])
    read(junk.decode("latin-1"), body)
