"""From a decision to its deliveries."""

from dataclasses import replace

import pytest

from postroom.flow.desks import Desk, Desks
from postroom.model.judgement import Stage
from postroom.model.mail import DestinationName, MailId, RouteName
from postroom.model.people import ALL, Sight
from postroom.testing.values import a_decision

ID = MailId("01mark")


def places(*names: str) -> tuple[DestinationName, ...]:
    return tuple(map(DestinationName, names))


DESKS = Desks(
    routes={
        RouteName("appeals"): Desk(destinations=places("desk", "copy"), before=places("old")),
        RouteName("general"): Desk(destinations=places("all")),
    },
    review=places("waiting"),
    review_clock=60.0,
    tell=places("lead", "desk"),
    urgent=places("people", "copy"),
)


def jobs(**changes) -> list[tuple[str, str, float]]:
    names = {name: RouteName(changes.pop(name)) for name in ("route", "decided") if name in changes}
    generation = changes.pop("generation", 1)
    decision = a_decision(ID, generation, **({"decided": names["route"]} if "route" in names else {}) | names | changes)
    made = DESKS.jobs(decision, 1000.0)
    assert all((job.mail_id, job.generation) == (ID, generation) for job in made)
    return [(job.kind, job.destination, job.due_at) for job in made]


def to(*names: str) -> list[tuple[str, str, float]]:
    return [("deliver", name, 0.0) for name in names]


def test_each_destination_of_the_desk_once() -> None:
    assert jobs(route="appeals") == to("desk", "copy")


def test_a_desk_that_is_gone_is_the_fallbacks() -> None:
    assert jobs(route="closed-desk") == to("all")


@pytest.mark.parametrize("route", ["junk", "automatic"])
def test_junk_and_automatic_have_places_of_their_own(route: str) -> None:
    assert jobs(route=route) == to(route)


def test_review_has_a_clock() -> None:
    assert jobs(route="review", decided="appeals") == [*to("waiting"), ("clock", "", 1060.0)]


def test_urgent_people_come_first_and_nobody_gets_it_twice() -> None:
    assert jobs(route="appeals", urgent=("threat",)) == to("people", "copy", "desk")
    assert jobs(route="review", decided="appeals", urgent=("threat",))[:3] == to("people", "copy", "waiting")


def test_people_are_alerted_by_the_first_decision_alone() -> None:
    assert jobs(route="appeals", urgent=("threat",), generation=2) == to("desk", "copy")


def test_the_lead_is_told_of_what_nobody_confirmed() -> None:
    assert jobs(route="appeals", unconfirmed=True, generation=2) == to("desk", "copy", "lead")


@pytest.mark.parametrize(
    ("stage", "goes"), [("shadow", to("old")), ("canary", to("desk", "copy")), ("live", to("desk", "copy"))]
)
def test_in_shadow_mail_takes_its_old_way(stage: Stage, goes: list[tuple[str, str, float]]) -> None:
    assert jobs(route="appeals", stage=stage) == goes


def test_in_shadow_no_clock_runs_and_alerts_go_out_all_the_same() -> None:
    assert jobs(route="review", decided="appeals", stage="shadow", urgent=("threat",)) == to("people", "copy", "old")


def test_shadow_without_an_old_way_is_no_shadow() -> None:
    assert jobs(route="general", stage="shadow") == to("all")


def test_a_linked_copy_goes_to_the_second_desk_where_the_team_wants_it() -> None:
    assert jobs(route="general", second=RouteName("appeals")) == to("all")
    assert jobs(route="general", second=RouteName("appeals"), copied=True) == to("all", "desk", "copy")


def test_where_mail_of_a_desk_lies() -> None:
    assert DESKS.lies_at(RouteName("appeals")) == places("desk", "copy")
    assert DESKS.lies_at(RouteName("junk")) == places("junk")


def test_destinations_of_other_desks_alone_are_hidden() -> None:
    def hidden(*routes: str) -> frozenset[DestinationName]:
        return DESKS.hidden_from(Sight(routes=frozenset(map(RouteName, routes))))

    assert DESKS.hidden_from(ALL) == DESKS.hidden_from(Sight(brands=frozenset())) == frozenset()
    assert hidden("appeals") == {"all"}
    assert hidden("general") == {"desk", "copy", "old"}
    assert hidden("appeals", "general") == frozenset()
    shared = replace(DESKS, routes={**DESKS.routes, RouteName("other"): Desk(destinations=places("copy"))})
    assert shared.hidden_from(Sight(routes=frozenset({RouteName("other")}))) == {"desk", "old", "all"}


def test_who_reads_a_destination_works_for_the_desks_whose_mail_goes_there() -> None:
    def reads(place: str) -> Sight:
        return DESKS.reads_for(DestinationName(place))

    assert reads("old") == Sight(routes=frozenset({RouteName("appeals")}))
    assert reads("all") == Sight(routes=frozenset({RouteName("general")}))
    for told_of_all in ("waiting", "lead", "desk", "copy", "people", "unknown"):
        assert reads(told_of_all) == ALL


def test_what_is_unread_is_known_of_desks_that_have_an_inbox() -> None:
    with_inbox = replace(DESKS, inboxes=frozenset(places("copy")))
    assert with_inbox.knows_unread(RouteName("appeals"))
    assert not with_inbox.knows_unread(RouteName("general"))
