"""What erasing does to the file of the store on SQLite, beyond what the contract says: every table, and every byte."""

import json
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from postroom.adapters.store import schema
from postroom.adapters.store.cases import SqliteCases
from postroom.adapters.store.erasing import SqliteErasing
from postroom.adapters.store.fates import FATES, mentions
from postroom.adapters.store.journal import SqliteJournal
from postroom.adapters.store.keeping import SqliteKeeping
from postroom.adapters.store.sqlite import SqliteStore
from postroom.model.cases import CaseMail
from postroom.model.errors import TryLater
from postroom.model.judgement import Clue, Finding
from postroom.model.mail import Envelope, MailId, RouteName
from postroom.model.memory import DomainMail, Remember
from postroom.model.privacy import Erasure, Somebody
from postroom.model.work import Lane, Park
from postroom.ports import JobFilter
from postroom.testing.cases_contract import a_case, a_change
from postroom.testing.privacy_contract import a_sender, a_thread, deed, removal
from postroom.testing.store_contract import accept, claim_deliveries
from postroom.testing.values import a_delivery, a_judgement, a_mail, a_parcel, a_ruling, an_example

NONCE = "q7zkx3vbw9"
"""Stands in everything that is of the person."""
ADA = f"{NONCE}@person.test"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "postroom.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(path)
    yield opened
    opened.close()


def test_every_table_says_what_of_it_is_erased(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        schema.migrate(connection)
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    tables = {name for name in names if not name.startswith(("sqlite_", "found_"))}
    assert set(FATES) == tables, "say in adapters/store/fates.py what of a new table is erased"
    page = (Path(__file__).parents[4] / "docs" / "how-to" / "privacy.md").read_text(encoding="utf-8")
    for name, fate in FATES.items():
        assert f"\n| `{name}` | {fate.words} |" in page, f"say what becomes of {name} in docs/how-to/privacy.md"


def test_addresses_are_seen_in_errors() -> None:
    ada = Somebody(whose="ada@example.com", until=1.0)
    for text in (
        "550 <Ada@Example.com>: unknown",
        "no ada@example.com.",
        "(ada@example.com)",
        "to=ada@example.com,",
        "['ada@example.com']",
    ):
        assert mentions(ada, text), text
    began = time.process_time()
    for sign in "x'":
        assert not mentions(ada, sign * 3_000_000 + "@example.com")
    assert time.process_time() - began < 2.0, (
        "an admin looks somebody up, and a text of the team keeps all pages waiting"
    )
    assert mentions(Somebody(whose="o'brien@example.com", until=1.0), "550 'O'Brien@example.com'")
    for text in ("", "@", "adam@example.com", "ada@example.com.test", "x" * 100_000, "@" * 10_000):
        assert not mentions(ada, text)


def fill(store: SqliteStore) -> list[MailId]:
    """Mails of many, some of the person's among them, worked on in every way; the person's."""
    random = Random(4)
    theirs: list[MailId] = []
    for number in range(1, 121):
        hers = number % 12 == 0
        word = NONCE if hers else f"w{random.randrange(10**9)}"
        who = ADA if hers else f"{word}@example.com"
        raw = f"From: {who}\r\nSubject: {word} subject\r\n\r\n{word} {random.randbytes(300).hex()}\r\n".encode()
        accept(
            store,
            a_mail(
                number,
                raw=raw,
                envelope=Envelope(mail_from=who, rcpt_to=("support@brand.test",)),
                message_id=f"{word}.{number}@x",
            ),
        )
        (job,) = store.claim("judge", 1, "setup")
        clue = Clue(word, 1.0, (0, 3))
        finding = Finding(source="phrases", route=RouteName("appeals"), score=0.5, reason=word, clues=(clue,))
        thread = replace(a_thread(a_mail(number), who), mails=1)
        remember = Remember(
            thread=thread,
            links=(f"{word}.{number}@x",),
            subject_key=word,
            senders=(a_sender(f"a:{who}"),),
            domain=DomainMail(key=f"d:{who.rpartition('@')[2]}", route=RouteName("appeals"), at=1.0),
        )
        made = a_judgement(
            job, a_delivery(job.mail_id, f"desk{int(hers)}"), remember=remember, findings=(finding,), tags=(word,)
        )
        made = replace(made, subject=f"{word} subject", from_addr=who, name=f"{word} Name", text=f"{word} text " * 30)
        store.record([made])
        (mail,) = store.read([job.mail_id])
        store.file(replace(a_parcel(mail, stamped=b"changed " + raw), from_addr=who, subject=word)).result(timeout=30)
        if hers:
            theirs.append(job.mail_id)
            ruling = a_ruling(job.mail_id, made=store.jobs(JobFilter(mail_id=job.mail_id, kinds=("deliver",))))
            store.rule(replace(ruling, verdict=replace(ruling.verdict, note=f"{word} noted")))
            (parked,) = claim_deliveries(store, 1, destination="desk1")
            store.settle([Park(job=parked, error=f"550 {who}", why="gave-up")])
            store.drop(JobFilter(mail_id=job.mail_id), f"{word} asked")
        store.keep_examples([an_example(number, sender=who, new_text=f"{word} text", subject=word)])
    store.set_lane(Lane(destination=a_delivery(MailId("")).destination, down=True, failures=1, probe_at=1.0, error=ADA))
    return theirs


def bytes_of(path: Path) -> bytes:
    """All that is in the store's files."""
    return b"".join(one.read_bytes() for one in sorted(path.parent.iterdir()))


def compressed(path: Path, ids: list[MailId]) -> list[bytes]:
    """Raw mail as it lies in the file: a piece of each that stands on one page."""
    with closing(sqlite3.connect(path)) as connection:
        return [
            connection.execute("SELECT body FROM raws JOIN mails ON seq = mail WHERE id = ?", (one,)).fetchone()[0][
                60:90
            ]
            for one in ids
        ]


def test_no_byte_of_what_was_erased_stays_in_the_files(store: SqliteStore, path: Path) -> None:
    theirs = fill(store)
    erasing = SqliteErasing(store.units, path)
    pieces = [NONCE.encode(), NONCE.encode()[1:], *compressed(path, theirs)]
    whole = bytes_of(path)
    assert all(piece in whole for piece in pieces)
    erasure = erasing.begin(Erasure(at=2e9, by="root", address=ADA), deed())
    wanted = Somebody(whose=ADA, until=2e9)
    assert list(erasing.find(wanted).ids) == theirs
    mails = store.read(theirs)
    assert erasing.erase([removal(mail, NONCE) for mail in mails], (), 2e9).erased == tuple(theirs)
    erasing.forget(wanted, erasing.remembered(wanted))
    erasing.note(replace(erasure, done_at=2e9))
    erasing.scrub()
    left = bytes_of(path)
    for piece in pieces:
        at = left.find(piece)
        assert at < 0, left[max(at - 80, 0) : at + 80]
    assert path.with_name("postroom.db-wal").stat().st_size == 0
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.execute("INSERT INTO found (found) VALUES ('integrity-check')")
    assert len(store.mails(limit=1000)) == 120
    assert SqliteJournal(store.units).verify() == 1 + len(theirs)


_WORDLESS = {
    "answer_sizes", "backtests", "calls", "case_due", "case_routes", "case_warnings", "claims", "counters", "deeds", "erased_mails", "first_views",
    "happenings", "holds", "hooks", "hours", "identities", "keys", "links", "notice_routes", "prints", "second_look_readers", "second_looks", "sessions",
    "subjects", "target_routes", "targets", "text_keys", "tombstones", "turns", "users", "waiting",
}  # fmt: skip
"""Tables without any word of people who write: numbers, hashes, names that the team gave."""


def plant(tx: sqlite3.Connection, table: str, **known: object) -> None:
    """A row of a table, with the person's word in every text of it that is not given."""
    kinds = {"TEXT": f"<{ADA}>", "INTEGER": 1, "REAL": 1.0, "BLOB": ADA.encode()}
    columns = {name: kinds[kind] for _, name, kind, *_ in tx.execute(f"PRAGMA table_info({table})")} | known
    tx.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", [*columns.values()]
    )


def plant_all(tx: sqlite3.Connection, seq: int, mail: str, case: int) -> None:
    """What work on a mail leaves in tables that `fill` does not write."""
    plant(tx, "alarms", mail=seq, holder="bob")
    plant(tx, "alarm_events", mail=seq)
    plant(tx, "answers", key=b"k", owner=b"o", status=200)
    plant(tx, "backtests", number=1, state="done", report=None, asked=b"", error="")
    plant(tx, "backtest_changes", mail=seq)
    plant(tx, "calls", id=1, mail=seq, number_of_case=0, hook="h", event="routed", state="done")
    plant(tx, "calls", id=2, mail=0, number_of_case=case, hook="h", event="case-opened", state="done")
    plant(tx, "attempts", id=1, call=1)
    plant(tx, "attempts", id=2, call=2)
    plant(tx, "case_events", who="bob", what="note", number=case, mail="")
    plant(tx, "case_events", who="bob", what="note", id=2, number=case, mail=mail)
    plant(tx, "drafts", who="bob", texts=zlib.compress(json.dumps({"rules/a.toml": ADA}).encode()))
    plant(tx, "notices", mail=seq, kind="received", state="not")
    plant(tx, "replies", mail=seq, state="sent")
    plant(
        tx, "replies", number=2, id="r2", mail=1, state="sent", recipient=ADA, text="", raw=b"", sender="", subject=""
    )
    plant(tx, "users", **dict.fromkeys(("key", "name", "role", "shown", "brands", "routes", "password"), "bob"))
    plant(tx, "saved_views", owner="bob", asked=json.dumps({"words": ADA}))
    plant(tx, "tags", mail=seq)
    plant(tx, "texts", mail=seq)
    plant(tx, "versions", sheet="rules/a.toml", how="saved", who="bob", digest="", text=None)


def tables_with(path: Path, word: bytes) -> set[str]:
    """Tables in which a word stands."""
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        return {
            name
            for name in FATES
            for row in connection.execute(f"SELECT * FROM {name}")
            if any(isinstance(value, bytes) and word in value for value in row)
        }


def test_of_every_table_that_has_words_none_of_hers_stays(store: SqliteStore, path: Path) -> None:
    theirs = fill(store)
    case = SqliteCases(store.units).put(
        a_change(a_case(person=ADA, subject=NONCE), joins=CaseMail(id=theirs[0], at=1.0, thread=NONCE))
    )
    other = SqliteCases(store.units).put(a_change(a_case(person=ADA)))

    def unit(tx: sqlite3.Connection) -> None:
        (seq,) = tx.execute("SELECT seq FROM mails WHERE id = ?", (theirs[0],)).fetchone()
        plant_all(tx, seq, theirs[0], case.number)
        plant(tx, "case_events", who="bob", what="note", id=3, number=other.number, mail="")
        plant(tx, "calls", id=3, mail=0, number_of_case=other.number, hook="h", event="case-opened", state="done")
        plant(tx, "attempts", id=3, call=3)

    store.units.write(unit)
    erasing = SqliteErasing(store.units, path)
    erasure = erasing.begin(Erasure(at=2e9, by="root", address=ADA), deed())
    # What is compressed is looked for otherwise: here and in the test of the bytes.
    assert tables_with(path, NONCE.encode()) == set(FATES) - _WORDLESS - {"raws"}
    wanted = Somebody(whose=ADA, until=2e9)
    erasing.erase([removal(mail, NONCE) for mail in store.read(erasing.find(wanted).ids)], (), 2e9)
    erasing.forget(wanted, erasing.remembered(wanted))
    erasing.note(replace(erasure, done_at=2e9))
    erasing.scrub()
    assert tables_with(path, NONCE.encode()) == set()
    left = bytes_of(path)
    at = left.find(NONCE.encode())
    assert at < 0, left[max(at - 80, 0) : at + 80]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM drafts WHERE texts IS NOT NULL").fetchone() == (0,)


_SMALL = {"answers", "holds", "claims", "happenings"}
"""Of what is looked through: bounded by what people do, or empty while all goes well."""


def test_no_table_is_looked_through_for_a_mail_that_is_erased(store: SqliteStore, path: Path) -> None:
    theirs = fill(store)
    (first,) = store.read(theirs[:1])
    cases = SqliteCases(store.units)
    cases.put(a_change(a_case(person=ADA), joins=CaseMail(id=first.id, at=1.0, thread="t")))
    said: list[str] = []
    store.units.writer._connection.set_trace_callback(said.append)
    SqliteErasing(store.units, path).erase([removal(first, NONCE)], (), 2e9)
    store.units.writer._connection.set_trace_callback(None)
    plans = []
    with store.units.lend() as tx:
        for statement in said:
            if statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT")):
                plans += [(row[3], statement) for row in tx.execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert len(plans) > 20
    for step, statement in plans:
        verb, _, what = step.partition(" ")
        small = what.split(" ")[0] in _SMALL or "VIRTUAL TABLE" in what or "CONSTANT ROW" in what
        assert verb != "SCAN" or small, (step, statement)


def test_what_is_erased_for_its_age_is_found_by_nothing_without_writing_all_anew(
    store: SqliteStore, path: Path
) -> None:
    theirs = fill(store)
    erasing = SqliteErasing(store.units, path)
    raws = compressed(path, theirs)
    erasing.erase([removal(mail, NONCE) for mail in store.read(theirs)], (), 2e9)
    erasing.scrub(whole=False)
    left = bytes_of(path)
    assert not any(piece in left for piece in raws)


def test_the_log_is_not_emptied_while_somebody_reads_on(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from postroom.adapters.store import erasing

    real = erasing.connect
    monkeypatch.setattr(erasing, "connect", lambda path, **how: real(path, **(how | {"busy_seconds": 0.01})))
    accept(store, a_mail(1))
    with closing(sqlite3.connect(path, isolation_level=None)) as reading:
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM mails").fetchone()
        accept(store, a_mail(2))
        with pytest.raises(TryLater, match="while somebody reads"):
            SqliteErasing(store.units, path).scrub(whole=False)
    SqliteErasing(store.units, path).scrub()


def test_looking_for_what_is_overdue_takes_no_lock_and_sees_what_was_never_judged(store: SqliteStore) -> None:
    accept(store, a_mail(1))
    keeping = SqliteKeeping(store.units)
    from postroom.model.privacy import Ages

    assert keeping.overdue(Ages(routes={}, other=9e9)).ids == (), "its judgement is still to come"
    (job,) = store.claim("judge", 1, "w")
    store.settle([Park(job=job, error="loop", why="loop")])
    assert keeping.overdue(Ages(routes={}, other=9e9)).ids == ()
    store.drop(JobFilter(), "a loop")
    assert keeping.overdue(Ages(routes={}, other=9e9)).ids == (a_mail(1).id,)
