"""A file written whole or not at all, and on the disk on return."""

import os
import stat
from pathlib import Path

import pytest

from postroom.adapters.wholefile import write_whole


def test_the_file_is_on_the_disk_before_it_takes_its_name_and_the_name_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, done = tmp_path / "file", []
    path.write_bytes(b"old")
    sync = os.fsync

    def watched(descriptor: int) -> None:
        sync(descriptor)
        done.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), path.read_bytes()))

    monkeypatch.setattr(os, "fsync", watched)
    write_whole(path, b"new")
    assert done == [(False, b"old"), (True, b"new")]
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_what_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fails(_: int) -> None:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        write_whole(path, b"new", own=fails)
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_it_is_for_whom_it_is_meant_before_anything_is_in_it(tmp_path: Path, mode: int) -> None:
    seen = []
    write_whole(tmp_path / "file", b"new", mode=mode, own=lambda file: seen.append(os.fstat(file)))
    (status,) = seen
    assert (stat.S_IMODE(status.st_mode), status.st_size) == (mode, 0)


def test_what_a_crash_left_beside_it_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / f"file.{os.getpid()}.part").write_bytes(b"half")
    write_whole(tmp_path / "file", b"new")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("file", b"new")]
