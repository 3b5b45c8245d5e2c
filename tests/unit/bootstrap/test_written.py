"""What commands write is on the disk when they say so."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from postroom.bootstrap import heavier, models, thresholds
from postroom.bootstrap.accepted import RuleTexts
from tests.unit.cli.conftest import SETTINGS


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Inodes of the files and folders that were synced."""
    seen: set[int] = set()
    sync = os.fsync

    def watched(descriptor: int) -> None:
        sync(descriptor)
        seen.add(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fsync", watched)
    monkeypatch.setattr(models, "dump", lambda _model: b"model")
    monkeypatch.setattr(heavier, "dump", lambda _head: b"head")
    return seen


@pytest.mark.parametrize(
    "write",
    [
        lambda path: models.write(None, path),  # type: ignore[arg-type]
        lambda path: heavier.write(None, path),  # type: ignore[arg-type]
        lambda path: thresholds.write(path, {("route", "appeals", "threshold"): 0.7}),
        lambda path: RuleTexts(rules={}, phrases={}, routes=()).keep(path),
    ],
    ids=["model", "heavier model", "thresholds", "accepted rules"],
)
def test_it_is_on_the_disk(write: Callable[[Path], Any], synced: set[int], tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(SETTINGS)
    write(path)
    assert path.read_text() != SETTINGS
    assert {path.stat().st_ino, tmp_path.stat().st_ino} <= synced
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_model_is_readable_as_the_umask_lets_it_be(synced: set[int], tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        models.write(None, tmp_path / "m.model")  # type: ignore[arg-type]
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "m.model").stat().st_mode) == 0o640


def test_settings_stay_as_readable_as_they_were(synced: set[int], tmp_path: Path) -> None:
    path = tmp_path / "postroom.toml"
    path.write_text(SETTINGS)
    path.chmod(0o664)
    thresholds.write(path, {("route", "appeals", "threshold"): 0.7})
    assert stat.S_IMODE(path.stat().st_mode) == 0o664
