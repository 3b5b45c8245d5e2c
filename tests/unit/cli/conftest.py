"""Commands run in this process, through the same door as on the command line."""

import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from postroom.adapters.store.sqlite import SqliteStore
from postroom.bootstrap import checks
from postroom.cli.main import run
from postroom.config.listening import listeners
from postroom.config.settings import Settings
from tests.unit.flow.house import a_message

SETTINGS = """
hostname = "mx.shop.test"
[brand.shop]
addresses = ["support@shop.test"]
[route.appeals]
destinations = ["appeals"]
[route.general]
destinations = ["general"]
[destination.appeals]
kind = "inbox"
[destination.general]
kind = "inbox"
[urgent]
destinations = ["appeals"]
"""

#: ports of settings that name none
_USUAL = frozenset(int(listen.rpartition(":")[2]) for _, listen in listeners(Settings()))


@dataclass(frozen=True)
class Ran:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Postroom = Callable[..., Ran]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation, and where we are. Whoever has a server of his own running has its ports, which are no matter of ours."""
    taken = checks._is_taken
    monkeypatch.setattr(checks, "_is_taken", lambda host, port: port not in _USUAL and taken(host, port))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "postroom.toml").write_text(SETTINGS)
    (tmp_path / "mail.eml").write_bytes(a_message())
    return tmp_path


@pytest.fixture
def empty_store(folder: Path) -> None:
    """The installation has a store, with nothing in it."""
    (folder / "data").mkdir()
    SqliteStore.open(folder / "data" / "postroom.db").close()


@pytest.fixture
def as_before() -> Iterator[None]:
    """What a command sets for its whole process, it leaves to no other test: environment, signals, switching of threads."""
    environment, interval = dict(os.environ), sys.getswitchinterval()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    os.environ.clear()
    os.environ.update(environment)
    sys.setswitchinterval(interval)
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


@pytest.fixture
def postroom(
    as_before: None, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Postroom:
    """Run a command there. Every error is a sentence: a traceback fails the test."""

    def command(*arguments: str, stdin: bytes | io.BytesIO = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["postroom", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin) if isinstance(stdin, bytes) else stdin))
        capsys.readouterr()
        code = 0
        try:
            run()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        said = capsys.readouterr()
        return Ran(code=code, out=said.out, err=said.err)

    return command


@pytest.fixture
def work(folder: Path) -> Callable[[], None]:
    """Judge and deliver all there is, without a server."""

    def until_done() -> None:
        from postroom.bootstrap.house import House
        from postroom.cli.console import read_settings
        from tests.unit.flow.house import Bell

        house = House(read_settings(folder / "postroom.toml"), folder)
        bell = Bell()
        house.judge_worker("judge", bell, in_hand=lambda _job: None, ring_delivery=lambda: None).run()
        for destination in house.destinations.values():
            bell = Bell()
            lane = house.lane_worker(f"deliver:{destination.name}", destination, bell)
            bell.busy = lambda lane=lane: not lane._empty_handed
            lane.run()
            lane.executor.shutdown()
        house.close()

    return until_done
