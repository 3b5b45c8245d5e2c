"""Whose the store's files are: what root makes must be of use to a server that is not root."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from postroom.adapters.store.backup import backup, restore
from postroom.adapters.store.connect import owners
from postroom.adapters.store.sqlite import SqliteStore
from postroom.model.errors import TryLater

SOMEBODY = 65533

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files for others")


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A data folder of somebody who is not root, in a place that all may look into."""
    with TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        folder = Path(place) / "data"
        folder.mkdir(mode=0o700)
        os.chown(folder, SOMEBODY, SOMEBODY)
        yield folder


@contextmanager
def somebody() -> Iterator[None]:
    """Be somebody who is not root."""
    os.setegid(SOMEBODY)
    os.seteuid(SOMEBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def test_a_store_that_root_makes_belongs_to_whom_the_folder_belongs(theirs: Path) -> None:
    store = SqliteStore.open(theirs / "postroom.db")
    assert {path.name: path.stat().st_uid for path in theirs.iterdir()} == dict.fromkeys(
        ("postroom.db", "postroom.db-wal", "postroom.db-shm"), SOMEBODY
    )
    store.close()
    with somebody(), closing(SqliteStore.open(theirs / "postroom.db")) as opened:
        assert opened.census()["arrivals"] == 0


def test_so_does_one_that_root_restores_and_a_backup_is_roots(theirs: Path, tmp_path: Path) -> None:
    SqliteStore.open(tmp_path / "other.db").close()
    backup(tmp_path / "other.db", theirs / "copy.db")
    assert (theirs / "copy.db").stat().st_uid == 0
    restore(theirs / "copy.db", theirs / "postroom.db")
    with somebody(), closing(SqliteStore.open(theirs / "postroom.db")) as opened:
        assert opened.census()["arrivals"] == 0


def test_who_may_not_use_it_is_told_whose_it_is(theirs: Path) -> None:
    path = theirs / "postroom.db"
    SqliteStore.open(path).close()
    os.chown(path, 0, 0)
    with somebody(), pytest.raises(TryLater, match=rf"{path} belongs to root \(mode 0600\), we are user {SOMEBODY}"):
        SqliteStore.open(path)
    os.chown(path, SOMEBODY, SOMEBODY)
    os.chown(theirs, 0, 0)
    with somebody(), pytest.raises(TryLater, match=rf"{theirs} belongs to root \(mode 0700\), we are user {SOMEBODY}"):
        SqliteStore.open(path)


def test_what_is_not_there_is_nobodys(tmp_path: Path) -> None:
    assert owners(tmp_path / "missing") == "we are root"
