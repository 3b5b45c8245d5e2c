"""Mail that comes back, goes round, or was never sent: a running postroom, a second one, and servers that send it on.

Nothing circles, nothing is lost, and no report of a stranger opens a delivery again.
"""

import smtplib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from postroom.testing.smtp_sink import SmtpSink
from tests.journey.attacked import PATIENCE, Served, a_mail, hand_over, serving, until
from tools.running import free_ports

FORWARDS = """
[brand.shop]
addresses = ["support@shop.test"]
[route.appeals]
destinations = ["out"]
[destination.out]
kind = "smtp"
host = "127.0.0.1"
port = {port}
tls = "none"
recipients = ["desk@desks.test"]
[delivery]
first_retry = 0.2
"""
REPORT = """\
--x
Content-Type: text/plain

This is the mail system at host desks.test. Your message could not be delivered.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; desks.test

Final-Recipient: rfc822; desk@desks.test
Action: {action}
Status: {status}

--x--
"""


def a_report(number: int, to: str, action: str = "failed") -> bytes:
    """A delivery report (RFC 3464)."""
    return a_mail(
        number,
        REPORT.format(action=action, status="4.4.1" if action == "delayed" else "5.1.1").replace("\n", "\r\n"),
        From="Mail Delivery System <MAILER-DAEMON@desks.test>",
        To=to,
        Subject="Undelivered Mail Returned to Sender",
        Message_ID=f"<report.{number}@desks.test>",
        MIME_Version="1.0",
        Content_Type="multipart/report; report-type=delivery-status; boundary=x",
    )


class Boomerang(SmtpSink):
    """A server that sends all it takes to somebody else at once, with a Received line of its own, as a desk's forwarder does."""

    target = 0
    recipient = "support@shop.test"

    def _keep(self, client, rcpts, data) -> None:  # type: ignore[no-untyped-def]
        super()._keep(client, rcpts, data)
        with smtplib.SMTP("127.0.0.1", self.target, timeout=PATIENCE) as out:
            out.ehlo("desks.test")
            line = b"Received: from mx.shop.test by desks.test with ESMTP; Fri, 20 Nov 2026 09:00:00 +0000\r\n"
            hand_over(out, line + data, self.recipient, client.sender)


@pytest.fixture(scope="module")
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        yield sink


@pytest.fixture(scope="module")
def served(sink: SmtpSink, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("loops"), FORWARDS.format(port=sink.port)) as served:
        yield served


@pytest.fixture(autouse=True)
def quiet(served: Served) -> None:
    """Each test counts its own mails: nothing of the one before is under way."""
    until(served.settled, "settled")


def forwarded(served: Served, sink: SmtpSink, *numbers: int) -> dict[str, str]:
    """Send appeals, wait until they are forwarded: mail id -> its signed return address."""
    before = len(sink.mails)
    with served.client() as client:
        ids = [hand_over(client, a_mail(number)) for number in numbers]
    until(lambda: len(sink.mails) >= before + len(numbers), "forwarded")
    until(served.settled, "settled")
    return {one.sender[7:33]: one.sender for one in sink.mails if one.sender[7:33] in ids}


def parked(served: Served) -> list[dict]:
    return [job for job in served.lines("queue", "list") if job["state"] == "parked"]


def test_promise_4_a_desk_that_sends_back_stops_after_one_round(tmp_path: Path) -> None:
    with Boomerang() as desk, serving(tmp_path, FORWARDS.format(port=desk.port)) as served:
        desk.target = served.smtp
        mail = served.send(a_mail(1))
        until(lambda: bool(served.events("loop-stopped")) and served.settled(), "stopped")
        assert len(desk.mails) == 1
        (job,) = parked(served)
        assert job["why"] == "loop"
        assert job["mail_id"] != mail, "what came back waits for a person; what was sent is delivered"


def test_promise_4_two_installations_that_send_to_each_other_twice_over_come_to_rest(tmp_path: Path) -> None:
    """Each forwards every appeal by two destinations to the other: without marks that both keep, 2 to the 50th mails."""
    both = """
[brand.shop]
addresses = ["support@{domain}"]
[route.appeals]
destinations = ["one", "two"]
[destination.one]
kind = "smtp"
host = "127.0.0.1"
port = {port}
tls = "none"
recipients = ["support@{other}"]
[destination.two]
kind = "smtp"
host = "127.0.0.1"
port = {port}
tls = "none"
recipients = ["support@{other}"]
"""
    ports = free_ports(4)
    first = Served(
        tmp_path / "a",
        both.format(domain="a.test", other="b.test", port=ports[1]),
        hostname="mx.a.test",
        ports=ports[::2],
    )
    second = Served(
        tmp_path / "b",
        both.format(domain="b.test", other="a.test", port=ports[0]),
        hostname="mx.b.test",
        ports=ports[1::2],
    )
    try:
        first.wait_until_up()
        second.wait_until_up()
        first.send(a_mail(1), "support@a.test")
        until(lambda: len(first.events("loop-stopped")) == 4, "stopped")
        until(lambda: first.settled() and second.settled(), "settled")
        assert [job["why"] for job in parked(first)] == ["loop"] * 4
        assert parked(second) == []
        assert (len(first.events("accepted")), len(second.events("accepted"))) == (5, 2)
    finally:
        first.stop()
        second.stop()


def test_promise_4_without_our_mark_the_hops_are_counted(served: Served) -> None:
    """A server on the way that takes all marks out: the 51st Received line is the last. The sender keeps the mail."""
    hops = b"Received: from a by b; Fri, 20 Nov 2026 09:00:00 +0000\r\n"
    with served.client() as client:
        hand_over(client, hops * 50 + a_mail(900, Message_ID=""))
        client.mail("ada@example.com")
        client.rcpt("support@shop.test")
        code, said = client.data(hops * 51 + a_mail(901, Message_ID=""))
    assert (code, said[:5]) == (554, b"5.4.6")


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied", "Subject": "Automatic reply: Hello"},
        {"Subject": "Out of office: Hello", "X_Autoreply": "yes"},
        {"Subject": "Abwesenheitsnotiz: Hello"},
    ],
)
def test_an_out_of_office_note_to_a_return_address_parks_nothing(served: Served, sink: SmtpSink, headers: dict) -> None:
    number = 100 + len(headers["Subject"])
    ((mail, address),) = forwarded(served, sink, number).items()
    note = a_mail(number + 50, "I am out of the office until Monday.", From="desk@desks.test", **headers)
    answer = served.send(note, address, "desk@desks.test")
    until(served.settled, "settled")
    assert served.lines("explain", answer)[0]["decisions"][-1]["route"] == "automatic"
    assert not [job for job in parked(served) if job["mail_id"] == mail]


def test_a_report_of_delay_parks_nothing_and_one_of_failure_once(served: Served, sink: SmtpSink) -> None:
    ((mail, address),) = forwarded(served, sink, 200).items()
    served.send(a_report(201, address, "delayed"), address, "")
    until(served.settled, "settled")
    assert not [job for job in parked(served) if job["mail_id"] == mail]
    for number in (202, 202, 203):  # the same report twice, and another of the same
        served.send(a_report(number, address), address, "")
    until(served.settled, "settled")
    (job,) = [job for job in parked(served) if job["mail_id"] == mail]
    assert job["why"] == "bounced"
    reopened = [e["reopened"] for e in served.events("bounce-received") if e["mail"] == mail]
    assert reopened == [True, False]


def test_a_report_to_a_guessed_return_address_is_refused(served: Served, sink: SmtpSink) -> None:
    ((_, address),) = forwarded(served, sink, 300).items()
    before = len(parked(served))
    for guess in (
        address[:-20] + "aaaa" + address[-16:],
        address.replace("@", "a@"),
        address.replace("bounce-", "bounce-0"),
    ):
        with served.client() as client:
            client.mail("")
            assert client.rcpt(guess)[0] == 550
    assert len(parked(served)) == before


@pytest.mark.slow
def test_a_storm_of_2000_reports_reopens_each_delivery_once_and_holds_nobody_up(served: Served, sink: SmtpSink) -> None:
    addresses = list(forwarded(served, sink, *range(1000, 1050)).values())
    before = {job["id"] for job in parked(served)}
    barrier = threading.Event()

    def storm(part: int) -> None:
        with served.client() as client:
            for number in range(part, 2000, 8):
                address = addresses[number % len(addresses)]
                hand_over(client, a_report(10_000 + number, address), address, "")
                if number > 1000:
                    barrier.set()

    with ThreadPoolExecutor(8) as pool:
        parts = [pool.submit(storm, part) for part in range(8)]
        assert barrier.wait(PATIENCE)
        asked = time.monotonic()
        appeal = served.send(a_mail(9000, "Please give me my account back, in all this noise."))
        until(lambda: any(m.sender[7:33] == appeal for m in sink.mails), "the appeal is delivered")
        waited = time.monotonic() - asked
        for part in parts:
            part.result()
    until(served.settled, "settled")
    assert waited < 45, "behind thousands of reports, on a busy machine"
    assert len([job for job in parked(served) if job["id"] not in before]) == len(addresses)
    bounces = [e["reopened"] for e in served.events("bounce-received")][-2000:]
    assert (len(bounces), sum(bounces)) == (2000, len(addresses))
    assert served.lines("mails", "--limit", "2000", "--route", "automatic")[1999]["kind"] == "bounce"
