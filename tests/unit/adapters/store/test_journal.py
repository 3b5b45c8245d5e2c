"""What is true of the audit log on SQLite: nobody changes it by a statement, and who goes round that is found out."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from postroom.adapters.store.accounts import SqliteAccounts
from postroom.adapters.store.backup import restore
from postroom.adapters.store.journal import SqliteJournal
from postroom.adapters.store.sqlite import SqliteStore
from postroom.testing.accounts_contract import a_deed, a_session, a_user


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(tmp_path / "postroom.db")
    yield opened
    opened.close()


@pytest.fixture
def journal(store: SqliteStore) -> SqliteJournal:
    made = SqliteJournal(store.units)
    made.write([a_deed(str(number)) for number in range(1, 101)])
    return made


def by_hand(tmp_path: Path, *statements: str) -> None:
    """What somebody does to the file."""
    with closing(sqlite3.connect(tmp_path / "postroom.db", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE deeds SET who = 'eva' WHERE number = 7",
        "UPDATE deeds SET detail = detail",
        "DELETE FROM deeds WHERE number = 100",
        "DELETE FROM deeds",
        "INSERT OR REPLACE INTO deeds VALUES (7, 1.0, 'eva', 'x', 'x', '', '')",
        "INSERT INTO deeds VALUES (102, 1.0, 'eva', 'x', 'x', '', '')",
        "INSERT INTO deeds VALUES (NULL, 1.0, 'eva', 'x', 'x', '', '')",
        "INSERT INTO deeds VALUES (101, 1.0, 'eva', 'x', 'x', '', ''), (101, 1.0, 'eva', 'x', 'x', '', '')",
    ],
)
def test_no_statement_changes_a_line(journal: SqliteJournal, tmp_path: Path, statement: str) -> None:
    before = journal.deeds(limit=200)
    with pytest.raises(sqlite3.IntegrityError, match="audit log"):
        by_hand(tmp_path, statement)
    assert journal.deeds(limit=200) == before


@pytest.mark.parametrize(
    ("statement", "left"),
    [
        ("UPDATE deeds SET who = 'eva' WHERE number = 7", 6),
        ("UPDATE deeds SET detail = 'x' WHERE number = 1", 0),
        ("UPDATE deeds SET at = at + 0.001 WHERE number = 50", 49),
        ("UPDATE deeds SET what = what || char(0) WHERE number = 50", 49),
        ("UPDATE deeds SET chain = (SELECT chain FROM deeds WHERE number = 1) WHERE number = 100", 99),
        ("DELETE FROM deeds WHERE number = 20", 19),
        ("UPDATE deeds SET number = 0 WHERE number = 3", 0),
        ("UPDATE deeds SET who = '', whom = who || whom WHERE number = 7", 6),
    ],
)
def test_who_goes_round_the_triggers_is_found_out(
    journal: SqliteJournal, tmp_path: Path, statement: str, left: int
) -> None:
    assert journal.verify() == 100
    by_hand(tmp_path, "DROP TRIGGER deeds_never_change", "DROP TRIGGER deeds_never_go", statement)
    assert journal.verify() == left


def test_a_line_of_what_did_not_happen_is_not_there(journal: SqliteJournal, store: SqliteStore) -> None:
    def unit(tx: sqlite3.Connection) -> None:
        from postroom.adapters.store.journal import write

        write(tx, [a_deed("never")])
        raise KeyError("the use case")

    with pytest.raises(KeyError):
        store.units.write(unit)
    assert journal.deeds(limit=1)[0].what == "100"
    journal.write([a_deed("after")])
    assert journal.verify() == 101


@pytest.mark.parametrize("wanted", ["who", "what", "whom"])
def test_lines_are_picked_by_an_index(journal: SqliteJournal, store: SqliteStore, wanted: str) -> None:
    with store.units.lend() as tx:
        plan = tx.execute(
            f"EXPLAIN QUERY PLAN SELECT * FROM deeds WHERE {wanted} = ? AND number < ? ORDER BY number DESC LIMIT 9",
            ("x", 5),
        ).fetchall()
    assert [row[3] for row in plan] == [f"SEARCH deeds USING INDEX deeds_{wanted} ({wanted}=? AND rowid<?)"]


def test_after_a_restore_everybody_signs_in_again(store: SqliteStore, tmp_path: Path) -> None:
    accounts = SqliteAccounts(store.units)
    accounts.put_user(a_user("root", "admin"), a_deed())
    accounts.open_session(a_session(1, "root"), a_user("root", "admin"), a_deed())
    store.backup(tmp_path / "saved.db")
    restore(tmp_path / "saved.db", tmp_path / "again.db")
    again = SqliteStore.open(tmp_path / "again.db")
    try:
        restored = SqliteAccounts(again.units)
        assert restored.users() == accounts.users()
        assert restored.sessions(a_user("root").name) == ()
        assert SqliteJournal(again.units).verify() == 2
    finally:
        again.close()
