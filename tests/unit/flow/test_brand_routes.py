"""A brand's mail is only ever decided among its own desks."""

from pathlib import Path

import pytest

from postroom.decide.explain import explain
from postroom.decide.rulebook import compile as compile_rulebook
from postroom.model.mail import BrandName, RouteName
from tests.unit.flow.house import PHRASES, ROUTES, House, a_message

ONLY_REFUNDS = {BrandName("play"): frozenset({RouteName("refunds")})}
STOP = """
[[rule]]
name = "every word of it"
when = "true"
route = "%s"
stop = true
"""


def judged(house: House, to: str):
    (mail,) = house.accept(a_message(), to)
    house.judge()
    (decision,) = house.store.decisions(mail.id)
    house.store.close()
    return decision


def test_evidence_for_a_desk_that_the_brand_has_not_does_not_count_and_is_said(tmp_path: Path) -> None:
    decision = judged(House(tmp_path, brand_routes=ONLY_REFUNDS), "help@play.test")
    assert decision.decided == "general", "the fallback is everybody's"
    assert "appeals" not in dict(decision.probabilities)
    words = "\n".join(explain(decision))
    assert "the brand play has no desk appeals" in words


def test_other_brands_have_all_desks(tmp_path: Path) -> None:
    decision = judged(House(tmp_path, brand_routes=ONLY_REFUNDS), "support@shop.test")
    assert decision.decided == "appeals"
    assert not [f for f in decision.findings if f.name == "brand"]


@pytest.mark.parametrize(("route", "goes"), [("appeals", "general"), ("refunds", "refunds"), ("junk", "junk")])
def test_a_stop_rule_stops_only_on_a_desk_of_the_brand(tmp_path: Path, route: str, goes: str) -> None:
    house = House(tmp_path, brand_routes=ONLY_REFUNDS)
    house.book, problems = compile_rulebook(
        {"r.toml": STOP % route}, {"p.toml": PHRASES}, [RouteName(r) for r in ROUTES]
    )
    assert not [p for p in problems if p.severity == "error"]
    assert judged(house, "help@play.test").decided == goes
