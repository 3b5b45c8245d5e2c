"""Forwarding to a server that does everything wrong, from eight threads: nothing is lost, and doubles are explained."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from postroom.adapters.destination.smtp import ReturnAddress, SmtpDestination
from postroom.adapters.destination.smtp_server import SmtpServer
from postroom.model.errors import TryLater
from postroom.testing.destination_contract import KEY, make_parcel
from postroom.testing.smtp_sink import Act, SmtpSink, Stage

MAILS = 400

FAULTS: list[tuple[Stage, Act, str]] = [
    ("connect", "close", ""),
    ("connect", "reply", "421 4.3.2 busy"),
    ("ehlo", "close", ""),
    ("mail", "close", ""),
    ("mail", "reply", "451 4.3.0 later"),
    ("rcpt", "reply", "450 4.2.0 greylisted"),
    ("rcpt", "close", ""),
    ("data", "reply", "421 4.3.2 closing"),
    ("body", "close", ""),
    ("dot", "reply", "452 4.3.1 full"),
    ("dot", "close", ""),
    ("dot", "keep-and-close", ""),
]


@pytest.mark.parametrize("lmtp", [False, True])
def test_nothing_is_lost_and_only_lost_answers_double(lmtp: bool) -> None:
    chance = random.Random(20260101)
    unsure: list[int] = []
    with SmtpSink(lmtp=lmtp) as sink:
        server = SmtpServer(sink.host, sink.port, greet_as="post.acme.test", lmtp=lmtp, tls="none")
        destination = SmtpDestination(
            "desk", server, recipients=["desk@acme.test"], lmtp=lmtp, timeout=20.0,
            return_address=ReturnAddress(domain="post.acme.test", key=KEY),
        )  # fmt: skip
        for _ in range(MAILS // 4):
            stage, act, reply = chance.choice(FAULTS)
            sink.fail(stage, act=act, reply=reply)

        def deliver(number: int) -> None:
            for _ in range(500):
                try:
                    destination.deliver(make_parcel(number))
                except TryLater as error:
                    if "arrive twice" in str(error):
                        unsure.append(number)
                else:
                    return
            raise AssertionError(f"mail {number} was never delivered")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(deliver, range(1, MAILS + 1)))
        destination.close()
        arrived = Counter(mail.data for mail in sink.mails)
    assert set(arrived) == {make_parcel(number).stamped for number in range(1, MAILS + 1)}
    doubles = {number for number in range(1, MAILS + 1) if arrived[make_parcel(number).stamped] > 1}
    assert doubles <= set(unsure)
    assert sum(arrived.values()) - MAILS <= len(unsure)
