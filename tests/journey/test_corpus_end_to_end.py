"""Every public mail of the development data goes the whole way: in by smtplib, judged, and out by SMTP unchanged."""

import os
import re
import smtplib
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.model.lines import canonical
from postroom.testing.smtp_sink import SmtpSink
from tests.journey.test_serve import PATIENCE, Running, start, until
from tools.running import free_ports

DATA = Path(os.environ.get("POSTROOM_DATA", Path(__file__).parents[3] / "shared" / "data"))
SETTINGS = """
hostname = "mx.shop.test"
[intake]
listen = ["127.0.0.1:{smtp}"]
[brand.shop]
addresses = ["support@shop.test"]
[route.appeals]
destinations = ["desk"]
[route.refunds]
destinations = ["desk"]
[route.copyright]
destinations = ["desk"]
[route.general]
destinations = ["desk"]
[route.junk]
destinations = ["desk"]
[route.automatic]
destinations = ["desk"]
[review]
destinations = ["desk"]
[destination.desk]
kind = "smtp"
host = "127.0.0.1"
port = {sink}
recipients = ["desk@shop.test"]
[web]
listen = "127.0.0.1:{web}"
[pages]
listen = ""
[log]
format = "json"
"""
#: fields that we put on top; the mail as it came begins below them
FOLDED = rb"[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*"
OURS = re.compile(rb"\AReceived: " + FOLDED + rb"(?:X-Postroom-[^\r\n]*\r\n)+")


def public_mails(archive: str) -> Iterator[bytes]:
    with tarfile.open(DATA / archive) as mails:
        for member in mails:
            file = mails.extractfile(member) if member.isfile() else None
            if file is not None and not member.name.endswith(".json") and (raw := file.read()):
                yield raw


@pytest.mark.data
@pytest.mark.slow
def test_every_public_mail_is_judged_and_forwarded_unchanged(tmp_path: Path) -> None:
    for archive in ("rawmail.tar.xz", "mime.tar.xz"):
        if not (DATA / archive).exists():
            pytest.skip(f"{archive} is not in {DATA}: set POSTROOM_DATA")
    smtp, web = free_ports(2)
    with SmtpSink() as sink:
        (tmp_path / "postroom.toml").write_text(SETTINGS.format(smtp=smtp, web=web, sink=sink.port))
        running = Running(folder=tmp_path, process=start(tmp_path), smtp=smtp, lmtp=0, web=web)
        try:
            until(lambda: running.process.poll() is not None or bool(running.events("started")), "started")
            sent: dict[str, bytes] = {}
            with smtplib.SMTP("127.0.0.1", smtp, timeout=PATIENCE) as client:
                client.ehlo()
                for archive in ("rawmail.tar.xz", "mime.tar.xz"):
                    for raw in public_mails(archive):
                        # smtplib sends as bytes what has these line ends, and adds the last one where it is missing.
                        content = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)
                        client.mail("ada@example.org")
                        client.rcpt("support@shop.test")
                        code, reply = client.data(content)
                        assert code == 250, reply
                        sent[reply.decode().rpartition("as ")[2].split()[0]] = content
            until(lambda: len(sink.mails) >= _wanted(running, len(sent)), f"{len(sent)} mails at the sink")
        finally:
            running.process.terminate()
            running.process.wait(PATIENCE)
        assert len(sent) > 6000
        assert not running.events("parked")
        assert len(running.events("judged")) == len(sent) - len(running.events("duplicate"))
        wrong = [mail_id for mail_id, raw in _arrived(sink) if _changed(sent[mail_id], raw)]
        assert not wrong


def _wanted(running: Running, sent: int) -> int:
    return sent - len(running.events("duplicate"))


def _arrived(sink: SmtpSink) -> Iterator[tuple[str, bytes]]:
    for mail in sink.mails:
        found = re.search(rb"^X-Postroom-Id: (\S+)", mail.data, re.MULTILINE)
        assert found
        yield found[1].decode(), mail.data


def _changed(before: bytes, after: bytes) -> bool:
    """Whether the two differ beyond our own fields."""
    before = before if before.endswith(b"\r\n") else before + b"\r\n"
    top = OURS.match(after)
    assert top
    return canonical(after[top.end() :]) != canonical(before)
