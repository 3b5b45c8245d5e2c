"""Every public mail of the development data goes through the door, sent by smtplib, and arrives octet for octet."""

import os
import re
import smtplib
import tarfile
from pathlib import Path

import pytest

from postroom.testing.smtp_door import PATIENCE, Door

DATA = Path(os.environ.get("POSTROOM_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("archive", ["rawmail.tar.xz", "mime.tar.xz"])
def test_every_public_mail_arrives_as_it_was_sent(archive: str) -> None:
    if not (DATA / archive).exists():
        pytest.skip(f"{archive} is not in {DATA}: set POSTROOM_DATA")
    sent = 0
    with (
        Door() as door,
        smtplib.SMTP("127.0.0.1", door.port, timeout=PATIENCE) as client,
        tarfile.open(DATA / archive) as mails,
    ):
        for member in mails:
            file = mails.extractfile(member) if member.isfile() else None
            if file is None:
                continue
            raw = re.sub(rb"(?<!\r)\n", b"\r\n", file.read())
            client.sendmail("ada@example.org", ["support@example.com"], raw)
            sent += 1
            arrived = door.mails.pop().raw
            assert arrived == raw if raw.endswith(b"\r\n") else arrived == raw + b"\r\n", member.name
        counts = door.call(door.server.census)
    assert sent > 100
    assert counts["accepted"] == sent
    print({name: counts[name] for name in ("accepted", "long-line", "forbidden-octets-taken") if name in counts})
