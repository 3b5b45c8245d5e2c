"""What a running postroom takes in and lets out when its clients are hostile: smuggling, flooding, waiting, overfilling."""

import resource
import socket
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from postroom.testing.smtp_sink import SmtpSink
from tests.journey.attacked import PATIENCE, Served, a_mail, hand_over, serving, until

SETTINGS = """
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
[workers]
hang_seconds = 3.0
"""
INTAKE = "max_size = 1000000"
CONNECTIONS = 1000
#: published end marks that some servers take for the end of a mail and others don't
ENDS = (
    b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r", b"\n.\r", b"\r.\n", b"\r\n\x00.\r\n", b"\r\n.\x00\r\n",
    b"\r\n.\r\r\n", b"\n\r.\n\r",
)  # fmt: skip
SECOND = b"MAIL FROM:<admin@shop.test>\r\nRCPT TO:<victim@elsewhere.test>\r\nDATA\r\nFrom: admin@shop.test\r\n\r\nSMUGGLED\r\n"


class Lenient(SmtpSink):
    """A server that takes any lone dot for the end of a mail, whatever ends its lines."""

    def _body(self, client) -> bytes:  # type: ignore[no-untyped-def]
        lines: list[bytes] = []
        buffer = b""
        while True:
            while not (found := [at for end in (b"\r", b"\n") if (at := buffer.find(end)) >= 0]):
                if not client.buffer:
                    self._more(client)
                buffer, client.buffer = buffer + client.buffer, b""
            at = min(found)
            line, rest = buffer[:at], buffer[at + 1 :]
            buffer = rest[1:] if buffer[at : at + 2] == b"\r\n" else rest
            if line.strip(b"\x00") == b".":
                client.buffer = buffer
                return b"\r\n".join(lines) + b"\r\n"
            lines.append(line[1:] if line.startswith(b"..") else line)


@pytest.fixture(scope="module")
def sink() -> Iterator[Lenient]:
    with Lenient() as sink:
        yield sink


@pytest.fixture(scope="module")
def served(sink: Lenient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("door"), SETTINGS.format(port=sink.port), intake=INTAKE) as served:
        yield served


@pytest.fixture(autouse=True)
def quiet(served: Served) -> None:
    """Each test counts its own mails: nothing of the one before is under way."""
    until(served.settled, "settled")


def lines(served: Served) -> socket.socket:
    """A connection by hand, greeted."""
    line = socket.create_connection(("127.0.0.1", served.smtp), timeout=PATIENCE)
    assert line.recv(1000).startswith(b"220")
    return line


def all_that_is_said(line: socket.socket) -> bytes:
    said = b""
    try:
        while data := line.recv(65536):
            said += data
    except ConnectionError:
        pass
    return said


def start_data(line: socket.socket) -> None:
    for command in (b"EHLO x", b"MAIL FROM:<ada@example.com>", b"RCPT TO:<support@shop.test>", b"DATA"):
        line.sendall(command + b"\r\n")
        said = b""
        while not said.endswith(b"\r\n") or said.splitlines()[-1][3:4] == b"-":
            said += line.recv(4096)
        assert said[:1] in b"23", said


#: the one of them that can't leave without ending the mail at some servers: it waits for a person
PARKED = b"\r\n\x00.\r\n"


def test_promise_4_no_end_mark_but_the_true_one_lets_a_second_mail_in_or_out(served: Served, sink: Lenient) -> None:
    """In: one content, one mail. Out: what left is still one mail for a server that believes every lone dot."""
    before = len(sink.mails)
    for number, end in enumerate(ENDS):
        with lines(served) as line:
            start_data(line)
            line.sendall(a_mail(number, Message_ID="") + end + SECOND)
            line.sendall(b"\r\n.\r\nQUIT\r\n")
            said = all_that_is_said(line)
        assert said.count(b"250 2.0.0") == 1, (end, said)
        assert b"354" not in said
    until(lambda: len(sink.mails) >= before + len(ENDS) - 1, "forwarded")
    until(served.settled, "settled")
    assert len(sink.mails) == before + len(ENDS) - 1
    (job,) = [job for job in served.lines("queue", "list") if job["state"] == "parked"]
    assert (job["why"], "smuggling" in job["error"], PARKED in ENDS) == ("gave-up", True, True)
    for mail in sink.mails[before:]:
        assert mail.rcpts == ("desk@desks.test",)
        assert b"SMUGGLED" in mail.data, "it stayed inside its mail"
    assert not [c for c in sink.commands if "victim" in c]


def test_commands_pipelined_behind_a_mail_are_that_clients_own_next_mail(served: Served) -> None:
    """After a true end mark a client may go on: under the same rules, with the same allow-list."""
    with lines(served) as line:
        start_data(line)
        line.sendall(a_mail(50, Message_ID="") + b".\r\n" + SECOND + b".\r\nQUIT\r\n")
        said = all_that_is_said(line)
    assert b"550 5.1.1" in said or b"550" in said
    assert said.count(b"250 2.0.0") == 1


@pytest.mark.parametrize(
    "garbage",
    [b"\x00" * 100_000, b"\xff" * 100_000, b"A" * 5_000_000, b"EHLO x\n" * 1000, b"RSET\r\n" * 10_000, b"\r\n" * 100_000,
     b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"EHLO " + b"x" * 100_000 + b"\r\n", b"MAIL FROM:<" + b"a" * 100_000 + b">\r\n",
     b"EHLO x\r\nMAIL FROM:<a@b.test\r\nRCPT TO:<victim@elsewhere.test>>\r\n", b"EHLO x\r\nMAIL FROM:<a@b.test> SIZE=999999999999\r\n",
     b"EHLO x\rMAIL FROM:<a@b.test>\rRCPT TO:<victim@elsewhere.test>\r\n", b"EHLO \x1b]0;owned\x07\r\nNOOP\r\n" * 50],
)  # fmt: skip
def test_garbage_is_answered_with_errors_and_ends(served: Served, garbage: bytes) -> None:
    with lines(served) as line:
        try:
            line.sendall(garbage + b"\r\nQUIT\r\n")
            line.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # hung up on already
        said = all_that_is_said(line)
    assert b"354" not in said
    assert len(said) < 2_000_000
    assert served.page("/healthz")[0] == 200


def test_a_line_end_inside_an_address_starts_no_command(served: Served) -> None:
    for address in (
        "a\nb@c.test",
        "a\rb@c.test",
        "a\x00b@c.test",
        "a\x1b[31m@c.test",
    ):
        with served.client() as client:
            client.send(f"MAIL FROM:<{address}>\r\n".encode())
            first = client.getreply()
            assert first[0] >= 500, (address, first)


def test_too_much_of_anything_is_refused_and_the_next_mail_is_taken(served: Served) -> None:
    with served.client() as client:
        assert client.mail("ada@example.com", ["SIZE=1000001"])[0] == 552
        client.mail("ada@example.com")
        assert client.rcpt("support@shop.test")[0] == 250
        assert client.data(b"Subject: x\r\n\r\n" + b"a" * 70 + b"\r\n" * 500_000)[0] == 552
        client.mail("ada@example.com")
        client.rcpt("support@shop.test")
        assert client.data(b"X: y\r\n" * 100_000 + b"\r\nhi\r\n")[0] >= 500, "600 KB of header"
        client.mail("ada@example.com")
        codes = [client.rcpt("support@shop.test")[0] for _ in range(150)]
        assert (codes[:100], set(codes[100:])) == ([250] * 100, {452})
        client.rset()
        hand_over(client, a_mail(60, Message_ID=""))


def test_a_thousand_idle_connections_keep_nobody_from_being_served(served: Served, sink: Lenient) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < CONNECTIONS + 200:
        pytest.skip(f"only {hard} files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, CONNECTIONS + 200), hard))
    before = len(sink.mails)
    with ExitStack() as idle:
        idle.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for number in range(CONNECTIONS - 20):
            line = idle.enter_context(socket.create_connection(("127.0.0.1", served.smtp), timeout=PATIENCE))
            if number % 3 == 0:
                line.sendall(b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRC")
        started = time.monotonic()
        for number in range(20):
            served.send(a_mail(70 + number, Message_ID=""))
        until(lambda: len(sink.mails) >= before + 20, "twenty mails went through")
        assert time.monotonic() - started < 30
        assert served.page("/readyz")[0] == 200


def test_a_stranger_who_stalls_large_mails_keeps_nobody_out(tmp_path: Path, sink: Lenient) -> None:
    """What it sends would fill the memory of all; it holds its share, and that not for long."""
    intake = """
max_size = 1000000
max_memory = 8000000
data_timeout = 3.0
proxy_from = ["127.0.0.0/8"]
trusted_networks = ["192.0.2.0/24"]
"""
    honest = b"Subject: hello\r\n\r\n" + b"0123456789abcd\r\n" * 12_000 + b".\r\nQUIT\r\n"
    with serving(tmp_path / "stalled", SETTINGS.format(port=sink.port), intake=intake) as served, ExitStack() as open_:

        def begun(ip: str) -> socket.socket:
            line = open_.enter_context(socket.create_connection(("127.0.0.1", served.smtp), timeout=PATIENCE))
            line.sendall(f"PROXY TCP4 {ip} {ip} 4000 25\r\n".encode())
            assert line.recv(1000).startswith(b"220")
            start_data(line)
            return line

        (started,) = served.events("started")
        assert started["listening"] == f"127.0.0.1:{served.smtp}"
        stalled = [begun("198.51.100.7") for _ in range(9)]
        for line, size in zip(stalled, [900_000] * 8 + [700_000], strict=True):
            line.sendall(b"x" * size)
        for ip in ("198.51.100.8", "192.0.2.1"):
            line = begun(ip)
            line.sendall(honest)
            assert all_that_is_said(line).startswith(b"250"), ip
        for line in stalled:
            assert all_that_is_said(line).startswith(b"421 4.4.2")


def test_a_store_locked_for_longer_than_a_worker_may_hang_loses_and_kills_nothing(
    served: Served, sink: Lenient
) -> None:
    """Mail is put off with 4xx meanwhile, the health page says so, and no worker is taken for hung."""
    before, deaths = len(sink.mails), len(served.events("worker-died"))
    with served.client() as client:
        hand_over(client, a_mail(100, Message_ID=""))
    lock = sqlite3.connect(served.folder / "data" / "postroom.db", isolation_level=None, timeout=PATIENCE)
    lock.execute("BEGIN IMMEDIATE")
    try:
        with served.client() as client:
            client.mail("ada@example.com")
            client.rcpt("support@shop.test")
            started = time.monotonic()
            assert client.data(a_mail(101, Message_ID=""))[0] == 451
            assert time.monotonic() - started >= 3.0, "waited for longer than a worker may hang"
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    served.send(a_mail(102, Message_ID=""))
    until(lambda: len(sink.mails) >= before + 2, "both that were accepted are delivered")
    until(served.settled, "settled")
    assert len(sink.mails) == before + 2
    assert len(served.events("worker-died")) == deaths


def test_files_are_readable_by_their_owner_alone(served: Served) -> None:
    data = served.folder / "data"
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    for name in ("postroom.db", "postroom.db-wal", "postroom.db-shm", "key"):
        assert stat.S_IMODE((data / name).stat().st_mode) & 0o077 == 0, name


def test_a_backup_is_readable_by_its_owner_alone(served: Served, tmp_path: Path) -> None:
    served.command("backup", str(tmp_path / "copy.db"))
    for copy in tmp_path.iterdir():
        assert stat.S_IMODE(copy.stat().st_mode) & 0o077 == 0, copy.name


def test_neither_log_nor_pages_tell_of_persons_or_secrets(served: Served) -> None:
    """At level debug, after all the mails of this file."""
    served.send(
        a_mail(110, "My secret is tangerine.", Subject="pomegranate", From="Zoe <zoe@example.com>", Message_ID="")
    )
    until(served.settled, "settled")
    key = (served.folder / "data" / "key").read_bytes()
    said = served.log() + "".join(served.page(page)[1] for page in ("/healthz", "/readyz", "/metrics"))
    for word in (
        "tangerine",
        "pomegranate",
        "zoe",
        "ada@",
        "support@",
        "desk@",
        "victim",
        "SMUGGLED",
        key.hex(),
        repr(key),
    ):
        assert word not in said, word


@pytest.mark.parametrize(
    "request_",
    [
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 44\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 40\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost : x\r\nX: a\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"[:60] + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"EHLO x\r\nMAIL FROM:<a@b.test>\r\n",
        b"\x16\x03\x01\x00\xa5" + b"\x00" * 100,
    ],
)  # fmt: skip
def test_the_health_port_answers_no_smuggled_request(served: Served, request_: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.web), timeout=PATIENCE) as line:
        try:
            line.sendall(request_)
            line.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it may have said no already
        said = all_that_is_said(line)
    assert b"postroom_mails_accepted" not in said, "the second request was answered"
    assert b"root:" not in said
    assert served.page("/healthz")[0] == 200


def test_what_a_mail_says_does_not_command_a_terminal(served: Served) -> None:
    bell = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe"
    mail = a_mail(
        120, f"Give me my account back {bell}", Subject=f"Hello {bell}", From=f'"Ada {bell}" <ada@example.com>', Message_ID="",
        Content_Type=f'text/plain; charset=utf-8; name="{bell}"', Content_Disposition="inline",
    )  # fmt: skip
    mail_id = served.send(mail)
    until(served.settled, "settled")
    for command in (("mails",), ("inbox", "list"), ("inbox", "read", mail_id), ("explain", mail_id), ("queue", "list")):
        said = served.command(*command)
        assert not {"\x1b", "\x07", "\u202e"} & set(said), command


def test_log_lines_of_all_processes_are_whole(served: Served) -> None:
    """Server and workers write to one file; each line is one event."""
    for line in served.log().splitlines():
        assert line.startswith("{"), line
        assert line.endswith("}"), line
        assert line.count('"timestamp"') == 1, line
