"""A file of account states: whatever it holds, whenever it changes."""

import io
import os
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.adapters.status import csvtable
from postroom.adapters.status.background import at_once
from postroom.adapters.status.csvfile import CsvStatus
from postroom.adapters.status.csvtable import Table, Unreadable, read_table
from postroom.adapters.status.words import StateWords
from postroom.model.errors import TryLater
from postroom.model.judgement import AccountStatus
from postroom.testing.clock import ManualClock
from tests.unit.flow.house import Told

SUSPENDED = AccountStatus(state="suspended", since=1_767_225_600.0)


def table(content: str | bytes) -> Table:
    return read_table(io.BytesIO(content.encode() if isinstance(content, str) else content), StateWords())


@pytest.mark.parametrize(
    "content",
    [
        "address,state,since\nann@example.com,suspended,2026-01-01\n",
        "\ufeffaddress,state,since\r\nann@example.com,suspended,2026-01-01\r\n",
        "since,plan,State,ADDRESS\n2026-01-01,gold,SUSPENDED,ANN@example.com",
        "Email;Status;Since\nann@example.com;suspended;2026-01-01\n",
        "email\tstatus\tdate\nann@example.com\tsuspended\t1767225600\n",
        '"address","state","since"\n"ann@example.com","suspended","2026-01-01"\n',
        'name,email_address,account_status,changed_at\n"Ann, of Example",ann@example.com,suspended,2026-01-01T00:00:00Z\n',
        "address,state,since\n\n   \n ann@example.com , suspended , 2026-01-01 \n",
    ],
)
def test_columns_are_found_by_their_names(content: str) -> None:
    read = table(content)
    assert read.look_up("Ann@Example.com") == SUSPENDED
    assert read.look_up("bob@example.com") == AccountStatus()
    assert (read.lines, read.bad) == (1, 0)


def test_since_may_be_missing() -> None:
    for content in ("address,state\na@example.com,active\n", "address,state,since\na@example.com,active,\n"):
        assert table(content).look_up("a@example.com") == AccountStatus(state="active")
    assert table("since,address,state\n,a@example.com,active\n").bad == 0
    assert table("address,state,since\na@example.com,active\n").look_up("a@example.com").state == "active"


def test_the_last_line_of_an_address_counts() -> None:
    many = "".join(f"a@example.com,{state},{n}\n" for n, state in enumerate(["active", "banned"] * 500))
    assert table("address,state,since\n" + many).look_up("a@example.com") == AccountStatus(state="banned", since=999.0)


def test_lines_that_say_nothing_known_are_counted_and_spoil_no_other() -> None:
    read = table(
        b"address,state,since\n"
        b"a@example.com,frozen,2026-01-01\n"
        b"no address,active,\n"
        b"b@example.com\n"
        b"c@example.com,active,the day before\n"
        b'"d@example.com,active\n'
        b"\xff\xfe\x00,active,\n" + b"x" * 100_000 + b",active,\n"
        b'e@example.com,act"ive,\n'
        b"ann@example.com,suspended,2026-01-01\n"
    )
    assert (read.lines, read.bad, read.undated) == (2, 7, 1)
    assert read.look_up("ann@example.com") == SUSPENDED
    assert read.look_up("c@example.com") == AccountStatus(state="active"), "a date that is wrong takes no state along"
    assert read.first_undated is not None
    assert read.first_undated.number == 5
    assert "'the day before', which is neither" in read.first_undated.why
    assert read.look_up("a@example.com") == AccountStatus()
    assert [bad.number for bad in read.first_bad] == [2, 3, 4]
    assert "unknown state 'frozen'" in read.first_bad[0].why
    assert read.first_bad[1].why == "has no address"
    assert read.first_bad[2].why == "has too few columns"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "first line must name"),
        (b"ann@example.com,suspended,2026-01-01\n", "first line must name"),
        (b"address,since\n", "first line must name"),
        ("address,state\n".encode("utf-16"), "not UTF-8"),
        ("address,state\n".encode("utf-16-le"), "not UTF-8"),
        (b"PK\x03\x04\0\0\0", "not UTF-8"),
        (b'"address,state', "first line must name"),
    ],
)
def test_what_is_no_such_file_is_said(content: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        table(content)


def test_more_lines_than_memory_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csvtable, "MOST_LINES", 3)
    assert table("address,state\na@x.example,active\nb@x.example,active\n").lines == 2
    with pytest.raises(Unreadable, match="more than 3 lines"):
        table("address,state\n" + "a@x.example,active\n" * 3)


@given(st.binary(), st.booleans())
def test_any_bytes_give_a_table_or_a_reason(content: bytes, head: bool) -> None:
    try:
        read = table(b"address,state,since\n" + content if head else content)
    except Unreadable:
        assert not head or b"\0" in content
        return
    assert read.look_up("a@example.com").state


@given(st.dictionaries(st.emails(), st.sampled_from(["active", "limited", "suspended", "banned", "closed"])))
def test_what_is_written_is_found(accounts: dict[str, str]) -> None:
    by_key = {address.lower(): state for address, state in accounts.items()}
    read = table("state,address\n" + "".join(f'{state},"{address}"\n' for address, state in accounts.items()))
    assert read.bad == 0
    for address, state in by_key.items():
        assert read.look_up(address).state == state


class Rig:
    """A file, and who reads it, in a time of their own."""

    def __init__(self, folder: Path, start: Callable[..., Any] = at_once) -> None:
        self.file = folder / "accounts.csv"
        self.observer = Told()
        self.clock = ManualClock()
        self.status = CsvStatus(
            self.file,
            words=StateWords(),
            observer=self.observer,
            start=start,
            clock=self.clock.monotonic,
            now=self.clock.now,
        )

    def write(self, *lines: str, age: float = 10.0, head: str = "address,state") -> None:
        """Put a new file in place of the old one."""
        new = self.file.with_suffix(".new")
        new.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
        os.utime(new, (self.clock.now() - age,) * 2)
        new.rename(self.file)

    def state(self, address: str = "a@example.com") -> str:
        return self.status.statuses([address], 0.0)[0].state

    def later(self) -> None:
        self.clock.advance(1.0)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_a_new_file_counts_a_second_later(rig: Rig) -> None:
    rig.write("a@example.com,active")
    assert rig.state() == "active"
    rig.write("a@example.com,banned", "b@example.com,frozen")
    assert rig.state() == "active", "not looked at so soon"
    rig.later()
    assert rig.state() == "banned"
    rig.later()
    assert rig.state() == "banned"
    assert rig.observer.of("status-loaded") == [{"lines": 1, "bad": 0}, {"lines": 1, "bad": 1}]


def test_a_file_that_is_being_written_is_waited_for(rig: Rig) -> None:
    rig.write("a@example.com,active")
    assert rig.state() == "active"
    rig.write("b@example.com,active", age=0.5)
    rig.later()
    assert rig.state() == "active"
    rig.later()
    assert rig.state() == "unknown", "it is quiet now: who is no more in it is unknown"


def test_the_first_file_is_read_however_new_it_is(rig: Rig) -> None:
    rig.write("a@example.com,active", age=0.0)
    assert rig.state() == "active"


def test_what_was_read_stays_while_the_file_is_gone(rig: Rig) -> None:
    rig.write("a@example.com,active")
    assert rig.state() == "active"
    rig.file.unlink()
    for _ in range(3):
        rig.later()
        assert rig.state() == "active"
    assert len(rig.observer.of("status-failed")) == 1, "told once"
    rig.write("a@example.com,banned")
    rig.later()
    assert rig.state() == "banned"


def test_a_file_that_is_none_changes_nothing_and_is_told_once(rig: Rig) -> None:
    rig.write("a@example.com,active")
    assert rig.state() == "active"
    rig.write("a@example.com,banned", head="who,what")
    for _ in range(3):
        rig.later()
        assert rig.state() == "active"
    (told,) = rig.observer.of("status-failed")
    assert "first line must name" in told["error"]


def test_nothing_is_known_before_there_is_a_file(rig: Rig) -> None:
    assert rig.state() == "unknown"
    rig.write("a@example.com,active")
    rig.later()
    assert rig.state() == "active"


def test_a_file_that_changes_while_it_is_read_is_read_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.write("a@example.com,active")

    def meanwhile(file: Any, words: StateWords) -> Table:
        os.truncate(rig.file, 5)
        return read_table(io.BytesIO(b"address,state\na@example.com,banned\n"), words)

    with monkeypatch.context() as patched:
        patched.setattr("postroom.adapters.status.csvfile.read_table", meanwhile)
        assert rig.state() == "unknown"
    assert "rename it" in rig.observer.of("status-failed")[0]["error"]
    rig.write("a@example.com,active")
    rig.later()
    assert rig.state() == "active"


def test_a_path_that_is_no_file_makes_nobody_wait(rig: Rig) -> None:
    os.mkfifo(rig.file)
    assert rig.state() == "unknown"
    with pytest.raises(TryLater, match="no regular file"):
        rig.status.check()
    rig.file.unlink()
    rig.file.mkdir()
    with pytest.raises(TryLater, match=r"no regular file|directory"):
        rig.status.check()


def test_while_it_is_read_others_are_answered_from_before(tmp_path: Path) -> None:
    waiting: list[Callable[[], None]] = []

    def later(work: Callable[[], Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        waiting.append(lambda: future.set_result(work()))
        return future

    rig = Rig(tmp_path, later)
    rig.write("a@example.com,active")
    assert rig.state() == "unknown", "the deadline is over before it is read"
    rig.later()
    assert rig.state() == "unknown"
    assert len(waiting) == 1, "it is read once at a time"
    waiting.pop()()
    assert rig.state() == "active"
    rig.write("a@example.com,banned")
    rig.later()
    assert rig.state() == "active", "nobody waits for what is merely newer"
    waiting.pop()()
    assert rig.state() == "banned"


def test_its_check_says_how_many_and_which_lines_say_nothing(rig: Rig) -> None:
    with pytest.raises(TryLater, match="No such file"):
        rig.status.check()
    rig.write("a@example.com,active", "b@example.com,frozen")
    said = rig.status.check()
    assert "1 lines of" in said
    assert "1 more count as unknown: line 3 has the unknown state 'frozen'" in said
    rig.write("a@example.com,active,soon", "b@example.com,banned,later", head="address,state,since")
    assert "2 lines of" in rig.status.check()
    assert "; 2 of them without their date: line 2 has 'soon', which is neither" in rig.status.check()
    rig.write("a@example.com,active", *(f"b{n}@example.com,frozen" for n in range(4)))
    with pytest.raises(TryLater, match=r"4 more count as unknown: line 3 .*; line 4 .*; line 5 .*; …$"):
        rig.status.check()
    rig.write("b@example.com,frozen")
    with pytest.raises(TryLater, match="line 2 has the unknown state"):
        rig.status.check()
    rig.write()
    assert rig.status.check().startswith("0 lines of")
