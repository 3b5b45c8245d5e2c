"""Every destination keeps the contract that ships with postroom."""

import base64
import json
import mailbox
import os
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from postroom.adapters.destination.guard import Guard
from postroom.adapters.destination.inbox import InboxDestination
from postroom.adapters.destination.maildir import MaildirDestination
from postroom.adapters.destination.mbox import MboxDestination
from postroom.adapters.destination.smtp import ReturnAddress, SmtpDestination
from postroom.adapters.destination.smtp_server import SmtpServer
from postroom.adapters.destination.webhook import WebhookDestination
from postroom.model.errors import TryLater
from postroom.model.mail import MailId
from postroom.model.marks import is_webhook_signed
from postroom.model.work import InboxEntry, Parcel
from postroom.testing.destination_contract import KEY, DestinationContract, Rig
from postroom.testing.smtp_sink import SmtpSink


class MemoryInboxes:
    """The built-in inbox, without a store below it."""

    def __init__(self) -> None:
        self.filed: dict[str, Parcel] = {}
        self.full = False

    def file(self, parcel: Parcel) -> "Future[None]":
        done: Future[None] = Future()
        if self.full:
            done.set_exception(TryLater("the disk is full", lane_down=True))
        else:
            self.filed.setdefault(parcel.key, parcel)
            done.set_result(None)
        return done

    def withdraw(self, mail_id: MailId, destination: str, generation: int) -> None:
        self.filed = {
            key: parcel
            for key, parcel in self.filed.items()
            if (parcel.mail.id, parcel.destination) != (mail_id, destination) or parcel.generation > generation
        }

    def entries(self, destination: str, *, unread_only: bool = False, limit: int = 100) -> tuple[InboxEntry, ...]:
        return ()

    def mark_read(self, mail_id: MailId, destination: str = "") -> None:
        pass


class TestInbox(DestinationContract):
    @pytest.fixture
    def rig(self) -> Rig:
        inboxes = MemoryInboxes()
        return Rig(
            destination=InboxDestination("desk", inboxes),
            delivered=lambda: [parcel.stamped for parcel in inboxes.filed.values()],
            break_=lambda: setattr(inboxes, "full", True),
            heal=lambda: setattr(inboxes, "full", False),
        )


class TestMaildir(DestinationContract):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Rig:
        folder = tmp_path / "mail" / "desk"

        def break_() -> None:
            folder.rename(tmp_path / "away")
            folder.write_text("a file where the folder was")

        def heal() -> None:
            folder.unlink()
            (tmp_path / "away").rename(folder)

        return Rig(
            destination=MaildirDestination("desk", folder),
            delivered=lambda: [path.read_bytes() for path in sorted(folder.glob("new/*"))],
            break_=break_,
            heal=heal,
        )


class TestMbox(DestinationContract):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Rig:
        path = tmp_path / "desk.mbox"
        destination = MboxDestination("desk", path, timeout=0.0)

        def delivered() -> list[bytes]:
            box = mailbox.mbox(path)
            try:
                # mboxrd: the reader takes one > away
                return [unquoted(box.get_bytes(key)) for key in box.keys()]  # noqa: SIM118 -- it has no __iter__ of keys
            finally:
                box.close()

        return Rig(
            destination=destination,
            delivered=delivered,
            break_=lambda: path.with_name("desk.mbox.lock").touch(),
            heal=lambda: path.with_name("desk.mbox.lock").unlink(),
        )


def unquoted(mail: bytes) -> bytes:
    import re

    return re.sub(rb"(?m)^>(>*From )", rb"\1", mail)


def smtp_rig(sink: SmtpSink, *, lmtp: bool) -> Rig:
    server = SmtpServer(sink.host, sink.port, greet_as="post.acme.test", lmtp=lmtp, tls="none")
    destination = SmtpDestination(
        "desk",
        server,
        recipients=["desk@acme.test"],
        lmtp=lmtp,
        return_address=None if lmtp else ReturnAddress(domain="post.acme.test", key=KEY),
        timeout=20.0,
    )

    def refuse() -> None:
        sink.fail("dot", reply="554 5.6.0 not this one")

    return Rig(
        destination=destination,
        delivered=lambda: [mail.data for mail in sink.mails],
        break_=sink.stop,
        heal=sink.start,
        refuse=refuse,
        idempotent=False,
    )


class TestSmtp(DestinationContract):
    @pytest.fixture
    def rig(self) -> Iterator[Rig]:
        with SmtpSink() as sink:
            rig = smtp_rig(sink, lmtp=False)
            yield rig
            rig.destination.close()


class TestSmtpWithoutPipelining(DestinationContract):
    @pytest.fixture
    def rig(self) -> Iterator[Rig]:
        with SmtpSink(extensions=()) as sink:
            rig = smtp_rig(sink, lmtp=False)
            yield rig
            rig.destination.close()


class TestLmtpOverUnixSocket(DestinationContract):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[Rig]:
        with SmtpSink(lmtp=True, unix=tmp_path / "lmtp") as sink:
            rig = smtp_rig(sink, lmtp=True)
            yield rig
            rig.destination.close()


SECRET = b"a shared secret of some length"


class Receiver(ThreadingHTTPServer):
    """A webhook receiver as the how-to describes it: checks the signature, takes each key once."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Answering)
        self.taken: dict[str, bytes] = {}
        self.refuse = 0
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()


class Answering(BaseHTTPRequestHandler):
    server: Receiver

    def do_OPTIONS(self) -> None:
        self.send_response(405)
        self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        now = int(self.headers["Postroom-Signature"].split(",")[0][2:])
        if not is_webhook_signed(SECRET, self.headers["Postroom-Signature"], body, now=now):
            self.send_error(400)
        elif self.server.refuse:
            self.server.refuse -= 1
            self.send_error(422)
        else:
            self.server.taken.setdefault(self.headers["Idempotency-Key"], body)
            self.send_response(202)
            self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class TestWebhook(DestinationContract):
    @pytest.fixture
    def rig(self) -> Iterator[Rig]:
        receivers = [Receiver()]
        port = receivers[0].server_address[1]

        def heal() -> None:
            again = Receiver(port)
            again.taken = receivers[-1].taken
            receivers.append(again)

        destination = WebhookDestination(
            "desk",
            f"http://127.0.0.1:{port}/mail",
            secret=SECRET,
            guard=Guard(allow=["127.0.0.1"]),
            content="json+raw",
            timeout=10.0,
        )
        yield Rig(
            destination=destination,
            delivered=lambda: [base64.b64decode(json.loads(body)["raw"]) for body in receivers[-1].taken.values()],
            break_=receivers[0].stop,
            heal=heal,
            refuse=lambda: setattr(receivers[-1], "refuse", 1),
        )
        if receivers[-1].thread.is_alive():
            receivers[-1].stop()


def test_a_maildir_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    from postroom.testing.destination_contract import make_parcel

    MaildirDestination("desk", tmp_path / "desk").deliver(make_parcel())
    (file,) = (tmp_path / "desk" / "new").iterdir()
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
