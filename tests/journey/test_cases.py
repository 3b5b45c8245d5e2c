"""Cases open by themselves while `postroom serve` runs, whatever happens to the process that opens them."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.adapters.store.cases import SqliteCases
from postroom.model.cases import WantedCases
from postroom.model.people import ALL
from tests.journey.test_serve import PATIENCE, Running, served, until
from tools.running import free_ports


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    changes = (
        ("[route.appeals]\n", "[route.appeals]\ncases = true\n"),
        ('[pages]\nlisten = ""', f'[pages]\nlisten = "127.0.0.1:{free_ports(1)[0]}"'),
    )
    with served(tmp_path, *changes) as running:
        yield running


def test_cases_open_by_themselves_also_after_their_process_was_killed(running: Running) -> None:
    cases = SqliteCases(running.store.units)

    def mails() -> list[int]:
        found = cases.page(WantedCases(), ALL).cases
        kept = [cases.case(one.number, ALL) for one in found]
        return [len(one.mails) for one in kept if one is not None]

    running.send("Please give me my account back.")
    until(lambda: mails() == [1], "a case is open")
    until(lambda: "pages" in running.workers(), "the pages are there")
    os.kill(running.workers()["pages"], signal.SIGKILL)
    running.send("Please give me my account back, I said.")
    until(lambda: mails() == [2], "the second mail has joined it")
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(PATIENCE) == 0
    assert not running.events("worker-failed")
