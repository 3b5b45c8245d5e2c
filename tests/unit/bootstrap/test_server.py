"""The server process, as far as it can be tried without starting one."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from postroom.adapters.intake.smtp import SmtpServer
from postroom.bootstrap import server
from postroom.bootstrap.house import House
from postroom.bootstrap.server import Server
from postroom.config import load
from postroom.model.errors import ConfigError
from tests.unit.cli.conftest import SETTINGS

DOOR = '[intake]\nlisten = ["127.0.0.1:0"]\n[web]\nlisten = ""\n[pages]\nlisten = ""\n'


class Workers:
    """Stands for the supervisor; remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def __call__(self, **_: Any) -> "Workers":
        return self

    def start(self) -> None:
        self.told.append("start")

    def stop(self, timeout: float) -> None:
        self.told.append("stop")


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Workers:
    made = Workers()
    monkeypatch.setattr(server, "Supervisor", made)
    return made


def run(base: Path) -> None:
    settings, problems = load(SETTINGS + DOOR)
    assert settings is not None, problems
    asyncio.run(Server(House(settings, base), base / "postroom.toml", allow_root=True).run())


def test_no_worker_starts_when_a_door_cant_be_made(
    tmp_path: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ConfigError("no door")

    monkeypatch.setattr(SmtpServer, "__init__", fails)
    with pytest.raises(ConfigError, match="no door"):
        run(tmp_path)
    assert "start" not in workers.told


def test_no_worker_is_left_when_a_door_cant_be_opened(
    tmp_path: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise OSError("no more files")

    monkeypatch.setattr(SmtpServer, "start", fails)
    with pytest.raises(OSError, match="no more files"):
        run(tmp_path)
    assert workers.told == ["start", "stop"]
