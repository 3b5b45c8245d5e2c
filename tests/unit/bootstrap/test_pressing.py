"""What looks after urgent mail, clocks and first answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postroom.adapters.observer.metrics import exposition
from postroom.bootstrap.pressing import Pressing, answer_rules, look_after, version
from postroom.config import Settings, load
from postroom.model.errors import TryLater
from postroom.model.people import ALL
from tests.pages_house import QUESTION, Installation, installation
from tests.unit.web.pages.test_urgent import HOUSE, THREAT, age, due


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, HOUSE) as made:
        yield made


def settings(text: str) -> Settings:
    found, mistakes = load(text)
    assert found is not None, mistakes
    return found


def turns(pressing: Pressing, count: int = 1, **more: Any) -> list[float]:
    """So many looks; how long it rested after each."""
    pauses: list[float] = []
    failed: list[Exception] = []
    look_after(pressing, lambda: len(pauses) >= count, more.get("failed", failed).append, pauses.append)
    assert failed == []
    return pauses


def test_one_look_does_it_all(here: Installation) -> None:
    pressing = here.house.pressing
    turns(pressing)
    threat, question = here.receive(THREAT, QUESTION)
    age(here, threat, 3600)
    turns(pressing)
    alarm = pressing.alarms.alarm(threat, ALL)
    assert alarm is not None
    assert alarm.repeats == 1
    row = here.room.views.row(question, ALL)
    assert row is not None
    assert row.due_at == row.received_at + 4 * 3600


def test_what_fails_is_told_and_the_others_go_on(here: Installation) -> None:
    pressing = here.house.pressing
    failed: list[Exception] = []

    class Broken:
        def __init__(self, error: Exception) -> None:
            self.error = error

        def turn(self) -> bool:
            raise self.error

    pressing.first_answers.watch()
    (question,) = here.receive(QUESTION)
    pressing.__dict__["escalation"] = Broken(ValueError("a bug"))
    pressing.__dict__["warner"] = Broken(TryLater("locked"))
    assert turns(pressing, 1, failed=failed) == [10.0]
    assert [str(one) for one in failed] == ["a bug"]
    row = here.room.views.row(question, ALL)
    assert row is not None
    assert row.due_at is not None


def test_much_work_is_done_without_a_rest(here: Installation) -> None:
    class Busy:
        def turn(self) -> bool:
            return True

    here.house.pressing.__dict__["warner"] = Busy()
    assert turns(here.house.pressing) == [0.05]
    del here.house.pressing.__dict__["warner"]
    assert turns(here.house.pressing) == [2.0]


def test_instruments_see_what_presses(here: Installation) -> None:
    pressing, now = here.house.pressing, here.room.clock()
    assert pressing.warnings(now) == {}
    pressing.first_answers.watch()
    threat, other, question = here.receive(THREAT, THREAT.replace(b"kill", b"murder"), QUESTION)
    due(here, question, -60)
    age(here, threat, 3600)
    now = here.room.clock()
    assert pressing.census(now) == {
        "urgent": {"no": 1, "yes": 1},
        "cases": {"near": 0, "late": 0},
        "answers": {"general": {"in-time": 0, "late": 0, "open": 1}},
    }
    assert pressing.warnings(now) == {"urgent": "nobody has taken 1 urgent mail for 15 minutes: see the page Urgent"}
    age(here, other, 3600)
    assert "2 urgent mails" in pressing.warnings(now)["urgent"]
    text = exposition(
        lambda: here.house.store.census() | {"pressing": pressing.census(now)}, lambda: now, dict
    ).decode()
    assert 'postroom_urgent_waiting{neglected="yes"} 2.0' in text
    assert 'postroom_case_deadlines{stage="late"} 0.0' in text
    assert 'postroom_first_answers{kept="open",route="general"} 1.0' in text


def test_while_the_store_cannot_be_read_nothing_is_warned_of(here: Installation) -> None:
    class Locked:
        def unheard(self, before: float) -> None:
            raise TryLater("locked")

    here.house.pressing.__dict__["alarms"] = Locked()
    assert here.house.pressing.warnings(0.0) == {}


def test_without_targets_none_are_counted(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        assert here.house.pressing.census(1.0)["answers"] == {}
        assert here.house.pressing.first_answers.rules == {}


def test_other_hours_are_another_version() -> None:
    found = settings(HOUSE)
    assert {name: str(rule.within) for name, rule in answer_rules(found).items()} == {
        "appeals": "1 hours",
        "general": "4 hours",
    }
    assert version(found) == version(settings(HOUSE + "[urgent]\nrepeat_minutes = 5\n"))
    assert version(found) != version(settings(HOUSE.replace("4 hours", "5 hours")))
