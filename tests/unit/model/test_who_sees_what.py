"""Roles hold one another; brands and desks narrow what is seen."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.model.mail import BrandName, RouteName
from postroom.model.people import ALL, ROLES, SCOPES, ApiKey, Scope, Sight, User, UserName

SHOP, GAMES = BrandName("shop"), BrandName("games")
APPEALS, REFUNDS, REVIEW, JUNK = map(RouteName, ("appeals", "refunds", "review", "junk"))
ADA = User(name=UserName("ada"), role="reviewer", brands=(SHOP,), routes=(APPEALS,))


def test_a_role_holds_those_before_it() -> None:
    assert [ADA.is_at_least(role) for role in ROLES] == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("brand", "route", "decided", "seen"),
    [
        (SHOP, APPEALS, APPEALS, True),
        (SHOP, APPEALS, REFUNDS, True),
        (GAMES, APPEALS, APPEALS, False),
        (SHOP, REFUNDS, APPEALS, False),
        (SHOP, JUNK, APPEALS, False),
        (SHOP, REVIEW, APPEALS, True),
        (SHOP, REVIEW, REFUNDS, False),
    ],
)
def test_a_reviewer_sees_the_own_desks_of_the_own_brands(
    brand: BrandName, route: RouteName, decided: RouteName, seen: bool
) -> None:
    assert ADA.sight.sees(brand, route, decided) is seen


def test_an_agent_does_not_see_what_waits_in_review() -> None:
    agent = replace(ADA, role="agent", brands=(), routes=())
    assert agent.sight == Sight(review=False)
    assert not agent.sight.sees(GAMES, REVIEW, APPEALS)
    assert agent.sight.sees(GAMES, JUNK, JUNK)


def test_an_admin_sees_all_whatever_is_written_beside_the_name() -> None:
    assert replace(ADA, role="admin").sight == ALL
    assert ALL.sees(GAMES, REVIEW, REFUNDS)


SIGHTS = st.builds(
    Sight,
    brands=st.none() | st.frozensets(st.sampled_from([SHOP, GAMES])),
    routes=st.none() | st.frozensets(st.sampled_from([APPEALS, REFUNDS])),
    review=st.booleans(),
)


@given(SIGHTS, SIGHTS)
def test_who_covers_anothers_sight_sees_all_that_the_other_sees(one: Sight, other: Sight) -> None:
    places = list(product((SHOP, GAMES), (APPEALS, REFUNDS, JUNK, REVIEW), (APPEALS, REFUNDS)))
    if one.covers(other):
        assert all(one.sees(*place) for place in places if other.sees(*place))
    assert one.covers(one)
    assert ALL.covers(one)


@pytest.mark.parametrize(("scope", "covered"), [("read", 1), ("answer", 3), ("admin", 6)])
def test_a_key_may_do_what_takes_its_scope_or_less(scope: Scope, covered: int) -> None:
    key = ApiKey(name="k", key=b"", user=ADA.name, scope=scope)
    assert [one for one in SCOPES if key.covers(one)] == list(SCOPES)[:covered]
