"""Thousands of real mails, stamped and handed on: unchanged after CRLF canonicalisation, below our headers, less the stripped ones."""

import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.adapters.destination.maildir import MaildirDestination
from postroom.adapters.destination.smtp import ReturnAddress, SmtpDestination
from postroom.adapters.destination.smtp_server import SmtpServer
from postroom.testing.destination_contract import KEY, make_parcel
from postroom.testing.smtp_sink import SmtpSink

DATA = Path(os.environ.get("POSTROOM_DATA", Path(__file__).parents[3] / "shared" / "data"))


def mails(archive: str) -> Iterator[bytes]:
    path = DATA / archive
    if not path.exists():
        pytest.skip(f"{archive} is not in the development data folder")
    with tarfile.open(path) as tar:
        for member in tar:
            file = tar.extractfile(member)
            if file is not None and member.size:
                yield file.read()


def crlf(raw: bytes) -> bytes:
    return re.sub(rb"\r\n|\r|\n", b"\r\n", raw)


@pytest.mark.data
@pytest.mark.parametrize("archive", ["rawmail.tar.xz", "mime.tar.xz"])
def test_real_mail_is_forwarded_unchanged(archive: str) -> None:
    with SmtpSink() as sink:
        server = SmtpServer(sink.host, sink.port, greet_as="post.acme.test", tls="none")
        destination = SmtpDestination(
            "desk",
            server,
            recipients=["desk@acme.test"],
            return_address=ReturnAddress(domain="post.acme.test", key=KEY),
        )
        wanted = []
        for number, raw in enumerate(mails(archive)):
            destination.deliver(make_parcel(number, raw=raw))
            assert b"\nx-postroom-" not in raw.lower()
            wanted.append(crlf(raw))
        destination.close()
        assert len(sink.mails) == len(wanted) > 400
        for mail, raw in zip(sink.mails, wanted, strict=True):
            end = b"" if raw.endswith(b"\r\n") else b"\r\n"
            assert mail.data.endswith(raw + end)
            ours = mail.data[: len(mail.data) - len(raw + end)]
            assert re.fullmatch(
                rb"(Received|X-Postroom-[A-Za-z]+): [^\r\n]+\r\n(?:(?:\t|X-Postroom-)[^\r\n]+\r\n)*", ours
            )


@pytest.mark.data
def test_real_mail_is_filed_unchanged(tmp_path: Path) -> None:
    destination = MaildirDestination("desk", tmp_path)
    for number, raw in enumerate(mails("mime.tar.xz")):
        name = destination.deliver(make_parcel(number, raw=raw)).reference
        assert crlf((tmp_path / "new" / name).read_bytes()).endswith(crlf(raw))
