"""The key in the data folder: one for all who start at once, whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from postroom.bootstrap.datafolder import key
from postroom.model.errors import ConfigError


def test_it_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    made = key(tmp_path)
    assert len(made) == 32
    assert key(tmp_path) == made
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


_FIVE_AT_ONCE = """
import os, pathlib, sys
from postroom.bootstrap.datafolder import key
ready, go = os.pipe()
for _ in range(5):
    if not os.fork():
        os.close(go)
        os.read(ready, 1)
        os.write(1, key(pathlib.Path(sys.argv[1])).hex().encode() + b"\\n")
        os._exit(0)
os.close(go)
sys.exit(max(os.wait()[1] for _ in range(5)))
"""
"""Processes that wait for one another: what they import takes far longer than the key."""


def test_all_who_start_at_once_have_the_same(tmp_path: Path) -> None:
    started = [sys.executable, "-c", _FIVE_AT_ONCE, str(tmp_path)]
    said = subprocess.run(started, stdout=subprocess.PIPE, check=True, timeout=60).stdout.decode().split()
    assert said == [key(tmp_path).hex()] * 5


def test_who_comes_second_takes_that_of_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.link

    def late(made: Path, path: Path) -> None:
        path.write_bytes(b"f" * 32)
        really(made, path)

    monkeypatch.setattr(os, "link", late)
    assert key(tmp_path) == b"f" * 32
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_one_that_is_cut_signs_nothing(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"")
    with pytest.raises(ConfigError, match="is cut: copy the one of a backup over it, or delete it"):
        key(tmp_path)
