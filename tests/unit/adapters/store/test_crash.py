"""A process that is killed at any moment loses nothing that it said was kept."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from postroom.adapters.store.sqlite import SqliteStore
from postroom.model.mail import MailId
from postroom.testing.values import a_mail

PROGRAM = """
import sys, threading
from pathlib import Path
from postroom.adapters.store.sqlite import SqliteStore
from postroom.testing.values import a_mail

path, first = Path(sys.argv[1]), int(sys.argv[2])
store = SqliteStore.open(path)
print("ready", flush=True)

def submit(number):
    while True:
        (mail,) = store.accept([a_mail(number)]).result()
        sys.stdout.write(mail.id + "\\n")
        sys.stdout.flush()
        number += 4

for offset in range(4):
    threading.Thread(target=submit, args=(first + offset,)).start()
"""


@pytest.mark.slow
def test_every_mail_that_was_answered_for_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "postroom.db"
    moments = Random(20)
    answered: list[str] = []
    for round_ in range(20):
        answered += _killed(path, first=round_ * 1_000_000, after=moments.randrange(1, 400))
    store = SqliteStore.open(path)
    kept = {mail.id: mail for mail in store.read([MailId(one) for one in answered])}
    assert len(answered) == len(set(answered)) > 20
    assert [one for one in answered if one not in kept] == []
    assert all(kept[MailId(one)].raw == a_mail(int(one[-17:])).raw for one in answered)
    assert store.census()["jobs"]["judge"]["ready"] == store.census()["arrivals"] >= len(answered)
    store.close()


def _killed(path: Path, *, first: int, after: int) -> list[str]:
    """Let a process accept mails and kill it once it has answered for some; what it answered for, to the last line."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(path), str(first)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        lines = [process.stdout.readline() for _ in range(after)]
        os.kill(process.pid, signal.SIGKILL)
        lines += process.stdout.readlines()
    return [line.strip().decode() for line in lines if line.endswith(b"\n")]
