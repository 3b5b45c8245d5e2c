"""Who may be claimed next.

Jobs stand in line by the order of acceptance. For judging, none overtakes another of its thread or of its sender, and
none begins while another is in somebody's hands. A suspect (its worker died, or overstayed) is claimed alone.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from postroom.model.mail import DestinationName, MailId
from postroom.model.work import Job, JobId, JobKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """What time it is, in two ways, and since which boot the second counts."""

    #: seconds since the epoch
    now: Callable[[], float]
    #: seconds that never jump
    monotonic: Callable[[], float]
    #: names this boot of the machine
    boot: str
    #: how long a claim lasts
    lease_seconds: float
    #: a judge or deliver job due further ahead than this counts as due
    horizon_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """One call of `claim`."""

    kind: JobKind
    limit: int
    worker: str
    destination: DestinationName


_COLUMNS = "j.id, m.id, j.generation, j.attempt + 1, j.created_at, j.strikes, j.tries, j.task"
_READY = "FROM jobs AS j INDEXED BY jobs_ready CROSS JOIN mails AS m ON m.seq = j.mail"
_WHERE = "WHERE j.state = 'ready' AND j.kind = :kind AND j.destination = :destination AND j.solo = :solo"
_LATE = "(e.due_at > 0 OR e.solo = 1) AND e.state = 'ready'"
_BEFORE = f"""j.thread, ~j.sender,
  (SELECT max(e.id) FROM jobs AS e INDEXED BY jobs_late_thread WHERE {_LATE} AND e.thread = j.thread AND e.id < j.id),
  (SELECT max(e.id) FROM jobs AS e INDEXED BY jobs_late_sender WHERE {_LATE} AND e.sender = j.sender AND e.id < j.id)
"""  # noqa: S608 - constants of this module
#: with keys, without; both are EXPLAINed by a test
CANDIDATES = {
    "judge": f"SELECT {_COLUMNS}, {_BEFORE} {_READY} {_WHERE} AND j.due_at > :low AND j.due_at <= :high ORDER BY j.due_at, j.id LIMIT :limit",
    "other": f"SELECT {_COLUMNS}, NULL, NULL, NULL, NULL {_READY} {_WHERE} AND j.due_at > :low AND j.due_at <= :high ORDER BY j.due_at, j.id LIMIT :limit",
}
_KEYS_IN_HAND = "SELECT thread, ~sender FROM jobs INDEXED BY jobs_claim WHERE claim IS NOT NULL AND kind = 'judge'"
_NONE = frozenset({None})


@dataclass(frozen=True, slots=True)
class _Row:
    """A candidate, and what it must not overtake."""

    job: Job
    #: claimed alone, or not at all
    solo: bool
    #: was put off
    late: bool
    #: its thread and its sender, these as negative numbers
    keys: frozenset[int]
    #: the last jobs before it, of its thread and of its sender, that were put off or are suspects
    after: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Line:
    """Candidates in order of acceptance, and the threads and senders of which a mail is in somebody's hands."""

    rows: Sequence[_Row]
    busy: frozenset[int]

    def first_suspect(self) -> Job | None:
        """The first job that must be claimed alone and may be now."""
        if not any(row.solo for row in self.rows):
            return None
        return next(iter(self._walk(1, lambda row: row.solo)), None)

    def batch(self, limit: int) -> tuple[Job, ...]:
        """Up to so many, at most half of them put off before unless there are too few others: neither starves the other.

        A single one, which finds out whether a destination is well again, is one that was never put off: one that fails
        whatever the destination does must not be asked again and again.
        """
        half = limit // 2
        jobs = self._walk(limit, lambda row: not row.solo, late=half)
        return jobs if len(jobs) == limit else self._walk(limit, lambda row: not row.solo, late=limit)

    def _walk(self, room: int, wanted: Callable[[_Row], bool], late: int = 0) -> tuple[Job, ...]:
        """Those that are wanted and have nobody before them who stays behind."""
        taken: dict[int, Job] = {}
        busy = set(self.busy)
        for row in self.rows:
            if len(taken) == room:
                break
            if wanted(row) and row.keys.isdisjoint(busy) and row.after <= taken.keys() and (not row.late or late):
                taken[row.job.id] = row.job
                late -= row.late
            else:
                busy |= row.keys
        return tuple(taken.values())


def free(tx: sqlite3.Connection, clocks: Clocks, want: Want) -> tuple[bool, tuple[Job, ...]]:
    """Jobs that may be claimed, and whether it is a single one that must be alone.

    Behind a long row of blocked jobs (one sender's storm, in other hands) no further than about a thousand are looked at.
    """
    now, busy = clocks.now(), _busy(tx, want)
    never, due, jumped = (-1.0, 0.0), (0.0, now), (now + clocks.horizon_seconds, float("inf"))
    aside = [*_candidates(tx, want, (-1.0, now), look=100, solo=True), *_candidates(tx, want, due, look=want.limit)]
    if want.kind != "clock":
        aside += _candidates(tx, want, jumped, look=100, solo=True)
        aside += _candidates(tx, want, jumped, look=want.limit)
    jobs: tuple[Job, ...] = ()
    for look in (want.limit, max(1024, 4 * want.limit)):
        fresh = list(_candidates(tx, want, never, look=look))
        # Nobody knows what is before those that come after the last one seen.
        seen = fresh[-1].job.id if len(fresh) == look else float("inf")
        rows = fresh + [row for row in aside if row.job.id < seen or not row.keys]
        line = _Line(sorted(rows, key=lambda row: row.job.id), busy)
        if suspect := line.first_suspect():
            return True, (suspect,)
        jobs = line.batch(want.limit)
        if len(jobs) == want.limit or len(fresh) < look:
            break
    return False, jobs


def being_judged(tx: sqlite3.Connection, thread: int | None, sender: int | None) -> bool:
    """Whether a mail of this thread or sender is in a judge's hands."""
    return not _in_hand(tx).isdisjoint({thread, None if sender is None else ~sender} - {None})


def _busy(tx: sqlite3.Connection, want: Want) -> frozenset[int]:
    return _in_hand(tx) if want.kind == "judge" else frozenset()


def _in_hand(tx: sqlite3.Connection) -> frozenset[int]:
    return frozenset(key for keys in tx.execute(_KEYS_IN_HAND) for key in keys) - _NONE


def _candidates(
    tx: sqlite3.Connection, want: Want, due: tuple[float, float], *, look: int, solo: bool = False
) -> Iterator[_Row]:
    """Ready jobs that became due in a window (above, up to); 0 is the due time of those never put off."""
    query = CANDIDATES["judge" if want.kind == "judge" else "other"]
    values = {
        "kind": want.kind,
        "destination": want.destination,
        "solo": solo,
        "low": due[0],
        "high": due[1],
        "limit": look,
    }
    for number, mail_id, generation, attempt, created_at, strikes, tries, task, *order in tx.execute(query, values):
        job = Job(
            id=JobId(number),
            kind=want.kind,
            mail_id=MailId(mail_id),
            generation=generation,
            destination=want.destination,
            attempt=attempt,
            created_at=created_at,
            strikes=strikes,
            tries=tries,
            task=task or "deliver",
        )
        yield _Row(job, solo, due[1] > 0.0 and not solo, frozenset(order[:2]) - _NONE, frozenset(order[2:]) - _NONE)
