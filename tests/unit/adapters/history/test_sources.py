"""Archives of every kind: what is in them, under which labels, and nothing that stops the rest."""

import json
import mailbox
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.adapters.history.sources import Reading, items_in, size_of
from postroom.adapters.history.spool import Spool
from postroom.flow.past import Item, LeftOut
from postroom.model.errors import Refused
from tests.unit.flow.house import a_message
from tests.unit.flow.test_past import item as an_item
from tests.unit.flow.test_past import lesson

MAIL = a_message("Give me my account back")


def read(*paths: Path, told: list[int] | None = None) -> list[Item | LeftOut]:
    advance = (lambda _: None) if told is None else told.append
    return list(items_in([str(path) for path in paths], Reading(most=100_000, columns={}, advance=advance)))


def labels(*paths: Path) -> dict[str, tuple[str, ...]]:
    """Of each item, by the end of its source."""
    return {Path(one.source).name: one.labels for one in read(*paths) if isinstance(one, Item)}


def put(path: Path, content: bytes | str = MAIL) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_folders_are_labels_as_seen_from_the_path(tmp_path: Path) -> None:
    root = tmp_path / "Mail"
    put(root / "top.eml")
    put(root / "Appeals" / "a.eml")
    put(root / "Appeals" / "2024" / "b.eml")
    put(root / "Refunds" / "c")
    assert labels(root) == {
        "top.eml": ("Mail",),
        "a.eml": ("Appeals",),
        "b.eml": ("Appeals/2024",),
        "c": ("Refunds",),
    }
    assert labels(root / "Appeals") == {"a.eml": ("Appeals",), "b.eml": ("2024",)}
    assert labels(root / "Appeals" / "a.eml") == {"a.eml": ("Appeals",)}


def test_maildirs_are_their_folder(tmp_path: Path) -> None:
    root = tmp_path / "Maildir"
    for folder in (".", ".Appeals", ".Appeals.2024", "Refunds"):
        box = mailbox.Maildir(root / folder)
        box.add(MAIL)
        box.add(MAIL)
        box.close()
    put(root / ".Appeals" / "tmp" / "half")
    put(root / "dovecot.index.log", b"\0\1")
    put(root / ".Appeals" / "dovecot-uidlist", b"3 V1")
    put(root / "new" / "odd.html")
    found = [one for one in read(root) if isinstance(one, Item)]
    assert len(read(root)) == len(found)
    assert sorted(one.labels for one in found) == [
        *[("Appeals",)] * 2,
        *[("Appeals/2024",)] * 2,
        *[("Maildir",)] * 3,
        *[("Refunds",)] * 2,
    ]
    assert {one.origin for one in found} == {".Appeals", ".Appeals.2024", "Maildir", "Refunds"}


def test_mboxes_are_labels_too(tmp_path: Path) -> None:
    box = b"From a\n" + MAIL + b"\nFrom b\n" + MAIL
    put(tmp_path / "Mail" / "Appeals.mbox", box)
    put(tmp_path / "Mail" / "Inbox", box)
    put(tmp_path / "Mail" / "Inbox.msf", b"<!-- -->")
    put(tmp_path / "Mail" / "Inbox.sbd" / "Refunds", box)
    put(tmp_path / "Mail" / ".hidden", box)
    assert labels(tmp_path / "Mail") == {
        "Appeals.mbox#1": ("Appeals",),
        "Appeals.mbox#2": ("Appeals",),
        "Inbox#1": ("Inbox",),
        "Inbox#2": ("Inbox",),
        "Refunds#1": ("Inbox/Refunds",),
        "Refunds#2": ("Inbox/Refunds",),
    }
    assert labels(tmp_path / "Mail" / "Appeals.mbox")["Appeals.mbox#1"] == ("Appeals",)


@pytest.mark.parametrize(
    ("field", "found"),
    [
        (b'X-Gmail-Labels: Inbox,"Old, very old",Appeals', ("label:Inbox", "label:Old, very old", "label:Appeals")),
        (b"X-Gmail-Labels: =?UTF-8?Q?Einspr=C3=BCche,Posteingang?=", ("label:Einsprüche", "label:Posteingang")),
        (b"Keywords: refund, vip\nX-Label: done", ("label:refund", "label:vip", "label:done")),
        (b"X-Gmail-Labels: ,,", ()),
        (b"X-Labelled: no", ()),
    ],
)
def test_labels_in_the_header(tmp_path: Path, field: bytes, found: tuple[str, ...]) -> None:
    put(tmp_path / "box" / "a.eml", field + b"\n" + MAIL)
    assert labels(tmp_path / "box") == {"a.eml": ("box", *found)}


def test_exports_are_read_by_their_ending(tmp_path: Path) -> None:
    ticket = {"id": 1, "subject": "x", "description": "Give it back", "tags": ["refund"]}
    put(tmp_path / "e" / "a.json", json.dumps({"count": 1, "tickets": [ticket]}, indent=1))
    put(tmp_path / "e" / "b.jsonl", json.dumps(ticket) + "\n" + json.dumps(ticket) + "\n{broken}\n")
    put(tmp_path / "e" / "c.csv", "subject,body,tags\nx,Give it back,refund\n")
    put(tmp_path / "e" / "d.json", json.dumps({"tickets": [ticket]}))
    put(tmp_path / "e" / "f.json", "[1, 2")
    put(tmp_path / "e" / "g.json", "nothing")
    assert labels(tmp_path / "e") == {
        "a.json#1": ("a", "label:refund"),
        "b.jsonl#1": ("b", "label:refund"),
        "b.jsonl#2": ("b", "label:refund"),
        "c.csv#2": ("c", "label:refund"),
        "d.json#1": ("d", "label:refund"),
    }
    left = [one for one in read(tmp_path / "e") if isinstance(one, LeftOut)]
    assert [(Path(one.source).name, one.why) for one in left] == [("b.jsonl#3", "unreadable")]


def test_what_is_no_mail_is_said_and_stops_nothing(tmp_path: Path) -> None:
    put(tmp_path / "m" / "a.png", b"\x89PNG\r\n")
    put(tmp_path / "m" / "b.eml")
    closed = put(tmp_path / "m" / "c.eml")
    os.mkfifo(tmp_path / "m" / "pipe")
    (tmp_path / "m" / "link").symlink_to("nowhere")
    closed.chmod(0)
    found = read(tmp_path / "m")
    left = {Path(one.source).name: one.why for one in found if isinstance(one, LeftOut)}
    assert left["a.png"] == "unreadable"
    assert set(left) <= {"a.png", "c.eml"}
    assert "b.eml" in labels(tmp_path / "m")


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no file or folder"):
        read(tmp_path / "none")
    with pytest.raises(Refused, match="there is no file or folder"):
        size_of([str(tmp_path / "none")])


def test_progress_counts_the_bytes_of_files(tmp_path: Path) -> None:
    put(tmp_path / "m" / "a.mbox", (b"From a\n" + MAIL + b"\n") * 3)
    put(tmp_path / "m" / "b.csv", "subject,body\nx,y\nz,w\n")
    told: list[int] = []
    read(tmp_path / "m", told=told)
    assert sum(told) == size_of([str(tmp_path / "m")]) == sum(f.stat().st_size for f in (tmp_path / "m").iterdir())
    assert all(size >= 0 for size in told)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=500), name=st.sampled_from(["a", "a.eml", "a.mbox", "a.csv", "a.json", "a.jsonl"]))
def test_any_bytes_in_any_file(tmp_path: Path, content: bytes, name: str) -> None:
    for found in read(put(tmp_path / "m" / name, content)):
        assert isinstance(found, Item | LeftOut)


def test_names_and_bytes_that_are_no_text_stop_nothing(tmp_path: Path) -> None:
    odd = b"Message-ID: <\xff\xfe@x>\nFrom: \xff <a@b.example>\nX-Label: \xff\n" + MAIL
    folder = os.fsencode(tmp_path) + b"/Appeals"
    os.mkdir(folder)
    with open(folder + b"/\xff.eml", "wb") as file:
        file.write(odd)
    (found,) = read(tmp_path)
    assert isinstance(found, Item)
    with Spool() as spool:
        one = lesson(found)
        (back,) = spool.read([spool.put(one, b"")])
    assert back.example == one.example
    assert back.source.endswith("\ufffd.eml")


def test_lessons_come_back_from_the_spool_in_any_order() -> None:
    lessons = [lesson(an_item(a_message(f"Give me account {n} back", Subject=f"Number {n}"))) for n in range(5)]
    with Spool() as spool:
        places = [spool.put(one, b"x") for one in lessons]
        assert [place.at for place in places] == [one.example.at for one in lessons]
        assert list(spool.read(places[::-1])) == lessons[::-1]
        more = spool.put(lessons[0], b"")
        assert list(spool.read([more, places[3]])) == [lessons[0], lessons[3]]
