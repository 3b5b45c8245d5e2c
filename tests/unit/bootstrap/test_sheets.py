"""The team's files: written whole, with the permissions that they had, and put into force."""

import errno
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.bootstrap.house import House
from postroom.bootstrap.sheets import TeamSheets, tell_server
from postroom.cli.console import read_settings
from postroom.model.errors import TryLater
from postroom.model.rulebooks import SheetName
from tests.unit.bootstrap.test_shelf import PHRASES, RULE, SETTINGS

A, NEW = SheetName("rules/b.toml"), SheetName("phrases/new.toml")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    (tmp_path / "postroom.toml").write_text(SETTINGS)
    (tmp_path / "ours" / "rules").mkdir(parents=True)
    (tmp_path / "ours" / "rules" / "b.toml").write_text(RULE)
    made = House(read_settings(tmp_path / "postroom.toml"), tmp_path)
    yield made
    made.close()


@pytest.fixture
def sheets(house: House) -> TeamSheets:
    return TeamSheets(house.rules, lambda: None)


def test_files_are_put_with_the_permissions_that_they_had(house: House, sheets: TeamSheets) -> None:
    file = house.base / "ours" / "rules" / "b.toml"
    file.chmod(0o664)
    sheets.put({A: "# ü\n", NEW: PHRASES})
    assert file.read_text(encoding="utf-8") == "# ü\n"
    assert file.stat().st_mode & 0o777 == 0o664
    assert (house.base / "phrases" / "new.toml").stat().st_mode & 0o777 == 0o644 & ~_umask()
    assert sheets.texts() == {A: "# ü\n", NEW: PHRASES}
    sheets.put({A: None, SheetName("rules/never.toml"): None})
    assert sheets.texts() == {NEW: PHRASES}


def test_behind_a_link_the_file_itself_is_written(house: House, sheets: TeamSheets) -> None:
    real = house.base / "checkout" / "b.toml"
    real.parent.mkdir()
    real.write_text(RULE)
    link = house.base / "ours" / "rules" / "b.toml"
    link.unlink()
    link.symlink_to(real)
    sheets.put({A: "# new\n"})
    assert link.is_symlink()
    assert real.read_text() == "# new\n"


def test_where_it_may_not_write_it_says_so(house: House, sheets: TeamSheets, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sheets.hindrance(A) == ""
    assert sheets.hindrance(NEW) == ""  # the folder is made
    monkeypatch.setattr("os.access", lambda *_: False)
    assert f"may not write in {house.base}/ours/rules" in sheets.hindrance(A)


def test_what_the_system_refuses_is_told(house: House, sheets: TeamSheets, monkeypatch: pytest.MonkeyPatch) -> None:
    (house.base / "phrases").write_text("no folder")
    with pytest.raises(TryLater, match="can't be written"):
        sheets.put({NEW: PHRASES})
    monkeypatch.setattr(Path, "read_text", _failing)
    with pytest.raises(TryLater, match="can't be read"):
        sheets.texts()


def _failing(*_: object, **__: object) -> str:
    raise OSError(errno.EIO, "Input/output error")


def test_what_is_in_force_is_what_a_judge_took(house: House, sheets: TeamSheets) -> None:
    assert not sheets.in_force(sheets.texts())
    assert house.rules.load() == ""
    assert sheets.in_force(sheets.texts())
    sheets.put({A: RULE + "# more\n"})
    assert not sheets.in_force(sheets.texts())
    assert sheets.in_force({A: RULE, SheetName("examples/x.toml"): "# they judge nothing"})


def test_what_is_shipped_is_named_so(sheets: TeamSheets) -> None:
    found = sheets.shipped()
    assert "starter/rules/appeals.toml" in found
    assert any(name.startswith("starter/rules/examples/") for name in found)


# The server


def test_the_server_is_told_if_this_is_its_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr("os.kill", lambda pid, number: told.append((pid, number)))
    lock = tmp_path / "server.lock"
    tell_server(lock)()  # no server
    lock.write_text("1234567\n")
    tell_server(lock)()  # another one's
    assert told == []
    lock.write_text(f"{os.getppid()}\n")
    tell = tell_server(lock)
    tell()
    assert told == [(os.getppid(), signal.SIGHUP)]
    monkeypatch.setattr("os.getppid", lambda: 1)
    tell()  # it is gone
    assert len(told) == 1


def _umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now
