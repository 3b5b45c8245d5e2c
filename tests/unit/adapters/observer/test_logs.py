"""Logs: one line an event, in the form and from the level that was asked for; whatever happens, no exception."""

import io
import json
import sys
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.adapters.observer.logs import LEVELS, LogObserver, Observers
from postroom.ports import EventName
from tests.unit.flow.house import Told

EVENTS = get_args(EventName)
_RANKS = ("debug", "info", "warning", "error")


def test_a_line_is_json_with_the_mail_and_the_process(capsys: pytest.CaptureFixture[str]) -> None:
    LogObserver(form="json", process="judge").note("judged", "01abc", route="appeals", confidence=0.9)
    line = json.loads(capsys.readouterr().err)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "process": "judge", "event": "judged", "level": "info", "mail": "01abc", "route": "appeals", "confidence": 0.9,
    }  # fmt: skip


def test_without_a_terminal_auto_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    LogObserver().note("started")
    assert json.loads(capsys.readouterr().err)["event"] == "started"


def test_on_a_terminal_it_is_for_people(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    LogObserver().note("lane-down", destination="desk", error="refused")
    text = capsys.readouterr().err
    assert "lane-down" in text
    assert not text.startswith("{")
    assert text.count("\n") == 1


@pytest.mark.parametrize("least", _RANKS)
def test_only_what_is_important_enough_is_written(capsys: pytest.CaptureFixture[str], least: Any) -> None:
    observer = LogObserver(form="json", level=least)
    for event in EVENTS:
        observer.note(event)
    seen = {json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()}
    assert seen == {e for e in EVENTS if _RANKS.index(LEVELS.get(e, "info")) >= _RANKS.index(least)}


def test_what_people_must_act_on_is_more_than_news() -> None:
    assert {e for e in EVENTS if LEVELS.get(e) == "error"} == {
        "answer-failed", "backtest-failed", "erase-failed", "hook-given-up", "lane-down", "learn-failed", "model-refused", "parked",
        "parking-halted", "rules-refused", "store-trouble", "urgent-waits",
        "watch-failed", "weights-refused", "worker-died", "worker-failed",
    }  # fmt: skip
    assert set(LEVELS) <= set(EVENTS)


@pytest.mark.parametrize("wanted", [False, True])
def test_addresses_are_written_where_they_are_asked_for_alone(capsys: pytest.CaptureFixture[str], wanted: bool) -> None:
    said = '421 4.7.0 too busy for <ada@secret.example> and "a b"@secret.example, ask postmaster@example.com'
    LogObserver(form="json", addresses=wanted).note("lane-down", destination="desk", error=said)
    line = json.loads(capsys.readouterr().err)
    assert ("secret.example" in line["error"], "postmaster" in line["error"]) == (wanted, wanted)
    assert line["error"].startswith("421 4.7.0 too busy for <a")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(fact=st.text(st.characters(codec=None), max_size=40), form=st.sampled_from(["json", "console"]))
def test_any_fact_is_one_line_that_commands_no_terminal(monkeypatch: pytest.MonkeyPatch, fact: str, form: Any) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", stream)
        LogObserver(form=form).note("deferred", "01abc", error=fact)
    stream.flush()
    stream.seek(0)
    text = stream.read()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert not [c for c in text if ord(c) < 32 and c != "\n"]


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("error", [BrokenPipeError(32, "Broken pipe"), ValueError("I/O operation on closed file")])
def test_a_log_that_cant_be_written_stops_no_mail(monkeypatch: pytest.MonkeyPatch, form: Any, error: Exception) -> None:
    class Broken(io.StringIO):
        def write(self, _text: str) -> int:
            raise error

    monkeypatch.setattr(sys, "stderr", Broken())
    LogObserver(form=form).note("started")


def test_several_observers_are_told_in_turn() -> None:
    first, second = Told(), Told()
    Observers(first, second).note("judged", "01abc", route="appeals")
    assert first.events == second.events == [("judged", "01abc", {"route": "appeals"})]
