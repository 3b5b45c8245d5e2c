"""The file of tombstones: added to, read whole, never in the way."""

import json
import os
import resource
from dataclasses import replace
from pathlib import Path

import pytest

from postroom.adapters.tombstones import TombstoneFile
from postroom.model.errors import PostroomError, TryLater
from postroom.model.privacy import Tombstone

ONE = Tombstone(kind="address", hash=b"1" * 16, at=1.5, by="root", key="k1")
TWO = replace(ONE, kind="mail", hash=b"2" * 16)
THREE = replace(TWO, hash=b"3" * 16)


def test_what_was_added_is_read_in_order(tmp_path: Path) -> None:
    file = TombstoneFile(tmp_path / "erased")
    assert file.all() == ()
    file.add([])
    assert not file.path.exists()
    file.add([ONE])
    file.add([TWO, THREE])
    assert file.all() == (ONE, TWO, THREE)
    assert file.path.stat().st_mode & 0o777 == 0o600
    first, second = file.path.read_text().splitlines()
    assert json.loads(first)["hashes"] == [ONE.hash.hex()]
    assert len(json.loads(second)["hashes"]) == 2


def test_a_line_that_a_crash_cut_off_is_passed_over_and_the_next_begins_anew(tmp_path: Path) -> None:
    file = TombstoneFile(tmp_path / "erased")
    file.add([ONE])
    file.path.write_bytes(file.path.read_bytes() + b'{"at": 1.5, "by"')
    assert file.all() == (ONE,)
    file.add([TWO])
    assert file.all() == (ONE, TWO)


@pytest.mark.parametrize(
    "line", [b"x", b"{}", b"[]", b'{"at": 1, "by": "", "key": "", "kind": "x", "hashes": []}', b'{"at": 1, "by": "", "key": "", "kind": "mail", "hashes": ["z"]}']
)  # fmt: skip
def test_a_damaged_file_is_told_of(tmp_path: Path, line: bytes) -> None:
    file = TombstoneFile(tmp_path / "erased")
    file.add([ONE])
    file.path.write_bytes(file.path.read_bytes() + line + b"\n")
    with pytest.raises(PostroomError, match="damaged in line 2"):
        file.all()


def test_what_the_disk_takes_a_part_of_is_not_taken_for_written(tmp_path: Path) -> None:
    file = TombstoneFile(tmp_path / "erased")
    file.add([ONE])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.path.stat().st_size + 20, hard))
    try:
        with pytest.raises(TryLater, match="cannot be written"):
            file.add([TWO])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.all() == (ONE,)
    file.add([TWO])
    assert file.all() == (ONE, TWO)


def test_what_cannot_be_read_or_written_is_tried_later(tmp_path: Path) -> None:
    file = TombstoneFile(tmp_path)
    with pytest.raises(TryLater, match="cannot be written"):
        file.add([ONE])
    with pytest.raises(TryLater, match="cannot be read"):
        file.all()


def test_it_is_on_the_disk_before_anything_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(number) or real(number))
    TombstoneFile(tmp_path / "erased").add([ONE])
    assert len(synced) == 2, "the file, and its name in the folder"
