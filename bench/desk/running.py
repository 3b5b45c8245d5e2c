"""The run: a copy of a large installation, the real server, people at work, mail coming in; then the figures."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.desk import asking, timed
from bench.desk.crowd import Crowd, at, middle, summed
from bench.desk.making import Extent, made
from bench.desk.team import settings
from bench.measures import Wrong, settle_down
from postroom.adapters.store.secondlooks import SqliteSecondLooks
from postroom.adapters.store.sqlite import SqliteStore
from postroom.model.people import ALL
from tools.running import Child, answers, free_port, wait_until
from tools.trial import REPOSITORY, Plan, Trial

#: seconds in which everybody comes to work
WARM = 8.0
#: answers of a kind from which on its 99th percentile says something
FEW = 50
#: what the pages promise: milliseconds at the median and at p99, on the server; bytes of a page; milliseconds to the first paint
MEDIAN, P99, BYTES, PAINT = 100.0, 250.0, 150_000, 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How much is measured."""

    extent: Extent = Extent()
    sessions: int = 50
    #: requests of each kind, one after another
    probes: int = 20
    #: seconds of steady mail, alone and beside the sessions; mails a second
    alone: float = 15.0
    work: float = 60.0
    rate: float = 20.0
    #: mails sent as fast as they are taken
    flood: int = 1000
    #: seconds without think times
    rush: float = 15.0
    #: paints of each page
    paints: int = 2
    say: Callable[[str], None] = field(default=lambda text: print(text, file=sys.stderr, flush=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An installation that serves."""

    trial: Trial
    child: Child
    port: int

    @property
    def pages(self) -> int:
        """The process of the pages."""
        return next(pid for role, pid in self.trial.workers() if role == "pages")


def run(length: Length) -> dict[str, Any]:
    """All of it. Raises `Wrong`, `Missing` and `NotStarted`."""
    cache = REPOSITORY / ".cache" / "bench" / "desk"
    template = made(cache, length.extent, time.time(), length.say)
    results: dict[str, Any] = {"load_before": os.getloadavg()}
    with tempfile.TemporaryDirectory(prefix="run-", dir=cache) as folder, served(template, Path(folder)) as here:
        newest = _newest(here)
        crowd = Crowd(port=here.port, mails=length.extent.mails, cases=length.extent.cases)
        length.say("one after another")
        asyncio.run(crowd.probe(length.probes))
        results["alone"], crowd.measured = {"kinds": summed(crowd.measured)}, []
        length.say("mail, nobody at work")
        results["mail_alone"] = _mailed(here, length, length.alone, seed=40)
        length.say(f"mail, {length.sessions} sessions")
        results |= _worked(here, crowd, length, newest)
        length.say("mail, nobody at work, again")
        results["mail_alone_again"] = _mailed(here, length, length.alone, seed=60)
        length.say("no time to think")
        crowd.measured = []
        with _part(here, crowd, results, "rush"):
            end = time.monotonic() + length.rush
            asyncio.run(crowd.work(length.sessions, lambda: time.monotonic() > end, think=0))
        results["lost_answers"] = crowd.lost
        log = here.trial.log.read_text(errors="replace")
        results["failures_logged"] = log.count('"failure"') + log.count("Traceback")
    return results


@contextmanager
def served(template: Path, folder: Path) -> Iterator[Running]:
    """A copy of an installation, served."""
    house, pages = folder / "house", free_port()
    shutil.copytree(template, house)
    trial = Trial(house, Plan(destination=""))
    trial.config.write_text(settings(trial.smtp_port, pages))
    try:
        child = trial.start(env=timed.planted(folder / "planted"), seconds=60)
        if not wait_until(lambda: answers(pages), 30):
            raise Wrong(f"the pages did not start:\n{child.tail()}")
        settle_down(child, 60)
        yield Running(trial=trial, child=child, port=pages)
    finally:
        trial.stop()


def _worked(here: Running, crowd: Crowd, length: Length, newest: str) -> dict[str, Any]:
    """People at work, with mail coming in and a browser looking on."""
    found: dict[str, Any] = {}
    ending = threading.Event()

    def beside() -> None:
        """Steady mail, then as much as is taken, then a browser, while people work: each of the three apart."""
        try:
            time.sleep(WARM * bool(length.paints))
            with _part(here, crowd, found, "at_work"):
                steady = _sent(here, int(length.rate * length.work), length.rate, 50)
            with _part(here, crowd, found, "flooded"):
                found["mail_at_work"] = {"steady": steady, "flood": _sent(here, length.flood, 0.0, 51)}
            if length.paints:
                with _part(here, crowd, found, "painting"):
                    found["paints"] = _painted(here, length.paints, newest)
        finally:
            ending.set()

    async def all_at_once() -> None:
        aside = asyncio.create_task(asyncio.to_thread(beside))
        await asyncio.gather(crowd.work(length.sessions, ending.is_set, think=1.0), aside)

    asyncio.run(all_at_once())
    return found


@contextmanager
def _part(here: Running, crowd: Crowd, found: dict[str, Any], name: str) -> Iterator[None]:
    """What people were answered in the meantime."""
    begin, cpu = time.monotonic(), _cpu(here.pages)
    yield
    end = time.monotonic()
    some = [one for one in list(crowd.measured) if begin <= one.moment < end]
    found[name] = {
        "seconds": round(end - begin, 1),
        "requests_per_s": round(len(some) / (end - begin), 1),
        "pages_cores": round((_cpu(here.pages) - cpu) / (end - begin), 3),
        "load": os.getloadavg()[0],
        "groups": summed(some, asking.group),
        "kinds": summed(some),
    }


def _mailed(here: Running, length: Length, seconds: float, *, seed: int) -> dict[str, Any]:
    """Mail at a steady rate, then as fast as it is taken: until it was delivered."""
    steady = _sent(here, int(length.rate * seconds), length.rate, seed)
    flood = _sent(here, length.flood, 0.0, seed + 1)
    return {"steady": steady, "flood": flood}


def _sent(here: Running, mails: int, rate: float, seed: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.desk.posting", "--port", str(here.trial.smtp_port)]
    command += ["--count", str(mails), "--rate", str(rate), "--seed", str(seed)]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    assert client.stdout is not None
    if client.stdout.readline().strip() != "ready":
        raise Wrong("the sender did not start")
    store = SqliteStore.open(here.trial.database)
    try:
        with store.units.lend() as tx:
            (before,) = tx.execute("SELECT max(seq) FROM mails").fetchone()
        told = json.loads(client.communicate("go\n")[0])
        if told["wrong"]:
            raise Wrong(f"mail was not accepted: {told['wrong']}")
        wait_until(lambda: not _open_jobs(store, before), 120, every=0.25)
        return _figures(store, before, told)
    finally:
        store.close()


def _open_jobs(store: SqliteStore, before: int) -> bool:
    waits = "SELECT EXISTS (SELECT 1 FROM jobs WHERE mail > ? AND state IN ('ready', 'claimed') AND kind <> 'clock')"
    with store.units.lend() as tx:
        return bool(tx.execute(waits, (before,)).fetchone()[0])


def _figures(store: SqliteStore, before: int, told: Mapping[str, Any]) -> dict[str, Any]:
    """Of the mails after one: rates, and milliseconds from acceptance to decision and delivery."""
    ways = """SELECT m.received_at, d.decided_at, max(j.settled_at) FROM mails AS m CROSS JOIN decisions AS d ON d.mail = m.seq AND d.generation = 1
      CROSS JOIN jobs AS j ON j.mail = m.seq AND j.kind = 'deliver' AND j.state = 'done' WHERE m.seq > ? GROUP BY m.seq"""
    with store.units.lend() as tx:
        rows = tx.execute(ways, (before,)).fetchall()
    if not rows:
        raise Wrong("no mail was delivered")
    first = min(row[0] for row in rows)
    to_judge = sorted((judged - came) * 1000 for came, judged, _ in rows)
    to_deliver = sorted((there - came) * 1000 for came, _, there in rows)
    return {
        "mails": len(told["took"]),
        "accepted_per_s": round(len(told["took"]) / told["seconds"], 1),
        "accept_ms": {"median": middle(told["took"]), "p99": at(told["took"], 0.99), "max": told["took"][-1]},
        "judged_per_s": round(len(rows) / (max(row[1] for row in rows) - first), 1),
        "judged_after_ms": {"median": middle(to_judge), "p99": at(to_judge, 0.99)},
        "delivered_per_s": round(len(rows) / (max(row[2] for row in rows) - first), 1),
        "delivered_after_ms": {"median": middle(to_deliver), "p99": at(to_deliver, 0.99)},
    }


def _painted(here: Running, times: int, newest: str) -> list[dict[str, Any]]:
    """First paints of each page, cold and warm."""
    command = [sys.executable, "-m", "bench.desk.painting", "--url", f"http://127.0.0.1:{here.port}"]
    command += ["--mail", newest, "--case", "1", "--differing", _differing(here), "--times", str(times)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=REPOSITORY)
    if done.returncode:
        raise Wrong(f"bench.desk.painting ended with {done.returncode}")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    found = []
    for page in dict.fromkeys(row["page"] for row in rows):
        some = [row for row in rows if row["page"] == page]
        fact: dict[str, Any] = {"page": page}
        for state in ("cold", "warm"):
            ms = sorted(row["ms"] for row in some if row["state"] == state)
            fact[f"{state}_ms"], fact[f"{state}_most_ms"] = middle(ms), ms[-1]
            fact[f"{state}_bytes"] = max(row["bytes"] for row in some if row["state"] == state)
        found.append(fact)
    return sorted(found, key=lambda row: -row["cold_ms"])


def _newest(here: Running) -> str:
    """The id of a mail at a desk."""
    store = SqliteStore.open(here.trial.database)
    try:
        with store.units.lend() as tx:
            found = tx.execute(
                "SELECT m.id FROM summaries AS s CROSS JOIN mails AS m ON m.seq = s.mail WHERE s.route = 'appeals' ORDER BY s.mail DESC LIMIT 1"
            ).fetchone()
            return str(found[0])
    finally:
        store.close()


def _differing(here: Running) -> str:
    """The id of a mail that two disagree on."""
    store = SqliteStore.open(here.trial.database)
    try:
        return next((str(one.mail_id) for one in SqliteSecondLooks(store.units).open(ALL, 1)), "none")
    finally:
        store.close()


def _cpu(pid: int) -> float:
    """Seconds of processor time of a process."""
    words = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def wrongs(results: Mapping[str, Any]) -> Iterator[str]:
    """Every promise that was not kept, in words."""
    for row in (*results["at_work"]["kinds"], *results["at_work"]["groups"]):
        # of fewer, the largest would count as p99
        few = row["n"] < FEW
        if row["kind"] in asking.PROMISED and (row["server_median"] > MEDIAN or (row["server_p99"] > P99 and not few)):
            yield f"{row['kind']}: {row['server_median']} ms at the median, {row['server_p99']} ms at p99"
        if row["bytes_max"] > BYTES and not row["kind"].startswith(("api", "mail: ")):
            yield f"{row['kind']}: {row['bytes_max']} bytes"
        if row["failed"]:
            yield f"{row['kind']}: {row['failed']} answers failed"
    for row in results.get("paints", ()):
        if row["cold_ms"] > PAINT:
            yield f"{row['page']}: painted after {row['cold_ms']} ms"
    if results["lost_answers"]:
        yield f"{results['lost_answers']} requests got no answer"
