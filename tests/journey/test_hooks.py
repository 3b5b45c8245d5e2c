"""Other systems are told while `postroom serve` runs, whatever happens to the process that tells them; and the API answers."""

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hook_receiver import Receiver, listening
from tests.journey.test_serve import PATIENCE, Running, served, until
from tools.running import free_ports


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as made:
        yield made


@pytest.fixture
def pages() -> int:
    return free_ports(1)[0]


@pytest.fixture
def running(tmp_path: Path, receiver: Receiver, pages: int) -> Iterator[Running]:
    (tmp_path / "secret").write_text("a secret of both sides")
    hook = (
        f'[hook.cases]\nurl = "http://127.0.0.1:{receiver.server_address[1]}/"\nsecret_file = "secret"\n'
        'allow = ["127.0.0.1"]\ntimeout = 1\n'
    )
    with served(tmp_path, ('[pages]\nlisten = ""', f'{hook}[pages]\nlisten = "127.0.0.1:{pages}"')) as running:
        yield running


def test_what_happened_is_told_also_after_its_process_was_killed(
    running: Running, receiver: Receiver, pages: int
) -> None:
    until(lambda: "pages" in running.workers(), "the pages are there")
    receiver.status = 500
    running.send("Please give me my account back.")
    until(lambda: len(receiver.heard) == 1, "a first try")
    os.kill(running.workers()["pages"], signal.SIGKILL)
    running.send("Please give me my account back, I said.")
    receiver.status = 200
    until(lambda: len(set(receiver.heard)) == 2 and len(receiver.heard) >= 3, "both are told")
    assert all(key.startswith("routed.") for key in receiver.heard)

    running.command("user", "add", "root", "--role", "admin", "--no-password")
    token = running.command("key", "add", "root", "--scope", "admin").split()[0]
    ask = urllib.request.Request(
        f"http://127.0.0.1:{pages}/api/v1/hooks/calls", headers={"Authorization": f"Bearer {token}"}
    )

    def states() -> set[str]:
        with urllib.request.urlopen(ask, timeout=PATIENCE) as answer:
            return {one["state"] for one in json.load(answer)["calls"]}

    until(lambda: states() == {"done"}, "the log says so")
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(PATIENCE) == 0
    assert not running.events("worker-failed")
