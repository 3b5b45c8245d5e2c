"""What every destination must do, as tests that run on any adapter.

    class TestMyDestination(DestinationContract):
        @pytest.fixture
        def rig(self, tmp_path: Path) -> Iterator[Rig]:
            ...

A rig is the destination together with a way to look behind it and to break it.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from postroom.flow.stamp import stamp
from postroom.model.errors import GiveUp, TryLater
from postroom.model.judgement import Decision
from postroom.model.lines import canonical
from postroom.model.mail import BrandName, DestinationName, Envelope, Mail, MailId, Peer, RouteName
from postroom.model.work import Parcel
from postroom.ports import Destination

KEY = b"a key of thirty-two bytes in all"

HOSTILE_BODIES = (
    b"",
    b"no header section at all",
    b"Subject: x\n\n.\n..\n.hidden\nFrom the start\n>From quoted\n",
    b"Subject: =?utf-8?q?=0d=0aX-Postroom-Route=3a_junk?=\r\nX-Postroom-Route: junk\r\n\r\n\r\n.\r\n",
    b"From x@example.com Thu Jan  1 00:00:00 2026\nSubject: y\n\nbody without a line end",
    b" folded\r\n first line\r\n\r\nbody\r\n",
    b"Subject: bytes\r\n\r\n" + bytes(set(range(256)) - {10, 13}) + b"\r\n",
    b"Subject: lone\r\n\r\nCR\rLF\nCRLF\r\n\r.\r\n.\n\n",
    b"Subject: long\r\n\r\n" + b"x" * 100_000 + b"\r\n",
)
"""Mail that has hurt somebody's delivery before."""


@dataclass(frozen=True, kw_only=True)
class Rig:
    """A destination to put to the test."""

    destination: Destination
    #: what arrived, from the first ``X-Postroom-Id`` on or wholly, as raw bytes with any line ends
    delivered: Callable[[], Sequence[bytes]]
    #: make it unwell, so that it can take nothing
    break_: Callable[[], None]
    #: make it well again
    heal: Callable[[], None]
    #: make it refuse the next mail for good; None where it never does
    refuse: Callable[[], None] | None = None
    #: whether a repeat after success shows once
    idempotent: bool = True


def make_parcel(number: int = 1, *, raw: bytes | None = None, destination: str = "desk", mail_from: str = "") -> Parcel:
    """A parcel of its own for each number, with a mail written for the purpose."""
    mail_id = MailId(f"01jd{number:022d}")
    body = raw if raw is not None else (
        f"From: Ada <ada@example.com>\r\nSubject: case {number}\r\n\r\nPlease look at case {number} again.\r\n"
    ).encode()  # fmt: skip
    mail = Mail(
        id=mail_id,
        received_at=1_767_225_600.0 + number,
        brand=BrandName("acme"),
        envelope=Envelope(mail_from=mail_from or "ada@example.com", rcpt_to=("support@acme.test",)),
        peer=Peer(door="smtp", ip="192.0.2.7", helo="mx.example.com"),
        raw=body,
    )
    route = RouteName("appeals")
    decision = Decision(
        mail_id=mail_id,
        generation=1,
        brand=mail.brand,
        route=route,
        decided=route,
        confidence=0.93,
        probabilities=((route, 0.93),),
        findings=(),
    )
    return Parcel(
        mail=mail,
        decision=decision,
        destination=DestinationName(destination),
        generation=1,
        key=f"{mail_id}.{destination}.1",
        stamped=stamp(mail, decision, hostname="post.acme.test", key=KEY),
        subject=f"case {number}",
        from_addr="ada@example.com",
    )


def count(rig: Rig, parcel: Parcel) -> int:
    """How often a parcel's bytes are there, whole."""
    wanted = canonical(parcel.stamped).rstrip(b"\r\n")
    return sum(canonical(found).rstrip(b"\r\n").endswith(wanted) for found in rig.delivered())


class DestinationContract:
    """Derive from it, and give it a ``rig`` fixture."""

    def test_delivers_the_bytes_as_they_are(self, rig: Rig) -> None:
        parcel = make_parcel()
        assert rig.destination.deliver(parcel).reference
        assert count(rig, parcel) == 1

    def test_a_repeat_is_harmless(self, rig: Rig) -> None:
        parcel = make_parcel()
        for _ in range(3):
            rig.destination.deliver(parcel)
        rig.destination.deliver(make_parcel(2))
        assert count(rig, parcel) == (1 if rig.idempotent else 3)
        assert count(rig, make_parcel(2)) == 1

    def test_takes_mail_from_eight_threads_at_once(self, rig: Rig) -> None:
        parcels = [make_parcel(number) for number in range(1, 41)]
        with ThreadPoolExecutor(8) as pool:
            receipts = list(pool.map(rig.destination.deliver, parcels))
        assert len(receipts) == 40
        assert [count(rig, parcel) for parcel in parcels] == [1] * 40

    def test_what_can_be_withdrawn_is_gone_and_the_rest_stays(self, rig: Rig) -> None:
        first, second = make_parcel(1), make_parcel(2)
        for parcel in (first, second):
            rig.destination.deliver(parcel)
        can = rig.destination.can_withdraw
        assert [rig.destination.withdraw(first.mail, 1) for _ in range(3)] == [can] * 3, "a repeat says the same"
        assert (count(rig, first), count(rig, second)) == (0 if can else 1, 1)
        rig.destination.deliver(replace(first, generation=3, key=first.key.removesuffix("1") + "3"))
        rig.destination.withdraw(first.mail, 2)
        assert count(rig, first) >= 1, "a later generation is another delivery"

    def test_down_means_try_later_with_the_lane_down_and_then_it_works(self, rig: Rig) -> None:
        rig.destination.deliver(make_parcel(1))
        rig.break_()
        for _ in range(2):
            with pytest.raises(TryLater) as caught:
                rig.destination.deliver(make_parcel(2))
            assert caught.value.lane_down
            assert str(caught.value)
        rig.heal()
        rig.destination.deliver(make_parcel(2))
        assert count(rig, make_parcel(1)) == 1
        assert count(rig, make_parcel(2)) == 1

    def test_a_refusal_for_good_gives_up_and_stops_no_other_mail(self, rig: Rig) -> None:
        if rig.refuse is None:
            pytest.skip("it refuses nothing for good")
        rig.refuse()
        with pytest.raises(GiveUp) as caught:
            rig.destination.deliver(make_parcel(1))
        assert str(caught.value)
        rig.destination.deliver(make_parcel(2))
        assert count(rig, make_parcel(1)) == 0
        assert count(rig, make_parcel(2)) == 1

    @pytest.mark.parametrize("raw", HOSTILE_BODIES, ids=range(len(HOSTILE_BODIES)))
    def test_hostile_bytes_arrive_whole(self, rig: Rig, raw: bytes) -> None:
        parcel = make_parcel(raw=raw)
        rig.destination.deliver(parcel)
        rig.destination.deliver(make_parcel(2))
        assert count(rig, parcel) == 1
        assert count(rig, make_parcel(2)) == 1

    @pytest.mark.parametrize(
        "text", ["a\r\nRCPT TO:<x@example.com>", "\udcff\ud800", "../../etc/passwd", "\0", "x" * 5000]
    )
    def test_hostile_words_around_the_mail_do_no_harm(self, rig: Rig, text: str) -> None:
        first = make_parcel()
        hostile = replace(
            first,
            mail=replace(first.mail, envelope=replace(first.mail.envelope, mail_from=text)),
            key=f"{first.key}{text}",
            subject=text,
            from_addr=text,
        )
        try:
            rig.destination.deliver(hostile)
        except GiveUp:
            assert count(rig, hostile) == 0
        else:
            assert count(rig, hostile) == 1
        rig.destination.deliver(make_parcel(2))
        assert count(rig, make_parcel(2)) == 1

    def test_check_says_something_and_delivers_nothing(self, rig: Rig) -> None:
        assert rig.destination.check()
        assert list(rig.delivered()) == []

    def test_close_is_idempotent(self, rig: Rig) -> None:
        rig.destination.deliver(make_parcel())
        rig.destination.close()
        rig.destination.close()
        assert count(rig, make_parcel()) == 1

    def test_says_what_it_is(self, rig: Rig) -> None:
        assert rig.destination.name == "desk"
        assert rig.destination.concurrency >= 1
        assert isinstance(rig.destination.can_withdraw, bool)
