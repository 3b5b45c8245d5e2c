"""The built-in inbox waits for the store, but not for ever."""

from concurrent.futures import Future

import pytest

from postroom.adapters.destination.inbox import InboxDestination
from postroom.model.errors import TryLater
from postroom.model.mail import MailId
from postroom.model.work import InboxEntry, Parcel
from postroom.testing.destination_contract import make_parcel


class Promising:
    """A store that gives back the future it was made with."""

    def __init__(self, promise: "Future[None]") -> None:
        self.promise = promise

    def file(self, parcel: Parcel) -> "Future[None]":
        return self.promise

    def entries(self, destination: str, *, unread_only: bool = False, limit: int = 100) -> tuple[InboxEntry, ...]:
        return ()

    def mark_read(self, mail_id: MailId, destination: str = "") -> None:
        raise AssertionError("delivering reads nothing")


def test_a_store_that_does_not_answer_is_the_lanes_trouble() -> None:
    with pytest.raises(TryLater, match="in time") as caught:
        InboxDestination("desk", Promising(Future()), timeout=0.01).deliver(make_parcel())
    assert caught.value.lane_down


def test_a_store_that_was_closed_meanwhile_is_the_lanes_trouble() -> None:
    promise: Future[None] = Future()
    promise.cancel()
    with pytest.raises(TryLater) as caught:
        InboxDestination("desk", Promising(promise)).deliver(make_parcel())
    assert caught.value.lane_down


def test_the_stores_own_words_come_through() -> None:
    promise: Future[None] = Future()
    promise.set_exception(TryLater("the disk is full"))
    with pytest.raises(TryLater, match="the disk is full"):
        InboxDestination("desk", Promising(promise)).deliver(make_parcel())
