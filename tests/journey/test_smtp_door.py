"""The SMTP door through real sockets: answers, caps, deadlines, draining, hostile clients."""

import smtplib
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from email.message import EmailMessage

import pytest

from postroom.adapters.intake.options import SmtpOptions, networks
from postroom.adapters.intake.sockets import listen
from postroom.model.errors import Refused, TryLater
from postroom.model.mail import Mail
from postroom.testing.smtp_door import PATIENCE, Clock, Door, Line

STRANGERS = SmtpOptions(hostname="mx.example.com", trusted_networks=(), banner_delay=0.0)
MAIL = b"Subject: hello\r\n\r\n.dots\r\n..and more\r\n"


def options(**changes: object) -> SmtpOptions:
    return SmtpOptions(**{"hostname": "mx.example.com", **changes})  # type: ignore[arg-type]


def begin(line: Line) -> None:
    assert line.say("EHLO client.example.org").startswith("250-mx.example.com")
    assert line.say("MAIL FROM:<ada@example.org>").startswith("250")
    assert line.say("RCPT TO:<support@example.com>").startswith("250")
    assert line.say("DATA").startswith("354")


def test_smtplib_hands_a_mail_over() -> None:
    with Door() as door, smtplib.SMTP("127.0.0.1", door.port, timeout=PATIENCE) as client:
        assert client.sendmail("ada@example.org", ["support@example.com"], MAIL) == {}
        assert {"pipelining", "size", "8bitmime", "smtputf8", "enhancedstatuscodes"} == set(client.esmtp_features)
        [mail] = door.mails
        assert mail.raw == MAIL
        assert mail.envelope.mail_from == "ada@example.org"
        assert mail.peer.trusted
        assert not mail.peer.tls
        assert mail.peer.ip == "127.0.0.1"
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "jürgen@example.org", "support@example.com", "grüß"
        message.set_content("ünï")
        client.send_message(message)
        assert door.mails[1].envelope.smtputf8
        assert door.mails[1].envelope.mail_from == "jürgen@example.org"


def test_ipv6_and_ipv4_at_once() -> None:
    sockets = listen(":0")
    with Door(sockets=sockets) as door:
        [started] = door.events.of("started")
        assert started["listening"].split()[0] == f"0.0.0.0:{door.port}"
        assert started["listening"].split()[1:] in ([], [f"[::]:{door.port}"])
        for host in ("127.0.0.1", "::1") if len(sockets) == 2 else ("127.0.0.1",):
            with smtplib.SMTP(host, door.port, timeout=PATIENCE) as client:
                client.sendmail("a@example.org", ["support@example.com"], MAIL)
        assert door.mails[0].peer.ip == "127.0.0.1"
        assert {mail.peer.ip for mail in door.mails} <= {"127.0.0.1", "::1"}


def test_250_is_said_only_after_the_future_is_done() -> None:
    with Door() as door, door.connect() as line:
        door.hold = True
        begin(line)
        line.send(MAIL + b".\r\nNOOP\r\n")
        door.wait_for_mails(1)
        line.socket.settimeout(0.05)
        with pytest.raises(TimeoutError):
            line.reply()
        line.socket.settimeout(PATIENCE)
        door.release()
        assert line.reply() == "250 2.0.0 Accepted as 01J00000000000000000000001"
        assert line.reply() == "250 2.0.0 Ok"


def fail(error: Exception) -> Callable[[Mail], tuple[Mail, ...]]:
    def answer(mail: Mail) -> tuple[Mail, ...]:
        raise error

    return answer


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Refused("no"), "554 5.6.0 no"),
        (Refused("5.4.6 Too many hops"), "554 5.4.6 Too many hops"),
        (TryLater("locked"), "451 4.3.0 locked"),
        (TryLater("4.3.1 disk full"), "452 4.3.1 disk full"),
        (ZeroDivisionError("a bug"), "451 4.3.0 Can't keep mail right now, try again later"),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_what_is_not_kept_is_answered_with_its_kind(error: Exception, said: str, at_once: bool) -> None:
    with Door() as door, door.connect() as line:
        door.hold = not at_once
        door.answer = fail(error) if at_once else None
        begin(line)
        line.send(MAIL + b".\r\n")
        if not at_once:
            door.wait_for_mails(1)
            [(future, _)] = door.held
            future.set_exception(error)
        assert line.reply() == said
        assert line.say("NOOP").startswith("250"), "the connection goes on"
        assert bool(door.events.of("store-trouble")) == isinstance(error, ZeroDivisionError)


def test_many_mails_complete_in_one_wake_up() -> None:
    with Door() as door:
        door.hold = True
        lines = [door.connect() for _ in range(20)]
        for line in lines:
            begin(line)
            line.send(MAIL + b".\r\n")
        door.wait_for_mails(20)
        wakes = []
        wake = door.loop.call_soon_threadsafe

        def counted(*arguments: object, **more: object) -> object:
            wakes.append(arguments[0])
            return wake(*arguments, **more)  # type: ignore[arg-type]

        stop = threading.Event()
        door.loop.call_soon_threadsafe(stop.wait, PATIENCE)
        door.loop.call_soon_threadsafe = counted  # type: ignore[method-assign, assignment]
        door.release()
        door.loop.call_soon_threadsafe = wake  # type: ignore[method-assign]
        stop.set()
        assert len(wakes) == 1
        for line in lines:
            assert line.reply().startswith("250 2.0.0 Accepted")
            line.socket.close()


def test_a_client_that_half_closes_still_gets_its_answer() -> None:
    with Door() as door, door.connect() as line:
        door.hold = True
        line.send(b"HELO c\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n")
        for _ in range(4):
            line.reply()
        line.send(MAIL + b".\r\nQUIT\r\n")
        line.socket.shutdown(socket.SHUT_WR)
        door.wait_for_mails(1)
        door.release()
        assert line.reply().startswith("250 2.0.0 Accepted")
        assert line.reply().startswith("221")
        assert line.closed()


def test_a_client_that_leaves_while_its_mail_is_kept_harms_nobody() -> None:
    with Door() as door:
        door.hold = True
        with door.connect() as line:
            begin(line)
            line.send(MAIL + b".\r\n")
            door.wait_for_mails(1)
        with door.connect() as other:
            door.release()
            assert other.say("NOOP").startswith("250")
        assert door.events.of("store-trouble") == []


def test_a_large_mail_arrives_whole_and_one_over_the_cap_is_not_held() -> None:
    size = 3 * 1024 * 1024
    with Door(options(max_size=size)) as door, door.connect() as line:
        begin(line)
        big = b"Subject: big\r\n\r\n" + b"0123456789abcde\r\n" * (size // 17 - 10)
        line.send(big + b".\r\n")
        assert line.reply().startswith("250")
        assert door.mails[0].raw == big
        begin(line)
        highest = 0
        for _ in range(20):
            line.send(b"0123456789abcde\r\n" * 65536)
            highest = max(highest, door.call(door.server.census)["held_bytes"])
        line.send(b".\r\n")
        assert line.reply().startswith("552 5.3.4")
        assert highest <= size * 1.1
        assert door.call(door.server.census)["held_bytes"] == 0


def test_all_mails_together_hold_no_more_than_allowed() -> None:
    with Door(options(max_memory=100_000)) as door, door.connect() as first, door.connect() as second:
        door.hold = True
        begin(first)
        first.send(b"x" * 900 + b"\r\n" + (b"y" * 900 + b"\r\n") * 99 + b".\r\n")
        door.wait_for_mails(1)
        begin(second)
        second.send((b"z" * 900 + b"\r\n") * 99 + b".\r\n")
        assert second.reply().startswith("452 4.3.1")
        door.release()
        assert first.reply().startswith("250")
        begin(second)
        second.send(b"small\r\n.\r\n")
        door.wait_for_mails(2)
        door.release()
        assert second.reply().startswith("250")


#: 192.0.2.0/24 are our own hops, everybody else is a stranger; one mail is an eighth of the memory
SHARED = options(
    max_memory=800_000,
    max_size=90_000,
    proxy_from=networks("127.0.0.1"),
    trusted_networks=networks("192.0.2.0/24"),
    banner_delay=0.0,
)
HALF_A_SHARE = b"Subject: half a share\r\n\r\n" + b"0123456789abcd\r\n" * 3000


def come_from(door: Door, ip: str) -> Line:
    """A connection that is as if from this address."""
    line = door.connect(greeted=False)
    line.send(f"PROXY {'TCP6' if ':' in ip else 'TCP4'} {ip} {ip} 4000 25\r\n".encode())
    assert line.reply().startswith("220")
    return line


def stall(door: Door, ip: str) -> Line:
    """A connection that has sent half of what one stranger may hold, and falls silent."""
    line = come_from(door, ip)
    begin(line)
    before = door.call(door.server.census)["held_bytes"]
    line.send(HALF_A_SHARE)
    for _ in range(100_000):
        if door.call(door.server.census)["held_bytes"] >= before + len(HALF_A_SHARE) - 4:
            return line
    raise AssertionError("it does not arrive")


def what_is_said_to_a_mail(door: Door, ip: str) -> str:
    with come_from(door, ip) as line:
        begin(line)
        line.send(HALF_A_SHARE + b".\r\n")
        return line.reply()[:9]


@pytest.mark.parametrize(
    ("one", "another", "stranger"),
    [("198.51.100.7", "198.51.100.7", "198.51.100.8"), ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1")],
)
def test_one_stranger_holds_an_eighth_of_the_memory(one: str, another: str, stranger: str) -> None:
    with Door(SHARED) as door, ExitStack() as lines:
        for _ in range(2):
            lines.enter_context(stall(door, one))
        assert what_is_said_to_a_mail(door, another) == "452 4.3.1"
        assert what_is_said_to_a_mail(door, stranger) == "250 2.0.0"
        assert what_is_said_to_a_mail(door, "192.0.2.1") == "250 2.0.0"


def test_strangers_together_leave_a_quarter_of_the_memory_to_trusted_networks() -> None:
    with Door(SHARED) as door, ExitStack() as lines:
        for number in range(12):
            lines.enter_context(stall(door, f"198.51.100.{number // 2}"))
        assert what_is_said_to_a_mail(door, "198.51.100.99") == "452 4.3.1"
        for _ in range(3):
            lines.enter_context(stall(door, "192.0.2.1"))
        assert what_is_said_to_a_mail(door, "192.0.2.2") == "250 2.0.0"
        lines.close()
        assert what_is_said_to_a_mail(door, "198.51.100.99") == "250 2.0.0", "what they held is free"
        assert door.call(door.server.census)["held_bytes"] == 0


def test_the_largest_mail_fits_into_any_share() -> None:
    largest = b"0123456789abcd\r\n" * 50
    with Door(replace(SHARED, max_memory=1000, max_size=len(largest))) as door, come_from(door, "198.51.100.7") as line:
        begin(line)
        line.send(largest + b".\r\n")
        assert line.reply().startswith("250")


def test_a_stranger_who_leaves_keeps_its_share_until_its_mail_is_answered() -> None:
    with Door(SHARED) as door:
        door.hold = True
        for number in range(2):
            with come_from(door, "198.51.100.7") as line:
                begin(line)
                line.send(HALF_A_SHARE + b".\r\n")
                door.wait_for_mails(number + 1)
        # one that only says that it will say no more is kept for its answer: these are gone
        door.call(lambda: [one._transport.abort() for one in door.server._connections])
        assert door.call(door.server.census)["connections"] == 0
        assert what_is_said_to_a_mail(door, "198.51.100.7") == "452 4.3.1"
        door.release()
        door.hold = False
        assert what_is_said_to_a_mail(door, "198.51.100.7") == "250 2.0.0"
        assert door.call(door.server.census)["held_bytes"] == 0


def test_connections_over_the_cap_get_421() -> None:
    with Door(options(max_connections=2)) as door:
        with door.connect(), door.connect(), door.connect(greeted=False) as third:
            assert third.reply().startswith("421 4.3.2")
            assert third.closed()
        assert door.events.of("connection-refused")


def test_connections_from_one_address_are_capped_for_strangers_alone() -> None:
    capped = options(max_connections_per_ip=1, trusted_networks=(), banner_delay=0.0)
    with Door(capped) as door, door.connect(), door.connect(greeted=False) as second:
        assert second.reply().startswith("421 4.3.2 mx.example.com too many connections from your address")
    with Door(options(max_connections_per_ip=1)) as door, door.connect(), door.connect() as second:
        assert second.say("NOOP").startswith("250")


def test_at_the_cap_the_longest_silent_makes_room() -> None:
    clock = Clock()
    capped = options(max_connections=2, yield_after=10.0)
    with Door(capped, clock=clock) as door, door.connect() as busy, door.connect() as silent:
        begin(busy)
        clock.now += 11
        with door.connect() as third:
            assert third.say("NOOP").startswith("250")
            assert silent.reply().startswith("421 4.3.2")
            busy.send(MAIL + b".\r\n")
            assert busy.reply().startswith("250")


def test_a_thousand_idle_connections_hurt_nobody() -> None:
    with Door(options(max_connections=1500)) as door:
        idle = [socket.create_connection(("127.0.0.1", door.port)) for _ in range(1000)]
        try:
            with smtplib.SMTP("127.0.0.1", door.port, timeout=PATIENCE) as client:
                for _ in range(20):
                    client.sendmail("ada@example.org", ["support@example.com"], MAIL)
            assert len(door.mails) == 20
            door.sweep()
        finally:
            for connection in idle:
                connection.close()


def test_slow_clients_are_told_421() -> None:
    clock = Clock()
    with (
        Door(
            options(command_timeout=300, data_timeout=60, min_data_rate=10, session_timeout=3600), clock=clock
        ) as door,
        door.connect() as mute,
        door.connect() as dripping,
        door.connect() as lively,
        door.connect() as content,
    ):
        begin(content)
        door.sweep()
        clock.now += 50
        dripping.send(b"NOO")
        content.send(b"x" * 200)
        assert lively.say("NOOP").startswith("250")
        door.sweep()
        clock.now += 25  # 75 seconds: more than 60, less than 60 + 202 / 10
        door.sweep()
        content.send(b"\r\n.\r\n")
        assert content.reply().startswith("250"), "content that comes fast enough is waited for"
        begin(content)
        door.sweep()
        clock.now += 61
        door.sweep()
        assert content.reply().startswith("421 4.4.2"), "content that does not come is not"
        clock.now += 200
        assert lively.say("NOOP").startswith("250")
        door.sweep()
        assert mute.reply().startswith("421 4.4.2")
        assert dripping.reply().startswith("421 4.4.2"), "half a command is no progress"
        assert lively.say("NOOP").startswith("250")
        clock.now += 3600
        door.sweep()
        assert lively.reply().startswith("421 4.4.2")


def test_content_that_came_fast_buys_no_silence() -> None:
    clock, fast = Clock(), b"0123456789abcd\r\n" * 64 * 1024
    with Door(clock=clock) as door, ExitStack() as lines:
        silent, dripping, steady = (lines.enter_context(door.connect()) for _ in range(3))
        ends = dict(zip((silent, dripping, steady), door.call(lambda: list(door.server._connections)), strict=True))

        def send(line: Line, data: bytes) -> None:
            wanted = ends[line].session.received + len(data)
            line.send(data)
            for _ in range(100_000):
                if door.call(lambda: ends[line].session.received) == wanted:
                    return
            raise AssertionError("it does not arrive")

        for line in ends:
            begin(line)
            send(line, b"\r\n" + fast)
        door.sweep()
        for _ in range(3):
            clock.now += 61
            send(dripping, b".")
            send(steady, fast[: 61 * 1024])
            door.sweep()
        assert silent.reply().startswith("421 4.4.2")
        assert dripping.reply().startswith("421 4.4.2"), "an octet a minute is as good as none"
        steady.send(b".\r\n")
        assert steady.reply().startswith("250"), "who goes on is waited for"


def test_nobody_is_timed_out_while_we_are_the_slow_ones() -> None:
    clock = Clock()
    with Door(clock=clock) as door, door.connect() as line:
        door.hold = True
        begin(line)
        line.send(MAIL + b".\r\n")
        door.wait_for_mails(1)
        clock.now += 100_000
        door.sweep()
        door.release()
        assert line.reply().startswith("250")


def test_a_stranger_who_talks_before_the_banner_is_refused() -> None:
    with Door(options(trusted_networks=(), banner_delay=30.0)) as door, door.connect(greeted=False) as line:
        line.send(b"EHLO eager.example.org\r\n")
        assert line.reply().startswith("554 5.5.0")
        assert line.closed()
        assert door.call(door.server.census)["early-talker"] == 1


def test_a_stranger_who_waits_is_greeted() -> None:
    with Door(options(trusted_networks=(), banner_delay=0.01)) as door, door.connect() as line:
        begin(line)
        line.send(MAIL + b".\r\n")
        assert line.reply().startswith("250")
        assert not door.mails[0].peer.trusted


def test_content_sent_before_354_is_never_carried_out() -> None:
    with Door(STRANGERS) as door, door.connect() as line:
        assert line.say("EHLO c").startswith("250-")
        line.send(
            b"MAIL FROM:<a@example.org>\r\nRCPT TO:<x@example.com>\r\nDATA\r\nMAIL FROM:<evil@example.org>\r\n.\r\n"
        )
        line.closed()
        assert door.mails == []


def test_a_browser_is_hung_up_on() -> None:
    with Door() as door, door.connect() as line:
        line.send(
            b"POST / HTTP/1.1\r\nHost: mx\r\n\r\nEHLO c\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<support@example.com>\r\nDATA\r\nx\r\n.\r\n"
        )
        assert line.reply().startswith("500")
        assert line.closed()
        assert door.mails == []


def test_pipelined_garbage_ends_soon() -> None:
    with Door() as door, door.connect() as line:
        line.send(b"\x00\xff garbage\r\n" * 3000)
        replies = []
        while reply := line.reply():
            replies.append(reply)
        assert len(replies) <= door.options.max_commands_bad + 1


def test_a_client_that_does_not_read_is_not_read_from() -> None:
    clock = Clock()
    patient = options(max_commands_bad=10**9, max_commands_idle=10**9)
    with Door(patient, clock=clock) as door, socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", door.port))
        assert deaf.recv(4)
        deaf.settimeout(0.01)
        [connection] = door.call(lambda: list(door.server._connections))
        chunk = b"EHLO c\r\n" * 8000
        for _ in range(10_000):
            if not connection._reading:
                break
            try:
                deaf.sendall(chunk)
            except TimeoutError:
                continue
        assert not connection._reading
        held = door.call(connection._transport.get_write_buffer_size)
        assert 0 < held < 4 * 1024 * 1024, "replies that nobody reads are bounded"
        with door.connect() as other:
            assert other.say("NOOP").startswith("250")
        clock.now += patient.session_timeout + 1
        door.sweep()
        clock.now += patient.handshake_timeout + 1
        door.sweep()
        door.sweep()
        assert door.call(lambda: connection in door.server._connections) is False, "it can't keep its connection either"


def test_what_is_sent_ahead_of_an_answer_is_bounded_and_not_lost() -> None:
    with Door() as door, door.connect() as line:
        door.hold = True
        begin(line)
        second = b"Subject: second\r\n\r\n" + b"0123456789abcde\r\n" * 200_000
        line.send(MAIL + b".\r\n")
        door.wait_for_mails(1)
        ahead = b"MAIL FROM:<b@example.org>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n" + second + b".\r\n"
        sender = threading.Thread(target=line.send, args=(ahead,))
        sender.start()
        [connection] = door.call(lambda: list(door.server._connections))
        for _ in range(100_000):
            if door.call(lambda: connection._reading) is False:
                break
        assert door.call(lambda: connection.session.received) <= 2 * 64 * 1024
        door.release()
        door.wait_for_mails(2)
        door.release()
        sender.join(PATIENCE)
        assert [line.reply()[:3] for _ in range(5)] == ["250", "250", "250", "354", "250"]
        assert door.mails[1].raw == second


def test_a_stranger_behind_a_proxy_who_talks_early_is_refused() -> None:
    listed = options(proxy_from=networks("127.0.0.1"), trusted_networks=(), banner_delay=30.0)
    with Door(listed) as door, door.connect(greeted=False) as line:
        line.send(b"PROXY TCP4 192.0.2.9 192.0.2.1 4000 25\r\nEHLO eager.example.org\r\n")
        assert line.reply().startswith("554 5.5.0")
        assert line.closed()


def test_strangers_with_ipv6_are_counted_by_network() -> None:
    listed = options(proxy_from=networks("127.0.0.1"), trusted_networks=(), banner_delay=0.0, max_connections_per_ip=1)
    with Door(listed) as door, door.connect(greeted=False) as first, door.connect(greeted=False) as second:
        first.send(b"PROXY TCP6 2001:db8::1 2001:db8:1::1 4000 25\r\n")
        assert first.reply().startswith("220")
        second.send(b"PROXY TCP6 2001:db8::ffff:2 2001:db8:1::1 4000 25\r\n")
        assert second.reply().startswith("421 4.3.2")


def test_draining_finishes_mails_under_way_and_tells_the_idle() -> None:
    with Door() as door:
        door.hold = True
        idle, sending, waiting = door.connect(), door.connect(), door.connect()
        begin(sending)
        sending.send(b"Subject: half\r\n")
        begin(waiting)
        waiting.send(MAIL + b".\r\n")
        door.wait_for_mails(1)
        done: list[object] = []
        thread = threading.Thread(target=lambda: done.append(door.run(door.server.drain(PATIENCE))))
        thread.start()
        assert idle.reply().startswith("421 4.3.2")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", door.port), timeout=PATIENCE)
        door.release()
        assert waiting.reply().startswith("250")
        assert waiting.reply().startswith("421")
        sending.send(b"\r\nand the rest\r\n.\r\n")
        door.wait_for_mails(2)
        door.release()
        assert sending.reply().startswith("250")
        assert sending.reply().startswith("421")
        thread.join(PATIENCE)
        assert done == [None]
        assert door.mails[1].raw == b"Subject: half\r\n\r\nand the rest\r\n"
        for line in (idle, sending, waiting):
            line.socket.close()


def test_draining_does_not_wait_for_ever() -> None:
    with Door() as door, door.connect() as stuck:
        begin(stuck)
        door.run(door.server.drain(0.01))
        assert stuck.closed()
        assert door.call(door.server.census)["connections"] == 0


def test_lmtp_answers_each_recipient() -> None:
    with Door(options(door="lmtp"), known=("a@example.com", "b@example.com")) as door:
        with smtplib.LMTP("127.0.0.1", door.port, timeout=PATIENCE) as client:
            client.ehlo()
            client.mail("ada@example.org")
            codes = [client.rcpt(address)[0] for address in ("a@example.com", "x@example.com", "b@example.com")]
            assert codes == [250, 550, 250]
            assert client.data(MAIL)[0] == 250
            assert client.getreply()[0] == 250, "a second reply for the second recipient"
        assert door.mails[0].envelope.rcpt_to == ("a@example.com", "b@example.com")
        assert door.mails[0].peer.door == "lmtp"


def test_the_proxy_header_of_a_listed_peer_names_the_client() -> None:
    listed = options(proxy_from=networks("127.0.0.1"), trusted_networks=networks("192.0.2.0/24"), banner_delay=0.0)
    v2 = (
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c"
        + socket.inet_aton("198.51.100.9")
        + socket.inet_aton("192.0.2.1")
        + b"\0\x19\0\x19"
    )
    for header, ip, trusted in (
        (b"PROXY TCP4 192.0.2.9 192.0.2.1 4000 25\r\n", "192.0.2.9", True),
        (v2, "198.51.100.9", False),
        (b"PROXY UNKNOWN\r\n", "127.0.0.1", False),
    ):
        with Door(listed) as door, door.connect(greeted=False) as line:
            line.send(header[:7])
            line.send(header[7:])
            assert line.reply().startswith("220")
            begin(line)
            line.send(MAIL + b".\r\n")
            assert line.reply().startswith("250")
            assert (door.mails[0].peer.ip, door.mails[0].peer.trusted) == (ip, trusted)


def test_a_listed_proxy_without_its_header_is_hung_up_on() -> None:
    with Door(options(proxy_from=networks("127.0.0.1"))) as door, door.connect(greeted=False) as line:
        line.send(b"EHLO client.example.org\r\n")
        assert line.closed()
        assert door.call(door.server.census)["bad-proxy"] == 1


def test_a_proxy_header_from_anybody_else_is_garbage() -> None:
    with Door() as door, door.connect() as line:
        assert line.say("PROXY TCP4 192.0.2.9 192.0.2.1 4000 25").startswith("500")
        begin(line)
        line.send(MAIL + b".\r\n")
        assert line.reply().startswith("250")
        assert door.mails[0].peer.ip == "127.0.0.1"


def test_a_proxy_that_says_nothing_is_hung_up_on() -> None:
    clock = Clock()
    listed = options(proxy_from=networks("127.0.0.1"), handshake_timeout=5)
    with Door(listed, clock=clock) as door, door.connect(greeted=False) as line:
        line.send(b"PROXY ")
        with door.connect(greeted=False) as other:
            other.send(b"PROXY UNKNOWN\r\n")
            assert other.reply().startswith("220")
        clock.now += 6
        door.sweep()
        assert line.closed()
