"""What is true of lists and turns on SQLite beyond what is true of every store: plans, the upgrade, several processes."""

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from postroom.adapters.store import connect, schema
from postroom.adapters.store.alarms import SqliteAlarms
from postroom.adapters.store.lists import SqliteViews
from postroom.adapters.store.sqlite import SqliteStore
from postroom.adapters.store.targets import SqliteTargets
from postroom.adapters.store.turns import SqliteTurns
from postroom.adapters.store.units import Units
from postroom.model.desktop import Wanted
from postroom.model.errors import ConfigError
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import ALL, Sight
from postroom.model.targets import Reckoned
from postroom.testing.desktop_contract import NOW, Known, TurnsContract, all_of, put
from postroom.testing.store_contract import ids
from postroom.testing.values import a_judgement, a_mail


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "postroom.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(path)
    yield opened
    opened.close()


class Watched:
    """The units of a store, and the plans of what is read through them."""

    def __init__(self, units: Units) -> None:
        self.units = units
        self.clocks = units.clocks
        self.statements: list[str] = []

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        with self.units.lend() as tx:
            tx.set_trace_callback(self.statements.append)
            try:
                yield tx
            finally:
                tx.set_trace_callback(None)

    @property
    def plan(self) -> str:
        with self.units.lend() as tx:
            return "\n".join(
                step[3]
                for statement in self.statements
                if not statement.startswith(("BEGIN", "ROLLBACK", "--"))
                for step in tx.execute(f"EXPLAIN QUERY PLAN {statement}")
            )


_AGENT = Sight(brands=frozenset({BrandName("shop")}), routes=frozenset({RouteName("appeals"), RouteName("refunds")}))
_APPEALS = RouteName("appeals")


@pytest.mark.parametrize(
    ("wanted", "sight", "index"),
    [
        (Wanted(), ALL, "mails USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        (Wanted(brand=BrandName("shop")), ALL, "mails USING COVERING INDEX mails_brand (brand=? AND rowid>? AND rowid<?)"),
        (Wanted(route=_APPEALS), ALL, "summaries USING COVERING INDEX summaries_route (route=? AND mail>? AND mail<?)"),
        (Wanted(), _AGENT, "summaries USING COVERING INDEX summaries_desk (route=? AND brand=? AND rowid>? AND rowid<?)"),
        (Wanted(reading="unread"), _AGENT, "summaries_unread (route=? AND brand=? AND reading=? AND rowid>? AND rowid<?)"),
        (Wanted(urgent=True), ALL, "summaries USING COVERING INDEX summaries_urgent (urgent=? AND rowid>? AND rowid<?)"),
        (Wanted(unconfirmed=True), ALL, "COVERING INDEX summaries_unconfirmed (unconfirmed=? AND rowid>? AND rowid<?)"),
        (Wanted(language="en"), ALL, "COVERING INDEX summaries_language (language=? AND rowid>? AND rowid<?)"),
        (Wanted(tag="vip"), ALL, "SEARCH tags USING PRIMARY KEY (tag=? AND mail>? AND mail<?)"),
        (Wanted(words="account", tag="vip"), _AGENT, "SCAN found VIRTUAL TABLE INDEX 192:M4><"),
        (Wanted(sender="@example.com"), ALL, "SCAN found VIRTUAL TABLE INDEX 192:M4><"),
        (Wanted(since=NOW, until=NOW + 9), ALL, "SEARCH hours USING INTEGER PRIMARY KEY (rowid>?)"),
    ],
)  # fmt: skip
def test_lists_are_read_off_an_index_and_sorted_by_nothing(
    store: SqliteStore, wanted: Wanted, sight: Sight, index: str
) -> None:
    put(store, *(Known(number=number, route=route, brand=brand, tags=("vip",), urgent=True, unconfirmed=True, inboxes={"desk": False})
        for number, (route, brand) in enumerate([("appeals", "shop"), ("refunds", "shop"), ("appeals", "play"), ("general", "play")])))  # fmt: skip
    watched = Watched(store.units)
    page = SqliteViews(watched).mails(wanted, sight)  # type: ignore[arg-type]
    assert page.rows
    assert index in watched.plan
    assert "TEMP B-TREE" not in watched.plan
    assert not re.search(
        r"SCAN (?!found|main.found_config|[bd]\b|each_brand|wanted|k\b|hours|\(?subquery|CONSTANT)", watched.plan
    ), watched.plan
    assert not re.search(r"MATERIALIZE", watched.plan)


def test_counts_and_turns_read_no_more_than_their_indexes(store: SqliteStore) -> None:
    TurnsContract.ask(store, ("review", 2e9, False), ("audit", 0, False))
    watched = Watched(store.units)
    SqliteViews(watched).counts(ALL)  # type: ignore[arg-type]
    assert "s USING COVERING INDEX summaries_unread (route=? AND brand=? AND reading=?)" in watched.plan
    # of the desks that were found, not of mails
    assert not re.search(r"SCAN (?!CONSTANT|w VIRTUAL|[bd]\b|each_brand)", watched.plan)
    watched.statements.clear()
    assert SqliteTurns(watched).open_questions(ALL) == 2  # type: ignore[arg-type]
    assert watched.plan == "SCAN w USING COVERING INDEX waiting_turn"
    watched.statements.clear()
    turns = SqliteTurns(replace(store.units, readers=watched))  # type: ignore[arg-type]
    turns.take("ada", _AGENT, lease=60)
    assert "SCAN w USING INDEX waiting_turn" in watched.plan
    assert "SEARCH t USING INDEX turns_holder (holder=?)" in watched.plan
    assert watched.plan.count("TEMP B-TREE") == 1, "but for the few that one person holds"


def test_no_call_looks_further_than_it_may_and_each_says_how_far(store: SqliteStore) -> None:
    put(store, *(Known(number=number, at=NOW + number, language="de" if number == 0 else "en") for number in range(10)))
    views = SqliteViews(store.units, looked=4)
    wanted = Wanted(words="account", language="de")
    first = views.mails(wanted, ALL)
    assert (first.rows, first.after, first.back_to) == ((), a_mail(6).id, NOW + 6)
    second = views.mails(wanted, ALL, after=first.after)
    assert (second.after, second.back_to) == (a_mail(2).id, NOW + 2)
    last = views.mails(wanted, ALL, after=second.after)
    assert ([row.id for row in last.rows], last.after, last.back_to) == (ids(0), "", None)
    assert all_of(SqliteViews(store.units), wanted, ALL) == ids(0)


def test_more_desks_than_can_be_merged_are_listed_all_the_same(store: SqliteStore) -> None:
    known = [Known(number=number, brand=f"brand{number}", inboxes={"desk": False}) for number in range(220)]
    put(store, *known)
    views = SqliteViews(store.units)
    most = Sight(brands=frozenset(BrandName(f"brand{number}") for number in range(1, 220)))
    expected = ids(*range(219, 0, -1))
    for wanted in (Wanted(), Wanted(route=_APPEALS), Wanted(reading="unread"), Wanted(words="account")):
        assert all_of(views, wanted, most) == expected


@pytest.mark.parametrize("when", [float("inf"), float("-inf"), float("nan"), 1e300, -1e300])
def test_any_number_is_a_time(store: SqliteStore, when: float) -> None:
    put(store, Known(number=1))
    views = SqliteViews(store.units)
    found = [bool(views.mails(wanted, ALL).rows) for wanted in (Wanted(since=when), Wanted(until=when))]
    assert found == [when < NOW, when > NOW]


def test_mails_from_before_there_was_search_are_found_by_sender_and_subject(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = schema.steps()
    monkeypatch.setattr(schema, "steps", lambda: {number: now[number] for number in (1, 2, 3, 4)})
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        schema.migrate(connection)
        connection.execute("INSERT INTO mails (seq, id, received_at, brand, head) VALUES (4, 'm4', 9e6, 'b', x'')")
        for mail, read_at in ((1, "NULL"), (2, "5.0"), (3, "")):
            connection.execute(
                "INSERT INTO mails (seq, id, received_at, brand, head) VALUES (?, ?, ?, 'b', x'')", (mail, f"m{mail}", mail * 3000.0)
            )  # fmt: skip
            connection.execute(
                "INSERT INTO summaries VALUES (?, 1, 'review', 'appeals', 0.4, 1, 0, '我的账号', 'ada@example.com', 'zh', '')", (mail,)
            )  # fmt: skip
            if read_at:
                connection.execute(
                    "INSERT INTO inbox (destination, mail, generation, route, delivered_at, from_addr, subject, confidence, urgent, unconfirmed, read_at, stamp, whole)"
                    f" VALUES ('review', ?, 1, 'review', 5.0, '', '', 0.4, 0, 0, {read_at}, x'', 0)",
                    (mail,),
                )
        connection.execute("INSERT INTO waiting VALUES (1, 1, 'review', 7.0), (2, 1, 'audit', 7.0)")
        connection.execute(
            "INSERT INTO jobs (mail, kind, destination, generation, state, due_at, created_at) VALUES (1, 'clock', '', 1, 'ready', 9.0, 7.0)"
        )
    monkeypatch.undo()
    store = SqliteStore.open(path)
    views = SqliteViews(store.units)
    brand = Sight(brands=frozenset({BrandName("b")}))

    def found(**wanted: Any) -> list[str]:
        return [row.id for row in views.mails(Wanted(**wanted), brand).rows]

    assert found(words="账号") == found(sender="@example.com") == ["m3", "m2", "m1"]
    assert (found(reading="unread"), found(reading="read")) == (["m1"], ["m2"])
    assert found(since=3600.0, until=8000.0) == ["m2"]
    assert [count.unread for count in views.counts(brand)] == [1]
    with store.units.lend() as tx:
        assert tx.execute("SELECT urgent, due_at, brand, route, decided FROM waiting").fetchall() == [
            (1, 9.0, "b", "review", "appeals"),
            (1, 9e18, "b", "review", "appeals"),
        ]
    store.close()


def test_a_sqlite_that_cannot_search_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "_has_fts5", lambda: False)
    with pytest.raises(ConfigError, match="FTS5"):
        SqliteStore.open(path)
    assert not path.exists()


_TAKER = """
import json, pathlib, sys
from postroom.adapters.store.sqlite import SqliteStore
from postroom.adapters.store.turns import SqliteTurns
from postroom.model.people import ALL
store = SqliteStore.open(pathlib.Path(sys.argv[1]))
turns, taken = SqliteTurns(store.units), []
sys.stdin.readline()
while one := turns.take(f"{sys.argv[2]}-{len(taken)}", ALL, lease=3600):
    taken.append(one.waiting.mail_id)
store.close()
print(json.dumps(taken))
"""


def test_of_several_processes_no_two_hold_the_same_question(store: SqliteStore, path: Path) -> None:
    TurnsContract.ask(store, *[("review", 2e9, False)] * 120)
    takers = [
        subprocess.Popen(
            [sys.executable, "-c", _TAKER, str(path), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for taker in takers:
        assert taker.stdin is not None
        taker.stdin.write("go\n")
        taker.stdin.flush()
    taken = [json.loads(taker.communicate(timeout=60)[0]) for taker in takers]
    every = [mail for some in taken for mail in some]
    assert sorted(every) == ids(*range(1, 121))
    assert len({one.by for one in SqliteTurns(store.units).held()}) == 120


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Wanted(answering="open"), "SEARCH t USING INDEX targets_open (due>?)"),
        (Wanted(answering="overdue"), "SEARCH t USING INDEX targets_open (due>? AND due<?)"),
        (Wanted(answering="open", route=_APPEALS), "SEARCH t USING INDEX targets_desk (route=? AND due>?)"),
        (
            Wanted(answering="overdue", route=_APPEALS),
            "SEARCH t USING INDEX targets_desk (route=? AND due>? AND due<?)",
        ),
        (Wanted(answering="soon", route=_APPEALS), "INDEX targets_desk (route=? AND due>?)"),
    ],
)
def test_what_is_to_be_answered_is_read_in_the_order_in_which_it_is_due(
    store: SqliteStore, wanted: Wanted, index: str
) -> None:
    watched = Watched(store.units)
    SqliteViews(watched).mails(wanted, _AGENT)  # type: ignore[arg-type]
    assert index in watched.plan
    assert "TEMP B-TREE" not in watched.plan


def test_of_urgent_mail_too_whoever_works_at_one_desk_is_told_until_when_that_one_is_to_answer(
    store: SqliteStore,
) -> None:
    appeals, refunds = RouteName("appeals"), RouteName("refunds")
    targets, alarms = SqliteTargets(store.units), SqliteAlarms(store.units)
    targets.watch((appeals, refunds))
    store.accept([a_mail(1)]).result()
    (job,) = store.claim("judge", 1, "setup")
    store.record([a_judgement(job, urgent=("threat",), second=refunds, copied=True)])
    due = {appeals: 2e9, refunds: 3e9}
    found = [
        Reckoned(mail_id=job.mail_id, route=one.route, near=1e9, due=due[one.route])
        for one in targets.unreckoned("v", 9)
    ]
    targets.reckon(found, "v")

    def told(sight: Sight) -> list[float | None]:
        return [row.due_at for _, row in alarms.page(sight, held=False).alarms]

    assert told(ALL) == [2e9]
    assert told(Sight(routes=frozenset({refunds}))) == [3e9]
