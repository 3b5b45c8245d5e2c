"""What forwarding makes of everything a server can say, or not say."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from hypothesis import given
from hypothesis import strategies as st

from postroom.adapters.destination.smtp import ReturnAddress, SmtpDestination, _path
from postroom.adapters.destination.smtp_server import SmtpServer, Tls
from postroom.adapters.destination.smtp_session import Session
from postroom.model.errors import ConfigError, GiveUp, TryLater
from postroom.model.mail import BounceOf, DestinationName
from postroom.model.marks import read_bounce_address
from postroom.model.work import Parcel
from postroom.testing.destination_contract import KEY, make_parcel
from postroom.testing.smtp_sink import Act, SmtpSink, Stage

CERTS = Path(__file__).parent / "certs"
RETURN = ReturnAddress(domain="post.acme.test", key=KEY)


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        yield sink


@pytest.fixture
def lmtp() -> Iterator[SmtpSink]:
    with SmtpSink(lmtp=True) as sink:
        yield sink


@pytest.fixture
def forward() -> Iterator[Callable[..., SmtpDestination]]:
    """Makes destinations for a sink, and closes them."""
    made: list[SmtpDestination] = []

    def make(
        sink: SmtpSink,
        *,
        recipients: tuple[str, ...] = ("desk@acme.test",),
        timeout: float = 20.0,
        return_address: ReturnAddress | None = RETURN,
        clock: Callable[[], float] | None = None,
        **options: object,
    ) -> SmtpDestination:
        clocks = {"clock": clock} if clock else {}
        server = SmtpServer(
            sink.host,
            sink.port,
            greet_as="post.acme.test",
            lmtp=sink.lmtp,
            **{"tls": "none", **options, **clocks},  # type: ignore[arg-type]
        )
        destination = SmtpDestination(
            "desk", server, recipients=recipients, lmtp=sink.lmtp, return_address=return_address, timeout=timeout, **clocks
        )  # fmt: skip
        made.append(destination)
        return destination

    yield make
    for destination in made:
        destination.close()


def addressed(parcel: Parcel, **changes: object) -> Parcel:
    return replace(parcel, mail=replace(parcel.mail, envelope=replace(parcel.mail.envelope, **changes)))


# The envelope


def test_the_envelope_sender_is_signed_and_from_is_unchanged(
    sink: SmtpSink, forward: Callable[..., SmtpDestination]
) -> None:
    parcel = make_parcel()
    forward(sink).deliver(parcel)
    (mail,) = sink.mails
    bounce = BounceOf(mail_id=parcel.mail.id, destination=DestinationName("desk"), generation=1)
    assert read_bounce_address(mail.sender, KEY, [DestinationName("desk")], domain="post.acme.test") == bounce
    assert mail.rcpts == ("desk@acme.test",)
    assert mail.data == parcel.stamped
    assert b"From: Ada <ada@example.com>\r\n" in mail.data


def test_the_null_sender_stays_null(sink: SmtpSink, forward: Callable[..., SmtpDestination]) -> None:
    forward(sink).deliver(addressed(make_parcel(), mail_from=""))
    assert sink.mails[0].sender == ""


def test_without_targets_and_return_address_the_mails_own_envelope_is_kept(
    sink: SmtpSink, forward: Callable[..., SmtpDestination]
) -> None:
    parcel = addressed(make_parcel(), rcpt_to=("a@acme.test", "b@acme.test", "a@acme.test"))
    forward(sink, recipients=(), return_address=None).deliver(parcel)
    assert sink.mails[0].sender == "ada@example.com"
    assert sink.mails[0].rcpts == ("a@acme.test", "b@acme.test")


@pytest.mark.parametrize(
    "addr",
    ["a b@c", "a@b>", "<a@b", "a\r\nb@c", "a\n@c", "a\0@c", "", "x" * 255, "a\udc80@b", "a\u2028@b", '"a\r"@b', '"a@b'],
)
def test_addresses_that_could_break_a_command_never_reach_one(
    sink: SmtpSink, forward: Callable[..., SmtpDestination], addr: str
) -> None:
    with pytest.raises(GiveUp, match="can't be written"):
        forward(sink, recipients=()).deliver(addressed(make_parcel(), rcpt_to=("ok@acme.test", addr)))
    with pytest.raises(ConfigError, match="can't be written"):
        forward(sink, recipients=(addr,))
    assert sink.commands == []


@given(st.text())
def test_an_address_that_passes_stays_one_argument(addr: str) -> None:
    try:
        command = f"RCPT TO:<{_path(addr)}>"
    except ValueError:
        return
    assert len(command.encode().splitlines()) == 1
    assert not any(ord(char) < 32 for char in command)


def test_a_quoted_local_part_is_an_address(sink: SmtpSink, forward: Callable[..., SmtpDestination]) -> None:
    forward(sink, recipients=('"ada b\\"c"@acme.test',)).deliver(make_parcel())
    assert 'RCPT TO:<"ada b\\"c"@acme.test>' in sink.commands


# What the peer offers, and what the mail needs


def test_parameters_are_those_that_the_peer_offers_and_the_mail_needs(forward: Callable[..., SmtpDestination]) -> None:
    plain, eightbit = make_parcel(1), make_parcel(2, raw="Subject: x\r\n\r\ngrün\r\n".encode())
    with SmtpSink() as sink:
        destination = forward(sink)
        destination.deliver(plain)
        destination.deliver(eightbit)
        assert sink.mails[0].parameters == (f"SIZE={len(plain.stamped)}",)
        assert sink.mails[1].parameters == (f"SIZE={len(eightbit.stamped)}", "BODY=8BITMIME")
    with SmtpSink(extensions=()) as sink:
        forward(sink).deliver(eightbit)
        assert sink.mails[0].parameters == ()
        assert sink.mails[0].data == eightbit.stamped


def test_internationalised_mail_needs_a_peer_that_takes_it(
    sink: SmtpSink, forward: Callable[..., SmtpDestination]
) -> None:
    header = addressed(make_parcel(1, raw="Subject: grün\r\n\r\n".encode()), smtputf8=True)
    address = addressed(make_parcel(2), rcpt_to=("grün@acme.test",), smtputf8=True)
    asked_in_vain = addressed(make_parcel(3), smtputf8=True)
    destination = forward(sink, recipients=())
    for parcel in (header, address, asked_in_vain):
        destination.deliver(parcel)
    assert ["SMTPUTF8" in mail.parameters for mail in sink.mails] == [True, True, False]
    assert sink.mails[1].rcpts == ("grün@acme.test",)
    with SmtpSink(extensions=("PIPELINING", "8BITMIME")) as old:
        destination = forward(old, recipients=())
        for parcel in (header, address):
            with pytest.raises(GiveUp, match="SMTPUTF8"):
                destination.deliver(parcel)
        destination.deliver(asked_in_vain)
        assert len(old.mails) == 1


def test_a_mail_larger_than_the_peer_takes_is_given_up_before_it_is_sent(
    forward: Callable[..., SmtpDestination],
) -> None:
    with SmtpSink(extensions=("SIZE 2000",)) as sink:
        destination = forward(sink)
        with pytest.raises(GiveUp, match="at most 2000 bytes"):
            destination.deliver(make_parcel(1, raw=b"a" * 3000))
        destination.deliver(make_parcel(2))
        assert [command.partition(" ")[0] for command in sink.commands] == ["ehlo", "MAIL", "RCPT", "DATA"]


def test_dots_are_stuffed_and_taken_away(sink: SmtpSink, forward: Callable[..., SmtpDestination]) -> None:
    parcel = make_parcel(raw=b"Subject: dots\r\n\r\n.\r\n..\r\n.a\r\n\r\n.\r\nb")
    forward(sink).deliver(parcel)
    assert sink.mails[0].data == parcel.stamped + b"\r\n"


def test_a_mail_of_many_packets_arrives_whole(sink: SmtpSink, forward: Callable[..., SmtpDestination]) -> None:
    parcel = make_parcel(raw=b"Subject: big\r\n\r\n" + b".line\r\n" * 500_000)
    forward(sink).deliver(parcel)
    assert sink.mails[0].data == parcel.stamped


# What goes wrong


@pytest.mark.parametrize(
    ("stage", "reply", "lane_down"),
    [
        ("connect", "421 4.3.2 not now", True),
        ("connect", "554 5.3.2 no service here", True),
        ("ehlo", "451 4.3.0 later", True),
        ("ehlo", "550 5.7.0 go away", True),
        ("mail", "421 4.3.2 closing", True),
        ("mail", "451 4.3.0 later", True),
        ("mail", "452 4.3.1 disk full", True),
        ("mail", "550 5.1.8 your domain does not exist", True),
        ("mail", "530 5.7.0 sign in first", True),
        ("rcpt", "451 4.2.1 greylisted", False),
        ("rcpt", "421 4.3.2 closing", True),
        ("data", "451 4.3.0 later", False),
        ("data", "421 4.3.2 closing", True),
        ("dot", "451 4.3.0 later", False),
        ("dot", "452 4.2.2 mailbox full", False),
        ("dot", "421 4.3.2 closing", True),
    ],
)
def test_try_later_and_whose_trouble_it_is(
    sink: SmtpSink, forward: Callable[..., SmtpDestination], stage: Stage, reply: str, lane_down: bool
) -> None:
    destination = forward(sink)
    sink.fail(stage, reply=reply)
    with pytest.raises(TryLater) as caught:
        destination.deliver(make_parcel(1))
    assert caught.value.lane_down is lane_down
    assert reply in str(caught.value)
    assert sink.mails == []
    destination.deliver(make_parcel(1))
    destination.deliver(make_parcel(2))
    assert len(sink.mails) == 2


@pytest.mark.parametrize(
    ("stage", "reply"),
    [
        ("mail", "552 5.3.4 too big"),
        ("rcpt", "550 5.1.1 nobody of that name"),
        ("data", "554 5.5.0 no"),
        ("dot", "554 5.6.0 that content we don't take"),
        ("dot", "550-5.7.1 spam\r\n550 5.7.1 see https://example.com"),
    ],
)
def test_a_refusal_of_this_mail_gives_up_with_the_servers_words(
    sink: SmtpSink, forward: Callable[..., SmtpDestination], stage: Stage, reply: str
) -> None:
    destination = forward(sink)
    sink.fail(stage, reply=reply)
    with pytest.raises(GiveUp) as caught:
        destination.deliver(make_parcel(1))
    assert reply.partition("\r\n")[0].replace("-", " ") in str(caught.value)
    assert "\n" not in str(caught.value)
    destination.deliver(make_parcel(2))
    assert len(sink.mails) == 1


def test_a_null_sender_that_is_refused_is_the_mails_own_trouble(
    sink: SmtpSink, forward: Callable[..., SmtpDestination]
) -> None:
    sink.fail("mail", reply="550 5.7.1 no bounces here")
    with pytest.raises(GiveUp, match="no bounces here"):
        forward(sink).deliver(addressed(make_parcel(), mail_from=""))


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.7.26 This mail is unauthenticated",
        "550-5.7.1 Unauthenticated email from example.com is not accepted due to\r\n550 5.7.1 domain's DMARC policy",
        "554 5.7.23 SPF validation failed",
        "550 5.7.1 rejected by DMARC policy of example.com",
    ],
)
def test_a_dmarc_refusal_parks_visibly_with_a_remedy(
    sink: SmtpSink, forward: Callable[..., SmtpDestination], reply: str
) -> None:
    sink.fail("dot", reply=reply)
    with pytest.raises(GiveUp, match=r"^DMARC refusal: .*trust our address.*webhook"):
        forward(sink).deliver(make_parcel())


@pytest.mark.parametrize(
    ("stage", "act"), [("connect", "close"), ("ehlo", "close"), ("connect", "endless"), ("ehlo", "endless")]
)
def test_a_server_that_breaks_off_before_the_mail_takes_the_lane_down(
    sink: SmtpSink, forward: Callable[..., SmtpDestination], stage: Stage, act: Act
) -> None:
    sink.fail(stage, act=act)
    with pytest.raises(TryLater) as caught:
        forward(sink).deliver(make_parcel())
    assert caught.value.lane_down


@pytest.mark.parametrize(
    ("stage", "act"), [("mail", "close"), ("rcpt", "close"), ("data", "close"), ("rcpt", "endless")]
)
def test_a_server_that_breaks_off_in_mid_mail_stops_no_other_mail(
    sink: SmtpSink, forward: Callable[..., SmtpDestination], stage: Stage, act: Act
) -> None:
    destination = forward(sink)
    sink.fail(stage, act=act)
    with pytest.raises(TryLater, match="in the middle of a mail") as caught:
        destination.deliver(make_parcel(1))
    assert not caught.value.lane_down
    destination.deliver(make_parcel(2))
    assert len(sink.mails) == 1


def test_a_server_that_closes_in_mid_data_has_not_taken_the_mail(
    sink: SmtpSink, forward: Callable[..., SmtpDestination]
) -> None:
    # Larger than what the system holds for us, so that the break is seen before the dot is on its way.
    large = make_parcel(1, raw=b"Subject: large\r\n\r\n" + b"line\r\n" * 2_000_000)
    destination = forward(sink)
    sink.fail("body", act="close")
    with pytest.raises(TryLater, match="in the middle of a mail") as caught:
        destination.deliver(large)
    assert not caught.value.lane_down
    destination.deliver(make_parcel(2))
    sink.fail("body", act="close")
    destination.deliver(large)  # on the connection that was kept: tried once more on a new one
    assert [mail.connection for mail in sink.mails] == [2, 3]


def test_an_answer_lost_after_the_dot_says_that_it_may_arrive_twice(
    sink: SmtpSink, forward: Callable[..., SmtpDestination]
) -> None:
    destination = forward(sink)
    destination.deliver(make_parcel(1))
    sink.fail("dot", act="keep-and-close")
    with pytest.raises(TryLater, match="may arrive twice") as caught:
        destination.deliver(make_parcel(2))
    assert not caught.value.lane_down
    assert len(sink.mails) == 2, "a lost answer is never a reason to send again at once"


@pytest.mark.parametrize("stage", ["connect", "ehlo", "mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize("act", ["hang", "drip"])
def test_a_silent_or_dripping_server_is_left_in_time(
    sink: SmtpSink, forward: Callable[..., SmtpDestination], stage: Stage, act: Act
) -> None:
    sink.fail(stage, act=act)
    with pytest.raises(TryLater, match="timed out") as caught:
        forward(sink, timeout=0.1).deliver(make_parcel())
    assert caught.value.lane_down is (stage in ("connect", "ehlo"))
    assert sink.mails == []


def test_a_server_that_takes_each_step_slowly_can_not_draw_it_out(
    sink: SmtpSink, forward: Callable[..., SmtpDestination]
) -> None:
    sink.pause = 0.08
    destination = forward(sink, timeout=0.2)
    begun = time.monotonic()
    with pytest.raises(TryLater, match="timed out"):
        destination.deliver(make_parcel())
    assert time.monotonic() - begun < 2 * 0.2, "each step had its answer within the time for all of them"
    assert 0.2 < destination.longest <= 0.4
    assert sink.commands, "it answered for a while"
    assert sink.mails == []


def test_words_that_are_no_smtp_end_the_connection(sink: SmtpSink, forward: Callable[..., SmtpDestination]) -> None:
    destination = forward(sink)
    sink.fail("connect", reply="HTTP/1.1 400 Bad Request")
    with pytest.raises(TryLater, match="no SMTP"):
        destination.deliver(make_parcel())
    sink.fail("rcpt", reply="\x1b[31mred\x07")
    with pytest.raises(TryLater) as caught:
        destination.deliver(make_parcel())
    assert str(caught.value).isprintable()


def test_hostile_words_of_a_server_are_shown_clean_and_short(
    sink: SmtpSink, forward: Callable[..., SmtpDestination]
) -> None:
    sink.fail("dot", reply="554 \x1b[2Jcleared \x00 " + "x" * 3000)
    with pytest.raises(GiveUp) as caught:
        forward(sink).deliver(make_parcel())
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600


def test_a_line_without_end_is_not_read_for_ever(sink: SmtpSink, forward: Callable[..., SmtpDestination]) -> None:
    sink.fail("ehlo", reply="250 " + "x" * 100_000)
    with pytest.raises(TryLater, match="too long a line"):
        forward(sink).deliver(make_parcel())


def test_nobody_listening_is_the_lanes_trouble(forward: Callable[..., SmtpDestination]) -> None:
    with SmtpSink() as sink:
        destination = forward(sink)
    with pytest.raises(TryLater, match=rf"127.0.0.1:{sink.port}: .*refused") as caught:
        destination.deliver(make_parcel())
    assert caught.value.lane_down


# Connections


def test_a_connection_is_kept_open_for_the_next_mail(sink: SmtpSink, forward: Callable[..., SmtpDestination]) -> None:
    destination = forward(sink)
    for number in range(1, 6):
        destination.deliver(make_parcel(number))
    assert {mail.connection for mail in sink.mails} == {1}
    assert sink.connections == 1


def test_a_connection_carries_so_many_mails_and_no_more(
    sink: SmtpSink, forward: Callable[..., SmtpDestination]
) -> None:
    destination = forward(sink, mails_a_connection=2)
    for number in range(1, 6):
        destination.deliver(make_parcel(number))
    assert [mail.connection for mail in sink.mails] == [1, 1, 2, 2, 3]


def test_a_connection_that_rested_too_long_is_not_used_again(
    sink: SmtpSink, forward: Callable[..., SmtpDestination]
) -> None:
    clock = Clock()
    destination = forward(sink, clock=clock, idle=30.0)
    destination.deliver(make_parcel(1))
    clock.now += 29
    destination.deliver(make_parcel(2))
    clock.now += 31
    destination.deliver(make_parcel(3))
    assert [mail.connection for mail in sink.mails] == [1, 1, 2]


def test_a_connection_that_the_server_closed_meanwhile_costs_the_mail_nothing(
    sink: SmtpSink, forward: Callable[..., SmtpDestination]
) -> None:
    destination = forward(sink)
    destination.deliver(make_parcel(1))
    sink.stop()
    sink.start()
    destination.deliver(make_parcel(2))
    assert [mail.connection for mail in sink.mails] == [1, 2]


@pytest.mark.parametrize(("act", "reply"), [("close", ""), ("reply", "421 4.4.2 you were idle")])
@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_a_connection_that_dies_as_it_is_used_again_is_replaced_once(
    sink: SmtpSink, forward: Callable[..., SmtpDestination], stage: Stage, act: Act, reply: str
) -> None:
    destination = forward(sink)
    destination.deliver(make_parcel(1))
    sink.fail(stage, act=act, reply=reply)
    destination.deliver(make_parcel(2))
    assert [mail.connection for mail in sink.mails] == [1, 2]


def test_no_more_connections_than_allowed(sink: SmtpSink, forward: Callable[..., SmtpDestination]) -> None:
    destination = forward(sink)
    threads = [threading.Thread(target=destination.deliver, args=(make_parcel(number),)) for number in range(1, 31)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sink.mails) == 30
    assert sink.connections <= destination.concurrency


def test_closed_means_no_more_connections(sink: SmtpSink, forward: Callable[..., SmtpDestination]) -> None:
    destination = forward(sink)
    destination.deliver(make_parcel(1))
    destination.close()
    with pytest.raises(TryLater):
        destination.deliver(make_parcel(2))


# Several recipients


@pytest.mark.parametrize("kind", ["smtp", "lmtp"])
def test_recipients_are_settled_one_by_one_and_nobody_gets_it_twice(
    sink: SmtpSink, lmtp: SmtpSink, forward: Callable[..., SmtpDestination], kind: str
) -> None:
    server = sink if kind == "smtp" else lmtp
    destination = forward(server, recipients=("a@acme.test", "b@acme.test", "c@acme.test"))
    server.fail("rcpt", reply="451 4.2.1 later", match="b@acme.test", times=2)
    server.fail("rcpt", reply="550 5.1.1 never", match="c@acme.test", times=None)
    for _ in range(2):
        with pytest.raises(TryLater, match=r"<b@acme.test> and 1 more \(1 have it\)") as caught:
            destination.deliver(make_parcel())
        assert not caught.value.lane_down
    with pytest.raises(GiveUp, match=r"<c@acme.test> \(2 have it\)"):
        destination.deliver(make_parcel())
    assert [mail.rcpts for mail in server.mails] == [("a@acme.test",), ("b@acme.test",)]
    server.heal()
    destination.deliver(make_parcel())
    assert [mail.rcpts for mail in server.mails][2:] == [("c@acme.test",)]


def test_lmtp_answers_for_each_recipient(lmtp: SmtpSink, forward: Callable[..., SmtpDestination]) -> None:
    destination = forward(lmtp, recipients=("a@acme.test", "b@acme.test"), return_address=None)
    lmtp.fail("dot", reply="452 4.2.2 mailbox full", match="b@acme.test")
    with pytest.raises(TryLater, match=r"<b@acme.test> \(1 have it\): 452 4.2.2 mailbox full"):
        destination.deliver(make_parcel())
    destination.deliver(make_parcel())
    assert [(mail.sender, mail.rcpts) for mail in lmtp.mails] == [
        ("ada@example.com", ("a@acme.test",)),
        ("ada@example.com", ("b@acme.test",)),
    ]


def test_lmtp_that_breaks_off_between_its_answers_counts_those_it_gave(
    lmtp: SmtpSink, forward: Callable[..., SmtpDestination]
) -> None:
    destination = forward(lmtp, recipients=("a@acme.test", "b@acme.test"))
    lmtp.fail("dot", act="close", match="b@acme.test")
    with pytest.raises(TryLater, match=r"<b@acme.test> \(1 have it\).*may arrive twice"):
        destination.deliver(make_parcel())
    destination.deliver(make_parcel())
    assert [mail.rcpts for mail in lmtp.mails] == [("a@acme.test",), ("b@acme.test",)]


# TLS and signing in


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTS / "server.pem", CERTS / "server.key")
    return context


@pytest.mark.parametrize(
    ("tls", "trusted", "safe"), [("required", True, True), ("opportunistic", False, True), ("none", False, False)]
)
def test_tls_as_it_is_set(forward: Callable[..., SmtpDestination], tls: Tls, trusted: bool, safe: bool) -> None:
    with SmtpSink(tls=server_context()) as sink:
        destination = forward(sink, tls=tls, ca_file=str(CERTS / "ca.pem") if trusted else None)
        for number in range(1, 4):
            destination.deliver(make_parcel(number))
        assert [mail.tls for mail in sink.mails] == [safe] * 3
        assert sink.connections == 1
        assert ("TLSv1" in destination.check()) is safe


def test_tls_from_the_first_byte(forward: Callable[..., SmtpDestination]) -> None:
    with SmtpSink(tls=server_context(), implicit_tls=True) as sink:
        forward(sink, tls="implicit", ca_file=str(CERTS / "ca.pem")).deliver(make_parcel())
        assert sink.mails[0].tls


def test_required_tls_refuses_a_stranger_and_a_server_without(forward: Callable[..., SmtpDestination]) -> None:
    with SmtpSink(tls=server_context()) as sink:
        with pytest.raises(TryLater, match="certificate does not hold") as caught:
            forward(sink, tls="required").deliver(make_parcel())
        assert caught.value.lane_down
        assert sink.mails == []
    with SmtpSink() as sink:
        with pytest.raises(TryLater, match="no STARTTLS") as caught:
            forward(sink, tls="required").deliver(make_parcel())
        assert caught.value.lane_down


def test_opportunistic_tls_goes_in_the_clear_where_there_is_none(forward: Callable[..., SmtpDestination]) -> None:
    with SmtpSink(tls=server_context()) as sink:
        sink.fail("starttls", reply="454 4.7.0 not available")
        forward(sink, tls="opportunistic").deliver(make_parcel())
        assert [mail.tls for mail in sink.mails] == [False]


def test_words_before_tls_are_not_believed(forward: Callable[..., SmtpDestination]) -> None:
    with SmtpSink(tls=server_context()) as sink:
        sink.fail("starttls", reply="220 go ahead\r\n250-sink.test\r\n250 AUTH PLAIN")
        with pytest.raises(TryLater, match="before TLS"):
            forward(sink, tls="required", ca_file=str(CERTS / "ca.pem")).deliver(make_parcel())
        assert sink.mails == []


def test_signs_in_over_tls(forward: Callable[..., SmtpDestination]) -> None:
    with SmtpSink(tls=server_context(), users={"postroom": "pass word"}) as sink:
        options = {"tls": "required", "ca_file": str(CERTS / "ca.pem"), "user": "postroom"}
        forward(sink, password="pass word", **options).deliver(make_parcel())
        assert sink.mails[0].user == "postroom"
        with pytest.raises(TryLater, match=r"535 5\.7\.8") as caught:
            forward(sink, password="wrong", **options).deliver(make_parcel())
        assert caught.value.lane_down
        assert "wrong" not in str(caught.value).replace("wrong password", "")


def test_a_password_makes_tls_a_condition_for_servers_elsewhere() -> None:
    elsewhere = SmtpServer("mx.example.com", 25, greet_as="x.test", user="u", password="p", tls="opportunistic")
    here = SmtpServer("127.0.0.1", 25, greet_as="x.test", user="u", password="p", tls="opportunistic")
    assert elsewhere._tls == "required"
    assert here._tls == "opportunistic"


def test_a_server_without_auth_is_not_given_the_mail(sink: SmtpSink, forward: Callable[..., SmtpDestination]) -> None:
    with pytest.raises(TryLater, match="AUTH") as caught:
        forward(sink, user="postroom", password="secret").deliver(make_parcel())
    assert caught.value.lane_down
    assert "secret" not in str(caught.value)


def test_helo_for_servers_that_know_no_ehlo(sink: SmtpSink, forward: Callable[..., SmtpDestination]) -> None:
    sink.fail("ehlo", reply="502 5.5.1 what?")
    forward(sink).deliver(make_parcel())
    assert [command.split()[0] for command in sink.commands[:3]] == ["ehlo", "helo", "MAIL"]


def test_a_handshake_that_fails_is_followed_by_plain_words_only_where_that_is_allowed(
    forward: Callable[..., SmtpDestination],
) -> None:
    with SmtpSink(tls=server_context()) as sink:
        sink.fail("starttls", act="close-after-reply")
        forward(sink, tls="opportunistic").deliver(make_parcel(1))
        assert [(mail.tls, mail.connection) for mail in sink.mails] == [(False, 2)]
        for act, reply in (("close-after-reply", ""), ("reply", "454 4.7.0 not available")):
            sink.fail("starttls", act=act, reply=reply)  # type: ignore[arg-type]
            with pytest.raises(TryLater) as caught:
                forward(sink, tls="required", ca_file=str(CERTS / "ca.pem")).deliver(make_parcel(2))
            assert caught.value.lane_down
        assert len(sink.mails) == 1


def test_a_password_that_the_client_cannot_write_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigError, match="ASCII"):
        SmtpServer("x.test", 25, greet_as="y.test", user="u", password="größer")


def test_a_name_that_does_not_resolve_is_the_lanes_trouble() -> None:
    server = SmtpServer("no-such-host.invalid", 25, greet_as="x.test")
    with pytest.raises(TryLater, match=r"no-such-host\.invalid:25") as caught:
        SmtpDestination("desk", server, timeout=5.0).deliver(make_parcel())
    assert caught.value.lane_down


def test_when_all_connections_are_busy_the_mail_waits_its_turn_and_no_longer(sink: SmtpSink) -> None:
    server = SmtpServer(sink.host, sink.port, greet_as="x.test", tls="none")
    destination = SmtpDestination("desk", server, recipients=["a@x.test"], concurrency=1, timeout=0.3)
    with destination._slot(), pytest.raises(TryLater, match="busy") as caught:
        destination.deliver(make_parcel())
    assert not caught.value.lane_down
    destination.deliver(make_parcel())
    destination.close()
    assert len(sink.mails) == 1


def test_nobody_left_to_serve_is_a_receipt(sink: SmtpSink, forward: Callable[..., SmtpDestination]) -> None:
    """The person who unparks a mail need not know that its last recipient was taken out of the settings."""
    parcel = make_parcel()
    destination = forward(sink, recipients=("a@acme.test", "b@acme.test"))
    sink.fail("rcpt", reply="550 5.1.1 never", match="b@acme.test")
    with pytest.raises(GiveUp):
        destination.deliver(parcel)
    destination._recipients = ("a@acme.test",)
    assert destination.deliver(parcel).reference == "all recipients were served before"
    assert len(sink.mails) == 1


@pytest.mark.parametrize("act", ["close", "reply"])
def test_a_connection_that_cannot_be_cleaned_is_not_used_again(
    sink: SmtpSink, forward: Callable[..., SmtpDestination], act: Act
) -> None:
    destination = forward(sink)
    sink.fail("rcpt", reply="550 5.1.1 nobody")
    sink.fail("rset", act=act, reply="500 5.5.1 what?")
    with pytest.raises(GiveUp, match="nobody"):
        destination.deliver(make_parcel(1))
    destination.deliver(make_parcel(2))
    assert sink.mails[0].connection == 2


def test_a_server_that_goes_on_without_recipients_gets_no_mail(
    sink: SmtpSink, forward: Callable[..., SmtpDestination]
) -> None:
    sink.fail("rcpt", reply="550 5.1.1 nobody")
    sink.fail("data", reply="354 go on all the same")
    with pytest.raises(GiveUp, match="nobody"):
        forward(sink).deliver(make_parcel())
    assert sink.mails == []


@pytest.mark.parametrize("kind", ["pipelining", "one by one"])
def test_a_server_that_breaks_twice_is_not_asked_a_third_time(
    forward: Callable[..., SmtpDestination], kind: str
) -> None:
    with SmtpSink(extensions=("PIPELINING",) if kind == "pipelining" else ()) as sink:
        destination = forward(sink)
        destination.deliver(make_parcel(1))
        sink.fail("mail", act="close", times=2)
        with pytest.raises(TryLater, match="in the middle of a mail") as caught:
            destination.deliver(make_parcel(2))
        assert not caught.value.lane_down
        assert sink.connections == 2


def test_an_answer_out_of_step_is_not_taken_for_success(
    sink: SmtpSink, forward: Callable[..., SmtpDestination]
) -> None:
    sink.fail("data", reply="250 2.0.0 kept without looking")
    with pytest.raises(TryLater, match="out of step"):
        forward(sink).deliver(make_parcel())
    assert sink.mails == []


# Against a server that we did not write


class Keeping(MessageHandler):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[bytes] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        self.kept.append(envelope.content)  # type: ignore[attr-defined]
        return "250 kept"

    def handle_message(self, message: object) -> None:
        raise AssertionError("handle_DATA keeps the bytes")


def test_aiosmtpd_takes_it() -> None:
    handler = Keeping()
    controller = Controller(handler, hostname="127.0.0.1", port=0)
    # Its own way would connect to port 0.
    controller._trigger_server = lambda: socket.create_connection(controller.server.sockets[0].getsockname()).close()
    controller.start()
    try:
        port = controller.server.sockets[0].getsockname()[1]
        server = SmtpServer("127.0.0.1", port, greet_as="post.acme.test", tls="none")
        destination = SmtpDestination("desk", server, recipients=["desk@acme.test"], return_address=RETURN)
        parcels = [make_parcel(number, raw=b"Subject: x\n\n.dot\n..\n\xff\n") for number in range(1, 4)]
        for parcel in parcels:
            destination.deliver(parcel)
        destination.close()
    finally:
        controller.stop()
    assert handler.kept == [parcel.stamped for parcel in parcels]


def test_a_line_break_never_gets_into_a_command() -> None:
    session = Session(lmtp=False, greet_as="x.test", connect_timeout=1.0)
    with pytest.raises(ValueError, match="line break"):
        session.exchange(["MAIL FROM:<a>\r\nRCPT TO:<b>"])


def test_a_mail_of_our_own_goes_to_one(sink: SmtpSink, forward: Callable[..., SmtpDestination]) -> None:
    smtp = forward(sink)
    assert smtp.send("key", "us@shop.test", "ada@example.com", b"Subject: x\n\nHello\n").reference.startswith("250")
    smtp.send("other", "", "j\xfcrgen@example.com", b"Subject: y\r\n\r\nHello\r\n")
    first, second = sink.mails
    assert (first.sender, first.rcpts, first.data) == (
        "us@shop.test",
        ("ada@example.com",),
        b"Subject: x\r\n\r\nHello\r\n",
    )
    assert "SMTPUTF8" not in first.parameters
    assert (second.sender, "SMTPUTF8" in second.parameters) == ("", True)
    with pytest.raises(GiveUp, match="can't be written"):
        smtp.send("third", "us@shop.test", "ada@example.com> SIZE=1", b"")
