"""CSV exports: columns by their names, a mail a line."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.adapters.history import tables
from postroom.adapters.history.tables import items_in
from postroom.flow.past import Item, LeftOut
from postroom.model.errors import Refused
from postroom.understand.reader import read_bytes


def read(content: str | bytes, **columns: str) -> list[Item | LeftOut]:
    raw = content.encode() if isinstance(content, str) else content
    return list(items_in(io.BytesIO(raw), path="t.csv", origin="t.csv", folder="t", columns=columns, most=100_000))


def one(content: str | bytes, **columns: str) -> Item:
    (item,) = read(content, **columns)
    assert isinstance(item, Item), item
    return item


def why(content: str | bytes) -> str:
    (left,) = read(content)
    assert isinstance(left, LeftOut)
    return left.why


@pytest.mark.parametrize(
    "content",
    [
        "id,created_at,from,subject,body,tags\n7,2026-03-01T09:00:00Z,ann@example.com,Hello,Give it back,refund vip\n",
        "\ufeffTags;Body;Subject;Requester Email;Created at;Id\r\nrefund, vip;Give it back;Hello;ann@example.com;1772355600;7\r\n",
        'Ticket ID\tCreated time\tEmail\tTitle\tDescription\tLabels\n7\tSun, 01 Mar 2026 09:00:00 +0000\tann@example.com\tHello\t"Give it back"\trefund|vip\n',
        "id,created_at,from,subject,body,tags\n7,2026-03-01T09:00:00Z,ann@example.com,Hello,Give it back,refund vip\n".encode("utf-16"),
    ],
)  # fmt: skip
def test_columns_are_found_by_their_names(content: str | bytes) -> None:
    item = one(content)
    message = read_bytes(item.raw)
    assert message.from_ is not None
    assert (message.from_.addr, message.subject, message.text.strip()) == ("ann@example.com", "Hello", "Give it back")
    assert item.labels == ("t", "label:refund", "label:vip")
    assert item.at == message.date == 1_772_355_600.0
    assert (item.source, item.origin) == ("t.csv#2", "t.csv")


def test_columns_may_be_named() -> None:
    item = one(
        "Text,Betreff,Gruppe\nGib es zurück,Hallo,Tier 2; Geld\n", body="TEXT", subject="betreff", group="Gruppe"
    )
    assert read_bytes(item.raw).subject == "Hallo"
    assert item.labels == ("t", "group:Tier 2", "group:Geld")
    assert item.at is None
    with pytest.raises(Refused, match="Did you mean 'Text'"):
        read("Text,Betreff\nx,y\n", body="Texd")


HEAD = "thread,id,from,subject,body,date\n"


def keys(content: str, origin: str = "t.csv") -> list[str]:
    found = items_in(
        io.BytesIO(content.encode()), path=f"exports/{origin}", origin=origin, folder="t", columns={}, most=100_000
    )
    return [item.key for item in found if isinstance(item, Item)]


@pytest.mark.parametrize("row", ["7,1,a@x.test,Hi,b,2026-03-01", "7,1,a@x.test,Hi,b,", "7,,a@x.test,Hi,b,2026-03-01", ",,a@x.test,Hi,b,"])  # fmt: skip
def test_a_line_is_the_same_one_in_whichever_export(row: str) -> None:
    """The next month's export has a name of its own, and holds last month's lines elsewhere."""
    (before,) = keys(HEAD + row, "oct.csv")
    _, after = keys(f"{HEAD}8,2,a@x.test,Hi,other,2026-04-01\n{row}", "nov.csv")
    assert before == after


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("7,1,a@x.test,Hi,b,2026-03-01", "7,2,a@x.test,Hi,b,2026-03-01"),
        ("7,1,a@x.test,Hi,b,2026-03-01", "8,1,a@x.test,Hi,b,2026-03-01"),
        ("7,1,a@x.test,Hi,b,2026-03-01T09:00:00Z", "7,1,a@x.test,Hi,b,2026-03-01T09:00:01Z"),
        ("7,1,a@x.test,Hi,one,", "7,1,a@x.test,Hi,other,"),
        ("7,,a@x.test,Hi,one,2026-03-01", "7,,a@x.test,Hi,other,2026-03-01"),
        ("7,7,a@x.test,Hi,one,2026-03-01", "7,7,a@x.test,Hi,other,2026-03-01"),
        (",,a@x.test,Hi,one,2026-03-01", ",,b@x.test,Hi,one,2026-03-01"),
    ],
)
def test_lines_that_differ_are_told_apart(one: str, other: str) -> None:
    """Also those of two systems whose ids are the same: they were not written in the same second."""
    assert len(set(keys(f"{HEAD}{one}\n{other}"))) == 2


def test_lines_of_one_conversation_belong_together() -> None:
    items = read(
        "thread,subject,body,date\n1,a,first,2026-03-01\n2,b,other,2026-03-01\n1,a,second,2026-03-02\n,c,alone,\n"
    )
    first, other, second, alone = [item for item in items if isinstance(item, Item)]
    assert [item.follow_up for item in (first, other, second, alone)] == [False, False, True, False]
    assert first.thread == second.thread != other.thread
    assert alone.thread == ""
    assert read_bytes(second.raw).in_reply_to == read_bytes(first.raw).message_id
    assert len({item.key for item in (first, other, second, alone)}) == 4


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("hello,true,,", None),
        ("hello,FALSE,,", "private"),
        ("hello,,yes,", "private"),
        ("hello,,no,", None),
        ("hello,,,agent", "team"),
        ("hello,,,end-user", None),
        ("hello,,,outgoing", "team"),
        (",,,x", "no-text"),
    ],
)
def test_what_the_team_wrote_is_left_out(line: str, reason: str | None) -> None:
    (found,) = read(f"body,public,private,role\n{line}\n")
    assert (found.why if isinstance(found, LeftOut) else None) == reason


def test_html_and_line_ends_in_quotes_are_read() -> None:
    assert read_bytes(one('body\n"<p>One</p><p>Two</p>"\n').raw).text.split() == ["One", "Two"]
    assert read_bytes(one('body\n"One\n\nTwo ""x"""\n').raw).text.strip() == 'One\n\nTwo "x"'


def test_what_can_not_be_read_is_said_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    before = csv.field_size_limit()
    monkeypatch.setattr(tables, "_FIELD", 50)
    found = read("subject,body\nx,y\n\nx," + "z" * 100 + "\nx,after\n")
    assert [one.why if isinstance(one, LeftOut) else "" for one in found] == ["", "unreadable", ""]
    assert why("") == "unreadable"
    assert why("a,b\n1,2\n") == "unreadable"
    assert why("x" * 100) == "unreadable"
    assert csv.field_size_limit() == before


@given(st.binary(), st.booleans())
def test_any_bytes_are_read(content: bytes, head: bool) -> None:
    for found in read(b"id,thread,body,tags,public\n" + content if head else content):
        assert isinstance(found, LeftOut) or read_bytes(found.raw)


@given(st.lists(st.fixed_dictionaries({"subject": st.text(), "body": st.text(), "tags": st.text(), "id": st.text()})))
def test_any_text_that_was_written_is_read(rows: list[dict[str, Any]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, ["subject", "body", "tags", "id"])
    writer.writeheader()
    writer.writerows(rows)
    found = read(text.getvalue().encode("utf-8", "replace"))
    assert len(found) <= len(rows)
    assert len(found) >= sum(any(char.isalnum() for char in row["body"]) for row in rows)
