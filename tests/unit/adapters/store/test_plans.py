"""What pages ask of one mail, one webhook, or what waits, is found by an index, however much there is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postroom.adapters.store.alarms import SqliteAlarms
from postroom.adapters.store.cases import SqliteCases
from postroom.adapters.store.hooks import SqliteHooks
from postroom.adapters.store.reviewday import SqliteReviewDay
from postroom.adapters.store.secondlooks import SqliteSecondLooks
from postroom.adapters.store.sqlite import SqliteStore
from postroom.adapters.store.units import Units
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import ALL, Sight

SOME = Sight(brands=frozenset({BrandName("b")}), routes=frozenset({RouteName("r")}))
MAIL = MailId("m")


@pytest.fixture
def units(tmp_path: Path) -> Iterator[Units]:
    store = SqliteStore.open(tmp_path / "postroom.db")
    yield store.units
    store.close()


@pytest.mark.parametrize("sight", [ALL, SOME])
@pytest.mark.parametrize(
    ("ask", "through"),
    [
        (lambda units, sight: SqliteAlarms(units).alarm(MAIL, sight), "SEARCH a USING INTEGER PRIMARY KEY"),
        (lambda units, sight: SqliteSecondLooks(units).of_mail(MAIL, sight), "SEARCH l USING INTEGER PRIMARY KEY"),
        (
            lambda units, sight: SqliteSecondLooks(units).take_one(MAIL, "ada", sight, lease=1.0),
            "SEARCH l USING INTEGER PRIMARY KEY",
        ),
        (lambda units, _: SqliteHooks(units).calls(hook="h"), "SEARCH c USING INDEX calls_log (hook=?)"),
        (lambda units, sight: SqliteReviewDay(units).backlog(sight), "SCAN w"),
        (lambda units, sight: SqliteCases(units).todo(sight), "USING INDEX cases_desk"),
        (lambda units, _: SqliteCases(units).stale("v", 9), "SEARCH c USING INDEX cases_clocks (clocks<?)"),
    ],
)
def test_it_is_found_by_an_index(
    units: Units, ask: Callable[[Units, Sight], object], through: str, sight: Sight
) -> None:
    said: list[str] = []
    with units.lend() as tx:
        tx.set_trace_callback(said.append)
    ask(units, sight)
    with units.lend() as tx:
        tx.set_trace_callback(None)
        plan = [row[3] for row in tx.execute(f"EXPLAIN QUERY PLAN {said[0]}")]
    assert any(through in step for step in plan), plan
    assert not any(
        "TEMP B-TREE" in step or step.startswith(("SCAN m", "SCAN s", "SEARCH s USING INDEX")) for step in plan
    ), plan
    if through == "SCAN w":
        assert len(plan) == 1, "no mail is looked up for it"
