"""The server process, as far as it can be tried without starting one."""

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from postroom.adapters.intake.smtp import SmtpServer
from postroom.adapters.processes import alone
from postroom.bootstrap import server
from postroom.bootstrap.datafolder import LOCK
from postroom.bootstrap.house import House
from postroom.bootstrap.server import Server
from postroom.config import load
from postroom.flow.targets import FirstAnswers
from postroom.model.errors import ConfigError, PostroomError
from tests.unit.cli.conftest import SETTINGS
from tests.unit.flow.house import Told

DOOR = '[intake]\nlisten = ["127.0.0.1:0"]\n[web]\nlisten = ""\n[pages]\nlisten = ""\n'


class Workers:
    """Stands for the supervisor; remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        #: done at each tick, given how many there were
        self.does: Callable[[int], None] = lambda _turn: None

    def __call__(self, **_: Any) -> "Workers":
        return self

    def start(self) -> None:
        self.told.append("start")

    def stop(self, timeout: float) -> None:
        self.told.append("stop")

    def tick(self) -> None:
        self.told.append("tick")
        self.does(self.told.count("tick"))

    def at_work(self) -> dict[str, bool]:
        return {}

    def warnings(self) -> dict[str, str]:
        return {}


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Workers:
    made = Workers()
    monkeypatch.setattr(server, "Supervisor", made)
    return made


def a_server(base: Path, door: str = DOOR, *, allow_root: bool = True) -> tuple[Server, House]:
    settings, problems = load(SETTINGS + door)
    assert settings is not None, problems
    house = House(settings, base)
    return Server(house, base / "postroom.toml", allow_root=allow_root), house


def run(base: Path) -> None:
    asyncio.run(a_server(base)[0].run())


def test_who_finds_an_address_taken_is_told_by_which_setting_and_by_whom(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        door = DOOR.replace('[pages]\nlisten = ""', f'[pages]\nlisten = "127.0.0.1:{other.getsockname()[1]}"')
        with pytest.raises(ConfigError, match=r"already in use; end what listens there, or set pages\.listen"):
            asyncio.run(a_server(tmp_path, door)[0].run())
        (tmp_path / "data").mkdir()
        with (
            alone(tmp_path / "data" / LOCK),
            pytest.raises(ConfigError, match=f"another server has this store, pid {os.getpid()};"),
        ):
            asyncio.run(a_server(tmp_path, door)[0].run())


def test_root_is_refused_before_anything_is_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        door = DOOR.replace("127.0.0.1:0", f"127.0.0.1:{other.getsockname()[1]}")
        with pytest.raises(ConfigError, match="does not run as root"):
            asyncio.run(a_server(tmp_path, door, allow_root=False)[0].run())


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


def test_a_step_of_the_watch_that_fails_ends_neither_the_watch_nor_its_other_steps(
    tmp_path: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_TICK", 0.0)
    serving, house = a_server(tmp_path)
    house.__dict__["observer"] = told = Told()

    def fails() -> None:
        raise ValueError("no such file")

    monkeypatch.setattr(server.Schedule, "tick", lambda _self: fails())

    def ticks(turn: int) -> None:
        if turn == 2 * server._SWEEP + 1:
            serving._end()
        if turn == 1:
            fails()

    workers.does = ticks
    asyncio.run(serving.run())
    failed = [{"step": step, "error": "ValueError: no such file"} for step in ("workers", "learning", "learning")]
    assert told.of("watch-failed") == failed


def test_what_has_to_be_answered_in_time_is_noted_before_anything_is_judged(
    tmp_path: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(FirstAnswers, "watch", lambda _self: told.append(f"watch, {workers.told}"))
    workers.does = lambda _turn: serving._end()
    serving, _ = a_server(tmp_path)
    asyncio.run(serving.run())
    assert told == ["watch, []"]


def test_a_server_whose_watch_has_ended_ends_too(
    tmp_path: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To be started anew by whatever started it."""
    monkeypatch.setattr(server, "_TICK", "rubbish")
    with pytest.raises(PostroomError, match="the watch over the workers: TypeError"):
        run(tmp_path)
    assert workers.told == ["start", "stop", "stop"]
