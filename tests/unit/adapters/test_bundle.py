"""Files in one file: they come back as they were, or it is said that they don't. Any bytes give files or `PostroomError`."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.adapters import bundle
from postroom.adapters.bundle import MAGIC, pack, unpack
from postroom.model.errors import ConfigError, PostroomError, TryLater

FILES = [("a", b"first\n"), ("b.c", b""), ("a", bytes(range(256)))]


@given(st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=200)), max_size=5))
def test_what_was_packed_comes_back(files: list[tuple[str, bytes]]) -> None:
    with TemporaryDirectory() as folder:
        pack(Path(folder) / "all", files)
        assert list(unpack(Path(folder) / "all")) == files
        assert [path.name for path in Path(folder).iterdir()] == ["all"]


def test_it_is_for_its_owner_alone_and_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    (tmp_path / "all").write_bytes(b"old")
    (tmp_path / "all").chmod(0o644)
    pack(tmp_path / "all", FILES)
    assert (tmp_path / "all").stat().st_mode & 0o777 == 0o600
    assert list(unpack(tmp_path / "all")) == FILES


def test_where_making_it_fails_the_older_one_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack(tmp_path / "all", FILES)

    def broken():
        yield "x", b"new"
        raise ConfigError("it can't be read")

    with pytest.raises(ConfigError, match="it can't be read"):
        pack(tmp_path / "all", broken())
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(TryLater, match="all cannot be written: No space left"):
            pack(tmp_path / "all", [("x", b"new")])
    assert list(unpack(tmp_path / "all")) == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["all"]


def test_any_damaged_byte_is_found(tmp_path: Path) -> None:
    """But for the very last one, which says nothing."""
    pack(tmp_path / "all", FILES)
    whole = (tmp_path / "all").read_bytes()
    for at in range(len(whole) - 1):
        content = bytearray(whole)
        content[at] ^= 0x01
        (tmp_path / "all").write_bytes(content)
        with pytest.raises(PostroomError):
            list(unpack(tmp_path / "all"))


@pytest.mark.parametrize("cut", range(2, 300, 7))
def test_one_that_was_cut_off_is_damaged(tmp_path: Path, cut: int) -> None:
    pack(tmp_path / "all", FILES)
    (tmp_path / "all").write_bytes((tmp_path / "all").read_bytes()[:-cut])
    with pytest.raises(PostroomError):
        list(unpack(tmp_path / "all"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is damaged"),
        (b"{}\n", "is damaged"),
        (b"[]\n", "is damaged"),
        (b"1\n", "is damaged"),
        (b"[" * 900 + b"\n", "is damaged"),
        (b'{"files": 1}\n', "more or fewer"),
        (b'{"files": 0}\nx', "more or fewer"),
        (b'{"name": "a", "bytes": -1, "sha256": ""}\n', "larger than"),
        (b'{"name": "a", "bytes": 1e999, "sha256": ""}\n', "is damaged"),
        (b'{"name": "a", "bytes": 99999999999, "sha256": ""}\n', "larger than"),
        (b'{"name": "a", "bytes": 100, "sha256": ""}\nabc', "the checksum of a is wrong"),
        (b'{"name": "' + b"a" * 2000 + b'"}\n', "is damaged"),
    ],
)
def test_what_lies_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "all").write_bytes(MAGIC + content)
    with pytest.raises(PostroomError, match=said):
        list(unpack(tmp_path / "all"))


def test_too_many_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack(tmp_path / "all", FILES)
    monkeypatch.setattr(bundle, "MAX_FILES", 3)
    assert len(list(unpack(tmp_path / "all"))) == 3
    monkeypatch.setattr(bundle, "MAX_FILES", 2)
    with pytest.raises(PostroomError, match="more than 2 files"):
        list(unpack(tmp_path / "all"))


def test_another_file_or_none_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "all").write_bytes(b"SQLite format 3\0")
    with pytest.raises(ConfigError, match="none of the files that `postroom backup` writes"):
        list(unpack(tmp_path / "all"))
    with pytest.raises(ConfigError, match=r"can't read .*none: No such file"):
        list(unpack(tmp_path / "none"))


@given(st.binary(max_size=300))
def test_any_bytes_give_files_or_an_error_of_ours(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        for tried in (content, MAGIC + content):
            (Path(folder) / "all").write_bytes(tried)
            with pytest.raises(PostroomError):
                list(unpack(Path(folder) / "all"))
