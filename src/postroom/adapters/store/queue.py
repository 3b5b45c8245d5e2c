"""Jobs: put, claimed with leases, settled by attempt, given back when a worker is gone.

    ready --claim--> claimed --Done--> done
      ^                 |------Again--> ready (later)
      |                 |------Park---> parked --unpark--> ready
      |                 `--lease over, or worker dead: ready again, `solo` from now on
      `----retry---- held (after a restore)            ready | held | parked --drop--> dropped --unpark--> ready

Who holds one job alone when it dies gives it a strike; three park it as ``poison``. To know who is guilty, a solo job is
handed only to a worker that holds nothing else, and that worker gets nothing more until it has settled it.

Leases are in monotonic seconds of one boot; a claim of another boot is over. Due times are wall-clock seconds, with 0
for at once: jobs that were never put off don't depend on the clock. One that is due further ahead than the horizon
counts as due: the clock has jumped back since. (Not the review clock, which may well be days ahead.)
"""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import groupby

from postroom.adapters.store.line import Clocks, Want, free
from postroom.adapters.store.sql import Insert, bump, id_list, short
from postroom.model.mail import DestinationName
from postroom.model.work import Again, Done, Job, JobKind, Lane, Outcome, Park

STRIKES = 3

IN_HAND = "SELECT j.id, j.solo FROM claims AS c CROSS JOIN jobs AS j INDEXED BY jobs_claim ON j.claim = c.id WHERE c.worker = ?"
_PUT = """
INSERT INTO jobs (mail, kind, destination, generation, due_at, thread, sender, created_at, task) VALUES"""
PUT = Insert(head=_PUT, width=9, tail="ON CONFLICT (mail, kind, destination, generation) DO NOTHING")
_BOUNCED = """
SELECT j.id, j.error FROM json_each(?) AS wanted CROSS JOIN jobs AS j ON j.id = wanted.value
WHERE j.why = 'bounced' AND j.state IN ('ready', 'claimed')
"""
_SUPERSEDED = """
SELECT j.id FROM jobs AS j WHERE j.id IN (SELECT value FROM json_each(?)) AND (
  EXISTS (SELECT 1 FROM decisions AS d WHERE d.mail = j.mail AND d.generation > j.generation)
  OR EXISTS (SELECT 1 FROM jobs AS o WHERE o.mail = j.mail AND o.kind IN ('judge', 'deliver') AND o.generation > j.generation))
"""


def claim(tx: sqlite3.Connection, clocks: Clocks, want: Want) -> tuple[Job, ...]:
    """Claim due jobs for a worker; in one batch in order of acceptance."""
    lapse(tx, clocks)
    in_hand = tx.execute(IN_HAND, (want.worker,)).fetchall()
    if any(solo for _, solo in in_hand) or want.limit < 1:
        return ()
    suspect, jobs = free(tx, clocks, want)
    if suspect and in_hand:
        # Others of its own batch would share the blame: it first has to empty its hands.
        return ()
    _take(tx, clocks, want, jobs)
    if want.kind == "clock" and jobs:
        return _without_superseded(tx, clocks, jobs)
    return jobs


def settle(tx: sqlite3.Connection, clocks: Clocks, outcomes: Sequence[Outcome]) -> None:
    """Write down outcomes; those of a claim that is over change nothing.

    But a `Done` of a worker that overstayed its lease still counts while nobody else has claimed the job: the effect
    has happened, and doing it again would be a duplicate.
    """
    now = clocks.now()
    by_kind: dict[JobKind, list[Done]] = {}
    # The first word on an attempt counts.
    for outcome in {(one.job.id, one.job.attempt): one for one in reversed(outcomes)}.values():
        job = outcome.job
        match outcome:
            case Done():
                by_kind.setdefault(job.kind, []).append(outcome)
            case Again():
                tx.execute(
                    "UPDATE jobs SET state = 'ready', claim = NULL, solo = 0, due_at = ?, tries = tries + ?,"
                    " error = CASE why WHEN 'bounced' THEN error ELSE ? END"  # what the bounce said is not talked over
                    " WHERE id = ? AND attempt = ? AND state = 'claimed'",
                    (max(outcome.due_at, 0.0), int(outcome.counts), short(outcome.error), job.id, job.attempt),
                )
            case Park():
                tx.execute(
                    "UPDATE jobs SET state = 'parked', claim = NULL, solo = 0, settled_at = ?, error = ?, why = ?"
                    " WHERE id = ? AND attempt = ? AND state = 'claimed'",
                    (now, short(outcome.error), outcome.why, job.id, job.attempt),
                )
    for kind, done in by_kind.items():
        bounced = _bounced(tx, done) if kind == "deliver" else {}
        for one in done:
            if one.job.id in bounced:
                settle(tx, clocks, [Park(job=one.job, error=bounced[one.job.id], why="bounced")])
        rows = [(now, short(one.receipt), one.job.id, one.job.attempt) for one in done if one.job.id not in bounced]
        cursor = tx.executemany(
            "UPDATE jobs SET state = 'done', claim = NULL, solo = 0, settled_at = ?, receipt = ?, error = '', why = ''"
            " WHERE id = ? AND attempt = ? AND (state = 'claimed' OR (state = 'ready' AND solo = 1))",
            rows,
        )
        bump(tx, f"done.{kind}", cursor.rowcount)


def _bounced(tx: sqlite3.Connection, done: Sequence[Done]) -> dict[int, str]:
    """Which of these deliveries came back before they were settled, and what was said of them."""
    ids = id_list(one.job.id for one in done)
    return dict(tx.execute(_BOUNCED, (ids,)).fetchall())


def finish(tx: sqlite3.Connection, kind: JobKind, ids: Sequence[int], now: float, receipt: str) -> None:
    """Claimed jobs that are known to be so are done."""
    tx.execute(
        "UPDATE jobs SET state = 'done', claim = NULL, solo = 0, settled_at = ?, receipt = ?, error = '', why = ''"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (now, receipt, id_list(ids)),
    )
    bump(tx, f"done.{kind}", len(ids))


def renew(tx: sqlite3.Connection, clocks: Clocks, worker: str) -> None:
    """A worker is alive and still at it: its leases begin anew."""
    tx.execute(
        "UPDATE claims SET lease_until = ? WHERE worker = ? AND boot = ?",
        (clocks.monotonic() + clocks.lease_seconds, worker, clocks.boot),
    )


def release(tx: sqlite3.Connection, clocks: Clocks, worker: str) -> int:
    """Give back everything that a dead worker held."""
    jobs = [row[0] for row in tx.execute(IN_HAND, (worker,))]
    _give_back(tx, clocks, jobs, guilty=len(jobs) == 1, error="the worker that held it died")
    tx.execute("DELETE FROM claims WHERE worker = ?", (worker,))
    return len(jobs)


def claimants(tx: sqlite3.Connection) -> tuple[str, ...]:
    """Workers that hold claims."""
    rows = tx.execute(
        "SELECT DISTINCT worker FROM claims WHERE EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_claim WHERE claim = claims.id)"
        " ORDER BY worker"
    )
    return tuple(row[0] for row in rows)


def lapse(tx: sqlite3.Connection, clocks: Clocks) -> None:
    """Give back claims whose lease is over, or that are of another boot. After a reboot no mail is to blame: no strikes."""
    over = tx.execute(
        "SELECT id, worker, boot FROM claims WHERE lease_until <= ? OR boot <> ?", (clocks.monotonic(), clocks.boot)
    ).fetchall()
    held = {worker: len(tx.execute(IN_HAND, (worker,)).fetchall()) for _, worker, _ in over}
    for number, worker, boot in over:
        jobs = [row[0] for row in tx.execute("SELECT id FROM jobs INDEXED BY jobs_claim WHERE claim = ?", (number,))]
        guilty = boot == clocks.boot and held[worker] == 1
        _give_back(tx, clocks, jobs, guilty=guilty, error="its worker overstayed the lease, or the machine restarted")
        tx.execute("DELETE FROM claims WHERE id = ?", (number,))


def destinations_due(tx: sqlite3.Connection, clocks: Clocks) -> tuple[DestinationName, ...]:
    """One look at the index a destination, however many deliveries wait; and what lapsed claims hold."""
    now = clocks.now()
    rows = tx.execute(DESTINATIONS_DUE, {"now": now, "ahead": now + clocks.horizon_seconds})
    due = {row[0] for row in rows}
    over = (clocks.monotonic(), clocks.boot)
    due |= {row[0] for row in tx.execute(_DESTINATIONS_LAPSED, over)}
    return tuple(DestinationName(name) for name in sorted(due))


_DUE = """EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_ready WHERE state = 'ready' AND kind = 'deliver' AND destination = name
  AND solo = {solo} AND (due_at <= :now OR due_at > :ahead))"""
DESTINATIONS_DUE = f"""
WITH RECURSIVE known (name) AS (
  SELECT min(destination) FROM jobs INDEXED BY jobs_ready WHERE state = 'ready' AND kind = 'deliver'
  UNION ALL
  SELECT (SELECT min(destination) FROM jobs INDEXED BY jobs_ready WHERE state = 'ready' AND kind = 'deliver' AND destination > name)
  FROM known WHERE name IS NOT NULL
)
SELECT name FROM known WHERE name IS NOT NULL AND ({_DUE.format(solo=0)} OR {_DUE.format(solo=1)})
"""  # noqa: S608 - constants of this module
_DESTINATIONS_LAPSED = """
SELECT DISTINCT j.destination FROM claims AS c CROSS JOIN jobs AS j INDEXED BY jobs_claim ON j.claim = c.id
WHERE (c.lease_until <= ? OR c.boot <> ?) AND j.kind = 'deliver'
"""


def lanes(tx: sqlite3.Connection) -> tuple[Lane, ...]:
    """The lanes that have failed lately."""
    rows = tx.execute("SELECT destination, down, probe_at, failures, error FROM lanes ORDER BY destination")
    return tuple(
        Lane(destination=DestinationName(name), down=bool(down), probe_at=probe_at, failures=failures, error=error)
        for name, down, probe_at, failures, error in rows
    )


def set_lane(tx: sqlite3.Connection, lane: Lane) -> None:
    """Write down a lane; one that is well is not kept."""
    if not lane.down and not lane.failures:
        tx.execute("DELETE FROM lanes WHERE destination = ?", (lane.destination,))
        return
    tx.execute(
        "INSERT OR REPLACE INTO lanes (destination, down, probe_at, failures, error) VALUES (?, ?, ?, ?, ?)",
        (lane.destination, int(lane.down), lane.probe_at, lane.failures, short(lane.error)),
    )


def parked_since(tx: sqlite3.Connection, when: float) -> int:
    """How many were parked as bug or poison since then, and still are."""
    row = tx.execute(
        "SELECT count(*) FROM jobs INDEXED BY jobs_aside WHERE state IN ('held', 'parked', 'dropped')"
        " AND state = 'parked' AND settled_at >= ? AND why IN ('bug', 'poison')",
        (when,),
    ).fetchone()
    return int(row[0])


def _take(tx: sqlite3.Connection, clocks: Clocks, want: Want, jobs: Sequence[Job]) -> None:
    if not jobs:
        return
    # Claims whose jobs are all settled are cleared away here, not in settling: there it would cost every batch.
    tx.execute("DELETE FROM claims WHERE NOT EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_claim WHERE claim = claims.id)")
    lease_until = clocks.monotonic() + clocks.lease_seconds
    number = tx.execute(
        "INSERT INTO claims (worker, boot, lease_until) VALUES (?, ?, ?)", (want.worker, clocks.boot, lease_until)
    ).lastrowid
    tx.execute(
        "UPDATE jobs SET state = 'claimed', attempt = attempt + 1, claim = ? WHERE id IN (SELECT value FROM json_each(?))",
        (number, id_list(job.id for job in jobs)),
    )


def _without_superseded(tx: sqlite3.Connection, clocks: Clocks, jobs: Sequence[Job]) -> tuple[Job, ...]:
    """The clock of a decision that another has replaced has nothing left to do."""
    over = {row[0] for row in tx.execute(_SUPERSEDED, (id_list(job.id for job in jobs),))}
    if over:
        finish(tx, "clock", sorted(over), clocks.now(), "superseded by a later decision")
    return tuple(job for job in jobs if job.id not in over)


def _give_back(tx: sqlite3.Connection, clocks: Clocks, jobs: Sequence[int], *, guilty: bool, error: str) -> None:
    if not jobs:
        return
    ids = id_list(jobs)
    tx.execute(
        "UPDATE jobs SET state = 'ready', claim = NULL, solo = 1, due_at = 0, strikes = strikes + ?, error = ?"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (int(guilty), error, ids),
    )
    if guilty:
        tx.execute(
            "UPDATE jobs SET state = 'parked', solo = 0, settled_at = ?, why = 'poison' WHERE id IN (SELECT value FROM json_each(?)) AND strikes >= ?",
            (clocks.now(), ids, STRIKES),
        )


def by_kind(jobs: Sequence[Job]) -> Iterator[tuple[JobKind, list[Job]]]:
    """Jobs of each kind."""
    for kind, some in groupby(sorted(jobs, key=lambda job: job.kind), key=lambda job: job.kind):
        yield kind, list(some)
