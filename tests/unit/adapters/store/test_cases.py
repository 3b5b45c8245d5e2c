"""How lists of cases are read: off an index, in its order."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.adapters.store.cases import SqliteCases
from postroom.adapters.store.sqlite import SqliteStore
from postroom.model.cases import WantedCases
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import ALL, Sight, UserName
from tests.unit.adapters.store.test_lists import Watched


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore.open(tmp_path / "postroom.db")
    yield made
    made.close()


@pytest.mark.parametrize(
    "wanted",
    [
        WantedCases(),
        WantedCases(state="open"),
        WantedCases(state="decided", route=RouteName("appeals")),
        WantedCases(state="all"),
        WantedCases(assignee=UserName("ada")),
        WantedCases(proposed=True),
    ],
)
@pytest.mark.parametrize(
    "sight", [ALL, Sight(brands=frozenset({BrandName("x")}), routes=frozenset({RouteName("appeals")}))]
)
def test_no_list_is_sorted_or_searched_from_end_to_end(store: SqliteStore, wanted: WantedCases, sight: Sight) -> None:
    watched = Watched(store.units)
    SqliteCases(watched).page(wanted, sight, after="1.0:1")  # type: ignore[arg-type]
    (step,) = watched.plan.splitlines()
    assert "USING INDEX cases_" in step
    assert step.startswith("SEARCH")


def test_the_case_of_a_mail_is_found_by_the_mail(store: SqliteStore) -> None:
    watched = Watched(store.units)
    assert SqliteCases(watched).of_mail(MailId("01a"), ALL) is None  # type: ignore[arg-type]
    assert "SEARCH m USING PRIMARY KEY" in watched.plan
    assert "SEARCH c USING INTEGER PRIMARY KEY" in watched.plan
    assert "SCAN" not in watched.plan
