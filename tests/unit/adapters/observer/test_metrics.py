"""Metrics: every counter counts an event that exists, with labels that are facts of it."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from postroom.adapters.observer import metrics
from postroom.adapters.observer.metrics import FOLDER, METRICS, MetricsObserver, exposition, prepare_folder
from postroom.model.errors import TryLater
from postroom.ports import EventName

SOURCE = Path(metrics.__file__).parents[2]
CENSUS: dict[str, Any] = {
    "arrivals": 3,
    "jobs": {"judge": {"ready": 2, "done": 1}},
    "oldest_ready": {"judge": 90.0},
    "lanes_down": 1,
    "unread": {"appeals": 4},
    "waiting": {"review": 5, "audit": 0},
    "second_looks": {"waiting": 2, "open": 1, "agreed": 7, "differed": 3},
    "bytes": 4096,
}


def test_every_counter_counts_an_event_that_exists_and_no_two_the_same() -> None:
    counted = [m.event for m in METRICS if m.kind == "counter"]
    assert None not in counted
    assert set(counted) <= set(get_args(EventName))
    assert len(set(counted)) == len(counted)
    assert not [m for m in METRICS if m.kind != "counter" and m.event]
    assert len({m.name for m in METRICS}) == len(METRICS)


def test_labels_are_facts_that_the_code_gives_with_the_event() -> None:
    text = "\n".join(p.read_text(encoding="utf-8") for p in SOURCE.rglob("*.py"))
    for metric in METRICS:
        if metric.event is not None and metric.labels:
            calls = re.findall(rf'note\(\s*"{metric.event}".*?\n', text + "\n", re.DOTALL)
            assert calls, f"nobody notes {metric.event}"
            for label in metric.labels:
                assert re.search(rf"\b{label}\b", text), f"{metric.name}: nobody gives {label}"


def test_an_event_is_counted_under_its_labels() -> None:
    registry = CollectorRegistry()
    observer = MetricsObserver(registry)
    observer.note("accepted", "01a", door="smtp", bytes=10)
    observer.note("accepted", "01b", door="smtp")
    observer.note("accepted", "01c")
    observer.note("delivered", "01a", destination="desk", seconds=0.2)
    observer.note("delivered", "01b", destination="desk")
    observer.note("started", port=25)
    value = registry.get_sample_value
    assert value("postroom_mails_accepted_total", {"door": "smtp"}) == 2.0
    assert value("postroom_mails_accepted_total", {"door": ""}) == 1.0
    assert value("postroom_deliveries_total", {"destination": "desk"}) == 2.0
    assert value("postroom_delivery_seconds_count", {"destination": "desk"}) == 1.0
    assert value("postroom_delivery_seconds_bucket", {"destination": "desk", "le": "0.25"}) == 1.0


@pytest.mark.parametrize("metric", [m for m in METRICS if m.kind == "counter"], ids=lambda m: m.name)
def test_every_counter_moves(metric: metrics.MetricSpec) -> None:
    registry = CollectorRegistry()
    assert metric.event is not None
    MetricsObserver(registry).note(metric.event, "01a", **dict.fromkeys(metric.labels, "x"))
    assert registry.get_sample_value(f"{metric.name}_total", dict.fromkeys(metric.labels, "x")) == 1.0
    assert b"01a" not in generate_latest(registry), "no mail is named: that would be a series each"


def test_the_stores_gauges_are_those_of_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    text = exposition(lambda: CENSUS, lambda: 100.0, lambda: {"judge-2": "wrong rules"}).decode()
    assert "postroom_worker_warnings 1.0" in text
    assert 'postroom_oldest_ready_seconds{kind="judge"} 10.0' in text
    assert 'postroom_jobs{kind="judge",state="ready"} 2.0' in text
    assert 'postroom_unread{inbox="appeals"} 4.0' in text
    assert 'postroom_waiting{asked="review"} 5.0' in text
    assert 'postroom_second_looks{state="agreed"} 7.0' in text
    names = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    assert names == {m.name for m in METRICS if m.kind == "gauge"}


def test_a_store_that_cant_be_read_leaves_what_does_not_come_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)

    def unwell() -> dict[str, Any]:
        raise TryLater("database is locked")

    names = re.findall(r"^# TYPE (\S+)", exposition(unwell, lambda: 0.0, dict).decode(), re.MULTILINE)
    assert names == ["postroom_worker_warnings"]


def test_the_folder_of_shared_counters_begins_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, "elsewhere")
    folder = tmp_path / "data" / "metrics"
    prepare_folder(folder)
    (folder / "counter_1.db").write_bytes(b"old")
    (folder / "mine.txt").write_text("kept")
    prepare_folder(folder)
    assert [p.name for p in folder.iterdir()] == ["mine.txt"]
    assert metrics.os.environ[FOLDER] == str(folder)
    assert exposition(lambda: CENSUS, lambda: 100.0, dict)
