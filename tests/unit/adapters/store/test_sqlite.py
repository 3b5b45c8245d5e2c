"""What is true of the store on SQLite beyond what is true of every store: files, errors, plans, versions."""

import os
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from importlib import resources
from pathlib import Path
from random import Random

import pytest

from postroom.adapters.store import line, queue, schema
from postroom.adapters.store.backup import restore
from postroom.adapters.store.connect import translate
from postroom.adapters.store.hooks import SqliteHooks
from postroom.adapters.store.notices import SqliteNotices
from postroom.adapters.store.replies import SqliteReplies
from postroom.adapters.store.sqlite import SqliteStore
from postroom.model.errors import ConfigError, PostroomError, TryLater
from postroom.model.hooks import HookName, NewCall
from postroom.model.mail import DestinationName, RouteName
from postroom.model.people import ALL, Deed
from postroom.model.work import Done
from postroom.ports import JobFilter
from postroom.testing.replies_contract import a_reply
from postroom.testing.values import a_delivery, a_judgement, a_mail, a_parcel


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "postroom.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(path)
    yield opened
    opened.close()


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes that no compression makes smaller."""
    return Random(seed).randbytes(size)


# Files


def test_the_files_are_ours_alone(store: SqliteStore, path: Path) -> None:
    store.accept([a_mail(1)]).result()
    modes = {entry.name: entry.stat().st_mode & 0o777 for entry in path.parent.iterdir()}
    assert modes == {"postroom.db": 0o600, "postroom.db-wal": 0o600, "postroom.db-shm": 0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_raw_mail_is_compressed(store: SqliteStore, path: Path) -> None:
    store.accept([a_mail(1, raw=b"very long mail " * 100_000)]).result()
    assert store.census()["bytes"] < 800_000


def test_a_network_filesystem_is_refused(path: Path) -> None:
    with pytest.raises(ConfigError, match="network filesystem"):
        SqliteStore.open(path, mounts="x / nfs rw 0 0\n")


def test_a_directory_and_a_foreign_database_are_refused(path: Path) -> None:
    with pytest.raises(ConfigError, match="is a directory"):
        SqliteStore.open(path.parent.parent)
    foreign = path.parent.parent / "foreign.db"
    sqlite3.connect(foreign).executescript("CREATE TABLE things (x)").connection.close()
    with pytest.raises(ConfigError, match="not made by postroom"):
        SqliteStore.open(foreign)


# Versions


def test_a_newer_version_is_refused(path: Path) -> None:
    SqliteStore.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(ConfigError, match="version 999"):
        SqliteStore.open(path)


def test_steps_are_numbered_without_gaps() -> None:
    assert list(schema.steps()) == list(range(1, schema.newest() + 1))
    files = resources.files("postroom.adapters.store").joinpath("migrations").iterdir()
    assert sum(one.name.endswith(".sql") for one in files) == schema.newest(), "two steps have one number"


def test_a_step_that_fails_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        schema, "steps", lambda: {1: "CREATE TABLE one (x);", 2: "CREATE TABLE two (x);\nCREATE nonsense;"}
    )
    connection = sqlite3.connect(path.parent.parent / "x.db", isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(connection)
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    assert schema.version(connection) == 0
    connection.close()


def test_what_waited_in_review_before_verdicts_were_taken_is_asked_about(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But neither what is in review in name only (shadow: no clock), nor what its clock has sent on."""
    now = schema.steps()
    monkeypatch.setattr(schema, "steps", lambda: {number: now[number] for number in (1, 2)})
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        schema.migrate(connection)
        for mail, route, clock in (
            (1, "review", "ready"),
            (2, "review", None),
            (3, "appeals", "done"),
            (4, "review", "done"),
        ):
            connection.execute(
                "INSERT INTO mails (seq, id, received_at, brand, head) VALUES (?, ?, 5.0, 'b', x'')", (mail, f"m{mail}")
            )
            connection.execute("INSERT INTO decisions VALUES (?, 1, 7.0, x'')", (mail,))
            connection.execute(
                "INSERT INTO summaries VALUES (?, 1, ?, 'appeals', 0.4, 0, 0, 's', 'f', '', '')", (mail, route)
            )
            if clock:
                connection.execute(
                    "INSERT INTO jobs (mail, kind, destination, generation, state, due_at, created_at) VALUES (?, 'clock', '', 1, ?, 9.0, 7.0)",
                    (mail, clock),
                )
    monkeypatch.undo()
    store = SqliteStore.open(path)
    (one,) = store.waiting()
    assert (one.mail_id, one.asked, one.since, one.due_at) == ("m1", "review", 7.0, 9.0)
    store.close()


def test_many_may_open_a_new_store_at_once(path: Path) -> None:
    program = "import sys, pathlib\nfrom postroom.adapters.store.sqlite import SqliteStore\nSqliteStore.open(pathlib.Path(sys.argv[1])).close()"
    starting = [subprocess.Popen([sys.executable, "-c", program, str(path)]) for _ in range(6)]
    assert [process.wait(timeout=60) for process in starting] == [0] * 6


def test_another_process_may_make_the_folder_meanwhile(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = Path.mkdir

    def late(folder: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        really(folder, mode, parents=True, exist_ok=True)
        really(folder, mode, parents=parents, exist_ok=exist_ok)

    monkeypatch.setattr(Path, "mkdir", late)
    SqliteStore.open(path).close()
    assert path.is_file()


# Durability


def test_commits_wait_for_the_disk(store: SqliteStore) -> None:
    """The pragma that carries the first promise; the order of system calls is watched elsewhere."""
    future = store._writer.submit(lambda tx, items: [tx.execute("PRAGMA synchronous").fetchone()[0]], None)
    assert future.result() == 2
    future = store._writer.submit(lambda tx, items: [tx.execute("PRAGMA journal_mode").fetchone()[0]], None)
    assert future.result() == "wal"


def test_a_future_is_done_only_after_the_commit(store: SqliteStore, path: Path) -> None:
    """Seen from outside at the very moment it completes, the mail is there."""
    seen: list[int] = []
    told, go = threading.Event(), threading.Event()
    other = SqliteStore.open(path)

    def look(_: "Future[object]") -> None:
        seen.append(len(other.read([a_mail(1).id])))
        told.set()

    store._writer.submit(lambda tx, items: [go.wait(10)], None)
    store.accept([a_mail(1)]).add_done_callback(look)
    go.set()
    assert told.wait(10)
    other.close()
    assert seen == [1]


def test_a_cancelled_request_is_not_begun(store: SqliteStore) -> None:
    go = threading.Event()
    blocked = store._writer.submit(lambda tx, items: [go.wait(10)], None)
    while not blocked.running():
        os.sched_yield()
    second = store.accept([a_mail(2)])
    third = store.accept([a_mail(3)])
    assert second.cancel()
    go.set()
    third.result()
    assert store.newest(5) == (a_mail(3).id,)


def test_it_refuses_to_be_used_after_a_fork(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(PostroomError, match="fork"):
        store.accept([a_mail(1)])


# Trouble


def test_a_full_store_says_try_later_and_takes_mail_again_when_there_is_room(path: Path) -> None:
    SqliteStore.open(path).close()
    small = SqliteStore.open(path, max_bytes=path.stat().st_size + 400_000)
    small.accept([a_mail(1)]).result()
    with pytest.raises(TryLater, match="full"):
        small.accept([a_mail(2, raw=noise(800_000))]).result()
    small.accept([a_mail(3)]).result()
    assert small.read([a_mail(2).id]) == ()
    outcomes = [small.accept([a_mail(10 + number, raw=noise(150_000, number))]) for number in range(4)]
    assert {type(one.exception()) for one in outcomes} == {type(None), TryLater}
    assert len(small.claim("judge", 99, "w")) == 2 + sum(one.exception() is None for one in outcomes)
    small.close()
    large = SqliteStore.open(path)
    large.accept([a_mail(2, raw=noise(800_000))]).result()
    assert large.read([a_mail(2).id])[0].raw == noise(800_000)
    large.close()


def test_a_write_that_the_system_refuses_says_try_later(path: Path) -> None:
    """A limit of the file size stands for a full disk: the system call itself fails, in the log as in the file."""
    store = SqliteStore.open(path)
    store.accept([a_mail(1)]).result()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, hard))
    try:
        for _ in range(3):
            with pytest.raises(TryLater):
                store.accept([a_mail(2, raw=noise(1_000_000))]).result()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    store.accept([a_mail(2, raw=noise(1_000_000))]).result()
    assert [mail.raw for mail in store.read([a_mail(1).id, a_mail(2).id])] == [a_mail(1).raw, noise(1_000_000)]
    store.close()


def test_a_lock_held_by_another_process_says_try_later_and_then_passes(path: Path) -> None:
    store = SqliteStore.open(path, busy_seconds=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TryLater, match="locked"):
        store.accept([a_mail(1)]).result()
    assert store.newest(1) == ()
    other.execute("ROLLBACK")
    other.close()
    store.accept([a_mail(1)]).result()
    store.close()


def test_a_file_that_was_taken_away_takes_no_mail(store: SqliteStore, path: Path) -> None:
    store.accept([a_mail(1)]).result()
    path.rename(path.with_name("elsewhere.db"))
    with pytest.raises(TryLater, match="moved or deleted"):
        store.accept([a_mail(2)]).result()
    with pytest.raises(TryLater, match="moved or deleted"):
        store.census()
    assert not store.replaced, "it may come back"
    with pytest.raises(TryLater, match=r"and its log postroom\.db-wal is still there"):
        SqliteStore.open(path)
    assert not path.exists(), "another process makes none in its place"
    path.with_name("elsewhere.db").rename(path)
    store.accept([a_mail(2)]).result()
    assert store.census()["arrivals"] == 2


def test_a_file_in_whose_place_another_was_put_takes_no_mail_ever_again(store: SqliteStore, path: Path) -> None:
    SqliteStore.open(path.with_name("restored.db")).close()
    assert not store.replaced
    path.with_name("restored.db").replace(path)
    with pytest.raises(TryLater, match="another file has taken its place"):
        store.accept([a_mail(1)]).result()
    with pytest.raises(TryLater, match="another file has taken its place"):
        store.census()
    assert store.replaced
    with pytest.raises(TryLater, match="another file has taken its place"):
        store.newest(1)  # no connection is open for reading yet: one would open the other file
    assert [left.name for left in store.set_log_aside()] == ["postroom.db-wal.left", "postroom.db-shm.left"]
    assert store.set_log_aside() == ()


def test_a_damaged_file_is_said_to_be_damaged(path: Path) -> None:
    store = SqliteStore.open(path)
    store.accept([a_mail(number, raw=noise(5000, number)) for number in range(100)]).result()
    store.close()
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = b"\xff" * (len(damaged) - 4096)
    path.write_bytes(damaged)
    with pytest.raises(PostroomError, match="damaged") as caught:
        _read_all(path)
    assert not isinstance(caught.value, TryLater)


def _read_all(path: Path) -> None:
    with closing(SqliteStore.open(path)) as store:
        store.read([a_mail(number).id for number in range(100)])


def test_bytes_of_a_mail_that_rotted_are_noticed(store: SqliteStore) -> None:
    store.accept([a_mail(1, raw=noise(3000))]).result()
    store._writer.submit(
        lambda tx, items: [
            tx.execute(
                "UPDATE raws SET body = CAST(substr(body, 1, 99) || x'00' || substr(body, 101) AS BLOB)"
            ).rowcount
        ],
        None,
    ).result()
    with pytest.raises(PostroomError, match="damaged"):
        store.read([a_mail(1).id])


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_BUSY, TryLater),
        (sqlite3.SQLITE_FULL, TryLater),
        (sqlite3.SQLITE_IOERR | (4 << 8), TryLater),
        (sqlite3.SQLITE_CANTOPEN, TryLater),
        (sqlite3.SQLITE_READONLY | (4 << 8), TryLater),
        (sqlite3.SQLITE_CORRUPT, PostroomError),
        (sqlite3.SQLITE_NOTADB, PostroomError),
        (sqlite3.SQLITE_CONSTRAINT, sqlite3.OperationalError),
    ],
)
def test_errors_of_the_driver_are_translated(code: int, kind: type[Exception]) -> None:
    error = sqlite3.OperationalError("it")
    error.sqlite_errorcode = code
    assert type(translate(error)) is kind


# Plans


@pytest.mark.parametrize("which", ["judge", "other"])
def test_claiming_uses_its_index_and_sorts_nothing(store: SqliteStore, which: str) -> None:
    plan = _plan(store, line.CANDIDATES[which])
    assert (
        "SEARCH j USING INDEX jobs_ready (state=? AND kind=? AND destination=? AND solo=? AND due_at>? AND due_at<?)"
        in plan
    )
    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan
    if which == "judge":
        assert "SEARCH e USING INDEX jobs_late_thread (thread=? AND id<?)" in plan
        assert "SEARCH e USING INDEX jobs_late_sender (sender=? AND id<?)" in plan


def test_asking_for_due_destinations_reads_no_table(store: SqliteStore) -> None:
    plan = _plan(store, queue.DESTINATIONS_DUE)
    assert "SCAN jobs" not in plan
    assert "SEARCH jobs USING INDEX" not in plan


def test_examples_are_read_in_the_order_of_an_index(store: SqliteStore) -> None:
    plan = _plan(store, "SELECT body FROM examples WHERE (at, id) > (1.0, 'x') ORDER BY at, id LIMIT 9")
    assert "USING INDEX examples_order" in plan
    assert "TEMP B-TREE" not in plan


def _plan(store: SqliteStore, query: str) -> str:
    values = {"kind": "judge", "destination": "", "solo": 0, "low": 0, "high": 9, "limit": 9, "now": 1, "ahead": 2}
    with store._readers.lend() as tx:
        return "\n".join(row[3] for row in tx.execute(f"EXPLAIN QUERY PLAN {query}", values))


# Backup


def test_a_restored_backup_waits_for_a_person(store: SqliteStore, path: Path) -> None:
    store.accept([a_mail(number) for number in range(6)]).result()
    jobs = store.claim("judge", 4, "w")
    SqliteNotices(store.units).watch({"received": (RouteName("appeals"),)}, 0.0)
    store.record([a_judgement(job, a_delivery(job.mail_id)) for job in jobs[:3]])
    assert len(SqliteNotices(store.units).take(8e9, 1, lease=1.0)) == 1
    (first, *_) = store.claim("deliver", 2, "w", destination=DestinationName("desk"))
    store.settle([Done(job=first)])
    answer = a_reply(1, a_mail(0).id)
    SqliteReplies(store.units).put(answer, Deed(at=1.0, by="ada", what="answered"), after="")
    hooks = SqliteHooks(store.units)
    hooks.set_up([HookName("crm")])
    call = NewCall(hook=HookName("crm"), event="routed", mail_id=a_mail(0).id, about=1, at=1.8e9)
    hooks.spread((), [call], 1.8e9)
    told: list[tuple[int, int]] = []
    saved, again = path.with_name("saved.db"), path.with_name("again.db")
    store.backup(saved, lambda done, total: told.append((done, total)))
    store.accept([a_mail(7)]).result()

    assert told[-1][0] == told[-1][1] > 0
    assert saved.stat().st_mode & 0o777 == 0o600
    assert restore(saved, again) == 5
    restored = SqliteStore.open(again)
    assert restored.claim("judge", 9, "w") == ()
    assert restored.destinations_due() == ()
    assert SqliteNotices(restored.units).take(9e9, 9, lease=1.0) == (), "who was told before is not told again"
    assert "backup" in SqliteNotices(restored.units).log(ALL)[0].said
    assert SqliteReplies(restored.units).take(2e9, lease=1.0, limit=9) == ()
    assert [one.id for one in SqliteReplies(restored.units).aside()] == [answer.id]
    hooks = SqliteHooks(restored.units)
    assert hooks.take(HookName("crm"), 2e9, lease=1.0, limit=9) == ()
    (left,) = hooks.calls(state="given-up")
    assert "backup" in left.attempts[0].said
    assert hooks.replay([left.id], Deed(at=1.8e9, by="ada", what="hooks-replayed")) == 1
    assert len(restored.read([a_mail(number).id for number in range(8)])) == 6
    assert restored.census()["jobs"]["deliver"] == {
        "ready": 0,
        "claimed": 0,
        "held": 2,
        "done": 1,
        "parked": 0,
        "dropped": 0,
    }
    assert restored.retry(JobFilter(states=("held",), kinds=("judge",))) == 3
    assert len(restored.claim("judge", 9, "w")) == 3
    assert restored.retry(JobFilter(states=("held",))) == 2
    restored.close()
    assert sorted(entry.name for entry in path.parent.iterdir() if "again" in entry.name or "saved" in entry.name) == [
        "again.db",
        "saved.db",
    ]


@pytest.mark.parametrize("left", ["-wal", "-shm", "-journal"])
def test_nothing_is_restored_beside_what_another_store_left(store: SqliteStore, path: Path, left: str) -> None:
    """SQLite would play the log of the old store into the new one."""
    saved, again = path.with_name("saved.db"), path.with_name("again.db")
    store.backup(saved)
    path.with_name(f"again.db{left}").touch()
    with pytest.raises(ConfigError, match=f"again.db{left}"):
        restore(saved, again)
    assert not again.exists()


def test_a_backup_of_a_busy_store_is_of_one_moment(store: SqliteStore, path: Path) -> None:
    store.accept([a_mail(number, raw=noise(20_000, number)) for number in range(400)]).result()
    more = iter(range(1000, 2000))
    saved = path.with_name("saved.db")

    def meanwhile(_: int, __: int) -> None:
        store.accept([a_mail(next(more))]).result()

    store.backup(saved, meanwhile)
    assert store.census()["arrivals"] > 400
    assert restore(saved, path.with_name("again.db")) == 400


def test_restoring_refuses_what_it_cannot_trust(store: SqliteStore, path: Path) -> None:
    store.accept([a_mail(number, raw=noise(5000, number)) for number in range(50)]).result()
    saved = path.with_name("saved.db")
    store.backup(saved)
    with pytest.raises(ConfigError, match="already"):
        restore(saved, path)
    with pytest.raises(ConfigError, match="no backup"):
        restore(path.with_name("none.db"), path.with_name("again.db"))
    damaged = bytearray(saved.read_bytes())
    damaged[5 * 4096 : 9 * 4096] = noise(4 * 4096)
    saved.write_bytes(damaged)
    with pytest.raises(PostroomError, match=r"the backup .*saved.db is damaged"):
        restore(saved, path.with_name("again.db"))
    saved.write_bytes(b"hello" * 1000)
    with pytest.raises(ConfigError, match=r"saved.db is no backup of postroom"):
        restore(saved, path.with_name("again.db"))
    assert not path.with_name("again.db").exists()


# For people


def test_the_way_of_a_mail_is_told_in_order(store: SqliteStore) -> None:
    (mail,) = store.accept([a_mail(1, at=1000.0)]).result()
    (job,) = store.claim("judge", 1, "w")
    store.record([a_judgement(job, a_delivery(mail.id), decided_at=1001.0)])
    store.drop(JobFilter(destination="desk"), "spam after all")
    assert [(event.what, event.detail) for event in store.events(mail.id)] == [
        ("accepted", ""), ("decided", "generation 1"), ("judge done", ""), ("deliver dropped", "desk spam after all"),
        ("drop", "desk was ready: spam after all"),
    ]  # fmt: skip
    assert store.events(a_mail(2).id) == ()


def test_mails_are_listed_by_route_and_found_by_the_start_or_end_of_their_id(store: SqliteStore) -> None:
    store.accept([a_mail(number) for number in range(4)]).result()
    jobs = store.claim("judge", 3, "w")
    store.record(
        [a_judgement(job, route=route) for job, route in zip(jobs, ("appeals", "review", "appeals"), strict=True)]
    )
    assert [row.id for row in store.mails()] == [a_mail(number).id for number in (3, 2, 1, 0)]
    assert [row.id for row in store.mails(route="appeals")] == [a_mail(2).id, a_mail(0).id]
    assert [row.id for row in store.mails(route="appeals", before=a_mail(2).id)] == [a_mail(0).id]
    assert (store.mails(1)[0].route, store.mails(1)[0].subject) == ("", "")
    assert store.find("01mark") == tuple(a_mail(number).id for number in range(4))
    assert store.find(a_mail(2).id) == (a_mail(2).id,)
    assert store.find(a_mail(2).id[-4:]) == (a_mail(2).id,)
    assert store.find(a_mail(2).id[-3:]) == ()
    assert store.find("ZZZZ") == ()


@pytest.mark.parametrize("changed", [False, True])
def test_what_an_inbox_holds_is_what_was_delivered(store: SqliteStore, changed: bool) -> None:
    (mail,) = store.accept([a_mail(1)]).result()
    stamped = b"X-Postroom-Id: 1\r\n" + (mail.raw.replace(b"Please", b"please") if changed else mail.raw)
    store.file(a_parcel(mail, stamped=stamped)).result()
    assert store.content(mail.id) == store.content(mail.id, "desk") == stamped
    assert store.content(mail.id, "other") is None


def test_fingerprints_are_forgotten_when_they_can_match_nothing(path: Path) -> None:
    now = [1_800_000_000.0]
    store = SqliteStore.open(path, clock=lambda: now[0])
    store.accept([a_mail(number, at=now[0]) for number in range(1500)]).result()
    now[0] += 11 * 86400
    for number in range(2000, 2004):
        store.accept([a_mail(number, at=now[0])]).result()
    with store._readers.lend() as tx:
        assert tx.execute("SELECT count(*) FROM prints").fetchone()[0] == 4
    store.close()


def test_targets_and_notices_of_before_are_carried_over(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail at two desks gets the second desk's target; a notice that a dead process had taken is not told after years."""
    now = schema.steps()
    (step,) = [number for number, script in now.items() if "answer_sizes" in script]
    monkeypatch.setattr(schema, "steps", lambda: {number: script for number, script in now.items() if number < step})
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        schema.migrate(connection)
        connection.execute("INSERT INTO target_routes (route) VALUES ('appeals'), ('refunds')")
        for mail, copy in ((1, "refunds"), (2, ""), (3, "refunds")):
            connection.execute(
                "INSERT INTO mails (seq, id, received_at, brand, head) VALUES (?, ?, 5.0, 'b', x'')", (mail, f"m{mail}")
            )
            connection.execute(
                "INSERT INTO decisions (mail, generation, decided_at, body) VALUES (?, 1, 7.0, x'')", (mail,)
            )
            connection.execute(
                "INSERT INTO summaries (mail, generation, route, decided, confidence, urgent, unconfirmed, subject, from_addr, language, kind, brand, copy)"
                " VALUES (?, 1, 'appeals', 'appeals', 0.4, 0, 0, 's', 'f', '', '', 'b', ?)",
                (mail, copy),
            )
        connection.execute("UPDATE targets SET due = 9.0, rule = 'v', stopped_at = CASE mail WHEN 3 THEN 8.0 END")
        connection.execute(
            "INSERT INTO notices (kind, mail, at, due_at, state) VALUES ('received', 1, 5.0, 5.0, 'taken')"
        )
        connection.execute("INSERT INTO answers (key, digest, at, status, body) VALUES (x'01', x'', 5.0, 200, x'')")
    monkeypatch.undo()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        schema.migrate(connection)
        found = connection.execute(
            "SELECT mail, route, rule, due, stopped_at FROM targets ORDER BY mail, route"
        ).fetchall()
        assert found == [
            (1, "appeals", "v", 9.0, None),
            (1, "refunds", "", None, None),
            (2, "appeals", "v", 9.0, None),
            (3, "appeals", "v", 9.0, 8.0),
        ]
        assert connection.execute("SELECT state FROM notices").fetchall() == [("not",)]
        connection.execute("DELETE FROM answers")
