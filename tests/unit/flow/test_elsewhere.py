"""Moves by hand in other systems: taken as a verdict once, and only when nothing else explains where a mail lies."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from postroom.adapters.store.journal import SqliteJournal
from postroom.adapters.store.lists import SqliteViews
from postroom.flow.elsewhere import NOTE, Elsewhere
from postroom.model.judgement import Decision
from postroom.model.mail import BrandName, DestinationName, Mail, MailId, RouteName
from postroom.model.work import Lying
from tests.unit.flow.house import House
from tests.unit.flow.test_undo import people
from tests.unit.flow.test_verdicts import arrive

APPEALS, REFUNDS, GENERAL = map(RouteName, ("appeals", "refunds", "general"))


@dataclass
class Folder:
    """A destination that tells."""

    name: DestinationName
    mails: set[Lying] | None = field(default_factory=set)

    def lying(self) -> frozenset[Lying] | None:
        return None if self.mails is None else frozenset(self.mails)


class Folders:
    """A house whose desks are folders, between which people move mail."""

    def __init__(self, folder: Path, **policy: object) -> None:
        self.house = House(folder, **policy)
        self.folders = {route: Folder(DestinationName(route)) for route in (APPEALS, REFUNDS, GENERAL)}
        for route in self.folders:
            self.house.places[route].can_withdraw = True
        self.people = people(self.house)
        self.elsewhere = self.looking()

    def looking(self) -> Elsewhere:
        return Elsewhere(
            tellers=tuple(self.folders.values()),
            desks={DestinationName(route): route for route in self.folders},
            store=self.house.store,
            views=SqliteViews(self.house.store.units),
            reviewing=self.people,
        )

    def arrive(self, *, deliver: bool = True, **headers: str) -> tuple[Mail, Lying]:
        if deliver:
            mail = arrive(self.house, **headers)
        else:
            from tests.unit.flow.house import a_message

            (mail,) = self.house.accept(a_message())
            self.house.judge()
        lying = Lying(mail_id=mail.id, route=self.latest(mail).route)
        self.of(lying.route).add(lying)
        return mail, lying

    def of(self, route: str) -> set[Lying]:
        mails = self.folders[RouteName(route)].mails
        assert mails is not None
        return mails

    def move(self, lying: Lying, to: str) -> None:
        for folder in self.folders.values():
            self.of(folder.name).discard(lying)
        self.of(to).add(lying)

    def latest(self, mail: Mail) -> Decision:
        return self.house.store.decisions(mail.id)[-1]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Folders]:
    made = Folders(tmp_path)
    yield made
    made.house.store.close()


def other(route: str) -> str:
    return "refunds" if route != "refunds" else "appeals"


def test_a_mail_in_another_desks_folder_was_moved_there_by_a_person_once(here: Folders) -> None:
    mail, lying = here.arrive()
    assert here.elsewhere.turn() == 0
    to = other(lying.route)
    here.move(lying, to)
    assert [here.elsewhere.turn() for _ in range(2)] == [1, 0]
    assert here.looking().turn() == 0  # another process, or after a restart
    latest = here.latest(mail)
    assert (latest.generation, latest.route, latest.by) == (2, to, f"moved:{to}")
    (verdict,) = here.house.store.verdicts_on(mail.id)
    assert (verdict.said, verdict.asked, verdict.note) == (to, "correction", NOTE)
    here.house.deliver()
    assert not here.house.places[to].got
    assert here.house.store.newest_verdicts(1) == (verdict,)
    (deed,) = SqliteJournal(here.house.store.units).deeds()
    assert (deed.by, deed.what, deed.to) == (f"moved:{to}", "verdict", mail.id)


def test_it_is_followed_on_and_back(here: Folders) -> None:
    mail, lying = here.arrive()
    for to in (other(lying.route), other(other(lying.route)), lying.route):
        here.move(lying, to)
        here.elsewhere.turn()
        assert here.latest(mail).route == to


def test_a_copy_is_no_move(here: Folders) -> None:
    mail, lying = here.arrive()
    here.of(other(lying.route)).add(lying)
    assert here.elsewhere.turn() == 0
    here.of(lying.route).clear()
    assert here.elsewhere.turn() == 1
    assert here.latest(mail).route == other(lying.route)


def test_a_linked_copy_that_is_left_alone_is_no_move(here: Folders) -> None:
    mail, lying = here.arrive()
    to = other(lying.route)
    here.people.give(mail, lying.route, "ada", also=RouteName(to))
    here.house.deliver()
    here.move(lying, to)  # one desk is done with it and has put it away
    assert here.elsewhere.turn() == 0
    assert here.people.moved_elsewhere(mail, RouteName(to), "bea") is None
    assert (here.latest(mail).route, here.latest(mail).copy) == (lying.route, to)


def test_what_a_verdict_left_behind_is_no_move(here: Folders) -> None:
    mail, lying = here.arrive()
    here.people.give(mail, RouteName(other(lying.route)), "ada")
    here.house.deliver()
    assert here.elsewhere.turn() == 0
    assert here.looking().turn() == 0
    assert here.latest(mail).by == "ada"


def test_what_lies_where_no_folder_tells_is_no_move(here: Folders) -> None:
    mail, _ = here.arrive()
    here.people.give(mail, RouteName("junk"), "ada")
    assert here.elsewhere.turn() == 0
    assert here.latest(mail).route == "junk"


def test_what_is_under_way_is_no_move(here: Folders) -> None:
    mail, lying = here.arrive(deliver=False)
    here.move(lying, other(lying.route))
    assert here.elsewhere.turn() == 0
    assert here.latest(mail).generation == 1


def test_nothing_is_judged_while_somebody_can_not_tell(here: Folders) -> None:
    _, lying = here.arrive()
    here.move(lying, other(lying.route))
    known, here.folders[GENERAL].mails = here.folders[GENERAL].mails, None
    assert here.elsewhere.turn() == 0
    here.folders[GENERAL].mails = known
    assert here.elsewhere.turn() == 1


def test_what_nobody_knows_and_what_may_not_be_changes_nothing(tmp_path: Path) -> None:
    here = Folders(tmp_path, brand_routes={BrandName("shop"): (APPEALS, GENERAL)})
    mail, lying = here.arrive()
    here.move(lying, "refunds")
    here.of("appeals").add(Lying(mail_id=MailId("unknown"), route=GENERAL))
    assert here.elsewhere.turn() == 0
    assert here.latest(mail).generation == 1
    here.house.store.close()


def test_nobody_is_told_what_they_did_and_what_lies_untouched_is_withdrawn(here: Folders) -> None:
    touched, gone = (here.arrive(Message_ID=f"<{number}@example.com>")[0] for number in (1, 2))
    route = here.latest(touched).route
    tasks = []
    for mail, can in ((touched, False), (gone, True)):
        reviews = people(here.house)
        reviews.mover.can_withdraw[DestinationName(route)] = can  # type: ignore[index]
        to = RouteName(other(route))
        given = reviews.moved_elsewhere(mail, to, "ada")
        assert given is not None
        assert (given.deliveries, given.consequences) == ((), ())
        assert reviews.moved_elsewhere(mail, to, "ada") is None
        tasks.append([job.task for job in here.house.jobs(kinds=("deliver",), mail_id=mail.id) if job.generation == 2])
    assert tasks == [[], ["withdraw"]]


def test_other_destinations_get_it_as_ever(here: Folders) -> None:
    mail, lying = here.arrive()
    given = here.people.moved_elsewhere(mail, RouteName(other(lying.route)), "ada", there=(DestinationName("lead"),))
    assert given is not None
    assert given.deliveries == (other(lying.route),)
