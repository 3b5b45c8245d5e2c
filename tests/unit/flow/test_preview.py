"""A preview says what the workers would do, remembers what it has seen, and keeps nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.flow.preview import Preview
from postroom.flow.sitting import Judges
from postroom.model.judgement import AccountStatus
from postroom.model.mail import BrandName, Envelope, Mail, MailId, Peer
from postroom.model.message import Message
from postroom.model.trust import Trust
from postroom.understand.reader import read
from tests.unit.flow.house import House, a_message

TRUST = Trust(authserv_ids=frozenset({"mx.shop.test"}))
PASS = {"Authentication_Results": "mx.shop.test; dkim=pass header.d=example.com"}


class Statuses:
    """Knows one account, and who was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def statuses(self, senders: list[str], _deadline: float) -> list[AccountStatus]:
        self.asked += senders
        return [AccountStatus(state="suspended") for _ in senders]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.store.close()


def judges(house: House, statuses: Statuses | None = None) -> Judges:
    return Judges(
        book=house.book,
        policy=house.policy,
        classifier=house.judging.classifier,
        statuses=statuses or house.judging.statuses,  # type: ignore[arg-type]
        status_deadline=1.0,
    )


def found(number: int, body: str, **headers: str) -> tuple[Mail, Message]:
    mail = Mail(
        id=MailId(f"file-{number}"),
        received_at=1.8e9 + number,
        brand=BrandName("shop"),
        envelope=Envelope(mail_from="ada@example.com", rcpt_to=("support@shop.test",)),
        peer=Peer(door="file", trusted=True),
        raw=a_message(body, Message_ID=f"<{number}@example.com>", **PASS, **headers),
    )
    return mail, read(mail, TRUST)


APPEAL = "Please give me my account back, my account was suspended."


@pytest.mark.parametrize("batches", [1, 2])
def test_what_it_has_seen_places_what_follows_and_nothing_is_kept(house: House, batches: int) -> None:
    preview = Preview(judges(house), house.store)
    first, reply = found(1, APPEAL), found(2, "any news?", In_Reply_To="<1@example.com>")
    parts = [[first, reply]] if batches == 1 else [[first], [reply]]
    one, two = [decision for part in parts for decision in preview.decisions(part)]
    assert (one.decided, two.decided) == ("appeals", "appeals")
    assert two.thread is not None
    assert house.store.newest(10) == ()
    alone = next(iter(Preview(judges(house), None).decisions([reply])))
    assert alone.thread is None


def test_it_knows_what_the_store_remembers(house: House) -> None:
    house.accept(a_message(APPEAL, Message_ID="<1@example.com>", **PASS))
    house.judge()
    reply = found(2, "any news?", In_Reply_To="<1@example.com>")
    (decision,) = Preview(judges(house), house.store).decisions([reply])
    assert decision.thread is not None


def test_by_words_alone_neither_thread_nor_account_counts(house: House) -> None:
    statuses = Statuses()
    preview = Preview(judges(house, statuses), house.store, text_only=True)
    _, reply = preview.decisions([found(1, APPEAL), found(2, "any news?", In_Reply_To="<1@example.com>")])
    assert reply.thread is None
    assert statuses.asked == []


def test_accounts_are_asked_for_once_a_sender(house: House) -> None:
    statuses = Statuses()
    list(Preview(judges(house, statuses), None).decisions([found(1, APPEAL), found(2, "hello")]))
    assert statuses.asked == ["ada@example.com"]
