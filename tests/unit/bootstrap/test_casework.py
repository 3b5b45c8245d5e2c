"""Cases as the settings describe them, and the thread that lets them open."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postroom.bootstrap.casework import case_desks, keep_up
from postroom.config import Settings, load
from postroom.decide.clocks import Share, span
from postroom.model.errors import TryLater
from postroom.model.mail import RouteName
from postroom.model.people import ALL
from tests.pages_house import APPEAL, SETTINGS, Installation, installation
from tests.unit.flow.house import Moody, Told

APPEALS = RouteName("appeals")
CASES = SETTINGS.replace("[route.appeals]\n", "[route.appeals]\ncases = true\n")


def settings(text: str) -> Settings:
    found, _ = load(text)
    assert found is not None
    return found


def test_a_desk_has_its_clocks_by_its_own_calendar() -> None:
    text = SETTINGS.replace(
        "[route.appeals]\n",
        '[route.appeals]\ncases = true\ncalendar = "office"\nfirst_answer = "8 business hours"\nclocks = ["dsa", "ours"]\n'
        'second_person = "rejection"\nagain_days = 2\n',
    )
    text += '[calendar.office]\nzone = "Asia/Tokyo"\n[clock.ours]\nwithin = "3 days"\ncalendar = "default"\n'
    desks = case_desks(settings(text))
    assert set(desks.desks) == {APPEALS}
    desk = desks.desks[APPEALS]
    first, dsa, ours = desk.clocks
    assert (first.within, first.warn, first.stops) == (
        span("8 business hours"),
        Share(percent=75),
        "first answer",
    )
    assert [one.calendar.zone for one in desk.clocks] == ["Asia/Tokyo", "Asia/Tokyo", "UTC"]
    assert (dsa.name, ours.name) == ("dsa", "ours")
    assert (desk.second_person, desk.again, desk.calendar.zone) == (True, 172_800.0, "Asia/Tokyo")
    one_hour = case_desks(settings(text.replace("8 business", "1 business")))
    assert one_hour.version != desks.version == case_desks(settings(text)).version


def test_no_desk_has_cases_unless_it_says_so() -> None:
    assert case_desks(settings(SETTINGS)).desks == {}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, CASES) as made:
        yield made


def test_cases_open_until_it_is_told_to_stop_whatever_goes_wrong(here: Installation) -> None:
    here.house.casework.filing.watch()
    here.receive(APPEAL)
    told, pauses, failures = Told(), [], []

    class Buggy(Moody):
        def due(self, limit: int) -> Any:
            self.calls.append("due")
            if self.calls.count("due") == 1:
                raise ValueError("a bug")
            return here.house.cases.due(limit)

    from dataclasses import replace

    filing = replace(
        here.house.casework.filing, cases=Buggy(here.house.cases, watch=1, stale=1), failed=failures.append
    )
    keep_up(filing, told, lambda: len(pauses) >= 4, pauses.append)
    assert [facts["error"] for facts in told.of("store-trouble")] == ["database is locked"] * 2
    assert [str(error) for error in failures] == ["a bug"]
    assert here.house.cases.todo(ALL) == 1
    assert filing.cases.calls.count("watch") == 2  # type: ignore[attr-defined]
    with pytest.raises(TryLater):
        replace(filing, cases=Moody(here.house.cases, due=1)).catch_up()
