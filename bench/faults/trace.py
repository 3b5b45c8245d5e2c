"""Watches the system calls of a running server: was everything on the disk when 250 was said?

Mails are sent one after another, so that the trace reads in order: the client's dot comes in, the write-ahead log is
written, a sync of it returns, 250 goes out. A 250 for which the log has writes that no later sync has covered is broken.
"""

import re
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.client import Session
from bench.faults import plants
from bench.mails import mail_set
from tools import peers
from tools.running import Child, wait_until
from tools.trial import REPOSITORY, Plan, Trial, smtp_destination

CALLS = "fsync,fdatasync,sync_file_range,write,pwrite64,pwritev,writev,sendto,sendmsg,recvfrom,recvmsg,read"
LINE = re.compile(r"^(\d+) +(\w+)\((.*)$")
RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)$")
#: the last word on a mail: a 250 that names an id of ours
SAID = re.compile(r'"250 2\.[05]\.0 Accepted')
LOG = re.compile(r"^\d+<[^>]*-wal>")


@dataclass(slots=True)
class Seen:
    """What the trace showed."""

    #: 250s after DATA
    answers: int = 0
    #: writes to the log, and syncs of it that returned 0
    writes: int = 0
    syncs: int = 0
    #: 250s that came too early, in words
    broken: list[str] = field(default_factory=list)


def judge(lines: list[str]) -> Seen:
    """Read a trace made with ``strace -f -y``. The order of lines is the order of events; a call counts when it returns."""
    seen = Seen()
    begun: dict[str, tuple[str, str]] = {}
    #: sync calls under way -> number of writes when they began: they cover those
    covers: dict[str, int] = {}
    synced = 0
    at_last_answer = 0
    for line in lines:
        if found := LINE.match(line):
            pid, call, rest = found.groups()
            if call in {"fsync", "fdatasync"} and LOG.match(rest):
                covers[pid] = seen.writes
            if call in {"sendto", "sendmsg", "write", "writev"} and SAID.search(rest):
                # the moment it is *begun* counts: the client may read it from here on
                seen.answers += 1
                if seen.writes == at_last_answer:
                    seen.broken.append(f"answer {seen.answers}: nothing was written to the log since the answer before")
                elif synced < seen.writes:
                    seen.broken.append(
                        f"answer {seen.answers}: {seen.writes - synced} writes to the log were not synced"
                    )
                at_last_answer = seen.writes
            if "<unfinished" in rest:
                begun[pid] = (call, rest)
                continue
        elif found := RESUMED.match(line):
            pid, call, end = found.groups()
            rest = begun.pop(pid, ("", ""))[1] + end
        else:
            continue
        if call in {"pwrite64", "pwritev", "write", "writev"} and LOG.match(rest):
            seen.writes += 1
        elif call in {"fsync", "fdatasync"} and pid in covers:
            covered = covers.pop(pid)
            if rest.rstrip().endswith("= 0"):
                seen.syncs += 1
                synced = max(synced, covered)
    return seen


def watch(*, mails: int = 20, plant: str = "") -> Seen:
    """Start a server under strace, send mails one by one, read the trace. Raises `peers.Missing`, `NotStarted`."""
    strace = peers.strace()
    cache = REPOSITORY / ".cache" / "faults"
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="postroom-trace-", dir=cache) as folder:
        # nobody listens at the destination: the workers then write little, and the trace is of accepting
        trial = Trial(Path(folder) / "house", Plan(destination=smtp_destination(9), delivery="probe_seconds = 600\n"))
        output = Path(folder) / "trace"
        env = plants.plant(Path(folder) / "planted", plant) if plant else {}
        try:
            child = trial.start(env=env, seconds=60)
            wait_until(lambda: len(trial.workers()) >= 2, 20)
            _send_traced(
                trial,
                [*strace, "-f", "-y", "-s", "40", "-e", f"trace={CALLS}", "-o", str(output), "-p", str(child.pid)],
                mails,
                Path(folder) / "strace.out",
            )
        finally:
            trial.stop()
        return judge(output.read_text(errors="replace").splitlines())


def _send_traced(trial: Trial, command: list[str], mails: int, log: Path) -> None:
    with Child(command, log=log) as tracer:
        tracer.wait_ready(lambda: "attached" in log.read_text(), 10, "strace")
        session = Session(trial.smtp_port)
        for mail in mail_set(mails, seed=3):
            answer = session.send(mail, "support@example.com")
            if not answer.startswith(b"250"):
                raise peers.Missing(f"a mail was not accepted under strace: {answer!r}")
            time.sleep(0.02)
        session.close()
