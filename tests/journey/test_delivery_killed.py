"""Files and kill -9: whatever was called delivered is there once and whole, and a repeat mends the rest."""

import mailbox
import re
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from postroom.adapters.destination.final import filed
from postroom.testing.destination_contract import make_parcel

MAILS = 40
ROUNDS = 4

DELIVER = """
import sys
from pathlib import Path
from postroom.adapters.destination.maildir import MaildirDestination
from postroom.adapters.destination.mbox import MboxDestination
from postroom.testing.destination_contract import make_parcel

kind, path, first = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
destination = MaildirDestination("desk", path) if kind == "maildir" else MboxDestination("desk", path)
for number in range(first, int(sys.argv[4]) + 1):
    destination.deliver(make_parcel(number))
    print(number, flush=True)
"""


def deliver_and_kill(kind: str, path: Path, kill_after: int | None) -> int:
    """Deliver all from the start, killed once so many were called delivered; how many were."""
    command = [sys.executable, "-c", DELIVER, kind, str(path), "1", str(MAILS)]
    told = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            told = int(line)
            if told == kill_after:
                process.kill()
    return told


@pytest.mark.slow
def test_a_maildir_survives_kill_9_without_loss_or_doubles(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    for turn in range(ROUNDS):
        told = deliver_and_kill("maildir", folder, 1 + turn * 9)
        names = [path.name for path in (folder / "new").iterdir()]
        assert len(names) >= told
    assert deliver_and_kill("maildir", folder, None) == MAILS
    contents = Counter(path.read_bytes() for path in (folder / "new").iterdir())
    assert contents == Counter(filed(make_parcel(number)) for number in range(1, MAILS + 1))


@pytest.mark.slow
def test_an_mbox_survives_kill_9_without_loss(tmp_path: Path) -> None:
    path = tmp_path / "desk.mbox"
    for turn in range(ROUNDS):
        deliver_and_kill("mbox", path, 1 + turn * 9)
        path.with_name("desk.mbox.lock").unlink(missing_ok=True)  # five minutes later it is stale of itself
    assert deliver_and_kill("mbox", path, None) == MAILS
    with closing(mailbox.mbox(path)) as box:
        subjects = Counter(re.sub(r"\s", " ", str(message["Subject"])) for message in box)
    assert set(subjects) == {f"case {number}" for number in range(1, MAILS + 1)}
    whole = path.read_bytes()
    assert all(whole.count(filed(make_parcel(number))) == 1 for number in range(1, MAILS + 1))
