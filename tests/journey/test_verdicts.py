"""A person's word from end to end: an installation as its settings describe it, its own store, workers and inboxes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.bootstrap.house import House
from postroom.config import load
from postroom.model.errors import Refused
from postroom.model.judgement import Decision
from postroom.model.mail import Envelope, Mail, Peer, RouteName
from postroom.ports import JobFilter
from tests.unit.flow.house import Bell, a_message

SETTINGS = """
hostname = "mx.shop.test"
[trust]
authserv_ids = ["mx.shop.test"]
[brand.shop]
addresses = ["support@shop.test"]
[route.appeals]
destinations = ["appeals"]
[route.refunds]
destinations = ["refunds"]
[route.general]
destinations = ["general"]
threshold = 0.97
[destination.appeals]
kind = "inbox"
[destination.refunds]
kind = "maildir"
path = "refunds"
[destination.general]
kind = "inbox"
[review]
audit_share = 0.2
"""
PASSED = "mx.shop.test; dkim=pass header.d=example.com"
LETTER = "The green parcel that I ordered for my nephew never came to my door and nobody there answers the phone at all"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    settings, problems = load(SETTINGS)
    assert settings is not None, problems
    house = House(settings, tmp_path)
    yield house
    house.close()


def arrive(house: House, body: str, **headers: str) -> tuple[Mail, Decision]:
    """A mail comes in by SMTP from our own hop, is judged and delivered."""
    envelope = Envelope(mail_from="ada@example.com", rcpt_to=("support@shop.test",))
    peer = Peer(door="smtp", ip="127.0.0.1", trusted=True)
    (mail,) = house.reception().accept(envelope, a_message(body, **headers), peer).result(30)
    work(house)
    return mail, house.store.decisions(mail.id)[-1]


def work(house: House) -> None:
    """Judge and deliver all there is."""
    house.judge_worker("judge", Bell(), in_hand=lambda _job: None, ring_delivery=lambda: None).run()
    for destination in house.destinations.values():
        bell = Bell()
        lane = house.lane_worker(f"deliver:{destination.name}", destination, bell)
        bell.busy = lambda lane=lane: not lane._empty_handed
        lane.run()
        lane.executor.shutdown()


def in_maildir(house: House) -> list[bytes]:
    return [path.read_bytes() for path in sorted((house.base / "refunds" / "new").iterdir())]


def test_a_persons_word_moves_the_mail_its_thread_and_what_says_the_same(house: House) -> None:
    people = house.reviewing()
    mail, decision = arrive(house, LETTER, Authentication_Results=PASSED, Subject="My parcel 20417 for support")
    assert (decision.route, decision.decided, decision.asked) == ("review", "general", "review")
    assert [one.mail_id for one in house.store.waiting(asked="review")] == [mail.id]

    given = people.give(mail, RouteName("refunds"), "ada", generation=1)
    assert given.verdict.probability == 1.0
    with pytest.raises(Refused, match="decided by ada meanwhile"):
        people.give(mail, None, "bob", generation=1)
    work(house)
    (delivered,) = in_maildir(house)
    assert b"X-Postroom-Route: refunds" in delivered
    assert f"X-Postroom-Id: {mail.id}".encode() in delivered
    assert [job.generation for job in house.store.jobs(JobFilter(mail_id=mail.id)) if job.destination == "refunds"] == [
        2
    ]
    assert house.store.waiting(asked="review") == ()

    _, follow_up = arrive(
        house, "Any news?", Authentication_Results=PASSED, Message_ID="<2@example.com>", In_Reply_To="<1@example.com>"
    )
    assert follow_up.route == "refunds"
    assert len(in_maildir(house)) == 2

    _, alike = arrive(house, f"{LETTER}!", From="Bob <bob@example.org>", Message_ID="<3@example.org>", Subject="My parcel 77123 for support")  # fmt: skip
    (found,) = (finding for finding in alike.findings if finding.source == "verdict")
    assert (found.route, found.name) == ("refunds", mail.id)
    assert "1 reviewer, 1 sender" in found.reason
    assert dict(alike.probabilities)[RouteName("refunds")] > dict(decision.probabilities)[RouteName("refunds")]
    assert [verdict.said for verdict in house.store.verdicts()] == ["refunds"]
