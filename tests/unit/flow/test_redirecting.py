"""Deliveries are made elsewhere only at the same desk, or where no desk's mail goes, and only with a reason."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from postroom.flow.redirecting import Redirecting
from postroom.model.errors import Refused
from postroom.model.mail import DestinationName, MailId
from postroom.model.people import Sight
from tests.unit.flow.house import House, a_message


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def redirecting(house: House) -> Redirecting:
    places = (*house.places, DestinationName("rescue"))
    return Redirecting(store=house.store, desks=house.desks, destinations=places, clock=house.clock.now)  # type: ignore[arg-type]


def test_only_the_own_places_and_those_of_nobody(house: House, redirecting: Redirecting) -> None:
    (mail,) = house.accept(a_message())
    assert redirecting.places(mail.id) == ("rescue",)
    assert redirecting.places(MailId("none")) == ("rescue",)
    house.judge()
    decision = house.store.decisions(mail.id)[-1]
    assert redirecting.places(mail.id) == (*house.desks.places(decision), "rescue")


def test_what_can_not_go_elsewhere_is_refused_and_nothing_goes(house: House, redirecting: Redirecting) -> None:
    house.accept(a_message())
    (judgement,) = house.jobs(kinds=("judge",))
    house.judge()
    (job,) = house.jobs(kinds=("deliver",))
    for jobs, to, reason, says in (
        ([job], "rescu", "x", "no destination 'rescu'"),
        ([job], "rescue", " \n", "say why"),
        ([job, judgement], "rescue", "x", "no delivery"),
        ([job, replace(job, state="done")], "rescue", "x", "is done"),
        ([job], "people", "x", "to that desk"),
        ([job], "review" if job.destination != "review" else "appeals", "x", "to that desk"),
    ):
        with pytest.raises(Refused, match=says):
            redirecting.send(jobs, to, reason, "ada")
    assert [(one.destination, one.state) for one in house.jobs(kinds=("deliver",))] == [(job.destination, "ready")]
    (other, *_) = set(house.desks.routes) - {house.store.decisions(job.mail_id)[-1].route}
    with pytest.raises(Refused, match="no destination") as refused:
        redirecting.send([job], job.destination, "x", "ada", Sight(routes=frozenset({other})))
    assert job.destination not in str(refused.value).partition(";")[2]
    assert redirecting.send([job], "rescue", "x", "ada") == 1
    assert redirecting.send([], "rescue", "x", "ada") == 0
