"""Archives of sheets: the same bytes for the same texts; any bytes give sheets or `Refused`."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.flow.sheetpack import pack, unpack
from postroom.model.errors import Refused
from postroom.model.rulebooks import MAX_SHEETS, SheetName

TEXTS = {
    SheetName("rules/press.toml"): "# «ü»\n",
    SheetName("examples/x.toml"): "",
    SheetName("phrases/a.toml"): "a\nb\n",
}


def archive(*entries: tuple[zipfile.ZipInfo | str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as packed:
        for entry, content in entries:
            packed.writestr(entry, content)
    return made.getvalue()


def test_what_is_packed_is_unpacked() -> None:
    assert unpack(pack(TEXTS)) == TEXTS
    assert pack(TEXTS) == pack(dict(reversed(TEXTS.items())))


def test_folders_in_it_are_passed_over_and_line_ends_are_ours() -> None:
    assert unpack(archive(("rules/", b""), ("rules/a.toml", b"a\r\nb"))) == {"rules/a.toml": "a\nb\n"}


@pytest.mark.parametrize(
    "name",
    ["../rules/a.toml", "/rules/a.toml", "rules/../../a.toml", "rules/a/b.toml", "C:\\rules\\a.toml", "postroom.toml", "rules/a.eml"],
)  # fmt: skip
def test_no_path_leads_out(name: str) -> None:
    with pytest.raises(Refused, match="can't be in it"):
        unpack(archive((name, b"")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_is_there_once() -> None:
    with pytest.raises(Refused, match="once each"):
        unpack(archive(("rules/a.toml", b"1"), ("rules/a.toml", b"2")))


def test_links_and_strange_packings_are_refused() -> None:
    link = zipfile.ZipInfo("rules/a.toml")
    link.external_attr = 0o120777 << 16
    with pytest.raises(Refused, match="is a link"):
        unpack(archive((link, b"/etc/passwd")))
    with pytest.raises(Refused, match="unusual way"):
        unpack(archive(("rules/a.toml", b"x"), method=zipfile.ZIP_BZIP2))


def test_bombs_are_not_unpacked() -> None:
    with pytest.raises(Refused, match="too large"):
        unpack(archive(("rules/a.toml", b"0" * 30_000_000)))
    many = [(f"rules/a{number}.toml", b"0" * 399_000) for number in range(12)]
    with pytest.raises(Refused, match="all of them together"):
        unpack(archive(*many))
    with pytest.raises(Refused, match="at most"):
        unpack(archive(*((f"rules/a{number}.toml", b"") for number in range(MAX_SHEETS + 1))))


def test_sizes_that_an_archive_lies_about_are_not_believed() -> None:
    content = archive(("rules/a.toml", b"0" * 500_000))
    lie = content.replace((500_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    with pytest.raises(Refused):
        unpack(lie)


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"no archive at all", archive(), archive(("rules/a.toml", b"\xff\xfe"))]
)
def test_what_can_not_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(Refused):
        unpack(content)


def test_an_encrypted_one_is_refused() -> None:
    content = bytearray(archive(("rules/a.toml", b"x"), method=zipfile.ZIP_STORED))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(sign) + at] |= 1
    with pytest.raises(Refused, match="no ZIP file that can be read"):
        unpack(bytes(content))


@given(st.data())
def test_any_bytes_are_sheets_or_refused(data: st.DataObject) -> None:
    content = bytearray(pack(TEXTS))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = unpack(
            bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
        )
    except Refused:
        return
    assert all(isinstance(text, str) for text in found.values())
