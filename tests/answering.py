"""An installation that answers people, for tests."""

import itertools
from collections.abc import Callable
from pathlib import Path

from postroom.bootstrap.answering import sending
from postroom.flow.outbox import Sending
from tests.pages_house import SETTINGS, Installation

ANSWERING = """
[trust]
authserv_ids = ["mx.shop.test"]
""" + SETTINGS.replace("[brand.shop]\n", '[brand.shop]\nanswer_name = "Shop support"\n').replace(
    "[route.appeals]\n", "[route.appeals]\ncases = true\n"
).replace("[brand.video]\n", '[brand.video]\nanswer_from = "help@video.test"\n')


def answers(host: str, port: int, more: str = "") -> str:
    """Settings with a server to send by."""
    return f'{ANSWERING}\n[answers]\nhost = "{host}"\nport = {port}\ntls = "none"\nundo_seconds = 0\n{more}\n'


_numbers = itertools.count(1)


def signed(
    text: str, *, sender: str = "Ada Lovelace <ada@example.net>", extra: str = "", subject: str = "Suspended account"
) -> bytes:
    """A mail whose From our own hop has authenticated."""
    addr = sender.rpartition("<")[2].rstrip(">")
    domain = addr.rpartition("@")[2]
    return (
        f"Authentication-Results: mx.shop.test; dkim=pass header.d={domain}; dmarc=pass header.from={domain}\r\n"
        f"From: {sender}\r\nTo: support@shop.test\r\nSubject: {subject}\r\nMessage-ID: <m{next(_numbers)}@{domain}>\r\n"
        f"Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n{extra}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    ).encode()


PLEA = (
    "My account was suspended yesterday and I did nothing wrong. Please review the suspension and restore my account."
)


def sender_of(here: Installation) -> Sending:
    """What sends, turned by hand."""

    def failed(error: Exception) -> None:
        raise error

    return sending(here.house, failed)


def send_all(here: Installation) -> None:
    """Send all that is due."""
    work = sender_of(here)
    while work.turn():
        pass
    work.sender.close()


def dsn(message_id: str, to: str, *, recipient: str = "ada@example.net") -> bytes:
    """A bounce of a message (RFC 3464)."""
    return (
        f"From: Mail Delivery System <MAILER-DAEMON@mx.example.net>\r\nTo: {to}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        f"Message-ID: <b{next(_numbers)}@mx.example.net>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: {to}\r\nMessage-ID: <{message_id}>\r\n\r\n--b--\r\n"
    ).encode()


def write_template(folder: Path, name: str, content: str) -> None:
    """A template of the team."""
    (folder / "answers").mkdir(exist_ok=True)
    (folder / "answers" / f"{name}.toml").write_text(content, encoding="utf-8")


Later = Callable[[float], None]
