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

#: for each number that it reads, it forks a process that accepts mails from there on: a new Python would take longer than all else
PROGRAM = """
import os, sys, threading
from pathlib import Path
from postroom.adapters.store.sqlite import SqliteStore
from postroom.testing.values import a_mail

def work(first):
    print("child", os.getpid(), flush=True)
    store = SqliteStore.open(Path(sys.argv[1]))

    def submit(number):
        while True:
            (mail,) = store.accept([a_mail(number)]).result()
            sys.stdout.write(mail.id + "\\n")
            sys.stdout.flush()
            number += 4

    for offset in range(4):
        threading.Thread(target=submit, args=(first + offset,)).start()

for line in sys.stdin:
    child = os.fork()
    if not child:
        work(int(line))
        break
    os.waitpid(child, 0)
    print("gone", flush=True)
"""


@pytest.mark.slow
def test_every_mail_that_was_answered_for_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "postroom.db"
    moments = Random(20)
    answered: list[str] = []
    command = [sys.executable, "-u", "-c", PROGRAM, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        for round_ in range(20):
            answered += _killed(program, first=round_ * 1_000_000, after=moments.randrange(1, 400))
    store = SqliteStore.open(path)
    kept = {mail.id: mail for mail in store.read([MailId(one) for one in answered])}
    assert len(answered) == len(set(answered)) > 20
    assert [one for one in answered if one not in kept] == []
    assert all(kept[MailId(one)].raw == a_mail(int(one[-17:])).raw for one in answered)
    assert store.census()["jobs"]["judge"]["ready"] == store.census()["arrivals"] >= len(answered)
    store.close()


def _killed(program: "subprocess.Popen[bytes]", *, first: int, after: int) -> list[str]:
    """Let a process accept mails and kill it once it has answered for some; what it answered for, to the last line."""
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(b"%d\n" % first)
    program.stdin.flush()
    child, lines = 0, []
    for line in program.stdout:
        if line.startswith(b"child "):
            child = int(line.split()[1])
        elif line == b"gone\n":
            break
        else:
            lines.append(line)
        if len(lines) == after:
            os.kill(child, signal.SIGKILL)
    return [line.strip().decode() for line in lines if line.endswith(b"\n")]
