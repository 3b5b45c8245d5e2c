"""Metrics for Prometheus: every name in one list, counted in every process, summed at the scrape.

Counters live in one folder of memory-mapped files shared by all processes of an installation (the client library's
multiprocess mode); what the store knows is read from it when somebody asks.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from postroom.model.errors import TryLater
from postroom.ports import EventName

#: environment variable by which the client library finds the folder; set before this module is imported
FOLDER = "PROMETHEUS_MULTIPROC_DIR"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSpec:
    """One metric, for code and docs."""

    name: str
    kind: Literal["counter", "histogram", "gauge"]
    help: str
    labels: tuple[str, ...] = ()
    #: the event that a counter counts; its labels are facts of that event
    event: EventName | None = None


METRICS: tuple[MetricSpec, ...] = (
    MetricSpec(
        name="postroom_mails_accepted",
        kind="counter",
        event="accepted",
        help="Mails accepted for good, by door.",
        labels=("door",),
    ),
    MetricSpec(
        name="postroom_mails_duplicate",
        kind="counter",
        event="duplicate",
        help="Acceptances of a mail that we already had.",
    ),
    MetricSpec(
        name="postroom_refusals",
        kind="counter",
        event="refused",
        help="Commands and mails refused, by reason.",
        labels=("reason",),
    ),
    MetricSpec(
        name="postroom_connections_refused", kind="counter", event="connection-refused", help="Connections turned away."
    ),
    MetricSpec(
        name="postroom_decisions",
        kind="counter",
        event="judged",
        help="Decisions, by where the mail goes and by best guess.",
        labels=("route", "decided"),
    ),
    MetricSpec(name="postroom_urgent", kind="counter", event="alerted", help="Mails with an urgent signal."),
    MetricSpec(
        name="postroom_urgent_repeats",
        kind="counter",
        event="urgent-waits",
        help="Times that an urgent mail was told again, because nobody had taken it.",
    ),
    MetricSpec(
        name="postroom_review_expired",
        kind="counter",
        event="review-expired",
        help="Mails that nobody looked at in review in time.",
    ),
    MetricSpec(
        name="postroom_opinions_asked",
        kind="counter",
        event="opinion-asked",
        help="Questions for a second opinion, by what became of them: answered, cached, too-late, failed, no-answer, budget (spent), paused (the endpoint failed).",
        labels=("result",),
    ),
    MetricSpec(
        name="postroom_opinions_heard",
        kind="counter",
        event="opinion-heard",
        help="Decisions that heard a second opinion, by whether it agrees with the best guess, disagrees or is unsure.",
        labels=("said",),
    ),
    MetricSpec(
        name="postroom_deliveries",
        kind="counter",
        event="delivered",
        help="Deliveries that succeeded.",
        labels=("destination",),
    ),
    MetricSpec(
        name="postroom_recalls",
        kind="counter",
        event="recalled",
        help="Deliveries taken back after a person's word, by whether they could be withdrawn; if not, it was too late.",
        labels=("destination", "withdrawn"),
    ),
    MetricSpec(
        name="postroom_deferrals",
        kind="counter",
        event="deferred",
        help="Tries that failed and will be repeated.",
        labels=("destination",),
    ),
    MetricSpec(
        name="postroom_parked",
        kind="counter",
        event="parked",
        help="Jobs parked for a person, by reason.",
        labels=("why",),
    ),
    MetricSpec(
        name="postroom_bounces", kind="counter", event="bounce-received", help="Forwarded mails that came back."
    ),
    MetricSpec(name="postroom_loops", kind="counter", event="loop-stopped", help="Mail loops stopped."),
    MetricSpec(name="postroom_worker_deaths", kind="counter", event="worker-died", help="Worker processes that died."),
    MetricSpec(
        name="postroom_store_trouble", kind="counter", event="store-trouble", help="Times the store could not be used."
    ),
    MetricSpec(
        name="postroom_rules_refused",
        kind="counter",
        event="rules-refused",
        help="Times that a worker found mistakes in the rules on disk and went on with those before.",
    ),
    MetricSpec(
        name="postroom_status_questions",
        kind="counter",
        event="status-asked",
        help="Times that account status was to be asked for by HTTP: answered, failed, or paused because it failed before.",
        labels=("outcome",),
    ),
    MetricSpec(
        name="postroom_status_loads",
        kind="counter",
        event="status-loaded",
        help="Times that a worker read the file of account states.",
    ),
    MetricSpec(
        name="postroom_status_failures",
        kind="counter",
        event="status-failed",
        help="Times that whoever knows account status could not be read or asked.",
        labels=("provider",),
    ),
    MetricSpec(
        name="postroom_delivery_seconds", kind="histogram", help="From decision to delivery.", labels=("destination",)
    ),
    MetricSpec(
        name="postroom_worker_warnings",
        kind="gauge",
        help="Workers that warn of something now, e.g. of rules on disk that have mistakes; /readyz says of what.",
    ),
    MetricSpec(name="postroom_arrivals", kind="gauge", help="Mails in the store."),
    MetricSpec(name="postroom_jobs", kind="gauge", help="Jobs, by kind and state.", labels=("kind", "state")),
    MetricSpec(
        name="postroom_oldest_ready_seconds",
        kind="gauge",
        help="Age of the oldest job that waits, by kind.",
        labels=("kind",),
    ),
    MetricSpec(name="postroom_lanes_down", kind="gauge", help="Destinations that are paused because they fail."),
    MetricSpec(name="postroom_unread", kind="gauge", help="Unread mails of the built-in inboxes.", labels=("inbox",)),
    MetricSpec(
        name="postroom_waiting",
        kind="gauge",
        help="Decisions that wait for a person's verdict, by why they were asked about.",
        labels=("asked",),
    ),
    MetricSpec(
        name="postroom_second_looks",
        kind="gauge",
        help="Mails that two reviewers are asked about: waiting for the second, open as they disagree; agreed and differed so far.",
        labels=("state",),
    ),
    MetricSpec(
        name="postroom_urgent_waiting",
        kind="gauge",
        help="Urgent mails that nobody has taken, by whether that is so for longer than urgent.repeat_minutes; a thousand at most.",
        labels=("neglected",),
    ),
    MetricSpec(
        name="postroom_case_deadlines",
        kind="gauge",
        help="Cases with a clock of the team near its end, or beyond (late).",
        labels=("stage",),
    ),
    MetricSpec(
        name="postroom_first_answers",
        kind="gauge",
        help="Mails that were due for a first answer in the last seven days, by desk: in-time, late, or open still.",
        labels=("route", "kept"),
    ),
    MetricSpec(name="postroom_store_bytes", kind="gauge", help="Size of the store on disk."),
)

_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)


class MetricsObserver:
    """Counts events, as METRICS says."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        registry = registry or CollectorRegistry()
        self._counters = {
            spec.event: (Counter(spec.name, spec.help, spec.labels, registry=registry), spec.labels)
            for spec in METRICS
            if spec.event is not None
        }
        self._labelled: dict[tuple[EventName, tuple[str, ...]], Counter] = {}
        self._seconds = Histogram(
            "postroom_delivery_seconds",
            "From decision to delivery.",
            ("destination",),
            registry=registry,
            buckets=_BUCKETS,
        )

    def note(self, event: EventName, mail_id: str = "", **facts: str | int | float | bool) -> None:
        """Count one event."""
        if (found := self._counters.get(event)) is not None:
            counter, labels = found
            self._counter(event, counter, tuple([str(facts.get(label, "")) for label in labels])).inc()
        if event == "delivered" and "seconds" in facts:
            self._seconds.labels(str(facts.get("destination", ""))).observe(float(facts["seconds"]))

    def _counter(self, event: EventName, counter: Counter, values: tuple[str, ...]) -> Counter:
        """The counter of these labels; the library's own way to it costs more than counting."""
        if not values:
            return counter
        known = self._labelled.get((event, values))
        if known is None:
            known = self._labelled[event, values] = counter.labels(*values)
        return known


_Values = dict[str, dict[tuple[str, ...], float]]


class _Gauges:
    """The gauges, read at the scrape: from the store's census, and how many workers warn."""

    def __init__(
        self, census: Callable[[], dict[str, Any]], clock: Callable[[], float], warnings: Callable[[], dict[str, str]]
    ) -> None:
        self._census = census
        self._clock = clock
        self._warnings = warnings

    def collect(self) -> Iterator[Metric]:
        """The gauges of METRICS; while the store can't be read, those that don't come of it."""
        values: _Values = {"postroom_worker_warnings": {(): len(self._warnings())}}
        with suppress(TryLater):
            values |= self._from_store()
        for spec in METRICS:
            if spec.kind == "gauge" and spec.name in values:
                family = GaugeMetricFamily(spec.name, spec.help, labels=spec.labels)
                for labels, value in values[spec.name].items():
                    family.add_metric(labels, float(value))
                yield family

    def _from_store(self) -> _Values:
        census, now = self._census(), self._clock()
        pressing = census.get("pressing", {})
        return {
            "postroom_urgent_waiting": {(name,): count for name, count in pressing.get("urgent", {}).items()},
            "postroom_case_deadlines": {(stage,): count for stage, count in pressing.get("cases", {}).items()},
            "postroom_first_answers": {
                (route, name): count
                for route, counts in pressing.get("answers", {}).items()
                for name, count in counts.items()
            },
            "postroom_arrivals": {(): census["arrivals"]},
            "postroom_jobs": {
                (kind, state): count for kind, states in census["jobs"].items() for state, count in states.items()
            },
            "postroom_oldest_ready_seconds": {(kind,): now - since for kind, since in census["oldest_ready"].items()},
            "postroom_lanes_down": {(): census["lanes_down"]},
            "postroom_unread": {(inbox,): count for inbox, count in census["unread"].items()},
            "postroom_waiting": {(asked,): count for asked, count in census["waiting"].items()},
            "postroom_second_looks": {(state,): count for state, count in census["second_looks"].items()},
            "postroom_store_bytes": {(): census["bytes"]},
        }


def prepare_folder(folder: Path) -> None:
    """Empty the folder of shared counters and name it in the environment, for this process and its children."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink(missing_ok=True)
    os.environ[FOLDER] = str(folder)


def exposition(
    census: Callable[[], dict[str, Any]], clock: Callable[[], float], warnings: Callable[[], dict[str, str]]
) -> bytes:
    """The text that Prometheus reads: counters of all processes, what the store knows, and whether workers warn."""
    registry = CollectorRegistry()
    if os.environ.get(FOLDER):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(_Gauges(census, clock, warnings))
    return generate_latest(registry)
