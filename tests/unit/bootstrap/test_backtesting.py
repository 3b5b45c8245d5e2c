"""The process that tries rules for the pages: started when asked for, told of when it dies, ended with the server."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postroom.adapters.store.backtests import SqliteBacktests
from postroom.bootstrap import backtesting
from postroom.bootstrap.backtesting import Trying, in_force, trying, work_off
from postroom.bootstrap.house import House
from postroom.config import load
from postroom.model.backtest import Asked, Backtest, TestNumber
from postroom.model.errors import TryLater
from postroom.model.people import Deed
from tests.pages_house import SETTINGS
from tests.unit.flow.house import Told

RULE = "[[rule]]\nname = 'x'\nwhen = 'true'\ntags = ['x']\n"
NOTHING = "pass"
FOR_EVER = "import time; time.sleep(600)"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    settings, mistakes = load(SETTINGS)
    assert settings is not None, mistakes
    made = House(settings, tmp_path)
    yield made
    made.close()


def ask(house: House) -> TestNumber:
    deed = Deed(at=1.0, by="lea", what="backtest-asked")
    return SqliteBacktests(house.store.units).ask(Asked(days=14, at=1.0), deed)


def state(house: House, number: TestNumber) -> Backtest:
    found = SqliteBacktests(house.store.units).test(number)
    assert found is not None
    return found


def watch(house: House, code: str) -> tuple[Trying, Told, list[float]]:
    told, now = Told(), [1000.0]
    runs = SqliteBacktests(house.store.units)
    made = Trying(command=[sys.executable, "-c", code], runs=runs, observer=told, clock=lambda: now[0])
    return made, told, now


def ended(one: Trying) -> None:
    assert one._run is not None
    one._run.process.wait(60)
    one.tick()


def test_nothing_runs_while_nothing_was_asked_for(house: House) -> None:
    one, told, _ = watch(house, NOTHING)
    one.tick()
    assert one._run is None
    one.stop()
    assert not told.events


def test_a_process_that_did_it_is_no_news(house: House) -> None:
    one, told, _ = watch(house, NOTHING)
    number = ask(house)
    one.tick()
    assert work_off(house)  # as that process does
    ended(one)
    assert state(house, number).state == "done"
    assert not told.events
    one.tick()
    assert one._run is None


def test_one_that_died_at_it_has_failed(house: House) -> None:
    one, told, now = watch(house, "raise SystemExit(7)")
    number = ask(house)
    one.tick()
    SqliteBacktests(house.store.units).begin(1.0)
    ended(one)
    assert (state(house, number).state, state(house, number).error) == ("failed", "its process ended with code 7")
    assert told.of("backtest-failed") == [{"error": "its process ended with code 7"}]
    ask(house)
    one.tick()
    assert one._run is None, "not again at once"
    now[0] += 61.0
    one.tick()
    ended(one)


def test_one_that_can_not_be_started_is_tried_again_later(house: House) -> None:
    one, told, now = watch(house, NOTHING)
    one.command = ["/nonexistent/python"]
    number = ask(house)
    one.tick()
    assert state(house, number).state == "waiting"
    one.tick()
    assert told.of("backtest-failed") == [{"error": "No such file or directory"}]
    now[0] += 61.0
    one.tick()
    assert len(told.of("backtest-failed")) == 2


def test_what_runs_when_the_server_ends_is_lost(house: House) -> None:
    one, _, _ = watch(house, FOR_EVER)
    number = ask(house)
    one.tick()
    one.tick()
    SqliteBacktests(house.store.units).begin(1.0)
    process = one._run.process
    assert process is not None
    one.stop()
    assert process.returncode is not None
    assert state(house, number).state == "lost"


def test_one_that_will_not_end_is_killed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postroom.bootstrap.runs._PATIENCE", 0.0)
    ready = house.base / "ready"
    one, _, _ = watch(house, f"import signal; signal.signal(15, signal.SIG_IGN); open({str(ready)!r}, 'w'); {FOR_EVER}")
    ask(house)
    one.tick()
    process = one._run.process
    assert process is not None
    while not ready.exists():
        assert process.poll() is None
    one.stop()
    assert process.returncode == -9


def test_what_ran_when_a_server_was_killed_is_lost_and_what_waits_is_begun(house: House) -> None:
    number = ask(house)
    SqliteBacktests(house.store.units).begin(1.0)
    one = trying(house, ["x"])
    assert state(house, number).state == "lost"
    assert one.command == ["x"]
    waits = ask(house)
    trying(house, ["x"])
    assert state(house, waits).state == "waiting"


def test_a_bug_is_written_down_and_raised(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(backtesting, "try_rules", broken)
    number = ask(house)
    with pytest.raises(ZeroDivisionError):
        work_off(house)
    assert "a bug" in state(house, number).error


def test_one_that_is_cancelled_meanwhile_stays_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    number = ask(house)
    runs = SqliteBacktests(house.store.units)

    def cancelled(_house: House, _tried: object, _asked: Asked, tell: Callable[[int, int], bool]) -> None:
        assert tell(0, 100)
        assert tell(1, 100), "not written down again so soon"
        assert runs.cancel(number, Deed(at=2.0, by="lea", what="backtest-cancelled"))
        monkeypatch.setattr(backtesting, "_TOLD", 0.0)

    monkeypatch.setattr(backtesting, "try_rules", cancelled)
    assert work_off(house)
    assert (state(house, number).state, state(house, number).done) == ("cancelled", 0)


def test_a_store_in_trouble_does_not_keep_a_server_from_starting(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object) -> int:
        raise TryLater("database is locked")

    monkeypatch.setattr(SqliteBacktests, "give_up", locked)
    trying(house, ["x"])


def test_in_force_is_what_was_taken_last(house: House) -> None:
    written = in_force(house)
    (house.base / "rules").mkdir()
    (house.base / "rules" / "mine.toml").write_text(RULE)
    assert in_force(house) != written, "nobody has taken anything into force: what is on the disk would be"
    house.rules.load()
    taken = in_force(house)
    (house.base / "rules" / "mine.toml").write_text("")
    assert in_force(house) == taken
