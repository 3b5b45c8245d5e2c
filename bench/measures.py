"""The measures of `make bench`: each runs several times in fresh installations and hands back its runs.

Processor time is that of *all* processes of the one measured: postroom's server and workers, or Postfix's master and
everything that it forked, ended ones included. The client and the sink are processes of their own and are not counted.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench import rules
from tools import peers
from tools.running import Child, wait_until
from tools.trial import REPOSITORY, Plan, Trial, smtp_destination

TRUST = '[trust]\nauthserv_ids = ["mx1.example.com"]\n'
#: a process that uses less than this share of a core is at rest
REST = 0.10


class Wrong(Exception):
    """A run did not do what it measures: mails are missing, or somebody did not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured."""

    #: runs of each measure; the median counts
    runs: int = 5
    #: mails of a run
    mails: int = 1000
    #: distinct mails sent before, so that everything is warm
    warm: int = 300
    connections: int = 20
    #: mails a connection
    per_connection: int = 1
    #: mails of the store that the cost with few and with many is compared for
    few: int = 2_000
    many: int = 200_000
    #: mails of the run that watches memory
    flat: int = 50_000
    say: Callable[[str], None] = field(default=lambda text: print(text, file=sys.stderr, flush=True))


@contextlib.contextmanager
def installation(sink_port: int = 9, *, rule_count: int = 50, folder: Path | None = None) -> Iterator[Trial]:
    """A postroom with the bench's rules and phrases that forwards to a port; not yet started."""
    with contextlib.ExitStack() as ending:
        place = folder or Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="postroom-bench-", dir=_disk())))
        plan = Plan(
            destination=smtp_destination(sink_port), files=rules.files(rules=rule_count), top=TRUST, workers="judge = 1"
        )
        trial = Trial(place / "house", plan)
        ending.callback(trial.stop)
        yield trial


def _disk() -> Path:
    """A folder on the disk of the repository: /tmp is in memory on some machines, and fsync then costs nothing."""
    folder = REPOSITORY / ".cache" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def send(port: int, mails: int, size: Size, *, seed: int) -> Callable[[], dict[str, Any]]:
    """A client that is ready to send; calling the result makes it send and waits for it. Raises `Wrong`."""
    command = [
        sys.executable,
        "-m",
        "bench.client",
        "--wait",
        "--port",
        str(port),
        "--count",
        str(mails),
        "--seed",
        str(seed),
    ]
    command += ["--connections", str(size.connections), "--per-connection", str(size.per_connection)]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    assert client.stdout is not None
    if client.stdout.readline().strip() != "ready":
        raise Wrong("the client did not start")

    def go() -> dict[str, Any]:
        told = client.communicate("go\n")[0]
        facts: dict[str, Any] = json.loads(told)
        if facts["accepted"] != mails:
            raise Wrong(f"{mails} mails sent, {facts['accepted']} accepted: {facts}")
        return facts

    return go


def settle_down(child: Child, seconds: float = 30) -> None:
    """Wait until its processes are at rest: what a mail costs after its delivery belongs to it as well."""
    last = [child.usage()]

    def at_rest() -> bool:
        now = child.usage()
        spent, last[0] = now.since(last[0]), now
        return spent < REST * 0.5

    time.sleep(0.5)
    wait_until(at_rest, seconds, every=0.5)


def relayed(child: Child, port: int, sink: peers.Sink, size: Size, *, seed: int, mails: int) -> dict[str, Any]:
    """Send mails through a server to the sink; what it cost. Raises `Wrong` unless sent = counted by the sink."""
    go = send(port, mails, size, seed=seed)
    settle_down(child)
    before, had, begin = child.usage(), sink.count(), time.monotonic()
    facts = go()
    sink.wait_for(had + mails, 120)
    seconds = time.monotonic() - begin
    settle_down(child)
    spent = child.usage()
    if (got := sink.count() - had) != mails:
        raise Wrong(f"{mails} mails sent, {got} at the sink")
    return {
        "mails": mails,
        "at_sink": got,
        "cpu_ms": round(spent.since(before) / mails * 1000, 4),
        "mails_per_s": round(mails / seconds, 1),
        "accept_seconds": facts["seconds"],
        "rss_mb": [round(rss / 2**20, 1) for rss in spent.rss[:8]],
        "processes": spent.processes,
    }


def started(trial: Trial) -> Child:
    """The installation, running."""
    child = trial.start()
    if not wait_until(lambda: len(trial.workers()) >= 2, 20):
        raise Wrong("the workers did not start")
    return child


def end_to_end(size: Size) -> list[dict[str, Any]]:
    """SMTP in, durable, judged, forwarded by SMTP to smtp-sink."""
    found = []
    for run in range(size.runs):
        with peers.sink() as sink, installation(sink.port) as trial:
            child = started(trial)
            relayed(child, trial.smtp_port, sink, size, seed=9000 + run, mails=size.warm)
            row = relayed(child, trial.smtp_port, sink, size, seed=100 + run, mails=size.mails)
            found.append(row)
            size.say(f"  postroom {row['cpu_ms']:.2f} ms a mail, {row['mails_per_s']} mails/s")
    return found


def postfix_relay(size: Size) -> list[dict[str, Any]]:
    """The same mails, client and sink, with Postfix between them."""
    found = []
    for run in range(size.runs):
        with peers.sink() as sink, peers.postfix(relay_to=sink.port) as post:
            relayed(post.child, post.port, sink, size, seed=9000 + run, mails=size.warm)
            row = relayed(post.child, post.port, sink, size, seed=100 + run, mails=size.mails)
            found.append(row)
            size.say(f"  postfix {row['cpu_ms']:.2f} ms a mail, {row['mails_per_s']} mails/s")
    return found


def smtp_accept(size: Size) -> list[dict[str, Any]]:
    """Accepting alone, through SMTP: the workers are stopped, the server's processor time counts."""
    found = []
    for run in range(size.runs):
        with installation() as trial:
            child = started(trial)
            send(trial.smtp_port, size.warm, size, seed=9000 + run)()
            settle_down(child)
            workers = [pid for _, pid in trial.workers()]
            for pid in workers:
                os.kill(pid, signal.SIGSTOP)
            go = send(trial.smtp_port, size.mails, size, seed=100 + run)
            before = child.usage()
            facts = go()
            spent = child.usage().since(before)
            for pid in workers:
                os.kill(pid, signal.SIGCONT)
            found.append(
                {
                    "mails": size.mails,
                    "cpu_ms": spent / size.mails * 1000,
                    "per_s_core": round(size.mails / spent, 1),
                    "seconds": facts["seconds"],
                }
            )
            size.say(f"  {found[-1]['per_s_core']:.0f} mails/s a core")
    return found


def inside(what: str, config: Path, *options: str, mails: int) -> dict[str, Any]:
    """One run of `bench.inside` in a process of its own. Raises `Wrong`."""
    command = [sys.executable, "-m", "bench.inside", what, "--config", str(config), "--mails", str(mails), *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=REPOSITORY)
    if done.returncode:
        raise Wrong(f"bench.inside {what} ended with {done.returncode}")
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def durable_accept(size: Size, way: str) -> list[dict[str, Any]]:
    """Into the store from 50 concurrent submitters on one core."""
    found = []
    for _ in range(size.runs):
        with installation() as trial:
            found.append(inside("accept", trial.config, "--way", way, mails=size.mails * 10))
            size.say(f"  {way}: {found[-1]['per_s']:.0f} mails/s")
    return found


def judge_alone(size: Size, rule_count: int = 50) -> list[dict[str, Any]]:
    """Reading and judging, nothing stored, on one core."""
    found = []
    for _ in range(size.runs):
        with installation(rule_count=rule_count) as trial:
            found.append(inside("judge", trial.config, mails=size.mails))
            size.say(f"  {rule_count} rules: {found[-1]['per_s_core']:.0f} mails/s a core")
    return found


def with_stored(size: Size, stored: int) -> list[dict[str, Any]]:
    """End to end with so many mails in the store."""
    found = []
    with peers.sink() as sink, installation(sink.port) as trial:
        size.say(f"  filling a store with {stored} mails")
        inside("fill", trial.config, mails=stored)
        child = started(trial)
        relayed(child, trial.smtp_port, sink, size, seed=9000, mails=size.warm)
        for run in range(size.runs):
            found.append(relayed(child, trial.smtp_port, sink, size, seed=100 + run, mails=size.mails))
            size.say(f"  {stored} stored: {found[-1]['cpu_ms']:.2f} ms a mail")
    return found


def memory(size: Size) -> list[dict[str, Any]]:
    """Resident memory of the largest process, from warm to many mails later."""
    found = []
    with peers.sink() as sink, installation(sink.port) as trial:
        child = started(trial)
        steps, done = 5, 0
        for step in range(steps):
            mails = max(size.flat // steps, 1)
            relayed(child, trial.smtp_port, sink, size, seed=500 + step, mails=mails)
            done += mails
            named = {pid: role for role, pid in trial.workers()} | {child.pid: "server"}
            rss = {role: round(_rss(pid) / 2**20, 1) for pid, role in named.items()}
            found.append({"mails": done, "rss_mb": rss, "largest_mb": max(rss.values())})
            size.say(f"  after {done} mails: {rss}")
    return found


def _rss(pid: int) -> int:
    return int(Path("/proc", str(pid), "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def fsyncs(size: Size) -> list[dict[str, Any]]:
    """How often a second the disk makes 4 KB durable: the measure of everything durable."""
    found = []
    for _ in range(size.runs):
        with tempfile.TemporaryFile(dir=_disk()) as file:
            os.ftruncate(file.fileno(), 4 << 20)
            os.fsync(file.fileno())
            begin, rounds = time.perf_counter(), 0
            while time.perf_counter() - begin < 1.0:
                os.pwrite(file.fileno(), b"x" * 4096, rounds % 1024 * 4096)
                os.fdatasync(file.fileno())
                rounds += 1
            found.append({"per_s": round(rounds / (time.perf_counter() - begin), 1)})
    return found


def help_time(size: Size) -> list[dict[str, Any]]:
    """How long `postroom --help` takes."""
    found = []
    for _ in range(size.runs + 1):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-m", "postroom", "--help"], stdout=subprocess.DEVNULL, check=True)
        found.append({"seconds": round(time.perf_counter() - begin, 4)})
    return found[1:]  # the first reads the disk


def middle(runs: list[dict[str, Any]], key: str) -> float:
    """Median of one figure."""
    return round(float(median(run[key] for run in runs)), 4)


def ratio(many: Mapping[str, Any], few: Mapping[str, Any]) -> float:
    """How much larger one is than the other."""
    return round(float(many["value"]) / float(few["value"]), 4)
